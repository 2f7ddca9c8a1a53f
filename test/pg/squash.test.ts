/** Several migrations become one: the same schema and rows, up and down; and databases that have all, some or none of them. */

import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { drift } from "../../src/app/drift.ts";
import { repair } from "../../src/app/repair.ts";
import { run } from "../../src/app/run.ts";
import { squash } from "../../src/app/squash.ts";
import { testMigrations } from "../../src/app/test.ts";
import { verify } from "../../src/app/verify.ts";
import { compareCatalogs } from "../../src/core/catalog/compare.ts";
import { EMPTY } from "../../src/core/catalog/empty.ts";
import { readCatalog } from "../../src/io/catalog.ts";
import { readRows } from "../../src/io/rows.ts";
import { failureOf, ownDatabase, project, type TestProject } from "../support/project.ts";
import { needsPsql, runScript } from "../support/psql.ts";
import { query, servers } from "../support/server.ts";
import { sessionOn } from "../support/session.ts";

const [server] = servers();

const shop = () =>
  project({
    a: {
      up: "SET search_path = '';\nCREATE SCHEMA shop;\nCREATE TABLE shop.users (id int PRIMARY KEY, name text);\n",
      down: "DROP TABLE shop.users;\nDROP SCHEMA shop;\n",
    },
    b: {
      up: "CREATE TABLE notes (id int, made timestamptz DEFAULT now());\nCREATE INDEX ON notes (id);\nINSERT INTO notes VALUES (1);\n",
      down: "DROP TABLE notes;\n",
    },
    c: {
      up: "-- who is there\nINSERT INTO shop.users VALUES (1, 'ann'), (2, 'bob');\nDROP TABLE notes;\n",
      down: "CREATE TABLE notes (id int, made timestamptz DEFAULT now());\nCREATE INDEX ON notes (id);\nDELETE FROM shop.users;\n",
      downHeader: ["accepts: lossy (the notes were never read)"],
    },
    d: {
      up: "CREATE INDEX CONCURRENTLY by_name ON shop.users (name);\n",
      down: "DROP INDEX shop.by_name;\n",
      header: ["transaction: none"],
    },
    e: { up: "CREATE VIEW shop.names AS SELECT name FROM shop.users;\n", down: "DROP VIEW shop.names;\n" },
  });

const whatIsIn = async (url: string) => {
  const session = await sessionOn(url);
  try {
    return { catalog: await readCatalog(session, "retort"), rows: await readRows(session, "retort") };
  } finally {
    await session.close();
  }
};

const squashed = (shop: TestProject, range: string, url: string) =>
  squash(shop.deps, { range, message: "the shop", revision: "s", database: url });

const removeReplaced = ({ folder }: TestProject, files: readonly string[]) => {
  for (const file of files) rmSync(join(folder, file));
};

test("one migration does what the replaced ones did, up and down, and says so in its files", async () => {
  const { url } = await ownDatabase(server!);
  const { url: other } = await ownDatabase(server!);
  const it = shop();
  await it.upgrade(url);
  const old = await whatIsIn(url);
  const { created, replaces, replacedFiles, leftOut } = await squashed(it, "base:d", url);
  expect([replaces, leftOut]).toEqual([["a", "b", "c", "d"], ["table notes"]]);
  const [up, down] = created.files.map((file) => readFileSync(join(it.folder, file), "utf8"));
  expect(up).toContain("-- replaces: a, b, c, d\n");
  expect(up).toContain("-- transaction: none\n");
  expect(up).toContain("RESET search_path;\n");
  expect(up).toContain("-- who is there\nINSERT INTO shop.users VALUES (1, 'ann'), (2, 'bob');");
  expect(up).not.toContain("notes");
  expect(down).toContain("-- accepts: lossy (the notes were never read)\n");

  // Both are there: nothing has changed.
  expect((await it.state(url)).pending).toEqual([]);
  removeReplaced(it, replacedFiles);
  await it.upgrade(other);
  const one = await whatIsIn(other);
  expect(compareCatalogs(old.catalog, one.catalog)).toEqual([]);
  expect(one.rows).toEqual(old.rows);
  await it.downgrade(other, "base");
  expect(compareCatalogs(EMPTY, (await whatIsIn(other)).catalog)).toEqual([]);
});

