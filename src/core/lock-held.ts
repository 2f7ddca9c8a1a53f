/** The sessions that hold the lock of the ledger → the error of the command that needs it, or must not run beside them. */
import { MigrateError } from "./errors.ts";
import { sessionText } from "./event.ts";
import type { SessionInfo } from "./session-info.ts";

/** What the one who wants it adds. */
export interface Wanting {
  /** Seconds. */
  readonly waited?: number;
  /** What the holder may be doing: `, and may …`. */
  readonly mayDo?: string;
  /** What is so now: `no file was deleted; `. */
  readonly lead?: string;
  /** What to do besides waiting, or after it. */
  readonly next: string;
}

/** A `state/locked`. Who is idle may never be done, such as a psql that stands where a script failed. */
export function lockHeld(
  holders: readonly SessionInfo[],
  { waited, mayDo = "", lead = "", next }: Wanting,
  cause?: unknown,
): MigrateError {
  const who = sessionsText(holders);
  return new MigrateError(
    {
      code: "state/locked",
      message: `another session holds the lock of the ledger${mayDo}${who === "" ? "" : `: ${who}`}${waited === undefined ? "" : ` (waited ${waited.toFixed(0)} s)`}`,
      hint: `${lead}${waitHint(holders, next)}`,
    },
    { cause },
  );
}

/** A further line of a message; empty where nobody is known. */
export const waitedFor = (holders: readonly SessionInfo[]): string =>
  holders.length === 0 ? "" : `\nit waited for ${sessionsText(holders)}`;

export const sessionsText = (holders: readonly SessionInfo[]): string => holders.map(sessionText).join("; ");

/** What to do about the sessions that hold a lock; `next`: besides waiting, or after it. */
export function waitHint(holders: readonly SessionInfo[], next: string): string {
  const idle = idleHint(holders);
  return `wait until it is done, ${next}${idle === undefined ? "" : `; ${idle}`}`;
}

/**
 * Of the first that is idle; undefined where none is. It may be a psql that stands where a script failed, and as well a run
 * between two attempts.
 */
export function idleHint(holders: readonly SessionInfo[]): string | undefined {
  const idle = holders.find((each) => each.idle !== undefined);
  return (
    idle &&
    `the session of pid ${idle.pid} is idle: if nobody goes on with it, end it: SELECT pg_terminate_backend(${idle.pid})`
  );
}
