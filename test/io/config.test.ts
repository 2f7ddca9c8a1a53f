// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the user writes ${NAME} in files
/** Flags, environment, `.env` and config file, in a folder of their own → what is used, and where it came from. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseDotenv } from "../../src/core/dotenv.ts";
import { MigrateError } from "../../src/core/errors.ts";
import { settingsSchema } from "../../src/core/settings.ts";
import {
  type Config,
  type ConfigFlags,
  describeConfig,
  loadConfig,
  requireDatabase,
} from "../../src/io/config.ts";

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), "retort-config-"));
});
afterEach(() => rmSync(cwd, { recursive: true }));

interface Given {
  readonly flags?: ConfigFlags;
  readonly env?: Record<string, string>;
  readonly dotenv?: string;
  readonly file?: unknown;
}

async function load({ flags = {}, env = {}, dotenv, file }: Given): Promise<Config> {
  if (dotenv !== undefined) writeFileSync(path.join(cwd, ".env"), dotenv);
  if (file !== undefined) {
    const text = typeof file === "string" ? file : JSON.stringify(file, null, 2);
    writeFileSync(path.join(cwd, "migrate.config.json"), text);
  }
  return loadConfig({ flags, env: { HOME: cwd, ...env }, cwd });
}

/** `display (origin)`, or the error's code and message. */
async function database(given: Given): Promise<string> {
  const { database } = await load(given);
  return database instanceof MigrateError
    ? `${database.code}: ${database.message}`
    : `${database.display} (${database.origin})`;
}

async function failure(given: Given): Promise<MigrateError> {
  const error: unknown = await load(given).catch((thrown: unknown) => thrown);
  if (!(error instanceof MigrateError)) throw new Error("a MigrateError was expected");
  return error;
}