test("a squashed migration that waits is tested against what it replaces, which may have changed since", async () => {
  const { url } = await ownDatabase(server!);
  const it = shop();
  const { created } = await squashed(it, "base:d", url);
  const tested = async () => {
    const { squashed, passed } = await testMigrations(it.deps, { scratch: url });
    return { squashed, passed };
  };
  const edit = (file: string, from: string, to: string): void =>
    it.write(file, readFileSync(join(it.folder, file), "utf8").replace(from, to));
  // In a table that is dropped again.
  edit("0002_b.up.sql", "id int,", "id int, n int,");
  const same = { revision: "s", replaces: ["a", "b", "c", "d"], verdict: "exact", rows: [] };
  expect(await tested()).toMatchObject({ squashed: [same] });
  edit("0003_c.up.sql", "'bob'", "'Bob'");
  edit(created.files[0]!, "name text", "name varchar");
  const differences = [{ class: "column", identity: ["shop", "users", "name"] }];
  expect(await tested()).toMatchObject({
    squashed: [{ verdict: "different", differences, rows: ["shop.users"] }],
    passed: false,
  });
  edit(created.files[0]!, "name varchar", "name no_such_type");
  expect(await tested()).toMatchObject({ squashed: [{ verdict: "fails", failed: { step: "up" } }] });
});

