/** Catalogs as values: how two are compared, what a fingerprint holds, how privileges and options are read. */
import { describe, expect, test } from "vitest";
import { type Catalog, type CatalogRow, catalogOf, fingerprint } from "../../src/core/catalog/catalog.ts";
import { objectClasses } from "../../src/core/catalog/classes.ts";
import { compareCatalogs, unusedPatterns } from "../../src/core/catalog/compare.ts";
import { hideSecrets } from "../../src/core/catalog/options.ts";
import { privilegesOf } from "../../src/core/catalog/privileges.ts";
import { catalogSql } from "../../src/core/catalog/query.ts";
import { columnType, keepsValues } from "../../src/core/catalog/wider-type.ts";
import { asFlags, asOptions } from "../../src/core/option-names.ts";
import { shellWord } from "../../src/core/shell.ts";
import { differenceLines } from "../../src/render/differences.ts";

const row = (
  name: string,
  identity: readonly string[],
  properties: CatalogRow["properties"] = {},
  parent: readonly string[] | null = null,
): CatalogRow => ({ class: name, identity, properties, parent });

const schema = row("schema", ["shop"]);
const users = row("table", ["shop", "users"], { columns: ["id", "name"] }, ["schema", "shop"]);
const id = row("column", ["shop", "users", "id"], { type: "integer" }, ["table", "shop", "users"]);
const name = row("column", ["shop", "users", "name"], { type: "text" }, ["table", "shop", "users"]);
const all = catalogOf(18, [schema, users, id, name]);
const changed = (of: CatalogRow, properties: CatalogRow["properties"], major = 18): Catalog =>
  catalogOf(
    major,
    [schema, users, id, name].map((each) => (each === of ? { ...of, properties } : each)),
  );

test("each class that is read can be named in a pattern, and no other", () => {
  const read = [...catalogSql(18).matchAll(/'([a-z -]+)' AS class\b/g)].map((match) => match[1]!);
  expect(read.length).toBeGreaterThan(35);
  expect(read.filter((each) => !objectClasses.includes(each))).toEqual([]);
  const look = (pattern: string) => compareCatalogs(all, all, { ignore: [pattern] });
  expect([look("materialized view:*"), look("shop.*")]).toEqual([[], []]);
  expect(() => look("bogus:*")).toThrow("names a class of objects that does not exist");
  expect(() => look("tabel:*")).toThrow(expect.objectContaining({ hint: "did you mean table:…?" }));
});

