import { expect, test } from "vitest";
import { MigrateError } from "../../src/core/errors.ts";
import { factsOfFile, transactionMode, type UserStatement } from "../../src/core/statement/file.ts";
import { createGrammar } from "../../src/io/grammar.ts";
import { migrationFile } from "../support/file.ts";

function parse(text: string): Promise<readonly UserStatement[]> {
  return createGrammar().statements(migrationFile(text));
}

async function only(text: string): Promise<UserStatement> {
  const statements = await parse(text);
  expect(statements).toHaveLength(1);
  return statements[0]!;
}

test.for<readonly [name: string, text: string, ...sql: string[]]>([
  ["nothing", ""],
  ["only comments", "-- a\n/* b */\n"],
  ["only semicolons", ";;\n;"],
  ["one", "select 1;", "select 1;"],
  ["a missing semicolon", "select 1", "select 1;"],
  ["a missing semicolon before a comment", "select 1 -- why\n", "select 1; -- why"],
  ["a missing semicolon after a dollar quote", "do $$ begin end $$ -- ;", "do $$ begin end $$; -- ;"],
  ["comments above", "\n-- a\n\n-- b\nselect 1;", "-- a\n\n-- b\nselect 1;"],
  [
    "a comment on the same line",
    "select 1; -- one\n-- two\nselect 2;",
    "select 1; -- one",
    "-- two\nselect 2;",
  ],
  [
    "a block comment begun on the same line",
    "select 1; /* a\nb */\nselect 2;",
    "select 1; /* a\nb */",
    "select 2;",
  ],
  [
    "a comment before the next on the same line",
    "select 1; /* 2: */ select 2;",
    "select 1;",
    "/* 2: */ select 2;",
  ],
  ["comments at the end", "select 1;\n\n-- end\n", "select 1;\n\n-- end"],
  ["indentation", "select 1;\n  -- a\n  select 2;", "select 1;", "  -- a\n  select 2;"],
  ["CRLF", "select 1\r\n;\r\n\r\n-- a\r\nselect 2;\r\n", "select 1\r\n;", "-- a\r\nselect 2;"],
  ["lone CR", "-- a\rselect 1;\rselect 2;", "-- a\rselect 1;", "select 2;"],
  ["empty statements", "select 1;; ; select 2;", "select 1;", "select 2;"],
  [
    "semicolons inside",
    "select ';', $$;$$, E'\\';', \";\" -- ;\n;",
    "select ';', $$;$$, E'\\';', \";\" -- ;\n;",
  ],
  ["nested comments", "/* a /* ; */ b */ select 1;", "/* a /* ; */ b */ select 1;"],
  [
    "a body of SQL",
    "create function f() returns int begin atomic select 1; select 2; end; select 3;",
    "create function f() returns int begin atomic select 1; select 2; end;",
    "select 3;",
  ],
])("cuts %s", async ([, text, ...sql]) => {
  const statements = await parse(text);
  expect(statements.map((each) => each.sql)).toEqual(sql);
  for (const { sql, offset, origin } of statements) {
    const inFile = text.slice(origin.start, origin.end);
    expect(sql.slice(offset, offset + inFile.length)).toBe(inFile);
  }
});

test("the header is no part of the first statement, and offsets stay those of the file", async () => {
  const text = "-- revision: a\n-- 😀\nselect 'é', '😀'; select 2;";
  const [first, second] = await createGrammar().statements(migrationFile(text, 15));
  expect(first).toMatchObject({ sql: "-- 😀\nselect 'é', '😀';", offset: 6, origin: { line: 3, column: 1 } });
  expect(second).toMatchObject({ sql: "select 2;", origin: { line: 3, column: 18, end: text.length } });
});

test("factsOfFile reads one tree at a time", () => {
  let ahead = 0;
  const parsed = function* () {
    for (const start of [0, 10]) {
      ahead += 1;
      yield { ast: { SelectStmt: {} }, start, end: start + 9 };
    }
  };
  expect(factsOfFile(migrationFile("select 1; select 2;"), parsed(), [])).toHaveLength(2);
  expect(ahead).toBe(2);
});

