/** A plan and a session → the plan is run, and events tell how it goes. Decides nothing: the texts are sent in order. */
import { setTimeout as sleep } from "node:timers/promises";
import { cancelled, MigrateError } from "../core/errors.ts";
import { type Event, type SessionInfo, sessionText } from "../core/event.ts";
import { sqlstates } from "../core/ledger.ts";
import {
  DEFERRED_NOW,
  type GroupLimits,
  groupFrom,
  type Plan,
  type PlanStep,
  type Statement,
  type Text,
  textsOf,
} from "../core/plan.ts";
import { offsetInDo } from "../core/plpgsql.ts";
import { type Location, locate, offsetOfCodePoint } from "../core/source.ts";
import { type Session, StatementFailure } from "./database.ts";

export interface LockOptions {
  readonly onEvent?: (event: Event) => void;
  /** How long to try for the lock, in seconds; 0 tries once. */
  readonly lockWait: number;
  /** Who holds the ledger's lock; asked between messages. */
  readonly lockHolders: () => Promise<readonly SessionInfo[]>;
  readonly signal?: AbortSignal | undefined;
}

export interface ExecuteOptions extends LockOptions {
  /** How often a transaction that met lock_timeout is tried again. */
  readonly lockRetries: number;
  /** Who blocks this session; asked over another connection. */
  readonly blockers: () => Promise<readonly SessionInfo[]>;
  /** Tells where in its file a failing statement stands: the text of a path in the plan. */
  readonly sourceText: (path: string) => string | undefined;
  /** The statement that records a failed step in the ledger's log. */
  readonly recordFailure?: (step: PlanStep, message: string) => string;
}

/**
 * Runs the plan. Throws `MigrateError`: `state/locked`, `state/guard`, or `execution/…` with the failing
 * statement's place in its file. Whatever was in a transaction is rolled back, and the lock is released.
 */
export async function execute(plan: Plan, session: Session, options: ExecuteOptions): Promise<void> {
  const steps = stepEvents(plan, options);
  let retries = 0;
  let locked = false;
  try {
    const pace = groupPace();
    for (let batch = 0; batch < plan.batches.length; ) {
      const began = performance.now();
      const group = groupFrom(plan, batch, batch === 0 ? ALONE : pace.limits());
      try {
        steps.sharing = group.next - batch > 1;
        for (const message of group.messages) {
          steps.at(message[0]!);
          if (batch === 0) await takeLock(plan, message, session, options);
          else await sendMessage(plan, message, session, options, steps);
          locked = true;
        }
        pace.took(group.next - batch, performance.now() - began);
        batch = group.next;
        retries = 0;
      } catch (error) {
        if (!(error instanceof LockLost) || retries >= options.lockRetries) throw error;
        // The failed batch was rolled back; those before it in the message are committed.
        batch = error.batch;
        retries += 1;
        const seconds = backoff(retries);
        options.onEvent?.({
          type: "retry",
          after: error.after,
          retry: retries,
          of: options.lockRetries,
          seconds,
          blockers: error.blockers,
        });
        await pause(seconds * 1000, options.signal);
      }
    }
    steps.done();
  } catch (error) {
    const lost = error instanceof MigrateError && error.code === "execution/connection-lost";
    // The lock outlives a failed statement: the plan's own end releases it.
    if (locked && !lost) {
      const closing = textsOf(plan, plan.batches.length - 1).map((text) => text.sql);
      await session.send(closing).catch(() => {});
    }
    throw error;
  }
}

/** The lock is taken by itself: while it is waited for, nothing else may be under way. */
const ALONE: GroupLimits = { batches: 1, size: 0 };

/**
 * How many transactions share a message: as many as take 0.3 s, by what the last ones took. Slow
 * migrations go alone, so that each is seen as it is done; quick ones do not wait for the network one by one.
 */
function groupPace() {
  let batches = 1;
  return {
    limits: (): GroupLimits => ({ batches, size: 512 * 1024 }),
    took(count: number, ms: number): void {
      const fit = Math.floor((300 * count) / Math.max(ms, 1));
      batches = Math.max(1, Math.min(fit, batches * 8, 500));
    },
  };
}

interface StepEvents {
  /** Several batches are in the message that is sent. */
  sharing: boolean;
  /** A text is about to be sent, or has begun because the one before it is done; a batch whose turn is over is committed. */
  readonly at: (text: Text) => void;
  readonly done: () => void;
}

