/**
 * What a command printed of a database: printed again while its ledger is the same, never otherwise, and what goes
 * wrong goes wrong as it does without a cache.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { defaultLedgerNames, type LedgerNames } from "../../src/core/ledger.ts";
import { ledgerSql } from "../../src/core/ledger-sql.ts";
import { sha256 } from "../../src/io/sha256.ts";
import { type Finished, migrate } from "../support/migrate.ts";
import { capitalize, inCapitals, keptIn } from "../support/printed.ts";
import { ownDatabase, project, type TestProject, until, withLock } from "../support/project.ts";
import { ownRole } from "../support/roles.ts";
import { freshDatabase, query, servers, type TestDatabase, withClient } from "../support/server.ts";

const [server] = servers();
const root = mkdtempSync(join(tmpdir(), "retort-printed-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

// ---------------------------------------------------------------------------------------------------- projects

const migrations = {
  a: { up: "CREATE TABLE a (x int);\n", down: "DROP TABLE a;\n", header: ["message: Größe"] },
  b: { up: "CREATE TABLE b (x int);\n", down: "DROP TABLE b;\n", header: ["message: second"] },
  c: { up: "CREATE TABLE c (x int);\n", down: "DROP TABLE c;\n", header: ["message: third"] },
};
/** Any names. The role gets its name here, since a project is as it is for two seconds before anything is kept. */
const oddNames: Required<LedgerNames> = {
  schema: 'my "ledger',
  tables: { applied: "what's \"applied", state: "Größe", log: "log; --", progress: "select" },
  role: `own"er 'x ${randomBytes(6).toString("hex")}`,
};
const { role: oddRole, ...oddLedger } = oddNames;

const shop = project(migrations);
const odd = project(migrations, { ledger: oddLedger, role: oddRole });
/** Its first file is not what `shop` applied. */
const commented = project({ ...migrations, a: { ...migrations.a, up: `-- more\n${migrations.a.up}` } });
const changing = project(migrations);
const outside = project({ a: "SELECT 1;", b: { up: "SELECT 1;\n", header: ["transaction: none"] } });

/** Databases to which `shop` is applied. */
const databases: TestDatabase[] = [];
beforeAll(async () => {
  // The change time cannot be set, and where a file changed within two seconds nothing is kept.
  const patience = sleep(2200);
  const first = await freshDatabase(server!);
  databases.push(first);
  await shop.upgrade(first.url);
  for (let i = 1; i < 12; i += 1) databases.push(await freshDatabase(server!, { template: first.name }));
  await patience;
});
afterAll(() => Promise.all(databases.map((database) => database.drop())));

/** Lends a database to the running test. */
function upgraded(): TestDatabase {
  const database = databases.pop()!;
  onTestFinished(() => database.drop());
  return database;
}

// --------------------------------------------------------------------------------------------------- the command

type Env = Readonly<Record<string, string>>;

/** One for all, since the code in it is the same for all. The first test finds it empty. */
const cache = join(root, "cache");
beforeEach(() => {
  for (const path of keptIn(cache, "printed-")) rmSync(path);
});

const off: Env = { RETORT_CACHE: "off" };

const run = (of: TestProject, words: string, env: Env): Promise<Finished> =>
  migrate(words.split(" "), { cwd: of.folder, env: { XDG_CACHE_HOME: cache, ...env } });

/** Runs a command that is then kept, proves that it is printed again, and leaves it in capitals. */
async function keep(of: TestProject, words: string, env: Env): Promise<Finished> {
  const first = await run(of, words, env);
  expect(first.code, first.stderr).toBe(0);
  capitalize(cache);
  expect(await run(of, words, env), words).toEqual(inCapitals(first));
  return first;
}

/** What a command says now is what it says without a cache. */
async function expectAnew(of: TestProject, words: string, env: Env): Promise<Finished> {
  const [now, truth] = await Promise.all([run(of, words, env), run(of, words, { ...env, ...off })]);
  expect(now, words).toEqual(truth);
  expect(now).not.toEqual(inCapitals(now));
  return now;
}

