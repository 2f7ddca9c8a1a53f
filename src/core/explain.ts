/** A plan, one of its statements and what the server answered → the error as the user must see it: where, what is so now, what to type. */

import { IN_BATCHES } from "./batch.ts";
import { characterHint } from "./characters.ts";
import { deniedOn, grantingHint } from "./denied.ts";
import { cancelled, type Excerpt, GOES_ON, MigrateError, NOTHING } from "./errors.ts";
import { excerptAt } from "./fault.ts";
import type { Graph } from "./graph.ts";
import { grants, isOfLedger, type LedgerUse } from "./ledger/grants.ts";
import { type Intent, isGuard, type LedgerState } from "./ledger/types.ts";
import { withoutComments } from "./lexer.ts";
import type { Migration } from "./migration.ts";
import { creatingSchema, goneHint, missingHint, missingSchemaHint, type SchemaMadeIn } from "./missing.ts";
import { passwordsOf } from "./password.ts";
import { defaultTimeouts, searchPathNames } from "./plan/session.ts";
import type { Batch, Plan, PlanStep, Statement } from "./plan/types.ts";
import { offsetInDo } from "./plpgsql.ts";
import { identifier, qualified } from "./quote.ts";
import { redact } from "./redact.ts";
import { settledRows } from "./replaced.ts";
import { type Location, locate, offsetOfCodePoint } from "./source.ts";
import { idsOf } from "./steps.ts";
import { finishingHint, type GraphAndLedger } from "./undoing.ts";

/** What the server answered, or that it did not. */
export interface Failure {
  readonly message: string;
  /** Absent when the connection was lost. */
  readonly sqlstate?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly where?: string;
  readonly constraint?: string;
  /** 0-based code points into the statement, where the server said. */
  readonly position?: number;
  /** The connection broke: what the server did with the statement is not known. */
  readonly lost: boolean;
  /** The options that its connection was given, as in PGOPTIONS, where that is known. */
  readonly connectionOptions?: string | undefined;
}

export interface Explaining {
  /** The text of a path in the plan. */
  readonly sourceText: (path: string) => string | undefined;
  /** The user asked to stop. */
  readonly aborted: boolean;
  /** The role that SQL runs as where the plan names none, where that is known. */
  readonly runsAs?: string | undefined;
  /** The options that its connection was given, as in PGOPTIONS. */
  readonly connectionOptions?: string | undefined;
  /** Where the scratch database is that the plan runs on, if it runs on one. */
  readonly scratch?: string | undefined;
  /** Of search_path, the schemas that this role may not use, in which the server looks for nothing; undefined where there are none. */
  readonly shut?: Shut | undefined;
  /** What leads out where the step failed because what it does is done already; undefined where that is not why. */
  readonly recording?: string | undefined;
  /** What to type to go on behind what is done before this step, where the same command would count its steps anew. */
  readonly again?: ((step: PlanStep | undefined) => string | undefined) | undefined;
  /** Which statement of an earlier file took away what is not found, as `goneBy` says it. */
  readonly gone?: string | undefined;
  /** Whoever runs the plan tells himself what is so now, and where it ran: the hint is only what to do. */
  readonly adviceOnly?: boolean | undefined;
}

