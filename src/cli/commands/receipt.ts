/** `migrate receipt`. */
import { receipt } from "../../app/receipt.ts";
import { exitCodes, MigrateError } from "../../core/errors.ts";
import type { Command } from "../command.ts";

const command: Command = {
  name: "receipt",
  summary:
    "Checks a script against the receipt that it states; exit code 1 where anything in it was changed.",
  args: {},
  positionals: { required: 1, names: ["FILE"] },
  examples: [["migrate receipt migration.sql", "compare with what the ledger's log says: migrate log"]],
  async run({ args, deps, printer, json }) {
    const path = args.positionals[0]!;
    const { stated, actual, lineEnds } = receipt(deps, path);
    const changed = stated !== actual;
    if (json) printer.json({ path, stated, actual, changed });
    else printer.data(`sha256:${actual}`);
    if (!changed) return exitCodes.ok;
    if (!json) {
      printer.error(
        new MigrateError({
          code: "findings/changed-script",
          message: `${path} is not as it was written: it states sha256:${stated}`,
          hint: lineEnds
            ? "only its line ends were changed, to CRLF; copy the file as it is, for it stops before it changes anything"
            : "write it again from the migrations with: migrate upgrade --sql, and compare the two",
        }),
      );
    }
    return exitCodes.findings;
  },
};
export default command;