describe("compareCatalogs", () => {
  test("equal catalogs, in whatever order their rows and properties came", () => {
    const rows = [
      name,
      id,
      { ...users, properties: { owner: null, isLocal: false, options: [], ...users.properties } },
    ];
    expect(compareCatalogs(all, catalogOf(18, [...rows, schema]))).toEqual([]);
  });

  test.each([
    ["extension:hstore", ["extension", "hstore"]],
    ["function:shop.f.integer, text", ["function", "shop", "f", "integer", "text"]],
    ["column:shop.users.*", ["table", "shop", "users", "name"]],
    ["comment:*", ["type", "shop.mood"]],
  ])("a comment is ignored with what it is on: %s", (pattern, identity) => {
    const row = { class: "comment", identity, parent: null, properties: { text: "x" } };
    const compare = (ignore: string) =>
      compareCatalogs(catalogOf(18, []), catalogOf(18, [row]), { ignore: [ignore] });
    expect(compare(pattern)).toEqual([]);
    expect(compare("extension:other")).toHaveLength(1);
  });

  test("of what is missing or extra only the outermost is listed", () => {
    const missing = [{ class: "table", identity: ["shop", "users"], kind: "missing" }];
    expect(compareCatalogs(all, catalogOf(18, [schema]))).toEqual(missing);
    expect(compareCatalogs(catalogOf(18, [schema]), all)).toEqual([{ ...missing[0], kind: "extra" }]);
    expect(compareCatalogs(all, catalogOf(18, []))).toEqual([
      { class: "schema", identity: ["shop"], kind: "missing" },
    ]);
  });

  test("properties, first before second", () => {
    expect(compareCatalogs(all, changed(id, { type: "bigint", notNull: true }))).toEqual([
      {
        class: "column",
        identity: ["shop", "users", "id"],
        kind: "differs",
        properties: { type: ["integer", "bigint"], notNull: [undefined, true] },
      },
    ]);
  });

  test("an order of columns is a kind of its own; a column more or less is none", () => {
    const order = compareCatalogs(all, changed(users, { columns: ["name", "id"] }));
    expect(order.map(({ kind }) => kind)).toEqual(["order"]);
    expect(compareCatalogs(all, changed(users, { columns: ["id", "email", "name"] }))).toEqual([]);
    expect(compareCatalogs(all, changed(users, { columns: ["name"] }))).toEqual([]);
  });

  test("a version is a kind of its own, and in no fingerprint", () => {
    const [a, b] = ["1.0", "1.1"].map((version) =>
      catalogOf(18, [row("extension", ["citext"], { version })]),
    );
    expect(compareCatalogs(a!, b!).map(({ kind }) => kind)).toEqual(["version"]);
    expect(fingerprint(a!)).toBe(fingerprint(b!));
  });

  test.each([
    [["shop.*"], 0],
    [["shop.users"], 0],
    [["table:shop.users"], 0],
    [["column:shop.users.id"], 0],
    [["column:*.name"], 1],
    [["index:shop.users.id"], 1],
    [["shop.user"], 1],
  ])("ignoring %j leaves %i difference(s) in a column", (ignore, left) => {
    expect(compareCatalogs(all, changed(id, { type: "bigint" }), { ignore })).toHaveLength(left);
  });

  test("across 16 the qualifiers of a view's columns are none; on one version they are", () => {
    const view = (major: number, definition: string) =>
      catalogOf(major, [row("view", ["shop", "v"], { definition })]);
    const [old, young] = [" SELECT users.id\n   FROM shop.users;", " SELECT id\n   FROM shop.users;"];
    expect(compareCatalogs(view(15, old), view(18, young))).toEqual([]);
    expect(compareCatalogs(view(15, old), view(18, young.replace("id", "name")))).toHaveLength(1);
    expect(compareCatalogs(view(18, old), view(18, young))).toHaveLength(1);
  });

  test("across 16 the qualifiers of what is no query count", () => {
    const key = (major: number, to: string) =>
      catalogOf(major, [
        row("constraint", ["s", "t", "k"], { definition: `FOREIGN KEY (a) REFERENCES ${to}(id)` }),
      ]);
    expect(compareCatalogs(key(15, "a.users"), key(18, "b.users"))).toHaveLength(1);
  });

  test("a privilege that only the newer server has is no difference; another one is", () => {
    const granted = (major: number, ...items: readonly string[]) =>
      catalogOf(major, [row("table", ["shop", "users"], { privileges: items })]);
    const [old, young] = [
      granted(15, "o=arwdDxt/o", "b=r/o"),
      granted(18, "o=arwdDxtm/o", "b=rm/o", "c=m/o"),
    ];
    expect(compareCatalogs(old, young)).toEqual([]);
    expect(compareCatalogs(old, granted(18, "o=arwdDxt/o", "b=r/o"))).toEqual([]);
    expect(compareCatalogs(old, granted(18, "o=arwdDxtm/o", "b=rw/o"))).toHaveLength(1);
    expect(compareCatalogs(granted(18, "o=arwdDxt/o", "b=r/o"), young)).toHaveLength(1);
  });

  test("the name of a NOT NULL constraint counts where both have one, and in no fingerprint", () => {
    const named = { type: "integer", notNull: true, notNullConstraint: "n" };
    const other = { ...named, notNullConstraint: "m" };
    expect(compareCatalogs(changed(id, named), changed(id, other))).toHaveLength(1);
    expect(compareCatalogs(changed(id, named, 17), changed(id, other))).toEqual([]);
    expect(compareCatalogs(changed(id, { type: "integer" }), changed(id, named))[0]?.properties).toEqual({
      notNull: [undefined, true],
    });
    expect(fingerprint(changed(id, named))).toBe(fingerprint(changed(id, other)));
    expect(fingerprint(changed(id, named))).not.toBe(fingerprint(all));
  });
});

