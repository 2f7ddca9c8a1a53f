/** How a script looks: what a person reads first, what stands above a statement, names of files; from plans alone. */
import { expect, test } from "vitest";
import { defaultPins } from "../../src/core/plan/session.ts";
import type { Plan } from "../../src/core/plan/types.ts";
import { receiptsOf } from "../../src/core/receipt.ts";
import { numberedName, renderScript, renderSplit } from "../../src/render/script/script.ts";
import { ledger, planOf, statement, step } from "../support/plans.ts";

const script = (plan: Plan): string => renderScript(plan, ledger).text;
const titleOf = (text: string): string => text.slice(0, text.indexOf("\n\n"));

test("the title says for whom it is, what cannot be undone, and what is lost", () => {
  const steps = [
    step(
      "a",
      [statement("DROP TABLE t;", { losses: [{ effect: "takes-away", kind: "drop table", object: "t" }] })],
      {
        message: "no more t",
        irreversible: "t is gone\u202e!",
      },
    ),
    step("b", [statement("VACUUM;", { transactional: false, tag: "VACUUM" })], {
      transactional: false,
      parents: ["a"],
    }),
    step("c", [statement("DO '';", { losses: [{ effect: "not-known", kind: "do", object: "" }] })], {
      parents: ["b"],
    }),
  ];
  const plan = planOf(steps, {
    to: ["c"],
    how: "script",
    expect: { minimumVersion: 150000, database: "shop", role: "deploy" },
  });
  const [lost = [], ...others] = plan.steps.map(({ losses = [] }) => losses);
  const text = script({
    ...plan,
    steps: plan.steps.map((each, i) =>
      i === 0
        ? {
            ...each,
            lost: {
              notRestored: lost,
              writtenAgain: others.flat().map((loss) => ({ ...loss, object: "u.a" })),
            },
          }
        : each,
    ),
  });
  expect(titleOf(text)).toBe(`-- Retort migration script: upgrade <base> -> c
-- Receipt: sha256:${receiptsOf(text)!.stated}
\\if true
-- For:  database shop; connected as deploy; PostgreSQL 15 or later; ledger retort, format 2.
-- Run:  psql -X -v ON_ERROR_STOP=1 -f FILE DATABASE
--       directly, not through a transaction pooler; not inside BEGIN, so without -1.
--       First, only to look at what it will meet: the same with -v preflight=1 (not without =1).
--
-- It stops, with nothing changed, if any revision is already applied.
-- Each step but 2 is a transaction: one that fails is rolled back; those before it are kept.
-- Each step starts with a clean session: DateStyle ISO, TimeZone UTC, lock_timeout 5s,
-- statement_timeout 0 (or those of PGOPTIONS), and the search_path of the database and the role.
--
-- #     revision  message    transaction  takes away
-- 1  +  a         no more t  yes          table t
-- 2  +  b                    no
-- 3  +  c                    yes          not known: what the DO block does
--
-- Cannot be rolled back:
--   2  b  VACUUM
--
-- Irreversible, once applied:
--   1  a  t is gone\\u202e!
--
-- A downgrade does not bring back the data of:
--   1  a  t
--
-- A downgrade writes again, perhaps with other values:
--   1  a  u.a
--
-- New objects belong to the role that connects.`);
});

test("effects of which none is known are no table", () => {
  const nothing = { locks: [], rewrites: [], scans: [], writes: [], updates: [], builds: [] };
  const effect = { ...nothing, unknown: ["what p does"] };
  const plan = planOf([step("a", ["CALL p();"])]);
  const text = script({ ...plan, steps: plan.steps.map((each) => ({ ...each, effect })) });
  expect(titleOf(text)).toContain("\n--\n-- Effects not known:\n--   1  what p does\n--\n");
  expect(titleOf(text)).not.toContain("other sessions");
});

test("the title's table fits into 100 columns, whatever it holds", () => {
  const losses = Array.from({ length: 9 }, (_, i) => ({
    effect: "takes-away" as const,
    kind: "drop column",
    object: `shop.orders.column_${i}`,
  }));
  const steps = Array.from({ length: 30 }, (_, i) =>
    step(`${"0".repeat(11)}${i}`, [statement("X;", { losses })], {
      message: "a message of many words ".repeat(5),
    }),
  );
  for (const line of titleOf(script(planOf(steps, { to: ["x"] }))).split("\n"))
    expect(line.length).toBeLessThanOrEqual(100);
});

