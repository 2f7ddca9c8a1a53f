/**
 * Steps → Plan: every SQL text that will reach the server, in order, in its final bytes.
 *
 * The runner sends the list, the script prints the list; nothing else ever turns a migration into SQL. A plan is
 * a readonly, JSON-safe value.
 */
import type { Direction } from "./header.ts";
import {
  type Digest,
  digestOf,
  digestOfSet,
  type Expected,
  type How,
  type IntentRef,
  type NewRow,
  type Place,
  type Recorded,
  type Sha256,
  type Start,
} from "./ledger.ts";
import type { LedgerSql } from "./ledger-sql.ts";
import type { RevisionId } from "./migration.ts";
import { undone } from "./probe.ts";
import { identifier, literal } from "./quote.ts";
import type { Span } from "./source.ts";
import type { UserStatement } from "./statement.ts";

export interface Plan {
  /** `ensure` creates the ledger and has no steps. */
  readonly kind: "upgrade" | "downgrade" | "stamp" | "repair" | "ensure";
  /** Heads of the applied set before and after. */
  readonly from: readonly RevisionId[];
  readonly to: readonly RevisionId[];
  readonly steps: readonly PlanStep[];
  readonly batches: readonly Batch[];
  /** What is applied when all is done: a check at the end of a script asserts it. */
  readonly result: { readonly count: number; readonly sum: string };
}

/** One migration in one direction; a stamp's step writes only the ledger. */
export interface PlanStep {
  readonly direction: Direction;
  readonly revision: RevisionId;
  readonly message: string;
  readonly parents: readonly RevisionId[];
  readonly path: string;
  readonly checksum: string;
  /** Of the down file, where that is what runs. */
  readonly downChecksum?: string;
  /** False when a failure inside the step cannot be rolled back as a whole. */
  readonly transactional: boolean;
  /** Why there is no way back once it has gone up, where the header says so. */
  readonly irreversible?: string;
  /** What its statements take away, for a person: `drops table shop.users`. Absent where that is nothing. */
  readonly destructive?: readonly string[];
}

/** One transaction, or statements that each stand alone. */
export interface Batch {
  readonly transactional: boolean;
  /** Index into `Plan.steps`: the step it is all or a part of. One that holds the beginning too, as of a stamp, has none. */
  readonly step?: number;
  /** Each statement must be a message of its own: one of them changes how the next is read. */
  readonly separate?: true;
  /** Only where this query says so: one boolean, `retort_pending`. Batches in a row with one text share one answer. */
  readonly when?: string;
  /** Made from the step when it is looked at: the SQL of ten thousand steps need not stand in memory at once. */
  readonly statements: readonly Statement[];
}

/** One SQL text. */
export interface Statement {
  readonly sql: string;
  readonly kind: "lock" | "guard" | "session" | "user" | "ledger" | "repair";
  /** Index into `Plan.steps`. */
  readonly step?: number;
  /** Where a user's statement stands in its file, and at which UTF-16 offset of `sql` its first token is. */
  readonly origin?: Span;
  readonly offset?: number;
  readonly tag?: string;
  readonly destructive?: readonly string[];
  /** It stands outside a transaction and can simply be sent again: what it did is done, and it goes on. */
  readonly repeatable?: true;
}

/** What every step starts from. Times are PostgreSQL interval texts. */
export interface SessionPins {
  readonly role?: string;
  readonly searchPath?: readonly string[];
  readonly timeZone: string;
  readonly dateStyle: string;
  readonly lockTimeout: string;
  readonly statementTimeout: string;
  readonly checkFunctionBodies: boolean;
}

export const defaultPins: SessionPins = {
  timeZone: "UTC",
  dateStyle: "ISO, MDY",
  lockTimeout: "5s",
  statementTimeout: "0",
  checkFunctionBodies: true,
};

/** A step to compile: what the files say and the statements to run. */
export interface StepInput extends Omit<PlanStep, "destructive"> {
  readonly dependsOn: readonly RevisionId[];
  readonly codeChecksum: string;
  readonly statements: readonly UserStatement[];
  readonly lockTimeout?: string;
  readonly statementTimeout?: string;
  /** The first statement to run, 1-based, when the step was interrupted before. */
  readonly resumeAt?: number;
  /** Statements that make room for it, each alone and outside a transaction. */
  readonly repairs?: readonly string[];
  /** Of a repair: the row as it was shown, to be corrected or (down) deleted, and what the log keeps of that. */
  readonly correction?: { readonly row: Recorded; readonly detail: string };
}

