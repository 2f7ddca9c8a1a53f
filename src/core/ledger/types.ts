/**
 * The ledger as values: `applied` has a row for every applied revision, `state` one row with the tally of that set, `log`
 * a row for everything that was done, `intent` a row while a step outside a transaction is under way.
 *
 * The digest of a set is a sum, so it is the same in whatever order the set came about, and each step changes it by a
 * number known beforehand: a guard is one comparison of one row, with ten revisions or ten thousand.
 */

import type { RevisionId } from "../migration.ts";
import type { SessionInfo } from "../session-info.ts";
import { sha256 } from "../sha256.ts";

/** Where the ledger lives, and whom it may belong to. */
export interface LedgerNames {
  readonly schema: string;
  /** The role it is read and written as, where that is not the one that connects. */
  readonly role?: string;
  /** May own it, besides the roles that connect and are configured, the database's owner and superusers. */
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

/** A row of `applied` as it is written; the server adds when, by whom and how long. */
export type NewRow = Omit<Applied, "appliedAt" | "appliedBy" | "duration">;

/** What a row holds of its file. */
export type Recorded = Pick<Applied, "revision" | "checksum" | "parents" | "dependsOn" | "message">;

/** The row of `intent`: what was written down before a statement outside a transaction. */
export interface Intent {
  readonly revision: RevisionId;
  readonly direction: "up" | "down";
  /** 1-based: the statement that was about to run. */
  readonly statement: number;
  readonly of: number;
  /** SHA-256 of the statement's text. */
  readonly hash: string;
  /** SHA-256 of the texts of all statements before it, in order. */
  readonly before: string;
  /** What can be seen of it in the catalog, and the objects it is about; absent where it can run again. */
  readonly kind?: string;
  readonly names?: readonly string[];
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly startedBy: string;
  /** It succeeded, in a session that has ended since. */
  readonly done: boolean;
  /** The server refused it, with this. */
  readonly error?: string;
  /** The other sessions that hold the lock of the ledger: the step is under way. Absent where it was interrupted. */
  readonly holders?: readonly SessionInfo[];
}

/** Everything a plan needs to know of the ledger. */
export interface LedgerState {
  /** The format of the ledger; absent where the database has none. */
  readonly format?: number;
  readonly applied: readonly Applied[];
  readonly intent?: Intent;
  /** That the sequence of the log is behind its rows, so that nothing can be written. */
  readonly behind?: string;
}

/** The number and the digest of a set of revisions. */
export interface Tally {
  readonly revisions: number;
  readonly digest: bigint;
}

/** What one revision adds to the digest: the first 60 bits of its id's SHA-256. */
export function digestOf(revision: RevisionId): bigint {
  return BigInt(`0x${sha256(revision).slice(0, 15)}`);
}

export function tallyOf(revisions: Iterable<RevisionId>): Tally {
  let count = 0;
  let digest = 0n;
  for (const revision of revisions) {
    count += 1;
    digest += digestOf(revision);
  }
  return { revisions: count, digest };
}

/**
 * SQLSTATEs that statements of ours raise: a lock that is held, a guard that stops, a ledger of another format, one that is
 * inconsistent.
 */
export const sqlstates = {
  lockHeld: "55P03",
  guard: "RT001",
  format: "RT002",
  inconsistent: "RT003",
} as const;

/** Does it tell that a guard has stopped? */
export const isGuard = (sqlstate: string | undefined): boolean =>
  sqlstate === sqlstates.guard || sqlstate === sqlstates.format || sqlstate === sqlstates.inconsistent;
