/** A session on a server → what of it can keep migrations from running. Reads only. */
import type { LedgerNames } from "../core/ledger/types.ts";
import { literal } from "../core/quote.ts";
import type { Session } from "./session/types.ts";

export interface ServerFacts {
  /** A replica, which only follows another server. */
  readonly standby: boolean;
  readonly readOnly: boolean;
  readonly database: string;
  readonly role: string;
  /** Seconds that the server's clock is ahead of this machine's, to the length of a trip there. */
  readonly ahead: number;
}

const FACTS = `SELECT pg_catalog.pg_is_in_recovery() AS standby,
  pg_catalog.current_setting('transaction_read_only') = 'on' AS "readOnly",
  pg_catalog.current_database()::text AS database, current_user::text AS role,
  extract(epoch FROM pg_catalog.clock_timestamp())::double precision AS clock`;

/** Of the role that the ledger is written as. */
export interface LedgerRights {
  /** Whether it may create a ledger. */
  readonly mayCreate: boolean;
  /** Whether the ledger's schema is there already. */
  readonly hasSchema: boolean;
}

/** Throws `StatementFailure`. */
export async function ledgerRights(session: Session, { schema, role }: LedgerNames): Promise<LedgerRights> {
  const who = role === undefined ? "current_user" : literal(role);
  const [row] = await session.read({
    sql: `SELECT n.oid IS NOT NULL AS "hasSchema", CASE WHEN n.oid IS NULL
      THEN pg_catalog.has_database_privilege(${who}, pg_catalog.current_database(), 'CREATE')
      ELSE pg_catalog.has_schema_privilege(${who}, n.oid, 'CREATE') AND pg_catalog.has_schema_privilege(${who}, n.oid, 'USAGE')
    END AS "mayCreate"
  FROM (SELECT 1) AS one LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = ${literal(schema)}`,
    row: { parse: (each) => each as LedgerRights },
  });
  return row!;
}

/** `now`: of this machine, read when the answer is there. Throws `StatementFailure`. */
export async function serverFacts(session: Session, now: () => Date): Promise<ServerFacts> {
  type Row = Omit<ServerFacts, "ahead"> & { readonly clock: number };
  const [row] = await session.read({ sql: FACTS, row: { parse: (each) => each as Row } });
  const { clock, ...facts } = row!;
  return { ...facts, ahead: clock - now().getTime() / 1000 };
}

/** The schemas of a search_path that exist → their names in SQL: that of "$user" is the role's. Throws `StatementFailure`. */
export async function schemasThere(
  session: Session,
  path: readonly string[],
  role: string | undefined,
): Promise<ReadonlyMap<string, string>> {
  if (path.length === 0) return new Map();
  const who = role === undefined ? "current_user" : literal(role);
  const rows = await session.read({
    sql: `SET LOCAL search_path = pg_catalog, pg_temp;
  SELECT p.name, pg_catalog.quote_ident(n.nspname) AS shown
  FROM pg_catalog.unnest(ARRAY[${path.map(literal).join(", ")}]::text[]) AS p (name)
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = CASE p.name WHEN '$user' THEN ${who}::text ELSE p.name END`,
    row: { parse: (each) => each as { readonly name: string; readonly shown: string } },
  });
  return new Map(rows.map(({ name, shown }) => [name, shown]));
}
