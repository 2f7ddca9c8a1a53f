/** The URL of a server → databases that are as a program must find them before each run. */
import pg from "pg";

export interface Databases {
  readonly url: (name: string) => string;
  /** An empty database of that name, or a copy of another; one that was there is dropped. */
  readonly create: (name: string, template?: string) => Promise<void>;
  /** Drops all that were created. */
  readonly drop: () => Promise<void>;
  /** How many tables are in the schema public. */
  readonly tables: (name: string) => Promise<number>;
  /** `15.18`. */
  readonly version: () => Promise<string>;
}

export function databasesOn(serverUrl: string): Databases {
  const created = new Set<string>();
  // On a server of the user's own, nothing but what is ours may be dropped.
  const full = (name: string): string => `"retort_bench_${name}"`;
  const url = (name: string): string => {
    const changed = new URL(serverUrl);
    changed.pathname = `/retort_bench_${name}`;
    changed.searchParams.set("sslmode", "disable");
    return changed.href;
  };
  const drop = (name: string): Promise<unknown> =>
    query(serverUrl, `DROP DATABASE IF EXISTS ${full(name)} WITH (FORCE)`);
  return {
    url,
    create: async (name, template) => {
      await drop(name);
      const from = template === undefined ? "" : ` TEMPLATE ${full(template)}`;
      await query(serverUrl, `CREATE DATABASE ${full(name)}${from}`);
      created.add(name);
    },
    drop: async () => {
      for (const name of created) await drop(name);
      created.clear();
    },
    tables: async (name) => {
      const sql =
        "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
      return Number((await query(url(name), sql)).rows[0].count);
    },
    version: async () => (await query(serverUrl, "SHOW server_version")).rows[0].server_version,
  };
}

async function query(url: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}