test("ours is at most three lines before the author's SQL and three behind it", () => {
  const steps = ["a1b2c3d4e5f6", "b1b2c3d4e5f6"].map((id) =>
    step(id, ["CREATE TABLE t ();", "SELECT 1;"], { message: "m" }),
  );
  const lines = script(planOf(steps, { how: "script" }))
    .split("\n")
    .filter((line) => line !== "");
  const first = lines.indexOf("CREATE TABLE t ();");
  const heading = lines.findLastIndex((line, index) => index < first && line.startsWith("-- ----"));
  expect(lines.slice(heading, first)).toEqual([
    expect.stringMatching(/^-- ---- 1 of 2: upgrade a1b2c3d4e5f6, m \(a1b2c3d4e5f6\.up\.sql\) -+$/),
    "\\echo 'retort: 1 of 2'",
    "BEGIN \\; CALL retort.begin_step('a1b2c3d4e5f6', 0, 0);",
  ]);
  const last = lines.indexOf("SELECT 1;");
  const next = lines.findIndex((line, index) => index > last && line.startsWith("-- ----"));
  expect(lines.slice(last + 1, next)).toEqual([
    "SET CONSTRAINTS ALL IMMEDIATE \\; SET SESSION AUTHORIZATION DEFAULT \\; RESET ROLE \\;",
    expect.stringMatching(/^CALL retort\.end_upgrade\('a1b2c3d4e5f6', '[0-9a-f]{64}',$/),
    expect.stringMatching(/^ {2}'[0-9a-f]{64}', '\{\}', 'm'\) \\; COMMIT;$/),
  ]);
});

test("a loss that takes two lines is not read as two, and what a statement outside a transaction left is gone on with by hand", () => {
  const long = "a".repeat(30);
  const losses = [
    { effect: "takes-away", kind: "drop table", object: long, cascade: true },
    { effect: "takes-away", kind: "drop table", object: "b" },
  ] as const;
  const steps = [
    step("a", [statement("DROP TABLE a, b CASCADE;", { losses })]),
    step("b", [statement("DO '';", { transactional: false, batched: true })], { transactional: false }),
  ];
  const text = script(planOf(steps));
  expect(text).toMatch(/ yes {10}table a+\n-- {41}and all that depends on it\n-- {39}table b\n/);
  expect(text).toContain(
    "-- If it fails: what it did is kept. Run this statement again by hand, then the rest of the step\n" +
      "-- and its last CALL; or see what to do with: migrate status\n",
  );
});

test.each<[readonly string[], string, string, (readonly string[])?]>([
  [["orders", "i"], "check with \\d orders; drop", "DROP INDEX CONCURRENTLY i;"],
  [["shop.orders", '"I x"'], "check with \\d shop.orders; drop", 'DROP INDEX CONCURRENTLY shop."I x";'],
  [['"a.""b".orders', "i"], 'check with \\d "a.""b".orders; drop', 'DROP INDEX CONCURRENTLY "a.""b".i;'],
  // The server chooses the name.
  [["shop.orders"], "see \\d shop.orders; drop", "DROP INDEX CONCURRENTLY shop.NAME;"],
  // Where names are found, the script has set, and another session has not.
  [["orders", "i"], '\\d "S".orders; drop', 'DROP INDEX CONCURRENTLY "S".i;', ["S"]],
  [["shop.orders", "i"], "\\d shop.orders; drop", "DROP INDEX CONCURRENTLY shop.i;", ["S", "public"]],
  [
    ["orders", "i"],
    "\\d orders, which names its SCHEMA; drop",
    "DROP INDEX CONCURRENTLY SCHEMA.i;",
    ["$user"],
  ],
])("an index of %j that is half built is dropped by its whole name", (names, look, drop, searchPath) => {
  const build = statement("CREATE INDEX …;", {
    transactional: false,
    trace: { kind: "create index", names },
  });
  const pins = searchPath === undefined ? defaultPins : { ...defaultPins, role: "owner", searchPath };
  const text = script(planOf([step("a", [build], { transactional: false })], { pins }));
  const [, session, found, dropped] =
    /^-- If it fails: (?:in another session, first: (.*)\n-- )?(.*)\n-- (.*)$/m.exec(text)!;
  expect(session).toBe(
    searchPath && `SET ROLE "owner"; SET search_path = ${searchPath.map((each) => `"${each}"`).join(", ")};`,
  );
  expect(found).toContain(look);
  expect(dropped).toBe(drop);
});

