/** The verbs that only read: what is applied, what is pending, what the files hold. */

import { leftOutOf } from "../core/absence.ts";
import type { EffectSummary } from "../core/effects/summary.ts";
import { MigrateError } from "../core/errors.ts";
import { ancestors, inOrder } from "../core/graph.ts";
import { appliedHeads, historyOf, shown } from "../core/history.ts";
import { diagnosticOf, findingsOf, warningText } from "../core/integrity.ts";
import { behindIn } from "../core/ledger/inconsistency.ts";
import type { Applied, LedgerState } from "../core/ledger/types.ts";
import type { RevisionId } from "../core/migration.ts";
import type { Does } from "../core/plan/types.ts";
import { settledRows, waitingOf } from "../core/replaced.ts";
import type { ServerVersion } from "../core/server-version.ts";
import type { Loss } from "../core/statement/losses.ts";
import { currentHeads } from "../core/steps.ts";
import type { Begun } from "../core/undoing.ts";
import { type ConnectOptions, type OpenOptions, openConnected, warnOf } from "./connect.ts";
import { computing, type Deps, openWarned, type Project, type ProjectOptions } from "./project.ts";
import { unrecorded } from "./unrecorded.ts";

/** What is applied and what is pending. */
export interface Standing {
  readonly project: Project;
  /** Rows of the ledger in the order of the graph; those that no file has come last. */
  readonly applied: readonly Applied[];
  /** The applied revisions nothing applied follows or depends on; those that no file has come last. */
  readonly heads: readonly RevisionId[];
  /** How far what is applied goes in the graph: like `heads`, but as if nothing without a file were applied. */
  readonly reached: readonly RevisionId[];
  /** Applied according to the ledger, and in no file. */
  readonly unknown: readonly Applied[];
  /** What `upgrade heads` would run, in order. */
  readonly pending: readonly RevisionId[];
  /** The step that was interrupted, and what its file says of it now. */
  readonly interrupted?: Begun;
  /** The step that another session is at, which holds the lock of the ledger; then nothing is interrupted. */
  readonly underWay?: Begun;
  /** The database that was asked: `deploy@db.example:5432/shop`. */
  readonly database: string;
}

export interface State extends Standing {
  /** What each pending revision would do to other sessions; empty where nothing is applied, so that there are none. */
  readonly effects: ReadonlyMap<RevisionId, EffectSummary>;
  /** What each pending revision would take away or overwrite, or may; without those that do neither. */
  readonly losses: ReadonlyMap<RevisionId, readonly Loss[]>;
}

/** Reads the ledger, and the files that are pending; never writes. */
export async function readState(deps: Deps, options: ProjectOptions & ConnectOptions): Promise<State> {
  const { version, ...read } = await readStanding(deps, options);
  const { applied, unknown, pending } = read;
  const known = applied.slice(0, applied.length - unknown.length).map(({ revision }) => revision);
  const does = await pendingDo(deps, read, known, version);
  const told = <K extends keyof Does>(key: K): ReadonlyMap<RevisionId, NonNullable<Does[K]>> =>
    new Map(
      pending.flatMap((revision, i) => (does[i]?.[key] === undefined ? [] : [[revision, does[i][key]]])),
    );
  return { ...read, effects: told("effect"), losses: told("losses") };
}

/** Reads the ledger alone; never writes. */
export async function readStanding(
  deps: Deps,
  options: ProjectOptions & OpenOptions,
): Promise<Standing & { readonly version: ServerVersion }> {
  const { project, session, state } = await openConnected(deps, options);
  const { database, version } = session;
  const onNotice = options.onNotice ?? deps.onNotice;
  warnOf(behindIn(state), onNotice);
  try {
    warnOf(await unrecorded(project, session, state), onNotice);
  } finally {
    await session.close();
  }
  const read = { ...stateOf(project, state, database), version };
  const intent = unfinishedOf(read);
  if (intent === undefined) return read;
  // The parser is loaded only where something is interrupted.
  const { begunStep } = await import("./resume.ts");
  return { ...read, ...asUnfinished(await begunStep(project, intent)) };
}

