/** What a table is → INSERTs that give it rows; each table with several, since no one fits every constraint. */
import { identifier, literal } from "./quote.ts";

export interface FillColumn {
  readonly name: string;
  /** As PostgreSQL writes it, with its schema: `character varying(10)`, `shop.status`. */
  readonly type: string;
  /** The name of the type alone, of a domain that of its base type: `int4`, `varchar`. */
  readonly base: string;
  /** Of an enum. */
  readonly labels: readonly string[] | null;
  /** Characters or bits at most. */
  readonly length: number | null;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  /** It can be given no value, or gets one of a sequence. */
  readonly ownValue: boolean;
}

export interface FillKey {
  readonly columns: readonly string[];
  /** The table that it refers to: `"shop"."users"`, and its columns. */
  readonly table: string;
  readonly references: readonly string[];
}

export interface FillTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly FillColumn[];
  /** Foreign keys. */
  readonly keys: readonly FillKey[];
  /** CHECK constraints, of its columns' domains too, as PostgreSQL writes them. */
  readonly checks: readonly string[];
}

/** How many rows a table gets. */
export const ROWS = 3;

export const tableName = ({ schema, name }: Pick<FillTable, "schema" | "name">): string =>
  `${identifier(schema)}.${identifier(name)}`;

/** The tables, each behind those that it refers to, as far as they do not refer to each other. */
export function inFillOrder(tables: readonly FillTable[]): readonly FillTable[] {
  const byName = new Map(tables.map((table) => [tableName(table), table]));
  const ordered = new Set<FillTable>();
  const seen = new Set<FillTable>();
  const visit = (table: FillTable): void => {
    if (seen.has(table)) return;
    seen.add(table);
    for (const key of table.keys) {
      const other = byName.get(key.table);
      if (other !== undefined) visit(other);
    }
    ordered.add(table);
  };
  for (const table of tables) visit(table);
  return [...ordered];
}

/**
 * INSERTs of the row of that number, from 1, in the order in which they are to be tried: every column; the texts and
 * numbers that checks name, and defaults; only what must be there.
 */
export function insertsOf(table: FillTable, row: number): readonly string[] {
  const named = valuesInChecks(table.checks);
  const given = table.columns.filter(({ ownValue }) => !ownValue);
  const required = given.filter(({ notNull, hasDefault }) => notNull && !hasDefault);
  const withoutDefaults = given.filter(({ hasDefault }) => !hasDefault);
  return [
    insertOf(table, given, row, new Map()),
    insertOf(table, withoutDefaults, row, named),
    insertOf(table, required, row, new Map()),
    insertOf(table, required, row, named),
  ];
}

function insertOf(
  table: FillTable,
  columns: readonly FillColumn[],
  row: number,
  named: ReadonlyMap<string, readonly string[]>,
): string {
  if (columns.length === 0) return `INSERT INTO ${tableName(table)} DEFAULT VALUES`;
  const values = columns.map(
    (column) => referenceOf(table, column, row) ?? sqlValue(column, row, named.get(column.name) ?? []),
  );
  const names = columns.map(({ name }) => identifier(name)).join(", ");
  return `INSERT INTO ${tableName(table)} (${names}) VALUES (${values.join(", ")})`;
}

/** Gives a value to each row that has none in that column, the same to all. */
export function updateOf(table: FillTable, column: FillColumn): string {
  const name = identifier(column.name);
  const value =
    referenceOf(table, column, 1) ?? sqlValue(column, 1, valuesInChecks(table.checks).get(column.name) ?? []);
  return `UPDATE ${tableName(table)} SET ${name} = ${value} WHERE ${name} IS NULL`;
}

/** The value of a row of the table that the column refers to. */
function referenceOf(table: FillTable, { name }: FillColumn, row: number): string | undefined {
  const key = table.keys.find(({ columns }) => columns.includes(name));
  if (key === undefined) return undefined;
  const order = key.references.map(identifier).join(", ");
  const column = identifier(key.references[key.columns.indexOf(name)]!);
  return `(SELECT ${column} FROM ${key.table} ORDER BY ${order} LIMIT 1 OFFSET ${row - 1} % greatest((SELECT count(*) FROM ${key.table}), 1))`;
}

/** A value of the column's type, another for each row as far as the type has as many. */
function sqlValue(column: FillColumn, row: number, named: readonly string[]): string {
  const { type, labels } = column;
  const text =
    named.length > 0
      ? named[(row - 1) % named.length]!
      : labels !== null
        ? labels[(row - 1) % labels.length]
        : textOf(column, row);
  return text === undefined ? "NULL" : `${literal(text)}::${type}`;
}

