/** A session → what the server itself tells the tables, columns and sequences of its database apart by, whatever they are called. */
import { keyOf } from "../core/catalog/catalog.ts";
import type { Session } from "./session/types.ts";

const SQL = `SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS class,
  ARRAY[n.nspname, c.relname]::text[] AS identity, c.oid::text AS id
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.relkind IN ('r', 'p', 'S') AND n.nspname OPERATOR(pg_catalog.!~) '^pg_'
UNION ALL
SELECT 'column', ARRAY[n.nspname, c.relname, a.attname]::text[],
  pg_catalog.format('%s.%s', c.oid, a.attnum)
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=) c.oid
WHERE c.relkind IN ('r', 'p') AND n.nspname OPERATOR(pg_catalog.!~) '^pg_'
  AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped`;

/** By `keyOf` of the object. Throws `StatementFailure`. */
export async function readIdentities(session: Session): Promise<ReadonlyMap<string, string>> {
  const rows = await session.read({ sql: SQL, row: { parse: (row) => row as Identified } });
  return new Map(rows.map((row) => [keyOf(row), row.id]));
}

interface Identified {
  readonly class: string;
  readonly identity: readonly string[];
  readonly id: string;
}
