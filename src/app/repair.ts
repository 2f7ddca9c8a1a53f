/**
 * The files are right → the ledger says what they say: findings, a plan that writes only the ledger, and its run. Where the
 * ledger is inconsistent in itself, that is repaired first, and alone.
 */

import { absences } from "../core/absence.ts";
import { MigrateError } from "../core/errors.ts";
import { descendants } from "../core/graph.ts";
import { type Finding, findingsOf, isAcceptable, repairPlan } from "../core/integrity.ts";
import { type Ledger, ledgerOf } from "../core/ledger/calls.ts";
import { type Inconsistency, inconsistencyOf } from "../core/ledger/inconsistency.ts";
import { type Applied, sqlstates } from "../core/ledger/types.ts";
import type { RevisionId } from "../core/migration.ts";
import { thereAre } from "../core/only.ts";
import { compileLedgerRepair } from "../core/plan/compile.ts";
import { rightsOf } from "../core/plan/rights.ts";
import type { Plan } from "../core/plan/types.ts";
import { projectWords } from "../core/project-flags.ts";
import { settledRows } from "../core/replaced.ts";
import { shellWord } from "../core/shell.ts";
import { idsOf } from "../core/steps.ts";
import { BASE } from "../core/target.ts";
import { downgradeOf, takingOut } from "../core/undoing.ts";
import { readLedger, refuseUnwritable } from "../io/queries.ts";
import { StatementFailure } from "../io/session/types.ts";
import { type Connected, type ConnectOptions, connect, openConnected, ownBackend } from "./connect.ts";
import { bringUp } from "./ensure.ts";
import { answerOf } from "./options.ts";
import { InconsistentLedger } from "./other-ledger.ts";
import { type Deps, openConfig, type Project, type ProjectOptions } from "./project.ts";
import { type SendOptions, send } from "./send.ts";
import { faultsIn } from "./verify.ts";

export interface RepairOptions extends ProjectOptions, ConnectOptions, SendOptions {
  /** Applied revisions that no file has, whose rows are to be deleted. */
  readonly forget?: readonly RevisionId[] | undefined;
  /** Plan only: nothing is written. */
  readonly dryRun?: boolean | undefined;
  /** Plan for a script; nothing is written. */
  readonly script?: boolean | undefined;
  /** Asked before anything is written: true goes on, false stops with nothing done. */
  readonly confirm?: ((repair: Omit<Repair, "done">) => boolean | Promise<boolean>) | undefined;
}

export interface Repair {
  /** The database that was asked: `deploy@db.example:5432/shop`. */
  readonly database: string;
  /** Where the ledger is inconsistent: then the plan repairs that, and what files and ledger differ in is not known yet. */
  readonly inconsistency?: Inconsistency;
  /** Everything in which files and ledger differ. */
  readonly findings: readonly Finding[];
  /** Those of them that stay when the plan is done; once it is, what differs then. */
  readonly left: readonly Finding[];
  /** A step for each row that is corrected (up) or deleted (down). */
  readonly plan: Plan;
  readonly ledger: Ledger;
  readonly done: boolean;
}

/**
 * Corrects the rows of applied revisions whose files changed and deletes those that it is told to forget, in one
 * transaction under the ledger's lock. Each leaves an entry in the log. Throws `usage/forget`, `state/guard` where a
 * row changed while it was shown, and `MigrateError` of every other kind.
 */
export async function repair(deps: Deps, options: RepairOptions): Promise<Repair> {
  let opened: Connected;
  try {
    opened = await openConnected(deps, { ...options, asksLedger: true });
  } catch (error) {
    const inconsistency = inconsistencyIn(error);
    if (inconsistency === undefined) throw error;
    const other = error instanceof InconsistentLedger ? error.other : undefined;
    if (other !== undefined) {
      const { onNotice = deps.onNotice } = options;
      onNotice?.({ severity: "WARNING", message: `${other.alone}; ${other.hint}` });
    }
    return await repairLedger(deps, options, inconsistency);
  }
  const { project, session, state } = opened;
  if (state.behind !== undefined) {
    await session.close();
    return await repairLedger(deps, options, { message: state.behind, parts: ["sequence"] });
  }
  const { config, graph, ledger, pins } = project;
  const { forget = [], script = false } = options;
  const dryRun = script || options.dryRun === true;
  try {
    const { applied: rows, intent } = state;
    const findings = findingsOf(graph, settledRows(graph, rows));
    refuseForgetting(project, settledRows(graph, rows), forget, findings);
    await refuseBroken(project, findings);
    const plan = repairPlan({
      graph,
      rows,
      findings,
      forget,
      ...(intent === undefined ? {} : { interrupted: intent }),
      how: script ? "script" : "run",
      flags: projectWords(options),
      pins,
      ledger,
    });
    const left = findings.filter((finding) => !isAcceptable(finding) && !forget.includes(finding.revision));
    const planned = { database: session.database, findings, left, plan, ledger };
    if (dryRun || plan.steps.length === 0) return { ...planned, done: false };
    const target = { session, backend: await ownBackend(session), config, ledger };
    await refuseUnwritable(session, ledger, "older", rightsOf(plan));
    if (!(await isConfirmed(options, planned))) return { ...planned, done: false };
    await bringUp(state, target, deps, options);
    await send(plan, target, deps, options);
    // What is left of a finding, and what to type about it, is what the ledger says now.
    const { applied: now } = await readLedger(session, ledger);
    return { ...planned, left: findingsOf(graph, settledRows(graph, now)), done: true };
  } finally {
    await session.close();
  }
}