export interface CompileInput {
  readonly kind: Plan["kind"];
  /** Every applied revision, and the heads of that set before and after. */
  readonly applied: readonly RevisionId[];
  readonly from: readonly RevisionId[];
  readonly to: readonly RevisionId[];
  readonly steps: readonly StepInput[];
  /** The interrupted statement that the first step continues from. */
  readonly interrupted?: IntentRef;
  readonly how: How;
  readonly singleTransaction: boolean;
  /** Steps that are done are skipped, from any state on the way; only a script can do that. */
  readonly idempotent?: boolean;
  /** What else must be so before anything is done. */
  readonly expect?: Place;
  readonly pins: SessionPins;
  readonly ledger: LedgerSql;
  readonly sha256: Sha256;
}

/** Compiles steps to the list of statements. No steps: an empty plan, which touches nothing. */
export function compile(input: CompileInput): Plan {
  const { ledger, pins } = input;
  const steps = input.steps.map(planStep);
  let digest = digestOfSet(input.applied, input.sha256);
  const bodies: Batch[] = [];
  const last: LastMade = {};
  for (const [index, step] of input.steps.entries()) {
    const expected = input.idempotent === true ? { ...step, needs: needsOf(step) } : digest;
    for (const batch of stepBatches(input, step, index, expected, last)) bodies.push(batch);
    digest = after(digest, step, input.sha256);
  }
  const result = { count: digest.count, sum: String(digest.sum) };
  const head = { kind: input.kind, from: input.from, to: input.to, steps, result };
  // A stamp says what is so, and with that nothing is half done any more.
  const forgetting: Statement[] =
    input.kind === "stamp" && input.interrupted !== undefined
      ? [{ kind: "ledger", sql: ledger.forget() }]
      : [];
  if (steps.length === 0 && forgetting.length === 0) return { ...head, batches: [] };

  const start = {
    ...startOf(input),
    result: digest,
    ...(input.how === "script" && input.kind !== "repair" ? { again: againOf(input) } : {}),
  };
  const opening: Statement[] = [
    ...session([...resets, ...pinned(pins, "LOCAL")]),
    { kind: "guard", sql: ledger.guardPlace(input.expect ?? {}) },
    ...(input.applied.length === 0 ? [{ kind: "ledger", sql: ledger.create } as const] : []),
    { kind: "guard", sql: ledger.guardStart(start, input.interrupted) },
  ];
  const batches: Batch[] = [locking(ledger)];
  if (input.singleTransaction || input.kind === "stamp") {
    batches.push({
      transactional: true,
      ...(bodies.some((b) => b.separate) ? { separate: true as const } : {}),
      statements: [...opening, ...bodies.flatMap((b) => b.statements), ...forgetting],
    });
  } else {
    batches.push({ transactional: true, statements: opening }, ...bodies);
  }
  batches.push(releasing(ledger));
  return { ...head, batches };
}

/** The plan that creates the ledger where it is missing, and assumes nothing. */
export function compileLedger({ ledger, pins }: Pick<CompileInput, "ledger" | "pins">): Plan {
  const statements: Statement[] = [
    ...session([...resets, ...pinned(pins, "LOCAL")]),
    { kind: "ledger", sql: ledger.create },
  ];
  const batches = [locking(ledger), { transactional: true, statements }, releasing(ledger)];
  return { kind: "ensure", from: [], to: [], steps: [], result: { count: 0, sum: "0" }, batches };
}

const locking = (ledger: LedgerSql): Batch => ({
  transactional: false,
  statements: [...session(lexing), { kind: "lock", sql: ledger.lock }],
});

const releasing = (ledger: LedgerSql): Batch => ({
  transactional: false,
  statements: [...session(resets.slice(0, 2)), { kind: "lock", sql: ledger.unlock }],
});

/** The states a plan may begin in: one, or with `idempotent` each on the way. */
function startOf({ applied, steps, idempotent }: CompileInput): Pick<Start, "atLeast" | "atMost"> {
  if (idempotent !== true) return { atLeast: applied, atMost: applied };
  const moved = new Set(steps.map((step) => step.revision));
  return { atLeast: applied.filter((id) => !moved.has(id)), atMost: [...new Set([...applied, ...moved])] };
}

