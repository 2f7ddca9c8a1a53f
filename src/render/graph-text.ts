/**
 * Revisions, newest first → lanes, as `git log --graph` draws them: first which line runs in which column (values),
 * then the characters.
 *
 * Lines are parents. A depends-on is a word (`needs …`), for its lines would cross everything. There are at most so
 * many columns; what finds no room shares the last one. Whoever is followed there, or is not drawn at all, is named
 * (`follows …`).
 */
import { type Graph, isHead, isRealHead, nodeOf } from "../core/graph.ts";
import type { RevisionId } from "../core/migration.ts";

/** What is to be drawn. */
export interface Picture {
  readonly graph: Graph;
  /** Newest first: each before its parents. */
  readonly revisions: readonly RevisionId[];
  /** What is applied and its heads; absent where no database was asked. */
  readonly applied?: ReadonlySet<RevisionId>;
  readonly current?: ReadonlySet<RevisionId>;
}

/** A line that leads to a revision, from its column beside one node to its column beside the next. */
export interface Link {
  readonly from: number;
  readonly to: number;
  readonly towards: RevisionId;
}

/** One revision in its column, 0 being the leftmost, and the lines beside and below it. */
export interface LaneRow {
  readonly revision: RevisionId;
  readonly column: number;
  /** The columns whose lines pass the node and go straight on, from left to right. */
  readonly passing: readonly number[];
  /** The node's own lines, and those of other columns that join one of them. */
  readonly links: readonly Link[];
  /** Parents whose line cannot be followed with the eye, because it shares a column or is not drawn. */
  readonly named: readonly RevisionId[];
  /** Do several lines share the last column beside this node? */
  readonly crowded: boolean;
}

/**
 * Gives every revision a row. No two lines lead to the same revision: where a second one would begin, it joins the
 * first. A line keeps its column until it ends or joins, so what it costs to read a row does not grow with the rows
 * above it. `limit` is the number of columns, at least 2.
 */
export function laneRows({ graph, revisions }: Pick<Picture, "graph" | "revisions">, limit: number): readonly LaneRow[] {
  const last = limit - 1;
  const drawn = new Set(revisions);
  /** Where the line that leads to a revision is. */
  const columnOf = new Map<RevisionId, number>();
  /** How many lines are in a column: more than one only in the last. */
  const lines = new Array<number>(limit).fill(0);
  const free = (): number => {
    const column = lines.indexOf(0);
    return column < 0 ? last : column;
  };

  return revisions.map((revision, index) => {
    const column = columnOf.get(revision) ?? free();
    if (columnOf.delete(revision)) lines[column]! -= 1;
    const passing = new Set([...lines.keys()].filter((each) => lines[each]! > 0));
    const crowded = lines[last]! > 1;

    const links: Link[] = [];
    const left: number[] = [];
    const parents = nodeOf(graph, revision).parents.filter((parent) => drawn.has(parent));
    for (const towards of parents) {
      const there = columnOf.get(towards);
      const straight = lines[column] === 0;
      const to = there === undefined ? (straight ? column : free()) : straight ? Math.min(there, column) : there;
      links.push({ from: column, to, towards });
      if (there === to) continue;
      if (there !== undefined) {
        links.push({ from: there, to, towards });
        left.push(there);
        if (lines[there] === 1) passing.delete(there);
      }
      columnOf.set(towards, to);
      lines[to]! += 1;
    }
    // Only now: a column in which one line ends and another begins would look like one line.
    for (const each of left) lines[each]! -= 1;

    const shared = (towards: RevisionId): boolean => lines[columnOf.get(towards)!]! > 1 && towards !== revisions[index + 1];
    const named = nodeOf(graph, revision).parents.filter((parent) => !drawn.has(parent) || shared(parent));
    return { revision, column, passing: [...passing], links, named, crowded };
  });
}
