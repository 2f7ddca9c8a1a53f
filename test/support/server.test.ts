/** The tools of the other tests: servers, psql, dumps and the case runner must notice what they are there for. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectedOf, normalise, readCase, runCase, serverFor, updating, writeExpected } from "./cases.ts";
import { dump, ledger } from "./dump.ts";
import { needsPgDump, needsPsql, pgDump, psql } from "./psql.ts";
import { freshDatabase, inTurn, query, servers, type TestDatabase } from "./server.ts";

const scratch = mkdtempSync(join(tmpdir(), "retort-support-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Writes files, by path below the scratch folder; returns the folder `name`. */
function folder(name: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(scratch, name, path)), { recursive: true });
    writeFileSync(join(scratch, name, path), text);
  }
  return join(scratch, name);
}

describe.each(servers())("$name", (server) => {
  const once = inTurn(server);
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshDatabase(server);
  });
  afterAll(() => database.drop());

  test("is what it says, and takes 40 connections at a time", async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, () =>
        query<{ major: number }>(
          server.url(),
          "SELECT current_setting('server_version_num')::int / 10000 AS major",
        ),
      ),
    );
    expect(new Set(answers.map(([row]) => row?.major))).toEqual(new Set([server.major]));
  });

  test("a fresh database is a copy of its template, and is gone once dropped", async () => {
    const template = await freshDatabase(server);
    await query(template.url, "CREATE TABLE shop (id int); INSERT INTO shop VALUES (7)");
    const copy = await freshDatabase(server, { template: template.name });
    expect(await query(copy.url, "SELECT id FROM shop")).toEqual([{ id: 7 }]);
    await copy.drop();
    await template.drop();
    await expect(query(copy.url, "SELECT 1")).rejects.toMatchObject({ code: "3D000" });
  });

  once(
    "psql stops at the first error, and hears of start-up files and PGOPTIONS only when told",
    async (context) => {
      needsPsql(context);
      const files = folder("psql", {
        "script.sql": "SHOW work_mem;\nSELECT 1/0;\nCREATE TABLE never();\n",
        psqlrc: "\\echo start-up file\n",
      });
      const script = join(files, "script.sql");
      const plain = await psql(database.url, script, { env: { PSQLRC: join(files, "psqlrc") } });
      expect(plain).toMatchObject({ code: 3, stderr: expect.stringContaining("division by zero") });
      expect(plain.stdout).not.toContain("start-up file");
      const told = await psql(database.url, script, {
        env: { PSQLRC: join(files, "psqlrc"), PGOPTIONS: "-c work_mem=123kB" },
        readStartupFile: true,
      });
      expect(told.stdout).toMatch(/start-up file.*123kB/s);
      expect(await query(database.url, "SELECT to_regclass('never') AS never")).toEqual([{ never: null }]);
    },
  );

  test("pg_dump of equal databases is equal", async (context) => {
    needsPgDump(context, server);
    const [one, other] = [await pgDump(database.url), await pgDump(database.url)];
    expect(one).toBe(other);
    expect(one).toContain("PostgreSQL database dump complete");
    expect(one).not.toContain("restrict");
  });

  once("every change of catalog or data changes the dump", async () => {
    await query(database.url, everyKindOfObject);
    let before = await dump(database.url);
    for (const change of changes) {
      await query(database.url, change);
      const after = await dump(database.url);
      expect.soft(after === before, `unseen: ${change}`).toBe(false);
      before = after;
    }
  });

  once("the dump does not depend on the order in which things were made", async () => {
    const statements = [
      "CREATE TABLE a (id int)",
      "CREATE TABLE b (id int)",
      "CREATE TYPE t AS ENUM ('x', 'y')",
      "INSERT INTO a VALUES (1)",
      "INSERT INTO a VALUES (2)",
    ];
    const dumps = await Promise.all(
      [statements, [...statements.slice(0, 3).reverse(), ...statements.slice(3).reverse()]].map(
        async (order) => {
          const fresh = await freshDatabase(server);
          await query(fresh.url, order.join(";"));
          const text = await dump(fresh.url);
          await fresh.drop();
          return text;
        },
      ),
    );
    expect(dumps[0]).toBe(dumps[1]);
    expect(dumps[0]).toContain('== rows of public.a\n{"id": 1}\n{"id": 2}\n');
  });

  once("a dump leaves out what it is told to", async () => {
    const fresh = await freshDatabase(server);
    await query(
      fresh.url,
      "CREATE TABLE shop (id int, made_at timestamptz DEFAULT clock_timestamp()); INSERT INTO shop VALUES (1)",
    );
    const before = await dump(fresh.url, { volatile: /_at$/ });
    await query(fresh.url, `${ledgerTables}; DELETE FROM shop; INSERT INTO shop VALUES (1)`);
    expect(await dump(fresh.url, { volatile: /_at$/, exclude: ["retort"] })).toBe(before);
    expect(await dump(fresh.url, { exclude: ["retort"] })).not.toBe(before);
    expect(await dump(fresh.url, { data: false })).not.toContain("rows of");
    expect(await ledger(fresh.url)).toEqual({
      applied: [
        { revision: "a", applied_at: "~", duration_ms: "~", parents: [] },
        { revision: "b", applied_at: "~", duration_ms: "~", parents: ["a"] },
      ],
      log: [{ id: "1", how: "run" }],
    });
    expect(await ledger(fresh.url, "elsewhere")).toEqual({});
    await fresh.drop();
  });
});

