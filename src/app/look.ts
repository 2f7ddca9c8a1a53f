/** The verbs that only read: what is applied, what is pending, what the files hold. */

import { leftOutOf } from "../core/absence.ts";
import { type EffectSummary, summaryOfStep } from "../core/effects/summary.ts";
import { MigrateError } from "../core/errors.ts";
import { ancestors, inOrder } from "../core/graph.ts";
import { historyOf, shown } from "../core/history.ts";
import { diagnosticOf, findingsOf } from "../core/integrity.ts";
import type { Applied, Intent, LedgerState } from "../core/ledger/types.ts";
import type { RevisionId } from "../core/migration.ts";
import { appliedThrough, settledRows } from "../core/replaced.ts";
import type { ServerVersion } from "../core/server-version.ts";
import type { Location } from "../core/source.ts";
import { currentHeads } from "../core/steps.ts";
import { type ConnectOptions, openConnected } from "./connect.ts";
import { computing, type Deps, openWarned, type Project, type ProjectOptions } from "./project.ts";

/** What is applied and what is pending. */
export interface Standing {
  readonly project: Project;
  /** Rows of the ledger in the order of the graph; those that no file has come last. */
  readonly applied: readonly Applied[];
  /** The applied revisions nothing applied follows or depends on. */
  readonly heads: readonly RevisionId[];
  /** Applied according to the ledger, and in no file. */
  readonly unknown: readonly Applied[];
  /** What `upgrade heads` would run, in order. */
  readonly pending: readonly RevisionId[];
  /** The step that was interrupted, and where the statement stands that it was interrupted at. */
  readonly interrupted?: Intent & { readonly location?: Location };
  /** The database that was asked: `deploy@db.example:5432/shop`. */
  readonly database: string;
}

export interface State extends Standing {
  /** What each pending revision would do to other sessions; empty where nothing is applied, so that there are none. */
  readonly effects: ReadonlyMap<RevisionId, EffectSummary>;
}

/** Reads the ledger; never writes. */
export async function readState(deps: Deps, options: ProjectOptions & ConnectOptions): Promise<State> {
  const { project, session, state } = await openConnected(deps, options);
  try {
    const read = stateOf(project, state, session.database);
    const { interrupted, applied, unknown, pending } = read;
    const known = applied.slice(0, applied.length - unknown.length).map(({ revision }) => revision);
    const effects = await effectsOf(deps, project, known, pending, session.version);
    return interrupted === undefined
      ? { ...read, effects }
      : { ...read, effects, interrupted: await withPlace(project, interrupted) };
  } finally {
    await session.close();
  }
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
  const had = new Set([...known, ...appliedThrough(graph, applied)]);
  const pending = inOrder(
    graph,
    [...ancestors(graph, graph.realHeads)].filter((id) => !had.has(id)),
  );
  return {
    project,
    applied: [...known.map((id) => rows.get(id)!), ...unknown],
    heads: currentHeads(graph, had),
    unknown,
    pending,
    ...(intent === undefined ? {} : { interrupted: intent }),
    database,
  };
}

async function effectsOf(
  deps: Deps,
  project: Project,
  applied: readonly RevisionId[],
  pending: readonly RevisionId[],
  version: ServerVersion,
): Promise<State["effects"]> {
  if (applied.length === 0 || pending.length === 0) return new Map();
  // The parser is loaded only where something is pending.
  const { effectsOfSteps } = await import("./effects.ts");
  const steps = pending.map((revision) => ({ direction: "up" as const, revision }));
  const found = await computing(deps, project, () =>
    effectsOfSteps(project, { before: applied, steps }, version),
  );
  return new Map(
    pending.flatMap((revision, i) => {
      const summary = summaryOfStep(found[i]!.statements, found[i]!.isOne);
      return summary === undefined ? [] : [[revision, summary] as const];
    }),
  );
}

async function withPlace(project: Project, intent: Intent): Promise<NonNullable<State["interrupted"]>> {
  // The parser is loaded only where something is interrupted.
  const { placeOfInterrupted } = await import("./resume.ts");
  const location = await placeOfInterrupted(project, intent);
  return location === undefined ? intent : { ...intent, location };
}

/** Warns that what is marked as applied, or is current, is not all that is applied; or that not all below it is applied. */
export function warnOfRest({ onNotice }: Deps, { project: { graph }, applied }: Standing): void {
  const unknown = leftOutOf(graph, applied);
  const holes = findingsOf(graph, applied).filter(({ kind }) => kind === "hole");
  for (const { message, hint } of [...(unknown === undefined ? [] : [unknown]), ...holes.map(diagnosticOf)])
    onNotice?.({ severity: "WARNING", message: `${message}; ${hint}` });
}

export interface HistoryOptions extends ProjectOptions {
  /** `start:end`; either side may be empty. */
  readonly range?: string | undefined;
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
  const state = asks ? await readState(deps, options) : undefined;
  if (state !== undefined) warnOfRest(deps, state);
  const project = state?.project ?? (await openWarned(deps, options));
  const revisions = historyOf(project.graph, options.range, state?.heads ?? []);
  return { project, revisions, current: state === undefined ? undefined : new Set(state.heads) };
}

/**
 * What `show` lists for a target; `current` asks the database. Throws `state/unknown-revision` where something is applied,
 * and none of it is a migration here.
 */
export async function show(
  deps: Deps,
  target: string,
  options: ProjectOptions,
): Promise<{ readonly project: Project; readonly revisions: readonly RevisionId[] }> {
  const state = target === "current" ? await readState(deps, options) : undefined;
  if (state?.heads.length === 0) refuseUnknown(state);
  else if (state !== undefined) warnOfRest(deps, state);
  const project = state?.project ?? (await openWarned(deps, options));
  const { graph } = project;
  return { project, revisions: shown(graph, target, state?.heads ?? []) };
}

function refuseUnknown({ project, applied }: Standing): void {
  const found = leftOutOf(project.graph, applied);
  if (found !== undefined) throw new MigrateError({ code: "state/unknown-revision", ...found });
}
