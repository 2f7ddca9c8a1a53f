/** `migrate receipt`. */
import { receipt } from "../../app/receipt.ts";
import { exitCodes, MigrateError } from "../../core/errors.ts";
import type { Change } from "../../core/receipt.ts";
import type { Command } from "../command.ts";

const CHANGES: Readonly<Record<Change, string>> = {
  "byte order mark": "a byte order mark was put before it",
  "line ends": "its line ends were changed, to CRLF or CR",
  "broken lines": "its lines were broken, as in the text of a mail",
  before: "text was added before its title",
  after: "text was added after its end",
  "cut off": "its end is missing: it was cut off",
  within: "it cannot be told where",
};

function whatChanged(changes: readonly Change[]): string {
  const said = changes.map((change, index) =>
    change === "within" && index > 0 ? `more was changed, ${CHANGES[change]}` : CHANGES[change],
  );
  return said.join(", and ");
}

/** What was done to the whole file on its way; of several, the last tells. */
const COPY_AGAIN: Partial<Record<Change, string>> = {
  "line ends": "copy the file in binary mode, not as text; run as it is, it stops before it changes anything",
  "broken lines": "do not run it; send it as a file, such as one attached to a mail",
  "byte order mark":
    "save it as UTF-8 without such a mark, which psql skips only where its client encoding is UTF8",
};

const command: Command = {
  name: "receipt",
  summary: "Checks a script against its receipt; exit code 1 if it was changed.",
  args: {},
  positionals: { required: 1, names: ["FILE"] },
  examples: [["migrate receipt migration.sql", "compare it with the ledger's log: migrate log"]],
  async run({ args, deps, printer, json }) {
    const path = args.positionals[0]!;
    const { stated, actual, changes, again } = receipt(deps, path);
    const changed = changes.length > 0;
    if (json) printer.json({ path, stated, actual, changed, changes });
    else printer.data(`sha256:${actual}`);
    if (!changed) {
      printer.info("unchanged since it was written");
      return exitCodes.ok;
    }
    if (!json) {
      // What else was changed is worse than what happened to the whole of it.
      const ways = changes.map((change) => COPY_AGAIN[change]);
      const copying = ways.includes(undefined) ? undefined : ways.at(-1);
      printer.error(
        new MigrateError({
          code: "findings/changed-script",
          message: `${path} was changed after it was written: ${whatChanged(changes)}; its receipt is sha256:${stated}`,
          hint:
            copying ??
            `do not run it: what it does would be logged under the receipt of the original; ${again === undefined ? "compare it with the script that was handed out" : `write it again with: ${again}, and compare the two`}`,
        }),
      );
    }
    return exitCodes.findings;
  },
};
export default command;
