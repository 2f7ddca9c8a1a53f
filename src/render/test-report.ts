/** What `migrate test` found → the lines a person reads, and the report that CI servers read (JUnit's XML). */

import type { Diagnostic } from "../core/errors.ts";
import { unique } from "../core/unique.ts";
import {
  aspectsOf,
  type FailedStep,
  type TestedMigration,
  type TestedOrders,
  type TestedSquash,
  type TestReport,
  type Verdict,
} from "../core/verdict.ts";
import { counted } from "./counted.ts";
import { differenceLines } from "./differences.ts";
import { lossLine } from "./loss.ts";
import { markup } from "./markup.ts";
import { failsIn, ordersHint } from "./orders.ts";
import { onOneLine } from "./terminal.ts";

/** One test: a migration, branches in several orders, a squashed migration that waits, or the script. */
interface Line {
  readonly verdict: Verdict;
  readonly passed: boolean;
  /** `0002_add_orders.up.sql  8f14e45fceea` */
  readonly name: string;
  /** Why it is accepted, or what is not. */
  readonly note?: string | undefined;
  readonly details: readonly string[];
  /** Milliseconds. */
  readonly ms?: number;
}

/** All tests of a report, in the order in which they were made. */
function linesOf({ migrations, orders, squashed, script }: TestReport): readonly Line[] {
  return [
    ...migrations.map(lineOf),
    ...orders.map(orderLine),
    ...squashed.map(squashLine),
    ...(script === undefined
      ? []
      : [
          {
            ...script,
            name: "the offline script, compared with the run",
            details: [
              ...differenceLines(script.differences, ["run", "script"]),
              ...script.diagnostics.flatMap((each) => placed(each)),
            ],
          },
        ]),
  ];
}

function orderLine(tested: TestedOrders): Line {
  const { revisions, merge, orders, possible, failed } = tested;
  const merged = merge === undefined ? "" : `, which ${merge} merges`;
  return {
    ...tested,
    name: `the orders of ${revisions.join(", ")}${merged} (${orders} of ${possible} run)`,
    details: [
      ...differenceLines(tested.differences, ["first", "other"]),
      ...(failed === undefined ? [] : [`${failsIn(tested)}:`, ...failureLines(failed)]),
      ...(tested.passed ? [] : [`hint: ${ordersHint(tested)}`]),
    ],
  };
}

function squashLine(tested: TestedSquash): Line {
  const { revision, path, replaces, failed } = tested;
  return {
    ...tested,
    name: `${onOneLine(path)}  ${revision}, compared with the ${replaces.length} that it replaces`,
    details: [
      ...differenceLines(tested.differences, ["replaced", "squashed"]),
      ...tested.rows.map((table) => `the rows of ${onOneLine(table)} would differ`),
      ...(failed === undefined ? [] : failureLines(failed)),
      ...(tested.passed
        ? []
        : [
            "hint: one of these files has changed since: where no database has it, write it anew: " +
              `migrate revision --remove --head ${revision}, then migrate squash; else restore what has changed`,
          ]),
    ],
  };
}

function lineOf(tested: TestedMigration): Line {
  const { revision, path, verdict, passed, accepted, unaccepted, failed, ms } = tested;
  // Of a step that fails nothing can be accepted.
  const found = failed === undefined ? aspectsOf(tested) : [];
  return {
    verdict,
    passed,
    name: `${onOneLine(path)}  ${revision}`,
    note: unaccepted === undefined ? accepted : `not accepted: ${unaccepted.join(", ")}`,
    details: [
      ...tested.losses.map((loss) => `the up file ${lossLine(loss)}`),
      ...tested.rows.map(
        ({ table, before, after }) =>
          `other rows after the downgrade: ${onOneLine(table)} (${before} before, ${after} after)`,
      ),
      ...headed("after the downgrade", differenceLines(tested.down, ["before", "after"])),
      ...headed("after the second upgrade", differenceLines(tested.again, ["first", "second"])),
      ...(failed === undefined ? [] : [...failureLines(failed), ...rowsLines(failed)]),
      ...(passed || found.length === 0
        ? []
        : [
            `hint: if that is meant, write into the header of its down file: -- accepts: ${found.join(", ")} (<reason>)`,
          ]),
    ],
    ms,
  };
}

const FAILS: Readonly<Record<FailedStep["step"], string>> = {
  up: "the up file fails",
  down: "the down file fails",
  "up again": "the up file fails the second time",
};