/** The command that writes this script from another state. */
const againOf = ({ kind, to }: CompileInput): NonNullable<Start["again"]> => ({
  verb: kind,
  target: to.join(",") || "base",
});

const needsOf = (step: StepInput): readonly RevisionId[] => [
  ...new Set([...step.parents, ...step.dependsOn]),
];

function planStep(step: StepInput): PlanStep {
  const destructive = step.statements.slice((step.resumeAt ?? 1) - 1).flatMap((each) => each.destructive);
  const { direction, revision, message, parents, path, checksum, downChecksum, transactional, irreversible } =
    step;
  return {
    direction,
    revision,
    message,
    parents,
    path,
    checksum,
    ...(downChecksum === undefined ? {} : { downChecksum }),
    transactional,
    ...(irreversible === undefined ? {} : { irreversible }),
    ...(destructive.length === 0 ? {} : { destructive }),
  };
}

function after(digest: Digest, step: StepInput, sha256: Sha256): Digest {
  const sign = step.direction === "down" ? -1 : step.correction === undefined ? 1 : 0;
  return { count: digest.count + sign, sum: digest.sum + BigInt(sign) * digestOf(step.revision, sha256) };
}

/** The statements that were made last, and of which batch. */
type LastMade = { of?: Batch; statements?: readonly Statement[] };

/**
 * A batch that makes its statements when they are looked at, and again when others were looked at meanwhile. They are a
 * property like any other, for JSON and for whoever compares plans.
 */
class LateBatch implements Batch {
  declare readonly transactional: boolean;
  declare readonly statements: readonly Statement[];
  readonly #make: () => readonly Statement[];
  readonly #last: LastMade;

  constructor(facts: Omit<Batch, "statements">, make: () => readonly Statement[], last: LastMade) {
    this.#make = make;
    this.#last = last;
    Object.assign(this, facts);
    Object.defineProperty(this, "statements", LateBatch.#statements);
  }

  static readonly #statements = {
    enumerable: true,
    get(this: LateBatch): readonly Statement[] {
      const last = this.#last;
      if (last.of !== this) {
        last.statements = this.#make();
        last.of = this;
      }
      return last.statements!;
    },
  };
}

function stepBatches(
  input: CompileInput,
  step: StepInput,
  index: number,
  expected: Expected,
  last: LastMade,
): Batch[] {
  const when = input.idempotent === true ? { when: input.ledger.pending(step) } : {};
  const separate = step.statements.some((s) => s.changesLexing) ? { separate: true as const } : {};
  if (input.kind === "stamp" || step.correction !== undefined || step.transactional) {
    const facts = { transactional: true, step: index, ...separate, ...when };
    return [new LateBatch(facts, () => transactionOf(input, step, index, expected), last)];
  }
  return outsideBatches(input, step, index, expected).map((batch) => ({
    ...batch,
    step: index,
    ...(batch.transactional ? separate : {}),
    ...when,
  }));
}

/** A step that is one transaction, between its BEGIN and its COMMIT. */
function transactionOf(
  input: CompileInput,
  step: StepInput,
  index: number,
  expected: Expected,
): readonly Statement[] {
  const { ledger, pins } = input;
  const at = (kind: Statement["kind"], sql: string): Statement => ({ kind, sql, step: index });
  const isUp = step.direction === "up";
  const row: NewRow = { ...step, how: input.how };
  if (input.kind === "stamp") {
    return [at("ledger", isUp ? ledger.stampIn({ ...row, how: "stamp" }) : ledger.stampOut(step.revision))];
  }
  if (step.correction !== undefined) {
    const { row: shown, detail } = step.correction;
    const sql = isUp ? ledger.accept(row, detail) : ledger.disown(row, detail);
    return [at("guard", ledger.guardRow(shown)), at("ledger", sql)];
  }
  const held = input.singleTransaction ? "held" : undefined;
  const commits = !input.singleTransaction || index === input.steps.length - 1;
  return [
    ...session([...resets, ...pinned(withTimeouts(pins, step), "LOCAL")], index),
    at("guard", ledger.guardStep(labelOf(step), expected, undefined, held)),
    ...step.statements.flatMap((each, i) => {
      const statement = userStatement(each, index);
      return [...(i === 0 ? [] : relexing(statement)), statement];
    }),
    ...session([...(commits ? [DEFERRED_NOW] : []), ...ourselves(pins)], index),
    at("ledger", isUp ? ledger.recordUp(row, "guard") : ledger.recordDown(row, "guard")),
  ];
}

