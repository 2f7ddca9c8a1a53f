/** A session → what we ask a database: each query with the schema of its rows. Reads only. The only importer of zod. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { ObjectName } from "../core/ast.ts";
import { MigrateError } from "../core/errors.ts";
import type { SessionInfo } from "../core/event.ts";
import { grantsHint } from "../core/explain.ts";
import type { Ledger } from "../core/ledger/calls.ts";
import { readFormat1Sql, readLedgerSql, readLogSql } from "../core/ledger/queries.ts";
import { type Applied, type Intent, type LedgerState, sqlstates } from "../core/ledger/types.ts";
import { invalidIndexesSql, type Outcome, oidsSql, probeSql, relationsOf } from "../core/probe.ts";
import type { Probe } from "../core/statement/facts.ts";
import { type Query, type Session, StatementFailure } from "./session/types.ts";

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
    done: z.boolean(),
    error: z.string().nullish(),
  })
  .transform(({ error, ...intent }): Intent => ({ ...intent, ...(error ? { error } : {}) }));

const ledgerRow = z
  .object({
    format: z.number(),
    revisions: z.string(),
    digest: z.string(),
    applied: z.array(appliedRow),
    intent: intentRow.nullable(),
  })
  .transform(
    ({ format, applied, intent }): LedgerState => ({
      format,
      applied,
      ...(intent === null ? {} : { intent }),
    }),
  );

/** What is applied and what is half done; nothing, where there is no ledger. Throws `state/guard`, `execution/ledger`. */
export async function readLedger(session: Session, ledger: Ledger): Promise<LedgerState> {
  const ask = async (sql: string): Promise<LedgerState> =>
    (await session.read({ sql, row: ledgerRow }))[0] ?? { applied: [] };
  for (let again = true; ; again = false) {
    try {
      return await ask(readLedgerSql(ledger));
    } catch (error) {
      if (isMissing(error)) return { applied: [] };
      if (!isOlder(error)) throw unreadable(error, ledger);
    }
    try {
      return await ask(readFormat1Sql(ledger));
    } catch (error) {
      // Another has brought it up in between.
      if (!again) throw unreadable(error, ledger);
    }
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

/** An entry of the ledger's log. `at` is ISO 8601, UTC; `duration` in seconds. */
export type LogEntry = Readonly<z.infer<typeof logRow>>;

/** The newest `last` entries of the log (0: all), newest first. */
export async function readLog(session: Session, ledger: Ledger, last: number): Promise<readonly LogEntry[]> {
  try {
    return await session.read({ sql: readLogSql(ledger, last), row: logRow });
  } catch (error) {
    if (isMissing(error)) return [];
    throw unreadable(error, ledger);
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof StatementFailure && (error.sqlstate === "42P01" || error.sqlstate === "3F000");

const isOlder = (error: unknown): boolean =>
  error instanceof StatementFailure && error.sqlstate === sqlstates.format && error.detail === "1";

/** In the user's terms; what is no failure of the server's stays as it is. */
function unreadable(error: unknown, { names }: Ledger): unknown {
  if (!(error instanceof StatementFailure)) return error;
  const { message, sqlstate, lost, hint } = error;
  const isGuard = sqlstate === sqlstates.guard || sqlstate === sqlstates.format;
  const [code, text, what] = lost
    ? [
        "execution/connection-lost",
        `the connection to the database was lost: ${message}`,
        "run the same command again; nothing was changed",
      ]
    : isGuard
      ? ["state/guard", message.replace(/^retort: /, ""), hint]
      : [
          "execution/ledger",
          `the ledger cannot be read: ${message}`,
          sqlstate === "42501" ? grantsHint(names, "SELECT") : undefined,
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

// ── an interrupted statement ────────────────────────────────────────────────────────────────────────────────────

const outcomeRow: Query<Outcome>["row"] = z.object({
  outcome: z.enum(["done", "not done", "half done", "unknown"]),
  cleanup: z.array(z.string()),
  finishes: z.boolean(),
});
const oidsRow = z.object({ oids: z.array(z.number()) });
const dropRow = z.object({ drop: z.string() });

/** What became of it. `settings` make names mean what they mean to it: SET statements, without `;`. */
export async function outcomeOf(
  session: Session,
  probe: Probe,
  settings: readonly string[],
): Promise<Outcome> {
  const oids = await oidsOf(session, relationsOf(probe), settings);
  const [found] = await session.read({ sql: `${PIN}\n${probeSql(probe, oids)}`, row: outcomeRow });
  return found ?? { outcome: "unknown", cleanup: [], finishes: false };
}

/** Statements that drop the indexes of a table that are not valid. */
export async function invalidIndexes(
  session: Session,
  table: ObjectName,
  settings: readonly string[],
): Promise<readonly string[]> {
  const [oid = 0] = await oidsOf(session, [table], settings);
  const rows = await session.read({ sql: `${PIN}\n${invalidIndexesSql(oid)}`, row: dropRow });
  return rows.map((row) => row.drop);
}

/** Looks names up with these settings, and leaves nothing set. */
async function oidsOf(
  session: Session,
  relations: readonly ObjectName[],
  settings: readonly string[],
): Promise<readonly number[]> {
  if (relations.length === 0) return [];
  await session.send("BEGIN;");
  try {
    for (const setting of settings) await session.send(`${setting};`);
    return (await session.read({ sql: oidsSql(relations), row: oidsRow }))[0]?.oids ?? [];
  } finally {
    await session.send("ROLLBACK;");
  }
}

// ── other sessions ──────────────────────────────────────────────────────────────────────────────────────────────

const sessionRow = z.object({
  pid: z.number(),
  application: z.string(),
  user: z.string(),
  client: z.string(),
  since: z.string(),
  query: z.string(),
});

/** The session may find operators of others before PostgreSQL's. */
const PIN = "SET search_path = pg_catalog, pg_temp;";

const sessions = (condition: string): Query<SessionInfo> => ({
  row: sessionRow,
  sql: `${PIN}
  SELECT a.pid, COALESCE(a.application_name, '') AS application, COALESCE(a.usename, '') AS "user",
    COALESCE(pg_catalog.host(a.client_addr), 'local') AS client,
    COALESCE(pg_catalog.to_char(COALESCE(a.query_start, a.backend_start) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '') AS since,
    pg_catalog.left(pg_catalog.regexp_replace(COALESCE(a.query, ''), '\\s+', ' ', 'g'), 200) AS query
  FROM pg_catalog.pg_stat_activity AS a ${condition}`,
});

/** The session that holds the lock of this ledger; empty when it was just released. */
export function lockHolders(session: Session, { lockKey }: Ledger): Promise<readonly SessionInfo[]> {
  return session.read(
    sessions(`JOIN pg_catalog.pg_locks AS l ON l.pid = a.pid
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.mode = 'ExclusiveLock'
    AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    AND (l.classid::bigint << 32 | l.objid::bigint) = ${lockKey}`),
  );
}

/** The sessions that the one of that process id waits for; asked over another connection. */
export function blockers(session: Session, pid: number): Promise<readonly SessionInfo[]> {
  return session.aside(sessions(`WHERE a.pid = ANY (pg_catalog.pg_blocking_pids(${pid})) ORDER BY a.pid`));
}

// ── poolers ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** The backend's process id, and whether a pooler stands between: a session's settings and locks need `none` or `sessions`. */
export interface Backend {
  readonly pid: number;
  readonly pooled: "none" | "sessions" | "transactions";
}

const backendPid: Query<{ pid: number }> = {
  sql: "SELECT pg_catalog.pg_backend_pid() AS pid",
  row: z.object({ pid: z.number() }),
};

/**
 * A pooler announces a process id of its own making. If then two connections that are open at once are served by one
 * backend, or one connection by two, what is pooled are transactions.
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
    if ((await pid()) !== mine || other?.pid === mine) return { pid: mine, pooled: "transactions" };
    if (other === undefined) break;
  }
  return { pid: mine, pooled: "sessions" };
}

const POOL_ROUNDS = 3;
/** Milliseconds. */
const POOL_PATIENCE = 3000;

const SESSION_ROLE: Query<{ readonly role: string }> = {
  sql: "SELECT session_user::pg_catalog.text AS role",
  row: z.object({ role: z.string() }),
};

/** The role that connected. */
export async function sessionRole(session: Session): Promise<string> {
  return (await session.read(SESSION_ROLE))[0]!.role;
}
