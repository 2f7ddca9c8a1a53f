/** `migrate verify`. */
import { verify } from "../../app/verify.ts";
import { exitCodes } from "../../core/errors.ts";
import { findingHints, findingLine } from "../../render/findings.ts";
import type { Command } from "../command.ts";

const command: Command = {
  name: "verify",
  summary:
    "Compares the files of applied migrations with what the ledger recorded; exit code 1 if they differ.",
  args: {},
  positionals: { required: 0, names: [] },
  examples: [
    ["migrate verify", "is every applied file unchanged?"],
    ["migrate verify --json", "with full checksums"],
  ],
  async run({ deps, project, printer, json }) {
    const { applied, findings } = await verify(deps, project);
    if (json) printer.json({ applied, findings });
    else for (const finding of findings) printer.data(findingLine(finding));
    if (findings.length === 0) printer.info(`verified: ${applied}`);
    else for (const hint of findingHints(findings)) printer.hint(hint);
    return findings.length === 0 ? exitCodes.ok : exitCodes.findings;
  },
};
export default command;
