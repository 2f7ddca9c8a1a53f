/** Steps → Plan: every statement that will reach the server, in order, in its final bytes. */

import type { Expected, Ledger, StartState } from "../ledger/calls.ts";
import type { Expectation } from "../ledger/format.ts";
import type { Inconsistency } from "../ledger/inconsistency.ts";
import { digestOf, type Recorded, type Tally, tallyOf } from "../ledger/types.ts";
import type { RevisionId } from "../migration.ts";
import { withoutLedger } from "./absent.ts";
import { beginsInside, isGone, outsideBatches, repairBatches, statementsHash } from "./outside.ts";
import { rightsOf } from "./rights.ts";
import { opening, resetting, settingsOf, statements } from "./session.ts";
import { type CompileInput, doesOf, type StepInput, stepStatements, transaction } from "./step.ts";
import type { Batch, Plan, PlanStep, Purpose, Statement } from "./types.ts";

/** Compiles steps to the list of statements. No steps: an empty plan, which touches nothing. */
export function compile(input: CompileInput): Plan {
  const { ledger, kind, pins, interrupted } = input;
  const bodies: Batch[] = [];
  let tally = tallyOf(input.applied);
  for (const [index, step] of input.steps.entries()) {
    const expected = input.idempotent === true ? { needs: needsOf(step) } : tally;
    bodies.push(...stepBatches(input, step, index, expected));
    tally = after(tally, step);
  }
  const head = {
    kind,
    from: input.from,
    to: input.to,
    start: { ...startState(input), without: input.without ?? [] },
    steps: input.steps.map(planStep),
    result: { revisions: tally.revisions, digest: String(tally.digest) },
    schema: ledger.names.schema,
    place: input.expect ?? {},
    ...(pins.role === undefined ? {} : { role: pins.role }),
    settings: settingsOf(pins),
  };
  // Nothing is half done any more of a row that a repair deletes.
  const forgets =
    head.start.discards ||
    (kind === "repair" &&
      input.steps.some(
        ({ direction, revision }) => direction === "down" && revision === interrupted?.revision,
      ));
  if (input.steps.length === 0 && !forgets) return { ...head, batches: [] };
  const start = startOf(input, head, forgets);
  const middle =
    input.singleTransaction || kind === "stamp"
      ? [transaction([...start, ...bodies.flatMap((batch) => batch.statements)])]
      : [transaction(start), ...bodies];
  return { ...head, batches: [locking(input), ...middle, releasing(ledger)] };
}

/** The plan that creates the ledger where it is missing, or brings it to this format, and assumes nothing else. */
export function compileLedger(input: LedgerInput): Plan {
  const { ledger } = input;
  return ledgerPlan(input, "ensure", "older", [{ sql: ledger.upgrade, purpose: "create-ledger" }]);
}

/** The plan that makes an inconsistent ledger consistent: its tables and procedures are there, its rows fit together. */
export function compileLedgerRepair(
  input: LedgerInput & Pick<CompileInput, "how">,
  { parts }: Inconsistency,
): Plan {
  const { ledger, how } = input;
  const texts = [
    ...(parts.includes("tables") ? [ledger.restoreTables] : []),
    ...(parts.includes("procedures") ? [ledger.restoreProcedures] : []),
    ledger.repairRows(how),
    // After the row of state is written anew, which may have been there more than once.
    ...(parts.includes("keys") ? [ledger.restoreKeys] : []),
  ];
  return ledgerPlan(
    input,
    "repair",
    "inconsistent",
    texts.map((sql): Statement => ({ sql, purpose: "repair-ledger" })),
  );
}

type LedgerInput = Pick<CompileInput, "ledger" | "pins" | "expect">;

/** A plan of no step, which leaves a ledger that can be used. */
function ledgerPlan(
  input: LedgerInput,
  kind: Plan["kind"],
  before: Expectation,
  statements: readonly Statement[],
): Plan {
  const { ledger, pins } = input;
  const batches = [
    locking(input),
    transaction([
      {
        sql: ledger.guard(before, kind === "repair" ? rightsOf({ kind, steps: [] }) : undefined),
        purpose: "guard-ledger",
      },
      ...statements,
      // What does not fit in one of an older format is carried over: only one of this format can be repaired.
      { sql: ledger.guard(kind === "repair" ? "needed" : "inconsistent"), purpose: "guard-ledger" },
    ]),
    releasing(ledger),
  ];
  const result = { revisions: 0, digest: "0" };
  return {
    kind,
    from: [],
    to: [],
    start: {
      must: [],
      may: [],
      without: [],
      halfDone: [],
      discards: false,
      direction: "up",
      steps: [],
      codes: {},
      known: [],
      replaced: {},
      begun: {},
      again: "",
    },
    steps: [],
    result,
    schema: ledger.names.schema,
    place: input.expect ?? {},
    ...(pins.role === undefined ? {} : { role: pins.role }),
    settings: [],
    batches,
  };
}

