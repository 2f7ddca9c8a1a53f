/** What an application calls at start-up: events as they come, an abort, connections of its own, and nothing of the process changed. */
import pg from "pg";
import slonik from "slonik";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import {
  diagnose,
  downgrade,
  type Event,
  headsFindings,
  type MigrationOptions,
  type Notice,
  readState,
  refuseChanged,
  upgrade,
  verify,
} from "../../src/index.ts";
import { pgbouncer } from "../support/pgbouncer.ts";
import { failureOf, ownDatabase, project, type TestProject, withLock } from "../support/project.ts";
import { query, servers } from "../support/server.ts";

const [server] = servers();

const a = "CREATE TABLE a ();\nCREATE TABLE aa ();";
const shop = (): TestProject => project({ a, b: "CREATE TABLE b ();" });

/** The same, but its second migration runs until it is stopped. */
const slow = (): TestProject => project({ a, b: "CREATE TABLE b ();\nSELECT pg_sleep(600);" });

const optionsOf = ({ deps, folder }: TestProject, database?: string): MigrationOptions => ({
  env: deps.env,
  cwd: folder,
  database,
});

const tablesOf = async (url: string): Promise<unknown> =>
  (await query(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")).map(
    (row) => (row as { tablename: string }).tablename,
  );

function nameOf(event: Event): string {
  const step = "step" in event ? ` ${event.step.revision}` : "";
  return `${event.type}${step}${event.type === "statement-started" ? ` ${event.statement}/${event.statements}` : ""}`;
}

async function namesOf(events: AsyncIterable<Event>): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const event of events) names.push(nameOf(event));
  return names;
}

const ofShop = [
  ...["step-started a", "statement-started a 1/2", "statement-started a 2/2", "step-done a"],
  ...["step-started b", "statement-started b 1/1", "step-done b"],
];

describe("events", () => {
  test("a run is awaited, or looped over as often as one likes", async () => {
    const { url } = await ownDatabase(server!);
    const run = upgrade(optionsOf(shop(), url));
    const together = namesOf(run);
    expect((await run).steps.map(({ revision }) => revision)).toEqual(["a", "b"]);
    expect(await together).toEqual(ofShop);
    expect(await namesOf(run)).toEqual(ofShop);
  });

  test("a run does not wait for who looks at its events", async () => {
    const { url } = await ownDatabase(server!);
    const run = upgrade(optionsOf(shop(), url));
    const names: string[] = [];
    for await (const event of run) {
      if (names.length === 0) await run;
      names.push(nameOf(event));
    }
    expect(names).toEqual(ofShop);
  });

  test("who leaves the loop stops nothing, and goes on once the run has ended", async () => {
    const { url } = await ownDatabase(server!);
    for await (const _event of upgrade(optionsOf(shop(), url))) break;
    expect(await tablesOf(url)).toEqual(["a", "aa", "b"]);
    expect((await downgrade({ ...optionsOf(shop(), url), target: "-1" })).steps).toHaveLength(1);
  });

  test("what a run throws, the loop throws, also one that was left", async () => {
    const { url } = await ownDatabase(server!);
    const broken = project({ a: "CREATE TABLE a ();", b: "SELECT 1 / 0;" });
    const run = upgrade(optionsOf(broken, url));
    expect(await failureOf(namesOf(run))).toMatchObject({
      code: "execution/statement",
      sqlstate: "22012",
    });
    expect(await failureOf(run)).toMatchObject({ sqlstate: "22012" });
    const left = async (): Promise<void> => {
      for await (const _event of upgrade(optionsOf(broken, url))) break;
    };
    expect(await failureOf(left())).toMatchObject({ sqlstate: "22012" });
    const raised = async (): Promise<void> => {
      for await (const _event of upgrade(optionsOf(broken, url))) throw new Error("of the body's own");
    };
    expect(await failureOf(raised())).toMatchObject({ message: "of the body's own" });
  });
});

