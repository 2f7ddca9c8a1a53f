/** `migrate doctor`. */
import { diagnose, type Examination } from "../../app/doctor.ts";
import { exitCodes } from "../../core/errors.ts";
import { hanging } from "../../render/terminal.ts";
import type { Command } from "../command.ts";

const command: Command = {
  name: "doctor",
  summary:
    "Shows what is configured and from where, what can be reached, and what is odd; exit code 1 where a run would stop. Passwords are not shown.",
  args: {},
  positionals: { required: 0, names: [] },
  examples: [
    ["migrate doctor", "before you ask for help"],
    ["migrate doctor --json", "for a program, or a report of a bug"],
  ],
  async run({ deps, project, printer, json, version }) {
    const { settings, checks } = await diagnose(deps, project);
    const faults = checks.filter(({ status }) => status !== "ok");
    if (json) printer.json({ version, settings, checks });
    else {
      printer.data(`migrate ${version}`);
      for (const { setting, value, origin } of settings)
        printer.data(`set    ${setting}: ${Array.isArray(value) ? value.join(", ") : value}  (${origin})`);
      printer.lines(checks.flatMap(checkLines));
      printer.info(faults.length === 0 ? "nothing is odd" : `${faults.length} to look at`);
    }
    return faults.some(({ status }) => status === "wrong") ? exitCodes.findings : exitCodes.ok;
  },
};
export default command;

const checkLines = ({ check, status, message, hint }: Examination): readonly string[] => [
  ...hanging(`${status.padEnd(5)}  ${check}: ${message}`),
  ...(hint === undefined ? [] : hanging(`       hint: ${hint}`)),
];