const locking = ({ ledger, expect, pins }: Pick<CompileInput, "ledger" | "pins" | "expect">): Batch => ({
  transactional: false,
  statements: [...opening(pins.role), { sql: ledger.lock(expect ?? {}), purpose: "lock" }],
});

/** The session is left as it was found, and without the lock. */
const releasing = ({ unlock }: Ledger): Batch => ({
  transactional: false,
  statements: [
    ...resetting(undefined),
    ...statements("reset", ["RESET ALL"]),
    { sql: unlock, purpose: "unlock" },
  ],
});

/** What must be so before the first step: the ledger can be trusted, and what is applied is as expected. */
function startOf(input: CompileInput, head: Omit<Plan, "batches">, forgets: boolean): readonly Statement[] {
  const { ledger, applied } = input;
  return [
    ...(applied.length === 0 ? [{ sql: ledger.create, purpose: "create-ledger" } as const] : []),
    { sql: ledger.guard("needed", rightsOf(input), withoutLedger(head)), purpose: "guard-ledger" },
    { sql: ledger.requireState(stateOf(head)), purpose: "guard-start" },
    ...(forgets ? [forgetting(ledger)] : []),
  ];
}

/** What must be so before the first step of the plan. */
export const stateOf = ({
  kind,
  from,
  start,
  result: { revisions, digest },
}: Pick<Plan, "kind" | "from" | "start" | "result">): StartState => ({
  ...start,
  done: { revisions, digest: BigInt(digest) },
  also: ALSO[kind],
  starts: from,
});

/** What a script of that kind may do to revisions that are applied besides. */
const ALSO: Readonly<Record<Plan["kind"], string>> = {
  upgrade: "",
  downgrade: "take back %s",
  stamp: "take %s out of the ledger",
  repair: "",
  ensure: "",
};

/** What the guard of the first step asks, and the preflight of a script before it. */
function startState(input: CompileInput): Omit<Plan["start"], "without"> {
  const { applied, steps, idempotent } = input;
  const moved = new Set(idempotent === true ? steps.map((step) => step.revision) : []);
  return {
    must: applied.filter((id) => !moved.has(id)).toSorted(),
    may: [...moved].toSorted(),
    halfDone: halfDoneOf(input),
    discards: discardsOf(input),
    direction: directionOf(input),
    steps: stepsOneWay(input),
    codes: codesOf(input),
    known: knownBesides(input),
    replaced: replacedOf(input),
    begun: begunOf(input),
    again: againOf(input),
    ...repairOf(input),
  };
}

/** Of a repair without `--forget`, which would be refused where that row is gone. */
function againOf({ how, kind, end, flags = [] }: CompileInput): string {
  if (how !== "script") return "";
  if (kind === "repair") return ["migrate repair --sql", ...flags].join(" ").replaceAll("%", "%%");
  return end === undefined
    ? ""
    : `migrate ${kind} %s:${[end, "--sql", ...flags].join(" ").replaceAll("%", "%%")}`;
}

/** Whoever runs a script may have connected to another database; a run has read this one. */
function knownBesides(input: CompileInput): readonly RevisionId[] {
  if (input.how !== "script") return [];
  const inSteps = new Set(stepsOneWay(input));
  const others = input.steps.filter(
    ({ direction, revision }) => direction === "up" && !inSteps.has(revision),
  );
  return [...others.map(({ revision }) => revision), ...Object.values(replacedOf(input)).flat()].toSorted();
}

/** For whoever runs a script; a run names what is so now. */
const replacedOf = ({ how, replaced = {} }: CompileInput): StartState["replaced"] =>
  how === "script" ? replaced : {};

/** The rows that a repair corrects and deletes. */
function repairOf(input: CompileInput): Pick<Plan["start"], "repair"> {
  const { steps } = input;
  const corrections = steps.flatMap((step) =>
    step.correction === undefined ? [] : [{ step, row: step.correction.row }],
  );
  if (corrections.length === 0) return {};
  const were = corrections.map(({ row }) => [row.revision, textsOf(row)] as const);
  const willBe = corrections.map(
    ({ step }) => [step.revision, step.direction === "up" ? textsOf(step) : null] as const,
  );
  return { repair: { were: Object.fromEntries(were), willBe: Object.fromEntries(willBe) } };
}

const textsOf = ({ checksum, parents, dependsOn, message }: Omit<Recorded, "revision">) => ({
  checksum,
  parents,
  dependsOn,
  message,
});

/** Of the steps; of a repair that of the step that may be half done. */
const directionOf = ({ kind, steps, interrupted }: CompileInput): StartState["direction"] =>
  kind === "repair"
    ? (interrupted?.direction ?? "up")
    : kind === "downgrade" || (kind === "stamp" && steps.every(({ direction }) => direction === "down"))
      ? "down"
      : "up";

