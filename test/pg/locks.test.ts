/** Several migrators at once, and locks of the tables they change: each migration once, and everyone told who waits for whom. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { openProject } from "../../src/app/project.ts";
import type { RunOptions } from "../../src/app/run.ts";
import type { Event } from "../../src/core/event.ts";
import { ledgerOf } from "../../src/core/ledger/calls.ts";
import { ledger } from "../support/dump.ts";
import { migrate } from "../support/migrate.ts";
import { failureOf, headerLines, ownDatabase, project, until, withLock } from "../support/project.ts";
import { proxy } from "../support/proxy.ts";
import { ownRole } from "../support/roles.ts";
import { oneServer, query, servers, withClient } from "../support/server.ts";

const advisory =
  "SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
const upgrades = async (url: string) =>
  (await ledger(url))["log"]!.filter((row) => row["event"] === "upgrade").map((row) => row["revision"]);

describe.each(oneServer("oldest"))("on $name", (server) => {
  test("an index built CONCURRENTLY while others wait for the lock: no deadlock, done once", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: "CREATE TABLE t AS SELECT i AS x FROM generate_series(1, 1000) i;",
      b: "CREATE INDEX CONCURRENTLY t_x ON t (x);",
      c: "SELECT pg_sleep(0.5);",
    });
    await shop.upgrade(url, "a");
    await withClient(url, async (client) => {
      // An old snapshot, for which the build waits until everybody else waits too.
      await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM t;");
      const first = shop.upgrade(url);
      await until(
        url,
        "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ 'CONCURRENTLY' AND datname = current_database()",
      );
      const events: Event[] = [];
      const others = [1, 2, 3].map(() =>
        shop.upgrade(url, "heads", { onEvent: (event) => events.push(event) }),
      );
      await sleep(600);
      await client.query("COMMIT");
      for (const result of await Promise.all([first, ...others])) expect(result.plan.to).toEqual(["c"]);
      expect(events).toContainEqual(
        expect.objectContaining({
          type: "waiting",
          holders: [expect.objectContaining({ application: "retort" })],
        }),
      );
    });
    expect(await upgrades(url)).toEqual(["a", "b", "c"]);
    expect(await query(url, "SELECT indisvalid FROM pg_index WHERE indrelid = 't'::regclass")).toEqual([
      { indisvalid: true },
    ]);
  });

  test("the files of a migration stay while another session may be applying it", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({ a: "CREATE TABLE a ();", b: "SELECT pg_sleep(30);" });
    await shop.upgrade(url, "a");
    const remove = () => migrate(["revision", "--remove", "--database", url], { cwd: shop.folder });
    await withClient(url, async (client) => {
      await client.query(`SELECT pg_advisory_lock(${ledgerOf({ schema: "retort" }).lockKey})`);
      expect(await remove()).toMatchObject({
        code: 5,
        stderr: expect.stringMatching(/\[state\/locked\].* may be applying b .*: pid \d+/),
      });
    });
    await until(url, `SELECT WHERE NOT EXISTS (${advisory})`);
    expect(await remove()).toMatchObject({ code: 0, stderr: expect.stringContaining("0002_b.up.sql") });
    await query(url, 'ALTER SCHEMA retort RENAME TO "Old"');
    expect(await remove()).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(
        /\[state\/applied\] a .* is in another ledger of the database\nhint: the ledger in Old has a already; if that is the one, .*; if that is another project's, run: migrate revision --database URL --remove --yes\n/,
      ),
    });
  });

  test("whoever holds the lock is named, in whatever mode, also to a role of no great rights", async () => {
    const [holder, migrator] = [await ownRole(server, "LOGIN"), await ownRole(server, "LOGIN")];
    const { url, name } = await ownDatabase(server);
    await query(url, `GRANT CREATE ON DATABASE ${name} TO ${migrator.name}`);
    const shop = project({ a: "SELECT 1;" });
    const key = (await openProject(shop.deps, {})).ledger.lockKey;
    for (const lock of [
      `SELECT pg_advisory_lock(${key})`,
      `SELECT pg_advisory_lock_shared(${key})`,
      `SELECT pg_advisory_lock(${key}), pg_advisory_lock_shared(${key})`,
      `BEGIN; SELECT pg_advisory_xact_lock_shared(${key})`,
    ]) {
      await withClient(holder.url(name), async (client) => {
        await client.query(lock);
        const [{ pid }] = (await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")).rows as [
          { pid: number },
        ];
        const { message } = await failureOf(shop.upgrade(migrator.url(name), "heads", { lockWait: 0 }));
        // Named once; where it comes from and what it runs, such a role may not see.
        expect(message).toBe(
          `another session holds the lock of the ledger: pid ${pid}, ${holder.name} (waited 0 s)`,
        );
      });
    }
    await withClient(url, async (client) => {
      await client.query(`BEGIN; SELECT pg_advisory_xact_lock_shared(${key}); PREPARE TRANSACTION '${name}'`);
    });
    expect((await failureOf(shop.upgrade(url, "heads", { lockWait: 0 }))).message).toContain(
      `holds the lock of the ledger: the prepared transaction ${name}, postgres@local`,
    );
    await query(url, `ROLLBACK PREPARED '${name}'`);
    expect((await shop.upgrade(url)).done).toBe(true);
  });

  test("while migrations go on, no other connection is made to ask who blocks", async () => {
    const { url } = await ownDatabase(server);
    const shop = project(
      Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`s${i}`, "SELECT pg_sleep(0.04);"])),
    );
    const sessions = "SELECT sessions::int AS count FROM pg_stat_database WHERE datname = current_database()";
    await withClient(url, async (client) => {
      const before = await client.query<{ count: number }>(sessions);
      const times = [performance.now()];
      const onEvent = () => times.push(performance.now());
      expect((await shop.upgrade(url, "heads", { onEvent })).steps).toHaveLength(40);
      // Of what takes long, where the machine is busy, it may be asked.
      const long = times.filter((time, index) => time - (times[index - 1] ?? time) > 90).length;
      const after = await client.query<{ count: number }>(sessions);
      // The migrator's, and perhaps this client's own, which is counted late.
      expect(after.rows[0]!.count - before.rows[0]!.count).toBeLessThanOrEqual(2 + long);
    });
  });

  test("a lock timeout whose blocker goes away: rolled back, tried again, done", async () => {
    const { url } = await ownDatabase(server);
    const later = Array.from({ length: 20 }, (_, i) => `c${i}`);
    const shop = project({
      a: "CREATE TABLE t (x int);",
      b: "CREATE TABLE u ();\nALTER TABLE t ADD y int;",
      // What is on its way already when b is rolled back must do nothing, and leave the lock where it is.
      ...Object.fromEntries(later.map((revision) => [revision, `CREATE TABLE ${revision} ();`])),
    });
    await shop.upgrade(url, "a");
    const events: Event[] = [];
    const pid = await withClient(url, async (client) => {
      const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      await client.query("BEGIN; LOCK TABLE t IN ACCESS SHARE MODE; SELECT 'the report';");
      const upgrade = shop.upgrade(url, "heads", {
        lockTimeout: "1s",
        onEvent: (event) => events.push(event),
      });
      while (!events.some(({ type }) => type === "retry")) await sleep(20);
      await client.query("COMMIT");
      expect((await upgrade).steps.map((step) => step.revision)).toEqual(["b", ...later]);
      return rows[0]!.pid;
    });
    expect(events.find(({ type }) => type === "retry")).toMatchObject({
      after: "lock timeout",
      retry: 1,
      of: 5,
      blockers: [
        { pid, user: "postgres", query: expect.stringContaining("LOCK TABLE t IN ACCESS SHARE MODE") },
      ],
    });
    expect(await upgrades(url)).toEqual(["a", "b", ...later]);
  });

  test("a lock timeout whose blocker stays: named, exit code 6, nothing done", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({ a: "CREATE TABLE t (x int);", b: "CREATE TABLE u ();\nALTER TABLE t ADD y int;" });
    await shop.upgrade(url, "a");
    await withClient(url, async (client) => {
      await client.query("SET application_name = 'the report'; BEGIN; LOCK TABLE t IN ACCESS SHARE MODE;");
      const flags = ["--lock-timeout", "800ms", "--lock-retries", "1", "--database", url];
      const { code, stderr } = await migrate(["upgrade", "head", ...flags], { cwd: shop.folder });
      expect(code).toBe(6);
      expect(stderr).toMatch(
        /lock timeout, rolled back; trying again in [\d.]+ s \(1 of 1\): pid \d+, the report, postgres@/,
      );
      expect(stderr).toMatch(
        new RegExp(
          `0002_b\\.up\\.sql:${headerLines + 2}:1: error\\[execution/statement\\] canceling statement due to lock timeout`,
        ),
      );
      expect(stderr).toMatch(
        /it waited for pid \d+, the report, postgres@127\.0\.0\.1, (?:idle in transaction )?since \S+: .*LOCK TABLE t/,
      );
    });
    expect(await query(url, "SELECT FROM pg_class WHERE relname = 'u'")).toEqual([]);
    expect(await query(url, "SELECT revision, detail FROM retort.log WHERE event = 'failure'")).toEqual([
      { revision: "b", detail: "up: canceling statement due to lock timeout" },
    ]);
    expect(await query(url, advisory)).toEqual([]);
    await shop.upgrade(url);
  });

  test("one that is idle is to be ended, and not waited for longer", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({ a: "CREATE TABLE t (x int);", b: "ALTER TABLE t ADD y int;" });
    await shop.upgrade(url, "a");
    await withClient(url, async (client) => {
      client.on("error", () => {});
      await client.query("BEGIN; LOCK TABLE t IN ACCESS SHARE MODE;");
      const failed = await failureOf(shop.upgrade(url, "b", { lockTimeout: "2500ms", lockRetries: 0 }));
      const hint = String(failed.hint);
      expect(hint).toMatch(
        /^the session of pid \d+ is idle: if nobody goes on with it, end it: SELECT pg_terminate_backend\(\d+\)\n/,
      );
      expect(hint).not.toContain("raise it");
      await query(url, /SELECT pg_terminate_backend.*/.exec(hint)![0]);
      await shop.upgrade(url, "b");
    });
  });

  test("a row of the ledger that another session has changed: rolled back and tried again, too", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({ a: "CREATE TABLE t (x int);", b: "ALTER TABLE t ADD y int;" });
    await shop.upgrade(url, "a");
    await withClient(url, async (client) => {
      await client.query("SET application_name = 'psql'; BEGIN; UPDATE retort.state SET digest = digest");
      const failed = await failureOf(shop.upgrade(url, "b", { lockTimeout: "800ms", lockRetries: 0 }));
      expect(failed.message).toMatch(
        /^the record of revision b .* could not be written to the ledger: canceling statement due to lock timeout\n.*it waited for pid \d+, psql, /s,
      );
      expect(failed.hint).toContain("lock_timeout = '800ms', from option lockTimeout: raise it\n");
      const events: Event[] = [];
      const onEvent = (event: Event) => events.push(event);
      const upgrade = shop.upgrade(url, "b", { lockTimeout: "300ms", onEvent });
      while (!events.some(({ type }) => type === "retry")) await sleep(20);
      // Nobody waits for the table behind it.
      await query(url, "SET lock_timeout = '1s'; SELECT FROM t");
      await client.query("COMMIT");
      expect(await upgrade).toMatchObject({ done: true });
    });
    expect(await upgrades(url)).toEqual(["a", "b"]);
  });

  test("what is done outside a transaction is recorded, however long that waits", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({ a: "CREATE TABLE t (x int);", b: "CREATE INDEX CONCURRENTLY t_x ON t (x);" });
    await shop.upgrade(url, "a");
    const waits = (what: string): string =>
      `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ '${what}' AND datname = current_database()`;
    await withClient(url, async (reader) => {
      await reader.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM t;");
      const upgrade = shop.upgrade(url, "b", { lockTimeout: "100ms", lockRetries: 0 });
      await until(url, waits("CONCURRENTLY"));
      await withClient(url, async (writer) => {
        await writer.query("BEGIN; UPDATE retort.state SET digest = digest");
        await reader.query("COMMIT");
        await until(url, waits("end_upgrade"));
        await sleep(500);
        await writer.query("COMMIT");
      });
      expect(await upgrade).toMatchObject({ done: true });
    });
    expect(await upgrades(url)).toEqual(["a", "b"]);
  });

  test("a guard before the first step that waits for the ledger: tried again under the lock, which it has released", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: "CREATE TABLE t ();",
      b: { up: "VACUUM t;\nSELECT 1 / count(*) FROM t;", header: ["transaction: none"] },
    });
    await failureOf(shop.upgrade(url));
    await query(url, "INSERT INTO t DEFAULT VALUES");
    const events: Event[] = [];
    await withClient(url, async (client) => {
      await client.query("BEGIN; UPDATE retort.intent SET found = found");
      const failed = await failureOf(shop.upgrade(url, "b", { lockRetries: 0 }));
      expect(failed).toMatchObject({
        hint: "another session holds that lock: try again when it is done\nnothing was changed",
      });
      const upgrade = shop.upgrade(`${url}?options=-c%20lock_timeout%3D300ms`, "b", {
        onEvent: (event) => events.push(event),
      });
      while (!events.some(({ type }) => type === "retry")) await sleep(20);
      await client.query("COMMIT");
      expect(await upgrade).toMatchObject({ done: true });
    });
    expect(await upgrades(url)).toEqual(["a", "b"]);
  });

  test("a ledger that another session keeps from being read is not waited for without end", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({ a: "SELECT 1;", b: "SELECT 2;" });
    await shop.upgrade(url, "a");
    await withClient(url, async (client) => {
      await client.query("SET application_name = 'psql'; BEGIN; ALTER TABLE retort.applied ADD ticket text");
      const { code, stderr } = await migrate(["status", "--database", url], { cwd: shop.folder });
      expect(code).toBe(6);
      expect(stderr).toMatch(
        /^error\[execution\/ledger\] the ledger retort is locked by pid \d+, psql, .*BEGIN; ALTER/,
      );
      expect(stderr).toMatch(
        /wait until it is done, and run the same command again; the session of pid \d+ is idle: if nobody goes on with it, end it: SELECT pg_terminate_backend\(\d+\)/,
      );
    });
  });

  test("a deadlock: rolled back, and tried again when the other is done", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: "CREATE TABLE t (); CREATE TABLE u ();",
      b: "ALTER TABLE t ADD x int;\nALTER TABLE u ADD x int;",
      c: "CREATE TABLE c ();",
    });
    await shop.upgrade(url, "a");
    const events: Event[] = [];
    await withClient(url, async (client) => {
      await client.query("BEGIN; SET LOCAL deadlock_timeout = '1min'; LOCK TABLE u;");
      const upgrade = shop.upgrade(url, "heads", { onEvent: (event) => events.push(event) });
      await until(
        url,
        "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'retort' AND datname = current_database()",
      );
      await client.query("LOCK TABLE t; COMMIT;");
      expect((await upgrade).steps.map((step) => step.revision)).toEqual(["b", "c"]);
    });
    expect(events.find(({ type }) => type === "retry")).toMatchObject({ after: "deadlock", retry: 1 });
    expect(await upgrades(url)).toEqual(["a", "b", "c"]);
  });

  test("a batch that meets a lock timeout goes on where it was", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: "CREATE TABLE t AS SELECT i AS x, NULL::int AS y FROM generate_series(1, 300) i;",
      b: "-- batch: 100, pause 300ms\nUPDATE t SET y = x WHERE x IN (SELECT x FROM t WHERE y IS NULL ORDER BY x LIMIT :batch_size);",
    });
    await shop.upgrade(url, "a");
    await withClient(url, async (client) => {
      const events: Event[] = [];
      const upgrade = shop.upgrade(url, "heads", {
        lockTimeout: "300ms",
        onEvent: (event) => events.push(event),
      });
      await until(url, "SELECT FROM t WHERE y IS NOT NULL");
      await client.query("BEGIN; LOCK TABLE t IN SHARE MODE;");
      while (!events.some(({ type }) => type === "retry")) await sleep(20);
      await client.query("COMMIT");
      expect(await upgrade).toMatchObject({ done: true });
    });
    expect(await query(url, "SELECT count(*)::int AS n FROM t WHERE y = x")).toEqual([{ n: 300 }]);
  });
});

