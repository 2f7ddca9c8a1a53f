import { expect, test } from "vitest";
import { dotted, objectName } from "../../src/core/ast.ts";
import { MigrateError } from "../../src/core/errors.ts";
import { factsOfFile, transactionMode, type UserStatement } from "../../src/core/statement/file.ts";
import { ledgerFault } from "../../src/core/statement/ledger.ts";
import { losesData } from "../../src/core/statement/losses.ts";
import { lossesOfCalls, namesOfRoutines, type Routine } from "../../src/core/statement/routines.ts";
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

test.for<readonly [sql: string, ...losses: string[]]>([
  // Objects.
  ["drop table if exists shop.users, t", "takes-away drop table shop.users", "takes-away drop table t"],
  ["drop table t cascade", "takes-away drop table t cascade"],
  ["drop schema s", "takes-away drop schema s"],
  ["drop view v", "takes-away drop view v"],
  ["drop materialized view s.v", "takes-away drop materialized view s.v"],
  ["drop function s.f(int) cascade", "takes-away drop function s.f cascade"],
  ["drop procedure p", "takes-away drop procedure p"],
  ["drop index concurrently i", "takes-away drop index i"],
  ["drop sequence s", "takes-away drop sequence s"],
  ["drop type shop.mood", "takes-away drop type shop.mood"],
  ["drop domain d", "takes-away drop domain d"],
  ["drop trigger g on s.t", "takes-away drop trigger s.t.g"],
  ["drop policy p on t", "takes-away drop policy t.p"],
  ["drop rule r on t", "takes-away drop rule t.r"],
  ["drop cast (int as text)", "takes-away drop cast pg_catalog.int4 as text"],
  ["drop operator + (int, int)", "takes-away drop operator +"],
  ["drop extension hstore", "takes-away drop extension hstore"],
  ["drop role a, b", "takes-away drop role a", "takes-away drop role b"],
  ["drop owned by x, current_user", "takes-away drop owned x", "takes-away drop owned CURRENT_USER"],
  ["drop database d", "takes-away drop database d"],
  ["drop tablespace s", "takes-away drop tablespace s"],
  ["drop subscription s", "takes-away drop subscription s"],
  ["drop user mapping for u server s", "takes-away drop user mapping u.s"],
  [
    "alter table s.t drop column a, add b int, drop c",
    "takes-away drop column s.t.a",
    "takes-away drop column s.t.c",
  ],
  ["alter table t drop column a cascade", "takes-away drop column t.a cascade"],
  ["alter type t drop attribute a", "takes-away drop attribute t.a"],
  ["alter table t drop constraint c", "takes-away drop constraint t.c"],
  ["alter domain s.d drop constraint c", "takes-away drop constraint s.d.c"],
  ["alter table t alter a drop identity", "takes-away drop identity t.a"],
  // Rows, and what keeps them.
  ["truncate a, s.b", "takes-away truncate a", "takes-away truncate s.b"],
  ["truncate a cascade", "takes-away truncate a cascade"],
  ["refresh materialized view v with no data", "takes-away refresh with no data v"],
  ["delete from t where a = 1", "takes-away delete rows t"],
  ["with x as (delete from t returning *) insert into u select * from x", "takes-away delete rows t"],
  ["insert into u with x as (delete from t returning *) select * from x", "takes-away delete rows t"],
  [
    "with x as (delete from t returning *), y as (delete from t returning *) select * from x, y",
    "takes-away delete rows t",
  ],
  ["copy (delete from t returning *) to '/x'", "takes-away delete rows t"],
  ["create table u as with x as (delete from t returning *) select * from x", "takes-away delete rows t"],
  ["declare c cursor for select lo_unlink(7)", "takes-away drop large object 7"],
  ["merge into t using s on true when matched then delete", "takes-away delete rows t"],
  ["explain analyze delete from t", "takes-away delete rows t"],
  ["alter table p detach partition s.q", "takes-away detach partition s.q"],
  ["alter table q no inherit p", "takes-away no inherit q"],
  ["alter table t set unlogged", "takes-away set unlogged t"],
  ["alter table t disable row level security", "takes-away disable row security t"],
  ["select pg_drop_replication_slot('s')", "takes-away drop replication slot s"],
  // Values.
  [
    "update s.t set a = 1, (b, c) = (2, 3)",
    "overwrites update s.t.a",
    "overwrites update s.t.b",
    "overwrites update s.t.c",
  ],
  ["insert into t values (1) on conflict (a) do update set b = 1", "overwrites update t.b"],
  ["merge into t using s on true when matched then update set a = 1", "overwrites update t.a"],
  ["alter table t alter a type int", "overwrites alter type t.a"],
  ["alter table t alter a type varchar(10) using left(a, 10)", "overwrites alter type t.a"],
  ["alter table t alter a type text using b", "overwrites alter type t.a"],
  ["alter table t alter a type text[]", "overwrites alter type t.a"],
  ["alter table t alter a type s.text", "overwrites alter type t.a"],
  ["alter type t alter attribute a type int", "overwrites alter type t.a"],
  ["alter table t alter a set expression as (b)", "overwrites set expression t.a"],
  ["alter sequence s.q restart", "overwrites restart s.q"],
  ["alter table t alter a restart with 5", "overwrites restart t.a"],
  ["select setval('s.q'::regclass, 1)", "overwrites restart s.q"],
  ["select lo_put(7, 0, '')", "overwrites write large object 7"],
  ["select lowrite(0, '')", "overwrites write large object "],
  ["select lo_truncate(0, 1)", "overwrites write large object "],
  ["select lo_truncate64(0, 1)", "overwrites write large object "],
  ["select pg_replication_origin_drop('o')", "takes-away drop replication origin o"],
  // What is not in the text.
  ["execute p", "not-known execute p"],
  ["create table t as execute p", "not-known execute p"],
  ["copy t from program 'curl x'", "not-known program curl x"],
  ["load 'auto_explain'", "not-known load auto_explain"],
  ["alter extension e update", "not-known update extension e"],
  ["do $$ begin delete from t; end $$", "takes-away delete rows t"],
  ["do $$ begin execute 'x'; update t set a = 1; end $$", "overwrites update t.a", "not-known do "],
  ["do language plperl 'x'", "not-known do "],
  ["do $$ begin do 'begin null; end'; end $$", "not-known do "],
  // Nothing.
  ["do $$ begin perform 1; end $$"],
  ["explain delete from t"],
  ["prepare p as delete from t"],
  ["create rule r as on insert to t do also delete from u"],
  ["create function f() returns void language sql as 'delete from t'"],
  ["create view v as select setval('s', 1)"],
  ["create table t (a int default setval('s', 1))"],
  ["alter table t alter a set default setval('s', 1)"],
  ["create materialized view v as select setval('s', 1) with no data"],
  ["alter table t alter a type text, alter b type varchar, alter c drop not null, alter d drop default"],
  ["insert into t values (1) on conflict do nothing"],
  ["merge into t using s on true when not matched then insert values (1)"],
  ["alter table t attach partition q default"],
  ["revoke all on t from x"],
  ["refresh materialized view v"],
])("%s does: %s", async ([sql, ...losses]) => {
  const { losses: found } = await only(sql);
  expect(
    found.map((each) => `${each.effect} ${each.kind} ${each.object}${each.cascade ? " cascade" : ""}`),
  ).toEqual(losses);
});

