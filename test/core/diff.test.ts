/** What is made of planned statements: for tables that have rows, in the author's words, after renames, behind a refusal. */

import { describe, expect, test } from "vitest";
import { catalogOf } from "../../src/core/catalog/catalog.ts";
import { foreignPartitions } from "../../src/core/diff/apart.ts";
import { asWritten, mended } from "../../src/core/diff/plan.ts";
import {
  checkedRenames,
  parseRename,
  pathText,
  renameCandidates,
  renameSql,
  reversed,
  takenBackSql,
  undecided,
} from "../../src/core/diff/renames.ts";
import { forRows, plainForm } from "../../src/core/diff/rows.ts";
import { inWords, renamesIn } from "../../src/core/diff/schema-files.ts";
import { MigrateError } from "../../src/core/errors.ts";
import { asFlags, asOptions } from "../../src/core/option-names.ts";
import { shellWord } from "../../src/core/shell.ts";
import { createdBy } from "../../src/core/statement/written.ts";

const renameOf = (text: string) => parseRename(text, asFlags);

const table = (name: string, columns: readonly string[]) => ({
  class: "table",
  identity: ["shop", name],
  parent: ["schema", "shop"],
  properties: { columns },
});
const column = (of: string, name: string, type = "text") => ({
  class: "column",
  identity: ["shop", of, name],
  parent: ["table", "shop", of],
  properties: { type },
});
const usersObjects = [
  ...[table("users", ["id", "name"]), column("users", "id"), column("users", "name")],
  ...[table('a."b', ["c"]), column('a."b', "c")],
];
const users = catalogOf(18, usersObjects);

