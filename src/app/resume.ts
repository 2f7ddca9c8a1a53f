/** The ledger's intent and the catalog → where an interrupted step goes on. */
import { MigrateError } from "../core/errors.ts";
import type { Intent, LedgerState } from "../core/ledger/types.ts";
import type { MigrationFile, RevisionId } from "../core/migration.ts";
import { beginsInside, isGone, settingsBefore, statementsHash, twinFor } from "../core/plan/outside.ts";
import { searchPathIs } from "../core/plan/session.ts";
import type { StepInput } from "../core/plan/step.ts";
import { settledRows } from "../core/replaced.ts";
import type { UserStatement } from "../core/statement/file.ts";
import { idsOf, type Step } from "../core/steps.ts";
import {
  type Begun,
  discarding,
  finishing,
  recordingByHand,
  unfinishedError,
  unfinishedText,
} from "../core/undoing.ts";
import { createGrammar } from "../io/grammar.ts";
import { type Outcome, outcomeOf } from "../io/queries.ts";
import type { Notice, Session } from "../io/session/types.ts";
import type { Project } from "./project.ts";
import type { Steps } from "./steps.ts";

/**
 * The steps with the interrupted one first; a stamp has no need of it. Throws `state/interrupted` where it is none of
 * them.
 */
export async function interruptedFirst(
  project: Project,
  steps: Steps,
  intent: Intent,
  form: "run" | "script",
): Promise<Steps> {
  const { revision, direction } = intent;
  if (steps.kind === "stamp") return steps;
  const isIt = (step: Step): boolean => step.revision === revision && step.direction === direction;
  const step = steps.steps.find(isIt);
  if (step !== undefined) return { ...steps, steps: [step, ...steps.steps.filter((other) => !isIt(other))] };
  throw await unfinished(project, steps.before, intent, form);
}

/** What is said where it is not finished by what was asked for. `script`: nor by the one that was to be written. */
export async function unfinished(
  project: Project,
  applied: readonly RevisionId[],
  intent: Intent,
  form: "run" | "script",
): Promise<MigrateError> {
  const { graph } = project;
  const begun = await begunStep(project, intent);
  const asScript =
    form === "script" && graph.nodes.has(intent.revision) && begun.differs === undefined
      ? `; to write a script that finishes it: ${finishing(graph, intent)} --sql --from-database --idempotent`
      : "";
  return unfinishedError(project, applied, begun, {
    after: ", and must be finished first",
    lead: "finish it with",
    further: asScript,
  });
}

/** Throws `state/interrupted`, `state/locked`. */
export async function refuseUnfinished(
  project: Project,
  { applied, intent }: Pick<LedgerState, "applied" | "intent">,
): Promise<void> {
  if (intent === undefined) return;
  const rows = idsOf(settledRows(project.graph, applied));
  const begun = await begunStep(project, intent);
  throw unfinishedError(project, rows, begun, { lead: "finish the interrupted step first" });
}

/**
 * Where the step goes on: the statements before the interrupted one must be unchanged; what became of that one, the
 * catalog tells. A step that runs in a transaction now begins anew, where nothing of it was done. Throws
 * `state/interrupted` where that cannot be known, or is not what the file says now.
 */
export async function resumed(
  project: Project,
  session: Session,
  step: StepInput,
  intent: Intent,
  applied: readonly RevisionId[],
): Promise<StepInput> {
  // What the catalog shows of a statement counts only once nobody is at it.
  if (intent.holders !== undefined) return step;
  const { ledger, graph } = project;
  refuseBegunOtherwise(project, step, intent, applied);
  const byHand = recordingByHand(graph, intent, applied);
  const statement = step.statements[intent.statement - 1];
  const twin = statement === undefined ? undefined : twinFor(statement);
  const isUnchanged = statement !== undefined && statementsHash([statement]) === intent.hash;
  const isSame =
    statement !== undefined && !step.transactional && (isUnchanged || isTheSame(statement, intent));
  const asksAgain = isSame && intent.kind === NOT_KNOWN && statement.trace !== undefined;
  const became = asksAgain
    ? await outcomeByFile(project, session, step, intent, statement)
    : await outcomeOf(session, ledger, twin);
  const { outcome, cleanup, finishes, isThere } = became;
  if (outcome === "unknown" && became.reason !== undefined)
    throw cannotCompare(step, statement, intent, byHand, became);
  if (outcome === "unknown") {
    const what = isSame ? statement.tag : "statement";
    throw cannotTell(step, statement, what, intent, byHand, discarding(project, applied));
  }
  if (outcome === "other")
    throw isOther(step, statement, { isSame, isUnchanged }, intent, byHand, isThere ?? "");
  const repairs = cleanup.length === 0 ? {} : { repairs: cleanup };
  if (outcome === "done" || finishes) {
    if (!isSame) throw doneAsItWas(step, statement, intent, cleanup);
    return { ...step, resumeAt: intent.statement + 1, ...repairs };
  }
  return { ...step, resumeAt: intent.statement, ...repairs };
}