/** A row of `progress`. */
const interrupted =
  "INSERT INTO retort.progress VALUES (true, 'b', 'up', 1, 2, 'x', 'y', '2026-03-02 09:14:00Z')";

const expectNoneKept = () => expect(keptIn(cache, "printed-")).toEqual([]);

// --------------------------------------------------------------------------------------------------------- tests

describe("printed again", () => {
  test("every command that read a database and only printed, also when they run at once", async () => {
    const { url } = upgraded();
    const commands = [
      ...["status", "status", "status --json -q", "current", "current --check-heads", "verify --json -v"],
      ...["history -i", "graph -i", "show current", "upgrade head", "upgrade -q --wait 1", "downgrade c -v"],
    ];
    const all = () => Promise.all(commands.map((words) => run(shop, words, { DATABASE_URL: url })));
    const first = await all();
    expect(first.map(({ code }) => code)).toEqual(commands.map(() => 0));
    const kept = keptIn(cache, "printed-");
    expect(kept).toHaveLength(new Set(commands).size);
    const { password } = new URL(url);
    for (const path of kept) expect(readFileSync(path, "latin1")).not.toContain(password);
    // Nobody left anything half written.
    expect(kept.filter((path) => basename(path).includes("."))).toEqual([]);
    capitalize(cache);
    expect(await all()).toEqual(first.map(inCapitals));
  });

  test("also where a short flag means something else to other commands", async () => {
    const { url } = upgraded();
    await keep(shop, "current -cv", { DATABASE_URL: url });
  });

  test("with its warnings: a changed file, a row that no file has, an interrupted step", async () => {
    const { url } = upgraded();
    const env = { DATABASE_URL: url };
    const nothing = await keep(commented, "upgrade head", env);
    expect(nothing.stderr).toMatch(/^warning: .*of a changed[\s\S]*nothing to upgrade/);
    await query(url, `${interrupted}; UPDATE retort.applied SET revision = 'gone' WHERE revision = 'c'`);
    const { stderr } = await keep(shop, "current", env);
    expect(stderr).toMatch(/the ledger has gone as applied[\s\S]*interrupted: upgrade to b/);
  });
});

test("not after any change of the ledger", async () => {
  const { url } = upgraded();
  const changes: readonly (readonly [string, string | (() => Promise<unknown>)])[] = [
    ["downgraded", () => shop.downgrade(url, "a")],
    ["another migration is applied", () => shop.upgrade(url, "+1")],
    ["stamped", () => shop.run(url, { kind: "stamp", targets: ["c"] })],
    ["a checksum", "UPDATE retort.applied SET checksum = 'x' WHERE revision = 'a'"],
    ["a message", "UPDATE retort.applied SET message = 'Maße' WHERE revision = 'a'"],
    ["a time", "UPDATE retort.applied SET applied_at = applied_at + interval '1 ms' WHERE revision = 'a'"],
    [
      "a row deleted, another inserted",
      `WITH gone AS (DELETE FROM retort.applied WHERE revision = 'c' RETURNING *)
       INSERT INTO retort.applied SELECT 'gone', checksum, code_checksum, parents, depends_on, message, applied_at,
         applied_by, duration, how FROM gone`,
    ],
    ["a step begins", interrupted],
  ];
  const env = { DATABASE_URL: url };
  let last = await keep(shop, "status --json", env);
  for (const [what, change] of changes) {
    await (typeof change === "string" ? query(url, change) : change());
    const now = await run(shop, "status --json", env);
    expect(now, what).toMatchObject({ code: 0, stdout: expect.stringContaining('"current"') });
    expect(now.stdout, what).not.toBe(last.stdout);
    // It would be printed from now on.
    const [kept] = keptIn(cache, "printed-");
    expect(readFileSync(kept!, "utf8"), what).toContain(now.stdout);
    capitalize(cache);
    last = now;
  }
  expect(await run(shop, "status --json", env)).toEqual(inCapitals(last));
  expect(last).toEqual(await run(shop, "status --json", { ...env, ...off }));
  await query(url, "DROP SCHEMA retort CASCADE");
  await expectAnew(shop, "status --json", env);
});

