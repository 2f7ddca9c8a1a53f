/**
 * The SQL files of the ledger and the name of its schema → their text, the guard that goes before all use of it, and the
 * SHA-256 by which that guard knows the procedures.
 */

import tables from "../../../sql/ledger/1_tables.sql";
import procedures from "../../../sql/ledger/2_procedures.sql";
import format2 from "../../../sql/ledger/format_2.sql";
import guard from "../../../sql/ledger/guard.sql";
import openTransaction from "../../../sql/ledger/open_transaction.sql";
import repair from "../../../sql/ledger/repair.sql";
import rights from "../../../sql/ledger/rights.sql";
import session from "../../../sql/ledger/session.sql";
import sessionChecks from "../../../sql/ledger/session_checks.sql";
import sessionLook from "../../../sql/ledger/session_look.sql";
import { tokens } from "../lexer.ts";
import { arrayLiteral, commentText, literal, literalOnLines, qualified } from "../quote.ts";
import { sha256 } from "../sha256.ts";
import { defaultLedgerNames, type How, type LedgerNames } from "./types.ts";

/** What the comments on the ledger's tables say, in every format. */
export const MADE_BY_US = "Written by migrate";

/** The format that the files describe. It changes with every change of them that is released. */
export const FORMAT = 2;

/** The tables, and what runs before and after the author's SQL. */
export const ledgerFiles = { tables, procedures } as const;

/** What brings the tables from the format before to that one. */
export const formatFiles: Readonly<Record<number, string>> = { 2: format2 };

/** How bodies are quoted in the files. */
const BODY = "$body$";

/** The text of a file, in another schema than `retort`, whatever its name. */
export function inSchema(text: string, schema: string): string {
  return bodiesIn(text.split(BODY).map((part) => renamed(part, schema)));
}

/** Parts of a text that is quoted, every other one, by a quote that is in none of them. */
function bodiesIn(parts: readonly string[]): string {
  let quote = BODY;
  for (let n = 1; parts.some((part) => part.includes(quote)); n += 1) quote = `$body${n}$`;
  return parts.join(quote);
}

/**
 * What there must be: a ledger of this format; one of this format or none; one of this format or an older one, or none; one
 * of this format that may be inconsistent.
 */
export type Expectation = "needed" | "optional" | "older" | "inconsistent";

/** What to do where there is no ledger, if nothing is known of what needs it. */
export const CONNECT = "Nothing was changed. Connect to the right database.";

/** What a run needs on its tables besides what every run does: the table and the right. */
export type Rights = readonly `${"applied" | "intent" | "state"} ${"INSERT" | "UPDATE" | "DELETE"}`[];

/**
 * The block that stops unless the ledger can be trusted; with `rights`, also where the role may not write to it. `absent`:
 * what to do where there is none; in it `%m` stands for the beginning of a command. `releases`: and then releases the lock.
 */
export function guardBlock(
  { schema, role, owner }: LedgerNames,
  expected: Expectation,
  {
    rights,
    absent = CONNECT,
    releases = true,
  }: {
    readonly rights: Rights | undefined;
    readonly absent: string | undefined;
    readonly releases?: boolean;
  },
): string {
  const owners = [role, owner].filter((name) => name !== undefined);
  return blockWith(guard, schema, {
    expected: literal(expected),
    owners: arrayLiteral(owners),
    rights: rights === undefined ? "NULL" : arrayLiteral(rights),
    releases: String(releases),
    key: lockKeyOf(schema),
    procedures: literal(bodiesHash(schema)),
    own: literalOnLines(
      `{${routines()
        .map(({ name }) => name)
        .join(", ")}}`,
    ),
    filled: columnsLiteral(({ isNullable }) => !isNullable),
    nullable: columnsLiteral(({ isNullable }) => isNullable),
    absent: literalOnLines(absent),
    apart: literalOnLines(strangersHint(schema, "%s")),
    elsewhere: literalOnLines(strangersHint(schema, undefined)),
  });
}

/** The key of the advisory lock of the ledger in that schema, as its `lock_key` computes it. */
export const lockKeyOf = (schema: string): string =>
  String(BigInt.asIntN(64, BigInt(`0x${sha256(`retort ledger ${qualified(schema)}.applied`).slice(0, 16)}`)));

