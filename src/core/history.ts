/** A graph and what is current → the revisions that `history`, `current`, `branches` and `show` list, in their order. */
import { MigrateError } from "./errors.ts";
import {
  ancestors,
  descendants,
  type Edges,
  type Graph,
  inOrder,
  isBranchPoint,
  maximal,
  nodeOf,
  ownDependencies,
  rangeMeant,
} from "./graph.ts";
import type { Applied } from "./ledger/types.ts";
import type { RevisionId } from "./migration.ts";
import { parseRange, requiredBy } from "./steps.ts";
import { alongBranchesOf, parseRelative, resolveAll, resolveStart, upgradeTargets } from "./target.ts";

/**
 * What `history -r range` lists, newest first; everything without a range. The range is inclusive, and only what
 * comes after its start is in it. Either side may be `current`, which is `heads` or `base` where nothing is applied.
 * `last`: no more than so many; 0: all.
 */
export const historyOf = (
  graph: Graph,
  range: string | undefined,
  current: readonly RevisionId[],
  last = 0,
): readonly RevisionId[] => inRange(graph, range, current).slice(0, last || undefined);

function inRange(
  graph: Graph,
  range: string | undefined,
  current: readonly RevisionId[],
): readonly RevisionId[] {
  if (range === undefined) return graph.order.toReversed();
  const parsed = parseRange(range);
  if (parsed === undefined) {
    throw new MigrateError({
      code: "usage/range",
      message: "History range requires [start]:[end], [start]:, or :[end]",
      hint: asRange(range),
    });
  }
  const { start, end } = parsed;
  refuseStepsDown(start, end);
  const fromCurrent = start === "current" && end !== "current";
  const starts = fromCurrent ? current : resolveStart(graph, start);
  const ends =
    end === "current" && current.length > 0
      ? current
      : upgradeTargets(graph, starts, end === "current" ? "heads" : end || "heads", { clamp: true });

  const required = requiredBy(graph, alongBranchesOf(graph, start, ends));
  if (starts.some((id) => !required.has(id))) {
    throw new MigrateError({
      code: "graph/no-such-range",
      message: `Requested range ${range} does not refer to ancestor/descendant revisions along the same branch`,
      hint:
        !/^[+-]/.test(end) && isReversed(graph, starts, ends)
          ? `the start must come before the end; did you mean ${end}:${start}?`
          : "the start must come before the end; without a start, the history starts at base",
    });
  }
  const before = ancestors(graph, starts);
  const listed = [...required].filter((id) => !before.has(id));
  const after = descendants(graph, starts, "lineage");
  const along = starts.length === 0 ? listed : [...starts, ...listed.filter((id) => after.has(id))];
  return inOrder(graph, along).reverse();
}

/** What may be meant by a range without a colon. Not all that can be one of its sides can be both. */
function asRange(text: string): string {
  const meant = rangeMeant(text);
  if (meant !== undefined) return `did you mean ${meant}?`;
  if (text === "current") return "up to what is applied: :current; from there on: current:";
  const steps = parseRelative(text);
  if (steps?.symbol !== "") return `for one revision: ${text}:${text}`;
  return steps.offset < 0 ? `from there to the heads: ${text}:` : `up to there: :${text}`;
}

/** An end without a symbol is counted up from the start. */
export function refuseStepsDown(start: string, end: string): void {
  const steps = parseRelative(end);
  if (steps === undefined || steps.symbol !== "" || steps.offset >= 0) return;
  const head = steps.branch === undefined ? "head" : `${steps.branch}@head`;
  throw new MigrateError({
    code: "graph/walked-too-far",
    message: `Relative revision ${end} didn't produce ${-steps.offset} migrations: the end of a range is counted up from its start`,
    hint: `to count down from the head: ${start}:${head}${steps.offset}`,
  });
}

/** Whether all of the ends lie below the starts. */
function isReversed(graph: Graph, starts: readonly RevisionId[], ends: readonly RevisionId[]): boolean {
  const below = ancestors(graph, starts);
  return ends.length > 0 && ends.every((id) => below.has(id));
}

