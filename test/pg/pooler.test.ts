/** Behind PgBouncer: refused where transactions are pooled, since settings and locks would be other clients'; sessions are well. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, type TestContext, test } from "vitest";
import { run } from "../../src/app/run.ts";
import { migrate } from "../support/migrate.ts";
import { failureOf, ownDatabase, project, until } from "../support/project.ts";
import { query, servers } from "../support/server.ts";

const [server] = servers();
const program = ["pgbouncer", "/usr/sbin/pgbouncer"].find(
  (name) => spawnSync(name, ["--version"]).status === 0,
);

/** Starts PgBouncer before the server of `url`; the URL through it comes out. It ends with the running test. */
async function pgbouncer(
  context: TestContext,
  url: string,
  mode: "transaction" | "session",
  size: number,
): Promise<string> {
  context.skip(program === undefined, "there is no pgbouncer here (Debian: apt-get install pgbouncer)");
  const target = new URL(url);
  const folder = mkdtempSync(join(tmpdir(), "retort-pgbouncer-"));
  const port = await freePort();
  const to = `host=${target.hostname} port=${target.port} user=${target.username} password=${target.password}`;
  writeFileSync(
    join(folder, "pgbouncer.ini"),
    `[databases]\n* = ${to}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${port}\nauth_type = any\npool_mode = ${mode}\n` +
      `default_pool_size = ${size}\nunix_socket_dir =\nserver_tls_sslmode = disable\nignore_startup_parameters = extra_float_digits\n`,
  );
  chmodSync(folder, 0o755);
  // It refuses to run as root.
  const child: ChildProcess = spawn(
    program!,
    [...(process.getuid?.() === 0 ? ["-u", "nobody"] : []), join(folder, "pgbouncer.ini")],
    { stdio: "ignore" },
  );
  onTestFinished(() => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  });
  for (let tries = 0; !(await answers(port)); tries += 1) {
    if (tries > 100) throw new Error("pgbouncer did not start");
    await sleep(50);
  }
  const own = new URL(url);
  own.port = String(port);
  return own.href;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.end());
  });

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
      c: "SELECT pg_sleep(60);",
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
    const began = performance.now();
    stop.abort();
    expect(await stopped).toMatchObject({ code: "execution/cancelled" });
    expect(performance.now() - began).toBeLessThan(5000);
    expect(
      await query(
        pooled,
        "SELECT current_setting('work_mem') AS work_mem, (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks",
      ),
    ).toEqual([{ work_mem: "4MB", locks: 0 }]);
  });
}
