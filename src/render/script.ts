/**
 * A plan → the offline script: the same texts in the same order, laid out for a person to review and for a client
 * to run. Nothing here decides what is sent; same plan and form, same bytes.
 */
import { MigrateError } from "../core/errors.ts";
import type { LedgerSql } from "../core/ledger-sql.ts";
import type { Plan, PlanStep, Statement } from "../core/plan.ts";
import { commentText } from "../core/quote.ts";
import { type Part, partsOf } from "../core/split.ts";
import {
  beginSkip,
  endSkip,
  heading,
  layOut,
  newPage,
  type Page,
  sessionLines,
  stepName,
  wrapped,
} from "./section.ts";

/** How a script is laid out. */
export interface ScriptForm {
  /** `psql`: with its settings and progress lines. `any`: SQL alone, for clients that send a file as it is. */
  readonly client: "psql" | "any";
  /** A line above each of the user's statements that says what it is. */
  readonly annotate: boolean;
}

export const defaultForm: ScriptForm = { client: "psql", annotate: true };

/** A script and its receipt: the SHA-256 of the bytes between the lines `-- begin plan` and `-- end plan`. */
export interface Script {
  readonly receipt: string;
  readonly text: string;
  /** The same in pieces, each laid out when it is asked for: a long script need not stand in memory at once. */
  pieces(): Iterable<string>;
}

const BEGIN_PLAN = "-- begin plan";
const END_PLAN = "-- end plan";

/**
 * The whole plan as one script. An empty plan is a script of comments. Throws `source/psql-string` for a statement
 * that psql reads otherwise than the server.
 */
export function renderScript(plan: Plan, ledger: LedgerSql, form: ScriptForm = defaultForm): Script {
  const closing = (receipt: string): Closing => ({
    receipt: ledger.receipt(receipt, rangeOf(plan), digestOf(plan)),
    check: [ledger.check(digestOf(plan)), ledger.summary(plan.to, receipt)],
  });
  return document(
    plan,
    ledger,
    form,
    () => titleOf(plan, form),
    () => bodyOf(plan, form),
    plan.steps.length === 0 ? undefined : closing,
  );
}

/** UTF-16 units that are worth to be written by themselves. */
const PIECE = 16 * 1024;

/** What stands between the lines `-- begin plan` and `-- end plan`. */
function* bodyOf(plan: Plan, form: ScriptForm): Generator<string> {
  const page = newPage();
  for (const [index, { step, when }] of plan.batches.slice(0, -1).entries()) {
    const isFirst = step === undefined || plan.batches[index - 1]!.step !== step;
    const isLast = step === undefined || plan.batches[index + 1]!.step !== step;
    layOut(
      page,
      plan,
      index,
      form,
      isFirst && when !== undefined ? (own) => beginSkip(own, when) : undefined,
    );
    if (isLast && when !== undefined) endSkip(page, plan, step!);
    if (page.size >= PIECE) yield page.take();
  }
  yield page.take();
}

/** A file of a split script. */
export interface SplitScript extends Script {
  readonly name: string;
}

/**
 * One numbered file for each transaction boundary, each with its own lock and guard; to be run in order. Throws
 * `source/psql-string`, and `source/not-splittable` where a statement needs what another left in its session.
 */
export function renderSplit(
  plan: Plan,
  ledger: LedgerSql,
  form: ScriptForm = defaultForm,
): readonly SplitScript[] {
  const parts = partsOf(plan);
  const width = Math.max(4, String(parts.length).length);
  const files: SplitScript[] = [];
  for (const part of parts) {
    const name = `${String(part.index + 1).padStart(width, "0")}_${nameOf(plan, part)}.sql`;
    const place = `file ${part.index + 1} of ${parts.length}`;
    const title = partTitle(plan, part, form, place, name);
    const previous = files.at(-1)?.receipt;
    const isLast = part.index === parts.length - 1;
    const script = isAlone(part, form)
      ? aloneFile(plan, part, ledger, form, title)
      : partFile(plan, part, ledger, form, { title, place, previous, isLast });
    files.push({ ...script, name });
  }
  return files;
}

