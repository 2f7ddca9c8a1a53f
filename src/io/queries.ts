/** A session → what we ask a database: each query with the schema of its rows. Reads only. The only importer of zod. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { VersionRow } from "../core/adopt/applied.ts";
import type { FoundTable } from "../core/adopt/version-tables.ts";
import { MigrateError } from "../core/errors.ts";
import { memberOf, type Owned, ownedIn } from "../core/failure/denied.ts";
import { explainQuery } from "../core/failure/explain.ts";
import { quotedName, refusalOf } from "../core/failure/failure.ts";
import { startTimeoutHint } from "../core/failure/limits.ts";
import {
  grantsHint,
  type Membership,
  membershipHint,
  OWNERS_ONLY,
  type Owner,
  otherGrantHint,
  type Roles,
} from "../core/failure/rights.ts";
import type { Elsewhere } from "../core/failure/search-path.ts";
import { type Ledger, ledgerOf } from "../core/ledger/calls.ts";
import type { Expectation, Rights } from "../core/ledger/format.ts";
import type { LedgerUse } from "../core/ledger/grants.ts";
import {
  otherLedgersSql,
  outcomeSql,
  ownLedgerSql,
  readFormat1Sql,
  readLedgerSql,
  readLogSql,
  writableSql,
} from "../core/ledger/queries.ts";
import {
  type Applied,
  type Intent,
  type LedgerNames,
  type LedgerState,
  sqlstates,
} from "../core/ledger/types.ts";
import { waitedFor, waitHint } from "../core/lock-held.ts";
import { searchPathNames } from "../core/plan/session.ts";
import { arrayLiteral, identifier, literal } from "../core/quote.ts";
import { redact } from "../core/redact.ts";
import type { SessionInfo } from "../core/session-info.ts";
import { type DriverError, type Query, type Session, StatementFailure, sqlstateOf } from "./session/types.ts";

// ── the ledger ──────────────────────────────────────────────────────────────────────────────────────────────────

const appliedRow = z
  .object({
    revision: z.string(),
    checksum: z.string(),
    codeChecksum: z.string(),
    parents: z.array(z.string()),
    dependsOn: z.array(z.string()),
    message: z.string(),
    appliedAt: z.string(),
    appliedBy: z.string(),
    duration: z.number().nullable(),
    how: z.enum(["run", "script", "stamp"]),
  })
  .transform(({ duration, ...row }): Applied => (duration === null ? row : { ...row, duration }));

const intentRow = z
  .object({
    revision: z.string(),
    direction: z.enum(["up", "down"]),
    statement: z.number(),
    of: z.number(),
    hash: z.string(),
    before: z.string(),
    startedAt: z.string(),
    startedBy: z.string(),
    kind: z.string().nullish(),
    names: z.array(z.string()).nullish(),
    done: z.boolean(),
    error: z.string().nullish(),
  })
  .transform(
    ({ error, kind, names, ...intent }): Intent => ({
      ...intent,
      ...(kind ? { kind } : {}),
      ...(names ? { names } : {}),
      ...(error ? { error } : {}),
    }),
  );

const ledgerRow = z
  .object({
    format: z.number(),
    revisions: z.string(),
    digest: z.string(),
    applied: z.array(appliedRow),
    intent: intentRow.nullable(),
    behind: z.string().nullable(),
  })
  .transform(
    ({ format, applied, intent, behind }): LedgerState => ({
      format,
      applied,
      ...(intent === null ? {} : { intent }),
      ...(behind ? { behind } : {}),
    }),
  );

/**
 * What is applied and what is half done, and who is at that; nothing, where there is no ledger. Throws `state/guard`,
 * `execution/ledger`; a role without rights is told all that `use` needs.
 */
export async function readLedger(
  session: Session,
  ledger: Ledger,
  use: LedgerUse = "read",
): Promise<LedgerState> {
  const state = await readRows(session, ledger, use);
  if (state.intent === undefined) return state;
  const holders = await lockHolders(session, ledger);
  // Whose run has ended in between has written to the ledger by then.
  if (holders.length === 0) return readRows(session, ledger, use);
  return { ...state, intent: { ...state.intent, holders } };
}

