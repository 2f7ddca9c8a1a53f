/** What tests and drift decide without a server: what is accepted, what rows a table gets, in which order a replay goes. */
import { describe, expect, test } from "vitest";
import { acceptanceOf } from "../../src/core/acceptance.ts";
import { catalogOf } from "../../src/core/catalog/catalog.ts";
import { compareCatalogs } from "../../src/core/catalog/compare.ts";
import { orderApplied, ownedAlike } from "../../src/core/drift.ts";
import { buildGraph } from "../../src/core/graph.ts";
import type { Applied } from "../../src/core/ledger/types.ts";
import { searchPathNames } from "../../src/core/plan/session.ts";
import { type FillColumn, type FillTable, inFillOrder, insertsOf } from "../../src/core/rows.ts";
import { lossesOfRows } from "../../src/core/verdict.ts";

test.each([
  ["lossy (why)", { aspects: ["lossy"], reason: "why" }],
  ["lossy, column-order (a (b) c)", { aspects: ["lossy", "column-order"], reason: "a (b) c" }],
  ["different(x)", { aspects: ["different"], reason: "x" }],
  ["lossy", undefined],
  ["lossy ()", undefined],
  ["lossy ( )", undefined],
  ["fails (x)", undefined],
  ["lossy different (x)", undefined],
])("accepts: %s", (value, expected) => {
  expect(acceptanceOf(value)).toEqual(expected);
});

const table = (identity: readonly string[], owner: string, major = 15) =>
  catalogOf(major, [
    {
      class: "table",
      identity,
      parent: null,
      properties: { owner, privileges: [`${owner}=arwdDxt/${owner}`, `app=r/${owner}`] },
    },
  ]);

/** A schema with its list of privileges; of `public` without one. */
const schema = (name: string, owner: string | null, privileges?: readonly string[], major = 15) =>
  catalogOf(major, [
    {
      class: "schema",
      identity: [name],
      parent: null,
      properties: { owner, privileges: privileges ?? null },
    },
  ]);

describe("what was granted on a schema", () => {
  const initdb = (more: readonly string[]) => [
    "pg_database_owner=UC/pg_database_owner",
    "=U/pg_database_owner",
    ...more,
  ];
  const found = (live: ReturnType<typeof schema>, replayed = schema("public", null), before?: string[]) =>
    compareCatalogs(ownedAlike(replayed, live, "replayer", ["deploy"], before), live);

  test("to who migrates is no difference, in whatever version; to others it is", () => {
    const deploy = "deploy=UC/pg_database_owner";
    expect(found(schema("public", null, initdb([deploy])))).toEqual([]);
    const old = ["boss=UC/boss", "=UC/boss", "deploy=UC/boss"];
    expect(found(schema("public", null, old, 14), schema("public", null, undefined, 14))).toEqual([]);
    const more = initdb([deploy, "app=C/pg_database_owner"]);
    expect(found(schema("public", null, more))).toMatchObject([{ kind: "differs" }]);
  });

  test("by whom it belongs to is no difference where it was there before, unless a migration's is missing", () => {
    const made = schema("app", "replayer", ["replayer=UC/replayer"]);
    const live = schema("app", "boss", ["boss=UC/boss", "deploy=UC/boss", "=U/boss"]);
    expect(found(live, made, ["app"])).toEqual([]);
    expect(found(live, made)).toMatchObject([{ kind: "differs" }]);
    const granting = schema("app", "replayer", ["replayer=UC/replayer", "reader=U/replayer"]);
    expect(found(live, granting, ["app"])).toMatchObject([{ kind: "differs" }]);
  });

  test("and the owner of public have their names, where they are initdb's", () => {
    const own = schema("public", "boss", ["boss=UC/boss"]);
    expect(compareCatalogs(schema("public", null), own)[0]?.properties).toMatchObject({
      owner: ["pg_database_owner", "boss"],
      privileges: [[{ grantee: "pg_database_owner" }, { grantee: null, privileges: ["USAGE"] }], [{}]],
    });
  });
});

describe("an owner", () => {
  const live = (owner: string) => table(["s", "t"], owner);
  const replayed = table(["s", "t"], "postgres");
  const differences = (owner: string) =>
    compareCatalogs(ownedAlike(replayed, live(owner), "postgres", ["deploy", "ann"]), live(owner));

  test("is no difference where it is one of those who migrated", () => {
    expect(differences("deploy")).toEqual([]);
    expect(differences("ann")).toEqual([]);
  });

  test("is one where it is anybody else, who replayed too", () => {
    expect(differences("mallory")).toMatchObject([{ kind: "differs" }]);
    expect(differences("postgres")).toMatchObject([{ kind: "differs" }]);
  });
});

