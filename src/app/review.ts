/**
 * A project, and some of its migrations → one document about them: statements, effects on other sessions, downgrades, the
 * difference of the catalog, and how large the tables are.
 */

import { ancestors } from "../core/graph.ts";
import type { Migration } from "../core/migration.ts";
import type { Plan, PlanStep, Statement } from "../core/plan/types.ts";
import {
  type ChangedSince,
  type CheckQuery,
  checksAfter,
  type NotCompared,
  type RelationSize,
  type ReviewedCatalog,
  type ReviewedMigration,
  type ReviewedStatement,
} from "../core/review.ts";
import type { Finding } from "../core/rules/lint.ts";
import type { LostData } from "../core/statement/restored.ts";
import { requireDatabase } from "../io/config.ts";
import { readSizes } from "../io/sizes.ts";
import { compileSteps } from "./compile.ts";
import { connect } from "./connect.ts";
import { type LintOptions, lint } from "./lint.ts";
import { computing, type Deps, type Project } from "./project.ts";
import { downwards, upwards } from "./replay.ts";
import { reviewCatalog } from "./review-catalog.ts";
import type { ScratchUse } from "./scratch.ts";
import type { Steps } from "./steps.ts";

export interface ReviewOptions extends LintOptions, Pick<ScratchUse, "onScratch"> {
  /** Run them on a scratch database, and compare the catalogs. */
  readonly catalog?: boolean | undefined;
  /** Ask the database how large the tables are that they lock or read. */
  readonly sizes?: boolean | undefined;
}

export interface Review {
  readonly project: Project;
  /** In the order in which they run. */
  readonly migrations: readonly ReviewedMigration[];
  /** What of the ref of `since` is changed here; where anything is. */
  readonly changed?: ChangedSince;
  /** Where it was asked for. */
  readonly catalog?: ReviewedCatalog | NotCompared;
  readonly sizes?: readonly RelationSize[];
  /** What to look for afterwards. */
  readonly checks: readonly CheckQuery[];
}

/**
 * Which migrations: as for `lint`, and as `lint` looks at them: all of them each by itself, others as one upgrade of a database
 * to which all that they need is applied.
 * Throws as `lint`, and `source/…` with every fault of every file; with `sizes`, as `connect`.
 */
export async function review(deps: Deps, options: ReviewOptions): Promise<Review> {
  const { project, linted, oneByOne, findings, changed } = await lint(deps, options);
  if (options.sizes === true) requireDatabase(project.config);
  const { graph, migrations } = project;
  const reviewed = new Set(linted);
  const before = graph.order.filter((id) => ancestors(graph, linted).has(id) && !reviewed.has(id));
  const { serverVersion } = options;
  // With the privileges it is known, also where nothing is applied, what a step takes away that it has made itself.
  const how = {
    serverVersion,
    effects: oneByOne ? ("one-by-one" as const) : true,
    privileges: true,
  };
  const compiled = (steps: Steps): Promise<Plan> =>
    computing(deps, project, () => compileSteps(project, steps, "script", how));
  const up = await compiled(upwards(before, linted));
  const reversible = linted.filter((id) => migrations.get(id)!.down !== undefined).reverse();
  const down = await compiled(downwards([...before, ...linted], reversible));
  const backs = new Map(down.steps.map((step) => [step.revision, step]));
  const documented: ReviewedMigration[] = [];
  for (const [index, step] of up.steps.entries()) {
    const migration = migrations.get(step.revision)!;
    const looked = {
      statements: userStatements(up, index),
      findings: findings.filter(({ location }) => location.path === step.path),
      back: backs.get(step.revision),
    };
    documented.push(reviewedMigration(migration, step, looked));
  }
  const { catalog, sizes, onScratch } = options;
  return {
    project,
    migrations: documented,
    ...(changed === undefined ? {} : { changed }),
    ...(catalog === true
      ? { catalog: await reviewCatalog(deps, project, { before, reviewed: linted, onScratch }) }
      : {}),
    ...(sizes === true ? { sizes: await sizesOf(deps, project, documented) } : {}),
    checks: checksAfter(project.ledger.names, linted),
  };
}

async function sizesOf(
  deps: Deps,
  { config }: Project,
  migrations: readonly ReviewedMigration[],
): Promise<readonly RelationSize[]> {
  const touched = migrations.flatMap(({ effect, back }) =>
    [effect, back.effect].flatMap((each) =>
      each === undefined
        ? []
        : [
            ...each.locks.map(({ relation }) => relation),
            ...each.rewrites,
            ...each.scans,
            ...each.writes,
            ...each.builds,
          ],
    ),
  );
  const session = await connect(deps, config);
  try {
    return await readSizes(session, [...new Set(touched)]);
  } finally {
    await session.close();
  }
}

const userStatements = ({ batches }: Plan, index: number): readonly Statement[] =>
  batches.flatMap(({ statements }) =>
    statements.filter(({ purpose, step }) => purpose === "user" && step === index),
  );

/** What was found of one migration. */
interface Looked {
  readonly statements: readonly Statement[];
  readonly findings: readonly Finding[];
  /** The step that takes it back, where it has a down file. */
  readonly back: PlanStep | undefined;
}

function reviewedMigration(
  { up }: Migration,
  step: PlanStep,
  { statements, findings, back }: Looked,
): ReviewedMigration {
  const left = new Set(findings);
  const reviewed = statements.map(({ origin, tag = "", effect, losses = [] }): ReviewedStatement => {
    const own = findings.filter(
      ({ location }) => location.line === origin!.line && location.column === origin!.column,
    );
    for (const each of own) left.delete(each);
    return {
      sql: up.source.text.slice(origin!.start, origin!.end),
      line: origin!.line,
      tag,
      ...(effect === undefined ? {} : { effect }),
      losses,
      findings: own,
    };
  });
  const { revision, message, path, parents, transactional, effect, irreversible } = step;
  const { notRestored, writtenAgain } = step.lost ?? NOTHING_LOST;
  return {
    revision,
    message,
    path,
    parents,
    transactional,
    ...(effect === undefined ? {} : { effect }),
    statements: reviewed,
    findings: [...left],
    back: {
      ...(irreversible === undefined ? {} : { irreversible }),
      losses: back?.losses ?? [],
      notRestored,
      writtenAgain,
      ...(back?.effect === undefined ? {} : { effect: back.effect }),
    },
  };
}

const NOTHING_LOST: LostData = { notRestored: [], writtenAgain: [] };
