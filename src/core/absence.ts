/** An applied revision that is no node of the graph → why, and what to type. */
import { type Graph, nodeOf } from "./graph.ts";
import { removalOf } from "./graph-faults.ts";
import type { Revision, RevisionId } from "./migration.ts";
import { appliedThrough, halfApplied } from "./replaced.ts";
import { shellWord } from "./shell.ts";
import { unique } from "./unique.ts";

export interface Absence {
  /** What is to be said of the revision: `has no file`. */
  readonly reason: string;
  readonly hint: string;
}

/** `rows`: all that is applied. `mayBeAhead`: `upgrade --allow-ahead` may be what is wanted. */
export function absences(
  graph: Graph,
  rows: readonly { readonly revision: RevisionId }[],
  { mayBeAhead = true }: { readonly mayBeAhead?: boolean } = {},
): (revision: RevisionId) => Absence {
  const isEvery =
    rows.every(({ revision }) => !graph.nodes.has(revision)) && appliedThrough(graph, rows).length === 0;
  const lacking = lackingBelow(graph, rows);
  const hintOf = (revision: RevisionId): string => {
    if (lacking.length > 0) return squashedHint(lacking);
    return isEvery
      ? `${OF_ANOTHER}; ${DELETED}`
      : `${vanishedHint(revision)}${mayBeAhead ? aheadHint(graph) : ""}`;
  };
  return (revision) => {
    const waiting = graph.dormant.find((each) => each.revision === revision);
    if (waiting !== undefined) return ofDormant(graph, waiting);
    const half = halfApplied(graph, rows, revision);
    const hint = half === undefined ? hintOf(revision) : `${half.message}: ${half.hint}`;
    return { reason: "has no file", hint };
  };
}

/**
 * What `current` leaves out, in one sentence and with what to type; undefined where it leaves out nothing. `unknown`: those of
 * the rows that are no node.
 */
export function leftOutOf(
  graph: Graph,
  rows: readonly { readonly revision: RevisionId }[],
  unknown: readonly { readonly revision: RevisionId }[],
): { readonly message: string; readonly hint: string } | undefined {
  const [first, ...others] = unknown;
  if (first === undefined) return undefined;
  const { reason, hint } = absences(graph, rows)(first.revision);
  const message =
    others.length === 0
      ? `${first.revision} is applied, but ${reason}`
      : `${unknown.length} applied revisions are no migrations here: ${unknown.map(({ revision }) => revision).join(", ")}`;
  return { message, hint };
}

/** The database has the squashed revision already, and what it replaces came back, as by a merge. */
function ofDormant(graph: Graph, { replaces = [] }: Revision): Absence {
  const instead = unique(replaces.map((id) => graph.replaced.get(id) ?? id));
  const revisions = instead.map((id) => nodeOf(graph, id).revision);
  const isOlder = replaces.every((id) => graph.nodes.has(id));
  const rollback = isOlder
    ? "; after a rollback to an older release, run: migrate upgrade --allow-ahead"
    : "";
  const [have, those] = instead.length === 1 ? ["has files", "that"] : ["have files", "those"];
  return {
    reason: `does nothing while ${instead.join(", ")} ${have}`,
    hint: `the ledger has it in place of ${those}, so delete their files again: ${removalOf(revisions)}${rollback}`,
  };
}

/** What is not applied, although applied revisions need it. */
export function lackingBelow(
  graph: Graph,
  rows: readonly { readonly revision: RevisionId }[],
): readonly RevisionId[] {
  const had = new Set([...rows.map(({ revision }) => revision), ...appliedThrough(graph, rows)]);
  const needed = [...had].flatMap((id) => {
    const node = graph.nodes.get(id);
    return node === undefined ? [] : [...node.parents, ...node.dependencies];
  });
  return unique(needed.filter((id) => !had.has(id)));
}

/**
 * What to type where a revision without a file may be a squashed one of a newer release: its row stands for what is
 * `lacking`, so it must not be deleted.
 */
export const squashedHint = (lacking: readonly RevisionId[]): string =>
  `applied revisions need ${lacking.join(", ")}, which the ledger does not have: a newer release may have squashed ${lacking.length === 1 ? "it" : "them"}; deploy that release or restore its files, then run: migrate verify`;

/** Where no applied revision is in a file. */
const OF_ANOTHER =
  'no applied revision has a file here: use the folder, or the database, that belongs to it; if two projects share a database, give each its own ledger: "ledger": {"schema": ...} in migrate.config.json';

/** How to begin anew where all that is applied has lost its files for good. */
export const DELETED = "if you have deleted the files, forget what is applied: migrate stamp --purge base";

const vanishedHint = (revision: RevisionId): string =>
  `restore its file (another git branch may have it), or, where nothing that it did is in the database, delete its row with: migrate repair --forget ${shellWord(revision)}`;

const aheadHint = ({ heads }: Graph): string =>
  `; after a rollback to an older release, run: migrate upgrade ${heads.length > 1 ? "heads " : ""}--allow-ahead`;
