/** Files and a database → what a command says of them, and the files and the database after it. Every state is kept, once. */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { main } from "../../src/cli/main.ts";

/** Path → text, relative to the project; a folder ends with a slash. */
export type Files = Readonly<Record<string, string>>;

/** A database that is never changed: a command that might runs in a copy. */
export interface Database {
  readonly name: string;
  /** Equal for equal ledgers and tables. */
  readonly key: string;
  /** The revisions that each ledger, by its schema, has. */
  readonly ledgers: Readonly<Record<string, readonly string[]>>;
  /** The tables that no ledger is made of. */
  readonly tables: readonly string[];
}

/** What a copy of the database does not take over, such as a lock; the result of `begin` ends it. */
export interface Condition {
  readonly name: string;
  readonly begin: (url: string) => Promise<() => Promise<void>>;
  /** Whom the commands connect as; default: the superuser. */
  readonly role?: string;
}

export interface World {
  readonly files: Files;
  readonly database: Database;
  readonly conditions: readonly Condition[];
}

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly after: World;
}

/** What a revision replaces. */
export const replacedBy = (files: Files, id: string): readonly string[] =>
  Object.values(files).flatMap((text) =>
    text.startsWith(`-- revision: ${id}\n`)
      ? (/^-- replaces: (.*)$/m.exec(text)?.[1]?.split(", ") ?? [])
      : [],
  );

export const keyOf = ({ files, database, conditions }: World): string =>
  JSON.stringify([Object.entries(files).sort(), database.key, conditions.map(({ name }) => name)]);

const READING = /^(?:status|check|heads|branches|verify|current|history|lint|log|show|config|graph)$/;
export const onlyReads = ([command = "", ...words]: readonly string[]): boolean =>
  READING.test(command) || words.includes("--sql") || words.includes("--dry-run");

const TABLES = `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND n.nspname !~ '^pg_|^information' ORDER BY 1, 2`;

/** Owners, privileges and indexes: what SQL of hints changes, and no row shows. */
const RIGHTS = `SELECT 'class ' || oid::regclass || relowner::regrole || coalesce(relacl::text, '') AS line FROM pg_class
  WHERE relkind IN ('r', 'S') AND oid >= 16384 AND relnamespace <> 'pg_toast'::regnamespace
  UNION ALL SELECT 'schema ' || nspname || nspowner::regrole || coalesce(nspacl::text, '') FROM pg_namespace WHERE nspname !~ '^pg_'
  UNION ALL SELECT 'index ' || indexrelid::regclass || indisvalid FROM pg_index WHERE indexrelid >= 16384 AND indrelid::regclass::text !~ 'pg_toast'
  UNION ALL SELECT 'database ' || coalesce(datacl::text, '') FROM pg_database WHERE datname = current_database()
  ORDER BY 1`;

/** The rows of a table but for times and roles. */
const rowsOf = ({ schema, name }: Table): string =>
  `SELECT coalesce(jsonb_agg(row ORDER BY row::text), '[]') AS rows FROM (SELECT to_jsonb(t)
    - '{id,at,by,applied_at,applied_by,duration,started_at,started_by,places,present}'::text[] AS row
  FROM ${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)} t) AS each`;

interface Table {
  readonly schema: string;
  readonly name: string;
}

// As the program itself does: slonik's log writes nothing.
Object.assign(globalThis, {
  ROARR: {
    versions: [`${Number.MAX_SAFE_INTEGER}.0.0`],
    write: () => {},
    asyncLocalStorage: { getStore: () => undefined, run: (_: unknown, work: () => unknown) => work() },
  },
});

/** Of the roles that are made here. */
export const PASSWORD = "retort-hints";

/** The databases made so far, on the server of `url`. */
export class Worlds {
  readonly #runs = new Map<string, Promise<Run>>();
  readonly #databases = new Map<string, Database>();
  readonly #root = mkdtempSync(path.join(tmpdir(), "retort-hints-"));
  readonly #prefix = `retort_hints_${randomBytes(4).toString("hex")}_`;
  readonly #url: string;
  #last = 0;
  #asked: Promise<unknown> = Promise.resolve();
  readonly #admin: pg.Client;
  constructor(url: string) {
    this.#url = url;
    this.#admin = new pg.Client({ connectionString: url });
  }

