/** A plan, one of its statements and what the server answered → the error as the user must see it: where, what is so now, what to type. */

import { characterHint } from "../characters.ts";
import { cancelled, GOES_ON, MigrateError, NOTHING } from "../errors.ts";
import { extensionHint } from "../extensions.ts";
import { asOptions, type OptionNames } from "../option-names.ts";
import { typeHere } from "../other-databases.ts";
import type { Batch, Plan, PlanStep, Statement } from "../plan/types.ts";
import { qualified } from "../quote.ts";
import type { SessionInfo } from "../session-info.ts";
import type { Location } from "../source.ts";
import { type Failure, quotedName, refusalOf, serversHint, withoutPasswords } from "./failure.ts";
import { type LimitOptions, sessionLimitHint, startTimeoutHint, timeoutIn } from "./limits.ts";
import { missingHint } from "./missing.ts";
import { notDone } from "./own.ts";
import { hasFailedInWalk, offsetOf, placeOf, type SourceText, untranslatable } from "./place.ts";
import { asOwner, deniedIn, type Roles, rightsHint, whom } from "./rights.ts";
import {
  type Elsewhere,
  elsewhereHint,
  missingSchema,
  noSchemaHint,
  type Shut,
  searchPathOf,
  settingPath,
  shutHint,
  systemsFirstHint,
} from "./search-path.ts";

export interface Explaining extends Roles {
  readonly sourceText: SourceText;
  /** The user asked to stop. */
  readonly aborted: boolean;
  /** The sessions that a statement waited for that met a limit. */
  readonly holders?: readonly SessionInfo[] | undefined;
  /** The options that its connection was given, as in PGOPTIONS. */
  readonly connectionOptions?: string | undefined;
  /** What messages call the options; by default they are those of the API. */
  readonly names?: OptionNames | undefined;
  /** Undefined where it has none: then what limits it is configured. */
  readonly limitOptions?: LimitOptions | undefined;
  /** Where the scratch database is that the plan runs on, if it runs on one. */
  readonly scratch?: string | undefined;
  /** Undefined where there are none. */
  readonly shut?: Shut | undefined;
  /** Undefined where no other schema has a relation of the name that is not found. */
  readonly elsewhere?: Elsewhere | undefined;
  /** The whole name of the invalid index that bears the name of the one to be built, if it does. */
  readonly invalid?: string | undefined;
  /** What leads out where the step failed because what it does is done already; undefined where that is not why. */
  readonly recording?: string | undefined;
  /**
   * What to type to go on, where the same command would count its steps anew. Of a step that was rolled back, undefined also
   * where it was the first: nothing is done that would not be counted.
   */
  readonly again?: ((step: PlanStep | undefined) => string | undefined) | undefined;
  /**
   * What became of what is not found, where an earlier file has or would have made it, or which file has made what depends on
   * what is to go; and what to type.
   */
  readonly gone?: string | undefined;
  /** Whoever runs the plan tells himself what is so now, and where it ran: the hint is only what to do. */
  readonly adviceOnly?: boolean | undefined;
}

