import { expect, test } from "vitest";
import { type Diagnostic, MigrateError } from "../../src/core/errors.ts";
import { FEATURES, placeOfFeature } from "../../src/core/newer-syntax.ts";
import type { ServerVersion } from "../../src/core/server-version.ts";
import { createGrammar } from "../../src/io/grammar.ts";
import { migrationFile } from "../support/file.ts";
import { chance } from "../support/graphs.ts";

const v15: ServerVersion = { number: 150020, text: "15.20" };
const v17: ServerVersion = { number: 170004, text: "17.4" };
const v18: ServerVersion = { number: 180000, text: "18.0" };

/** The faults of a text; none when it is sound. Anything but a MigrateError is thrown on. */
async function faults(text: string, server?: ServerVersion): Promise<readonly Diagnostic[]> {
  try {
    await createGrammar(server).statements(migrationFile(text));
    return [];
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    expect(error.exitCode).toBe(3);
    return error.diagnostics;
  }
}

/** `line:column code message`, which is what a person reads first. */
async function report(text: string, server?: ServerVersion): Promise<readonly string[]> {
  return (await faults(text, server)).map(
    ({ location, code, message }) => `${location?.line}:${location?.column} ${code} ${message}`,
  );
}

test.for([
  ["selec 1;", '1:1 source/syntax syntax error at or near "selec"'],
  ["select 'é', '😀', 'x' from from t;", '1:27 source/syntax syntax error at or near "from"'],
  ["-- é😀\r\nselect '😀';\rselect 'é' a b;", '3:14 source/syntax syntax error at or near "b"'],
  ["select 1\ncreate table t ();", '2:1 source/syntax syntax error at or near "create"'],
  ["create table t (a int,\n\n", "1:23 source/syntax syntax error at end of input"],
  ["select 1;\nselect 'it''s;\nselect 2;", "2:8 source/syntax unterminated quoted string"],
  ["select $x$ ;", "1:8 source/syntax unterminated dollar-quoted string"],
  ["select 1; /* /* */", "1:11 source/syntax unterminated /* comment"],
  ['select "a;', "1:8 source/syntax unterminated quoted identifier"],
  [`select 1 ${"a".repeat(61)} b`, `1:72 source/syntax syntax error at or near "b"`],
  [`select 1 1 ${"a".repeat(61)}`, '1:10 source/syntax syntax error at or near "1"'],
  [`select a b ${"c".repeat(62)}`, `1:12 source/syntax syntax error at or near "${"c".repeat(60)}…"`],
  ["select a b 'c\nd'", `1:12 source/syntax syntax error at or near "'c…"`],
  ["select :name", "1:8 source/psql-variable :name is a variable of psql, and is not replaced here"],
  ["select :'a b'", '1:8 source/syntax syntax error at or near ":"'],
  ["select :'name', 1", "1:8 source/psql-variable :'name' is a variable of psql, and is not replaced here"],
  ["select 1 \\gset", "1:10 source/psql-command \\gset is a command of psql, but a migration is only SQL"],
  ["update t set age = '1'\\:\\:text", '1:23 source/syntax syntax error at or near "\\"'],
] as const)("%s", async ([text, fault]) => {
  expect(await report(text)).toEqual([fault]);
});

