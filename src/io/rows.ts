/** A session on a scratch database → its tables get rows; and what rows its tables have, so that they can be compared. */

import { type NeededValue, neededValue } from "../core/diff/rows.ts";
import type { KeptTable } from "../core/kept-rows.ts";
import { identifier, literal } from "../core/quote.ts";
import {
  type FillColumn,
  type FillTable,
  inFillOrder,
  insertsOf,
  ROWS,
  tableName,
  updateOf,
} from "../core/rows.ts";
import type { RowsByTable, RowsOfTable, Unfilled } from "../core/verdict.ts";
import { type Session, StatementFailure } from "./session/types.ts";

/** With an MD5 of each table's rows, whatever the order of its columns; of partitions in the table that they are of. */
export async function readRows(session: Session, ledgerSchema: string): Promise<RowsByTable> {
  const tables = await readTables(session, ledgerSchema);
  if (tables.length === 0) return new Map();
  const queries = tables.map((table) => {
    const name = tableName(table);
    return `SELECT ${literal(shownName(table))} AS table, count(*)::integer AS count,
      md5(coalesce(string_agg(to_jsonb(t)::text, ' ' ORDER BY to_jsonb(t)::text COLLATE "C"), '')) AS digest FROM ${name} AS t`;
  });
  const rows = await session.read({
    sql: queries.join("\nUNION ALL "),
    row: { parse: (row) => row as RowsOfTable & { readonly table: string } },
  });
  return new Map(rows.map(({ table, ...rest }) => [table, rest]));
}

/** Gives rows to the tables that have none, but for those in `without`; those that could be given none. */
export async function fillTables(
  session: Session,
  ledgerSchema: string,
  without: ReadonlySet<string> = new Set(),
): Promise<readonly Unfilled[]> {
  const rows = await readRows(session, ledgerSchema);
  const unfilled: Unfilled[] = [];
  for (const table of inFillOrder(await readTables(session, ledgerSchema))) {
    if (without.has(shownName(table)) || (rows.get(shownName(table))?.count ?? 0) > 0) continue;
    const message = await fill(session, table);
    if (message !== undefined) unfilled.push({ table: shownName(table), message });
  }
  return unfilled;
}

/**
 * The session, on a scratch database: before a statement that wants values of the author, it gives one to the rows that have
 * none. `send` throws `StatementFailure` also where they do not take it. `onGiven`: there were such rows.
 */
export function givingValues(
  session: Session,
  ledgerSchema: string,
  onGiven: (needed: NeededValue) => void = () => {},
): Session {
  let isOpen = false;
  const given = async (needed: NeededValue): Promise<void> => {
    if (await giveValue(session, ledgerSchema, needed)) onGiven(needed);
  };
  const give = async (needed: NeededValue): Promise<void> => {
    if (isOpen) return given(needed);
    await session.send("BEGIN");
    try {
      await given(needed);
    } catch (error) {
      await session.send("ROLLBACK");
      throw error;
    }
    await session.send("COMMIT");
  };
  return {
    ...session,
    send: async (sql, label) => {
      const needed = neededValue(sql);
      if (needed !== undefined) await give(needed);
      const tag = await session.send(sql, label);
      if (sql === "BEGIN") isOpen = true;
      if (sql === "COMMIT" || sql === "ROLLBACK") isOpen = false;
      return tag;
    },
  };
}

/** Within a transaction, gives a value to the rows that have none in a column; whether there are such. Throws `StatementFailure`. */
async function giveValue(
  session: Session,
  ledgerSchema: string,
  { table: name, column }: NeededValue,
): Promise<boolean> {
  // To read makes a transaction read only, unless that is rolled back.
  await session.send("SAVEPOINT before_reading");
  const table = (await readTables(session, ledgerSchema)).find((each) => shownName(each) === name);
  const found = table?.columns.find((each) => each.name === column);
  const needs = table !== undefined && found !== undefined && (await hasNull(session, table, found));
  await session.send("ROLLBACK TO SAVEPOINT before_reading");
  if (needs) await session.send(updateOf(table, found));
  return needs;
}