/** Tells when a step begins and when it is done: with its last batch, which may be that of other steps too. */
function stepEvents(plan: Plan, { onEvent = () => {} }: ExecuteOptions): StepEvents {
  const of = plan.steps.length;
  let batch: number | undefined;
  let current: readonly number[] = [];
  let started: number | undefined;
  let began = performance.now();
  let shared = false;
  const done = (): void => {
    const time = shared || current.length > 1 ? {} : { ms: performance.now() - began };
    for (const index of current) onEvent({ type: "step-done", step: plan.steps[index]!, index, of, ...time });
    current = [];
  };
  const at = (text: Text): void => {
    if (text.batch !== batch) {
      batch = text.batch;
      const steps = stepsIn(plan, batch);
      if (steps[0] !== current[0] || steps.length === 0) {
        done();
        current = steps;
        began = performance.now();
        shared = events.sharing;
      }
    }
    const index = plan.batches[batch]!.step ?? text.statement?.step;
    if (index === undefined || index === started) return;
    started = index;
    onEvent({ type: "step-started", step: plan.steps[index]!, index, of });
  };
  const events: StepEvents = { sharing: false, at, done };
  return events;
}

/** The steps that a batch is all or a part of. */
function stepsIn(plan: Plan, batch: number): readonly number[] {
  const { step } = plan.batches[batch]!;
  if (step !== undefined) return [step];
  return [...new Set(plan.batches[batch]!.statements.flatMap((each) => each.step ?? []))];
}

/** Seconds before a migration that met a lock timeout or a deadlock is tried again: 0.5, 1, 2 … 30, each with jitter. */
function backoff(retry: number): number {
  return Math.min(0.5 * 2 ** (retry - 1), 30) * (0.5 + Math.random());
}

/** Waits, but not longer than until the user asks to stop. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, { ...(signal === undefined ? {} : { signal }) }).catch(() => {});
  refuseAborted(signal);
}

const GOES_ON = "what was done so far stays; the same command goes on from there";

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw cancelled(GOES_ON);
}

/** Takes the ledger's lock before there is a plan: what is half done must not change while it is looked at. */
export async function lockFirst(lock: string, session: Session, options: LockOptions): Promise<void> {
  try {
    await pollLock([lock], session, options);
  } catch (error) {
    throw error instanceof StatementFailure ? unexpected(error, options.signal) : error;
  }
}

async function takeLock(
  plan: Plan,
  message: readonly Text[],
  session: Session,
  options: ExecuteOptions,
): Promise<void> {
  try {
    await pollLock(
      message.map((text) => text.sql),
      session,
      options,
    );
  } catch (error) {
    throw error instanceof StatementFailure ? explain(plan, message[error.index]!, error, options) : error;
  }
}

/** Throws `state/locked`, `execution/cancelled`, `StatementFailure`. */
async function pollLock(texts: readonly string[], session: Session, options: LockOptions): Promise<void> {
  const start = performance.now();
  for (let ms = 50; ; ms = Math.min(ms * 1.5, 1000)) {
    refuseAborted(options.signal);
    try {
      return await session.send(texts);
    } catch (error) {
      if (!(error instanceof StatementFailure) || error.sqlstate !== sqlstates.lockHeld) throw error;
      const seconds = (performance.now() - start) / 1000;
      const holders = await options.lockHolders().catch(() => []);
      if (seconds >= options.lockWait) throw stillLocked(seconds, holders, error);
      options.onEvent?.({ type: "waiting", seconds, holders });
      // Polling with no transaction open: a session that waits inside one would stop CREATE INDEX CONCURRENTLY.
      await pause(ms * (0.75 + Math.random() / 2), options.signal);
    }
  }
}

function stillLocked(seconds: number, holders: readonly SessionInfo[], cause: unknown): MigrateError {
  const who = holders.map(sessionText).join("; ");
  return new MigrateError(
    {
      code: "state/locked",
      message: `another session holds the lock of the ledger${who === "" ? "" : `: ${who}`} (waited ${seconds.toFixed(0)} s)`,
      hint: "wait until it is done, or give it longer with --lock-wait SECONDS",
    },
    { cause },
  );
}

type Retry = Extract<Event, { readonly type: "retry" }>;

