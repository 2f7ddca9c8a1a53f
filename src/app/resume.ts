/** The ledger's intent and the catalog → where an interrupted step goes on. */
import { MigrateError } from "../core/errors.ts";
import { interruptedText } from "../core/explain.ts";
import type { Intent } from "../core/ledger/types.ts";
import type { RevisionId } from "../core/migration.ts";
import { settingsBefore, statementsHash } from "../core/plan/outside.ts";
import { searchPathIs } from "../core/plan/session.ts";
import type { StepInput } from "../core/plan/step.ts";
import type { Outcome } from "../core/probe.ts";
import { sha256 } from "../core/sha256.ts";
import type { Location } from "../core/source.ts";
import type { UserStatement } from "../core/statement/file.ts";
import type { Step } from "../core/steps.ts";
import { createGrammar } from "../io/grammar.ts";
import { invalidIndexes, outcomeOf } from "../io/queries.ts";
import type { Session } from "../io/session/types.ts";
import type { Project } from "./project.ts";
import type { Steps } from "./steps.ts";

/**
 * The steps with the interrupted one first; a stamp has no need of it. Throws `state/interrupted` where it is none of
 * them.
 */
export function interruptedFirst({ graph }: Project, steps: Steps, intent: Intent): Steps {
  const { revision, direction } = intent;
  if (steps.kind === "stamp") return steps;
  const isIt = (step: Step): boolean => step.revision === revision && step.direction === direction;
  const step = steps.steps.find(isIt);
  if (step !== undefined) return { ...steps, steps: [step, ...steps.steps.filter((other) => !isIt(other))] };
  const parents = graph.nodes.get(revision)?.parents ?? [];
  const below = parents.length === 1 ? `${revision}@-1` : (parents[0] ?? "base");
  const finish = direction === "up" ? `migrate upgrade ${revision}` : `migrate downgrade ${below}`;
  throw new MigrateError({
    code: "state/interrupted",
    message: `${interruptedText(intent)}, and must be finished first`,
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
  intent: Intent,
): Promise<StepInput> {
  const index = intent.statement - 1;
  const statement = step.statements[index];
  const before = statementsHash(step.statements.slice(0, index));
  if (statement === undefined || before !== intent.before) throw changedSince(step, intent);
  const isOther = sha256(statement.sql) !== intent.hash;
  const settings = settingsFor(project, step, intent.statement);
  const { outcome, cleanup, finishes } = await found(session, statement, settings);
  if (isOther) await refuseLeftOver(session, step, statement, settings, cleanup);
  if (outcome === "unknown") throw cannotTell(step.revision, statement, intent);
  const resumeAt = outcome === "done" || finishes ? intent.statement + 1 : intent.statement;
  return { ...step, resumeAt, ...(cleanup.length === 0 ? {} : { repairs: cleanup }) };
}

/** What makes names mean what they mean to that statement of the file (1-based). */
function settingsFor(
  { pins: { searchPath } }: Project,
  { statements }: StepInput,
  number: number,
): readonly string[] {
  const path = searchPath === undefined ? "SET search_path TO DEFAULT" : `SET ${searchPathIs(searchPath)}`;
  return [path, ...settingsBefore(statements, number)];
}

async function found(
  session: Session,
  { probe, mayCommit }: UserStatement,
  settings: readonly string[],
): Promise<Outcome> {
  if (probe !== undefined) return outcomeOf(session, probe, settings);
  // VACUUM and its like can simply run again; what a DO block or a procedure committed, nobody can see.
  return { outcome: mayCommit ? "unknown" : "not done", cleanup: [], finishes: false };
}

/**
 * The interrupted statement itself was rewritten, which is how a wrong one is mended. What the old one left behind on
 * the same table has another name, so it is named here and dropped by whoever knows that nothing else builds it.
 */
async function refuseLeftOver(
  session: Session,
  { revision }: StepInput,
  { probe, tag, origin }: UserStatement,
  settings: readonly string[],
  cleanup: readonly string[],
): Promise<void> {
  if (probe?.kind !== "create-index") return;
  const left = (await invalidIndexes(session, probe.table, settings)).filter(
    (drop) => !cleanup.includes(drop),
  );
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
  { revision, direction, statement, of }: Intent,
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

function changedSince({ revision, path, statements }: StepInput, intent: Intent): MigrateError {
  const first = statements[0]?.origin ?? { path, line: 1, column: 1 };
  return new MigrateError({
    code: "state/interrupted",
    message: `revision ${revision} was interrupted at statement ${intent.statement} of ${intent.of} (${intent.startedAt}, by ${intent.startedBy}), and the statements before that one have changed since`,
    hint: `bring ${path} back as it was and run again; or finish it by hand and write that down with: ${written(revision, intent)}`,
    location: { path, line: first.line, column: first.column },
  });
}

function cannotTell(revision: RevisionId, { tag, origin }: UserStatement, intent: Intent): MigrateError {
  const { path, line, column } = origin;
  return new MigrateError({
    code: "state/interrupted",
    message: `revision ${revision} was interrupted at statement ${intent.statement} of ${intent.of}, and the catalog does not tell whether that ${tag} was done`,
    hint: `look, finish it by hand, and write that down with: ${written(revision, intent)}`,
    location: { path, line, column },
  });
}

/** The stamp that says a step was finished by hand. */
const written = (revision: RevisionId, { direction }: Intent): string =>
  direction === "up" ? `migrate stamp ${revision}` : `migrate stamp ${revision}@-1`;
