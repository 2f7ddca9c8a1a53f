/** What the model says of statements, held against what PostgreSQL 12 to 18 did with them. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { effectsOf, Fold, newSession } from "../../src/core/effects/effects.ts";
import { summaryOf } from "../../src/core/effects/summary.ts";
import { createReader } from "../../src/io/grammar.ts";
import { type AskedCase, createOracle, type LockAnswer, withFacts } from "../support/locks.ts";
import { casesOf, type Measured, type MeasuredCase, versions } from "./cases.ts";

const schema = readFileSync(new URL("schema.sql", import.meta.url), "utf8");
const answer = await createOracle();
const read = await createReader();
const reader = (sql: string) => read(sql).map(withFacts);

const ask = ({ id, setup, sql }: MeasuredCase, version: number): LockAnswer =>
  answer({ id, schema, setup, sql, version } satisfies AskedCase);

/** What is compared of both: that PostgreSQL refuses it, or all of its effects. */
const shape = (found: Measured | LockAnswer): unknown =>
  "error" in found && found.error !== undefined
    ? "refused"
    : "locks" in found && { locks: found.locks, rewrites: found.rewrites, scans: found.scans };

describe.each(["measured.jsonl", "further.jsonl"])("%s", (file) => {
  const cases = casesOf(file);
  const known = new Map<number, readonly LockAnswer[]>();
  const answers = (version: number): readonly LockAnswer[] => {
    const found = known.get(version) ?? cases.map((each) => ask(each, version));
    known.set(version, found);
    return found;
  };

  test("holds cases", () => expect(cases.length).toBeGreaterThan(150));

  test.each(versions)("is what the model says of PostgreSQL %i", (version) => {
    const wrong = cases.flatMap((each, i) => {
      const said = answers(version)[i]!;
      const [ours, theirs] = [shape(said), shape(each.measured[version]!)];
      const right = JSON.stringify(ours) === JSON.stringify(theirs);
      return right || said.unknown === true ? [] : [{ id: each.id, sql: each.sql, ours, theirs }];
    });
    expect(wrong).toEqual([]);
  });

  test.each(versions)("and of at most one in twenty it says that it does not know, on %i", (version) => {
    const unknown = answers(version).filter((each) => each.unknown === true);
    expect(unknown.length).toBeLessThanOrEqual(cases.length / 20);
  });
});

test("the picture that goes in stays as it was, and the same statements give the same effects", async () => {
  const circumstances = { version: 18, block: true };
  const start = effectsOf(reader(schema), newSession(true), {
    ...circumstances,
    block: false,
  }).session;
  const names = (): readonly string[] => [...start.schema.relations.values()].map(({ name }) => name);
  const before = names();
  const run = () =>
    effectsOf(
      reader("drop table t cascade; alter table parent rename to p; create table n (a int)"),
      start,
      circumstances,
    ).effects;
  const first = run();
  expect(first.map(({ refused }) => refused)).toEqual([undefined, undefined, undefined]);
  expect(run()).toEqual(first);
  expect(names()).toEqual(before);
});

test("a table that no statement made is locked as it says, and the rest is not known", async () => {
  const circumstances = { version: 18, block: true };
  const { effects } = effectsOf(
    reader("alter table shop.orders add note text; alter table shop.orders alter total type bigint"),
    newSession(false),
    circumstances,
  );
  expect(effects).toMatchObject([
    { locks: [{ schema: "shop", name: "orders", mode: "ACCESS EXCLUSIVE" }], rewrites: [], unknown: [] },
    {
      locks: [{ name: "orders", mode: "ACCESS EXCLUSIVE" }],
      unknown: ["which type total has now, and so whether the table is rewritten"],
    },
  ]);
});

test("a table that the same transaction made is nobody's hazard", async () => {
  const circumstances = { version: 18, block: true };
  const { effects } = effectsOf(
    reader(
      "create table n (a int); insert into n select 1; create index on n (a); alter table n alter a type bigint",
    ),
    newSession(false),
    circumstances,
  );
  expect(
    effects.flatMap(({ locks, rewrites, scans, builds }) => [...locks, ...rewrites, ...scans, ...builds]),
  ).toEqual([]);
});