test("not of another database: created again with the very same ledger, or at another address", async () => {
  const { url, name } = upgraded();
  const env = { DATABASE_URL: url };
  const first = await keep(shop, "status", env);
  const copy = await freshDatabase(server!, { template: name });
  await query(server!.url(), `DROP DATABASE ${name} WITH (FORCE)`);
  await query(server!.url(), `ALTER DATABASE ${copy.name} RENAME TO ${name}`);
  expect(await run(shop, "status", env)).toEqual(first);
  capitalize(cache);
  expect(await run(shop, "status", { DATABASE_URL: `${url}?application_name=x` })).toEqual(first);
});

test("not when a file is another", async () => {
  const { url } = upgraded();
  const env = { DATABASE_URL: url };
  for (const words of ["verify", "upgrade head"]) await keep(changing, words, env);
  changing.write("0001_a.up.sql", "-- revision: a\n-- parent: none\n\nCREATE TABLE other ();\n");
  changing.write("0004_d.up.sql", "-- revision: d\n-- parent: c\n-- irreversible: test\n\nSELECT 1;\n");
  expect(await expectAnew(changing, "verify", env)).toMatchObject({ code: 1 });
  // It would build on what changed.
  expect(await expectAnew(changing, "upgrade head", env)).toMatchObject({ code: 5 });
});

describe("never kept", () => {
  test("what does something, or would: it is done each time", async () => {
    const { url } = await ownDatabase(server!);
    const env = { DATABASE_URL: url };
    const dry = await run(shop, "upgrade head --dry-run", env);
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining("+ c  third") });
    const up = async () => {
      const { code, stderr } = await run(shop, "upgrade head", env);
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("now at c") });
    };
    await up();
    const down = await run(shop, "downgrade a --yes", env);
    expect(down).toMatchObject({ code: 0, stderr: expect.stringContaining("now at a") });
    await up();
    expect(await query(url, "SELECT to_regclass('c') AS c")).toEqual([{ c: "c" }]);
    expect(await query(url, "SELECT FROM retort.log")).toHaveLength(3 + 2 + 2);
    expectNoneKept();
  });

  test("what is said of a database without a ledger; a finding; more than the ledger", async () => {
    const { url } = await ownDatabase(server!);
    const env = { DATABASE_URL: url };
    const both = () => Promise.all(["status", "upgrade base"].map((words) => run(shop, words, env)));
    const first = await both();
    expect(first.map(({ code }) => code)).toEqual([0, 0]);
    expect(await both()).toEqual(first);
    await shop.upgrade(url, "b");
    await query(url, "UPDATE retort.applied SET checksum = 'x'");
    const commands = ["verify", "current --check-heads", "upgrade --sql --from-database", "log", "config"];
    const finished = await Promise.all(commands.map((words) => run(shop, words, env)));
    expect(finished.map(({ code }) => code)).toEqual([1, 1, 0, 0, 0]);
    expectNoneKept();
  });
});

