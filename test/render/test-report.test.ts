/** What `migrate test` found goes in; lines for a person and JUnit's XML come out. */
import { expect, test } from "vitest";
import { nothingSeen, type TestedMigration, type TestReport } from "../../src/core/verdict.ts";
import { junitReport, testLines, testTotals } from "../../src/render/test-report.ts";

const migration = (revision: string, rest: Partial<TestedMigration>): TestedMigration => ({
  revision,
  message: revision,
  path: `0001_${revision}.up.sql`,
  verdict: "exact",
  passed: true,
  ms: 1200,
  ...nothingSeen,
  ...rest,
});

const report: TestReport = {
  migrations: [
    migration("a", {}),
    migration("b", {
      verdict: "lossy",
      accepted: "it was <never> used",
      losses: [{ effect: "takes-away", kind: "drop column", object: "t.x" }],
      rows: [{ table: "public.t", before: 3, after: 0 }],
    }),
    migration("c", {
      verdict: "different",
      passed: false,
      down: [
        {
          kind: "differs",
          class: "view",
          identity: ["public", "v"],
          properties: { definition: [`${"a".repeat(300)}x`, `${"a".repeat(300)}y`] },
        },
        { kind: "missing", class: "comment", identity: ["table", "public", "t"] },
      ],
    }),
    migration("d", {
      verdict: "fails",
      passed: false,
      failed: {
        step: "down",
        diagnostics: [
          {
            code: "execution/statement",
            message: 'no "t"\n\u001b[31m',
            hint: "the server's\nand ours",
            location: { path: "d.down.sql", line: 4, column: 1 },
          },
        ],
      },
    }),
    migration("e", { verdict: "skipped", passed: false }),
  ],
  orders: [
    {
      revisions: ["a", "b"],
      merge: "c",
      orders: 2,
      possible: 2,
      verdict: "exact",
      passed: true,
      differences: [],
    },
  ],
  squashed: [],
  script: {
    verdict: "skipped",
    passed: true,
    differences: [],
    diagnostics: [
      {
        code: "source/not-splittable",
        message: "a temporary table",
        location: { path: "e.up.sql", line: 7, column: 1 },
      },
    ],
  },
  unfilled: [],
  passed: false,
};

test("lines", () => {
  const lines = testLines(report);
  expect(lines).toContain("ok    lossy         0001_b.up.sql  b  (it was <never> used)");
  expect(lines).toContain("      other rows after the downgrade: public.t (3 before, 0 after)");
  expect(lines).toContain("        missing  comment table public.t");
  const at = lines.indexOf('      the down file fails: d.down.sql:4: no "t"');
  expect(lines.slice(at + 1, at + 4)).toEqual([
    "        \\u001b[31m",
    "      hint: the server's",
    "        and ours",
  ]);
  expect(lines).toContain("ok    exact         the orders of a, b, which c merges (2 of 2 run)");
  expect(lines.at(-1)).toBe("      e.up.sql:7: a temporary table");
  const definitions = lines.filter((line) => line.includes("definition"));
  expect(definitions.map((line) => line.at(-1))).toEqual(["x", "y"]);
  for (const line of definitions) expect(line.length).toBeLessThan(120);
  expect(testTotals(report)).toBe(
    "5 migrations: 1 exact, 1 lossy (1 accepted), 1 different, 1 fails, 1 skipped",
  );
});

test("a squashed migration that is not what it replaces any more; and the totals do not pass it over", () => {
  const found: TestReport = {
    ...report,
    squashed: [
      {
        revision: "s",
        path: "0004_s.up.sql",
        replaces: ["a", "b"],
        verdict: "different",
        passed: false,
        differences: [{ kind: "missing", class: "column", identity: ["public", "t", "x"] }],
        rows: ["public.t"],
      },
    ],
  };
  expect(testLines(found).slice(-6, -2)).toEqual([
    "FAIL  different     0004_s.up.sql  s, compared with the 2 that it replaces",
    "      missing  column public.t.x",
    "      the rows of public.t would differ",
    expect.stringMatching(/^ {6}hint: .* migrate revision --remove --head s, then migrate squash; else /),
  ]);
  expect(testTotals(found)).toMatch(/; not passed: 1 squashed migration$/);
});

test("of an order that fails, which one, where and what to do; and the totals do not pass it over", () => {
  const location = { path: "b.up.sql", line: 7, column: 1 };
  const diagnostics = [{ code: "execution/statement", message: "no a", hint: "depend on a", location }];
  const [order] = report.orders;
  const fails = { verdict: "fails", passed: false, failed: { step: "up", diagnostics } } as const;
  const failing = { ...order!, ...fails, failedOrder: ["b", "a"] };
  const found = { ...report, orders: [{ ...failing, workingOrder: ["a", "b"] }] };
  expect(testLines(found).slice(-7, -2)).toEqual([
    "FAIL  fails         the orders of a, b, which c merges (2 of 2 run)",
    "      fails in the order b, a, but not in a, b:",
    "      the up file fails: b.up.sql:7: no a",
    "      hint: depend on a",
    expect.stringMatching(/^ {6}hint: edit one .* \(-- depends-on: REVISION\)$/),
  ]);
  expect(testTotals(found)).toMatch(/, 1 skipped; not passed: 1 comparison of orders$/);
  const inEach = testLines({ ...report, orders: [failing] });
  expect(inEach).toContain("      fails in both orders; in the order b, a:");
  expect(inEach).toContain("      hint: edit one that is not applied yet");
});

test("of an up file that has run before, no hint about what it says", () => {
  const diagnostics = [{ code: "execution/statement", message: "no schema", hint: "no migration makes it" }];
  const again = migration("d", { verdict: "fails", failed: { step: "up again", diagnostics } });
  expect(testLines({ ...report, migrations: [again] })[1]).toContain("fails the second time: no schema");
  expect(testLines({ ...report, migrations: [again] }).join()).not.toContain("hint");
});

test("of what is accepted in part, what is not", () => {
  const accepted = { accepted: "it was never used", unaccepted: ["column-order" as const] };
  const part = { ...report, migrations: [migration("b", { verdict: "lossy", passed: false, ...accepted })] };
  expect(testLines(part)[0]).toBe("FAIL  lossy         0001_b.up.sql  b  (not accepted: column-order)");
  expect(junitReport(part)).toContain(">not accepted: column-order</failure>");
});

test("of what is lost, what the down file can say of it", () => {
  const losses = [{ effect: "takes-away", kind: "drop column", object: "t.x" }] as const;
  const hints = (value: object) =>
    testLines({ ...report, migrations: [migration("b", { verdict: "lossy", losses, ...value })] }).filter(
      (line) => line.includes("hint:"),
    );
  expect(hints({ passed: false })).toEqual([
    expect.stringMatching(/the header of its down file: -- accepts: lossy \(<reason>\)$/),
  ]);
  expect(hints({ passed: true, accepted: "never used" })).toEqual([]);
});

test("JUnit", () => {
  const xml = junitReport(report);
  expect(xml).toContain('<testsuites tests="7" failures="2" skipped="2" time="6.000">');
  expect(xml).toContain("lossy: it was &lt;never&gt; used");
  expect(xml).toContain(
    '<failure type="fails" message="fails">the down file fails: d.down.sql:4: no &quot;t&quot;\n  \\u001b[31m\nhint: the server\'s\n  and ours</failure>',
  );
  expect(xml).toContain('<skipped message="e.up.sql:7: a temporary table"/>');
  expect(xml.match(/<testcase /g)).toHaveLength(7);
});