describe("outside a transaction", () => {
  const partitioned = `
    create table public.p (a int, b int) partition by list (a);
    create table public.p1 partition of p for values in (1);
    create table public.p2 partition of p for values in (2) partition by list (b);
    create table public.p22 partition of p2 default;
    create index p_a on public.p (a);
    create table public.other (id int primary key)`;
  const summary = (sql: string, version = 18) => {
    const circumstances = { version, block: false };
    const fold = new Fold(newSession(true));
    fold.beginRun();
    [...fold.run(reader(partitioned), circumstances)];
    fold.beginRun();
    const found = summaryOf([...fold.run(reader(sql), circumstances)][0]!)!;
    const { locks, builds, rewrites, unknown, waits = false } = found;
    return {
      locks: locks.map(({ name, mode }) => `${name} ${mode}`),
      builds,
      rewrites,
      unknown,
      waits,
    };
  };
  const built = { builds: ["public.p1", "public.p22"], rewrites: [], unknown: [] };
  const catalogs = "for how long the system catalogs are locked";

  test.each([
    ["reindex table p", ["p SHARE", "p1 SHARE", "p2 SHARE", "p22 SHARE"], true],
    ["reindex index p_a", ["p SHARE", "p1 SHARE", "p22 SHARE"], true],
    // Of these locks those of partitions are given back before the first index is built.
    [
      "reindex table concurrently p",
      ["p SHARE UPDATE EXCLUSIVE", "p1 SHARE", "p2 SHARE", "p22 SHARE"],
      false,
    ],
    [
      "reindex index concurrently p_a",
      ["p SHARE UPDATE EXCLUSIVE", "p1 SHARE UPDATE EXCLUSIVE", "p22 SHARE UPDATE EXCLUSIVE"],
      false,
    ],
  ])("%s is one of its partitions", (sql, locks, waits) => {
    const { locks: found, ...rest } = summary(sql);
    expect([...found].sort()).toEqual(locks);
    expect(rest).toEqual({ ...built, waits });
  });

  test("CLUSTER of a partitioned table rewrites the partitions of partitions too", () => {
    expect(summary("cluster p using p_a")).toMatchObject({
      rewrites: ["public.p1", "public.p22"],
      waits: true,
    });
  });

  test.each(["reindex system", "reindex schema pg_catalog"])("%s locks no other tables", (sql) => {
    expect(summary(sql)).toEqual({ locks: [], builds: [], rewrites: [], unknown: [catalogs], waits: false });
  });

  test("REINDEX DATABASE is one of the catalogs, too, before PostgreSQL 16", () => {
    const builds = [...built.builds, "public.other"];
    expect(summary("reindex database lab")).toMatchObject({ builds, unknown: [], waits: true });
    expect(summary("reindex database lab", 15)).toMatchObject({ builds, unknown: [catalogs], waits: true });
    expect(summary("reindex database concurrently lab", 15)).toMatchObject({ builds, unknown: [] });
  });
});

test("what is not known makes no difference to others where it is of what the run itself has made", () => {
  const makes = [
    "create table public.b (id serial, s strange, k int default strange()) partition by range (id)",
    "create table public.b1 partition of b for values from (0) to (9)",
    "create table public.c as select * from b; create sequence public.q; create view public.v as select * from b",
  ];
  const changes = [
    ...["table b", "sequence q", "view v"].map((which) => `alter ${which} owner to shop_owner`),
    "alter table c add z strange default strange()",
    "alter table c alter s type int; insert into b select * from c",
  ];
  const unknown = (...runs: readonly (readonly string[])[]) => {
    const fold = new Fold(newSession(false));
    const found = runs.map((files) => {
      fold.beginRun();
      return files.map((sql) => {
        fold.beginFile({ searchPath: ["public"], timeZone: "UTC" });
        return [...fold.run(reader(sql), { version: 18, block: true })].flatMap((each) => each.unknown);
      });
    });
    return found.at(-1)!;
  };
  expect(unknown([...makes, ...changes]).flat()).toEqual([]);
  expect(unknown(makes, changes).map((each) => each.length)).toEqual([1, 1, 1, 2, 2]);
});

