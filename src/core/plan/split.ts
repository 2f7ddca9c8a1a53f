/**
 * A plan → the files that a change system runs one by one, each in a session of its own: one for each transaction, one for
 * each statement outside; with the lock and the guards that each needs by itself.
 */
import { surrounded } from "../batch.ts";
import { type Diagnostic, MigrateError } from "../errors.ts";
import type { Ledger, PartRef } from "../ledger/calls.ts";
import { BEFORE_THE_FIRST } from "./absent.ts";
import { withLocks } from "./locks.ts";
import { rightsOf } from "./rights.ts";
import { checkBatch, receiptOf, resultOf, type ScriptForm, sessionBatch, withStatement } from "./script.ts";
import { resetting } from "./session.ts";
import { transaction } from "./step.ts";
import type { Batch, Plan, Purpose, Statement } from "./types.ts";

/** One file. */
export interface Part {
  /** From 0, in the order in which they run. */
  readonly index: number;
  readonly of: number;
  readonly transactional: boolean;
  /** The step it belongs to, and which part of that step it is, from 1. */
  readonly step?: number;
  readonly number: number;
  readonly parts: number;
  /** A file of one statement, for a client that must send it alone: without lock, guard and settings. */
  readonly alone: boolean;
  /** It is alone, and guards and records by itself. */
  readonly guards: boolean;
  /** The part before it is such a file that does not, so nobody knows whether it has succeeded. */
  readonly unsure: boolean;
  /** Of a file that is alone: what its session should have set. */
  readonly settings: readonly Statement[];
  /** Its batches, given its receipt. */
  batches(receipt: string): readonly Batch[];
}

/**
 * The parts of a plan, in order. `client`: one that can only send a statement alone. Throws `source/not-splittable` where
 * a statement needs the session of one before it.
 */
export function partsOf(
  plan: Plan,
  ledger: Ledger,
  { client, lockRetries = 0, project }: Pick<ScriptForm, "client" | "lockRetries" | "project">,
): readonly Part[] {
  const inner = withLocks(plan, plan.batches.slice(1, -1), ledger, lockRetries);
  refuseLeftBehind(inner, client);
  const isAlone = ({ transactional }: Batch): boolean => client === "any" && !transactional;
  return inner.map((batch, index): Part => {
    const { step, transactional } = batch;
    const own = step === undefined ? [batch] : inner.filter((other) => other.step === step);
    const number = own.indexOf(batch) + 1;
    const before = number > 1 ? own[number - 2] : undefined;
    const settings = isAlone(batch) ? settingsFor(batch, ledger) : [];
    const part = {
      settings,
      index,
      of: inner.length,
      transactional,
      ...(step === undefined ? {} : { step }),
      number,
      parts: own.length,
      alone: isAlone(batch),
      guards: isAlone(batch) && isBatch(batch),
      unsure: before !== undefined && isAlone(before) && !isBatch(before),
    };
    if (part.alone) {
      const only = aloneBatch(plan, ledger, batch);
      return { ...part, batches: () => [only] };
    }
    const isLast = index === inner.length - 1;
    return {
      ...part,
      batches: (receipt) => {
        const recorded = receiptOf(plan, ledger, receipt, ` (file ${index + 1} of ${inner.length})`);
        const own =
          index === 0
            ? [withUnbegun(plan, ledger, batch)]
            : [beginning(plan, ledger), ...body(ledger, plan, batch, part.unsure ? undefined : before)];
        return [
          sessionBatch(ledger, project),
          plan.batches[0]!,
          ...own.map((each) => withReceipt(each, recorded)),
          ...(isLast ? [checkBatch(plan, ledger, receipt)] : []),
          plan.batches.at(-1)!,
        ];
      },
    };
  });
}

/** The first file: who runs it again after others is told which comes next, and not to write another script. */
function withUnbegun(plan: Plan, ledger: Ledger, batch: Batch): Batch {
  const { kind, steps, start } = plan;
  if ((kind !== "upgrade" && kind !== "downgrade") || steps.length < 2) return batch;
  const revisions = steps.map(({ revision }) => revision);
  return withStatement(
    batch,
    batch.statements.findIndex(({ purpose }) => purpose === "guard-start"),
    { sql: ledger.requireUnbegun(revisions, start, resultOf(plan)), purpose: "guard-start" },
  );
}

/** What a file that is not the first begins with. */
const beginning = (plan: Plan, ledger: Ledger): Batch =>
  transaction([
    { sql: ledger.guard("needed", rightsOf(plan), BEFORE_THE_FIRST), purpose: "guard-ledger" },
    { sql: ledger.requireLock, purpose: "guard-lock" },
  ]);