test.for([
  ["select :x", "write the value itself"],
  ["-- batch: 5\nupdate t set a = :batchsize", "did you mean :batch_size? Otherwise write the value itself"],
  [
    "select 1;\n-- why\n-- batch: 5 by t.id\nupdate t set a = :batch_size + :from",
    "did you mean :batch_from or :batch_to? Otherwise write the value itself",
  ],
  ["select 1\ncreate table t ();", "is a ; missing before CREATE?"],
  ["alter table t drop column a\n  drop column b;", "is a comma or a ; missing before DROP?"],
  ["alter table t add a int\n  add b int;", "is a comma missing before ADD?"],
  ["alter table t add a int\ncreate table u ();", "is a ; missing before CREATE?"],
  ["alter table t add a int;\nvacuum t\ndrop table u;", "is a ; missing before DROP?"],
  ["create table t (a int,\n);", "delete the comma before )"],
  ["select a, from t;", "delete the comma before from"],
  ["create table t (a int;", "is a ) missing? The ( in line 1, column 16, has none"],
  ["create table t (a int\ncreate table u (b int);", "is a ); missing before CREATE?"],
  ["create table t (a int));", "delete it: no ( is open here"],
  [
    "create table order (a int);",
    'order is a reserved word: choose another name, or write it in double quotes: "order"',
  ],
  ["create table t (a int, order int);", "order is a reserved word"],
  ["drop table User;", 'write it in double quotes: "User"'],
  ["drop table USER;", 'write it in double quotes: "user"'],
  ["create table t (id int, from text, to text);", "from is a reserved word"],
  ["alter table t add column end timestamptz;", "end is a reserved word"],
  ["insert into t values ('Anne's mail');", "an apostrophe within a text is written twice: ''"],
  ["create type s as enum (new, paid);", "the values of an enum are strings: 'new'"],
  ["create type s as enum ('new', paid);", "the values of an enum are strings: 'paid'"],
  ["create table t (a int, index (a));", "write the index in a statement of its own"],
  ["create table t (a int, unique index x (a));", "write the index in a statement of its own"],
  ["# the users\ncreate table t ();", "a comment begins with --"],
  ["create table t (\n// the key\na int);", "a comment begins with --"],
  ["create type if not exists x as (a int);", "this statement has no IF NOT EXISTS: leave it out"],
  ["alter table t add constraint if not exists x check (true);", "this statement has no IF NOT EXISTS"],
  ["create or replace table t (a int);", "OR REPLACE is not for TABLE: leave it out"],
  ["create table t (id int AUTO_INCREMENT);", "after the type: GENERATED ALWAYS AS IDENTITY"],
  ["create table t (id integer primary key autoincrement);", "after the type: GENERATED ALWAYS AS IDENTITY"],
  ["create table t (id int identity(1, 1));", "after the type: GENERATED ALWAYS AS IDENTITY"],
  ["create table t (a int unsigned);", "add CHECK (… >= 0)"],
  ["create table `t` (a int);", "without backquotes"],
  ["create table [t] (a int);", "without brackets"],
  ["create table t (a int) engine=InnoDB;", "leave out what follows the last )"],
  ["create table t (a int) default charset=utf8;", "leave out what follows the last )"],
  ["alter table t modify a int;", "write ALTER COLUMN name TYPE type"],
  ["alter table t change a b int;", "write RENAME COLUMN old TO new"],
  ["alter table t add a int after b;", "leave it out: a new column comes after the others"],
  ["select 1;\ngo\nselect 2;", "leave it out: a ; ends each statement"],
  ["use shop;", "leave it out: a session has one database"],
  ["replace into t values (1);", "ON CONFLICT (…) DO UPDATE"],
  ["insert ignore into t values (1);", "ON CONFLICT DO NOTHING"],
  ["create table t (a int\n<<<<<<< HEAD\n, b int\n=======\n);", "git could not merge this file"],
  ["insert into t values (‘it is’);", "is a letter to PostgreSQL, not a quote"],
  ["select 1; – why", "– (U+2013, an en dash) is a letter to PostgreSQL: begin a comment with two hyphens"],
  ["select 1;\n—why of it\nselect 2;", "— (U+2014, an em dash)"],
  ["select 4 − 3;", "− (U+2212, a minus sign that is not that of the keyboard)"],
  ["\\restrict x", "remove the line; pg_dump adds it for psql only"],
  ["\\i other.sql", "put the SQL of that file here, or in a migration of its own"],
  ["\\connect db", "--database"],
  ["\\copy t from 'x'", "pg_dump --inserts"],
  ["\\copy t (a, b) to rows.csv", "remove the line; copy the rows with psql"],
  ["\\copy (select 1) to 'x'", "remove the line; copy the rows with psql"],
  ["\\set x 1", "remove the line"],
  ["select 1;\n  \\x\nselect 2;", "remove the line"],
  ["select 1; \\x", "remove it, up to the end of the line"],
  ["create database x; \\c x", "remove it, up to the end of the line; the database is chosen"],
  ["select 1\n\\echo done\nfrom t;", "remove it, up to the end of the line"],
  ["select 1\n\\G", "end the statement with a ; instead"],
  ["update t set age = '1'\\:\\:text;", "write : without the backslash"],
  ["update t set age = '1'\n\\:\\:text;", "write : without the backslash"],
  ["select (array[1,2])[1\\:1];", "write : without the backslash"],
  ["do \\$\\$ begin end \\$\\$;", "write $ without the backslash"],
  ["select 1 where 1 \\!= 2;", "write ! without the backslash"],
  ["select 1\\nfrom t;", "write a line end instead of \\n"],
  ["select 1 where name ~ \\d+;", "SQL has a backslash only in strings"],
  ["copy t from stdin;\n", "pg_dump --inserts"],
  ["begin;", "-- transaction: none"],
  ["savepoint a;", "EXCEPTION"],
  ["discard all;", "DISCARD TEMP"],
  ["set standard_conforming_strings = off;", "E'…'"],
] as const)("%s: hint %s", async ([text, hint]) => {
  expect((await faults(text))[0]?.hint).toContain(hint);
});