/** SQLSTATEs that say that others were in the way; the same can succeed when they are done. */
const LOST: Readonly<Record<string, Retry["after"]>> = {
  "55P03": "lock timeout",
  "40P01": "deadlock",
};

/** A statement waited longer for a lock than lock_timeout allows, or for one that can never be had. */
class LockLost extends MigrateError {
  readonly after: Retry["after"];
  readonly batch: number;
  readonly blockers: readonly SessionInfo[];
  constructor(error: MigrateError, after: Retry["after"], batch: number, blockers: readonly SessionInfo[]) {
    const { code, message, hint, location, excerpt, sqlstate } = error;
    const who = blockers.length === 0 ? "" : `\n  it waited for ${blockers.map(sessionText).join("; ")}`;
    super(
      {
        code,
        message: message + who,
        ...(hint === undefined ? {} : { hint }),
        ...(location === undefined ? {} : { location }),
        ...(excerpt === undefined ? {} : { excerpt }),
        ...(sqlstate === undefined ? {} : { sqlstate }),
      },
      { cause: error.cause },
    );
    this.after = after;
    this.batch = batch;
    this.blockers = blockers;
  }
}

async function sendMessage(
  plan: Plan,
  message: readonly Text[],
  session: Session,
  options: ExecuteOptions,
  steps: StepEvents,
): Promise<void> {
  refuseAborted(options.signal);
  // The server may tell of several transactions at once, which should take 0.3 s.
  const watch = watchBlockers(options, steps.sharing ? WATCH.ofGroup : WATCH.first);
  try {
    await session.send(
      message.map((text) => text.sql),
      (count) => {
        watch.goesOn();
        const next = message[count];
        if (next !== undefined) steps.at(next);
      },
    );
  } catch (error) {
    if (!(error instanceof StatementFailure)) throw error;
    const text = message[error.index]!;
    const explained = explain(plan, text, error, options);
    if (error.lost) throw explained;
    const { transactional } = plan.batches[text.batch]!;
    if (transactional && text.sql !== "COMMIT;") await session.send(["ROLLBACK;"]).catch(() => {});
    const retried = transactional || text.statement?.repeatable === true;
    const after = LOST[error.sqlstate ?? ""];
    if (after !== undefined && retried) throw new LockLost(explained, after, text.batch, watch.seen());
    const step = text.statement?.kind === "guard" ? undefined : stepOf(plan, text);
    if (step !== undefined && options.recordFailure !== undefined) {
      // Best effort: the failure itself is what the user must see.
      await session.send([options.recordFailure(step, error.message)]).catch(() => {});
    }
    throw explained;
  } finally {
    watch.stop();
  }
}

/** How long nothing is done before we look whether a lock is waited for, and how often we look again; ms. */
const WATCH = { first: 200, ofGroup: 500, every: 1000 };

/** Asks, over another connection, who blocks a message of which nothing is done; one question at a time. */
function watchBlockers({ onEvent, blockers }: ExecuteOptions, first: number) {
  let seen: readonly SessionInfo[] = [];
  let timer: NodeJS.Timeout | undefined;
  const lookIn = (ms: number): void => {
    timer = setTimeout(look, ms);
    timer.unref();
  };
  const look = async (): Promise<void> => {
    // Who blocks is a courtesy; the message itself tells what matters.
    const found = await blockers().catch(() => []);
    if (timer === undefined) return;
    if (found.length > 0) {
      seen = found;
      onEvent?.({ type: "blocked", blockers: found });
    }
    lookIn(WATCH.every);
  };
  lookIn(first);
  const stop = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  return { seen: () => seen, goesOn: () => timer?.refresh(), stop };
}

/** A question of ours about the database failed: in the user's terms. */
export function unexpected(failure: StatementFailure, signal: AbortSignal | undefined): MigrateError {
  const { message, sqlstate, lost } = failure;
  if (lost) return connectionLost(failure);
  if (sqlstate === "57014" && signal?.aborted === true) {
    return cancelled(GOES_ON, failure);
  }
  return new MigrateError(
    {
      code: "execution/own-statement",
      message: `a query about the database failed: ${message}`,
      hint: failure.hint ?? "nothing was under way; run the same command again",
      ...(sqlstate === undefined ? {} : { sqlstate }),
    },
    { cause: failure },
  );
}