test("what earlier runs made is in use, and may have rows; what this run made is not, though it was in another file", async () => {
  const circumstances = { version: 18, block: true };
  const fold = new Fold(newSession(false));
  const session = { searchPath: ["shop"], timeZone: "UTC" };
  const file = (sql: string) => {
    fold.beginFile(session);
    return [...fold.run(reader(sql), circumstances)];
  };
  fold.beginRun();
  file("set search_path = other; create table shop.orders (id bigint)");
  const index = "create index on orders (id)";
  expect(file(index)).toMatchObject([{ locks: [{ schema: "shop", name: "orders", inUse: false }] }]);
  fold.beginRun();
  expect(file(index)).toMatchObject([{ locks: [{ name: "orders", mode: "SHARE", inUse: true }] }]);
  expect(file("alter table orders add note text not null")).toMatchObject([{ scans: [{ name: "orders" }] }]);
  expect(file("alter table strange add a int")).toMatchObject([
    { locks: [{ name: "strange", inUse: true }] },
  ]);
});

test("a table made of a query is not said to lack a column that the query may have", async () => {
  const circumstances = { version: 18, block: true };
  const refusedOf = (sql: string) =>
    effectsOf(reader(sql), newSession(false), circumstances).effects.map(({ refused }) => refused);
  const made = [
    "create table a as select id, null::int as n from t union all select 1, 2; create index on a (id); create index on a (n)",
    "create view v as select x.*, count(*) from t x join u using (id) group by 1; create materialized view m as select * from v; create index on m (score); create index on m (count)",
    "create table b as select * from (select 1 as one) s; create index on b (one)",
    "create table c as values (1); alter table c rename column column1 to one",
  ];
  for (const sql of made) expect(refusedOf(sql).filter((each) => each !== undefined)).toEqual([]);
  expect(refusedOf("create table d as select 1 as one; create index on d (two)")).toEqual([
    undefined,
    "d has no column two",
  ]);
  expect(refusedOf("create table e (a bytea); alter table e alter a type text").at(-1)).toBe(undefined);
});

test.each<[string, boolean, string[]]>([
  ["language sql as 'select id from public.t'", true, ["t"]],
  ["language sql begin atomic select id from public.t; end", false, ["t"]],
  ["language sql as 'select id from public.t'", false, []],
  ["language plpgsql as 'begin return (select id from public.t); end'", true, []],
])(
  "a body that is not looked at shows of no table that it exists: %s, %s",
  (body, checksBodies, expected) => {
    const fold = new Fold(newSession(false));
    const makes = `create function public.f() returns int ${body}; create table public.t (id int); create index on public.t (id)`;
    const run = (sql: string) => {
      fold.beginRun();
      fold.beginFile({ searchPath: ["public"], timeZone: "UTC", checksBodies });
      return [...fold.run(reader(sql), { version: 18, block: true })];
    };
    const effects = run(makes);
    expect(effects.flatMap(({ refused = [] }) => refused)).toEqual([]);
    expect(effects.flatMap(({ usedBefore }) => usedBefore?.name ?? [])).toEqual(expected);
    expect(summaryOf(effects[2]!)?.builds).toBe(undefined);
  },
);

test.each([
  ["set check_function_bodies = off", true],
  ["set check_function_bodies = false", true],
  ["set check_function_bodies = 0", true],
  ["select set_config('check_function_bodies', 'no', false)", true],
  ["set check_function_bodies = 1", false],
  ["set check_function_bodies = off; reset check_function_bodies", false],
])("%s: bodies are passed over: %s", (sql, passesOver) => {
  const { session } = effectsOf(reader(sql), newSession(false), { version: 18, block: true });
  expect(session.checksBodies).toBe(!passesOver);
});