test.each([
  ["DROP INDEX CONCURRENTLY i;", { kind: "drop index", names: ["i"] }, "it is done if \\d app.i finds none;"],
  [
    "ALTER TABLE t DETACH PARTITION p CONCURRENTLY;",
    { kind: "detach partition", names: ["t", "p"] },
    "check with \\d+ app.t; finish DETACH PENDING with:\n-- ALTER TABLE app.t DETACH PARTITION app.p FINALIZE;",
  ],
  ["DROP DATABASE d;", { kind: "drop database", names: ["d"] }, "check whether d exists: \\l"],
] as const)("where a file has set search_path, %s says what is meant", (sql, trace, look) => {
  const set = statement("SET search_path = app;", { setting: "value", searchPath: ["app"] });
  const outside = statement(sql, { transactional: false, trace });
  const text = script(planOf([step("a", [set, outside], { transactional: false })]));
  expect(text).toContain(look);
  const first = '-- If it fails: in another session, first: SET search_path = "app";\n';
  expect(text.includes(first)).toBe(trace.kind !== "drop database");
});

test.each<[string, Parameters<typeof statement>, readonly string[]]>([
  ["plain", ["SELECT 1;"], []],
  [
    "losses",
    [
      "DELETE FROM t;",
      {
        losses: [
          { effect: "takes-away", kind: "delete rows", object: "t" },
          { effect: "takes-away", kind: "drop table", object: "a\nb", cascade: true },
          { effect: "overwrites", kind: "update", object: "t.a", by: "f" },
          { effect: "not-known", kind: "call", object: "g" },
        ],
      },
    ],
    [
      "-- >> takes away: rows of t",
      "-- >> takes away: table a\\u000ab and all that depends on it",
      "-- >> overwrites: t.a, by f()",
      "-- >> not known: g()",
    ],
  ],
  [
    "turned",
    ["SELECT '\u202e';"],
    ["-- >> it contains characters that change the text direction: what you see may not be what runs"],
  ],
  [
    "a comment that ends early",
    ["SELECT 1 -- harmless\r, 2;"],
    ["-- >> it contains a lone carriage return, which ends a line, and a comment with it"],
  ],
  ["CRLF", ["SELECT 1\r\n;"], []],
])("above a statement: %s", (_, [sql, more], lines) => {
  const plan = planOf([step("a", [statement(sql, more)])]);
  expect(script(plan)).toContain(`\n\n${[...lines, sql].join("\n")}\n`);
  expect(renderScript(plan, ledger, { client: "psql", annotate: false }).text).not.toContain("-- >>");
});

test("hundreds of applied revisions are asserted in lines of at most 120", () => {
  const applied = Array.from({ length: 300 }, (_, index) => `revision_${index}`);
  const text = script(planOf([step("a", ["SELECT 1;"])], { applied, from: ["revision_299"], how: "script" }));
  for (const id of applied) expect(text).toMatch(new RegExp(`\\b${id}\\b`));
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(125);
  expect(text).not.toMatch(/\n\n\n/);
});

test("files of a split script sort, also beyond ten thousand", () => {
  const plan = planOf(["a", "b"].map((id) => step(id, [])));
  expect(renderSplit(plan, ledger).map(({ name }) => name)).toEqual([
    "0001_start.sql",
    "0002_up_a.sql",
    "0003_up_b.sql",
  ]);
  const names = Array.from({ length: 10_002 }, (_, index) => numberedName(index, 10_002, `up_r${index}`));
  expect(names[0]).toBe("00001_up_r0.sql");
  expect(names.at(-1)).toBe("10002_up_r10001.sql");
  expect(names.toSorted()).toEqual(names);
});
