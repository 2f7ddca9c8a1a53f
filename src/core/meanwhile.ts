/**
 * What a run would take away, or a stamp record, and what was applied when it began and is now → a refusal where others have
 * changed just that meanwhile: nobody has asked for it, nor been asked about it.
 */
import { MigrateError } from "./errors.ts";
import { runAgain } from "./failure/explain.ts";
import type { Graph } from "./graph.ts";
import type { Applied } from "./ledger/types.ts";
import type { Migration, RevisionId } from "./migration.ts";
import { settledRows } from "./replaced.ts";
import { currentHeads, idsOf, type Step } from "./steps.ts";
import { appliedFrom, BASE, downgradeTarget } from "./target.ts";

/** What counts as applied: what the rows name, also as the squashed revisions that count in their place. */
export const countedAs = (graph: Graph<Migration>, rows: readonly Applied[]): ReadonlySet<RevisionId> =>
  new Set([...idsOf(rows), ...idsOf(settledRows(graph, rows))]);

export interface Begun {
  /** What was applied when it began. */
  readonly before: ReadonlySet<RevisionId>;
  readonly now: ReadonlySet<RevisionId>;
  /** Steps are done already. */
  readonly hasDone: boolean;
  /** What to type to do the rest, too, where the same command would lead further. */
  readonly again: string | undefined;
}

/** Throws `state/guard`. */
export function refuseMeanwhile(
  kind: "upgrade" | "downgrade" | "stamp",
  steps: readonly Step[],
  { before, now, hasDone, again }: Begun,
): void {
  const came = steps.filter(({ direction, revision }) => direction === "down" && !before.has(revision));
  // An upgrade applies what another has taken back; a stamp would only say that it is applied.
  const went = steps.filter(
    ({ direction, revision }) =>
      kind === "stamp" && direction === "up" && before.has(revision) && !now.has(revision),
  );
  const those = idsOf(came.length > 0 ? came : went);
  if (those.length === 0) return;
  const [was, them] = those.length === 1 ? ["was", "it"] : ["were", "them"];
  const [event, would, toDo] =
    came.length === 0
      ? ["taken back", "recorded as applied", `record ${them} as applied`]
      : kind === "stamp"
        ? ["applied", "taken out of the ledger", `take ${them} out`]
        : ["applied", "taken back", `take ${them} back`];
  throw changed(
    kind,
    `${those.join(", ")} ${was} ${event} meanwhile, and would be ${would}`,
    `${soFar(hasDone)}; to ${toDo} all the same, ${runAgain(again)}`,
  );
}

/** Throws `state/guard` for a downgrade whose end another has taken back: it may have been counted, so that nobody has named it. */
export function refuseBelowEnd(
  graph: Graph<Migration>,
  target: string,
  { before, now, hasDone }: Omit<Begun, "again">,
): void {
  if ([...before].every((id) => now.has(id))) return;
  const { place } = downgradeTarget(graph, currentHeads(graph, now), target);
  if (place === BASE || now.has(place) || !before.has(place)) return;
  throw changed(
    "downgrade",
    `${place}, where it was to end, was taken back meanwhile`,
    `${soFar(hasDone)}; ${appliedFrom(undefined)}`,
  );
}

const changed = (kind: string, what: string, hint: string): MigrateError =>
  new MigrateError({
    code: "state/guard",
    message: `the database has changed since this ${kind} began: ${what}`,
    hint,
  });

const soFar = (hasDone: boolean): string => (hasDone ? "what was done so far is kept" : "no step was done");