describe("the case runner", () => {
  /** Stands for the CLI: prints where it is, what it sees, and fails when told to. */
  const fakeCli = join(scratch, "fake.js");
  writeFileSync(
    fakeCli,
    `const { DATABASE_URL, HOME, PGHOST, X } = process.env;
     const [, , verb] = process.argv;
     if (verb === "env") console.log(JSON.stringify({ url: DATABASE_URL, home: HOME, host: PGHOST, x: X }));
     else console.log(verb, process.cwd(), require("fs").readdirSync(".").join(), "in 12.5 ms at", new Date().toISOString());
     if (verb === "fail") { console.error("error: no"); process.exit(4); }`,
  );
  const run = (path: string, server?: (typeof all)[number]) => runCase(readCase(path), server, fakeCli);
  const all = servers();

  test("commands run in a copy, all of them; volatile text is replaced", async () => {
    const path = folder("several", {
      cmd: "migrate fail 'a b'\n\nX=1 migrate env\necho 'SELECT 1;' > script.sql\n",
      "migrations/0001_a.up.sql": "",
      stdout: "",
    });
    expect(await run(path)).toEqual({
      stdout:
        '$ migrate fail \'a b\'\nfail <folder> migrations in <duration> at <time>\n$ X=1 migrate env\n{"home":"<scratch>/home","x":"1"}\n$ echo \'SELECT 1;\' > script.sql\n',
      stderr: "$ migrate fail 'a b'\nerror: no\n$ X=1 migrate env\n$ echo 'SELECT 1;' > script.sql\n",
      exit: "4\n0\n0",
      "script.sql": "SELECT 1;\n",
    });
    expect(readdirSync(path).sort()).toEqual(["cmd", "migrations", "stdout"]);
  });

  test("a case that needs a server is given a database on it", async () => {
    const [server] = all;
    const path = folder("server", { cmd: "migrate env", needs: `postgres ${server?.major}\n` });
    expect(serverFor(readCase(path), all)).toEqual(server);
    const { stdout } = await run(path, server);
    expect(JSON.parse(stdout).url).toMatch(/^postgres.*@<host>\/<database>/);
    writeFileSync(join(path, "needs"), "postgres 9");
    expect(serverFor(readCase(path), all)).toBeUndefined();
  });

  test("what was written as expected is what is expected; a success leaves no exit file", async () => {
    const path = folder("update", { cmd: "migrate fail", stderr: "old", stdout: "old" });
    const failed = await run(path);
    writeExpected(readCase(path), failed);
    expect(expectedOf(readCase(path))).toEqual(failed);
    expect(readFileSync(join(path, "exit"), "utf8")).toBe("4\n");
    writeFileSync(join(path, "cmd"), "migrate up");
    const done = await run(path);
    writeExpected(readCase(path), done);
    expect(expectedOf(readCase(path))).toEqual(done);
    expect(readdirSync(path).sort()).toEqual(["cmd", "stdout"]);
  });

  test("what cannot be run is refused", async () => {
    expect(() => readCase(folder("empty", { cmd: "\n" }))).toThrow(
      "test/cases/empty/cmd is missing or empty",
    );
    expect(() => readCase(folder("odd", { cmd: "migrate", needs: "mysql" }))).toThrow('not "mysql"');
    const fine = readCase(folder("fine", { cmd: "migrate" }));
    await expect(runCase(fine, undefined, join(scratch, "none.js"))).rejects.toThrow("type: make build");
  });

  test("CI never updates", () => {
    expect(updating({ UPDATE_CASES: "1" })).toBe(true);
    expect(updating({ UPDATE_CASES: "1", CI: "true" })).toBe(false);
    expect(updating({})).toBe(false);
  });

  test.each([
    ["in 12 ms, 1.5 s", "in <duration>, <duration>"],
    ["lock_timeout = '5s'", "lock_timeout = '5s'"],
    ["2024-02-03 04:05:06+00", "2024-02-03 04:05:06+00"],
    [`${new Date().toISOString().replace("T", " ").replace("Z", "+00")}`, "<time>"],
    ["held by pid 4711", "held by pid <pid>"],
    ["/tmp/x/work/a.sql:1:2", "<folder>/a.sql:1:2"],
  ])("%s reads %s", (text, expected) => {
    expect(normalise(text, [["/tmp/x/work", "<folder>"]])).toBe(expected);
  });
});