describe("the database is found", () => {
  const pg = { PGHOST: "pg", PGUSER: "u", PGDATABASE: "d" };
  const postgres = {
    POSTGRES_USER: "u",
    POSTGRES_PASSWORD: "p",
    POSTGRES_HOST: "po",
    POSTGRES_PORT: "6",
    POSTGRES_DB: "d",
  };
  const lines = (values: Record<string, string>) =>
    Object.entries(values)
      .map(([k, v]) => `${k}=${v}\n`)
      .join("");
  const url = { DATABASE_URL: "postgres://u@url/d" };
  const other = { DB_DATABASE_URL: "postgres://u@other/d" };
  const file = { database: "postgres://u@file/d" };
  const all = { ...url, ...other, ...pg, ...postgres };

  it.each<[string, Given, string]>([
    [
      "in the flag first",
      { flags: { database: "postgres://u@flag/d" }, env: all, dotenv: lines(all), file },
      "postgres://u@flag:5432/d (flag --database)",
    ],
    [
      "then in the environment: DATABASE_URL",
      { env: all, dotenv: lines(all), file },
      "postgres://u@url:5432/d (environment variable DATABASE_URL)",
    ],
    [
      "DB_DATABASE_URL",
      { env: { ...other, ...pg, ...postgres }, dotenv: lines(all), file },
      "postgres://u@other:5432/d (environment variable DB_DATABASE_URL)",
    ],
    [
      "PG*",
      { env: { ...pg, ...postgres }, dotenv: lines(all), file },
      "postgres://u@pg:5432/d (environment variable PGHOST)",
    ],
    [
      "POSTGRES_*",
      { env: postgres, dotenv: lines(all), file },
      "postgres://u:***@po:6/d (environment variable POSTGRES_DB)",
    ],
    [
      "then in .env: DATABASE_URL",
      { dotenv: `# x\n\n${lines(all)}`, file },
      "postgres://u@url:5432/d (.env line 3)",
    ],
    [
      "DB_DATABASE_URL in .env",
      { dotenv: lines({ ...other, ...pg }), file },
      "postgres://u@other:5432/d (.env line 1)",
    ],
    ["PG* in .env", { dotenv: lines({ ...postgres, ...pg }), file }, "postgres://u@pg:5432/d (.env line 6)"],
    ["POSTGRES_* in .env", { dotenv: lines(postgres), file }, "postgres://u:***@po:6/d (.env line 5)"],
    ["then in the config file", { file }, "postgres://u@file:5432/d (migrate.config.json line 2)"],
    [
      "past empty variables",
      { env: { DATABASE_URL: "", PGHOST: "" }, dotenv: "DATABASE_URL=\n", file },
      "postgres://u@file:5432/d (migrate.config.json line 2)",
    ],
    [
      "past habits of the shell",
      { env: { PGUSER: "me", PGPASSWORD: "x", PGPORT: "1", PGSSLMODE: "disable" }, file },
      "postgres://u:***@file:1/d (migrate.config.json line 2)",
    ],
    [
      "in PG* of both, the environment first",
      { env: { PGHOST: "pg" }, dotenv: "PGUSER=e\nPGDATABASE=e\nPGHOST=no" },
      "postgres://e@pg:5432/e (environment variable PGHOST)",
    ],
    [
      "in PGSERVICE",
      { env: { PGSERVICE: "s" } },
      expect.stringContaining('usage/service: there is no service "s"'),
    ],
    [
      "with the container image's defaults",
      { env: { POSTGRES_PASSWORD: "p", POSTGRES_DB: "d" } },
      "postgres://postgres:***@localhost:5432/d (environment variable POSTGRES_DB)",
    ],
    [
      "in an embedded folder",
      { env: { DATABASE_URL: "pglite:./data" } },
      "pglite:./data (environment variable DATABASE_URL)",
    ],
    [
      "broken, and says where",
      { dotenv: "DATABASE_URL=postgres://u:p/w@h/d" },
      expect.stringContaining("(from .env line 1)"),
    ],
  ])("%s", async (_, given, expected) => {
    expect(await database(given)).toEqual(expected);
  });

  it("nowhere: no default, and a command that needs one says how", async () => {
    const config = await load({});
    expect(() => requireDatabase(config)).toThrow(
      expect.objectContaining({
        code: "usage/no-database",
        exitCode: 2,
        hint: expect.stringContaining("DATABASE_URL="),
      }),
    );
  });

  it("without a change to the environment", async () => {
    const before = { ...process.env };
    await load({ dotenv: "RETORT_TEST_VARIABLE=1\nDATABASE_URL=pglite:memory" });
    expect(process.env).toEqual(before);
  });
});

describe(".env", () => {
  it.each<[string, string, string]>([
    ["A=1", "A", "1"],
    ["\ufeffA=1", "A", "1"],
    ["export A = 1 ", "A", "1"],
    ["A=1\r\nB=2\r\n", "A", "1"],
    ["A=a#b # comment", "A", "a#b"],
    ["A= # comment", "A", ""],
    ["A=", "A", ""],
    ["A='a # \"$b\\n'  # c", "A", 'a # "$b\\n'],
    ['A="a # b\\n\\"c\\\\" # c', "A", 'a # b\n"c\\'],
    ["A=`a'b\"`", "A", "a'b\""],
    ['A="two\nlines"\nB=1', "A", "two\nlines"],
    ['A="two\nlines"\nB=1', "B", "1"],
    ["A='open", "A", "'open"],
    ['A="a" b', "A", '"a" b'],
    ["A=don't", "A", "don't"],
    ["A=1\nA=2", "A", "2"],
    ["no equals sign\nA=1", "A", "1"],
    ["# A=0\nA=1\n#A=2", "A", "1"],
    ["A=x=y==", "A", "x=y=="],
    ["A=пароль😀", "A", "пароль😀"],
  ])("%j: %s is %j", (text, name, value) => {
    expect(
      parseDotenv({ path: ".env", text: text.replace("\ufeff", "") }).findLast((e) => e.name === name)?.value,
    ).toBe(value);
  });

  it("gives the line of a value behind one of several lines", () => {
    expect(parseDotenv({ path: ".env", text: 'A="1\n2"\n\nB=1' }).map(({ line }) => line)).toEqual([1, 4]);
  });

  it.each<[string, Record<string, string>, string]>([
    [
      "U=u\nDATABASE_URL=postgres://${U}:${P}@h/${D:-d}",
      { P: "p" },
      "postgres://u:***@h:5432/d (.env line 2)",
    ],
    ["U=file\nDATABASE_URL=postgres://${U}@h/d", { U: "env" }, "postgres://env@h:5432/d (.env line 2)"],
    ["DATABASE_URL='postgres://u:%24{P}${P}@h/d'", {}, "postgres://u:***@h:5432/d (.env line 1)"],
    ["OTHER=${NONE}\nDATABASE_URL=postgres://u@h/d", {}, "postgres://u@h:5432/d (.env line 2)"],
    [
      "DATABASE_URL=${DATABASE_URL}",
      {},
      "usage/missing-variable: .env line 1 uses ${DATABASE_URL}, which is not set",
    ],
    [
      "DATABASE_URL=postgres://${U}@h/d\nU=below",
      {},
      "usage/missing-variable: .env line 1 uses ${U}, which is not set",
    ],
  ])("puts variables into %j", async (dotenv, env, expected) => {
    expect(await database({ dotenv, env })).toBe(expected);
  });
});

