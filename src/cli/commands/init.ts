/** `migrate init`. */
import { init } from "../../app/init.ts";
import { type Command, flag, value } from "../command.ts";

const command: Command = {
  name: "init",
  summary: "Starts a project: a folder for migrations and migrate.config.json.",
  args: {
    template: value("project template: default or makefile (see: migrate list-templates)", "NAME", "t"),
    makefile: flag("the same as --template makefile"),
  },
  positionals: { required: 0, names: ["DIR"] },
  examples: [
    ["migrate init", "the folder migrations/ and migrate.config.json"],
    ["migrate init db/migrations --makefile", "another folder, and migrate.mk"],
  ],
  async run({ args, deps, printer, json }) {
    const result = await init(deps, {
      directory: args.positionals[0],
      template: args.flag("makefile") ? "makefile" : args.text("template"),
    });
    if (json) return printer.json(result);
    for (const path of result.created) printer.info(`created ${path}`);
    const next = result.hasMigrations ? "migrate status" : 'migrate revision -m "create users"';
    printer.info(`next: ${result.hasDatabase ? "" : "set DATABASE_URL, then: "}${next}`);
  },
};
export default command;
