/** A session → how large relations are. Reads only, and waits for nobody. */
import { explainQuery } from "../core/failure/explain.ts";
import { literal } from "../core/quote.ts";
import type { RelationSize } from "../core/review.ts";
import { type Session, StatementFailure } from "./session/types.ts";

/** Those of the relations (`shop.orders`) that are there, in their order. Throws `MigrateError` of kind execution. */
export async function readSizes(
  session: Session,
  relations: readonly string[],
): Promise<readonly RelationSize[]> {
  if (relations.length === 0) return [];
  try {
    return await session.read({
      sql: sizesSql(relations),
      row: { parse: (row) => row as RelationSize },
    });
  } catch (error) {
    throw error instanceof StatementFailure ? explainQuery(error, false) : error;
  }
}

/** A size is read under a lock, which is not asked for where another session would keep it. */
const sizesSql = (relations: readonly string[]): string => `
SELECT asked.relation,
  (SELECT sum(c.reltuples) FILTER (WHERE c.reltuples >= 0) FROM pg_catalog.unnest(tree.relids) AS t (id)
    JOIN pg_catalog.pg_class c ON c.oid = t.id WHERE c.relkind IN ('r', 'm', 'f'))::pg_catalog.float8 AS rows,
  CASE WHEN EXISTS (
    SELECT FROM pg_catalog.pg_locks l WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
      AND l.relation = ANY (tree.relids) AND l.pid <> pg_catalog.pg_backend_pid()
  ) THEN NULL ELSE (
    SELECT sum(pg_catalog.pg_total_relation_size(t.id)) FROM pg_catalog.unnest(tree.relids) AS t (id)
  ) END::pg_catalog.float8 AS bytes
FROM (VALUES ${relations.map((name, i) => `(${i}, ${literal(name)})`).join(", ")}) AS asked (place, relation)
JOIN pg_catalog.pg_class r ON r.relkind IN ('r', 'p', 'm', 'f')
JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace AND n.nspname || '.' || r.relname = asked.relation,
LATERAL (
  SELECT ARRAY(SELECT p.relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree(r.oid) AS p UNION SELECT r.oid) AS relids
) AS tree
ORDER BY asked.place`;