describe("the config file", () => {
  it("has defaults for everything", async () => {
    const { database: _, ...config } = await load({});
    expect(config).toEqual({
      directories: [path.join(cwd, "migrations")],
      schema: path.join(cwd, "schema"),
      ledger: { schema: "retort" },
      session: {
        timeZone: "UTC",
        dateStyle: "ISO, MDY",
        lockTimeout: "5s",
        statementTimeout: "0",
        checkFunctionBodies: true,
      },
      lockWait: 60,
      lockRetries: 5,
      fileName: "{number}_{slug}",
      ignore: [],
      variables: {},
      secrets: [],
      origins: expect.objectContaining({ directories: "default", "ledger.schema": "default" }),
    });
  });

  it("sets everything, with paths from its own folder", async () => {
    mkdirSync(path.join(cwd, "deploy"));
    const file = {
      $schema: "./node_modules/retort/migrate.config.schema.json",
      database: "pglite:data",
      directories: ["../sql", "/abs"],
      role: "owner",
      ledger: { schema: 'we"ird', owner: "dba" },
      session: { searchPath: ["$user", "shop"], lockTimeout: "500 ms", checkFunctionBodies: false },
      lockWait: 0,
      templates: "t",
      serverVersion: "16.4",
      scratch: "pglite:s",
      ignore: ["partman.*"],
    };
    writeFileSync(path.join(cwd, "deploy/x.json"), `\ufeff${JSON.stringify(file)}`);
    const config = await load({ flags: { config: "deploy/x.json" } });
    expect(config).toMatchObject({
      database: { kind: "pglite", folder: path.join(cwd, "deploy/data"), origin: "deploy/x.json line 1" },
      serverVersion: { number: 160004, text: "16.4" },
      scratch: { kind: "pglite", folder: path.join(cwd, "deploy/s"), origin: "deploy/x.json line 1" },
      ignore: ["partman.*"],
      directories: [path.join(cwd, "sql"), "/abs"],
      ledger: { schema: 'we"ird', role: "owner", owner: "dba" },
      session: {
        role: "owner",
        searchPath: ["$user", "shop"],
        lockTimeout: "500 ms",
        checkFunctionBodies: false,
        timeZone: "UTC",
      },
      lockWait: 0,
      templates: path.join(cwd, "deploy/t"),
      file: "deploy/x.json",
    });
  });

  it("gives way to --directory, which is relative to the working directory", async () => {
    const config = await load({ flags: { directory: ["a", "/b"] }, file: { directories: ["c"] } });
    expect(config.directories).toEqual([path.join(cwd, "a"), "/b"]);
    expect(config.origins["directories"]).toBe("flag --directory");
  });

  it.each<[string, Given, string]>([
    [
      "the environment",
      { env: { U: "env" }, dotenv: "U=dotenv" },
      "postgres://env@h:5432/d (migrate.config.json line 2)",
    ],
    [".env", { dotenv: "U=dotenv" }, "postgres://dotenv@h:5432/d (migrate.config.json line 2)"],
    [
      "-x, before both",
      { flags: { x: ["U=a=b"] }, env: { U: "env" } },
      "postgres://a%3Db@h:5432/d (migrate.config.json line 2)",
    ],
    ["nowhere", {}, "usage/missing-variable: migrate.config.json line 2 uses ${U}, which is not set"],
  ])("puts variables into its database, from %s", async (_, given, expected) => {
    expect(await database({ ...given, file: { database: "postgres://${U}@h/${D:-d}" } })).toBe(expected);
  });

  it("points at the setting whose variable is missing", async () => {
    const { database } = await load({ file: { database: "${U}" } });
    expect(database).toMatchObject({ location: { path: "migrate.config.json", line: 2, column: 15 } });
  });

  describe("with named environments", () => {
    const file = {
      database: "postgres://u@base/d",
      ledger: { schema: "base", owner: "dba" },
      environments: {
        staging: { database: "postgres://u@staging/${NAME:-d}", ledger: { schema: "s" } },
        bare: { lockWait: 1 },
      },
    };

    it("replaces setting by setting", async () => {
      const config = await load({ flags: { env: "staging" }, file });
      expect(config).toMatchObject({ environment: "staging", ledger: { schema: "s", owner: "dba" } });
      expect(config.origins["ledger.schema"]).toBe("migrate.config.json line 11 (environment staging)");
      expect((await load({ flags: { env: "bare" }, file })).lockWait).toBe(1);
    });

    it.each<[string, Given, string]>([
      [
        "-n staging means staging, whatever the shell holds",
        { flags: { env: "staging" }, env: { DATABASE_URL: "postgres://u@env/d" } },
        "postgres://u@staging:5432/d (migrate.config.json line 9 (environment staging))",
      ],
      [
        "but --database is said even louder",
        { flags: { env: "staging", database: "pglite:memory" } },
        "pglite:memory (flag --database)",
      ],
      [
        "an environment without a database changes nothing",
        { flags: { env: "bare" }, env: { DATABASE_URL: "postgres://u@env/d" } },
        "postgres://u@env:5432/d (environment variable DATABASE_URL)",
      ],
    ])("%s", async (_, given, expected) => {
      expect(await database({ ...given, file })).toBe(expected);
    });

    it("refuses a name that is not there", async () => {
      expect(await failure({ flags: { env: "stagin" }, file })).toMatchObject({
        code: "usage/no-environment",
        hint: "it has staging, bare",
      });
      rmSync(path.join(cwd, "migrate.config.json"));
      expect((await failure({ flags: { env: "x" } })).message).toContain("which does not exist");
    });
  });

  it.each<[string, string, string, string | undefined]>([
    ["[]", "1:1 usage/config-value", "the config file must be an object, written in { }", undefined],
    [
      '{\r\n  "é😀": 1, "databse": ""}',
      "2:3 usage/config-key",
      'unknown key "é😀"',
      expect.stringContaining("known here are database"),
    ],
    ['{"databse": ""}', "1:2 usage/config-key", 'unknown key "databse"', 'did you mean "database"?'],
    [
      '{"ledger": {"ownr": "x"}}',
      "1:13 usage/config-key",
      'unknown key "ledger.ownr"',
      'did you mean "owner"?',
    ],
    [
      '{"ledger": {"tables": {"applied": "x"}}}',
      "1:13 usage/config-key",
      'unknown key "ledger.tables"',
      "known here are schema, owner",
    ],
    ['{"__proto__": {}}', "1:2 usage/config-key", 'unknown key "__proto__"', expect.anything()],
    [
      '{"role": "a", "role": "b"}',
      "1:15 usage/config-key",
      'the key "role" stands twice',
      "remove one of them",
    ],
    [
      '{"environments": {"a": {"environments": {}}}}',
      "1:25 usage/config-key",
      'unknown key "environments.a.environments"',
      expect.anything(),
    ],
    [
      '{"environments": {"a": {}, "a": {}}}',
      "1:28 usage/config-key",
      'the key "environments.a" stands twice',
      "remove one of them",
    ],
    [
      '{"environments": {"a": 1}}',
      "1:24 usage/config-value",
      '"environments.a" must be an object, written in { }',
      undefined,
    ],
    [
      '{"environments": 1}',
      "1:18 usage/config-value",
      '"environments" must be an object, written in { }',
      undefined,
    ],
    [
      '{"lockWait": "5s"}',
      "1:14 usage/config-value",
      '"lockWait" must be a whole number, 0 or more',
      undefined,
    ],
    [
      '{"lockRetries": -1}',
      "1:17 usage/config-value",
      '"lockRetries" must be a whole number, 0 or more',
      undefined,
    ],
    [
      '{"directories": "m"}',
      "1:17 usage/config-value",
      '"directories" must be a list of texts, written in [ ]',
      undefined,
    ],
    [
      '{"directories": ["m", 1]}',
      "1:23 usage/config-value",
      '"directories" must be a list in which each is a text in double quotes',
      undefined,
    ],
    ['{"role": null}', "1:10 usage/config-value", '"role" must be a text in double quotes', undefined],
    ['{"role": ""}', "1:10 usage/config-value", '"role" must be a text that is not empty', undefined],
    [
      '{"role": "a\\u0000b"}',
      "1:10 usage/config-value",
      '"role" must be a text without the NUL character',
      undefined,
    ],
    [
      `{"role": "${"é".repeat(32)}"}`,
      "1:10 usage/config-value",
      '"role" must be a name of at most 63 bytes',
      undefined,
    ],
    [
      '{"session": {"lockTimeout": "soon"}}',
      "1:29 usage/config-value",
      '"session.lockTimeout" must be a time such as 5s, 1.5min or 500ms',
      expect.stringContaining("us, ms, s, min, h, d"),
    ],
    [
      '{"session": {"checkFunctionBodies": 1}}',
      "1:37 usage/config-value",
      '"session.checkFunctionBodies" must be true or false',
      undefined,
    ],
    [
      '{"fileName": "../{slug}"}',
      "1:14 usage/config-value",
      '"fileName" must be a file name, without / or \\',
      "for example: {number}_{slug}, or {date:YYYY_MM_DD_HHmm}-{revision}_{slug}",
    ],
    [
      '{"serverVersion": "9.6"}',
      "1:19 usage/config-value",
      '"serverVersion" must be a PostgreSQL version of 12 or later',
      "for example 16, or 16.4",
    ],
  ])("%.60s is refused at %s", async (file, place, message, hint) => {
    const error = await failure({ file });
    expect(`${error.location?.line}:${error.location?.column} ${error.code}`).toBe(place);
    expect(error.message).toBe(message);
    expect(error.hint).toEqual(hint);
  });

  it("is refused with every fault at once, and a caret's length", async () => {
    const error = await failure({ file: '{\n "rol": "x",\n "lockWait": true\n}' });
    expect(error.diagnostics).toHaveLength(2);
    expect(error.diagnostics[1]).toMatchObject({
      location: { line: 3, column: 14 },
      excerpt: { line: ' "lockWait": true', length: 4 },
    });
  });

  it.each([
    '{"database": "postgres://u:s3cret@h/d" "role": "x"}',
    '{"database": {"host": "h", "password": "s3cret"}}',
    '{"database": {"host": "h", "PASSWORD" "s3cret"}}',
  ])("never shows the line of a password: %s", async (file) => {
    const error = await failure({ file });
    expect(error.excerpt).toBeUndefined();
    expect(JSON.stringify(error)).not.toContain("s3cret");
  });

  it("may hold comments, as tsconfig.json may", async () => {
    const config = await load({
      file: '// of the shop\n{\n  "lockWait": 1, /* seconds */\n  // "role": "x"\n}'.replace(",", ""),
    });
    expect(config.lockWait).toBe(1);
    expect(config.origins["lockWait"]).toBe("migrate.config.json line 3");
  });

  it.each<[string, unknown]>([
    ["a key of a megabyte", { [`lockWait${"a".repeat(1e6)}`]: 1 }],
    ["a megabyte of values", { directories: Array.from({ length: 2e5 }, () => 1) }],
    ["60,000 unknown keys", Object.fromEntries(Array.from({ length: 6e4 }, (_, i) => [`key${i}`, i]))],
    ["300 KB of fileName", { fileName: `{number}_${"a".repeat(3e5)}` }],
    ["300 KB of placeholders in fileName", { fileName: `{number}_${"{nr}".repeat(75_000)}` }],
  ])("is refused without delay, in short sentences: %s", async (_, file) => {
    const began = performance.now();
    const error = await failure({ file: JSON.stringify(file) });
    const messages = error.diagnostics.map(({ message, hint = "" }) => message + hint).join("");
    expect(performance.now() - began).toBeLessThan(5000);
    expect(messages.length).toBeLessThan(50_000);
  });

  it("may have 60,000 environments", async () => {
    const environments = Object.fromEntries(
      Array.from({ length: 6e4 }, (_, i) => [`e${i}`, { lockWait: i }]),
    );
    const began = performance.now();
    const config = await load({ flags: { env: "e59999" }, file: JSON.stringify({ environments }) });
    expect(config.lockWait).toBe(59_999);
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it("must exist when it is named", async () => {
    expect(await failure({ flags: { config: "no.json" } })).toMatchObject({
      code: "usage/config-file",
      message: "there is no config file no.json",
    });
    expect((await failure({ flags: { config: "." } })).message).toContain("cannot read");
  });

  it("has the schema that is shipped (after a change of the table: vitest run test/io/config.test.ts -u)", async () => {
    // Lists of plain values on one line, as the formatter wants them.
    const text = JSON.stringify(settingsSchema(), null, 2).replace(/\[\s+([^[\]{}]*?)\s+\]/g, "[$1]");
    await expect(`${text}\n`).toMatchFileSnapshot("../../migrate.config.schema.json");
  });
});

describe("describeConfig", () => {
  it("shows each value and its origin, without passwords", async () => {
    const password = "p@ss:w/rd%?#";
    const config = await load({
      flags: { env: "ci" },
      env: { DATABASE_URL: `postgres://u:${encodeURIComponent(password)}@h/d?sslmode=require` },
      file: { role: "owner", ledger: { owner: "dba" }, environments: { ci: { lockWait: 0 } } },
    });
    const lines = describeConfig(config);
    expect(lines.slice(0, 6)).toEqual([
      { setting: "config", value: "migrate.config.json", origin: "file" },
      { setting: "environment", value: "ci", origin: "flag --env" },
      {
        setting: "database",
        value: "postgres://u:***@h:5432/d",
        origin: "environment variable DATABASE_URL",
      },
      { setting: "database.sslmode", value: "require", origin: "environment variable DATABASE_URL" },
      { setting: "directories", value: [path.join(cwd, "migrations")], origin: "default" },
      { setting: "role", value: "owner", origin: "migrate.config.json line 2" },
    ]);
    expect(lines).toContainEqual({
      setting: "ledger.owner",
      value: "dba",
      origin: "migrate.config.json line 4",
    });
    expect(lines).toContainEqual({
      setting: "lockWait",
      value: 0,
      origin: "migrate.config.json line 8 (environment ci)",
    });
    expect(lines.map((line) => line.setting)).not.toContain("templates");
    expect(config.secrets).toEqual([password]);
    expect(JSON.stringify(lines)).not.toMatch(/p@ss|p%40ss/);
  });

  it("says why there is no database", async () => {
    expect(describeConfig(await load({}))[0]).toEqual({
      setting: "database",
      value: "none: no database is configured",
      origin: "nowhere",
    });
  });
});
