/** A plan and a session → the plan is run, and events tell how it goes. Decides nothing: the texts are sent in order. */
import { MigrateError } from "../core/errors.ts";
import { sqlstates } from "../core/ledger.ts";
import { messagesOf, type Plan, type PlanStep, type Text } from "../core/plan.ts";
import { type Location, locate, offsetOfCodePoint } from "../core/source.ts";
import { type Session, StatementFailure } from "./database.ts";

/** What happens while a plan runs. */
export type Event =
  | { readonly type: "waiting"; readonly seconds: number }
  | { readonly type: "step-started"; readonly step: PlanStep; readonly index: number; readonly of: number }
  | { readonly type: "step-done"; readonly step: PlanStep; readonly index: number; readonly of: number; readonly ms: number };

export interface ExecuteOptions {
  readonly onEvent?: (event: Event) => void;
  /** How long to try for the lock, in seconds; 0 tries once. */
  readonly lockWait: number;
  /** Tells where in its file a failing statement stands: the text of a path in the plan. */
  readonly sourceText: (path: string) => string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The statement that records a failed step in the ledger's log. */
  readonly recordFailure?: (step: PlanStep, message: string) => string;
}

/**
 * Runs the plan. Throws `MigrateError`: `state/locked`, `state/guard`, or `execution/…` with the failing
 * statement's place in its file. Whatever was in a transaction is rolled back.
 */
export async function execute(plan: Plan, session: Session, options: ExecuteOptions): Promise<void> {
  const { onEvent = () => {} } = options;
  const of = plan.steps.length;
  let current = -1;
  let began = performance.now();
  const done = (): void => {
    if (current < 0) return;
    onEvent({ type: "step-done", step: plan.steps[current]!, index: current, of, ms: performance.now() - began });
  };
  for (const message of messagesOf(plan)) {
    const step = message.find((text) => text.statement?.step !== undefined)?.statement?.step;
    if (step !== undefined && step !== current) {
      done();
      current = step;
      began = performance.now();
      onEvent({ type: "step-started", step: plan.steps[step]!, index: step, of });
    }
    const locks = message.some((text) => text.statement?.kind === "lock" && text.batch === 0);
    if (locks) await takeLock(message, session, options);
    else await sendMessage(plan, message, session, options);
  }
  done();
}

async function takeLock(message: readonly Text[], session: Session, options: ExecuteOptions): Promise<void> {
  const texts = message.map((text) => text.sql);
  const start = performance.now();
  for (let pause = 50; ; pause = Math.min(pause * 1.5, 1000)) {
    try {
      return await session.send(texts);
    } catch (error) {
      if (!(error instanceof StatementFailure) || error.sqlstate !== sqlstates.lockHeld) throw error;
      const waited = (performance.now() - start) / 1000;
      if (waited >= options.lockWait) {
        throw new MigrateError(
          {
            code: "state/locked",
            message: `another session holds the lock of the ledger, after ${waited.toFixed(0)} s of waiting`,
            hint: "wait until it is done, or give it longer with --lock-wait SECONDS",
          },
          { cause: error },
        );
      }
      options.onEvent?.({ type: "waiting", seconds: waited });
      // Polling with no transaction open: a session that waits inside one would stop CREATE INDEX CONCURRENTLY.
      await new Promise((resolve) => setTimeout(resolve, pause * (0.75 + Math.random() / 2)));
    }
  }
}

async function sendMessage(
  plan: Plan,
  message: readonly Text[],
  session: Session,
  options: ExecuteOptions,
): Promise<void> {
  try {
    await session.send(message.map((text) => text.sql));
  } catch (error) {
    if (!(error instanceof StatementFailure)) throw error;
    const text = message[error.index]!;
    if (!error.lost) {
      await session.send(["ROLLBACK;"]).catch(() => {});
      const step = text.statement?.kind === "guard" ? undefined : stepOf(plan, text);
      if (step !== undefined && options.recordFailure !== undefined) {
        // Best effort: the failure itself is what the user must see.
        await session.send([options.recordFailure(step, error.message)]).catch(() => {});
      }
    }
    throw explain(plan, text, error, options);
  }
}

