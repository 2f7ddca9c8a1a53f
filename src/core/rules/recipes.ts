/** Tables, columns and constraints → the migrations that several rules advise: each a text, to be run one after the other. */
import { type Ast, word } from "../ast.ts";
import type { RelationName } from "../effects/effects.ts";
import type { Found } from "./rule.ts";
import { type AddedConstraint, quoted, type Site } from "./site.ts";
import { nameOf } from "./text.ts";

/** The last part of a name as SQL. */
const plain = (table: string): string => table.split(".").at(-1)!;

/** A column becomes NOT NULL through a CHECK. */
export interface NotNull {
  /** The CHECK, as NOT VALID. */
  readonly added: string;
  readonly validated: string;
  readonly set: string;
  /** Without the CHECK again. */
  readonly dropped: string;
}

export function notNullThroughCheck(table: string, column: string): NotNull {
  const name = quoted(nameOf(plain(table), column, "present"));
  return {
    added: `ALTER TABLE ${table} ADD CONSTRAINT ${name} CHECK (${column} IS NOT NULL) NOT VALID;`,
    validated: `ALTER TABLE ${table} VALIDATE CONSTRAINT ${name};`,
    set: setNotNull(table, column),
    dropped: `ALTER TABLE ${table} DROP CONSTRAINT ${name};`,
  };
}

export const setNotNull = (table: string, column: string): string =>
  `ALTER TABLE ${table} ALTER COLUMN ${column} SET NOT NULL;`;

/** Makes a column NOT NULL: the rows are read while others read and write. */
export function notNull(table: string, column: string): readonly string[] {
  const { added, validated, set, dropped } = notNullThroughCheck(table, column);
  return [added, validated, `${set}\n${dropped}`];
}

/** Gives the rows that have NULL in a column a value, some at a time. */
export const backfill = (table: string, column: string, value: string): string =>
  backfillWhere(table, column, value, `${column} IS NULL`);

/**
 * Gives a value to the rows that are so, some at a time; then they must not be so any more. Both conditions say so: rows of two
 * children of a table may have one ctid, and a row may have been changed meanwhile.
 */
export function backfillWhere(table: string, column: string, value: string, open: string): string {
  return `-- batch: 1000\nUPDATE ${table} SET ${column} = ${value}\nWHERE ${open}\n  AND ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${open} LIMIT :batch_size));`;
}

/** A constraint that is added in two steps. */
export interface AddedInSteps {
  /** Adds it without looking at the rows; or builds its index. */
  readonly first: string;
  readonly second: string;
  readonly dropped: string;
}

/**
 * Adds a constraint without looking at the rows, and then looks at them. `action`: `ADD CHECK (…)`; one without a name is called
 * `chosen`, or after its table and `fallback`.
 */
export function validatedInSteps(
  table: string,
  action: string,
  constraint: Ast,
  fallback: string,
  chosen = "",
): AddedInSteps {
  const given = word(constraint["conname"]);
  const name = quoted(given || chosen || nameOf(plain(table), fallback));
  const named = /^add\s+constraint\b/i.test(action)
    ? action
    : action.replace(/^add\s+/i, `ADD CONSTRAINT ${name} `);
  return {
    first: `ALTER TABLE ${table} ${named} NOT VALID;`,
    second: `ALTER TABLE ${table} VALIDATE CONSTRAINT ${name};`,
    dropped: `ALTER TABLE ${table} DROP CONSTRAINT ${name};`,
  };
}

/** The two steps of `validatedInSteps`, as advice. */
export function validateLater(
  table: string,
  action: string,
  constraint: Ast,
  fallback: string,
  chosen: string,
): readonly string[] {
  const { first, second } = validatedInSteps(table, action, constraint, fallback, chosen);
  return [first, second];
}

/** Adds a UNIQUE or PRIMARY KEY constraint over an index that is built while others write. `clauses`: what follows it. */
export function keyInSteps(
  table: string,
  kind: "UNIQUE" | "PRIMARY KEY",
  given: string,
  columns: readonly string[],
  clauses = "",
): AddedInSteps {
  const suffix = kind === "UNIQUE" ? [...columns, "key"] : ["pkey"];
  const name = quoted(given || nameOf(plain(table), ...suffix));
  const list = columns.map(quoted).join(", ");
  return {
    first: `CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${table} (${list});`,
    second: `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${kind} USING INDEX ${name}${clauses};`,
    dropped: `ALTER TABLE ${table} DROP CONSTRAINT ${name};`,
  };
}

/** What follows USING INDEX. */
export const deferral = (constraint: Ast): string =>
  constraint["deferrable"] === true
    ? ` DEFERRABLE${constraint["initdeferred"] === true ? " INITIALLY DEFERRED" : ""}`
    : "";

/** Whether the index of a UNIQUE or PRIMARY KEY has more than its columns, which the steps would leave out. */
export const hasFurtherOptions = (constraint: Ast): boolean =>
  ["options", "indexspace", "including", "nulls_not_distinct", "without_overlaps"].some(
    (key) => constraint[key] !== undefined,
  );

/** The two steps of `keyInSteps`, as advice, behind what its columns need. */
export function overIndex(
  kind: "UNIQUE" | "PRIMARY KEY",
  { table, target, constraint }: Pick<AddedConstraint, "table" | "target" | "constraint">,
  name: string,
  columns: readonly string[],
  before: readonly string[] = [],
): Pick<Found, "advice" | "recipe"> {
  if (target.kind === "partitioned table") return { advice: KEY_BY_PARTITION };
  if (constraint["without_overlaps"] === true) return { advice: KEY_WITHOUT_OVERLAPS };
  if (hasFurtherOptions(constraint)) return {};
  const given = word(constraint["conname"]) || name;
  const { first, second } = keyInSteps(table, kind, given, columns, deferral(constraint));
  return { recipe: [...before, first, second] };
}

const KEY_WITHOUT_OVERLAPS =
  "with WITHOUT OVERLAPS it cannot be made from an index: add it to a new table and move the rows there, or run it at a quiet time and note that in a retort-ignore line";

const KEY_BY_PARTITION =
  "the table is partitioned: add it with ALTER TABLE ONLY, a primary key once its columns are NOT NULL, then to each partition, from a unique index that is built with CONCURRENTLY, and attach the indexes of these: ALTER INDEX … ATTACH PARTITION";

/** Of an index. */
export const INDEX_BY_PARTITION =
  "the table is partitioned: create the index first, ON ONLY it, then one on each partition with CONCURRENTLY, and attach these: ALTER INDEX … ATTACH PARTITION";

/** Whether a foreign key of the table cannot be NOT VALID. */
export const isNotValidRefused = ({ version }: Pick<Site, "version">, { kind }: RelationName): boolean =>
  kind === "partitioned table" && version < 18;

/** Of such a foreign key. */
export const FOREIGN_KEY_BY_PARTITION =
  "a foreign key of a partitioned table cannot be NOT VALID before PostgreSQL 18: add it so to each partition, and validate it there; the table takes these over when it is added";