test.each([
  "select first from t where a b;",
  "create table t (a int default x y);",
  "select a[1 2];",
  "select (1 2);",
  "create table t (a int, (b));",
  "select a, order by b;",
  "delete from where a;",
  "create table t (a int, references u (b));",
])("%s: no hint", async (text) => expect((await faults(text))[0]).not.toHaveProperty("hint"));

test.for([
  "SELECT 'x' -- c\n 'y';",
  "SELECT E'x\\'' -- '\n -- é😀\n 'y';",
  "SELECT U&'d!0061t' /* c */ UESCAPE -- d\n '!';",
  "SELECT 1 WHERE 1 NOT /* c */ IN (2) ORDER BY 1 NULLS -- é😀\n FIRST;",
  "SELECT '1:00'::time WITH /* /* x */ */ TIME ZONE;",
  "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'x' -- c\n 'y'; END $$;",
  "DO $é$ BEGIN PERFORM 1 ORDER BY 1 NULLS /* c */ FIRST; END $é$;",
] as const)("a comment parts nothing: %s", async (text) => {
  for (const server of [undefined, v15, v18]) expect(await report(text, server)).toEqual([]);
  // The fault behind it is where it was.
  expect(await report(`${text}\nselec 2;`)).toEqual([
    `${text.split("\n").length + 1}:1 source/syntax syntax error at or near "selec"`,
  ]);
});

test.each([
  ["SELECT 1,\n  U&'\\061';\nSELECT 2;", "2:6 source/syntax invalid Unicode escape"],
  ["SELECT E'é\\u061';", "1:11 source/syntax invalid Unicode escape"],
])("a backslash in a string is no command of psql: %j", async (sql, expected) => {
  const found = await faults(sql);
  expect(
    found.map(({ code, location, message }) => `${location!.line}:${location!.column} ${code} ${message}`),
  ).toEqual([expect.stringContaining(expected)]);
});

test.each([
  ["SELECT 1;\n\ufeffSELECT 2;", "column 1 of this line is U+FEFF, a byte order mark"],
  ["SELECT 'é'\u200bFROM a b c;", "column 11 of this line is U+200B, a zero-width space"],
  ["CREATE\u00a0TABLE a ();", "column 7 of this line is U+00A0, a no-break space"],
])("what nobody sees is named: %j", async (sql, expected) => {
  expect((await faults(sql))[0]?.hint).toContain(expected);
});

test("a block comment between two strings does part them", async () => {
  expect(await report("select 'a' -- c\n /* d */\n 'b'")).toEqual([
    `3:2 source/syntax syntax error at or near "'b'"`,
  ]);
});

