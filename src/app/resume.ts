/** The ledger's intent and the catalog → where an interrupted step goes on. */
import { MigrateError } from "../core/errors.ts";
import type { Progress } from "../core/ledger.ts";
import type { RevisionId } from "../core/migration.ts";
import { type StepInput, statementsHash } from "../core/plan.ts";
import { type Outcome, probeSql } from "../core/probe.ts";
import { identifier } from "../core/quote.ts";
import type { UserStatement } from "../core/statement.ts";
import type { Step } from "../core/steps.ts";
import type { Session } from "../io/database.ts";
import { sha256 } from "../io/sha256.ts";
import type { Project } from "./project.ts";
import type { Steps } from "./steps.ts";

/** The steps with the interrupted one first. Throws `state/interrupted` where it is none of them. */
export function interruptedFirst(steps: Steps, { revision, direction, statement, of }: Progress): Steps {
  const isIt = (step: Step): boolean => step.revision === revision && step.direction === direction;
  const step = steps.steps.find(isIt);
  if (steps.kind !== "stamp" && step !== undefined) {
    return { ...steps, steps: [step, ...steps.steps.filter((other) => !isIt(other))] };
  }
  throw new MigrateError({
    code: "state/interrupted",
    message: `the ${direction === "up" ? "upgrade to" : "downgrade of"} ${revision} was interrupted at statement ${statement} of ${of}, and must be finished first`,
    hint: direction === "up" ? `finish it with: migrate upgrade ${revision}` : "finish it with the downgrade that was begun",
  });
}

/**
 * Where the step goes on. The statements before the interrupted one must be unchanged; what became of that one, the
 * catalog tells. Throws `state/interrupted` where neither can be known.
 */
export async function resumed(project: Project, session: Session, step: StepInput, progress: Progress): Promise<StepInput> {
  const index = progress.statement - 1;
  const statement = step.statements[index];
  const before = statementsHash(step.statements.slice(0, index), sha256);
  if (statement === undefined || before !== progress.before) throw changedSince(step, progress);
  const { outcome, cleanup, finishes } = await outcomeOf(project, session, statement);
  if (outcome === "unknown") throw cannotTell(step.revision, statement, progress);
  const resumeAt = outcome === "done" || finishes ? progress.statement + 1 : progress.statement;
  return { ...step, resumeAt, ...(cleanup.length === 0 ? {} : { repairs: cleanup }) };
}

async function outcomeOf(project: Project, session: Session, statement: UserStatement): Promise<Outcome> {
  const { searchPath } = project.pins;
  if (statement.probe !== undefined) {
    if (searchPath !== undefined) await session.send([`SET search_path = ${searchPath.map(identifier).join(", ")};`]);
    const [found] = await session.rows<Outcome>(probeSql(statement.probe));
    return found ?? { outcome: "unknown", cleanup: [], finishes: false };
  }
  // VACUUM and its like can simply run again; what a DO block or a procedure committed, nobody can see.
  return { outcome: statement.mayCommit ? "unknown" : "not done", cleanup: [], finishes: false };
}

function changedSince({ revision, path, statements }: StepInput, progress: Progress): MigrateError {
  const first = statements[0]?.origin ?? { path, line: 1, column: 1 };
  return new MigrateError({
    code: "state/interrupted",
    message: `revision ${revision} was interrupted at statement ${progress.statement} of ${progress.of} (${progress.startedAt}, by ${progress.startedBy}), and the statements before that one have changed since`,
    hint: `bring ${path} back as it was and run again; or finish it by hand and write that down with: migrate stamp ${revision}`,
    location: { path, line: first.line, column: first.column },
  });
}

function cannotTell(revision: RevisionId, { tag, origin }: UserStatement, progress: Progress): MigrateError {
  const { path, line, column } = origin;
  return new MigrateError({
    code: "state/interrupted",
    message: `revision ${revision} was interrupted at statement ${progress.statement} of ${progress.of}, and the catalog does not tell whether that ${tag} was done`,
    hint: `look, finish it by hand, and write that down with: migrate stamp ${revision}`,
    location: { path, line, column },
  });
}
