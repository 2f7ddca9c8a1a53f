/** `migrate dev`. */
import { dev } from "../../app/dev.ts";
import type { DevRound } from "../../core/dev.ts";
import { exitCodes } from "../../core/errors.ts";
import { devLines, devStart } from "../../render/dev.ts";
import { type Command, excluding, flag } from "../command.ts";
import { scratchFlag } from "../scratch.ts";

const command: Command = {
  name: "dev",
  summary:
    "Runs the newest revision up and down on a scratch database each time a file is saved, and shows what it changes in the schema. With --on-database, keeps it applied to your development database instead.",
  args: {
    once: flag("run once, without waiting for a save; exit code 1 if it fails or the schema is not restored"),
    "on-database": flag(
      "take it back and apply it again on the database that --database or the config file names; its rows may be lost",
    ),
    scratch: excluding(["on-database"], scratchFlag),
  },
  positionals: { required: 0, names: [] },
  namesNew: true,
  examples: [
    ["migrate dev", "while you write a migration; stop with Ctrl-C"],
    ["migrate dev --once", "what does it do?"],
    ["migrate dev --on-database -n dev", "and keep it applied to the database of that environment"],
  ],
  async run({ args, deps, project, printer, json }) {
    const once = args.flag("once");
    let last: DevRound | undefined;
    await dev(deps, {
      ...project,
      once,
      scratch: args.text("scratch"),
      onDatabase: args.flag("on-database"),
      onStart: (start) => printer.info(devStart(start)),
      onScratch: ({ description }) => printer.info(description),
      onRound: (round) => {
        last = round;
        if (json) printer.json(round);
        else for (const line of devLines(round)) printer.data(printer.carry(line));
      },
      onError: (error) => printer.error(error),
    });
    const isSound = last?.failed === undefined && (last?.back.length ?? 0) === 0;
    return once && !isSound ? exitCodes.findings : exitCodes.ok;
  },
};
export default command;
