/** A plan and a session → the plan is run, and events tell how it goes. Decides nothing: the statements are sent in order. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Privilege } from "../core/effects/privilege.ts";
import { cancelled, GOES_ON, MigrateError, NOTHING } from "../core/errors.ts";
import type { Event } from "../core/event.ts";
import { deniedOn } from "../core/failure/denied.ts";
import { type Explaining, explain, explainQuery, stepOf, stepsIn } from "../core/failure/explain.ts";
import { quotedName, withoutPasswords } from "../core/failure/failure.ts";
import {
  type Dependent,
  dependentIn,
  type Gone,
  isRelation,
  missingObject,
} from "../core/failure/missing.ts";
import { type Roles, setRoleAt } from "../core/failure/rights.ts";
import { LOOKED_FOR, searchPathOf } from "../core/failure/search-path.ts";
import { sqlstates } from "../core/ledger/types.ts";
import { lockHeld, waitedFor } from "../core/lock-held.ts";
import { asOptions, type OptionNames } from "../core/option-names.ts";
import type { Batch, Plan, PlanStep, Statement } from "../core/plan/types.ts";
import { bare } from "../core/quote.ts";
import type { SessionInfo } from "../core/session-info.ts";
import type { Failed } from "../core/undoing.ts";
import { type Item, ItemFailure, itemsOf, sendAhead } from "./pipeline.ts";
import { type Session, StatementFailure } from "./session/types.ts";

export interface LockOptions {
  readonly onEvent?: (event: Event) => void;
  /** How long to try for the lock, in seconds; 0 tries once. */
  readonly lockWait: number;
  /** Who holds the ledger's lock; asked between tries. */
  readonly lockHolders: () => Promise<readonly SessionInfo[]>;
  readonly signal?: AbortSignal | undefined;
  /** What messages call the options; by default they are those of the API. */
  readonly names?: OptionNames | undefined;
}

/** The roles of a statement: the plan's, and that which its file has set. */
export interface AskedRoles {
  readonly role: string | undefined;
  readonly set: string | undefined;
}

/** What is known of a run, or can be asked, where a statement fails. */
export interface Asked extends Pick<LockOptions, "signal" | "names"> {
  readonly sourceText: Explaining["sourceText"];
  /** Asked where a right is missing. */
  readonly roles?: (of: AskedRoles, message: string) => Promise<Roles>;
  /** Asked where something is not found along search_path; without a path or a role, those of the session. */
  readonly shut?: (of: {
    readonly role: string | undefined;
    readonly searchPath: readonly string[] | undefined;
  }) => Promise<Explaining["shut"]>;
  /** Asked where a relation is not found: the schemas that have one of that name. */
  readonly elsewhere?: (name: string) => Promise<Explaining["elsewhere"]>;
  /** Asked where a relation's name is taken, before the session is given another search_path; `table`: as the author wrote it. */
  readonly invalid?: (name: string, table: string | undefined) => Promise<Explaining["invalid"]>;
  /** The sessions that it waited for. */
  readonly holders?: Explaining["holders"];
  readonly connectionOptions?: Explaining["connectionOptions"];
  readonly limitOptions?: Explaining["limitOptions"];
  readonly scratch?: Explaining["scratch"];
  /** What leads out where the step failed because of what is there already; read where that may be. */
  readonly recording?: (step: PlanStep, failed: Failed) => Promise<Explaining["recording"]>;
  readonly again?: Explaining["again"];
  /** Asked of a statement of the author's; `message`: what the server said, which may be that it does not find something. */
  readonly goneBy?: (step: PlanStep, statement: Statement, message: string) => Promise<Gone | undefined>;
  /** Asked where a down file cannot take away what something else depends on. */
  readonly heldBy?: (step: PlanStep, dependent: Dependent) => Promise<string | undefined>;
  /** Asked where a right on a relation or a routine is missing: what the file of the step needs. */
  readonly needs?: (step: PlanStep) => Promise<readonly Privilege[]>;
  readonly adviceOnly?: Explaining["adviceOnly"];
}

export interface ExecuteOptions extends LockOptions, Asked {
  /** How often a transaction that met lock_timeout or a deadlock is tried again. */
  readonly lockRetries: number;
  /** Who blocks this session; asked over another connection. */
  readonly blockers: () => Promise<readonly SessionInfo[]>;
  /** The statement that records a failed step in the ledger; `statement`: which of its file failed outside a transaction, else 0. */
  readonly recordFailure?: (step: PlanStep, statement: number, message: string) => string;
}

