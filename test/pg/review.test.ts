/** `migrate review` with servers: the catalog's difference, what a downgrade leaves, the sizes, and the queries to paste. */
import { expect, test } from "vitest";
import { review } from "../../src/app/review.ts";
import { testMigrations } from "../../src/app/test.ts";
import { reviewMarkdown } from "../../src/render/review/markdown.ts";
import { ownDatabase, project } from "../support/project.ts";
import { query, servers } from "../support/server.ts";

const [server] = servers();

/** Rows that belong to the schema, changed and changed back. */
const given = project({
  a: "CREATE TABLE kinds (id int PRIMARY KEY, name text); INSERT INTO kinds VALUES (1, 'one'), (2, 'two');",
  b: {
    up: "DELETE FROM kinds WHERE id = 2; UPDATE kinds SET name = 'eins' WHERE id = 1; INSERT INTO kinds VALUES (3, 'three');",
    down: "DELETE FROM kinds WHERE id = 3; UPDATE kinds SET name = 'one' WHERE id = 1; INSERT INTO kinds VALUES (2, 'two');",
  },
  c: { up: "CREATE INDEX kinds_name ON kinds (name);", down: "SELECT 1;" },
  d: { up: "DELETE FROM kinds WHERE id = 3;", down: "SELECT 1;" },
});
const deps = { ...given.deps, cwd: given.folder };
const reviewed = (options: Parameters<typeof review>[1]) =>
  review(deps, { scratch: server!.url(), catalog: true, ...options });

test("rows that the down writes back are restored, as the test with rows proves", async () => {
  const { migrations, catalog } = await reviewed({ which: ["a:b"] });
  expect(migrations.map(({ back }) => back.notRestored)).toEqual([[]]);
  expect(catalog).toEqual({
    proves: true,
    differences: [],
    downgrade: { revisions: ["b"], differences: [], rows: [] },
  });
  const tested = await testMigrations(deps, { scratch: server!.url(), range: "a:b", rows: true });
  expect(tested.migrations.map(({ verdict }) => verdict)).toEqual(["exact"]);
});

test("what a downgrade leaves is found, in the catalog and in the rows", async () => {
  const document = await reviewed({ which: ["b:head"] });
  expect(document.catalog).toMatchObject({
    differences: [{ kind: "extra", class: "index", identity: ["public", "kinds_name"] }],
    downgrade: {
      revisions: ["d", "c"],
      differences: [{ kind: "extra", class: "index" }],
      rows: [{ table: "public.kinds", before: 2, after: 1 }],
    },
  });
  expect(document.migrations.map(({ back }) => back.notRestored.length)).toEqual([0, 1]);
  const text = reviewMarkdown(document);
  expect(text).toContain("public.kinds: 2 rows before, 1 after");
  expect(text).toContain("extra    index public.kinds_name");
});

test("a review is written without a scratch database, and of migrations that fail: with the reason", async () => {
  const nowhere = await reviewed({ which: ["b:c"], scratch: "postgres://127.0.0.1:1/x" });
  expect(nowhere.catalog).toMatchObject({ reason: expect.stringContaining("127.0.0.1:1") });
  expect(reviewMarkdown(nowhere)).toContain("Not compared: ");
  expect(reviewMarkdown(nowhere)).not.toContain("fails on a scratch database");
  const broken = project({
    a: "CREATE TABLE t (id int);",
    b: { up: "ALTER TABLE t ADD n int;", down: "ALTER TABLE t DROP missing;" },
    c: "ALTER TABLE missing ADD n int;",
  });
  const at = { ...broken.deps, cwd: broken.folder };
  const options = { scratch: server!.url(), catalog: true };
  const failing = await review(at, { ...options, which: ["b:c"] });
  expect(reviewMarkdown(failing)).toContain("1 statement: the upgrade fails on a scratch database; 0 errors");
  expect(failing.catalog).toEqual({
    failed: true,
    reason: expect.stringMatching(
      /^0003_c\.up\.sql:4: relation "missing" does not exist; .*\(migrate dump --database URL\).* is first now$/,
    ),
  });
  const back = await review(at, { ...options, which: ["a:b"] });
  expect(reviewMarkdown(back)).toContain("1 statement: the downgrade fails on a scratch database; 0 errors");
  expect(back.catalog).toMatchObject({
    downgrade: { failed: expect.stringMatching(/column "missing" .* does not exist$/) },
  });
  // The other one is at fault.
  const two = project({
    a: { up: "CREATE TABLE t (id int);\nCREATE INDEX i ON t (id);", down: "DROP INDEX i;\nDROP TABLE t;" },
    b: { up: "DROP INDEX i;", down: "SELECT 1;" },
  });
  const behind = await review({ ...two.deps, cwd: two.folder }, { ...options, which: ["base:b"] });
  expect(behind.catalog).toMatchObject({
    downgrade: {
      revisions: ["b"],
      failed: expect.stringMatching(/not exist; a down file that ran before this one may be the cause$/),
    },
  });
});

test("an irreversible migration is where a downgrade ends", async () => {
  const { deps: world, folder } = project({
    a: { up: "CREATE TABLE t (id int);", down: "DROP TABLE t;" },
    b: { up: "DROP TABLE t;", header: ["irreversible: the rows are gone"] },
    c: { up: "CREATE TABLE u (id int);", down: "DROP TABLE u;" },
  });
  const { rmSync } = await import("node:fs");
  rmSync(`${folder}/0002_b.down.sql`);
  const document = await review(
    { ...world, cwd: folder },
    { all: true, catalog: true, scratch: server!.url() },
  );
  expect(document.catalog).toMatchObject({
    differences: [{ kind: "extra", class: "table", identity: ["public", "u"] }],
    downgrade: { revisions: ["c"], differences: [], rows: [] },
  });
  expect(reviewMarkdown(document)).toContain(
    "A downgrade stops at b, which is irreversible: the rows are gone",
  );
});

test("sizes of partitions are those of all, and what is locked is not waited for; the queries find what they say", async () => {
  const { url } = await ownDatabase(server!);
  const parts = project({
    a: "CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10000); CREATE TABLE t (id int);",
    b: "CREATE INDEX ON p (id); ALTER TABLE t ADD n int;",
  });
  const at = { ...parts.deps, cwd: parts.folder };
  await parts.upgrade(url, "a");
  await query(url, "INSERT INTO p SELECT generate_series(1, 5000); ANALYZE p, t;");
  const options = { database: url, which: ["a:b"], sizes: true };
  const sizes = async () =>
    (await review(at, options)).sizes!.map(({ relation, ...rest }) => [relation, rest]);
  const free = Object.fromEntries(await sizes());
  expect(free["public.p"]).toMatchObject({ rows: 5000 });
  expect(free["public.p"].bytes).toBeGreaterThan(100_000);
  const { withClient } = await import("../support/server.ts");
  await withClient(url, async (client) => {
    await client.query("BEGIN; LOCK TABLE t");
    expect(Object.fromEntries(await sizes())["public.t"].bytes).toBe(null);
  });

  const { checks } = await review(at, options);
  const rowsOf = async () => Promise.all(checks.map(async ({ sql }) => (await query(url, sql)).length));
  expect(await rowsOf()).toEqual([1, 0, 0, 0]);
  await parts.upgrade(url);
  await query(url, "CREATE INDEX ON ONLY p (id); ALTER TABLE t ADD CHECK (id > 0) NOT VALID;");
  expect(await rowsOf()).toEqual([0, 0, 1, 1]);
});
