/** `migrate merge`. */
import { mergeRevisions } from "../../app/revision.ts";
import { type Command, flag, value } from "../command.ts";
import { printNew } from "../new-files.ts";

const command: Command = {
  name: "merge",
  summary: "Writes a pair of migration files that joins several revisions into one head.",
  args: {
    message: value("what is merged (default: names the revisions)", "TEXT", "m"),
    "branch-label": value("label of the branch it starts; can be repeated", "LABEL"),
    "rev-id": value("revision id (default: 12 random hex digits)", "ID"),
    splice: flag("allow a parent that already has children"),
    "version-path": value("folder to write to (default: that of the first parent)", "DIR"),
    template: value("template for the files (default: merge)", "NAME", "t"),
  },
  positionals: { required: 1, names: ["TARGET"], many: true },
  examples: [
    ["migrate merge heads", "join all heads"],
    ['migrate merge 29f859a13ea1 billing@head -m "billing is done"', "join these two"],
  ],
  async run({ args, deps, project, printer, json }) {
    const created = await mergeRevisions(deps, {
      ...project,
      targets: args.positionals,
      message: args.text("message"),
      splice: args.flag("splice"),
      branchLabels: args.list("branch-label"),
      revision: args.text("rev-id"),
      versionPath: args.text("version-path"),
      ...(args.flag("template") ? { template: args.text("template") } : {}),
    });
    printNew(created, printer, json);
  },
};
export default command;
