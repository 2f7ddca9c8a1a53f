/** Tables, columns and constraints → the migrations that several rules advise: each a text, to be run one after the other. */
import { type Ast, word } from "../ast.ts";
import { quoted } from "./site.ts";
import { nameOf } from "./text.ts";

/** The last part of a name as SQL. */
const plain = (table: string): string => table.split(".").at(-1)!;

/** Makes a column NOT NULL: the rows are read while others read and write. */
export function notNull(table: string, column: string): readonly string[] {
  const name = quoted(nameOf(plain(table), column, "present"));
  return [
    `ALTER TABLE ${table} ADD CONSTRAINT ${name} CHECK (${column} IS NOT NULL) NOT VALID;`,
    `ALTER TABLE ${table} VALIDATE CONSTRAINT ${name};`,
    `ALTER TABLE ${table} ALTER COLUMN ${column} SET NOT NULL;\nALTER TABLE ${table} DROP CONSTRAINT ${name};`,
  ];
}

/** Gives the rows that have NULL in a column a value, some at a time. */
export const backfill = (table: string, column: string, value: string): string =>
  backfillWhere(table, column, value, `${column} IS NULL`);

/** Gives a value to the rows that are so, some at a time; then they must not be so any more. */
export function backfillWhere(table: string, column: string, value: string, open: string): string {
  return `-- batch: 1000\nUPDATE ${table} SET ${column} = ${value}\nWHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${open} LIMIT :batch_size));`;
}

/**
 * Adds a constraint without looking at the rows, and then looks at them. `action`: `ADD CHECK (…)`; one without a name is called
 * `chosen`, or after its table and `fallback`.
 */
export function validateLater(
  table: string,
  action: string,
  constraint: Ast,
  fallback: string,
  chosen = "",
): readonly string[] {
  const given = word(constraint["conname"]);
  const name = quoted(given || chosen || nameOf(plain(table), fallback));
  const named = given === "" ? action.replace(/^add\s+/i, `ADD CONSTRAINT ${name} `) : action;
  return [`ALTER TABLE ${table} ${named} NOT VALID;`, `ALTER TABLE ${table} VALIDATE CONSTRAINT ${name};`];
}

/** Adds a UNIQUE or PRIMARY KEY constraint over an index that is built while others write. */
export function overIndex(
  table: string,
  kind: "UNIQUE" | "PRIMARY KEY",
  given: string,
  columns: readonly string[],
): readonly string[] {
  const suffix = kind === "UNIQUE" ? [...columns, "key"] : ["pkey"];
  const name = quoted(given || nameOf(plain(table), ...suffix));
  const list = columns.map(quoted).join(", ");
  return [
    `CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${table} (${list});`,
    `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${kind} USING INDEX ${name};`,
  ];
}
