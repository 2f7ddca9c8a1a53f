/**
 * A step outside a transaction → its batches: intent → statement → record, statement by statement. A statement that may
 * stand in a transaction commits together with the record that it is done, which is the intent of the next.
 */

import type { ObjectName } from "../ast.ts";
import type { Expected, Ledger } from "../ledger/calls.ts";
import { identifier } from "../quote.ts";
import { sha256 } from "../sha256.ts";
import type { Probe } from "../statement/facts.ts";
import type { UserStatement } from "../statement/file.ts";
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
  const { ledger, pins } = input;
  const { revision, direction } = step;
  const batches: Batch[] = [];
  /** The statement that the ledger says comes next. */
  let intended = step.resumeAt === undefined ? undefined : input.interrupted?.statement;
  /** The transaction that is being filled; begun when there is something for it. */
  let open: Statement[] | undefined;
  /** It holds something of the author's; a SET may have made the session another role's. */
  let dirty = false;
  const kept: Statement[] = settingsBefore(step.statements, step.resumeAt ?? 1).map((sql) =>
    again(sql, index),
  );
  const settings = (): readonly Statement[] =>
    statements(
      "setting",
      settingsOf(withTimeouts(pins, step)).map((setting) => `SET ${setting}`),
      index,
    );

  /** What a part begins with: that it is its turn, then the settings of the project and of the author. */
  const guarded = (): Statement[] => {
    const sql =
      intended === undefined
        ? ledger.beginStep(revision, direction, expected)
        : ledger.resumeStep({ revision, statement: intended }, batches.length === 0);
    const purpose = intended === undefined ? "guard-step" : "guard-part";
    return [
      ...(batches.length === 0 ? [] : resetting(pins.role, index)),
      { sql, purpose, step: index },
      ...settings(),
      ...kept,
    ];
  };
  const outside = (text: readonly Statement[], statement?: UserStatement): void => {
    batches.push({
      transactional: false,
      statements: [...guarded(), ...timeoutsOutside(step, index, statement), ...text],
    });
  };
  const commit = (ending: readonly Statement[]): void => {
    const inside = open ?? guarded();
    const authors = inside.some(({ purpose }) => purpose === "user" || purpose === "user-setting");
    const protects = [...(dirty ? deferred(index) : []), ...(authors ? resetting(pins.role, index) : [])];
    batches.push(transaction([...inside, ...(ending.length > 0 ? protects : []), ...ending]));
    open = undefined;
    dirty = false;
  };
  /** Ends a transaction with the intent of statement `number`. */
  const intend = (number: number): void => {
    const hash = sha256(step.statements[number - 1]!.sql);
    const before = statementsHash(step.statements.slice(0, number - 1));
    const of = step.statements.length;
    const sql = ledger.intend({ revision, direction, statement: number, of, hash, before });
    commit([{ sql, purpose: "intent", step: index }]);
    intended = number;
  };

  for (const sql of step.repairs ?? []) outside([{ sql: `${sql};`, purpose: "repair", step: index }]);
  for (const [i, statement] of step.statements.entries()) {
    const number = i + 1;
    if (number < (step.resumeAt ?? 1)) continue;
    const sent = userStatements(statement, index, number);
    if (statement.transactional && !statement.mayCommit) {
      open ??= guarded();
      open.push(...sent);
      if (statement.setting !== undefined) kept.push(again(statementAlone(statement), index));
      else dirty = true;
      // It commits by itself, with the record that it is done; a setting is the beginning of what comes next.
      if (statement.setting === undefined && number < step.statements.length) intend(number + 1);
      continue;
    }
    if (intended !== number) intend(number);
    else if (open !== undefined) commit([]);
    outside(sent, statement);
    const check = checkOf(ledger, statement.probe);
    if (check !== undefined) open = [...guarded(), { sql: check, purpose: "guard-done", step: index }];
  }
  commit(recording(input, step, index));
  return batches;
}

/** How the catalog shows that a statement did its work: where the server tells no more, or a client went past an error. */
function checkOf(ledger: Ledger, probe: Probe | undefined): string | undefined {
  if (probe?.kind === "create-index" && probe.index !== undefined)
    return ledger.requireIndex(nameOf(probe.table), probe.index);
  if (probe?.kind === "detach-partition")
    return ledger.requireDetached(nameOf(probe.table), nameOf(probe.partition));
  return undefined;
}

const nameOf = ({ schema, name }: ObjectName): string =>
  [schema, name].flatMap((part) => (part === undefined ? [] : [identifier(part)])).join(".");

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

/** The hash that says whether the statements before an interrupted one are still the same. */
export function statementsHash(all: readonly UserStatement[]): string {
  return sha256(all.map((statement) => statement.sql).join("\n\0\n"));
}