/** A statement of a plan failed. `failure` is kept as the cause. */
export function explain(
  plan: Plan,
  batch: Batch,
  statement: Statement,
  failure: Failure,
  explaining: Explaining,
): MigrateError {
  const { sourceText, aborted, runsAs, connectionOptions, scratch, recording, again, gone, adviceOnly } =
    explaining;
  const { purpose, origin } = statement;
  const { sqlstate } = failure;
  const step = stepOf(plan, batch, statement);
  const error = errorOf.bind(undefined, failure);
  const goesOn = again?.(step);
  // Whoever finishes such a step in another way has done what the same command counts.
  const finishes = again?.(undefined);
  // Nothing tells how much of it was committed: the next run does not begin it anew.
  const resumes = batch.statements.some(({ trace }) => trace?.kind === "commits")
    ? `check by hand what of it is done, then ${runAgain(finishes, "it says what to type")}`
    : runAgain(finishes, "it resumes here");
  const stateAnd = (next: string): string =>
    scratch === undefined ? whatIsSo(plan, batch, step, { next, again: goesOn }) : onScratch(scratch);
  // What is done is compared with the file before anything goes on.
  const fix =
    (statement.number ?? 1) > 1
      ? "fix the cause, leaving the statements before this one as they are, and"
      : "fix the cause and";
  const state = adviceOnly === true ? undefined : stateAnd(`${fix} ${resumes}`);
  const refusal = refusalOf(failure);
  if (refusal !== undefined) return error(refusal.code, refusal.message, refusal.hint);
  if (sqlstate === "57014" && aborted)
    return cancelled(scratch === undefined ? stateAnd(`to continue, ${resumes}`) : NOTHING, failure);
  if (failure.lost) return connectionLost(failure, { scratch, connectionOptions, plan: { again: finishes } });
  const said = withoutPasswords(failure, statement);
  const message = messageOf(said);
  if (origin !== undefined) {
    // What an up file uses and no migration leaves there is where the user looks first, behind where the database has it; the
    // server's own hint comes last.
    const extension = extensionHint(said.message);
    const lacking =
      gone !== undefined
        ? gone
        : scratch === undefined || step?.direction !== "up" || extension !== undefined
          ? undefined
          : missingHint(said.message, explaining.names);
    const walk = walkHint(statement, failure);
    const shut = shutHint(statement, failure, explaining.shut);
    const setBy = settingPath(
      plan.batches.flatMap(({ statements }) => statements),
      origin,
    );
    const { settings } = plan;
    const elsewhere = elsewhereHint(statement, failure, explaining.elsewhere, {
      settings,
      setBy,
      setTo: searchPathOf(plan, statement),
    });
    const advice =
      adviceOf(failure, statement, {
        step,
        isShared: batch.step === undefined,
        connectionOptions,
        names: explaining.names,
      }) ??
      noSchemaHint(failure, {
        settings,
        setBy,
        madeIn: scratch === undefined ? "run" : "scratch",
        role: whom(plan.role, runsAs),
        given: explaining.searchPath,
      }) ??
      systemsFirstHint(statement, failure, { settings, setBy }) ??
      timeoutIn(plan, origin, failure, explaining) ??
      encodingHint(statement, failure, step) ??
      otherSqlHint(statement, failure) ??
      extension ??
      leftIndex(explaining.invalid) ??
      deniedIn(plan, statement, failure, explaining) ??
      shut ??
      elsewhere ??
      misleadingIn(statement, failure);
    // Where another schema has it, the migrations did leave it there.
    const missing = gone === undefined && elsewhere !== undefined ? undefined : lacking;
    const servers = serversHint(said);
    const hints = missing === undefined ? [servers, advice] : [shut ?? elsewhere, missing, servers];
    return error(
      "execution/statement",
      message,
      // What is in such a schema is not undone, and what is half done is not done.
      lines(
        ...(walk === undefined ? hints : [walk]),
        state,
        (shut ?? elsewhere ?? explaining.invalid) === undefined ? recording : undefined,
      ),
      placeOf(statement, failure, sourceText),
    );
  }
  const setting = refusedSetting(statement, failure);
  if (setting !== undefined)
    return error(
      "execution/own-statement",
      `the server refuses ${setting}: ${message}`,
      lines(failure.hint, `correct ${setting} in the config file; ${NOTHING}`),
    );
  const of = step === undefined ? "" : ` of revision ${step.revision} (${step.path})`;
  const commits = purpose === "commit" || purpose === "defer";
  const failed = commits
    ? `the commit${of} failed`
    : // One of several steps' transaction is of none of them.
      notDone(purpose, statement.step === undefined ? "" : of);
  const rights = rightsHint(plan, statement, failure, explaining);
  const constraint = failure.constraint === undefined ? "" : ` (constraint ${failure.constraint})`;
  const committed = commits ? committedBy(batch, step) : undefined;
  return error(
    commits ? "execution/commit" : "execution/own-statement",
    rights?.message === undefined ? `${failed}${constraint}: ${message}` : `${rights.message}: ${message}`,
    foreignTableHint(statement, failure) ??
      lines(
        failure.hint,
        rights?.hint ??
          (commits ? undefined : takenIdHint(plan, failure)) ??
          encodingHint(statement, failure, step) ??
          // Behind the settings of a step, their limit is met also by what records it, and by its commit.
          (step !== undefined && (commits || (statement.step !== undefined && purpose !== "guard-step"))
            ? timeoutIn(plan, endOf(step), failure, explaining)
            : undefined) ??
          startTimeoutHint(failure, connectionOptions),
        state,
      ),
    committed === undefined ? {} : placeOf(committed, failure, sourceText),
  );
}