test.for([
  ["create table t (a int)", "CREATE TABLE"],
  ["create table t as select 1", "CREATE TABLE AS"],
  ["create unique index i on t (a)", "CREATE INDEX"],
  ["create materialized view v as select 1", "CREATE MATERIALIZED VIEW"],
  ["create procedure p() language sql as ''", "CREATE PROCEDURE"],
  ["create trigger x before insert on t execute function f()", "CREATE TRIGGER"],
  ["create type e as enum ('a')", "CREATE TYPE"],
  ["create extension hstore", "CREATE EXTENSION"],
  ["alter table t add b int", "ALTER TABLE"],
  ["alter table t rename a to b", "ALTER TABLE"],
  ["alter type e add value 'b'", "ALTER TYPE"],
  ["alter view v set schema s", "ALTER VIEW"],
  ["drop materialized view v", "DROP MATERIALIZED VIEW"],
  ["insert into t values (1)", "INSERT"],
  ["with x as (select 1) update t set a = 1", "UPDATE"],
  ["select 1 into t", "SELECT INTO"],
  ["revoke all on t from x", "REVOKE"],
  ["comment on table t is ''", "COMMENT"],
  ["do $$ begin end $$", "DO"],
  ["call p()", "CALL"],
  ["set local a.b = 1", "SET LOCAL"],
  ["reset all", "RESET"],
  ["analyze t", "ANALYZE"],
  ["refresh materialized view v", "REFRESH MATERIALIZED VIEW"],
] as const)("the tag of %s is %s", async ([sql, tag]) => {
  expect(await only(sql)).toMatchObject({ tag, transactional: true });
});

test.for([
  ["create index concurrently i on t (a)", "CREATE INDEX CONCURRENTLY"],
  ["drop index concurrently i", "DROP INDEX CONCURRENTLY"],
  ["reindex index concurrently i", "REINDEX INDEX CONCURRENTLY"],
  ["reindex (concurrently) table t", "REINDEX TABLE CONCURRENTLY"],
  ["reindex schema s", "REINDEX SCHEMA"],
  ["reindex database", "REINDEX DATABASE"],
  ["reindex system", "REINDEX SYSTEM"],
  ["cluster", "CLUSTER"],
  ["vacuum", "VACUUM"],
  ["vacuum (full, analyze) t", "VACUUM"],
  ["alter table p detach partition q concurrently", "ALTER TABLE … DETACH PARTITION CONCURRENTLY"],
  ["create database d", "CREATE DATABASE"],
  ["drop database d", "DROP DATABASE"],
  ["create tablespace s location '/s'", "CREATE TABLESPACE"],
  ["drop tablespace s", "DROP TABLESPACE"],
  ["alter database d set tablespace s", "ALTER DATABASE"],
  ["alter system set work_mem = '4MB'", "ALTER SYSTEM"],
  ["create subscription s connection '' publication p", "CREATE SUBSCRIPTION"],
  ["drop subscription s", "DROP SUBSCRIPTION"],
  ["alter subscription s refresh publication", "ALTER SUBSCRIPTION"],
  ["alter subscription s set publication p", "ALTER SUBSCRIPTION"],
] as const)("%s cannot run in a transaction", async ([sql, tag]) => {
  expect(await only(sql)).toMatchObject({ tag, transactional: false });
});

test.for([
  "create index i on t (a)",
  "drop index i",
  "reindex table t",
  "reindex (concurrently false) table t",
  "cluster t",
  "cluster t using i",
  "analyze",
  "alter table p detach partition q",
  "alter table p detach partition q finalize",
  "alter database d set work_mem = '4MB'",
  "alter database d with connection limit 3",
  "create subscription s connection '' publication p with (connect = false)",
  "create subscription s connection '' publication p with (create_slot = off)",
  "alter subscription s set publication p with (refresh = false)",
  "alter subscription s disable",
  "alter type e add value 'b'",
  "refresh materialized view concurrently v",
  "create role r",
  "checkpoint",
])("%s can", async (sql) => {
  expect(await only(sql)).toMatchObject({ transactional: true });
});