/** Undefined for a type that nothing is known of. */
function textOf({ base, length, type }: FillColumn, row: number): string | undefined {
  if (base.startsWith("_") || type.endsWith("[]")) return "{}";
  if (/multirange$/.test(base)) return "{}";
  if (base === "bit" || base === "varbit")
    return row
      .toString(2)
      .padStart(length ?? 1, "0")
      .slice(-(length ?? 1));
  if (TEXTS.has(base)) return `row ${row}`.slice(-(length ?? 5));
  return VALUES[base]?.(row);
}

const TEXTS = new Set(["text", "varchar", "bpchar", "name", "citext"]);

const numbers = ["int2", "int4", "int8", "numeric", "float4", "float8", "oid", "money"];
const day = (row: number): string => `2001-01-${String(row).padStart(2, "0")}`;
const numberRange = (row: number): string => `[${row},${row + 1})`;
const dayRange = (row: number): string => `[${day(row)},${day(row + 1)})`;

/** By the name of the type. */
const VALUES: Readonly<Record<string, (row: number) => string>> = {
  ...Object.fromEntries(numbers.map((name) => [name, String])),
  ...Object.fromEntries(["int4range", "int8range", "numrange"].map((name) => [name, numberRange])),
  ...Object.fromEntries(["daterange", "tsrange", "tstzrange"].map((name) => [name, dayRange])),
  ...Object.fromEntries(["date", "timestamp", "timestamptz"].map((name) => [name, day])),
  ...Object.fromEntries(["time", "timetz"].map((name) => [name, (row: number) => `0${row}:00`])),
  ...Object.fromEntries(["json", "jsonb"].map((name) => [name, (row: number) => `{"row": ${row}}`])),
  ...Object.fromEntries(["inet", "cidr"].map((name) => [name, (row: number) => `10.0.0.${row}`])),
  bool: (row) => (row % 2 === 1 ? "true" : "false"),
  interval: (row) => `${row} days`,
  uuid: (row) => `00000000-0000-4000-8000-${String(row).padStart(12, "0")}`,
  bytea: (row) => `\\x0${row}`,
  char: String,
  xml: (row) => `<row>${row}</row>`,
  macaddr: (row) => `08:00:2b:01:02:0${row}`,
  macaddr8: (row) => `08:00:2b:01:02:03:04:0${row}`,
  point: (row) => `(${row},${row})`,
  box: (row) => `(${row},${row}),(0,0)`,
  lseg: (row) => `[(0,0),(${row},${row})]`,
  path: (row) => `[(0,0),(${row},${row})]`,
  polygon: (row) => `((0,0),(${row},${row}))`,
  circle: (row) => `<(0,0),${row}>`,
  line: (row) => `{1,1,${row}}`,
  tsvector: (row) => `row ${row}`,
  tsquery: (row) => `row & ${row}`,
  pg_lsn: (row) => `0/${row}`,
  ltree: (row) => `row.${row}`,
  hstore: (row) => `row=>${row}`,
};

/** A column, as a check names it, and what is compared with it: `(kind = ANY (ARRAY['a'::text]))`, `(length(code) = 3)`. */
const COMPARED =
  /\((?:(?:char_|character_|octet_)?length\()?\(?(?:"((?:[^"]|"")+)"|([a-z_][\w$]*))\)?(?:::[\w ]+\)?)?\)? [=<>~!]/;

/** What suits the checks, by column: the literals that they name, numbers above a bound, texts of a length. */
function valuesInChecks(checks: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const check of checks) {
    const [, quoted, plain] = COMPARED.exec(check) ?? [];
    const column = quoted?.replaceAll('""', '"') ?? plain;
    if (column === undefined) continue;
    const literals = [...check.matchAll(/'((?:[^']|'')*)'/g)].map(([, text]) => text!.replaceAll("''", "'"));
    const values = literals.length > 0 ? literals : (textsOfLength(check) ?? numbersAbove(check));
    found.set(column, [...(found.get(column) ?? []), ...values]);
  }
  return found;
}

/** As texts and as bytes of that length: `CHECK ((length(key) = 32))`. */
function textsOfLength(check: string): readonly string[] | undefined {
  const [, length] = /length\(.*?\) >?= (?:ANY \(ARRAY\[)?(\d+)/.exec(check) ?? [];
  if (length === undefined) return undefined;
  return Array.from({ length: ROWS }, (_, i) => String(i + 1).repeat(Number(length)));
}

/** The next greater numbers, where a check has a lower bound: `CHECK ((age >= 18))`. */
function numbersAbove(check: string): readonly string[] {
  const [, bound] = />=? \(?(\d+)/.exec(check) ?? [];
  return bound === undefined ? [] : Array.from({ length: ROWS }, (_, i) => String(Number(bound) + i + 1));
}