describe("that a name is met where it may be missing shows of nothing that it is there", () => {
  const refusals = (sql: string) =>
    effectsOf(reader(sql), newSession(false), { version: 18, block: true }).effects.map((each) => [
      each.refused,
      ...each.builds.map(({ name }) => name),
    ]);
  const makes = "create table public.t (id int); create index on public.t (id)";
  test.each([
    "do 'begin if to_regclass(''public.t'') is not null then update public.t set id = 1; end if; end'",
    "do 'begin perform from public.t; exception when undefined_table then null; end'",
    "alter table if exists public.t add column a int",
    "alter table if exists public.old rename to t",
    "drop trigger if exists g on public.t",
  ])("%s", (first) => {
    expect(refusals(`${first}; ${makes}`).slice(1)).toEqual([[undefined], [undefined]]);
    expect(refusals(`${first}; create or replace view public.t as select 1 as id`).at(-1)).toEqual([
      undefined,
    ]);
    const start = newSession(false);
    const { effects } = effectsOf(reader(`${first}; select from public.t; ${makes}`), start, {
      version: 18,
      block: true,
    });
    // One that got its name is there, if that was not passed over.
    const fails = effects.map(({ refused, usedBefore }) => refused ?? usedBefore?.name);
    const isRenamed = first.includes("rename");
    expect(fails.slice(2)).toEqual([isRenamed ? "t already exists" : "t", undefined]);
  });

  test("a trigger of a table that is gone need not be there", () =>
    expect(refusals("drop table public.t; drop trigger if exists g on public.t").flat()).toEqual([
      undefined,
      undefined,
    ]));

  test("where it is needed: that the one or the other fails, and in a later run that it is there", () => {
    const fold = new Fold(newSession(false));
    const run = (sql: string) => {
      fold.beginFile({ searchPath: ["public"], timeZone: "UTC" });
      return [...fold.run(reader(sql), { version: 18, block: true })];
    };
    run("select from public.old");
    fold.beginRun();
    run("select from public.t; alter table public.a rename to b");
    fold.beginRun();
    expect(run("create table public.old ()")).toMatchObject([{ refused: "old already exists" }]);
    expect(run("create table public.b ()")).toMatchObject([{ refused: "b already exists" }]);
    expect(run("create table public.s as select from public.s")).toMatchObject([
      { refused: "s already exists" },
    ]);
    expect(run("alter table public.x rename to t")).toMatchObject([{ usedBefore: { name: "t" } }]);
    const [branch] = run("select from public.u; do 'begin create table public.u (); end'").slice(1);
    expect([branch!.usedBefore, branch!.unknown.length]).toEqual([undefined, 1]);
  });

  test("what is temporary is gone when the next file begins, or it is discarded, and views of it with it", () => {
    const fold = new Fold(newSession(true));
    const run = (sql: string) => {
      fold.beginFile({ searchPath: ["public"], timeZone: "UTC" });
      return [...fold.run(reader(sql), { version: 18, block: true })];
    };
    const locked = (effects: ReturnType<typeof run>) =>
      effects.flatMap(({ locks }) => locks.map(({ schema, name }) => `${schema}.${name}`));
    run("create table t (id int primary key)");
    const makes =
      "create temp table t () inherits (public.t); create view v as select from t; create temp sequence s";
    expect(locked(run(`${makes}; alter table t add a int`).slice(-1))).toEqual([]);
    expect(locked(run("alter table t add b int"))).toEqual(["public.t"]);
    expect(run(makes).map(({ refused }) => refused)).toEqual([undefined, undefined, undefined]);
    expect(run(`${makes}; ${makes}`)[3]!.refused).toBe("t already exists");
    expect(run(`${makes}; discard temp; ${makes}`).map(({ refused }) => refused)).toEqual(
      Array.from({ length: 7 }, () => undefined),
    );
  });

  test("$user is no schema of its own: what follows it is assumed, as of the server's path", () => {
    const fold = new Fold(newSession(false));
    fold.beginFile({ searchPath: ["$user", "public"], timeZone: "UTC" });
    const [alters, drops, again] = fold.run(
      reader("alter table legacy add x int; drop table legacy; drop table if exists legacy"),
      { version: 18, block: true },
    );
    expect(alters!.locks).toMatchObject([{ schema: "public", name: "legacy", inServersPath: true }]);
    expect(alters!.privileges).toMatchObject([
      { on: "schema", name: "public" },
      { on: "relation", schema: "public", inServersPath: [] },
    ]);
    expect(drops!.locks).toMatchObject([{ schema: "public", name: "legacy" }]);
    expect(again!.locks).toEqual([]);
    fold.beginFile({ searchPath: ["$user", "app"], timeZone: "UTC" });
    const [other] = fold.run(reader("alter table legacy add x int"), { version: 18, block: true });
    expect(other!.locks).toMatchObject([{ schema: "app", name: "legacy" }]);
  });

  test("nor, where it is read, that it is a table", () => {
    const replaces = "create or replace view public.v as select 1 as a";
    expect(refusals(`select from public.v; ${replaces}`).at(-1)).toEqual([undefined]);
    expect(refusals(`create table public.v (); ${replaces}`).at(-1)).toEqual(["v is not a view"]);
  });
});
