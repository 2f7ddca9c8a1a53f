/** Statements that were tried on a database without rows → the same for a database with rows that is in use. */
import type { Catalog, CatalogObject } from "../catalog/catalog.ts";
import { typeIn } from "../catalog/wider-type.ts";
import { dollarQuoted, literal, qualified } from "../quote.ts";
import { plainName, tableNameOf } from "./name.ts";

export interface RowOptions {
  /** Indexes are built and dropped while the table is used, each outside a transaction. */
  readonly online?: boolean | undefined;
}

/**
 * The statements in groups; what is in one group is committed before the next. On tables that are in `from`: a column that
 * becomes NOT NULL gets its values from the author, who may take them from a column that goes; a column that gets a new sequence
 * goes on behind the highest value that it has; foreign keys and checks look at the rows in a group of their own.
 */
export function forRows(
  statements: readonly string[],
  from: Catalog,
  { online = false }: RowOptions = {},
): readonly (readonly string[])[] {
  const tables = new Map(
    from.objects.filter((each) => each.class === "table").map((each) => [each.identity.join("."), each]),
  );
  const existing = (name: string): CatalogObject | undefined => tables.get(plainName(name));
  const together: string[] = [];
  const validated: string[] = [];
  const alone: string[][] = [];
  for (const sql of statements) {
    // What is said twice in a row is said by two who each knew only of their own part.
    if (sql === together.at(-1)) continue;
    const withValue = valueGiven(sql, existing);
    const check = lateCheck(sql, existing);
    const index = online ? concurrently(sql, existing) : undefined;
    if (withValue !== undefined) together.push(...withValue.filter((each) => each !== together.at(-1)));
    else if (check !== undefined) {
      together.push(check.added);
      validated.push(check.validated);
    } else if (index !== undefined) alone.push([index]);
    else together.push(sql, ...goingOn(sql, statements, from));
  }
  return [dropsBehindValues(together, from), validated, ...alone].filter((group) => group.length > 0);
}

/**
 * What a statement does to a table that is in use, where it is not in the form that `forRows` gives such statements: the
 * table cannot take that form, or it could not be proven. Undefined where there is no such form, or it has it.
 */
export function plainForm(
  sql: string,
  from: Catalog,
  { online = false }: RowOptions = {},
): string | undefined {
  const table = (name: string): CatalogObject | undefined =>
    from.objects.find((each) => each.class === "table" && each.identity.join(".") === plainName(name));
  const why = (object: CatalogObject, form: string): string =>
    object.properties["partitionKey"] === undefined
      ? `${form} could not be proven`
      : `${form} is not possible for a partitioned table`;
  const [, , constrained = ""] = CONSTRAINT.exec(sql) ?? [];
  const checked = / NOT VALID$/.test(sql) ? undefined : table(constrained);
  if (checked !== undefined)
    return `scans the table while writes are blocked; ${why(checked, "NOT VALID with a later VALIDATE")}`;
  const [, , , indexed = ""] = INDEX.exec(sql) ?? [];
  const [, keyed = ""] = KEY.exec(sql) ?? [];
  const built = online ? (table(indexed) ?? table(keyed)) : undefined;
  if (built !== undefined)
    return `builds an index while writes are blocked; ${keyed === "" ? why(built, "CONCURRENTLY") : "a constraint cannot be added CONCURRENTLY"}`;
  const [, , added = ""] = NEW_COLUMN.exec(sql) ?? [];
  return table(added) === undefined
    ? undefined
    : "fails if the table has rows; a form that first asks for their values could not be proven";
}

type Existing = (name: string) => CatalogObject | undefined;

const NAME = '(?:"(?:[^"]|"")*"|[^\\s".()]+)';
const TABLE = `${NAME}\\.${NAME}`;
const NEW_COLUMN = new RegExp(
  `^(ALTER TABLE (${TABLE}) ADD COLUMN (${NAME}) (?:(?!\\bDEFAULT |\\bGENERATED ).)+) NOT NULL$`,
  "s",
);
const NOT_NULL = new RegExp(`^ALTER TABLE (${TABLE}) ALTER COLUMN (${NAME}) SET NOT NULL$`);
const CONSTRAINT = new RegExp(`^(ALTER TABLE (${TABLE})) ADD CONSTRAINT (${NAME}) (?:FOREIGN KEY|CHECK) `);
const KEY = new RegExp(`^ALTER TABLE (${TABLE}) ADD CONSTRAINT ${NAME} (?:UNIQUE|PRIMARY KEY|EXCLUDE) `);
const INDEX = new RegExp(`^(CREATE (?:UNIQUE )?INDEX) (${NAME} ON (?!ONLY )(${TABLE}) .*)$`, "s");