test("a database that has all of them has it, without running anything; the ledger then names it", async () => {
  const { url } = await ownDatabase(server!);
  const it = shop();
  await it.upgrade(url, "d");
  removeReplaced(it, (await squashed(it, "base:d", url)).replacedFiles);
  const options = { database: url };
  // Who only reads takes it as it will be.
  expect((await it.state(url)).applied.map(({ revision }) => revision)).toEqual(["s"]);
  expect((await verify(it.deps, options)).findings).toEqual([]);
  expect((await drift(it.deps, options)).differences).toEqual([]);
  expect((await repair(it.deps, { ...options, dryRun: true })).findings).toEqual([]);
  const dry = await run(it.deps, { kind: "upgrade", target: "head" }, { ...options, dryRun: true });
  expect(dry.steps.map(({ revision }) => revision)).toEqual(["e"]);
  const script = failureOf(it.plan({ kind: "upgrade", target: "head" }, { ...options, fromDatabase: true }));
  expect(await script).toMatchObject({
    code: "state/replaced",
    hint: expect.stringContaining("migrate stamp s"),
  });
  const asked = await runScript(
    url,
    await it.script({ kind: "upgrade", target: "head" }, { idempotent: true }),
  );
  expect(asked.stderr).toMatch(/ record the change first with: migrate stamp s \(/);
  const stamp = await it.plan({ kind: "stamp", targets: ["s"] }, { ...options, fromDatabase: true });
  expect(stamp.steps.map(({ direction, revision }) => `${direction} ${revision}`)).toEqual([
    ...["down d", "down c", "down b", "down a"],
    "up s",
  ]);

  // Neither a target that is none nor a question that is answered with no changes the ledger.
  const named = "SELECT string_agg(revision, ' ' ORDER BY revision) AS named FROM retort.applied";
  expect(await failureOf(it.upgrade(url, "nosuch"))).toMatchObject({ code: "graph/unknown-revision" });
  const no = { confirm: () => false };
  expect((await it.downgrade(url, "base", no)).done).toBe(false);
  expect(await query(url, named)).toEqual([{ named: "a b c d" }]);

  const notices: string[] = [];
  await it.upgrade(url, "head", { onNotice: ({ message }) => void notices.push(message) });
  expect(notices).toContain("the ledger now has s in place of what it replaces");
  const ledger = await query(url, "SELECT revision, parents, how FROM retort.applied ORDER BY revision");
  expect(ledger).toEqual([
    { revision: "e", parents: ["s"], how: "run" },
    { revision: "s", parents: [], how: "stamp" },
  ]);
  expect((await verify(it.deps, options)).findings).toEqual([]);
  await it.downgrade(url, "base");
  expect(compareCatalogs(EMPTY, (await whatIsIn(url)).catalog)).toEqual([]);
});

test("one that has what follows them keeps it, although its row names a parent that is no more", async () => {
  const { url } = await ownDatabase(server!);
  const it = shop();
  await it.upgrade(url);
  removeReplaced(it, (await squashed(it, "base:d", url)).replacedFiles);
  // The script of the DBA stamps what is applied at the end, so that this stays.
  const options = { database: url, fromDatabase: true };
  const refused = expect.objectContaining({ hint: expect.stringMatching(/: migrate stamp e$/) });
  expect(await failureOf(it.script({ kind: "stamp", targets: ["s"] }, options))).toEqual(refused);
  expect(await failureOf(it.script({ kind: "downgrade", target: "-1" }, options))).toEqual(refused);
  const { stderr } = await runScript(url, await it.script({ kind: "downgrade", target: "e:s" }));
  expect(stderr).toMatch(/ record the change first with: migrate stamp e \(/);
  await runScript(url, await it.script({ kind: "stamp", targets: ["e"] }, options));
  expect((await query(url, "SELECT revision FROM retort.applied")).length).toBe(2);
  await it.upgrade(url);
  expect((await verify(it.deps, { database: url })).findings).toEqual([]);
  expect((await it.state(url)).heads).toEqual(["e"]);
});

test("one that has a part of them is told which, while files that are half gone are refused", async () => {
  const { url } = await ownDatabase(server!);
  const it = shop();
  await it.upgrade(url, "b");
  const { replacedFiles } = await squashed(it, "base:d", url);
  rmSync(join(it.folder, replacedFiles[0]!));
  rmSync(join(it.folder, replacedFiles[1]!));
  expect(await failureOf(it.state(url))).toMatchObject({
    code: "graph/half-replaced",
    message: expect.stringContaining("a has no file, but b ("),
  });
  removeReplaced(it, replacedFiles.slice(2));
  expect(await failureOf(it.upgrade(url))).toMatchObject({
    code: "state/half-replaced",
    message: "of the revisions that s replaces, the database has a, b, but not c, d",
  });
  const hint = expect.stringMatching(/ but not c, d: with .*: migrate upgrade d; then go on with these$/);
  expect((await verify(it.deps, { database: url })).findings).toMatchObject([
    { revision: "a", reason: "has no file", hint },
    { revision: "b", hint },
  ]);
});

test("a script tells what a database lacks of what its squashed revision replaces, and when to record it", async (context) => {
  needsPsql(context);
  const { url } = await ownDatabase(server!);
  const it = shop();
  await it.upgrade(url, "b");
  const { replacedFiles } = await squashed(it, "base:d", url);
  const texts = replacedFiles.map((path) => [path, readFileSync(join(it.folder, path), "utf8")] as const);
  const requests = [
    ["base:e", {}],
    ["base:e", { idempotent: true }],
    ["s:e", {}],
    [{ kind: "stamp", targets: ["base:e"] }, {}],
    [{ kind: "downgrade", target: "s:base" }, {}],
  ] as const;
  const expectHint = async (hint: string) => {
    removeReplaced(it, replacedFiles);
    for (const [request, options] of requests) {
      const script = await it.script(request, options);
      const { code, stderr } = await runScript(url, script);
      expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining(`applied; ${hint}\n`) });
      const looked = await runScript(url, script, { args: ["-v", "preflight=1"] });
      expect(looked.stdout).toMatch(/^ X \| ledger +\| at /m);
      expect(looked.stdout).toContain(`; ${hint}\n`);
    }
  };
  await expectHint(
    "Of the revisions that s replaces, the database has a, b, but not c, d: with the files as they were before s was written (an older commit), run: migrate upgrade d (as a script: add --sql --from-database); then go on with the new ones",
  );
  // As it says.
  for (const [path, text] of texts) it.write(path, text);
  await runScript(url, await it.script("d", { database: url, fromDatabase: true }));
  await expectHint(
    "The ledger still names replaced revisions; record the change first with: migrate stamp s (as a script: add --sql --from-database)",
  );
});

