/** `migrate receipt`. */
import { receipt } from "../../app/receipt.ts";
import { exitCodes, MigrateError } from "../../core/errors.ts";
import type { Change } from "../../core/receipt.ts";
import type { Command } from "../command.ts";

const CHANGES: Readonly<Record<Change, string>> = {
  "line ends": "only its line ends were changed, to CRLF",
  before: "text was added before its title",
  behind: "text was added behind its end",
  within: "something was changed between its title and its end",
};

const command: Command = {
  name: "receipt",
  summary:
    "Checks a script against the receipt that it states; exit code 1 where anything in it was changed.",
  args: {},
  positionals: { required: 1, names: ["FILE"] },
  examples: [["migrate receipt migration.sql", "compare with what the ledger's log says: migrate log"]],
  async run({ args, deps, printer, json }) {
    const path = args.positionals[0]!;
    const { stated, actual, changes } = receipt(deps, path);
    const changed = changes.length > 0;
    if (json) printer.json({ path, stated, actual, changed, changes });
    else printer.data(`sha256:${actual}`);
    if (!changed) {
      printer.info("as it was handed out");
      return exitCodes.ok;
    }
    if (!json) {
      printer.error(
        new MigrateError({
          code: "findings/changed-script",
          message: `${path} is not as it was handed out: ${changes.map((change) => CHANGES[change]).join(", and ")}; it states sha256:${stated}`,
          hint: changes.includes("line ends")
            ? "copy the file as it is, not as text: it stops before it changes anything"
            : "whoever runs it leaves the stated receipt in the log; write it again from the migrations with: migrate upgrade --sql, and compare the two",
        }),
      );
    }
    return exitCodes.findings;
  },
};
export default command;