/**
 * The statement of the author's that a commit ends, where there is only one: outside a transaction each commits by itself,
 * behind the settings that hold for it.
 */
function committedBy({ statements }: Batch, step: PlanStep | undefined): Statement | undefined {
  const authors = statements.filter(({ purpose }) => purpose === "user");
  return authors.length === 1 || step?.transactional === false ? authors.at(-1) : undefined;
}

/** A question of ours about the database failed. */
export function explainQuery(failure: Failure, aborted: boolean): MigrateError {
  const { message, sqlstate = "", lost, connectionOptions } = failure;
  if (lost) return connectionLost(failure, { connectionOptions });
  if (sqlstate === "57014" && aborted) return cancelled(GOES_ON, failure);
  const hint =
    failure.hint ??
    startTimeoutHint(failure, connectionOptions) ??
    (sqlstate === "42501"
      ? "grant the role that asks that right, or use another role"
      : PASSES.test(sqlstate)
        ? "run the same command again"
        : undefined);
  return errorOf(failure, "execution/own-statement", `a query about the database failed: ${message}`, hint);
}

/** What others or the server had to do with it: a conflict, no resources, a lock, an end from without, a failing system. */
const PASSES = /^(?:40|53|55|57|58)/;

interface Lost extends Pick<Explaining, "connectionOptions" | "scratch"> {
  /** What goes on: a plan. */
  readonly plan?: { readonly again: string | undefined };
}

function connectionLost(failure: Failure, { scratch, connectionOptions, plan }: Lost): MigrateError {
  const message = `the connection to the database was lost: ${failure.message}`;
  const hint =
    scratch === undefined
      ? runAgain(plan?.again, plan && "it continues from what the ledger has recorded")
      : `${onScratch(scratch)}; run the same command again`;
  const advice = startTimeoutHint(failure, connectionOptions);
  return errorOf(failure, "execution/connection-lost", message, lines(advice, hint));
}

function errorOf(
  failure: Failure,
  code: string,
  message: string,
  hint: string | undefined,
  more: object = {},
): MigrateError {
  const { sqlstate } = failure;
  return new MigrateError(
    {
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(sqlstate === undefined ? {} : { sqlstate }),
      ...more,
    },
    { cause: failure },
  );
}

/** The step that a statement belongs to; BEGIN and COMMIT belong to the last step of their batch. */
export function stepOf(plan: Plan, batch: Batch, statement: Statement): PlanStep | undefined {
  const index = statement.step ?? stepsIn(batch).at(-1);
  return index === undefined ? undefined : plan.steps[index];
}

const endOf = ({ path }: PlanStep): Location => ({ path, line: Number.POSITIVE_INFINITY, column: 1 });

/** The steps that a batch is all or a part of. */
export function stepsIn({ step, statements }: Batch): readonly number[] {
  if (step !== undefined) return [step];
  return [...new Set(statements.flatMap((statement) => statement.step ?? []))];
}

const lines = (...parts: readonly (string | undefined)[]): string | undefined => {
  const given = parts.filter((part) => part !== undefined);
  return given.length === 0 ? undefined : given.join("\n");
};

const messageOf = ({ message, detail, where }: Failure): string =>
  [message, detail, where].filter((line) => line !== undefined).join("\n");

/** The rows came without the sequence that counts them; the guard has not seen it, where this role may not read that. */
function takenIdHint({ schema }: Plan, { sqlstate, constraint }: Failure): string | undefined {
  if (sqlstate !== "23505" || constraint !== "log_pkey") return undefined;
  return `the sequence of ${qualified(schema, "log")} is behind its rows, as after a restore of data alone, or by logical replication: ${asOwner("repair")}`;
}

/** A table of that name that somebody else has made lacks the ledger's columns; the server's own hint names another one. */
const foreignTableHint = ({ purpose }: Statement, { sqlstate }: Failure): string | undefined =>
  purpose === "repair-ledger" && sqlstate === "42703"
    ? `a table in that schema is not the ledger's: give the ledger another: "ledger": {"schema": ...} in the config file; ${NOTHING}`
    : undefined;