test.each([
  ["shop.users", undefined],
  ["column:shop.users.id", undefined],
  ["shop.*", undefined],
  ["users", "did you mean --ignore shop.users?"],
  ["user*", 'did you mean --ignore "shop.user*"?'],
  ["table:users", "did you mean --ignore table:shop.users?"],
  ["column:name", "did you mean --ignore column:shop.users.name?"],
  ["shop.users,shop.orders", "each pattern is given by itself, as --ignore shop.users"],
  ["index:users", "nothing has such a name"],
  ["partman.*", "nothing has such a name"],
])("--ignore %s: %s", (pattern, why) =>
  expect(unusedPatterns([pattern], [all], asFlags)).toEqual(
    why === undefined ? [] : [`--ignore ${shellWord(pattern)} leaves nothing out: ${why}`],
  ),
);

test("a caller of the API reads options", () =>
  expect(unusedPatterns(["users"], [all], asOptions)).toEqual([
    'ignore: ["users"] leaves nothing out: did you mean ignore: ["shop.users"]?',
  ]));

test("of two lists of privileges only what differs is shown, in words", () => {
  const lines = (first: readonly string[], second: readonly string[]): readonly string[] => {
    const [a, b] = [first, second].map((items) => privilegesOf(17, items));
    const difference = { kind: "differs", class: "schema", identity: ["s"] } as const;
    return differenceLines([{ ...difference, properties: { privileges: [a, b] } }], ["before", "now"])
      .slice(1)
      .map((line) => line.trim());
  };
  expect(lines(["o=UC/o", "=U/o"], ["o=UC/o", "app=U/o", '"A b"=C/o'])).toEqual([
    "privileges, only in before: USAGE to PUBLIC",
    'privileges, only in now:    CREATE to "A b"',
    "privileges, only in now:    USAGE to app",
  ]);
  expect(lines([], ["o=UC/o"])).toEqual(["privileges, only in now:    CREATE, USAGE to o"]);
  expect(lines(["a=r/o"], ["a=r*w/o"])).toEqual([
    "privileges, only in now:    SELECT WITH GRANT OPTION, UPDATE to a",
  ]);
  expect(lines(["a=r/o"], ["a=arwdDxtm/o"])).toEqual(["privileges, only in now:    ALL except SELECT to a"]);
  expect(lines(["a=r/o"], ["a=r/b"])).toEqual([
    "privileges, only in before: SELECT to a, granted by o",
    "privileges, only in now:    SELECT to a, granted by b",
  ]);
});

describe("privilegesOf", () => {
  test.each([
    [15, "app=r/owner", { grantee: "app", grantor: "owner", privileges: ["SELECT"] }],
    [15, "=U/owner", { grantee: null, grantor: "owner", privileges: ["USAGE"] }],
    [
      15,
      "app=ar*/owner",
      { grantee: "app", grantor: "owner", privileges: ["INSERT", "SELECT WITH GRANT OPTION"] },
    ],
    [15, '"a""=/b"=X/"o n"', { grantee: 'a"=/b', grantor: "o n", privileges: ["EXECUTE"] }],
    [16, "app=arwdDxt/owner", { grantee: "app", grantor: "owner", privileges: ["ALL"] }],
    [17, "app=arwdDxtm/owner", { grantee: "app", grantor: "owner", privileges: ["ALL"] }],
    [15, "a=a*r*w*d*D*x*t*/o", { grantee: "a", grantor: "o", privileges: ["ALL WITH GRANT OPTION"] }],
  ])("on %i: %s", (major, item, expected) => {
    expect(privilegesOf(major, [item])).toEqual([expected]);
  });

  test("since 17 all but MAINTAIN are not all", () => {
    expect(privilegesOf(17, ["a=arwdDxt/o"])[0]?.privileges).toHaveLength(7);
  });

  test("in one order, and nothing that is no list is taken for one", () => {
    expect(privilegesOf(18, ["b=r/o", "a=r/o"])).toEqual(privilegesOf(18, ["a=r/o", "b=r/o"]));
    expect(() => privilegesOf(18, ["app"])).toThrow(RangeError);
  });
});

test("options show no secrets", () => {
  expect(hideSecrets(["user=x", "password=p=q", "password_required=false", "sslkey=k", "host=h"])).toEqual([
    "host=h",
    "password=***",
    "password_required=false",
    "sslkey=***",
    "user=x",
  ]);
});

