/** `migrate log`. */
import { readLog } from "../../app/log.ts";
import { type Command, value } from "../command.ts";
import { count } from "../numbers.ts";

const command: Command = {
  name: "log",
  summary:
    "Shows what was done to the database, when and by whom, newest first; scripts with their receipts.",
  args: { last: value("how many entries to show (default: 50; 0: all)", "COUNT") },
  positionals: { required: 0, names: [] },
  soMany: { what: "for the newest", words: (count) => `--last ${count}` },
  async run({ args, deps, project, printer, json }) {
    const entries = await readLog(deps, { ...project, last: count(args.text("last"), "--last") ?? 50 });
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