const [server] = servers();

test("sixteen at once: each migration once, all exit 0", async () => {
  const { url } = await ownDatabase(server!);
  const shop = project({
    a: "CREATE TABLE t (x int);",
    b: "INSERT INTO t VALUES (1);\nSELECT pg_sleep(0.3);",
    c: "CREATE INDEX CONCURRENTLY t_x ON t (x);",
    d: {
      up: "INSERT INTO t VALUES (2);\nVACUUM t;\nINSERT INTO t VALUES (3);",
      header: ["transaction: none"],
    },
    e: "INSERT INTO t VALUES (4);",
  });
  const results = await Promise.all(
    Array.from({ length: 16 }, () => migrate(["upgrade", "head", "--database", url], { cwd: shop.folder })),
  );
  for (const { code, stderr } of results)
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/^(now at|nothing to upgrade:) e\b/m),
    });
  expect(await upgrades(url)).toEqual(["a", "b", "c", "d", "e"]);
  expect(await query(url, "SELECT x FROM t ORDER BY x")).toEqual([1, 2, 3, 4].map((x) => ({ x })));
  expect(results.filter(({ stderr }) => /^\+ a /m.test(stderr))).toHaveLength(1);
  expect(await query(url, advisory)).toEqual([]);
});

test("who had to wait and finds all of it done is warned of no lock that it does not own", async () => {
  const { url } = await ownDatabase(server!);
  const shop = project({ a: "SELECT 1;", b: "SELECT pg_sleep(1);", c: "SELECT 2;" });
  await shop.upgrade(url, "a");
  const upgrade = () => migrate(["upgrade", "head", "--database", url], { cwd: shop.folder });
  const results = await Promise.all([upgrade(), upgrade()]);
  const said = results.map(({ stderr }) => stderr).join("");
  expect(results.map(({ code }) => code)).toEqual([0, 0]);
  expect(said).toMatch(/^waiting for another migrator: pid/m);
  expect(said).not.toMatch(/warning/i);
});