/** What to do where the schema has other objects; `moves`: and what gives a schema of its own to what is there of the ledger. */
export function strangersHint(schema: string, moves: string | undefined): string {
  const { schema: own } = defaultLedgerNames;
  const named = `"ledger": {"schema": "${own}"}`;
  const ways =
    moves === undefined
      ? `Give the ledger a schema of its own in the config file: ${named}`
      : `Move them to another schema, or give the ledger one of its own: CREATE SCHEMA IF NOT EXISTS ${own}; ${moves} then write ${named} in the config file, and run: migrate repair`;
  return `Nothing was changed. ${schema === own ? "Move them to another schema: ALTER ... SET SCHEMA ..." : ways}`;
}

/** The guard's query of what the schema has besides the ledger, by `name`, but for views and routines; `search_path` must be pinned. */
export const othersSql = (schema: string): string =>
  renamed(/SELECT c\.oid::regclass::text AS name.*?(?=\n +UNION ALL SELECT p\.oid)/s.exec(guard)![0], schema);

/** The guard's query of what moves the tables of the ledger that are there; null where there are none. */
export const movesSql = (schema: string): string =>
  renamed(/\(SELECT string_agg\(format\('ALTER TABLE %s SET SCHEMA.*?\)\)(?=;)/s.exec(guard)![0], schema);

/** A query of the statements that give the rights on the procedures again, for when these were made anew; `search_path` must be pinned. */
export const rightsSql = (schema: string): string => renamed(/^SELECT .*(?=;)/ms.exec(rights)![0], schema);

/** The block that makes the rows of the ledger fit together, if the guard before it, which expected that, found that they do not. */
export const repairRowsBlock = ({ schema }: LedgerNames, how: How): string =>
  blockWith(repair, schema, { how: literal(how) });

/** The block that stops in a session that holds what a script would end or drop. */
export const sessionBlock = (names: LedgerNames, project: readonly string[]): string =>
  blockWith(session, names.schema, sessionConstants(names, project));

/** The block that looks for the same in a transaction that only reads, and leaves in `retort_preflight.session` why that one would stop. */
export const sessionLookBlock = (names: LedgerNames, project: readonly string[]): string =>
  blockWith(sessionLook, names.schema, sessionConstants(names, project));

/** `project`: the flags that say which one it is. */
const sessionConstants = ({ role }: LedgerNames, project: readonly string[]) => ({
  role: role === undefined ? "NULL" : literal(role),
  flags: literal(project.join(" ")),
});

// How a procedure says who holds a lock: an expression over `pg_locks AS l` and `pg_stat_activity AS a`.
const holder = /coalesce\('pid '.*?'a prepared transaction'\)/s
  .exec(procedures)![0]
  .replaceAll("\n      ", "\n");

// How the holder is idle, which may never be done; null where it is not. A migrator is so between two statements.
const idle = /CASE WHEN a\.state .*? END(?=,)/s.exec(holder)![0].replace(/\n +/, "\n  ");

/** SQL with one of these texts in the place of each comment that names it, as deep as its line. */
const filledWith = (sql: string, texts: Readonly<Record<string, string>>): string =>
  sql.replaceAll(/^( *)(.*?)\/\* (\w+) \*\//gm, (whole, indent: string, before: string, name: string) =>
    texts[name] === undefined
      ? whole
      : indent + before + texts[name].trimEnd().replaceAll(/\n(?!\n)/g, `\n${indent}`),
  );

/** What stands in several blocks, each once. */
const parts: Readonly<Record<string, string>> = {
  open_transaction: openTransaction,
  session_checks: sessionChecks,
  holder,
  idle,
  // All who hold it, on one line; null where there is none.
  holders: filledWith(
    `regexp_replace(string_agg(DISTINCT
  /* holder */,
  '; '), '[[:cntrl:]]+', ' ', 'g')`,
    { holder },
  ),
  // What to do where one of them may never be done, such as a psql that stands where a script failed; a run between two
  // attempts looks the same. Null where none is idle.
  ending: filledWith(
    `max(format('Nothing was changed. Wait until it is done and try '
  'again. The session of pid %s is idle: if nobody goes on with it, end it: '
  'SELECT pg_terminate_backend(%1$s);', l.pid))
  FILTER (WHERE
  /* idle */
  IS NOT NULL)`,
    { idle },
  ),
};

/** SQL with a part in the place of each comment that names one. */
export const withParts = (sql: string): string => filledWith(sql, parts);

/** The DO block of a file, with these values of its constants. */
function blockWith(file: string, schema: string, constants: Readonly<Record<string, string>>): string {
  const [, body = ""] = withParts(file).split(BODY);
  const set = renamed(body, schema).replaceAll(
    /^( {2}(\w+) CONSTANT \S+ :=) .*;$/gm,
    (line: string, head: string, name: string) =>
      constants[name] === undefined ? line : `${head} ${constants[name]};`,
  );
  return bodiesIn(["DO ", set, ";"]);
}

/** SQL, or the body of a procedure: the schema's name as it must stand in a name, a string, a comment. */
function renamed(sql: string, schema: string): string {
  const name = qualified(schema);
  // The files are written for it.
  if (name === "retort") return sql;
  let out = "";
  for (const { kind, start, end } of tokens(sql)) {
    const token = sql.slice(start, end);
    if (kind === "word") out += token === "retort" && sql[end] === "." ? name : token;
    else if (kind === "string") out += token.replaceAll(WITHIN, () => name.replaceAll("'", "''"));
    else if (kind === "comment") out += token.replaceAll(WITHIN, () => commentText(name));
    else out += token;
  }
  return out;
}

const WITHIN = /\bretort(?=\.)/g;

/** SHA-256 over the settings and bodies of all procedures and functions, by name; a guard computes the same from `pg_proc`. */
export function bodiesHash(schema: string): string {
  const bodies = routines()
    .map(({ name, setting, body }) => ({ name, setting, body: renamed(body, schema) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return sha256(
    bodies.map(({ name, setting, body }) => [name, "plpgsql", "f", ...setting, body].join("|")).join("\n"),
  );
}

/** The procedures and functions, in the order of their file. */
export const routines = (): readonly Routine[] =>
  [...procedures.matchAll(ROUTINE)].map(([, name, set, value, body]) => ({
    name: name!,
    setting: set === undefined ? [] : [`${set}=${value}`],
    body: body!,
  }));

interface Routine {
  readonly name: string;
  /** `client_min_messages=error`, as `proconfig` has it; at most one. */
  readonly setting: readonly string[];
  readonly body: string;
}

/** A table of the ledger. */
interface TableFile {
  readonly name: string;
  /** What creates it. */
  readonly text: string;
  /** The column that is its primary key. */
  readonly key: string;
  readonly columns: readonly { readonly name: string; readonly isNullable: boolean }[];
}

/** The tables, in the order of their file. */
export const tableFiles = (): readonly TableFile[] =>
  tables
    .split(/^(?=CREATE TABLE )/m)
    .slice(1)
    .map((text) => ({
      name: /retort\.(\w+)/.exec(text)![1]!,
      text,
      key: /PRIMARY KEY \((\w+)\)/.exec(text)![1]!,
      columns: [...text.matchAll(COLUMN)].map(([, name, definition]) => ({
        name: name!,
        isNullable: !definition!.includes("NOT NULL"),
      })),
    }));

const COLUMN = /^ {2}(?!PRIMARY KEY)(\w+) (.*?)(?: *--.*)?$/gm;

/** The text of an array: `'{applied.revision, …}'`. */
const columnsLiteral = (isMeant: (column: TableFile["columns"][number]) => boolean): string =>
  literalOnLines(
    `{${tableFiles()
      .flatMap(({ name, columns }) => columns.filter(isMeant).map((column) => `${name}.${column.name}`))
      .join(", ")}}`,
  );

const ROUTINE =
  /^CREATE (?:PROCEDURE|FUNCTION) retort\.(\w+)\([\s\S]*?\nLANGUAGE plpgsql(?: SET (\w+) = (\w+))? AS \$body\$([\s\S]*?)\$body\$;$/gm;