/** What to type to go on. `command`: where the same one would lead further; `why` it goes on. */
export function runAgain(command: string | undefined, why = ""): string {
  if (command === undefined) return `run the same command again${why === "" ? "" : `: ${why}`}`;
  return `run: ${command} (${why === "" ? "" : `${why}; `}the same command would count its steps anew)`;
}

/** Whose value, of those that every migration's session starts from, the server does not know; by the name that it quotes. */
function refusedSetting({ purpose }: Statement, { sqlstate, message }: Failure): string | undefined {
  if (purpose !== "setting" || sqlstate !== "22023") return undefined;
  return /"TimeZone"/.test(message)
    ? "session.timeZone"
    : /"DateStyle"/.test(message)
      ? "session.dateStyle"
      : undefined;
}

/**
 * What is so now, after the statement failed. `next`: what to type where something is left unfinished; `again`: where the same
 * command would lead further.
 */
function whatIsSo(
  plan: Plan,
  batch: Batch,
  step: PlanStep | undefined,
  { next, again }: { readonly next: string; readonly again: string | undefined },
): string {
  if (step === undefined) return NOTHING;
  if (!batch.transactional)
    return `this statement ran outside a transaction: ${next}. See what is unfinished with: migrate current`;
  if (batch.step === undefined) return "all of it was rolled back; nothing was changed";
  // Its first transaction leaves nothing behind, of such a step either: there is nothing to resume.
  if (batch.statements.some(({ purpose }) => purpose === "guard-part"))
    return `revision ${step.revision} runs outside a transaction: what it did before this is kept; ${next}`;
  const goesOn = again === undefined ? "" : `; to go on, ${runAgain(again)}`;
  if (step.direction === "down")
    return `the downgrade of ${step.revision} was rolled back; it is still applied${goesOn}`;
  const before =
    plan.from.length === 0 && plan.steps[0] === step
      ? "none is applied"
      : "what was applied before it stays applied";
  return `revision ${step.revision} was rolled back; ${before}${goesOn}`;
}

/** A scratch database has none of the rows that the user's has, and may be of another version. */
const onScratch = (scratch: string): string =>
  `this ran on the scratch database (${scratch}), which has only what migrations made there; your database was not touched`;

const NONE = "'-- transaction: none' in the header";
const OUTSIDE = `to run it outside a transaction, write ${NONE}`;
const OUTSIDE_ALONE = `write it as a statement of its own, and ${NONE}`;
const ENDING = `a function cannot end a transaction; a procedure or a DO block can, with ${NONE}`;

/** What to do about a failure of the author's SQL, where the SQLSTATE alone tells. */
function adviceOf(
  { sqlstate = "", message, where, constraint }: Failure,
  { tag }: Statement,
  { step, isShared, connectionOptions, names = asOptions }: Surrounding,
): string | undefined {
  const also = isShared ? `, and leave out ${names.short("singleTransaction")}` : "";
  if (step?.transactional === true && sqlstate === "25001")
    // The server tells what it ran from within.
    return `${where === undefined ? OUTSIDE : `a function or a DO block cannot contain it: ${OUTSIDE_ALONE}`}${also}`;
  if (step?.transactional === true && sqlstate === "2D000")
    return `${tag === "DO" || tag === "CALL" ? OUTSIDE : ENDING}${also}`;
  if (sqlstate === "55P04") return `${ADDED_BEFORE}${also}`;
  const ofDatabase = sqlstate === "3D000" ? ON_DATABASE[tag ?? ""] : undefined;
  if (ofDatabase !== undefined)
    return `if the database that this runs on is meant, let the server write its name: DO $$ BEGIN EXECUTE format('${ofDatabase} %I …', current_database()); END $$`;
  if (sqlstate === "42710" && tag === "CREATE ROLE") return ROLE_THERE;
  // Only a catalog of the server's own has such an index.
  if (sqlstate === "23505" && constraint?.startsWith("pg_") === true)
    return "another session was creating the same at the same time: run the same command again";
  // What is dropped or taken back was there once.
  if (
    missingSchema({ sqlstate, message }) !== undefined &&
    (tag?.startsWith("DROP") === true || step?.direction === "down")
  )
    return "correct the name, unless the schema is gone already";
  return sessionLimitHint({ sqlstate }, connectionOptions);
}

/** What a statement that failed stands in. */
interface Surrounding extends Pick<Explaining, "connectionOptions" | "names"> {
  readonly step: PlanStep | undefined;
  /** One transaction holds all steps. */
  readonly isShared: boolean;
}