describe("catalogSql", () => {
  test("has what its major version knows, and nothing of a later one", () => {
    expect(catalogSql(18, "retort")).toContain("pubgencols");
    expect(catalogSql(12, "retort")).not.toMatch(/pubgencols|attcompression|pubviaroot/);
  });

  test("leaves the ledger's schema out, whatever its name", () => {
    expect(catalogSql(18, "it's")).toContain("NOT IN ('information_schema', 'it''s')");
    expect(catalogSql(18, "it's")).not.toContain("'retort'");
  });
});

describe("a type keeps the values of another", () => {
  const keeps = (from: string, to: string): boolean => keepsValues(columnType(from), columnType(to));
  test.each([
    ["smallint", "integer"],
    ["integer", "bigint"],
    ["integer", "text"],
    ["integer[]", "bigint[]"],
    ["integer[]", "text"],
    ["integer[]", "text[]"],
    ["integer", "numeric"],
    ["integer", "numeric(12,2)"],
    ["integer", "double precision"],
    ["real", "double precision"],
    ["numeric(10,2)", "numeric(12,2)"],
    ["numeric(10,2)", "numeric(12,4)"],
    ["numeric(10,2)", "numeric"],
    ["numeric", "numeric"],
    ["character varying(10)", "character varying(20)"],
    ["character varying(10)", "character varying"],
    ["character varying(10)", "text"],
    ["character(3)", "character varying(3)"],
    ["character varying(10)[]", "character varying(20)[]"],
    ["text", "character varying"],
    ["bit(3)", "bit varying(3)"],
    ["date", "timestamp without time zone"],
    ["timestamp(3) without time zone", "timestamp without time zone"],
    ["timestamp(0) with time zone", "timestamp(3) with time zone"],
    ["interval(3)", "interval"],
    ["cidr", "inet"],
    ["shop.mood", "text"],
  ])("%s → %s, which has not room for the other's", (from, to) => {
    expect(keeps(from, to)).toBe(true);
    if (from !== to && !(from === "text")) expect(keeps(to, from)).toBe(false);
  });

  test.each([
    ["bigint", "double precision"],
    ["integer", "real"],
    ["integer", "numeric(11,2)"],
    ["integer", "bigint[]"],
    ["integer", "character varying(20)"],
    ["numeric(10,2)", "numeric(12,1)"],
    ["numeric(10,2)", "numeric(11,4)"],
    ["text", "character varying(20)"],
    ["text", "character(20)"],
    ["character varying(3)", "character(3)"],
    ["bit(3)", "bit(4)"],
    ["date", "timestamp with time zone"],
    ["timestamp without time zone", "timestamp with time zone"],
    ["time without time zone", "time(3) without time zone"],
    ["json", "jsonb"],
    ["text", "public.text"],
    ["shop.mood", "shop.mood"],
    ["interval day to second", "interval"],
  ])("not %s → %s", (from, to) => expect(keeps(from, to)).toBe(false));
});

test("what differs only in white space is shown with it", () => {
  const lines = (...body: readonly [string, string]): readonly string[] =>
    differenceLines(
      [{ kind: "differs", class: "function", identity: ["public", "f", ""], properties: { body } }],
      ["migrations", "database"],
    )
      .slice(1)
      .map((line) => line.trim());
  expect(lines("\n SELECT 'a\nb';\n", "\n SELECT 'a\r\nb';\n")).toEqual([
    String.raw`body, migrations: "\n SELECT 'a\nb';\n"`,
    String.raw`body, database  : "\n SELECT 'a\r\nb';\n"`,
  ]);
  expect(lines("SELECT 'a b'", "SELECT 'a\u00a0b'").at(-1)).toBe(
    String.raw`body, database  : "SELECT 'a\u00a0b'"`,
  );
  expect(lines(`${"-\n".repeat(100)}SELECT 1 `, `${"-\n".repeat(100)}SELECT 1`).at(-1)).toMatch(
    /^body, database {2}: "… .*\\nSELECT 1"$/,
  );
  expect(lines("SELECT\n1", "SELECT\n2").at(-1)).toBe("body, database  : SELECT 2");
});
