/** A request → the database is there: plan, run, and the events on the way. */

import { flag, type Rules } from "../core/arguments.ts";
import { cancelled, GOES_ON, isCancelled, MigrateError, NOTHING } from "../core/errors.ts";
import type { Event } from "../core/event.ts";
import { type Explaining, runAgain } from "../core/failure/explain.ts";
import { startTimeoutHint } from "../core/failure/limits.ts";
import { inOrder } from "../core/graph.ts";
import type { Applied, LedgerState } from "../core/ledger/types.ts";
import { type Begun, countedAs, refuseBelowEnd, refuseMeanwhile } from "../core/meanwhile.ts";
import type { RevisionId } from "../core/migration.ts";
import { besideNewer, doneBeside, type Fault } from "../core/newer-release.ts";
import type { Plan, PlanStep } from "../core/plan/types.ts";
import { redact } from "../core/redact.ts";
import { settledRows } from "../core/replaced.ts";
import { shellWord } from "../core/shell.ts";
import { appliedAfter, idsOf } from "../core/steps.ts";
import { isDone, recording, unfinishedText } from "../core/undoing.ts";
import { lockFirst } from "../io/execute.ts";
import { lockHolders, readLedger } from "../io/queries.ts";
import { isPool, type Notice, type Session } from "../io/session/types.ts";
import { asTold } from "./as-told.ts";
import { type CompileOptions, compileRules, compileSteps, limitOptions } from "./compile.ts";
import {
  type ConnectOptions,
  cancelWhenAborted,
  connect,
  connectRules,
  openConnected,
  ownBackend,
  warnOf,
} from "./connect.ts";
import { needsIn } from "./effects.ts";
import { warnOfEmptyFiles } from "./empty-files.ts";
import { bringUp } from "./ensure.ts";
import { type Foreseen, foreseenIn } from "./foreseen.ts";
import { goneIn, heldIn, madeIn } from "./gone.ts";
import { heldBack } from "./held-back.ts";
import { answerOf, callback, type OtherArgument } from "./options.ts";
import { otherWith } from "./other-ledger.ts";
import { computing, type Deps, type Project, type ProjectOptions, projectRules } from "./project.ts";
import { interruptedFirst, resumed, resumption, warnOfHalf } from "./resume.ts";
import { lockOptions, type SendOptions, send, sendRules, type Target } from "./send.ts";
import {
  type ConversionSteps,
  conversionSteps,
  type Request,
  refuseOfOthers,
  type Steps,
  stepsFrom,
  withFixedEnd,
} from "./steps.ts";
import { refuseUnrecorded, unrecorded } from "./unrecorded.ts";
import { comparedSteps } from "./verify.ts";

export interface RunOptions
  extends ProjectOptions,
    Omit<CompileOptions, keyof typeof scriptRules>,
    ConnectOptions,
    SendOptions {
  /**
   * Of an upgrade: applied revisions that no file has are taken for those of a newer release, if the ledger says what they
   * follow: then nothing is left to do, also while that release is at a step outside a transaction. What is pending all the
   * same is refused.
   */
  readonly allowAhead?: boolean | undefined;
  /** Plan only: nothing is written. */
  readonly dryRun?: boolean | undefined;
  readonly onNotice?: ((notice: Notice) => void) | undefined;
  /** Asked before anything is sent, with the name of the database: true goes on, false stops with nothing done. */
  readonly confirm?: ((plan: Plan, database: string) => boolean | Promise<boolean>) | undefined;
}

/** Those of a script alone: the rest a run knows from its session. */
const { idempotent, expectDatabase, expectRole, serverVersion, effects, ...planRules } = compileRules;
const scriptRules = { idempotent, expectDatabase, expectRole, serverVersion, effects };

export const runRules: Rules<RunOptions> = {
  ...projectRules,
  ...planRules,
  ...connectRules,
  ...sendRules,
  allowAhead: flag,
  dryRun: flag,
  onNotice: callback,
  confirm: callback,
};

/** To those who look for one of them where a script is made. */
export const inRun: OtherArgument = {
  rules: runRules,
  place: "the options of run, which a script has no use for",
};

/** What a run did, or with `dryRun` would do. */
export interface RunResult {
  /** The database that was asked: `deploy@db.example:5432/shop`. */
  readonly database: string;
  /** The last plan that was made; with nothing left to do it is empty. */
  readonly plan: Plan;
  /** The steps that were done, or with `dryRun` would be. */
  readonly steps: readonly PlanStep[];
  readonly done: boolean;
}

