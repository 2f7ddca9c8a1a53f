/** What an up takes away, and the down's statements → what the review and the script say is not restored. */
import { expect, test } from "vitest";
import { effectsOf, type Loss } from "../../src/core/statement/losses.ts";
import { type LostData, lostData } from "../../src/core/statement/restored.ts";
import { createReader } from "../../src/io/grammar.ts";

const read = await createReader();
const lost = (up: string, down: string): Record<keyof LostData, readonly string[]> => {
  const losses = read(up).flatMap(({ ast, body }) => effectsOf(ast, body).losses);
  const { notRestored, writtenAgain } = lostData(losses, read(down));
  const shown = (all: readonly Loss[]): readonly string[] =>
    all.map(({ kind, object }) => `${kind} ${object}`);
  return { notRestored: shown(notRestored), writtenAgain: shown(writtenAgain) };
};

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
  expect(lost(up, down).notRestored).toEqual(left);
});

test.each([
  // Columns that the down computes, or moves back.
  [
    "alter table shop.orders drop is_shipped, drop note",
    "alter table shop.orders add is_shipped bool; update shop.orders set is_shipped = (status = 'shipped')",
    ["drop column shop.orders.is_shipped"],
  ],
  ["alter table t drop a", "alter table t add a int; update t set a = 1 where b", ["drop column t.a"]],
  ["alter table t drop a", "alter table t add a int generated always as (b + 1) stored", ["drop column t.a"]],
  [
    "alter table t drop a",
    "alter table t add old int; update t set old = b + 1; alter table t rename old to a",
    ["drop column t.a"],
  ],
  ["alter table t drop a", "insert into t (a, b) select c, d from u", ["drop column t.a"]],
  // The same value in every row brings nothing back, nor do a few fixed rows.
  ["alter table t drop a", "alter table t add a text; update t set a = ''::text", []],
  ["alter table t drop a", "alter table t add a text; update u set a = b", []],
  ["alter table t drop a", "insert into t (a, b) values (1, 2)", []],
  // Tables that are filled from others.
  [
    "drop table shop.t; truncate u",
    "create table shop.t as select 1 as a; insert into u select 1",
    ["drop table shop.t", "truncate u"],
  ],
  ["drop table t", "select a into t_old from u; alter table t_old rename to t", ["drop table t"]],
  ["drop table t", "create table t (a int); insert into t default values", []],
])("%s / %s: written again", (up, down, written) => {
  expect(lost(up, down).writtenAgain).toEqual(written);
});