test("a fault of a body is found where a comment hides another", async () => {
  expect(await report("DO $$ BEGIN PERFORM 1 WHERE 1 NOT -- é\n IN (2);\n PERFORM a b c; END $$;")).toEqual([
    `3:14 source/plpgsql syntax error at or near "c", in the PL/pgSQL body`,
  ]);
});

test.each([
  [
    "-- batch: 1000\nDELETE FROM t WHERE a LIMIT :batch_size;",
    'near "LIMIT"',
    "DELETE FROM t WHERE a LIMIT :batch_size;",
    "DELETE has no LIMIT: choose the rows with WHERE ctid IN (SELECT ctid FROM … LIMIT …)",
  ],
  [
    "ALTER TYPE mood DROP VALUE 'ok';",
    "dropping an enum value is not implemented",
    "ALTER TYPE mood DROP VALUE 'ok';",
    "delete the statement, so that the value stays, or make the type anew without it",
  ],
  [
    "SELECT 1; UPDATE t SET a = 1 ORDER BY b;",
    'near "ORDER"',
    "SELECT 1; UPDATE t SET a = 1 ORDER BY b;",
    "UPDATE has no ORDER:",
  ],
  [
    "-- batch: 1000\nDELETE FROM t WHERE a :batch_size;",
    'near ":batch_size"',
    "DELETE FROM t WHERE a :batch_size;",
    "",
  ],
])("the line is shown as it was written: %j", async (sql, near, line, hint) => {
  const [fault] = await faults(sql);
  expect(fault?.message).toContain(near);
  expect(fault?.excerpt?.line).toBe(line);
  expect(fault?.hint ?? "").toContain(hint);
});

test("the token is underlined", async () => {
  const [fault] = await faults("select 1;\nselect 'é😀' from from t;");
  expect(fault?.excerpt).toEqual({ line: "select 'é😀' from from t;", length: 4 });
});

test.for([
  "select '\\i x', E'\\\\', $$ \\copy $$; -- \\i x\n/* :name \\. */",
  "select arr[1:2], arr[lo:hi], a::int from f(y => 1, z := 2);",
  "select 'copy t from stdin; begin;';",
  "copy t from '/x'; copy t to program 'x';",
  "create function f() returns trigger as $$ begin return new; end $$ language plpgsql;",
  "lock table t; set role x; set session authorization y; reset all; discard temp;",
  "set client_encoding = 'UTF8'; set names 'unicode'; set standard_conforming_strings = on;",
  "select pg_advisory_unlock(1), 'pg_advisory_unlock_all()';",
  "create function f() returns void language sql as 'select pg_advisory_unlock_all()';",
])("%s is sound", async (text) => {
  expect(await report(text, v15)).toEqual([]);
});

test("every fault of a file is found, in order", async () => {
  const dump = `\\restrict k
set standard_conforming_strings = on;
begin;
copy t (a) from stdin;
it's; \\N
\\.
\\connect x
do $$ begin selec 1; end $$;
commit;
\\unrestrict k
select 1 1;
rollback;
`;
  expect((await faults(dump)).map(({ code, location }) => `${location?.line} ${code}`)).toEqual([
    "1 source/psql-command",
    "3 source/transaction-control",
    "4 source/copy-stdin",
    "7 source/psql-command",
    "8 source/plpgsql",
    "9 source/transaction-control",
    "10 source/psql-command",
    "11 source/syntax",
  ]);
});

test.for([
  "begin",
  "begin isolation level serializable",
  "start transaction",
  "commit",
  "end",
  "rollback",
  "abort",
  "set transaction isolation level serializable",
  "set transaction snapshot 'x'",
  "set local transaction_read_only = on",
  "savepoint a",
  "release savepoint a",
  "rollback to a",
  "prepare transaction 'x'",
  "commit prepared 'x'",
  "rollback prepared 'x'",
])("%s is refused", async (text) => {
  expect((await faults(`${text};`)).map(({ code }) => code)).toEqual(["source/transaction-control"]);
});

