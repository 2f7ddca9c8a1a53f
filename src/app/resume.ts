/** The ledger's intent and the catalog → where an interrupted step goes on. */
import { MigrateError } from "../core/errors.ts";
import type { Progress } from "../core/ledger.ts";
import type { RevisionId } from "../core/migration.ts";
import { type StepInput, searchPathIs, settingsBefore, statementsHash } from "../core/plan.ts";
import { invalidIndexesSql, type Outcome, probeSql } from "../core/probe.ts";
import type { Location } from "../core/source.ts";
import type { UserStatement } from "../core/statement.ts";
import type { Step } from "../core/steps.ts";
import type { Session } from "../io/database.ts";
import { createGrammar } from "../io/grammar.ts";
import { sha256 } from "../io/sha256.ts";
import type { Project } from "./project.ts";
import type { Steps } from "./steps.ts";

/**
 * The steps with the interrupted one first; a stamp has no need of it. Throws `state/interrupted` where it is none of
 * them.
 */
export function interruptedFirst(
  { graph }: Project,
  steps: Steps,
  { revision, direction, statement, of }: Progress,
): Steps {
  if (steps.kind === "stamp") return steps;
  const isIt = (step: Step): boolean => step.revision === revision && step.direction === direction;
  const step = steps.steps.find(isIt);
  if (step !== undefined) return { ...steps, steps: [step, ...steps.steps.filter((other) => !isIt(other))] };
  const parents = graph.nodes.get(revision)?.parents ?? [];
  const below = parents.length === 1 ? `${revision}@-1` : (parents[0] ?? "base");
  const finish = direction === "up" ? `migrate upgrade ${revision}` : `migrate downgrade ${below}`;
  throw new MigrateError({
    code: "state/interrupted",
    message: `the ${direction === "up" ? "upgrade to" : "downgrade of"} ${revision} was interrupted at statement ${statement} of ${of}, and must be finished first`,
    hint: graph.nodes.has(revision)
      ? `finish it with: ${finish}`
      : `no file has that revision: bring it back and finish it with: ${finish}; or finish it by hand and write that down with: migrate stamp`,
  });
}

/**
 * Where the step goes on. The statements before the interrupted one must be unchanged; what became of that one, the
 * catalog tells. Throws `state/interrupted` where neither can be known.
 */
export async function resumed(
  project: Project,
  session: Session,
  step: StepInput,
  progress: Progress,
): Promise<StepInput> {
  const index = progress.statement - 1;
  const statement = step.statements[index];
  const before = statementsHash(step.statements.slice(0, index), sha256);
  if (statement === undefined || before !== progress.before) throw changedSince(step, progress);
  const isOther = sha256(statement.sql) !== progress.hash;
  const { outcome, cleanup, finishes } = await asBefore(
    project,
    session,
    step,
    progress.statement,
    async () => {
      const found = await outcomeOf(session, statement);
      if (isOther) await refuseLeftOver(session, step, statement, found.cleanup);
      return found;
    },
  );
  if (outcome === "unknown") throw cannotTell(step.revision, statement, progress);
  const resumeAt = outcome === "done" || finishes ? progress.statement + 1 : progress.statement;
  return { ...step, resumeAt, ...(cleanup.length === 0 ? {} : { repairs: cleanup }) };
}

/** Looks at the catalog with the names meaning what they mean to that statement of the file; and leaves nothing set. */
async function asBefore<T>(
  { pins: { searchPath } }: Project,
  session: Session,
  { statements }: StepInput,
  number: number,
  look: () => Promise<T>,
): Promise<T> {
  const path = searchPath === undefined ? [] : [`SET ${searchPathIs(searchPath)}`];
  await session.send(["BEGIN;", ...[...path, ...settingsBefore(statements, number)].map((sql) => `${sql};`)]);
  try {
    return await look();
  } finally {
    await session.send(["ROLLBACK;"]);
  }
}

async function outcomeOf(session: Session, statement: UserStatement): Promise<Outcome> {
  if (statement.probe !== undefined) {
    const [found] = await session.rows<Outcome>(probeSql(statement.probe));
    return found ?? { outcome: "unknown", cleanup: [], finishes: false };
  }
  // VACUUM and its like can simply run again; what a DO block or a procedure committed, nobody can see.
  return { outcome: statement.mayCommit ? "unknown" : "not done", cleanup: [], finishes: false };
}

/**
 * The interrupted statement itself was rewritten, which is how a wrong one is mended. What the old one left behind on
 * the same table has another name, so it is named here and dropped by whoever knows that nothing else builds it.
 */
async function refuseLeftOver(
  session: Session,
  { revision }: StepInput,
  { probe, tag, origin }: UserStatement,
  cleanup: readonly string[],
): Promise<void> {
  if (probe?.kind !== "create-index") return;
  const rows = await session.rows<{ drop: string }>(invalidIndexesSql(probe.table));
  const left = rows.map((row) => row.drop).filter((drop) => !cleanup.includes(drop));
  if (left.length === 0) return;
  const { path, line, column } = origin;
  throw new MigrateError({
    code: "state/interrupted",
    message: `this ${tag} of revision ${revision} was rewritten after it was interrupted, and an index on that table is not valid`,
    hint: `if the statement as it was left it behind, type: ${left.join("; ")}; then run again`,
    location: { path, line, column },
  });
}

/** Where the interrupted statement stands; undefined where its file is gone, changed or cannot be read. */
export async function placeOfInterrupted(
  { migrations }: Project,
  { revision, direction, statement, of }: Progress,
): Promise<Location | undefined> {
  const file = migrations.get(revision)?.[direction];
  if (file === undefined) return undefined;
  try {
    const statements = await createGrammar(undefined).statements(file);
    if (statements.length !== of) return undefined;
    const { path, line, column } = statements[statement - 1]!.origin;
    return { path, line, column };
  } catch (error) {
    // What is wrong with the file is told by whatever would run it.
    if (error instanceof MigrateError) return undefined;
    throw error;
  }
}

function changedSince({ revision, path, statements }: StepInput, progress: Progress): MigrateError {
  const first = statements[0]?.origin ?? { path, line: 1, column: 1 };
  return new MigrateError({
    code: "state/interrupted",
    message: `revision ${revision} was interrupted at statement ${progress.statement} of ${progress.of} (${progress.startedAt}, by ${progress.startedBy}), and the statements before that one have changed since`,
    hint: `bring ${path} back as it was and run again; or finish it by hand and write that down with: ${written(revision, progress)}`,
    location: { path, line: first.line, column: first.column },
  });
}

function cannotTell(revision: RevisionId, { tag, origin }: UserStatement, progress: Progress): MigrateError {
  const { path, line, column } = origin;
  return new MigrateError({
    code: "state/interrupted",
    message: `revision ${revision} was interrupted at statement ${progress.statement} of ${progress.of}, and the catalog does not tell whether that ${tag} was done`,
    hint: `look, finish it by hand, and write that down with: ${written(revision, progress)}`,
    location: { path, line, column },
  });
}

/** The stamp that says a step was finished by hand. */
const written = (revision: RevisionId, { direction }: Progress): string =>
  direction === "up" ? `migrate stamp ${revision}` : `migrate stamp ${revision}@-1`;
