/** `migrate check`. */
import { type Check, check, checks } from "../../app/check.ts";
import { exitCodes, MigrateError } from "../../core/errors.ts";
import { sharedNumberText } from "../../core/shared-numbers.ts";
import { revisionValue } from "../../render/json.ts";
import { headLine } from "../../render/listing.ts";
import { type Command, flag, value } from "../command.ts";
import { serverVersion } from "../script.ts";

const command: Command = {
  name: "check",
  summary:
    "Checks the files, for CI and pre-commit hooks; needs no database. Exit code 1 where something is to be cleared up.",
  args: {
    "single-head": flag("only this: there is one head and no more"),
    files: flag("only this: every up and down file parses, and may stand in a migration"),
    "server-version": value(
      "the servers that the files are for, for example 15 or 16.4 (default: serverVersion in the config file, else the newest)",
      "VERSION",
    ),
  },
  positionals: { required: 0, names: [] },
  examples: [
    ["migrate check", "all of it"],
    ["migrate check --single-head", "did two branches add a migration each?"],
    ["migrate check --files --server-version 14", "could a server of that version run them?"],
  ],
  async run({ args, deps, project: options, printer, json }) {
    const named = checks.filter((name) => args.flag(name));
    const found = await check(deps, {
      ...options,
      only: named.length === 0 ? undefined : named,
      serverVersion: serverVersion(args.text("server-version")),
    });
    const { project, checked, findings, sharedNumbers, files } = found;
    const { graph } = project;
    for (const shared of sharedNumbers) printer.warn(sharedNumberText(graph, shared));
    if (json) {
      const heads = graph.heads.map((id) => revisionValue(graph, id));
      printer.json({ checked, findings, heads, sharedNumbers, files });
    } else if (findings.length > 0) printer.error(MigrateError.all(findings));
    else for (const line of soundLines(found)) printer.info(line);
    return findings.length > 0 ? exitCodes.findings : exitCodes.ok;
  },
};
export default command;

/** What was checked and found sound. */
function soundLines({ project: { graph }, checked, files }: Check): readonly string[] {
  if (graph.heads.length === 0) return ["no migrations"];
  return [
    ...(checked.includes("single-head") ? [`one head: ${headLine(graph, graph.heads[0]!)}`] : []),
    ...(files === undefined
      ? []
      : [
          `${files.count} files parse for PostgreSQL ${files.serverVersion?.text ?? "18, the newest that is known"}`,
        ]),
  ];
}
