/** Migrations → the file numbers that several of them have, and how to give each its own. */
import { type FileNamePattern, nextNumber, renumbered } from "./filename.ts";
import { descendants, type Graph, inOrder, nodeOf } from "./graph.ts";
import { describe } from "./graph-faults.ts";
import type { Migration, RevisionId } from "./migration.ts";
import { shellWord } from "./shell.ts";

export interface SharedNumber {
  readonly number: string;
  /** The first may keep it: the one that most follow, then the oldest, then the first in the order of the graph. */
  readonly revisions: readonly RevisionId[];
  /** The files of the others, and free names for them. */
  readonly renames: readonly { readonly from: string; readonly to: string }[];
}

/**
 * By number. Two people wrote one on the same day: all works, but the number cannot be a target. `others` are numbers of files
 * that are not in the graph, so not free either.
 */
export function sharedNumbers(
  graph: Graph<Migration>,
  pattern: FileNamePattern,
  others: readonly string[] = [],
): readonly SharedNumber[] {
  const byNumber = new Map<string, RevisionId[]>();
  const taken = [...others, ...graph.dormant.flatMap(({ number }) => number ?? [])];
  for (const [id, { revision }] of graph.nodes) {
    if (revision.number === undefined) continue;
    taken.push(revision.number);
    byNumber.set(revision.number, [...(byNumber.get(revision.number) ?? []), id]);
  }
  let free = nextNumber(taken);
  return [...byNumber]
    .filter(([, ids]) => ids.length > 1)
    .map(([number, ids]) => {
      const revisions = mostFollowed(graph, inOrder(graph, ids));
      const renames = revisions.slice(1).flatMap((id) => {
        const { up, down } = nodeOf(graph, id).revision;
        const to = free;
        free = nextNumber([free]);
        return [up, down]
          .flatMap((file) => file?.source.path ?? [])
          .map((from) => ({ from, to: movedTo(from, to, pattern) }));
      });
      return { number, revisions, renames };
    });
}

function mostFollowed(graph: Graph<Migration>, ids: readonly RevisionId[]): readonly RevisionId[] {
  const followers = new Map(ids.map((id) => [id, descendants(graph, [id]).size]));
  const created = (id: RevisionId): string => nodeOf(graph, id).revision.created ?? "";
  return ids.toSorted(
    (a, b) =>
      followers.get(b)! - followers.get(a)! ||
      (created(a) < created(b) ? -1 : created(a) > created(b) ? 1 : 0),
  );
}

/** What to tell a person about a shared number. A new file may not be git's yet, so the renames are those of the shell. */
export function sharedNumberText(
  graph: Graph<Migration>,
  { number, revisions, renames }: SharedNumber,
): string {
  return [
    `${revisions.length} migrations have the number ${number}: ${revisions.map((id) => describe(nodeOf(graph, id).revision)).join(", ")}`,
    `each has an id of its own, but ${number} cannot be a target; to give ${revisions.length > 2 ? "the others numbers" : "the other a number"} of ${revisions.length > 2 ? "their" : "its"} own:`,
    ...renames.map(({ from, to }) => `  mv ${shellWord(from)} ${shellWord(to)}`),
  ].join("\n");
}

function movedTo(path: string, number: string, pattern: FileNamePattern): string {
  const cut = path.lastIndexOf("/") + 1;
  return path.slice(0, cut) + renumbered(path.slice(cut), number, pattern);
}
