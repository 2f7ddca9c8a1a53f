/** `migrate drift`. */

import { drift } from "../../app/drift.ts";
import { exitCodes } from "../../core/errors.ts";
import { counted } from "../../render/counted.ts";
import { differenceLines } from "../../render/differences.ts";
import { type Command, value } from "../command.ts";
import { scratchFlag } from "../scratch.ts";

const command: Command = {
  name: "drift",
  summary:
    "Compares the database with a replay of its applied migrations. Only reads from it. Exit code 1 if they differ.",
  args: {
    ignore: value("leave these objects out: partman.*, index:shop.*; can be repeated", "PATTERN"),
    scratch: scratchFlag,
  },
  positionals: { required: 0, names: [] },
  examples: [
    ["migrate drift", "was something changed by hand?"],
    ["migrate drift --ignore 'partman.*' --json", "for a program"],
  ],
  async run({ args, deps, project, printer, json }) {
    const found = await drift(deps, {
      ...project,
      scratch: args.text("scratch"),
      ignore: args.list("ignore"),
      onScratch: ({ description }) => printer.info(description),
    });
    const { database, revisions, changed, differences } = found;
    for (const revision of changed)
      printer.warn(`the file of ${revision} was changed after it was applied; see: migrate verify`);
    if (json) printer.json(found);
    else for (const line of differenceLines(differences, ["migrations", "database"])) printer.data(line);
    const what = `${database} and the replay of ${counted(revisions.length, "migration")}`;
    printer.info(
      differences.length === 0
        ? `no drift: ${what} are the same`
        : `drift: ${what} differ in ${counted(differences.length, "place")} (missing: only in the migrations; extra: only in the database)`,
    );
    return differences.length === 0 ? exitCodes.ok : exitCodes.findings;
  },
};
export default command;
