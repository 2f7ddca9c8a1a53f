/** A number of migrations → folders of them, the same at every run, for us and for the others. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** One migration, in nobody's format. The texts are 400 to 800 bytes in most. */
export interface Change {
  readonly revision: string;
  readonly parents: readonly string[];
  readonly label?: string;
  readonly dependsOn?: string;
  /** `00017_create_invoices`. */
  readonly name: string;
  readonly up: string;
  readonly down: string;
}

/** Every migration makes a table of its own with an index, each after the one before. */
export function straight(count: number): readonly Change[] {
  return Array.from({ length: count }, (_, i) => change(i, i === 0 ? [] : [i - 1]));
}

/**
 * A trunk with a branch for every 50 migrations. Each branch leaves the trunk where it then stands; every other one
 * is merged, the rest stay heads, and some depend on the branch before them.
 */
export function branchy(count: number): readonly Change[] {
  const changes: Change[] = [change(0, [])];
  const add = (parents: readonly number[], more: Partial<Change> = {}): number => {
    changes.push({ ...change(changes.length, parents), ...more });
    return changes.length - 1;
  };
  let trunk = 0;
  let before: number | undefined;
  for (let branch = 0; changes.length < count; branch += 1) {
    let tip = trunk;
    for (let i = 0; i < 24 && changes.length < count; i += 1) {
      const dependsOn = before !== undefined && branch % 5 === 0 ? { dependsOn: revisionOf(before) } : {};
      tip = add([tip], i === 0 ? { label: `branch_${branch}`, ...dependsOn } : {});
    }
    for (let i = 0; i < 25 && changes.length < count; i += 1) trunk = add([trunk]);
    if (branch % 2 === 1 && tip !== trunk && changes.length < count) trunk = add([trunk, tip]);
    before = tip;
  }
  return changes;
}

/** One migration that fills a table, an INSERT a row: about `bytes` of them. */
export function data(bytes: number): readonly Change[] {
  const first = change(0, []);
  const lines = ["CREATE TABLE measurements (id integer, sensor text, value numeric, note text);"];
  for (let i = 0, size = 0; size < bytes; i += 1) {
    const line = `INSERT INTO measurements VALUES (${i}, 'sensor-${i % 97}', ${(i * 37) % 1000}.5, 'row ${i} of the import');`;
    lines.push(line);
    size += line.length + 1;
  }
  return [{ ...first, up: `${lines.join("\n")}\n`, down: "DROP TABLE measurements;\n" }];
}

const nouns = ["invoices", "parcels", "visits", "drafts", "quotas", "sessions", "tickets"];

function revisionOf(index: number): string {
  return createHash("sha256").update(`bench ${index}`).digest("hex").slice(0, 12);
}

function change(index: number, parents: readonly number[]): Change {
  const noun = nouns[index % nouns.length]!;
  const number = String(index + 1).padStart(5, "0");
  const table = `${noun}_${number}`;
  const extra = Array.from({ length: index % 5 }, (_, i) => `  detail_${i + 1} text NOT NULL DEFAULT '',\n`);
  return {
    revision: revisionOf(index),
    parents: parents.map(revisionOf),
    name: `${number}_create_${noun}`,
    up:
      `-- The ${noun} of region ${index % 113}; the index serves the list of an account's open ones.\n` +
      `CREATE TABLE ${table} (\n  id bigint PRIMARY KEY,\n  account_id bigint NOT NULL,\n  amount numeric(12, 2) NOT NULL DEFAULT 0,\n${extra.join("")}` +
      "  state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'paid', 'void')),\n  created_at timestamptz NOT NULL DEFAULT now()\n);\n\n" +
      `CREATE INDEX ${table}_open ON ${table} (account_id, created_at) WHERE state = 'new';\n`,
    down: `DROP TABLE ${table};\n`,
  };
}

