/** The actual and the desired rows of a table, matched by its primary key → the statements for the difference. */
import type { Catalog } from "./catalog/catalog.ts";
import { plainName, tableNameOf } from "./diff/name.ts";
import { identifier, literal } from "./quote.ts";

/** A table whose rows belong to the schema, such as a list of countries, and what is in it. */
export interface ReferenceTable {
  readonly schema: string;
  readonly name: string;
  /** The columns of its primary key; none where it has none. */
  readonly key: readonly string[];
  /** Those that hold values of their own; one whose default is computed, such as `now()`, only where it is in the key. */
  readonly columns: readonly string[];
  /** A value of some column is only taken where that is said: GENERATED ALWAYS AS IDENTITY. */
  readonly always: boolean;
  /** As PostgreSQL writes them, in the order of the columns; sorted by the key. */
  readonly rows: readonly (readonly (string | null)[])[];
}

export const shownTable = ({ schema, name }: Pick<ReferenceTable, "schema" | "name">): string =>
  `${schema}.${name}`;

/** What is between two states of a table, as statements without `;`. */
export interface RowChanges {
  readonly table: string;
  readonly inserts: readonly string[];
  readonly updates: readonly string[];
  readonly deletes: readonly string[];
}

/** `from` has the same columns; undefined: no rows. */
export function rowChanges(from: ReferenceTable | undefined, to: ReferenceTable): RowChanges {
  const target = `${identifier(to.schema)}.${identifier(to.name)}`;
  const columns = to.columns.filter((name) => from?.columns.includes(name) ?? true);
  const valueIn = (table: ReferenceTable, row: readonly (string | null)[], name: string): string | null =>
    row[table.columns.indexOf(name)] ?? null;
  const keyIn = (table: ReferenceTable, row: readonly (string | null)[]): string =>
    JSON.stringify(to.key.map((name) => valueIn(table, row, name)));
  const had = new Map(from?.rows.map((row) => [keyIn(from, row), row]));
  const has = new Map(to.rows.map((row) => [keyIn(to, row), row]));
  const where = (table: ReferenceTable, row: readonly (string | null)[]): string =>
    to.key.map((name) => `${identifier(name)} = ${sqlOf(valueIn(table, row, name))}`).join(" AND ");
  const inserts: string[] = [];
  const updates: string[] = [];
  for (const [key, row] of has) {
    const old = had.get(key);
    if (old === undefined) {
      const names = columns.map(identifier).join(", ");
      const values = columns.map((name) => sqlOf(valueIn(to, row, name))).join(", ");
      inserts.push(
        `INSERT INTO ${target} (${names})${to.always ? " OVERRIDING SYSTEM VALUE" : ""} VALUES (${values})`,
      );
      continue;
    }
    const changed = columns.filter((name) => valueIn(from!, old, name) !== valueIn(to, row, name));
    if (changed.length === 0) continue;
    const set = changed.map((name) => `${identifier(name)} = ${sqlOf(valueIn(to, row, name))}`).join(", ");
    updates.push(`UPDATE ${target} SET ${set} WHERE ${where(to, row)}`);
  }
  const deletes = [...had].flatMap(([key, row]) =>
    has.has(key) ? [] : [`DELETE FROM ${target} WHERE ${where(from!, row)}`],
  );
  return { table: shownTable(to), inserts, updates, deletes };
}

const FOLLOWING = /^FOREIGN KEY .* REFERENCES (.+?)\([^)]*\).* ON DELETE (CASCADE|SET NULL|SET DEFAULT)/s;

/** What the deleted rows take with them, each as a sentence: rows of other tables refer to them. */
export function followingDeletes({ objects }: Catalog, changes: readonly RowChanges[]): readonly string[] {
  const deleted = new Set(changes.flatMap(({ table, deletes }) => (deletes.length === 0 ? [] : table)));
  return objects.flatMap(({ class: of, identity, properties }) => {
    if (of !== "constraint") return [];
    const [, table, action] = FOLLOWING.exec(String(properties["definition"])) ?? [];
    if (table === undefined || !deleted.has(plainName(table))) return [];
    return `rows of ${plainName(table)} are deleted, and those of ${tableNameOf({ class: of, identity })} that refer to them are ${action === "CASCADE" ? "deleted" : "changed"} too: ON DELETE ${action}`;
  });
}

const sqlOf = (value: string | null): string => (value === null ? "NULL" : literal(value));

/** All statements: what goes, in the reverse order of the tables, then what changes and comes. */
export const statementsOf = (changes: readonly RowChanges[]): readonly string[] => [
  ...[...changes].reverse().flatMap(({ deletes }) => [...deletes].reverse()),
  ...changes.flatMap(({ updates, inserts }) => [...updates, ...inserts]),
];

/** `shop.statuses: 2 rows to add, 1 to change, 1 to delete`; undefined: nothing. */
export function changesText({ table, inserts, updates, deletes }: RowChanges): string | undefined {
  const parts = [
    [inserts.length, "to add"],
    [updates.length, "to change"],
    [deletes.length, "to delete"],
  ] as const;
  const some = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return some.length === 0 ? undefined : `${table}: rows: ${some.join(", ")}`;
}