test("of another migrator the message says which statement of which migration it is at", async () => {
  const { url } = await ownDatabase(server!);
  const shop = project({ a: "SELECT pg_sleep(2);" });
  const first = shop.upgrade(url);
  await until(
    url,
    "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()",
  );
  expect(await failureOf(shop.upgrade(url, "heads", { lockWait: 0 }))).toMatchObject({
    code: "state/locked",
    message: expect.stringMatching(
      /: pid \d+, retort, postgres@\S+, since \S+: a a, statement 1 of 1 \(waited 0 s\)$/,
    ),
  });
  await first;
});

test("the message says who holds the lock; --lock-wait 0 does not wait", async () => {
  const { url } = await ownDatabase(server!);
  const role = await ownRole(server!, "LOGIN");
  const shop = project({ a: "CREATE TABLE a ();" });
  await withLock(shop, url, async () => {
    const holder =
      /pid \d+, postgres@127\.0\.0\.1, (?:idle )?since \d{4}-\d\d-\d\dT[\d:]+Z: checks the ledger/;
    const wire = await proxy(url);
    const error = await failureOf(shop.upgrade(wire.url, "heads", { lockWait: 0 }));
    expect(wire.queries.filter((sql) => sql.includes("pg_try_advisory_lock"))).toHaveLength(1);
    expect(error).toMatchObject({
      code: "state/locked",
      exitCode: 5,
      message: expect.stringMatching(holder),
      hint: expect.stringContaining("lockWait: SECONDS"),
    });
    // What a role without pg_read_all_stats does not see is left out, and is not guessed.
    const own = shop.upgrade(role.url(new URL(url).pathname.slice(1)), "heads", { lockWait: 0 });
    expect(await failureOf(own)).toMatchObject({
      message: expect.stringMatching(/ the lock of the ledger: pid \d+, postgres \(waited \d+ s\)$/),
    });
    const { code, stderr } = await migrate(["upgrade", "head", "--lock-wait", "1", "--database", url], {
      cwd: shop.folder,
    });
    expect({ code, stderr }).toEqual({
      code: 5,
      stderr: expect.stringMatching(/^waiting for another migrator: pid \d+/),
    });
    expect(stderr).toMatch(
      /error\[state\/locked\] another session holds the lock of the ledger: pid \d+.*\(waited \d s\)/s,
    );
    // Waiting, nobody has a transaction or a snapshot open, but for the moment of a try.
    const waiting = failureOf(shop.upgrade(url, "heads", { lockWait: 1 }));
    await sleep(500);
    expect(
      await query(
        url,
        "SELECT FROM pg_stat_activity WHERE application_name = 'retort' AND datname = current_database() AND state <> 'active' AND (backend_xmin IS NOT NULL OR xact_start IS NOT NULL)",
      ),
    ).toEqual([]);
    await waiting;
  });
});

