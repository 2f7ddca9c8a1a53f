/** A revision that is applied, half so or not yet → the command that takes it away, finishes, records or forgets it. */
import { type Graph, nodeOf } from "./graph.ts";
import type { Intent } from "./ledger/types.ts";
import type { Revision, RevisionId } from "./migration.ts";
import { shellWord } from "./shell.ts";
import { currentHeads, planStamp } from "./steps.ts";
import { BASE } from "./target.ts";

/** The downgrade that runs its down file and no other. */
export function downgradeOf({ revision, parents }: Pick<Revision, "revision" | "parents">): string {
  const target = parents.length > 1 ? parents[0]! : `${revision}@-1`;
  return `migrate downgrade ${shellWord(target)}`;
}

/** What finishes an interrupted step. */
export function finishing(
  graph: Graph,
  { revision, direction }: Pick<Intent, "revision" | "direction">,
): string {
  if (direction === "up") return `migrate upgrade ${shellWord(revision)}`;
  return downgradeOf({ revision, parents: graph.nodes.get(revision)?.parents ?? [] });
}

/**
 * What to type about an interrupted step that is in the way, as the end of a sentence that a word begins for what finishing
 * is good for (`finish it with`).
 */
export function finishingHint(
  graph: Graph,
  applied: readonly RevisionId[],
  { revision, direction }: Pick<Intent, "revision" | "direction">,
  lead: string,
): string {
  const finish = finishing(graph, { revision, direction });
  const discard = `discard it with: ${discarding(graph, applied)}`;
  if (graph.nodes.has(revision)) return `${lead}: ${finish}; or, if that cannot succeed, ${discard}`;
  const restore = `no file has the revision ${revision}: restore its files and run: ${finish}`;
  // Half undone it is in the ledger still, and a stamp reads no ledger with a revision that no file has.
  return direction === "down" ? restore : `${restore}; or take back by hand what it has done, and ${discard}`;
}

/** The stamp that says of no other revision that it is applied, and of the interrupted one that it is not. */
export const discarding = (graph: Graph, applied: readonly RevisionId[]): string =>
  `migrate stamp ${currentHeads(graph, applied).map(shellWord).join(" ") || BASE}`;

/** It is there: a column, a database, a routine, a schema, a relation, any other object. */
export const DUPLICATE: ReadonlySet<string> = new Set(["42701", "42P04", "42723", "42P06", "42P07", "42710"]);

/** It is not there: a column, a routine, a schema, a relation, any other object. */
const UNDEFINED: ReadonlySet<string> = new Set(["42703", "42883", "3F000", "42P01", "42704"]);

/**
 * What to type where a step failed because what it does is done already; `sqlstate`: of the failure. Undefined where that is
 * not why.
 */
export function recording(
  graph: Graph,
  applied: readonly RevisionId[],
  { revision, direction }: Pick<Intent, "revision" | "direction">,
  sqlstate: string | undefined,
): string | undefined {
  const states = direction === "up" ? DUPLICATE : UNDEFINED;
  if (sqlstate === undefined || !states.has(sqlstate)) return undefined;
  if (direction === "down")
    return `if all that ${revision} did is gone already, record that: ${stampWithout(graph, applied, revision)}`;
  const { command, added, isBelow } = stampWith(graph, applied, revision);
  const [all, them] = added.length === 1 ? ["does", "it"] : ["do", "them"];
  // Where it is the newest, those after it may be done already, too.
  const last = isBelow ? "" : ", or the last revision of which that is so";
  return `if the database has already all that ${added.join(", ")} ${all}, record ${them}${last}: ${command}`;
}

/** The stamp that adds a revision to the ledger, with what it needs, and takes none out. */
export function stampWith(
  graph: Graph,
  applied: readonly RevisionId[],
  revision: RevisionId,
): {
  readonly command: string;
  /** What the ledger has after it, and not before. */
  readonly added: readonly RevisionId[];
  /** Revisions above it are applied. */
  readonly isBelow: boolean;
} {
  const rows = applied.map((id) => ({ revision: id }));
  const alone = planStamp(graph, rows, [revision]);
  if (alone.removed.length === 0)
    return { command: `migrate stamp ${shellWord(revision)}`, added: alone.added, isBelow: false };
  // A stamp of what is below a head takes that head out; one of the heads records what they need and lack.
  const heads = currentHeads(graph, [...applied, revision]);
  const { added } = planStamp(graph, rows, heads);
  return { command: `migrate stamp ${heads.map(shellWord).join(" ")}`, added, isBelow: true };
}

/** The stamp that takes it out of the ledger and changes nothing else there. */
export function stampWithout(graph: Graph, applied: readonly RevisionId[], revision: RevisionId): string {
  const left = applied.filter((id) => id !== revision);
  const heads = currentHeads(graph, left);
  if (heads.length === 0) return `migrate stamp ${BASE}`;
  const rows = applied.map((id) => ({ revision: id }));
  const leavesThem = (target: readonly string[]): boolean => {
    const { applied: after } = planStamp(graph, rows, target);
    return after.length === left.length && after.every((id) => left.includes(id));
  };
  const branch = nodeOf(graph, revision).parents.length === 0 ? [[`${revision}@base`]] : [];
  const target = [heads, ...branch].find(leavesThem);
  const words = (target ?? heads).map(shellWord).join(" ");
  return `migrate stamp ${target === undefined ? "--purge " : ""}${words}`;
}