describe("what goes wrong", () => {
  /** The database's address in a file that nobody keeps in mind: what is behind it changes, the words do not. */
  const service = (host: URL, more: Env = {}): Env => {
    const path = join(root, "services");
    const entries = {
      host: host.hostname,
      port: host.port,
      dbname: host.pathname.slice(1),
      user: decodeURIComponent(host.username),
      password: decodeURIComponent(host.password),
      ...more,
    };
    const lines = Object.entries(entries).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(path, `[shop]\n${lines.join("")}`);
    return { PGSERVICE: "shop", PGSERVICEFILE: path };
  };

  test("goes wrong in the same words", async () => {
    const role = await ownRole(server!, "LOGIN");
    const { name, url } = upgraded();
    const env = service(new URL(url));
    const words = "upgrade head --json";
    const first = await keep(shop, words, env);
    const wrong: readonly (readonly [RegExp, URL, Env?])[] = [
      [/ECONNREFUSED/, new URL(url), { port: "1" }],
      [/password authentication failed/, new URL(url), { password: "wrong" }],
      [/does not exist/, new URL(url), { dbname: "no_such_database" }],
      [/permission denied/, new URL(role.url(name))],
    ];
    for (const [sentence, address, more] of wrong) {
      service(address, more);
      const said = expect.stringMatching(sentence);
      expect(await expectAnew(shop, words, env)).toMatchObject({
        code: 6,
        stdout: said,
        stderr: said,
      });
    }
    // All is well again, and nothing that was said meanwhile was kept.
    service(new URL(url));
    expect(await run(shop, words, env)).toEqual(inCapitals(first));
  });

  test("with what is warned of before", async () => {
    const { url } = upgraded();
    const passfile = join(root, "passwords");
    writeFileSync(passfile, `*:*:*:*:${new URL(url).password}\n`, { mode: 0o600 });
    const env = service(new URL(url), { password: "", passfile });
    await keep(shop, "upgrade head", env);
    chmodSync(passfile, 0o644);
    service(new URL(url), { password: "", passfile, port: "1" });
    const { stderr } = await expectAnew(shop, "upgrade head", env);
    expect(stderr).toMatch(/^warning: the password file/);
  });

  test("and what fails on our side of the connection does not wait for the server", async () => {
    const { url } = upgraded();
    const nobody = new URL(url);
    nobody.password = "";
    const began = performance.now();
    expect(await run(shop, "current", { DATABASE_URL: nobody.href })).toMatchObject({ code: 6 });
    // The server would end it after authentication_timeout, a minute.
    expect(performance.now() - began).toBeLessThan(30_000);
  });

  test("and Ctrl-C ends what waits", async () => {
    const { url } = upgraded();
    await keep(shop, "upgrade head", { DATABASE_URL: url });
    await withClient(url, async (client) => {
      await client.query("BEGIN; LOCK TABLE retort.applied");
      const bin = fileURLToPath(new URL("../../dist/bin.cjs", import.meta.url));
      const child = spawn(process.execPath, [bin, "upgrade", "head"], {
        cwd: shop.folder,
        env: { PATH: process.env["PATH"], NO_COLOR: "1", XDG_CACHE_HOME: cache, DATABASE_URL: url },
      });
      const code = new Promise((resolve) => child.on("close", resolve));
      await until(
        url,
        "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
      );
      child.kill("SIGINT");
      const ended = await Promise.race([code, sleep(1000, "still there")]);
      child.kill("SIGKILL");
      expect(ended).toBe(130);
    });
  });
});

test("who was waited for is not told again", async () => {
  const { url } = await ownDatabase(server!);
  await outside.upgrade(url);
  await query(url, interrupted);
  const env = { DATABASE_URL: url };
  let waited: Promise<Finished> | undefined;
  await withLock(outside, url, async () => {
    waited = run(outside, "upgrade head", env);
    // It has read that a step is half done, and asks who has the lock.
    await until(
      url,
      "SELECT FROM pg_stat_activity WHERE application_name = 'retort' AND state = 'idle' AND query LIKE '%pg_locks%' AND datname = current_database()",
    );
    await query(url, "DELETE FROM retort.progress");
  });
  const nothing = "nothing to upgrade: b\n";
  expect((await waited)?.stderr).toMatch(/^waiting for another migrator[\s\S]*nothing to upgrade: b\n$/);
  expect(await run(outside, "upgrade head", env)).toEqual({ code: 0, stdout: "", stderr: nothing });
});

