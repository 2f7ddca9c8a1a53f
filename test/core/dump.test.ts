/** Dumps as values: what comes first, what is split, where it stands in a folder, and what is refused. */
import { describe, expect, test } from "vitest";
import { type CatalogRow, catalogOf } from "../../src/core/catalog/catalog.ts";
import { dumpOf, dumpText } from "../../src/core/dump/dump.ts";
import { dumpFiles } from "../../src/core/dump/folder.ts";
import { grants } from "../../src/core/dump/privileges.ts";
import { referencesIn } from "../../src/core/dump/references.ts";
import { asFlags } from "../../src/core/option-names.ts";
import { topological } from "../../src/core/topological.ts";

const owned = { owner: "app", privileges: ["app=arwdDxtm/app"] };
const routine = {
  owner: "app",
  privileges: ["=X/app", "app=X/app"],
  language: "sql",
  cost: 100,
  body: "SELECT 1",
};

const base: readonly CatalogRow[] = [
  {
    class: "comment",
    identity: ["schema", "public"],
    parent: null,
    properties: { text: "standard public schema" },
  },
  { class: "extension", identity: ["plpgsql"], parent: null, properties: { schema: "pg_catalog" } },
  { class: "schema", identity: ["public"], parent: null, properties: {} },
];

function table(
  name: string,
  columns: Readonly<Record<string, CatalogRow["properties"]>>,
): readonly CatalogRow[] {
  const identity = ["public", name];
  const own = {
    class: "table",
    identity,
    parent: ["schema", "public"],
    properties: { ...owned, columns: Object.keys(columns) },
  };
  return [
    own,
    ...Object.entries(columns).map(([column, properties]) => ({
      class: "column",
      identity: [...identity, column],
      parent: ["table", ...identity],
      properties,
    })),
  ];
}

const fn = (name: string, properties: CatalogRow["properties"]): CatalogRow => ({
  class: "function",
  identity: ["public", name, String(properties["types"] ?? "")],
  parent: ["schema", "public"],
  properties: { ...routine, ...properties },
});

const dumped = (...rows: readonly CatalogRow[]) => dumpOf(catalogOf(18, [...base, ...rows]), "app", asFlags);
const statements = (...rows: readonly CatalogRow[]) =>
  dumped(...rows).pieces.flatMap((each) => each.statements);

