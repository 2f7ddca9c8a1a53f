/** A project and a range → its migrations, run on a scratch database, and for each statement whether it did what was predicted. */
import { type Difference, differences, type ObservedRelation } from "../core/effects/observed.ts";
import { explain } from "../core/explain.ts";
import type { RevisionId } from "../core/migration.ts";
import { type Batch, isOutside, type Plan, type Statement } from "../core/plan/types.ts";
import { observed } from "../io/observed.ts";
import { type Session, StatementFailure } from "../io/session/types.ts";
import { compileSteps } from "./compile.ts";
import { effectsOfSteps } from "./effects.ts";
import { type Deps, openProject, type Project, type ProjectOptions } from "./project.ts";
import { sourceText } from "./run.ts";
import { type ScratchUse, type UsedScratch, used, withScratch } from "./scratch.ts";
import { stepsFrom, stepsOfRange } from "./steps.ts";

export interface TraceOptions extends ProjectOptions, Pick<ScratchUse, "onScratch"> {
  /** `start:end`, or an end; default: all from the beginning. */
  readonly range?: string | undefined;
}

/** `unseen`: outside a transaction nothing shows what it did. `not-known`: the files do not tell, so nothing was predicted. */
export type Agreement = "agrees" | "differs" | "unseen" | "not-known";

export interface TracedStatement {
  readonly revision: RevisionId;
  readonly path: string;
  readonly line: number;
  readonly tag: string;
  readonly verdict: Agreement;
  readonly differences: readonly Difference[];
}

export interface Trace {
  /** What it was run on. */
  readonly scratch: UsedScratch;
  readonly statements: readonly TracedStatement[];
}

/**
 * Each migration is looked at as if the database were in use by then. Throws `MigrateError` of every kind that an upgrade of an empty database throws, and `usage/scratch`.
 */
export async function trace(deps: Deps, options: TraceOptions): Promise<Trace> {
  const project = await openProject(deps, options);
  const { steps, before } = stepsOfRange(project, { kind: "upgrade", target: options.range ?? "base:heads" });
  return withScratch(deps, project, options, async (scratch) => {
    const session = await scratch.empty();
    const wanted = new Set([...before, ...steps.map(({ revision }) => revision)]);
    const way = stepsFrom(project, { kind: "upgrade", target: "heads" }, []).steps;
    const all = way.filter(({ revision }) => wanted.has(revision));
    const first = [...all.filter(({ revision }) => before.includes(revision)), ...steps];
    const plan = await compileSteps(
      project,
      { kind: "upgrade", before: [], after: first.map(({ revision }) => revision), steps: first },
      "run",
      { serverVersion: session.version },
    );
    const effects = await effectsOfSteps(project, { before, steps }, session.version, { oneByOne: true });
    const run = new TracedRun(project, session, plan, first.length - steps.length);
    return {
      scratch: used(scratch),
      statements: await run.statements((step, number) => effects[step]?.statements[number - 1]),
    };
  });
}

/** One plan on its way, looked at before and after each statement of the author's. */
class TracedRun {
  readonly #project: Project;
  readonly #session: Session;
  readonly #plan: Plan;
  /** The steps before it are run, and not looked at. */
  readonly #from: number;

  constructor(project: Project, session: Session, plan: Plan, from: number) {
    this.#project = project;
    this.#session = session;
    this.#plan = plan;
    this.#from = from;
  }

  /** `predicted`: by the number of the step, from 0, among those that are looked at, and of the statement, from 1. */
  async statements(
    predicted: (step: number, number: number) => Parameters<typeof differences>[0],
  ): Promise<readonly TracedStatement[]> {
    const found: TracedStatement[] = [];
    let [known, last]: [ReadonlySet<string>, number | undefined] = [new Set(), undefined];
    for (const batch of this.#plan.batches) {
      for (const statement of batch.statements) {
        const { purpose, step = 0, number = 0 } = statement;
        if (purpose !== "user" || step < this.#from) {
          await this.#send(batch, statement);
          continue;
        }
        if (step !== last) known = new Set((await this.#look()).map(({ id }) => id));
        last = step;
        found.push(await this.#traced(batch, statement, predicted(step - this.#from, number), known));
      }
    }
    return found;
  }

  async #traced(
    batch: Batch,
    statement: Statement,
    predicted: Parameters<typeof differences>[0],
    known: ReadonlySet<string>,
  ): Promise<TracedStatement> {
    const outside = isOutside(batch, statement);
    const before = outside ? [] : await this.#look();
    await this.#send(batch, statement);
    const differ = outside ? [] : differences(predicted, before, await this.#look(), known);
    const isKnown = predicted === undefined || predicted.unknown.length === 0;
    const { origin, tag = "", step = 0 } = statement;
    const { revision, path } = this.#plan.steps[step]!;
    const verdict = outside ? "unseen" : !isKnown ? "not-known" : differ.length > 0 ? "differs" : "agrees";
    return { revision, path, line: origin!.line, tag, verdict, differences: isKnown ? differ : [] };
  }

  #look(): Promise<readonly ObservedRelation[]> {
    return observed(this.#session, this.#plan.schema);
  }

  async #send(batch: Batch, statement: Statement): Promise<void> {
    try {
      await this.#session.send(statement.sql);
    } catch (error) {
      if (!(error instanceof StatementFailure)) throw error;
      const texts = { sourceText: (path: string) => sourceText(this.#project, path), aborted: false };
      throw explain(this.#plan, batch, statement, error, texts);
    }
  }
}
