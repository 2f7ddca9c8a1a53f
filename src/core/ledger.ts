/**
 * The ledger: our tables as values.
 *
 * `applied` has a row for every applied revision, `state` one row with the digest of that set, `log` a row for
 * everything that ever happened, `progress` a row while a step outside a transaction is under way.
 *
 * The digest is a sum, so it is the same in whatever order the set came about and each step changes it by a
 * number known beforehand: a guard stays one comparison of one row, with ten revisions or ten thousand.
 */
import type { RevisionId } from "./migration.ts";

/** Where the ledger lives, and whose it is. Any names; they are quoted. */
export interface LedgerNames {
  readonly schema: string;
  /** The role it is read and written as, where that is not the one that connects. */
  readonly role?: string;
  /** A role that may own it, beside the one that connects, `role`, the database's owner and superusers. */
  readonly owner?: string;
}

export const defaultLedgerNames: LedgerNames = { schema: "retort" };

/** How a revision came to be applied. */
export type How = "run" | "script" | "stamp";

/** One row of `applied`. */
export interface Applied {
  readonly revision: RevisionId;
  readonly checksum: string;
  /** As the checksum, without comments and white space: tells what kind of change a change is. */
  readonly codeChecksum: string;
  readonly parents: readonly RevisionId[];
  readonly dependsOn: readonly RevisionId[];
  readonly message: string;
  /** ISO 8601, UTC. */
  readonly appliedAt: string;
  readonly appliedBy: string;
  /** Seconds; absent for a stamp. */
  readonly duration?: number;
  readonly how: How;
}

/** The row of `progress`: the intent that was recorded before a statement outside a transaction. */
export interface Progress {
  readonly revision: RevisionId;
  readonly direction: "up" | "down";
  /** 1-based: the statement whose outcome is unknown. */
  readonly statement: number;
  readonly of: number;
  /** `sha256` hex of the statement's text. */
  readonly hash: string;
  /** `sha256` hex of the texts of all statements before it, in order. */
  readonly before: string;
  readonly startedAt: string;
  readonly startedBy: string;
}

/** Everything a plan needs to know of the ledger. */
export interface LedgerState {
  /** False where the tables are not there yet. */
  readonly exists: boolean;
  readonly applied: readonly Applied[];
  readonly progress?: Progress;
}

/** A pure SHA-256: a text, or its pieces in order (as UTF-8) → lower-case hex. Given by `io`, since `core` has no Node. */
export type Sha256 = (text: string | Iterable<string>) => string;

/** What one revision adds to the digest: the first 60 bits of its id's SHA-256. */
export function digestOf(revision: RevisionId, sha256: Sha256): bigint {
  return BigInt(`0x${sha256(revision).slice(0, 15)}`);
}

/** The count and digest of a set of revisions. */
export interface Digest {
  readonly count: number;
  readonly sum: bigint;
}

export function digestOfSet(revisions: Iterable<RevisionId>, sha256: Sha256): Digest {
  let count = 0;
  let sum = 0n;
  for (const revision of revisions) {
    count += 1;
    sum += digestOf(revision, sha256);
  }
  return { count, sum };
}

/** A row of `applied` as it is written; the server adds when, by whom and how long. */
export type NewRow = Omit<Applied, "appliedAt" | "appliedBy" | "duration">;

/** What a row holds of its file. */
export type Recorded = Pick<Applied, "revision" | "checksum" | "parents" | "dependsOn" | "message">;

/** Where something may be done. */
export interface Place {
  /** `server_version_num`. */
  readonly minimumVersion?: number;
  readonly database?: string;
  /** The role that connects. */
  readonly role?: string;
}

/** What must be so before anything is done. */
export interface Start {
  /** Every revision that must be applied, and every one that may be; the same list where the state is one. */
  readonly atLeast: readonly RevisionId[];
  readonly atMost: readonly RevisionId[];
  /** What will be applied in the end. */
  readonly result: Digest;
  /** The command that writes such a script, for the hint of one that has become stale. */
  readonly again?: { readonly verb: string; readonly target: string };
}

/** What must be so before a step: one state, or just that the step can be done next. */
export type Expected =
  | Digest
  | {
      readonly revision: RevisionId;
      readonly direction: "up" | "down";
      readonly needs: readonly RevisionId[];
    };

/** How the catalog shows that a statement did not do what it should: where the condition is true. */
export interface Undone {
  readonly condition: string;
  readonly sentence: string;
  readonly hint: string;
}

/** What times a step: the guard at its beginning, or the row in `progress`. */
export type Clock = "guard" | "progress";

/** The words of a guard's sentence: `upgrade to 29f859a13ea1`. */
export type StepLabel = string;

export type IntentRef = Pick<Progress, "revision" | "statement" | "hash">;

/** SQLSTATEs our own statements raise: the runner tells a lock that is held and a guard that stops by them. */
export const sqlstates = { lockHeld: "55P03", guard: "RT001" } as const;