/** What may be half done: the step that was interrupted; in a script that skips what is done, any that can be. */
function halfDoneOf({ kind, steps, interrupted, idempotent }: CompileInput): readonly RevisionId[] {
  // A repair leaves it as it is.
  if (kind === "repair") return interrupted === undefined ? [] : [interrupted.revision];
  return steps
    .filter((step) =>
      idempotent === true ? !step.transactional : kind !== "stamp" && step.revision === interrupted?.revision,
    )
    .map((step) => step.revision);
}

/** A stamp says what is so, and with that nothing is half done any more. */
const discardsOf = ({ kind, how, steps, interrupted }: CompileInput): boolean =>
  kind === "stamp" && (interrupted !== undefined || (how === "script" && steps.length > 0));

/** A run has compared what was begun with the file; a script that resumes meets it later. */
const begunOf = ({ idempotent, steps, interrupted }: CompileInput): StartState["begun"] =>
  idempotent === true
    ? Object.fromEntries(
        steps
          .filter((step) => !step.transactional)
          .map((step) => {
            const { revision, statements } = step;
            // It may also be at the one that its file ended with, and no longer has.
            const length = statements.length + (isGone(step, interrupted) ? 1 : 0);
            const before = (at: number): string | null =>
              at === 0 && beginsInside(step) ? null : statementsHash(statements.slice(0, at));
            return [revision, Array.from({ length }, (_, at) => before(at))];
          }),
      )
    : {};

/** A run has compared what is applied with the files; a script may meet a database where its steps were applied before they changed. */
const codesOf = ({ kind, how, steps }: CompileInput): StartState["codes"] =>
  how === "script" && kind === "upgrade"
    ? Object.fromEntries(steps.map(({ revision, codeChecksum }) => [revision, codeChecksum]))
    : {};

/** Of a script those that a ledger may have done already, where that says what is left. */
function stepsOneWay(input: CompileInput): readonly RevisionId[] {
  const { kind, how, steps, to } = input;
  const direction = directionOf(input);
  // A stamp may go both ways; and where it goes down, the revision at its end may not be recorded either.
  const isOneWay = steps.every((step) => step.direction === direction);
  const isToRecord = kind === "stamp" && direction === "down" && to.length > 0;
  return how !== "script" || kind === "repair" || !isOneWay || isToRecord
    ? []
    : steps.map(({ revision }) => revision);
}

const forgetting = ({ forgetIntent }: Ledger): Statement => ({ sql: forgetIntent, purpose: "forget" });

const needsOf = (step: StepInput): readonly RevisionId[] => [
  ...new Set([...step.parents, ...step.dependsOn]),
];

function planStep(step: StepInput): PlanStep {
  const { direction, revision, message, parents, path, checksum, downChecksum, transactional } = step;
  const { irreversible, privileges } = step;
  return {
    direction,
    revision,
    message,
    parents,
    path,
    checksum,
    ...(downChecksum === undefined ? {} : { downChecksum }),
    transactional,
    statements: step.statements.length,
    ...(irreversible === undefined ? {} : { irreversible }),
    ...doesOf(step),
    ...(privileges === undefined ? {} : { privileges }),
  };
}

function after({ revisions, digest }: Tally, step: StepInput): Tally {
  const sign = step.direction === "down" ? -1 : step.correction === undefined ? 1 : 0;
  return { revisions: revisions + sign, digest: digest + BigInt(sign) * digestOf(step.revision) };
}

function stepBatches(
  input: CompileInput,
  step: StepInput,
  index: number,
  expected: Expected,
): readonly Batch[] {
  const { ledger, kind, idempotent } = input;
  const facts = {
    step: index,
    ...(idempotent === true ? { when: ledger.isPending(step.revision, step.direction) } : {}),
  };
  if (kind === "stamp" || step.correction !== undefined) {
    const inside = ledgerStatements(input, step, index);
    return [{ transactional: true, statements: inside, ...facts }];
  }
  if (!step.transactional)
    return outsideBatches(input, step, index, expected).map((batch) => ({ ...batch, ...facts }));
  // What runs in a transaction now, and did not when it was interrupted, begins anew.
  const anew = step.resumeAt === undefined ? [] : [forgetting(ledger)];
  const inside = [...anew, ...stepStatements(input, step, index, expected)];
  const whole = input.singleTransaction
    ? { transactional: true, statements: inside, ...facts }
    : transaction(inside, facts);
  return [...repairBatches(input, step, index).map((batch) => ({ ...batch, ...facts })), whole];
}

/** A step of a stamp or a repair, which writes only the ledger. */
function ledgerStatements(
  { kind, how, ledger }: CompileInput,
  step: StepInput,
  index: number,
): readonly Statement[] {
  const at = (purpose: Purpose, sql: string): Statement => ({ sql, purpose, step: index });
  const isUp = step.direction === "up";
  if (step.correction === undefined || kind === "stamp") {
    return [at("record", isUp ? ledger.stamp({ ...step, how: "stamp" }) : ledger.unstamp(step.revision))];
  }
  const { detail } = step.correction;
  return [
    at("record", isUp ? ledger.accept({ ...step, how }, detail) : ledger.forget(step.revision, how, detail)),
  ];
}
