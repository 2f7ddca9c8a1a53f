/**
 * A statement outside a transaction that was interrupted → the query that tells what became of it.
 *
 * PostgreSQL leaves traces: an index that is not valid, a partition half detached, a `_ccnew` copy. The query gives
 * one row: `outcome` (`done`, `not done`, `half done`, `unknown`) and `cleanup`, statements that make room.
 */
import type { ObjectName } from "./ast.ts";
import { identifier, literal } from "./quote.ts";
import type { Probe } from "./statement.ts";

/** What became of an interrupted statement. */
export interface Outcome {
  readonly outcome: "done" | "not done" | "half done" | "unknown";
  /** To be sent one by one, outside a transaction, before the statement is tried again. */
  readonly cleanup: readonly string[];
  /** The cleanup finishes the statement: it is not tried again. */
  readonly finishes: boolean;
}

/** The query for `probe`, to be asked under the session's pins. */
export function probeSql(probe: Probe): string {
  switch (probe.kind) {
    case "create-index": {
      const on = `x.indrelid = ${regclass(probe.table)}`;
      if (probe.index === undefined) {
        // The server chose the name: a valid index may be this one or another.
        return indexes(on, "'unknown'", "'unknown'");
      }
      return indexes(`${on} AND i.relname = ${literal(probe.index)}`, "'done'", "'not done'");
    }
    case "drop-index": {
      const there = probe.indexes.map((index) => `${regclass(index)} IS NOT NULL`).join(" OR ");
      return `SELECT CASE WHEN ${there} THEN 'not done' ELSE 'done' END AS outcome, '{}'::text[] AS cleanup, false AS finishes`;
    }
    case "reindex":
      return reindex(probe);
    case "detach-partition": {
      const finalize = `pg_catalog.format('ALTER TABLE %s DETACH PARTITION %s FINALIZE', ${regclass(probe.table)}, ${regclass(probe.partition)})`;
      return (
        "SELECT CASE WHEN h.inhrelid IS NULL THEN 'done' WHEN h.inhdetachpending THEN 'half done' ELSE 'not done' END AS outcome, " +
        `CASE WHEN h.inhdetachpending THEN ARRAY[${finalize}] ELSE '{}'::text[] END AS cleanup, COALESCE(h.inhdetachpending, false) AS finishes ` +
        `FROM (SELECT) AS one LEFT JOIN pg_catalog.pg_inherits h ON h.inhparent = ${regclass(probe.table)} AND h.inhrelid = ${regclass(probe.partition)}`
      );
    }
    case "create":
    case "drop": {
      const [catalog, column] = CATALOGS[probe.of];
      const exists = `EXISTS (SELECT FROM pg_catalog.${catalog} WHERE ${column} = ${literal(probe.name)})`;
      const done = probe.kind === "create" ? exists : `NOT ${exists}`;
      return `SELECT CASE WHEN ${done} THEN 'done' ELSE 'not done' END AS outcome, '{}'::text[] AS cleanup, false AS finishes`;
    }
  }
}

/** Stops where `CREATE INDEX CONCURRENTLY IF NOT EXISTS` met an index of that name that is not valid, and said yes. */
export function validIndexGuard(probe: Probe | undefined): { readonly condition: string; readonly index: string } | undefined {
  if (probe?.kind !== "create-index" || probe.index === undefined || !probe.ifNotExists) return undefined;
  const condition =
    "EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid " +
    `WHERE x.indrelid = ${regclass(probe.table)} AND i.relname = ${literal(probe.index)} AND NOT x.indisvalid)`;
  return { condition, index: probe.index };
}

const CATALOGS = {
  database: ["pg_database", "datname"],
  tablespace: ["pg_tablespace", "spcname"],
  subscription: ["pg_subscription", "subname"],
} as const;

const regclass = ({ schema, name }: ObjectName): string =>
  `pg_catalog.to_regclass(${literal(schema === undefined ? identifier(name) : `${identifier(schema)}.${identifier(name)}`)})`;

const DROP = "pg_catalog.format('DROP INDEX CONCURRENTLY %I.%I', n.nspname, i.relname)";
const FROM_INDEXES =
  "FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace";

/** Among these indexes: one that is not valid is the half-done build; it is dropped and built again. */
function indexes(condition: string, whenValid: string, whenNone: string): string {
  return (
    "SELECT CASE WHEN count(*) FILTER (WHERE NOT indisvalid) > 0 THEN 'half done' " +
    `WHEN count(*) > 0 THEN ${whenValid} ELSE ${whenNone} END AS outcome, ` +
    "COALESCE(pg_catalog.array_agg(drop_it) FILTER (WHERE NOT indisvalid), '{}') AS cleanup, false AS finishes " +
    `FROM (SELECT x.indisvalid, ${DROP} AS drop_it ${FROM_INDEXES} WHERE ${condition}) AS found`
  );
}

/** A rebuild can always be done again; what a concurrent one left behind is dropped first. */
function reindex(probe: Extract<Probe, { kind: "reindex" }>): string {
  const within =
    probe.object === undefined || (probe.of !== "index" && probe.of !== "table")
      ? "true"
      : probe.of === "table"
        ? `x.indrelid = ${regclass(probe.object)}`
        : `x.indrelid = (SELECT indrelid FROM pg_catalog.pg_index WHERE indexrelid = ${regclass(probe.object)})`;
  return (
    "SELECT CASE WHEN count(*) > 0 THEN 'half done' ELSE 'not done' END AS outcome, " +
    `COALESCE(pg_catalog.array_agg(${DROP}), '{}') AS cleanup, false AS finishes ${FROM_INDEXES} ` +
    `WHERE ${within} AND NOT x.indisvalid AND i.relname ~ '_cc(new|old)\\d*$'`
  );
}
