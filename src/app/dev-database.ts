/**
 * A database of the user's, and a project in progress → each time, the newest revision is taken back there, where it is applied,
 * and applied again. What a round has applied and has no files any more is taken back too.
 */
import type { Catalog } from "../core/catalog/catalog.ts";
import { compareCatalogs, type Difference } from "../core/catalog/compare.ts";
import type { DevRound } from "../core/dev.ts";
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import { inOrder } from "../core/graph.ts";
import { describe } from "../core/graph-faults.ts";
import type { Applied, LedgerState } from "../core/ledger/types.ts";
import type { Migration, RevisionId } from "../core/migration.ts";
import { settledRows } from "../core/replaced.ts";
import { appliedSet, idsOf } from "../core/steps.ts";
import { DUPLICATE } from "../core/undoing.ts";
import type { FailedStep } from "../core/verdict.ts";
import { readCatalog } from "../io/catalog.ts";
import type { Config } from "../io/config.ts";
import { readLedger } from "../io/queries.ts";
import type { Session } from "../io/session/types.ts";
import { cancelWhenAborted, connect, ownBackend } from "./connect.ts";
import { bringUp } from "./ensure.ts";
import { keepDump } from "./keep-dump.ts";
import type { Deps, Project } from "./project.ts";
import { isRefusal, reasonsOf, refusalOf } from "./refusal.ts";
import { downwards, runSteps, trySteps, upwards } from "./replay.ts";
import { refuseUnfinished } from "./resume.ts";
import { sameSet } from "./run.ts";
import { conversionSteps, stepsFrom } from "./steps.ts";
import { comparedSteps } from "./verify.ts";

/** What a round has applied. */
interface Before {
  readonly project: Project;
  readonly revision: RevisionId;
  /** To what. */
  readonly catalog: Catalog;
  /** What came of it; undefined where it failed. */
  readonly made?: Catalog;
}

/** Each round has a session of its own: between two saves hours may pass. `onGone`: told of what is taken back before it. */
export function databaseRounds(
  deps: Deps,
  config: Config,
  onGone: (round: DevRound) => void,
): (project: Project, newest: () => Migration) => Promise<DevRound> {
  let before: Before | undefined;
  /** What rounds have applied. */
  const own = new Map<RevisionId, Before>();
  return async (project, newestOf) => {
    const session = await connect(deps, config);
    const watched = cancelWhenAborted(() => session, deps.signal);
    try {
      // Another session that changes the ledger meanwhile stops what was planned from it; then it is planned anew.
      for (let last: LedgerState | undefined; ; ) {
        const found = await readLedger(session, project.ledger);
        try {
          if (before !== undefined)
            await takeBackGone(deps, { project, session, state: found, before, own, onGone });
          const state = await soundLedger(project, session);
          const made = await round(deps, { project, session, state, newest: newestOf(), before });
          before = made.before;
          if (before !== undefined) own.set(before.revision, before);
          return made.round;
        } catch (error) {
          const isStale = error instanceof MigrateError && error.code === "state/guard";
          if (!isStale || (last !== undefined && sameSet(last, found))) throw error;
          last = found;
        }
      }
    } finally {
      watched.stop();
      await session.close();
    }
  };
}

interface Work {
  readonly project: Project;
  readonly session: Session;
  readonly state: LedgerState;
  readonly newest: Migration;
  readonly before: Before | undefined;
}

async function round(
  deps: Deps,
  { project, session, state, newest, before }: Work,
): Promise<{ readonly round: DevRound; readonly before: Before | undefined }> {
  const start = performance.now();
  const { revision, path, up } = newest;
  const { ledger } = project;
  const rows = await readyRows(deps, { project, session, state });
  const row = rows.find((each) => each.revision === revision);
  const others = rows.filter((each) => each !== row);
  const plan = () => stepsFrom(project, { kind: "upgrade", target: "heads" }, others);
  const steps = await comparedSteps(project, others, plan, deps.onNotice);
  const catalog = () => readCatalog(session, ledger.names.schema);
  let step: FailedStep["step"] = "up";
  let back: readonly Difference[] = [];
  let takenBack: Pick<DevRound, "takenBack"> = {};
  // What could not be taken back is still what the round before has applied.
  let was = before;
  const value = (
    rest: Partial<DevRound>,
  ): { readonly round: DevRound; readonly before: Before | undefined } => ({
    round: { revision, path, makes: [], back, ...rest, ms: Math.round(performance.now() - start) },
    before: was,
  });
  try {
    const ids = idsOf(others);
    if (row !== undefined) {
      step = "down";
      const appliedAs = appliedBy(before, row);
      if (appliedAs === undefined && row.checksum !== up.checksum) {
        const message = `${describe(newest)} has changed since it was applied, before this began; it is taken back by the down file that is there now`;
        deps.onNotice?.({ severity: "WARNING", message });
      }
      // Another revision's round has begun elsewhere.
      const from = before?.revision === revision ? { before, catalog: await catalog() } : undefined;
      await takeBack(deps, { project, session, newest, appliedAs }, ids);
      takenBack = { takenBack: true };
      if (from !== undefined) back = notRestored(from.before, from.catalog, await catalog());
      step = row.checksum === up.checksum ? "up again" : "up";
    }
    const pending = steps.steps.map((each) => each.revision).filter((id) => id !== revision);
    if (pending.length > 0) await trySteps(deps, project, session, upwards(ids, pending));
    was = { project, revision, catalog: await catalog() };
    await trySteps(deps, project, session, upwards([...ids, ...pending], [revision]));
    await keepDump(deps, session, project, deps.onNotice);
    const { irreversible } = up.header;
    const made = await catalog();
    was = { ...was, made };
    return value({
      makes: compareCatalogs(was.catalog, made),
      applied: row === undefined ? "first" : "again",
      ...(irreversible === undefined ? {} : { irreversible }),
    });
  } catch (error) {
    if (error instanceof MigrateError && OF_THE_DATABASE.test(error.code)) throw error;
    return value({ failed: { step, diagnostics: refusedThere(error) }, ...takenBack });
  }
}

