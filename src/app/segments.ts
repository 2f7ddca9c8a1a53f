/** Statements, and a session → they are run on it in as few transactions as the server lets them: their segments. */
import { type Segment, sentIn } from "../core/diff/text.ts";
import { MigrateError } from "../core/errors.ts";
import type { Session, StatementFailure } from "../io/session/types.ts";
import { sendUnit } from "./trial.ts";

/** Runs segments as a migration of them would be run. Throws `StatementFailure`. */
export async function sendSegments(session: Session, segments: readonly Segment[]): Promise<void> {
  for (const segment of segments) for (const sql of sentIn(segment)) await session.send(sql);
}

/** SQLSTATEs of what has to wait for a COMMIT: the use of a new enum value, and a table with events that are not done. */
const AFTER_COMMIT = ["55P04", "55006"];

/** Of what stands outside of transactions. */
const OUTSIDE = "25001";

/** Runs statements, and finds their segments. Throws `findings/not-proven`. */
export async function runInSegments(
  session: Session,
  statements: readonly string[],
): Promise<readonly Segment[]> {
  const segments: Segment[] = [];
  let open: string[] = [];
  const commit = async (): Promise<void> => {
    if (open.length > 0) {
      await session.send("COMMIT");
      segments.push({ transactional: true, statements: open });
    }
    open = [];
  };
  /** What failed has ended the transaction: it is done again as far as that statement. */
  const redo = async (): Promise<void> => {
    await session.send("ROLLBACK");
    if (open.length > 0) for (const sql of ["BEGIN", ...open]) await session.send(sql);
    await commit();
  };
  for (const sql of statements) {
    if (open.length === 0) await session.send("BEGIN");
    const failure = await sendUnit(session, [sql]);
    if (failure !== undefined) {
      const waits = AFTER_COMMIT.includes(failure.sqlstate ?? "") && open.length > 0;
      if (!waits && failure.sqlstate !== OUTSIDE) throw brokenProof(sql, failure);
      await redo();
      if (failure.sqlstate === OUTSIDE) {
        await session.send(sql);
        segments.push({ transactional: false, statements: [sql] });
        continue;
      }
      await session.send("BEGIN");
      await session.send(sql);
    }
    open.push(sql);
  }
  await commit();
  return segments;
}

const brokenProof = (sql: string, failure: StatementFailure): MigrateError =>
  new MigrateError(
    {
      code: "findings/not-proven",
      message: `the server refuses it in one transaction with the statements before it: ${sql}: ${failure.message}`,
      hint: "write the SQL for it by hand",
    },
    { cause: failure },
  );