/** The bytes of a script that its receipt is the SHA-256 of; undefined where the two lines are not there. */
export function receiptBytes(script: string): string | undefined {
  const begin = script.startsWith(`${BEGIN_PLAN}\n`) ? 0 : script.indexOf(`\n${BEGIN_PLAN}\n`) + 1;
  const end = script.lastIndexOf(`\n${END_PLAN}\n`) + 1;
  if (!script.startsWith(`${BEGIN_PLAN}\n`, begin) || end <= begin) return undefined;
  return script.slice(begin + BEGIN_PLAN.length + 1, end);
}

/** The receipt that a script's title states; undefined where it states none. */
export function statedReceipt(script: string): string | undefined {
  const title = script.slice(0, Math.max(0, script.indexOf(`\n${BEGIN_PLAN}\n`)));
  return /^-- Receipt: sha256:([0-9a-f]{64})$/m.exec(title)?.[1];
}

/** Steps that a client which sends all text at once would break: they have statements outside a transaction. */
export function outsideSteps(plan: Plan): readonly PlanStep[] {
  return plan.steps.filter((step) => !step.transactional);
}

// -------------------------------------------------------------------------------------------------- the whole file

/** What stands behind the plan. */
interface Closing {
  /** The statement that writes the receipt. */
  readonly receipt?: string;
  /** Statements of a transaction that only reads. */
  readonly check: readonly string[];
}

/** Title, settings, plan and closing. The lock is held to the end, so what is checked is what was done. */
function document(
  plan: Plan,
  ledger: LedgerSql,
  form: ScriptForm,
  title: () => Iterable<string>,
  body: () => Iterable<string>,
  closing: ((receipt: string) => Closing) | undefined,
): Script {
  const laidOut = keptIfShort(body);
  const receipt = ledger.sha256(laidOut());
  const head = function* (): Generator<string> {
    const page = newPage();
    const isEmpty = plan.batches.length === 0;
    let isFirst = true;
    for (const line of title()) {
      page.add(comment(line));
      if (isFirst && !isEmpty) page.add(`-- Receipt: sha256:${receipt}`);
      isFirst = false;
      if (page.size >= PIECE) yield page.take();
    }
    if (!isEmpty) pinClient(page, form);
    yield page.take();
  };

  const tail = newPage();
  if (closing !== undefined) closingLines(tail, ledger, closing(receipt));
  const release = plan.batches.at(-1);
  if (release !== undefined) {
    tail.gap();
    tail.add("-- Lock: given back.", ...wrapped(release.statements.map((statement) => statement.sql)));
    if (form.client === "psql") tail.add("\\set QUIET off", "\\echo 'retort: done'");
  }
  const ending = tail.take();
  if (`\n${ending}`.includes(`\n${END_PLAN}\n`)) throw endsEarly();
  return scriptOf(head, laidOut, ending, receipt);
}

/** UTF-16 units; as much as a thousand migrations take. */
const SHORT = 4 * 1024 * 1024;

/** The same pieces, which are not made again where there are few. */
function keptIfShort(pieces: () => Iterable<string>): () => Iterable<string> {
  let kept: string[] | undefined;
  return function* () {
    if (kept !== undefined) return yield* kept;
    const made: string[] = [];
    let size = 0;
    for (const piece of pieces()) {
      size += piece.length;
      if (size <= SHORT) made.push(piece);
      yield piece;
    }
    if (size <= SHORT) kept = made;
  };
}

function scriptOf(
  head: () => Iterable<string>,
  body: () => Iterable<string>,
  ending: string,
  receipt: string,
): Script {
  const pieces = function* (): Generator<string> {
    yield* head();
    yield `\n${BEGIN_PLAN}\n`;
    yield* body();
    yield `${END_PLAN}\n`;
    if (ending !== "") yield `\n${ending}`;
  };
  return {
    receipt,
    pieces,
    get text() {
      return [...pieces()].join("");
    },
  };
}

