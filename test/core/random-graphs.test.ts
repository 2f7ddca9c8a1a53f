/** What holds in every graph, tried on random ones and checked by slow, obvious means. */
import { describe, expect, it } from "vitest";
import { buildGraph, type Graph } from "../../src/core/graph.ts";
import { branchPoints, historyOf } from "../../src/core/history.ts";
import type { Revision, RevisionId } from "../../src/core/migration.ts";
import {
  appliedAfter,
  appliedBelow,
  currentHeads,
  planDowngrade,
  planStamp,
  planUpgrade,
} from "../../src/core/steps.ts";
import { type Chance, chance, longRevisions, randomRevisions, revision } from "../support/graphs.ts";
import { growth, LINEAR } from "../support/growth.ts";

const SEEDS = 150;

interface World {
  readonly by: Chance;
  readonly revisions: readonly Revision[];
  readonly graph: Graph;
  readonly ids: readonly RevisionId[];
  /** What a revision needs, itself included: by recursion over what the files say. */
  readonly needs: (id: RevisionId) => ReadonlySet<RevisionId>;
  /** A set that can be applied: some revisions and all they need. */
  readonly someApplied: () => ReadonlySet<RevisionId>;
}

function world(seed: number): World {
  const by = chance(seed + 1000);
  const revisions = randomRevisions(seed, 1 + Math.floor(by.next() * 60));
  const byName = new Map(
    revisions.flatMap((r) => [r.revision, ...r.branchLabels].map((name) => [name, r] as const)),
  );
  const known = new Map<RevisionId, ReadonlySet<RevisionId>>();
  const needs = (id: RevisionId): ReadonlySet<RevisionId> => {
    const done = known.get(id);
    if (done !== undefined) return done;
    const { parents, dependsOn } = byName.get(id)!;
    const below = [...parents, ...dependsOn].map((name) => byName.get(name)!.revision);
    const all = new Set([id, ...below.flatMap((other) => [...needs(other)])]);
    known.set(id, all);
    return all;
  };
  const ids = revisions.map((r) => r.revision);
  const someApplied = (): ReadonlySet<RevisionId> =>
    new Set(by.some(ids, Math.floor(by.next() * 4)).flatMap((id) => [...needs(id)]));
  return { by, revisions, graph: buildGraph(revisions), ids, needs, someApplied };
}

const rowsOf = (ids: Iterable<RevisionId>): readonly { readonly revision: RevisionId }[] =>
  [...ids].map((id) => ({ revision: id }));

/** A property of every world; a failure names the seed. */
function everyGraph(property: string, check: (world: World) => void): void {
  it(property, () => {
    for (let seed = 0; seed < SEEDS; seed += 1) {
      try {
        check(world(seed));
      } catch (cause) {
        throw new Error(`seed ${seed}`, { cause });
      }
    }
  });
}

