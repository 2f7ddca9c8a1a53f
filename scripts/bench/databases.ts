/** The URL of a server → databases that are as a program must find them before each run. */
import pg from "pg";

export interface Databases {
  readonly url: (name: string) => string;
  /** An empty database of that name, or a copy of another; one that was there is dropped. */
  readonly create: (name: string, template?: string) => Promise<void>;
  readonly drop: (names: readonly string[]) => Promise<void>;
  /** How many tables are in the schema public. */
  readonly tables: (name: string) => Promise<number>;
  /** `15.18`. */
  readonly version: () => Promise<string>;
}

export function databasesOn(serverUrl: string): Databases {
  const url = (name: string): string => {
    const changed = new URL(serverUrl);
    changed.pathname = `/${name}`;
    return changed.href;
  };
  const drop = async (names: readonly string[]): Promise<void> => {
    for (const name of names) await query(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  };
  return {
    url,
    drop,
    create: async (name, template = "template1") => {
      await drop([name]);
      await query(serverUrl, `CREATE DATABASE ${name} TEMPLATE ${template}`);
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