async function hasNull(session: Session, table: FillTable, { name }: FillColumn): Promise<boolean> {
  const [row] = await session.read({
    sql: `SELECT EXISTS (SELECT FROM ${tableName(table)} WHERE ${identifier(name)} IS NULL) AS found`,
    row: { parse: (each) => each as { readonly found: boolean } },
  });
  return row!.found;
}

/** The labels of enums, by what a rename does not change. */
export type EnumLabels = ReadonlyMap<string, string>;

export async function readLabels(session: Session): Promise<EnumLabels> {
  const labels = await session.read({
    sql: "SELECT oid::text AS id, enumlabel AS label FROM pg_catalog.pg_enum",
    row: { parse: (row) => row as { readonly id: string; readonly label: string } },
  });
  return new Map(labels.map(({ id, label }) => [id, label]));
}

/**
 * What is in each column of the tables that hold rows themselves, partitions among them; a value of an enum by the label that
 * it has in `labels`.
 */
export async function readKept(
  session: Session,
  ledgerSchema: string,
  labels: EnumLabels,
): Promise<readonly KeptTable[]> {
  await session.send("BEGIN");
  try {
    if (labels.size > 0) await session.send(relabel(labels));
    return await keptTables(session, ledgerSchema);
  } finally {
    await session.send("ROLLBACK");
  }
}

/** Gives the labels that have other names now those names again, if no other has them. */
const relabel = (labels: EnumLabels): string => `DO $retort$
DECLARE
  each record;
BEGIN
  FOR each IN SELECT e.enumtypid::regtype AS type, e.enumlabel AS label, was.value AS before
    FROM json_each_text(${literal(JSON.stringify(Object.fromEntries(labels)))}) AS was
    JOIN pg_enum AS e ON e.oid = was.key::oid
    WHERE e.enumlabel <> was.value AND NOT EXISTS (SELECT FROM pg_enum AS other
      WHERE other.enumtypid = e.enumtypid AND other.enumlabel = was.value)
  LOOP
    EXECUTE format('ALTER TYPE %s RENAME VALUE %L TO %L', each.type, each.label, each.before);
  END LOOP;
END $retort$`;

async function keptTables(session: Session, ledgerSchema: string): Promise<readonly KeptTable[]> {
  const tables = await session.read({
    sql: keptTablesSql(ledgerSchema),
    row: { parse: (row) => row as KeptTable & { readonly schema: string; readonly table: string } },
  });
  if (tables.length === 0) return [];
  const queries = tables.map(({ id, schema, table, columns }) => {
    const digests = columns.map(({ name }) => {
      const value = `coalesce(to_jsonb(t.${identifier(name)})::text, '')`;
      return `md5(coalesce(string_agg(${value}, ' ' ORDER BY ${value} COLLATE "C"), ''))`;
    });
    return `SELECT ${literal(id)} AS id, count(*)::integer AS count, ARRAY[${digests.join(", ")}]::text[] AS digests
      FROM ONLY ${tableName({ schema, name: table })} AS t`;
  });
  const found = await session.read({
    sql: queries.join("\nUNION ALL "),
    row: {
      parse: (row) =>
        row as { readonly id: string; readonly count: number; readonly digests: readonly string[] },
    },
  });
  const byId = new Map(found.map((each) => [each.id, each]));
  return tables.map(({ id, name, columns }) => {
    const { count, digests } = byId.get(id)!;
    return { id, name, count, columns: columns.map((each, index) => ({ ...each, digest: digests[index]! })) };
  });
}