test.for([
  ["copy (select 1) to stdout", "source/copy-stdout"],
  ["select 1, pg_catalog.pg_advisory_unlock_all()", "source/advisory-unlock-all"],
  ["discard all", "source/discard-all"],
  ["set names latin1", "source/syntax"],
  ["set names 'latin1'", "source/client-encoding"],
  ["set standard_conforming_strings = 0", "source/nonstandard-strings"],
  ["select '\0'", "source/not-text"],
  ["select '\ud83d'", "source/not-text"],
] as const)("%s is refused: %s", async ([text, code]) => {
  expect((await faults(text)).map((fault) => fault.code)).toEqual([code]);
});

const fn = (body: string, head = "f() returns int"): string =>
  `create function ${head} language plpgsql as $$ ${body} $$;`;

// None of these types, tables and columns is known to the compiler.
test.for([
  fn("begin return a; end", "f(a anyelement) returns anyelement"),
  fn(
    "declare r anyelement; begin foreach r in array a loop return r; end loop; end",
    "f(a anyarray) returns anyelement",
  ),
  fn("begin return query select 1, 2; end", "f() returns table (a shop.status, b int)"),
  fn(
    "begin for a, b in select 1, 2 loop return next; end loop; end",
    "f() returns table (a status, b money2)",
  ),
  fn(
    "declare r shop.users%rowtype; x users.id%type; begin select id into x from users; for r in select * from users loop return next r; end loop; end",
    "f() returns setof shop.users",
  ),
  fn("begin return 1; end", "f(a users.id%type) returns users.id%type"),
  fn(
    "begin if tg_op = 'DELETE' then return old; end if; new.at := now(); new.addr.street := 'x'; new.arr[1] := 2; return new; end",
    "f() returns trigger",
  ),
  fn("begin select x, y into new.a, new.b from t; return new; end", "f() returns trigger"),
  fn(
    "declare r record; begin for r in select * from pg_event_trigger_ddl_commands() loop raise notice '% %', tg_event, r.command_tag; end loop; end",
    "f() returns event_trigger",
  ),
  fn("declare a mood; b mood; begin select 1, 2 into a, b; get diagnostics a = row_count; return 1; end"),
  fn("begin a.id := 3; select 1, 2 into a.id, a.name; return a; end", "f(a users) returns users"),
  fn("declare u users; begin u.id := 1; u.addr.street := 'x'; select * into u from users; return u.id; end"),
  fn(
    'declare g geometry(Point, 4326); h hstore; v vector(3) collate "C"; begin g := st_point(1, 2); return 1; end',
  ),
  fn(
    "declare c cursor (k int) for select * from t where id = k; r record; x refcursor; begin open c(3); fetch next from c into r; move forward 2 from c; close c; for r in c(5) loop update t set a = 1 where current of c; end loop; open x for execute 'select 1' using 1; return 1; end",
  ),
  fn("begin open c for select * from t; return c; end", "f(c refcursor) returns refcursor"),
  fn("begin a := 1; b.x := 2; end", "f(out a mytype, out b mycomp)"),
  fn("begin return array_length(a, 1); end", "f(variadic a text[]) returns int"),
  fn("declare x int[]; begin foreach x slice 1 in array array[[1, 2]] loop null; end loop; return 1; end"),
  fn(
    "declare n int; r record; begin execute format('select count(*) from %I', 't') into strict n using 1; for r in execute 'select 1' loop null; end loop; return n; end",
  ),
  fn(
    "declare x text; begin begin perform 1; exception when unique_violation or sqlstate '23503' then get stacked diagnostics x = message_text; when others then raise; end; return 1; end",
  ),
  fn(
    "<<o>> declare x int := 0; begin <<l>> loop x := o.x + 1; exit l when x > 3; continue l; end loop l; <<b>> begin exit b; end b; return x; end o",
  ),
  fn(
    "#variable_conflict use_column\ndeclare a alias for $1; begin return a + f.x; end",
    "f(x int) returns int",
  ),
  fn(
    "begin raise exception 'x % %%', 1 using errcode = 'P0001', hint = 'h'; raise unique_violation using message = 'm'; end",
  ),
  fn("begin execute $q$ create function g() returns int language sql as $x$ select 1 $x$ $q$; return 1; end"),
  "create procedure p(a int) language plpgsql as $$ declare x int; begin for i in 1..10 loop insert into t values (i); commit; end loop; rollback and chain; call q(1, x); end $$;",
  "do $$ declare v users%rowtype; begin perform 1; commit; end $$;",
  "do language plpgsql 'begin raise notice ''it''''s %'', 1; end';",
  "do language plv8 $$ no such language $$;",
  "create function f() returns int language sql as 'selec';",
  "create function f() returns int language plpgsql return 1;",
])("a valid body: %s", async (text) => {
  expect(await report(text, v18)).toEqual([]);
  expect(await report(text, v15)).toEqual([]);
});

