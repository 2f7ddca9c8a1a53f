/** A target → the database is there: plan, run, and the events on the way. */
import { MigrateError } from "../core/errors.ts";
import type { LedgerState } from "../core/ledger.ts";
import type { Plan, PlanStep } from "../core/plan.ts";
import { requireDatabase } from "../io/config.ts";
import { type Notice, openSession, type Session } from "../io/database.ts";
import { type Event, execute } from "../io/execute.ts";
import { readLedger } from "../io/ledger.ts";
import { type CompileOptions, compileSteps } from "./compile.ts";
import { type Deps, openProject, type Project, type ProjectOptions } from "./project.ts";
import { type Request, stepsFrom } from "./steps.ts";

export interface RunOptions extends ProjectOptions, CompileOptions {
  /** Plan only: nothing is written. */
  readonly dryRun?: boolean | undefined;
  /** Seconds to wait for the lock; 0 tries once. Default: the configuration's, else 60. */
  readonly lockWait?: number | undefined;
  readonly onEvent?: ((event: Event) => void) | undefined;
  readonly onNotice?: ((notice: Notice) => void) | undefined;
  /** Asked before anything is sent; false stops with nothing done. */
  readonly confirm?: ((plan: Plan) => Promise<boolean>) | undefined;
}

/** What a run did, or with `dryRun` would do. */
export interface RunResult {
  readonly plan: Plan;
  readonly steps: readonly PlanStep[];
  readonly done: boolean;
}

/**
 * Runs what the request asks for on the configured database. The state is read, a plan made and run; if another
 * migrator changed the state in between, the plan's guard stops it and the plan is made again.
 * Throws `MigrateError` of every kind.
 */
export async function run(deps: Deps, request: Request, options: RunOptions): Promise<RunResult> {
  const project = await openProject(deps, options);
  const address = requireDatabase(project.config);
  const session = await openSession(address, options.onNotice);
  const stop = (): void => void session.cancel().catch(() => {});
  deps.signal?.addEventListener("abort", stop, { once: true });
  try {
    return await runOn(session, project, request, options, deps.signal);
  } finally {
    deps.signal?.removeEventListener("abort", stop);
    await session.close();
  }
}

async function runOn(session: Session, project: Project, request: Request, options: RunOptions, signal: AbortSignal | undefined): Promise<RunResult> {
  let seen: LedgerState | undefined;
  for (;;) {
    const state = await readLedger(session, project.ledger);
    const plan = await planFor(project, request, state, session, options);
    if (plan.steps.length === 0 || options.dryRun === true) return { plan, steps: plan.steps, done: false };
    if ((await options.confirm?.(plan)) === false) return { plan, steps: plan.steps, done: false };
    try {
      await execute(plan, session, {
        lockWait: options.lockWait ?? project.config.lockWait,
        signal,
        onEvent: options.onEvent ?? (() => {}),
        sourceText: (path) => sourceText(project, path),
        recordFailure: (step, detail) => project.ledger.failure({ ...step, detail }),
      });
      return { plan, steps: plan.steps, done: true };
    } catch (error) {
      const outrun = error instanceof MigrateError && error.code === "state/guard" && !sameState(seen, state);
      if (!outrun) throw error;
      seen = state;
    }
  }
}

/** A second stop at the same state is not a race but a fault. */
function sameState(a: LedgerState | undefined, b: LedgerState): boolean {
  return a !== undefined && JSON.stringify(a) === JSON.stringify(b);
}

function planFor(
  project: Project,
  request: Request,
  state: LedgerState,
  session: Session,
  options: RunOptions,
): Promise<Plan> {
  const steps = stepsFrom(project, request, state.applied);
  return compileSteps(project, steps, "run", { ...options, serverVersion: session.version });
}

function sourceText(project: Project, path: string): string | undefined {
  for (const { up, down } of project.migrations.values()) {
    if (up.source.path === path) return up.source.text;
    if (down?.source.path === path) return down.source.text;
  }
  return undefined;
}
