/** What the steps of a plan do to those who use the database: which of them wait, for how long, and from what that is known. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { stepsDo } from "../../src/app/compile.ts";
import { openProject } from "../../src/app/project.ts";
import { hazardsOf } from "../../src/core/plan/hazards.ts";
import type { Plan } from "../../src/core/plan/types.ts";
import type { Begun } from "../../src/core/undoing.ts";
import { doesLines } from "../../src/render/does.ts";
import { effectLines } from "../../src/render/effect.ts";
import { lossCell } from "../../src/render/loss.ts";
import { type MigrationText, project } from "../support/project.ts";

const cache = mkdtempSync(join(tmpdir(), "retort-effects-"));
afterAll(() => rmSync(cache, { recursive: true, force: true }));

const a = "CREATE TABLE t (id bigint, note text); CREATE TABLE u (id bigint PRIMARY KEY);";
const linesOf = ({ steps }: Plan): readonly string[] =>
  steps.flatMap(({ revision, effect }) =>
    effect === undefined ? [] : effectLines(effect).map((line) => `${revision} ${line}`),
  );

const planOf = (b: MigrationText, target = "a:b") => project({ a, b }).plan({ kind: "upgrade", target });

describe("others wait for longer than a moment", () => {
  test.each<[MigrationText, boolean]>([
    ["ALTER TABLE t ADD COLUMN at timestamptz;", false],
    ["ALTER TABLE t ALTER COLUMN note SET NOT NULL;", true],
    ["CREATE INDEX ON t (note);", true],
    [{ up: "CREATE INDEX CONCURRENTLY ON t (note);" }, false],
    ["UPDATE u SET id = id + 1;", false],
    ["UPDATE u SET id = id + 1; ALTER TABLE t ADD COLUMN at timestamptz;", false],
    // The lock of the first lasts to the end of the second.
    ["ALTER TABLE t ADD COLUMN at timestamptz; UPDATE u SET id = id + 1;", true],
    ["CREATE TABLE v (id bigint); INSERT INTO v SELECT 1; CREATE INDEX ON v (id);", false],
  ])("%j: %s", async (up, waits) => {
    expect(hazardsOf(await planOf(up)).length > 0).toBe(waits);
  });
});

test("a second foreign key on the same columns is checked like the first: only a partition's own is taken over", async () => {
  const key = "ADD CONSTRAINT again FOREIGN KEY (u) REFERENCES u";
  const plan = await project({
    a: `${a} CREATE TABLE owned (u bigint REFERENCES u);`,
    b: `ALTER TABLE owned ${key};`,
  }).plan({ kind: "upgrade", target: "a:b" });
  expect(linesOf(plan).join("\n")).toContain("scans the table");
  expect(hazardsOf(plan)).toHaveLength(1);
});

const BRIEFLY = "They are blocked only briefly: meanwhile no table is scanned or rewritten.";
const NOT_AT_ALL = "No table is blocked for reads or writes.";

test.each<[MigrationText, MigrationText | undefined, boolean, string | undefined]>([
  ["ALTER TABLE t ADD COLUMN at timestamptz;", undefined, false, BRIEFLY],
  ["ALTER TABLE t ADD COLUMN at timestamptz;", "UPDATE u SET id = id + 1;", false, BRIEFLY],
  // The lock of the first step lasts to the end of the second.
  ["ALTER TABLE t ADD COLUMN at timestamptz;", "UPDATE u SET id = id + 1;", true, undefined],
  ["ALTER TABLE t ADD COLUMN at timestamptz;", "DO 'BEGIN EXECUTE x(); END';", false, undefined],
  [{ up: "CREATE INDEX CONCURRENTLY ON t (note);" }, undefined, false, NOT_AT_ALL],
  ["UPDATE u SET id = id + 1;", undefined, false, NOT_AT_ALL],
  ["CREATE INDEX ON t (note);", undefined, false, undefined],
])("the title of a script says how long others are blocked: %j, %j", async (b, c, single, expected) => {
  const given = project({ a, b, ...(c === undefined ? {} : { c }) });
  const text = await given.script(`a:${c === undefined ? "b" : "c"}`, { singleTransaction: single });
  expect([BRIEFLY, NOT_AT_ALL].filter((sentence) => text.includes(sentence))).toEqual(
    expected === undefined ? [] : [expected],
  );
});

test("nobody uses yet what the run itself makes; what was there before a downgrade is used", async () => {
  const given = project({ a, b: "CREATE INDEX ON t (note);" });
  expect(linesOf(await given.plan({ kind: "upgrade", target: "base:b" }))).toEqual([]);
  expect(linesOf(await given.plan({ kind: "upgrade", target: "a:b" }))).toEqual([
    "b public.t SHARE: blocks writes; builds an index",
  ]);
  const down = { up: "SELECT 1;", down: "ALTER TABLE t DROP COLUMN note;" };
  expect(linesOf(await project({ a, b: down }).plan({ kind: "downgrade", target: "b:a" }))).toEqual([
    "b public.t ACCESS EXCLUSIVE: blocks reads and writes",
  ]);
});

test("what a step makes and takes away again is no loss; what was there before is, also by that name", async () => {
  const lossesOf = async (b: string): Promise<readonly string[]> => {
    const { steps } = await project({ a: `${a} CREATE TYPE old AS ENUM ('x');`, b }).plan({
      kind: "upgrade",
      target: "a:b",
    });
    return steps.flatMap(({ losses = [] }) => losses.map(lossCell));
  };
  const own = `CREATE TYPE e AS ENUM ('x'); CREATE DOMAIN d AS int; CREATE TYPE c AS (a int, b int);
    CREATE TYPE r AS RANGE (subtype = int); ALTER TYPE c DROP ATTRIBUTE b; DROP TYPE e, c, public.r; DROP DOMAIN d;`;
  expect(await lossesOf(`${own} DROP TYPE old;`)).toEqual(["type old"]);
  const renamed =
    "CREATE TYPE e AS ENUM ('x'); DROP TYPE e; ALTER TYPE old RENAME TO e; DROP TYPE e CASCADE;";
  expect(await lossesOf(renamed)).toEqual(["type old (renamed to e) and all that depends on it"]);
  expect(await lossesOf(renamed.replace(" CASCADE", ""))).toEqual(["type old (renamed to e)"]);
});

test.each([
  [
    "a table is renamed, made again and dropped",
    "ALTER TABLE t RENAME TO t_old; CREATE TABLE t (id int); INSERT INTO t SELECT id FROM t_old; DROP TABLE t_old; DROP TABLE t;",
    ["table t (renamed to t_old)", "table t"],
  ],
  [
    "a table is renamed, and another that the run has made gets its name",
    "CREATE TABLE t_new (id int); ALTER TABLE t RENAME TO t_old; ALTER TABLE t_new RENAME TO t; DROP TABLE t;",
    ["table t"],
  ],
  [
    "a table is moved to another schema",
    "CREATE SCHEMA old; ALTER TABLE t SET SCHEMA old; DROP INDEX old.i; DELETE FROM old.t; DROP TABLE old.t CASCADE; DROP SCHEMA old;",
    [
      "index public.i (renamed to old.i)",
      "rows of public.t (renamed to old.t)",
      "table public.t (renamed to old.t) and all that depends on it",
    ],
  ],
  [
    "a schema is renamed",
    "ALTER SCHEMA s RENAME TO s_old; CREATE SCHEMA s; DROP TABLE s_old.t; DROP TYPE s_old.e; DROP SCHEMA s_old; DROP SCHEMA s;",
    [
      "table s.t (renamed to s_old.t)",
      "type s.e (renamed to s_old.e)",
      "schema s (renamed to s_old)",
      "schema s",
    ],
  ],
  [
    "a column is renamed, made again and dropped",
    "ALTER TABLE t RENAME note TO n_old; ALTER TABLE t ADD note text; UPDATE t SET note = n_old; ALTER TABLE t DROP n_old; ALTER TABLE t DROP note;",
    ["overwrites: t.note", "column t.note (renamed to n_old)", "column t.note"],
  ],
  [
    "what hangs on a table that is renamed",
    "ALTER TABLE public.t RENAME TO x; ALTER TABLE x RENAME note TO n; ALTER TABLE x DROP n, DROP CONSTRAINT c, DISABLE ROW LEVEL SECURITY;",
    ["column t.note (renamed to x.n)", "constraint t.c (renamed to x.c)", "row security of t (renamed to x)"],
  ],
  [
    "a block renames",
    "DO $$ BEGIN ALTER TABLE t RENAME TO t_old; ALTER TABLE t_old RENAME note TO n; END $$; ALTER TABLE t_old DROP n; DROP TABLE t_old;",
    ["column t.note (renamed to t_old.n)", "table t (renamed to t_old)"],
  ],
  [
    "a block renames and drops",
    "DO $$ BEGIN DELETE FROM t; ALTER TABLE t RENAME TO x; CREATE TABLE t (id int); DELETE FROM t; DROP TABLE x; END $$;",
    ["rows of t", "table t (renamed to x)"],
  ],
  [
    "what the run has made itself is renamed",
    "CREATE TABLE x (a int); ALTER TABLE x RENAME TO y; ALTER TABLE y RENAME a TO b; ALTER TABLE y DROP b; DROP TABLE y;",
    [],
  ],
  [
    "what the run has made itself may have been renamed to what is there",
    "CREATE TABLE x (a int); DO $$ BEGIN IF false THEN ALTER TABLE x RENAME TO y; END IF; END $$; DROP TABLE y;",
    ["table y"],
  ],
  [
    "a type is renamed and another takes its place",
    "ALTER TYPE e RENAME TO e_old; CREATE TYPE e AS ENUM ('x'); ALTER TABLE t ALTER e TYPE e USING e::text::e; DROP TYPE e_old;",
    ["overwrites: t.e"],
  ],
  [
    "nor is the type in its place the run's own",
    "ALTER TYPE e RENAME TO e_old; CREATE TYPE e AS ENUM ('x'); DROP TYPE e_old; DROP TYPE e;",
    ["type e"],
  ],
  [
    "a type is renamed and dropped",
    "ALTER TYPE e RENAME TO e_old; DROP TYPE e_old;",
    ["type e (renamed to e_old)"],
  ],
] as const)("losses have the names from before the run: %s", async (_, b, lost) => {
  const there = `CREATE TYPE e AS ENUM ('x'); CREATE TABLE t (id int CONSTRAINT c CHECK (id > 0), note text, e e);
    CREATE INDEX i ON t (id); CREATE SCHEMA s; CREATE TABLE s.t (id int); CREATE TYPE s.e AS ENUM ('x');`;
  const plan = await project({ a: there, b }).plan({ kind: "upgrade", target: "a:b" });
  expect(plan.steps.flatMap(({ losses = [] }) => losses.map(lossCell))).toEqual(lost);
});

test("a script that skips what is done may meet a database to which any part is applied", async () => {
  const given = project({ a, b: "CREATE INDEX ON t (note);" });
  const plan = await given.plan({ kind: "upgrade", target: "base:b" }, { idempotent: true });
  expect(linesOf(plan)).toEqual(["b public.t SHARE: blocks writes; builds an index"]);
});

test("--fail-on stops a plan, and no other", async () => {
  const stopped = project({ a, b: "CREATE INDEX ON t (note);" });
  const options = { failOn: "hazard" } as const;
  await expect(stopped.plan({ kind: "upgrade", target: "a:b" }, options)).rejects.toMatchObject({
    code: "findings/hazard",
    exitCode: 1,
    hint: expect.stringContaining("migrate lint b"),
  });
  // In one transaction the lock of the first lasts while the second works on another table.
  const both = project({
    a: `${a} CREATE TABLE u (id int);`,
    b: "ALTER TABLE t ADD COLUMN at timestamptz;",
    c: "UPDATE u SET id = id;",
  });
  const range = { kind: "upgrade", target: "a:c" } as const;
  expect((await both.plan(range, options)).steps).toHaveLength(2);
  await expect(both.plan(range, { ...options, singleTransaction: true })).rejects.toMatchObject({
    message: expect.stringMatching(/:\n {2}c {2}blocks reads or writes of public\.t$/),
    hint: "leave out option singleTransaction, so that locks end with their step; or run without option failOn",
  });
  const calm = project({ a, b: "ALTER TABLE t ADD COLUMN at timestamptz;" });
  expect((await calm.plan({ kind: "upgrade", target: "a:b" }, options)).steps).toHaveLength(1);
});

test("what is kept in the cache is what is read, and a change of an earlier file counts", async () => {
  const given = project({ a, b: "ALTER TABLE t ALTER COLUMN note TYPE text;", c: "SELECT 1;" });
  const deps = { ...given.deps, env: { ...given.deps.env, XDG_CACHE_HOME: cache, HOME: cache } };
  const { offline } = await import("../../src/app/offline.ts");
  const lines = async () =>
    linesOf((await offline({ ...deps, cwd: given.folder }, { kind: "upgrade", target: "a:head" }, {})).plan);
  const first = await lines();
  expect(first).toEqual(["b public.t ACCESS EXCLUSIVE: blocks reads and writes"]);
  expect(await lines()).toEqual(first);
  given.write("0001_a.up.sql", "-- revision: a\n-- parent: none\n\nCREATE TABLE t (id bigint, note int);\n");
  expect(await lines()).toEqual(["b public.t ACCESS EXCLUSIVE: blocks reads and writes; rewrites the table"]);
});

test("every kind of work on a relation is told, also that every row is written", async () => {
  expect(linesOf(await planOf("UPDATE u SET id = id + 1; CREATE INDEX ON u (id);"))).toEqual([
    "b public.u SHARE: blocks writes; writes every row, builds an index",
  ]);
  expect(linesOf(await planOf("DELETE FROM u; UPDATE t SET note = '' WHERE id = 1;"))).toEqual([
    "b public.u: writes every row",
    "b public.t: scans the table, writes rows",
  ]);
  expect(linesOf(await planOf("INSERT INTO u SELECT id FROM t;"))).toEqual(["b public.t: scans the table"]);
});

test("who is blocked only after the work, or before it, is blocked briefly; not under a lock that another step holds", async () => {
  const late = "UPDATE t SET note = ''; ALTER TABLE t ADD COLUMN x int;";
  expect(linesOf(await planOf(late))).toEqual([
    "b public.t ACCESS EXCLUSIVE: blocks reads and writes, briefly; writes every row",
  ]);
  const given = project({ a, b: "ALTER TABLE u ADD COLUMN x int;", c: late });
  const row = async (singleTransaction: boolean) =>
    /ACCESS EXCLUSIVE +reads and writes(, briefly)? +writes every row/.exec(
      await given.script("a:c", { singleTransaction }),
    );
  expect((await row(false))?.[1]).toBe(", briefly");
  expect(await row(true)).toMatchObject({ 1: undefined });
});

test.each<[before: readonly string[], expected: readonly string[]]>([
  [
    ["a"],
    [
      "public.t ACCESS EXCLUSIVE: blocks reads and writes, takes away: column t.old",
      // Of one that is refused that alone is told.
      "public.t ACCESS EXCLUSIVE: blocks reads and writes",
      "public.t ACCESS EXCLUSIVE: blocks reads and writes, takes away: table t",
      "not known: what uses the function elsewhere, takes away: function elsewhere",
    ],
  ],
  // The table is made by what is pending itself; the function is not.
  [[], ["", "", "", "", "takes away: function elsewhere"]],
])("what is pending after %j", async (before, expected) => {
  const given = project({
    a: "CREATE TABLE t (old int, note text);",
    b: "ALTER TABLE t DROP old;",
    c: "ALTER TABLE t DROP note; BEGIN;",
    d: "DROP TABLE t;",
    e: "DROP FUNCTION elsewhere();",
  });
  const opened = await openProject(given.deps, {});
  const pending = ["a", "b", "c", "d", "e"].filter((id) => !before.includes(id));
  const steps = pending.map((revision) => ({ direction: "up" as const, revision }));
  const server = { number: 180_000, text: "18.0" };
  const found = await stepsDo(opened, { kind: "upgrade", before, after: [], steps }, server);
  expect(
    found.map((does) =>
      doesLines(does)
        .map((line) => line.trim())
        .join(", "),
    ),
  ).toEqual(expected);
});

test("of an interrupted step what is left to do, unless its file is another one now", async () => {
  const given = project({
    a: "CREATE TABLE t (old int);",
    b: {
      up: "ALTER TABLE t DROP old;\nCREATE INDEX CONCURRENTLY i ON t (tableoid);",
      header: ["transaction: none"],
    },
  });
  const opened = await openProject(given.deps, {});
  const steps = [{ direction: "up" as const, revision: "b" }];
  const doing = async (begun?: Partial<Begun>) => {
    const of = { kind: "upgrade", before: ["a"], after: [], steps } as const;
    const server = { number: 180_000, text: "18.0" };
    const [does] = await stepsDo(opened, of, server, begun as Begun | undefined);
    return [does?.losses?.length ?? 0, does?.effect?.locks.map(({ mode }) => mode)];
  };
  const all = [1, ["ACCESS EXCLUSIVE"]];
  const begun = { revision: "b", direction: "up", statement: 1, done: true } as const;
  expect(await doing()).toEqual(all);
  expect(await doing(begun)).toEqual([0, ["SHARE UPDATE EXCLUSIVE"]]);
  expect(await doing({ ...begun, done: false })).toEqual(all);
  expect(await doing({ ...begun, statement: 2, done: false })).toEqual([0, ["SHARE UPDATE EXCLUSIVE"]]);
  expect(await doing({ ...begun, direction: "down" })).toEqual(all);
  expect(await doing({ ...begun, differs: { path: "b", by: "statements" } })).toEqual(all);
});

test("a script does not call lost what it makes itself, and what it only may have made is", async () => {
  const given = project({
    a: "CREATE TABLE t (old int, note text);",
    b: "CREATE TABLE mine (x int); INSERT INTO mine SELECT 1; ALTER TABLE t ADD status text; UPDATE t SET status = 'open';",
    c: "UPDATE mine SET x = 2; DELETE FROM mine; ALTER TABLE t DROP status, DROP old; DROP TABLE mine;",
    d: "CREATE TABLE IF NOT EXISTS maybe (x int); ALTER TABLE t ADD old int, ADD COLUMN IF NOT EXISTS note text;",
    e: "DROP TABLE maybe; UPDATE t SET note = '', old = 1; ALTER TABLE t RENAME note TO old2; ALTER TABLE t DROP old2;",
    f: "CREATE SCHEMA s; CREATE TABLE s.t (id int); DELETE FROM s.t; TRUNCATE public.t; DROP TABLE s.t; DROP SCHEMA s;",
  });
  const plan = await given.plan({ kind: "upgrade", target: "a:f" }, { privileges: true });
  const lost = plan.steps.map(({ losses = [] }) => losses.map(({ kind, object }) => `${kind} ${object}`));
  expect(lost).toEqual([
    [],
    ["drop column t.old"],
    [],
    ["drop table maybe", "update t.note", "drop column t.note"],
    ["truncate public.t"],
  ]);
});