/** The server's answer in the user's terms: which file, line and column, and what to do. */
function explain(plan: Plan, text: Text, failure: StatementFailure, options: ExecuteOptions): MigrateError {
  const { statement } = text;
  const target = stepOf(plan, text);
  const sqlstate = failure.sqlstate === undefined ? {} : { sqlstate: failure.sqlstate };
  if (statement?.kind === "guard" && failure.sqlstate === sqlstates.guard) {
    return new MigrateError(
      {
        code: "state/guard",
        message: failure.message.replace(/^retort: /, ""),
        ...(failure.hint === undefined ? {} : { hint: failure.hint }),
        ...sqlstate,
      },
      { cause: failure },
    );
  }
  if (failure.sqlstate === "57014" && options.signal?.aborted === true) {
    return new MigrateError(
      { code: "execution/cancelled", message: "stopped on request", hint: rolledBack(plan, text, target), ...sqlstate },
      { cause: failure },
    );
  }
  const details = [failure.detail, failure.where].filter((line) => line !== undefined);
  const message = [failure.message, ...details].join("\n  ");
  if (failure.lost) {
    return new MigrateError(
      {
        code: "execution/connection-lost",
        message: `the connection to the database was lost: ${message}`,
        hint: "run the same command again: it reads from the ledger what was done, and goes on from there",
        ...sqlstate,
      },
      { cause: failure },
    );
  }
  if (statement?.origin !== undefined) {
    const place = placeOf(statement, failure, options);
    return new MigrateError(
      {
        code: "execution/statement",
        message,
        hint: [failure.hint, rolledBack(plan, text, target)].filter((part) => part !== undefined).join("\n      "),
        ...place,
        ...sqlstate,
      },
      { cause: failure },
    );
  }
  const constraint = failure.constraint === undefined ? "" : ` (constraint ${failure.constraint})`;
  const doing = text.sql === "COMMIT;" ? "the commit of" : `a ${statement?.kind ?? "transaction"} statement of`;
  return new MigrateError(
    {
      code: text.sql === "COMMIT;" ? "execution/commit" : "execution/own-statement",
      message:
        target === undefined
          ? `a ${statement?.kind ?? "transaction"} statement failed: ${message}`
          : `${doing} revision ${target.revision} (${target.path}) failed${constraint}: ${message}`,
      hint: [failure.hint, rolledBack(plan, text, target)].filter((part) => part !== undefined).join("\n      "),
      ...sqlstate,
    },
    { cause: failure },
  );
}

/** The step a text belongs to; BEGIN and COMMIT belong to the step of their batch. */
function stepOf(plan: Plan, text: Text): PlanStep | undefined {
  const index = text.statement?.step ?? plan.batches[text.batch]?.statements.findLast((s) => s.step !== undefined)?.step;
  return index === undefined ? undefined : plan.steps[index];
}

function rolledBack(plan: Plan, text: Text, step: PlanStep | undefined): string {
  if (plan.batches[text.batch]?.transactional !== true) {
    return "this statement ran outside a transaction; see what was done with: migrate current";
  }
  return step === undefined ? "nothing was changed" : `revision ${step.revision} was rolled back; those before it stay applied`;
}

function placeOf(
  statement: NonNullable<Text["statement"]>,
  failure: StatementFailure,
  options: ExecuteOptions,
): { location: Location; excerpt?: { line: string } } {
  const origin = statement.origin!;
  const text = options.sourceText(origin.path);
  if (text === undefined) return { location: origin };
  const within = failure.position === undefined ? (statement.offset ?? 0) : offsetOfCodePoint(statement.sql, failure.position);
  const location = locate({ path: origin.path, text }, origin.start - (statement.offset ?? 0) + within);
  return { location, excerpt: { line: text.split(/\r\n|\n|\r/, location.line)[location.line - 1] ?? "" } };
}
