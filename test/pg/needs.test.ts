/** Statements × rights: what the preflight says of a script, compared with what the server does with the same SQL. */
import type pg from "pg";
import { describe, expect, test } from "vitest";
import { ownDatabase, project } from "../support/project.ts";
import { type Finished, type PsqlOptions, psqlAvailable, runScript } from "../support/psql.ts";
import { ownRole } from "../support/roles.ts";
import { query, servers, withClient } from "../support/server.ts";

const PREFLIGHT = { args: ["-v", "preflight=1"] } satisfies PsqlOptions;

/** `dep` runs the scripts, `other` owns what it does not. */
const world = (dep: string, other: string, database: string): string => `
  GRANT CREATE ON DATABASE ${database} TO ${dep};
  CREATE TYPE mood AS ENUM ('a');
  REVOKE CREATE ON SCHEMA public FROM PUBLIC;
  CREATE SCHEMA open; GRANT USAGE, CREATE ON SCHEMA open TO ${dep}, ${other};
  CREATE SCHEMA mine AUTHORIZATION ${dep};
  CREATE SCHEMA shut; CREATE TABLE shut.t (a int); GRANT ALL ON shut.t TO ${dep};
  CREATE TYPE shut.mood AS ENUM ('a');
  CREATE FUNCTION shut.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE TABLE bare (a int, b int);
  CREATE TABLE can_select (a int PRIMARY KEY, b int); GRANT SELECT ON can_select TO ${dep};
  CREATE TABLE can_insert (a int PRIMARY KEY, b int); GRANT INSERT ON can_insert TO ${dep};
  CREATE TABLE can_update (a int, b int); GRANT UPDATE ON can_update TO ${dep};
  CREATE TABLE can_delete (a int, b int); GRANT DELETE ON can_delete TO ${dep};
  CREATE TABLE can_trigger (a int, b int); GRANT TRIGGER ON can_trigger TO ${dep};
  CREATE TABLE can_grant (a int, b int); GRANT SELECT ON can_grant TO ${dep} WITH GRANT OPTION;
  CREATE TABLE owned (a int, b int); ALTER TABLE owned OWNER TO ${dep};
  CREATE TABLE open.owned (a int, b int, c mood); ALTER TABLE open.owned OWNER TO ${dep};
  CREATE TABLE open.other (a int, b int); ALTER TABLE open.other OWNER TO ${other};
  CREATE TABLE mine.other (a int, b int); ALTER TABLE mine.other OWNER TO ${other};
  CREATE INDEX other_a ON mine.other (a);
  CREATE TABLE jobs (id serial, what int); GRANT INSERT, SELECT ON jobs TO ${dep};
  CREATE TABLE jobs_used (id serial, what int); GRANT INSERT ON jobs_used TO ${dep};
  GRANT USAGE ON jobs_used_id_seq TO ${dep};
  CREATE TABLE jobs_identity (id int GENERATED ALWAYS AS IDENTITY, what int); GRANT INSERT ON jobs_identity TO ${dep};
  CREATE SEQUENCE numbers; CREATE SEQUENCE used; GRANT USAGE ON used TO ${dep};
  CREATE VIEW v AS SELECT 1 AS a; CREATE VIEW open.v AS SELECT 1 AS a;
  CREATE VIEW open.own_v AS SELECT 1 AS a; ALTER VIEW open.own_v OWNER TO ${dep};
  CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;
  CREATE FUNCTION open.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE FUNCTION open.f(text) RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE FUNCTION open.own_f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
  ALTER FUNCTION open.own_f(int) OWNER TO ${dep};
  CREATE FUNCTION open.own_f(text) RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE FUNCTION secret() RETURNS int LANGUAGE sql AS 'SELECT 1'; REVOKE ALL ON FUNCTION secret FROM PUBLIC;
  CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TYPE private AS ENUM ('a'); REVOKE ALL ON TYPE private FROM PUBLIC;
`;