function closingLines(page: Page, ledger: LedgerSql, { receipt, check }: Closing): void {
  if (receipt === undefined && check.length === 0) return;
  heading(page, [check.length === 0 ? "The receipt" : "What was done, and whether it is what was promised"]);
  if (receipt !== undefined) {
    page.gap();
    page.add(
      "BEGIN;",
      ledger.ourselves,
      "-- Ledger: the receipt of this script; `migrate log` shows it.",
      receipt,
      "COMMIT;",
    );
  }
  if (check.length > 0) {
    page.gap();
    page.add(
      "BEGIN TRANSACTION READ ONLY;",
      "-- Guard: stops unless exactly what was promised is applied.",
      ...check,
      "COMMIT;",
    );
  }
}

/** Only the name of a ledger could bring that line behind the plan. */
const endsEarly = (): MigrateError =>
  new MigrateError({
    code: "usage/ledger-name",
    message: `a name of the ledger holds the line '${END_PLAN}'`,
    hint: "give the ledger another name in migrate.config.json",
  });

/** What a `.psqlrc` or a flag may have set otherwise: then a guard that stops would not stop what follows. */
function pinClient(page: Page, { client }: ScriptForm): void {
  page.gap();
  if (client === "psql") {
    page.add("-- psql: stops at the first error, sends each statement as it stands, says little.");
    page.add(...PSQL_SETTINGS.map((setting) => `\\set ${setting}`), "\\pset pager off");
    return;
  }
  // A text that is sent at once has been cut into strings before its first SET is run.
  page.add(
    "-- Stops in a session that does not read backslashes as standard SQL does.",
    "SELECT pg_catalog.concat('retort: first, in this session: SET standard_conforming_strings = on')::integer",
    "  WHERE pg_catalog.length('\\\\') <> 2;",
  );
}

const PSQL_SETTINGS = [
  "ON_ERROR_STOP on",
  "ON_ERROR_ROLLBACK off",
  "AUTOCOMMIT on",
  "SINGLELINE off",
  "SINGLESTEP off",
  "FETCH_COUNT 0",
  "QUIET on",
] as const;

// ------------------------------------------------------------------------------------------------------- the title

const SIGNS = { up: "+", down: "-" } as const;

const planOf = (plan: Plan): string =>
  plan.kind === "ensure"
    ? "creates the ledger where it is missing; safe to run twice"
    : `${plan.kind} ${plan.from.join(", ") || "<base>"} -> ${plan.to.join(", ") || "<base>"}`;

const rangeOf = (plan: Plan): string => `${plan.from.join(",") || "base"}:${plan.to.join(",") || "base"}`;

const digestOf = ({ result }: Plan): { count: number; sum: bigint } => ({
  count: result.count,
  sum: BigInt(result.sum),
});

/** The lines of the title, the first of which says what this is. */
function* titleOf(plan: Plan, form: ScriptForm): Generator<string> {
  yield `Retort migration script: ${planOf(plan)}`;
  if (plan.batches.length === 0) return yield "Nothing to do.";
  yield* ["", "Run it with:"];
  yield* runWith(form, plan.kind === "ensure" ? "ledger.sql" : "migration.sql");
  if (plan.kind === "ensure") return;
  const transactions = plan.batches.filter((batch) => batch.transactional).length + CLOSING_TRANSACTIONS;
  const outside = plan.batches.slice(1, -1).filter((batch) => !batch.transactional).length;
  yield* ["", ...startsFrom(plan)];
  yield `Transactions: ${transactions}; statements outside any: ${outside}. A step that fails is rolled back; those before stay.`;
  yield* warnings(plan);
  yield* ["", "Steps:"];
  for (const [index, step] of plan.steps.entries()) yield* stepTitle(step, index, plan.steps.length);
}

/** The receipt's and the check's. */
const CLOSING_TRANSACTIONS = 2;

