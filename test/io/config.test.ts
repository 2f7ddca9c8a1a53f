// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the user writes ${NAME} in files
/** Flags, environment, `.env` and config file, in a folder of their own → what is used, and where it came from. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseDotenv } from "../../src/core/dotenv.ts";
import { MigrateError } from "../../src/core/errors.ts";
import { asFlags } from "../../src/core/option-names.ts";
import { settingsSchema } from "../../src/core/settings.ts";
import {
  type Config,
  type ConfigFlags,
  describeConfig,
  loadConfig,
  requireDatabase,
} from "../../src/io/config.ts";
import { growth, LINEAR } from "../support/growth.ts";

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
  return loadConfig({ flags, env: { HOME: cwd, ...env }, cwd, names: asFlags });
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
      "then in .env: DATABASE_URL, before parts in the environment",
      { env: { ...pg, ...postgres }, dotenv: `# x\n\n${lines(all)}`, file },
      "postgres://u@url:5432/d (.env line 3)",
    ],
    [
      "DB_DATABASE_URL in .env",
      { env: { ...pg, ...postgres }, dotenv: lines({ ...other, ...pg }), file },
      "postgres://u@other:5432/d (.env line 1)",
    ],
    [
      "then PG* in the environment",
      { env: { ...pg, ...postgres }, dotenv: lines(postgres), file },
      "postgres://u@pg:5432/d (environment variable PGHOST)",
    ],
    [
      "PG* in .env",
      { env: postgres, dotenv: lines({ ...postgres, ...pg }), file },
      "postgres://u@pg:5432/d (.env line 6)",
    ],
    [
      "POSTGRES_* in the environment",
      { env: postgres, dotenv: lines({ ...postgres, POSTGRES_DB: "e" }), file },
      "postgres://u:***@po:6/d (environment variable POSTGRES_HOST)",
    ],
    ["POSTGRES_* in .env", { dotenv: lines(postgres), file }, "postgres://u:***@po:6/d (.env line 3)"],
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
      "postgres://e@pg:5432/e (environment variable PGHOST and .env line 2)",
    ],
    [
      "in PGSERVICE",
      { env: { PGSERVICE: "s" } },
      expect.stringContaining('usage/service: service "s" does not exist'),
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
    [
      "a port of its own line",
      { dotenv: "POSTGRES_DB=d\nPOSTGRES_PORT=5432x" },
      expect.stringContaining("(from .env line 2)"),
    ],
  ])("%s", async (_, given, expected) => {
    expect(await database(given)).toEqual(expected);
  });

  /** What is said of a database that another place names, without its end, which says what to do. */
  async function disagreements(given: Given): Promise<readonly string[]> {
    const found = requireDatabase(await load(given));
    return found.warnings.map((warning) => warning.replace(/; remove one of them.*$/, ""));
  }

  it.each<[string, Given, readonly string[]]>([
    [
      "PGHOST in the shell, DATABASE_URL in .env",
      { env: { PGHOST: "prod", PGDATABASE: "x" }, dotenv: "DATABASE_URL=postgres://u:s3cret@h/shop" },
      [
        "environment variable PGHOST names a different database (host=prod dbname=x) from .env line 1, which is used: u@h:5432/shop",
      ],
    ],
    [
      "POSTGRES_* in the shell, an embedded database in .env",
      { env: postgres, dotenv: "DATABASE_URL=pglite:./data" },
      [
        "environment variable POSTGRES_HOST names a different database (host=po port=6 dbname=d) from .env line 1, which is used: pglite:./data",
      ],
    ],
    [
      "a service in the shell",
      { env: { PGSERVICE: "s", PGSERVICEFILE: "services" }, dotenv: "DATABASE_URL=postgres://u@h/d" },
      [
        "environment variable PGSERVICE names a different database (service=s) from .env line 1, which is used: u@h:7/d",
      ],
    ],
    [
      "a variable of the same name",
      {
        env: { DATABASE_URL: "postgres://u@h/other" },
        dotenv: "DATABASE_URL=postgres://u:s3cret@h:5432/shop",
      },
      [
        ".env line 1 names a different database (host=h port=5432 dbname=shop) from environment variable DATABASE_URL, which is used: u@h:5432/other",
      ],
    ],
    [
      "parts of both in parts",
      { env: { PGHOST: "prod" }, dotenv: "PGHOST=h\nPGUSER=u\nPGDATABASE=shop" },
      [
        ".env line 1 names a different database (host=h dbname=shop) from environment variable PGHOST and .env line 3, which is used: u@prod:5432/shop",
      ],
    ],
    [
      "the name alone in the shell",
      { env: { PGDATABASE: "other" }, dotenv: "PGPORT=7\nPGHOST=h\nPGUSER=u\nPGDATABASE=shop" },
      [
        ".env line 2 names a different database (host=h port=7 dbname=shop) from environment variable PGDATABASE and .env line 2, which is used: u@h:7/other",
      ],
    ],
    [
      "the port alone in the shell, of POSTGRES_*",
      { env: { POSTGRES_PORT: "8" }, dotenv: "POSTGRES_PORT=7\nPOSTGRES_DB=shop" },
      [
        ".env line 2 names a different database (port=7 dbname=shop) from environment variable POSTGRES_PORT and .env line 2, which is used: postgres@localhost:8/shop",
      ],
    ],
    [
      "a service in .env, and the user in the shell",
      { env: { PGUSER: "u", PGDATABASE: "d" }, dotenv: "PGSERVICE=s\nPGSERVICEFILE=services" },
      [],
    ],
    [
      "parts in the shell, an address in the config file",
      {
        env: { PGHOST: "prod", PGUSER: "u", PGDATABASE: "shop" },
        file: { database: "postgres://u:${P:-s3cret}@h/shop" },
      },
      [
        "migrate.config.json line 2 names a different database (host=h dbname=shop) from environment variable PGHOST, which is used: u@prod:5432/shop",
      ],
    ],
    [
      "the same database",
      { env: { PGHOST: "127.0.0.1", PGDATABASE: "d" }, dotenv: "DATABASE_URL=postgres://u@localhost/d" },
      [],
    ],
    [
      "another user only",
      { env: { PGHOST: "h", PGUSER: "me" }, dotenv: "DATABASE_URL=postgres://u@h/d" },
      [],
    ],
    ["parts that complete each other", { env: { PGHOST: "h" }, dotenv: "PGUSER=u\nPGDATABASE=d" }, []],
    [
      "a whole address in the shell, which is there to replace the config file's",
      { env: { DATABASE_URL: "postgres://u@h/d" }, file },
      [],
    ],
    [
      "a flag, which was typed",
      { flags: { database: "postgres://u@h/d" }, env: all, dotenv: lines(all) },
      [],
    ],
    [
      "an environment that was chosen",
      { flags: { env: "e" }, env: all, file: { environments: { e: file } } },
      [],
    ],
    [
      "a variable twice in .env",
      { dotenv: "DATABASE_URL=postgres://u:s3cret@h/a\n\nDATABASE_URL=postgres://u@h/b" },
      [".env line 1 and .env line 3 give DATABASE_URL different values, and the last one counts"],
    ],
    [
      "a part twice in .env, of which one is used in the config file",
      { dotenv: "PW=s3cret\nPW=s3cret2", file: { database: "postgres://u:${PW}@h/d" } },
      [".env line 1 and .env line 2 give PW different values, and the last one counts"],
    ],
    [
      "twice in .env, the last with the first in it",
      { dotenv: "DATABASE_URL=postgres://u@h/d\nDATABASE_URL=${DATABASE_URL}?application_name=a" },
      [],
    ],
    ["twice in .env, but alike", { dotenv: "PGHOST=\nPGHOST=h\nPGHOST=h\nPGUSER=u\nPGDATABASE=d" }, []],
    [
      "twice in .env, and not used",
      { flags: { database: "postgres://u@h/d" }, dotenv: "DATABASE_URL=x\nDATABASE_URL=y" },
      [],
    ],
    [
      "what is broken and not used",
      { env: { DATABASE_URL: "postgres://u@h/d" }, dotenv: "DATABASE_URL=x://" },
      [],
    ],
  ])("and whoever names another is told, without a password: %s", async (_, given, expected) => {
    writeFileSync(path.join(cwd, "services"), "[s]\nport=7\n");
    expect(await disagreements(given)).toEqual(expected);
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

  it("nowhere, and a name in .env that is spelt otherwise is pointed at", async () => {
    const config = await load({ dotenv: "API_URL=x\nDATABSE_URL=postgres://u:s3cret@h/d\n" });
    expect(config.database).toMatchObject({
      hint: expect.stringMatching(/\nDATABSE_URL on line 2 of .env: did you mean DATABASE_URL\?$/),
    });
  });

  it("nowhere, and a part of an address in .env is told what it lacks", async () => {
    const config = await load({ dotenv: "POSTGRES_PASSWORD=s3cret\nPOSTGRES_USR=x\n" });
    expect(config.database).toMatchObject({
      hint: expect.stringMatching(
        /\nPOSTGRES_USR on line 2 of .env: did you mean POSTGRES_USER\?\nPOSTGRES_PASSWORD on line 1 of .env names no database; add POSTGRES_DB or POSTGRES_HOST$/,
      ),
    });
  });

  it("nowhere, and the line of .env that was meant to name one is pointed at", async () => {
    const config = await load({ dotenv: "# a\nA='1\n2'\n\nDATABASE_URL postgres://u:s3cret@h/d\n" });
    expect(config.database).toMatchObject({
      hint: expect.stringMatching(/\n.env line 5 is not NAME=value and is ignored; write: DATABASE_URL=…$/),
    });
  });

  it.each([
    [
      "x y\nDATABASE_URL: postgres://u:s3cret@h/d\n",
      "line 2 is not NAME=value and is ignored; write: DATABASE_URL=…",
    ],
    ["\nx y\n", "line 2 is not NAME=value and is ignored"],
    ["DATABASE_URl=postgres://u:s3cret@h/d\n", "line 1 of .env: did you mean DATABASE_URL?"],
    ["DATABASE=postgres://u:s3cret@h/d\n", "line 1 of .env: did you mean DATABASE_URL?"],
    ["DATABASE postgres://u:s3cret@h/d\n", "is ignored; write: DATABASE_URL=…"],
    ["DATABASE_URL=\n", "DATABASE_URL on line 1 of .env is empty"],
    [
      "",
      '"database" on migrate.config.json line 1 is empty, with its variables replaced',
      '{ "database": "${DATABASE_URL:-}" }',
    ],
  ])("nowhere, with %j in .env", async (dotenv, expected, file?: string) => {
    const { database } = await load({ dotenv, file });
    expect((database as MigrateError).hint!.endsWith(expected)).toBe(true);
  });

  it("nowhere, and where it can be written is the file that was named", async () => {
    writeFileSync(path.join(cwd, "other.json"), "{}");
    const { database } = await load({ flags: { config: "other.json" } });
    expect((database as MigrateError).hint).toContain('"pglite:./data" } in other.json');
  });

  it("nowhere but in environments, which are named", async () => {
    const { database } = await load({ file: { environments: { a: { role: "r" }, b: { database: "x" } } } });
    expect(database).toMatchObject({
      hint: expect.stringContaining(
        "\n  migrate COMMAND -n b   (the only environment with a database is b)\n",
      ),
    });
  });

  it("a variable of .env that a line below sets is told where", async () => {
    const { database } = await load({ dotenv: "DATABASE_URL=postgres://u@h/${DB}\n\nDB=x\n" });
    expect(database).toMatchObject({ hint: "line 3 sets DB: move it above this line" });
  });

  it("of two versions in .env that git could not merge, none is taken; what stands beside them is nobody's concern", async () => {
    const conflict = (...between: readonly string[]) =>
      ["<<<<<<< HEAD", ...between, ">>>>>>> feat", ""].join("\n");
    const url = (host: string) => `DATABASE_URL=postgres://u@${host}/d`;
    for (const dotenv of [
      conflict(url("a"), "=======", url("b")),
      conflict(url("a"), "======="),
      `${url("a")}\n${conflict("=======", url("b")).replaceAll("\n", "\r\n")}`,
      `${conflict("DB=a", "=======", "DB=b")}DATABASE_URL=postgres://u@h/\${DB}\n`,
    ]) {
      const { database } = await load({ dotenv });
      expect(database, dotenv).toMatchObject({
        code: "usage/config-file",
        message: expect.stringMatching(/^(?:DATABASE_URL|DB) on line \d of .env is in one of two versions/),
        hint: expect.stringMatching(/^git could not merge this file/),
      });
    }
    for (const dotenv of [
      `${conflict("X=1", "=======", "X=2")}${url("h")}`,
      `${url("h")}\n${conflict("X=1", "=======", "X=2")}`,
      `${url("h")}\n=======\n>>>>>>> x\n`,
    ])
      expect((await load({ dotenv })).database, dotenv).toMatchObject({ host: "h" });
  });

  it("a .env in UTF-16 is told as that", async () => {
    writeFileSync(path.join(cwd, ".env"), Buffer.from("\ufeffDATABASE_URL=postgres://u@h/d\r\n", "utf16le"));
    await expect(load({})).rejects.toThrow(".env is UTF-16, not UTF-8");
  });

  it("a value of .env in Latin-1 is told with its line; what stands beside it is nobody's concern", async () => {
    const write = (text: string) => writeFileSync(path.join(cwd, ".env"), Buffer.from(text, "latin1"));
    write("# Schl\u00fcssel\nDATABASE_URL=postgres://u:caf\u00e9@h/d\n");
    const { database } = await load({});
    expect(database).toMatchObject({
      code: "usage/config-file",
      message: "the value of DATABASE_URL on line 2 of .env is not UTF-8",
      hint: "save the file as UTF-8",
    });
    write("# Schl\u00fcssel\nDATABASE_URL=postgres://u@h/d\n");
    expect((await load({})).database).toMatchObject({ host: "h" });
  });

  it("a config file in Latin-1 is told with its place", async () => {
    writeFileSync(path.join(cwd, "migrate.config.json"), Buffer.from('{\n"role": "\u00fc" }', "latin1"));
    await expect(load({})).rejects.toMatchObject({
      message: "the file is not UTF-8",
      location: { path: "migrate.config.json", line: 2, column: 10 },
    });
  });

  it("of a folder that is an address the password is not shown", async () => {
    const config = await load({ dotenv: "", flags: { directory: ["postgres://u:s3cret@h/d"] } });
    expect(JSON.stringify(describeConfig(config))).not.toContain("s3cret");
  });

  it.each([
    ["PGDATABASE=postgres://u:s3cret@h/d\n", "dbname"],
    ["POSTGRES_DB=postgres://u:s3cret@h/d\n", "dbname"],
    ["PGHOST=postgres://u:s3cret@h/d\n", "host"],
    ["DATABASE_URL='dbname=postgres://u:s3cret@h/d'\n", "dbname"],
  ])("a URL is no name of a database and no host: %j", async (dotenv, name) => {
    expect((await load({ dotenv })).database).toMatchObject({
      code: "usage/database-address",
      message: `the ${name} is a whole database address (from .env line 1)`,
    });
  });

  it.each([
    ["DATABASE_URL='postgres://u@h;Password=s3cret/d'\n", "host"],
    ["DATABASE_URL=postgres://u@h/d&password=s3cret\n", "dbname"],
    ["DATABASE_URL='postgres://u;pwd=s3cret@h/d'\n", "user"],
    ["DATABASE_URL=host=h,password=s3cret\n", "host"],
    ["PGHOST=h;Database=d;Password=s3cret\n", "host"],
  ])("a password behind another part is not shown with it: %j", async (dotenv, name) => {
    expect((await load({ dotenv })).database).toMatchObject({
      code: "usage/database-address",
      message: `the ${name} of the database has other parameters after it (from .env line 1)`,
    });
  });

  it.each([
    ['DATABASE_URL="postgres://u:s3cret@h/d\n', 'begins with the quote ", which is not closed at its end'],
    ["DATABASE_URL=\"'postgres://u:s3cret@h/d'\"\n", "has quotes around it that are part of its text"],
  ])("a quote is told as one, and where it stands: %j", async (dotenv, expected) => {
    const described = describeConfig(await load({ dotenv }));
    expect(described.find(({ setting }) => setting === "database")).toEqual({
      setting: "database",
      value: `none: the database address ${expected}`,
      origin: ".env line 1",
    });
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

  it.each<[string, number, (n: number) => string]>([
    ["lines", 20_000, (n) => Array.from({ length: n }, (_, i) => `A${i}=x`).join("\n")],
    [
      "lines that are each put into the next",
      20_000,
      (n) => `A0=x\n${Array.from({ length: n }, (_, i) => `A${i + 1}=\${A${i}}`).join("\n")}`,
    ],
    ["variables without an end", 300_000, (n) => `A=${"${B:-".repeat(n)}`],
    ["names without an end", 300_000, (n) => `A=${"${B".repeat(n)}`],
    ["quotes without an end", 100_000, (n) => "A='\n\"\n`\n".repeat(n)],
    ["a value of a megabyte", 500_000, (n) => `A="${"\\n".repeat(n)}"`],
    ["white space", 1e6, (n) => `A=${" ".repeat(n)}#${" #".repeat(n)}`],
  ])("is read in linear time: %s", async (_, size, text) => {
    const read = (n: number) => load({ dotenv: `${text(n)}\nDATABASE_URL=postgres://u@h/d` });
    expect(await growth(read, size)).toBeLessThan(LINEAR);
  });

  it("puts 50,000 lines into each other", async () => {
    const dotenv = Array.from({ length: 50_000 }, (_, i) => `A${i + 1}=\${A${i}}`).join("\n");
    expect(await database({ dotenv: `A0=d\n${dotenv}\nDATABASE_URL=postgres://u@h/\${A50000}` })).toBe(
      "postgres://u@h:5432/d (.env line 50002)",
    );
  });

  it.each([
    [
      "lines",
      `A0=aaaaaaaa\n${Array.from({ length: 29 }, (_, i) => `A${i + 1}=\${A${i}}\${A${i}}\n`).join("")}DATABASE_URL=\${A29}`,
      ".env line 18",
    ],
    ["one line", `A=${"a".repeat(1e5)}\nDATABASE_URL=${"${A}".repeat(1e5)}`, ".env line 2"],
  ])("is refused where its variables explode: %s", async (_, dotenv, place) => {
    expect(await database({ dotenv })).toBe(
      `usage/long-variable: ${place} is longer than 1048576 characters after its variables are replaced`,
    );
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
      "usage/missing-variable: .env line 1 uses ${DATABASE_URL}, which is not set, or is empty",
    ],
    [
      "DATABASE_URL=postgres://${U}@h/d\nU=below",
      {},
      "usage/missing-variable: .env line 1 uses ${U}, which is not set, or is empty",
    ],
  ])("puts variables into %j", async (dotenv, env, expected) => {
    expect(await database({ dotenv, env })).toBe(expected);
  });
});

describe("the config file", () => {
  it("has defaults for everything", async () => {
    const config = await load({});
    expect([config.variables, config.secrets]).toEqual([{}, []]);
    // What may hold a password is not listed.
    expect({ ...config }).toEqual({
      unusedVariables: [],
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
      lint: { version: 1, error: [], warning: [], off: [] },
      ignore: [],
      environments: [],
      referenceRows: [],
      origins: expect.objectContaining({ directories: "default", "ledger.schema": "default" }),
    });
  });

  it("sets everything, with paths from its own folder", async () => {
    mkdirSync(path.join(cwd, "deploy"));
    const file = {
      $schema: "./node_modules/pgretort/migrate.config.schema.json",
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
      serverVersion: { number: 160004, text: "16.4", origin: "deploy/x.json line 1" },
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
    expect(config.replaced).toEqual({
      by: "flag --directory",
      directories: [path.join(cwd, "c")],
      origin: "migrate.config.json line 2",
    });
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
    [
      "nowhere",
      {},
      "usage/missing-variable: migrate.config.json line 2 uses ${U}, which is not set, or is empty",
    ],
  ])("puts variables into its database, from %s", async (_, given, expected) => {
    expect(await database({ ...given, file: { database: "postgres://${U}@h/${D:-d}" } })).toBe(expected);
  });

  it("says how a variable is set, where -x leaves it empty too", async () => {
    const file = { role: "${U}" };
    await expect(load({ flags: { x: ["U="] }, file })).rejects.toMatchObject({
      hint: "set U with flag -x, in the environment or in .env, or write a default: ${U:-value}",
    });
  });

  it.each<[string, Given, readonly string[]]>([
    ["used", { flags: { x: ["T=a"] }, file: { ledger: { schema: "${T}" } } }, []],
    [
      "in another environment",
      { flags: { x: ["T=a"] }, file: { environments: { e: { role: "${T:-x}" } } } },
      [],
    ],
    ["in a list", { flags: { x: ["T=a"] }, file: { directories: ["x", "${T}"] } }, []],
    [
      "written otherwise",
      { flags: { x: ["tenant=a", "B="] }, file: { role: "${TENANT:-x}" } },
      [
        "flag -x tenant has no effect: no setting in migrate.config.json has ${tenant}; did you mean TENANT?",
        "flag -x B has no effect: no setting in migrate.config.json has ${B}",
      ],
    ],
    ["in no file", { flags: { x: ["T=a"] } }, ["flag -x T has no effect: there is no config file"]],
  ])("warns of a variable that nothing uses: %s", async (_, given, warnings) => {
    const env = { DATABASE_URL: "postgres://u@h/d" };
    expect(requireDatabase(await load({ env, ...given })).warnings).toEqual(warnings);
  });

  it("puts variables into every text", async () => {
    const config = await load({
      flags: { x: ["tenant=acme"], env: "e" },
      env: { TIMEOUT: "3s" },
      dotenv: "FOLDER=sql",
      file: {
        directories: ["${FOLDER}/a", "b"],
        role: "${tenant}_owner",
        ledger: { schema: "${tenant}", owner: "dba" },
        session: { searchPath: ["$user", "${tenant}"], lockTimeout: "${TIMEOUT}", timeZone: "${ZONE:-UTC}" },
        fileName: "${tenant}_{number}_{slug}",
        templates: "${FOLDER}/t",
        environments: { e: { ledger: { owner: "${tenant}_dba" } }, other: { role: "${NONE}" } },
      },
    });
    expect(config).toMatchObject({
      directories: [path.join(cwd, "sql/a"), path.join(cwd, "b")],
      ledger: { schema: "acme", role: "acme_owner", owner: "acme_dba" },
      session: { searchPath: ["$user", "acme"], lockTimeout: "3s", timeZone: "UTC" },
      fileName: "acme_{number}_{slug}",
      templates: path.join(cwd, "sql/t"),
    });
    expect((await load({ flags: { directory: ["${FOLDER}"] }, file: {} })).directories).toEqual([
      path.join(cwd, "${FOLDER}"),
    ]);
  });

  it.each<[string, object, string]>([
    [
      "is missing",
      { role: "${NONE}" },
      "usage/missing-variable: migrate.config.json line 2 uses ${NONE}, which is not set, or is empty",
    ],
    [
      "makes a name too long",
      { ledger: { schema: "a${LONG}" } },
      'usage/config-value: "ledger.schema" must be a name of at most 63 bytes, with its variables replaced (from migrate.config.json line 3)',
    ],
    [
      "is no time",
      { session: { lockTimeout: "${LONG}" } },
      'usage/config-value: "session.lockTimeout" must be a time such as 5s, 1.5min or 500ms, with its variables replaced (from migrate.config.json line 3)',
    ],
    [
      "comes to nothing",
      { role: "${NONE:-}" },
      'usage/config-value: "role" must be a string that is not empty, with its variables replaced (from migrate.config.json line 2)',
    ],
    [
      "is none",
      { role: "${tenant-name}" },
      'usage/config-value: "role" must be a string in which each ${ starts a variable',
    ],
    [
      "is an address",
      { session: { searchPath: ["${ADDRESS}"] } },
      'usage/config-value: "session.searchPath" must be something other than the address of a database, with its variables replaced (from migrate.config.json line 3)',
    ],
    [
      "makes a list of one name",
      { session: { searchPath: ["${LIST}"] } },
      'usage/config-value: "session.searchPath" must be the name of one schema, without a comma, with its variables replaced (from migrate.config.json line 3)',
    ],
    [
      "does not end",
      { directories: ["${LONG"] },
      'usage/config-value: "directories" must be a list in which each item is a string in which each ${ starts a variable',
    ],
    [
      "is longer than a megabyte",
      { role: "${LONG}".repeat(20_000) },
      "usage/long-variable: migrate.config.json line 2 is longer than 1048576 characters after its variables are replaced",
    ],
  ])("refuses a variable that %s", async (_, file, expected) => {
    const error = await failure({
      env: { LONG: "é".repeat(63), LIST: "shop, public", ADDRESS: "host=h password=x" },
      file,
    });
    expect(`${error.code}: ${error.message}`).toBe(expected);
    // That would read the same file.
    expect(error.hint ?? "").not.toContain("migrate config");
    expect(error.location).toMatchObject({ path: "migrate.config.json" });
    expect(error.hint).toBeDefined();
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
        prod: { database: "${PROD_URL:-}" },
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
      [
        "one with an empty database is none, and no other is taken",
        { flags: { env: "prod" }, env: { DATABASE_URL: "postgres://u@env/d", PROD_URL: "" } },
        "usage/no-database: the database of environment prod is empty, with its variables replaced (from migrate.config.json line 18 (environment prod))",
      ],
    ])("%s", async (_, given, expected) => {
      expect(await database({ ...given, file })).toBe(expected);
    });

    it("says how an empty one is set", async () => {
      const { database } = await load({ flags: { env: "prod" }, file });
      const hint = "set PROD_URL with flag -x, in the environment or in .env, or write a default: an address";
      expect(database).toMatchObject({ hint, location: { line: 18 } });
    });

    it("is meant where its name is given as an address", async () => {
      const { database } = await load({ flags: { database: "staging" }, file });
      expect(database).toMatchObject({
        code: "usage/database-address",
        hint: "did you mean -n staging, the environment of migrate.config.json?",
      });
    });

    it("refuses a name that is not there", async () => {
      expect(await failure({ flags: { env: "stagin" }, file })).toMatchObject({
        code: "usage/no-environment",
        hint: "the environments are staging, bare, prod",
      });
      writeFileSync(path.join(cwd, "migrate.config.json"), '{"environments": {"staging": {}}}');
      expect(await failure({ flags: { env: "prod" } })).toMatchObject({
        hint: "the only environment is staging",
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
      expect.stringContaining("known keys here are database"),
    ],
    ['{"url": ""}', "1:2 usage/config-key", 'unknown key "url"', 'did you mean "database"?'],
    ['{"directory": ""}', "1:2 usage/config-key", 'unknown key "directory"', 'did you mean "directories"?'],
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
      "known keys here are schema, owner",
    ],
    [
      '{"lockTimeout": "3s"}',
      "1:2 usage/config-key",
      'unknown key "lockTimeout"',
      '"lockTimeout" belongs in "session"',
    ],
    [
      '{"environments": {"prod": {"session": {"role": "dba"}}}}',
      "1:40 usage/config-key",
      'unknown key "environments.prod.session.role"',
      '"role" belongs outside "environments.prod.session"',
    ],
    ['{"__proto__": {}}', "1:2 usage/config-key", 'unknown key "__proto__"', expect.anything()],
    [
      '{"role": "a", "role": "b"}',
      "1:15 usage/config-key",
      'the key "role" appears twice',
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
      'the key "environments.a" appears twice',
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
    ...["pg_catalog", "pg_toast", "information_schema"].map((name): [string, string, string, string] => [
      `{"ledger": {"schema": "${name}"}}`,
      "1:23 usage/config-value",
      `"ledger.schema" must be a schema of your own: information_schema, and names that begin with pg_, are PostgreSQL's`,
      'leave it out for "retort", or name another',
    ]),
    [
      '{"ledger": {"schema": "public"}}',
      "1:23 usage/config-value",
      '"ledger.schema" must be a schema for the ledger alone, which public is not',
      'leave it out for "retort", or name another',
    ],
    [
      '{"ledger": {"schema": "a.b"}}',
      "1:23 usage/config-value",
      '"ledger.schema" must be the name of a schema alone, without a dot',
      "leave out the database or the table",
    ],
    [
      '{"ledger": {"schema": "ops "}}',
      "1:23 usage/config-value",
      '"ledger.schema" must be a name without blanks at its ends',
      "leave them out",
    ],
    [
      '{"session": {"searchPath": ["public", "\\"ops\\""]}}',
      "1:39 usage/config-value",
      '"session.searchPath" must be a list in which each item is a name without quotes around it',
      "leave them out: SQL is written with the quotes that a name needs",
    ],
    [
      '{"role": "none"}',
      "1:10 usage/config-value",
      '"role" must be the name of a role, which none is not',
      'leave "role" out: migrations then run as the role that connects',
    ],
    [
      '{"lockWait": "5s"}',
      "1:14 usage/config-value",
      '"lockWait" must be a whole number of seconds, such as 300; or 0',
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
      '"directories" must be a list of strings, written in [ ]',
      undefined,
    ],
    [
      '{"directories": []}',
      "1:17 usage/config-value",
      '"directories" must be a list of at least one folder',
      undefined,
    ],
    [
      '{"directories": ["m", 1]}',
      "1:23 usage/config-value",
      '"directories" must be a list in which each item is a string in double quotes',
      'write "1"',
    ],
    [
      '{"serverVersion": 16.10}',
      "1:19 usage/config-value",
      '"serverVersion" must be a string in double quotes',
      'write "16.10"',
    ],
    [
      '{"session": {"lockTimeout": 5}}',
      "1:29 usage/config-value",
      '"session.lockTimeout" must be a string in double quotes',
      'write "5s", or "5ms"',
    ],
    ['{"role": null}', "1:10 usage/config-value", '"role" must be a string in double quotes', undefined],
    ['{"role": ""}', "1:10 usage/config-value", '"role" must be a string that is not empty', undefined],
    [
      '{"role": "a\\u0000b"}',
      "1:10 usage/config-value",
      '"role" must be a string without the NUL character',
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
      '"serverVersion" must be a PostgreSQL version from 12 to 99',
      'for example "16", or "16.4"',
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

  it.each<[string, number, (n: number) => unknown]>([
    ["a key of a megabyte", 1e6, (n) => ({ [`lockWait${"a".repeat(n)}`]: 1 })],
    ["a megabyte of values", 1e5, (n) => ({ directories: Array.from({ length: n }, () => 1) })],
    ["unknown keys", 2e4, (n) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`key${i}`, i]))],
    ["a long fileName", 3e5, (n) => ({ fileName: `{number}_${"a".repeat(n)}` })],
    ["placeholders in fileName", 75_000, (n) => ({ fileName: `{number}_${"{nr}".repeat(n)}` })],
  ])("is refused in linear time, in short sentences: %s", async (_, size, file) => {
    const refuse = async (n: number): Promise<void> => {
      const error = await failure({ file: JSON.stringify(file(n)) });
      const messages = error.diagnostics.map(({ message, hint = "" }) => message + hint).join("");
      expect(messages.length).toBeLessThan(50_000);
    };
    expect(await growth(refuse, size)).toBeLessThan(LINEAR);
  });

  it("may have 20,000 environments", async () => {
    const read = async (length: number): Promise<void> => {
      const environments = Object.fromEntries(Array.from({ length }, (_, i) => [`e${i}`, { lockWait: i }]));
      const last = length - 1;
      const config = await load({ flags: { env: `e${last}` }, file: JSON.stringify({ environments }) });
      expect(config.lockWait).toBe(last);
    };
    expect(await growth(read, 2e4)).toBeLessThan(LINEAR);
  });

  it("must exist when it is named", async () => {
    expect(await failure({ flags: { config: "no.json" } })).toMatchObject({
      code: "usage/config-file",
      message: "config file no.json does not exist",
    });
    expect((await failure({ flags: { config: "." } })).message).toContain("cannot read");
  });

  it("has the schema that is shipped (after a change of the table: vitest run test/io/config.test.ts -u)", async () => {
    // Lists of plain values on one line, as the formatter wants them.
    const text = JSON.stringify(settingsSchema(), null, 2).replace(/\[\s+([^[\]{}]*?)\s+\]/g, "[$1]");
    await expect(`${text}\n`).toMatchFileSnapshot("../../migrate.config.schema.json");
  });
});

describe.skipIf(process.platform === "win32")("a file that is none", () => {
  const fifo = (name: string): void => void execFileSync("mkfifo", [path.join(cwd, name)]);
  const zero = (name: string): void => symlinkSync("/dev/zero", path.join(cwd, name));

  it.each([
    ["a pipe", fifo],
    ["a link to a device without an end", zero],
    ["a folder", (name: string) => void mkdirSync(path.join(cwd, name))],
  ])("is not waited for: %s", async (_, make) => {
    for (const name of [".env", "migrate.config.json", "services", "root.crt", "passfile"]) make(name);
    const url = { DATABASE_URL: "postgres://u@h/d" };
    expect((await failure({ env: url })).message).toBe(
      "cannot read migrate.config.json: it is not a regular file",
    );
    rmSync(path.join(cwd, "migrate.config.json"), { recursive: true });
    expect((await failure({ env: url })).message).toBe("cannot read .env: it is not a regular file");
    rmSync(path.join(cwd, ".env"), { recursive: true });
    const inFolder = (name: string): string => path.join(cwd, name);
    expect(await database({ env: { PGSERVICE: "s", PGSERVICEFILE: inFolder("services") } })).toBe(
      `usage/service: cannot read ${inFolder("services")}: it is not a regular file`,
    );
    expect(await database({ env: { ...url, PGSSLROOTCERT: inFolder("root.crt") } })).toBe(
      `usage/tls-file: cannot read ${inFolder("root.crt")}: it is not a regular file`,
    );
    expect(
      requireDatabase(await load({ env: { ...url, PGPASSFILE: inFolder("passfile") } })).warnings,
    ).toEqual([`the password file ${inFolder("passfile")} is not a file and is ignored`]);
  });

  it("is no missing one where it is a link to none, as to a secret that was not mounted", async () => {
    for (const name of [".env", "migrate.config.json"]) {
      symlinkSync("/run/secrets/none", path.join(cwd, name));
      expect(await failure({ env: { DATABASE_URL: "postgres://u@h/d" } })).toMatchObject({
        code: "usage/config-file",
        message: `cannot read ${name}: its symbolic link is broken`,
        hint: "mend the symbolic link, or remove it",
      });
      rmSync(path.join(cwd, name));
    }
  });

  it("is an empty one where it is the null device", async () => {
    symlinkSync("/dev/null", path.join(cwd, ".env"));
    const config = await load({ env: { DATABASE_URL: "postgres://u@h/d", PGPASSFILE: "/dev/null" } });
    expect(requireDatabase(config).warnings).toEqual([]);
  });

  it("is not read to its end where it is far too large", async () => {
    writeFileSync(path.join(cwd, ".env"), "");
    truncateSync(path.join(cwd, ".env"), 2 ** 40);
    expect((await failure({})).message).toBe("cannot read .env: it is larger than 16 MB");
  });
});

it("the ledger's schema is not where migrations make what they name without one", async () => {
  const file = (searchPath: readonly string[]) => ({ ledger: { schema: "book" }, session: { searchPath } });
  expect(await failure({ file: file(["book", "public"]) })).toMatchObject({
    code: "usage/config-value",
    message: '"session.searchPath" begins with book, the schema of the ledger, which holds nothing else',
    location: { path: "migrate.config.json" },
  });
  expect((await load({ file: file(["public", "book"]) })).session.searchPath).toEqual(["public", "book"]);
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
    const env = { DATABASE_URL: "postgres://u@h/d", PGPASSWORD: password };
    const other = describeConfig(await load({ env }));
    const origin = "environment variable PGPASSWORD";
    expect(other).toContainEqual({ setting: "database.password", value: "***", origin });
    expect(JSON.stringify(other)).not.toMatch(/p@ss|p%40ss/);
  });

  it("shows the timeouts that the connection is given, which go before the defaults alone", async () => {
    const env = {
      DATABASE_URL: "postgres://u@h/d",
      PGOPTIONS: "-c lock_timeout=9s -cstatement_timeout=1min",
    };
    const timeouts = async (file: object) =>
      describeConfig(await load({ env, file })).filter(({ setting }) => setting.endsWith("Timeout"));
    const origin = "environment variable PGOPTIONS";
    expect(await timeouts({})).toEqual([
      { setting: "session.lockTimeout", value: "9s", origin },
      { setting: "session.statementTimeout", value: "1min", origin },
    ]);
    expect(await timeouts({ session: { lockTimeout: "3" } })).toEqual([
      {
        setting: "session.lockTimeout",
        value: "3ms",
        origin: expect.stringContaining("migrate.config.json"),
      },
      { setting: "session.statementTimeout", value: "1min", origin },
    ]);
  });

  it("shows what is filled in from elsewhere, and from where", async () => {
    const config = await load({ env: { PGPORT: "6" }, dotenv: "DATABASE_URL=postgres://u@h/d" });
    expect(describeConfig(config).slice(0, 3)).toEqual([
      { setting: "database", value: "postgres://u@h:6/d", origin: ".env line 1" },
      { setting: "database.port", value: 6, origin: "environment variable PGPORT" },
      { setting: "database.sslmode", value: "prefer", origin: "default" },
    ]);
  });

  it("says why there is no database", async () => {
    expect(describeConfig(await load({}))[0]).toEqual({
      setting: "database",
      value: "none: no database is configured",
      origin: "nowhere",
    });
  });
});