async function readRows(session: Session, ledger: Ledger, use: LedgerUse): Promise<LedgerState> {
  const ask = async (sql: string): Promise<LedgerState> =>
    (await session.read({ sql, row: ledgerRow }))[0] ?? { applied: [] };
  for (let again = true; ; again = false) {
    try {
      return await ask(readLedgerSql(ledger));
    } catch (error) {
      if (isMissing(error)) return { applied: [] };
      if (!isOlder(error)) throw await unreadable(error, ledger, session, use);
    }
    try {
      return await ask(readFormat1Sql(ledger));
    } catch (error) {
      // Another has brought it up in between.
      if (!again) throw await unreadable(error, ledger, session, use);
    }
  }
}

/** Whether the ledger is there, also for one who may not read it. */
export async function hasLedger(session: Session, ledger: Ledger): Promise<boolean> {
  return (await schemasWith(session, ledger, ownLedgerSql(ledger.names.schema))).length > 0;
}

/** Throws what a run would stop at that does this to the ledger, in the words of its guard, such as a right that the role lacks. */
export async function refuseUnwritable(
  session: Session,
  ledger: Ledger,
  expected: Expectation,
  rights: Rights,
): Promise<void> {
  try {
    await session.read({ sql: writableSql(ledger, expected, rights), row: z.object({}) });
  } catch (error) {
    throw await unreadable(error, ledger, session, "write");
  }
}

async function schemasWith(
  session: Session,
  ledger: Pick<Ledger, "names">,
  sql: string,
): Promise<readonly { readonly schema: string }[]> {
  return session.read({ sql, row: z.object({ schema: z.string() }) }).catch(async (error: unknown) => {
    throw await unreadable(error, ledger, session);
  });
}

/** Another ledger of the database, without its rows where it cannot be read. */
export interface OtherLedger extends Partial<LedgerState> {
  readonly schema: string;
  /** It cannot be used as it is. */
  readonly inconsistent?: boolean;
}

/** The other ledgers of the database; none where it has very many, as with one for each tenant. */
export async function readOtherLedgers(session: Session, { names }: Ledger): Promise<readonly OtherLedger[]> {
  const found = await schemasWith(session, { names }, otherLedgersSql(names.schema, MANY_LEDGERS + 1));
  const others: OtherLedger[] = [];
  if (found.length <= MANY_LEDGERS)
    for (const { schema } of found) others.push(await otherLedger(session, { ...names, schema }));
  return others;
}

/** Each is read. */
const MANY_LEDGERS = 20;

async function otherLedger(session: Session, names: LedgerNames): Promise<OtherLedger> {
  const other = { schema: names.schema };
  const ledger = ledgerOf(names);
  try {
    return { ...other, ...(await readLedger(session, ledger)) };
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    if (error.sqlstate !== sqlstates.inconsistent) return other;
  }
  // Where the schema was renamed, its procedures name the old one, and its rows are as they were.
  return { ...other, ...(await readInconsistent(session, ledger)), inconsistent: true };
}

/** What an inconsistent ledger says; undefined where it cannot be read, such as without its tables. */
export async function readInconsistent(session: Session, ledger: Ledger): Promise<LedgerState | undefined> {
  try {
    const sql = readLedgerSql(ledger, "inconsistent");
    return (await session.read({ sql, row: ledgerRow }))[0];
  } catch (error) {
    if (error instanceof StatementFailure) return undefined;
    throw error;
  }
}

const logRow = z.object({
  at: z.string(),
  by: z.string(),
  event: z.string(),
  revision: z.string().nullable(),
  checksum: z.string().nullable(),
  how: z.string().nullable(),
  duration: z.number().nullable(),
  detail: z.string().nullable(),
});