/** The ways to name a database; each is closed with the running test. */
const ways: Readonly<Record<string, (url: string) => Promise<MigrationOptions>>> = {
  "an address": async (database) => ({ database }),
  "a client of pg": async (url) => ({ connection: await clientOn(url) }),
  "a pool of pg": async (url) => ({ connection: poolOn(url, 1) }),
  "a pool of slonik": async (url) => ({ connection: await slonikOn(url) }),
};

async function clientOn(url: string, config: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, ...config });
  client.on("error", () => {});
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

function poolOn(url: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max });
  onTestFinished(() => pool.end());
  return pool;
}

async function slonikOn(url: string) {
  const pool = await slonik.createPool(url, { maximumPoolSize: 1 });
  onTestFinished(() => pool.end());
  return pool;
}

describe.for(Object.entries(ways))("over %s", ([, way]) => {
  test("the statement that runs is stopped, and the ledger says what was done", async () => {
    const { url } = await ownDatabase(server!);
    const given = { ...optionsOf(slow()), ...(await way(url)) };
    const abort = new AbortController();
    const run = upgrade({ ...given, signal: abort.signal });
    const stopped = async (): Promise<void> => {
      for await (const event of run) {
        if (nameOf(event) === "statement-started b 2/2") abort.abort();
      }
    };
    expect(await failureOf(stopped())).toMatchObject({ code: "execution/cancelled", exitCode: 6 });
    expect(await tablesOf(url)).toEqual(["a", "aa"]);
    const mended = { ...optionsOf(shop()), ...(await way(url)) };
    expect((await upgrade(mended)).steps.map(({ revision }) => revision)).toEqual(["b"]);
  });

  test("nothing is begun when it was aborted before", async () => {
    const { url } = await ownDatabase(server!);
    const given = { ...optionsOf(shop()), ...(await way(url)), signal: AbortSignal.abort() };
    expect(await failureOf(upgrade(given))).toMatchObject({
      code: "execution/cancelled",
      hint: "nothing was changed",
    });
    expect(await query(url, "SELECT FROM pg_namespace WHERE nspname = 'retort'")).toEqual([]);
  });

  test("who waits for the lock stops waiting", async () => {
    const { url } = await ownDatabase(server!);
    const files = shop();
    const given = { ...optionsOf(files), ...(await way(url)) };
    await withLock(files, url, async () => {
      const abort = new AbortController();
      const stopped = async (): Promise<void> => {
        for await (const { type } of upgrade({ ...given, signal: abort.signal }))
          if (type === "waiting") abort.abort();
      };
      expect(await failureOf(stopped())).toMatchObject({ code: "execution/cancelled" });
    });
  });
});

