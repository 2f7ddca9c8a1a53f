/** What no file of a script and no way down may lack: its guards before its receipt, one session where one is needed, a way back. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { offline } from "../../src/app/offline.ts";
import { defaultForm, scriptBatches } from "../../src/core/plan/script.ts";
import { partsOf } from "../../src/core/plan/split.ts";
import type { Batch, Purpose } from "../../src/core/plan/types.ts";
import { renderScript, renderSplit } from "../../src/render/script/script.ts";
import { failureOf, project } from "../support/project.ts";

const upgrade = { kind: "upgrade", target: "base:heads" } as const;
const none = ["transaction: none"];

const shopOutside = {
  up: "INSERT INTO t VALUES (1);\nCREATE INDEX CONCURRENTLY i ON t (x);\nVACUUM t;",
  header: none,
};

const shop = project({
  a: "CREATE TABLE t (x int);",
  b: shopOutside,
  c: "CREATE TABLE c ();",
});

const purposesOf = (batches: readonly Batch[]): readonly Purpose[] =>
  batches.flatMap(({ statements }) => statements.map(({ purpose }) => purpose));

/** What proves that it is the turn of what follows. */
const PROOF: readonly Purpose[] = ["guard-start", "guard-step", "guard-part"];

/** What changes the ledger. */
const WRITES: readonly Purpose[] = ["intent", "outcome", "record"];

test("the receipt of a script is written behind the proof that it is the script's turn, before anything of the author's", async () => {
  const { plan, ledger } = await offline(shop.deps, upgrade, {});
  const purposes = purposesOf(scriptBatches(plan, ledger, defaultForm, "r"));
  const at = purposes.indexOf("receipt");
  expect(purposes.filter((purpose) => purpose === "receipt")).toHaveLength(1);
  expect(purposes.slice(0, at)).toEqual(expect.arrayContaining(["lock", "guard-ledger", "guard-start"]));
  for (const after of ["guard-step", "user", "record", "intent"] as const)
    expect(purposes.indexOf(after)).toBeGreaterThan(at);
});

test.each([{}, { idempotent: true }, { singleTransaction: true }])(
  "a script holds the statements of its plan in their order: %j",
  async (options) => {
    const { a, b: outside, c } = { a: "CREATE TABLE t (x int);", b: shopOutside, c: "CREATE TABLE c ();" };
    const of = project("singleTransaction" in options ? { a, c } : { a, b: outside, c });
    const { plan, ledger } = await offline(of.deps, upgrade, options);
    const { text } = renderScript(plan, ledger);
    let at = 0;
    for (const { purpose, sql } of plan.batches.flatMap(({ statements }) => statements)) {
      if (purpose === "begin" || purpose === "commit") continue;
      const found = text.indexOf(sql.replace(/;$/, ""), at);
      expect(found, `${purpose}: ${sql.slice(0, 100)}`).toBeGreaterThanOrEqual(at);
      at = found;
    }
  },
);

test.each(["psql", "any"] as const)(
  "each file of a split script for %s has the lock, a guard and its proof before its receipt",
  async (client) => {
    const { plan, ledger } = await offline(shop.deps, upgrade, {});
    const parts = partsOf(plan, ledger, { client: client }).filter(({ alone }) => !alone);
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) {
      const purposes = purposesOf(part.batches("r"));
      expect(purposes.at(-1)).toBe("unlock");
      const at = purposes.indexOf("receipt");
      const writes = purposes.some((purpose) => WRITES.includes(purpose));
      expect(purposes.filter((purpose) => purpose === "receipt")).toHaveLength(writes ? 1 : 0);
      if (!writes) continue;
      const before = purposes.slice(0, at);
      expect(before.indexOf("lock")).toBeGreaterThanOrEqual(0);
      expect(before.indexOf("guard-ledger")).toBeGreaterThan(before.indexOf("lock"));
      if (part.index > 0) expect(before).toContain("guard-lock");
      expect(before.some((purpose) => PROOF.includes(purpose))).toBe(true);
    }
  },
);

