import { describe, expect, test } from "vitest";
import { buildGraph } from "../../src/core/graph.ts";
import type { Revision } from "../../src/core/migration.ts";
import { planDowngrade, planStamp } from "../../src/core/steps.ts";
import {
  downgradeOf,
  finishing,
  finishingHint,
  recording,
  stampWith,
  stampWithout,
} from "../../src/core/undoing.ts";
import { randomRevisions, revision } from "../support/graphs.ts";

const rowsOf = (ids: readonly string[]) => ids.map((id) => ({ revision: id }));

const graphOf = (revisions: readonly Revision[]) => buildGraph(revisions, () => undefined);

const all = Array.from({ length: 60 }, (_, seed) => graphOf(randomRevisions(seed, 12)));

describe("the words take away the revision and nothing else", () => {
  const tops = all.flatMap((graph) =>
    [...graph.nodes.values()]
      .filter(({ children, dependents }) => children.length + dependents.length === 0)
      .map(({ revision: { revision, parents } }) => ({ graph, revision, parents })),
  );

  test("of a stamp", () => {
    for (const { graph, revision } of tops) {
      const [, , ...words] = stampWithout(graph, graph.order, revision).split(" ");
      const targets = words.filter((word) => word !== "--purge");
      const { applied } = planStamp(graph, rowsOf(graph.order), targets, {
        purge: words.length > targets.length,
      });
      expect(applied).toEqual(graph.order.filter((id) => id !== revision));
    }
  });

  test("of a downgrade", () => {
    for (const { graph, revision, parents } of tops) {
      const target = downgradeOf({ revision, parents }).split(" ").at(-1)!;
      const steps = planDowngrade(graph, rowsOf(graph.order), target);
      expect(steps).toEqual([{ direction: "down", revision }]);
    }
  });
});

test("the words of a stamp record the revision, and take out none, whatever is missing", () => {
  for (const graph of all) {
    for (const [index, revision] of graph.order.entries()) {
      const newest = graph.order.slice(0, index);
      const hole = graph.order.filter((id) => id !== revision);
      for (const applied of [newest, hole]) {
        const { command, added } = stampWith(graph, applied, revision);
        const [, , ...words] = command.split(" ");
        const targets = words.filter((word) => word !== "--purge");
        const purge = words.length > targets.length;
        const after = planStamp(graph, rowsOf(applied), targets, { purge });
        expect(added).toEqual([revision]);
        expect(new Set(after.applied)).toEqual(new Set([...applied, revision]));
      }
    }
  }
});

test.each([
  [["a"], "record it, or the last revision of which that is so: migrate stamp b"],
  [["a", "c"], "all that b does, record it: migrate stamp c"],
  [["c"], "all that a, b do, record them: migrate stamp c"],
] as const)("what is done already is recorded, where %s is applied", (applied, end) => {
  const graph = graphOf([revision("a"), revision("b", ["a"]), revision("c", ["b"])]);
  const failed = applied.includes("a" as never) ? "b" : "a";
  expect(recording(graph, applied, { revision: failed, direction: "up" }, "42P07")).toMatch(
    new RegExp(`${end}$`),
  );
});

test("an interrupted step is finished or discarded, and one that is half undone has a way back only with its file", () => {
  const graph = graphOf([revision("a"), revision("b", ["a"])]);
  const hint = (revision: string, direction: "up" | "down") =>
    finishingHint(graph, ["a", "b"], { revision, direction }, "finish it with");
  const alone = finishingHint(graph, ["a"], { revision: "b", direction: "up" }, "finish it with");
  expect(alone).toBe(
    "finish it with: migrate upgrade b; or, if that cannot succeed, discard it with: migrate stamp a",
  );
  expect(hint("b", "down")).toBe(
    "finish it with: migrate downgrade b@-1; or, if that cannot succeed, discard it with: migrate stamp b",
  );
  expect(hint("gone", "up")).toBe(
    "no file has the revision gone: restore its files and run: migrate upgrade gone; or take back by hand what it has done, and discard it with: migrate stamp b",
  );
  expect(hint("gone", "down")).toBe(
    "no file has the revision gone: restore its files and run: migrate downgrade gone@-1",
  );
});

test("a base that was interrupted is finished alone, whatever else is applied", () => {
  const graph = graphOf([revision("a"), revision("b")]);
  expect(finishing(graph, { revision: "a", direction: "down" })).toBe("migrate downgrade a@-1");
  expect(finishing(graph, { revision: "a", direction: "up" })).toBe("migrate upgrade a");
});
