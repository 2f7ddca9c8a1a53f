/** A session → the ledger's rows. Reads only; a database without a ledger has an empty one. */
import { MigrateError } from "../core/errors.ts";
import type { Applied, How, LedgerState, Progress } from "../core/ledger.ts";
import type { LedgerSql } from "../core/ledger-sql.ts";
import { type Session, StatementFailure } from "./database.ts";

/** Reads what is applied and what is half done. One query where nothing is interrupted. */
export async function readLedger(session: Session, ledger: LedgerSql): Promise<LedgerState> {
  try {
    const applied = await session.rows<AppliedRow>(ledger.selectApplied);
    const [progress] = await session.rows<ProgressRow>(ledger.selectProgress);
    return {
      exists: true,
      applied: applied.map(appliedOf),
      ...(progress === undefined ? {} : { progress: progressOf(progress) }),
    };
  } catch (error) {
    if (isMissing(error)) return { exists: false, applied: [] };
    throw unreadable(error);
  }
}

/** An entry of the ledger's log. `at` is ISO 8601, UTC; `duration` in seconds. */
export interface LogEntry {
  readonly at: string;
  readonly by: string;
  readonly event: string;
  readonly revision: string | null;
  readonly checksum: string | null;
  readonly how: string | null;
  readonly duration: number | null;
  readonly detail: string | null;
}

/** The newest `last` entries of the log (0: all), newest first. */
export async function readLog(
  session: Session,
  ledger: LedgerSql,
  last: number,
): Promise<readonly LogEntry[]> {
  try {
    return await session.rows<LogEntry>(ledger.selectLog(last));
  } catch (error) {
    if (isMissing(error)) return [];
    throw unreadable(error);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof StatementFailure && (error.sqlstate === "42P01" || error.sqlstate === "3F000");
}

/** In the user's terms; what is no failure of the server's stays as it is. */
function unreadable(error: unknown): unknown {
  if (!(error instanceof StatementFailure)) return error;
  const { message, sqlstate, lost } = error;
  return new MigrateError(
    {
      code: lost ? "execution/connection-lost" : "execution/ledger",
      message: lost
        ? `the connection to the database was lost: ${message}`
        : `the ledger cannot be read: ${message}`,
      hint: lost
        ? "run the same command again; nothing was changed"
        : 'the role that connects, or the configured "role", needs the privileges of the ledger; see both with: migrate config',
      ...(sqlstate === undefined ? {} : { sqlstate }),
    },
    { cause: error },
  );
}

interface AppliedRow {
  readonly revision: string;
  readonly checksum: string;
  readonly code_checksum: string;
  readonly parents: readonly string[];
  readonly depends_on: readonly string[];
  readonly message: string;
  readonly how: How;
  readonly applied_at: string;
  readonly applied_by: string;
  readonly duration: number | null;
}

function appliedOf(row: AppliedRow): Applied {
  return {
    revision: row.revision,
    checksum: row.checksum,
    codeChecksum: row.code_checksum,
    parents: row.parents,
    dependsOn: row.depends_on,
    message: row.message,
    how: row.how,
    appliedAt: row.applied_at,
    appliedBy: row.applied_by,
    ...(row.duration === null ? {} : { duration: Number(row.duration) }),
  };
}

type ProgressRow = Omit<Progress, "startedAt" | "startedBy"> & {
  readonly started_at: string;
  readonly started_by: string;
};

function progressOf({ started_at, started_by, ...row }: ProgressRow): Progress {
  return { ...row, startedAt: started_at, startedBy: started_by };
}