/**
 * Runs the plan. Throws `MigrateError`: `state/locked`, `state/guard`, or `execution/…` with the failing
 * statement's place in its file. Whatever was in a transaction is rolled back, and the lock is released.
 */
export async function execute(plan: Plan, session: Session, options: ExecuteOptions): Promise<void> {
  if (plan.batches.length === 0) return;
  let lost = false;
  try {
    await takeLock(plan, session, options);
    await runBatches(plan, session, options);
  } catch (error) {
    lost = error instanceof MigrateError && error.code === "execution/connection-lost";
    throw error;
  } finally {
    if (!lost) await release(plan, session);
  }
}

/** ms that the server has for it; the network may be gone, and the lock goes with the connection. */
const RELEASE = 5000;

/** The plan's end, which releases the lock. It is sent after a failed statement too, and changes nothing of what was done. */
async function release(plan: Plan, session: Session): Promise<void> {
  const sending = plan.batches.at(-1)!.statements.map(({ sql }) => session.send(sql));
  await Promise.race([Promise.allSettled(sending), sleep(RELEASE, undefined, { ref: false })]);
}

// ── the lock ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Takes the ledger's lock before there is a plan: what is half done must not change while it is looked at. */
export async function lockFirst(lock: string, session: Session, options: LockOptions): Promise<void> {
  try {
    await pollLock(lock, session, options);
  } catch (error) {
    throw error instanceof StatementFailure ? explainQuery(error, options.signal?.aborted === true) : error;
  }
}

/** What comes before the lock and the lock itself: until it is had, nothing else may be under way. */
async function takeLock(plan: Plan, session: Session, options: ExecuteOptions): Promise<void> {
  const batch = plan.batches[0]!;
  for (const statement of batch.statements) {
    try {
      if (statement.purpose === "lock") await pollLock(statement.sql, session, options);
      else await session.send(statement.sql);
    } catch (error) {
      throw error instanceof StatementFailure
        ? await explained(plan, batch, statement, error, options)
        : error;
    }
  }
}

/** Whatever writes to the ledger waits, also where it takes no such flag: `baseline`. */
const longer = ({ names = asOptions }: LockOptions): string =>
  `or, where ${names.given("lockWait", "SECONDS")} can be given, wait longer`;

/** Throws `state/locked`, `execution/cancelled`, `StatementFailure`. */
async function pollLock(lock: string, session: Session, options: LockOptions): Promise<void> {
  const start = performance.now();
  for (let ms = 50; ; ms = Math.min(ms * 1.5, 1000)) {
    refuseAborted(options.signal, NOTHING);
    try {
      await session.send(lock);
      return;
    } catch (error) {
      if (!(error instanceof StatementFailure) || error.sqlstate !== sqlstates.lockHeld) throw error;
      const seconds = (performance.now() - start) / 1000;
      const holders = await options.lockHolders().catch(() => []);
      if (seconds >= options.lockWait)
        throw lockHeld(holders, { waited: seconds, next: longer(options) }, error);
      options.onEvent?.({ type: "waiting", seconds, holders });
      // Polling with no transaction open: a session that waits inside one would stop CREATE INDEX CONCURRENTLY.
      await pause(ms * (0.75 + Math.random() / 2), options.signal);
    }
  }
}

/** Waits, but not longer than until the user asks to stop. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, { ...(signal === undefined ? {} : { signal }) }).catch(() => {});
}

function refuseAborted(signal: AbortSignal | undefined, hint = GOES_ON): void {
  if (signal?.aborted === true) throw cancelled(hint);
}

// ── the statements ──────────────────────────────────────────────────────────────────────────────────────────────

/** Runs what stands between the lock and the end. After a lock timeout or a deadlock it goes on from the batch that was rolled back. */
async function runBatches(plan: Plan, session: Session, options: ExecuteOptions): Promise<void> {
  const told = stepEvents(plan, options.onEvent ?? (() => {}));
  let retries = 0;
  for (let batch = 1; ; ) {
    let reached = batch;
    const watch = watchBlockers(options);
    try {
      await sendAhead(
        itemsOf(plan.batches.slice(0, -1), batch, (statement) => labelOf(plan, statement)),
        session,
        {
          onBegun: (item) => {
            watch.goesOn();
            told.begun(item);
          },
          onDone: (item) => {
            if (item.batch !== reached) retries = 0;
            reached = item.batch;
            told.done(item);
          },
        },
        () => options.signal?.aborted === true,
      );
      refuseAborted(options.signal);
      return;
    } catch (error) {
      if (!(error instanceof ItemFailure)) throw error;
      const isLast = retries >= options.lockRetries;
      const failed = await failedAt(plan, error, session, options, watch.seen(), isLast);
      if (!(failed instanceof LockLost) || isLast) throw failed;
      batch = error.item.batch;
      retries += 1;
      await waitForLock(failed, retries, options);
      // The guards before the first step release it where they stop.
      if (plan.batches[batch]!.statements.some(({ purpose }) => purpose === "guard-ledger"))
        await takeLock(plan, session, options);
    } finally {
      watch.stop();
    }
  }
}