/** What a run would do first. */
export function resumption({ statements, resumeAt = 1, repairs = [] }: StepInput, intent: Intent): string {
  if (intent.holders !== undefined)
    return `${unfinishedText(intent)}; a run can begin only when that has ended, and then does what is left`;
  const what =
    resumeAt > statements.length
      ? "all of its statements are done, and a run records it"
      : `a run resumes it at statement ${resumeAt}`;
  return `${unfinishedText(intent)}; ${what}${repairs.length === 0 ? "" : `, after: ${repairs.join("; ")}`}`;
}

/**
 * A script finds out when it runs where the step goes on, but not what became of a statement that the file ended with and no
 * longer has. Nor does it begin in a transaction what was begun outside one. Throws `state/interrupted`.
 */
export async function resumedByScript(
  project: Project,
  session: Session,
  step: StepInput,
  intent: Intent,
  applied: readonly RevisionId[],
): Promise<StepInput> {
  // Where it stands by then, and with what, the script itself compares.
  if (intent.holders !== undefined) return step;
  refuseBegunOtherwise(project, step, intent, applied);
  if (step.transactional || (intent.statement === 1 && beginsInside(step)))
    throw await unfinished(project, applied, intent, "run");
  if (isGone(step, intent)) await resumed(project, session, step, intent, applied);
  return step;
}

/** Throws `state/interrupted` where what was done of the step is not what its file now begins with. */
function refuseBegunOtherwise(
  { graph }: Project,
  step: StepInput,
  intent: Intent,
  applied: readonly RevisionId[],
): void {
  const byHand = recordingByHand(graph, intent, applied);
  const differs = differsBy(step, intent);
  if (differs === "transaction") throw inTransactionNow(step, intent, byHand);
  if (differs === "statements") throw changedSince(step, intent, byHand);
}

/** Why what was done of a step is not what its file now begins with; undefined where it is. */
function differsBy(
  { transactional, statements }: Pick<StepInput, "transactional" | "statements">,
  { statement, before }: Intent,
): "statements" | "transaction" | undefined {
  const index = statement - 1;
  if (transactional && index > 0) return "transaction";
  return statementsHash(statements.slice(0, index)) === before ? undefined : "statements";
}

/** Says that a stamp discards the interrupted step; warns of what that left behind, which it neither finishes nor undoes. */
export async function warnOfHalf(
  project: Project,
  session: Session,
  { kind, after }: Steps,
  intent: Intent,
  form: "run" | "script",
  onNotice: ((notice: Notice) => void) | undefined,
): Promise<void> {
  if (kind !== "stamp") return;
  if (intent.holders !== undefined) {
    onNotice?.({ severity: "NOTICE", message: `${unfinishedText(intent)}; ${WHEN_ENDED[form]}` });
    return;
  }
  const isRecorded = after.includes(intent.revision) === (intent.direction === "up");
  const statements = await statementsOf(project, intent);
  const interrupted = statements?.length === intent.of ? statements[intent.statement - 1] : undefined;
  const isUnchanged = interrupted !== undefined && statementsHash([interrupted]) === intent.hash;
  const outcome = await outcomeOf(session, project.ledger, isUnchanged ? twinFor(interrupted) : undefined);
  const ways = isRecorded ? otherHalf(outcome) : undone(outcome);
  const rest = isRecorded ? restOf(statements, intent, outcome) : "";
  const half =
    ways === undefined
      ? "; the stamp discards the record of that"
      : ` and left its work half done; after the stamp nothing finishes it; run: ${ways}`;
  const left = ways === undefined ? `, and runs nothing of what was left: its ${rest}` : `; then its ${rest}`;
  const stays = isRecorded ? rest && left : committed(statements, interrupted, intent, outcome);
  const severity = ways === undefined && stays === "" ? "NOTICE" : "WARNING";
  onNotice?.({ severity, message: unfinishedText(intent) + half + stays });
}

/** Of a stamp while another session is at a step: a run takes what that leaves, a script is written for what is so now. */
const WHEN_ENDED = {
  run: "the stamp can begin only when that has ended, and stops if it would then delete the row of what was applied, or record what was taken back",
  script: "the script can be run only when that has ended, and stops if what is applied has changed by then",
} as const;

/** What takes back the half of a statement; undefined where nothing is half done. */
function undone(outcome: Outcome): string | undefined {
  const sql = halfSql(outcome, "REINDEX INDEX");
  // A partition cannot but be detached to the end.
  return sql && outcome.finishes ? `${sql}; then attach it again` : sql;
}