/** Whoever writes to the ledger writes down by which file: then it was this file's turn. */
function withReceipt(batch: Batch, receipt: Statement): Batch {
  const at = batch.statements.findIndex(({ purpose }) => WRITES.has(purpose));
  if (at === -1) return batch;
  // The intent looks names up as the author does; what is ours pins the search path.
  return withStatement(batch, batch.statements[at]!.purpose === "intent" ? at + 1 : at, receipt);
}

const WRITES: ReadonlySet<Purpose> = new Set(["intent", "outcome", "record"]);

/** A batch between what tells that the part before it succeeded, where that can be known, and what tells the next that this one did. */
function body(ledger: Ledger, plan: Plan, batch: Batch, before: Batch | undefined): readonly Batch[] {
  const outcome = (of: Batch, make: (part: PartRef) => Statement): Statement[] =>
    of.statements
      .filter(({ purpose }) => purpose === "user")
      .map((statement) => make(partOf(plan, statement)));
  const alone = (statements: readonly Statement[]): Batch[] =>
    statements.length === 0 ? [] : [{ transactional: false, step: batch.step!, statements }];
  const must =
    (done: boolean) =>
    (part: PartRef): Statement => ({
      sql: ledger.requireOutcome(part, done),
      purpose: "guard-part",
      step: batch.step!,
    });
  const follows = before !== undefined && !before.transactional;
  return [
    ...(follows ? alone(outcome(before, must(true))) : []),
    ...(batch.transactional ? [] : alone(outcome(batch, must(false)))),
    batch,
    ...(batch.transactional
      ? []
      : alone([
          ...resetting(ledger.names.role, batch.step),
          ...outcome(batch, (part) => ({
            sql: ledger.endStatement(part),
            purpose: "outcome",
            step: batch.step!,
          })),
        ])),
  ];
}

/** The step and the statement that one of the author's is. */
function partOf(plan: Plan, { step, number }: Statement): PartRef {
  const { revision, direction } = plan.steps[step!]!;
  return { revision, direction, statement: number! };
}

/** What the ledger's procedures would have set for it. */
const settingsFor = ({ statements }: Batch, { setSession }: Ledger): readonly Statement[] => [
  { sql: setSession, purpose: "setting" },
  ...statements.filter(({ purpose }) => purpose === "setting"),
];

/** It is a DO block of ours, which can hold its own guard and record. */
const isBatch = ({ statements }: Batch): boolean => statements.some(({ repeatable }) => repeatable === true);

/** The one statement. Throws where a setting of the author's belongs to it. */
function aloneBatch(plan: Plan, ledger: Ledger, batch: Batch): Batch {
  const setting = batch.statements.find(({ purpose }) => purpose === "user-setting");
  if (setting !== undefined) throw notCarried(batch);
  const alone = batch.statements.filter(({ purpose }) => purpose === "user");
  return {
    ...batch,
    statements: alone.map((each) => (isBatch(batch) ? withOutcome(plan, ledger, each) : each)),
  };
}

function withOutcome(plan: Plan, ledger: Ledger, statement: Statement): Statement {
  const { sql, offset } = statement;
  const part = partOf(plan, statement);
  const [before, after] = [ledger.requireOutcome(part, false), ledger.endStatement(part, false)];
  return { ...statement, sql: surrounded(sql, offset!, before, after) };
}

function refuseLeftBehind(batches: readonly Batch[], client: ScriptForm["client"]): void {
  // Another client would send the one script as a single transaction.
  const hint = client === "psql" ? "write one script, not split" : "write one script for psql, not split";
  const faults = batches
    .filter((batch, index) => batch.step !== undefined && batches[index + 1]?.step === batch.step)
    .flatMap(({ statements }) => statements)
    .flatMap(({ leaves, origin }): Diagnostic[] =>
      leaves === undefined
        ? []
        : [
            {
              code: "source/not-splittable",
              message: `${leaves} lasts as long as its session, but each file of a split script has a session of its own`,
              hint,
              ...(origin === undefined ? {} : { location: origin }),
            },
          ],
    );
  if (faults.length > 0) throw MigrateError.all(faults);
}

function notCarried({ statements }: Batch): MigrateError {
  const origin = statements.find(({ purpose }) => purpose === "user")?.origin;
  return new MigrateError({
    code: "source/not-splittable",
    message:
      "settings made before this statement outside a transaction do not reach it: a client other than psql must send it alone",
    hint: "write the files for psql, or set it for the role: ALTER ROLE … SET …",
    ...(origin === undefined ? {} : { location: origin }),
  });
}