/** `7c92a1b2c3d4 add phone, statement 2 of 5`: how other sessions see what runs. */
function labelOf(plan: Plan, { step, number }: Statement): string | undefined {
  if (step === undefined || number === undefined) return undefined;
  const { revision, message, statements } = plan.steps[step]!;
  return `${revision}${message === "" ? "" : ` ${message}`}, statement ${number} of ${statements}`;
}

/** Tells when a step begins, which of its statements runs, and when it is done: with the commit of its last batch. */
function stepEvents(plan: Plan, onEvent: (event: Event) => void) {
  const of = plan.steps.length;
  let current: number | undefined;
  let began = 0;
  const begun = ({ statement }: Item): void => {
    const { step: index, number } = statement;
    if (index === undefined) return;
    const step = plan.steps[index]!;
    if (index !== current) {
      current = index;
      began = performance.now();
      onEvent({ type: "step-started", step, index, of });
    }
    if (number !== undefined)
      onEvent({ type: "statement-started", step, statement: number, statements: step.statements });
  };
  const done = ({ batch: at, statement }: Item): void => {
    const batch = plan.batches[at]!;
    if (statement.purpose !== "commit") return;
    const ended = stepsIn(batch).filter((index) => plan.batches[at + 1]?.step !== index);
    const shared = batch.step === undefined;
    for (const index of ended) {
      const time = shared ? {} : { ms: performance.now() - began };
      onEvent({ type: "step-done", step: plan.steps[index]!, index, of, ...time });
    }
  };
  return { begun, done };
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
  readonly blockers: readonly SessionInfo[];
  constructor(error: MigrateError, after: Retry["after"], blockers: readonly SessionInfo[]) {
    super({ ...error.diagnostics[0]!, message: error.message + waitedFor(blockers) }, { cause: error.cause });
    this.after = after;
    this.blockers = blockers;
  }
}

async function waitForLock(
  { after, blockers }: LockLost,
  retry: number,
  { lockRetries: of, onEvent, signal }: ExecuteOptions,
): Promise<void> {
  // 0.5, 1, 2 … 30, each with jitter.
  const seconds = Math.min(0.5 * 2 ** (retry - 1), 30) * (0.5 + Math.random());
  onEvent?.({ type: "retry", after, retry, of, seconds, blockers });
  await pause(seconds * 1000, signal);
  refuseAborted(signal);
}

/** What a failed statement means: recorded in the ledger, unless it will be tried again. */
async function failedAt(
  plan: Plan,
  { item, failure }: ItemFailure,
  session: Session,
  options: ExecuteOptions,
  blockers: readonly SessionInfo[],
  isLast: boolean,
): Promise<MigrateError> {
  const { statement, transactional } = item;
  const batch = plan.batches[item.batch]!;
  const error = await explained(plan, batch, statement, failure, { ...options, holders: blockers });
  if (failure.lost || error.code === "state/guard") return error;
  const after = LOST[failure.sqlstate ?? ""];
  const lost =
    after !== undefined && (transactional || statement.repeatable === true)
      ? new LockLost(error, after, blockers)
      : undefined;
  // Who holds a table of the ledger may hold the log too, and that would be waited for without end.
  if (lost !== undefined && (!isLast || statement.number === undefined)) return lost;
  const step = stepOf(plan, batch, statement);
  if (step !== undefined && options.recordFailure !== undefined) {
    const number = transactional ? 0 : (statement.number ?? 0);
    // Best effort: the failure itself is what the user must see.
    for (const { sql } of resetsOf(plan)) await session.send(sql).catch(() => {});
    const { message } = withoutPasswords(failure, statement);
    await session.send(options.recordFailure(step, number, message)).catch(() => {});
  }
  return lost ?? error;
}

/** What makes the session ours again. */
const resetsOf = (plan: Plan): readonly Statement[] =>
  plan.batches[0]!.statements.filter(({ purpose }) => purpose === "reset" || purpose === "pin");

/** A right is lacking; no schema of search_path can be used. */
const MAY_LACK_RIGHTS: ReadonlySet<string> = new Set(["42501", "3F000"]);