/** What does the other half of a statement; undefined where nothing is half done. */
const otherHalf = (outcome: Outcome): string | undefined => halfSql(outcome, "DROP INDEX");

/** `verb`: what is done with an index that is half dropped. */
const halfSql = ({ cleanup, halfDropped }: Outcome, verb: string): string | undefined =>
  [...cleanup, ...halfDropped.map((index) => `${verb} CONCURRENTLY ${index}`)].join("; ") || undefined;

/** What an interrupted step still has to do when its half statement is finished, or cleaned up; empty where that is nothing. */
function restOf(
  statements: readonly UserStatement[] | undefined,
  intent: Intent,
  { outcome, finishes, halfDropped }: Outcome,
): string {
  const isDone = intent.done || outcome === "done" || finishes || halfDropped.length > 0;
  const next = isDone ? intent.statement + 1 : intent.statement;
  if (next > intent.of) return "";
  const origin = statements?.length === intent.of ? statements[next - 1]?.origin : undefined;
  const place = origin === undefined ? "" : ` (${origin.path}:${origin.line})`;
  const unless = outcome === "unknown" && !isDone ? ", unless that is done" : "";
  const after = next < intent.of ? `${unless && ","} and those after it` : "";
  return `statement ${next}${place}${unless}${after}`;
}

/** What an interrupted step has committed, as the end of a message; empty where that is nothing. */
function committed(
  statements: readonly UserStatement[] | undefined,
  interrupted: UserStatement | undefined,
  intent: Intent,
  { outcome }: Outcome,
): string {
  if (intent.done || outcome === "done") return doneOf(statements, intent, intent.statement);
  const rounds = interrupted === undefined ? "" : roundsOf(interrupted);
  const maybe =
    outcome === "unknown" && rounds === ""
      ? `; the catalog does not show whether its statement ${intent.statement} was done: if it was, undo by hand what it did`
      : "";
  return doneOf(statements, intent, intent.statement - 1) + rounds + maybe;
}

/** Of a statement in batches it is not known how many rounds there were. */
const roundsOf = ({ batched, tag, origin: { path, line } }: UserStatement): string =>
  batched === true
    ? `; the rounds of ${tag} (${path}:${line}) that are committed stay: undo by hand what they did`
    : "";

/** Its first statements, as many as are finished. */
function doneOf(statements: readonly UserStatement[] | undefined, intent: Intent, count: number): string {
  if (count === 0) return "";
  const first = statements?.slice(0, count);
  if (first === undefined || !isAsBegun(first, intent))
    return `; undo by hand what its ${finished(count)} did`;
  const done = first.filter(({ setting }) => setting === undefined);
  if (done.length === 0) return "";
  const places = done
    .slice(0, MOST_PLACES)
    .map(({ tag, origin: { path, line } }) => `${tag} (${path}:${line})`);
  const more = done.length > MOST_PLACES ? ` and ${done.length - MOST_PLACES} more` : "";
  return `; undo by hand what its ${finished(done.length)} did: ${places.join(", ")}${more}`;
}

/** Whether the first statements of the file, up to the interrupted one or with it, are still those of the step. */
const isAsBegun = (first: readonly UserStatement[], { statement, before, hash }: Intent): boolean =>
  statementsHash(first.slice(0, statement - 1)) === before &&
  (first.length < statement || statementsHash(first.slice(statement - 1)) === hash);

const finished = (count: number): string =>
  count === 1 ? "finished statement" : `${count} finished statements`;

/** More than these are not read. */
const MOST_PLACES = 8;

/** What a ledger of format 1 knew of a statement. */
const NOT_KNOWN = "not known";

/** The ledger does not know what the statement is about, and the file does: asked as if it had been written down. */
async function outcomeByFile(
  { ledger, pins: { searchPath } }: Project,
  session: Session,
  { statements }: StepInput,
  intent: Intent,
  statement: UserStatement,
): Promise<Outcome> {
  await session.send("BEGIN;");
  try {
    if (searchPath !== undefined) await session.send(`SET ${searchPathIs(searchPath)};`);
    for (const sql of settingsBefore(statements, intent.statement)) await session.send(`${sql};`);
    await session.send(ledger.intend({ ...intent, ...statement.trace }, false));
    return await outcomeOf(session, ledger, twinFor(statement));
  } finally {
    await session.send("ROLLBACK;");
  }
}

/** The same work on the same objects, in other words. */
const isTheSame = ({ trace }: UserStatement, { kind, names = [] }: Intent): boolean =>
  trace !== undefined && trace.kind === kind && trace.names.join() === names.join();