test("rows that are others each time are counted; what needs its own transactions has none", async () => {
  const { url } = await ownDatabase(server!);
  const it = project({
    a: "CREATE TYPE mood AS ENUM ('sad');",
    b: "ALTER TYPE mood ADD VALUE 'glad';",
    c: "CREATE TABLE t (m mood DEFAULT 'glad', at timestamptz DEFAULT clock_timestamp());\nINSERT INTO t VALUES ('glad');",
  });
  const batch =
    "-- all of them\n-- batch: 10\nUPDATE t SET m = 'sad' WHERE ctid IN (SELECT ctid FROM t WHERE m = 'glad' LIMIT :batch_size);";
  it.write("0004_d.up.sql", `-- revision: d\n-- parent: c\n-- transaction: none\n\n${batch}\n`);
  it.write("0004_d.down.sql", "-- revision: d\n\nSELECT 1;\n");
  const { created, unsteady } = await squashed(it, "a:d", url);
  expect(unsteady).toEqual(["public.t"]);
  const up = readFileSync(join(it.folder, created.files[0]!), "utf8");
  expect(up).toContain("-- transaction: none\n");
  expect(up).toContain(`-- 0004_d.up.sql\n\n${batch}\n`);
});

test("what cannot be one migration is not written", async () => {
  const { url } = await ownDatabase(server!);
  const it = project({
    a: "CREATE TABLE t (id int);",
    b: { up: "CREATE TABLE u (id int);", parent: "a" },
    c: { up: "CREATE TABLE v (id int);", parent: "b" },
    // It takes what stands there, and the squashed one is not there yet when it is made.
    d: "CREATE TABLE w AS SELECT count(*) AS n FROM pg_class WHERE relname LIKE '0%' OR relname = 't';\nINSERT INTO w SELECT count(*) FROM retort.applied;",
  });
  const files = () => readdirSync(it.folder).length;
  const before = files();
  const fault = (range: string) => failureOf(squashed(it, range, url));
  expect((await fault("c:d")).code).toBe("usage/squash");
  expect((await fault("d")).code).toBe("usage/squash");
  const code = "findings/not-proven";
  expect(await fault("base:d")).toMatchObject({ code, hint: expect.stringMatching(/^squash a smaller/) });
  // None is smaller.
  expect(await fault("b:d")).toMatchObject({ code, hint: expect.stringMatching(/^leave the two/) });
  expect(files()).toBe(before);
});

test("a file that fails is named with the way there, and with what tells whether another is the cause", async () => {
  const { url } = await ownDatabase(server!);
  const notes = { up: "CREATE TABLE notes (id int, made date);\n", down: "DROP TABLE notes;\n" };
  const index = { up: "CREATE INDEX i ON notes (made);\n", down: "DROP INDEX i;\n" };
  const column = { up: "ALTER TABLE notes DROP made;\n", down: "ALTER TABLE notes ADD made date;\n" };
  const fault = async (migrations: Parameters<typeof project>[0]) =>
    failureOf(squashed(project(migrations), "base:c", url));
  const code = "findings/not-proven";
  expect(await fault({ a: notes, b: index, c: column })).toMatchObject({
    code,
    message: 'the downgrade fails: index "i" does not exist',
    location: { path: "0002_b.down.sql", line: 3 },
    hint: "a down file that ran before this one may be the cause; to see what each of them leaves: migrate test base:c\nnothing was written",
  });
  // The last is the first to be taken back.
  expect(await fault({ a: notes, b: index, c: { ...column, down: "DROP INDEX j;\n" } })).toMatchObject({
    code,
    location: { path: "0003_c.down.sql" },
    hint: "nothing was written",
  });
  expect(await fault({ a: notes, b: index, c: "SELECT 1 / 0;\n" })).toMatchObject({
    code,
    message: "the upgrade fails: division by zero",
    hint: expect.stringMatching(/^this ran on the scratch database .*\nnothing was written$/),
  });
});

test("what was squashed already is squashed again with more; its own files may go as well", async () => {
  const { url } = await ownDatabase(server!);
  const it = shop();
  await it.upgrade(url, "c");
  const first = await squashed(it, "base:b", url);
  const again = (range: string, revision: string) =>
    squash(it.deps, { range, message: "more", revision, database: url });
  expect(await failureOf(again("a:c", "t"))).toMatchObject({
    code: "usage/squash",
    message: expect.stringMatching(/^s \(0006_the_shop\.up\.sql.*\) also replaces a, which is not in 'a:c'$/),
    hint: expect.stringMatching(/if no database has it, .*: migrate revision --remove --head s$/),
  });
  expect(await failureOf(again("base:b", "t"))).toMatchObject({
    code: "usage/squash",
    message: expect.stringMatching(/^s \(0006_the_shop\.up\.sql.*\) replaces all of 'base:b' already$/),
  });
  const second = await again("base:c", "t");
  expect(second.replaces).toEqual(["a", "b", "c"]);
  expect(second.replacedFiles).toEqual([
    ...["0001_a", "0002_b", "0003_c", "0006_the_shop"].flatMap((name) => [
      `${name}.up.sql`,
      `${name}.down.sql`,
    ]),
  ]);
  // Those of the first may remain meanwhile.
  removeReplaced(
    it,
    second.replacedFiles.filter((file) => !first.created.files.includes(file)),
  );
  await it.upgrade(url);
  expect((await it.state(url)).applied.map(({ revision }) => revision)).toEqual(["t", "d", "e"]);
  removeReplaced(it, first.created.files);
  expect(await it.state(url)).toMatchObject({ unknown: [], pending: [] });
  expect((await drift(it.deps, { database: url })).differences).toEqual([]);
});

