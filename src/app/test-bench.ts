/** A scratch database on which migrations are run one by one: what is applied there, and what is in it. */
import type { Catalog } from "../core/catalog/catalog.ts";
import { ancestors } from "../core/graph.ts";
import type { Direction } from "../core/header-keys.ts";
import type { RevisionId } from "../core/migration.ts";
import type { Plan } from "../core/plan/types.ts";
import type { FailedStep, RowsByTable, Unfilled } from "../core/verdict.ts";
import { readCatalog } from "../io/catalog.ts";
import { fillTables, readRows } from "../io/rows.ts";
import type { Scratch } from "../io/scratch/types.ts";
import type { Session } from "../io/session/types.ts";
import type { Deps, Project } from "./project.ts";
import { refusalOf } from "./refusal.ts";
import { downwards, replayRevisions, trySteps, upwards, withStandIns } from "./replay.ts";

/** Whose migrations are run, and where. */
export interface TestOn {
  readonly deps: Deps;
  readonly project: Project;
  readonly scratch: Scratch;
}

export interface Snapshot {
  readonly catalog: Catalog;
  readonly rows: RowsByTable;
}

export interface TestBench {
  /** What failed on its way up, and all that needs it. */
  readonly broken: Set<RevisionId>;
  /** Tables that got no rows, each once. */
  readonly unfilled: readonly Unfilled[];
  /**
   * Begins where the first are applied, which are run when they are needed, and then of the others each that can be, as where
   * all were tested here.
   */
  startFrom(first: readonly RevisionId[], others: readonly RevisionId[]): Promise<void>;
  /** Whether all that it needs is there. */
  canRun(revision: RevisionId): boolean;
  /** Throws as `run` does. */
  run(direction: Direction, revision: RevisionId): Promise<Plan>;
  /** Gives rows to empty tables, where that is wanted. */
  fill(): Promise<void>;
  snapshot(): Promise<Snapshot>;
  /** After a test: the revision is applied, unless it cannot be; `clean`: the database is as a run leaves it. */
  settle(
    revision: RevisionId,
    failed: FailedStep | undefined,
    clean: boolean,
  ): Promise<FailedStep | undefined>;
  /** Applies a revision that is not tested. */
  include(revision: RevisionId): Promise<void>;
}

export function openBench(on: TestOn, withRows: boolean): TestBench {
  const { deps, project, scratch } = on;
  const { schema } = project.ledger.names;
  const broken = new Set<RevisionId>();
  const unfilled = new Map<string, Unfilled>();
  let settled: readonly RevisionId[] = [];
  let applied = settled;
  // Undefined: it is made anew from what is settled, when it is needed.
  let session: Session | undefined;
  let catalog: Catalog | undefined;

  const discard = (): void => {
    session = undefined;
    catalog = undefined;
    applied = settled;
  };
  const current = async (): Promise<Session> => {
    session ??= (await replayRevisions(deps, project, scratch, settled)).session;
    return session;
  };
  const bench: TestBench = {
    broken,
    get unfilled() {
      return [...unfilled.values()];
    },
    startFrom: async (first, others) => {
      const begin = (revisions: readonly RevisionId[]): void => {
        settled = revisions;
        discard();
      };
      begin([...first, ...others]);
      if (others.length === 0) return;
      try {
        await current();
      } catch (error) {
        refusalOf(error);
        begin(first);
        for (const revision of others) await bench.include(revision);
      }
    },
    canRun: (revision) => ![...ancestors(project.graph, [revision])].some((id) => broken.has(id)),
    run: async (direction, revision) => {
      const open = await current();
      catalog = undefined;
      const steps = direction === "up" ? upwards(applied, [revision]) : downwards(applied, [revision]);
      const plan = await withStandIns(scratch, async (makeStandIns) => {
        await makeStandIns(open);
        return trySteps(deps, project, open, steps);
      });
      applied = steps.after;
      return plan;
    },
    fill: async () => {
      if (!withRows) return;
      for (const each of await fillTables(await current(), schema)) unfilled.set(each.table, each);
    },
    snapshot: async () => {
      const open = await current();
      catalog ??= await readCatalog(open, schema);
      return { catalog, rows: await readRows(open, schema) };
    },
    settle: async (revision, failed, clean) => {
      if (failed?.step !== "up") settled = [...settled, revision];
      else if (withRows && (await isRunWithoutRows(revision))) return { ...failed, onlyWithRows: true };
      else broken.add(revision);
      if (failed !== undefined || !clean) discard();
      return failed;
    },
    include: async (revision) => {
      if (!bench.canRun(revision)) {
        broken.add(revision);
        return;
      }
      try {
        await bench.run("up", revision);
        settled = applied;
      } catch (error) {
        refusalOf(error);
        broken.add(revision);
        discard();
      }
    },
  };
  /** What rows alone refuse is no reason to leave out all that comes after it. */
  const isRunWithoutRows = async (revision: RevisionId): Promise<boolean> => {
    const before = settled;
    settled = [...before, revision];
    discard();
    try {
      await current();
      return true;
    } catch (error) {
      refusalOf(error);
      settled = before;
      return false;
    }
  };
  return bench;
}

/** What these make, in that order. */
export async function catalogAfter(
  { deps, project, scratch }: TestOn,
  revisions: readonly RevisionId[],
  keeps: boolean,
): Promise<Catalog> {
  const { session } = await replayRevisions(deps, project, scratch, revisions, { keeps });
  return readCatalog(session, project.ledger.names.schema);
}
