/** `migrate revision`. */
import { createRevision } from "../../app/revision.ts";
import { type Command, flag, value } from "../command.ts";

const command: Command = {
  name: "revision",
  summary: "Writes a new pair of migration files, header filled in.",
  args: {
    message: value("what the migration does", "TEXT", "m"),
    head: value("what it follows (default: head); base begins a new root; may be repeated", "TARGET"),
    splice: flag("allow a parent that already has children"),
    "branch-label": value("label of the branch it begins; may be repeated", "LABEL"),
    "depends-on": value("what must be applied first; may be repeated", "TARGET"),
    "rev-id": value("its id (default: 12 random hex digits)", "ID"),
  },
  positionals: { required: 0, names: [] },
  examples: [
    ['migrate revision -m "add users"', "after head"],
    ['migrate revision -m "add invoices" --head base --branch-label billing', "a root of its own"],
  ],
  async run({ args, deps, project, printer, json }) {
    const listed = (name: string): readonly string[] | undefined => (args.flag(name) ? args.list(name) : undefined);
    const created = await createRevision(deps, {
      ...project,
      message: args.text("message") ?? "",
      heads: listed("head"),
      splice: args.flag("splice"),
      branchLabels: listed("branch-label"),
      dependsOn: listed("depends-on"),
      revision: args.text("rev-id"),
    });
    if (json) return printer.json(created);
    for (const file of created.files) printer.data(file);
  },
};
export default command;
