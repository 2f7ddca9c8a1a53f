/** A seed and a size → the revisions of a graph, the same every time; for tests of properties and of growth. */
import type { Revision, RevisionId } from "../../src/core/migration.ts";

/** A source of chance that can be repeated. */
export interface Chance {
  /** At least 0 and less than 1. */
  next(): number;
  /** True this often. */
  often(share: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** So many of the items (all, if there are fewer), none twice. */
  some<T>(items: readonly T[], count: number): readonly T[];
  shuffled<T>(items: readonly T[]): readonly T[];
}

/** Mulberry32: 32 bits of state, good enough to make graphs. */
export function chance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const shuffled = <T>(items: readonly T[]): readonly T[] => {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i -= 1) {
      const j = Math.floor(next() * (i + 1));
      [result[i], result[j]] = [result[j]!, result[i]!];
    }
    return result;
  };
  return {
    next,
    often: (share) => next() < share,
    pick: (items) => items[Math.floor(next() * items.length)]!,
    some: (items, count) => shuffled(items).slice(0, count),
    shuffled,
  };
}

/** A revision with nothing but what is given. */
export function revision(
  id: RevisionId,
  parents: readonly RevisionId[] = [],
  rest: Partial<Revision> = {},
): Revision {
  return { revision: id, parents, dependsOn: [], branchLabels: [], message: `message of ${id}`, ...rest };
}

/**
 * A graph with several bases, branches, merges, labels and dependencies; how much of each differs from seed to
 * seed, and so does the load order. Valid: everything refers to something older.
 */
export function randomRevisions(seed: number, size: number): readonly Revision[] {
  const by = chance(seed);
  const share = {
    base: by.pick([0, 0.03, 0.15]),
    merge: by.pick([0, 0.05, 0.15]),
    branch: by.pick([0.02, 0.1, 0.3]),
    dependsOn: by.pick([0, 0.05, 0.2]),
    label: by.pick([0, 0.05, 0.2]),
  };
  const made: Revision[] = [];
  const labels: string[] = [];
  let heads: readonly RevisionId[] = [];
  for (let i = 0; i < size; i += 1) {
    const id = `${Math.floor(by.next() * 2 ** 32)
      .toString(16)
      .padStart(8, "0")}${i.toString(16).padStart(4, "0")}`;
    const older = made.map((r) => r.revision);
    const parents =
      older.length === 0 || by.often(share.base)
        ? []
        : by.often(share.merge)
          ? by.some(heads, by.pick([2, 2, 3]))
          : by.some(by.often(share.branch) ? older : heads, 1);
    const dependsOn = by.often(share.dependsOn) ? by.some([...older, ...labels], by.pick([1, 1, 2])) : [];
    const branchLabels = by.often(share.label) ? [`label${i}`] : [];
    made.push(revision(id, parents, { dependsOn, branchLabels }));
    labels.push(...branchLabels);
    heads = [...heads.filter((head) => !parents.includes(head)), id];
  }
  return by.often(0.5) ? made : by.shuffled(made);
}

/**
 * A trunk with branches of equal length that leave it one after another; each has a label, and its end depends on
 * the trunk. `size` counts all revisions.
 */
export function longRevisions(size: number, branches: number): readonly Revision[] {
  const length = Math.floor(size / (branches + 1));
  const trunk = size - length * branches;
  const made: Revision[] = [];
  for (let i = 0; i < trunk; i += 1) made.push(revision(`t${i}`, i === 0 ? [] : [`t${i - 1}`]));
  for (let b = 0; b < branches; b += 1) {
    for (let i = 0; i < length; i += 1) {
      const parent = i === 0 ? `t${Math.floor((b * trunk) / branches)}` : `b${b}.${i - 1}`;
      const rest =
        i === 0 ? { branchLabels: [`branch${b}`] } : i === length - 1 ? { dependsOn: [`t${trunk - 1}`] } : {};
      made.push(revision(`b${b}.${i}`, [parent], rest));
    }
  }
  return made;
}