/** What a migration does to its database by name, by its tag. */
const ON_DATABASE: Readonly<Record<string, string>> = {
  "ALTER DATABASE": "ALTER DATABASE",
  GRANT: "GRANT … ON DATABASE",
  REVOKE: "REVOKE … ON DATABASE",
};

const ROLE_THERE =
  "roles belong to the server, and so to all its databases; where it may be there: DO $$ BEGIN CREATE ROLE …; EXCEPTION WHEN duplicate_object THEN NULL; END $$";

const ADDED_BEFORE = "put ALTER TYPE ... ADD VALUE into a migration of its own, before this one";

/** CREATE INDEX CONCURRENTLY leaves one where it fails; while another session builds one, it is invalid, too. */
const leftIndex = (invalid: string | undefined): string | undefined =>
  invalid &&
  `${invalid} is an invalid index, as an attempt that failed leaves it: unless another session is building it, drop it first: DROP INDEX CONCURRENTLY ${invalid}`;

/** Of the walk over the values of a batch's key. */
const walkHint = (statement: Statement, failure: Failure): string | undefined =>
  NO_INTEGER.has(failure.sqlstate ?? "") && hasFailedInWalk(statement, failure)
    ? "the column of '-- batch: … by' must be an integer: name such a column, or use '-- batch: 1000' with :batch_size"
    : undefined;

/** No such function or operator for its type; its value is no bigint, or too large for one. */
const NO_INTEGER: ReadonlySet<string> = new Set(["42883", "22P02", "22003"]);

/** A type as another database calls it; a text in the quotes of a name. */
function otherSqlHint(statement: Statement, failure: Failure): string | undefined {
  const type = /^type "(.+)" does not exist$/.exec(failure.message)?.[1];
  const here = type === undefined ? undefined : typeHere(type.toLowerCase());
  if (here !== undefined) return `in PostgreSQL, ${type} is ${here}`;
  const { sql } = statement;
  if (/^cannot use column reference in DEFAULT/.test(failure.message)) {
    const found = DEFAULT.exec(sql);
    if (found === null) return undefined;
    const [words, name = ""] = found;
    return characterHint(sql, found.index + words.length - name.length) ?? isName(name);
  }
  const offset = offsetOf(failure, statement);
  const name = failure.sqlstate === "42703" ? `"${quotedName(failure.message)}"` : undefined;
  return name !== undefined && offset !== undefined && sql.startsWith(name, offset)
    ? isName(name)
    : undefined;
}

/** The server does not say which one it is. */
const DEFAULT =
  /\bDEFAULT\s+("[^"]+"|(?!(?:null|true|false|current_\w+|session_user|user)\b)[a-z_\x80-\uffff][\w\x80-\uffff]*)(?![\w.(])/i;

/** What a text would be here once and for all, where a function is meant, is not proposed as one. */
function isName(name: string): string {
  const word = name.replaceAll('"', "");
  const called = /^now$/i.test(word)
    ? "now()"
    : /^(?:today|tomorrow|yesterday)$/i.test(word)
      ? "current_date"
      : /^[\w.]+\(.*\)$/.exec(word)?.[0];
  return called === undefined
    ? `${name} is a name; if a text is meant, write '${word.replaceAll("'", "''")}'`
    : `${name} is a name; if the function is meant, write ${called}`;
}

/** Names and key words that are not found may hold what nobody sees, or takes for another character. */
const misleadingIn = (statement: Statement, failure: Failure): string | undefined => {
  const offset = offsetOf(failure, statement);
  return offset === undefined || !/^42/.test(failure.sqlstate ?? "")
    ? undefined
    : characterHint(statement.sql, offset);
};

/** The message in a header goes into the ledger, and into a comment that other sessions see with each statement. */
function encodingHint(
  statement: Statement,
  failure: Failure,
  step: PlanStep | undefined,
): string | undefined {
  const character = untranslatable(failure);
  if (character === undefined) return undefined;
  const isInFile = statement.origin !== undefined && statement.sql.includes(character);
  const isInHeader = !isInFile && step?.message.includes(character) === true;
  const where = isInHeader ? ", which is in the header of this migration" : "";
  return `the encoding of the database lacks '${character}'${where}: use another character, or create the database with ENCODING 'UTF8'`;
}
