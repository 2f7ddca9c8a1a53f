/** Statements of a run, and what PostgreSQL demands of the role that runs them. */
import { describe, expect, test } from "vitest";
import { Fold, newSession } from "../../src/core/effects/effects.ts";
import { distinctPrivileges, type Privilege } from "../../src/core/effects/privilege.ts";
import { createReader } from "../../src/io/grammar.ts";
import { needLines } from "../../src/render/privilege.ts";
import { withFacts } from "../support/locks.ts";

const read = await createReader();

/** What `sql` needs on a database that `before` has made. */
function privilegesOf(
  sql: string,
  before = "CREATE TABLE t (id int); CREATE TABLE u (id serial, what int); CREATE VIEW v AS SELECT 1",
): readonly Privilege[] {
  const fold = new Fold(newSession(false));
  const run = (text: string) => [...fold.run(read(text).map(withFacts), { version: 18, block: true })];
  run(before);
  fold.beginRun();
  fold.beginFile({ searchPath: ["public"], timeZone: "UTC" });
  return distinctPrivileges(run(sql).flatMap(({ privileges }) => privileges));
}

/** The same, as the title of a script says it. */
const needs = (...given: Parameters<typeof privilegesOf>): readonly string[] =>
  needLines(privilegesOf(...given));

describe("what a statement needs", () => {
  test.each<[string, ...string[]]>([
    ["CREATE TABLE n (id int REFERENCES t)", "CREATE on schema public", "REFERENCES on public.t"],
    ["CREATE TABLE n (id int PRIMARY KEY, up int REFERENCES n)", "CREATE on schema public"],
    ["CREATE TEMPORARY TABLE n (id int)"],
    ['CREATE TABLE "a, b".n ()', 'CREATE on schema "a, b"'],
    ["CREATE TABLE n () INHERITS (t)", "CREATE on schema public", "owner of public.t"],
    [
      "ALTER TABLE t ADD COLUMN x int REFERENCES other.o",
      "owner of public.t",
      "USAGE on schema other",
      "REFERENCES on other.o",
    ],
    ["ALTER TABLE t ATTACH PARTITION p DEFAULT", "owner of public.t, public.p"],
    ["ALTER TABLE t OWNER TO bob", "owner of public.t", "member of the role bob"],
    ["ALTER TABLE t SET SCHEMA attic", "owner of public.t", "CREATE on schema attic"],
    ["ALTER TABLE t RENAME TO s", "owner of public.t", "CREATE on schema public"],
    ["CREATE INDEX ON t (id)", "owner of public.t", "CREATE on schema public"],
    ["DROP INDEX attic.i", "USAGE on schema attic", "owner of, or of the schema of, attic.i"],
    [
      "DROP TABLE t; CREATE TABLE t (id int)",
      "owner of, or of the schema of, public.t",
      "CREATE on schema public",
    ],
    ["CREATE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f()", "TRIGGER on public.t"],
    ["CREATE POLICY p ON t TO carol", "owner of public.t", "the role carol"],
    ["COMMENT ON COLUMN t.id IS 'x'", "owner of public.t"],
    ["TRUNCATE t", "TRUNCATE on public.t"],
    ["INSERT INTO t SELECT x FROM v", "INSERT on public.t", "SELECT on public.v"],
    ["UPDATE t SET id = 1", "UPDATE on public.t"],
    ["DELETE FROM t WHERE id = 1", "DELETE, SELECT on public.t"],
    ["WITH w AS (SELECT 1) SELECT * FROM w"],
    ["REFRESH MATERIALIZED VIEW m", "owner of, or from PostgreSQL 17 on MAINTAIN on, public.m"],
    ["GRANT SELECT ON t TO bob, carol", "owner of, or grant option on, public.t", "the roles bob, carol"],
    ["GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC", "not known: grant on all objects"],
    ["CREATE SCHEMA s; CREATE TABLE s.n (id int)", "CREATE on the database"],
    ["CREATE SCHEMA s AUTHORIZATION bob", "CREATE on the database", "member of the role bob"],
    ["DROP SCHEMA s", "owner of schema s"],
    [`CREATE TABLE "shop, public"."T" (id int)`, 'CREATE on schema "shop, public"'],
    [
      `UPDATE "shop, public"."a b" SET x = 1`,
      'USAGE on schema "shop, public"',
      'UPDATE on "shop, public"."a b"',
    ],
    [
      "CREATE EXTENSION pg_trgm; ALTER EXTENSION pg_trgm UPDATE",
      "superuser, or CREATE on the database where it is trusted, for the extension pg_trgm",
    ],
    ["CREATE ROLE dave; GRANT dave TO bob", "CREATEROLE", "the role bob"],
    [
      "DROP ROLE IF EXISTS dave",
      "CREATEROLE",
      "ADMIN OPTION on, or before PostgreSQL 16 CREATEROLE for, the role dave",
    ],
    ["CREATE TYPE e AS ENUM ('a'); ALTER TYPE e ADD VALUE 'b'", "CREATE on schema public"],
    ["ALTER TYPE e ADD VALUE 'b'", "owner of the type public.e"],
    ["DROP FUNCTION f(int)", "owner of, or of the schema of, the function public.f"],
    ["DROP TYPE e, f", "owner of, or of the schema of, the types public.e, public.f"],
    [
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'select 1'; DROP FUNCTION f()",
      "CREATE on schema public",
    ],
    // A name that the run itself gives is none that the role must own something by.
    [
      "ALTER TYPE e RENAME TO e_old; CREATE TYPE e AS ENUM ('a'); DROP TYPE e_old",
      "owner of the type public.e",
      "CREATE on schema public",
    ],
    ["ALTER TABLE t RENAME TO t_old; DROP TABLE t_old", "owner of public.t", "CREATE on schema public"],
    [
      "ALTER FUNCTION f(int) RENAME TO g; DROP FUNCTION g(int)",
      "owner of the function public.f",
      "CREATE on schema public",
    ],
    ["ALTER TABLE t RENAME id TO x; ALTER TABLE x ADD y int", "owner of public.t, public.x"],
    ["CREATE PUBLICATION p FOR TABLE t", "CREATE on the database", "owner of public.t"],
    ["CREATE PUBLICATION p FOR ALL TABLES", "CREATE on the database", "superuser"],
    ["CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (connect = false)", "perhaps superuser"],
    ["CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()", "superuser"],
    ["SELECT 1; SET lock_timeout = 1; SAVEPOINT s"],
    ["COPY t FROM '/x'", "INSERT on public.t", "the rights of the role pg_read_server_files"],
    ["COPY t TO '/x'", "SELECT on public.t", "the rights of the role pg_write_server_files"],
    ["COPY t FROM PROGRAM 'x'", "INSERT on public.t", "the rights of the role pg_execute_server_program"],
    [
      "ALTER SYSTEM SET work_mem = 1; ALTER SYSTEM RESET plpgsql.extra_errors",
      "superuser, or from PostgreSQL 15 on ALTER SYSTEM on, the parameters work_mem, plpgsql.extra_errors",
    ],
    ["ALTER SYSTEM RESET ALL", "superuser"],
    ["DROP TABLESPACE fast; ALTER TABLESPACE fast SET (seq_page_cost = 1)", "owner of the tablespace fast"],
    ["ALTER TABLESPACE fast RENAME TO faster", "owner of the tablespace fast"],
    ["COMMENT ON LANGUAGE plperl IS 'x'", "owner of the language plperl"],
    ["GRANT USAGE ON LANGUAGE plperl TO PUBLIC", "owner of, or grant option on, the language plperl"],
    ["GRANT USAGE ON FOREIGN DATA WRAPPER f TO PUBLIC", "perhaps superuser"],
    ["LOAD 'auto_explain'", "superuser"],
    ["LOAD '$libdir/plugins/auto_explain'"],
    ["SECURITY LABEL ON TABLE t IS 'x'", "not known: SecLabel"],
    // What is only looked up is no right, and what PostgreSQL gives to all is left out.
    ["CREATE VIEW n AS SELECT id FROM other.o, t", "CREATE on schema public", "USAGE on schema other"],
    ["CREATE TABLE n AS SELECT id FROM t WITH NO DATA", "CREATE on schema public"],
    ["SELECT f(id), id::mood FROM t", "SELECT on public.t"],
    ["CREATE TABLE n (LIKE t)", "CREATE on schema public", "SELECT on public.t"],
    ["CREATE TABLE n (a mood) TABLESPACE fast", "CREATE on schema public", "CREATE on the tablespace fast"],
    [
      "CREATE OR REPLACE VIEW v AS SELECT 1; CREATE OR REPLACE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
      "CREATE on schema public",
      "if it is there already, owner of public.v",
      "if it is there already, owner of the function public.f",
    ],
    [
      "INSERT INTO u (what) VALUES (1)",
      "INSERT on public.u",
      "USAGE on the sequences that fill columns of public.u",
    ],
    ["INSERT INTO t VALUES (1)", "INSERT on public.t"],
    ["SELECT nextval('s')", "USAGE or UPDATE on public.s"],
    ["UPDATE t SET id = id + 1", "SELECT, UPDATE on public.t"],
    ["UPDATE t SET id = x FROM v", "UPDATE on public.t", "perhaps SELECT on public.t", "SELECT on public.v"],
    ["DELETE FROM t RETURNING *", "DELETE, SELECT on public.t"],
    [
      "WITH w AS (DELETE FROM t) INSERT INTO n SELECT 1 FROM w ON CONFLICT DO NOTHING",
      "INSERT on public.n",
      "DELETE on public.t",
      "perhaps USAGE on the sequences that fill columns of public.n",
    ],
    [
      "MERGE INTO t USING v ON t.id = v.x WHEN MATCHED THEN DELETE",
      "DELETE, SELECT on public.t",
      "SELECT on public.v",
    ],
    ["SELECT id FROM t AS x FOR UPDATE OF x", "SELECT, UPDATE on public.t"],
    ["LOCK TABLE t", "UPDATE, DELETE or TRUNCATE on public.t"],
    ["ANALYZE t", "perhaps owner of, or from PostgreSQL 17 on MAINTAIN on, public.t"],
    ["EXPLAIN SELECT id FROM t", "SELECT on public.t"],
    ["PREPARE p AS DELETE FROM t; EXECUTE p", "DELETE on public.t"],
    ["CREATE SEQUENCE n OWNED BY t.id", "CREATE on schema public", "to be itself the owner of public.t"],
    [
      "ALTER DEFAULT PRIVILEGES FOR ROLE bob, carol GRANT SELECT ON TABLES TO dave",
      "the rights of the roles bob, carol",
      "the role dave",
    ],
    [
      "ALTER ROLE bob SET work_mem = '1MB'; ALTER ROLE CURRENT_USER PASSWORD 'x'",
      "to be, or CREATEROLE and from PostgreSQL 16 on ADMIN OPTION for, the role bob",
    ],
    [
      "CREATE FUNCTION n() RETURNS int LANGUAGE plperlu AS ''",
      "CREATE on schema public",
      "superuser, or USAGE where it is trusted, for the language plperlu",
    ],
    [
      "DO $$ BEGIN CREATE ROLE dave; GRANT SELECT ON t TO bob; END $$",
      "perhaps CREATEROLE",
      "perhaps owner of, or grant option on, public.t",
      "perhaps the role bob",
    ],
    [
      "SET ROLE bob; CREATE TABLE n (id int); RESET ROLE; ALTER TABLE t ADD x int",
      "member of the role bob",
      "owner of public.t",
      "as the role bob, which a file sets: CREATE on schema public",
    ],
    ["SET search_path = attic; CREATE TABLE n (id int)", "CREATE on schema attic"],
    ["SET search_path = ''; ALTER TABLE t ADD x int", "owner of public.t"],
    ["SELECT set_config('search_path', '', false); ALTER TABLE t ADD x int", "owner of public.t"],
    [
      'CREATE TABLE "we\'ird\\\n" (id int); ALTER TABLE "o""dd\n" ADD x int',
      "CREATE on schema public",
      'owner of public."o""dd\\u000a"',
    ],
  ])("%s", (sql, ...expected) => {
    expect(needs(sql)).toEqual(expected);
  });

  test.each([
    "CREATE TEMP TABLE n AS SELECT 1 AS a",
    "CREATE TABLE pg_temp.n (id int)",
    "SELECT 1 AS a INTO TEMP n",
    "CREATE TEMP VIEW n AS SELECT 1",
    "CREATE TEMP SEQUENCE n",
    "CREATE FUNCTION pg_temp.n() RETURNS int LANGUAGE sql RETURN 1",
    "CREATE TYPE pg_temp.n AS ENUM ()",
  ])("%s: TEMPORARY, which all have by default, is no line of the title", (sql) => {
    expect(privilegesOf(sql)).toEqual([
      { privilege: "TEMPORARY", on: "database", name: "", mustExist: "as named" },
    ]);
    expect(needs(sql)).toEqual([]);
  });

  test("what an earlier run has made is needed; what this one makes is not", () => {
    expect(needs("ALTER TABLE t ADD x int", "SELECT 1")).toEqual(["owner of public.t"]);
    expect(
      needs("CREATE TABLE t (id int); ALTER TABLE t ADD x int; INSERT INTO t VALUES (1)", "SELECT 1"),
    ).toEqual(["CREATE on schema public"]);
  });

  test("what is needed in any case is not said to be needed perhaps", () => {
    const sql = "DO $$ BEGIN ALTER TABLE t ADD x int; END $$; ALTER TABLE t ADD y int";
    expect(needs(sql)).toEqual(["owner of public.t"]);
    expect(needs("DO $$ BEGIN EXECUTE 'x'; END $$")).toEqual(["not known: what the DO block does"]);
  });
});
