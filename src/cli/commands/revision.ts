/** `migrate revision`. */
import { autogenerate } from "../../app/autogenerate.ts";
import { removeRevision } from "../../app/remove.ts";
import { createRevision, type RevisionOptions } from "../../app/revision.ts";
import { counted } from "../../render/counted.ts";
import { butIgnored } from "../../render/differences.ts";
import {
  type Command,
  excluding,
  type Flags,
  flag,
  type Invocation,
  idle,
  needing,
  repeatable,
  value,
} from "../command.ts";
import { printNew } from "../new-files.ts";

const creating: Flags = {
  message: { ...value("what the migration does", "TEXT", "m"), required: true },
  head: repeatable("parent (default: head; base: a new root)", "TARGET"),
  splice: flag("allow a parent that already has children"),
  "branch-label": repeatable("label of the branch it starts", "LABEL"),
  "depends-on": repeatable("revision that must be applied first", "TARGET"),
  "rev-id": value("revision id (default: 12 random hex digits)", "ID"),
  "version-path": value("folder to write to (default: that of the parent)", "DIR"),
  template: value("template for the files; see: migrate list-templates", "NAME", "t"),
};

const generating: Flags = {
  desired: value("database with the desired schema, instead of the schema folder", "URL"),
  rename: repeatable("shop.users.name=full_name", "OLD=NEW"),
  "allow-loss": flag("allow the loss of rows and values"),
  "allow-rebuild": repeatable("allow a table to be dropped and recreated", "TABLE"),
  online: flag("build indexes while their tables are in use"),
  ignore: repeatable("ignore objects, such as shop.audit_*", "PATTERN"),
  scratch: value("server on which to create scratch databases", "URL"),
};

const command: Command = {
  name: "revision",
  summary: "Writes a new pair of migration files with their headers; or removes the newest pair.",
  args: {
    ...creating,
    remove: excluding(
      [...Object.keys(creating), ...Object.keys(generating), "autogenerate", "sql"].filter(
        (name) => name !== "head",
      ),
      flag("delete the files of the newest revision, or of --head, unless it is applied"),
    ),
    ...needing("remove", {
      yes: flag("go on without a database to ask, or where only another ledger has it", "y"),
    }),
    autogenerate: excluding(
      ["template"],
      flag("write the SQL that brings the schema to what is in the schema folder"),
    ),
    ...needing("autogenerate", generating),
    sql: idle("writing a revision needs no database"),
  },
  positionals: { required: 0, names: [], flag: "-m", instead: { remove: "--remove --head" } },
  examples: [
    ['migrate revision -m "add users"', "after head"],
    ['migrate revision -m "index users" -t index-concurrently', "from a template"],
    ["migrate revision -m bills --head base --branch-label bills", "a new root"],
    [
      'migrate revision --autogenerate -m "add users"',
      "what is in the schema folder and not yet in the migrations",
    ],
    ["migrate revision --remove", "remove the newest"],
  ],
  run: (invocation) => (invocation.args.flag("remove") ? remove(invocation) : create(invocation)),
};
export default command;

async function create(invocation: Invocation): Promise<void> {
  const { args, deps, project, printer, json } = invocation;
  const listed = (name: string): readonly string[] | undefined =>
    args.flag(name) ? args.list(name) : undefined;
  const options: RevisionOptions = {
    ...project,
    message: args.text("message") ?? "",
    heads: listed("head"),
    splice: args.flag("splice"),
    branchLabels: listed("branch-label"),
    dependsOn: listed("depends-on"),
    revision: args.text("rev-id"),
    versionPath: args.text("version-path"),
    template: args.text("template"),
  };
  if (args.flag("autogenerate")) return generate(invocation, options);
  printNew(await createRevision(deps, options), printer, json);
}

async function generate({ args, deps, printer, json }: Invocation, options: RevisionOptions): Promise<void> {
  const { created, ignored, notes } = await autogenerate(deps, {
    ...options,
    desired: args.text("desired"),
    scratch: args.text("scratch"),
    renames: args.list("rename"),
    allowLoss: args.flag("allow-loss"),
    allowRebuild: args.list("allow-rebuild"),
    ignore: args.list("ignore"),
    online: args.flag("online"),
    ask: (about, question) => printer.ask(about, question),
    onScratch: ({ description, proves }) =>
      proves ? printer.verbose(description) : printer.info(description),
  });
  for (const note of notes) printer.warn(note);
  for (const { sql, does } of created.flatMap((each) => each.plain))
    printer.warn(`${sql.split("\n")[0]}: ${does}`);
  if (json)
    printer.json(created.map(({ revision, parents, files, plain }) => ({ revision, parents, files, plain })));
  else for (const each of created) printNew(each, printer, false);
  if (created.length === 0)
    printer.info(`nothing to write: the migrations already lead to the desired schema${butIgnored(ignored)}`);
  else if (ignored > 0)
    printer.info(
      `${counted(ignored, "difference")} from the desired schema ${ignored === 1 ? "is" : "are"} ignored`,
    );
}

async function remove({ args, deps, project, printer, json }: Invocation): Promise<void> {
  const removed = await removeRevision(deps, { ...project, head: args.text("head"), yes: args.flag("yes") });
  if (json) return printer.json(removed);
  for (const file of removed.files) printer.info(`removed ${file}`);
}
