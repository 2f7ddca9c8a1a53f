/** `migrate drift`. */

import { type Drift, drift } from "../../app/drift.ts";
import { legendOf, moreIgnored } from "../../core/catalog/compare.ts";
import { exitCodes } from "../../core/errors.ts";
import { counted } from "../../render/counted.ts";
import { butIgnored, differenceLines } from "../../render/differences.ts";
import { versionTableLines } from "../../render/version-tables.ts";
import { type Command, flag, type Invocation, repeatable } from "../command.ts";
import { scratchFlag } from "../scratch.ts";

const command: Command = {
  name: "drift",
  summary:
    "Compares the database with a replay of its applied migrations, and shows the SQL that would mend it. Only reads from it. Exit code 1 if they differ.",
  args: {
    ignore: repeatable("leave these objects out: partman.*, index:shop.*", "PATTERN"),
    sql: flag("write only the SQL that would mend the database to stdout, and what differs to stderr"),
    scratch: scratchFlag,
  },
  positionals: { required: 0, names: [] },
  examples: [
    ["migrate drift", "was something changed by hand?"],
    ["migrate drift --sql > mend.sql", "the SQL, to be read before anybody runs it"],
    ["migrate drift --ignore 'partman.*' --json", "for a program"],
  ],
  async run({ args, deps, project, printer, json }) {
    const found = await drift(deps, {
      ...project,
      scratch: args.text("scratch"),
      ignore: args.list("ignore"),
      onScratch: ({ description }) => printer.info(description),
    });
    const { database, revisions, changed, differences, ignored, otherLedgers, versionTables, mend } = found;
    for (const schema of otherLedgers)
      printer.info(`the schema ${schema} has another ledger, and is left alone`);
    for (const line of versionTableLines(versionTables, "left alone")) printer.info(line);
    for (const revision of changed)
      printer.warn(`the file of ${revision} was changed after it was applied; see: migrate verify`);
    if (revisions.length === 0)
      printer.info(`nothing is applied to ${database}: it is compared with an empty database`);
    if (json) printer.json(found);
    else await printFound(found, printer, args.flag("sql"));
    if (mend !== undefined && "reasons" in mend) {
      for (const reason of mend.reasons) printer.warn(`there is no SQL to mend it: ${reason}`);
      if (mend.hint !== undefined) printer.hint(mend.hint);
    }
    const what = `${database} and the replay of ${counted(revisions.length, "migration")}`;
    printer.info(
      differences.length === 0
        ? `no drift: ${what} are the same${butIgnored(ignored)}`
        : `drift: ${what} differ in ${counted(differences.length, "place")} ${legendOf("the migrations", "the database")}${moreIgnored(ignored)}`,
    );
    return differences.length === 0 ? exitCodes.ok : exitCodes.findings;
  },
};
export default command;

async function printFound(
  { differences, mend }: Drift,
  printer: Invocation["printer"],
  onlySql: boolean,
): Promise<void> {
  const print = onlySql ? printer.info : printer.data;
  for (const line of differenceLines(differences, ["migrations", "database"])) print(line);
  if (mend !== undefined && "sql" in mend) await printer.script([onlySql ? mend.sql : `\n${mend.sql}`]);
}