const labelOf = ({ direction, revision }: StepInput): string =>
  direction === "up" ? `upgrade to ${revision}` : `downgrade of ${revision}`;

/**
 * A step outside a transaction: intent → statement → record, statement by statement. One that may stand in a
 * transaction commits together with the record that it is done, which is the intent of the next.
 */
function outsideBatches(
  input: CompileInput,
  step: StepInput,
  index: number,
  expected: Expected,
): Omit<Batch, "step">[] {
  const { ledger, sha256 } = input;
  const pins = withTimeouts(input.pins, step);
  const label = labelOf(step);
  const row: NewRow = { ...step, how: input.how };
  const user = step.statements.map((each) => userStatement(each, index));
  const at = (kind: Statement["kind"], sql: string): Statement => ({ kind, sql, step: index });
  const batches: Omit<Batch, "step">[] = [];
  let intent = step.resumeAt === undefined ? undefined : input.interrupted;
  // What the author has SET for the session: the ledger is written without it, and then it is set again. A guard reads
  // the ledger, so who the author has become is put behind it.
  const kept = [...settingsBefore(step.statements, step.resumeAt ?? 1)];
  const becomes = step.statements.some((each) => IDENTITY.test(withoutComments(each)));
  const before = (): string[] => [
    ...(becomes ? ["SET SESSION AUTHORIZATION DEFAULT", "SET ROLE NONE"] : []),
    ...pinned(pins, "SESSION"),
  ];
  const settings = (): string[] => kept.filter((sql) => !IDENTITY.test(sql));
  const identity = (): Statement[] =>
    session(
      kept.filter((sql) => IDENTITY.test(sql)),
      index,
    );
  const guarded = (first: readonly string[]): Statement[] => [
    ...session([...first, ...before(), ...settings()], index),
    at("guard", ledger.guardStep(label, expected, intent)),
    ...identity(),
  ];
  const outside = (text: Statement, statement?: UserStatement): Batch => {
    // A fuse: only the guard turns writing on again, so a client that goes on after an error does no harm.
    return {
      transactional: false,
      statements: [
        ...session([...before(), ...timeoutsOutside(step, statement), ...settings(), FUSE], index),
        at("guard", ledger.guardFuse(label, expected, intent!)),
        ...identity(),
        text,
      ],
    };
  };

  const commit = (statements: readonly Statement[]): void => {
    batches.push({ transactional: true, statements });
  };
  /** Ends a transaction with the intent of statement `number`. */
  const intend = (statements: readonly Statement[], number: number): void => {
    const hash = sha256(step.statements[number - 1]!.sql);
    const done = statementsHash(step.statements.slice(0, number - 1), sha256);
    const { revision, direction } = step;
    const of = step.statements.length;
    commit([
      ...statements,
      ...session([...deferredNow(statements), ...ourselves(input.pins)], index),
      at("ledger", ledger.intend({ revision, direction, statement: number, of, hash, before: done })),
    ]);
    intent = { revision, statement: number, hash };
  };

  /** The transaction that is being filled; begun when there is something for it. */
  let open: Statement[] | undefined = guarded(resets);
  if (step.repairs !== undefined && step.repairs.length > 0) {
    commit(open);
    batches.push(...step.repairs.map((sql) => outside(at("repair", `${sql};`))));
    open = undefined;
  }
  for (const [i, statement] of step.statements.entries()) {
    const number = i + 1;
    if (number < (step.resumeAt ?? 1)) continue;
    const setting = isSetting(statement);
    const sent = user[i]!;
    if (statement.transactional && !statement.mayCommit) {
      open ??= guarded([]);
      open.push(...(i === 0 ? [] : relexing(sent)), sent);
      if (setting) kept.push(withoutComments(statement));
      // It commits by itself, with the record that it is done; a setting is the beginning of what comes next.
      if (setting || number === step.statements.length) continue;
      intend(open, number + 1);
      open = undefined;
      continue;
    }
    if (intent?.statement !== number) intend(open ?? guarded([]), number);
    else if (open !== undefined) commit(open);
    batches.push(outside(sent, statement));
    const notDone = undone(statement.probe);
    open = notDone === undefined ? undefined : [...guarded([]), at("guard", ledger.guardDone(notDone))];
  }
  const record =
    step.direction === "up" ? ledger.recordUp(row, "progress") : ledger.recordDown(row, "progress");
  open ??= guarded([]);
  commit([
    ...open,
    ...session([...deferredNow(open), ...ourselves(input.pins)], index),
    at("ledger", record),
    at("ledger", ledger.forget()),
  ]);
  return batches;
}