function startsFrom(plan: Plan): string[] {
  if (plan.batches.some((batch) => batch.when !== undefined)) {
    return [
      "It applies what is missing and skips what is done. In a state that does not lie on the way it stops, with",
      "nothing changed. It can be run again at any time.",
    ];
  }
  const { from } = plan;
  if (from.length === 0) return ["It stops, with nothing changed, where any revision is applied already."];
  return [
    "It stops, with nothing changed, unless exactly this is applied:",
    `  ${from.join(", ")} and all that ${from.length === 1 ? "it needs" : "they need"}.`,
  ];
}

function runWith({ client }: ScriptForm, file: string): string[] {
  if (client === "psql") return [`  psql -X -v ON_ERROR_STOP=1 -f ${file} DATABASE`];
  return [
    "  any client that sends the text as it is, in one session, and stops at the first error.",
    "  After an error close the session: it may still hold the lock.",
  ];
}

function stepTitle(step: PlanStep, index: number, of: number): string[] {
  const width = String(of).length;
  const margin = " ".repeat(width + 6);
  const { direction, revision, message, path, checksum, downChecksum } = step;
  return [
    `  ${String(index + 1).padStart(width)}. ${SIGNS[direction]} ${revision}${message === "" ? "" : `  ${commentText(message)}`}`,
    ...(path === "" ? [] : [`${margin}${commentText(fileName(path))}`]),
    ...(checksum === "" ? [] : [`${margin}checksum ${downChecksum ?? checksum}`]),
  ];
}

/** What a person must know before: what cannot be undone, and what is lost. */
function warnings({ kind, steps, batches }: Plan): string[] {
  const where = (step: number): string => `  step ${step + 1}, ${steps[step]!.revision}: `;
  const outside = batches
    .filter(({ transactional }) => !transactional)
    .flatMap(({ statements }) => statements.filter(({ kind }) => kind === "user"))
    .map(({ tag, step }) => `${where(step!)}${tag} runs outside a transaction`);
  const losses = steps.flatMap(({ destructive = [] }, step) =>
    destructive.map((loss) => where(step) + commentText(loss)),
  );
  const oneWay = steps.flatMap(({ direction, irreversible }, step) =>
    irreversible === undefined || direction === "down" || kind === "stamp"
      ? []
      : [where(step) + commentText(irreversible)],
  );
  return [
    ...titled("Cannot be rolled back:", outside),
    ...titled("Has no way back, once it is applied:", oneWay),
    ...titled("Takes data or objects away:", losses),
  ];
}

const titled = (name: string, texts: readonly string[]): string[] =>
  texts.length === 0 ? [] : ["", name, ...texts];

const comment = (text: string): string => (text === "" ? "--" : `-- ${text}`);

function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

// ------------------------------------------------------------------------------------------------------ split files

/** Is it a file for a client that can only send its one statement? */
const isAlone = ({ transactional }: Part, { client }: ScriptForm): boolean =>
  client === "any" && !transactional;

/** The part of a file's name that says what is in it: letters, digits, `_` and `.` only. */
function nameOf(plan: Plan, { step, number, of }: Part): string {
  if (step === undefined) return plan.kind === "stamp" ? "stamp" : "start";
  const { direction, revision } = plan.steps[step]!;
  return `${direction}_${revision}${of === 1 ? "" : `_${number}_of_${of}`}`;
}

function partTitle(plan: Plan, part: Part, form: ScriptForm, place: string, name: string): string[] {
  const { index, step, number, of, follows } = part;
  const alone = isAlone(part, form);
  const run = alone
    ? ["  a client that sends this statement alone, outside a transaction."]
    : runWith(form, name);
  return [
    `Retort migration script, ${place}: ${planOf(plan)}`,
    ...(step === undefined ? [] : [`${stepName(plan, step)}${of === 1 ? "" : `; part ${number} of ${of}`}`]),
    "",
    "Run it with:",
    ...run,
    "",
    index === 0
      ? "The files are run in the order of their names, each when the one before it has succeeded."
      : "Only when the file before it has succeeded.",
    ...(follows && form.client === "any" ? ["SQL alone cannot always tell whether it has."] : []),
    ...(alone ? ALONE : []),
  ];
}

