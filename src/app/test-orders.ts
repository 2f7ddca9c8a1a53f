/** Branches of a project → whether it makes a difference which of them is run first. */
import type { Catalog } from "../core/catalog/catalog.ts";
import { compareCatalogs } from "../core/catalog/compare.ts";
import { ancestors, inOrder, isMergePoint, maximal, nodeOf } from "../core/graph.ts";
import type { RevisionId } from "../core/migration.ts";
import type { TestedOrders } from "../core/verdict.ts";
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
    // Where one needs all others, there is one order, which was tested.
    if (maximal(graph, group.revisions).length > 1)
      results.push({ ...group, ...(await testOrdersOf(on, group.revisions)) });
  }
  return results;
}

/** What others of `revisions` need is run with them. Where an order fails, the others tell whether it is the order. */
export async function testOrdersOf(
  on: TestOn,
  revisions: readonly RevisionId[],
): Promise<Omit<TestedOrders, "merge">> {
  const { graph } = on.project;
  const apart = maximal(graph, revisions);
  const { orders, possible } = ordersOf(apart);
  let first: { readonly order: readonly RevisionId[]; readonly catalog: Catalog } | undefined;
  let failure: Pick<TestedOrders, "failed" | "failedOrder"> | undefined;
  const count = { revisions: apart, orders: 0, possible };
  for (const order of orders) {
    count.orders += 1;
    try {
      const run = new Set(order.flatMap((id) => inOrder(graph, ancestors(graph, [id]))));
      const catalog = await catalogAfter(on, [...run], false);
      first ??= { order, catalog };
      const differences = compareCatalogs(first.catalog, catalog);
      if (differences.some(({ kind }) => kind !== "order"))
        return { ...count, verdict: "different", passed: false, differences };
      if (differences.length > 0) return { ...count, verdict: "column-order", passed: true, differences };
    } catch (error) {
      failure ??= { failed: { step: "up", diagnostics: refusalOf(error) }, failedOrder: order };
    }
    if (failure !== undefined && first !== undefined) break;
  }
  if (failure === undefined) return { ...count, verdict: "exact", passed: true, differences: [] };
  const working = first === undefined ? {} : { workingOrder: first.order };
  return { ...count, verdict: "fails", passed: false, differences: [], ...failure, ...working };
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
