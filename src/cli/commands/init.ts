/** `migrate init`. */
import { init } from "../../app/init.ts";
import { type Command, flag } from "../command.ts";

const command: Command = {
  name: "init",
  summary: "Begins a project: a folder for migrations and migrate.config.json.",
  args: { makefile: flag("also write migrate.mk, targets for your Makefile") },
  positionals: { required: 0, names: ["DIR"] },
  examples: [
    ["migrate init", "the folder migrations/ and migrate.config.json"],
    ["migrate init db/migrations --makefile", "another folder, and migrate.mk"],
  ],
  async run({ args, deps, printer, json }) {
    const result = await init(deps, { directory: args.positionals[0], makefile: args.flag("makefile") });
    if (json) return printer.json(result);
    for (const path of result.created) printer.info(`created ${path}`);
    printer.info('next: set DATABASE_URL, then: migrate revision -m "create users"');
  },
};
export default command;