test.for<readonly [sql: string, ...losses: readonly (readonly [kind: string, object: string, "cascade"?])[]]>(
  [
    ["drop table if exists shop.users, t", ["drop table", "shop.users"], ["drop table", "t"]],
    ["drop table t cascade", ["drop table", "t", "cascade"]],
    ["drop schema s", ["drop schema", "s"]],
    ["drop view v"],
    ["drop view v cascade", ["drop view", "v", "cascade"]],
    ["drop function f(int) cascade", ["drop function", "f", "cascade"]],
    ["drop index i"],
    ["alter table s.t drop column a, add b int, drop c", ["drop column", "s.t.a"], ["drop column", "s.t.c"]],
    ["alter table t drop column a cascade", ["drop column", "t.a", "cascade"]],
    ["alter table t drop constraint c"],
    ["truncate a, s.b", ["truncate", "a"], ["truncate", "s.b"]],
    ["truncate a cascade", ["truncate", "a", "cascade"]],
    ["delete from t where a = 1", ["delete rows", "t"]],
    ["with x as (delete from t returning *) insert into u select * from x", ["delete rows", "t"]],
    ["insert into u with x as (delete from t returning *) select * from x", ["delete rows", "t"]],
    [
      "with x as (delete from t returning *), y as (delete from t returning *) select * from x, y",
      ["delete rows", "t"],
    ],
    ["merge into t using s on true when matched then delete", ["delete rows", "t"]],
    ["merge into t using s on true when matched then update set a = 1"],
    ["explain analyze delete from t", ["delete rows", "t"]],
    ["explain delete from t"],
    ["drop owned by x, y", ["drop owned", "x"], ["drop owned", "y"]],
    ["drop database d", ["drop database", "d"]],
    ["update t set a = 1"],
  ],
)("%s takes away: %s", async ([sql, ...losses]) => {
  expect((await only(sql)).losses).toEqual(
    losses.map(([kind, object, cascade]) => ({ kind, object, ...(cascade ? { cascade: true } : {}) })),
  );
});

test.for([
  ["set search_path = a", "value"],
  ["set session timezone = 'UTC'", "value"],
  ["reset all", "value"],
  ["set role r", "identity"],
  ["reset role", "identity"],
  ["set session authorization default", "identity"],
  ["reset session authorization", "identity"],
  ["set local search_path = a", undefined],
  ["set local role r", undefined],
  ["set transaction read only", undefined],
  ["set constraints all deferred", undefined],
  ["select set_config('role', 'r', false)", undefined],
] as const)("%s sets: %s", async ([sql, setting]) => {
  expect((await only(sql)).setting).toBe(setting);
});

test.for([
  ["create temp table t ()", "a temporary object"],
  ["create table pg_temp.t ()", "a temporary object"],
  ["create temporary view v as select 1", "a temporary object"],
  ["create temp sequence s", "a temporary object"],
  ["create temp table t as select 1", "a temporary object"],
  ["select 1 into temp t", "a temporary object"],
  ["create function pg_temp.f() returns int language sql as 'select 1'", "a temporary object"],
  ["prepare p as select 1", "a prepared statement"],
  ["declare c cursor with hold for select 1", "a cursor"],
  ["load 'auto_explain'", "a loaded library"],
  ["create table t ()", undefined],
  ["create unlogged table t ()", undefined],
  ["select 1 into t", undefined],
  ["create table temp (temporary int)", undefined],
] as const)("%s leaves in its session: %s", async ([sql, leaves]) => {
  expect((await only(sql)).leaves).toBe(leaves);
});

