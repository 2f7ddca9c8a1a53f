/** Migrations → the file numbers that mean several of them, and how to give each its own. */
import { type FileNamePattern, nextNumber, renumbered } from "./filename.ts";
import { descendants, type Graph, inOrder, nodeOf } from "./graph.ts";
import { describe } from "./graph-faults.ts";
import type { Migration, RevisionId } from "./migration.ts";
import { shellWord } from "./shell.ts";
import { exactly } from "./target.ts";

export interface SharedNumber {
  readonly number: string;
  /**
   * The first may keep it: the one that has it as its id or branch label, whatever its file's number is; else the one that
   * most follow, then the oldest, then the first in the order of the graph.
   */
  readonly revisions: readonly RevisionId[];
  /** The files of the others, and free names for them. */
  readonly renames: readonly { readonly from: string; readonly to: string }[];
}

/**
 * By number. Two people wrote one on the same day: all works, but the number cannot be a target. Or it is the name
 * of another revision, which it then means as a target. `others` are numbers of files
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
  const free = freeNumbers(graph, taken);
  return [...byNumber]
    .map(([number, ids]) => {
      const owner = exactly(graph, number);
      const files = ids.filter((id) => id !== owner);
      return {
        number,
        revisions: [...(owner === undefined ? [] : [owner]), ...mostFollowed(graph, inOrder(graph, files))],
      };
    })
    .filter(({ revisions }) => revisions.length > 1)
    .map(({ number, revisions }) => {
      const renames = revisions.slice(1).flatMap((id) => {
        const { up, down } = nodeOf(graph, id).revision;
        const to = free();
        return [up, down]
          .flatMap((file) => file?.source.path ?? [])
          .map((from) => ({ from, to: movedTo(from, to, pattern) }));
      });
      return { number, revisions, renames };
    });
}

/** Each call gives the next number for a new file that is neither taken nor an id or a label. */
export function freeNumbers(graph: Graph, taken: readonly string[]): () => string {
  const isName = (number: string): boolean => exactly(graph, number) !== undefined;
  let last = taken;
  return () => {
    const number = nextNumber(last, isName);
    last = [number];
    return number;
  };
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
  const owner = exactly(graph, number);
  const list = (ids: readonly RevisionId[]): string =>
    ids.map((id) => describe(nodeOf(graph, id).revision)).join(", ");
  const [what, so] =
    owner === undefined
      ? [
          `${revisions.length} migrations have the number ${number}: ${list(revisions)}`,
          `each has an id of its own, but ${number} cannot be a target`,
        ]
      : [
          `${number} is the file number of ${list(revisions.slice(1))}, and ${owner === number ? "the id" : "a branch label"} of ${list([owner])}`,
          `as a target, ${number} means the latter`,
        ];
  return [
    what,
    `${so}; to give ${revisions.length > 2 ? "the others numbers" : "the other a number"} of ${revisions.length > 2 ? "their" : "its"} own:`,
    ...renames.map(({ from, to }) => `  mv ${shellWord(from)} ${shellWord(to)}`),
  ].join("\n");
}

function movedTo(path: string, number: string, pattern: FileNamePattern): string {
  const cut = path.lastIndexOf("/") + 1;
  return path.slice(0, cut) + renumbered(path.slice(cut), number, pattern);
}