/**
 * What a file's statements have deferred is done before we are ourselves again: with the file's settings, and with the
 * role that it has switched to, as its own COMMIT would do it.
 */
export const DEFERRED_NOW = "SET CONSTRAINTS ALL IMMEDIATE";

const deferredNow = (statements: readonly Statement[]): readonly string[] =>
  statements.some(({ kind, tag = "" }) => kind === "user" && !/^(?:SET|RESET)$/.test(tag))
    ? [DEFERRED_NOW]
    : [];

const FUSE = "SET default_transaction_read_only = on";

const isSetting = ({ tag }: UserStatement): boolean => /^(?:SET|RESET)$/.test(tag);

/** A setting that makes the session another role's. */
const IDENTITY =
  /^(?:SET\s+(?:(?:SESSION|LOCAL)\s+)?(?:ROLE|SESSION\s+AUTHORIZATION)|RESET\s+(?:ROLE|SESSION\s+AUTHORIZATION))\b/i;

/** What the statements before the one of that number (1-based) have set for the session; without `;`. */
export function settingsBefore(statements: readonly UserStatement[], number: number): readonly string[] {
  return statements
    .slice(0, number - 1)
    .filter(isSetting)
    .map(withoutComments);
}

/** The statement alone, without a `;`. */
function withoutComments({ sql, offset, origin }: UserStatement): string {
  return sql.slice(offset, offset + origin.end - origin.start).replace(/;$/, "");
}

/**
 * A lock timeout would leave half an index, and a statement timeout would end all rounds of a batch, not one: unless
 * the header says otherwise.
 */
function timeoutsOutside(
  { lockTimeout, statementTimeout }: StepInput,
  statement: UserStatement | undefined,
): string[] {
  if (statement?.batched === true)
    return statementTimeout === undefined ? ["SET statement_timeout = '0'"] : [];
  return lockTimeout === undefined ? ["SET lock_timeout = '0'"] : [];
}

/** The hash that says whether the statements before an interrupted one are still the same. */
export function statementsHash(statements: readonly UserStatement[], sha256: Sha256): string {
  return sha256(statements.map((s) => s.sql).join("\n\0\n"));
}

function userStatement(statement: UserStatement, step: number): Statement {
  return {
    kind: "user",
    sql: statement.sql,
    step,
    origin: statement.origin,
    offset: statement.offset,
    tag: statement.tag,
    ...(statement.destructive.length > 0 ? { destructive: statement.destructive } : {}),
    ...(statement.batched === true ? { repeatable: true } : {}),
  };
}

function withTimeouts(pins: SessionPins, step: StepInput): SessionPins {
  return {
    ...pins,
    ...(step.lockTimeout === undefined ? {} : { lockTimeout: step.lockTimeout }),
    ...(step.statementTimeout === undefined ? {} : { statementTimeout: step.statementTimeout }),
  };
}

/** What a message is lexed with. These outlive a commit, because a message is lexed before its SETs run. */
const lexing = ["SET client_encoding = 'UTF8'", "SET standard_conforming_strings = on"];

/**
 * What is put before a statement with a backslash: it must be read as the grammar read it, whatever the statements
 * before it have set. Else psql could take a part of a string for a command of its own, such as one for the shell.
 */
const relexing = ({ sql, step }: Statement): Statement[] => (sql.includes("\\") ? session(lexing, step) : []);

/** Nothing one file leaves behind reaches the next. Not DISCARD ALL, which would drop the lock. */
const resets = [
  "SET SESSION AUTHORIZATION DEFAULT",
  "RESET ALL",
  "DEALLOCATE ALL",
  "CLOSE ALL",
  "UNLISTEN *",
  "DISCARD TEMP",
  "DISCARD SEQUENCES",
];

/** What each transaction of ours begins with, on one line: how other sessions see it. */
export const OUR_BEGINNING = `BEGIN; ${resets.slice(0, 2).join("; ")};`;

/** `search_path = …`, to be SET. */
export const searchPathIs = (schemas: readonly string[]): string =>
  `search_path = ${schemas.map(identifier).join(", ")}`;

