/** A session on a server → what of it can keep migrations from running. Reads only. */
import type { LedgerNames } from "../core/ledger/types.ts";
import { literal } from "../core/quote.ts";
import type { Session } from "./session/types.ts";

export interface ServerFacts {
  /** A replica, which only follows another server. */
  readonly standby: boolean;
  readonly readOnly: boolean;
  /** Whether the role may create schemas in the database. */
  readonly creates: boolean;
  readonly database: string;
  readonly role: string;
  /** Seconds that the server's clock is ahead of this machine's, to the length of a trip there. */
  readonly ahead: number;
}

const FACTS = `SELECT pg_catalog.pg_is_in_recovery() AS standby,
  pg_catalog.current_setting('transaction_read_only') = 'on' AS "readOnly",
  pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS creates,
  pg_catalog.current_database()::text AS database, current_user::text AS role,
  extract(epoch FROM pg_catalog.clock_timestamp())::double precision AS clock`;

/** Whether the role that the ledger is written as may do so; also where there is none. Throws `StatementFailure`. */
export async function mayWriteLedger(session: Session, { schema, role }: LedgerNames): Promise<boolean> {
  const who = role === undefined ? "current_user" : literal(role);
  const rows = await session.read({
    sql: `SELECT pg_catalog.has_table_privilege(${who}, c.oid, 'INSERT') AS may FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = ${literal(schema)} AND c.relname = 'applied'`,
    row: { parse: (each) => each as { readonly may: boolean } },
  });
  return rows.every(({ may }) => may);
}

/** `now`: of this machine, read when the answer is there. Throws `StatementFailure`. */
export async function serverFacts(session: Session, now: () => Date): Promise<ServerFacts> {
  type Row = Omit<ServerFacts, "ahead"> & { readonly clock: number };
  const [row] = await session.read({ sql: FACTS, row: { parse: (each) => each as Row } });
  const { clock, ...facts } = row!;
  return { ...facts, ahead: clock - now().getTime() / 1000 };
}
