/**
 * Ctrl-C and a polite kill: the statement is cancelled on the server, rolled back, the lock released, exit 130 or 143. While
 * the program computes, and the second time, the signal itself ends it, which a shell shows as the same numbers.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { builtCli } from "../support/cases.ts";
import { ledger } from "../support/dump.ts";
import { migrate } from "../support/migrate.ts";
import { ownDatabase, project, type TestProject, until, withLock } from "../support/project.ts";
import { query, servers, withClient } from "../support/server.ts";

const [server] = servers();
const sleeping = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()";
const connected =
  "SELECT FROM pg_stat_activity WHERE application_name = 'retort' AND datname = current_database()";
const waitsForNextTry = `${connected} AND state = 'idle' AND state_change < now() - interval '0.1 s'`;
const locks =
  "SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE l.locktype = 'advisory' AND d.datname = current_database()";

interface Started {
  readonly child: ChildProcess;
  /** `code`: the signal, where that ended it. */
  readonly ended: Promise<{
    readonly code: number | NodeJS.Signals | null;
    readonly stdout: string;
    readonly stderr: string;
  }>;
}

function start(shop: TestProject, url: string, ...flags: string[]): Started {
  const child = spawn(process.execPath, [builtCli, "upgrade", "head", "--database", url, ...flags], {
    cwd: shop.folder,
    env: { PATH: process.env["PATH"], NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout!.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr!.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  return {
    child,
    ended: new Promise((resolve) =>
      child.once("close", (code, signal) => resolve({ code: code ?? signal, stdout, stderr })),
    ),
  };
}

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s in the middle of a statement", async (signal, code) => {
  const { url } = await ownDatabase(server!);
  const shop = project({
    a: "CREATE TABLE a ();",
    b: "CREATE TABLE b ();\nSELECT pg_sleep(600);",
    c: "SELECT 1;",
  });
  const { child, ended } = start(shop, url, "--json");
  await until(url, sleeping);
  child.kill(signal);
  const { stdout, ...rest } = await ended;
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: "execution/cancelled", exitCode: code } });
  expect(rest).toEqual({
    code,
    stderr: expect.stringMatching(
      /error\[execution\/cancelled\] stopped on request\n\s*hint: revision b was rolled back; what was applied before it stays applied/,
    ),
  });
  for (const nothing of [sleeping, locks, connected]) expect(await query(url, nothing)).toEqual([]);
  expect((await shop.state(url)).heads).toEqual(["a"]);
  expect(await query(url, "SELECT FROM pg_class WHERE relname = 'b'")).toEqual([]);
});

test("SIGINT outside a transaction: the index that was begun is not valid, and the next run builds it", async () => {
  const { url } = await ownDatabase(server!);
  const shop = project({ a: "CREATE TABLE t (x int);", b: "CREATE INDEX CONCURRENTLY t_x ON t (x);" });
  await shop.upgrade(url, "a");
  const pg = await import("pg");
  const reader = new pg.default.Client({ connectionString: url });
  await reader.connect();
  try {
    await reader.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM t;");
    const { child, ended } = start(shop, url);
    await until(url, "SELECT FROM pg_index WHERE NOT indisvalid AND indrelid = 't'::regclass");
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 130, stderr: expect.stringContaining("stopped on request") });
    expect((await ledger(url))["intent"]).toMatchObject([{ revision: "b", statement: 1 }]);
  } finally {
    await reader.end();
  }
  await shop.upgrade(url);
  expect(await query(url, "SELECT indisvalid FROM pg_index WHERE indrelid = 't'::regclass")).toEqual([
    { indisvalid: true },
  ]);
});

test("SIGTERM while it waits for the lock, or for a lock of a table, or between two tries", async () => {
  const { url } = await ownDatabase(server!);
  const shop = project({ a: "CREATE TABLE a (x int);", b: "ALTER TABLE a ADD y int;" });
  await withLock(shop, url, async () => {
    const { child, ended } = start(shop, url);
    await until(url, connected);
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: 143, stderr: expect.not.stringContaining(" at ") });
  });
  expect(await query(url, "SELECT to_regclass('retort.applied') AS ledger")).toEqual([{ ledger: null }]);
  await shop.upgrade(url, "a");
  const pg = await import("pg");
  const blocker = new pg.default.Client({ connectionString: url });
  await blocker.connect();
  try {
    await blocker.query("BEGIN; LOCK TABLE a;");
    for (const flags of [
      ["--lock-timeout", "0"],
      ["--lock-timeout", "100ms"],
    ]) {
      const { child, ended } = start(shop, url, ...flags);
      await until(url, flags[1] === "0" ? `${connected} AND wait_event_type = 'Lock'` : waitsForNextTry);
      child.kill("SIGTERM");
      expect(await ended).toMatchObject({ code: 143, stderr: expect.stringContaining("stopped on request") });
      expect(await query(url, locks)).toEqual([]);
    }
  } finally {
    await blocker.end();
  }
});

