/** A number of migrations → folders of them, the same at every run, for us and for the others. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** One migration, in nobody's format. Each follows the one before it in its list. */
export interface Change {
  readonly revision: string;
  /** `00017_create_invoices`. */
  readonly name: string;
  readonly up: string;
  readonly down: string;
}

const nouns = ["invoices", "parcels", "visits", "drafts", "quotas", "sessions", "tickets"];

/** Every migration makes a table of its own with an index: 400 to 800 bytes in most. */
export function tables(count: number): readonly Change[] {
  return Array.from({ length: count }, (_, i) => {
    const noun = nouns[i % nouns.length]!;
    const table = `${noun}_${numbered(i)}`;
    const extra = Array.from({ length: i % 5 }, (_, k) => `  detail_${k + 1} text NOT NULL DEFAULT '',\n`);
    return change(
      i,
      `create_${noun}`,
      `-- The ${noun} of region ${i % 113}; the index serves the list of an account's open ones.\n` +
        `CREATE TABLE ${table} (\n  id bigint PRIMARY KEY,\n  account_id bigint NOT NULL,\n  amount numeric(12, 2) NOT NULL DEFAULT 0,\n${extra.join("")}` +
        "  state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'paid', 'void')),\n  created_at timestamptz NOT NULL DEFAULT now()\n);\n\n" +
        `CREATE INDEX ${table}_open ON ${table} (account_id, created_at) WHERE state = 'new';\n`,
      `DROP TABLE ${table};\n`,
    );
  });
}

/** The schema that `tables` make, with a column that no migration adds to the first of them. */
export function desiredTables(count: number): string {
  const [first, ...others] = tables(count).map(({ up }) => up);
  return [first!.replace("  id bigint PRIMARY KEY,\n", "$&  added text,\n"), ...others].join("\n");
}

/** Five statements a migration: a table with its index, its comment and its rows, and a change of the table before it. */
export function alterations(count: number): readonly Change[] {
  return Array.from({ length: count }, (_, i) => {
    const noun = nouns[i % nouns.length]!;
    const table = `${noun}_${numbered(i)}`;
    const before = i === 0 ? table : `${nouns[(i - 1) % nouns.length]}_${numbered(i - 1)}`;
    const alteration = [
      `ALTER TABLE ${before} ADD COLUMN note text;`,
      `CREATE VIEW ${table}_list AS SELECT id, account_id, amount FROM ${table} WHERE state <> 'void';`,
      `ALTER TABLE ${before} ALTER COLUMN amount SET DEFAULT 1;`,
      `ALTER TABLE ${before} DROP COLUMN created_at;`,
      `ALTER TABLE ${before} ADD CONSTRAINT ${before}_amount CHECK (amount >= 0) NOT VALID;`,
    ];
    const up = [
      `CREATE TABLE ${table} (\n  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n  account_id bigint NOT NULL,\n  amount numeric(12, 2) NOT NULL DEFAULT 0,\n  state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'paid', 'void')),\n  created_at timestamptz NOT NULL DEFAULT now()\n);`,
      `CREATE INDEX ${table}_open ON ${table} (account_id, created_at) WHERE state = 'new';`,
      `COMMENT ON TABLE ${table} IS 'The ${noun} of region ${i % 113}';`,
      `INSERT INTO ${table} (account_id, amount) VALUES (1, 0), (2, 0);`,
      alteration[i % alteration.length]!,
    ];
    return change(i, `alter_${noun}`, `${up.join("\n\n")}\n`, `DROP TABLE ${table};\n`);
  });
}

/** A table, and then nothing but indexes of it that are built outside a transaction. */
export function concurrent(count: number): readonly Change[] {
  const [table] = tables(1) as [Change];
  const indexes = Array.from({ length: count - 1 }, (_, i) =>
    change(
      i + 1,
      "add_index",
      `CREATE INDEX CONCURRENTLY added_${i} ON invoices_00001 (created_at, id);\n`,
      `DROP INDEX CONCURRENTLY added_${i};\n`,
    ),
  );
  return [table, ...indexes];
}

/** Quick ones, and at the end one that does nothing for that long. */
export function beforeSleep(count: number, seconds: number): readonly Change[] {
  return [...tables(count - 1), change(count - 1, "sleep", `SELECT pg_sleep(${seconds});\n`, "SELECT 1;\n")];
}

const numbered = (index: number): string => String(index + 1).padStart(5, "0");

function change(index: number, words: string, up: string, down: string): Change {
  const revision = createHash("sha256").update(`bench ${index}`).digest("hex").slice(0, 12);
  return { revision, name: `${numbered(index)}_${words}`, up, down };
}

/** Our format: `folder/migrations/*.{up,down}.sql`. */
export function writeRetort(folder: string, changes: readonly Change[]): void {
  write(path.join(folder, "migrations"), changes, ({ revision, name, up, down }, i) => ({
    [`${name}.up.sql`]:
      `-- revision: ${revision}\n-- parent: ${changes[i - 1]?.revision ?? "none"}\n` +
      `-- message: ${name.slice(6).replaceAll("_", " ")}\n\n${up}`,
    [`${name}.down.sql`]: `-- revision: ${revision}\n\n${down}`,
  }));
}

/** What psql runs: the same files, a transaction and a history row each. `up.sql` and `down.sql` in `folder`. */
export function writePsql(folder: string, changes: readonly Change[]): void {
  const run = (name: string, half: string, history: string): string =>
    `BEGIN;\n\\i migrations/${name}.${half}.sql\n${history}\nCOMMIT;\n`;
  const up = changes.map(({ name }) => run(name, "up", `INSERT INTO history (name) VALUES ('${name}');`));
  const down = changes.map(({ name }) => run(name, "down", `DELETE FROM history WHERE name = '${name}';`));
  writeFileSync(path.join(folder, "up.sql"), `CREATE TABLE history (name text PRIMARY KEY);\n${up.join("")}`);
  writeFileSync(path.join(folder, "down.sql"), down.reverse().join(""));
}

export function writeDbmate(folder: string, changes: readonly Change[]): void {
  write(folder, changes, ({ name, up, down }) => ({
    [`${name}.sql`]: `-- migrate:up\n${up}\n-- migrate:down\n${down}`,
  }));
}

export function writeNodePgMigrate(folder: string, changes: readonly Change[]): void {
  write(folder, changes, ({ name, up, down }) => ({
    [`${name}.sql`]: `-- Up Migration\n${up}\n-- Down Migration\n${down}`,
  }));
}

export function writeDrizzle(folder: string, changes: readonly Change[]): void {
  write(folder, changes, ({ name, up }) => ({
    [`${name}.sql`]: up.replace("\n\n", "\n--> statement-breakpoint\n"),
  }));
  const entries = changes.map(({ name }, idx) => ({
    idx,
    version: "7",
    when: 1_700_000_000_000 + idx,
    tag: name,
    breakpoints: true,
  }));
  mkdirSync(path.join(folder, "meta"), { recursive: true });
  writeFileSync(
    path.join(folder, "meta", "_journal.json"),
    JSON.stringify({ version: "7", dialect: "postgresql", entries }),
  );
}

function write(
  folder: string,
  changes: readonly Change[],
  filesOf: (change: Change, index: number) => Readonly<Record<string, string>>,
): void {
  mkdirSync(folder, { recursive: true });
  for (const [i, change] of changes.entries()) {
    for (const [name, text] of Object.entries(filesOf(change, i)))
      writeFileSync(path.join(folder, name), text);
  }
}
