/** Diffs are those of `diff -u`. */
import { expect, test } from "vitest";
import { unifiedDiff } from "../../src/render/unified-diff.ts";

const lines = (...words: string[]) => words.map((word) => `${word}\n`).join("");
const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i + 1));

test("nothing, where nothing changes", () => {
  expect(unifiedDiff("a", "x\n", "x\n")).toEqual([]);
});

test("a new file", () => {
  expect(unifiedDiff("a", undefined, lines("x", "y"))).toEqual([
    "--- /dev/null",
    "+++ a",
    "@@ -0,0 +1,2 @@",
    "+x",
    "+y",
  ]);
});

test("changes apart from each other, with three lines around each", () => {
  const before = numbers(20);
  const after = before.flatMap((line) => (line === "2" ? [] : line === "15" ? ["15", "15½"] : [line]));
  expect(unifiedDiff("a", lines(...before), lines(...after))).toEqual([
    ..."--- a|+++ a|@@ -1,5 +1,4 @@| 1|-2| 3| 4| 5".split("|"),
    ..."@@ -13,6 +12,7 @@| 13| 14| 15|+15½| 16| 17| 18".split("|"),
  ]);
});

test("a line in the place of another, and what both have between", () => {
  expect(unifiedDiff("a", lines("x", "b", "c"), lines("a", "b", "d"))).toEqual(
    "--- a|+++ a|@@ -1,3 +1,3 @@|-x|+a| b|-c|+d".split("|"),
  );
});
