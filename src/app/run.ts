/** A request → the database is there: plan, run, and the events on the way. */
import { MigrateError } from "../core/errors.ts";
import type { Event } from "../core/event.ts";
import type { LedgerState } from "../core/ledger.ts";
import type { Plan, PlanStep } from "../core/plan.ts";
import { type Notice, type Session, StatementFailure } from "../io/database.ts";
import { lockFirst, unexpected } from "../io/execute.ts";
import { readLedger } from "../io/ledger.ts";
import { lockHolders } from "../io/sessions.ts";
import { type CompileOptions, compileSteps } from "./compile.ts";
import { type ConnectOptions, connect, openConnected, refusePooledTransactions } from "./connect.ts";
import type { Deps, Project, ProjectOptions } from "./project.ts";
import { interruptedFirst, resumed } from "./resume.ts";
import { type SendOptions, send } from "./send.ts";
import { type Request, stepsFrom } from "./steps.ts";
import { refuseChanged } from "./verify.ts";

export interface RunOptions extends ProjectOptions, CompileOptions, ConnectOptions, SendOptions {
  /** Plan only: nothing is written. */
  readonly dryRun?: boolean | undefined;
  readonly onNotice?: ((notice: Notice) => void) | undefined;
  /** Asked before anything is sent; false stops with nothing done. */
  readonly confirm?: ((plan: Plan) => Promise<boolean>) | undefined;
}

/** What a run did, or with `dryRun` would do. */
export interface RunResult {
  /** The last plan that was made; with nothing left to do it is empty. */
  readonly plan: Plan;
  /** The steps that were done, or with `dryRun` would be. */
  readonly steps: readonly PlanStep[];
  readonly done: boolean;
}

/**
 * Runs what the request asks for on the configured database. The state is read, a plan made and run. If another
 * migrator changed the state in between, a guard stops the plan and it is made again; if the answer to a COMMIT was
 * lost, the ledger is read on a new connection and the run goes on from what it says.
 * Throws `MigrateError` of every kind.
 */
export async function run(deps: Deps, request: Request, given: RunOptions): Promise<RunResult> {
  const options = { onNotice: deps.onNotice, ...given };
  const done: PlanStep[] = [];
  const { project, session: first } = await openConnected(deps, {
    ...options,
    creates: options.dryRun !== true,
  });
  let session = first;
  const stop = (): void => void session.cancel().catch(() => {});
  deps.signal?.addEventListener("abort", stop);
  try {
    if (options.dryRun !== true) await refusePooledTransactions(session);
    let before: LedgerState | undefined;
    for (let attempt = 0; ; attempt += 1) {
      const state = await currentState(session, project, deps, options);
      const plan = await planFor(project, request, state, session, options);
      const nothing = plan.batches.length === 0 || options.dryRun === true;
      if (nothing) return { plan, steps: options.dryRun === true ? plan.steps : done, done: done.length > 0 };
      if (attempt === 0 && (await options.confirm?.(plan)) === false) return { plan, steps: [], done: false };
      try {
        await runPlan(plan, session, project, deps, options, done);
        return { plan, steps: done, done: true };
      } catch (error) {
        if (!(error instanceof MigrateError)) throw error;
        if (error.code === "execution/connection-lost" && deps.signal?.aborted !== true) {
          session = await reconnect(session, deps, project, options, error);
          const found = await readLedger(session, project.ledger);
          if (sameSet(found, state)) throw nothingMore(error, found);
          done.push(...stepsDone(plan, found).filter((step) => !done.includes(step)));
        } else if (error.code !== "state/guard" || (before !== undefined && sameSet(before, state)))
          throw error;
        before = state;
      }
    }
  } catch (error) {
    throw error instanceof StatementFailure ? unexpected(error, deps.signal) : error;
  } finally {
    deps.signal?.removeEventListener("abort", stop);
    await session.close();
  }
}

/**
 * What the ledger says. Where a step is half done, it is read under the lock: the one who began it may still be at it,
 * and what the catalog shows of its statement counts only once nobody is.
 */
async function currentState(
  session: Session,
  project: Project,
  { signal }: Deps,
  options: RunOptions,
): Promise<LedgerState> {
  const { config, ledger } = project;
  const state = await readLedger(session, ledger);
  if (state.progress === undefined || options.dryRun === true) return state;
  await lockFirst(ledger.lock, session, {
    lockWait: options.lockWait ?? config.lockWait,
    lockHolders: () => lockHolders(session, ledger),
    signal,
    ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
  });
  return await readLedger(session, ledger);
}

function runPlan(
  plan: Plan,
  session: Session,
  project: Project,
  deps: Deps,
  options: RunOptions,
  done: PlanStep[],
): Promise<void> {
  const onEvent = (event: Event): void => {
    if (event.type === "step-done") done.push(event.step);
    options.onEvent?.(event);
  };
  return send(
    plan,
    session,
    project,
    deps,
    { ...options, onEvent },
    {
      sourceText: (path) => sourceText(project, path),
      recordFailure: (step, detail) => project.ledger.failure({ ...step, detail }),
    },
  );
}

async function planFor(
  project: Project,
  request: Request,
  state: LedgerState,
  session: Session,
  options: RunOptions,
): Promise<Plan> {
  const steps = stepsFrom(project, request, state.applied);
  for (const { message } of refuseChanged(project, state.applied, steps)) {
    options.onNotice?.({ severity: "WARNING", message });
  }
  const compileOptions = { ...options, serverVersion: session.version };
  const { progress } = state;
  if (progress === undefined) return compileSteps(project, steps, "run", compileOptions);
  return compileSteps(project, interruptedFirst(project, steps, progress), "run", {
    ...compileOptions,
    resume: { progress, resumed: (step) => resumed(project, session, step, progress) },
  });
}

/** How long a server that restarts is waited for, in seconds. */
const RESTART = 30;

/**
 * A new session after the old one broke. What the old one did is only known once its backend is gone, which is when
 * the lock can be had; and then the ledger tells.
 */
async function reconnect(
  lost: Session,
  deps: Deps,
  project: Project,
  options: RunOptions,
  error: MigrateError,
): Promise<Session> {
  await lost.close().catch(() => {});
  if (lost.kind === "pglite") throw error;
  const session = await connect(deps, project.config, {
    ...options,
    wait: Math.max(options.wait ?? 0, RESTART),
  });
  const patience = performance.now() + (options.lockWait ?? project.config.lockWait) * 1000;
  while ((await lockHolders(session, project.ledger)).some(({ pid }) => pid === lost.pid)) {
    if (performance.now() > patience || deps.signal?.aborted === true) {
      await session.close();
      throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return session;
}

function nothingMore(error: MigrateError, { progress }: LedgerState): MigrateError {
  const found =
    progress === undefined
      ? "what was under way was rolled back; run the same command again"
      : `${progress.revision} is still interrupted at statement ${progress.statement} of ${progress.of}; the same command goes on there`;
  return new MigrateError(
    {
      code: error.code,
      message: error.message,
      hint: `the ledger was read on a new connection: ${found}`,
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

/** The same revisions applied, and the same one interrupted. */
function sameSet(a: LedgerState, b: LedgerState): boolean {
  const key = ({ applied, progress }: LedgerState): string =>
    JSON.stringify([applied.map((row) => row.revision).sort(), progress ?? null]);
  return key(a) === key(b);
}

function sourceText(project: Project, path: string): string | undefined {
  for (const { up, down } of project.migrations.values()) {
    if (up.source.path === path) return up.source.text;
    if (down?.source.path === path) return down.source.text;
  }
  return undefined;
}
