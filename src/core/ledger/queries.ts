/**
 * The names of a ledger → the messages that read it. Each is one message of several statements, so one transaction: the
 * guard runs before the tables are looked at, since what another role has put in their place could run code of its own.
 */
import { arrayLiteral, identifier, literal, qualified } from "../quote.ts";
import type { Ledger } from "./calls.ts";
import { type Expectation, MADE_BY_US, movesSql, othersSql, type Rights, routines } from "./format.ts";

/** One row: `format`, `revisions`, `digest`, `applied` (JSON, a list), `intent` (JSON, or null) and `behind` (or nothing). */
export const readLedgerSql = (
  ledger: Ledger,
  expected: Extract<Expectation, "optional" | "inconsistent"> = "optional",
): string => reading(ledger, ledger.guard(expected), ledgerQuery(ledger, "intent", INTENT));

/** The same of a ledger of format 1. */
export const readFormat1Sql = (ledger: Ledger): string =>
  reading(ledger, ledger.guard("older"), ledgerQuery(ledger, "progress", `${INTENT_1}, 'done', false`));

/** No row; stops where what writes with these rights would. */
export const writableSql = (ledger: Ledger, expected: Expectation, rights: Rights): string =>
  reading(ledger, ledger.lookAtLedger(expected, rights), "SELECT FROM pg_database LIMIT 0;");

/** What became of the interrupted statement. Of a twin it makes a temporary table and takes it away again. */
export const outcomeSql = (ledger: Ledger, twin: string | undefined): string =>
  reading(
    ledger,
    ledger.guard("needed"),
    ledger.outcome(twin),
    ...(twin === undefined ? [] : ["SET TRANSACTION READ WRITE;"]),
  );

/** The newest entries of the log first; 0: all. */
export const readLogSql = (ledger: Ledger, last: number): string =>
  reading(
    ledger,
    ledger.guard("older"),
    `SELECT ${time("l.at")} AS at, l.by, l.event, l.revision, l.checksum, l.how, date_part('epoch', l.duration) AS duration, l.detail\n` +
      `  FROM ${qualified(ledger.names.schema)}.log AS l ORDER BY l.id DESC${last === 0 ? "" : ` LIMIT ${Math.trunc(last)}`};`,
  );

/** The other schemas with a ledger, by `schema`; at most so many. */
export const otherLedgersSql = (schema: string, most: number): string =>
  ledgersSql(`n.nspname <> ${literal(schema)}`, most);

/** That schema, by `schema`, if it has a ledger; asks for no role and no right, which a model of the schema may lack. */
export const ownLedgerSql = (schema: string): string => ledgersSql(`n.nspname = ${literal(schema)}`, 1);

const ledgersSql = (condition: string, most: number): string =>
  [
    "SET TRANSACTION READ ONLY;",
    "SET LOCAL search_path = pg_catalog, pg_temp;",
    "SELECT n.nspname AS schema FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace",
    `  WHERE c.relname = 'applied' AND c.relkind = 'r' AND ${condition}`,
    `    AND obj_description(c.oid, 'pg_class') LIKE ${literal(`%${MADE_BY_US}%`)}`,
    `ORDER BY 1 LIMIT ${most};`,
  ].join("\n");

/** What the schema has besides the ledger, but for views, by `name`; `moves`: what moves the tables of that, or null. */
export const strangersSql = (schema: string): string =>
  [
    "SET LOCAL search_path = pg_catalog, pg_temp;",
    `SELECT o.name, ${movesSql(schema)} AS moves FROM (`,
    othersSql(schema),
    "UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace",
    `  WHERE n.nspname = ${literal(schema)} AND p.proname <> ALL (${arrayLiteral(routines().map(({ name }) => name))}::text[])`,
    ") AS o (name) ORDER BY 1;",
  ].join("\n");

function reading(
  { names: { role } }: Ledger,
  guard: string,
  query: string,
  mode = "SET TRANSACTION READ ONLY;",
): string {
  return [
    "SET SESSION AUTHORIZATION DEFAULT;",
    "RESET ALL;",
    mode,
    "SET LOCAL search_path = pg_catalog, pg_temp;",
    // A policy would hide rows without a word.
    "SET LOCAL row_security = off;",
    ...(role === undefined ? [] : [`SET LOCAL ROLE ${identifier(role)};`]),
    guard,
    query,
  ].join("\n");
}

const time = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const INTENT_1 =
  "'revision', i.revision, 'direction', i.direction, 'statement', i.statement, 'of', i.of, 'hash', i.hash, " +
  `'before', i.before, 'startedAt', ${time("i.started_at")}, 'startedBy', i.started_by`;

const INTENT = `${INTENT_1}, 'kind', i.kind, 'names', i.names, 'done', i.done, 'error', i.error`;

function ledgerQuery({ names: { schema } }: Ledger, intents: string, columns: string): string {
  const name = qualified(schema);
  return (
    "SELECT s.format, s.revisions::text, s.digest::text, current_setting('retort_ledger.behind', true) AS behind,\n" +
    "  (SELECT coalesce(json_agg(json_build_object('revision', a.revision, 'checksum', a.checksum, 'codeChecksum', a.code_checksum,\n" +
    "      'parents', a.parents, 'dependsOn', a.depends_on, 'message', a.message, 'appliedBy', a.applied_by, 'how', a.how,\n" +
    `      'appliedAt', ${time("a.applied_at")}, 'duration', date_part('epoch', a.duration))), '[]') FROM ${name}.applied AS a) AS applied,\n` +
    `  (SELECT json_build_object(${columns}) FROM ${name}.${intents} AS i) AS intent\n  FROM ${name}.state AS s;`
  );
}