/** The interrupted step, and what its file says of it now; no more than the step where that is gone or cannot be read. */
export async function begunStep(project: Project, intent: Intent): Promise<Begun> {
  const file = fileOf(project, intent);
  const statements = await statementsOf(project, intent);
  if (file === undefined || statements === undefined) return intent;
  const transactional =
    statements.every((each) => each.transactional) && file.header.transaction === undefined;
  const by = differsBy({ transactional, statements }, intent);
  const at = statements.length === intent.of ? statements[intent.statement - 1]!.origin : undefined;
  return {
    ...intent,
    ...(at && { location: { path: at.path, line: at.line, column: at.column } }),
    ...(by && { differs: { path: file.source.path, by } }),
  };
}

const fileOf = ({ migrations }: Project, { revision, direction }: Intent): MigrationFile | undefined =>
  migrations.get(revision)?.[direction];

/** The statements of the interrupted step, as its file is now; undefined where that is gone or cannot be read. */
async function statementsOf(project: Project, intent: Intent): Promise<readonly UserStatement[] | undefined> {
  const file = fileOf(project, intent);
  if (file === undefined) return undefined;
  try {
    return await createGrammar(undefined).statements(file);
  } catch (error) {
    // What is wrong with the file is told by whatever would run it.
    if (error instanceof MigrateError) return undefined;
    throw error;
  }
}

const interruptedAt = ({ revision, statement, of, startedAt, startedBy }: Intent): string =>
  `revision ${revision} was interrupted at statement ${statement} of ${of} (${startedAt}, by ${startedBy})`;

function refused(
  { path, statements }: StepInput,
  statement: UserStatement | undefined,
  message: string,
  hint: string,
): MigrateError {
  const { line, column } = statement?.origin ?? statements[0]?.origin ?? { line: 1, column: 1 };
  return new MigrateError({ code: "state/interrupted", message, hint, location: { path, line, column } });
}

const changedSince = (step: StepInput, intent: Intent, byHand: string): MigrateError =>
  refused(
    step,
    undefined,
    `${interruptedAt(intent)}, and the statements before that one have changed since then`,
    `restore ${step.path} and run again; or finish the step by hand and record it${byHand}`,
  );

function inTransactionNow(step: StepInput, intent: Intent, byHand: string): MigrateError {
  const done =
    intent.statement === 2 ? "statement 1 is done" : `statements 1 to ${intent.statement - 1} are done`;
  return refused(
    step,
    undefined,
    `${interruptedAt(intent)}: ${done}, but the file now runs in a transaction, from its first statement`,
    "write '-- transaction: none' in its header and leave the statements that are done unchanged: the run resumes " +
      `after them; or finish the step by hand and record it${byHand}`,
  );
}

const cannotTell = (
  step: StepInput,
  statement: UserStatement | undefined,
  what: string,
  intent: Intent,
  byHand: string,
  discard: string,
): MigrateError =>
  refused(
    step,
    statement,
    `${interruptedAt(intent)}, and the catalog does not show whether that ${what} was done`,
    `check by hand; when that and all after it is done, which no command does, record the step${byHand}` +
      (intent.statement > 1 ? "" : `; if none of it is done, discard it ${discard}`),
  );

const cannotCompare = (
  step: StepInput,
  statement: UserStatement | undefined,
  intent: Intent,
  byHand: string,
  { reason, remedy }: Outcome,
): MigrateError =>
  refused(
    step,
    statement,
    `${interruptedAt(intent)}, but the index that is there cannot be compared with the file: ${reason}`,
    (remedy === undefined
      ? "if it is not the index of the file, drop it with DROP INDEX CONCURRENTLY and run again"
      : `as the owner of the database, run: ${remedy}; then run again`) +
      `; or finish the step by hand and record it${byHand}`,
  );

const isOther = (
  step: StepInput,
  statement: UserStatement | undefined,
  { isSame, isUnchanged }: { readonly isSame: boolean; readonly isUnchanged: boolean },
  intent: Intent,
  byHand: string,
  isThere: string,
): MigrateError =>
  refused(
    step,
    statement,
    `${interruptedAt(intent)}, but ${isSame ? "the index of that name differs from the file" : "the file no longer has that statement, and an index of its name is there"}: ${isThere}`,
    `if that index is not needed, drop it with DROP INDEX CONCURRENTLY and run again${isUnchanged ? "" : "; or restore the file"}; or finish the step by hand and record it${byHand}`,
  );

const doneAsItWas = (
  step: StepInput,
  statement: UserStatement | undefined,
  intent: Intent,
  finish: readonly string[],
): MigrateError =>
  refused(
    step,
    statement,
    `${interruptedAt(intent)}. That statement, ${intent.kind ?? "as it was"}${intent.names === undefined ? "" : ` ${intent.names.join(", ")}`}, ${finish.length === 0 ? "is done" : "is half done"}, but the file no longer has it`,
    `${finish.length === 0 ? "" : `finish it with: ${finish.join("; ")}; then `}restore the file, run again, and make the change in a new migration`,
  );
