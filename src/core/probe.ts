/**
 * A statement outside a transaction that was interrupted → the query that tells what became of it.
 *
 * PostgreSQL leaves traces: an index that is not valid, a partition half detached, a `_ccnew` copy. The query gives
 * one row: `outcome` (`done`, `not done`, `half done`, `unknown`) and `cleanup`, statements that make room.
 */
import type { ObjectName } from "./ast.ts";
import type { Undone } from "./ledger.ts";
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

/**
 * How the catalog shows that a statement, which the server or a client went past, did not do what it should: an index
 * that is missing or not valid (IF NOT EXISTS takes that for done), a partition that is still attached.
 */
export function undone(probe: Probe | undefined): Undone | undefined {
  if (probe?.kind === "detach-partition") {
    return {
      condition: `EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhparent = ${regclass(probe.table)} AND inhrelid = ${regclass(probe.partition)})`,
      sentence: `the partition ${probe.partition.name} is still attached`,
      hint: "Go on with: migrate upgrade.",
    };
  }
  if (probe?.kind !== "create-index" || probe.index === undefined) return undefined;
  const { index } = probe;
  const found =
    "EXISTS (SELECT FROM pg_catalog.pg_index AS x\n    JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid\n" +
    `    WHERE x.indrelid = ${regclass(probe.table)}\n      AND i.relname = ${literal(index)} AND`;
  if (probe.ifNotExists) {
    return {
      condition: `${found} NOT x.indisvalid)`,
      sentence: `the index ${index} was there already and is not valid; IF NOT EXISTS left it so`,
      hint: "Drop it with: DROP INDEX CONCURRENTLY. Then go on with: migrate upgrade.",
    };
  }
  return {
    condition: `NOT ${found} x.indisvalid)`,
    sentence: `the index ${index} is not there, or not valid: the statement that creates it did not succeed`,
    hint: "Go on with: migrate upgrade, which drops what is not valid and builds it again.",
  };
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

/** The query for the indexes of a table that are not valid: rows with `drop`, the statement that takes one away. */
export const invalidIndexesSql = (table: ObjectName): string =>
  `SELECT ${DROP} AS drop ${FROM_INDEXES} WHERE x.indrelid = ${regclass(table)} AND NOT x.indisvalid ORDER BY 1`;

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
