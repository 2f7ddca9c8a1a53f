/** `migrate log`. */
import { readLog } from "../../app/log.ts";
import type { Command } from "../command.ts";
import { lastFlag, lastOf, newest } from "../last.ts";

const command: Command = {
  name: "log",
  summary:
    "Shows what was done to the database, when and by whom, newest first; scripts with their receipts.",
  args: lastFlag("how many entries to show (default: 50; 0: all)"),
  positionals: { required: 0, names: [] },
  soMany: newest,
  async run({ args, deps, project, printer, json }) {
    const entries = await readLog(deps, { ...project, last: lastOf(args) ?? 50 });
    if (json) return printer.json({ log: entries });
    for (const { at, by, event, revision, checksum, detail, duration } of entries) {
      const what =
        event === "script"
          ? `began script with receipt sha256:${checksum}, revisions ${detail}`
          : [event, revision, duration === null ? "" : `${duration.toFixed(3)} s`, detail]
              .filter((part) => part)
              .join("  ");
      printer.data(`${at}  ${by}  ${what}`);
    }
  },
};
export default command;
