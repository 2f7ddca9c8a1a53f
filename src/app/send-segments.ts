/** Statements in their segments, and a session → they are run on it as a migration of them would be. */
import { type Segment, sentIn } from "../core/diff/text.ts";
import type { Session } from "../io/session/types.ts";

/** Throws `StatementFailure`. */
export async function sendSegments(session: Session, segments: readonly Segment[]): Promise<void> {
  for (const segment of segments) for (const sql of sentIn(segment)) await session.send(sql);
}