const isConfirmed = async ({ confirm }: RepairOptions, planned: Omit<Repair, "done">): Promise<boolean> =>
  confirm === undefined || answerOf("confirm", await confirm(planned));

/** What the guard said of the ledger, where that is what it stopped at, and it can be repaired: then there is a detail. */
function inconsistencyIn(error: unknown): Inconsistency | undefined {
  if (!(error instanceof MigrateError) || error.sqlstate !== sqlstates.inconsistent) return undefined;
  const { cause } = error;
  const detail = cause instanceof StatementFailure ? cause.detail : undefined;
  return detail === undefined ? undefined : inconsistencyOf(error.message, detail);
}

async function repairLedger(
  deps: Deps,
  options: RepairOptions,
  inconsistency: Inconsistency,
): Promise<Repair> {
  const { script = false } = options;
  const dryRun = script || options.dryRun === true;
  const config = await openConfig(deps, options);
  const ledger = ledgerOf(config.ledger);
  const how = script ? "script" : "run";
  const plan = compileLedgerRepair({ ledger, pins: config.session, how }, inconsistency);
  const session = await connect(deps, config, options);
  try {
    const { database } = session;
    const planned = { database, inconsistency, findings: [], left: [], plan, ledger };
    if (dryRun) return { ...planned, done: false };
    await refuseUnwritable(session, ledger, "inconsistent", rightsOf(plan));
    if (!(await isConfirmed(options, planned))) return { ...planned, done: false };
    await send(plan, { session, backend: await ownBackend(session), config, ledger }, deps, options);
    return { ...planned, done: true };
  } finally {
    await session.close();
  }
}

/** Of a file that no run would take, nothing is accepted. Throws what is wrong with it. */
async function refuseBroken(project: Project, findings: readonly Finding[]): Promise<void> {
  const faults = await faultsIn(project, findings);
  if (faults.length > 0) throw MigrateError.all(faults);
}

function refuseForgetting(
  project: Project,
  rows: readonly Applied[],
  forget: readonly RevisionId[],
  findings: readonly Finding[],
): void {
  const vanished = findings.filter(({ kind }) => kind === "vanished").map(({ revision }) => revision);
  const wrong = forget.filter((revision) => !vanished.includes(revision));
  const keeping = absences(project.graph, rows).flatMap(({ row: { revision }, keepsFrom, hint }) =>
    keepsFrom !== undefined && forget.includes(revision) ? [{ revision, keepsFrom, hint }] : [],
  );
  if (wrong.length + keeping.length === 0) return;
  throw MigrateError.all([
    ...keeping.map(({ revision, keepsFrom, hint }) => ({
      code: "usage/forget",
      message: `without the row of '${revision}' an upgrade would run ${keepsFrom.join(", ")}, which the database may have, in part or in full`,
      hint,
    })),
    ...wrong.map((revision) => ({
      code: "usage/forget",
      message: `'${revision}' is not an applied revision without a file`,
      hint:
        vanished.length > 0
          ? thereAre("revision", vanished, " of that kind")
          : `there are none; ${instead(project, idsOf(rows), revision)}`,
    })),
  ]);
}

/** What to type of one that is not forgotten, where every applied revision has a file. */
function instead(
  { graph, migrations }: Project,
  applied: readonly RevisionId[],
  revision: RevisionId,
): string {
  const migration = migrations.get(revision);
  if (migration === undefined || !applied.includes(revision)) return "see what is applied: migrate current";
  const needing = descendants(graph, [revision]);
  const undone = applied.filter((id) => needing.has(id));
  if (undone.length === 1) {
    const recorded = `to take it out of the ledger${takingOut(graph, applied, revision)}`;
    return migration.down === undefined
      ? recorded
      : `${recorded}; or, to run its down file too: ${downgradeOf(migration)}`;
  }
  const above = undone.filter((id) => id !== revision).join(", ");
  const lasting = undone.filter((id) => migrations.get(id)?.down === undefined).join(", ");
  // One step down from here would be one from the head above it.
  const below = shellWord(`${revision}@${migration.parents[0] ?? BASE}`);
  return lasting === ""
    ? `to undo it, and ${above} above it: migrate downgrade ${below}`
    : `it stays applied, since ${lasting} cannot be downgraded`;
}
