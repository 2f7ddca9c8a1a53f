import { describe, expect, test } from "vitest";
import {
  arrayLiteral,
  blockComment,
  commentText,
  dollarQuoted,
  identifier,
  literal,
  qualified,
  withPlainNames,
} from "../../src/core/quote.ts";

describe("names", () => {
  test.each([
    ["users", '"users"'],
    ["we\"ird 'x", '"we""ird \'x"'],
    ["", '""'],
  ])("identifier %j → %s", (name, expected) => {
    expect(identifier(name)).toBe(expected);
  });

  test.each([
    [["retort", "applied"], "retort.applied"],
    [["Retort", "applied"], '"Retort".applied'],
    [["user", "table"], '"user"."table"'],
    [["public", "a b"], 'public."a b"'],
    [["_x1", "1x"], '_x1."1x"'],
    [["é"], '"é"'],
  ])("qualified %j → %s", (names, expected) => {
    expect(qualified(...names)).toBe(expected);
  });
});

describe("literals", () => {
  test.each([
    ["it's", "'it''s'"],
    ["", "''"],
    ["é😀\n", "'é😀\n'"],
    ["a\\b", "E'a\\\\b'"],
    ["\\'", "E'\\\\'''"],
    ["$$ :x `id` */", "'$$ :x `id` */'"],
  ])("literal %j → %s", (text, expected) => {
    expect(literal(text)).toBe(expected);
  });

  test.each([
    [[], "'{}'"],
    [["a1", "b.c_d"], "'{a1,b.c_d}'"],
    [["null", "NULL", ""], `'{"null","NULL",""}'`],
    [["it's", "a,b", '"', "\\"], `E'{"it''s","a,b","\\\\"","\\\\\\\\"}'`],
  ])("arrayLiteral %j → %s", (items, expected) => {
    expect(arrayLiteral(items)).toBe(expected);
  });
});

describe("dollar quotes", () => {
  test.each([
    ["BEGIN END", "$retort$BEGIN END$retort$"],
    ["a $retort$ b", "$retort1$a $retort$ b$retort1$"],
    ["$retort$ $retort1$", "$retort2$$retort$ $retort1$$retort2$"],
    // The end of the body and the delimiter would make an earlier delimiter.
    ["a $retort", "$retort1$a $retort$retort1$"],
  ])("%j → %s", (body, expected) => {
    expect(dollarQuoted(body)).toBe(expected);
  });
});

test.each([
  ["plain, é😀 --", "plain, é😀 --"],
  ["a\nb\r\u0085\u2028\u2029\u000b\f", "a\\u000ab\\u000d\\u0085\\u2028\\u2029\\u000b\\u000c"],
  ["\u001b[31m\u202e", "\\u001b[31m\\u202e"],
])("comment %j → %s", (text, expected) => {
  expect(commentText(text)).toBe(expected);
});

test.each([identifier, literal, dollarQuoted])("%o refuses a NUL", (quote) => {
  expect(() => quote("a\0b")).toThrow(RangeError);
});

test.each([
  ["add phone, statement 2 of 5", "/* add phone, statement 2 of 5 */"],
  ["a */ DROP TABLE t; /* b", "/* a * / DROP TABLE t; / * b */"],
  ["*/*/", "/* * / * / */"],
  ["x\ny", "/* x\\u000ay */"],
])("blockComment %j → %s", (text, expected) => {
  expect(blockComment(text)).toBe(expected);
});

test.each([
  [
    'ALTER TABLE "public"."users" ADD COLUMN "age" integer',
    "ALTER TABLE public.users ADD COLUMN age integer",
  ],
  ['ALTER TABLE "Shop"."a""b" ADD "left" "char", ADD "user" "json"', undefined],
  [`COMMENT ON TABLE "t" IS 'the "t"' -- "t"`, `COMMENT ON TABLE t IS 'the "t"' -- "t"`],
  ['SELECT U&"d\\0061t", "t"."x"', 'SELECT U&"d\\0061t", t.x'],
  ['CREATE FUNCTION "f"() AS $$ SELECT "x" $$', 'CREATE FUNCTION f() AS $$ SELECT "x" $$'],
  ['SELECT a"b" c, "d"e', undefined],
])("names are plain where they can be: %s", (sql, plain = sql) => {
  expect(withPlainNames(sql)).toBe(plain);
});