/** An entry of the ledger's log. */
export interface LogEntry {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly by: string;
  readonly event: string;
  readonly revision: string | null;
  readonly checksum: string | null;
  readonly how: string | null;
  /** In seconds. */
  readonly duration: number | null;
  readonly detail: string | null;
}

/** The newest `last` entries of the log (0: all), newest first. */
export async function readLog(session: Session, ledger: Ledger, last: number): Promise<readonly LogEntry[]> {
  try {
    return await session.read({ sql: readLogSql(ledger, last), row: logRow });
  } catch (error) {
    if (isMissing(error)) return [];
    throw await unreadable(error, ledger, session);
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof StatementFailure && (error.sqlstate === "42P01" || error.sqlstate === "3F000");

const isOlder = (error: unknown): boolean =>
  error instanceof StatementFailure && error.sqlstate === sqlstates.format && error.detail === "1";

/** In the user's terms; what is no failure of the server's stays as it is. */
async function unreadable(
  error: unknown,
  { names }: Pick<Ledger, "names">,
  session: Session,
  use: LedgerUse = "read",
): Promise<unknown> {
  if (!(error instanceof StatementFailure)) return error;
  const { message, sqlstate, lost } = error;
  if (lost) return explainQuery(error, false);
  const refusal = refusalOf(error);
  const isLocked = sqlstate === sqlstates.lockHeld;
  const holders = isLocked ? await tableHolders(session, names).catch(() => []) : [];
  const [code, text, what] =
    refusal !== undefined && !isLocked
      ? [refusal.code, refusal.message, refusal.hint]
      : [
          "execution/ledger",
          refusal?.message ??
            `cannot read the ledger of ${session.database}: ${message}${waitedFor(holders)}`,
          isLocked
            ? waitHint(holders, "and run the same command again")
            : await unreadableHint(error, names, use, session),
        ];
  return new MigrateError(
    {
      code,
      message: text,
      ...(what === undefined ? {} : { hint: what }),
      ...(sqlstate === undefined ? {} : { sqlstate }),
    },
    { cause: error },
  );
}

async function unreadableHint(
  failure: StatementFailure,
  names: LedgerNames,
  use: LedgerUse,
  session: Session,
): Promise<string | undefined> {
  const { sqlstate = "", message } = failure;
  const { schema, role } = names;
  const isAboutRole = role !== undefined && quotedName(message) === role;
  // SET ROLE.
  if (isAboutRole && sqlstate === "22023")
    return `the configuration names it as "role": create it (CREATE ROLE ${identifier(role)}), or name another`;
  if (isAboutRole && sqlstate === "42501") {
    const { login, membership } = await rolesAt(session, { role, set: undefined }, message);
    return membershipHint(role, login, membership);
  }
  if (sqlstate === "42501") {
    const runsAs = (await rolesOfSession(session)).role;
    return otherGrantHint(names, message, runsAs) ?? grantsHint(names, use, runsAs);
  }
  if (/^42(?:703|804|809|846|883|P01)$/.test(sqlstate))
    return `the schema ${schema} has other objects with the names of the ledger's: keep the ledger in another schema, with "ledger": {"schema": "migrations"} in the config file`;
  return startTimeoutHint(failure, session.connectionOptions);
}

// ── an interrupted statement ────────────────────────────────────────────────────────────────────────────────────

/** What became of an interrupted statement. */
export interface Outcome {
  /** `other`: what is there bears its name, and is not what it asks for. */
  readonly outcome: "done" | "not done" | "half done" | "other" | "unknown";
  /** To be sent one by one, outside a transaction, before the statement is tried again. */
  readonly cleanup: readonly string[];
  /** The cleanup finishes the statement: it is not tried again. */
  readonly finishes: boolean;
  /** The definition of the index that is there instead. */
  readonly isThere?: string;
  /** Why it is unknown, where the server says so; and the SQL that gives the right that is missing. */
  readonly reason?: string;
  readonly remedy?: string;
  /** What a DROP INDEX CONCURRENTLY has begun to drop: no cleanup, because the statement itself goes on with it. */
  readonly halfDropped: readonly string[];
}

const outcomeRow = z
  .object({
    outcome: z.enum(["done", "not done", "half done", "other", "unknown"]),
    cleanup: z.array(z.string()),
    finishes: z.boolean(),
    is_there: z.string().nullable(),
    reason: z.string().nullable(),
    remedy: z.string().nullable(),
    half_dropped: z.array(z.string()),
  })
  .transform(
    ({ is_there, reason, remedy, half_dropped, ...row }): Outcome => ({
      ...row,
      halfDropped: half_dropped,
      ...(is_there === null ? {} : { isThere: is_there }),
      ...(reason === null ? {} : { reason }),
      ...(remedy === null ? {} : { remedy }),
    }),
  );

/** What became of it, by what it left in the catalog. `twin`: of a CREATE INDEX. Throws `state/guard`, `execution/ledger`. */
export async function outcomeOf(
  session: Session,
  ledger: Ledger,
  twin: string | undefined,
): Promise<Outcome> {
  try {
    return (await session.read({ sql: outcomeSql(ledger, twin), row: outcomeRow }))[0]!;
  } catch (error) {
    throw await unreadable(error, ledger, session);
  }
}

/**
 * The whole name of the invalid index that is called so: of that table, which is written as the author wrote it and means what
 * it means in the session as it is, or the only relation of this name. Undefined where there is none, or the server does not
 * answer.
 */
export async function invalidIndex(
  session: Session,
  name: string,
  table: string | undefined,
): Promise<string | undefined> {
  const rows = await session
    .read({
      sql: `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, c.relkind OPERATOR(pg_catalog.=) 'i' AND NOT x.indisvalid AS invalid
    FROM pg_catalog.pg_class AS c
      JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
      LEFT JOIN pg_catalog.pg_index AS x ON x.indexrelid OPERATOR(pg_catalog.=) c.oid
    WHERE c.relname::pg_catalog.text OPERATOR(pg_catalog.=) ${literal(name)}${
      table === undefined
        ? ""
        : ` AND x.indrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(${literal(table)})`
    }`,
      row: z.object({ name: z.string(), invalid: z.boolean().nullable() }),
    })
    .catch(() => []);
  return rows.length === 1 && rows[0]!.invalid === true ? rows[0]!.name : undefined;
}

// ── other sessions ──────────────────────────────────────────────────────────────────────────────────────────────

const sessionRow = z
  .object({
    pid: z.number(),
    application: z.string(),
    user: z.string(),
    client: z.string().nullable(),
    since: z.string().nullable(),
    // Another's statement, which may set a password.
    query: z.string().transform((text) => redact(text)),
    idle: z.string().nullable(),
  })
  .transform(
    ({ client, since, idle, ...row }): SessionInfo => ({
      ...row,
      ...(client === null ? {} : { client }),
      ...(since === null ? {} : { since }),
      ...(idle === null ? {} : { idle }),
    }),
  );

/** A look that leaves the session as it is, which may find operators of others before PostgreSQL's. */
const PIN = "SET TRANSACTION READ ONLY; SET LOCAL search_path = pg_catalog, pg_temp;";

const sessions = (condition: string): Query<SessionInfo> => ({
  row: sessionRow,
  sql: `${PIN}
  ${sessionsSql} ${condition}`,
});

/** A migrator is so between two statements, for less. */
const IDLE =
  "(a.state ~ '^idle' AND a.state_change < pg_catalog.clock_timestamp() - '1 second'::pg_catalog.interval)";

/** Of another role's session, to one without pg_read_all_stats: only the name of the application and the role are seen. */
const HIDDEN = "a.backend_start IS NULL";

const sessionsSql = `SELECT a.pid, COALESCE(a.application_name, '') AS application, COALESCE(a.usename, '') AS "user",
    CASE WHEN ${HIDDEN} THEN NULL ELSE COALESCE(pg_catalog.host(a.client_addr), 'local') END AS client,
    pg_catalog.to_char(COALESCE(CASE WHEN ${IDLE} THEN a.state_change ELSE a.query_start END, a.backend_start) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since,
    pg_catalog.left(pg_catalog.regexp_replace(CASE WHEN ${HIDDEN} THEN '' ELSE COALESCE(a.query, '') END, '[[:space:]]+', ' ', 'g'), 200) AS query,
    CASE WHEN ${IDLE} THEN a.state END AS idle
  FROM pg_catalog.pg_stat_activity AS a`;

/**
 * Who else holds the lock of this ledger, exclusively or shared: sessions, and prepared transactions, which have no process;
 * empty when it was just released.
 */
export function lockHolders(session: Session, { lockKey }: Ledger): Promise<readonly SessionInfo[]> {
  const held = `FROM pg_catalog.pg_locks AS l
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
      AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
      AND (l.classid::bigint << 32 | l.objid::bigint) = ${lockKey}`;
  return session.read(
    sessions(`WHERE a.pid IN (SELECT l.pid ${held})
  UNION ALL
  SELECT 0, pg_catalog.concat('the prepared transaction ', p.gid), p.owner, 'local',
    pg_catalog.to_char(p.prepared AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '', NULL
  FROM pg_catalog.pg_prepared_xacts AS p JOIN pg_catalog.pg_locks AS own
    ON own.locktype = 'transactionid' AND own.transactionid = p.transaction
  WHERE own.virtualtransaction IN (SELECT l.virtualtransaction ${held} AND l.pid IS NULL)`),
  );
}

/** Who keeps others from reading the ledger's tables. */
const tableHolders = (session: Session, { schema }: LedgerNames): Promise<readonly SessionInfo[]> =>
  session.read(
    sessions(`WHERE a.pid IN (SELECT l.pid FROM pg_catalog.pg_locks AS l
      JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
      JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE l.locktype = 'relation' AND l.granted AND l.mode = 'AccessExclusiveLock'
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
      AND n.nspname = ${literal(schema)})`),
  );

/** The sessions that the one of that process id waits for; asked over another connection. */
export function blockers(session: Session, pid: number): Promise<readonly SessionInfo[]> {
  return session.aside(sessions(`WHERE a.pid = ANY (pg_catalog.pg_blocking_pids(${pid})) ORDER BY a.pid`));
}

// ── standbys ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Whether the server is a standby, which takes no writes from anybody. */
export async function isStandby(session: Session): Promise<boolean> {
  const sql = "SELECT pg_catalog.pg_is_in_recovery() AS standby";
  return (await session.read({ sql, row: z.object({ standby: z.boolean() }) }))[0]!.standby;
}

// ── poolers ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** The backend's process id, and whether a pooler stands between: a session's settings and locks need `none` or `sessions`. */
export interface Backend {
  readonly pid: number;
  readonly pooled: "none" | "sessions" | "transactions" | "statements";
}

/** The mode of a pooler whose sessions are those of other clients too. */
export const sharedMode = ({ pooled }: Backend): "transaction" | "statement" | undefined =>
  pooled === "transactions" ? "transaction" : pooled === "statements" ? "statement" : undefined;

const backendPid: Query<{ pid: number }> = {
  sql: "SELECT pg_catalog.pg_backend_pid() AS pid",
  row: z.object({ pid: z.number() }),
};

/**
 * A pooler announces a process id of its own making. If then two connections that are open at once are served by one
 * backend, or one connection by two, what is pooled are transactions, or statements, between which no transaction stays open.
 */
export async function backendOf(session: Session): Promise<Backend> {
  if (session.kind === "pglite") return { pid: 0, pooled: "none" };
  const pid = async (): Promise<number> => (await session.read(backendPid))[0]!.pid;
  const mine = await pid();
  if (mine === session.pid) return { pid: mine, pooled: "none" };
  for (let round = 0; round < POOL_ROUNDS; round += 1) {
    // A pool of sessions that is full lets the other connection wait for as long as this one lives.
    const late = sleep(POOL_PATIENCE, undefined, { ref: false });
    const refused = (): readonly { pid: number }[] => [];
    const [other] = (await Promise.race([session.aside(backendPid).catch(refused), late])) ?? [];
    if ((await pid()) !== mine || other?.pid === mine)
      return { pid: mine, pooled: (await refusesTransactions(session)) ? "statements" : "transactions" };
    if (other === undefined) break;
  }
  return { pid: mine, pooled: "sessions" };
}

/** As PgBouncer does in statement mode, where the connection is ended that begins one. */
const refusesTransactions = (session: Session): Promise<boolean> =>
  session.aside({ ...backendPid, sql: "BEGIN" }).then(
    () => false,
    (error: unknown) => sqlstateOf(error as DriverError) === "08P01",
  );

const POOL_ROUNDS = 3;
/** Milliseconds. */
const POOL_PATIENCE = 3000;

// ── another tool's version table ────────────────────────────────────────────────────────────────────────────────

const versionRow = z
  .object({ version: z.string(), dirty: z.boolean(), and_before: z.boolean() })
  .transform(({ and_before, ...row }): VersionRow => ({ ...row, andBefore: and_before }));

/** The rows of a version table; `query` is the tool's. Throws `StatementFailure`. */
export function readVersions(session: Session, query: string): Promise<readonly VersionRow[]> {
  return session.read({ sql: `${PIN}\n  ${query}`, row: versionRow });
}

/** The tables of these names, by schema; those of the system do not count. Throws `StatementFailure`. */
export function tablesNamed(
  session: Session,
  names: readonly string[],
  schema?: string,
): Promise<readonly FoundTable[]> {
  return session.read({
    sql: `${PIN}
  SELECT n.nspname AS schema, c.relname AS name, pg_catalog.array_agg(a.attname::text ORDER BY a.attnum) AS columns
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relname = ANY (${arrayLiteral(names)}::text[]) AND c.relkind IN ('r', 'p')
    AND n.nspname ${schema === undefined ? "!~ '^(pg_|information_schema$)'" : `= ${literal(schema)}`}
  GROUP BY n.nspname, c.relname ORDER BY n.nspname, c.relname`,
    row: z.object({ schema: z.string(), name: z.string(), columns: z.array(z.string()) }),
  });
}

/** The session is that of who connected; and with the path that the connection was given. */
const AS_CONNECTED = "SET LOCAL SESSION AUTHORIZATION DEFAULT; SET LOCAL role TO DEFAULT;";
const AS_GIVEN = `${AS_CONNECTED} SET LOCAL search_path TO DEFAULT;`;

/** Who connected, whom the session's objects will belong to, and where it looks for names. */
export interface SessionState {
  readonly user: string;
  /** SQL runs as that where the project names none: it may be set for the connection, the role or the database. */
  readonly role: string;
  /** As it is set: `"$user", public`. */
  readonly searchPath: string;
}

/** A role that was set since the session began does not count. `as`: what makes it so. Throws `StatementFailure`. */
export async function sessionState(session: Session, as = AS_CONNECTED): Promise<SessionState> {
  const [row] = await session.read({
    sql: `${as}
  SELECT session_user::pg_catalog.text AS "user", current_user::pg_catalog.text AS role, pg_catalog.current_setting('search_path') AS "searchPath"`,
    row: { parse: (row) => row as SessionState },
  });
  return row!;
}

/** Asked where a right is missing, which is what the user must see, even where the server does not answer. */
export const rolesOfSession = (session: Session): Promise<Partial<SessionState>> =>
  sessionState(session, AS_GIVEN).catch(() => ({}));

/**
 * What the server says of the roles where it has answered that a right is lacking. `role`: the plan's; `set`: that which the
 * file has set.
 */
export async function rolesAt(
  session: Session,
  { role, set }: { readonly role: string | undefined; readonly set: string | undefined },
  message: string,
): Promise<Roles> {
  const { user: login, role: runsAs, searchPath } = await rolesOfSession(session);
  const owned = ownedIn(message);
  const first = role ?? runsAs;
  if (first === undefined || login === undefined) return { login, runsAs, searchPath };
  const members = { member: set ?? first, first, login };
  const isSuperuser = await isSuper(session, members.member).catch(() => undefined);
  const other = memberOf(message);
  const membership =
    other &&
    (await membershipOf(session, other.role, other.isSet ? login : members.member).catch(() => undefined));
  const owner =
    owned === undefined ? undefined : await ownerOf(session, owned, members).catch(() => undefined);
  return { login, runsAs, searchPath, isSuperuser, owner, membership };
}

/** What `pg_has_role` calls the right to become a role. */
const becoming = ({ version }: Session): string => (version.number < 160_000 ? "MEMBER" : "SET");

/** Whether a role, as `r` of a query, and another are members of each other; a superuser counts as one of every role. */
const memberships = (session: Session, member: string): string => {
  const isMember =
    session.version.number < 160_000 ? "false" : `pg_has_role(${literal(member)}::name, r.oid, 'MEMBER')`;
  return `${isMember} AS "isMember", r.rolsuper AS "isSuperuser",
    (r.rolsuper OR NOT pg_has_role(r.oid, ${literal(member)}::name, 'MEMBER')) AND r.rolname <> ${literal(OWNERS_ONLY)} AS "isGrantable"`;
};

/** Of one who may not become a role. Throws `StatementFailure`. */
async function membershipOf(session: Session, role: string, member: string): Promise<Membership | undefined> {
  const [row] = await session.read({
    sql: `${PIN}
  SELECT ${memberships(session, member)} FROM pg_roles AS r WHERE r.rolname = ${literal(role)}`,
    row: z.object({ isMember: z.boolean(), isGrantable: z.boolean(), isSuperuser: z.boolean() }),
  });
  return row;
}

/** Throws `StatementFailure`. */
async function isSuper(session: Session, role: string): Promise<boolean | undefined> {
  const [row] = await session.read({
    sql: `${PIN}
  SELECT r.rolsuper AS "isSuperuser" FROM pg_roles AS r WHERE r.rolname = ${literal(role)}`,
    row: z.object({ isSuperuser: z.boolean() }),
  });
  return row?.isSuperuser;
}

/** Objects with their owners, and what a server's message calls one. */
const OWNERS: Readonly<Record<Owned["kind"], readonly [objects: string, names: string]>> = {
  // An index is its table's; so is the sequence of a column.
  relation: [
    `SELECT c.relowner, concat('TABLE ', coalesce(x.indrelid, s.refobjid, c.oid)::regclass)
    FROM pg_class AS c LEFT JOIN pg_index AS x ON x.indexrelid = c.oid
      LEFT JOIN pg_depend AS s ON c.relkind = 'S' AND s.objid = c.oid AND s.classid = 'pg_class'::regclass
        AND s.deptype IN ('a', 'i') AND s.refclassid = 'pg_class'::regclass`,
    "c.relname",
  ],
  // As it is written in the file.
  routine: [
    `SELECT p.proowner, concat('ROUTINE ', p.oid::regprocedure)
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace`,
    "p.proname, concat(n.nspname, '.', p.proname)",
  ],
  // With its schema where that is not in the search_path.
  type: [
    "SELECT t.typowner, concat('TYPE ', t.oid::regtype) FROM pg_type AS t",
    "quote_ident(t.typname), t.oid::regtype::text",
  ],
  schema: ["SELECT n.nspowner, concat('SCHEMA ', n.oid::regnamespace) FROM pg_namespace AS n", "n.nspname"],
  database: ["SELECT d.datdba, format('DATABASE %I', d.datname) FROM pg_database AS d", "d.datname"],
};

/**
 * The owner of the only object of that name whose owner's rights the role has not; where it has those of all, of one of them.
 * Throws `StatementFailure`.
 */
async function ownerOf(
  session: Session,
  { kind, name }: Owned,
  roles: { readonly member: string; readonly first: string; readonly login: string },
): Promise<Owner | undefined> {
  const [objects, names] = OWNERS[kind];
  const has = (role: string, how: string): string => `pg_has_role(${literal(role)}::name, r.oid, '${how}')`;
  const rows = await session.read({
    sql: `${PIN}
  SELECT r.rolname AS name, ${has(roles.member, "USAGE")} AS "isOwn",
    ${has(roles.member, becoming(session))} AS "isSettable", ${memberships(session, roles.member)},
    ${has(roles.first, "USAGE")} AS "isFirsts",
    ${has(roles.login, becoming(session))} AS "isLogins", o.object
  FROM (${objects} WHERE ${literal(name)} IN (${names})) AS o (owner, object) JOIN pg_roles AS r ON r.oid = o.owner`,
    row: z.object({
      name: z.string(),
      isSuperuser: z.boolean(),
      isOwn: z.boolean(),
      isSettable: z.boolean(),
      isMember: z.boolean(),
      isGrantable: z.boolean(),
      isFirsts: z.boolean(),
      isLogins: z.boolean(),
      object: z.string(),
    }),
  });
  const others = rows.filter(({ isOwn }) => !isOwn);
  return others.length === 0 ? rows[0] : others.length === 1 ? others[0] : undefined;
}

/**
 * Of a search_path, the schemas that are there and that the role may not use. Undefined where there are none, or the server
 * does not answer.
 */
export async function shutSchemas(
  session: Session,
  of: { readonly role: string | undefined; readonly searchPath: readonly string[] | undefined },
): Promise<{ readonly schemas: readonly string[]; readonly role: string } | undefined> {
  try {
    // Each file begins with the path that the connection was given.
    const [state] = await session.read({
      sql: `${AS_GIVEN}
  SELECT current_user::pg_catalog.text AS role, pg_catalog.current_setting('search_path') AS path`,
      row: z.object({ role: z.string(), path: z.string() }),
    });
    const role = of.role ?? state!.role;
    const path = of.searchPath ?? searchPathNames(state!.path);
    const names = path.map((name) => (name === "$user" ? role : name));
    const rows = await session.read({
      sql: `${PIN}
  SELECT n.nspname::text AS name FROM pg_namespace AS n
  WHERE n.nspname = ANY (${arrayLiteral(names)}::text[]) AND NOT has_schema_privilege(${literal(role)}::name, n.oid, 'USAGE')
  ORDER BY n.nspname`,
      row: z.object({ name: z.string() }),
    });
    return rows.length === 0 ? undefined : { schemas: rows.map(({ name }) => name), role };
  } catch {
    return undefined;
  }
}

/** Up to three schemas, not PostgreSQL's own, that have a relation of that name. Undefined: none, or no answer. */
export async function elsewhere(session: Session, name: string): Promise<Elsewhere | undefined> {
  const [row] = await session
    .read({
      sql: `${AS_GIVEN}
  SELECT pg_catalog.current_setting('search_path') AS path, ARRAY(SELECT n.nspname::pg_catalog.text
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE c.relname OPERATOR(pg_catalog.=) ${literal(name)} AND n.nspname OPERATOR(pg_catalog.!~) '^(pg_|information_schema$)'
    ORDER BY 1 LIMIT 3) AS schemas`,
      row: z.object({ path: z.string(), schemas: z.array(z.string()) }),
    })
    .catch(() => []);
  return row === undefined || row.schemas.length === 0
    ? undefined
    : { schemas: row.schemas, path: searchPathNames(row.path) };
}

/** The names of all roles of the server but PostgreSQL's own. */
export async function rolesOf(session: Session): Promise<readonly string[]> {
  const rows = await session.read({
    sql: `SELECT r.rolname::pg_catalog.text AS name FROM pg_catalog.pg_roles AS r
      WHERE r.rolname OPERATOR(pg_catalog.!~) '^pg_'`,
    row: { parse: (row) => row as { readonly name: string } },
  });
  return rows.map(({ name }) => name);
}
