/** What holds for all rules: ignores, new tables, runs, versions, and that a harmless statement is left alone. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { waiting } from "../../src/core/effects/mode.ts";
import { activeRules } from "../../src/core/rules/settings.ts";
import { casesOf, type Measured } from "../effects/cases.ts";
import { asTheyCome, findingsIn, shop, withRecipes } from "../support/lint.ts";

const rulesIn = async (...migrations: string[]) => (await findingsIn(migrations)).map(({ rule }) => rule);
const index = "CREATE INDEX placed ON shop.orders (placed);";

describe("an ignore", () => {
  test("with a reason switches off the rules that it names, for the next statement alone", async () => {
    expect(await rulesIn(`-- retort-ignore: create-index (small)\n${index}`)).toEqual([]);
    const two = `-- retort-ignore: create-index (small)\n${index}\nCREATE INDEX again ON shop.orders (placed);`;
    expect(await rulesIn(two)).toEqual(["create-index"]);
    const list =
      "-- retort-ignore: drop-column, drop-index (both are old)\nALTER TABLE shop.orders DROP COLUMN pieces;";
    expect(await rulesIn(list)).toEqual(["unused-ignore"]);
  });

  test.each([
    ["-- retort-ignore: create-index", ["create-index", "ignore-without-reason"]],
    ["-- retort-ignore: create-index (small) so far", []],
    ["-- retort-ignore: create-index (small", []],
    ["-- retort-ignore: create-index (", ["create-index", "ignore-without-reason"]],
    ["-- retort-ignore: create-index ()", ["create-index", "ignore-without-reason"]],
    ["-- retort-ignore: create-index it is, so far, small", ["create-index", "ignore-without-reason"]],
    ["-- retort-ignore: create-index it is small (so far)", ["create-index", "ignore-without-reason"]],
    ["-- retort-ignore: it is small", ["create-index", "ignore-without-rule"]],
    ["-- retort-ignore: create-index, squawk (small)", ["unknown-rule"]],
    ["-- retort-ignore: create-indx (small)", ["create-index", "unknown-rule"]],
    ["-- retort-ignore create-index: small", ["create-index", "ignore-without-reason"]],
    ["-- retort-ignore: create-index: (small)", []],
    ["-- retort-ignore: create_index small so far", ["create-index", "ignore-without-reason"]],
    ["-- retort-ignore: create-indx, squawk", ["create-index", "ignore-without-reason", "unknown-rule"]],
    ["-- retort-ignore: (small)", ["create-index", "ignore-without-rule"]],
    ["-- retort-ignore: drop-index (small)", ["create-index", "unused-ignore"]],
    ["SELECT 1; -- retort-ignore: create-index (small)", ["misplaced-ignore", "create-index"]],
    ["SELECT 1 -- retort-ignore: create-index (small)\n;", ["misplaced-ignore", "create-index"]],
    ["/* -- retort-ignore: create-index (small) */", ["create-index"]],
  ])("%s", async (line, expected) => {
    expect(await rulesIn(`${line}\n${index}`)).toEqual(expected);
  });

  test.each([
    ["create-index it is small", "create-index (it is small)"],
    ["create-index, drop-index it is small (so far)", "create-index, drop-index (it is small (so far))"],
    ["it is small", "rule (it is small)"],
    ["(it is small)", "rule (it is small)"],
    ["create-index", "create-index (reason)"],
    ["create-index: it is small: 3 rows", "create-index (it is small: 3 rows)"],
    ["create_index, create-index so far", "create-index (so far)"],
    ["squawk, drop-indx", "drop-index (reason)"],
    ["squawk", "rule (reason)"],
  ])("%s: how it is written is said", async (words, written) => {
    const found = await findingsIn([`-- retort-ignore: ${words}\n${index}`]);
    expect(found.find(({ rule }) => rule.startsWith("ignore-"))?.advice).toBe(
      `write: -- retort-ignore: ${written}`,
    );
  });

  test("may be needed where another run begins behind the table", async () => {
    const make = "CREATE TABLE shop.stock (id bigint);";
    const add = "-- retort-ignore: create-index (small)\nCREATE INDEX ON shop.stock (id);";
    expect(await rulesIn(`${make}\n${add}`)).toEqual([]);
  });

  test("behind the last statement is above none", async () => {
    expect(await rulesIn("SELECT 1;\n-- retort-ignore: create-index (small)\n")).toEqual(["unused-ignore"]);
    expect(await rulesIn(`${index} -- retort-ignore: create-index (small)`)).toEqual([
      "create-index",
      "misplaced-ignore",
    ]);
  });
});

