/** What the guard found to be inconsistent in a ledger → what `migrate repair` does about it, for a person. */

import type { LedgerState } from "./types.ts";

/** Which part does not fit: a table is missing; the rows do not fit together; a table has no primary key; the log's sequence is behind; the procedures are missing or others. */
export type LedgerPart = "tables" | "rows" | "keys" | "sequence" | "procedures";

/** A ledger that does not fit together. JSON-safe. */
export interface Inconsistency {
  /** What is wrong: one clause. */
  readonly message: string;
  readonly parts: readonly LedgerPart[];
}

/** `detail`: of the guard's error, `To be repaired: rows, procedures.` */
export const inconsistencyOf = (message: string, detail: string): Inconsistency => ({
  message,
  parts: (Object.keys(REPAIRS) as LedgerPart[]).filter((part) => detail.includes(part)),
});

/** What to say, and to type, where a ledger that can be read cannot be written to, since its log's sequence is behind. */
export const behindIn = ({
  behind,
}: LedgerState): { readonly message: string; readonly hint: string } | undefined =>
  behind === undefined
    ? undefined
    : { message: behind, hint: "before anything is run here, set it with: migrate repair" };

/** One line for each part: what is done, and what cannot be known. */
export const repairLines = ({ parts }: Inconsistency): readonly string[] =>
  parts.map((part) => REPAIRS[part]);

const REPAIRS: Readonly<Record<LedgerPart, string>> = {
  tables: "tables: missing ones are created, empty, as the role that repairs; grant the rights on them again",
  rows:
    "rows: those in applied are taken as true; the tally is rebuilt from them, and an interrupted step that they contradict is " +
    "discarded. All other revisions count as pending. Record afterwards those that the database has: where an applied revision needs " +
    "one, migrate verify says what to type; the others with: migrate stamp REVISION",
  keys: "keys: the primary keys that are missing are created",
  sequence: "sequence: that of log is set to the last of its rows",
  procedures:
    "procedures: they are dropped, and recreated by this version of migrate; whoever could execute them still can",
};