test("a second signal ends it at once", async () => {
  const { url } = await ownDatabase(server!);
  // What catches the cancellation does not end.
  const stubborn =
    "DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$;";
  const shop = project({ a: stubborn });
  const { child, ended } = start(shop, url);
  await until(url, sleeping);
  child.kill("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(child.exitCode).toBeNull();
  child.kill("SIGINT");
  expect(await ended).toMatchObject({ code: "SIGINT" });
  await query(
    url,
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'retort' AND datname = current_database()",
  );
});

describe.skipIf(!existsSync("/dev/full"))("stdout that cannot be written to", () => {
  const words = (url: string, command: string) => [...command.split(" "), "--database", url];
  /** The end of a command whose output the shell redirects. */
  const redirected = (shop: TestProject, to: string, url: string, command: string) =>
    spawnSync("sh", ["-c", `"$0" "$@" ${to}`, process.execPath, builtCli, ...words(url, command)], {
      cwd: shop.folder,
      env: { PATH: process.env["PATH"], NO_COLOR: "1" },
      encoding: "utf8",
    });
  const shop = project({ a: "CREATE TABLE a ();", b: "CREATE TABLE b ();" });

  test("is told behind a connection too, and of a run what it has done", async () => {
    const { url } = await ownDatabase(server!);
    for (const [command, hint] of [
      ["status --json", "free some space"],
      ["upgrade heads --json", "the run was not stopped by it, and has done a, b; see"],
      ["downgrade base --yes --json-events", "the run was not stopped by it, and has done b, a; see"],
    ] as const) {
      const { status, stderr } = redirected(shop, "> /dev/full", url, command);
      expect(stderr).toMatch(/error\[usage\/cannot-write\] cannot write the output: ENOSPC.*\nhint: .*\n$/);
      expect(stderr).toContain(`hint: ${hint}`);
      expect(status).toBe(2);
    }
    expect((await shop.state(url)).heads).toEqual([]);
  });

  test("a reader of events that leaves early does not stop the run, and hides no failure of it", async () => {
    const { url } = await ownDatabase(server!);
    const failing = project({ a: "CREATE TABLE a ();", b: "SELECT nothing;" });
    const ended = await migrate(words(url, "upgrade heads --json-events"), {
      cwd: failing.folder,
      unread: "stdout",
    });
    expect(ended).toMatchObject({ code: 6, stderr: expect.stringContaining("error[execution/statement]") });
    expect((await failing.state(url)).heads).toEqual(["a"]);
  });
});

/** A single statement, which takes the parser many seconds. */
const large = `INSERT INTO t VALUES ${Array(600_000).fill("(1, 'abc')").join(", ")};\n`;

/** Waits until the process has computed for so many seconds, as Linux counts them: it is in the middle of parsing then. */
async function hasComputed({ pid }: ChildProcess, seconds: number): Promise<void> {
  for (let ticks = 0; ticks < 100 * seconds; await sleep(20)) {
    const [, fields] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
    const [user, system] = fields!.split(" ").slice(11, 13);
    ticks = Number(user) + Number(system);
  }
}

const linux = test.skipIf(process.platform !== "linux");

linux.each(["SIGINT", "SIGTERM"] as const)("%s while it parses, before anything is sent", async (signal) => {
  const { url } = await ownDatabase(server!);
  const shop = project({ a: large });
  const { child, ended } = start(shop, url);
  await until(url, `${connected} AND state = 'idle'`);
  await hasComputed(child, 2);
  child.kill(signal);
  // Not 130: that would be its own answer, once it had parsed all.
  expect(await ended).toMatchObject({ code: signal });
  await until(url, `SELECT WHERE NOT EXISTS (${connected})`);
  expect(await query(url, "SELECT to_regclass('retort.applied') AS ledger")).toEqual([{ ledger: null }]);
});

linux("a signal while it parses for a script", async () => {
  const shop = project({ a: large });
  const child = spawn(process.execPath, [builtCli, "upgrade", "--sql"], {
    cwd: shop.folder,
    env: { PATH: process.env["PATH"] },
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => child.once("close", (code, signal) => resolve(code ?? signal)));
  await hasComputed(child, 2);
  child.kill("SIGTERM");
  expect(await ended).toBe("SIGTERM");
});

test.each([["upgrade"], ["status"], ["log"], ["config"], ["upgrade", "head", "--sql", "--from-database"]])(
  "a server that accepts and does not answer is left at the first SIGTERM: migrate %s",
  async (...words) => {
    const shop = project({ a: "CREATE TABLE a ();" });
    const sockets: Socket[] = [];
    const mute = createServer();
    const accepted = new Promise<void>((resolve) =>
      mute.on("connection", (socket) => {
        sockets.push(socket.on("error", () => {}));
        resolve();
      }),
    );
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const { port } = mute.address() as { readonly port: number };
    const child = spawn(
      process.execPath,
      [builtCli, ...words, "--database", `postgres://u:p@127.0.0.1:${port}/d`],
      { cwd: shop.folder, env: { PATH: process.env["PATH"], NO_COLOR: "1" }, stdio: "ignore" },
    );
    try {
      const ended = new Promise((resolve) => child.once("close", resolve));
      await accepted;
      child.kill("SIGTERM");
      expect(await ended).toBe(143);
    } finally {
      child.kill("SIGKILL");
      for (const socket of sockets) socket.destroy();
      mute.close();
    }
  },
);

test("SIGINT while it waits for the ledger, which another session has locked", async () => {
  const { url } = await ownDatabase(server!);
  const shop = project({ a: "CREATE TABLE a ();" });
  await shop.upgrade(url);
  await withClient(url, async (client) => {
    await client.query("BEGIN; LOCK TABLE retort.applied");
    const { child, ended } = start(shop, url);
    await until(
      url,
      "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    );
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 130 });
  });
});
