/** `migrate squash`. */
import { squash } from "../../app/squash.ts";
import { type Command, repeatable, value } from "../command.ts";
import { scratchFlag } from "../scratch.ts";

const command: Command = {
  name: "squash",
  summary:
    "Writes one migration that replaces several, after proving on a scratch database that it leads to the same schema and rows.",
  args: {
    message: value("what it does (default: the number of squashed migrations)", "TEXT", "m"),
    "branch-label": repeatable(
      "a label of its branch, in addition to those of the replaced migrations",
      "LABEL",
    ),
    "rev-id": value("its id (default: 12 random hex digits)", "ID"),
    "version-path": value("folder to write to (default: that of its parent)", "DIR"),
    scratch: scratchFlag,
  },
  positionals: { required: 1, names: ["START:END"] },
  examples: [
    ["migrate squash base:29f859a13ea1", "all migrations up to this one"],
    ['migrate squash 0003:0017 -m "the shop of 2025"', "what comes after 0003, up to 0017"],
  ],
  async run({ args, deps, project, printer, json }) {
    const { created, ...found } = await squash(deps, {
      ...project,
      range: args.positionals[0]!,
      message: args.text("message"),
      branchLabels: args.list("branch-label"),
      revision: args.text("rev-id"),
      versionPath: args.text("version-path"),
      scratch: args.text("scratch"),
      onScratch: ({ description }) => printer.info(description),
    });
    const { revision, parents, files } = created;
    if (json) printer.json({ revision, parents, files, ...found });
    else for (const file of files) printer.data(file);
    for (const each of found.leftOut)
      printer.info(`left out, because it is created and dropped again: ${each}`);
    for (const table of found.unsteady)
      printer.warn(`${table} has different rows in each run; only their number was compared`);
    printer.info(
      `${revision} replaces ${found.replaces.length} migrations; when every database has them, delete their files: ${found.replacedFiles.join(" ")}`,
    );
  },
};
export default command;