describe("every graph", () => {
  everyGraph("is in an order in which it can be applied", ({ ids, graph, needs }) => {
    expect(graph.order.toSorted()).toEqual(ids.toSorted());
    const place = new Map(graph.order.map((id, index) => [id, index]));
    for (const id of ids) {
      expect([...needs(id)].every((other) => place.get(other)! <= place.get(id)!)).toBe(true);
    }
    expect(historyOf(graph, undefined, [])).toEqual(graph.order.toReversed());
  });

  everyGraph("upgrades by exactly what is missing", ({ by, ids, graph, needs, someApplied }) => {
    const applied = someApplied();
    const target = by.pick(ids);
    const steps = planUpgrade(graph, rowsOf(applied), target);
    const missing = [...needs(target)].filter((id) => !applied.has(id));
    expect(steps.map((step) => step.revision).toSorted()).toEqual(missing.toSorted());
    const done = new Set(applied);
    for (const { direction, revision: id } of steps) {
      expect(direction).toBe("up");
      done.add(id);
      expect([...needs(id)].every((other) => done.has(other))).toBe(true);
    }
  });

  everyGraph(
    "downgrades by exactly what needs something above the target",
    ({ by, ids, graph, needs, someApplied }) => {
      const applied = new Set([...someApplied(), ...needs(by.pick(ids))]);
      const target = by.pick([...applied]);
      const children = ids.filter((id) => graph.nodes.get(id)!.parents.includes(target));
      const doomed = [...applied].filter((id) => children.some((child) => needs(id).has(child)));
      const isHead = ![...applied].some((id) => id !== target && needs(id).has(target));
      if (doomed.length === 0 && !isHead) {
        expect(() => planDowngrade(graph, rowsOf(applied), target)).toThrow(/not a valid downgrade target/);
        return;
      }
      const steps = planDowngrade(graph, rowsOf(applied), target);
      expect(steps.map((step) => step.revision).toSorted()).toEqual(doomed.toSorted());
      const left = new Set(applied);
      for (const { direction, revision: id } of steps) {
        expect(direction).toBe("down");
        left.delete(id);
        expect([...left].some((other) => needs(other).has(id))).toBe(false);
      }
    },
  );

  everyGraph(
    "has current heads that nothing applied needs, and that need all that is applied",
    ({ graph, needs, someApplied }) => {
      const applied = someApplied();
      const naive = [...applied].filter(
        (id) => ![...applied].some((other) => other !== id && needs(other).has(id)),
      );
      const heads = currentHeads(graph, applied);
      expect(heads.toSorted()).toEqual(naive.toSorted());
      expect(
        appliedBelow(graph, heads)
          .map((row) => row.revision)
          .toSorted(),
      ).toEqual([...applied].sort());
    },
  );

  everyGraph("is where it was after up and down", ({ graph }) => {
    const up = planUpgrade(graph, [], "heads");
    const all = appliedAfter([], up);
    const down = planDowngrade(graph, rowsOf(all), "base");
    expect(down.map((step) => step.revision)).toEqual(up.map((step) => step.revision).toReversed());
    expect(appliedAfter(all, down)).toEqual([]);
    expect(planUpgrade(graph, rowsOf(all), "heads")).toEqual([]);

    const between = currentHeads(graph, all)[0]!;
    const part = appliedAfter(all, planDowngrade(graph, rowsOf(all), `${between}@base`));
    expect(appliedAfter(part, planUpgrade(graph, rowsOf(part), "heads")).toSorted()).toEqual(all.toSorted());
  });

  everyGraph(
    "stamps a target with all it needs, and nothing that needs it",
    ({ by, ids, graph, needs, someApplied }) => {
      const applied = someApplied();
      const target = by.pick(ids);
      const { applied: after, added, removed } = planStamp(graph, rowsOf(applied), [target]);
      expect(after).toEqual(expect.arrayContaining([...needs(target)]));
      expect(after.every((id) => [...needs(id)].every((other) => after.includes(other)))).toBe(true);
      expect(added.filter((id) => applied.has(id))).toEqual([]);
      expect(
        [...applied]
          .filter((id) => !removed.includes(id))
          .concat(added)
          .toSorted(),
      ).toEqual(after.toSorted());
      const both = [target, currentHeads(graph, applied)[0] ?? target];
      const reached = planStamp(graph, rowsOf(applied), both).applied;
      expect(reached).toEqual(expect.arrayContaining(both));
    },
  );

  everyGraph("keeps its order when a branch grows beside it", ({ by, ids, revisions, graph }) => {
    let grown: readonly Revision[] = revisions;
    for (let i = 0; i < 5; i += 1) {
      const head = by.pick(buildGraph(grown).heads);
      const leaf = revision(
        `new${i}`,
        by.often(0.1) ? [] : [head],
        by.often(0.3) ? { dependsOn: [by.pick(ids)] } : {},
      );
      const at = Math.floor(by.next() * (grown.length + 1));
      grown = [...grown.slice(0, at), leaf, ...grown.slice(at)];
    }
    const order = buildGraph(grown).order.filter((id) => !id.startsWith("new"));
    expect(order).toEqual(graph.order);
  });

  everyGraph("lists each branch point once", ({ ids, revisions, graph }) => {
    const several = ids.filter((id) => revisions.filter((r) => r.parents.includes(id)).length > 1);
    expect(branchPoints(graph).toSorted()).toEqual(several.toSorted());
  });
});

describe("10,000 revisions with 200 branches", () => {
  it("are built, listed and planned in a time that grows with their number", async () => {
    const use = (count: number): void => {
      const graph = buildGraph(longRevisions(count, 200));
      expect(graph.heads).toHaveLength(200);
      expect(planUpgrade(graph, [], "heads")).toHaveLength(count);
      expect(planUpgrade(graph, [], "branch7@+3").length).toBe(3);
      expect(historyOf(graph, undefined, [])).toHaveLength(count);
      expect(branchPoints(graph).length).toBeGreaterThan(0);
    };
    expect(await growth(use, 10_000)).toBeLessThan(LINEAR);
  });
});
