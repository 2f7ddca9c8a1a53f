/** The script holds the plan's texts in order, and nothing a person wrote can leave its comment or its quotes. */
import { describe, expect, test } from "vitest";
import { defaultForm, scriptBatches } from "../../src/core/plan/script.ts";
import { receiptsOf } from "../../src/core/receipt.ts";
import { sha256 } from "../../src/core/sha256.ts";
import { psqlText } from "../../src/render/script/psql.ts";
import { renderScript } from "../../src/render/script/script.ts";
import { ledger, planOf, statement, step } from "../support/plans.ts";

const hostile = "x\\! id\u2028\\! id\u0085 `id` */ \u001b[31m é😀";
/** A header's line cannot hold these, a file's name can. */
const lineEnds = "x\n\\! id\r\\! id";
const steps = [
  step("a", ["SELECT a[1:hi];", "SELECT '\\! id'; -- behind"], {
    message: hostile,
    path: `${hostile}${lineEnds}.up.sql`,
  }),
  step("b", [statement("VACUUM;", { transactional: false })], { transactional: false, message: hostile }),
];
const plan = planOf(steps, { to: ["b"] });
const { text, receipt } = renderScript(plan, ledger);

test("every text of the plan, in order", () => {
  let from = 0;
  for (const { sql } of scriptBatches(plan, ledger, defaultForm, receipt).flatMap(
    ({ statements }) => statements,
  )) {
    // Of ours, several are one message; the answer of the check is kept.
    const places = [psqlText(sql), sql.replace(/;$/, " \\;"), sql.replace(/;$/, " \\gset")].map((bytes) =>
      text.indexOf(bytes, from),
    );
    const at = Math.min(...places.filter((place) => place >= 0));
    expect(at, sql).toBeGreaterThanOrEqual(from);
    expect(at, sql).toBeLessThan(Number.POSITIVE_INFINITY);
    from = at + sql.length;
  }
});

test("same plan, same bytes", () => {
  expect(renderScript(planOf(steps, { to: ["b"] }), ledger)).toMatchObject({ text, receipt });
});

test.each([300, 3_000])(
  "a script of %d steps comes in pieces, whose receipt is that of the whole",
  (count) => {
    const many = Array.from({ length: count }, (_, i) => step(`r${i}`, ["SELECT 1;", "SELECT '\u00e4';"]));
    const script = renderScript(planOf(many, { to: [`r${count - 1}`] }), ledger);
    const pieces = [...script.pieces()];
    expect(pieces.length).toBeGreaterThan(5);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(120_000);
    expect(pieces.join("")).toBe(script.text);
    expect(receiptsOf(script.text)).toMatchObject({ stated: script.receipt, actual: script.receipt });
    expect(script.text).toContain(`'retort: ${count} of ${count}'`);
  },
);

describe("what psql does with a line", () => {
  // A lone CR ends a comment too.
  const lines = text.split(/\r\n|\n|\r/);

  test("backslash lines are ours alone", () => {
    const commands = lines.filter((line) => line.trimStart().startsWith("\\"));
    expect(commands.length).toBeGreaterThan(4);
    for (const line of commands)
      expect(line).toMatch(
        /^(\\(set|pset|unset|if|elif|else|endif|gset|q|quit|echo|warn)\b[\w:;, ./'{?}-]*)+$/,
      );
  });

  test("messages and file names stay in their comments, on one line, without control characters", () => {
    const told = lines.filter((line) => line.includes("\\u000a\\! id\\u000d\\! id"));
    expect(told.length).toBeGreaterThanOrEqual(1);
    for (const line of told) expect(line).toMatch(/^-- /);
    expect(lines.filter((line) => line.startsWith("--")).join("")).not.toMatch(
      /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/,
    );
  });
});

test("it sets what a user's .psqlrc may have set otherwise, before anything else", () => {
  const lines = text.split("\n");
  const before = lines.slice(
    0,
    lines.findIndex((line) => !/^(--|\\|$)/.test(line)),
  );
  const set = before.filter((line) => /^\\set [A-Z]/.test(line));
  expect(set[0]).toBe("\\set ON_ERROR_STOP on");
  for (const line of ["ON_ERROR_ROLLBACK off", "AUTOCOMMIT on", "QUIET on"])
    expect(set).toContain(`\\set ${line}`);
});

test("the receipt is the SHA-256 of the whole script, with zeros for its own digits", () => {
  expect(sha256(text.replaceAll(receipt, "0".repeat(64)))).toBe(receipt);
  for (const changed of [text.replaceAll("VACUUM", "vacuum"), `-- reviewed\n${text}`, `${text}\n`])
    expect(receiptsOf(changed)).toEqual({
      stated: receipt,
      actual: expect.not.stringMatching(receipt),
      changes: [expect.any(String)],
    });
  for (const end of ["\r\n", "\r"])
    expect(receiptsOf(text.replaceAll("\n", end))).toMatchObject({ stated: receipt, changes: ["line ends"] });
  expect(receiptsOf("SELECT 1;")).toBeUndefined();
});

test("for another client than psql: the author's bytes, and no backslash lines", () => {
  const sql = renderScript(planOf([steps[0]!]), ledger, { ...defaultForm, client: "any" }).text;
  expect(sql).toContain("\nSELECT a[1:hi];\n");
  expect(sql.split("\n").filter((line) => line.startsWith("\\"))).toEqual([]);
});

test("with nothing to do the script says so, and does nothing", () => {
  const { text } = renderScript(planOf([]), ledger);
  expect(text).toContain("-- Nothing to do.");
  expect(text.replaceAll(/^(--|\\).*$/gm, "").trim()).toBe("");
});
