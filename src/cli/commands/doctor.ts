/** `migrate doctor`. */

import { diagnose, type Examination } from "../../app/doctor.ts";
import { exitCodes } from "../../core/errors.ts";
import { hanging } from "../../render/terminal.ts";
import type { Command } from "../command.ts";
import type { Printer } from "../print.ts";

const command: Command = {
  name: "doctor",
  summary:
    "Shows the settings and where each comes from, what can be reached, and what is odd. Exit code 1 if an upgrade to the heads would stop before it begins, or a file is refused. Passwords are not shown.",
  args: {},
  positionals: { required: 0, names: [] },
  examples: [
    ["migrate doctor", "before you ask for help"],
    ["migrate doctor --json", "for a program, or a report of a bug"],
  ],
  async run({ deps, project, printer, json, version }) {
    const { settings, checks } = await diagnose(deps, project);
    const counts = (["wrong", "odd"] as const).flatMap((status) => {
      const found = checks.filter((check) => check.status === status);
      return found.length === 0 ? [] : [`${found.length} ${status}`];
    });
    if (json) printer.json({ version, settings, checks });
    else {
      printer.data(`migrate ${version}`);
      for (const { setting, value, origin } of settings)
        printer.data(`set    ${setting}: ${Array.isArray(value) ? value.join(", ") : value}  (${origin})`);
      printer.lines(checks.flatMap((check) => checkLines(check, printer.carry)));
      printer.info(counts.join(", ") || "no problems");
    }
    return checks.some(({ status }) => status === "wrong") ? exitCodes.findings : exitCodes.ok;
  },
};
export default command;

const checkLines = (
  { check, status, message, hint }: Examination,
  carry: Printer["carry"],
): readonly string[] => [
  ...hanging(`${status.padEnd(5)}  ${check}: ${message}`),
  ...(hint === undefined ? [] : hanging(`hint: ${carry(hint)}`).map((line) => `       ${line}`)),
];