test("what can be made again is not lost data; what must be empty or unused counts with all that depends on it", async () => {
  const lost = [
    "drop table t; truncate t; delete from t; update t set a = 1; drop sequence s; drop extension e; drop owned by r",
    "alter table t drop a, alter b type int; alter type y drop attribute a; select lo_unlink(7), setval('s', 1)",
    "drop schema s cascade; drop type y cascade; drop domain d cascade; drop collation c cascade",
    "drop access method m cascade; drop database d",
  ].flatMap((each) => each.split("; "));
  const made = [
    "drop schema s; drop type y; drop domain d; drop collation c; drop access method m; drop index i; drop role r",
    "drop materialized view v cascade; drop foreign table t; refresh materialized view v with no data; drop view v",
    "alter table t drop constraint c, alter a drop identity; execute p; drop function f() cascade; drop server s cascade",
  ].flatMap((each) => each.split("; "));
  const answers = async (sqls: readonly string[]) => {
    const found = await Promise.all(sqls.map(async (sql) => [sql, (await only(sql)).losses] as const));
    return found.map(([sql, losses]) => [sql, losses.length > 0 && losses.every(losesData)]);
  };
  expect(await answers(lost)).toEqual(lost.map((sql) => [sql, true]));
  expect(await answers(made)).toEqual(made.map((sql) => [sql, false]));
});