/** Files and what a ledger says, side by side. */
export function stateOf(
  project: Project,
  { applied: rowsOfLedger, intent }: LedgerState,
  database: string,
): Standing {
  const { graph } = project;
  const applied = settledRows(graph, rowsOfLedger);
  const rows = new Map(applied.map((row) => [row.revision, row]));
  const known = inOrder(
    graph,
    [...rows.keys()].filter((id) => graph.nodes.has(id)),
  );
  const unknown = applied.filter((row) => !graph.nodes.has(row.revision));
  const { waiting, replaced } = waitingOf(graph, applied);
  const had = new Set([...known, ...replaced.map(({ revision }) => revision)]);
  const pending = inOrder(
    graph,
    [...ancestors(graph, graph.realHeads)].filter((id) => !had.has(id)),
  );
  return {
    project,
    applied: [...known.map((id) => rows.get(id)!), ...unknown],
    heads: appliedHeads(graph, [...applied.filter((row) => !waiting.includes(row)), ...replaced]),
    reached: currentHeads(graph, had),
    unknown,
    pending,
    ...(intent === undefined ? {} : asUnfinished(intent)),
    database,
  };
}

const asUnfinished = (intent: Begun): Pick<Standing, "interrupted" | "underWay"> =>
  intent.holders === undefined ? { interrupted: intent } : { underWay: intent };

/** The step that is half done, whoever is at it. */
export const unfinishedOf = ({
  interrupted,
  underWay,
}: Pick<Standing, "interrupted" | "underWay">): Begun | undefined => interrupted ?? underWay;

async function pendingDo(
  deps: Deps,
  state: Standing,
  before: readonly RevisionId[],
  version: ServerVersion,
): Promise<readonly Does[]> {
  const { project, pending } = state;
  if (pending.length === 0) return [];
  // The parser is loaded only where something is pending.
  const { stepsDo } = await import("./compile.ts");
  const steps = pending.map((revision) => ({ direction: "up" as const, revision }));
  return computing(deps, project, () =>
    stepsDo(
      project,
      { kind: "upgrade", before, after: [...before, ...pending], steps },
      version,
      unfinishedOf(state),
    ),
  );
}

/** Warns that what is marked as applied, is current or is not pending is not all that is applied; or that not all below it is applied. */
export function warnOfRest(
  { onNotice }: Deps,
  { project: { graph }, applied }: Pick<Standing, "project" | "applied">,
): void {
  const warn = (message: string): void => onNotice?.({ severity: "WARNING", message });
  const unknown = leftOutOf(graph, applied);
  const holes = findingsOf(graph, applied)
    .filter(({ kind }) => kind === "hole")
    .map(diagnosticOf);
  if (unknown !== undefined) warn(`${unknown.message}; ${unknown.hint}`);
  for (const hole of holes) warn(warningText(hole));
}

export interface HistoryOptions extends ProjectOptions {
  /** `start:end`; either side may be empty. */
  readonly range?: string | undefined;
  /** Of these, no more than so many; 0, the default: all. */
  readonly last?: number | undefined;
  /** Mark what is current: asks the database. */
  readonly indicateCurrent?: boolean | undefined;
}

export interface History {
  readonly project: Project;
  /** Newest first. */
  readonly revisions: readonly RevisionId[];
  /** What is current; undefined where the database was not asked. */
  readonly current: ReadonlySet<RevisionId> | undefined;
}

/** The revisions of a range, newest first. Asks the database only where `current` is spoken of. */
export async function history(deps: Deps, options: HistoryOptions): Promise<History> {
  const asks = options.indicateCurrent === true || options.range?.split(":").includes("current") === true;
  const state = asks ? await readStanding(deps, options) : undefined;
  if (state !== undefined) warnOfRest(deps, state);
  const project = state?.project ?? (await openWarned(deps, options));
  const revisions = historyOf(project.graph, options.range, state?.reached ?? [], options.last);
  return { project, revisions, current: state === undefined ? undefined : new Set(state.heads) };
}

/**
 * What `show` lists for a target; `current` asks the database. Throws `state/unknown-revision` where something is applied,
 * and nothing that is current is a migration here.
 */
export async function show(
  deps: Deps,
  target: string,
  options: ProjectOptions,
): Promise<{ readonly project: Project; readonly revisions: readonly RevisionId[] }> {
  const state = target === "current" ? await readStanding(deps, options) : undefined;
  const project = state?.project ?? (await openWarned(deps, options));
  const { graph } = project;
  const current = (state?.heads ?? []).filter((id) => graph.nodes.has(id));
  if (state !== undefined) {
    if (current.length === 0) refuseUnknown(state);
    else warnOfRest(deps, state);
  }
  return { project, revisions: shown(graph, target, current) };
}

function refuseUnknown({ project, applied }: Standing): void {
  const found = leftOutOf(project.graph, applied);
  if (found !== undefined) throw new MigrateError({ code: "state/unknown-revision", ...found });
}
