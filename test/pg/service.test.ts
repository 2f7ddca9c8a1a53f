/** example/service, as someone runs it: it migrates when it starts, says its heads, and stops in good order. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { ownDatabase, until } from "../support/project.ts";
import { query, servers, withClient } from "../support/server.ts";

const [server] = servers();
const root = fileURLToPath(new URL("../..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "retort-service-"));
const heads = ["9b62e7d41f05"];

beforeAll(() => {
  const { dependencies } = JSON.parse(readFileSync(join(root, "example/service/package.json"), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  mkdirSync(join(scratch, "node_modules"));
  for (const name of Object.keys(dependencies)) {
    const installed = name === "pgretort" ? root : join(root, "node_modules", name);
    symlinkSync(installed, join(scratch, "node_modules", name));
  }
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A copy of the service, with further migrations behind its own: their bodies. */
function copy(...further: readonly string[]): string {
  const folder = mkdtempSync(join(scratch, "service-"));
  cpSync(join(root, "example/service"), folder, { recursive: true });
  for (const [index, body] of further.entries()) add(folder, index, body);
  return folder;
}

function add(folder: string, index: number, body: string): void {
  const revision = `further${index}`;
  const parent = index === 0 ? heads[0] : `further${index - 1}`;
  const path = join(folder, "migrations", `000${index + 3}_further`);
  writeFileSync(`${path}.up.sql`, `-- revision: ${revision}\n-- parent: ${parent}\n\n${body}\n`);
  writeFileSync(`${path}.down.sql`, `-- revision: ${revision}\n\nSELECT 1;\n`);
}

interface Service {
  readonly child: ChildProcess;
  /** Resolves with what it has printed once it has printed that, and rejects where it ends without. */
  readonly said: (text: string) => Promise<string>;
  /** Its exit code, and all that it printed. */
  readonly ended: Promise<{ readonly code: number | null; readonly printed: string }>;
  readonly get: (path: string) => Promise<{ readonly status: number; readonly body: unknown }>;
}

function start(folder: string, url: string): Service {
  const env = { PATH: process.env["PATH"] ?? "", HOME: scratch, DATABASE_URL: url, PORT: "0" };
  const child = spawn(process.execPath, ["server.mjs"], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let printed = "";
  const hear = (text: string): void => {
    printed += text;
  };
  child.stdout.setEncoding("utf8").on("data", hear);
  child.stderr.setEncoding("utf8").on("data", hear);
  const ended = new Promise<{ code: number | null; printed: string }>((resolve) => {
    child.once("close", (code) => resolve({ code, printed }));
  });
  const said = async (text: string): Promise<string> => {
    let hasEnded = false;
    const end = ended.then(() => {
      hasEnded = true;
    });
    while (!printed.includes(text)) {
      if (hasEnded) throw new Error(`it ended without ${text}: ${printed}`);
      await Promise.race([end, new Promise((resolve) => child.stdout.once("data", resolve))]);
    }
    return printed;
  };
  const get: Service["get"] = async (path) => {
    const port = /listening on (\d+)/.exec(await said("listening on"))![1];
    const response = await fetch(`http://localhost:${port}${path}`);
    return { status: response.status, body: await response.json() };
  };
  return { child, said, ended, get };
}

test("of two that start at once one migrates; both say the heads, and stop in good order", async () => {
  const { url } = await ownDatabase(server!);
  const folder = copy();
  const services = [start(folder, url), start(folder, url)];
  for (const { get } of services) {
    expect(await get("/health")).toEqual({ status: 200, body: { heads, pending: [] } });
    expect(await get("/users")).toEqual({ status: 200, body: [] });
    for (const path of ["/nothing", "//", "//["]) expect(await get(path)).toMatchObject({ status: 404 });
  }
  // What has begun is answered: here, once a lock is released.
  const [first] = services;
  await withClient(url, async (client) => {
    await client.query("BEGIN; LOCK TABLE users");
    const answer = first!.get("/users");
    await until(url, "SELECT FROM pg_locks WHERE NOT granted AND relation = 'users'::regclass");
    first!.child.kill("SIGTERM");
    await first!.said("stopping");
    await client.query("COMMIT");
    expect(await answer).toEqual({ status: 200, body: [] });
  });
  services[1]!.child.kill("SIGINT");
  const ends = await Promise.all(services.map(({ ended }) => ended));
  expect(ends.map(({ code }) => code)).toEqual([0, 0]);
  const applied = ends.flatMap(({ printed }) => printed.match(/^applied \w+/gm) ?? []);
  expect(applied).toEqual(["applied 3f1d8a90c2b7", "applied 9b62e7d41f05"]);
});

test("what is pending, a ledger that is inconsistent, or a database that does not answer, is no good health", async () => {
  const { url, drop } = await ownDatabase(server!);
  const folder = copy();
  const { get, child, ended } = start(folder, url);
  expect(await get("/health")).toMatchObject({ status: 200 });
  add(folder, 0, "SELECT 1;");
  expect(await get("/health")).toEqual({ status: 503, body: { heads, pending: ["further0"] } });
  await query(url, "TRUNCATE retort.applied; ALTER TABLE users RENAME TO people");
  expect(await get("/health")).toEqual({
    status: 503,
    body: { error: "the state of the migrations is not known: state/guard" },
  });
  expect(await get("/users")).toEqual({
    status: 503,
    body: { error: "the database answered with an error" },
  });
  await drop();
  expect(await get("/health")).toEqual({ status: 503, body: { error: "the database did not answer" } });
  child.kill("SIGTERM");
  expect(await ended).toMatchObject({ code: 0 });
});

test("told to stop while it migrates, it rolls back and ends; the next start goes on", async () => {
  const { url } = await ownDatabase(server!);
  const service = start(copy("CREATE TABLE further ();\nSELECT pg_sleep(600);"), url);
  await until(
    url,
    "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()",
  );
  service.child.kill("SIGTERM");
  const { code, printed } = await service.ended;
  expect({ code, printed }).toEqual({ code: 6, printed: expect.stringContaining("execution/cancelled") });
  expect(printed).not.toContain("listening");
  expect(await query(url, "SELECT to_regclass('further') AS further")).toEqual([{ further: null }]);
  const next = start(copy("CREATE TABLE further ();"), url);
  expect(await next.get("/health")).toEqual({ status: 200, body: { heads: ["further0"], pending: [] } });
});

test("a migration that fails ends it before it listens", async () => {
  const { url } = await ownDatabase(server!);
  const { code, printed } = await start(copy("SELECT 1 / 0;"), url).ended;
  expect(code).toBe(6);
  expect(printed).toMatch(/^execution\/statement: .*division by zero/m);
  expect(printed).not.toContain("listening");
});

test("an address that is not encoded is said to be wrong, without its password", async () => {
  const { code, printed } = await start(copy(), "postgres://ann:hun#ter2@localhost/shop").ended;
  expect(code).toBe(2);
  expect(printed).toMatch(/^usage\/database-address: the database address is not a URL .*# as %23.*\n$/);
  expect(printed).not.toMatch(/hun|ter2/);
});

test("its own test passes", () => {
  const env = { PATH: process.env["PATH"] ?? "", HOME: scratch, TEST_DATABASE_URL: server!.url() };
  const { status, stdout } = spawnSync(process.execPath, ["--test"], { cwd: copy(), env, encoding: "utf8" });
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/pass 1\b/) });
});
