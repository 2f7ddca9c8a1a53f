/** A text → a word that a shell reads as that text. */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { shellWord } from "../../src/core/shell.ts";

test.each([
  ["shop", "shop"],
  ["0004", "0004"],
  ["db/0001_a.up.sql", "db/0001_a.up.sql"],
  ["head:base", "head:base"],
  ["add users", '"add users"'],
  ["it's", '"it\'s"'],
  ["--json", '"--json"'],
  ["", '""'],
  ["~root", '"~root"'],
  ["$(id)", "'$(id)'"],
  ["`id`; id", "'`id`; id'"],
  ['a"b', "'a\"b'"],
  ["'!$", "''\\''!$'"],
  ["a\\nb", "'a\\nb'"],
  ["é\n&", '"é\n&"'],
])("%j", (text, word) => {
  expect(shellWord(text)).toBe(word);
  expect(execFileSync("sh", ["-c", `printf %s ${word}`], { encoding: "utf8" })).toBe(text);
});