test.for([
  [fn("begin\n perform 1;\n selec 2;\n return 1; end"), "3:2", 'syntax error at or near "selec"'],
  [fn("begin perform ';';\n perform 1 from from t; end"), "2:17", 'syntax error at or near "from"'],
  ["do $$ begin perform '😀é'; perform 1 1; end $$", "1:37", 'syntax error at or near "1"'],
  ["do 'begin perform ''😀;'';\n perform x y z; end'", "2:14", 'syntax error at or near "z"'],
  ["do $$ begin\n perform 1\nend $$", "3:1", "syntax error at end of input"],
  ["do $$ begin\n x := 1; end $$", "2:2", '"x" is not a known variable'],
  ["do $$ begin\n if true return; end if; end $$", "2:2", 'missing "THEN" at end of SQL expression'],
  ["do $$ begin null;\n raise notice '%'; null; end $$", "2:2", "too few parameters specified for RAISE"],
  ["do $$ declare a int;\n a text; begin end $$", "2:2", 'duplicate declaration at or near "a"'],
  ["do $$ begin null;\n exit; end $$", "2:2", "EXIT cannot be used outside a loop, unless it has a label"],
  [
    "do $$ begin null; exception when\n nothing_of_this then null; end $$",
    "2:2",
    'unrecognized exception condition "nothing_of_this"',
  ],
  ["do $$ begin if true then null; end if\n new.a := 1; end $$", "2:2", 'syntax error at or near "new.a"'],
  ["do $_é$ begin selec; end $_é$", "1:15", 'syntax error at or near "selec"'],
  ["do ''", "1:4", "syntax error at end of input"],
] as const)("a broken body: %s", async ([text, place, message]) => {
  expect(await report(text)).toEqual([`${place} source/plpgsql ${message}, in the PL/pgSQL body`]);
});

const needs = (name: string, version: number, server: ServerVersion): string =>
  `source/newer-syntax ${name} needs PostgreSQL ${version} or later; the server is ${server.text}`;

test.for([
  ["select 1;\nselect * from json_table('[]', '$' columns (a int)) x;", v15, "2:15", "JSON_TABLE", 17],
  [
    "merge into t using s on true when matched then delete returning 1;",
    v15,
    "1:55",
    "MERGE … RETURNING",
    17,
  ],
  ["select '😀é';\nselect /* at local */ 'at local', now() at local;", v15, "2:41", "AT LOCAL", 17],
  ["create table t (a int generated always as (1) virtual);", v17, "1:47", "a virtual generated column", 18],
  ["alter table t add check (a > 0) not enforced;", v17, "1:33", "ENFORCED of a constraint", 18],
  [
    "-- 1_000\nselect 'a1_000', a1_000, \"1_000\", 1_000;",
    v15,
    "2:35",
    "a number with _, or of base 16, 8 or 2",
    16,
  ],
  [
    "do $$ begin null;\n perform * from json_table('[]', '$' columns (a int)); end $$;",
    v15,
    "2:17",
    "JSON_TABLE",
    17,
  ],
  [
    "create function f() returns int language sql as 'select 1\nfrom (select 1)';",
    v15,
    "2:6",
    "a subquery in FROM without an alias",
    16,
  ],
  ["do $$ declare a t.a%type[]; begin end $$;", v15, "1:20", "an array of a %TYPE or %ROWTYPE", 17],
  // The newest of what it has.
  [
    "select * from (select 1 is json), json_table('[]', '$' columns (a int)) x;",
    v15,
    "1:35",
    "JSON_TABLE",
    17,
  ],
] as const)("%s on %j", async ([text, server, place, name, version]) => {
  expect(await report(text, server)).toEqual([`${place} ${needs(name, version, server)}`]);
  expect(await report(text)).toEqual([]);
  expect(await report(text, v18)).toEqual([]);
});

