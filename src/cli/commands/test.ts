/** `migrate test`. */
import { testMigrations } from "../../app/test.ts";
import { exitCodes } from "../../core/errors.ts";
import type { TestedMigration } from "../../core/verdict.ts";
import { renderSplit } from "../../render/script/script.ts";
import { junitReport, testLines, testTotals } from "../../render/test-report.ts";
import { type Command, flag, value } from "../command.ts";
import { formatOf } from "../format.ts";
import { count } from "../numbers.ts";
import { scratchFlag } from "../scratch.ts";

const command: Command = {
  name: "test",
  summary:
    "Runs each migration up, down and up again on a scratch database and compares the catalogs. Exit code 1 if one differs and its down file does not accept that.",
  args: {
    rows: flag("fill the tables with rows before each upgrade, and compare them after the downgrade"),
    jobs: value(
      "how many scratch databases are used at the same time (default: up to 4, by the number of processors; with --rows 1)",
      "N",
    ),
    format: value("text (default), json, or junit, a report for CI servers", "FORMAT"),
    scratch: scratchFlag,
  },
  positionals: { required: 0, names: ["RANGE"] },
  examples: [
    ["migrate test", "all of them"],
    ["migrate test head", "the newest"],
    ["migrate test 29f859a13ea1:head --rows", "what comes after that one, with rows in the tables"],
    ["migrate test --format junit > migrations.xml", "for CI"],
  ],
  async run({ args, deps, project, printer, json }) {
    const format = formatOf({ args, json }, ["text", "junit", "json"]);
    const result = await testMigrations(deps, {
      ...project,
      scratch: args.text("scratch"),
      range: args.positionals[0],
      rows: args.flag("rows"),
      jobs: count(args.text("jobs"), "--jobs", 1),
      script: (plan, ledger) =>
        renderSplit(plan, ledger, { client: "any", annotate: false, split: true }).map(({ text }) => text),
      onScratch: ({ description }) => printer.info(description),
      onTesting: (revision, index, of) => printer.progress(`${index + 1} of ${of}: ${revision}`),
      onTested: ({ revision, verdict, ms }: TestedMigration) =>
        printer.verbose(`${revision}: ${verdict} (${ms.toFixed(0)} ms)`),
    }).finally(() => printer.progress(""));
    const { project: _, ...report } = result;
    if (format === "json") printer.json(report);
    else if (format === "junit") printer.lines(junitReport(report).split("\n"));
    else printer.lines(testLines(report).map((line) => printer.carry(line)));
    for (const { table, message } of report.unfilled) printer.warn(`no rows in ${table}: ${message}`);
    printer.info(testTotals(report));
    return report.passed ? exitCodes.ok : exitCodes.findings;
  },
};
export default command;
