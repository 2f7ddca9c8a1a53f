/**
 * A statement outside a transaction that was interrupted → the query that tells what became of it.
 *
 * PostgreSQL leaves traces: an index that is not valid, a partition half detached, a `_ccnew` copy. Names mean what they
 * mean to the author's search path, so they are looked up first, by themselves: under that path no operator can be
 * trusted.
 */
import type { ObjectName } from "./ast.ts";
import { identifier, literal } from "./quote.ts";
import type { Probe } from "./statement/facts.ts";

/** What became of an interrupted statement. */
export interface Outcome {
  readonly outcome: "done" | "not done" | "half done" | "unknown";
  /** To be sent one by one, outside a transaction, before the statement is tried again. */
  readonly cleanup: readonly string[];
  /** The cleanup finishes the statement: it is not tried again. */
  readonly finishes: boolean;
}

/** The relations that a probe is about. */
export function relationsOf(probe: Probe): readonly ObjectName[] {
  switch (probe.kind) {
    case "create-index":
      return [probe.table];
    case "drop-index":
      return probe.indexes;
    case "reindex":
      return probe.object === undefined || (probe.of !== "index" && probe.of !== "table")
        ? []
        : [probe.object];
    case "detach-partition":
      return [probe.table, probe.partition];
    default:
      return [];
  }
}

/** A query of one row, `oids`: those of the relations, 0 where there is none. To be asked under the author's search path. */
export const oidsSql = (relations: readonly ObjectName[]): string =>
  `SELECT pg_catalog.array_to_json(ARRAY[${relations
    .map(
      (name) =>
        `COALESCE(pg_catalog.to_regclass(${literal(nameOf(name))})::pg_catalog.oid::pg_catalog.int8, 0)`,
    )
    .join(", ")}]::pg_catalog.int8[]) AS oids`;

const nameOf = ({ schema, name }: ObjectName): string =>
  schema === undefined ? identifier(name) : `${identifier(schema)}.${identifier(name)}`;

/** The query for `probe`, whose relations have these oids; under a search path that has nothing but PostgreSQL's own. */
export function probeSql(probe: Probe, oids: readonly number[]): string {
  switch (probe.kind) {
    case "create-index": {
      const on = `x.indrelid = ${oids[0]}`;
      // Without a name the server chose one: a valid index may be this one or another.
      return probe.index === undefined
        ? indexes(on, "'unknown'", "'unknown'")
        : indexes(`${on} AND i.relname = ${literal(probe.index)}`, "'done'", "'not done'");
    }
    case "drop-index":
      return answer(oids.some((oid) => oid !== 0) ? "not done" : "done");
    case "reindex":
      return reindex(probe, oids[0]);
    case "detach-partition": {
      const finalize = `format('ALTER TABLE %s DETACH PARTITION %s FINALIZE', ${oids[0]}::regclass, ${oids[1]}::regclass)`;
      return (
        "SELECT CASE WHEN h.inhrelid IS NULL THEN 'done' WHEN h.inhdetachpending THEN 'half done' ELSE 'not done' END AS outcome, " +
        `CASE WHEN h.inhdetachpending THEN json_build_array(${finalize}) ELSE '[]' END AS cleanup, COALESCE(h.inhdetachpending, false) AS finishes ` +
        `FROM (SELECT) AS one LEFT JOIN pg_inherits h ON h.inhparent = ${oids[0]} AND h.inhrelid = ${oids[1]}`
      );
    }
    case "create":
    case "drop": {
      const [catalog, column] = CATALOGS[probe.of];
      const exists = `EXISTS (SELECT FROM ${catalog} WHERE ${column} = ${literal(probe.name)})`;
      const done = probe.kind === "create" ? exists : `NOT ${exists}`;
      return `SELECT CASE WHEN ${done} THEN 'done' ELSE 'not done' END AS outcome, '[]'::json AS cleanup, false AS finishes`;
    }
  }
}

const answer = (outcome: Outcome["outcome"]): string =>
  `SELECT ${literal(outcome)} AS outcome, '[]'::json AS cleanup, false AS finishes`;

const CATALOGS = {
  database: ["pg_database", "datname"],
  tablespace: ["pg_tablespace", "spcname"],
  subscription: ["pg_subscription", "subname"],
} as const;

const DROP = "format('DROP INDEX CONCURRENTLY %I.%I', n.nspname, i.relname)";
const FROM_INDEXES =
  "FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = i.relnamespace";

/** Among these indexes: one that is not valid is the half-done build; it is dropped and built again. */
function indexes(condition: string, whenValid: string, whenNone: string): string {
  return (
    "SELECT CASE WHEN count(*) FILTER (WHERE NOT indisvalid) > 0 THEN 'half done' " +
    `WHEN count(*) > 0 THEN ${whenValid} ELSE ${whenNone} END AS outcome, ` +
    "COALESCE(json_agg(drop_it) FILTER (WHERE NOT indisvalid), '[]') AS cleanup, false AS finishes " +
    `FROM (SELECT x.indisvalid, ${DROP} AS drop_it ${FROM_INDEXES} WHERE ${condition}) AS found`
  );
}

/** The query for the indexes of a table that are not valid: rows with `drop`, the statement that takes one away. */
export const invalidIndexesSql = (table: number): string =>
  `SELECT ${DROP} AS drop ${FROM_INDEXES} WHERE x.indrelid = ${table} AND NOT x.indisvalid ORDER BY 1`;

/** A rebuild can always be done again; what a concurrent one left behind is dropped first. */
function reindex(probe: Extract<Probe, { kind: "reindex" }>, oid: number | undefined): string {
  const within =
    oid === undefined
      ? "true"
      : probe.of === "table"
        ? `x.indrelid = ${oid}`
        : `x.indrelid = (SELECT indrelid FROM pg_index WHERE indexrelid = ${oid})`;
  return (
    "SELECT CASE WHEN count(*) > 0 THEN 'half done' ELSE 'not done' END AS outcome, " +
    `COALESCE(json_agg(${DROP}), '[]') AS cleanup, false AS finishes ${FROM_INDEXES} ` +
    `WHERE ${within} AND NOT x.indisvalid AND i.relname ~ '_cc(new|old)\\d*$'`
  );
}