const version = (major: number): ServerVersion => ({ number: major * 10_000, text: String(major) });

test.for(FEATURES)("$name: a server before $since does not understand it", async (feature) => {
  const { since, name, example } = feature;
  const older = version(since - 1);
  expect(await report(`${example};`, older)).toEqual([expect.stringContaining(needs(name, since, older))]);
  expect(await report(`${example};`, version(since))).toEqual([]);
});

test("what features look like is found in their examples", () => {
  for (const feature of FEATURES) {
    const { example } = feature;
    expect(placeOfFeature(feature, example), example).not.toEqual({ start: 0, end: example.length });
  }
});

test.for([
  "select json_exists(a, b), json_value(a, b), json_query(a, b), json('1'), json_scalar(1), json_array(1), json_object('{a,1}');",
  "select substring(a from 1 for 2) similar to 'b', a similar to 'b';",
  "-- when not matched by source\nmerge into t using s on true when not matched then insert values (1);",
  "create unique index on t (a); create table u (enforced boolean unique, virtual int, check (enforced));",
  "alter domain d add check (value > 0); alter domain d set not null;",
  "grant a to b with admin option; revoke admin option for a from b; grant select on t to current_user;",
  "reindex (verbose) table t; select 1 as _1_0, 'x' as \"0x1\" from t group by rollup (1);",
  "create table t (a int not null check (a > 0), b int generated always as (a) stored, primary key (a));",
  "update t set a = 1 returning old.a; select * from (select 1) as x;",
])("12 understands %s, or 15", async (text) => {
  expect(await report(text, text.includes("merge") ? v15 : version(12))).toEqual([]);
});

const nested: Readonly<Record<string, (n: number) => string>> = {
  parentheses: (n) => `select ${"(".repeat(n)}1${")".repeat(n)}`,
  "a chain of +": (n) => `select ${Array(n).fill("1").join("+")}`,
  "a chain of UNION": (n) => Array(n).fill("select 1").join(" union "),
  "a chain of OR": (n) => `select ${Array(n).fill("a = 1").join(" or ")}`,
  casts: (n) => `select 1${"::int".repeat(n)}`,
  subqueries: (n) => `select ${"(select ".repeat(n)}1${")".repeat(n)}`,
  functions: (n) => `select ${"f(".repeat(n)}1${")".repeat(n)}`,
  comments: (n) => `${"/*".repeat(n)}${"*/".repeat(n)} select 1`,
  blocks: (n) => `do $$ ${"begin ".repeat(n)}${"end; ".repeat(n)} $$`,
  conditions: (n) => `do $$ begin ${"if true then ".repeat(n)}${"end if; ".repeat(n)} end $$`,
};

test.for(Object.keys(nested))("deep %s end in an answer, and leave the parsers whole", async (name) => {
  for (const n of [20, 200, 700, 5000, 100_000]) {
    for (const server of [undefined, v15]) {
      const codes = (await faults(nested[name]!(n), server)).map(({ code }) => code);
      expect(codes.filter((code) => code !== "source/too-deep")).toEqual([]);
      if (n <= 200) expect(codes).toEqual([]);
    }
    expect(await report("create table t (a int);\nselec", v15)).toEqual([
      '2:1 source/syntax syntax error at or near "selec"',
    ]);
  }
});