/** A column that gets NOT NULL on a table that may have rows: the author says with what. */
function valueGiven(sql: string, existing: Existing): readonly string[] | undefined {
  const [, , table] = NEW_COLUMN.exec(sql) ?? [];
  const [, changed] = NOT_NULL.exec(sql) ?? [];
  return existing(table ?? changed ?? "") === undefined ? undefined : valueFirst(sql);
}

/** What gives a column NOT NULL, for a table that has rows; undefined where a statement does not. */
export function valueFirst(sql: string): readonly string[] | undefined {
  const [, nullable, table = "", column = ""] = NEW_COLUMN.exec(sql) ?? [];
  if (nullable !== undefined)
    return [nullable, unlessGiven(table, column), `ALTER TABLE ${table} ALTER COLUMN ${column} SET NOT NULL`];
  const [, known, changed = ""] = NOT_NULL.exec(sql) ?? [];
  return known === undefined ? undefined : [unlessGiven(known, changed), sql];
}

const GUARD = new RegExp(`^-- Each row needs a value: UPDATE (${TABLE}) SET (${NAME}) = `);

/** `shop.users` and `born` */
export interface NeededValue {
  readonly table: string;
  readonly column: string;
}

/** The column that a statement wants values in, which the author gives above it. */
export function neededValue(sql: string): NeededValue | undefined {
  const [, table, column] = GUARD.exec(sql) ?? [];
  return table === undefined || column === undefined
    ? undefined
    : { table: plainName(table), column: plainName(column) };
}

/** Fails where a row has no value. */
function unlessGiven(table: string, column: string): string {
  const name = `${plainName(table)}.${plainName(column)}`;
  const hint = `write above this DO block: UPDATE ${table} SET ${column} = … WHERE ${column} IS NULL`;
  const body =
    `BEGIN\n  IF EXISTS (SELECT FROM ${table} WHERE ${column} IS NULL) THEN\n` +
    `    RAISE not_null_violation USING MESSAGE = ${literal(`${name} has no value in some rows`)},\n      HINT = ${literal(hint)};\n  END IF;\nEND`;
  return `-- Each row needs a value: UPDATE ${table} SET ${column} = … WHERE ${column} IS NULL;\nDO ${dollarQuoted(body, "values")}`;
}

const DROP_COLUMN = new RegExp(`^ALTER TABLE (${TABLE}) DROP COLUMN (${NAME})$`);
const ADD_COLUMN = new RegExp(`^ALTER TABLE (${TABLE}) ADD COLUMN (${NAME}) `);

/** A column goes when the author has given all values of its table, where nothing in between takes a name that goes with it. */
function dropsBehindValues(statements: readonly string[], from: Catalog): readonly string[] {
  const lastValue = new Map<string, number>();
  for (const [i, sql] of statements.entries()) {
    const table = neededValue(sql)?.table;
    // Behind its SET NOT NULL, too.
    if (table !== undefined) lastValue.set(table, NOT_NULL.test(statements[i + 1] ?? "") ? i + 1 : i);
  }
  const behind = new Map<number, string[]>();
  const left = statements.map((sql, i) => {
    const [, written = "", dropped = ""] = DROP_COLUMN.exec(sql) ?? [];
    const [table, column] = [plainName(written), plainName(dropped)];
    const place = lastValue.get(table) ?? -1;
    if (place < i || isTaken(statements.slice(i + 1, place), from, table, column)) return [sql];
    behind.set(place, [...(behind.get(place) ?? []), sql]);
    return [];
  });
  return left.flatMap((each, i) => [...each, ...(behind.get(i) ?? [])]);
}

/** Whether one of the statements may need the name of a column that goes, or of what goes with it. */
function isTaken(statements: readonly string[], from: Catalog, table: string, column: string): boolean {
  const names = namesWith(from, table, column);
  return statements.some((sql) => {
    const [, to = "", added = ""] = ADD_COLUMN.exec(sql) ?? [];
    const isAgain = plainName(to) === table && plainName(added) === column;
    return isAgain || (neededValue(sql) === undefined && names.some((name) => sql.includes(name)));
  });
}

