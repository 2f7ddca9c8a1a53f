/**
 * A project → for each migration what its upgrade, downgrade and second upgrade leave on a scratch database; whether branches
 * can be run in any order, and whether the offline script leads to the same database as the run.
 */
import { type Acceptance, acceptanceOf, aspects } from "../core/acceptance.ts";
import { compareCatalogs } from "../core/catalog/compare.ts";
import { ancestors, inOrder } from "../core/graph.ts";
import type { RevisionId } from "../core/migration.ts";
import { revisionsOf } from "../core/steps.ts";
import {
  aspectsOf,
  changedRows,
  type FailedStep,
  lossesOfRows,
  nothingSeen,
  type Observed,
  type TestedMigration,
  type TestReport,
  type Verdict,
} from "../core/verdict.ts";
import { type Deps, openProject, type Project, type ProjectOptions } from "./project.ts";
import { type ScratchUse, type UsedScratch, used, withScratch } from "./scratch.ts";
import { openBench, refusalOf, type TestBench } from "./test-bench.ts";
import { testOrders } from "./test-orders.ts";
import { type ScriptOf, testScript } from "./test-script.ts";

export interface TestOptions extends ProjectOptions, Pick<ScratchUse, "onScratch"> {
  /** `start:end`: what comes after the start; else targets, each for itself. Default: all. */
  readonly range?: string | undefined;
  /** Tables are filled with rows before each up; those are compared after the down. */
  readonly rows?: boolean | undefined;
  /** A plan of all → texts that are each sent as one message. Without it no script is tested. */
  readonly script?: ScriptOf | undefined;
  readonly onTesting?: ((revision: RevisionId, index: number, of: number) => void) | undefined;
  readonly onTested?: ((tested: TestedMigration) => void) | undefined;
}

export interface TestResult extends TestReport {
  readonly project: Project;
  /** What it was run on. */
  readonly scratch: UsedScratch;
}

/**
 * Runs migrations on a scratch database, never on the one that is worked with. Throws `MigrateError` of kind usage, source
 * or graph; of kind execution only where the scratch database itself cannot be had.
 */
export async function testMigrations(deps: Deps, options: TestOptions): Promise<TestResult> {
  const project = await openProject(deps, options);
  const tested = revisionsOf(project.graph, options.range);
  const order = inOrder(project.graph, ancestors(project.graph, tested));
  return withScratch(deps, project, { revisions: order, onScratch: options.onScratch }, async (scratch) => {
    const bench = openBench({ deps, project, scratch }, options.rows === true);
    const migrations = await testEach(project, bench, order, tested, options);
    const orders = await testOrders({ deps, project, scratch }, tested, bench.broken);
    const script =
      options.script === undefined || tested.size === 0 || bench.broken.size > 0
        ? undefined
        : await testScript({ deps, project, scratch }, order, options.script);
    const all = [...migrations, ...orders, ...(script === undefined ? [] : [script])];
    return {
      project,
      scratch: used(scratch),
      migrations,
      orders,
      ...(script === undefined ? {} : { script }),
      unfilled: bench.unfilled,
      passed: all.every(({ passed }) => passed),
    };
  });
}

// ── up, down, up ────────────────────────────────────────────────────────────────────────────────────────────────

async function testEach(
  project: Project,
  bench: TestBench,
  order: readonly RevisionId[],
  tested: ReadonlySet<RevisionId>,
  { onTesting, onTested }: TestOptions,
): Promise<readonly TestedMigration[]> {
  const first = order.findIndex((id) => tested.has(id));
  if (first < 0) return [];
  bench.startFrom(order.slice(0, first));
  const results: TestedMigration[] = [];
  for (const revision of order.slice(first)) {
    if (!tested.has(revision)) {
      await bench.include(revision);
      continue;
    }
    onTesting?.(revision, results.length, tested.size);
    const result = await testOne(project, bench, revision);
    results.push(result);
    onTested?.(result);
  }
  return results;
}

async function testOne(project: Project, bench: TestBench, revision: RevisionId): Promise<TestedMigration> {
  const start = performance.now();
  const { message, path, up, down } = project.migrations.get(revision)!;
  const value = (
    verdict: Verdict,
    passed: boolean,
    rest: Partial<TestedMigration> = {},
  ): TestedMigration => ({
    revision,
    message,
    path,
    verdict,
    passed,
    ...nothingSeen,
    ...rest,
    ms: performance.now() - start,
  });
  if (!bench.canRun(revision)) {
    bench.broken.add(revision);
    return value("skipped", false);
  }
  const { seen, failed } = await observe(bench, revision, down !== undefined);
  await bench.settle(revision, failed, aspectsOf(seen).length === 0);
  if (failed !== undefined) return value("fails", false, { ...seen, failed });
  const { irreversible } = up.header;
  if (irreversible !== undefined) return value("irreversible", true, { accepted: irreversible });
  const acceptance = acceptanceOf(down?.header.accepts ?? "");
  const found = aspectsOf(seen);
  return value(found.at(-1) ?? "exact", isAccepted(found, acceptance), {
    ...seen,
    ...(acceptance === undefined ? {} : { accepted: acceptance.reason }),
  });
}

const isAccepted = (found: readonly string[], acceptance: Acceptance | undefined): boolean =>
  aspects.every((aspect) => !found.includes(aspect) || acceptance?.aspects.includes(aspect) === true);

/** What goes up, comes back and goes up again leaves, as far as it gets. */
async function observe(
  bench: TestBench,
  revision: RevisionId,
  hasDown: boolean,
): Promise<{ readonly seen: Observed; readonly failed?: FailedStep }> {
  let seen = nothingSeen;
  let step: FailedStep["step"] = "up";
  try {
    await bench.fill();
    const before = await bench.snapshot();
    const plan = await bench.run("up", revision);
    if (!hasDown) return { seen };
    const after = await bench.snapshot();
    const { losses = [] } = plan.steps[0]!;
    seen = { ...seen, losses: lossesOfRows(losses, before.catalog, after.catalog) };
    step = "down";
    await bench.run("down", revision);
    const back = await bench.snapshot();
    seen = {
      ...seen,
      down: compareCatalogs(before.catalog, back.catalog),
      rows: changedRows(before.rows, back.rows),
    };
    step = "up again";
    await bench.run("up", revision);
    seen = { ...seen, again: compareCatalogs(after.catalog, (await bench.snapshot()).catalog) };
    return { seen };
  } catch (error) {
    return { seen, failed: { step, diagnostics: refusalOf(error) } };
  }
}
