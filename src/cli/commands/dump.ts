/** `migrate dump`. */
import { dump } from "../../app/dump.ts";
import { versionTableLines } from "../../render/version-tables.ts";
import { type Command, excluding, needingArgument, repeatable, value, writing } from "../command.ts";
import { scratchFlag } from "../scratch.ts";

const command: Command = {
  name: "dump",
  summary:
    "Writes the schema of the database, or of a revision, as SQL that creates it in an empty database. Only reads from the database.",
  args: {
    output: writing([".sql"], excluding(["to"], value("write to this file instead of stdout", "FILE", "o"))),
    to: writing(
      ["/"],
      value("write to this folder: one folder per schema, one file per table or kind of object", "DIR"),
    ),
    ignore: repeatable("leave objects out, such as shop.audit_* or subscription:*", "PATTERN"),
    scratch: needingArgument("REVISION", scratchFlag),
  },
  positionals: { required: 0, names: ["REVISION"], readsFolders: true },
  examples: [
    ["migrate dump -o schema.sql", "the schema of the database"],
    ["migrate dump head", "the schema of the migrations, on a scratch database"],
    ["migrate dump --to schema", "a folder of files, to read and compare"],
  ],
  async run({ args, deps, project, printer, json }) {
    const [output, folder] = [args.text("output"), args.text("to")];
    const dumped = await dump(deps, {
      ...project,
      revision: args.positionals[0],
      scratch: args.text("scratch"),
      ignore: args.list("ignore"),
      output,
      folder,
      onScratch: ({ description }) => printer.info(description),
    });
    for (const line of versionTableLines(dumped.versionTables, "left out")) printer.info(line);
    for (const warning of dumped.warnings) printer.warn(warning);
    if (json) return printer.json(dumped);
    if (output === undefined && folder === undefined) await printer.script([dumped.text]);
    else
      printer.info(
        `${folder ?? output}: ${dumped.files.length} ${dumped.files.length === 1 ? "file" : "files"}`,
      );
  },
};
export default command;
