import { describe, expect, test } from "vitest";
import { buildGraph } from "../../src/core/graph.ts";
import type { Revision } from "../../src/core/migration.ts";
import { planDowngrade, planStamp } from "../../src/core/steps.ts";
import { downgradeOf, finishing, stampWithout } from "../../src/core/undoing.ts";
import { randomRevisions, revision } from "../support/graphs.ts";

const rowsOf = (ids: readonly string[]) => ids.map((id) => ({ revision: id }));

const graphOf = (revisions: readonly Revision[]) => buildGraph(revisions, () => undefined);

describe("the words take away the revision and nothing else", () => {
  const all = Array.from({ length: 60 }, (_, seed) => graphOf(randomRevisions(seed, 12)));
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

test("a base that was interrupted is finished alone, whatever else is applied", () => {
  const graph = graphOf([revision("a"), revision("b")]);
  expect(finishing(graph, { revision: "a", direction: "down" })).toBe("migrate downgrade a@-1");
  expect(finishing(graph, { revision: "a", direction: "up" })).toBe("migrate upgrade a");
});