test("each file of a split script but the first asks whether the one before it has succeeded", async () => {
  const { plan, ledger } = await offline(shop.deps, upgrade, {});
  const parts = partsOf(plan, ledger, { client: "psql" });
  const sqlOf = (batches: readonly Batch[]): readonly string[] =>
    batches.flatMap(({ statements }) => statements.map(({ sql }) => sql));
  for (const [index, part] of parts.entries()) {
    const [before, own] = [parts[index - 1], part];
    if (before === undefined || before.transactional || before.step !== own.step) continue;
    const number = plan.batches[index]!.statements.find(({ purpose }) => purpose === "user")!.number!;
    const done = ledger.requireOutcome({ revision: "b", direction: "up", statement: number }, true);
    expect(sqlOf(part.batches("r"))).toContain(done);
  }
  expect(parts.filter(({ transactional }) => !transactional)).toHaveLength(2);
});

test.each([
  "CREATE TEMP TABLE s (x int);",
  "CREATE TABLE pg_temp.s (x int);",
  "CREATE TEMP TABLE s AS SELECT 1 AS x;",
  "SELECT 1 AS x INTO TEMP s;",
  "CREATE TEMP VIEW s AS SELECT 1 AS x;",
  "CREATE TEMP SEQUENCE s;",
  "CREATE FUNCTION pg_temp.s() RETURNS int LANGUAGE sql AS 'SELECT 1';",
  "CREATE TYPE pg_temp.s AS ENUM ('x');",
  "PREPARE s AS SELECT 1;",
  "DECLARE s CURSOR WITH HOLD FOR SELECT 1;",
  "LOAD 'auto_explain';",
])("%s cannot be split from what follows it", async (sql) => {
  const split = project({ a: { up: `${sql}\nVACUUM pg_class;`, header: none }, b: sql });
  const { plan, ledger } = await offline(split.deps, upgrade, {});
  expect(() => renderSplit(plan, ledger)).toThrow(
    expect.objectContaining({
      code: "source/not-splittable",
      // Not that of b, behind which nothing of b follows.
      diagnostics: [
        expect.objectContaining({ location: expect.objectContaining({ path: "0001_a.up.sql" }) }),
      ],
    }),
  );
  // Without --split it would be refused to such a client.
  expect(() => renderSplit(plan, ledger, { client: "any", annotate: false })).toThrow(
    expect.objectContaining({ hint: "write one script for psql, not split" }),
  );
});

test("what has no way back is not taken down: neither its up file runs, nor is it left out", async () => {
  const lasting = project({
    a: "CREATE TABLE a ();",
    b: { up: "DROP TABLE a;", header: ["irreversible: the rows are gone"] },
    c: "CREATE TABLE c ();",
  });
  rmSync(join(lasting.folder, "0002_b.down.sql"));
  for (const [target, hint] of [
    ["c:a", "the furthest down is b; or undo what it did in"],
    ["c:base", "the furthest down is b; or undo what it did in"],
    ["b:a", "no downgrade goes below b; undo what it did in"],
  ] as const) {
    expect(await failureOf(lasting.plan({ kind: "downgrade", target }))).toMatchObject({
      code: "graph/irreversible",
      message: "revision b cannot be downgraded: the rows are gone",
      hint: expect.stringContaining(hint),
      location: { path: "0002_b.up.sql", line: 3 },
    });
  }
  const { steps } = await lasting.plan({ kind: "downgrade", target: "c:b" });
  expect(steps.map(({ revision, path }) => [revision, path])).toEqual([["c", "0003_c.down.sql"]]);
});

test("a migration that would change the ledger is refused, wherever the ledger is", async () => {
  const up = "CREATE TABLE t ();\nDELETE FROM book.applied;";
  const refused = project({ a: up }, { ledger: { schema: "book" } });
  expect(await failureOf(offline(refused.deps, upgrade, {}))).toMatchObject({
    code: "source/ledger",
    location: { path: "0001_a.up.sql", line: 5 },
    hint: expect.stringContaining("migrate repair --forget"),
  });
  await expect(offline(project({ a: up }).deps, upgrade, {})).resolves.toBeDefined();
  for (const [sql, session] of [
    ["SET search_path = retort;\nDO $$ BEGIN DELETE FROM applied; END $$;", {}],
    [
      "SET search_path = shop;\nRESET search_path; DELETE FROM applied;",
      { searchPath: ["pg_catalog", "retort"] },
    ],
  ] as const)
    expect(await failureOf(offline(project({ a: sql }, { session }).deps, upgrade, {}))).toMatchObject({
      code: "source/ledger",
      location: { path: "0001_a.up.sql", line: 5 },
    });
  const reset = "SET search_path = retort;\nRESET search_path; DELETE FROM applied;";
  await expect(offline(project({ a: reset }).deps, upgrade, {})).resolves.toBeDefined();
});
