/** The servers that global-setup.ts started come out as values a test can use; so do fresh databases on them. */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject, type TestContext, test } from "vitest";
import type { ServerFacts } from "./global-setup.ts";

/** A real PostgreSQL; tests reach it as a superuser. */
export interface TestServer {
  /** `PostgreSQL 18`: for the names of tests. */
  readonly name: string;
  readonly major: number;
  /** As the server says it: `15.18`. */
  readonly version: string;
  /** The URL of a database on it; by default one that always exists. */
  readonly url: (database?: string) => string;
}

/** A database of a test's own. */
export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  /** Removes it, whoever is connected. */
  readonly drop: () => Promise<void>;
}

/**
 * The servers of this test run, the newest major first: two, or the one at TEST_DATABASE_URL. Throws in the
 * vitest project `core`, whose tests wait for no server.
 */
export function servers(): readonly TestServer[] {
  const facts = providedServers();
  if (facts === undefined)
    throw new Error("this test file needs a server: it belongs to the vitest project pg");
  return facts.map(testServer);
}

/** One of them, in a list, for tests of what each does alike: to run them on both takes time that others need. */
export function oneServer(which: "newest" | "oldest"): readonly TestServer[] {
  return which === "newest" ? servers().slice(0, 1) : servers().slice(-1);
}

/**
 * `test` for what each server does alike, in the `describe` of one of them: of the tests declared with it, and of the
 * rows given to its `for`, each runs on one of the servers, in turn.
 */
export function inTurn(server: TestServer) {
  const majors = servers().map(({ major }) => major);
  let turn = 0;
  const isNext = (): boolean => majors[turn++ % majors.length] === server.major;
  const one = (name: string, work: (context: TestContext) => Promise<void> | void): void => {
    if (isNext()) test(name, work);
  };
  return Object.assign(one, { for: <T>(rows: readonly T[]) => test.for(rows.filter(isNext)) });
}

/** Are there servers? True in the vitest project `pg`, false in `core`. */
export function hasServers(): boolean {
  return providedServers() !== undefined;
}

function providedServers(): readonly ServerFacts[] | undefined {
  return inject("servers") as readonly ServerFacts[] | undefined;
}

function testServer({ major, version, url }: ServerFacts): TestServer {
  return {
    name: `PostgreSQL ${major}`,
    major,
    version,
    url: (database) => {
      const changed = new URL(url);
      if (database !== undefined) changed.pathname = `/${encodeURIComponent(database)}`;
      return changed.href;
    },
  };
}

/** Creates a database with a name of its own: empty, or a copy of `template` (to which nobody may be connected). */
export async function freshDatabase(
  server: TestServer,
  { template }: { readonly template?: string } = {},
): Promise<TestDatabase> {
  const name = `retort_test_${randomBytes(6).toString("hex")}`;
  const from = template === undefined ? "" : ` TEMPLATE ${pg.escapeIdentifier(template)}`;
  // Copied as files: the data are in memory, and the log of a copy is not.
  const strategy = server.major >= 15 ? " STRATEGY file_copy" : "";
  if (template !== undefined) await endLasting(server.url(template));
  await (await lasting(server.url())).query(`CREATE DATABASE ${name}${from}${strategy}`);
  const drop = async (): Promise<void> => {
    await endLasting(server.url(name));
    const client = await lasting(server.url());
    await client.query(waitsForEnds(name));
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  };
  return { name, url: server.url(name), drop };
}

/** A client that is ending would hear of a forced end, and has nobody any more to tell; sessions that stay are not waited for. */
const waitsForEnds = (database: string): string => `DO $$ BEGIN
  FOR i IN 1..20 LOOP
    EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = '${database}');
    PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();
  END LOOP;
END $$`;

/**
 * To connect takes about as long as to make a database or to drop it, so one connection does it for all tests of the
 * process; and one to each fresh database, until its end, takes the snapshots of it: what reads many catalogs takes
 * twice as long on a new connection.
 */
const connections = new Map<string, Promise<pg.Client>>();

function lasting(url: string): Promise<pg.Client> {
  const found = connections.get(url);
  if (found !== undefined) return found;
  const client = new pg.Client({ connectionString: url });
  const forget = (): boolean => connections.delete(url);
  client.on("error", forget).on("end", forget);
  const connected = client.connect().then(() => {
    (client as unknown as { unref(): void }).unref(); // the process ends without it
    return client;
  });
  connections.set(url, connected);
  return connected;
}

async function endLasting(url: string): Promise<void> {
  turns.delete(url);
  const client = await connections.get(url);
  await client?.end();
}

/** Who reads a database in one transaction after another, each in turn. */
const turns = new Map<string, Promise<unknown>>();

/** Lends `work` a transaction that only reads, on a connection that stays until the database is dropped. */
export function reading<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const before = turns.get(url) ?? Promise.resolve();
  const turn = before
    .catch(() => {})
    .then(async () => {
      const client = await lasting(url);
      await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      try {
        return await work(client);
      } finally {
        await client.query("ROLLBACK");
      }
    });
  turns.set(url, turn);
  return turn;
}

/** The rows of the last statement of `sql`, on a connection of its own. */
export async function query<Row extends pg.QueryResultRow = pg.QueryResultRow>(
  url: string,
  sql: string,
  values?: readonly unknown[],
): Promise<readonly Row[]> {
  return withClient(url, async (client) => {
    const result: pg.QueryResult<Row> | pg.QueryResult<Row>[] = await client.query<Row>(
      sql,
      values && [...values],
    );
    return Array.isArray(result) ? (result.at(-1)?.rows ?? []) : result.rows;
  });
}

/** Lends `work` a connection and closes it. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