/**
 * Runs what the request asks for on the configured database. The state is read, a plan made and run. If another
 * migrator changed the state in between, a guard stops the plan and it is made again; if the answer to a COMMIT was
 * lost, the ledger is read on a new connection and the run goes on from what it says. What was applied meanwhile is never
 * taken away, and what was taken back is not recorded by a stamp.
 * Throws `MigrateError` of every kind, and what `onEvent` or `onNotice` threw, once the run has ended.
 */
export async function run(deps: Deps, request: Request, options: RunOptions = {}): Promise<RunResult> {
  refuseOfOthers(request, options);
  const onEvent = heldBack(options.onEvent);
  const onNotice = heldBack(options.onNotice ?? deps.onNotice);
  const told = { onEvent: onEvent.call, onNotice: onNotice.call };
  const result = await runTold({ ...deps, onNotice: told.onNotice }, request, { ...options, ...told });
  await onEvent.ended();
  await onNotice.ended();
  return result;
}

/** `run`, whose callbacks throw nothing. */
async function runTold(deps: Deps, request: Request, options: RunOptions): Promise<RunResult> {
  const dryRun = options.dryRun === true;
  const done: PlanStep[] = [];
  const opened = await openConnected(deps, {
    ...options,
    creates: !dryRun,
    upgrades: request.kind === "upgrade" && !dryRun,
  });
  const { project, session: first } = opened;
  const { config, ledger } = project;
  let session = first;
  const { database } = session;
  const watched = cancelWhenAborted(() => session, deps.signal);
  /** What an attempt that failed had found. */
  let last: LedgerState | undefined;
  let isLost = false;
  let asked = request;
  /** What to type to go on, once a part is done, where the same command would count its steps anew. */
  const again = (): string | undefined =>
    asked === request || asked.kind === "stamp"
      ? undefined
      : `migrate ${asked.kind} ${shellWord(asked.target)}`;
  // A connection of the caller's goes on, and must not keep what was locked before there was a plan.
  const unlockLent = async (): Promise<void> => {
    if (options.connection !== undefined) await session.send(ledger.unlock).catch(() => {});
  };
  try {
    const before = countedAs(project.graph, opened.state.applied);
    let target: Target | undefined;
    const writable = async (): Promise<Target> => {
      target ??= { session, backend: await ownBackend(session), config, ledger };
      return target;
    };
    for (let attempt = 0; ; attempt += 1) {
      const found = attempt === 0 ? opened.state : await readLedger(session, ledger);
      // While whoever is at a step is waited for, what steps are counted from may become another.
      if (found.intent !== undefined && !dryRun) asked = withFixedEnd(project.graph, asked, found.applied);
      let state = await settled(found, asked, session, project, deps, options, writable);
      const conversion = state.intent === undefined ? conversionSteps(project, state.applied) : undefined;
      const from = startingState(project, state);
      const { plan, fixed } = await computing(deps, project, () =>
        planFor(
          project,
          asked,
          from,
          session,
          { ...options, names: deps.names },
          {
            before,
            now: countedAs(project.graph, from.applied),
            hasDone: done.length > 0,
            again: again(),
          },
        ),
      );
      // A plan that is made after a part was done ends where the first one does.
      asked = fixed;
      if (attempt === 0) await warnOfEmptyFiles(project, plan, session.version, options.onNotice);
      if (attempt === 0 && plan.kind === "upgrade" && plan.steps.length > 0) {
        if (dryRun) warnOf(await unrecorded(project, session, found), options.onNotice);
        else await refuseUnrecorded(project, session, found);
      }
      const hasNoStep = plan.batches.length === 0;
      const ended = (): RunResult => ({
        database,
        plan,
        steps: dryRun ? plan.steps : done,
        done: done.length > 0,
      });
      if (dryRun || (hasNoStep && conversion === undefined)) {
        if (target !== undefined) await unlockLent();
        return ended();
      }
      const sending = await writable();
      const { confirm } = options;
      if (!hasNoStep && attempt === 0 && confirm !== undefined) {
        if (!answerOf("confirm", await confirm(plan, database))) {
          await unlockLent();
          return { database, plan, steps: [], done: false };
        }
      }
      try {
        await bringUp(state, sending, deps, options);
        if (conversion !== undefined) state = await converted(conversion, sending, project, deps, options);
        if (hasNoStep) return ended();
        const isFirst = attempt === 0;
        await runPlan(plan, from, sending, project, deps, options, done, (step) =>
          isFirst && step === plan.steps[0] ? undefined : again(),
        );
        if (config.dumpFile !== undefined) {
          const { keepDump } = await import("./keep-dump.ts");
          await keepDump(deps, session, project, options.onNotice);
        }
        return { database, plan, steps: done, done: true };
      } catch (error) {
        if (!(error instanceof MigrateError)) throw error;
        if (error.code === "execution/connection-lost" && deps.signal?.aborted !== true) {
          target = undefined;
          isLost = true;
          options.onEvent?.({ type: "connection-lost", message: error.message });
          let found: LedgerState;
          try {
            session = await reconnect(sending, deps, options, error);
            found = await readLedger(session, ledger);
          } catch (cause) {
            throw outcomeUnread(error, cause, again());
          }
          if (sameSet(found, state)) throw nothingMore(error, found, session.connectionOptions, again());
          done.push(...stepsDone(plan, found).filter((step) => !done.includes(step)));
          // From where it has led, its target may be none.
          if (plan.steps.every((step) => done.includes(step)))
            return { database, plan, steps: done, done: true };
        } else if (error.code !== "state/guard" || (last !== undefined && sameSet(last, state))) throw error;
        last = state;
      }
    }
  } catch (error) {
    await unlockLent();
    // What an earlier attempt did is kept, where this one was stopped before it did anything.
    const isDone = (last !== undefined || isLost) && isCancelled(error, NOTHING);
    if (isDone || isCancelled(error, GOES_ON)) throw cancelled(goesOn(again()), error);
    throw asTold(error, deps.signal);
  } finally {
    watched.stop();
    await session.close();
  }
}