const ledgerTables = `
  CREATE SCHEMA retort;
  CREATE TABLE retort.applied (revision text PRIMARY KEY, applied_at timestamptz, duration_ms int, parents text[]);
  INSERT INTO retort.applied VALUES ('b', now(), 5, '{a}'), ('a', now(), 4, '{}');
  CREATE TABLE retort.log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, how text);
  INSERT INTO retort.log (how) VALUES ('run');
  COMMENT ON COLUMN retort.applied.revision IS 'id'`;

const everyKindOfObject = `
  CREATE SCHEMA s;
  CREATE EXTENSION citext;
  CREATE TYPE s.mood AS ENUM ('sad', 'ok');
  CREATE DOMAIN s.name AS text CHECK (VALUE <> '');
  CREATE TYPE s.pair AS (a int, b text);
  CREATE TYPE s.span AS RANGE (subtype = int);
  CREATE TABLE s.base (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name text, mood s.mood, age int DEFAULT 1, twice int GENERATED ALWAYS AS (age * 2) STORED);
  CREATE TABLE s.child (extra int) INHERITS (s.base);
  CREATE TABLE s.parts (id int, at date) PARTITION BY RANGE (at);
  CREATE TABLE s.part PARTITION OF s.parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
  CREATE TABLE s.free (id int, at date);
  CREATE INDEX by_name ON s.base (name);
  CREATE SEQUENCE s.numbers;
  CREATE VIEW s.ids AS SELECT id FROM s.base;
  CREATE MATERIALIZED VIEW s.ages AS SELECT id FROM s.base WITH NO DATA;
  CREATE FUNCTION s.f(a int) RETURNS int LANGUAGE sql AS 'SELECT a';
  CREATE FUNCTION s.t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
  CREATE AGGREGATE s.total (int) (SFUNC = int4pl, STYPE = int);
  CREATE TRIGGER touch BEFORE UPDATE ON s.base FOR EACH ROW EXECUTE FUNCTION s.t();
  CREATE RULE quiet AS ON DELETE TO s.base DO INSTEAD NOTHING;
  CREATE POLICY mine ON s.base USING (age > 1);
  CREATE PUBLICATION news FOR TABLE s.base WITH (publish = 'insert');
  CREATE STATISTICS s.both (dependencies) ON name, age FROM s.base`;