test.for([
  ["select purge(), s.wipe(1)", "purge", "s.wipe"],
  ["select * from purge(1) as x", "purge"],
  ["call p(f())", "p", "f"],
  ["insert into t values (gen_id())", "gen_id"],
  ["create table t as select f()", "f"],
  ["create index i on t (f(a)) where g(b)", "f", "g"],
  ["alter table t add a int default f(), add check (g(a)), alter b set default h()", "f", "g"],
  [
    "select pg_terminate_backend(1), query_to_xml('select purge()', false, false, '')",
    "pg_terminate_backend",
    "query_to_xml",
  ],
  ["select pg_catalog.ts_stat('select purge()')", "pg_catalog.ts_stat"],
  ["do $$ begin perform f(); end $$", "f"],
  [
    "select now(), count(*), nextval('s'), pg_catalog.lower('A'), extract(day from now()), trim(a), a like 'x' from t",
  ],
  ["create view v as select f()"],
  ["create trigger g before insert on t execute function f()"],
])("%s calls: %s", async ([sql, ...calls]) => {
  expect((await only(sql!)).calls?.map(dotted) ?? []).toEqual(calls);
});

const everywhere = `
declare d int default f1(); r record; c cursor (k int) for select f2(); x refcursor;
begin
  foreach d in array f3() loop null; end loop;
  while f4() loop exit when f5(); end loop;
  for d in 1..f6() loop null; end loop;
  for d, x in select f7(), 2 loop null; end loop;
  for r in c(f8()) loop null; end loop;
  open x for update t set a = f9() returning 1;
  case f10() when f11() then null; else null; end case;
  assert f12(), f13();
  raise notice '%', f14() using hint = f15();
  a[f16()] := f17(); -- f0()
  begin null; exception when others then perform f18(); end;
  if f19() then return next f20(); elsif f21() then return query select f22(); end if;
  select f23() into d; get diagnostics d = row_count;
  call f24();
end`;

test("in a PL/pgSQL body all that is SQL is looked at", async () => {
  const { routine, losses } = await only(
    `create function s.f(a int[]) returns setof int language plpgsql as $$${everywhere}$$`,
  );
  expect(losses).toEqual([]);
  expect(routine?.name).toEqual({ schema: "s", name: "f" });
  expect(routine?.losses).toEqual([{ effect: "overwrites", kind: "update", object: "t.a" }]);
  expect(routine?.calls.map(({ name }) => name).sort()).toEqual(
    Array.from({ length: 24 }, (_, i) => `f${i + 1}`).sort(),
  );
});

const sql = (body: string, head = "f() returns int"): string => `create function ${head} ${body}`;