const keptTablesSql = (
  ledgerSchema: string,
): string => `SET TRANSACTION READ ONLY; SET LOCAL search_path = pg_catalog, pg_temp;
SELECT c.oid::text AS id, n.nspname AS schema, c.relname AS table, n.nspname || '.' || c.relname AS name,
  (SELECT coalesce(json_agg(json_build_object('number', a.attnum, 'name', a.attname,
      'type', format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum), '[]')
    FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', ${literal(ledgerSchema)})
  AND NOT EXISTS (SELECT FROM pg_depend AS x WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e')
ORDER BY n.nspname, c.relname`;

const shownName = ({ schema, name }: FillTable): string => `${schema}.${name}`;

/** What the server said last, where no row could be made. */
async function fill(session: Session, table: FillTable): Promise<string | undefined> {
  let message: string | undefined;
  let made = 0;
  for (let row = 1; row <= ROWS; row += 1) {
    for (const insert of insertsOf(table, row)) {
      message = await refusalOf(session, insert);
      if (message !== undefined) continue;
      made += 1;
      break;
    }
  }
  return made === 0 ? message : undefined;
}

async function refusalOf(session: Session, sql: string): Promise<string | undefined> {
  try {
    await session.send(sql);
    return undefined;
  } catch (error) {
    if (error instanceof StatementFailure && !error.lost) return error.message;
    throw error;
  }
}

export const readTables = (session: Session, ledgerSchema: string): Promise<readonly FillTable[]> =>
  session.read({ sql: tablesSql(ledgerSchema), row: { parse: (row) => row as FillTable } });

/** Names of columns of the table, by their numbers. */
const namesOf = (table: string, numbers: string): string =>
  `(SELECT json_agg(a.attname ORDER BY k.n) FROM unnest(${numbers}) WITH ORDINALITY AS k (attnum, n)
    JOIN pg_attribute AS a ON a.attrelid = ${table} AND a.attnum = k.attnum)`;

const tablesSql = (
  ledgerSchema: string,
): string => `SET TRANSACTION READ ONLY; SET LOCAL search_path = pg_catalog, pg_temp;
SELECT n.nspname AS schema, c.relname AS name,
  (SELECT coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
      'base', b.typname, 'labels', (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum AS e WHERE e.enumtypid = b.oid),
      'length', CASE WHEN b.typname IN ('varchar', 'bpchar') THEN nullif(m.mod, -1) - 4
        WHEN b.typname IN ('bit', 'varbit') THEN nullif(m.mod, -1) END,
      'notNull', a.attnotnull OR t.typnotnull, 'hasDefault', a.atthasdef,
      'ownValue', a.attgenerated <> '' OR a.attidentity <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%', false)
    ) ORDER BY a.attnum), '[]')
    FROM pg_attribute AS a
    JOIN pg_type AS t ON t.oid = a.atttypid
    JOIN pg_type AS b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
    CROSS JOIN LATERAL (SELECT CASE t.typtype WHEN 'd' THEN t.typtypmod ELSE a.atttypmod END AS mod) AS m
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
  (SELECT coalesce(json_agg(json_build_object('columns', ${namesOf("f.conrelid", "f.conkey")},
      'table', format('"%s"."%s"', replace(rn.nspname, '"', '""'), replace(r.relname, '"', '""')),
      'references', ${namesOf("f.confrelid", "f.confkey")})), '[]')
    FROM pg_constraint AS f JOIN pg_class AS r ON r.oid = f.confrelid JOIN pg_namespace AS rn ON rn.oid = r.relnamespace
    WHERE f.conrelid = c.oid AND f.contype = 'f' AND NOT r.relispartition) AS keys,
  (SELECT coalesce(json_agg(pg_get_constraintdef(k.oid)), '[]') FROM pg_constraint AS k
    WHERE k.contype = 'c' AND k.conrelid = c.oid) AS checks
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_'
  AND n.nspname NOT IN ('information_schema', ${literal(ledgerSchema)})
  AND NOT EXISTS (SELECT FROM pg_depend AS x WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e')
ORDER BY n.nspname, c.relname`;