test("what a migration makes is nobody's hazard, and from the next run on it is", async () => {
  const make = "CREATE TABLE shop.stock (id bigint, code text); INSERT INTO shop.stock SELECT 1, 'a';";
  const alter = "CREATE INDEX ON shop.stock (code); ALTER TABLE shop.stock ALTER COLUMN id SET NOT NULL;";
  expect(await rulesIn(make + alter)).toEqual([]);
  expect(await rulesIn(make, alter)).toEqual(["create-index", "set-not-null"]);
});

describe("what is used before a statement makes it", () => {
  const use = "ALTER TABLE shop.stock ADD COLUMN code text;";
  const make =
    "SELECT 1;\nCREATE TABLE shop.stock (id bigint, code text); CREATE INDEX ON shop.stock (code);";
  test.each([
    ["INSERT INTO shop.stock VALUES (1);", make, "is made"],
    ["CREATE VIEW shop.v AS SELECT FROM shop.stock;", make, "is made"],
    ["CREATE TABLE shop.b (id bigint PRIMARY KEY REFERENCES shop.stock);", make, "is made"],
    [use, "SELECT 1;\nALTER TABLE shop.notes RENAME TO stock;", "gets its name"],
  ])("is told where it is used, once: %s", async (first, second, verb) => {
    const found = (await findingsIn([first, "SELECT FROM shop.stock;", second])).filter(
      ({ rule }) => rule === "statement-fails",
    );
    expect(found).toMatchObject([{ location: { line: 1 }, excerpt: { line: first } }]);
    expect(found[0]!.message).toMatch(new RegExp(`^stock ${verb} only later, by \\S+:2: this fails if`));
  });

  test("an ignore where it is used is of use, and one where it is made is not", async () => {
    const ignore = "-- retort-ignore: statement-fails (reason)\n";
    expect(await rulesIn(ignore + use, make)).toEqual([]);
    expect(await rulesIn(ignore + use)).toEqual(["unused-ignore"]);
    expect(await rulesIn(use, ignore + make)).toEqual(["unused-ignore", "statement-fails"]);
  });

  test("by an earlier run: it is there", async () => {
    const [found] = await findingsIn([make], asTheyCome, { before: `CREATE SCHEMA shop; ${use}` });
    expect(found).toMatchObject({ message: "PostgreSQL would refuse it: stock already exists" });
  });
});

test.each([
  ["ADD CHECK (total >= 0)", "orders_total_check"],
  ["ADD CHECK (total >= id)", "orders_check"],
  ["ADD FOREIGN KEY (customer_id) REFERENCES shop.customers (id)", "orders_customer_id_fkey"],
  ["ADD UNIQUE (total, note)", "orders_total_note_key"],
  ["ADD COLUMN discount integer DEFAULT 0 CHECK (discount >= 0)", "orders_discount_check"],
  ["ADD COLUMN discount integer DEFAULT 0 CONSTRAINT fair CHECK (discount >= 0)", "fair"],
  ["ADD COLUMN code text UNIQUE", "orders_code_key"],
  ["ADD COLUMN code text CONSTRAINT one UNIQUE", "one"],
])("the advice for %s names the constraint as PostgreSQL and --fix do: %s", async (action, name) => {
  const finding = (await findingsIn([`ALTER TABLE shop.orders ${action};`])).find(
    ({ recipe, rule }) => recipe !== undefined && /^add-/.test(rule),
  );
  const names = [...finding!.recipe!.join("\n").matchAll(/CONSTRAINT (\w+)/g)].map((match) => match[1]);
  expect(new Set(names)).toEqual(new Set([name]));
});

