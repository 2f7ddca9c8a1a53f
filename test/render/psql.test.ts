/** What psql would replace gets a backslash, and nothing else does. That psql agrees is shown in test/pg/parity.test.ts. */
import { expect, test } from "vitest";
import { misreadByPsql, psqlText } from "../../src/render/script/psql.ts";

test.each([
  // Slices and the like, where psql sees a variable.
  ["SELECT a[1:hi]", "SELECT a[1\\:hi]"],
  ["SELECT a[:hi]", "SELECT a[\\:hi]"],
  ["SELECT a[1 :hi]", "SELECT a[1 \\:hi]"],
  ["SELECT a[1:2]", "SELECT a[1\\:2]"],
  ["SELECT :'x', :\"x\", :{?x}", "SELECT \\:'x', \\:\"x\", \\:{?x}"],
  ["SELECT a[1:é], a[1:😀]", "SELECT a[1\\:é], a[1\\:😀]"],
  ["SELECT 1 -- it's\n, a[1:hi]", "SELECT 1 -- it's\n, a[1\\:hi]"],
  ["SELECT /* ' /* :x */ ' */ a[1:hi]", "SELECT /* ' /* :x */ ' */ a[1\\:hi]"],
  ["SELECT 'a''b', a[1:hi]", "SELECT 'a''b', a[1\\:hi]"],
  ["SELECT E'a\\'b', a[1:hi]", "SELECT E'a\\'b', a[1\\:hi]"],
  ["SELECT 'a\\', a[1:hi]", "SELECT 'a\\', a[1\\:hi]"],
  ["SELECT $$ ' $$, a[1:hi]", "SELECT $$ ' $$, a[1\\:hi]"],
  ["SELECT x$$:y", "SELECT x$$\\:y"],
  ["SELECT $1:x", "SELECT $1\\:x"],
  ["SELECT :::x", "SELECT ::\\:x"],
  ["SELECT U&'\\0061', U&\"\\0061\", a[1:hi]", "SELECT U&'\\0061', U&\"\\0061\", a[1\\:hi]"],
])("%s → %s", (sql, expected) => {
  expect(psqlText(sql)).toBe(expected);
});

test.each([
  "SELECT x::text, '1'::int, \"é\"::text",
  "SELECT f(a := 1)",
  "SELECT a[1:], a[:], a[1: 2], a[: hi]",
  "SELECT ':x', E':x\\':y', U&':x', B'1', N':x'",
  'SELECT ":x", "a"":x", U&":x"',
  "SELECT $$ :x $$, $tag$ :x $$ :y $other$ :z $tag$, $é$ :x $é$",
  "-- :x\n/* :x /* :y */ :z */ SELECT 1",
  "SELECT :'x y', :\"x y\", :{x}, :-x",
  "DO $do$ BEGIN PERFORM a[1:hi]; END $do$",
])("%s stays as it is", (sql) => {
  expect(psqlText(sql)).toBe(sql);
});

const routine = "CREATE OR REPLACE FUNCTION f(begin int, n int) RETURNS int LANGUAGE sql";

test.each([
  [`${routine} BEGIN ATOMIC SELECT begin FROM t; END;`, 2, "begin"],
  [`${routine} BEGIN ATOMIC SELECT t.begin FROM t; END;`, 2, "begin"],
  [`${routine} BEGIN ATOMIC SELECT t.end FROM t; SELECT 2; END;`, 0, "end"],
  [`${routine} BEGIN ATOMIC SELECT 1 AS case; END;`, 0, "case"],
  ["create /* a */ procedure begin() language sql as $$ select 1 $$;", 0, "begin"],
])("psql misreads the blocks of %s", (sql, nth, name) => {
  const misread = misreadByPsql(sql);
  expect(misread).toMatchObject({ code: "source/psql-block", hint: expect.stringContaining(`"${name}"`) });
  const named = [...sql.matchAll(new RegExp(`\\b${name}\\b`, "gi"))].map(({ index }) => index);
  expect(misread!.offset).toBe(named[nth]);
});

test.each([
  `${routine} BEGIN ATOMIC SELECT "begin" FROM t; END;`,
  `${routine} BEGIN ATOMIC SELECT CASE WHEN true THEN (SELECT begin FROM t) END; SELECT t."end" FROM t; END; -- end`,
  `${routine} RETURN 1;`,
  "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;",
  "CREATE VIEW v AS SELECT begin FROM t;",
  "DO $$ BEGIN NULL; END $$;",
])("psql reads the blocks of %s", (sql) => {
  expect(misreadByPsql(sql)).toBeUndefined();
});
