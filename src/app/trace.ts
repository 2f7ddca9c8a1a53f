/** A project and a range → its migrations, run on a scratch database, and for each statement whether it did what was predicted. */

import { type Difference, differences, type ObservedRelation } from "../core/effects/observed.ts";
import type { EffectSummary } from "../core/effects/summary.ts";
import { MigrateError } from "../core/errors.ts";
import { ancestors, descendants, inOrder } from "../core/graph.ts";
import type { Direction } from "../core/header-keys.ts";
import type { RevisionId } from "../core/migration.ts";
import { type Batch, isOutside, type Plan, type Statement } from "../core/plan/types.ts";
import { refuseReversed, revisionsOf, type Step } from "../core/steps.ts";
import { explained } from "../io/execute.ts";
import type { FileEffects } from "../io/known-effects.ts";
import { observed } from "../io/observed.ts";
import { type Session, StatementFailure } from "../io/session/types.ts";
import { emptyWith, schemasBeforehand, standInFor, withPath } from "./beforehand.ts";
import { compileSteps } from "./compile.ts";
import { effectsOfSteps } from "./effects.ts";
import { goneIn, madeIn } from "./gone.ts";
import { type Deps, openWarned, type Project, type ProjectOptions } from "./project.ts";
import { downwards, upwards, withStandIns } from "./replay.ts";
import { sourceText } from "./run.ts";
import { type ScratchUse, type UsedScratch, used, withScratch } from "./scratch.ts";
import { type Steps, withEnd } from "./steps.ts";

export interface TraceOptions extends ProjectOptions, Pick<ScratchUse, "onScratch"> {
  /** `start:end`: what comes after the start; else a revision alone. Default: all. */
  readonly range?: string | undefined;
  /** Then downgrade them, from the last one on, as far as none is irreversible. */
  readonly down?: boolean | undefined;
}

/**
 * `unseen`: outside a transaction nothing shows what it did. `not-known`: the files do not tell, so nothing was predicted.
 * `fails`: the server refused it, in a down file; with it the downgrade ends.
 */
export type Agreement = "agrees" | "differs" | "unseen" | "not-known" | "fails";

export interface TracedStatement {
  readonly revision: RevisionId;
  readonly direction: Direction;
  readonly path: string;
  readonly line: number;
  readonly tag: string;
  readonly verdict: Agreement;
  /** Of `fails` what the server said. */
  readonly differences: readonly Difference[];
  /** What could not be predicted, each as the rest of a sentence. */
  readonly unknown: readonly string[];
}

export interface Trace {
  /** What it was run on. */
  readonly scratch: UsedScratch;
  readonly statements: readonly TracedStatement[];
}

/**
 * Each migration is looked at as if the database were in use by then. Throws `MigrateError` of every kind that an upgrade
 * of an empty database throws, and `usage/scratch`.
 */
export async function trace(deps: Deps, options: TraceOptions): Promise<Trace> {
  const read = await openWarned(deps, options);
  const { steps, before } = tracedSteps(read, options.range);
  const down = options.down === true ? downSteps(read, steps) : [];
  return withScratch(deps, read, options, async (scratch) => {
    const project = withPath(read, scratch);
    const schemas = await schemasBeforehand(project, scratch);
    const { version } = scratch;
    const effects = await effectsOfSteps(project, { before, steps: [...steps, ...down] }, version, {
      oneByOne: true,
      schemas,
    });
    const applied = [...before, ...steps.map(({ revision }) => revision)];
    const statements = await withStandIns(scratch, async (makeStandIns) => {
      const session = await emptyWith(project, scratch, schemas);
      await makeStandIns(session);
      const found: TracedStatement[] = [];
      const run = async (way: Steps, from: number, predicted: readonly FileEffects[]): Promise<void> => {
        const plan = await compileSteps(project, way, "run", { serverVersion: version });
        const makesStandIns = scratch.ownsRoles;
        await new TracedRun({ project, session, plan, from, predicted, makesStandIns }, found).run();
      };
      await run(upwards([], applied), before.length, effects);
      if (down.length > 0) {
        const back = downwards(
          applied,
          down.map(({ revision }) => revision),
        );
        await run(back, 0, effects.slice(steps.length));
      }
      return found;
    });
    return { scratch: used(scratch), statements };
  });
}

