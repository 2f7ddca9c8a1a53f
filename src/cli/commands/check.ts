/** `migrate check`. */
import { type Check, check, checks } from "../../app/check.ts";
import { exitCodes, MigrateError } from "../../core/errors.ts";
import { parsedFor } from "../../core/newer-syntax.ts";
import { sharedNumberText } from "../../core/shared-numbers.ts";
import { butIgnored, differenceLines } from "../../render/differences.ts";
import { emptyUpsText } from "../../render/empty-files.ts";
import { revisionValue } from "../../render/json.ts";
import { headLine } from "../../render/listing.ts";
import { type Command, flag, value } from "../command.ts";
import { scratchFlag } from "../scratch.ts";
import { serverVersion } from "../script.ts";

const command: Command = {
  name: "check",
  summary:
    "Checks the files, for CI and pre-commit hooks. Only --schema needs PostgreSQL: a scratch database. Exit code 1 if something is wrong.",
  args: {
    "single-head": flag("check only that there is not more than one head"),
    files: flag("check only that every up and down file parses and is allowed in a migration"),
    schema: flag(
      "check only that the migrations lead to the schema in the schema folder; runs both on a scratch database",
    ),
    "server-version": value(
      "version of the servers that the files are for, such as 15 or 16.4 (default: serverVersion in the config file, else the newest)",
      "VERSION",
    ),
    scratch: scratchFlag,
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
      scratch: args.text("scratch"),
      only: named.length === 0 ? undefined : named,
      serverVersion: serverVersion(args.text("server-version")),
    });
    const { project, checked, findings, sharedNumbers, files, schema } = found;
    const { graph } = project;
    for (const shared of sharedNumbers) printer.warn(sharedNumberText(graph, shared));
    if (files !== undefined && files.emptyUps.length > 0) printer.warn(emptyUpsText(files.emptyUps));
    if (files !== undefined && files.emptyDowns.length > 0) printer.warn(emptyDownsText(files.emptyDowns));
    if (schema !== undefined) printer.info(schema.scratch.description);
    if (json) {
      const heads = graph.heads.map((id) => revisionValue(graph, id));
      printer.json({ checked, findings, heads, sharedNumbers, files, schema });
      return exitCode(findings);
    }
    for (const line of differenceLines(schema?.differences ?? [], ["migrations", "schema"]))
      printer.data(line);
    for (const line of schema?.rows ?? []) printer.data(line);
    if (findings.length > 0) printer.error(MigrateError.all(findings));
    else for (const line of soundLines(found)) printer.info(line);
    return exitCode(findings);
  },
};
export default command;

const exitCode = (findings: Check["findings"]): number =>
  findings.length > 0 ? exitCodes.findings : exitCodes.ok;

const emptyDownsText = (paths: readonly string[]): string =>
  [
    "what their up files create stays after a downgrade, because these down files have no statement:",
    ...paths.map((path) => `  ${path}`),
    "undo it there; or delete the file, and write into the header of the up file: -- irreversible: REASON",
  ].join("\n");

/** What was checked and found sound. */
function soundLines({ project: { graph }, checked, files, schema }: Check): readonly string[] {
  if (graph.heads.length === 0) return ["no migrations"];
  return [
    ...(checked.includes("single-head") ? [`one head: ${headLine(graph, graph.heads[0]!)}`] : []),
    ...(files === undefined
      ? []
      : [
          `${files.count === 1 ? "1 file parses" : `${files.count} files parse`} for PostgreSQL ${parsedFor(files.serverVersion)}${waitingText(files.waiting)}`,
        ]),
    ...(schema === undefined
      ? []
      : [`the schema folder and the migrations agree${butIgnored(schema.ignored)}`]),
  ];
}

const waitingText = (count: number): string =>
  count === 0
    ? ""
    : `; ${count} of them ${count === 1 ? "is" : "are"} of a squashed migration that waits until what it replaces is deleted`;