function connectionLost(failure: StatementFailure): MigrateError {
  return new MigrateError(
    {
      code: "execution/connection-lost",
      message: `the connection to the database was lost: ${failure.message}`,
      hint: "run the same command again: it reads from the ledger what was done, and goes on from there",
      ...(failure.sqlstate === undefined ? {} : { sqlstate: failure.sqlstate }),
    },
    { cause: failure },
  );
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
    return cancelled(rolledBack(plan, text, target), failure);
  }
  const details = [failure.detail, failure.where].filter((line) => line !== undefined);
  const message = [failure.message, ...details].join("\n").replaceAll("\n", "\n  ");
  if (failure.lost) return connectionLost(failure);
  if (statement?.origin !== undefined) {
    const place = placeOf(statement, failure, options);
    return new MigrateError(
      {
        code: "execution/statement",
        message,
        hint: [failure.hint, rolledBack(plan, text, target)]
          .filter((part) => part !== undefined)
          .join("\n      "),
        ...place,
        ...sqlstate,
      },
      { cause: failure },
    );
  }
  const constraint = failure.constraint === undefined ? "" : ` (constraint ${failure.constraint})`;
  // What is deferred is done where it would be by the commit, just before it.
  const commits = text.sql === "COMMIT;" || text.sql === `${DEFERRED_NOW};`;
  const doing = commits ? "the commit of" : `a ${statement?.kind ?? "transaction"} statement of`;
  return new MigrateError(
    {
      code: commits ? "execution/commit" : "execution/own-statement",
      message:
        target === undefined
          ? `a ${statement?.kind ?? "transaction"} statement failed: ${message}`
          : `${doing} revision ${target.revision} (${target.path}) failed${constraint}: ${message}`,
      hint: [failure.hint, hintOfRights(statement, failure), rolledBack(plan, text, target)]
        .filter((part) => part !== undefined)
        .join("\n      "),
      ...sqlstate,
    },
    { cause: failure },
  );
}

/** The first thing that a role without rights meets is our ledger. */
function hintOfRights(statement: Statement | undefined, { sqlstate }: StatementFailure): string | undefined {
  if (statement?.kind !== "ledger" || sqlstate !== "42501") return undefined;
  return "let the database's owner run: migrate ensure-version; or have it granted: CREATE ON DATABASE for a new ledger, USAGE on its schema and SELECT, INSERT, UPDATE, DELETE on its tables for one that is there";
}

/** The step a text belongs to; BEGIN and COMMIT belong to the last step of their batch. */
function stepOf(plan: Plan, text: Text): PlanStep | undefined {
  const index = text.statement?.step ?? stepsIn(plan, text.batch).at(-1);
  return index === undefined ? undefined : plan.steps[index];
}

const MEND = "mend the cause and say the same command again, which goes on here";

function rolledBack(plan: Plan, text: Text, step: PlanStep | undefined): string {
  if (plan.batches[text.batch]?.transactional !== true) {
    return `this statement ran outside a transaction: ${MEND}; what is half done shows: migrate current`;
  }
  if (step !== undefined && plan.batches[text.batch]!.step === undefined)
    return "all of it was rolled back; nothing was changed";
  if (step?.transactional === false)
    return `revision ${step.revision} runs outside a transaction: what it did before this stays; ${MEND}`;
  return step === undefined
    ? "nothing was changed"
    : `revision ${step.revision} was rolled back; those before it stay applied`;
}

/** Where in the statement it failed, as a UTF-16 offset; undefined where the server does not say. */
function offsetOf({ position, where = "" }: StatementFailure, { sql, tag }: Statement): number | undefined {
  if (position !== undefined) return offsetOfCodePoint(sql, position);
  const line = /inline_code_block line (\d+)/.exec(where)?.[1];
  return line === undefined || tag !== "DO" ? undefined : offsetInDo(sql, Number(line));
}

function placeOf(
  statement: NonNullable<Text["statement"]>,
  failure: StatementFailure,
  options: ExecuteOptions,
): { location: Location; excerpt?: { line: string } } {
  const origin = statement.origin!;
  const text = options.sourceText(origin.path);
  if (text === undefined) return { location: origin };
  const within = offsetOf(failure, statement) ?? statement.offset ?? 0;
  const location = locate({ path: origin.path, text }, origin.start - (statement.offset ?? 0) + within);
  return { location, excerpt: { line: text.split(/\r\n|\n|\r/, location.line)[location.line - 1] ?? "" } };
}
