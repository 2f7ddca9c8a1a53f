/** What an up takes away, and the down's statements → what the review says is not restored. */
import { expect, test } from "vitest";
import { effectsOf } from "../../src/core/statement/losses.ts";
import { notRestored } from "../../src/core/statement/restored.ts";
import { createReader } from "../../src/io/grammar.ts";

const read = await createReader();
const lost = (up: string, down: string): readonly string[] =>
  notRestored(
    read(up).flatMap(({ ast, body }) => effectsOf(ast, body).losses),
    read(down),
  ).map(({ kind, object }) => `${kind} ${object}`);

test.each([
  // Reference rows: the down writes what the up removes or changes.
  [
    "delete from shop.kinds where id = 2; update shop.kinds set name = 'x' where id = 1; insert into shop.kinds values (3)",
    "delete from shop.kinds where id = 3; update shop.kinds set name = 'y' where id = 1; insert into shop.kinds values (2)",
    [],
  ],
  ["update shop.kinds set name = 'x', rank = 1", "update kinds set name = 'y'", ["update shop.kinds.rank"]],
  ["delete from kinds", "update kinds set name = 'y'", ["delete rows kinds"]],
  ["delete from kinds", "insert into other select 1", ["delete rows kinds"]],
  ["delete from kinds", "do $$ begin insert into kinds values (1); end $$", []],
  [
    "delete from kinds",
    "create function f() returns void language sql as 'insert into kinds values (1)'",
    ["delete rows kinds"],
  ],
  [
    "delete from kinds",
    "merge into kinds using old on false when not matched then insert values (old.id)",
    [],
  ],
  // Objects without rows come back as the down creates them.
  [
    "drop index i; alter table t drop constraint c; drop view v; drop function f()",
    "create index i on t (a)",
    [],
  ],
  // Rows and values are gone.
  [
    "drop table t; truncate u; alter table v drop column a; drop type m cascade",
    "create table t (a int); insert into t values (1); insert into u values (1); alter table v add a int",
    ["drop table t", "truncate u", "drop column v.a", "drop type m"],
  ],
  // Another type and back.
  ["alter table t alter a type int", "alter table public.t alter a type bigint", []],
  ["alter table t alter a type int", "select 1", ["alter type t.a"]],
])("%s / %s", (up, down, left) => {
  expect(lost(up, down)).toEqual(left);
});
