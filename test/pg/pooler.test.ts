/** Behind PgBouncer: refused where transactions are pooled, since settings and locks would be other clients'; sessions are well. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { diagnose } from "../../src/app/doctor.ts";
import { drift } from "../../src/app/drift.ts";
import { run } from "../../src/app/run.ts";
import { migrate } from "../support/migrate.ts";
import { pgbouncer } from "../support/pgbouncer.ts";
import { failureOf, ownDatabase, project, until } from "../support/project.ts";
import { fileOf, needsPsql, runScript } from "../support/psql.ts";
import { query, servers, withClient } from "../support/server.ts";

const [server] = servers();

for (const size of [1, 5]) {
  test(`transactions are pooled over ${size}: refused with the reason, nothing changed`, async (context) => {
    const { url } = await ownDatabase(server!);
    const pooled = await pgbouncer(context, url, "transaction", size);
    const shop = project({ a: "CREATE TABLE a ();" });
    expect(await failureOf(shop.upgrade(pooled))).toMatchObject({
      code: "execution/pooler",
      exitCode: 6,
      message: expect.stringContaining("locks and settings would leak to its other clients"),
      hint: expect.stringContaining("pool_mode=session"),
    });
    for (const words of [["upgrade", "head"], ["stamp", "head"], ["ensure-version"]]) {
      const { code, stderr } = await migrate([...words, "--database", pooled], { cwd: shop.folder });
      expect({ words, code, stderr }).toEqual({
        words,
        code: 6,
        stderr: expect.stringContaining("error[execution/pooler]"),
      });
    }
    expect(
      await query(
        url,
        "SELECT FROM pg_class WHERE relname = 'a' UNION ALL SELECT FROM pg_namespace WHERE nspname = 'retort'",
      ),
    ).toEqual([]);
  });

  test(`sessions are pooled over ${size}: well; stopped on request at once, and the next client finds nothing of ours`, async (context) => {
    const { url } = await ownDatabase(server!);
    const pooled = await pgbouncer(context, url, "session", size);
    const shop = project({
      a: "CREATE TABLE t (x int);\nSET work_mem = '64kB';",
      b: "CREATE INDEX CONCURRENTLY t_x ON t (x);",
      c: "SELECT pg_sleep(600);",
    });
    await shop.upgrade(size === 1 ? url : pooled, "b");
    const stop = new AbortController();
    const stopped = failureOf(
      run({ ...shop.deps, signal: stop.signal }, { kind: "upgrade", target: "c" }, { database: pooled }),
    );
    await until(
      url,
      "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()",
    );
    stop.abort();
    expect(await stopped).toMatchObject({ code: "execution/cancelled" });
    expect(
      await query(
        pooled,
        "SELECT current_setting('work_mem') AS work_mem, (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks",
      ),
    ).toEqual([{ work_mem: "4MB", locks: 0 }]);
  });
}

test("a pooler that takes no options is told as such, wherever they come from", async (context) => {
  const { url } = await ownDatabase(server!);
  const pooled = await pgbouncer(context, url, "session", 1);
  const { folder: cwd } = project({ a: "SELECT 1;" });
  const options = "-c statement_timeout=1min";
  for (const [from, at, env] of [
    ["environment variable PGOPTIONS", pooled, { PGOPTIONS: options }],
    ["flag --database", `${pooled}?options=${encodeURIComponent(options)}`, {}],
  ] as const) {
    const { code, stderr } = await migrate(["current", "--database", at], { cwd, env });
    expect({ code, stderr }).toEqual({
      code: 6,
      stderr: expect.stringContaining(
        `hint: a pooler takes no such options: leave them out (from ${from}), `,
      ),
    });
  }
});

test("a script, while an application is at work on a pool of transactions: it stops before it sets anything", async (context) => {
  needsPsql(context);
  const { url } = await ownDatabase(server!);
  // Fewer sessions than clients: else one may stay idle between the script's round trips, and be given to it each time.
  const pooled = await pgbouncer(context, url, "transaction", 2);
  const shop = project({
    a: "CREATE TABLE t (x int);",
    b: { up: "CREATE INDEX CONCURRENTLY b ON t (x);", down: "DROP INDEX CONCURRENTLY b;" },
  });
  await query(url, "CREATE TABLE public.orders (x int)");
  const script = await shop.script("base:heads");
  let working = true;
  const errors: unknown[] = [];
  const application = (number: number): Promise<void> =>
    withClient(pooled, async (client) => {
      while (working)
        await client.query(`INSERT INTO orders VALUES (${number})`).catch((error) => errors.push(error));
    });
  const applications = Promise.all([application(1), application(2), application(3)]);
  // Before they are all at work, the script may have one session for itself.
  await until(url, "SELECT FROM orders HAVING count(DISTINCT x) = 3");
  const { code, stderr } = await runScript(pooled, script);
  await sleep(200);
  working = false;
  await applications;
  expect(stderr).toContain("a transaction pooler gives each transaction another session");
  expect(code).toBe(3);
  expect(errors).toEqual([]);
  expect(
    await query(
      url,
      "SELECT FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) UNION ALL SELECT FROM pg_namespace WHERE nspname = 'retort'",
    ),
  ).toEqual([]);
  // Each session of the pool is as it was.
  const path = "SELECT pg_sleep(0.2), current_setting('search_path') AS path";
  const paths = await Promise.all(Array.from({ length: 4 }, () => query<{ path: string }>(pooled, path)));
  expect(new Set(paths.map(([row]) => row!.path))).toEqual(new Set(['"$user", public']));
});

test("a pool of statements is called one: by a run, and by doctor, which it ends no connection of", async (context) => {
  const { url } = await ownDatabase(server!);
  const pooled = await pgbouncer(context, url, "statement", 1);
  const shop = project({ a: "CREATE TABLE a ();" });
  expect(await failureOf(shop.upgrade(pooled))).toMatchObject({
    code: "execution/pooler",
    message: expect.stringContaining("a pooler in statement mode"),
  });
  const { checks } = await diagnose(shop.deps, { database: pooled });
  expect(checks.filter(({ status }) => status === "wrong")).toEqual([
    expect.objectContaining({ message: "the connection goes through a pooler in statement mode" }),
  ]);
});

test("a scratch database that a pool of listed databases does not let through is named", async (context) => {
  const { url, name } = await ownDatabase(server!);
  const pooled = await pgbouncer(context, url, "session", 5, name);
  const shop = project({ a: "CREATE TABLE a ();" });
  await shop.upgrade(pooled);
  const failed = await failureOf(drift(shop.deps, { database: pooled }));
  expect(failed).toMatchObject({
    code: "execution/connect",
    message: expect.stringMatching(
      /^cannot connect to the scratch database retort_scratch_\w+, which was created on /,
    ),
    hint: expect.stringMatching(/: scratch: "URL"$/),
  });
  expect(failed.message).not.toContain(name);
});

test("a script through a pool of statements: it stops before it sets anything", async (context) => {
  needsPsql(context);
  const { url } = await ownDatabase(server!);
  const pooled = await pgbouncer(context, url, "statement", 1);
  const { code, stderr } = await runScript(
    pooled,
    await project({ a: "CREATE TABLE t ();" }).script("base:heads"),
  );
  expect(stderr).toContain("transaction blocks not allowed in statement pooling mode");
  expect(code).toBe(2);
  expect(
    await query(
      url,
      "SELECT FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    ),
  ).toEqual([]);
  expect(await query(pooled, "SHOW search_path")).toEqual([{ search_path: '"$user", public' }]);
});

test("a script through a pool of sessions: well, and the next client finds nothing of ours", async (context) => {
  needsPsql(context);
  const { url } = await ownDatabase(server!);
  const pooled = await pgbouncer(context, url, "session", 1);
  const script = fileOf(await project({ a: "CREATE TABLE t ();" }).script("base:heads"));
  expect(await runScript(pooled, `\\i ${script}\n`)).toMatchObject({ code: 0, stderr: "" });
  expect(await query(pooled, "SHOW search_path")).toEqual([{ search_path: '"$user", public' }]);
  expect(
    await query(
      url,
      "SELECT FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    ),
  ).toEqual([]);
});