test.for<readonly [text: string, losses: string, calls?: string]>([
  [sql("language sql as 'delete from t; select g()'"), "delete rows", "g"],
  [sql("language sql begin atomic delete from t; select g(); end"), "delete rows", "g"],
  [sql("return g()"), "", "g"],
  [sql("language sql as ''"), ""],
  [sql("language sql as $$ select 1 -- $$"), ""],
  [sql("language sql as 'selec'"), "call"],
  [sql("language internal as 'x'"), "call"],
  [sql("language c as 'a', 'b'"), "call"],
  [sql("language plperl as 'delete'"), "call"],
  [sql("as $$ begin return 1; end $$ language 'PLpgSQL'"), ""],
  [sql("language plpgsql as $$ begin execute 'x' using g(); return 1; end $$"), "call", "g"],
  [sql("language plpgsql as $$ begin return query execute 'x'; end $$", "f() returns setof int"), "call"],
  [sql("language plpgsql as $$ begin execute 'delete from t'; end $$"), "delete rows"],
  [sql("language plpgsql as $$ begin execute $x$delete from t$x$ using g(); end $$"), "delete rows", "g"],
  [sql("language plpgsql as $$ begin execute 'delete from ' || 't'; end $$"), "call"],
  [sql("language plpgsql as $$ begin execute 'selec'; delete from t; end $$"), "delete rows,call"],
  [
    sql("language plpgsql as $$ declare r record; begin for r in execute 'x' loop null; end loop; end $$"),
    "call",
  ],
  [sql("language plpgsql as $$ declare r refcursor; begin open r for execute 'x'; end $$"), "call"],
  [sql("language plpgsql as $$ declare r users.id%type[]; begin delete from t; end $$"), "call"],
  ["create procedure f() language plpgsql as $$ begin delete from t; commit; end $$", "delete rows"],
])("%s: %s", async ([text, losses, calls = ""]) => {
  const { routine } = await only(text);
  expect(routine?.losses.map(({ kind }) => kind).join()).toBe(losses);
  expect(routine?.calls.map(dotted).join()).toBe(calls);
});

test("what calls do is what the routines do that files create, with all that these call", async () => {
  const created = await parse(`
    create function a.purge() returns void language sql as 'delete from t; select b.inner(1)';
    create function purge(int) returns int language sql as 'select 1';
    create function inner(int) returns int language plpgsql as $$ begin perform a.purge(); return lost(); end $$;
    create function c.inner(int) returns int language sql as 'drop table never';
  `);
  const routines = new Map<string, Routine[]>();
  for (const { routine } of created) {
    const { name } = routine!.name;
    routines.set(name, [...(routines.get(name) ?? []), routine!]);
  }
  const named = (...names: string[]) => names.map((name) => objectName(name.split(".")));
  expect(lossesOfCalls(named("purge"), routines)).toEqual([
    { effect: "takes-away", kind: "delete rows", object: "t", by: "purge" },
    { effect: "takes-away", kind: "delete rows", object: "t", by: "a.purge" },
    { effect: "not-known", kind: "call", object: "lost" },
  ]);
  expect(lossesOfCalls(named("x.purge"), routines)).toEqual([]);
  expect(lossesOfCalls(named("constructor"), routines)).toEqual([
    { effect: "not-known", kind: "call", object: "constructor" },
  ]);
  expect(lossesOfCalls([], routines)).toEqual([]);
});

test.for<readonly [text: string, ...names: string[]]>([
  ["create function purge() returns", "purge"],
  ["CREATE OR REPLACE\n PROCEDURE Shop . Purge(", "purge"],
  ['create function "a.b"."It""s"(', 'It"s'],
  ["create function größe$1()", "größe$1"],
  ["create function a(); create procedure s.b()", "a", "b"],
  ["drop function purge()"],
  ["create trigger t execute function purge()"],
])("%s may create %s", ([text, ...names]) => {
  expect(namesOfRoutines(text)).toEqual(names);
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
  [
    "create index concurrently if not exists i on s.t (a)",
    { kind: "create index", names: ["s.t", "i"], mayExist: true },
  ],
  ["create index concurrently i on s.t (a)", { kind: "create index", names: ["s.t", "i"] }],
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
      "CREATE INDEX CONCURRENTLY cannot run in a transaction, but 2 other statements of this file should",
    location: { path: "0001_x.up.sql", line: 5, column: 1 },
    excerpt: { line: CONCURRENTLY, length: CONCURRENTLY.length },
  });
  expect(error?.hint).toBe(
    "split it into 3 migrations, in this order: lines 2-4; lines 5-6 (CREATE INDEX CONCURRENTLY); lines 7-8; or write '-- transaction: none' in the header, and a failure keeps what was done before it",
  );
});