  urlOf(name: string, role?: string): string {
    const url = new URL(this.#url);
    url.pathname = `/${name}`;
    if (role !== undefined) Object.assign(url, { username: role, password: PASSWORD });
    return url.href;
  }

  async empty(): Promise<Database> {
    await this.#admin.connect();
    return this.#kept(await this.#copy("template0"));
  }

  /** The database after `sql`, in which the copy is called DATABASE; undefined where that cannot be run there. */
  async changed(database: Database, sql: string): Promise<Database | undefined> {
    const name = await this.#copy(database.name);
    try {
      await query(this.urlOf(name), sql.replaceAll("DATABASE DATABASE", `DATABASE ${name}`));
    } catch {
      await this.#drop(name);
      return undefined;
    }
    return this.#kept(name);
  }

  /** The same words on the same state are run once. */
  run(world: World, words: readonly string[]): Promise<Run> {
    const key = createHash("sha256")
      .update(JSON.stringify([keyOf(world), words]))
      .digest("hex");
    let run = this.#runs.get(key);
    if (run === undefined) {
      run = this.#run(world, words);
      this.#runs.set(key, run);
    }
    return run;
  }

  async close(): Promise<void> {
    rmSync(this.#root, { recursive: true, force: true });
    for (const { name } of this.#databases.values()) await this.#drop(name);
    await this.#admin.end();
  }

  get runs(): number {
    return this.#runs.size;
  }

  async #run(world: World, words: readonly string[]): Promise<Run> {
    const { files, database, conditions } = world;
    const isShared = conditions.length === 0 && onlyReads(words);
    const name = isShared ? database.name : await this.#copy(database.name);
    const folder = mkdtempSync(path.join(this.#root, "p"));
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(path.join(folder, file.endsWith("/") ? file : path.dirname(file)), { recursive: true });
      if (!file.endsWith("/")) writeFileSync(path.join(folder, file), text);
    }
    const ends = [];
    for (const { begin } of conditions) ends.push(await begin(this.urlOf(name)));
    const url = this.urlOf(name, conditions.find(({ role }) => role !== undefined)?.role);
    let answer = await inProcess(words, folder, url);
    // A person at a terminal would have been asked.
    if (answer.stderr.includes("[usage/needs-yes]"))
      answer = await inProcess([...words, "--yes"], folder, url);
    for (const end of ends) await end();
    const after = {
      files: filesIn(folder),
      database: isShared ? database : await this.#kept(name),
      conditions,
    };
    rmSync(folder, { recursive: true });
    return { ...answer, after };
  }

  /** One at a time. */
  #ask(sql: string): Promise<unknown> {
    const asked = this.#asked.then(() => this.#admin.query(sql));
    this.#asked = asked.catch(() => {});
    return asked;
  }

  async #drop(name: string): Promise<void> {
    await this.#ask(`DROP DATABASE ${name} WITH (FORCE)`);
  }

  async #copy(template: string): Promise<string> {
    const name = `${this.#prefix}${++this.#last}`;
    await this.#ask(`CREATE DATABASE ${name} TEMPLATE ${template}`);
    // Privileges on the database itself are not copied.
    await this.#ask(`DO $$ DECLARE r record; BEGIN
      FOR r IN SELECT privilege_type, grantee::regrole AS role FROM pg_database, aclexplode(datacl) WHERE datname = '${template}' AND grantee <> 0
      LOOP EXECUTE format('GRANT %s ON DATABASE ${name} TO %s', r.privilege_type, r.role); END LOOP; END $$`);
    return name;
  }

  /** The database, or one that is equal to it. */
  async #kept(name: string): Promise<Database> {
    const client = new pg.Client({ connectionString: this.urlOf(name) });
    await client.connect();
    const all = (await client.query(TABLES)).rows as Table[];
    const kept = all.filter((each) => each.name !== "log");
    const sql = kept.map(rowsOf).join(" UNION ALL ");
    const rows: { revision?: string }[][] =
      kept.length === 0 ? [] : (await client.query(sql)).rows.map((each) => each.rows);
    const rights = (await client.query(RIGHTS)).rows;
    await client.end();
    const ledgers = Object.fromEntries(
      kept.flatMap(({ schema, name }, index) =>
        name === "applied" ? [[schema, rows[index]!.flatMap(({ revision }) => revision ?? [])]] : [],
      ),
    );
    const tables = all.filter(({ schema }) => schema === "public").map((each) => each.name);
    const key = JSON.stringify([all, rows, rights]);
    const known = this.#databases.get(key);
    if (known === undefined) {
      const made = { name, key, ledgers, tables };
      this.#databases.set(key, made);
      return made;
    }
    await this.#drop(name);
    return known;
  }
}

async function inProcess(words: readonly string[], cwd: string, url: string) {
  const out = { stdout: "", stderr: "" };
  const stream = (to: "stdout" | "stderr"): NodeJS.WriteStream =>
    ({
      write: (text: string | Buffer, done?: () => void) => {
        out[to] += text.toString();
        done?.();
        return true;
      },
    }) as unknown as NodeJS.WriteStream;
  const code = await main(words, {
    streams: { stdout: stream("stdout"), stderr: stream("stderr"), stdin: process.stdin },
    env: { DATABASE_URL: url, NO_COLOR: "1" },
    cwd,
    now: () => new Date("2026-03-02T09:14:00Z"),
    version: "dev",
    signal: new AbortController().signal,
  });
  return { code, ...out };
}

function filesIn(folder: string): Files {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    found.map((each) => {
      const file = path.join(each.parentPath, each.name);
      const name = path.relative(folder, file);
      return each.isFile() ? [name, readFileSync(file, "utf8")] : [`${name}/`, ""];
    }),
  );
}

/** Also where a mistake has made the database read-only, or its sessions short. */
export async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    options:
      "-c default_transaction_read_only=off -c statement_timeout=0 -c idle_in_transaction_session_timeout=0",
  });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