/** Our format: `folder/migrations/*.{up,down}.sql`. Returns the bytes of the up files. */
export function writeRetort(folder: string, changes: readonly Change[]): number {
  let bytes = 0;
  write(
    path.join(folder, "migrations"),
    changes,
    ({ revision, parents, label, dependsOn, name, up, down }) => {
      const header = [
        `-- revision: ${revision}`,
        `-- parent: ${parents.join(", ") || "none"}`,
        ...(label === undefined ? [] : [`-- branch-labels: ${label}`]),
        ...(dependsOn === undefined ? [] : [`-- depends-on: ${dependsOn}`]),
        `-- message: ${name.slice(6).replaceAll("_", " ")}`,
      ];
      const text = `${header.join("\n")}\n\n${up}`;
      bytes += Buffer.byteLength(text);
      return { [`${name}.up.sql`]: text, [`${name}.down.sql`]: `-- revision: ${revision}\n\n${down}` };
    },
  );
  return bytes;
}

/** What psql runs: the same files, a transaction and a history row each. `up.sql` and `down.sql` in `folder`. */
export function writePsql(folder: string, changes: readonly Change[]): void {
  const run = (change: Change, half: "up" | "down", history: string): string =>
    `BEGIN;\n\\i migrations/${change.name}.${half}.sql\n${history}\nCOMMIT;\n`;
  const up = changes.map((change) =>
    run(change, "up", `INSERT INTO history (name) VALUES ('${change.name}');`),
  );
  const down = changes.map((change) =>
    run(change, "down", `DELETE FROM history WHERE name = '${change.name}';`),
  );
  writeFileSync(path.join(folder, "up.sql"), `CREATE TABLE history (name text PRIMARY KEY);\n${up.join("")}`);
  writeFileSync(path.join(folder, "down.sql"), down.reverse().join(""));
}

export function writeDbmate(folder: string, changes: readonly Change[]): void {
  write(path.join(folder, "dbmate"), changes, ({ name, up, down }) => ({
    [`${name}.sql`]: `-- migrate:up\n${up}\n-- migrate:down\n${down}`,
  }));
}

export function writeNodePgMigrate(folder: string, changes: readonly Change[]): void {
  write(path.join(folder, "node-pg-migrate"), changes, ({ name, up, down }) => ({
    [`${name}.sql`]: `-- Up Migration\n${up}\n-- Down Migration\n${down}`,
  }));
}

export function writeDrizzle(folder: string, changes: readonly Change[]): void {
  const own = path.join(folder, "drizzle");
  write(own, changes, ({ name, up }) => ({
    [`${name}.sql`]: up.replace("\n\n", "\n--> statement-breakpoint\n"),
  }));
  mkdirSync(path.join(own, "meta"));
  const entries = changes.map(({ name }, idx) => ({
    idx,
    version: "7",
    when: 1_700_000_000_000 + idx,
    tag: name,
    breakpoints: true,
  }));
  writeFileSync(
    path.join(own, "meta", "_journal.json"),
    JSON.stringify({ version: "7", dialect: "postgresql", entries }),
  );
}

export function writeAlembic(folder: string, changes: readonly Change[]): void {
  const own = path.join(folder, "alembic");
  write(path.join(own, "versions"), changes, ({ revision, parents, name, up, down }) => ({
    [`${name}.py`]:
      `from alembic import op\n\nrevision = "${revision}"\ndown_revision = ${parents[0] === undefined ? "None" : `"${parents[0]}"`}\n` +
      `branch_labels = None\ndepends_on = None\n\n\ndef upgrade():\n    op.execute("""${up}""")\n\n\ndef downgrade():\n    op.execute("""${down}""")\n`,
  }));
  writeFileSync(path.join(folder, "alembic.ini"), "[alembic]\nscript_location = alembic\n");
  writeFileSync(
    path.join(own, "env.py"),
    "import os\nfrom alembic import context\nfrom sqlalchemy import create_engine, pool\n\n" +
      "if context.is_offline_mode():\n    context.configure(dialect_name='postgresql', literal_binds=True)\n    context.run_migrations()\nelse:\n" +
      "    engine = create_engine(os.environ['ALEMBIC_URL'], poolclass=pool.NullPool)\n    with engine.connect() as connection:\n" +
      "        context.configure(connection=connection, transaction_per_migration=True)\n" +
      "        with context.begin_transaction():\n            context.run_migrations()\n",
  );
}

function write(
  folder: string,
  changes: readonly Change[],
  filesOf: (change: Change) => Readonly<Record<string, string>>,
): void {
  mkdirSync(folder, { recursive: true });
  for (const change of changes) {
    for (const [name, text] of Object.entries(filesOf(change))) writeFileSync(path.join(folder, name), text);
  }
}