/** What is looked at, and what has to be run before that. What lies between two revisions is looked at with them. */
function tracedSteps(
  { graph }: Project,
  range: string | undefined,
): { readonly before: readonly RevisionId[]; readonly steps: readonly Step[] } {
  if (range !== undefined) refuseReversed(graph, "upgrade", withEnd(range));
  const named = revisionsOf(graph, range);
  const traced = descendants(graph, named);
  const order = inOrder(graph, ancestors(graph, named));
  return {
    before: order.filter((id) => !traced.has(id)),
    steps: order.filter((id) => traced.has(id)).map((revision) => ({ direction: "up", revision })),
  };
}

/** The downgrade of these, from the last one on, to the first that has none. */
function downSteps({ migrations }: Project, steps: readonly Step[]): readonly Step[] {
  const last = steps.findLastIndex(({ revision }) => migrations.get(revision)!.down === undefined);
  return steps
    .slice(last + 1)
    .reverse()
    .map(({ revision }): Step => ({ direction: "down", revision }));
}

interface RunToTrace {
  readonly project: Project;
  readonly session: Session;
  readonly plan: Plan;
  /** The steps before it are run, and not looked at. */
  readonly from: number;
  /** For each step that is looked at. */
  readonly predicted: readonly FileEffects[];
  /** A role that is missing is made, and all of it run again. */
  readonly makesStandIns: boolean;
}

/** Whose tables are small on a scratch database, and would be read whole where a large one is looked up in an index. */
const PLANNED: ReadonlySet<string> = new Set(["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"]);

/** One plan on its way, looked at before and after each statement of the author's. */
class TracedRun {
  readonly #run: RunToTrace;
  readonly #found: TracedStatement[];

  constructor(run: RunToTrace, found: TracedStatement[]) {
    this.#run = run;
    this.#found = found;
  }

  /** A statement of a down file that is refused ends it. */
  async run(): Promise<void> {
    const { plan, from, predicted } = this.#run;
    let [known, last]: [ReadonlySet<string>, number | undefined] = [new Set(), undefined];
    for (const batch of plan.batches) {
      for (const statement of batch.statements) {
        const { purpose, step = 0, number = 0 } = statement;
        if (purpose !== "user" || step < from) {
          await this.#send(batch, statement);
          continue;
        }
        if (step !== last) known = new Set((await this.#look()).map(({ id }) => id));
        last = step;
        const said = predicted[step - from]?.statements[number - 1];
        const traced = await this.#traced(batch, statement, said, known);
        this.#found.push(traced);
        if (traced.verdict === "fails") return;
      }
    }
  }

  async #traced(
    batch: Batch,
    statement: Statement,
    predicted: EffectSummary | undefined,
    known: ReadonlySet<string>,
  ): Promise<TracedStatement> {
    const { plan } = this.#run;
    const { origin, tag = "", step = 0 } = statement;
    const { revision, path } = plan.steps[step]!;
    const direction: Direction = plan.kind === "downgrade" ? "down" : "up";
    const unknown = predicted?.unknown ?? [];
    const value = (verdict: Agreement, differ: readonly Difference[] = []): TracedStatement => ({
      ...{ revision, direction, path, line: origin!.line, tag },
      ...{ verdict, differences: differ, unknown },
    });
    const outside = isOutside(batch, statement);
    const before = outside ? [] : await this.#look();
    try {
      if (!outside && PLANNED.has(tag)) await this.#run.session.send("SET LOCAL enable_seqscan = off");
      await this.#send(batch, statement);
      if (!outside && PLANNED.has(tag)) await this.#run.session.send("SET LOCAL enable_seqscan TO DEFAULT");
    } catch (error) {
      if (direction === "up" || !(error instanceof MigrateError)) throw error;
      if (this.#run.makesStandIns && standInFor(error) !== undefined) throw error;
      return value("fails", [error.message]);
    }
    if (outside) return value("unseen");
    if (unknown.length > 0) return value("not-known");
    const differ = differences(predicted, before, await this.#look(), known);
    return value(differ.length > 0 ? "differs" : "agrees", differ);
  }

  #look(): Promise<readonly ObservedRelation[]> {
    return observed(this.#run.session, this.#run.plan.schema);
  }

  async #send(batch: Batch, statement: Statement): Promise<void> {
    const { project, session, plan } = this.#run;
    try {
      await session.send(statement.sql);
    } catch (error) {
      if (!(error instanceof StatementFailure)) throw error;
      throw await explained(plan, batch, statement, error, {
        sourceText: (path) => sourceText(project, path),
        scratch: session.scratch,
        goneBy: goneIn(project, () => [], plan),
        recording: madeIn(project, () => [], plan),
      });
    }
  }
}
