/** The URL of a server, and a mode → a PgBouncer before it, until the running test ends. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished, type TestContext } from "vitest";

const program = ["pgbouncer", "/usr/sbin/pgbouncer"].find(
  (name) => spawnSync(name, ["--version"]).status === 0,
);

/** Starts PgBouncer before the server of `url`; the URL through it comes out. `database`: the only one that it lets through. It ends with the running test. */
export async function pgbouncer(
  context: TestContext,
  url: string,
  mode: "transaction" | "session" | "statement",
  size: number,
  database = "*",
): Promise<string> {
  context.skip(program === undefined, "there is no pgbouncer here (Debian: apt-get install pgbouncer)");
  const target = new URL(url);
  const folder = mkdtempSync(join(tmpdir(), "retort-pgbouncer-"));
  const port = await freePort();
  const to = `host=${target.hostname} port=${target.port} user=${target.username} password=${target.password}`;
  writeFileSync(
    join(folder, "pgbouncer.ini"),
    `[databases]\n${database} = ${to}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${port}\nauth_type = any\npool_mode = ${mode}\n` +
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
