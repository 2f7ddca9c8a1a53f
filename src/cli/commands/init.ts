/** `migrate init`. */
import { init } from "../../app/init.ts";
import { MigrateError } from "../../core/errors.ts";
import { shellWord } from "../../core/shell.ts";
import { type Arguments, type Command, flag, value } from "../command.ts";

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
  async run({ args, deps, project, printer, json }) {
    refuseElsewhere(args);
    const result = await init(deps, {
      ...project,
      directory: args.positionals[0],
      template: args.flag("makefile") ? "makefile" : args.text("template"),
    });
    if (json) return printer.json(result);
    for (const path of result.created) printer.info(`created ${path}`);
    if (result.created.includes("migrate.mk")) printer.info("write in your Makefile: include migrate.mk");
    printer.info(`next: ${result.hasDatabase ? "" : "set DATABASE_URL, then: "}${result.next}`);
  },
};
export default command;

/** What says to other commands where a project is; here one begins. Throws `usage/extra-flag`. */
function refuseElsewhere(args: Arguments): void {
  const directory = args.list("directory")[0];
  if (directory !== undefined)
    throw new MigrateError({
      code: "usage/extra-flag",
      message: "init takes the folder as an argument, not with --directory",
      hint: `did you mean: migrate init ${shellWord(args.positionals[0] ?? directory)}`,
    });
  if (args.flag("config"))
    throw new MigrateError({
      code: "usage/extra-flag",
      message: "init writes migrate.config.json; it does not take --config",
      hint: "leave --config out: migrate init",
    });
}
