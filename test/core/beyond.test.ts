/** What a statement changes beyond its database: seen in its tree, and in no comment and no string. */
import { expect, test } from "vitest";
import { beyondOf } from "../../src/core/statement/beyond.ts";
import type { ParsedStatement } from "../../src/core/statement/facts.ts";
import { createGrammar } from "../../src/io/grammar.ts";
import { migrationFile } from "../support/file.ts";

const beyond = async (sql: string): Promise<string | undefined> => {
  const [{ ast, start, end }] = (await createGrammar().trees(migrationFile(sql))) as [ParsedStatement];
  return beyondOf(ast, sql.slice(start, end));
};

test.each([
  ["CREATE USER ann", "CREATE ROLE"],
  ["ALTER GROUP staff ADD USER ann", "ALTER ROLE"],
  ["ALTER ROLE ann RENAME TO eve", "ALTER ROLE"],
  ["GRANT ann TO eve", "GRANT ROLE"],
  ["DROP OWNED BY ann", "DROP OWNED"],
  ["ALTER DATABASE shop SET work_mem = '1MB'", "ALTER DATABASE"],
  ["ALTER DATABASE shop OWNER TO ann", "ALTER DATABASE"],
  ["ALTER SYSTEM SET work_mem = '1MB'", "ALTER SYSTEM"],
  ["GRANT CONNECT ON DATABASE shop TO ann", "GRANT ON DATABASE"],
  ["GRANT SET ON PARAMETER work_mem TO ann", "GRANT ON PARAMETER"],
  ["COMMENT ON DATABASE shop IS 'x'", "COMMENT ON DATABASE"],
  ["DO $$ BEGIN CREATE ROLE ann; END $$", "CREATE ROLE"],
  ["DO $$ BEGIN EXECUTE 'CREATE ROLE ann'; END $$", "CREATE ROLE"],
  ["DO $$ BEGIN EXECUTE format('CREATE  ROLE %I', 'ann'); END $$", "CREATE ROLE"],
  ["DO $$ BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO ann', 'x'); END $$", "ON DATABASE"],
  ["DO $$ BEGIN GRANT ann TO eve; END $$", "GRANT ANN TO"],
  ["CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE ROLE ann; END $$", "CREATE ROLE"],
  ["COPY t TO PROGRAM 'gzip > /srv/t.gz'", "COPY … TO PROGRAM"],
  ["COPY t FROM PROGRAM 'curl https://example.com'", "COPY … FROM PROGRAM"],
  ["COPY (SELECT 1) TO '/srv/t.csv'", "COPY … TO 'FILE'"],
  ["SELECT public.dblink_exec('dbname=shop', 'DELETE FROM t')", "dblink_exec()"],
  ["INSERT INTO t SELECT * FROM dblink('shop', 'SELECT 1') AS x (n int)", "dblink()"],
  ["CREATE TABLE t AS SELECT pg_file_write('a', 'b', true)", "pg_file_write()"],
  ["SELECT pg_create_logical_replication_slot('s', 'pgoutput')", "pg_create_logical_replication_slot()"],
  ["SELECT lo_export(1, '/srv/a')", "lo_export()"],
  ["DO $$ BEGIN PERFORM Dblink_Connect('c', 'dbname=shop'); END $$", "dblink_connect()"],
  ["DO $$ BEGIN EXECUTE format('COPY t TO %L', '/srv/a'); END $$", "COPY … TO 'FILE'"],
  ["DO $$ BEGIN COPY t TO '/srv/a'; END $$", "COPY … TO 'FILE'"],
  ["DO $$ BEGIN COPY t (a, b) FROM PROGRAM 'date'; END $$", "COPY … FROM PROGRAM"],
  ["DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity; END $$", "pg_terminate_backend()"],
  ["CREATE FUNCTION f() RETURNS text LANGUAGE sql RETURN dblink_exec('c', 'x')", "dblink_exec()"],
])("%s", async (sql, expected) => expect(await beyond(sql)).toBe(expected));

test.each([
  "SELECT 1 /* create database */",
  "INSERT INTO t VALUES ('first create role, then GRANT ON DATABASE')",
  "COMMENT ON TABLE t IS 'see: CREATE DATABASE'",
  'SELECT * FROM a JOIN "create role" ON database = 1',
  "SET ROLE ann",
  "COPY t FROM '/srv/t.csv'",
  "CREATE VIEW v AS SELECT * FROM dblink('shop', 'SELECT 1') AS x (n int)",
  "CREATE TABLE t (at text DEFAULT dblink_exec('c', 'x'))",
  "INSERT INTO t VALUES ('dblink_exec(1)')",
  "DO $$ BEGIN RAISE NOTICE 'COPY t TO PROGRAM'; COPY t FROM '/srv/t.csv'; UPDATE t SET a = 'TO'; END $$",
  "CREATE USER MAPPING FOR ann SERVER s",
  "DO $$ BEGIN -- create role\n RAISE NOTICE 'create role'; END $$",
  "DO $$ BEGIN -- create role\n RAISE NOTICE 'create role'; EXECUTE format('DROP TABLE %I', 't'); END $$",
  "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 'create role' $$",
])("nothing: %s", async (sql) => expect(await beyond(sql)).toBeUndefined());