describe("what is proposed can be done, and makes no other constraint", () => {
  const partitioned = `${shop}
CREATE TABLE shop.ids (id bigint GENERATED ALWAYS AS IDENTITY, day date) PARTITION BY RANGE (day);
CREATE TABLE shop.ids_0 PARTITION OF shop.ids FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE shop.ids_rest PARTITION OF shop.ids DEFAULT;
CREATE TABLE shop.keys (id bigint GENERATED ALWAYS AS IDENTITY, day date) PARTITION BY RANGE (day);`;
  const byPartition = /^the table is partitioned: /;

  test.each<[rule: string, sql: string, version: number, said: RegExp]>([
    ["add-unique", "ALTER TABLE shop.events ADD UNIQUE (day);", 18, byPartition],
    ["add-primary-key", "ALTER TABLE shop.events ADD PRIMARY KEY (day);", 18, byPartition],
    [
      "foreign-key-without-index",
      "ALTER TABLE shop.ids ADD FOREIGN KEY (id) REFERENCES shop.orders;",
      18,
      byPartition,
    ],
    [
      "add-foreign-key",
      "ALTER TABLE shop.ids ADD FOREIGN KEY (id) REFERENCES shop.orders;",
      17,
      /before PostgreSQL 18/,
    ],
    [
      "add-foreign-key",
      "ALTER TABLE shop.ids ADD FOREIGN KEY (id) REFERENCES shop.orders;",
      18,
      /^ALTER .* NOT VALID;/,
    ],
    [
      "detach-partition",
      "ALTER TABLE shop.ids DETACH PARTITION shop.ids_0;",
      18,
      /with a default partition$/,
    ],
    ["detach-partition", "ALTER TABLE shop.events DETACH PARTITION shop.events_2025;", 18, / CONCURRENTLY;$/],
    [
      "create-partition",
      "CREATE TABLE shop.keys_1 PARTITION OF shop.keys FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');",
      18,
      / INCLUDING ALL EXCLUDING IDENTITY\)/,
    ],
    [
      "drop-index",
      "DROP INDEX shop.orders_note, shop.orders_customer;",
      18,
      /^use .* for each in a migration/,
    ],
    ["add-unique", "ALTER TABLE shop.orders ADD UNIQUE NULLS NOT DISTINCT (note);", 18, /USING INDEX$/],
    ["add-unique", "ALTER TABLE shop.orders ADD UNIQUE (note) INCLUDE (total);", 18, /USING INDEX$/],
    [
      "add-unique",
      "ALTER TABLE shop.orders ADD UNIQUE (note) DEFERRABLE INITIALLY DEFERRED;",
      18,
      /USING INDEX \w+ DEFERRABLE INITIALLY DEFERRED;$/,
    ],
    [
      "add-column-unique",
      "ALTER TABLE shop.orders ADD COLUMN code text NOT NULL DEFAULT 'a' UNIQUE;",
      18,
      /ADD COLUMN code text DEFAULT 'a' NOT NULL;/,
    ],
    [
      "add-column-unique",
      "ALTER TABLE shop.orders ADD COLUMN code text NOT NULL UNIQUE;",
      18,
      /ALTER COLUMN code SET NOT NULL;/,
    ],
    [
      "add-unique",
      "ALTER TABLE shop.bookings ADD UNIQUE (price, period WITHOUT OVERLAPS);",
      18,
      /^with WITHOUT OVERLAPS it cannot/,
    ],
    [
      "add-foreign-key",
      "ALTER TABLE shop.ids ADD COLUMN c bigint DEFAULT 1 REFERENCES shop.customers;",
      17,
      /before PostgreSQL 18/,
    ],
  ])("%s: %s on %i", async (rule, sql, version, said) => {
    const found = await findingsIn([sql], asTheyCome, { before: partitioned, version });
    const { advice, recipe } = found.find((each) => each.rule === rule)!;
    expect(recipe?.join("\n") ?? advice).toMatch(said);
  });
});

test.each(withRecipes)(
  "$rule: what it proposes for $sql is whole, and nothing is found in it",
  async ({ rule, sql, setup = "", none }) => {
    const around = { before: `${shop}${setup}` };
    const { recipe } = (await findingsIn([sql], asTheyCome, around)).find((each) => each.rule === rule)!;
    expect(recipe === undefined).toBe(none !== undefined);
    expect(await findingsIn(recipe ?? [], asTheyCome, around)).toEqual([]);
  },
);

