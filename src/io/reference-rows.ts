/** A session and the names of tables → what is in those of them that are there. */
import { identifier, literal } from "../core/quote.ts";
import type { ReferenceTable } from "../core/reference-rows.ts";
import { inFillOrder, tableName } from "../core/rows.ts";
import { readTables } from "./rows.ts";
import type { Session } from "./session/types.ts";

type Shape = Omit<ReferenceTable, "rows">;

/** `names`: `shop.statuses`, or without the schema. Each behind those that it refers to. */
export async function readReferenceTables(
  session: Session,
  names: readonly string[],
  ledgerSchema: string,
): Promise<readonly ReferenceTable[]> {
  if (names.length === 0) return [];
  const shapes = await session.read({ sql: shapesSql(names), row: { parse: (row) => row as Shape } });
  const order = inFillOrder(await readTables(session, ledgerSchema)).map(tableName);
  const tables: ReferenceTable[] = [];
  for (const shape of shapes) tables.push({ ...shape, rows: await rowsOf(session, shape) });
  return tables.sort((a, b) => order.indexOf(tableName(a)) - order.indexOf(tableName(b)));
}

async function rowsOf(session: Session, shape: Shape): Promise<ReferenceTable["rows"]> {
  const { columns, key } = shape;
  const values = columns.map((name) => `t.${identifier(name)}::text`).join(", ");
  const order = key.length === 0 ? "" : ` ORDER BY ${key.map((name) => `t.${identifier(name)}`).join(", ")}`;
  const rows = await session.read({
    sql: `SELECT ARRAY[${values}]::text[] AS row FROM ${tableName(shape)} AS t${order}`,
    row: { parse: (row) => row as { readonly row: readonly (string | null)[] } },
  });
  return rows.map(({ row }) => row);
}

/** A column of the key whose values come from a sequence of its own, which has given some. */
export interface NumberedKey {
  readonly table: string;
  readonly column: string;
}

/** Of the tables of these names, as for `readReferenceTables`. */
export const readNumberedKeys = (
  session: Session,
  names: readonly string[],
): Promise<readonly NumberedKey[]> =>
  session.read({
    sql: `${namedSql(names)}
SELECT t.nspname || '.' || t.relname AS table, a.attname AS column
FROM named AS t JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = ANY (t.key)
WHERE pg_sequence_last_value(pg_get_serial_sequence(format('%I.%I', t.nspname, t.relname), a.attname)::regclass) IS NOT NULL
ORDER BY t.nspname, t.relname, a.attnum`,
    row: { parse: (row) => row as NumberedKey },
  });

const namedSql = (
  names: readonly string[],
): string => `SET TRANSACTION READ ONLY; SET LOCAL search_path = pg_catalog, pg_temp;
WITH named AS (SELECT c.oid, n.nspname, c.relname,
    ARRAY(SELECT k.attnum FROM pg_index AS i CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (attnum, n)
      WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY k.n) AS key
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND (n.nspname || '.' || c.relname IN (${names.map(literal).join(", ")})
    OR c.relname IN (${names.map(literal).join(", ")}) AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'))`;

const shapesSql = (names: readonly string[]): string => `${namedSql(names)}
SELECT t.nspname AS schema, t.relname AS name,
  (SELECT coalesce(json_agg(a.attname ORDER BY k.n), '[]') FROM unnest(t.key) WITH ORDINALITY AS k (attnum, n)
    JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.attnum) AS key,
  (SELECT coalesce(json_agg(a.attname ORDER BY a.attnum), '[]') FROM pg_attribute AS a
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      AND (a.attnum = ANY (t.key) OR d.adbin IS NULL
        OR pg_get_expr(d.adbin, d.adrelid) !~ '[a-z_0-9"][(]|CURRENT_|LOCALTIME|SESSION_USER')) AS columns,
  EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = t.oid AND a.attidentity = 'a' AND NOT a.attisdropped) AS always
FROM named AS t ORDER BY t.nspname, t.relname`;