test("operators that PostgreSQL's lexer would read for ever are refused, however they are spread", async () => {
  const run = "+".repeat(15_000);
  expect((await faults(`select 1;\n${`select ${run}1;\n`.repeat(60)}`)).map(({ code }) => code)).toEqual([
    "source/too-deep",
  ]);
  // Behind one that is only text.
  expect(await report(`select '${"+".repeat(20_000)}';\nselect ${"+".repeat(21_000)}1;`)).toEqual([
    expect.stringMatching(/^2:8 source\/too-deep /),
  ]);
  const banner = `/*${"*".repeat(5000)}*/\n--${"-".repeat(5000)}\nselect '${"=".repeat(5000)}';\n`;
  expect(await faults(banner.repeat(100))).toEqual([]);
});

test("a statement that is too deep is found among others", async () => {
  const deep = Array(100_000).fill("1").join("+");
  const found = await report(`begin;\nselect ';';\n\nselect ${deep};\ncommit;`);
  expect(found.map((each) => each.split(" ", 2).join(" "))).toEqual([
    "1:1 source/transaction-control",
    "4:1 source/too-deep",
  ]);
});

test("a semicolon in a comment ends nothing", async () => {
  const found = await report(
    "-- a; b\nselect 1;\n-- delete; from t;\n/* ; */ select 2; -- x; y\n;; -- z;\nselec 3;\n",
  );
  expect(found).toEqual(['6:1 source/syntax syntax error at or near "selec"']);
});

test("however small the pieces are that a file is read in, the statements are the same", async () => {
  const spaces = [
    ...[
      " ",
      "\t",
      "\n",
      "\n\n",
      "\r\n",
      "\n--\n",
      "\n-- DELETE FROM t;\n",
      " -- a; DELETE FROM t\n",
      " --;\n",
    ],
    ...[" /* ; */ ", " /* a; /* DELETE FROM t; */ ; */ ", " -- 'x;\n", " -- $$;\n", " /* ' ; */ "],
  ];
  const sound = [
    ...[
      "SELECT 1",
      "SELECT ';' , $$ ; $$ , $a$ ; $$ ; $a$",
      "SELECT E'\\';' , 'it''s; '",
      'TABLE "q; é😀"',
      "",
    ],
    ...["INSERT INTO t VALUES ( 1 ) ON CONFLICT DO NOTHING", "SELECT 1 UNION SELECT 2", "SELECT 'a;'\n'b;'"],
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1 ; SELECT 2 ; END",
    "CREATE RULE r AS ON INSERT TO t DO ALSO ( SELECT 1 ; SELECT 2 )",
    "DO $$ begin null; -- x;\n end $$",
    "SELEC 1",
  ];
  const { often, pick, next } = chance(20261121);
  const told = async (text: string, piece: number): Promise<unknown> =>
    createGrammar(undefined, piece)
      .parse(migrationFile(text))
      .catch((error: MigrateError) => error.diagnostics);
  for (let round = 0; round < 1500; round += 1) {
    const text = Array.from({ length: 1 + Math.floor(7 * next()) }, () => {
      const statement = pick(often(0.02) ? sound : sound.slice(0, -1));
      const spaced = statement.replace(/ /g, () => (often(0.25) ? pick(spaces) : " "));
      return `${spaced}${pick(spaces)};${pick(spaces)}`;
    }).join("");
    const whole = await told(text, Number.POSITIVE_INFINITY);
    for (const piece of [1, 13, 40]) expect(await told(text, piece), JSON.stringify(text)).toEqual(whole);
  }
});

test("a file of 1 MB is read in pieces, and nothing falls between them", async () => {
  const row = (i: number): string => `insert into t values (${i}, 'a;\n''é', $$;\n$$); -- ${i};\n`;
  const text = Array.from({ length: 20_000 }, (_, i) => row(i)).join("");
  const statements = await createGrammar().statements(migrationFile(text));
  expect(statements).toHaveLength(20_000);
  expect(`${statements.map(({ sql }) => sql).join("\n")}\n`).toBe(text);
  expect(statements.at(-1)?.origin).toMatchObject({ line: 1 + 3 * 19_999, column: 1 });
  expect(await report(`${text}selec`)).toEqual(['60001:1 source/syntax syntax error at or near "selec"']);
});
