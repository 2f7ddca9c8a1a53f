/** A project, and some of its migrations → one document about them: statements, effects on other sessions, downgrades. */

import { ancestors } from "../core/graph.ts";
import type { Migration, RevisionId } from "../core/migration.ts";
import type { Plan, PlanStep, Statement } from "../core/plan/types.ts";
import type { ReviewedMigration, ReviewedStatement } from "../core/review.ts";
import type { Finding } from "../core/rules/lint.ts";
import type { Step } from "../core/steps.ts";
import { compileSteps } from "./compile.ts";
import { type LintOptions, lint } from "./lint.ts";
import { computing, type Deps, type Project } from "./project.ts";

export interface Review {
  readonly project: Project;
  /** In the order in which they run. */
  readonly migrations: readonly ReviewedMigration[];
}

/**
 * Which migrations: as for `lint`, and as `lint` looks at them: all of them each by itself, others as one upgrade of a database
 * to which all that they need is applied.
 * Throws as `lint`, and `source/…` with every fault of every file.
 */
export async function review(deps: Deps, options: LintOptions): Promise<Review> {
  const { project, linted, oneByOne, findings } = await lint(deps, options);
  const { graph, migrations } = project;
  const reviewed = new Set(linted);
  const before = graph.order.filter((id) => ancestors(graph, linted).has(id) && !reviewed.has(id));
  const { serverVersion } = options;
  const compiled = (
    kind: "upgrade" | "downgrade",
    from: readonly RevisionId[],
    ids: readonly RevisionId[],
  ) => {
    const steps = ids.map((revision): Step => ({ direction: kind === "upgrade" ? "up" : "down", revision }));
    const after = kind === "upgrade" ? [...from, ...ids] : from.filter((id) => !ids.includes(id));
    const how = { serverVersion, effects: oneByOne ? ("one-by-one" as const) : true };
    return computing(deps, project, () =>
      compileSteps(project, { kind, before: from, after, steps }, "script", how),
    );
  };
  const up = await compiled("upgrade", before, linted);
  const reversible = linted.filter((id) => migrations.get(id)!.down !== undefined).reverse();
  const down = await compiled("downgrade", [...before, ...linted], reversible);
  const backs = new Map(down.steps.map((step) => [step.revision, step]));
  return {
    project,
    migrations: up.steps.map((step, index) =>
      reviewedMigration(migrations.get(step.revision)!, step, userStatements(up, index), {
        findings: findings.filter(({ location }) => location.path === step.path),
        back: backs.get(step.revision),
      }),
    ),
  };
}

const userStatements = ({ batches }: Plan, index: number): readonly Statement[] =>
  batches.flatMap(({ statements }) =>
    statements.filter(({ purpose, step }) => purpose === "user" && step === index),
  );

function reviewedMigration(
  { up }: Migration,
  step: PlanStep,
  statements: readonly Statement[],
  { findings, back }: { readonly findings: readonly Finding[]; readonly back: PlanStep | undefined },
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
      ...(back?.effect === undefined ? {} : { effect: back.effect }),
    },
  };
}