describe("statements on tables that have rows", () => {
  test.each([
    [
      'ALTER TABLE "shop"."users" ADD COLUMN "a" integer NOT NULL',
      /IS NULL.*ALTER COLUMN "a" SET NOT NULL$/s,
    ],
    ["ALTER TABLE shop.users ALTER COLUMN name SET NOT NULL", /WHERE name IS NULL.*SET NOT NULL$/s],
    ['ALTER TABLE shop."a.""b" ALTER COLUMN c SET NOT NULL', /'shop\.a\."b\.c has no value.*SET NOT NULL$/s],
  ])("%s: the author gives the values", (sql, expected) => {
    expect(forRows([sql], users)[0]?.join("\n")).toMatch(expected);
  });

  test.each([
    'ALTER TABLE "shop"."users" ADD COLUMN "a" integer DEFAULT 1 NOT NULL',
    'ALTER TABLE "shop"."users" ADD COLUMN "a" integer GENERATED ALWAYS AS IDENTITY NOT NULL',
    'ALTER TABLE "shop"."new" ADD COLUMN "a" integer NOT NULL',
    'ALTER TABLE "shop"."new" ADD CONSTRAINT "k" CHECK (a > 0)',
    "CREATE INDEX i ON shop.users USING btree (name)",
  ])("%s stays", (sql) => {
    expect(forRows([sql], users)).toEqual([[sql]]);
  });

  test("a column goes behind the values of its table, unless something in between needs a name that goes with it", () => {
    const made = (name: string, at: string, parent: readonly string[], definition = "") => ({
      class: name,
      identity: name === "constraint" ? ["shop", "u", at] : ["shop", at],
      parent,
      properties: { definition },
    });
    const key = ["constraint", "shop", "u", "u_a_key"];
    const from = catalogOf(18, [
      ...[table("u", ["id", "a", "value"]), table("w", ["a"])],
      ...[made("constraint", "u_a_key", key.slice(0, 3), "UNIQUE (a)"), made("index", "u_a_key", key)],
      made("sequence", "u_a_seq", ["column", "shop", "u", "a"]),
    ]);
    const guarded = forRows(["ALTER TABLE shop.u ADD COLUMN b text NOT NULL"], from)[0]!;
    expect(guarded).toHaveLength(3);
    const [a, value] = ["a", "value"].map((name) => `ALTER TABLE shop.u DROP COLUMN ${name}`);
    const behind = (...statements: readonly string[]) => forRows(statements, from)[0]!;
    const [other, last] = ["ALTER TABLE shop.w DROP COLUMN a", "CREATE VIEW shop.v AS SELECT b FROM shop.u"];
    expect(behind(a!, value!, other, ...guarded, last)).toEqual([other, ...guarded, a, value, last]);
    expect(behind(...guarded, a!, last)).toEqual([...guarded, a, last]);
    expect(behind(a!, last)).toEqual([a, last]);
    for (const taken of [
      "ALTER TABLE shop.u ADD COLUMN a integer GENERATED ALWAYS AS (1) STORED",
      "ALTER TABLE shop.w ADD CONSTRAINT u_a_key UNIQUE (a)",
      "CREATE SEQUENCE shop.u_a_seq",
    ])
      expect(behind(a!, value!, taken, ...guarded)).toEqual([a, taken, ...guarded, value]);
  });

  test("a new sequence of a column goes on behind its values, unless it counts down", () => {
    const parts = [
      table("u", ["id", "a b", "t"]),
      column("u", "id", "integer"),
      column("u", "a b", "bigint"),
    ];
    const from = catalogOf(18, [...parts, column("u", "t")]);
    const identity = (name: string, options = ""): string =>
      `ALTER TABLE shop.u ALTER COLUMN ${name} ADD GENERATED ALWAYS AS IDENTITY${options}`;
    const created = 'CREATE SEQUENCE shop."it\'s" AS integer INCREMENT BY 1 MINVALUE 1 START WITH 7';
    const numbered = `ALTER TABLE shop.u ALTER COLUMN id SET DEFAULT nextval('shop."it''s"'::regclass)`;
    expect(forRows([identity('"a b"', " (MINVALUE 5)"), created, numbered], from)).toEqual([
      [
        identity('"a b"', " (MINVALUE 5)"),
        `SELECT setval(pg_get_serial_sequence('shop.u', 'a b'), max("a b")) FROM shop.u HAVING max("a b") >= 5`,
        created,
        numbered,
        `SELECT setval('shop."it''s"', max(id)) FROM shop.u HAVING max(id) >= 7`,
      ],
    ]);
    for (const sql of [identity("id", " (INCREMENT BY -1)"), identity("t"), identity("c"), numbered])
      expect(forRows([sql], from)).toEqual([[sql]]);
  });

  test("constraints look at the rows later, and indexes are built in between with --online", () => {
    const check = 'ALTER TABLE "shop"."users" ADD CONSTRAINT "k" CHECK (a > 0)';
    const index = "CREATE UNIQUE INDEX i ON shop.users USING btree (name)";
    expect(forRows([check, index], users, { online: true })).toEqual([
      [`${check} NOT VALID`],
      ['ALTER TABLE "shop"."users" VALIDATE CONSTRAINT "k"'],
      ["CREATE UNIQUE INDEX CONCURRENTLY i ON shop.users USING btree (name)"],
    ]);
  });
});

describe("what is not in that form says what it does", () => {
  const parts = catalogOf(18, [
    { ...table("parts", ["id"]), properties: { columns: ["id"], partitionKey: "LIST (id)" } },
    table("users", ["id", "name"]),
  ]);
  test.each([
    ["ALTER TABLE shop.users ADD CONSTRAINT k CHECK (a > 0)", /scans the table .*could not be proven$/],
    [
      "ALTER TABLE shop.parts ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES b",
      /NOT VALID with a later VALIDATE is not possible for a partitioned table$/,
    ],
    [
      "CREATE INDEX i ON shop.users USING btree (name)",
      /builds an index .*CONCURRENTLY could not be proven$/,
    ],
    [
      "CREATE INDEX i ON shop.parts USING btree (name)",
      /CONCURRENTLY is not possible for a partitioned table$/,
    ],
    ["ALTER TABLE shop.users ADD CONSTRAINT k UNIQUE (name)", /a constraint cannot be added CONCURRENTLY$/],
    ["ALTER TABLE shop.users ADD COLUMN a integer NOT NULL", /^fails if the table has rows/],
  ])("%s", (sql, does) => {
    expect(plainForm(sql, parts, { online: true })).toMatch(does);
  });

  test.each([
    "ALTER TABLE shop.users ADD CONSTRAINT k CHECK (a > 0) NOT VALID",
    "ALTER TABLE shop.new ADD CONSTRAINT k CHECK (a > 0)",
    "CREATE INDEX CONCURRENTLY i ON shop.users USING btree (name)",
    "CREATE INDEX i ON shop.new USING btree (name)",
    "ALTER TABLE shop.users ADD COLUMN a integer",
  ])("%s says nothing", (sql) => {
    expect(plainForm(sql, parts, { online: true })).toBeUndefined();
  });

  test("without --online an index is built as it is", () => {
    expect(plainForm("CREATE INDEX i ON shop.users USING btree (name)", parts)).toBeUndefined();
  });
});

const failure = (run: () => unknown): MigrateError => {
  try {
    run();
  } catch (error) {
    if (error instanceof MigrateError) return error;
  }
  throw new Error("it did not fail");
};

describe("renames", () => {
  const renames = ["shop.users.name=full_name", "shop.users=archive.people"].map(renameOf);
  test("a table goes first, and its columns have its new name", () => {
    const moves = [
      "ALTER TABLE shop.users SET SCHEMA archive",
      "ALTER TABLE archive.users RENAME TO people",
      "ALTER TABLE archive.people RENAME COLUMN name TO full_name",
    ];
    expect(renameSql(renames, users)).toEqual(["CREATE SCHEMA archive", ...moves]);
    const archive = { class: "schema", identity: ["archive"], parent: null, properties: {} };
    expect(renameSql(renames, catalogOf(18, [archive, ...usersObjects]))).toEqual(moves);
  });
  test("are taken back", () => {
    expect(reversed(renames)).toEqual([
      { from: ["archive", "people"], to: ["shop", "users"] },
      { from: ["archive", "people", "full_name"], to: ["name"] },
    ]);
  });
  test("are taken back from the last to the first, each behind what has its old name by now", () => {
    const chain = ["shop.users=old", "shop.new=users"].map(renameOf);
    const is = catalogOf(18, [table("old", []), table("users", [])]);
    expect(takenBackSql(chain, is)).toEqual([
      "ALTER TABLE shop.users RENAME TO new",
      "ALTER TABLE shop.old RENAME TO users",
    ]);
    const view = { class: "view", identity: ["shop", "users"], parent: null, properties: {} };
    const people = catalogOf(18, [table("people", []), column("people", "a"), column("people", "b"), view]);
    const again = ["shop.users=people", "shop.users.a=b"].map(renameOf);
    expect(takenBackSql(again, people)).toEqual([
      "DROP VIEW shop.users",
      "ALTER TABLE shop.people DROP COLUMN a",
      "ALTER TABLE shop.people RENAME TO users",
      "ALTER TABLE shop.users RENAME COLUMN b TO a",
    ]);
  });
  test("of each kind make room for it in its own words", () => {
    const part = (name: string, at: string) => ({
      class: name,
      identity: ["shop", "t", at],
      parent: null,
      properties: {},
    });
    const dropped = (name: string) =>
      takenBackSql(
        [{ from: ["shop", "t", "a"], to: ["b"] }],
        catalogOf(18, [part(name, "a"), part(name, "b"), part("other", "a")]),
      );
    const kinds = ["attribute", "constraint", "trigger", "policy", "rule"];
    expect(kinds.map((kind) => dropped(kind)[0])).toEqual([
      "ALTER TYPE shop.t DROP ATTRIBUTE a",
      "ALTER TABLE shop.t DROP CONSTRAINT a",
      "DROP TRIGGER a ON shop.t",
      "DROP POLICY a ON shop.t",
      "DROP RULE a ON shop.t",
    ]);
    const routine = (name: string, args: string, kind = "function") => ({
      class: kind,
      identity: ["shop", name, args],
      parent: null,
      properties: {},
    });
    const routines = [routine("g", "integer"), routine("f", "integer", "procedure"), routine("f", "text")];
    expect(takenBackSql([{ from: ["shop", "f"], to: ["g"] }], catalogOf(18, routines))[0]).toBe(
      "DROP PROCEDURE shop.f(integer)",
    );
  });
  test.each([
    ['public."My T"."a=b.c ""d""" = "x y"', ["public", "My T", 'a=b.c "d"'], ["x y"]],
    ["public.My T.a col=b", ["public", "My T", "a col"], ["b"]],
  ])("%s names what SQL would", (text, from, to) => {
    expect(renameOf(text)).toEqual({ from, to, said: `--rename ${shellWord(text)}` });
    expect(renameOf(`${pathText(from)}=${pathText(to)}`)).toMatchObject({ from, to });
  });
  test.each(["shop.users", "=a", "a=", "a= ", "a=b=c", 'a"=b'])("%s is refused", (text) => {
    expect(() => renameOf(text)).toThrow("--rename must be OLD=NEW");
    expect(() => parseRename(text, asOptions)).toThrow("option renames must be OLD=NEW");
  });
  const wanted = catalogOf(18, [
    table("users", ["id", "full_name"]),
    column("users", "id"),
    column("users", "full_name"),
  ]);
  const checked = (...texts: readonly string[]) =>
    checkedRenames(texts.map(renameOf), users, wanted, "the schema folder", asFlags);
  test("that are given twice or are done count once", () => {
    const [once] = ["shop.users.name=full_name"].map(renameOf);
    expect(checked("shop.users.name=full_name", "shop.users.name=full_name")).toEqual([once]);
    expect(checkedRenames([once!], wanted, wanted, "", asFlags)).toEqual([]);
  });
  test.each([
    [
      ["shop.users.name=full_name", "shop.users.name=id"],
      "named twice, and is to be full_name already",
      "leave out",
    ],
    [
      ["users.name=full_name"],
      "users.name=full_name: the migrations make nothing named 'users.name'",
      "did you mean shop.users.name?",
    ],
    [
      ["shop.users.nam=full_name"],
      "the migrations make nothing named 'shop.users.nam'",
      "did you mean shop.users.name?",
    ],
    [
      ["shop.users.name=ful_name"],
      "the schema folder has no column shop.users.ful_name",
      "did you mean full_name?",
    ],
    [["shop.users.name=id"], "the migrations already have shop.users.id", "renamed first"],
    [
      ["shop.users.name=full_name", "shop.users.id=full_name"],
      "shop.users.name is to be shop.users.full_name",
      "first",
    ],
  ])("%s are refused", (texts, message, hint) => {
    const fault = failure(() => checked(...texts));
    expect(fault.code).toBe("usage/rename");
    expect(fault.message).toContain(message);
    expect(fault.hint).toContain(hint);
  });
  test("that can be pasted are suggested", () => {
    const from = ["public", "My T", "a=col"];
    const { hint } = undecided([{ object: "", from, to: ["b c"] }], true, asFlags);
    expect(hint).toContain(`-- renamed-from: "a=col", or add --rename 'public.My T."a=col"=b c';`);
    const moved = undecided([{ object: "", from: ["shop", "a"], to: ["archive", "b"] }], true, asFlags).hint;
    expect(moved).toContain("write above archive.b in the schema file: -- renamed-from: shop.a, or");
    expect(undecided([{ object: "", from, to: ["b c"] }], false, asFlags).hint).toMatch(
      /^if it is a rename, add --rename /,
    );
  });
  test("of a comment name its line", () => {
    const sql = "\n-- one\n  -- renamed-from: gone\nCREATE TABLE shop.users (id int);";
    const origin = { path: "schema/y.sql", line: 4, column: 1 };
    const statements = [{ tag: "CREATE TABLE", sql, offset: sql.indexOf("CREATE"), origin }];
    const said = renamesIn(statements, catalogOf(18, []), users);
    const { code, message, location } = failure(() =>
      checkedRenames(said, catalogOf(18, []), users, "", asFlags),
    );
    expect({ code, message, location }).toEqual({
      code: "source/renamed-from",
      message: "-- renamed-from: gone: the migrations make nothing named 'shop.gone'",
      location: { path: "schema/y.sql", line: 3, column: 3 },
    });
  });
  test.each([
    ["full_name text -- renamed-from: name", "3:16"],
    ["-- renamed_from: name\nfull_name text", "3:1"],
    ["-- renamed-from name\nfull_name text", "3:1"],
    ["-- Renamed from: name\nfull_name text", "3:1"],
    ["/* renamed-from: name */\nfull_name text", "3:1"],
  ])("of a comment that would be passed over: %j", (column, place) => {
    const sql = `CREATE TABLE shop.users (\nid int, -- not renamed from anything\n${column}\n);`;
    const origin = { path: "schema/y.sql", line: 1, column: 1 };
    const { code, hint, location } = failure(() =>
      renamesIn([{ tag: "CREATE TABLE", sql, offset: 0, origin }], users, users),
    );
    expect([code, `${location?.line}:${location?.column}`]).toEqual(["source/renamed-from", place]);
    expect(hint).toMatch(/ on a line of its own, .*: -- renamed-from: name$/);
  });
  test("of a comment above the table, and not the column, are refused while the column goes", () => {
    const sql = "-- renamed-from: name\nCREATE TABLE shop.users (id int, full_name text);";
    const origin = { path: "schema/y.sql", line: 2, column: 1 };
    const statements = [{ tag: "CREATE TABLE", sql, offset: sql.indexOf("CREATE"), origin }];
    const after = catalogOf(18, [table("users", ["id", "full_name"]), column("users", "full_name")]);
    expect(failure(() => renamesIn(statements, users, after)).message).toContain(
      "is above shop.users, which has that name already; shop.users.name would be dropped",
    );
    expect(renamesIn(statements, after, after)).toEqual([]);
  });
  test("of a comment whose old name is used again may be of an earlier rename, and are not done", () => {
    const names = (...columns: readonly string[]) =>
      catalogOf(18, [table("users", columns), ...columns.map((each) => column("users", each))]);
    const [is, desired] = [names("email", "phone"), names("email", "mobile")];
    const location = { path: "schema/y.sql", line: 3, column: 3 };
    const said = {
      from: ["shop", "users", "email"],
      to: ["mobile"],
      said: "-- renamed-from: email",
      location,
    };
    const done = (renames: readonly string[], to = desired) =>
      checkedRenames([...renames.map(renameOf), said], is, to, "the schema folder", asFlags);
    const { code, message, hint } = failure(() => done([]));
    expect({ code, message, hint }).toEqual({
      code: "source/renamed-from",
      message:
        "-- renamed-from: email: both the migrations and the schema folder have column shop.users.email",
      hint: "if the comment is of an earlier rename, delete its line; if shop.users.email is to be renamed, and made anew, add --rename shop.users.email=mobile",
    });
    for (const given of ["shop.users.phone=mobile", "shop.users.email=mobile"])
      expect(done([given])).toEqual([renameOf(given)]);
    expect(done([], names("mobile"))).toEqual([said]);
    expect(failure(() => done([], names("email", "phone", "mobile"))).hint).toContain("delete its line");
    // It goes, and what was made of it stays.
    const earlier = { ...said, to: ["phone"] };
    expect(
      failure(() => checkedRenames([earlier], is, names("phone"), "the schema folder", asFlags)),
    ).toMatchObject({
      message: "-- renamed-from: email: the migrations already have shop.users.phone",
      hint: expect.stringMatching(
        /^if the comment is of an earlier rename, delete its line; if not, an object/,
      ),
    });
  });
  test.each([
    ["-- renamed-from: name\nALTER TABLE shop.users ADD COLUMN IF NOT EXISTS full_name text;"],
    ["ALTER TABLE shop.users ADD COLUMN\n  -- renamed-from: name\n  full_name text;"],
    ["ALTER TABLE ONLY users\n  ADD a int,\n  -- renamed-from: name\n  add full_name text;"],
  ])("of a comment above what adds a column: %s", (sql) => {
    const origin = { path: "schema/y.sql", line: 1, column: 1 };
    const added = { tag: "ALTER TABLE", sql, offset: sql.indexOf("ALTER"), origin };
    const after = [table("users", ["id", "full_name"]), column("users", "full_name")];
    const rename = { from: ["shop", "users", "name"], to: ["full_name"] };
    expect(renamesIn([added], users, catalogOf(18, after))).toMatchObject([rename]);
    // That of its table may stand in a file below.
    const head = "-- renamed-from: users\n";
    const created = { ...added, sql: `${head}CREATE TABLE shop.people (id int);`, offset: head.length };
    const people = catalogOf(18, [table("people", ["id", "full_name"]), column("people", "full_name")]);
    const ofPeople = { ...added, sql: sql.replace("users", "people") };
    expect(renamesIn([ofPeople, created], users, people)).toMatchObject([
      { from: ["shop", "users"], to: ["people"] },
      rename,
    ]);
  });
  test("of a comment above a constraint that is added is refused", () => {
    const sql = "-- renamed-from: name\nALTER TABLE shop.users ADD CONSTRAINT full_name CHECK (true);";
    const origin = { path: "schema/y.sql", line: 1, column: 1 };
    const added = { tag: "ALTER TABLE", sql, offset: sql.indexOf("ALTER"), origin };
    expect(failure(() => renamesIn([added], users, users)).hint).toContain("an ADD COLUMN");
  });
  test("are looked for where the form is the same", () => {
    const after = [
      table("users", ["id", "b"]),
      column("users", "id"),
      column("users", "b"),
      column("users", "c", "date"),
    ];
    expect(renameCandidates(users, catalogOf(18, after))).toEqual([
      { object: "column shop.users.name", from: ["shop", "users", "name"], to: ["b"] },
    ]);
  });
  test("of columns are looked for in the table's new place", () => {
    const after = catalogOf(18, [
      table("people", ["id", "b"]),
      column("people", "id"),
      column("people", "b"),
    ]);
    const of = { object: "column shop.users.name", from: ["shop", "users", "name"], to: ["b"] };
    expect(renameCandidates(users, after)).toEqual([]);
    const renamed = [{ from: ["shop", "users"], to: ["people"] }];
    expect(renameCandidates(users, after, renamed)).toEqual([of]);
    const both = checkedRenames([of, ...renamed], users, after, "", asFlags);
    expect(renameSql(both, users)).toEqual([
      "ALTER TABLE shop.users RENAME TO people",
      "ALTER TABLE shop.people RENAME COLUMN name TO b",
    ]);
  });
});

test.each([
  [
    'ALTER TABLE t ALTER COLUMN "c" TYPE b USING "c"::b',
    "42846",
    ['ALTER TABLE t ALTER COLUMN "c" TYPE b USING "c"::text::b'],
  ],
  ['ALTER TABLE t ALTER COLUMN "c" TYPE b USING "c"::text::b', "42846", undefined],
  [
    'ALTER TABLE t ALTER COLUMN "c" ADD GENERATED ALWAYS AS IDENTITY',
    "55000",
    [
      'ALTER TABLE t ALTER COLUMN "c" DROP DEFAULT',
      'ALTER TABLE t ALTER COLUMN "c" SET NOT NULL',
      'ALTER TABLE t ALTER COLUMN "c" ADD GENERATED ALWAYS AS IDENTITY',
    ],
  ],
  [
    'CREATE DOMAIN "s"."d" AS text NOT NULL CONSTRAINT "k" CHECK (true) CONSTRAINT "d_not_null" NOT NULL',
    "42P17",
    ['CREATE DOMAIN "s"."d" AS text CONSTRAINT "k" CHECK (true) CONSTRAINT "d_not_null" NOT NULL'],
  ],
  ["DROP TABLE t", "2BP01", undefined],
])("%s, refused with %s, is tried otherwise", (sql, sqlstate, expected) => {
  expect(mended(sql, sqlstate)).toEqual(expected);
});

describe("the author's words", () => {
  test.each([
    ['CREATE TABLE IF NOT EXISTS "Shop"."a b" (x int)', { kind: "table", name: "Shop.a b" }],
    ["create or replace view SHOP.v as select 1", { kind: "view", name: "shop.v" }],
    ["CREATE MATERIALIZED  VIEW m AS SELECT 1", { kind: "materialized view", name: "m" }],
    ["ALTER TABLE t ADD x int", undefined],
  ])("%s makes %j", (sql, expected) => {
    expect(createdBy(sql)).toEqual(expected);
  });

  test("take the place of the server's, tables before their sequences and behind those that they refer to", () => {
    const words = new Map([
      ["table s.a", "CREATE TABLE s.a (b int REFERENCES s.b)"],
      ["table s.b", "CREATE TABLE s.b (id serial PRIMARY KEY)"],
      ["function s.f", "create function s.f() RETURNS int LANGUAGE sql AS 'SELECT 1'"],
    ]);
    const sent = [
      'CREATE SCHEMA "s"',
      "CREATE SEQUENCE s.b_id_seq",
      'CREATE TABLE "s"."a" ()',
      'CREATE TABLE "s"."b" ()',
      "CREATE OR REPLACE FUNCTION s.f()",
    ];
    expect(inWords(sent, words)).toEqual([
      'CREATE SCHEMA "s"',
      words.get("table s.b"),
      words.get("table s.a"),
      "CREATE SEQUENCE s.b_id_seq",
      "CREATE OR REPLACE function s.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ]);
  });
});

test.each([
  [
    "CHECK (((s)::text = ANY ((ARRAY['a'::character varying, 'b''c'::character varying])::text[])))",
    "CHECK ((s IN ('a', 'b''c')))",
  ],
  ["CHECK (((s)::text <> ALL ((ARRAY['a'::character varying])::text[])))", "CHECK ((s NOT IN ('a')))"],
  ["CHECK ((s = ANY (ARRAY['a'::text])))", "CHECK ((s = ANY (ARRAY['a'::text])))"],
])("%s is read as it is when it is written %s", (sql, expected) => {
  expect(asWritten(sql)).toBe(expected);
});

test.each([
  ["is partitioned alike", "LIST (id)", 1],
  ["is partitioned otherwise", "RANGE (id)", 0],
  ["is partitioned no more", undefined, 0],
])("a partition in no schema file is left alone if its table %s: %s", (_, partitionKey, count) => {
  const parted = (key: string | undefined) => ({
    ...table("events", ["id"]),
    properties: { columns: ["id"], ...(key === undefined ? {} : { partitionKey: key }) },
  });
  const part = { ...table("may", ["id"]), properties: { columns: ["id"], partitionOf: "shop.events" } };
  const [from, to] = [catalogOf(18, [parted("LIST (id)"), part]), catalogOf(18, [parted(partitionKey)])];
  expect(foreignPartitions(from, to)).toHaveLength(count);
});