/** What was refused, then what to do about it. */
export const failureLines = ({ step, diagnostics }: FailedStep): readonly string[] => [
  ...diagnostics.flatMap((each) => placed(each, `${FAILS[step]}: `)),
  // What has run once fails on what the down file left or took: nothing in the up file is to be mended.
  ...(step === "up again"
    ? []
    : unique(diagnostics.flatMap(({ hint }) => hint ?? [])).flatMap((hint) => textLines(hint, "hint: "))),
];

/** What is said of a place in a file, behind that place. */
function placed({ message, location }: Diagnostic, before = ""): readonly string[] {
  const place = location === undefined ? "" : `${onOneLine(location.path)}:${location.line}: `;
  return textLines(message, `${before}${place}`);
}

/** The lines of a text, such as what a server says, behind what stands before it. */
const textLines = (text: string, before = ""): readonly string[] =>
  text.split("\n").map((line, index) => `${index === 0 ? before : "  "}${onOneLine(line)}`);

const rowsLines = ({ onlyWithRows }: FailedStep): readonly string[] =>
  onlyWithRows === undefined
    ? []
    : ["it fails only with the rows that --rows has made; without them: migrate test"];

const headed = (head: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`${head}:`, ...lines.map((line) => `  ${line}`)];

// ── for a person ────────────────────────────────────────────────────────────────────────────────────────────────

const WIDTH = "irreversible".length;

const blockOf = ({ verdict, passed, name, note, details }: Line): readonly string[] => [
  `${passed ? "ok  " : "FAIL"}  ${verdict.padEnd(WIDTH)}  ${name}${note === undefined ? "" : `  (${onOneLine(note)})`}`,
  ...details.map((line) => `${" ".repeat(6)}${line}`),
];

/** A line for each test, with what it found below. */
export const testLines = (report: TestReport): readonly string[] => linesOf(report).flatMap(blockOf);

/** `12 migrations: 9 exact, 2 column-order (1 accepted), 1 fails; not passed: 1 comparison of orders, the offline script` */
export function testTotals({ migrations, orders, squashed, script }: TestReport): string {
  const counts = new Map<Verdict, { all: number; accepted: number }>();
  for (const { verdict, passed } of migrations) {
    const count = counts.get(verdict) ?? { all: 0, accepted: 0 };
    count.all += 1;
    if (passed && verdict !== "exact" && verdict !== "irreversible") count.accepted += 1;
    counts.set(verdict, count);
  }
  const parts = [...counts].map(
    ([verdict, { all, accepted }]) => `${all} ${verdict}${accepted === 0 ? "" : ` (${accepted} accepted)`}`,
  );
  const number = counted(migrations.length, "migration");
  const failed = orders.filter(({ passed }) => !passed).length;
  const stale = squashed.filter(({ passed }) => !passed).length;
  const others = [
    ...(failed === 0 ? [] : [`${counted(failed, "comparison")} of orders`]),
    ...(stale === 0 ? [] : [counted(stale, "squashed migration")]),
    ...(script === undefined || script.passed ? [] : ["the offline script"]),
  ];
  const besides = others.length === 0 ? "" : `; not passed: ${others.join(", ")}`;
  return `${number}${parts.length === 0 ? "" : `: ${parts.join(", ")}`}${besides}`;
}

// ── JUnit ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** One `testcase` for each test; what did not pass is a `failure`, what could not be run `skipped`. */
export function junitReport(report: TestReport): string {
  const lines = linesOf(report);
  const failures = lines.filter(({ passed, verdict }) => !passed && verdict !== "skipped").length;
  const skipped = lines.filter(({ verdict }) => verdict === "skipped").length;
  const counts = `tests="${lines.length}" failures="${failures}" skipped="${skipped}" time="${seconds(
    lines.reduce((sum, { ms = 0 }) => sum + ms, 0),
  )}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="migrate test" ${counts}>`,
    ...lines.flatMap(caseOf),
    "  </testsuite>",
    "</testsuites>",
  ].join("\n");
}

function caseOf({ verdict, passed, name, note, details, ms = 0 }: Line): readonly string[] {
  const head = `    <testcase classname="migrate test" name="${xml(name)}" time="${seconds(ms)}"`;
  const text = xml([...(note === undefined ? [] : [note]), ...details].join("\n"));
  if (verdict === "skipped") return [`${head}>`, `      <skipped message="${text}"/>`, "    </testcase>"];
  if (!passed)
    return [
      `${head}>`,
      `      <failure type="${verdict}" message="${verdict}">${text}</failure>`,
      "    </testcase>",
    ];
  return text === ""
    ? [`${head}/>`]
    : [`${head}>`, `      <system-out>${verdict}: ${text}</system-out>`, "    </testcase>"];
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3);

/** What XML cannot hold is left out. */
const xml = (text: string): string =>
  markup(text.replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, ""));
