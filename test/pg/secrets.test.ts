/** A password, wherever it comes from and whatever goes wrong, is in no output, no JSON, no error, no cause and no stack. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import pg from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { run } from "../../src/app/run.ts";
import * as api from "../../src/index.ts";
import { migrateHere } from "../support/migrate.ts";
import { failureOf, type MigrationText, ownDatabase, project } from "../support/project.ts";
import { ownRole } from "../support/roles.ts";
import { query, servers, withClient } from "../support/server.ts";

const [server] = servers();
const secret = `p@ss:w/rd%?#'"\\ é😀&x=$HOME`;
/** No part of it that is long enough to be recognized is anywhere, in whatever spelling. */
const traces = [
  secret,
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
  secret.replaceAll("'", "''"),
  "p@ss",
  "p%40ss",
  "w/rd",
  "w%2Frd",
  "é😀&x",
  "%F0%9F%98%80",
];

const home = mkdtempSync(join(tmpdir(), "retort-secrets-"));
afterAll(() => rmSync(home, { recursive: true }));

const expectNoTrace = (what: string, text: string): void => {
  expect({ what, found: traces.filter((trace) => text.includes(trace)), text }).toEqual({
    what,
    found: [],
    text,
  });
};

/** A database of a role whose password is the secret, and its URL with the secret in it. */
async function ownSecretDatabase() {
  const role = await ownRole(server!, `LOGIN; ALTER ROLE :role PASSWORD ${pg.escapeLiteral(secret)}`);
  const database = await ownDatabase(server!);
  await query(
    database.url,
    `GRANT ALL ON DATABASE ${database.name} TO ${pg.escapeIdentifier(role.name)}; GRANT ALL ON SCHEMA public TO ${pg.escapeIdentifier(role.name)}`,
  );
  return { ...database, role: role.name, secretUrl: withPassword(role.url(database.name), secret) };
}

function withPassword(url: string, password: string): string {
  const changed = new URL(url);
  changed.password = encodeURIComponent(password);
  return changed.href;
}

const sqlSecret = pg.escapeLiteral(secret);
const failing: Readonly<Record<string, Record<string, MigrationText>>> = {
  "the syntax of a file": { a: `SELECT ${sqlSecret}; SELEC ${sqlSecret};` },
  "a statement": { a: `SELECT ${sqlSecret}::int;` },
  "a notice": { a: `DO $x$ BEGIN RAISE NOTICE '%', ${sqlSecret}; RAISE WARNING '%', ${sqlSecret}; END $x$;` },
  "what is raised": {
    a: `DO $x$ BEGIN RAISE EXCEPTION USING MESSAGE = ${sqlSecret}, DETAIL = ${sqlSecret}, HINT = ${sqlSecret}; END $x$;`,
  },
  "outside a transaction": { a: { up: "VACUUM nothing;", header: ["transaction: none"] } },
  nothing: { a: "SELECT 1;" },
};