export interface Shut {
  readonly schemas: readonly string[];
  readonly role: string;
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
  const stateAnd = (next: string): string =>
    scratch === undefined ? whatIsSo(plan, batch, step, { next, again: again?.(step) }) : onScratch(scratch);
  const resumes = runAgain(again?.(step), "it resumes here");
  const state = adviceOnly === true ? undefined : stateAnd(`fix the cause and ${resumes}`);
  if (isGuard(sqlstate)) return error("state/guard", failure.message.replace(/^retort: /, ""), failure.hint);
  // A guard that has looked at the rights of the role says itself which it lacks, and what to do.
  if (sqlstate === "42501" && failure.message.startsWith("retort: "))
    return error("execution/own-statement", failure.message.replace(/^retort: /, ""), failure.hint);
  if (sqlstate === "57014" && aborted)
    return cancelled(scratch === undefined ? stateAnd(`to continue, ${resumes}`) : NOTHING, failure);
  if (failure.lost) return connectionLost(failure, { scratch, connectionOptions, again: again?.(undefined) });
  const said = withoutPasswords(failure, statement);
  const message = messageOf(said);
  if (origin !== undefined) {
    // What an up file uses and no migration leaves there is where the user looks first; the server's own hint comes after it.
    const missing =
      gone !== undefined
        ? goneHint(gone)
        : scratch === undefined || step?.direction !== "up"
          ? undefined
          : missingHint(said.message);
    const walk = walkHint(statement, failure);
    const shut = shutHint(statement, failure, explaining.shut);
    const advice =
      adviceOf(failure, statement, { step, isShared: batch.step === undefined, connectionOptions }) ??
      noSchemaHint(failure, {
        settings: plan.settings,
        setBy: settingPath(
          plan.batches.flatMap(({ statements }) => statements),
          origin,
        ),
        madeIn: scratch === undefined ? "run" : "scratch",
        role: whom(plan.role, runsAs),
      }) ??
      timeoutIn(plan, origin.path, failure, sourceText, connectionOptions) ??
      encodingHint(statement, failure) ??
      leftIndex(statement, failure) ??
      deniedIn(plan, batch, statement, failure, runsAs) ??
      shut ??
      misleadingIn(statement, failure);
    const hints = missing === undefined ? [said.hint, advice] : [missing, said.hint];
    return error(
      "execution/statement",
      message,
      // What is in such a schema is not undone.
      lines(...(walk === undefined ? hints : [walk]), state, shut === undefined ? recording : undefined),
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
  const commits = purpose === "commit" || purpose === "defer";
  const rights = rightsHint(plan, statement, failure, runsAs);
  const constraint = failure.constraint === undefined ? "" : ` (constraint ${failure.constraint})`;
  const of = step === undefined ? "" : ` of revision ${step.revision} (${step.path})`;
  const committed = commits ? committedBy(batch, step) : undefined;
  return error(
    commits ? "execution/commit" : "execution/own-statement",
    rights?.message === undefined
      ? `${commits ? `the commit${of}` : `a ${purpose} statement${of}`} failed${constraint}: ${message}`
      : `${rights.message}: ${message}`,
    foreignTableHint(statement, failure) ??
      lines(
        failure.hint,
        rights?.hint ??
          (commits ? undefined : takenIdHint(plan, failure)) ??
          encodingHint(statement, failure) ??
          // Behind the settings of a step, their limit is met also by what records it, and by its commit.
          (step !== undefined && (commits || (statement.step !== undefined && purpose !== "guard-step"))
            ? timeoutIn(plan, step.path, failure, sourceText, connectionOptions)
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

/** A failure whose texts do not repeat the passwords of its statement. */
export function withoutPasswords(failure: Failure, { sql }: Statement): Failure {
  const passwords = passwordsOf(sql);
  const clean = (text: string): string => redact(text, passwords);
  const { message, detail, hint, where } = failure;
  return {
    ...failure,
    lost: failure.lost,
    message: clean(message),
    ...(detail === undefined ? {} : { detail: clean(detail) }),
    ...(hint === undefined ? {} : { hint: clean(hint) }),
    ...(where === undefined ? {} : { where: clean(where) }),
  };
}

/** A question of ours about the database failed. */
export function explainQuery(failure: Failure, aborted: boolean): MigrateError {
  const { message, sqlstate, lost, connectionOptions } = failure;
  if (lost) return connectionLost(failure);
  if (sqlstate === "57014" && aborted) return cancelled(GOES_ON, failure);
  const hint =
    failure.hint ??
    startTimeoutHint(failure, connectionOptions) ??
    (sqlstate === "42501"
      ? "grant the role that connects that right, or connect as another role"
      : "nothing was in progress; run the same command again");
  return errorOf(failure, "execution/own-statement", `a query about the database failed: ${message}`, hint);
}

interface Lost extends Pick<Explaining, "connectionOptions" | "scratch"> {
  readonly again?: string | undefined;
}

function connectionLost(failure: Failure, { scratch, connectionOptions, again }: Lost = {}): MigrateError {
  const message = `the connection to the database was lost: ${failure.message}`;
  const hint =
    scratch === undefined
      ? runAgain(again, "it continues from what the ledger has recorded")
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

/** A role without rights on the ledger is told which it lacks. */
function rightsHint(
  plan: Plan,
  { purpose }: Statement,
  { sqlstate, message }: Failure,
  runsAs: string | undefined,
): { readonly message?: string; readonly hint: string } | undefined {
  if (sqlstate !== "42501" || purpose === "commit" || purpose === "defer") return undefined;
  const other = otherGrantHint(plan, message, runsAs);
  if (other !== undefined) return { hint: other };
  if (purpose === "repair-ledger") return { hint: "as the owner of the ledger, run: migrate repair" };
  return purpose === "create-ledger"
    ? { hint: "as the owner of the ledger, run: migrate ensure-version" }
    : { message: "this role may not write to the ledger", hint: grantsHint(plan, "write", runsAs) };
}

/** The rows came without the sequence that counts them; the guard has not seen it, where this role may not read that. */
function takenIdHint({ schema }: Plan, { sqlstate, constraint }: Failure): string | undefined {
  if (sqlstate !== "23505" || constraint !== "log_pkey") return undefined;
  return `the sequence of ${qualified(schema, "log")} is behind its rows, as after a restore of data alone, or by logical replication: as the owner of the ledger, run: migrate repair`;
}

/** A table of that name that somebody else has made lacks the ledger's columns; the server's own hint names another one. */
const foreignTableHint = ({ purpose }: Statement, { sqlstate }: Failure): string | undefined =>
  purpose === "repair-ledger" && sqlstate === "42703"
    ? `a table in that schema is not the ledger's: give the ledger another: "ledger": {"schema": ...} in the config file; ${NOTHING}`
    : undefined;

/** What a role must be granted to use a ledger. */
export function grantsHint(
  { schema, role }: { schema: string; role?: string },
  use: LedgerUse,
  runsAs: string | undefined,
): string {
  return `as the owner of the ledger, run: ${grants(qualified(schema), whom(role, runsAs), use)}`;
}

/** What our own SQL must be granted that is not on the ledger; undefined where it is, or the server does not tell. */
export function otherGrantHint(
  { schema, role }: { schema: string; role?: string },
  message: string,
  runsAs: string | undefined,
): string | undefined {
  const denied = deniedOn(message);
  if (denied === undefined || isOfLedger(denied, schema)) return undefined;
  return grantingHint(denied, whom(role, runsAs));
}

/** What lets the role that connects become another. */
export const membershipHint = (role: string, login: string | undefined): string =>
  `as a superuser, run: GRANT ${identifier(role)} TO ${whom(undefined, login)}`;

/** The role that SQL runs as: the one that is configured, or the connection's. */
const whom = (role: string | undefined, runsAs: string | undefined): string => {
  const name = role ?? runsAs;
  return name === undefined ? "the role that connects" : identifier(name);
};

/** `the upgrade to 7c92 was interrupted at statement 2 of 5` */
export const interruptedText = ({
  direction,
  revision,
  statement,
  of,
}: Pick<Intent, "direction" | "revision" | "statement" | "of">): string =>
  `the ${direction === "up" ? "upgrade to" : "downgrade of"} ${revision} was interrupted at statement ${statement} of ${of}`;

/** Throws `state/interrupted`. */
export function refuseInterrupted(
  project: GraphAndLedger & { readonly graph: Graph<Migration> },
  { applied, intent }: Pick<LedgerState, "applied" | "intent">,
): void {
  if (intent === undefined) return;
  throw new MigrateError({
    code: "state/interrupted",
    message: interruptedText(intent),
    hint: finishingHint(
      project,
      idsOf(settledRows(project.graph, applied)),
      intent,
      "finish the interrupted step first",
    ),
  });
}

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
  `this ran on the scratch database (${scratch}), which begins empty; your database was not touched`;

const NONE = "'-- transaction: none' in the header";
const OUTSIDE = `to run it outside a transaction, write ${NONE}`;
const OUTSIDE_ALONE = `write it as a statement of its own, and ${NONE}`;
const ENDING = `a function cannot end a transaction; a procedure or a DO block can, with ${NONE}`;

/** What to do about a failure of the author's SQL, where the SQLSTATE alone tells. */
function adviceOf(
  { sqlstate = "", message, where }: Failure,
  { tag }: Statement,
  { step, isShared, connectionOptions }: Surrounding,
): string | undefined {
  const also = isShared ? `, and ${APART}` : "";
  if (step?.transactional === true && sqlstate === "25001")
    // The server tells what it ran from within.
    return `${where === undefined ? OUTSIDE : `a function or a DO block cannot contain it: ${OUTSIDE_ALONE}`}${also}`;
  if (step?.transactional === true && sqlstate === "2D000")
    return `${tag === "DO" || tag === "CALL" ? OUTSIDE : ENDING}${also}`;
  if (sqlstate === "55P04") return isShared ? `${ADDED_BEFORE}, and ${APART}` : ADDED_BEFORE;
  // What is dropped or taken back was there once.
  if (
    missingSchema({ sqlstate, message }) !== undefined &&
    (tag?.startsWith("DROP") === true || step?.direction === "down")
  )
    return "correct the name, unless the schema is gone already";
  const setting = TIMEOUTS[sqlstate];
  return setting === undefined ? undefined : turnedOff(setting, "0", connectionOptions);
}

/** What a statement that failed stands in. */
interface Surrounding extends Pick<Explaining, "connectionOptions"> {
  readonly step: PlanStep | undefined;
  /** One transaction holds all steps. */
  readonly isShared: boolean;
}

const APART = "leave out --single-transaction";
const ADDED_BEFORE = "put ALTER TYPE ... ADD VALUE into a migration of its own, before this one";

/** What ends a statement that takes too long, by the SQLSTATE and words that a server says it with. */
const LIMITS = [
  { setting: "statement_timeout", code: "57014", words: "statement timeout" },
  { setting: "lock_timeout", code: "55P03", words: "lock timeout" },
] as const;

/** A server that speaks another language says it otherwise, and gets no hint; the codes alone may be a cancel, or NOWAIT. */
const limitMet = ({ sqlstate, message }: Pick<Failure, "sqlstate" | "message">) =>
  LIMITS.find(({ code, words }) => sqlstate === code && message.includes(words))?.setting;

/** What stands before the author's SQL runs under the limit that the session began with. */
export const startTimeoutHint = (
  failure: Pick<Failure, "sqlstate" | "message">,
  connectionOptions: string | undefined,
): string | undefined => {
  const setting = limitMet(failure) ?? TIMEOUTS[failure.sqlstate ?? ""];
  // The guard of the ledger sets one where there is none.
  if (setting === "lock_timeout" && connectionOptions?.includes(setting) !== true)
    return "another session holds that lock: wait until it is done, and run the same command again";
  return setting === undefined ? undefined : turnedOff(setting, "0", connectionOptions);
};

/** Where the limit comes from that a step has met, once it has begun; of those of role, database and server none is left. */
function timeoutIn(
  { settings, batches }: Plan,
  path: string,
  failure: Failure,
  sourceText: Explaining["sourceText"],
  connectionOptions = "",
): string | undefined {
  const name = limitMet(failure);
  if (name === undefined) return undefined;
  const isSet = new RegExp(`\\bSET\\b.*\\b${name}\\b|\\bset_config\\s*\\(\\s*'${name}'`, "i");
  const sets = batches
    .flatMap(({ statements }) => statements)
    .some((each) => each.origin?.path === path && isSet.test(each.sql));
  if (sets) return `the limit is the SET ${name} of this file: raise it there`;
  const key = name.replace("_", "-");
  const inHeader = new RegExp(`^\\uFEFF?(?:--.*\\r?\\n)*?(--[ \\t]*${key}[ \\t]*:.*)`);
  const [, header] = inHeader.exec(sourceText(path) ?? "") ?? [];
  if (header !== undefined)
    return `the limit is that of this file's header ('${header.trim()}'): raise it there`;
  const places = `--${key} or session.${PINNED[name]}`;
  const setting = settings.find((each) => each.startsWith(name));
  if (setting !== undefined)
    return `the limit is ${setting}, from ${places}: raise it; see where it comes from with: migrate config`;
  // One of 0 is none: the default takes its place.
  if (new RegExp(`${name.replace("_", "[_-]")}=(?!0\\b)`).test(connectionOptions))
    return `the limit is the ${name} of the ${THERE}: raise it there`;
  const byDefault = defaultTimeouts[PINNED[name]];
  return byDefault === "0"
    ? undefined
    : `the limit is ${name} = '${byDefault}', the default: another is set with ${places}`;
}

const PINNED = { statement_timeout: "statementTimeout", lock_timeout: "lockTimeout" } as const;

const THERE = "options of the connection (PGOPTIONS, or options= in the address)";

/** Where a setting that stops a run comes from, and how it is turned off. `options`: those that the connection was given. */
export function turnedOff(setting: string, value: string, options = ""): string {
  const there = `the ${THERE}`;
  if (options.includes(setting))
    return `${setting} is set in ${there}: take it out, or set it to ${value} there`;
  const place = options === "" ? "" : `, in ${there}`;
  const typed = options === "" ? `PGOPTIONS='-c ${setting}=${value}'` : `add -c ${setting}=${value}`;
  return `${setting} is set for this role, database or server; to turn it off for this run${place}: ${typed}`;
}

const TIMEOUTS: Readonly<Record<string, string>> = {
  "25P04": "transaction_timeout",
  "57P05": "idle_session_timeout",
};

/** A name in a message of the server's, in whatever language. */
export const quotedName = (message: string): string | undefined =>
  /["«»„“「](.+)["«»“”」]/.exec(message)?.[1]?.trim();

/** What a file sets search_path with: the last statement up to this place. */
const pathSetter = <T extends { readonly origin?: Location; readonly searchPath?: unknown }>(
  statements: readonly T[],
  { path, line, column }: Location,
): T | undefined =>
  statements.findLast(
    ({ origin, searchPath }) =>
      searchPath !== undefined &&
      origin?.path === path &&
      (origin.line < line || (origin.line === line && origin.column <= column)),
  );

/** Where that is. */
export const settingPath = (
  statements: readonly { readonly origin?: Location; readonly searchPath?: unknown }[],
  place: Location,
): Location | undefined => pathSetter(statements, place)?.origin;

/** The schema that is not there, by its name; that search_path has none is said without one. */
const missingSchema = ({ sqlstate, message }: Pick<Failure, "sqlstate" | "message">): string | undefined =>
  sqlstate === "3F000" ? quotedName(message) : undefined;

/**
 * What to do where a schema is not there, or nothing can be made in any of search_path. `settings`: the session's, of which
 * one may be the path; `setBy`: what the file itself has set it with; `role`: whom the right to use it could be granted to.
 */
export function noSchemaHint(
  failure: Pick<Failure, "sqlstate" | "message">,
  {
    settings,
    setBy,
    madeIn,
    role,
  }: {
    readonly settings: readonly string[];
    readonly setBy: Location | undefined;
    readonly madeIn: SchemaMadeIn;
    readonly role?: string;
  },
): string | undefined {
  if (failure.sqlstate !== "3F000") return undefined;
  const missing = missingSchema(failure);
  if (missing !== undefined) return missingSchemaHint(missing, madeIn);
  if (setBy !== undefined)
    return `line ${setBy.line} of this file sets a search_path with ${NO_SCHEMA}: ${QUALIFY}, or correct that line`;
  const path = settings.find((each) => each.startsWith(SEARCH_PATH))?.slice(SEARCH_PATH.length);
  const first = searchPathNames(path ?? "").find((name) => name !== "$user");
  if (first === undefined)
    return `search_path has ${NO_SCHEMA}: ${QUALIFY}, or set "session": {"searchPath": ["shop"]} in the config file`;
  // What a scratch database has, it has of the migrations.
  const granted =
    role === undefined || madeIn !== "run"
      ? ""
      : `; or, where it exists, as its owner, run: GRANT USAGE, CREATE ON SCHEMA ${qualified(first)} TO ${role}`;
  return `"session.searchPath" has ${NO_SCHEMA}: correct it; or ${creatingSchema(first, madeIn)}${granted}`;
}

/** The server passes over a schema that the role may not use as over one that does not exist. */
const NO_SCHEMA = "no schema that exists and that this role may use";
const QUALIFY = "qualify the name (CREATE TABLE shop.users)";

const SEARCH_PATH = "search_path = ";

/** What is looked for by its name along search_path is not there: a relation, a routine, any other object. */
export const LOOKED_FOR: ReadonlySet<string> = new Set(["42P01", "42883", "42704"]);

/** The search_path that the author's statement had: what the file has set, or the project; undefined where it is the connection's. */
export function searchPathOf(
  { batches, settings }: Plan,
  { origin }: Statement,
): readonly string[] | undefined {
  const all = batches.flatMap(({ statements }) => statements);
  const set = origin === undefined ? undefined : pathSetter(all, origin)?.searchPath;
  if (set !== undefined && set.length > 0) return set;
  const path = settings.find((each) => each.startsWith(SEARCH_PATH));
  return path === undefined ? undefined : searchPathNames(path.slice(SEARCH_PATH.length));
}

/** What to grant where something is not found that may be in a schema of search_path that this role may not use. */
function shutHint(
  { sql }: Statement,
  { sqlstate = "", message }: Failure,
  shut: Shut | undefined,
): string | undefined {
  if (shut === undefined || !LOOKED_FOR.has(sqlstate)) return undefined;
  const name = quotedName(message);
  const text = withoutComments(sql);
  // With a schema before it, it is looked for there alone.
  if (name !== undefined && [name, `"${name}"`].some((each) => text.includes(`.${each}`))) return undefined;
  const schemas = shut.schemas.map((schema) => qualified(schema)).join(", ");
  const role = qualified(shut.role);
  const owner = shut.schemas.length === 1 ? "the owner of the schema" : "the owner of the schemas";
  return `search_path names ${schemas}, which ${role} may not use: as ${owner}, run: GRANT USAGE ON SCHEMA ${schemas} TO ${role}`;
}

/** The name of an index that is taken: CREATE INDEX CONCURRENTLY leaves one where it fails. */
function leftIndex({ tag, sql }: Statement, { sqlstate, message }: Failure): string | undefined {
  const name = quotedName(message);
  if (tag !== "CREATE INDEX CONCURRENTLY" || sqlstate !== "42P07" || name === undefined) return undefined;
  return `it may be an invalid index that an earlier attempt has left (\\d shows INVALID); then drop it first: DROP INDEX CONCURRENTLY ${schemaOfTable(sql)}${identifier(name)}`;
}

/** `shop.` of CREATE INDEX … ON shop.orders, where the index is, too; empty where the table stands without one. */
const schemaOfTable = (sql: string): string =>
  /\bON\s+(?:ONLY\s+)?((?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)\s*\.)/iu.exec(withoutComments(sql))?.[1] ??
  "";

/** A batch by a key failed in the walk over its values, which stands before the author's statement in the block. */
function walkHint({ tag = "", sql, offset = 0 }: Statement, failure: Failure): string | undefined {
  const line = lineInBlock(failure);
  if (!tag.endsWith(IN_BATCHES) || line === undefined || !NO_INTEGER.has(failure.sqlstate ?? ""))
    return undefined;
  return (offsetInDo(sql, line) ?? offset) < offset
    ? "the column of '-- batch: … by' must be an integer: name such a column, or use '-- batch: 1000' with :batch_size"
    : undefined;
}

/** No such function or operator for its type; its value is no bigint, or too large for one. */
const NO_INTEGER: ReadonlySet<string> = new Set(["42883", "22P02", "22003"]);

/** What to grant where the author's SQL may not use a schema, a language or the database; such names are whole in the message. */
function deniedIn(
  { role }: Plan,
  { statements }: Batch,
  statement: Statement,
  failure: Failure,
  runsAs: string | undefined,
): string | undefined {
  const denied = failure.sqlstate === "42501" ? deniedOn(failure.message) : undefined;
  // The author's SQL may have switched to another role.
  const switches = statements.some(({ sql, origin }) => origin !== undefined && SWITCHES.test(sql));
  if (denied === undefined || switches || denied.kind === "relation" || denied.kind === "routine")
    return undefined;
  return grantingHint(denied, whom(role, runsAs), createsIn(statement, failure));
}

const SWITCHES = /\bSET\s+(?:(?:LOCAL|SESSION)\s+)?(?:ROLE|SESSION\s+AUTHORIZATION)\b/i;

/** Whether the schema is that of what a statement creates, and not of something that it names besides. */
function createsIn(statement: Statement, failure: Failure): boolean {
  const { tag = "", sql } = statement;
  if (!/^(?:CREATE|ALTER)\b/.test(tag)) return tag === "DO" && /\b(?:CREATE|ALTER)\b/i.test(sql);
  const before = withoutComments(sql).slice(0, offsetOf(failure, statement) ?? 0);
  return !/\(|\b(?:AS|FROM|ON|OF|REFERENCES)\b/i.test(before);
}

/** Names and key words that are not found may hold what nobody sees, or takes for another character. */
const misleadingIn = (statement: Statement, failure: Failure): string | undefined => {
  const offset = offsetOf(failure, statement);
  return offset === undefined || !/^42/.test(failure.sqlstate ?? "")
    ? undefined
    : characterHint(statement.sql, offset);
};

/** The message in a header goes into the ledger, and into a comment that other sessions see with each statement. */
function encodingHint(statement: Statement, failure: Failure): string | undefined {
  const character = untranslatable(failure);
  if (character === undefined) return undefined;
  const isInFile = statement.origin !== undefined && statement.sql.includes(character);
  const where = isInFile ? "" : ", which is in the header of this migration";
  return `the encoding of the database lacks '${character}'${where}: use another character, or create the database with ENCODING 'UTF8'`;
}

/** The character that the encoding of the database lacks; the server names its bytes. */
function untranslatable({ sqlstate, message }: Failure): string | undefined {
  if (sqlstate !== "22P05") return undefined;
  const bytes = [...message.matchAll(/0x([0-9a-f]{2})/g)].map(([, byte]) => `%${byte}`).join("");
  try {
    return decodeURIComponent(bytes) || undefined;
  } catch {
    // They are not UTF-8 where the server translates the other way.
    return undefined;
  }
}

/** Where in the statement it failed, as a UTF-16 offset; undefined where the server does not say. */
function offsetOf(failure: Failure, statement: Statement): number | undefined {
  const { position } = failure;
  const { sql, tag } = statement;
  if (position !== undefined) return offsetOfCodePoint(sql, position);
  const character = untranslatable(failure);
  if (character !== undefined && sql.includes(character)) return sql.indexOf(character);
  const line = lineInBlock(failure);
  return line === undefined || tag !== "DO" ? undefined : offsetInDo(sql, line);
}

/** The line of a DO block that failed; the words around it are in the language of the server. */
function lineInBlock({ where = "" }: Failure): number | undefined {
  const line = /inline_code_block\D*(\d+)/.exec(where)?.[1];
  return line === undefined ? undefined : Number(line);
}

function placeOf(
  statement: Statement,
  failure: Failure,
  sourceText: Explaining["sourceText"],
): { readonly location: Location; readonly excerpt?: Excerpt } {
  const origin = statement.origin!;
  const text = sourceText(origin.path);
  if (text === undefined) return { location: origin };
  const within = offsetOf(failure, statement) ?? statement.offset ?? 0;
  const source = { path: origin.path, text };
  const offset = origin.start - (statement.offset ?? 0) + within;
  return { location: locate(source, offset), excerpt: excerptAt(source, offset) };
}
