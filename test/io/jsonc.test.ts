/** JSON texts → their trees, or the fault with its place. */
import { describe, expect, it } from "vitest";
import { MigrateError } from "../../src/core/errors.ts";
import type { JsonNode } from "../../src/core/json.ts";
import { parseJson } from "../../src/io/jsonc.ts";
import { growth, LINEAR } from "../support/growth.ts";

const parse = (text: string): JsonNode => parseJson({ path: "a.json", text });

/** The value that a tree stands for. */
function plain(node: JsonNode): unknown {
  if (node.type === "object") return node.members.map(({ key, value }) => [key, plain(value)]);
  if (node.type === "array") return node.items.map(plain);
  return node.type === "null" ? null : node.value;
}

function failure(text: string): MigrateError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof MigrateError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("a JSON text", () => {
  it.each<[string, unknown]>([
    [
      '{"a": "é\\u00e9\\n\\\\", "b": [1, -2.5e3, true, false, null], "a": {}}',
      [
        ["a", "éé\n\\"],
        ["b", [1, -2500, true, false, null]],
        ["a", []],
      ],
    ],
    ["[]", []],
    [' // a comment\n"x" /* and\nanother */', "x"],
    ["1e999", Number.POSITIVE_INFINITY],
    ["[".repeat(32) + "]".repeat(32), expect.anything()],
  ])("%j", (text, value) => {
    expect(plain(parse(text))).toEqual(value);
  });

  it("says where its nodes stand", () => {
    const text = '{"é😀": [10]}';
    const node = parse(text);
    if (node.type !== "object") throw new Error("an object was expected");
    const [{ at, value }] = node.members as [(typeof node.members)[0]];
    expect(text.slice(node.start, node.end)).toBe(text);
    expect(text.slice(at.start, at.end)).toBe('"é😀"');
    expect(text.slice(value.start, value.end)).toBe("[10]");
  });

  it.each<[string, string, string, string?]>([
    ["", "1:1", "unexpected end of file: expected a value"],
    ["// nothing", "1:11", "unexpected end of file: expected a value"],
    ["{", "1:2", 'unexpected end of file: expected "}"'],
    ['{"a"', "1:5", 'unexpected end of file: expected ":"'],
    ['{"a": 1,', "1:9", "unexpected end of file: expected a key in double quotes"],
    ['{"lockWait": 1,}', "1:16", "expected a key in double quotes", "remove the comma before it"],
    ['{"a": 1,, "b": 2}', "1:9", "expected a key in double quotes", "remove the comma before it"],
    ["[1, 2, ]", "1:8", "expected a value", "remove the comma before it"],
    ['{"a": }', "1:7", "expected a value"],
    ['{"a" 1}', "1:6", 'expected ":"'],
    ['{"a": 1 "b": 2}', "1:9", 'expected ","'],
    ['{"lockWait": 01}', "1:15", 'expected ","'],
    ["{a: 1}", "1:2", "this is not JSON", expect.stringContaining("double quotes")],
    ["{'a': 1}", "1:2", "this is not JSON", expect.stringContaining("double quotes")],
    ['{\n "a": True}', "2:7", "this is not JSON", expect.stringContaining("true, false and null")],
    [
      '{\n "a": 1,\n<<<<<<< HEAD\n "b": 2',
      "3:1",
      "this is not JSON",
      expect.stringMatching(/^git could not/),
    ],
    ['{"a": 1}\n>>>>>>> theirs', "2:1", "this is not JSON", expect.stringMatching(/^git could not/)],
    ['{"a": 1.}', "1:7", "incomplete number"],
    ['{"role": "é😀', "1:10", "unterminated string"],
    ['{"role": "é\\q"}', "1:10", "invalid escape sequence", "write a backslash as \\\\"],
    ['{"é😀": "\\u12"}', "1:8", "\\u must be followed by four hexadecimal digits"],
    ['{"role": "a\tb"}', "1:10", "control character in a string", "write a tab as \\t and a newline as \\n"],
    ["{} /* open", "1:4", "unterminated comment", "close it with */"],
    ["{} {}", "1:4", "unexpected text after the value"],
    ["[".repeat(1e5), "1:33", "nested too deeply"],
    [`${'{"a":'.repeat(1e5)}`, "1:161", "nested too deeply"],
  ])("%.40j is refused at %s", (text, place, message, hint) => {
    const error = failure(text);
    expect(error.code).toBe("usage/config-syntax");
    expect(`${error.location?.line}:${error.location?.column}`).toBe(place);
    expect(error.message).toBe(message);
    expect(error.hint).toEqual(hint);
  });

  it.each<[string, number, (n: number) => string]>([
    ["a megabyte of key", 1e6, (n) => `{"${"a".repeat(n)}": 1}`],
    ["a megabyte of escapes", 2e5, (n) => `{"${"\\u0061".repeat(n)}": 1}`],
    ["60,000 keys", 6e4, (n) => `{${Array.from({ length: n }, (_, i) => `"k${i}":1`).join(",")}}`],
    ["a megabyte of items", 5e5, (n) => `[${"1,".repeat(n)}1]`],
    ["a megabyte of comments", 2e5, (n) => `${"/* */".repeat(n)}1`],
  ])("takes linear time: %s", async (_, size, text) => {
    expect(await growth((n) => parse(text(n)), size)).toBeLessThan(LINEAR);
  });
});