/**
 * What the ledger says. Where a step is half done, it is read under the lock: the one who
 * began it may still be at it, and what the catalog shows of its statement counts only once nobody is.
 */
async function settled(
  state: LedgerState,
  request: Request,
  session: Session,
  project: Project,
  deps: Deps,
  options: RunOptions,
  writable: () => Promise<Target>,
): Promise<LedgerState> {
  if (state.intent === undefined || options.dryRun === true) return state;
  // What is taken back next may be of this release.
  if (state.intent.direction === "up" && startOf(project, request, state, options).leavesStep) return state;
  const target = await writable();
  await lockFirst(project.ledger.lock({}), session, lockOptions(target, deps, options));
  await bringUp(state, target, deps, options);
  return await readLedger(session, project.ledger);
}

/** Records that the database has squashed revisions instead of all that they replace: the state after it. */
async function converted(
  conversion: ConversionSteps,
  target: Target,
  project: Project,
  deps: Deps,
  options: RunOptions,
): Promise<LedgerState> {
  const serverVersion = target.session.version;
  const plan = await compileSteps(project, conversion, "run", { ...options, serverVersion });
  const { lockWait } = options;
  await send(plan, target, deps, { lockWait }, { sourceText: (path) => sourceText(project, path) });
  const { squashed } = conversion;
  const message = `the ledger now has ${squashed.join(", ")} in place of what ${squashed.length === 1 ? "it replaces" : "they replace"}`;
  options.onNotice?.({ severity: "NOTICE", message });
  return await readLedger(target.session, project.ledger);
}