test("the parts of a down file are run last first, and an applied migration is not split", async () => {
  const text = "-- revision: a\nDROP INDEX CONCURRENTLY i;\nALTER TABLE t DROP COLUMN c;\n";
  const statements = await parse(text);
  const { source, ...file } = migrationFile(text);
  const down = { ...file, source: { ...source, path: "0001_x.down.sql" } };
  expect(() => transactionMode(down, statements, undefined)).toThrow(
    expect.objectContaining({
      hint: "write '-- transaction: none' in the header, and a failure keeps what was done before it; or, if it is applied nowhere, split the migration into 2, with these down files, that of the last migration first: line 2 (DROP INDEX CONCURRENTLY); line 3",
    }),
  );
});

test("of two statements on one line it is said which", async () => {
  const text = "-- revision: a\n-- parent: none\nVACUUM; CREATE TABLE t ();\n";
  const statements = await parse(text);
  expect(() => transactionMode(migrationFile(text), statements, undefined)).toThrow(
    expect.objectContaining({
      hint: expect.stringContaining(": line 3, columns 1-7 (VACUUM); line 3, columns 9-26;"),
    }),
  );
});

test("a batch line that cannot be read is shown itself", async () => {
  await expect(parse("-- why\n  -- batch: 0 \nUPDATE t SET a = 1;")).rejects.toMatchObject({
    location: { line: 2, column: 3 },
    excerpt: { line: "  -- batch: 0 ", length: 11 },
  });
});

