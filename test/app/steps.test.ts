/** An end that is counted from what is applied → the same end, wherever the run stands that goes on to it. */
import { expect, test } from "vitest";
import { withFixedEnd } from "../../src/app/steps.ts";
import { buildGraph } from "../../src/core/graph.ts";
import { appliedAfter, appliedBelow, idsOf, planDowngrade, planUpgrade } from "../../src/core/steps.ts";
import { randomRevisions, revision } from "../support/graphs.ts";

const rowsOf = (ids: readonly string[]) => ids.map((id) => ({ revision: id }));
const plans = { upgrade: planUpgrade, downgrade: planDowngrade };

test("what is left after each step is what the counted end has planned", () => {
  let counted = 0;
  for (let seed = 1; seed <= 60; seed += 1) {
    const graph = buildGraph(randomRevisions(seed, 12));
    for (const head of graph.nodes.keys()) {
      const rows = appliedBelow(graph, [head]);
      for (const kind of ["upgrade", "downgrade"] as const) {
        for (const target of kind === "upgrade" ? ["+1", "+2", "+3"] : ["-1", "-2", `${head}@-2`, "-3"]) {
          const planned = planOf(() => plans[kind](graph, rows, target));
          if (planned === undefined) continue;
          const fixed = withFixedEnd(graph, { kind, target }, rows) as { readonly target: string };
          for (const [done] of planned.entries()) {
            const applied = appliedAfter(idsOf(rows), planned.slice(0, done));
            expect([seed, target, plans[kind](graph, rowsOf(applied), fixed.target)]).toEqual([
              seed,
              target,
              planned.slice(done),
            ]);
          }
          counted += 1;
        }
      }
    }
  }
  expect(counted).toBeGreaterThan(200);
});

/** Undefined where the target cannot be had. */
function planOf<T>(plan: () => T): T | undefined {
  try {
    return plan();
  } catch {
    return undefined;
  }
}

test.each([
  ["downgrade", "-1", ["a", "b"], "a"],
  ["downgrade", "-1", ["a", "b", "c"], undefined],
  ["downgrade", "c@-1", ["a", "b", "c"], "c@a"],
  ["upgrade", "+1", ["a", "b"], "d"],
  ["upgrade", "b+1", ["a"], "b+1"],
  ["upgrade", "heads", ["a"], "heads"],
] as const)("%s %s where %j are applied: %s", (kind, target, applied, fixed) => {
  const graph = buildGraph([
    revision("a", []),
    revision("b", ["a"]),
    revision("c", ["a"]),
    revision("d", ["b"]),
  ]);
  const end = planOf(() => withFixedEnd(graph, { kind, target }, rowsOf(applied)));
  expect(end).toEqual(fixed === undefined ? undefined : { kind, target: fixed });
});