function runPlan(
  plan: Plan,
  { applied }: LedgerState,
  target: Target,
  project: Project,
  deps: Deps,
  options: RunOptions,
  done: PlanStep[],
  again: NonNullable<Explaining["again"]>,
): Promise<void> {
  const onEvent = (event: Event): void => {
    if (event.type === "step-done") done.push(event.step);
    options.onEvent?.(event);
  };
  const rows = applied.map((row) => row.revision);
  const how = new Map(applied.map((row) => [row.revision, row.how]));
  const known = (): readonly Pick<Applied, "revision" | "how">[] =>
    inOrder(
      project.graph,
      rows.filter((id) => project.graph.nodes.has(id)),
    ).map((revision) => ({ revision, how: how.get(revision)! }));
  const { version } = target.session;
  const madeBy = madeIn(project, known, plan);
  const goneBy = goneIn(project, known, plan);
  const foreseen = foreseenIn(project, known, plan, version);
  return send(
    plan,
    target,
    deps,
    { ...options, onEvent },
    {
      sourceText: (path) => sourceText(project, path),
      limitOptions: limitOptions(options, deps),
      again,
      recording: async (step, failed) => {
        const made = await madeBy(step, failed);
        if (made !== undefined) return made;
        // The failure itself is what the user must see.
        const { isForeseen, hint } = await foreseen(step, failed).catch(() => NOT_FORESEEN);
        if (isForeseen) {
          const isSaid =
            hint !== undefined && (await goneBy(step, failed, failed.message ?? "")) !== undefined;
          return isSaid ? undefined : hint;
        }
        if (!isDone(step.direction, failed)) return undefined;
        // In one transaction for all, what the steps before it did is rolled back.
        const recorded =
          options.singleTransaction === true
            ? undefined
            : recording(project.graph, appliedAfter(rows, done), step, failed);
        const other = step.direction === "up" && (await otherWith(project, target.session, step.revision));
        return [other || hint, recorded].filter(Boolean).join("\n") || undefined;
      },
      goneBy,
      heldBy: heldIn(project, known, plan),
      needs: needsIn(project, () => idsOf(known()), plan, version),
      recordFailure: ({ revision, direction }, statement, message) =>
        project.ledger.fail(revision, direction, statement, redact(message, project.config.secrets)),
    },
  );
}

const NOT_FORESEEN: Foreseen = { isForeseen: false };

/** The ledger as it will be, so that nothing is written before the target is known to be one. */
const startingState = ({ graph }: Project, state: LedgerState): LedgerState =>
  state.intent === undefined ? { ...state, applied: settledRows(graph, state.applied) } : state;

/** Throws what an upgrade to the heads would throw before it sends anything. */
export async function planUpgrade(
  deps: Deps,
  project: Project,
  state: LedgerState,
  session: Session,
): Promise<void> {
  const request = { kind: "upgrade", target: "heads" } as const;
  const from = startingState(project, state);
  const { plan } = await computing(deps, project, () =>
    planFor(project, request, from, session, { dryRun: true }),
  );
  if (plan.steps.length > 0) await refuseUnrecorded(project, session, state);
}

async function planFor(
  project: Project,
  request: Request,
  state: LedgerState,
  session: Session,
  options: RunOptions & Pick<Deps, "names">,
  begun?: Begun,
): Promise<{ readonly plan: Plan; readonly fixed: Request }> {
  const { rows, at, notice, leavesStep } = startOf(project, request, state, options);
  if (notice !== undefined) options.onNotice?.({ severity: "NOTICE", message: notice });
  const wanted = (): Steps => {
    if (begun !== undefined && request.kind === "downgrade")
      refuseBelowEnd(project.graph, request.target, begun);
    const found = stepsFrom(project, request, rows, options);
    if (begun !== undefined) refuseMeanwhile(found.kind, found.steps, begun);
    return found;
  };
  const steps = await comparedSteps(project, rows, wanted, options.onNotice);
  const fixed = withFixedEnd(project.graph, request, rows);
  const { dryRun: isShown = false } = options;
  const compileOptions = { ...options, serverVersion: session.version, effects: true, isShown };
  const { intent } = state;
  if (intent === undefined || leavesStep) {
    const plan = await compileSteps(project, steps, "run", compileOptions);
    return { plan: at === undefined ? plan : { ...plan, from: at, to: at }, fixed };
  }
  await warnOfHalf(project, session, steps, intent, "run", options.onNotice);
  const plan = await compileSteps(project, await interruptedFirst(project, steps, intent, "run"), "run", {
    ...compileOptions,
    resume: {
      intent,
      resumed: async (interrupted) => {
        const step = await resumed(project, session, interrupted, intent, steps.before);
        // A run that sends it shows it.
        if (options.dryRun === true)
          options.onNotice?.({ severity: "NOTICE", message: resumption(step, intent) });
        return step;
      },
    },
  });
  return { plan, fixed };
}

interface Start {
  readonly rows: readonly Applied[];
  /** What is current beside a newer release, which may be no migration here. */
  readonly at?: readonly RevisionId[] | undefined;
  readonly notice?: string;
  /** The step that is half done is one of that release, and nothing here waits for it. */
  readonly leavesStep: boolean;
}