function pinned(pins: SessionPins, scope: "LOCAL" | "SESSION"): string[] {
  const set = scope === "LOCAL" ? "SET LOCAL" : "SET";
  return [
    ...lexing,
    `${set} DateStyle = ${literal(pins.dateStyle)}`,
    `${set} TimeZone = ${literal(pins.timeZone)}`,
    ...(pins.searchPath === undefined ? [] : [`${set} ${searchPathIs(pins.searchPath)}`]),
    `${set} lock_timeout = ${literal(pins.lockTimeout)}`,
    `${set} statement_timeout = ${literal(pins.statementTimeout)}`,
    `${set} check_function_bodies = ${pins.checkFunctionBodies ? "on" : "off"}`,
    ...(pins.role === undefined ? [] : [`${set} ROLE ${identifier(pins.role)}`]),
  ];
}

/**
 * Back to our own identity before the ledger is written, whatever the user's statements switched to; and to settings
 * that the next message is read with and the next transaction begins with, before its own resets can run.
 */
function ourselves(pins: SessionPins): string[] {
  return [
    "SET LOCAL SESSION AUTHORIZATION DEFAULT",
    "RESET ALL",
    ...lexing,
    `SET LOCAL ROLE ${pins.role === undefined ? "NONE" : identifier(pins.role)}`,
    "SET LOCAL search_path = pg_catalog, pg_temp",
  ];
}

function session(texts: readonly string[], step?: number): Statement[] {
  return texts.map((sql) => ({ kind: "session", sql: `${sql};`, ...(step === undefined ? {} : { step }) }));
}

/** A text as the server receives it, and the statement it is; BEGIN and COMMIT have none of their own. */
export interface Text {
  readonly sql: string;
  readonly batch: number;
  readonly statement?: Statement;
}

/** The texts of one batch in order, its transaction boundary included. Runner and script both read this. */
export function textsOf(plan: Plan, batch: number): readonly Text[] {
  const { transactional, statements } = plan.batches[batch]!;
  const texts = statements.map((statement): Text => ({ sql: statement.sql, batch, statement }));
  return transactional ? [{ sql: "BEGIN;", batch }, ...texts, { sql: "COMMIT;", batch }] : texts;
}

/** What goes to the server next: messages, each sent at once, and the batch that comes after them. */
export interface Group {
  readonly messages: readonly (readonly Text[])[];
  readonly next: number;
}

/** How much may be sent at once. */
export interface GroupLimits {
  readonly batches: number;
  /** UTF-16 units of SQL. */
  readonly size: number;
}

/**
 * The batches from `first` on that are sent together. Transactions share a message: the server stops at the first
 * error and skips the rest of it, and each step's guard makes a later one impossible without those before it. After
 * a failure the plan goes on from the batch that failed.
 */
export function groupFrom(plan: Plan, first: number, limits: GroupLimits): Group {
  if (!joins(plan.batches[first]!)) return { messages: alone(textsOf(plan, first)), next: first + 1 };
  const message: Text[] = [];
  let next = first;
  let size = 0;
  do {
    const texts = textsOf(plan, next);
    // Not spread: a file may have more statements than a call may have arguments.
    for (const text of texts) message.push(text);
    size += texts.reduce((sum, { sql }) => sum + sql.length, 0);
    next += 1;
  } while (
    next < plan.batches.length &&
    next - first < limits.batches &&
    size < limits.size &&
    joins(plan.batches[next]!)
  );
  return { messages: [message], next };
}

/** Whether a batch may share a message with others: transactions, and what is ours alone, such as the end of the plan. */
function joins({ transactional, separate, statements }: Batch): boolean {
  if (separate !== undefined) return false;
  return transactional || statements.every(({ kind }) => kind === "session" || kind === "lock");
}

/** User statements one by one, and our own between them together; but what follows a setting is read after it. */
function alone(texts: readonly Text[]): (readonly Text[])[] {
  const messages: Text[][] = [];
  let ours: Text[] = [];
  for (const text of texts) {
    if (text.statement?.kind === "user" || text.statement?.kind === "repair") {
      if (ours.length > 0) messages.push(ours);
      messages.push([text]);
      ours = [];
      continue;
    }
    if (ours.at(-1)?.statement?.kind === "session" && text.statement?.kind !== "session") {
      messages.push(ours);
      ours = [];
    }
    ours.push(text);
  }
  if (ours.length > 0) messages.push(ours);
  return messages;
}
