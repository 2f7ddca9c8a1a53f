/** How the migrations to test are shared out, and in which order what was found is told. */
import { expect, test } from "vitest";
import { allOf } from "../../src/app/all-of.ts";
import { jobsFor, partsOf, tellInOrder } from "../../src/app/test-jobs.ts";
import type { TestedMigration } from "../../src/core/verdict.ts";

test("parts follow one another without a gap, with about as many tested migrations each", () => {
  const order = ["a", "b", "c", "d", "e", "f", "g"];
  const tested = new Set(["c", "d", "f", "g"]);
  expect(partsOf(order, tested, 2)).toEqual([
    { first: ["a", "b"], earlier: [], order: ["c", "d"] },
    { first: ["a", "b"], earlier: ["c", "d"], order: ["e", "f", "g"] },
  ]);
  for (let count = 1; count <= tested.size; count += 1) {
    const parts = partsOf(order, tested, count);
    expect(parts.flatMap((part) => part.order)).toEqual(order.slice(2));
    const sizes = parts.map((part) => part.order.filter((id) => tested.has(id)).length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  }
  expect(partsOf(order, new Set(), 3)).toEqual([]);
});

test("there are no more databases than migrations, and one where they are few", () => {
  expect([jobsFor(5, 9), jobsFor(5, 0), jobsFor(0, undefined), jobsFor(7, undefined)]).toEqual([5, 1, 1, 1]);
  expect(jobsFor(1000, undefined)).toBeLessThanOrEqual(4);
});

test("what a later part finds is told when the earlier ones have ended", () => {
  const told: string[] = [];
  const telling = tellInOrder(({ revision }) => void told.push(revision));
  const found = (part: number, revision: string) => telling.tested(part, { revision } as TestedMigration);
  found(1, "c");
  found(0, "a");
  telling.ended(1);
  expect(told).toEqual(["a"]);
  found(0, "b");
  telling.ended(0);
  found(2, "d");
  telling.ended(2);
  expect(told).toEqual(["a", "b", "c", "d"]);
});

test("a failure is thrown when no other work goes on", async () => {
  let done = false;
  const slow = new Promise<void>((resolve) => setTimeout(resolve, 20)).then(() => {
    done = true;
  });
  await expect(allOf([Promise.reject(new Error("first")), slow])).rejects.toThrow("first");
  expect(done).toBe(true);
});