/** Constraints, indexes and statistics that name a column, and its sequence. */
const namesWith = ({ objects }: Catalog, table: string, column: string): readonly string[] =>
  objects
    .filter(({ class: name, parent, properties }) => {
      if (parent === undefined || tableNameOf(parent) !== table) return false;
      if (name === "sequence") return parent.identity[2] === column;
      return String(properties["definition"] ?? "").includes(qualified(column));
    })
    .map(({ identity }) => qualified(identity.at(-1)!));

const NEW_IDENTITY = new RegExp(
  `^ALTER TABLE (${TABLE}) ALTER COLUMN (${NAME}) ADD GENERATED .+ AS IDENTITY(.*)$`,
  "s",
);
const NEW_DEFAULT = new RegExp(
  `^ALTER TABLE (${TABLE}) ALTER COLUMN (${NAME}) SET DEFAULT nextval\\('((?:[^']|'')+)'::regclass\\)$`,
);
const NEW_SEQUENCE = new RegExp(`^CREATE SEQUENCE (${TABLE})(.*)$`, "s");

/** What lets a new sequence of a column that is in `from` go on behind the values of the column, where they reach its start. */
function goingOn(sql: string, statements: readonly string[], from: Catalog): readonly string[] {
  const numbered = ofIdentity(sql) ?? ofDefault(sql, statements);
  if (numbered?.options === undefined) return [];
  const { table, column, sequence, options } = numbered;
  const type = typeIn(from, [table, column].map(plainName).join("."));
  // From a number of another type none comes that is one of a sequence; and few count down.
  if (!/^(?:smallint|integer|bigint)$/.test(String(type)) || /INCREMENT BY -/.test(options)) return [];
  const start = (/START WITH (-?\d+)/.exec(options) ?? /MINVALUE (-?\d+)/.exec(options))?.[1] ?? "1";
  return [`SELECT setval(${sequence}, max(${column})) FROM ${table} HAVING max(${column}) >= ${start}`];
}

/** A column whose values come from a sequence from now on. */
interface Numbered {
  readonly table: string;
  readonly column: string;
  /** As an argument of `setval`. */
  readonly sequence: string;
  /** What it is created with; undefined: it is there already. */
  readonly options: string | undefined;
}

function ofIdentity(sql: string): Numbered | undefined {
  const [, table, column, options] = NEW_IDENTITY.exec(sql) ?? [];
  if (table === undefined || column === undefined) return undefined;
  const sequence = `pg_get_serial_sequence(${literal(table)}, ${literal(plainName(column))})`;
  return { table, column, sequence, options };
}

function ofDefault(sql: string, statements: readonly string[]): Numbered | undefined {
  const [, table, column, text] = NEW_DEFAULT.exec(sql) ?? [];
  if (table === undefined || column === undefined || text === undefined) return undefined;
  const sequence = text.replaceAll("''", "'");
  return { table, column, sequence: literal(sequence), options: optionsOf(sequence, statements) };
}

/** What a sequence is created with, if one of the statements does so. */
function optionsOf(sequence: string, statements: readonly string[]): string | undefined {
  for (const sql of statements) {
    const [, name = "", options] = NEW_SEQUENCE.exec(sql) ?? [];
    if (options !== undefined && plainName(name) === plainName(sequence)) return options;
  }
  return undefined;
}

/** A constraint that is added without a look at the rows, and then looks while others go on. A partitioned table cannot have such a foreign key. */
function lateCheck(
  sql: string,
  existing: Existing,
): { readonly added: string; readonly validated: string } | undefined {
  const [, alter, table = "", name] = CONSTRAINT.exec(sql) ?? [];
  const known = alter === undefined || / NOT VALID$/.test(sql) ? undefined : existing(table);
  const isForeignKey = / FOREIGN KEY /.test(sql);
  if (known === undefined || (isForeignKey && known.properties["partitionKey"] !== undefined))
    return undefined;
  return { added: `${sql} NOT VALID`, validated: `${alter} VALIDATE CONSTRAINT ${name}` };
}

function concurrently(sql: string, existing: Existing): string | undefined {
  const [, create, rest, table = ""] = INDEX.exec(sql) ?? [];
  const known = existing(table);
  if (create !== undefined && known !== undefined && known.properties["partitionKey"] === undefined)
    return `${create} CONCURRENTLY ${rest}`;
  return undefined;
}
