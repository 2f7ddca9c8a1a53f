/** pg_advisory_lock in a migration → a deadlock with whoever builds an index concurrently. */
import { items, someNode, stringOf } from "../ast.ts";
import type { Rule } from "./rule.ts";

const BLOCKING = /^pg_advisory_(?:xact_)?lock(?:_shared)?$/;

export const blockingAdvisoryLock: Rule = {
  id: "blocking-advisory-lock",
  since: 1,
  severity: "warning",
  kinds: ["SelectStmt"],
  hazard:
    "A session that waits in pg_advisory_lock() has a snapshot, and CREATE INDEX CONCURRENTLY waits for all old snapshots: if the session that builds the index has the lock, both wait for each other until the deadlock is detected.",
  advice: "retry pg_try_advisory_lock(); migrations already prevent a second run",
  bad: "SELECT pg_advisory_lock(42);",
  good: ["SELECT pg_try_advisory_lock(42);"],
  *find({ kind, tree, sql }) {
    if (kind !== "SelectStmt" || !/pg_advisory_/i.test(sql)) return;
    const waits = someNode(
      tree,
      (each, call) => each === "FuncCall" && BLOCKING.test(stringOf(items(call["funcname"]).at(-1))),
    );
    if (waits)
      yield { message: "it deadlocks with an index that the holder of the lock builds concurrently" };
  },
};