describe("a replay goes", () => {
  const graph = buildGraph(
    [
      ["a", []],
      ["b", ["a"]],
      ["c", ["a"]],
    ].map(([revision, parents]) => ({
      revision: revision as string,
      parents: parents as string[],
      dependsOn: [],
      branchLabels: [],
      message: "",
    })),
  );
  const rows = (...order: readonly string[]) =>
    order.map((revision, i) => ({
      revision,
      appliedAt: `2026-01-0${i + 1}T00:00:00Z`,
    })) as unknown as Applied[];

  test("in the order in which they were applied", () => {
    expect(orderApplied(graph, rows("a", "c", "b"))).toEqual(["a", "c", "b"]);
  });
  test("in the graph's, where that cannot be", () => {
    expect(orderApplied(graph, rows("c", "a", "b"))).toEqual(["a", "b", "c"]);
  });
});

test.each([
  ['"$user", public', ["$user", "public"]],
  ['app,"we""ird, s"', ["app", 'we"ird, s']],
  ['""', [""]],
])("search_path %s", (text, names) => {
  expect(searchPathNames(text)).toEqual(names);
});

test("what is there again may have its rows", () => {
  const catalog = (...names: readonly string[]) =>
    catalogOf(
      15,
      names.map((name) => ({ class: "table", identity: ["shop", name], parent: null, properties: {} })),
    );
  const losses = ["t", "shop.u", "new"].map((object) => ({
    effect: "takes-away" as const,
    kind: "drop table",
    object,
  }));
  expect(lossesOfRows(losses, catalog("t", "u"), catalog("u"))).toEqual([losses[0]]);
  const shop = [{ class: "schema", identity: ["shop"], parent: null, properties: {} }];
  const gone = [{ effect: "takes-away" as const, kind: "drop schema", object: "shop" }];
  expect(lossesOfRows(gone, catalogOf(15, shop), catalog())).toEqual([]);
  const whole = gone.map((loss) => ({ ...loss, cascade: true as const }));
  expect(lossesOfRows(whole, catalogOf(15, shop), catalog())).toEqual(whole);
  const emptied = [{ effect: "takes-away" as const, kind: "truncate", object: "u" }];
  expect(lossesOfRows(emptied, catalog("u"), catalog("u"))).toEqual(emptied);
});

describe("rows", () => {
  const column = (name: string, base: string, rest: Partial<FillColumn> = {}): FillColumn => ({
    name,
    type: base,
    base,
    labels: null,
    length: null,
    notNull: true,
    hasDefault: false,
    ownValue: false,
    ...rest,
  });
  const users: FillTable = {
    schema: "s",
    name: "users",
    columns: [
      column("id", "int8", { ownValue: true }),
      column("a", "varchar", { length: 3 }),
      column("b", "int4"),
    ],
    keys: [],
    checks: [`CHECK ((a = ANY (ARRAY['x'::text, 'it''s'::text])))`, "CHECK ((b >= 18))"],
  };
  const orders: FillTable = {
    schema: "s",
    name: "orders",
    columns: [column("user_id", "int8"), column("note", "text", { notNull: false })],
    keys: [{ columns: ["user_id"], table: '"s"."users"', references: ["id"] }],
    checks: [],
  };

  test("have values of their types, or those that checks name", () => {
    const [plain, named] = insertsOf(users, 2);
    expect(plain).toBe(`INSERT INTO "s"."users" ("a", "b") VALUES ('w 2'::varchar, '2'::int4)`);
    expect(named).toBe(`INSERT INTO "s"."users" ("a", "b") VALUES ('it''s'::varchar, '20'::int4)`);
  });

  test.each([
    ["CHECK ((length(a) = 3))", "222"],
    ["CHECK ((char_length((a)::text) >= 4))", "2222"],
    ["CHECK ((octet_length(a) = ANY (ARRAY[2, 5])))", "22"],
    ["CHECK (((a)::text = 'z'::text))", "z"],
    ["CHECK ((a > (7)::numeric))", "9"],
  ])("suit %s", (check, value) => {
    expect(insertsOf({ ...users, checks: [check] }, 2)[1]).toContain(`VALUES ('${value}'::varchar,`);
  });

  test("refer to rows of the other table, which comes first", () => {
    expect(inFillOrder([orders, users]).map(({ name }) => name)).toEqual(["users", "orders"]);
    expect(insertsOf(orders, 1)[2]).toMatch(
      /^INSERT INTO "s"."orders" \("user_id"\) VALUES \(\(SELECT "id" FROM "s"."users" /,
    );
  });

  test("of a table whose columns fill themselves are made by default", () => {
    expect(insertsOf({ ...users, columns: [users.columns[0]!] }, 1)[0]).toBe(
      'INSERT INTO "s"."users" DEFAULT VALUES',
    );
  });
});
