/** What the server answered to a statement that failed, and what its texts say in any language. */
import type { Diagnostic } from "../errors.ts";
import { isGuard, sqlstates } from "../ledger/types.ts";
import { passwordsOf } from "../password.ts";
import type { Statement } from "../plan/types.ts";
import { redact } from "../redact.ts";
import { ROWS_AS_SQL, ROWS_BY_PSQL } from "../refusal.ts";

/** What the server answered, or that it did not. */
export interface Failure {
  readonly message: string;
  /** Absent when the connection was lost. */
  readonly sqlstate?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly where?: string;
  readonly constraint?: string;
  /** 0-based code points into the statement, where the server said. */
  readonly position?: number;
  /** The connection broke: what the server did with the statement is not known. */
  readonly lost: boolean;
  /** The options that its connection was given, as in PGOPTIONS, where that is known. */
  readonly connectionOptions?: string | undefined;
}

/**
 * What a guard of ours has refused, which says itself why and what to do; also where it has found what the server refuses:
 * which rights the role lacks, who has locked the ledger. Undefined where it is the server that refuses.
 */
export function refusalOf({ sqlstate, message, hint }: Failure): Diagnostic | undefined {
  const isServers = (sqlstate === "42501" || sqlstate === sqlstates.lockHeld) && message.startsWith(OURS);
  if (!isServers && !isGuard(sqlstate)) return undefined;
  return {
    code: isServers ? "execution/own-statement" : "state/guard",
    message: message.startsWith(OURS) ? message.slice(OURS.length) : message,
    ...(hint === undefined ? {} : { hint }),
  };
}

/** What each message of ours begins with. */
const OURS = "retort: ";

/** A failure whose texts do not repeat the passwords of its statement. */
export function withoutPasswords(failure: Failure, { sql }: Statement): Failure {
  const passwords = passwordsOf(sql);
  const clean = (text: string): string => redact(text, passwords);
  const { message, detail, hint, where } = failure;
  return {
    ...failure,
    lost: failure.lost,
    message: clean(message),
    ...(detail === undefined ? {} : { detail: clean(detail) }),
    ...(hint === undefined ? {} : { hint: clean(hint) }),
    ...(where === undefined ? {} : { where: clean(where) }),
  };
}

/**
 * The server's own hint to a statement of the author's. Of a COPY from or to a file it names the forms that go through the
 * client, which no file of ours may have.
 */
export function serversHint({ hint, message, detail }: Failure): string | undefined {
  if (hint === undefined || !/\\copy\b/.test(hint)) return hint;
  // Names of roles and of commands are in no language.
  return /pg_read_server_files|COPY FROM\b/.test([message, detail, hint].join("\n"))
    ? ROWS_AS_SQL
    : ROWS_BY_PSQL;
}

/** A name in a message of the server's, in whatever language. */
export const quotedName = (message: string): string | undefined =>
  /["«»„“「](.+)["«»“”」]/.exec(message)?.[1]?.trim();
