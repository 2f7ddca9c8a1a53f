/** Who else is connected → who holds the ledger's lock, who blocks us. */
import type { SessionInfo } from "../core/event.ts";
import type { LedgerSql } from "../core/ledger-sql.ts";
import type { Session } from "./database.ts";

const columns = `
  SELECT a.pid, COALESCE(a.application_name, '') AS application, COALESCE(a.usename, '') AS "user",
    COALESCE(pg_catalog.host(a.client_addr), 'local') AS client,
    pg_catalog.to_char(COALESCE(a.query_start, a.backend_start) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since,
    pg_catalog.left(pg_catalog.regexp_replace(COALESCE(a.query, ''), '\\s+', ' ', 'g'), 200) AS query
  FROM pg_catalog.pg_stat_activity a`;

/** The session that holds the lock of this ledger; empty when it was just released. */
export function lockHolders(session: Session, { lockKey }: LedgerSql): Promise<readonly SessionInfo[]> {
  return session.rows<SessionInfo>(`${columns}
  JOIN pg_catalog.pg_locks l ON l.pid = a.pid
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.mode = 'ExclusiveLock'
    AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    AND (l.classid::bigint << 32 | l.objid::bigint) = ${lockKey}`);
}

/** The sessions that this one waits for; asked over another connection. */
export function blockers(session: Session): Promise<readonly SessionInfo[]> {
  return session.aside<SessionInfo>(
    `${columns} WHERE a.pid = ANY (pg_catalog.pg_blocking_pids(${session.pid})) ORDER BY a.pid`,
  );
}