describe("the command", () => {
  test("whatever goes wrong in a file", async () => {
    const { secretUrl } = await ownSecretDatabase();
    for (const [what, migrations] of Object.entries(failing)) {
      const shop = project(migrations);
      for (const flags of [["-v", "--raiseerr"], ["--json"]]) {
        const { stdout, stderr } = await migrateHere(["upgrade", "head", ...flags, "--database", secretUrl], {
          cwd: shop.folder,
        });
        expectNoTrace(`${what} ${flags.join(" ")}`, stdout + stderr);
      }
    }
  });

  test("whatever goes wrong on the way to the server, and what is configured", async () => {
    const { secretUrl, role } = await ownSecretDatabase();
    const shop = project({ a: "SELECT 1;" });
    const wrong = withPassword(server!.url(), secret);
    const unreachable = new URL(secretUrl);
    unreachable.port = "1";
    const unknownHost = new URL(secretUrl);
    unknownHost.hostname = "nowhere.invalid";
    const conninfo = `host=127.0.0.1 port=1 user=${role} password='${secret.replaceAll(/[\\']/g, "\\$&")}'`;
    const raw = `postgres://u:${secret}@127.0.0.1:1/db`;
    for (const url of [
      wrong,
      unreachable.href,
      unknownHost.href,
      `${secretUrl}?sslmode=nonsense`,
      `${secretUrl}?nonsense=1`,
      conninfo,
      `${conninfo} nonsense=1`,
      raw,
      `x${secretUrl}`,
    ]) {
      for (const words of [
        ["upgrade", "head", "--raiseerr"],
        ["status", "--json"],
        ["config"],
        ["config", "--json"],
      ]) {
        const { code, stdout, stderr } = await migrateHere([...words, "--database", url], {
          cwd: shop.folder,
        });
        expect({ words, url, code }).not.toEqual({ words, url, code: 0 });
        expectNoTrace(`${words.join(" ")} ${url}`, stdout + stderr);
      }
    }
  });

  test("from a variable, a file of passwords, a service, .env and the config file: it connects, and shows nothing", async () => {
    const { url, secretUrl, role, name } = await ownSecretDatabase();
    const { hostname, port } = new URL(url);
    const shop = project({ a: "CREATE TABLE a ();" });
    const passfile = join(home, "passfile");
    writeFileSync(
      passfile,
      `# a comment\nother:1:x:y:z\n${hostname}:${port}:*:${role}:${secret.replaceAll(/[\\:]/g, "\\$&")}\n`,
    );
    chmodSync(passfile, 0o600);
    const services = join(home, "services.conf");
    writeFileSync(
      services,
      `[other]\nhost=nowhere\n[shop]\nhost=${hostname}\nport=${port}\nuser=${role}\ndbname=${name}\n`,
    );
    const bare = `postgres://${role}@${hostname}:${port}/${name}`;
    const dotenv = join(home, "dotenv");
    mkdirSync(dotenv);
    writeFileSync(join(dotenv, ".env"), `DATABASE_URL=${secretUrl}\n`);
    writeFileSync(join(dotenv, "migrate.config.json"), JSON.stringify({ directories: [shop.folder] }));
    const configured = join(home, "configured");
    mkdirSync(configured);
    writeFileSync(
      join(configured, "migrate.config.json"),
      JSON.stringify({ directories: [shop.folder], database: "${THE_URL}" }),
    );
    const ways: readonly (readonly [string, Record<string, string>, string?])[] = [
      ["DATABASE_URL", { DATABASE_URL: secretUrl }],
      ["PGPASSWORD", { DATABASE_URL: bare, PGPASSWORD: secret }],
      ["PGPASSFILE", { DATABASE_URL: bare, PGPASSFILE: passfile }],
      ["PGSERVICE", { DATABASE_URL: "service=shop", PGSERVICEFILE: services, PGPASSFILE: passfile }],
      [
        "PG variables alone",
        { PGHOST: hostname, PGPORT: port, PGUSER: role, PGDATABASE: name, PGPASSWORD: secret },
      ],
      [".env", {}, dotenv],
      ["config file", { THE_URL: secretUrl }, configured],
    ];
    for (const [what, env, cwd = shop.folder] of ways) {
      const words = what === "PG variables alone" ? ["--database", "postgres://"] : [];
      for (const command of [["config"], ["status"], ["upgrade", "head"]]) {
        const { code, stdout, stderr } = await migrateHere([...command, ...words], {
          env: { HOME: home, ...env },
          cwd,
        });
        expect({ what, command, code, stderr, stdout }).toMatchObject({ what, command, code: 0 });
        expectNoTrace(what, stdout + stderr);
      }
    }
  });

  test("a bug of ours", async () => {
    const { secretUrl } = await ownSecretDatabase();
    const shop = project({ a: "SELECT 1;" });
    const now = (): never => {
      throw new Error(`cannot read ${secretUrl} (${secret})`);
    };
    const words = ["revision", "-m", "x", "--database", secretUrl];
    const { code, stdout, stderr } = await migrateHere(words, { cwd: shop.folder, now });
    const text = stdout + stderr;
    expect(code).toBe(70);
    expect(text).toMatch(/^migrate has a bug: Error: cannot read [\s\S]*\*\*\*[\s\S]*Please report it/);
    expectNoTrace("a bug", text);
  });
});

