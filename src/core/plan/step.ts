/** A step and what it starts from → the statements of its transaction, and the parts that other steps share. */
import { type EffectSummary, summaryOfStep } from "../effects/summary.ts";
import type { Place } from "../ledger/blocks.ts";
import type { Expected, Ledger, PartRef, StartState } from "../ledger/calls.ts";
import type { How, Intent, NewRow, Recorded } from "../ledger/types.ts";
import type { RevisionId } from "../migration.ts";
import type { UserStatement } from "../statement/file.ts";
import { distinct } from "../statement/losses.ts";
import { readAsWritten, resetting, type SessionPins, settingsOf, statements } from "./session.ts";
import type { Batch, Does, Plan, PlanStep, Statement } from "./types.ts";

/** A step to compile: what the files say and the statements to run. */
export interface StepInput extends Omit<PlanStep, keyof Does | "statements"> {
  readonly dependsOn: readonly RevisionId[];
  readonly codeChecksum: string;
  readonly statements: readonly UserStatement[];
  /** One for each statement; absent where nobody asks for them. */
  readonly effects?: readonly (EffectSummary | undefined)[];
  readonly lockTimeout?: string;
  readonly statementTimeout?: string;
  /** The first statement to run, 1-based, when the step was interrupted before. */
  readonly resumeAt?: number;
  /** Statements that make room for it, each alone and outside a transaction. */
  readonly repairs?: readonly string[];
  /** Of a repair: the row as it was shown, to be corrected or (down) deleted, and what the log keeps of that. */
  readonly correction?: { readonly row: Recorded; readonly detail: string };
}

/** What the statements of a step that are still to run do to what others use, and to what is there. */
export function doesOf({
  statements,
  effects = [],
  transactional,
  resumeAt = 1,
}: Pick<StepInput, "statements" | "effects" | "transactional" | "resumeAt">): Does {
  const losses = distinct(statements.slice(resumeAt - 1).flatMap((each) => each.losses));
  const effect = summaryOfStep(effects.slice(resumeAt - 1), transactional);
  return { ...(losses.length === 0 ? {} : { losses }), ...(effect === undefined ? {} : { effect }) };
}

export interface CompileInput {
  readonly kind: Exclude<Plan["kind"], "ensure">;
  /** Every applied revision, and the heads of that set before and after. */
  readonly applied: readonly RevisionId[];
  readonly from: readonly RevisionId[];
  readonly to: readonly RevisionId[];
  /** What `from` needs, and is not applied. */
  readonly without?: readonly RevisionId[];
  /** The end of its range as it is typed; absent where no text means it from every start. */
  readonly end?: string | undefined;
  /** Squashed revisions that are applied before the steps or after them, and what each replaces. */
  readonly replaced?: StartState["replaced"];
  readonly steps: readonly StepInput[];
  /** The interrupted statement that the first step continues from; a stamp forgets it. */
  readonly interrupted?: PartRef & Pick<Intent, "kind">;
  readonly how: How;
  /** What a script was asked for with, besides its range, as flags: whoever writes another from another state needs it again. */
  readonly flags?: readonly string[];
  readonly singleTransaction: boolean;
  /** Steps that are done are skipped, from any state on the way; only a script can do that. */
  readonly idempotent?: boolean;
  /** What else must be so before anything is done. */
  readonly expect?: Place;
  readonly pins: SessionPins;
  readonly ledger: Ledger;
}

/** A batch that is one transaction around these statements. */
export const transaction = (inside: readonly Statement[], more: Partial<Batch> = {}): Batch => ({
  transactional: true,
  ...more,
  statements: [{ sql: "BEGIN;", purpose: "begin" }, ...inside, { sql: "COMMIT;", purpose: "commit" }],
});

/** A step that is one transaction, between its BEGIN and its COMMIT. */
export function stepStatements(
  input: CompileInput,
  step: StepInput,
  index: number,
  expected: Expected,
): readonly Statement[] {
  const { ledger, pins } = input;
  // In one transaction for all, deferred work is done once, as its COMMIT would do it.
  const commits = !input.singleTransaction || index === input.steps.length - 1;
  return [
    { sql: ledger.beginStep(step.revision, step.direction, expected), purpose: "guard-step", step: index },
    ...localSettings(withTimeouts(pins, step), index),
    ...step.statements.flatMap((statement, i) => userStatements(statement, index, i + 1, step.effects?.[i])),
    ...(commits && step.statements.length > 0 ? deferred(index) : []),
    ...(step.statements.length > 0 ? resetting(pins.role, index) : []),
    ...recording(input, step, index),
  ];
}

const localSettings = (pins: SessionPins, step: number): readonly Statement[] =>
  statements(
    "setting",
    settingsOf(pins).map((setting) => `SET LOCAL ${setting}`),
    step,
  );

/** What the author's statements have deferred is done under their own settings and role, as by a COMMIT of theirs. */
export const deferred = (step: number): readonly Statement[] =>
  statements("defer", ["SET CONSTRAINTS ALL IMMEDIATE"], step);

/** The row of a step that went up or down. */
export function recording(
  { ledger, how }: CompileInput,
  step: StepInput,
  index: number,
): readonly Statement[] {
  const row: NewRow = { ...step, how };
  const sql = step.direction === "up" ? ledger.endUpgrade(row) : ledger.endDowngrade(row);
  return [...readAsWritten(sql, index), { sql, purpose: "record", step: index }];
}

/** A statement of the author's; but for the first of a step, with what makes it read as it was written. */
export function userStatements(
  statement: UserStatement,
  step: number,
  number: number,
  effect?: EffectSummary,
): readonly Statement[] {
  const { sql, origin, offset, tag, losses, leaves, batched, trace, searchPath, runsAs } = statement;
  const sent: Statement = {
    sql,
    purpose: "user",
    step,
    number,
    origin,
    offset,
    tag,
    ...(losses.length === 0 ? {} : { losses }),
    ...(effect === undefined ? {} : { effect }),
    ...(leaves === undefined ? {} : { leaves }),
    ...(batched === undefined ? {} : { repeatable: true }),
    ...(trace === undefined ? {} : { trace }),
    ...(searchPath === undefined ? {} : { searchPath }),
    ...(runsAs === undefined ? {} : { runsAs }),
  };
  return number === 1 ? [sent] : [...readAsWritten(sql, step), sent];
}

export function withTimeouts(pins: SessionPins, { lockTimeout, statementTimeout }: StepInput): SessionPins {
  return {
    ...pins,
    ...(lockTimeout === undefined ? {} : { lockTimeout }),
    ...(statementTimeout === undefined ? {} : { statementTimeout }),
  };
}