test.each([
  [
    "ALTER TABLE shop.orders ADD COLUMN a integer DEFAULT 0, ADD COLUMN b uuid DEFAULT gen_random_uuid();",
    [/its own value of gen_random_uuid\(\)$/],
  ],
  ["ALTER TABLE shop.orders ADD COLUMN a shop.amount DEFAULT 5;", [/since shop.amount has constraints$/]],
  [
    "CREATE DOMAIN shop.one AS integer DEFAULT 1;\nALTER TABLE shop.orders ADD COLUMN a shop.one NOT NULL;",
    [],
  ],
  ["ALTER TABLE shop.orders ALTER COLUMN placed TYPE timestamp(3);", [/for the new type of placed$/]],
  ["INSERT INTO shop.open VALUES (55, 3);", []],
  [
    "CREATE VIEW shop.sums AS SELECT id, total AS sum FROM shop.orders;\nINSERT INTO shop.sums (id, sum) VALUES (55, 3);",
    [],
  ],
  ["CREATE TYPE shop.kind AS ENUM ('a');\nALTER TYPE shop.kind RENAME VALUE 'a' TO 'b';", []],
  ["CREATE SCHEMA one;\nALTER SCHEMA one RENAME TO two;", []],
  [
    "ALTER TABLE shop.orders DROP COLUMN total;",
    [
      /^the values of shop.orders.total are lost/,
      /^PostgreSQL would refuse it: totals needs the column total/,
    ],
  ],
  // What is advised for a partitioned table.
  ["ALTER TABLE ONLY shop.events ADD CONSTRAINT k UNIQUE (day);", []],
  ["ALTER TABLE ONLY shop.events ADD CONSTRAINT k PRIMARY KEY (day);", []],
  [
    `CREATE TABLE shop.days (day bigint) PARTITION BY LIST (day);
    CREATE TABLE shop.days_1 PARTITION OF shop.days FOR VALUES IN (1);
    CREATE INDEX ON shop.days (day);
    ALTER TABLE shop.days_1 ADD CONSTRAINT f FOREIGN KEY (day) REFERENCES shop.customers;`,
    [],
    "ALTER TABLE shop.days ADD CONSTRAINT f FOREIGN KEY (day) REFERENCES shop.customers;",
  ],
  // What one command of several does is not said of another.
  [
    "ALTER TABLE shop.orders ALTER COLUMN total SET NOT NULL, ADD UNIQUE (note);",
    [/^an index of shop.orders is built/],
  ],
  [
    "ALTER TABLE shop.orders ALTER COLUMN total SET NOT NULL, ALTER COLUMN pieces SET NOT NULL;",
    [/that pieces has no NULL$/],
  ],
  [
    "ALTER TABLE shop.events ALTER COLUMN day SET NOT NULL, ADD UNIQUE (day);",
    [/^an index of shop.events is built/],
  ],
  [
    "ALTER TABLE shop.orders ALTER COLUMN note TYPE varchar(60), ADD UNIQUE (total);",
    [/^an index of shop.orders is built/],
  ],
  [
    "ALTER TABLE shop.orders ALTER COLUMN note TYPE text, ALTER COLUMN pieces TYPE bigint;",
    [/for the new type of pieces$/],
  ],
  [
    "CREATE TABLE shop.codes (code text NOT NULL, rank integer);\nCREATE UNIQUE INDEX codes_code ON shop.codes (code);",
    [/^every row of shop.codes is checked/],
    "ALTER TABLE shop.codes ADD CHECK (rank > 0), ADD PRIMARY KEY USING INDEX codes_code;",
  ],
  ["DROP EXTENSION hstore CASCADE;", [/^whatever depends on hstore is dropped, too$/]],
  ["DROP OWNED BY one;", [/^everything that one owns is dropped$/]],
  ["DROP INDEX shop.orders_pkey;", [/^PostgreSQL would refuse it: a constraint of orders needs/]],
  [
    "CREATE MATERIALIZED VIEW shop.empty AS SELECT id FROM shop.orders WITH NO DATA;",
    [],
    "REFRESH MATERIALIZED VIEW shop.empty;",
  ],
  [
    "SET lock_timeout = 0;\nALTER TABLE shop.notes ADD CHECK (number > 0) NOT VALID;",
    [/^while it waits for its lock, reads and writes of shop.notes are blocked/],
  ],
  [
    "SET lock_timeout = 0;\nCREATE TRIGGER t BEFORE INSERT ON shop.notes FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();",
    [/^while it waits for its lock, writes of shop.notes are blocked/],
  ],
])("of %s only that is said", async (sql, expected, ...after) => {
  const messages = (await findingsIn([sql, ...(after as string[])])).map(({ message }) => message);
  expect(messages).toEqual(expected.map((each) => expect.stringMatching(each)));
});