test("an error of the API, with its causes and their fields", async () => {
  const { secretUrl } = await ownSecretDatabase();
  const unreachable = new URL(secretUrl);
  unreachable.port = "1";
  const wrong = withPassword(server!.url(), secret);
  for (const [url, up] of [
    [secretUrl, "SELECT 1/0;"],
    [secretUrl, "SELEC 1;"],
    [unreachable.href, "SELECT 1;"],
    [wrong, "SELECT 1;"],
    [`${secretUrl}?sslmode=require`, "SELECT 1;"],
  ] as const) {
    const shop = project({ a: up });
    const error = await failureOf(run(shop.deps, { kind: "upgrade", target: "heads" }, { database: url }));
    expectNoTrace(
      `${up} ${error["code"]}`,
      inspect(error, { depth: 20, showHidden: true }) + error.stack + JSON.stringify(error),
    );
  }
});

test("no result of the API, however it is printed", async () => {
  const { secretUrl } = await ownSecretDatabase();
  const { deps } = project({ a: "CREATE TABLE t ();", b: "SELECT 1;" }, { scratch: secretUrl });
  const options = { database: secretUrl, variables: [`PASSWORD=${secret}`] };
  const results: Readonly<Record<string, () => Promise<unknown>>> = {
    openProject: () => api.openProject(deps, options),
    run: () => api.run(deps, { kind: "upgrade", target: "a" }, options),
    readState: () => api.readState(deps, options),
    history: () => api.history(deps, options),
    show: () => api.show(deps, "head", options),
    verify: () => api.verify(deps, options),
    check: () => api.check(deps, options),
    checkConfig: () => api.checkConfig(deps, options),
    diagnose: () => api.diagnose(deps, options),
    lint: () => api.lint(deps, options),
    review: () => api.review(deps, options),
    offline: () => api.offline(deps, { kind: "upgrade", target: "heads" }, options),
    ensureLedger: () => api.ensureLedger(deps, options),
    repair: () => api.repair(deps, { ...options, dryRun: true }),
    readLog: () => api.readLog(deps, { ...options, last: 5 }),
    dump: () => api.dump(deps, options),
    listTemplates: () => api.listTemplates(deps, options),
    upgrade: () => api.upgrade({ ...deps, ...options }),
    downgrade: () => api.downgrade({ ...deps, ...options, target: "base" }),
  };
  for (const [name, get] of Object.entries(results)) {
    const result = await get();
    expectNoTrace(name, inspect(result, { depth: Number.POSITIVE_INFINITY }) + JSON.stringify(result));
  }
});