const changes = [
  "ALTER TYPE s.mood ADD VALUE 'happy' BEFORE 'ok'",
  "ALTER TYPE s.mood RENAME VALUE 'sad' TO 'blue'",
  "ALTER DOMAIN s.name SET DEFAULT 'x'",
  "ALTER DOMAIN s.name ADD CONSTRAINT short CHECK (length(VALUE) < 9)",
  "ALTER TYPE s.pair ALTER ATTRIBUTE b TYPE varchar(3)",
  "DROP TYPE s.span",
  "ALTER TABLE s.base ALTER name SET NOT NULL",
  "ALTER TABLE s.base ALTER name TYPE varchar(40)",
  "ALTER TABLE s.base ALTER age DROP DEFAULT",
  "ALTER TABLE s.base ALTER twice DROP EXPRESSION",
  "ALTER TABLE s.base ALTER id SET GENERATED ALWAYS",
  "ALTER TABLE s.base ALTER name SET STORAGE MAIN",
  "ALTER TABLE s.base ALTER name SET STATISTICS 7",
  'ALTER TABLE s.base ALTER name TYPE varchar(40) COLLATE "C"',
  "ALTER TABLE s.base ADD CONSTRAINT grown CHECK (age > 0) NOT VALID",
  "ALTER TABLE s.base VALIDATE CONSTRAINT grown",
  "ALTER TABLE s.base ENABLE ROW LEVEL SECURITY",
  "ALTER TABLE s.base FORCE ROW LEVEL SECURITY",
  "ALTER TABLE s.base REPLICA IDENTITY FULL",
  "ALTER TABLE s.base SET (fillfactor = 50)",
  "ALTER TABLE s.base DISABLE TRIGGER touch",
  "ALTER TABLE s.part SET UNLOGGED",
  "ALTER TABLE s.child NO INHERIT s.base",
  "ALTER TABLE s.parts DETACH PARTITION s.part",
  "ALTER TABLE s.parts ATTACH PARTITION s.free DEFAULT",
  "ALTER INDEX s.by_name RENAME TO by_the_name",
  "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 's.by_the_name'::regclass",
  "SELECT nextval('s.numbers')",
  "ALTER SEQUENCE s.numbers CYCLE",
  "ALTER SEQUENCE s.numbers OWNED BY s.free.id",
  "CREATE OR REPLACE VIEW s.ids AS SELECT id FROM s.base WHERE true",
  "REFRESH MATERIALIZED VIEW s.ages",
  "CREATE OR REPLACE FUNCTION s.f(a int) RETURNS int LANGUAGE sql AS 'SELECT a + 1'",
  "ALTER FUNCTION s.f(int) STRICT",
  "CREATE OR REPLACE AGGREGATE s.total (int) (SFUNC = int4mul, STYPE = int)",
  "CREATE OR REPLACE RULE quiet AS ON DELETE TO s.base DO ALSO NOTHING",
  "ALTER POLICY mine ON s.base USING (age > 2)",
  "ALTER POLICY mine ON s.base TO pg_monitor",
  "ALTER PUBLICATION news ADD TABLE s.free",
  "ALTER STATISTICS s.both RENAME TO pair",
  "COMMENT ON TABLE s.base IS 'a'",
  "COMMENT ON COLUMN s.base.name IS 'a'",
  "COMMENT ON SCHEMA public IS 'mine'",
  "GRANT SELECT ON s.base TO pg_monitor",
  "GRANT UPDATE (name) ON s.base TO pg_monitor",
  "GRANT USAGE ON SCHEMA s TO pg_monitor",
  "REVOKE EXECUTE ON FUNCTION s.f(int) FROM public",
  "GRANT USAGE ON SEQUENCE s.numbers TO pg_monitor",
  "REVOKE USAGE ON TYPE s.mood FROM public",
  "ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO pg_monitor",
  "ALTER TABLE s.base OWNER TO pg_monitor",
  "ALTER FUNCTION s.f(int) OWNER TO pg_monitor",
  "ALTER EXTENSION citext SET SCHEMA s",
  "CREATE FUNCTION s.e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
  "CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION s.e()",
  "ALTER EVENT TRIGGER watch DISABLE",
  'CREATE COLLATION s.plain FROM "C"',
  "CREATE TEXT SEARCH CONFIGURATION s.words (COPY = simple)",
  "CREATE CAST (s.pair AS text) WITH INOUT",
  "INSERT INTO s.child (id, name, mood) VALUES (1, 'é', 'ok')",
  "UPDATE s.child SET name = 'e'",
  "DO 'BEGIN EXECUTE format($$ALTER DATABASE %I SET work_mem = 123$$, current_database()); END'",
];
