/** `migrate test` and `migrate drift` on real servers: each verdict, each kind of drift, and none where there is none. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { checkSchema } from "../../src/app/check-schema.ts";
import { drift } from "../../src/app/drift.ts";
import { dump } from "../../src/app/dump.ts";
import { openProject } from "../../src/app/project.ts";
import { type TestOptions, testMigrations } from "../../src/app/test.ts";
import { trace } from "../../src/app/trace.ts";
import type { Difference } from "../../src/core/catalog/compare.ts";
import { renderSplit } from "../../src/render/script/script.ts";
import { testLines } from "../../src/render/test-report.ts";
import { changes } from "../support/changes.ts";
import { migrateHere } from "../support/migrate.ts";
import { failureOf, ownDatabase, project, type TestProject } from "../support/project.ts";
import { ownRole } from "../support/roles.ts";
import { query, servers } from "../support/server.ts";

const [server] = servers();
const scratch = () => server!.url();

const script: TestOptions["script"] = (plan, ledger) =>
  renderSplit(plan, ledger, { client: "any", annotate: false, split: true }).map(({ text }) => text);

const tested = (of: TestProject, options: TestOptions = {}) =>
  testMigrations(of.deps, { scratch: scratch(), ...options });

test("a test that is stopped has changed nothing, and drift says that nothing is applied", async () => {
  const of = project({ a: "SELECT 1;", b: "SELECT 1;" });
  const stopped = (stop: (abort: () => void) => TestOptions) => {
    const abort = new AbortController();
    const options = { scratch: scratch(), ...stop(() => abort.abort()) };
    return failureOf(testMigrations({ ...of.deps, signal: abort.signal }, options));
  };
  const said = { code: "execution/cancelled", hint: "nothing was changed" };
  expect(await stopped((onTested) => ({ jobs: 1, onTested }))).toMatchObject(said);
  expect(await stopped((onScratch) => ({ jobs: 2, onScratch }))).toMatchObject(said);
  const beforeItConnects = (abort: () => void): TestOptions => {
    abort();
    return {};
  };
  expect(await stopped(beforeItConnects)).toMatchObject(said);
  const { url } = await ownDatabase(server!);
  const { stderr } = await migrateHere(["drift", "--database", url], { cwd: of.folder });
  expect(stderr).toContain(": it is compared with an empty database");
});

test("what was there before the first migration is asked for, with the command that writes it", async () => {
  const before =
    "if it was there before them all, put its SQL (migrate dump --database URL) into a new first one";
  const of = project({
    a: { up: "ALTER TABLE users ADD COLUMN x int;", down: "DROP TABLE nobody;" },
  });
  expect(testLines(await tested(of)).at(-1)).toContain(before);
  const thrown = await failureOf(dump(of.deps, { scratch: scratch(), revision: "a" }));
  expect(thrown).toMatchObject({ hint: expect.stringContaining(before) });
  for (const [up, hint] of [
    ['GRANT ALL ON SCHEMA public TO "no body";', 'run: CREATE ROLE "no body"'],
    ["CREATE EXTENSION nothing_such;", `scratch: "URL"`],
    ["SELECT nothing_such();", before],
    ["CREATE TABLE nothing_such.t ();", "CREATE SCHEMA IF NOT EXISTS nothing_such"],
    ["CREATE TABLE t (a nothing_such);", before],
  ] as const) {
    of.write("0001_a.up.sql", `-- revision: a\n-- parent: none\n\n${up}\n`);
    expect(testLines(await tested(of)).join("\n"), up).toContain(hint);
  }
  // What the author's own down file gets wrong.
  of.write("0001_a.up.sql", "-- revision: a\n-- parent: none\n\nSELECT 1;\n");
  expect(testLines(await tested(of)).join("\n")).not.toContain(before);
});

describe.sequential("each migration goes up, down and up again", () => {
  const shop = project({
    exact: { up: "CREATE TABLE t (id int PRIMARY KEY, a text, b text);", down: "DROP TABLE t;" },
    order: {
      up: "ALTER TABLE t RENAME COLUMN a TO c;",
      down: "ALTER TABLE t ADD COLUMN a text; UPDATE t SET a = c; ALTER TABLE t DROP COLUMN c;",
    },
    lossy: { up: "ALTER TABLE t DROP COLUMN b;", down: "ALTER TABLE t ADD COLUMN b text;" },
    different: { up: "CREATE TABLE u (); CREATE VIEW v AS SELECT 1 AS x;", down: "DROP TABLE u;" },
    again: { up: "CREATE TYPE k AS ENUM ('a');", down: "SELECT 1;" },
    index: {
      up: "CREATE INDEX CONCURRENTLY i ON t (id);",
      down: "DROP INDEX CONCURRENTLY i;",
    },
    down: { up: "CREATE TABLE w ();", down: "DROP TABLE nobody;" },
    up: { up: "CREATE TABLE w ();", down: "SELECT 1;" },
    needs: { up: "SELECT 1;", down: "SELECT 1;" },
  });

  test("and the verdict says what is otherwise, in words of the catalog", async () => {
    const { migrations, script: ofScript, passed } = await tested(shop, { script });
    expect(passed).toBe(false);
    expect(ofScript).toBeUndefined();
    const seen = migrations.map(({ revision, verdict, passed }) => [revision, verdict, passed]);
    expect(seen).toEqual([
      ["exact", "exact", true],
      ["order", "column-order", false],
      ["lossy", "lossy", false],
      ["different", "fails", false],
      ["again", "fails", false],
      ["index", "exact", true],
      ["down", "fails", false],
      ["up", "fails", false],
      ["needs", "skipped", false],
    ]);
    const [, , lossy, different, again, , down, up] = migrations;
    expect(lossy).toMatchObject({
      losses: [{ kind: "drop column", object: "t.b" }],
      down: [],
    });
    expect(different!.down).toEqual([expect.objectContaining({ kind: "extra", class: "view" })]);
    expect(again!.failed).toMatchObject({
      step: "up again",
      diagnostics: [{ message: 'type "k" already exists', location: { path: "0005_again.up.sql", line: 4 } }],
    });
    expect(down!.failed).toMatchObject({ step: "down" });
    expect(up!.failed).toMatchObject({ step: "up" });
  });

  test("a range begins behind its start; a target is one migration", async () => {
    const names = async (range: string) =>
      (await tested(shop, { range })).migrations.map(({ revision }) => revision);
    expect(await names("exact:lossy")).toEqual(["order", "lossy"]);
    expect(await names("lossy")).toEqual(["lossy"]);
  });
});

describe("accepted", () => {
  const accepting = (accepts: string) =>
    project({
      a: { up: "CREATE TABLE t (a text, b text);", down: "DROP TABLE t;" },
      b: {
        up: "ALTER TABLE t DROP COLUMN a;",
        down: "ALTER TABLE t ADD COLUMN a text;",
        downHeader: [`accepts: ${accepts}`],
      },
      c: { up: "CREATE TABLE u ();", down: "DROP TABLE u;" },
    });

  test("is what the down file names, all of it, with its reason", async () => {
    const { migrations, passed } = await tested(accepting("lossy, column-order (nobody used it)"));
    expect(passed).toBe(true);
    expect(migrations[1]).toMatchObject({ verdict: "lossy", passed: true, accepted: "nobody used it" });
    const part = await tested(accepting("lossy (nobody used it)"), { range: "b" });
    expect(part.passed).toBe(false);
    expect(part.migrations[0]).toMatchObject({ passed: false, unaccepted: ["column-order"] });
  });
});

describe("rows", () => {
  const shop = project({
    a: {
      up: `CREATE TYPE kind AS ENUM ('x', 'y');
        CREATE DOMAIN positive AS int CHECK (VALUE > 0);
        CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mail varchar(5) NOT NULL UNIQUE,
          age int NOT NULL CHECK (age >= 18), status text NOT NULL CHECK (status IN ('on', 'off')));
        CREATE TABLE orders (id serial PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, k kind NOT NULL, n positive NOT NULL,
          price numeric(10,2) NOT NULL, at timestamptz NOT NULL, tags text[] NOT NULL, data jsonb NOT NULL, key uuid NOT NULL UNIQUE);
        CREATE TABLE impossible (id int NOT NULL CHECK (false));`,
      down: "DROP TABLE impossible, orders, users; DROP DOMAIN positive; DROP TYPE kind;",
    },
    b: { up: "UPDATE orders SET price = 0;", down: "SELECT 1;" },
    c: {
      up: "ALTER TABLE users ADD COLUMN name text NOT NULL;",
      down: "ALTER TABLE users DROP COLUMN name;",
    },
    d: {
      up: "CREATE TABLE copy AS SELECT * FROM orders; DROP TABLE orders; ALTER TABLE copy RENAME TO orders;",
      down: "SELECT 1;",
      downHeader: ["accepts: different (a test)"],
    },
  });

  test("are there before the up; what becomes of them is seen", async () => {
    const report = await tested(shop, { rows: true });
    const { migrations, unfilled } = report;
    expect(unfilled).toEqual([expect.objectContaining({ table: "public.impossible" })]);
    const [, b, c, d] = migrations;
    expect(b).toMatchObject({
      verdict: "lossy",
      rows: [{ table: "public.orders", before: 3, after: 3 }],
      down: [],
    });
    expect(c).toMatchObject({ verdict: "fails", failed: { step: "up", onlyWithRows: true } });
    expect(testLines(report)).toContainEqual(expect.stringContaining("fails only with the rows that --rows"));
    expect(c!.failed!.diagnostics[0]!.message).toContain("contains null values");
    // What rows refuse is there for what comes after it; a table that is there again has not lost its rows.
    expect(d).toMatchObject({ verdict: "different", passed: true, losses: [], rows: [] });
  });

  test("are not there without being asked for", async () => {
    const { migrations } = await tested(shop, { range: "a:c" });
    expect(migrations.map(({ verdict }) => verdict)).toEqual(["exact", "exact"]);
  });

  test("that a migration inserts into an empty table are to be gone after the downgrade", async () => {
    const of = project({
      a: {
        up: "CREATE TABLE t (id int); CREATE TABLE u (id int); CREATE TABLE v ();",
        down: "DROP TABLE t, u, v;",
      },
      forgotten: { up: "INSERT INTO t VALUES (1);", down: "SELECT 1;" },
      wrong: { up: "INSERT INTO u VALUES (1);", down: "DELETE FROM u WHERE id = 2;" },
      right: { up: "INSERT INTO u VALUES (3);", down: "DELETE FROM u WHERE id = 3;" },
      gone: { up: "ALTER TABLE v RENAME TO w;", down: "DROP TABLE w;" },
    });
    const { migrations } = await tested(of);
    const rows = (table: string) => [{ table: `public.${table}`, before: 0, after: 1 }];
    expect(migrations).toMatchObject([
      { verdict: "exact", rows: [] },
      { verdict: "lossy", passed: false, rows: rows("t") },
      { verdict: "lossy", passed: false, rows: rows("u") },
      { verdict: "exact", rows: [] },
      { verdict: "fails", failed: { step: "up again" }, rows: [] },
    ]);
  });
});

describe("branches", () => {
  const forked = (left: string, right: string) =>
    project({
      root: { up: "CREATE TABLE t ();", down: "DROP TABLE t;" },
      left: { up: left, down: "SELECT 1;", parent: "root" },
      right: { up: right, down: "SELECT 1;", parent: "root" },
    });
  const ordersOf = async (left: string, right: string) =>
    (await tested(forked(left, right), { range: "right", script })).orders;

  test("give the same in either order, or are told apart", async () => {
    const both = forked(
      "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int;",
      "ALTER TABLE t ADD COLUMN IF NOT EXISTS a text;",
    );
    const { orders } = await tested(both);
    expect(orders).toMatchObject([
      { revisions: ["left", "right"], orders: 2, possible: 2, verdict: "different", passed: false },
    ]);
    expect(await ordersOf("SELECT 1;", "SELECT 1;")).toEqual([]);
    const columns = forked("ALTER TABLE t ADD COLUMN a int;", "ALTER TABLE t ADD COLUMN b int;");
    expect((await tested(columns)).orders).toMatchObject([{ verdict: "column-order", passed: true }]);
  });
});

describe("the script", () => {
  const two = {
    a: { up: "CREATE TABLE t (id int);", down: "DROP TABLE t;" },
    b: { up: "CREATE INDEX CONCURRENTLY i ON t (id);", down: "DROP INDEX CONCURRENTLY i;" },
  };
  const small = project(two);

  test("makes what the run makes; one that does not is found", async () => {
    expect((await tested(small, { script })).script).toMatchObject({ verdict: "exact", passed: true });
    const other = await tested(small, { script: () => ["CREATE TABLE t (id int)", "CREATE TABLE extra ()"] });
    expect(other.script).toMatchObject({ verdict: "different", passed: false });
    const broken = await tested(small, { script: () => ["SELEC"] });
    expect(broken.script).toMatchObject({
      verdict: "fails",
      diagnostics: [{ message: expect.stringContaining("SELEC") }],
    });
  });

  test("runs as the project's role where only a stand-in for it is there", async () => {
    const of = project(two, { role: "retort_nobody" });
    expect((await tested(of, { scratch: "pglite:memory", script })).script).toMatchObject({
      verdict: "exact",
      diagnostics: [],
    });
  });
});

test("what a migration sets for its database by name is set for a stand-in on a scratch database", async () => {
  const { url, name } = await ownDatabase(server!);
  const of = project({
    t: { up: "CREATE TABLE t ();", down: "DROP TABLE t;" },
    set: {
      up: `ALTER DATABASE ${name} SET work_mem = '64MB'; GRANT CREATE ON DATABASE ${name} TO PUBLIC;`,
      down: `ALTER DATABASE ${name} RESET work_mem; REVOKE CREATE ON DATABASE ${name} FROM PUBLIC;`,
    },
  });
  const { migrations, ...result } = await testMigrations(of.deps, { database: url, script });
  expect([...migrations, result.script].map((each) => each?.verdict)).toEqual(Array(3).fill("exact"));
  await of.upgrade(url);
  expect((await drift(of.deps, { database: url })).differences).toEqual([]);
});

test.runIf(servers().some(({ major }) => major === 15))(
  "roles and databases that migrations make are there for none of the other runs on the server of the package",
  async () => {
    const fifteen = servers().find(({ major }) => major === 15)!;
    const { url } = await ownDatabase(fifteen);
    const of = project({
      t: { up: "CREATE TABLE t ();", down: "DROP TABLE t;" },
      role: {
        up: "CREATE ROLE retort_beyond; GRANT SELECT ON t TO retort_beyond;",
        down: "REVOKE SELECT ON t FROM retort_beyond; DROP ROLE retort_beyond;",
      },
      database: { up: "CREATE DATABASE retort_beyond;", down: "DROP DATABASE retort_beyond;" },
      left: { up: "CREATE TABLE u ();", down: "DROP TABLE u;", parent: "role" },
    });
    const { migrations, orders, ...result } = await testMigrations(of.deps, { database: url, script });
    expect(result.scratch.description).toContain("a server from the npm package");
    expect([...migrations, ...orders, result.script].map((each) => each?.verdict)).toEqual(
      Array(6).fill("exact"),
    );
  },
);

/** What was kept here may grant to roles of the tests, which could not be dropped then. */
afterAll(async () => {
  for (const { url } of servers()) {
    const kept = await query<{ datname: string }>(
      url(),
      "SELECT datname FROM pg_database WHERE datname ^@ 'retort_kept_'",
    );
    for (const { datname } of kept) await query(url(), `DROP DATABASE IF EXISTS ${datname}`);
    await query(url(), `DROP ROLE IF EXISTS ${ROLE}`);
  }
});