test("a branch is squashed without what it depends on; what lies in between is named", async () => {
  const { url } = await ownDatabase(server!);
  const table = (name: string) => ({ up: `CREATE TABLE ${name} (id int);\n`, down: `DROP TABLE ${name};\n` });
  const it = project({
    m1: table("m1"),
    m2: { ...table("m2"), header: ["branch-labels: main"] },
    b1: { ...table("b1"), parent: "none", header: ["branch-labels: bill", "depends-on: m1"] },
    b2: table("b2"),
    m3: { ...table("m3"), parent: "m2", header: ["depends-on: b1"] },
    b3: { ...table("b3"), parent: "b2", header: ["depends-on: m2"] },
    b4: table("b4"),
  });
  await it.upgrade(url);
  const tried = (range: string) => squash(it.deps, { range, revision: "s", database: url });
  // From a branch on, all heads are those of the branch.
  for (const range of ["bill@base:bill@head", "base:bill@head", "bill@base:"]) {
    const { created, replaces } = await tried(range);
    expect([range, replaces]).toEqual([range, ["b1", "b2", "b3", "b4"]]);
    expect(readFileSync(join(it.folder, created.files[0]!), "utf8")).toContain("-- depends-on: m1, m2\n");
    removeReplaced(it, created.files);
  }
  expect((await failureOf(tried("b4"))).hint).toMatch(/: migrate squash base:b4$/);
  expect((await failureOf(tried("b1"))).hint).toMatch(/: migrate squash base:REVISION$/);
  expect((await failureOf(tried("base:b1"))).message).toMatch(/covers only b1,/);
  const { created, replaces } = await tried("base:heads");
  expect(replaces).toHaveLength(7);
  removeReplaced(it, created.files);

  it.write(
    "0006_b3.up.sql",
    "-- revision: b3\n-- parent: b2\n-- depends-on: m3\n\nCREATE TABLE b3 (id int);\n",
  );
  expect(await failureOf(tried("bill@base:bill@head"))).toMatchObject({
    code: "usage/squash",
    message: expect.stringMatching(/: m3, which is not in it, needs b1, and b3 needs m3$/),
    hint: "name a range that ends before b3, or one that starts at b1",
  });
  expect((await tried("base:b2")).replaces).toEqual(["b1", "b2"]);
});

test("a range that is written from its end is told the other way round", async () => {
  const it = shop();
  const asked = (range: string) => failureOf(squash(it.deps, { range, database: server!.url() }));
  expect(await asked("c:a")).toMatchObject({
    code: "usage/reversed-range",
    message: "'c:a' begins with the later revision",
    hint: expect.stringContaining("migrate squash a:c"),
  });
  expect(await asked("0003:0001")).toMatchObject({
    hint: expect.stringContaining("migrate squash 0001:0003"),
  });
  expect(await asked("a:a")).toMatchObject({ code: "usage/squash" });
  // Up to the first there is one migration, and from base down there is none.
  for (const [end, range] of [
    ["c", "base:c"],
    ["a", "base:REVISION"],
    ["-1", "base:REVISION"],
  ] as const)
    expect(await asked(end)).toMatchObject({ hint: expect.stringMatching(`: migrate squash ${range}$`) });
  const single = project({ a: "CREATE TABLE t (id int);" });
  for (const range of ["base:head", "a"])
    expect(await failureOf(squash(single.deps, { range, database: server!.url() }))).toMatchObject({
      code: "usage/squash",
      message: "the project has one migration, a: there is nothing to squash",
    });
});
