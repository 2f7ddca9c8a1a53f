/** A project and migrations under review → what they change in the catalog of a scratch database, and what their downgrade leaves. */
import { compareCatalogs } from "../core/catalog/compare.ts";
import { MigrateError } from "../core/errors.ts";
import { missingHint } from "../core/failure/missing.ts";
import type { RevisionId } from "../core/migration.ts";
import type { NotCompared, ReviewedCatalog, ReviewedDowngrade } from "../core/review.ts";
import { changedRows } from "../core/verdict.ts";
import { withPath } from "./beforehand.ts";
import type { Deps, Project } from "./project.ts";
import { isRefusal, RAN_BEFORE, refusalOf } from "./refusal.ts";
import { type ScratchUse, withScratch } from "./scratch.ts";
import { openBench, type TestBench, type TestOn } from "./test-bench.ts";

export interface ReviewOn extends Pick<ScratchUse, "onScratch"> {
  /** What is applied before, in an order in which it can be. */
  readonly before: readonly RevisionId[];
  /** What is reviewed, in its order. */
  readonly reviewed: readonly RevisionId[];
}

/** A review is written with or without it: what keeps it from being made is its answer. Throws when it is told to stop. */
export async function reviewCatalog(
  deps: Deps,
  project: Project,
  { before, reviewed, onScratch }: ReviewOn,
): Promise<ReviewedCatalog | NotCompared> {
  try {
    const revisions = [...before, ...reviewed];
    return await withScratch(deps, project, { revisions, onScratch }, (scratch) =>
      compared({ deps, project: withPath(project, scratch), scratch }, before, reviewed),
    );
  } catch (error) {
    const hint = error instanceof MigrateError ? missingHint(error.message, deps.names) : undefined;
    const reason = [reasonOf(error), ...(hint === undefined ? [] : [hint])].join("; ");
    return isRefusal(error) ? { reason, failed: true } : { reason };
  }
}

async function compared(
  on: TestOn,
  before: readonly RevisionId[],
  reviewed: readonly RevisionId[],
): Promise<ReviewedCatalog> {
  const { migrations } = on.project;
  const bench = openBench(on, false);
  const last = reviewed.findLastIndex((id) => migrations.get(id)!.down === undefined);
  await bench.startFrom(before, []);
  const first = await bench.snapshot();
  // As far as the downgrade reaches back.
  await bench.startFrom([...before, ...reviewed.slice(0, last + 1)], []);
  const start = last < 0 ? first : await bench.snapshot();
  await bench.startFrom([...before, ...reviewed], []);
  const after = await bench.snapshot();
  const { proves } = on.scratch;
  const differences = compareCatalogs(first.catalog, after.catalog);
  const back = reviewed.slice(last + 1).reverse();
  if (back.length === 0) return { proves, differences };
  return { proves, differences, downgrade: await downgraded(bench, start, back) };
}

async function downgraded(
  bench: TestBench,
  start: Awaited<ReturnType<TestBench["snapshot"]>>,
  revisions: readonly RevisionId[],
): Promise<ReviewedDowngrade> {
  const done: RevisionId[] = [];
  try {
    for (const revision of revisions) {
      await bench.run("down", revision);
      done.push(revision);
    }
  } catch (error) {
    const failed = [reasonOf(error), ...(done.length === 0 ? [] : [RAN_BEFORE])].join("; ");
    return { revisions: done, differences: [], rows: [], failed };
  }
  const back = await bench.snapshot();
  return {
    revisions,
    differences: compareCatalogs(start.catalog, back.catalog),
    rows: changedRows(start.rows, back.rows),
  };
}

/** Throws on what is no refusal by a server, or of the program. */
function reasonOf(error: unknown): string {
  if (error instanceof MigrateError && error.code === "execution/connect") return error.message;
  return refusalOf(error)
    .map(({ message, location }) =>
      location === undefined ? message : `${location.path}:${location.line}: ${message}`,
    )
    .join("; ");
}
