/** Branches of a project → whether it makes a difference which of them is run first. */
import type { Catalog } from "../core/catalog/catalog.ts";
import { compareCatalogs } from "../core/catalog/compare.ts";
import { ancestors, inOrder, isMergePoint, maximal, nodeOf } from "../core/graph.ts";
import type { RevisionId } from "../core/migration.ts";
import type { FailedStep, TestedOrders } from "../core/verdict.ts";
import { refusalOf } from "./refusal.ts";
import { catalogAfter, type TestOn } from "./test-bench.ts";

/** The parents of each merge, and the heads that nothing merges. */
export async function testOrders(
  on: TestOn,
  tested: ReadonlySet<RevisionId>,
  broken: ReadonlySet<RevisionId>,
): Promise<readonly TestedOrders[]> {
  const { graph } = on.project;
  const merges = inOrder(graph, tested).filter((id) => isMergePoint(nodeOf(graph, id)));
  const heads = maximal(graph, tested);
  const groups = [
    ...merges.map((merge) => ({ merge, revisions: nodeOf(graph, merge).parents })),
    ...(heads.length > 1 ? [{ revisions: heads }] : []),
  ];
  const results: TestedOrders[] = [];
  for (const group of groups) {
    if ([...ancestors(graph, group.revisions)].some((id) => broken.has(id))) continue;
    results.push({ ...group, ...(await testOrdersOf(on, group.revisions)) });
  }
  return results;
}

/** `revisions`: none of them needs another. */
export async function testOrdersOf(
  on: TestOn,
  revisions: readonly RevisionId[],
): Promise<Omit<TestedOrders, "revisions" | "merge">> {
  const { graph } = on.project;
  const { orders, possible } = ordersOf(revisions);
  let first: Catalog | undefined;
  let running: readonly RevisionId[] = revisions;
  const count = { orders: 0, possible };
  try {
    for (const order of orders) {
      running = order;
      count.orders += 1;
      const run = new Set(order.flatMap((id) => inOrder(graph, ancestors(graph, [id]))));
      const catalog = await catalogAfter(on, [...run], false);
      first ??= catalog;
      const differences = compareCatalogs(first, catalog);
      if (differences.some(({ kind }) => kind !== "order"))
        return { ...count, verdict: "different", passed: false, differences };
      if (differences.length > 0) return { ...count, verdict: "column-order", passed: true, differences };
    }
    return { ...count, verdict: "exact", passed: true, differences: [] };
  } catch (error) {
    const failed: FailedStep = { step: "up", diagnostics: refusalOf(error) };
    return { ...count, verdict: "fails", passed: false, differences: [], failed, failedOrder: running };
  }
}

/** At most so many orders of one group are run. */
const MOST_ORDERS = 6;

/** All orders, or a sample: each is first once, forwards or backwards. */
function ordersOf(revisions: readonly RevisionId[]): {
  readonly orders: readonly (readonly RevisionId[])[];
  readonly possible: number;
} {
  const possible = revisions.reduce((product, _, index) => product * (index + 1), 1);
  const rotations = (list: readonly RevisionId[]) =>
    list.map((_, i) => [...list.slice(i), ...list.slice(0, i)]);
  const [forwards, backwards] = [rotations(revisions), rotations([...revisions].reverse())];
  const sample = forwards.flatMap((order, i) => [order, backwards[i]!]);
  const distinct = new Map(sample.map((order) => [order.join(" "), order]));
  return { orders: [...distinct.values()].slice(0, MOST_ORDERS), possible };
}
