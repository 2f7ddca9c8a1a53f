/**
 * A step outside a transaction → its batches: intent → statement → record, statement by statement. A statement that may
 * stand in a transaction commits together with the record that it is done, which is the intent of the next.
 */

import type { Expected, PartRef } from "../ledger/calls.ts";
import { sha256 } from "../sha256.ts";
import type { Trace } from "../statement/facts.ts";
import type { UserStatement } from "../statement/file.ts";
import { twinOf } from "../statement/twin.ts";
import { resetting, settingsOf, statements } from "./session.ts";
import {
  type CompileInput,
  deferred,
  recording,
  type StepInput,
  transaction,
  userStatements,
  withTimeouts,
} from "./step.ts";
import type { Batch, Statement } from "./types.ts";

export function outsideBatches(
  input: CompileInput,
  step: StepInput,
  index: number,
  expected: Expected,
): readonly Batch[] {
  const { ledger, pins, interrupted } = input;
  const { revision, direction } = step;
  const batches: Batch[] = [...repairBatches(input, step, index)];
  /** The statement that the ledger says comes next. */
  let intended = step.resumeAt === undefined ? undefined : interrupted?.statement;
  /** The transaction that is being filled; begun when there is something for it. */
  let open: Statement[] | undefined;
  /** It begins with the statement that the ledger says comes next, which may be where the step was interrupted. */
  let resumes = false;
  /** It holds something of the author's; a SET may have made the session another role's. */
  let dirty = false;
  /** The statement before it stood outside, and is done: that must be recorded, however long the ledger is locked. */
  let isDone = false;
  const kept: Statement[] = settingsBefore(step.statements, step.resumeAt ?? 1).map((sql) =>
    again(sql, index),
  );

  /** What a part begins with: that it is its turn, then the settings of the project and of the author. */
  const guarded = (...checks: readonly Statement[]): Statement[] => [
    ...(batches.length === 0 ? [] : resetting(pins.role, index)),
    intended === undefined
      ? { sql: ledger.beginStep(revision, direction, expected), purpose: "guard-step", step: index }
      : {
          sql: ledger.resumeStep({ revision, direction, statement: intended }),
          purpose: "guard-part",
          step: index,
        },
    // The ledger is asked as its own role, and before names mean what they mean to the author.
    ...checks,
    ...settingsIn(input, step, index),
    ...kept,
  ];
  /**
   * In a script that goes on where it stopped, each part asks whether it is next. One that may be where the step was
   * interrupted first makes room, whatever it begins with: the file may have had another statement there.
   */
  const add = (batch: Batch, resumed?: Resumed): void => {
    if (input.idempotent !== true) {
      batches.push(batch);
      return;
    }
    const at = { revision, statement: intended ?? 0 };
    const resets = batches.length === 0 ? [] : resetting(pins.role, index);
    const cleans: readonly Statement[] =
      resumed === undefined ? [] : [{ sql: `${ledger.cleanup(at)};`, purpose: "cleanup", step: index }];
    if (resets.length + cleans.length > 0)
      batches.push({ transactional: false, statements: [...resets, ...cleans] });
    const next = resumed === undefined ? ledger.isNext(at) : ledger.isUndone(at, resumed.twin);
    batches.push({ ...batch, next });
  };
  const commit = (ending: readonly Statement[]): void => {
    const inside = open ?? guarded();
    const authors = inside.some(({ purpose }) => purpose === "user" || purpose === "user-setting");
    const protects = [...(dirty ? deferred(index) : []), ...(authors ? resetting(pins.role, index) : [])];
    const patience = isDone ? statements("setting", ["SET LOCAL lock_timeout = 0"], index) : [];
    add(transaction([...inside, ...patience, ...protects, ...ending]), resumes ? {} : undefined);
    open = undefined;
    resumes = false;
    dirty = false;
    isDone = false;
  };
  /** Ends a transaction with the intent of statement `number`. */
  const intend = (number: number): void => {
    const statement = step.statements[number - 1]!;
    const hash = statementsHash([statement]);
    const before = statementsHash(step.statements.slice(0, number - 1));
    const of = step.statements.length;
    const { trace } = statement;
    const sql = ledger.intend({ revision, direction, statement: number, of, hash, before, ...trace });
    commit([{ sql, purpose: "intent", step: index }]);
    intended = number;
  };

  for (const [i, statement] of step.statements.entries()) {
    const number = i + 1;
    if (number < (step.resumeAt ?? 1)) continue;
    const isLast = number === step.statements.length;
    const sent = userStatements(statement, index, number, step.effects?.[number - 1]);
    if (!isAlone(statement)) {
      if (open === undefined) {
        open = guarded();
        resumes = intended === number;
      }
      open.push(...sent);
      if (statement.setting !== undefined) kept.push(again(statementAlone(statement), index));
      else dirty = true;
      // It commits by itself, with the record that it is done; a setting is the beginning of what comes next.
      if (statement.setting === undefined && !isLast) intend(number + 1);
      continue;
    }
    // Of one that is tried again, too: it may be another, and what there is of it now was there before.
    if (intended !== number || number === step.resumeAt) intend(number);
    const timeouts = timeoutsOutside(step, index, statement);
    add(
      { transactional: false, statements: [...guarded(), ...timeouts, ...sent] },
      { twin: twinFor(statement) },
    );
    isDone = true;
    if (SHOWS.test(statement.trace?.kind ?? ""))
      open = guarded({
        sql: ledger.requireDone({ revision, statement: number }, statement.trace?.mayExist === true),
        purpose: "guard-done",
        step: index,
      });
    if (!isLast) intend(number + 1);
  }
  commit(recording(input, step, index));
  if (input.idempotent === true && isGone(step, interrupted)) {
    intended = interrupted.statement;
    resumes = true;
    commit(recording(input, step, index));
  }
  return batches;
}