const CASES: readonly string[] = [
  "CREATE TABLE n (a int)",
  "CREATE TABLE open.n (a int)",
  "CREATE TABLE nosuch.n (a int)",
  "CREATE TABLE shut.n (a int)",
  "CREATE TABLE IF NOT EXISTS bare (a int)",
  "CREATE TABLE IF NOT EXISTS bare AS SELECT 1 AS a",
  "CREATE VIEW open.n AS SELECT a FROM bare",
  "CREATE VIEW open.n AS SELECT a FROM shut.t",
  "CREATE VIEW open.n AS SELECT a FROM nosuch",
  "CREATE VIEW open.n AS SELECT secret() AS a",
  "CREATE OR REPLACE VIEW open.v AS SELECT 2 AS a",
  "CREATE OR REPLACE VIEW open.own_v AS SELECT 2 AS a",
  "CREATE OR REPLACE VIEW open.n AS SELECT 2 AS a",
  "CREATE MATERIALIZED VIEW open.n AS SELECT a FROM bare WITH NO DATA",
  "CREATE MATERIALIZED VIEW open.n AS SELECT a FROM bare",
  "CREATE TABLE open.n AS SELECT a FROM bare WITH NO DATA",
  "CREATE TABLE open.n AS SELECT a FROM bare",
  "SELECT a INTO open.n FROM bare",
  "REFRESH MATERIALIZED VIEW m",
  "CREATE OR REPLACE FUNCTION open.f() RETURNS int LANGUAGE sql AS 'SELECT 2'",
  "CREATE OR REPLACE FUNCTION open.f(x text) RETURNS int LANGUAGE sql AS 'SELECT 2'",
  "CREATE OR REPLACE FUNCTION open.f(int) RETURNS int LANGUAGE sql AS 'SELECT 2'",
  "CREATE OR REPLACE FUNCTION open.f(text[]) RETURNS int LANGUAGE sql AS 'SELECT 2'",
  "CREATE OR REPLACE FUNCTION open.own_f(int) RETURNS int LANGUAGE sql AS 'SELECT 2'",
  "CREATE FUNCTION open.n(moood) RETURNS int LANGUAGE sql AS 'SELECT 2'",
  "CREATE FUNCTION open.n() RETURNS int LANGUAGE c AS 'x', 'y'",
  "CREATE FUNCTION open.n() RETURNS int LANGUAGE nosuch AS 'x'",
  "INSERT INTO jobs (what) VALUES (1)",
  "INSERT INTO jobs VALUES (DEFAULT, 1)",
  "INSERT INTO jobs (id, what) VALUES (1, 1)",
  "INSERT INTO jobs VALUES (1, 1)",
  "INSERT INTO jobs SELECT 1, 1",
  "INSERT INTO jobs DEFAULT VALUES",
  "INSERT INTO jobs_used (what) VALUES (1)",
  "INSERT INTO jobs_identity (what) VALUES (1)",
  "SELECT nextval('numbers')",
  "SELECT nextval('nosuch')",
  "SELECT nextval('used')",
  "SELECT setval('used', 3)",
  "CREATE TABLE open.n (a int DEFAULT nextval('numbers'))",
  "CREATE TABLE open.n (a int DEFAULT nextval('nosuch'))",
  "CREATE TABLE open.n (a int) TABLESPACE nosuch",
  "CREATE TABLE open.n (a int) TABLESPACE pg_default",
  "ALTER TABLE open.owned SET TABLESPACE nosuch",
  "CREATE INDEX ON open.owned (a) TABLESPACE nosuch",
  "UPDATE can_update SET a = 1",
  "UPDATE can_update SET a = b",
  "UPDATE can_update SET a = 1 WHERE true",
  "UPDATE can_update SET a = 1 WHERE b = 1",
  "UPDATE can_update SET a = 1 RETURNING b",
  "UPDATE can_update SET a = 1 RETURNING *",
  "UPDATE can_update u SET a = s.b FROM can_select s",
  "UPDATE can_update u SET a = s.b FROM can_select s WHERE u.a = s.a",
  "UPDATE can_update SET a = (SELECT max(s.b) FROM can_select s)",
  "UPDATE can_update SET a = (SELECT max(s.b) FROM can_select s WHERE s.a = can_update.a)",
  "DELETE FROM can_delete",
  "DELETE FROM can_delete WHERE EXISTS (SELECT FROM can_select)",
  "DELETE FROM can_delete WHERE a = 1",
  "DELETE FROM can_delete USING can_select s WHERE s.a = 1",
  "INSERT INTO can_insert VALUES (1) RETURNING b",
  "INSERT INTO can_insert VALUES (1) RETURNING 1",
  "INSERT INTO can_insert VALUES (1) ON CONFLICT DO NOTHING",
  "INSERT INTO can_insert VALUES (1) ON CONFLICT (a) DO NOTHING",
  "INSERT INTO can_insert VALUES (1) ON CONFLICT ON CONSTRAINT can_insert_pkey DO NOTHING",
  "WITH bare AS (SELECT 1 AS a) INSERT INTO bare SELECT a FROM bare",
  "WITH bare AS (SELECT 1 AS a) INSERT INTO can_insert SELECT a FROM bare",
  "SELECT a FROM can_update FOR UPDATE",
  "INSERT INTO can_insert VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 1",
  "CREATE TABLE open.n (LIKE bare)",
  "CREATE TABLE open.n (LIKE can_select)",
  "CREATE TABLE open.n (LIKE nosuch)",
  "CREATE TABLE open.n (a moood)",
  'CREATE TABLE open.n (a mood[], b text, c numeric(3, 2), d serial, e timestamptz, f bare, g "char")',
  "CREATE TABLE open.n (a nosuch.mood)",
  "CREATE TABLE open.n (a shut.mood)",
  "CREATE TABLE open.n (a private)",
  "ALTER TABLE open.owned ADD m moood",
  "ALTER TABLE open.owned ALTER a TYPE moood USING NULL",
  "SELECT NULL::moood",
  "SELECT nosuch()",
  "SELECT nosuch(a, b) FROM can_select",
  "SELECT nosuch(a) FROM can_select",
  "SELECT a(can_select) FROM can_select",
  "SELECT mood('a')",
  "SELECT secret()",
  "SELECT shut.f()",
  "SELECT count(*), coalesce(max(a), 1), now(), current_date, extract(year FROM now()), unaccent_is_no() IS NULL FROM can_select",
  "SELECT count(*), coalesce(max(a), 1), now(), current_date, extract(year FROM now()), overlay('a' placing 'b' from 1) FROM can_select",
  "ALTER TABLE open.owned ADD x int DEFAULT nosuch()",
  "ALTER TABLE open.owned ADD x int DEFAULT secret()",
  "CREATE TABLE open.n (x int DEFAULT secret())",
  "CREATE TRIGGER g AFTER INSERT ON can_trigger FOR EACH ROW EXECUTE FUNCTION nosuch()",
  "CREATE TRIGGER g AFTER INSERT ON can_trigger FOR EACH ROW EXECUTE FUNCTION fires()",
  "CREATE TRIGGER g AFTER INSERT ON bare FOR EACH ROW EXECUTE FUNCTION fires()",
  "CALL nosuch()",
  "CREATE SEQUENCE open.n OWNED BY open.other.a",
  "CREATE SEQUENCE open.n OWNED BY open.owned.a",
  "ALTER SEQUENCE numbers OWNED BY bare.a",
  "CREATE INDEX ON owned (a)",
  "CREATE INDEX ON open.owned (a)",
  "ALTER TABLE owned ADD PRIMARY KEY (a)",
  "ALTER TABLE owned ADD UNIQUE (a)",
  "ALTER TABLE owned ADD CHECK (a > 0)",
  "ALTER TABLE owned ADD x serial",
  "ALTER TABLE owned ADD x int GENERATED ALWAYS AS IDENTITY",
  "ALTER TABLE owned ADD x int UNIQUE",
  "ALTER TABLE owned RENAME TO n",
  "ALTER TABLE owned RENAME a TO n",
  "ALTER TABLE open.owned RENAME TO n",
  "ALTER FUNCTION open.own_f(int) RENAME TO n",
  "CREATE STATISTICS n ON a, b FROM owned",
  "CREATE STATISTICS open.n ON a, b FROM open.owned",
  "DROP TABLE mine.other",
  "DROP INDEX mine.other_a",
  "DROP TABLE bare",
  "DROP FUNCTION open.f()",
  "DROP TABLE IF EXISTS nosuch",
  "DROP TABLE nosuch",
  "DROP SCHEMA nosuch",
  "COMMENT ON TABLE mine.other IS 'x'",
  "GRANT SELECT ON can_grant TO :other",
  "GRANT INSERT ON can_grant TO :other",
  "GRANT SELECT ON can_select TO :other",
  "GRANT SELECT ON bare TO :other",
  "GRANT EXECUTE ON FUNCTION open.f() TO :other",
  "GRANT EXECUTE ON FUNCTION secret TO :other",
  "GRANT USAGE ON SCHEMA open TO :other",
  "GRANT USAGE ON SCHEMA shut TO :other",
  "GRANT SELECT ON owned TO nobody_of_that_name",
  "GRANT SELECT ON ALL TABLES IN SCHEMA nosuch TO :other",
  "REVOKE SELECT ON bare FROM :other",
  "ALTER DEFAULT PRIVILEGES FOR ROLE :other GRANT SELECT ON TABLES TO :dep",
  "ALTER DEFAULT PRIVILEGES FOR ROLE :dep GRANT SELECT ON TABLES TO :other",
  "ALTER DEFAULT PRIVILEGES IN SCHEMA nosuch GRANT SELECT ON TABLES TO :other",
  "ALTER ROLE :dep SET work_mem = '1MB'",
  "ALTER ROLE :other SET work_mem = '1MB'",
  "ALTER ROLE :dep PASSWORD 'x'",
  "ALTER ROLE :dep CREATEDB",
  "ALTER ROLE CURRENT_USER SET work_mem = '1MB'",
  "ALTER ROLE ALL SET work_mem = '1MB'",
  "ALTER ROLE nobody_of_that_name SET work_mem = '1MB'",
  "GRANT :other TO :dep",
  "GRANT :dep TO :other",
  "CREATE ROLE retort_needs_n",
  "DROP ROLE nobody_of_that_name",
  "ALTER TABLE open.owned OWNER TO CURRENT_USER",
  "REASSIGN OWNED BY CURRENT_USER TO SESSION_USER",
  "ALTER TABLE open.owned DISABLE TRIGGER ALL",
  "SET ROLE :other",
  "SET ROLE nobody_of_that_name",
  "ALTER TABLE open.owned OWNER TO :other",
  "LOCK TABLE can_delete",
  "LOCK TABLE can_select",
  "LOCK TABLE can_select IN ACCESS SHARE MODE",
  "LOCK TABLE can_insert IN ROW EXCLUSIVE MODE",
  "ANALYZE bare",
  "REINDEX TABLE bare",
  "CREATE EXTENSION nosuch",
  "CREATE EXTENSION IF NOT EXISTS plpgsql",
  "EXPLAIN SELECT * FROM bare",
  "DECLARE c CURSOR FOR SELECT * FROM bare",
  "TRUNCATE bare",
  "TRUNCATE owned",
  "CREATE RULE r AS ON INSERT TO open.owned DO ALSO SELECT a FROM bare",
  "CREATE POLICY p ON open.owned USING (EXISTS (SELECT FROM bare))",
  "CREATE TABLE open.n (a int REFERENCES can_select)",
  "SET search_path = nosuch; CREATE TABLE n (a int)",
  "SET search_path = open; CREATE TABLE n (a int)",
  "SET search_path = mine; SELECT a FROM bare",
  // What the run has made itself is there, in whichever schema.
  "CREATE TYPE open.n AS ENUM ('a'); SET search_path = mine, open; CREATE TABLE t (a n)",
  "CREATE FUNCTION open.n() RETURNS int LANGUAGE sql AS 'SELECT 1'; SET search_path = mine, open; SELECT n()",
  "CREATE FUNCTION open.n() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION open.n() RENAME TO m; SELECT open.m()",
  "DO $$ BEGIN EXECUTE 'CREATE FUNCTION open.n() RETURNS int LANGUAGE sql AS ''SELECT 1'''; END $$; SELECT open.n()",
  "CREATE TYPE open.n AS RANGE (subtype = int); SELECT open.n(1, 2)",
  "CREATE DOMAIN open.n AS int; SELECT 1::open.n",
  "CREATE TABLE open.n (a int); CREATE TABLE open.m (b open.n); SELECT b::open.n FROM open.m",
  "CREATE TABLE open.n (LIKE can_select); INSERT INTO open.n SELECT * FROM can_select",
  "CREATE TABLE open.n (id serial, what int); INSERT INTO open.n (what) VALUES (1); SELECT nextval('open.n_id_seq')",
  "WITH d AS (DELETE FROM can_delete) SELECT 1",
  "WITH x AS (SELECT 1 AS one), d AS (DELETE FROM can_delete USING x) SELECT 1",
  "SELECT a FROM can_select AS x FOR UPDATE OF x",
  "INSERT INTO jobs (what) SELECT a FROM can_select",
  "PREPARE p AS SELECT a FROM bare; EXECUTE p",
  "MERGE INTO can_delete d USING can_select s ON s.a = 1 WHEN MATCHED THEN DELETE",
  "MERGE INTO can_delete d USING can_select s ON s.a = d.a WHEN MATCHED THEN DELETE",
  "INSERT INTO numbers DEFAULT VALUES",
  "GRANT SELECT ON SEQUENCE numbers TO :other",
  "GRANT USAGE ON SEQUENCE used TO :other",
  "GRANT USAGE ON TYPE private TO :other",
  "GRANT USAGE ON TYPE mood TO :other",
  "DROP FUNCTION open.own_f(int)",
  "DROP FUNCTION open.own_f(text)",
  "COMMENT ON FUNCTION open.own_f(int) IS 'x'",
  "SELECT 'a'::varchar(3), 1::decimal, 1::real, now()::timestamp, '1'::\"char\", 'x'::bpchar, ARRAY[1]::int[], 'v'::regclass",
  "CREATE FUNCTION open.n(VARIADIC anyarray) RETURNS anyelement LANGUAGE sql AS 'SELECT $1[1]'",
  "CREATE FUNCTION open.n() RETURNS SETOF can_select LANGUAGE plpgsql AS 'BEGIN END'",
  "CREATE FUNCTION open.n() RETURNS TABLE (a mood) LANGUAGE plpgsql AS 'BEGIN END'",
  "CREATE OR REPLACE FUNCTION open.n(x can_select.a%TYPE) RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
  "CREATE TABLE open.n (a mood, b int GENERATED ALWAYS AS IDENTITY) PARTITION BY LIST (a)",
];