test.each<[string, string?]>([
  ["DELETE FROM retort.applied", "retort.applied"],
  ["WITH x AS (INSERT INTO retort.log VALUES (1) RETURNING *) SELECT * FROM x", "retort.log"],
  ["UPDATE retort.state SET format = 1", "retort.state"],
  ["TRUNCATE t, retort.intent", "retort.intent"],
  ["ALTER TABLE retort.applied ADD x int", "retort.applied"],
  ["DROP TABLE IF EXISTS retort.applied", "retort.applied"],
  ["DROP SCHEMA IF EXISTS retort CASCADE", "the schema retort"],
  ["SELECT * FROM retort.applied"],
  ["GRANT SELECT ON retort.applied TO public"],
  ["DELETE FROM other.applied"],
  ["DELETE FROM applied"],
  ["INSERT INTO shop.counts SELECT count(*) FROM retort.applied"],
  ["DROP SCHEMA shop"],
  ["DELETE FROM Retort.Applied", "retort.applied"],
  ["COPY retort.applied FROM '/tmp/rows'", "retort.applied"],
  ["ALTER TABLE retort.log RENAME TO old", "retort.log"],
  ["ALTER SCHEMA retort RENAME TO old", "the schema retort"],
  ["DO $$ BEGIN IF true THEN DELETE FROM retort.applied; END IF; END $$", "DO would change the ledger"],
  ["DO $$ BEGIN EXECUTE 'DROP SCHEMA retort CASCADE'; END $$", "the schema retort"],
  ["DO $$ BEGIN SET LOCAL search_path = retort; DELETE FROM applied; END $$", "retort.applied"],
  ["DO $$ BEGIN PERFORM set_config('search_path', 'retort', true); DELETE FROM log; END $$", "retort.log"],
  [
    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM retort.log; END $$",
    "what CREATE FUNCTION creates would change the ledger, retort.log",
  ],
  ["CREATE PROCEDURE f() LANGUAGE sql AS 'DELETE FROM retort.state'", "what CREATE PROCEDURE creates"],
  ["CREATE PROCEDURE f() LANGUAGE sql BEGIN ATOMIC DELETE FROM retort.state; END", "retort.state"],
  ["CREATE PROCEDURE f() LANGUAGE sql SET search_path = retort AS 'DELETE FROM state'", "retort.state"],
  ["DO $$ BEGIN RAISE NOTICE 'DELETE FROM retort.applied'; END $$"],
  ["DO $$ BEGIN PERFORM count(*) FROM retort.applied; END $$"],
  ["DO $$ BEGIN DELETE FROM applied; END $$"],
  ["DO $$ BEGIN SET search_path = shop, retort; DELETE FROM applied; END $$"],
  ["CREATE PROCEDURE f() LANGUAGE plpython3u AS 'DELETE FROM retort.state'"],
  ["CREATE TABLE retort.t (id int)", "CREATE TABLE would put t into the schema retort"],
  ["DO $$ BEGIN CREATE TABLE retort.t AS SELECT 1; END $$", "DO would put t into the schema retort"],
  ["CREATE FOREIGN TABLE retort.t (id int) SERVER s", "put t into"],
  ["CREATE SEQUENCE retort.s", "put s into"],
  ["CREATE TYPE retort.e AS ENUM ('a')", "put e into"],
  ["CREATE TYPE retort.c AS (x int)", "put c into"],
  ["CREATE TYPE retort.r AS RANGE (subtype = int4)", "put r into"],
  ["CREATE DOMAIN retort.d AS text", "put d into"],
  ["CREATE FUNCTION retort.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "put f into"],
  ["ALTER TABLE shop.t SET SCHEMA retort", "put t into"],
  ["ALTER TYPE shop.e SET SCHEMA retort", "put e into"],
  ["ALTER FUNCTION shop.f(int) SET SCHEMA retort", "put f into"],
  ["CREATE VIEW retort.v AS SELECT revision FROM retort.applied"],
  ["CREATE TABLE shop.retort (id int)"],
])("what changes the ledger: %s", async (sql, target) => {
  const { tag, ledger = [] } = await only(sql);
  const fault = ledgerFault(tag, ledger, "retort", []);
  if (target === undefined) expect(fault).toBeUndefined();
  else expect(fault).toMatchObject({ code: "source/ledger", message: expect.stringContaining(target) });
});

test("a ledger that is in use stays where it is", async () => {
  const hint = async (schema: string) => {
    const { tag, ledger = [] } = await only(`CREATE TABLE ${schema}.t (id int)`);
    return ledgerFault(tag, ledger, schema, [])?.hint;
  };
  expect(await hint("retort")).toBe("name another schema");
  expect(await hint("app")).toMatch(/^name another schema, or, while no database has the ledger there, /);
});

test("old rows of the log may be deleted, but not by a migration", async () => {
  const { tag, ledger = [] } = await only("DELETE FROM retort.log WHERE at < '2026-01-01'");
  expect(ledgerFault(tag, ledger, "retort", [])).toMatchObject({
    message: "DELETE would change the ledger, retort.log, which no migration may do",
    hint: "remove it; old rows of retort.log may be deleted outside of migrations, for example with psql",
  });
});

test.each<[string, string[]?]>([
  ["SET search_path = retort; SELECT 1; DELETE FROM applied", ["retort"]],
  ["SET SCHEMA 'retort'; DO $$ BEGIN DELETE FROM applied; END $$", ["retort"]],
  ["SELECT set_config('search_path', 'pg_catalog, retort', false); TRUNCATE log", ["pg_catalog", "retort"]],
  ["SET search_path = retort; RESET search_path; DELETE FROM applied", []],
  ["SET search_path = retort; RESET ALL; DELETE FROM applied", []],
  ["SET search_path = shop, retort; DELETE FROM applied", ["shop", "retort"]],
  ["CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = shop AS 'SELECT 1'"],
  ["DO $$ BEGIN CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = shop AS 'SELECT 1'; END $$"],
  ["ALTER FUNCTION f() SET search_path = shop"],
  ["ALTER FUNCTION f() RESET ALL"],
  ["ALTER ROLE r SET search_path = shop"],
  ["ALTER ROLE r RESET ALL"],
  ["ALTER DATABASE d SET search_path = shop"],
])("a search_path of the file: %s", async (sql, path) => {
  const statements = await parse(sql);
  expect(statements.findLast(({ searchPath }) => searchPath !== undefined)?.searchPath).toEqual(path);
});

test.each<[string, object?]>([
  ["SET ROLE app", { by: "role", name: "app" }],
  ["set local role 'App'", { by: "role", name: "App", isLocal: true }],
  ["DO $$ BEGIN SET ROLE app; END $$", { by: "role", name: "app" }],
  ["SELECT set_config('role', 'app', false)", { by: "role", name: "app" }],
  ["RESET ROLE", { by: "role" }],
  ["SET ROLE NONE", { by: "role" }],
  ["SET SESSION AUTHORIZATION app", { by: "session_authorization", name: "app" }],
  ["SET SESSION AUTHORIZATION DEFAULT", { by: "session_authorization" }],
  ["RESET ALL"],
  ["ALTER FUNCTION f() SET role = app"],
  ["CREATE FUNCTION f() RETURNS int LANGUAGE sql SET role = app AS 'SELECT 1'"],
])("whom the statements after it run as: %s", async (sql, runsAs) => {
  expect((await parse(sql))[0]!.runsAs).toEqual(runsAs);
});

test.each([
  ["at the top", "BEGIN;\nCREATE TABL x ();\nCOMMIT;\n", []],
  [
    "below another statement",
    "SELECT 1;\nBEGIN;\nCREATE TABL x ();\nCOMMIT;\n",
    ["source/transaction-control"],
  ],
])("of a file that does not parse, a BEGIN %s", async (_, text, others) => {
  const error = await parse(text).catch((thrown: unknown) => thrown);
  expect((error as MigrateError).diagnostics.map(({ code }) => code)).toEqual([...others, "source/syntax"]);
});

test.each([
  [{}, "SET TRANSACTION is not allowed in a migration: its transaction has started"],
  [{ transaction: "none" }, "SET TRANSACTION has no effect in a migration that runs outside a transaction"],
] as const)("SET TRANSACTION in a file with the header %j", async (keys, message) => {
  const file = migrationFile("SET TRANSACTION READ ONLY");
  const read = createGrammar().statements({ ...file, header: { ...file.header, ...keys } });
  await expect(read).rejects.toThrow(message);
});

test.each([
  [
    "CREATE SCHEMA s; BEGIN; CREATE SCHEMA t;",
    "BEGIN is not allowed in a schema file, which only says",
    "remove it",
  ],
  ["SET TRANSACTION READ ONLY", "SET TRANSACTION is not allowed in a schema file", "remove it"],
  ["DISCARD ALL", "DISCARD ALL is not allowed in a schema file", "remove it"],
  ["COPY t FROM STDIN", "but a schema file is only SQL", "write the rows as INSERT"],
  [
    "\\connect shop",
    "\\connect is a command of psql, but a schema file is only SQL",
    "loaded into a scratch database",
  ],
  ["\\ir users.sql", "\\ir is a command of psql, but a schema file is only SQL", "is loaded anyway"],
])("%s in a schema file is told as that, and not as a migration", async (text, message, hint) => {
  const file = { source: { path: "schema/x.sql", text }, bodyStart: 0, kind: "schema" as const };
  const fault: unknown = await createGrammar()
    .statements(file)
    .catch((error: unknown) => error);
  if (!(fault instanceof MigrateError)) throw new Error("it is taken");
  expect(fault.message).toContain(message);
  expect(fault.hint).toContain(hint);
});