/**
 * How a downgrade from one schema to the other has left it otherwise than it was before that revision. What was otherwise
 * already is not its doing: another revision's down file has left it, or it was done by hand.
 */
function notRestored({ catalog, made }: Before, from: Catalog, to: Catalog): readonly Difference[] {
  const already = new Set((made === undefined ? [] : compareCatalogs(made, from)).map(textOf));
  return compareCatalogs(catalog, to).filter((each) => !already.has(textOf(each)));
}

const textOf = (difference: Difference): string => JSON.stringify(difference);

/**
 * By the down file that belongs to what is applied; where that is refused, by the one that is there now, which may be its
 * correction.
 */
async function takeBack(
  deps: Deps,
  {
    project,
    session,
    newest,
    appliedAs,
  }: Pick<Work, "project" | "session" | "newest"> & { readonly appliedAs: Project | undefined },
  others: readonly RevisionId[],
): Promise<void> {
  const { revision, down } = newest;
  const steps = downwards([...others, revision], [revision]);
  try {
    await trySteps(deps, appliedAs ?? project, session, steps);
  } catch (error) {
    const was = appliedAs?.migrations.get(revision)?.down;
    const isCorrected = was !== undefined && down !== undefined && was.checksum !== down.checksum;
    if (!isCorrected || !isRefusal(error)) throw error;
    // Outside a transaction it may have done a part, which no other file is to be run upon.
    if ((await readLedger(session, project.ledger)).intent !== undefined) throw error;
    try {
      await trySteps(deps, project, session, steps);
    } catch (again) {
      throw MigrateError.all(
        refusalOf(again).map((each) => ({ ...each, message: `${each.message}; ${bothFail(error)}` })),
      );
    }
  }
}

const bothFail = (before: unknown): string =>
  `and the down file as it was when the revision was applied: ${reasonsOf(before)
    .map(({ message }) => message)
    .join("; ")}; write into the down file what takes back the revision as it is applied, and save it`;

/** Other than on a scratch database, what is there already may be what was to be taken back. */
function refusedThere(error: unknown): readonly Diagnostic[] {
  const refused = refusalOf(error);
  if (!DUPLICATE.has((error as MigrateError).sqlstate ?? "")) return refused;
  const left = "a downgrade may have left it; if so, drop it by hand";
  return refused.map((each) => ({ ...each, message: `${each.message}; ${left}` }));
}

/** No file is to blame. */
const OF_THE_DATABASE = /^(?:execution\/read-only$|state\/)/;

interface Gone extends Pick<Work, "project" | "session" | "state"> {
  readonly before: Before;
  readonly own: ReadonlyMap<RevisionId, Before>;
  readonly onGone: (round: DevRound) => void;
}

/** What rounds have applied and has no files now, last first, by the down files that it had. */
async function takeBackGone(
  deps: Deps,
  { project, session, state, before, own, onGone }: Gone,
): Promise<void> {
  const { graph, ledger } = project;
  await refuseUnfinished(project, state);
  const { applied } = state;
  const catalog = () => readCatalog(session, ledger.names.schema);
  const isGone = (row: Applied): boolean =>
    own.has(row.revision) &&
    !graph.nodes.has(row.revision) &&
    !graph.replaced.has(row.revision) &&
    appliedBy(before, row) !== undefined;
  let left = idsOf(applied);
  for (const revision of inOrder(before.project.graph, idsOf(applied.filter(isGone))).reverse()) {
    const start = performance.now();
    left = left.filter((id) => id !== revision);
    const from = await catalog();
    await runSteps(deps, before.project, session, downwards([...left, revision], [revision]));
    const { path } = before.project.migrations.get(revision)!;
    const back = notRestored(own.get(revision)!, from, await catalog());
    const ms = Math.round(performance.now() - start);
    onGone({ revision, path, makes: [], back, gone: true, ms });
  }
}

/** The ledger, from which a round can begin: nothing is interrupted, and every applied revision has its files. */
async function soundLedger(project: Project, session: Session): Promise<LedgerState> {
  const { graph, ledger } = project;
  const state = await readLedger(session, ledger);
  await refuseUnfinished(project, state);
  appliedSet(graph, settledRows(graph, state.applied));
  return state;
}

/** What is applied, once the ledger is as a run would have it before it begins. */
async function readyRows(
  deps: Deps,
  { project, session, state }: Pick<Work, "project" | "session" | "state">,
): Promise<readonly Applied[]> {
  const { config, ledger } = project;
  const backend = await ownBackend(session);
  await bringUp(state, { session, backend, config, ledger }, deps, {});
  const stamp = conversionSteps(project, state.applied);
  if (stamp !== undefined) await runSteps(deps, project, session, stamp);
  return (stamp === undefined ? state : await readLedger(session, ledger)).applied;
}

/** The project as it was when the row was written, if that was the round before: its down file belongs to what is there. */
function appliedBy(before: Before | undefined, { revision, checksum }: Applied): Project | undefined {
  const isIt = before?.project.migrations.get(revision)?.up.checksum === checksum;
  return isIt ? before?.project : undefined;
}