/** Without a right, or as the role that has all of them: what is not there is there for nobody. */
const asks = (who: string, text: string): boolean =>
  who === "dep" || /nosuch|moood|nobody|OWNED BY open/.test(text);

/** Of all at once, `width` are under way. */
async function inTurn<T>(all: readonly T[], width: number, work: (each: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const worker = async (): Promise<void> => {
    for (let each = left.shift(); each !== undefined; each = left.shift()) await work(each);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** What an older server asks otherwise: rights that it does not know yet, and who may give a role or change one. */
const DIFFERS = /\b(?:ROLE|OWNED|LOCK|ANALYZE|REINDEX|REFRESH|MERGE|OWNER TO|GRANT :|TABLESPACE|EXTENSION)\b/;

const [newest] = servers();

describe.skipIf(!psqlAvailable()).each(servers())("on $name", (server) => {
  test("what the preflight says of a statement's needs is what the server does", async () => {
    const [dep, other] = [await ownRole(server, "LOGIN", "dep"), await ownRole(server, "NOLOGIN", "other")];
    const { url, name } = await ownDatabase(server);
    await query(url, world(dep.name, other.name, name));
    const roles = [
      ["dep", dep.url(name)],
      ["superuser", url],
    ] as const;
    const sqlOf = (text: string): string =>
      `${text.replaceAll(":dep", dep.name).replaceAll(":other", other.name)};`;
    const cases = server === newest ? CASES : CASES.filter((text) => DIFFERS.test(text));
    const said = new Map<string, Finished>();
    await inTurn(cases, 4, async (text) => {
      const script = await project({ a: sqlOf(text) }).script("base:a");
      for (const [who, at] of roles)
        if (asks(who, text)) said.set(`${who}: ${text}`, await runScript(at, script, PREFLIGHT));
    });
    const does = async (client: pg.Client, text: string): Promise<string> => {
      await client.query("BEGIN");
      const done = await client.query(sqlOf(text)).then(
        () => "runs",
        ({ message }: Error) => `fails: ${message}`,
      );
      await client.query("ROLLBACK; DEALLOCATE ALL; RESET ALL");
      return done;
    };
    for (const [who, at] of roles)
      await withClient(at, async (client) => {
        for (const text of cases.filter((each) => asks(who, each))) {
          const { code, stdout, stderr } = said.get(`${who}: ${text}`)!;
          const done = await does(client, text);
          expect
            .soft(code === 3, `${who}: ${text}\n${stdout}${stderr}\nand it ${done}`)
            .toBe(done.startsWith("fails"));
        }
      });
    await query(url, `DROP OWNED BY ${dep.name}, ${other.name} CASCADE`);
  });

  test.for<[sql: string, grant: string]>([
    ["COPY loaded FROM '/dev/null'", "GRANT pg_read_server_files TO :role"],
    ["COPY loaded TO '/dev/null'", "GRANT pg_write_server_files TO :role"],
    ["COPY loaded TO PROGRAM 'cat >/dev/null'", "GRANT pg_execute_server_program TO :role"],
    ["COPY loaded FROM PROGRAM 'true'", "GRANT pg_execute_server_program TO :role"],
    ["ALTER SYSTEM RESET work_mem", "GRANT ALTER SYSTEM ON PARAMETER work_mem TO :role"],
    [
      "GRANT USAGE ON LANGUAGE plpgsql TO :role",
      "GRANT USAGE ON LANGUAGE plpgsql TO :role WITH GRANT OPTION",
    ],
  ])("of a superuser's statement, %s, what is enough: %s", async ([text, grant]) => {
    const role = await ownRole(server, "LOGIN", "etl");
    const { url, name } = await ownDatabase(server);
    await query(url, `CREATE TABLE loaded (a int); GRANT ALL ON loaded TO ${role.name}`);
    await query(url, `GRANT CREATE ON DATABASE ${name} TO ${role.name}`);
    const sql = text.replaceAll(":role", role.name);
    const script = await project({ a: `${sql};` }).script("base:a");
    const asks = () => runScript(role.url(name), script, PREFLIGHT);
    const does = () => query(role.url(name), sql);

    const before = await asks();
    const refused = /^(?:COPY|ALTER)/.test(text);
    if (refused) await expect(does()).rejects.toThrow(/permission denied|must be/);
    expect(before.code === 3, before.stdout + before.stderr).toBe(refused);
    await query(url, grant.replaceAll(":role", role.name));
    await does();
    const after = await asks();
    expect(after.code, after.stdout + after.stderr).toBe(0);
    expect(after.stdout).toContain("nothing is missing");
    await query(url, `DROP OWNED BY ${role.name}`);
  });
});