test.for([
  ["do $$ begin end $$", true],
  ["call p()", true],
  ["execute p", true],
  ["select f()", undefined],
] as const)("what %s does is not in its text: %s", async ([sql, opaque]) => {
  expect((await only(sql)).opaque).toBe(opaque);
});

test.for([
  ["call p()", true],
  ["do $$ begin commit; end $$", true],
  ["do $$ begin call p(); end $$", true],
  ["do $$ begin null; end $$", false],
  ["select 'commit'", false],
] as const)("%s may commit: %s", async ([sql, commits]) => {
  const { trace, standsAlone, transactional } = await only(sql);
  expect([trace?.kind === "commits", standsAlone === true, transactional]).toEqual([commits, commits, true]);
});

test.for([
  ["create index concurrently if not exists i on s.t (a)", { kind: "create index", names: ["s.t", "i"] }],
  ["create index concurrently on t (a)", { kind: "create index", names: ["t"] }],
  ['drop index concurrently i, s."J"', { kind: "drop index", names: ["i", 's."J"'] }],
  ["reindex table concurrently s.t", { kind: "reindex table", names: ["s.t"] }],
  ["reindex schema s", { kind: "reindex schema", names: ["s"] }],
  ["reindex (concurrently) system d", { kind: "reindex database", names: ["d"] }],
  ["alter table p detach partition s.q concurrently", { kind: "detach partition", names: ["p", "s.q"] }],
  ["create database d", { kind: "create database", names: ["d"] }],
  ["drop subscription d", { kind: "drop subscription", names: ["d"] }],
  ["call p()", { kind: "commits", names: [] }],
  ["vacuum", undefined],
  ["create index i on t (a)", undefined],
] as const)("%s is looked for as %j", async ([sql, trace]) => {
  expect((await only(sql)).trace).toEqual(trace);
});

test("a statement is JSON-safe", async () => {
  const statements = await parse("create index concurrently i on t (a); call p();");
  expect(JSON.parse(JSON.stringify(statements))).toEqual(statements);
});

const CONCURRENTLY = "create index concurrently i on t (a);";

test.for([
  ["create table t (a int);", undefined, "transaction"],
  ["", undefined, "transaction"],
  [CONCURRENTLY, undefined, "none"],
  [`${CONCURRENTLY} vacuum;`, undefined, "none"],
  [`set lock_timeout = 0; ${CONCURRENTLY} reset lock_timeout;`, undefined, "none"],
  ["set lock_timeout = 0; create table t ();", undefined, "transaction"],
  [`create table t (a int); ${CONCURRENTLY}`, "none", "none"],
  ["do $$ begin commit; end $$", undefined, "transaction"],
  ["do $$ begin commit; end $$", "none", "none"],
] as const)("%s, header %s: %s", async ([text, header, mode]) => {
  expect(transactionMode(migrationFile(text), await parse(text), header)).toBe(mode);
});

test("a mix shows how to split it", async () => {
  const text = `-- 1\ncreate table t (\n  a int);\nset lock_timeout = 0;\n${CONCURRENTLY}\nvacuum t;\ninsert into t\nvalues (1);\n`;
  const statements = await parse(text);
  const error = (() => {
    try {
      transactionMode(migrationFile(text), statements, undefined);
      return undefined;
    } catch (thrown) {
      return thrown as MigrateError;
    }
  })();
  expect(error).toBeInstanceOf(MigrateError);
  expect(error).toMatchObject({
    code: "source/mixed-transaction",
    exitCode: 3,
    message:
      "CREATE INDEX CONCURRENTLY cannot run in a transaction, and 2 other statements of this file should",
    location: { path: "0001_x.up.sql", line: 5, column: 1 },
    excerpt: { line: CONCURRENTLY, length: CONCURRENTLY.length },
  });
  expect(error?.hint).toBe(
    "make 3 migrations of it, in this order: lines 2-4; lines 5-6 (CREATE INDEX CONCURRENTLY); lines 7-8; or write '-- transaction: none' in the header, and a failure leaves what was done before it",
  );
});