const ALONE = [
  "",
  "The statement must be sent alone, so this file has no lock, no guard and no settings of its own.",
  "The file before it has guarded the state, and recorded that this comes next; the file after it",
  "guards that nothing else has happened in between. If this one fails, do not run that one.",
];

interface FileForm {
  readonly title: readonly string[];
  readonly place: string;
  /** The receipt of the file before it. */
  readonly previous: string | undefined;
  readonly isLast: boolean;
}

function partFile(
  plan: Plan,
  part: Part,
  ledger: LedgerSql,
  form: ScriptForm,
  { title, place, previous, isLast }: FileForm,
): Script {
  const page = newPage();
  layOut(page, plan, 0, form);
  if (part.index > 0) {
    page.gap();
    page.add("-- Guard: this session has the lock, and is in the right place.");
    page.add(plan.batches[1]!.statements.find(({ kind }) => kind === "guard")!.sql);
  }
  if (part.session.length > 0) {
    page.gap();
    page.add("-- Session: as this step begins.", ...sessionLines(part.session, form));
  }
  const range = `${rangeOf(plan)} (${place})`;
  if (!part.transactional) {
    page.gap();
    page.add("-- Guard: this file was not run already.");
    page.add(ledger.guardFile({ isNot: range }, `this is ${place}, and it was run already`));
  }
  if (part.follows && previous !== undefined && form.client === "psql") {
    page.gap();
    page.add("-- Guard: the file before this one was the last that was run.");
    page.add(
      ledger.guardFile(
        { is: previous },
        `this is ${place}, and the file before it was not the last that was run`,
      ),
    );
  }
  layOut(page, plan, part.batch, form);
  const receiptOf = (receipt: string): Partial<Closing> => {
    if (part.transactional && !part.records) return {};
    return { receipt: ledger.receipt(receipt, range, part.transactional ? "step" : "lock") };
  };
  const body = page.take();
  return document(
    plan,
    ledger,
    form,
    () => title,
    () => [body],
    (receipt) => ({
      ...receiptOf(receipt),
      check: isLast ? [ledger.check(digestOf(plan)), ledger.summary(plan.to, receipt)] : [],
    }),
  );
}

/** The one statement, and as comments what a client that keeps its session may send before it. */
function aloneFile(
  plan: Plan,
  { batch, settings }: Part,
  ledger: LedgerSql,
  form: ScriptForm,
  title: readonly string[],
): Script {
  const [setting] = settings;
  if (setting !== undefined) throw notCarried(setting);
  const { statements } = plan.batches[batch]!;
  const before = statements.filter(({ kind, sql }) => kind === "session" && !sql.startsWith(FUSE));
  const user = statements.find(({ kind }) => kind === "user")!;
  const body = `${user.sql}\n`;
  const receipt = ledger.sha256([body]);
  const page = newPage();
  page.add(comment(title[0]!), `-- Receipt: sha256:${receipt}`, ...title.slice(1).map(comment));
  page.add("--", "-- A client that keeps its session can send these before it, one at a time:");
  page.add(
    ...sessionLines(before, form)
      .flatMap((line) => line.split(/\r\n|\r|\n/))
      .map((line) => `--   ${commentText(line)}`),
  );
  const head = page.take();
  return scriptOf(
    () => [head],
    () => [body],
    "",
    receipt,
  );
}

const notCarried = ({ tag, origin }: Statement): MigrateError =>
  new MigrateError({
    code: "source/not-splittable",
    message: `this ${tag} is for a statement outside a transaction, which a client other than psql must send alone`,
    hint: "write the files for psql (leave --client any out), or set it for the role: ALTER ROLE … SET …",
    ...(origin === undefined ? {} : { location: origin }),
  });

const FUSE = "SET default_transaction_read_only";
