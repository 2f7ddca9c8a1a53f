/**
 * A plan's batches → the same, with what a script does where `execute` would try a transaction again: before the first statement
 * of a step that blocks others it takes the locks of that statement, and tries again while others have them.
 */
import { waiting } from "../effects/mode.ts";
import type { RelationLock } from "../effects/summary.ts";
import type { Ledger } from "../ledger/calls.ts";
import { readAsWritten } from "./session.ts";
import type { Batch, Plan, Statement } from "./types.ts";

/**
 * `retries` 0: the batches as they are. A step that is one transaction, and works through no table while others are blocked, takes
 * all of its locks at once; any other those of its first such statement, so that it holds none for longer than it does online.
 */
export function withLocks(
  { steps }: Pick<Plan, "steps">,
  batches: readonly Batch[],
  ledger: Ledger,
  retries: number,
): readonly Batch[] {
  if (retries === 0) return batches;
  const tried = new Set<number>();
  const before = (statement: Statement): readonly Statement[] => {
    const index = statement.step;
    if (index === undefined || tried.has(index) || blocking(statement).length === 0) return [];
    tried.add(index);
    const step = steps[index]!;
    // A role that the file sets may not use the ledger.
    if (step.privileges?.some(({ as }) => as !== undefined) === true) return [];
    const locks = blocking(step.transactional && step.effect?.waits !== true ? step : statement);
    const sql = ledger.takeLocks(locks, retries);
    return [...readAsWritten(sql, index), { sql, purpose: "take-locks", step: index }];
  };
  return batches.map((batch) =>
    batch.transactional
      ? { ...batch, statements: batch.statements.flatMap((each) => [...before(each), each]) }
      : batch,
  );
}

/** What keeps others from reading or writing. */
const blocking = ({ effect }: Pick<Statement, "effect">): readonly RelationLock[] =>
  (effect?.locks ?? []).filter(({ mode }) => waiting(mode).writers);
