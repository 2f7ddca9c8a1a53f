/** Migrations of the shop, as text → what the rules find in them. */
import { defaultPins, defaultTimeouts } from "../../src/core/plan/session.ts";
import { type Finding, Linter } from "../../src/core/rules/lint.ts";
import { type ActiveRule, activeRules } from "../../src/core/rules/settings.ts";
import { createGrammar } from "../../src/io/grammar.ts";
import { readTrees } from "../../src/io/trees.ts";
import shop from "../rules/shop.sql";
import { migrationFile } from "./file.ts";

export const asTheyCome: readonly ActiveRule[] = activeRules({ version: 1, error: [], warning: [], off: [] });

/** What is found in migrations that are run one after the other, each on a database that is in use. */
export async function findingsIn(
  migrations: readonly string[],
  rules: readonly ActiveRule[] = asTheyCome,
  { before = shop, version = 18 }: { readonly before?: string; readonly version?: number } = {},
): Promise<readonly Finding[]> {
  const grammar = createGrammar();
  const linter = new Linter(rules, {
    ...defaultPins,
    lockTimeout: defaultTimeouts.lockTimeout,
    searchPath: ["public"],
    version,
  });
  linter.passOver((await readTrees(grammar, migrationFile(before))).file);
  for (const text of migrations) {
    linter.beginRun();
    const { file, faults } = await readTrees(grammar, migrationFile(text));
    if (faults.length > 0) throw new Error(`${faults[0]!.message}\n${text}`);
    linter.lint(file);
  }
  return linter.findings();
}

/** A statement on the shop and what is made before, for which a rule proposes SQL, which must be whole, or none. */
export interface Proposed {
  readonly rule: string;
  readonly sql: string;
  readonly setup?: string;
  readonly none?: true;
}

export const withRecipes: readonly Proposed[] = [
  {
    rule: "add-column-volatile-default",
    sql: "ALTER TABLE shop.orders ADD COLUMN a uuid DEFAULT gen_random_uuid() UNIQUE;",
  },
  {
    rule: "add-column-unique",
    sql: "ALTER TABLE shop.orders ADD COLUMN a uuid DEFAULT gen_random_uuid() UNIQUE;",
  },
  {
    rule: "add-column-check",
    sql: "ALTER TABLE shop.orders ADD COLUMN a integer CHECK (a > 0) NOT NULL DEFAULT 1;",
  },
  {
    rule: "add-column-check",
    sql: "ALTER TABLE shop.orders ADD COLUMN IF NOT EXISTS a integer DEFAULT 0 CHECK (a >= 0);",
    none: true,
  },
  {
    rule: "add-column-check",
    sql: "ALTER TABLE shop.orders ADD COLUMN a integer DEFAULT 0 CHECK (a >= 0) CHECK (a < 9);",
    none: true,
  },
  {
    rule: "add-column-unique",
    sql: "ALTER TABLE shop.orders ADD COLUMN a integer UNIQUE WITH (fillfactor = 70);",
    none: true,
  },
  { rule: "add-column-serial", sql: "ALTER TABLE shop.orders ADD COLUMN a bigserial UNIQUE;", none: true },
  {
    rule: "foreign-key-without-index",
    sql: "ALTER TABLE shop.notes ADD FOREIGN KEY (order_id) REFERENCES shop.orders (id);",
  },
  {
    rule: "foreign-key-without-index",
    sql: "ALTER TABLE shop.orders ADD COLUMN a bigint REFERENCES shop.invoices DEFERRABLE INITIALLY DEFERRED;",
  },
  {
    rule: "foreign-key-without-index",
    sql: "ALTER TABLE shop.orders ADD COLUMN a bigint REFERENCES shop.invoices DEFAULT 1 NOT NULL;",
    none: true,
  },
  { rule: "create-index", sql: "CREATE INDEX IF NOT EXISTS orders_placed ON shop.orders (placed);" },
  {
    rule: "create-index",
    sql: 'CREATE INDEX ON shop."Days" (what);',
    setup:
      'CREATE TABLE shop."Days" (day date, what text) PARTITION BY LIST (day); CREATE TABLE shop.days_1 PARTITION OF shop."Days" DEFAULT;',
  },
  {
    rule: "create-index",
    sql: "CREATE INDEX ON shop.days (what);",
    setup:
      "CREATE TABLE shop.days (day date, what text) PARTITION BY LIST (day); CREATE TABLE shop.days_1 PARTITION OF shop.days DEFAULT PARTITION BY LIST (what); CREATE TABLE shop.days_11 PARTITION OF shop.days_1 DEFAULT;",
    none: true,
  },
  {
    rule: "create-partition",
    sql: "CREATE TABLE shop.events_2027 PARTITION OF shop.events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01') WITH (fillfactor = 70);",
    none: true,
  },
  {
    rule: "reindex",
    sql: "REINDEX INDEX shop.bookings_once;",
    setup: "ALTER TABLE shop.bookings ADD CONSTRAINT bookings_once EXCLUDE USING gist (period WITH &&);",
    none: true,
  },
  { rule: "reindex", sql: "REINDEX SYSTEM;", none: true },
  {
    rule: "change-all-rows",
    sql: "WITH kept AS (INSERT INTO shop.parts SELECT number FROM shop.notes) DELETE FROM shop.notes;",
    none: true,
  },
  {
    rule: "change-all-rows",
    sql: "DELETE FROM ONLY shop.whole;",
    setup: "CREATE TABLE shop.whole (a integer); CREATE TABLE shop.part () INHERITS (shop.whole);",
    none: true,
  },
];

export { shop };
