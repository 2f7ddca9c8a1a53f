/** `migrate revision`. */
import { removeRevision } from "../../app/remove.ts";
import { createRevision } from "../../app/revision.ts";
import { MigrateError } from "../../core/errors.ts";
import { type Command, flag, type Invocation, value } from "../command.ts";
import { printNew } from "../new-files.ts";

const command: Command = {
  name: "revision",
  summary: "Writes a new pair of migration files, header filled in; or takes the newest away again.",
  args: {
    message: value("what the migration does", "TEXT", "m"),
    head: value("what it follows (default: head); base begins a new root; may be repeated", "TARGET"),
    splice: flag("allow a parent that already has children"),
    "branch-label": value("label of the branch it begins; may be repeated", "LABEL"),
    "depends-on": value("what must be applied first; may be repeated", "TARGET"),
    "rev-id": value("its id (default: 12 random hex digits)", "ID"),
    "version-path": value("folder to write to (default: that of the parent)", "DIR"),
    template: value("what the files begin as; see: migrate list-templates", "NAME", "t"),
    remove: flag("delete the files of the newest revision, or of --head, unless it is applied"),
    yes: flag("with --remove: go on where there is no database to ask", "y"),
    autogenerate: flag("comes in a later version"),
    sql: flag("changes nothing: a revision is made without a database anyway"),
  },
  positionals: { required: 0, names: [] },
  examples: [
    ['migrate revision -m "add users"', "after head"],
    ['migrate revision -m "index users" -t index-concurrently', "begun from a template"],
    ['migrate revision -m "add invoices" --head base --branch-label billing', "a root of its own"],
    ["migrate revision --remove", "away with the one I have just made"],
  ],
  run: (invocation) => (invocation.args.flag("remove") ? remove(invocation) : create(invocation)),
};
export default command;

async function create({ args, deps, project, printer, json }: Invocation): Promise<void> {
  if (args.flag("autogenerate")) {
    throw new MigrateError({
      code: "usage/not-yet",
      message: "--autogenerate comes in a later version: the files are not compared with a database yet",
      hint: 'leave it out and write the SQL into the new files: migrate revision -m "what it does"',
    });
  }
  if (args.flag("yes")) throw exclusive("--yes is for --remove alone");
  const listed = (name: string): readonly string[] | undefined =>
    args.flag(name) ? args.list(name) : undefined;
  const created = await createRevision(deps, {
    ...project,
    message: args.text("message") ?? "",
    heads: listed("head"),
    splice: args.flag("splice"),
    branchLabels: listed("branch-label"),
    dependsOn: listed("depends-on"),
    revision: args.text("rev-id"),
    versionPath: args.text("version-path"),
    template: args.text("template"),
  });
  printNew(created, printer, json);
}

async function remove({ args, deps, project, printer, json }: Invocation): Promise<void> {
  const other = Object.keys(command.args).find(
    (name) => !["remove", "head", "yes"].includes(name) && args.flag(name),
  );
  if (other !== undefined) throw exclusive(`--${other} is for a new revision, and --remove makes none`);
  const removed = await removeRevision(deps, { ...project, head: args.text("head"), yes: args.flag("yes") });
  if (json) return printer.json(removed);
  for (const file of removed.files) printer.info(`removed ${file}`);
}

const exclusive = (message: string): MigrateError =>
  new MigrateError({
    code: "usage/exclusive-flags",
    message,
    hint: "leave it out; see: migrate revision --help",
  });