describe("passwords that statements set", () => {
  const own = "s3cret-of-a-statement";
  const noTrace = (what: string, text: string): void =>
    expect({ what, text }).toEqual({ what, text: expect.not.stringContaining("s3cret") });

  test.each<[string, string]>([
    ["what the parser refuses", `ALTER ROLE nobody_here SET PASSWORD '${own}';`],
    ["what the server refuses", `ALTER ROLE nobody_here\n  PASSWORD\n  '${own}';`],
    ["what stands on the line of another fault", `SELECT 1/0 AS "PASSWORD", 'password=${own}';`],
    [
      "a statement that is put together",
      `DO $x$ BEGIN EXECUTE format('ALTER ROLE %I PASSWORD %L', 'nobody_here', '${own}'); END $x$;`,
    ],
    [
      "a user mapping",
      `CREATE USER MAPPING FOR CURRENT_USER SERVER nowhere OPTIONS (user 'u', password '${own}');`,
    ],
    [
      "a subscription",
      `CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=1 password=${own}' PUBLICATION p;`,
    ],
    ["a connection of dblink", `SELECT dblink_connect('host=h password=${own}');`],
    [
      "a message that repeats it",
      `DO $x$ BEGIN\n  PERFORM 'password=${own}';\n  RAISE 'it is %', concat('s3', 'cret-of-a-statement');\nEND $x$;`,
    ],
    ["a file that is not UTF-8", `ALTER ROLE nobody_here PASSWORD '${own}\u0000';`],
    ["a file without a header", `-- no header\n`],
  ])("are shown by no error and no log: %s", async (what, up) => {
    const { url } = await ownDatabase(server!);
    const shop = project({ a: { up, header: ["transaction: none"] } });
    if (what === "a file without a header")
      shop.write("0001_a.up.sql", `ALTER ROLE nobody_here PASSWORD '${own}';`);
    const failed: string[] = [];
    for (const flags of [["--raiseerr"], ["--json"]]) {
      const { code, stdout, stderr } = await migrateHere(["upgrade", "head", "--database", url, ...flags], {
        cwd: shop.folder,
      });
      expect({ what, code: code === 0 }).toEqual({ what, code: false });
      failed.push(stdout, stderr);
    }
    noTrace(what, failed.join("\n"));
    for (const flags of [[], ["--json"]])
      noTrace(what, (await migrateHere(["log", "--database", url, ...flags], { cwd: shop.folder })).stdout);
    const kept = await query(url, "SELECT to_regclass('retort.log') IS NOT NULL AS is_there");
    if (kept[0]?.["is_there"] === true)
      noTrace(what, JSON.stringify(await query(url, "SELECT * FROM retort.log")));
  });

  test("are not shown by what another session does", async () => {
    const { url } = await ownDatabase(server!);
    const shop = project(
      { a: "ALTER TABLE t ADD COLUMN m int;" },
      { session: { lockTimeout: "4s" }, lockRetries: 0 },
    );
    await query(url, "CREATE TABLE t ()");
    await withClient(url, async (client) => {
      await client.query("BEGIN");
      await client.query("LOCK TABLE t");
      await client.query(`SELECT 1 AS "ALTER ROLE a PASSWORD 'x'", 'password=${own}'`);
      const { stderr } = await migrateHere(["upgrade", "head", "--database", url], { cwd: shop.folder });
      expect(stderr).toContain("password=***");
      noTrace("another session", stderr);
    });
  });
});

test("a password that the files use as a name is shown as that name, and not as the password", async () => {
  const word = "shop_keeper";
  const role = await ownRole(server!, `LOGIN; ALTER ROLE :role PASSWORD '${word}'`);
  const { url, name } = await ownDatabase(server!);
  await query(url, `GRANT ALL ON DATABASE ${name} TO ${pg.escapeIdentifier(role.name)}`);
  const address = withPassword(role.url(name), word);
  const told = async (up: string, ...words: readonly string[]): Promise<string> => {
    const { folder } = project({ a: `${up}\nDO $$ BEGIN RAISE 'no ${word}'; END $$;` });
    const { stdout, stderr } = await migrateHere([...words, "--database", address], { cwd: folder });
    return stdout + stderr;
  };
  const creates = `CREATE SCHEMA ${word};`;
  expect(await told("SELECT 1;", "upgrade")).toContain("no ***");
  expect(await told(creates, "upgrade")).toContain(`no ${word}`);
  expect(await told("SELECT 1;", "log")).toContain("no ***");
  const log = await told(creates, "log");
  expect(log).toContain("no ***");
  expect(log).toContain(`no ${word}`);
  expect(await told(`${creates} ALTER ROLE r PASSWORD '${word}' x;`, "upgrade")).toContain("PASSWORD *** x");
  expect(await told(creates, "config")).toContain(`${role.name}:***@`);
});

test("a password of 10,000 characters connects, and is shown nowhere", async () => {
  const long = "pä:@/'\\%41 ".repeat(900).slice(0, 10_000);
  const role = await ownRole(server!, `LOGIN; ALTER ROLE :role PASSWORD ${pg.escapeLiteral(long)}`);
  const { url, name } = await ownDatabase(server!);
  await query(url, `GRANT ALL ON DATABASE ${name} TO ${pg.escapeIdentifier(role.name)}`);
  const shop = project({ a: `SELECT ${pg.escapeLiteral(long)}::int;` });
  const address = withPassword(role.url(name), long);
  const works = await migrateHere(["status", "--database", address], { cwd: shop.folder });
  expect(works).toMatchObject({ code: 0 });
  for (const words of [["upgrade", "head", "--raiseerr"], ["upgrade", "head", "--json"], ["config"]]) {
    const { stdout, stderr } = await migrateHere([...words, "--database", address], { cwd: shop.folder });
    expect(stdout + stderr).not.toContain("pä");
  }
});
