/**
 * What a run would take away, and what was applied when it began → a refusal of what came meanwhile: nobody has asked for
 * that, nor been asked about it.
 */
import { MigrateError } from "./errors.ts";
import { runAgain } from "./failure/explain.ts";
import type { Graph } from "./graph.ts";
import type { Applied } from "./ledger/types.ts";
import type { Migration, RevisionId } from "./migration.ts";
import { settledRows } from "./replaced.ts";
import { idsOf, type Step } from "./steps.ts";

/** What may be taken away: what the rows name, also as the squashed revisions that count in their place. */
export const takable = (graph: Graph<Migration>, rows: readonly Applied[]): ReadonlySet<RevisionId> =>
  new Set([...idsOf(rows), ...idsOf(settledRows(graph, rows))]);

export interface Begun {
  readonly applied: ReadonlySet<RevisionId>;
  /** Steps are done already. */
  readonly hasDone: boolean;
  /** What to type to take the rest away, too, where the same command would lead further. */
  readonly again: string | undefined;
}

/** Throws `state/guard`. */
export function refuseMeanwhile(
  kind: "upgrade" | "downgrade" | "stamp",
  steps: readonly Step[],
  { applied, hasDone, again }: Begun,
): void {
  const came = steps.flatMap(({ direction, revision }) =>
    direction === "down" && !applied.has(revision) ? [revision] : [],
  );
  if (came.length === 0) return;
  const [was, them] = came.length === 1 ? ["was", "it"] : ["were", "them"];
  const [lost, lose] =
    kind === "stamp" ? ["taken out of the ledger", `take ${them} out`] : ["taken back", `take ${them} back`];
  const done = hasDone ? "what was done so far is kept" : "no step was done";
  throw new MigrateError({
    code: "state/guard",
    message: `the database has changed since this ${kind} began: ${came.join(", ")} ${was} applied meanwhile, and would be ${lost}`,
    hint: `${done}; to ${lose} all the same, ${runAgain(again)}`,
  });
}