test.each([
  ["number", /CHECK \(number IS NOT NULL\)/],
  ["order_id, number", /order_id IS NOT NULL[\s\S]*number IS NOT NULL/],
])("the advice for a primary key of (%s) makes only what may be NULL NOT NULL", async (columns, expected) => {
  const recipeOf = async (setup: string) => {
    const key = `${setup}\nALTER TABLE shop.notes ADD CHECK (number > 0), ADD PRIMARY KEY (${columns});`;
    const found = await findingsIn([key]);
    return found.find(({ rule }) => rule === "add-primary-key")?.recipe?.join("\n");
  };
  expect(await recipeOf("")).toMatch(expected);
  const holds =
    "ALTER TABLE shop.notes ALTER COLUMN number SET NOT NULL, ALTER COLUMN order_id SET NOT NULL;";
  expect(await recipeOf(holds)).toMatch(/^CREATE UNIQUE INDEX/);
});

test("what a later statement of the run has put right is no finding", async () => {
  const key = "ALTER TABLE shop.notes ADD FOREIGN KEY (order_id) REFERENCES shop.orders (id) NOT VALID;";
  expect(await rulesIn(key)).toEqual(["foreign-key-without-index"]);
  expect(await rulesIn(key, "CREATE INDEX CONCURRENTLY ON shop.notes (order_id);")).toEqual([]);
});

test("a view needs only the columns that it asks its table for", async () => {
  const view =
    "CREATE VIEW shop.v AS SELECT * FROM (SELECT o.id, c.email AS note FROM shop.orders o JOIN shop.customers c ON c.id = o.customer_id) AS inner_query;";
  expect(await rulesIn(`${view}\nALTER TABLE shop.orders ALTER COLUMN note TYPE text;`)).toEqual([]);
  expect(await rulesIn(`${view}\nALTER TABLE shop.customers ALTER COLUMN email TYPE varchar;`)).toEqual([
    "statement-fails",
  ]);
});

test("nothing is lost with a table that an earlier statement has dropped or renamed", async () => {
  const drop = "DROP TABLE shop.notes;";
  expect(await rulesIn(drop)).toEqual(["drop-table"]);
  expect(await rulesIn(`ALTER TABLE shop.notes RENAME TO old_notes;\n${drop}`)).toEqual([
    "rename-table",
    "statement-fails",
  ]);
  expect(await rulesIn(`${drop}\nDROP TABLE IF EXISTS shop.notes;`)).toEqual(["drop-table"]);
});

describe("the configuration", () => {
  const none = { version: 1, error: [], warning: [], off: [] };

  test("says what a rule weighs", () => {
    const severityOf = (id: string, settings: Partial<typeof none>) =>
      activeRules({ ...none, ...settings }).find(({ rule }) => rule.id === id)?.severity;
    expect(severityOf("drop-column", {})).toBe("warning");
    expect(severityOf("drop-column", { error: ["drop-column"] as never })).toBe("error");
    expect(severityOf("drop-column", { off: ["drop-column"] as never })).toBeUndefined();
    expect(severityOf("prefer-bigint", {})).toBeUndefined();
    expect(severityOf("prefer-bigint", { warning: ["prefer-bigint"] as never })).toBe("warning");
  });

  test.each([
    [{ version: 99 }, "usage/rule-set"],
    [{ version: 0 }, "usage/rule-set"],
    [{ error: ["drop-colum"] }, "usage/unknown-rule"],
    [{ error: ["drop-column"], off: ["drop-column"] }, "usage/rule-twice"],
  ])("%j is refused", (settings, code) => {
    expect(() => activeRules({ ...none, ...settings })).toThrow(expect.objectContaining({ code }));
  });
});

/** Nobody waits for it, and no application misses anything. */
const isHarmless = (measured: Measured, sql: string): boolean =>
  "locks" in measured &&
  Object.values(measured.locks).every((mode) => !waiting(mode).writers) &&
  !/\brename\b|^(?:update|delete)/i.test(sql);

