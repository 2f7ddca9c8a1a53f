/** `migrate lint`. */
import { inRepository, lint } from "../../app/lint.ts";
import { exitCodes } from "../../core/errors.ts";
import { emptyUpsText } from "../../render/empty-files.ts";
import { formats, ofHosts } from "../../render/lint/formats.ts";
import { findingLines, summaryText } from "../../render/lint/text.ts";
import { type Command, excluding, flag, needing, value } from "../command.ts";
import { runFix } from "../fix.ts";
import { formatOf } from "../format.ts";
import { scratchFlag } from "../scratch.ts";
import { serverVersion } from "../script.ts";

const command: Command = {
  name: "lint",
  summary:
    "Checks what migrations do to a busy database, and suggests what to write instead; exit code 1 if there are errors. Checks pending migrations, or all of them if no database is configured.",
  args: {
    since: excluding(
      { all: "all migrations are all, whatever the ref has; leave one of them out" },
      value("only what a git ref does not have", "REF"),
    ),
    all: flag("all migrations; asks no database what is pending"),
    format: value("text (default), json, sarif, github, gitlab or markdown", "FORMAT"),
    strict: flag("exit code 1 for warnings too"),
    fix: excluding(
      {
        all: "what is applied stays as it is; to take what is pending: migrate lint --fix",
        format: "for JSON: migrate lint --fix --json; else leave --format out",
      },
      flag(
        "writes the safe form, proven on a scratch database, into migrations that are not applied; changes one that others have only if you name it",
      ),
    ),
    ...needing("fix", {
      "dry-run": flag("prints the changes as a diff and writes nothing"),
      scratch: scratchFlag,
    }),
    "server-version": value("the server's version, for example 15 or 16.4; default: the newest", "VERSION"),
  },
  positionals: { required: 0, names: ["WHICH"], many: true },
  examples: [
    ["migrate lint", "what is pending"],
    ["migrate lint --since main", "what this branch adds"],
    ["migrate lint 0007:head", "a range; or a revision, or files"],
    ["migrate lint --all --format sarif", "for code scanning"],
    ["migrate lint --fix --dry-run", "the safe form of what is pending, as a diff"],
  ],
  async run(invocation) {
    const { args, deps, project: options, printer, json } = invocation;
    if (args.flag("fix")) return runFix(invocation);
    const format = formatOf({ args, json }, ["text", ...Object.keys(formats)]);
    const { linted, statements, findings, emptyUps } = await lint(deps, {
      ...options,
      which: args.positionals,
      since: args.text("since"),
      all: args.flag("all"),
      serverVersion: serverVersion(args.text("server-version")),
    });
    if (emptyUps.length > 0) printer.warn(emptyUpsText(emptyUps));
    const shown = ofHosts.has(format) ? inRepository(findings, deps) : findings;
    const report = { findings: shown, migrations: linted.length, statements };
    const text = formats[format]?.(report);
    if (text === undefined) printer.lines(findings.flatMap((each) => findingLines(each, printer.width)));
    else if (text !== "") printer.lines(text.split("\n"));
    printer.info(summaryText(linted.length, statements, findings));
    const failing = findings.filter(({ severity }) => severity === "error" || args.flag("strict"));
    return failing.length > 0 ? exitCodes.findings : exitCodes.ok;
  },
};
export default command;
