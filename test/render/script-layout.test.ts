/** How a script looks: what a person reads first, what stands above a statement, names of files; from plans alone. */
import { expect, test } from "vitest";
import type { Plan } from "../../src/core/plan.ts";
import { renderScript, renderSplit, statedReceipt } from "../../src/render/script.ts";
import { ledger, planOf, statement, step } from "../support/plans.ts";

const script = (plan: Plan): string => renderScript(plan, ledger).text;
const titleOf = (text: string): string => text.slice(0, text.indexOf("\n\n"));

test("the title says what cannot be undone, and what is lost", () => {
  const steps = [
    step("a", [statement("DROP TABLE t;", { destructive: ["drops table t"] })], {
      message: "no more t",
      irreversible: "t is gone\u202e!",
    }),
    step("b", [statement("VACUUM;", { transactional: false })], { transactional: false, parents: ["a"] }),
  ];
  const text = script(planOf(steps, { to: ["b"], how: "script" }));
  const checksum = steps.map((each) => each.checksum);
  expect(titleOf(text)).toBe(`-- Retort migration script: upgrade <base> -> b
-- Receipt: sha256:${statedReceipt(text)}
--
-- Run it with:
--   psql -X -v ON_ERROR_STOP=1 -f migration.sql DATABASE
--
-- It stops, with nothing changed, where any revision is applied already.
-- Transactions: 6; statements outside any: 1. A step that fails is rolled back; those before stay.
--
-- Cannot be rolled back:
--   step 2, b: VACUUM; runs outside a transaction
--
-- Has no way back, once it is applied:
--   step 1, a: t is gone\\u202e!
--
-- Takes data or objects away:
--   step 1, a: drops table t
--
-- Steps:
--   1. + a  no more t
--        a.up.sql
--        checksum ${checksum[0]}
--   2. + b
--        b.up.sql
--        checksum ${checksum[1]}`);
});

test("the transactions that it counts are those that it has", () => {
  const steps = ["a", "b", "c"].map((id) => step(id, ["SELECT 1;"]));
  const text = script(planOf(steps, { how: "script" }));
  expect(text.match(/^BEGIN( TRANSACTION READ ONLY)?;$/gm)).toHaveLength(
    Number(/Transactions: (\d+)/.exec(text)![1]),
  );
});

test.each<[string, Parameters<typeof statement>, readonly string[]]>([
  ["plain", ["SELECT 1;"], ["-- >> SELECT: transactional, not destructive"]],
  [
    "destructive",
    ["DELETE FROM t;", { destructive: ["deletes rows of t", "and\nmore"] }],
    ["-- >> DELETE: transactional, destructive", "-- >>   deletes rows of t", "-- >>   and\\u000amore"],
  ],
  ["opaque", ["DO $$BEGIN END$$;"], ["-- >> DO: transactional, what it destroys is not known"]],
  [
    "turned",
    ["SELECT '\u202e';"],
    [
      "-- >> SELECT: transactional, not destructive",
      "-- >>   it holds characters that turn the direction of writing: what is seen may not be what runs",
    ],
  ],
  [
    "a comment that ends early",
    ["SELECT 1 -- harmless\r, 2;"],
    [
      "-- >> SELECT: transactional, not destructive",
      "-- >>   it holds a carriage return alone, which ends a line, and a comment with it",
    ],
  ],
  ["CRLF", ["SELECT 1\r\n;"], ["-- >> SELECT: transactional, not destructive"]],
])("above a statement: %s", (_, [sql, more], lines) => {
  const plan = planOf([step("a", [statement(sql, more)])]);
  expect(script(plan)).toContain(`\n${lines.join("\n")}\n${sql}\n`);
  expect(renderScript(plan, ledger, { client: "psql", annotate: false }).text).not.toContain("-- >>");
});

test("hundreds of applied revisions are asserted in lines of at most 100", () => {
  const applied = Array.from({ length: 300 }, (_, index) => `revision_${index}`);
  const text = script(planOf([step("a", ["SELECT 1;"])], { applied, from: ["revision_299"], how: "script" }));
  for (const id of applied) expect(text).toContain(`'${id}'`);
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  expect(text).not.toMatch(/\n\n\n/);
});

test("files of a split script sort, also beyond ten thousand", () => {
  const steps = Array.from({ length: 10_001 }, (_, index) => step(`r${index}`, []));
  const names = renderSplit(planOf(steps), ledger).map(({ name }) => name);
  expect(names[0]).toBe("00001_start.sql");
  expect(names.at(-1)).toBe("10002_up_r10000.sql");
  expect(names.toSorted()).toEqual(names);
});

test("a ledger whose name would end the plan early is refused", async () => {
  const { ledgerSql } = await import("../../src/core/ledger-sql.ts");
  const evil = ledgerSql({ schema: "x\n-- end plan\n" }, ledger.sha256);
  const plan = planOf([step("a", ["SELECT 1;"])], { ledger: evil });
  expect(() => renderScript(plan, evil)).toThrow(/a name of the ledger holds the line '-- end plan'/);
});
