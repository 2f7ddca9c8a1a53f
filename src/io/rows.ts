/** A session on a scratch database → its tables get rows; and what rows its tables have, so that they can be compared. */
import { literal } from "../core/quote.ts";
import { type FillTable, inFillOrder, insertsOf, ROWS, tableName } from "../core/rows.ts";
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

/** Gives rows to the tables that have none; those that could be given none. */
export async function fillTables(session: Session, ledgerSchema: string): Promise<readonly Unfilled[]> {
  const rows = await readRows(session, ledgerSchema);
  const unfilled: Unfilled[] = [];
  for (const table of inFillOrder(await readTables(session, ledgerSchema))) {
    if ((rows.get(shownName(table))?.count ?? 0) > 0) continue;
    const message = await fill(session, table);
    if (message !== undefined) unfilled.push({ table: shownName(table), message });
  }
  return unfilled;
}

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

const readTables = (session: Session, ledgerSchema: string): Promise<readonly FillTable[]> =>
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