/** Others may wait for a moment: it rewrites and reads nothing. */
const isShort = (measured: Measured): boolean =>
  "locks" in measured && measured.rewrites.length + measured.scans.length === 0;

test.each([
  ["harm nobody", isHarmless, 0.1],
  ["are done in a moment, which dropping and renaming is, too", isShort, 0.2],
] as const)("findings for a measured statement of those that %s", async (_, is, most) => {
  const cases = casesOf("measured.jsonl").filter(
    ({ measured, sql }) =>
      is(measured["18"]!, sql) && !/prepare transaction|discard all|savepoint/i.test(sql),
  );
  expect(cases.length).toBeGreaterThan(30);
  const before = readFileSync(new URL("../effects/schema.sql", import.meta.url), "utf8");
  const found: string[] = [];
  for (const { setup, sql } of cases) {
    const findings = await findingsIn([`SET search_path = lab;\n${sql}`], asTheyCome, {
      before: `${before}\n${setup}`,
    });
    found.push(...findings.map(({ rule }) => `${rule}: ${sql}`));
  }
  expect(found.length / cases.length, found.join("\n")).toBeLessThanOrEqual(most);
});

test("of several tables it is said that they are locked", async () => {
  const references = (name: string): string => `CREATE TABLE shop.${name} (id bigint PRIMARY KEY);`;
  const table = `${references("one")}${references("two")}
    CREATE TABLE shop.both (a bigint REFERENCES shop.one, b bigint REFERENCES shop.two, c bigint);`;
  const messages = (await findingsIn([table, "ALTER TABLE shop.both DROP COLUMN a, DROP COLUMN b;"])).map(
    ({ message }) => message,
  );
  expect(messages.join("\n")).toMatch(/; shop\.one, shop\.two are locked, too$/m);
});

test.each([
  ["TABLE", "the rows of shop.x are lost, and a downgrade cannot restore them"],
  ["SEQUENCE", "the state of shop.x is lost, and a downgrade cannot restore it"],
  ["MATERIALIZED VIEW", "what still uses shop.x fails"],
  ["FOREIGN TABLE", "what still uses shop.x fails"],
])("DROP %s: %s", async (kind, message) => {
  const found = await findingsIn([`DROP ${kind} shop.x;`]);
  expect(found.filter(({ rule }) => rule === "drop-table").map((each) => each.message)).toEqual([message]);
});

const ENDLESS = "endless-batch";

/** A batch that ends, and one that does not. */
test.each([
  ["UPDATE shop.orders SET note = '' WHERE id IN (SELECT id FROM shop.orders LIMIT :batch_size);", [ENDLESS]],
  [
    "UPDATE shop.orders SET note = '' WHERE id IN (SELECT id FROM shop.orders WHERE total > 9 LIMIT :batch_size);",
    [ENDLESS],
  ],
  [
    "UPDATE shop.orders SET note = '' WHERE id IN (SELECT id FROM shop.customers LIMIT :batch_size);",
    [ENDLESS],
  ],
  [
    "UPDATE shop.orders SET note = '' WHERE id IN (SELECT o.id FROM shop.orders AS o WHERE o.note IS NULL LIMIT :batch_size);",
    [],
  ],
  [
    "UPDATE shop.orders SET note = '' WHERE id >= :batch_from AND id < :batch_to;",
    [],
    "-- batch: 1000 by shop.orders.id",
  ],
  ["DELETE FROM shop.notes WHERE ctid = ANY (ARRAY(SELECT ctid FROM shop.notes LIMIT :batch_size));", []],
  ["INSERT INTO shop.notes (number) SELECT id FROM shop.orders LIMIT :batch_size;", [ENDLESS]],
  [
    "INSERT INTO shop.notes (number) SELECT id FROM shop.orders AS o WHERE NOT EXISTS (SELECT FROM shop.notes AS n WHERE n.number = o.id) LIMIT :batch_size;",
    [],
  ],
  [
    "INSERT INTO shop.notes (number) SELECT id FROM shop.orders LIMIT :batch_size ON CONFLICT DO NOTHING;",
    [],
  ],
])("%s", async (sql, rules, batch = "-- batch: 1000") => {
  expect((await rulesIn(`${batch}\n${sql}`)).filter((rule) => rule === ENDLESS)).toEqual(rules);
});