test("a ledger of odd names, as a configured role; and no longer when that role may not be had", async () => {
  const role = pg.escapeIdentifier(oddRole);
  await query(server!.url(), `CREATE ROLE ${role}`);
  onTestFinished(async () => void (await query(server!.url(), `DROP ROLE ${role}`)));
  const user = await ownRole(server!, `LOGIN NOINHERIT IN ROLE ${role}`);
  const { name, url } = await ownDatabase(server!);
  await query(url, `GRANT CREATE ON DATABASE ${name} TO ${role}; GRANT CREATE ON SCHEMA public TO ${role}`);
  const env = { DATABASE_URL: user.url(name) };
  await odd.upgrade(env.DATABASE_URL, "b");
  await keep(odd, "status", env);
  await odd.upgrade(env.DATABASE_URL);
  const { stdout } = await run(odd, "status", env);
  expect(stdout).toBe("current: c\napplied: 3\npending: 0\n");
  await query(url, `REVOKE ${role} FROM ${user.name}`);
  expect(await expectAnew(odd, "status", env)).toMatchObject({ code: 6 });
});

test("where no fingerprint can be had, the command works, and is not kept", async () => {
  const role = await ownRole(server!, "LOGIN");
  const { name, url } = upgraded();
  const env = { DATABASE_URL: role.url(name) };
  await query(
    url,
    `GRANT USAGE ON SCHEMA retort TO ${role.name}; GRANT SELECT ON retort.applied, retort.progress TO ${role.name}`,
  );
  const obstacles = [
    // A column of one's own, of a type that has no hash.
    "ALTER TABLE retort.applied ADD COLUMN ticket json",
    // The list of databases is nobody's business.
    "ALTER TABLE retort.applied DROP COLUMN ticket; REVOKE SELECT ON pg_catalog.pg_database FROM PUBLIC",
    // No privileges but those of the columns that are read.
    `GRANT SELECT ON pg_catalog.pg_database TO PUBLIC; REVOKE SELECT ON retort.progress FROM ${role.name};
     GRANT SELECT (revision, direction, statement, of, hash, before, started_at, started_by)
       ON retort.progress TO ${role.name}`,
  ];
  const finished: unknown[] = [];
  for (const obstacle of obstacles) {
    await query(url, obstacle);
    finished.push(await run(shop, "upgrade head", env));
  }
  const nothing = { code: 0, stdout: "", stderr: "nothing to upgrade: c\n" };
  expect(finished).toEqual(obstacles.map(() => nothing));
  expectNoneKept();
});

test("settings of the database change nothing in what is said", async () => {
  const { name, url } = upgraded();
  const env = { DATABASE_URL: url };
  const first = await keep(shop, "status --json", env);
  for (const [setting, value] of settings) {
    await query(url, `ALTER DATABASE ${name} SET ${setting} = '${value}'`);
  }
  // Again or anew.
  expect(inCapitals(await run(shop, "status --json", env))).toEqual(inCapitals(first));
  await query(url, "UPDATE retort.applied SET applied_at = applied_at + interval '1 ms'");
  expect(await expectAnew(shop, "status --json", env)).not.toEqual(first);
});

// ------------------------------------------------------------------------------------------------- the fingerprint

/** Settings that change how values are written. */
const settings = [
  ["TimeZone", "Asia/Kathmandu"],
  ["DateStyle", "German, DMY"],
  ["IntervalStyle", "sql_standard"],
  ["extra_float_digits", "-10"],
] as const;