test.each([
  ["in a transaction", "SELECT 1/0;", []],
  ["outside one", "VACUUM nothing;", ["transaction: none"]],
  [
    "at its commit",
    "CREATE TABLE p (i int PRIMARY KEY); CREATE TABLE c (i int REFERENCES p DEFERRABLE INITIALLY DEFERRED); INSERT INTO c VALUES (1);",
    [],
  ],
])("a statement that failed %s leaves no lock behind", async (_, up, header) => {
  const { url } = await ownDatabase(server!);
  const shop = project({ a: "SELECT 1;", b: { up, header } });
  const wire = await proxy(url);
  await failureOf(shop.upgrade(wire.url));
  // Said to the server, and not left to the end of the connection, which a pooler keeps.
  expect(wire.queries.at(-1)).toMatch(/^DO [\s\S]*pg_advisory_unlock/);
  expect(await query(url, advisory)).toEqual([]);
  await failureOf(shop.upgrade(url, "heads", { lockWait: 0 }));
});

/** Runs that are to wait for the lock: the options of each, and when all of them wait. */
function waiters() {
  const left = new Set<object>();
  return {
    next: (): RunOptions => {
      const one = {};
      left.add(one);
      return { onEvent: ({ type }) => type === "waiting" && left.delete(one) };
    },
    all: () => vi.waitUntil(() => left.size === 0, { timeout: 60_000 }),
  };
}

