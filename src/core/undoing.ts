/** A revision that is applied, or half so, and that no applied one needs → the command that takes it away, finishes or forgets it. */
import { type Graph, nodeOf } from "./graph.ts";
import type { Intent } from "./ledger/types.ts";
import type { Revision, RevisionId } from "./migration.ts";
import { shellWord } from "./shell.ts";
import { currentHeads, planStamp } from "./steps.ts";

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
  return direction === "up"
    ? `if the database has already all that ${revision} does, record it, or the last revision of which that is so: migrate stamp ${shellWord(revision)}`
    : `if all that ${revision} did is gone already, record that: ${stampWithout(graph, applied, revision)}`;
}

/** The stamp that takes it out of the ledger and changes nothing else there. */
export function stampWithout(graph: Graph, applied: readonly RevisionId[], revision: RevisionId): string {
  const left = applied.filter((id) => id !== revision);
  const heads = currentHeads(graph, left);
  if (heads.length === 0) return "migrate stamp base";
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
