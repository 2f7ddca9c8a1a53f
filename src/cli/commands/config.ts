/** `migrate config`. */
import { checkConfig } from "../../app/config.ts";
import type { Command } from "../command.ts";

const command: Command = {
  name: "config",
  summary:
    "Shows the settings, where each comes from, and whether the database answers. Passwords are not shown.",
  args: {},
  positionals: { required: 0, names: [] },
  async run({ deps, project, printer, json }) {
    const { settings, server } = await checkConfig(deps, project);
    if (json) printer.json({ settings, server });
    else {
      const width = Math.max(...settings.map(({ setting }) => setting.length));
      for (const { setting, value, origin } of settings) {
        printer.data(
          `${setting.padEnd(width)}  ${Array.isArray(value) ? value.join(", ") : value}  (${origin})`,
        );
      }
      for (const [index, line] of server.message.split("\n").entries())
        printer.data(`${(index === 0 ? "server" : "").padEnd(width)}  ${line}`);
    }
    return server.answers ? 0 : server.exitCode;
  },
};
export default command;