/** Whom the objects of all classes are granted to. */
const ROLE = "retort_proof_role";

const kinds = (differences: readonly Difference[]) =>
  differences.map(({ kind, class: name, identity }) => `${kind} ${name} ${identity.join(".")}`);

describe.sequential.each(servers())("drift on $name", (on) => {
  const shop = project({
    a: "CREATE TABLE t (id int PRIMARY KEY, a text);",
    left: { up: "ALTER TABLE t ADD COLUMN l int;", parent: "a" },
    right: { up: "ALTER TABLE t ADD COLUMN r int;", parent: "a" },
  });

  test("is none where only migrations were run, in whatever order; else it is told by object", async () => {
    const { url } = await ownDatabase(on);
    await shop.upgrade(url, "right");
    await shop.upgrade(url, "left");
    const look = (ignore?: readonly string[]) => drift(shop.deps, { database: url, ignore });
    expect(await look()).toMatchObject({ differences: [], revisions: ["a", "right", "left"], changed: [] });
    await query(
      url,
      "CREATE TABLE x (i int); ALTER TABLE t ALTER a SET NOT NULL; ALTER TABLE t DROP l; CREATE SCHEMA p",
    );
    expect(kinds((await look()).differences)).toEqual([
      "differs column public.t.a",
      "missing column public.t.l",
      "extra schema p",
      "extra table public.x",
    ]);
    expect(kinds((await look(["p", "public.x", "column:public.t.*"])).differences)).toEqual([]);
    shop.write(
      "0001_a.up.sql",
      "-- revision: a\n-- parent: none\n\nCREATE TABLE t (id int PRIMARY KEY, a int);\n",
    );
    expect((await look()).changed).toEqual(["a"]);
  });

  test("tells what is not replayed, because the ledger does not have it", async () => {
    const { url } = await ownDatabase(on);
    const two = project({ a: "CREATE TABLE t ();", b: "CREATE TABLE u ();" });
    await two.upgrade(url);
    await query(
      url,
      `DELETE FROM retort.applied WHERE revision = 'a';
      UPDATE retort.state SET revisions = 1, digest = retort.digest_of('b')`,
    );
    const told: string[] = [];
    const deps = { ...two.deps, onNotice: ({ message }: { message: string }) => void told.push(message) };
    expect(kinds((await drift(deps, { database: url })).differences)).toEqual(["extra table public.t"]);
    expect(told).toEqual([
      expect.stringMatching(/ b was applied on .*, but a, which it needs, is not; run what /),
    ]);
  });

  test("is none for every class of object that there is", async () => {
    const all = changes
      .filter(({ since = 12, needs }) => since <= on.major && needs === undefined)
      .map(({ setup }, index) => ({ setup, name: `c${index}` }));
    await query(on.url(), `DROP ROLE IF EXISTS ${ROLE}; CREATE ROLE ${ROLE}`);
    const sql = all.map(({ setup, name }) =>
      `CREATE SCHEMA ${name};\nSET search_path = ${name};\n${setup};`
        .replaceAll("CASE", name)
        .replaceAll("ROLE", ROLE),
    );
    const every = project({ all: sql.join("\n") });
    const { url } = await ownDatabase(on);
    await every.upgrade(url);
    expect(all.length).toBeGreaterThan(100);
    expect(kinds((await drift(every.deps, { database: url })).differences)).toEqual([]);
  });

  test("is none for the owner where another role replays, nor for a search_path of the database", async () => {
    const shop = project({ a: "CREATE SCHEMA app;\nCREATE TABLE t (id int);\nGRANT SELECT ON t TO public;" });
    const role = await ownRole(on, "LOGIN");
    const { url, name } = await ownDatabase(on);
    await query(
      url,
      `GRANT CREATE ON DATABASE ${name} TO ${role.name}; ALTER DATABASE ${name} SET search_path = app`,
    );
    await shop.upgrade(role.url(name));
    const look = () => drift(shop.deps, { database: role.url(name), scratch: on.url() });
    expect(kinds((await look()).differences)).toEqual([]);
    await query(url, "ALTER TABLE app.t OWNER TO CURRENT_USER");
    expect(kinds((await look()).differences)).toEqual(["differs table app.t"]);
  });

  test("is none for what was there before the migrations, which run as a role that may do little", async () => {
    const [role, reader] = [await ownRole(on, "NOLOGIN"), await ownRole(on, "NOLOGIN")];
    onTestFinished(async () => {
      const owned = `SELECT format('DROP DATABASE %I', datname) AS sql FROM pg_database WHERE pg_get_userbyid(datdba) = '${role.name}'`;
      for (const { sql } of await query<{ sql: string }>(on.url(), owned)) await query(on.url(), sql);
    });
    const shop = project(
      { a: { up: "CREATE TABLE t (id int);", down: "DROP TABLE t;" } },
      { role: role.name, session: { searchPath: ["app", "public"] } },
    );
    const { url, name } = await ownDatabase(on);
    await query(
      url,
      `CREATE SCHEMA app; COMMENT ON SCHEMA app IS 'by the DBA';
       GRANT USAGE, CREATE ON SCHEMA app, public TO ${role.name}; GRANT USAGE ON SCHEMA app TO ${reader.name};
       GRANT CREATE ON DATABASE ${name} TO ${role.name}`,
    );
    await shop.upgrade(url);
    expect((await drift(shop.deps, { database: url })).differences).toEqual([]);
    const { statements } = await trace(shop.deps, { database: url, down: true });
    expect(statements.map(({ verdict }) => verdict)).toEqual(["agrees", "agrees"]);
  });

  test("is none for what was there before, whatever a migration that is not applied makes", async () => {
    const shop = project(
      { a: "CREATE TABLE t (id int);", b: "CREATE SCHEMA IF NOT EXISTS app;" },
      { session: { searchPath: ["app", "public"] } },
    );
    const { url } = await ownDatabase(on);
    await query(url, "CREATE SCHEMA app");
    await shop.upgrade(url, "a");
    expect(kinds((await drift(shop.deps, { database: url })).differences)).toEqual([]);
  });

  test("is none for a search_path of the database, nor is the schema folder then another", async () => {
    const shop = project({
      a: { up: "CREATE TABLE t (id int);", down: "DROP TABLE t;" },
      b: { up: "ALTER TABLE app.t ADD n int;", down: "ALTER TABLE app.t DROP n;" },
    });
    const { url, name } = await ownDatabase(on);
    await query(url, `CREATE SCHEMA app; ALTER DATABASE ${name} SET search_path = app, public`);
    await shop.upgrade(url);
    mkdirSync(join(shop.folder, "schema"));
    shop.write("schema/t.sql", "CREATE TABLE app.t (id int, n int);\n");
    for (const options of [{ database: url }, { database: url, scratch: on.url() }]) {
      expect(kinds((await drift(shop.deps, options)).differences)).toEqual([]);
      const opened = await openProject(shop.deps, options);
      expect(kinds((await checkSchema(shop.deps, opened)).differences)).toEqual([]);
      expect((await testMigrations(shop.deps, options)).passed).toBe(true);
    }
  });

  test("is none where backslashes in strings are escapes, nor is the schema folder then another", async () => {
    const sql = "CREATE TABLE public.t (a text DEFAULT '\\\\n');";
    const shop = project({ a: sql });
    const { url, name } = await ownDatabase(on);
    await query(url, `ALTER DATABASE ${name} SET standard_conforming_strings = off`);
    await shop.upgrade(url);
    mkdirSync(join(shop.folder, "schema"));
    shop.write("schema/t.sql", `${sql}\n`);
    const escaping = `${url}?options=-c%20standard_conforming_strings%3Doff`;
    for (const options of [
      { database: url, scratch: on.url() },
      { database: escaping, scratch: escaping },
    ]) {
      expect(kinds((await drift(shop.deps, options)).differences)).toEqual([]);
      const opened = await openProject(shop.deps, options);
      expect(kinds((await checkSchema(shop.deps, opened)).differences)).toEqual([]);
    }
  });

  test("that cannot be looked for says that it was not the database that refused a file", async () => {
    const divides = { a: "CREATE TABLE t ();", b: { up: "SELECT 1 / count(*) FROM t;", parent: "a" } };
    const shop = project(divides);
    const { url } = await ownDatabase(on);
    await shop.upgrade(url, "a");
    await query(url, "INSERT INTO t DEFAULT VALUES");
    await shop.upgrade(url);
    const so =
      /^this ran on the scratch database \(PostgreSQL .*, which has only what migrations made there; your database was not touched$/;
    for (const failing of [
      () => drift(shop.deps, { database: url }),
      () => trace(shop.deps, { database: url }),
      () => dump(shop.deps, { database: url, revision: "b" }),
    ])
      expect(await failureOf(failing())).toMatchObject({
        code: "execution/statement",
        hint: expect.stringMatching(so),
      });
  });

  test("is not looked for while a step is half done, or where a row has no file", async () => {
    const failing = project({
      a: { up: "CREATE TABLE t ();\nSELECT 1 / 0;", header: ["transaction: none"] },
    });
    const { url } = await ownDatabase(on);
    await failureOf(failing.upgrade(url));
    expect(await failureOf(drift(failing.deps, { database: url }))).toMatchObject({
      code: "state/interrupted",
    });
  });
});

describe("several databases at the same time", () => {
  const up = (index: number): string =>
    index === 0
      ? "CREATE TABLE t (id serial PRIMARY KEY, a text); INSERT INTO t (a) VALUES ('x');"
      : index === 5
        ? "CREATE TABLE u (t int REFERENCES t); INSERT INTO u VALUES (1);"
        : `ALTER TABLE t ADD COLUMN IF NOT EXISTS c${index} int;`;
  const down = (index: number): string =>
    index === 0
      ? "DROP TABLE t;"
      : index === 5
        ? "DROP TABLE u;"
        : index === 3
          ? "SELECT 1;"
          : `ALTER TABLE t DROP COLUMN c${index};`;
  const chain = Object.fromEntries(
    Array.from({ length: 9 }, (_, index) => [`r${index}`, { up: up(index), down: down(index) }]),
  );
  const many = project({
    ...chain,
    // Branches: one that fails on its way up, with what needs it; one that does not.
    bad: { up: "SELECT 1 / 0;", down: "SELECT 1;", parent: "r4" },
    needs: { up: "SELECT 1;", down: "SELECT 1;", parent: "bad" },
    good: { up: "CREATE TABLE g ();", down: "DROP TABLE g;", parent: "r4" },
  });

  test("find what one finds, and tell it in the order of the migrations", async () => {
    const look = async (jobs: number, range?: string) => {
      const told: string[] = [];
      const onTested = ({ revision }: { readonly revision: string }) => void told.push(revision);
      const { migrations, orders, passed } = await tested(many, { jobs, range, script, onTested });
      expect(told).toEqual(migrations.map(({ revision }) => revision));
      return { migrations: migrations.map((each) => ({ ...each, ms: 0 })), orders, passed };
    };
    const one = await look(1);
    expect(one.migrations.map(({ verdict }) => verdict)).toEqual(
      expect.arrayContaining(["exact", "fails", "skipped", "different"]),
    );
    // The row that it needs has the number that a run gives it, whatever was tried before.
    expect(one.migrations.find(({ revision }) => revision === "r5")).toMatchObject({ verdict: "exact" });
    expect(await look(4)).toEqual(one);
    expect(await look(3, "r2:heads")).toEqual(await look(1, "r2:heads"));
  });
});