/**
 * What `current` lists: the applied revisions of which no child is applied. Among them are effective heads, which
 * are current only because another revision depends on them.
 */
export function currentRevisions(graph: Graph, applied: Iterable<RevisionId>): readonly RevisionId[] {
  return maximal(
    graph,
    [...applied].filter((id) => graph.nodes.has(id)),
    "lineage",
  );
}

/**
 * The current revisions as the ledger itself has them: `known` are migrations here, `unknown` are not. What another row was
 * applied on is not current. Over the lineage these are what `current` lists; over all edges, the heads of what is applied.
 */
export function currentRows(
  graph: Graph,
  rows: readonly Pick<Applied, "revision" | "parents" | "dependsOn">[],
  edges: Edges = "lineage",
): { readonly known: readonly RevisionId[]; readonly unknown: readonly RevisionId[] } {
  const belowOf = ({ parents, dependsOn }: (typeof rows)[number]): readonly RevisionId[] =>
    edges === "all" ? [...parents, ...dependsOn] : parents;
  const ids = rows.map(({ revision }) => revision);
  const unknown = rows.filter(({ revision }) => !graph.nodes.has(revision));
  const below = new Set(unknown.flatMap(belowOf));
  const needed = new Set(rows.flatMap(belowOf));
  return {
    known: maximal(
      graph,
      ids.filter((id) => graph.nodes.has(id)),
      edges,
    ).filter((id) => !below.has(id)),
    unknown: unknown.flatMap(({ revision }) => (needed.has(revision) ? [] : [revision])),
  };
}

/** The heads of what is applied, those that no file has among them: these come last. */
export function appliedHeads(graph: Graph, rows: Parameters<typeof currentRows>[1]): readonly RevisionId[] {
  const { known, unknown } = currentRows(graph, rows, "all");
  return [...known, ...unknown];
}

/** What `show` and `edit` list; `current`: the heads of what is applied. Nothing for base. */
export function shown(graph: Graph, target: string, current: readonly RevisionId[]): readonly RevisionId[] {
  return target === "current" ? current : resolveAll(graph, target);
}

/**
 * What `branches` lists: revisions with several children, in the order in which Alembic comes upon them, since
 * people compare these lists. It walks down from the heads in load order, one line at a time. Where a line meets a
 * revision of which something above is still to come, it goes on with the first line that leads there.
 */
export function branchPoints(graph: Graph): readonly RevisionId[] {
  const found: RevisionId[] = [];
  const unseenAbove = new Map<RevisionId, number>();
  for (const [id, { children, dependents }] of graph.nodes)
    unseenAbove.set(id, children.length + dependents.length);
  const lines = [...graph.realHeads];
  let at = 0;
  for (let id = lines[at]; id !== undefined; id = lines[at]) {
    if (unseenAbove.get(id)! > 0) {
      at = firstAbove(graph, lines, id);
      continue;
    }
    const node = nodeOf(graph, id);
    if (isBranchPoint(node)) found.push(id);
    for (const other of new Set([...node.parents, ...node.dependencies])) {
      unseenAbove.set(other, unseenAbove.get(other)! - 1);
    }
    const [next, ...others] = [...new Set([...node.parents, ...ownDependencies(graph, id)])].filter(
      (other) => !lines.includes(other),
    );
    if (next === undefined) {
      lines.splice(at, 1);
      at = Math.max(at - 1, 0);
    } else {
      lines[at] = next;
      lines.push(...others);
    }
  }
  return found;
}

/** The index of the first line that stands above `id`. What one line leads to is not searched again for the next. */
function firstAbove(graph: Graph, lines: readonly RevisionId[], id: RevisionId): number {
  const { position } = nodeOf(graph, id);
  const seen = new Set<RevisionId>([id]);
  return lines.findIndex((line) => {
    const open = seen.has(line) ? [] : [line];
    for (let other = open.pop(); other !== undefined; other = open.pop()) {
      const node = nodeOf(graph, other);
      if (node.position <= position || seen.has(other)) continue;
      seen.add(other);
      for (const lower of [...node.parents, ...node.dependencies]) {
        if (lower === id) return true;
        open.push(lower);
      }
    }
    return false;
  });
}