describe("a connection of the caller's", () => {
  const STATE = `SELECT current_setting('search_path') AS path, current_setting('lock_timeout') AS lock,
    current_setting('statement_timeout') AS statement, current_setting('TimeZone') AS zone, current_user::text AS role,
    current_setting('standard_conforming_strings') AS strings,
    (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks,
    ARRAY(SELECT pg_listening_channels()) AS channels`;

  async function settled(client: pg.Client, role: string): Promise<unknown> {
    await client.query(`SET search_path = "odd, name", public; SET lock_timeout = '1234ms'; SET statement_timeout = '5min';
      SET TimeZone = 'Asia/Tokyo'; SET standard_conforming_strings = off; LISTEN news; SELECT pg_advisory_lock(7); SET ROLE ${role}`);
    return stateOf(client);
  }
  const stateOf = async (client: pg.Client): Promise<unknown> => (await client.query(STATE)).rows[0];

  for (const outcome of ["done", "failed"] as const) {
    test(`a client is as it was, and open, when the run has ${outcome}`, async () => {
      const { url } = await ownDatabase(server!);
      const client = await clientOn(url);
      const before = await settled(client, "pg_monitor");
      await client.query({ name: "named", text: "SELECT $1::int AS n", values: [1] });
      const files = project({
        a: `SET search_path = pg_temp;\nSET ROLE pg_read_all_data;\nRESET ROLE;\nSET lock_timeout = '9s';\nCREATE TABLE public.a ();`,
        b: outcome === "done" ? "SELECT 1;" : "SET statement_timeout = '3s';\nSELECT 1 / 0;",
      });
      const run = upgrade({ ...optionsOf(files), connection: client });
      if (outcome === "done") expect((await run).steps).toHaveLength(2);
      else expect(await failureOf(run)).toMatchObject({ sqlstate: "22012" });
      expect(await stateOf(client)).toEqual(before);
      expect((await client.query({ name: "named", text: "SELECT $1::int AS n", values: [2] })).rows).toEqual([
        { n: 2 },
      ]);
      expect(client.listenerCount("error")).toBe(1);
      expect(client.listenerCount("notice")).toBe(0);
      const state = await readState({ ...files.deps }, { connection: client });
      expect(state.heads).toEqual([outcome === "done" ? "b" : "a"]);
      expect(await stateOf(client)).toEqual(before);
    });
  }

  test("a client that reads values its own way, and gives up soon, is no other", async () => {
    const { url } = await ownDatabase(server!);
    const types = { getTypeParser: () => () => "its own" };
    const client = await clientOn(url, { types, query_timeout: 300 });
    const files = project({ a: "SELECT pg_sleep(0.8);", b: "CREATE TABLE b ();" });
    expect((await upgrade({ ...optionsOf(files), connection: client })).steps).toHaveLength(2);
  });

  test("a client that sends ahead is one too", async () => {
    const { url } = await ownDatabase(server!);
    const client = await clientOn(url, { pipeline: true });
    expect((await upgrade({ ...optionsOf(shop()), connection: client })).steps).toHaveLength(2);
  });

  for (const [name, begin, status] of [
    ["begun", "BEGIN", "T"],
    ["failed", "BEGIN; SELECT 1 / 0", "E"],
  ] as const) {
    test(`a transaction that is ${name} is refused, and goes on`, async () => {
      const { url } = await ownDatabase(server!);
      const client = await clientOn(url);
      await client.query(begin).catch(() => {});
      expect(await failureOf(upgrade({ ...optionsOf(shop()), connection: client }))).toMatchObject({
        code: "usage/in-transaction",
        exitCode: 2,
      });
      expect(client.getTransactionStatus()).toBe(status);
      await client.query("ROLLBACK");
      expect((await upgrade({ ...optionsOf(shop()), connection: client })).steps).toHaveLength(2);
    });
  }

  test("what ends a run before its plan leaves the client without the ledger's lock", async () => {
    const { url } = await ownDatabase(server!);
    const client = await clientOn(url);
    const files = project({
      a: "CREATE TABLE t (x int);\nINSERT INTO t VALUES (1), (1);",
      b: "CREATE UNIQUE INDEX CONCURRENTLY t_x ON t (x);",
    });
    await failureOf(upgrade(optionsOf(files, url)));
    const toOther = upgrade({ ...optionsOf(files), target: "a", connection: client });
    expect(await failureOf(toOther)).toMatchObject({ code: "state/interrupted" });
    const held = `SELECT FROM pg_locks WHERE locktype = 'advisory'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    expect(await query(url, held)).toEqual([]);
    const answered = { ...optionsOf(files), connection: client, confirm: () => false };
    expect(await upgrade(answered)).toMatchObject({ done: false });
    expect(await query(url, held)).toEqual([]);
  });

  test("a client that is not connected, is no more or has been ended is refused", async () => {
    const refused = async (client: pg.Client, message: string) =>
      expect(await failureOf(upgrade({ ...optionsOf(shop()), connection: client }))).toMatchObject({
        code: "usage/connection",
        message,
      });
    const unconnected = new pg.Client(server!.url());
    await refused(unconnected, "the connection that was given is not a connected client of pg");
    await unconnected.end();
    const [client, lost] = [await clientOn(server!.url()), await clientOn(server!.url())];
    await client.end();
    await refused(client, "the client that was given has been ended");
    await lost.query("SELECT pg_terminate_backend(pg_backend_pid())").catch(() => {});
    await vi.waitFor(() => expect(lost).toHaveProperty("_queryable", false));
    await refused(lost, "the client that was given has lost its connection");
    const kinds = "connection must be a connected client or a pool of pg, or a pool of slonik";
    for (const none of [{}, [], { query: async () => {} }, pg.Client]) await refused(none as never, kinds);
    const promise = Promise.resolve();
    expect(await failureOf(upgrade({ ...optionsOf(shop()), connection: promise as never }))).toMatchObject({
      hint: "it is a promise: await it",
    });
  });

  test("a client on which a call is at work is refused to another, and free after it", async () => {
    const { url } = await ownDatabase(server!);
    const client = await clientOn(url);
    const files = project({ a: "CREATE TABLE t (x int);", b: "INSERT INTO t VALUES (1), (2);" });
    const call = { ...optionsOf(files), connection: client };
    const first = upgrade(call);
    const inUse = {
      code: "usage/connection",
      message: "the client that was given is in use by another call",
    };
    expect(await failureOf(upgrade(call))).toMatchObject(inUse);
    expect(await failureOf(readState(files.deps, { connection: client }))).toMatchObject(inUse);
    expect((await first).steps).toHaveLength(2);
    expect((await query(url, "SELECT x FROM t")).length).toBe(2);
    await failureOf(upgrade({ ...call, target: "none" }));
    expect((await upgrade(call)).steps).toEqual([]);
  });

  test("a pool without a free connection, and what goes back to one, are told as such", async () => {
    const { url } = await ownDatabase(server!);
    const pool = new pg.Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 1000 });
    onTestFinished(() => pool.end());
    const client = await pool.connect();
    expect(await failureOf(upgrade({ ...optionsOf(shop()), connection: pool }))).toMatchObject({
      code: "execution/connect",
      hint: "all connections of the pool are in use: release one, or raise its max",
    });
    await client.query("BEGIN");
    client.release();
    expect(await failureOf(upgrade({ ...optionsOf(shop()), connection: pool }))).toMatchObject({
      code: "usage/in-transaction",
      hint: "end the transaction before the client goes back to the pool: client.release()",
    });
  });

  test("a connection that answers with an error is not said to be away", async () => {
    const { url } = await ownDatabase(server!);
    await query(url, "REVOKE EXECUTE ON FUNCTION pg_catalog.pg_listening_channels() FROM PUBLIC");
    const client = await clientOn(url);
    await client.query("SET ROLE pg_monitor");
    const failed = await failureOf(upgrade({ ...optionsOf(shop()), connection: client }));
    expect(failed.message).toMatch(
      /^the connection that was given cannot be asked for its settings: permission/,
    );
    expect(failed.hint).toBeUndefined();
  });

  test("a pool gives one connection, and has it back", async () => {
    const { url } = await ownDatabase(server!);
    const pool = poolOn(url, 5);
    let taken = 0;
    pool.on("acquire", () => {
      taken += 1;
    });
    await upgrade({ ...optionsOf(shop()), connection: pool });
    expect([taken, pool.totalCount, pool.idleCount]).toEqual([1, 1, 1]);
    const { rows } = await pool.query("SHOW search_path");
    expect(rows).toEqual([{ search_path: '"$user", public' }]);
  });

  test("a pool that was ended, and one of a database that does not exist, are told apart from a server that is gone", async () => {
    const { url } = await ownDatabase(server!);
    const ended = new pg.Pool({ connectionString: url });
    await ended.end();
    expect(await failureOf(upgrade({ ...optionsOf(shop()), connection: ended, wait: 5 }))).toMatchObject({
      code: "usage/connection",
      message: "the pool that was given has been ended",
    });
    const missing = new URL(url);
    missing.pathname = "/no such";
    const { hostname, port, username } = missing;
    for (const connection of [poolOn(missing.href, 1), { configuration: { connectionUri: missing.href } }])
      expect(await failureOf(upgrade({ ...optionsOf(shop()), connection }))).toMatchObject({
        code: "execution/connect",
        hint: `create the database first, for example with: createdb -h ${hostname} -p ${port} -U ${username} "no such"; or give the pool the name of another`,
      });
  });

  test("who waits for a pool that is busy can be stopped, and the pool keeps all it has", async () => {
    const { url } = await ownDatabase(server!);
    const pool = poolOn(url, 1);
    const busy = await pool.connect();
    const run = upgrade({ ...optionsOf(shop()), connection: pool, signal: AbortSignal.timeout(100) });
    expect(await failureOf(run)).toMatchObject({ code: "execution/cancelled" });
    busy.release();
    expect((await upgrade({ ...optionsOf(shop()), connection: pool })).steps).toHaveLength(2);
  });

  test("a limit that a pool was given is told as its own", async () => {
    const { url } = await ownDatabase(server!);
    const pool = poolOn(`${url}?statement_timeout=300`, 1);
    const slow = project({ a: "SELECT pg_sleep(5);" });
    const failed = await failureOf(upgrade({ ...optionsOf(slow), connection: pool }));
    expect(failed.hint).toMatch(
      /^the limit is the statement_timeout of the options of the connection .*a pool's/,
    );
  });

  test("a connection that is lost: a pool gives another, a client is told", async () => {
    const { url } = await ownDatabase(server!);
    const files = project({
      a: "CREATE TABLE a ();",
      b: "SELECT pg_terminate_backend(pg_backend_pid()) WHERE current_setting('a.b', true) IS NULL;",
    });
    const client = await clientOn(url);
    expect(await failureOf(upgrade({ ...optionsOf(files), connection: client }))).toMatchObject({
      code: "execution/connection-lost",
    });
    const pool = poolOn(url, 1);
    expect(await failureOf(upgrade({ ...optionsOf(files), connection: pool }))).toMatchObject({
      code: "execution/connection-lost",
      hint: expect.stringContaining("the ledger was read on a new connection"),
    });
    expect((await pool.query("SELECT revision FROM retort.applied")).rows).toEqual([{ revision: "a" }]);
  });

  test("a pooler in transaction mode is found, and nothing is changed", async (context) => {
    const { url } = await ownDatabase(server!);
    const client = await clientOn(await pgbouncer(context, url, "transaction", 2));
    expect(await failureOf(upgrade({ ...optionsOf(shop()), connection: client }))).toMatchObject({
      code: "execution/pooler",
    });
    expect(await tablesOf(url)).toEqual([]);
    const inSession = await clientOn(await pgbouncer(context, url, "session", 2));
    expect((await upgrade({ ...optionsOf(shop()), connection: inSession })).steps).toHaveLength(2);
  });
});

test("what a call proposes to type is for its project and its database", async () => {
  const { url } = await ownDatabase(server!);
  const files = shop();
  const { deps } = files;
  const here = { environment: "ten ant", directories: ["."] };
  files.write("migrate.config.json", JSON.stringify({ environments: { "ten ant": { database: url } } }));
  const notices: string[] = [];
  const call = {
    ...optionsOf(files),
    ...here,
    onNotice: ({ message }: Notice) => void notices.push(message),
  };
  await upgrade({ ...call, target: "a" });
  files.write("0001_a.up.sql", "-- revision: a\n-- parent: none\nCREATE TABLE x ();\n");
  const to = '-n "ten ant" --directory . --database URL';
  expect(await failureOf(upgrade(call))).toMatchObject({
    code: "state/changed-file",
    hint: expect.stringContaining(`migrate repair ${to}`),
    diagnostics: [{ hint: expect.stringContaining(`migrate repair ${to}`) }],
  });
  const { findings } = await verify(deps, here);
  expect(findings[0]!.hint).toContain(`migrate repair ${to}`);
  const state = await readState(deps, here);
  expect(headsFindings(state)[0]!.hint).toContain(`migrate upgrade ${to} heads`);
  const steps = [{ direction: "up", revision: "b" }] as const;
  const wanted = { kind: "upgrade", before: ["a"], after: ["a", "b"], steps } as const;
  expect((await failureOf(refuseChanged(state.project, state.applied, wanted))).hint).toContain(
    `migrate repair ${to}`,
  );
  const { checks } = await diagnose(deps, here);
  expect(checks.map(({ hint }) => hint).join("\n")).toContain(`migrate repair ${to}`);
  const empty = project({});
  await readState(deps, { ...here, directories: [empty.folder], onNotice: call.onNotice });
  expect(notices.join("\n")).toContain(`migrate revision -n "ten ant" --directory ${empty.folder} -m`);
  // Where the process itself says it, so does whoever types it.
  const { env, ...named } = call;
  expect((await failureOf(upgrade({ ...named, target: "c" }))).hint).toMatch(
    /migrate history -n "ten ant" --directory .$/,
  );
});

test("two runs at once in one process, on two databases and on one", async () => {
  const one = await ownDatabase(server!);
  const other = await ownDatabase(server!);
  const files = shop();
  const runs = await Promise.all([one, one, other].map(({ url }) => upgrade(optionsOf(files, url))));
  const counts = runs.map(({ steps }) => steps.length);
  expect(counts[2]).toBe(2);
  expect(counts[0]! + counts[1]!).toBe(2);
});

test("the process is what it was, also while a run is under way", async () => {
  const { url } = await ownDatabase(server!);
  const look = () => ({
    listeners: process.eventNames().map((name) => [name, process.listenerCount(name)]),
    env: { ...process.env },
    cwd: process.cwd(),
    exitCode: process.exitCode,
    console: Object.values(console),
    writes: [process.stdout.write, process.stderr.write],
  });
  const before = look();
  const written: unknown[] = [];
  const onWarning = (warning: Error): void => void written.push(warning.message);
  process.on("warning", onWarning);
  const during: unknown[] = [];
  const run = upgrade({ ...optionsOf(shop()), connection: await clientOn(url) });
  for await (const _event of run) during.push(look());
  process.off("warning", onWarning);
  expect(written).toEqual([]);
  expect(look()).toEqual(before);
  expect(during.length).toBe(ofShop.length);
});

describe("a callback that throws", () => {
  const raise = (): never => {
    throw new Error("of the callback's own");
  };
  const raising: Readonly<Record<string, Partial<MigrationOptions>>> = {
    onEvent: { onEvent: raise },
    "async onEvent": { onEvent: async () => raise() },
    onNotice: { onNotice: raise },
  };
  test.each(Object.keys(raising).flatMap((name) => Object.keys(ways).map((way) => ({ name, way }))))(
    "$name over $way: the run ends first, and is rejected with it",
    async ({ name, way }) => {
      const { url } = await ownDatabase(server!);
      const notice = "DO $$ BEGIN RAISE NOTICE 'hear'; END $$;";
      const shop = project({ a: `CREATE TABLE a ();\n${notice}`, b: "CREATE TABLE b ();" });
      const run = upgrade({ ...optionsOf(shop), ...(await ways[way]!(url)), ...raising[name] });
      expect(await failureOf(run)).toMatchObject({ message: "of the callback's own" });
      expect(await failureOf(namesOf(run))).toMatchObject({ message: "of the callback's own" });
      expect(await tablesOf(url)).toEqual(["a", "b"]);
    },
  );

  test("what the run itself fails of goes first", async () => {
    const { url } = await ownDatabase(server!);
    const run = upgrade({ ...optionsOf(project({ a: "SELECT 1 / 0;" }), url), onEvent: raise });
    expect(await failureOf(run)).toMatchObject({ sqlstate: "22012" });
  });
});
