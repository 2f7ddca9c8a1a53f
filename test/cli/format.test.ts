/** `--format` and `--json` on one command line: the format that is meant, or why none is. */
import { expect, test } from "vitest";
import { formatOf } from "../../src/cli/format.ts";
import { count } from "../../src/cli/numbers.ts";
import { parseWords } from "../../src/cli/strict.ts";

const args = { format: { type: "string" }, json: { type: "boolean" } } as const;

const meant = (...words: readonly string[]) => {
  const parsed = parseWords(words, { name: "x", args, positionals: { required: 0, names: [] } });
  return formatOf({ args: parsed, json: parsed.flag("json") }, ["text", "html", "json"]);
};

test("a format is one of those that the command has, and --json is one of them", () => {
  expect([meant(), meant("--format", "html"), meant("--json"), meant("--json", "--format", "json")]).toEqual([
    "text",
    "html",
    "json",
    "json",
  ]);
  expect(() => meant("--format", "xml")).toThrow("--format takes text, html or json, not 'xml'");
  expect(() => meant("--json", "--format", "html")).toThrow("--json and --format html cannot be combined");
  expect(() => meant("--json", "--format", "text")).toThrow("--json and --format text cannot be combined");
});

test("a count may have to be at least one", () => {
  expect([count("0", "--retries"), count("1", "--jobs", 1)]).toEqual([0, 1]);
  expect(() => count("0", "--jobs", 1)).toThrow("--jobs must be a whole number, 1 or more, not '0'");
});
