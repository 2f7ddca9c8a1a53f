/** The ledger's log → the revisions that were ever in it, also those that were taken back since. */
import type { RevisionId } from "../migration.ts";

/** What adds a row of `applied`, or deletes one. */
const RECORDS: ReadonlySet<string> = new Set(["upgrade", "downgrade", "stamp", "unstamp"]);

export const recordedIn = (
  log: readonly { readonly event: string; readonly revision: RevisionId | null }[],
): ReadonlySet<RevisionId> =>
  new Set(log.flatMap(({ event, revision }) => (revision !== null && RECORDS.has(event) ? [revision] : [])));