test("a step half done is looked at under the lock: whoever is at it may still finish it", async () => {
  const { url } = await ownDatabase(server!);
  const shop = project({
    a: "CREATE TABLE t (x int);",
    b: { up: "CREATE INDEX CONCURRENTLY t_x ON t (x);", down: "DROP INDEX CONCURRENTLY t_x;" },
  });
  await shop.upgrade(url, "a");
  await withClient(url, async (client) => {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM t;");
    const first = shop.upgrade(url);
    await until(url, "SELECT FROM pg_index WHERE NOT indisvalid AND indrelid = 't'::regclass");
    const oid = async () =>
      (await query<{ oid: string }>(url, "SELECT 't_x'::regclass::oid::text AS oid"))[0]!.oid;
    const built = await oid();
    const waiting = waiters();
    const second = shop.upgrade(url, "heads", waiting.next());
    // What is being done when they begin is not theirs to take away.
    const others = [
      shop.downgrade(url, "-1", waiting.next()),
      shop.run(url, { kind: "stamp", targets: ["a"] }, waiting.next()),
    ].map(failureOf);
    await waiting.all();
    await client.query("COMMIT");
    expect(await first).toMatchObject({ done: true });
    expect(await second).toMatchObject({ done: false });
    const message = expect.stringContaining(" began: b was applied meanwhile, and would be taken ");
    for (const other of others) expect(await other).toMatchObject({ code: "state/guard", message });
    expect(await oid()).toBe(built);
    expect((await shop.state(url)).heads).toEqual(["b"]);
    await client.query("BEGIN; SELECT FROM t;");
    const back = [shop.downgrade(url, "-1")];
    await until(url, "SELECT FROM pg_index WHERE NOT indisvalid AND indrelid = 't'::regclass");
    const behind = waiters();
    back.push(shop.downgrade(url, "-1", behind.next()));
    await behind.all();
    await client.query("COMMIT");
    expect((await Promise.all(back)).map(({ done }) => done)).toEqual([true, false]);
    expect((await shop.state(url)).heads).toEqual(["a"]);
  });
});
