/**
 * A project → for each migration what its upgrade, downgrade and second upgrade leave on a scratch database; whether branches
 * can be run in any order, whether a squashed migration leads to what it replaces, and the offline script to what the run does.
 */
import { acceptanceOf } from "../core/acceptance.ts";
import { compareCatalogs } from "../core/catalog/compare.ts";
import { ancestors, inOrder } from "../core/graph.ts";
import type { RevisionId } from "../core/migration.ts";
import { refuseReversed, revisionsOf } from "../core/steps.ts";
import {
  aspectsOf,
  changedRows,
  type FailedStep,
  lossesOfRows,
  nothingSeen,
  type Observed,
  type TestedMigration,
  type TestedScript,
  type TestReport,
  type Verdict,
} from "../core/verdict.ts";
import { allOf } from "./all-of.ts";
import { withPath } from "./beforehand.ts";
import { type Deps, openWarned, type Project, type ProjectOptions } from "./project.ts";
import { refusalOf } from "./refusal.ts";
import { type ScratchUse, type UsedScratch, used, withScratch } from "./scratch.ts";
import { withEnd } from "./steps.ts";
import { openBench, type TestBench, type TestOn } from "./test-bench.ts";
import { beside, jobsFor, partsOf, type TestPart, tellInOrder } from "./test-jobs.ts";
import { testOrders } from "./test-orders.ts";
import { type ScriptOf, testScript } from "./test-script.ts";
import { testSquashes } from "./test-squashes.ts";

export interface TestOptions extends ProjectOptions, Pick<ScratchUse, "onScratch"> {
  /** `start:end`: what comes after the start; else targets, each for itself. Default: all. */
  readonly range?: string | undefined;
  /** Tables are filled with rows before each up; those are compared after the down. */
  readonly rows?: boolean | undefined;
  /**
   * On so many scratch databases at the same time, where they can be had; default: by the number of processors and of
   * migrations. With `rows` on one: the rows of a table come from the migrations tested before.
   */
  readonly jobs?: number | undefined;
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
  const project = await openWarned(deps, options);
  if (options.range !== undefined) refuseReversed(project.graph, "upgrade", withEnd(options.range));
  const tested = revisionsOf(project.graph, options.range);
  const order = inOrder(project.graph, ancestors(project.graph, tested));
  return withScratch(deps, project, { revisions: order, onScratch: options.onScratch }, async (scratch) => {
    const withRows = options.rows === true;
    const scratches = await beside(scratch, withRows ? 1 : jobsFor(tested.size, options.jobs));
    const ons = scratches.map((each): TestOn => ({ deps, project: withPath(project, each), scratch: each }));
    const benches = ons.map((on) => openBench(on, withRows));
    const migrations = await testParts(project, benches, partsOf(order, tested, ons.length), tested, options);
    const broken = new Set(benches.flatMap((bench) => [...bench.broken]));
    const { script: scriptOf } = options;
    const ofScript = async (): Promise<TestedScript | undefined> =>
      scriptOf === undefined || tested.size === 0 || broken.size > 0
        ? undefined
        : await testScript(ons.at(-1)!, order, scriptOf);
    const compare = async () => ({
      orders: await testOrders(ons[0]!, tested, broken),
      squashed: await testSquashes(ons[0]!, tested, broken),
    });
    const comparing = compare();
    // On one database they go one after the other.
    const [{ orders, squashed }, script] =
      ons.length === 1 ? [await comparing, await ofScript()] : await allOf([comparing, ofScript()]);
    const all = [...migrations, ...orders, ...squashed, ...(script === undefined ? [] : [script])];
    return {
      project,
      scratch: used(scratch),
      migrations,
      orders,
      squashed,
      ...(script === undefined ? {} : { script }),
      unfilled: benches.flatMap((bench) => bench.unfilled),
      passed: all.every(({ passed }) => passed),
    };
  });
}

// ── up, down, up ────────────────────────────────────────────────────────────────────────────────────────────────

async function testParts(
  project: Project,
  benches: readonly TestBench[],
  parts: readonly TestPart[],
  tested: ReadonlySet<RevisionId>,
  { onTesting, onTested }: TestOptions,
): Promise<readonly TestedMigration[]> {
  const telling = tellInOrder(onTested);
  let begun = 0;
  const testPart = async ({ first, earlier, order }: TestPart, part: number) => {
    const bench = benches[part]!;
    await bench.startFrom(first, earlier);
    const results: TestedMigration[] = [];
    for (const revision of order) {
      if (!tested.has(revision)) {
        await bench.include(revision);
        continue;
      }
      onTesting?.(revision, begun, tested.size);
      begun += 1;
      const result = await testOne(project, bench, revision);
      results.push(result);
      telling.tested(part, result);
    }
    telling.ended(part);
    return results;
  };
  return (await allOf(parts.map(testPart))).flat();
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
    ms: Math.round(performance.now() - start),
  });
  if (!bench.canRun(revision)) {
    bench.broken.add(revision);
    return value("skipped", false);
  }
  const { seen, otherRows = false, ...observed } = await observe(bench, revision, down !== undefined);
  const clean = aspectsOf(seen).length === 0 && !otherRows;
  const failed = await bench.settle(revision, observed.failed, clean);
  if (failed !== undefined) return value("fails", false, { ...seen, failed });
  const { irreversible } = up.header;
  if (irreversible !== undefined) return value("irreversible", true, { accepted: irreversible });
  const acceptance = acceptanceOf(down?.header.accepts ?? "");
  const found = aspectsOf(seen);
  const unaccepted = found.filter((aspect) => acceptance?.aspects.includes(aspect) !== true);
  return value(found.at(-1) ?? "exact", unaccepted.length === 0, {
    ...seen,
    ...(acceptance === undefined ? {} : { accepted: acceptance.reason }),
    ...(acceptance === undefined || unaccepted.length === 0 ? {} : { unaccepted }),
  });
}

/** What goes up, comes back and goes up again leaves, as far as it gets. */
async function observe(
  bench: TestBench,
  revision: RevisionId,
  hasDown: boolean,
): Promise<{ readonly seen: Observed; readonly failed?: FailedStep; readonly otherRows?: boolean }> {
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
    const again = await bench.snapshot();
    seen = { ...seen, again: compareCatalogs(after.catalog, again.catalog) };
    // Such as other values of a sequence: what comes next is to find those of a run.
    return { seen, otherRows: changedRows(after.rows, again.rows).length > 0 };
  } catch (error) {
    return { seen, failed: { step, diagnostics: refusalOf(error) } };
  }
}