const changesOfRows: readonly string[] = [
  ...[
    ...["revision = 'z'", "checksum = 'z'", "code_checksum = 'z'", "parents = '{z}'", "depends_on = '{z}'"],
    ...["depends_on = '{\"\"}'", "message = ''", "message = 'ﬁrst'", "applied_by = 'z'", "how = 'script'"],
    ...["applied_at = applied_at + interval '1 microsecond'", "applied_at = applied_at + interval '1 year'"],
    ...["duration = duration + interval '1 microsecond'", "duration = '0'", "duration = NULL"],
    "checksum = code_checksum, code_checksum = checksum",
  ].map((set) => `UPDATE retort.applied SET ${set} WHERE revision = 'b'`),
  "DELETE FROM retort.applied WHERE revision = 'c'",
  "DELETE FROM retort.applied",
];
const changesOfProgress: readonly string[] = [
  interrupted,
  ...[
    ...["revision = 'c'", "direction = 'down'", "statement = 2", "of = 3", "hash = 'z'", "before = 'z'"],
    ...["started_at = started_at + interval '1 microsecond'", "started_by = 'z'"],
  ].map((set) => `${interrupted}; UPDATE retort.progress SET ${set}`),
];

describe.each(servers())("the fingerprint on $name", (own) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshDatabase(own);
    await shop.upgrade(database.url);
  });
  afterAll(() => database.drop());

  // The expression of its own version; that of servers before 14 is proved on all.
  describe.each([own.major * 10_000, 130_000])("as for %i", (version) => {
    const look = async (client: pg.Client, names: LedgerNames = defaultLedgerNames): Promise<string> => {
      const results: unknown = await client.query(ledgerSql(names, sha256).selectFingerprint(version));
      return (results as pg.QueryResult<{ fingerprint: string }>[]).at(-1)!.rows[0]!.fingerprint;
    };

    /** Each change leads to a fingerprint of its own, and is undone. Returns the fingerprint without one. */
    async function expectOwn(client: pg.Client, changes: readonly string[]): Promise<string> {
      const first = await look(client);
      const seen = new Map([[first, "no change"]]);
      for (const change of changes) {
        await client.query(`BEGIN; ${change}`);
        const found = await look(client);
        await client.query("ROLLBACK");
        expect(seen.get(found), `the same after ${change}`).toBeUndefined();
        seen.set(found, change);
      }
      expect(await look(client)).toBe(first);
      return first;
    }

    test("is another for each value of each row, whatever the settings", async () => {
      const { url } = database;
      const changes = [...changesOfRows, ...changesOfProgress];
      const plain = await withClient(url, (client) => expectOwn(client, changes));
      expect(plain).toMatch(new RegExp(`^${own.version} \\d+ 3 -?\\d+$`));
      const options = settings.map(([name, value]) => `-c ${name}=${value.replaceAll(" ", "\\ ")}`);
      const changed = `${url}?options=${encodeURIComponent(options.join(" "))}`;
      const other = await withClient(changed, (client) => expectOwn(client, changes));
      if (version >= 140_000) expect(other).toBe(plain);
      else expect(other).not.toBe(plain);
    });

    test("is the same for the same rows in another order, and has to do with its own ledger only", () =>
      withClient(database.url, async (client) => {
        const first = await look(client);
        await client.query(
          `BEGIN; CREATE TEMP TABLE rows AS SELECT * FROM retort.applied; DELETE FROM retort.applied;
           INSERT INTO retort.applied SELECT * FROM rows ORDER BY revision DESC`,
        );
        expect(await look(client)).toBe(first);
        await client.query(ledgerSql(oddLedger, sha256).create);
        const empty = await look(client, oddLedger);
        await client.query(`INSERT INTO "my ""ledger"."what's ""applied" TABLE retort.applied`);
        expect(await look(client, oddLedger)).not.toBe(empty);
        expect(await look(client)).toBe(first);
        await client.query("ROLLBACK");
      }));

    test("is another when two rows change places in a column", async () => {
      const changes = ["checksum", "message", "applied_at", "parents", "duration"].map(
        (column) =>
          `UPDATE retort.applied t SET ${column} = o.${column} FROM retort.applied o
             WHERE t.revision || o.revision IN ('ab', 'ba')`,
      );
      await withClient(database.url, (client) => expectOwn(client, changes));
    });
  });
});