/** A part that may be where the step was interrupted; `twin`: of the index that it makes there outside a transaction. */
interface Resumed {
  readonly twin?: string | undefined;
}

/** Whether the statement has no place in a transaction with others. */
const isAlone = ({ transactional, standsAlone }: UserStatement): boolean =>
  !transactional || standsAlone === true;

/** Whether the step is interrupted at a statement that its file, which ended with it, no longer has. */
export const isGone = <T extends PartRef>(
  { revision, direction, statements }: Pick<StepInput, "revision" | "direction" | "statements">,
  interrupted: T | undefined,
): interrupted is T =>
  interrupted?.revision === revision &&
  interrupted.direction === direction &&
  interrupted.statement > statements.length;

/** Whether its first statement runs in a transaction, which a step that is interrupted there has not begun with. */
export const beginsInside = ({ statements: [first] }: Pick<StepInput, "statements">): boolean =>
  first !== undefined && !isAlone(first);

/** What makes room for an interrupted statement, each statement alone and outside a transaction. */
export function repairBatches(input: CompileInput, step: StepInput, index: number): readonly Batch[] {
  const { ledger, interrupted } = input;
  return (step.repairs ?? []).map((sql) => ({
    transactional: false,
    statements: [
      { sql: ledger.resumeStep(interrupted!), purpose: "guard-part", step: index },
      ...settingsIn(input, step, index),
      ...timeoutsOutside(step, index, undefined),
      { sql: `${sql};`, purpose: "repair", step: index },
    ],
  }));
}

const settingsIn = ({ pins }: CompileInput, step: StepInput, index: number): readonly Statement[] =>
  statements(
    "setting",
    settingsOf(withTimeouts(pins, step)).map((setting) => `SET ${setting}`),
    index,
  );

/** Of which the catalog shows that they were done: where the server tells no more, or a client went past an error. */
const SHOWS = /^(?:create|drop|detach) /;

/** What shows how the catalog will show the index that the statement asks for. */
export const twinFor = (statement: UserStatement): string | undefined =>
  (statement.trace?.kind satisfies Trace["kind"] | undefined) === "create index"
    ? twinOf(statementAlone(statement))
    : undefined;

const again = (sql: string, step: number): Statement => ({ sql: `${sql};`, purpose: "user-setting", step });

/** What the statements before the one of that number (1-based) have set for the session, in order; without `;`. */
export function settingsBefore(all: readonly UserStatement[], number: number): readonly string[] {
  return all
    .slice(0, number - 1)
    .filter(({ setting }) => setting !== undefined)
    .map(statementAlone);
}

/** Without its comments, and without `;`. */
function statementAlone({ sql, offset, origin }: UserStatement): string {
  return sql.slice(offset, offset + origin.end - origin.start).replace(/;$/, "");
}

/**
 * A lock timeout would leave half an index, and a statement timeout would end all rounds of a batch, not one: unless
 * the header says otherwise.
 */
function timeoutsOutside(
  { lockTimeout, statementTimeout }: StepInput,
  step: number,
  statement: UserStatement | undefined,
): readonly Statement[] {
  const off =
    statement?.batched === true
      ? statementTimeout === undefined && "statement_timeout"
      : lockTimeout === undefined && "lock_timeout";
  return off === false ? [] : statements("setting", [`SET ${off} = 0`], step);
}

/** The hash that says whether statements are still the same, the comments around them apart. */
export function statementsHash(all: readonly UserStatement[]): string {
  return sha256(all.map((statement) => `${statementAlone(statement)};`).join("\n\0\n"));
}