describe("the order of a dump", () => {
  test("a new database needs nothing", () => expect(statements()).toEqual([]));

  test("what a new database has and this one has not is dropped", () => {
    expect(dumpOf(catalogOf(18, []), "app").pieces.flatMap((each) => each.statements)).toEqual([
      "DROP SCHEMA public",
      "DROP EXTENSION plpgsql",
    ]);
  });

  test("a function that a default calls comes before the table; one that takes the table's rows behind it", () => {
    const sql = statements(
      ...table("t", { id: { type: "integer", default: "public.z(1)" } }),
      fn("a", { arguments: "t public.t", result: "integer" }),
      fn("z", { arguments: "integer", result: "integer" }),
    );
    expect(sql.map((each) => /FUNCTION \S+?\(|TABLE/.exec(each)?.[0])).toEqual([
      "FUNCTION public.z(",
      "TABLE",
      "FUNCTION public.a(",
    ]);
  });

  test("a default that needs a function that needs the table is set behind both", () => {
    const sql = statements(
      ...table("t", { id: { type: "integer", default: "public.f(NULL::public.t)" } }),
      fn("f", { arguments: "t public.t", result: "integer" }),
    );
    expect(sql[0]).toBe("CREATE TABLE public.t (\n  id integer\n)");
    expect(sql[1]).toContain("CREATE FUNCTION public.f(t public.t)");
    expect(sql[2]).toBe("ALTER TABLE public.t ALTER COLUMN id SET DEFAULT public.f(NULL::public.t)");
  });

  test("views that need each other are named", () => {
    const view = (name: string, other: string): CatalogRow => ({
      class: "view",
      identity: ["public", name],
      parent: ["schema", "public"],
      properties: { ...owned, definition: ` SELECT 1 FROM public.${other};` },
    });
    expect(() => dumped(view("v", "w"), view("w", "v"))).toThrow(
      "view public.v, view public.w: they need each other, so none can be created first",
    );
  });

  test("names count in code and in strings that are read as names, not in texts and comments", () => {
    const sql = `SELECT nextval('a."B"'::regclass), 'c.d', $$ e.f $$, "G h".i(1), j OPERATOR(k.=>) 1 -- l.m`;
    expect([...referencesIn(sql)].map((each) => (JSON.parse(each) as string[]).join(" ")).sort()).toEqual(
      ["() G h i", "() a B", "G h i", "a B", "operator k =>"].sort(),
    );
  });

  test("a cast of a whole array stays one, and the text of a function is as it was", () => {
    const cast = "(ARRAY['x'::character varying, 'y'::character varying])::text[]";
    const [made, created] = statements(
      fn("f", { arguments: "", result: "text[]", body: `SELECT ${cast}` }),
      ...table("t", { id: { type: "text[]", default: cast } }),
    );
    expect(made).toContain(`SELECT ${cast}$function$`);
    expect(created).toContain(
      "(ARRAY['x'::character varying, 'y'::character varying]::character varying[])::text[]",
    );
  });

  test("a topological order takes the lowest rank that may come", () => {
    expect(topological([2, 1, 0], [[], [0], [1]])).toEqual([0, 1, 2]);
    expect(topological([2, 1, 0], [[], [], []])).toEqual([2, 1, 0]);
    expect(topological([0, 0], [[1], [0]])).toEqual([]);
  });
});

describe("a folder", () => {
  const paths = (...rows: readonly CatalogRow[]) => dumpFiles(dumped(...rows)).map(({ path }) => path);

  test("what files need of each other stands in numbered ones, in an order that loads", () => {
    expect(
      paths(
        ...table("t", { id: { type: "integer", default: "public.z(1)" } }),
        fn("a", { arguments: "t public.t", result: "integer" }),
        fn("z", { arguments: "integer", result: "integer" }),
      ),
    ).toEqual(["public/functions.sql", "public/tables/t.sql", "public/functions_2.sql", "load.psql"]);
  });

  test("names are files on every system", () => {
    expect(paths(...table("Users", {}), ...table("users", {}), ...table("a/../b", {}))).toEqual([
      "public/tables/Users.sql",
      "public/tables/a%2F%2E%2E%2Fb.sql",
      "public/tables/users~2.sql",
      "load.psql",
    ]);
  });
});

describe("privileges", () => {
  const on = { on: "ON TABLE t", major: 18 };
  const initial = [{ grantee: "app", grantor: "app", privileges: ["ALL"] }];

  test("those that are there by themselves are not written", () => {
    expect(grants(initial, initial, on)).toEqual([]);
  });

  test("what is taken away, what is granted, and what a grantee grants on", () => {
    const wanted = [
      { grantee: "app", grantor: "app", privileges: ["SELECT"] },
      { grantee: null, grantor: "ops", privileges: ["SELECT"] },
      { grantee: "ops", grantor: "app", privileges: ["INSERT", "SELECT WITH GRANT OPTION"] },
    ];
    expect(grants(wanted, initial, on)).toEqual([
      "REVOKE ALL ON TABLE t FROM app",
      "GRANT SELECT ON TABLE t TO app",
      "GRANT INSERT ON TABLE t TO ops",
      "GRANT SELECT ON TABLE t TO ops WITH GRANT OPTION",
      "SET ROLE ops",
      "GRANT SELECT ON TABLE t TO PUBLIC",
      "RESET ROLE",
    ]);
  });
});

test("what is left out of a catalog leaves the rest to be written", () => {
  const column = { type: "integer" };
  const [part, ...columns] = table("part", { id: column, note: { ...column, default: "1" } });
  const partition = { partitionOf: "public.whole", bound: "FOR VALUES IN (1)" };
  const [type, ...attributes] = table("pair", { a: column, b: column }).map((each) => ({
    ...each,
    class: each.class === "table" ? "composite type" : "attribute",
    parent: each.class === "table" ? each.parent : ["composite type", "public", "pair"],
  }));
  const rows = [
    ...table("whole", { id: column, note: column }),
    { ...part!, properties: { ...part!.properties, ...partition } },
    ...columns,
    type!,
    ...attributes,
  ];
  const without = (key: string) =>
    statements(...rows.filter((each) => each.identity.slice(1).join(".") !== key));
  expect(without("part.note")).toContain("CREATE TABLE public.part (\n  id integer\n)");
  expect(without("whole.note")).toContain("CREATE TABLE public.whole (\n  id integer\n)");
  expect(without("pair.b")).toContain("CREATE TYPE public.pair AS (\n  a integer\n)");
  expect(without("whole").join()).not.toContain("ATTACH");
});

describe("what cannot be written", () => {
  const subscription: CatalogRow = {
    class: "subscription",
    identity: ["s"],
    parent: null,
    properties: { owner: "app" },
  };

  const invalid = (name: string, properties: Readonly<Record<string, unknown>> = {}): CatalogRow => ({
    class: "index",
    identity: ["public", name],
    parent: ["table", "public", "whole"],
    properties: {
      definition: `CREATE INDEX ${name} ON public.whole USING btree (id)`,
      invalid: true,
      ...properties,
    },
  });
  const detached: CatalogRow = {
    class: "table",
    identity: ["public", "Part"],
    parent: ["schema", "public"],
    properties: { owner: "app", partitionOf: "public.whole", detachPending: true },
  };

  test("is an error for each object, which says how to make it whole, or how to leave it out", () => {
    const building = "unless another session is building it, make it valid: REINDEX INDEX CONCURRENTLY";
    const diagnostics = [
      [
        "index public.half: it is invalid",
        `${building} public.half; or drop it: DROP INDEX CONCURRENTLY public.half`,
      ],
      ["index public.of_part: it is invalid", `${building} public.of_part`],
      [
        "subscription s: its connection string is not read",
        'leave subscription s out: --ignore subscription:s, or "ignore": ["subscription:s"] in the config file',
      ],
      [
        "table public.Part: it is being detached",
        'finish that: ALTER TABLE public.whole DETACH PARTITION public."Part" FINALIZE',
      ],
    ].map(([message, hint]) => ({ code: "usage/cannot-dump", message: `cannot dump ${message}`, hint }));
    const ofPart = invalid("of_part", { partOf: "public.i" });
    expect(() => dumped(detached, subscription, ofPart, invalid("half"))).toThrow(
      expect.objectContaining({ diagnostics }),
    );
  });

  test("of the copy that a stopped REINDEX CONCURRENTLY leaves nothing is made valid: it is dropped", () => {
    const long = "of_a_name_that_is_as_long_as_the_name_of_an_index_can_be_at_all";
    const cut = `${long.slice(0, 57)}_ccold`;
    const names = ["half", "half_ccnew1", "other_ccnew", long, cut];
    const rebuilt = (name: string) =>
      `unless another session is building it, make it valid: REINDEX INDEX CONCURRENTLY public.${name}; or drop it: DROP INDEX CONCURRENTLY public.${name}`;
    const isDropped = (name: string) =>
      `unless another session is building it, drop it: DROP INDEX CONCURRENTLY public.${name}`;
    const hints = [
      ...[rebuilt("half"), isDropped("half_ccnew1"), isDropped(cut)],
      ...[rebuilt(long), rebuilt("other_ccnew")],
    ];
    expect(() => dumped(...names.map((name) => invalid(name)))).toThrow(
      expect.objectContaining({ diagnostics: hints.map((hint) => expect.objectContaining({ hint })) }),
    );
  });

  test("a secret is a warning, and never in the text", () => {
    const server: CatalogRow = {
      class: "server",
      identity: ["remote"],
      parent: null,
      properties: {
        owner: "app",
        privileges: ["app=U/app"],
        wrapper: "w",
        foreignOptions: ["password=hunter2"],
      },
    };
    const { warnings } = dumped(server);
    expect(warnings).toEqual(["server remote: its secret is not read, and is written as ***"]);
    expect(dumpText(dumped(server))).not.toContain("hunter2");
  });
});
