/** `migrate baseline`. */
import { baseline } from "../../app/baseline.ts";
import { versionTableLines } from "../../render/version-tables.ts";
import { type Command, repeatable, value } from "../command.ts";
import { scratchFlag } from "../scratch.ts";

const command: Command = {
  name: "baseline",
  summary: "Writes the schema of the database as the first migration, and stamps it as applied.",
  args: {
    message: value("what it does (default: baseline)", "TEXT", "m"),
    ignore: repeatable("leave objects out, such as shop.audit_* or subscription:*", "PATTERN"),
    scratch: scratchFlag,
    "branch-label": repeatable("label of the branch it begins", "LABEL"),
    "rev-id": value("its id (default: 12 random hex digits)", "ID"),
    "version-path": value("folder to write to, if there are several", "DIR"),
  },
  positionals: { required: 0, names: [] },
  examples: [['migrate baseline -m "the schema as it is"', "a database that was never migrated"]],
  async run({ args, deps, project, printer, json }) {
    const { created, database, warnings, versionTables } = await baseline(deps, {
      ...project,
      message: args.text("message") ?? "baseline",
      branchLabels: args.list("branch-label"),
      revision: args.text("rev-id"),
      versionPath: args.text("version-path"),
      ignore: args.list("ignore"),
      scratch: args.text("scratch"),
      onScratch: ({ description }) => printer.info(description),
    });
    const { revision, files } = created;
    for (const line of versionTableLines(versionTables, "left out")) printer.info(line);
    for (const warning of warnings) printer.warn(warning);
    if (json) return printer.json({ revision, files, database, warnings, versionTables });
    for (const file of files) printer.data(file);
    printer.info(`${revision} creates the schema of ${database}, and is stamped there`);
  },
};
export default command;