/** The rows that an upgrade starts from: with `allowAhead` not those of a newer release, unless something is left to do. */
function startOf(
  project: Project,
  request: Request,
  state: Pick<LedgerState, "applied" | "intent">,
  { allowAhead }: RunOptions,
): Start {
  if (allowAhead !== true || request.kind !== "upgrade") return { rows: state.applied, leavesStep: false };
  const beside = besideNewer(project.graph, state);
  const { known: rows, ahead, current: at, begun } = beside;
  const isAlone = ahead === undefined && begun === undefined;
  const pending = isAlone ? [] : idsOf(stepsFrom(project, request, rows).steps);
  const { fault, notice } = doneBeside(beside, pending, request.target);
  if (fault !== undefined) throw unknownRevision(fault);
  return notice === undefined
    ? { rows, leavesStep: false }
    : { rows, at, notice, leavesStep: begun !== undefined };
}

const unknownRevision = (fault: Fault): MigrateError =>
  new MigrateError({ code: "state/unknown-revision", ...fault });

/** How long a server that restarts is waited for, in seconds. */
const RESTART = 30;

/**
 * A new session after the old one broke. What the old one did is only known once its backend is gone, which is when
 * the lock can be had; and then the ledger tells.
 */
async function reconnect(
  { session: lost, backend, config, ledger }: Target,
  deps: Deps,
  options: RunOptions,
  error: MigrateError,
): Promise<Session> {
  await lost.close().catch(() => {});
  const { connection } = options;
  if (lost.kind === "pglite" || (connection !== undefined && !isPool(connection))) throw error;
  const session = await connect(deps, config, { ...options, wait: Math.max(options.wait ?? 0, RESTART) });
  const patience = performance.now() + (options.lockWait ?? config.lockWait) * 1000;
  while ((await lockHolders(session, ledger)).some(({ pid }) => pid === backend.pid)) {
    if (performance.now() > patience || deps.signal?.aborted === true) {
      await session.close();
      throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return session;
}

/** Of what was stopped between two steps. */
const goesOn = (again: string | undefined): string =>
  again === undefined ? GOES_ON : `what was done so far is kept; to continue, ${runAgain(again)}`;

/** The connection was lost, and `cause` came of the attempt to find out how the run ended: no server, most of the time. */
function outcomeUnread(error: MigrateError, cause: unknown, again: string | undefined): unknown {
  const isGone =
    cause instanceof MigrateError &&
    cause !== error &&
    ["execution/connect", "execution/connection-lost"].includes(cause.code);
  if (!isGone) return cause;
  return new MigrateError(
    {
      code: error.code,
      message: `${error.message}; after that: ${cause.message}`,
      hint: `the outcome could not be read; when the database can be reached again, ${runAgain(again)}`,
      ...(error.sqlstate === undefined ? {} : { sqlstate: error.sqlstate }),
    },
    { cause },
  );
}

function nothingMore(
  error: MigrateError,
  { intent }: LedgerState,
  connectionOptions: string | undefined,
  again: string | undefined,
): MigrateError {
  const found =
    intent === undefined
      ? `no step is left unfinished; ${runAgain(again)}`
      : `${unfinishedText(intent)}; ${again === undefined ? "the same command resumes there" : runAgain(again, "it resumes there")}`;
  const advice = startTimeoutHint(error, connectionOptions);
  return new MigrateError(
    {
      code: error.code,
      message: error.message,
      hint: `${advice === undefined ? "" : `${advice}\n`}the ledger was read on a new connection: ${found}`,
      ...(error.sqlstate === undefined ? {} : { sqlstate: error.sqlstate }),
    },
    { cause: error.cause },
  );
}

/** The steps of a plan that a ledger says are done. */
function stepsDone(plan: Plan, { applied }: LedgerState): readonly PlanStep[] {
  const ids = new Set(applied.map((row) => row.revision));
  return plan.steps.filter((step) => ids.has(step.revision) === (step.direction === "up"));
}

/** The same revisions applied at the same times, and the same statement interrupted: nothing was gained since. */
export function sameSet(a: LedgerState, b: LedgerState): boolean {
  const key = ({ applied, intent }: LedgerState): string =>
    JSON.stringify([
      applied.map(({ revision, appliedAt }) => `${revision} ${appliedAt}`).sort(),
      ...[intent?.revision, intent?.statement],
    ]);
  return key(a) === key(b);
}

/** The text of a file of the project, by its path. */
export function sourceText(project: Project, path: string): string | undefined {
  for (const { up, down } of project.migrations.values()) {
    if (up.source.path === path) return up.source.text;
    if (down?.source.path === path) return down.source.text;
  }
  return undefined;
}