/** The error of a statement that failed, with what there is to be asked about it. */
export const explained = async (
  plan: Plan,
  batch: Batch,
  statement: Statement,
  failure: ItemFailure["failure"],
  {
    sourceText,
    roles,
    shut,
    elsewhere,
    invalid,
    holders,
    connectionOptions,
    limitOptions,
    scratch,
    recording,
    again,
    goneBy,
    heldBy,
    needs,
    adviceOnly,
    signal,
    names,
  }: Asked,
): Promise<MigrateError> => {
  const step = statement.origin === undefined ? undefined : stepOf(plan, batch, statement);
  const missing = missingObject(failure.message);
  const isLookedFor = statement.origin !== undefined && LOOKED_FOR.has(failure.sqlstate ?? "");
  const lookedFor = isLookedFor && missing !== undefined && isRelation(missing) ? missing.name : undefined;
  const shutOnes = isLookedFor
    ? await shut?.({ role: plan.role, searchPath: searchPathOf(plan, statement) })
    : undefined;
  const others = lookedFor === undefined ? undefined : await elsewhere?.(bare(lookedFor));
  const taken = failure.sqlstate === "42P07" ? quotedName(failure.message) : undefined;
  const gone = step && (await goneBy?.(step, statement, failure.message));
  const dependent = failure.sqlstate === "2BP01" ? dependentIn(failure.detail) : undefined;
  const held =
    dependent === undefined || step?.direction !== "down" ? undefined : await heldBy?.(step, dependent);
  return explain(plan, batch, statement, failure, {
    sourceText,
    invalid: taken === undefined ? undefined : await invalid?.(taken, indexedBy(statement)),
    // Where it is there, but not found, nothing is missing.
    gone: gone?.isLeft === true && (shutOnes ?? others) !== undefined ? undefined : (gone?.hint ?? held),
    ...(MAY_LACK_RIGHTS.has(failure.sqlstate ?? "")
      ? await roles?.({ role: plan.role, set: setRoleAt(plan, statement)?.name }, failure.message)
      : {}),
    // The failure itself is what the user must see.
    needs:
      step === undefined || deniedOn(failure.message) === undefined
        ? undefined
        : await needs?.(step).catch(() => undefined),
    shut: shutOnes,
    elsewhere: others,
    holders,
    connectionOptions,
    names,
    limitOptions,
    scratch,
    recording: step && (await recording?.(step, failedIn(plan, batch, statement, failure))),
    again,
    adviceOnly,
    aborted: signal?.aborted === true,
  });
};

/** The table of an index that is built outside a transaction, as the author wrote it. */
const indexedBy = ({ trace }: Statement): string | undefined =>
  trace?.kind === "create index" ? trace.names[0] : undefined;

/** A statement of the author's, what the server said, and what its step has beside it. */
function failedIn(
  plan: Plan,
  batch: Batch,
  statement: Statement,
  { sqlstate = "", message }: ItemFailure["failure"],
): Failed {
  const isBeside = (other: Statement): boolean =>
    other.purpose === "user" && other.step === statement.step && other !== statement;
  const others = plan.batches.flatMap(({ statements }) => statements.filter(isBeside));
  const done = batch.transactional ? batch.statements.slice(0, batch.statements.indexOf(statement)) : [];
  return { ...statement, sqlstate, message, others, before: done.filter(isBeside) };
}

// ── who blocks ──────────────────────────────────────────────────────────────────────────────────────────────────

/** How long a statement runs before we look whether it waits for a lock, and how often we look again; ms. */
const WATCH = { first: 100, every: 1000 };

/** Asks, over another connection, who blocks a statement that takes long; one question at a time. */
function watchBlockers({ onEvent, blockers }: ExecuteOptions) {
  let seen: readonly SessionInfo[] = [];
  let timer: NodeJS.Timeout | undefined;
  let asking = 0;
  const lookIn = (ms: number): void => {
    timer = setTimeout(look, ms);
    timer.unref();
  };
  const look = async (): Promise<void> => {
    const asked = asking;
    // Who blocks is a courtesy; the statement itself tells what matters.
    const found = await blockers().catch(() => []);
    if (timer === undefined || asked !== asking) return;
    if (found.length > 0) {
      seen = found;
      onEvent?.({ type: "blocked", blockers: found });
    }
    lookIn(WATCH.every);
  };
  const goesOn = (): void => {
    asking += 1;
    seen = [];
    clearTimeout(timer);
    lookIn(WATCH.first);
  };
  const stop = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  return { seen: () => seen, goesOn, stop };
}
