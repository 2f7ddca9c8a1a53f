/** Database addresses as text, with files and variables around them → what is connected to, and what is shown. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseAddress } from "../../src/core/address.ts";
import { MigrateError } from "../../src/core/errors.ts";
import { redact, redactAll } from "../../src/core/redact.ts";
import {
  connectAsMode,
  resolveAddress,
  type ServerAddress,
  secretsOf,
  tlsOptions,
} from "../../src/io/connection.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "retort-connection-"));
});
afterEach(() => rmSync(home, { recursive: true }));

function write(name: string, text: string, mode = 0o600): string {
  const file = path.join(home, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

async function resolve(text: string, env: Record<string, string> = {}): Promise<ServerAddress> {
  const variables: Record<string, string> = { HOME: home, ...env };
  const address = await resolveAddress(parseAddress(text, "a test"), "a test", home, {
    variable: (name) => {
      const value = variables[name];
      return value === undefined ? undefined : { value, origin: `environment variable ${name}` };
    },
    cwd: home,
  });
  if (address.kind !== "server") throw new Error("a server was expected");
  return address;
}

async function failure(text: string, env: Record<string, string> = {}): Promise<MigrateError> {
  const error: unknown = await resolve(text, env).catch((thrown: unknown) => thrown);
  if (!(error instanceof MigrateError))
    throw new Error(`a MigrateError was expected, not ${JSON.stringify(error)}`);
  return error;
}

const nasty = ["p@ss:w/rd%?#", "пароль ☃ é😀", `q"u'o\\te`, "$HOME &=+", "***", "a.*(b)[c]{d}|^$"];

describe("parseAddress", () => {
  // Each answer, but for the last three lines, is what libpq's PQconninfoParse gives.
  it.each([
    [
      "postgres://u:p%40@h:5433/db?sslmode=require",
      { user: "u", password: "p@", host: "h", port: "5433", dbname: "db", sslmode: "require" },
    ],
    ["postgres:///db?host=/var/run", { dbname: "db", host: "/var/run" }],
    ["postgres://u@/db", { user: "u", dbname: "db" }],
    ["postgres://%2Ftmp/db", { host: "/tmp", dbname: "db" }],
    ["postgres://[::1]:5/db", { host: "::1", port: "5", dbname: "db" }],
    [
      "postgres://u:p@h/db?ssl=true",
      { user: "u", password: "p", host: "h", dbname: "db", sslmode: "require" },
    ],
    ["postgres://h/a/b", { host: "h", dbname: "a/b" }],
    ["postgres://h?application_name=a+b", { host: "h", application_name: "a+b" }],
    ["postgres://h:/d", { host: "h", dbname: "d" }],
    ["postgres://u:p#@h/d", { user: "u", password: "p#", host: "h", dbname: "d" }],
    ["postgres://u:1?a=2@h/d", { user: "u", password: "1?a=2", host: "h", dbname: "d" }],
    ["postgres://u:é@h", { user: "u", password: "é", host: "h" }],
    ["postgres://h?host=k&dbname=q", { host: "k", dbname: "q" }],
    ["host=h password='a b' dbname=x", { host: "h", password: "a b", dbname: "x" }],
    ["host = h password=a\\'b", { host: "h", password: "a'b" }],
    ["host='' user='it\\'s \\\\' port=1", { user: "it's \\", port: "1" }],
    [
      "postgresql+psycopg://u:p@h/d?uselibpqcompat=true",
      { user: "u", password: "p", host: "h", dbname: "d" },
    ],
    [
      "postgresql+asyncpg://u@h/d?ssl=verify-full",
      { user: "u", host: "h", dbname: "d", sslmode: "verify-full" },
    ],
    ["postgres+pg8000://u:p@ss:w@h/d", { user: "u", password: "p@ss:w", host: "h", dbname: "d" }],
  ])("%s", (text, parameters) => {
    expect(parseAddress(text, "a test")).toEqual({ kind: "server", parameters });
  });

  it.each([
    ["pglite:memory", "memory"],
    ["pglite://memory", "memory"],
    ["pglite:./data", "./data"],
    ["pglite:///var/data", "/var/data"],
  ])("%s", (text, folder) => {
    expect(parseAddress(text, "a test")).toEqual({ kind: "pglite", folder });
  });

  it.each([
    ["mysql://u:hunter2@h/d", "begins with mysql://, which is not PostgreSQL"],
    ["hunter2", "has no known form"],
    ["pglite:", "names no folder"],
    ["postgres://u:hunter2/d", "a port that is not a number"],
    ["postgres://u:12/hunter2@h/d", "a / in the password must be encoded"],
    ["postgres://u:12/x?hunter2=1@h/d", "a / in the password must be encoded"],
    ["postgres://u:hunter2%zz@h/d", "a % that is not followed by"],
    ["postgres://u:hunter2%00@h/d", "a % that is not followed by"],
    ["postgres://u:hunter2@a,b/d", "names several hosts"],
    ["postgres://u:hunter2@a:1,b:2/d", "names several hosts"],
    ["postgres://u:hunter2@h/d?sslmod=require", 'unknown parameter "sslmod"'],
    ["postgres://u:hunter2@h/d?__proto__=1", 'unknown parameter "__proto__"'],
    ["postgres://u:hunter2@h/d?hostaddr=1.2.3.4", '"hostaddr" is not supported'],
    ["postgres://u:hunter2@h/d?target_session_attrs=read-write", '"target_session_attrs" has a value'],
    ["postgres://u:hunter2@h/d?foo", "a query parameter without ="],
    ["password=hunter2 host='h", "not a list of key=value"],
    ["password=hunter2 foo=1", 'unknown parameter "foo"'],
  ])("refuses %s without repeating it", (text, message) => {
    try {
      parseAddress(text, "flag --database");
    } catch (error) {
      expect(error).toMatchObject({
        code: "usage/database-address",
        message: expect.stringContaining(message),
      });
      expect((error as MigrateError).message).toContain("(from flag --database)");
      expect(
        JSON.stringify([error, (error as MigrateError).message, String((error as MigrateError).cause)]),
      ).not.toContain("hunter2");
      expect((error as MigrateError).stack).not.toContain("hunter2");
      return;
    }
    throw new Error("nothing was thrown");
  });

  it("suggests the parameter that was meant", async () => {
    expect((await failure("postgres://h/d?sslmod=require")).hint).toBe('did you mean "sslmode"?');
  });
});

describe("what libpq would fill in", () => {
  it.each([
    ["postgres://h", {}, { host: "h", port: 5432, database: expect.any(String) }],
    ["postgres://u@h", {}, { user: "u", database: "u", display: "postgres://u@h:5432/u" }],
    [
      "postgres://u@h/d",
      { PGPASSWORD: "s", PGPORT: "5433", PGHOST: "other" },
      { host: "h", port: 5433, password: "s", display: "postgres://u:***@h:5433/d" },
    ],
    ["postgres://u@/d", {}, { host: "localhost" }],
    [
      "postgres://u:s@/d?host=/tmp&port=5433",
      {},
      { host: "/tmp", ssl: false, display: "postgres://u:***@/d?host=/tmp&port=5433" },
    ],
    [
      "postgres://a%40b:s@[::1]/d%2F1",
      {},
      { user: "a@b", host: "::1", database: "d/1", display: "postgres://a%40b:***@[::1]:5432/d%2F1" },
    ],
    [
      "postgres://u@h/d",
      { PGAPPNAME: "ci", PGOPTIONS: "-c x=y", PGCONNECT_TIMEOUT: "7" },
      { applicationName: "ci", options: "-c x=y", connectTimeout: 7 },
    ],
    ["postgres://u@h/d?connect_timeout=0", { PGCONNECT_TIMEOUT: "7" }, { host: "h" }],
    ["postgres://u@h/d?channel_binding=require", {}, { channelBinding: "require" }],
  ])("%s with %o", async (text, env, expected) => {
    expect(await resolve(text, env)).toMatchObject(expected);
  });

  it("waits for ever with connect_timeout=0", async () => {
    expect(
      await resolve("postgres://u@h/d?connect_timeout=0", { PGCONNECT_TIMEOUT: "7" }),
    ).not.toHaveProperty("connectTimeout");
  });

  it.each([
    ["postgres://h", { PGPORT: "0" }, "not a number from 1 to 65535 (from environment variable PGPORT)"],
    ["postgres://h:65536", {}, "not a number from 1 to 65535 (from a test)"],
    ["postgres:///d", { PGHOST: "a,b" }, "several hosts (from environment variable PGHOST)"],
    ["postgres:///d", { PGPORT: "1,2" }, "several hosts (from environment variable PGPORT)"],
    ["postgres://h", { PGSSLMODE: "on" }, "sslmode is none of disable, allow"],
    ["postgres://h?connect_timeout=soon", {}, "connect_timeout is not a number of seconds"],
    ["postgres://h", { PGSSLCRL: "/x" }, '"sslcrl" is not supported (from environment variable PGSSLCRL)'],
  ])("refuses %s with %o", async (text, env, message) => {
    expect((await failure(text, env)).message).toContain(message);
  });

  it("resolves a folder of the embedded database from its base", async () => {
    const surroundings = { variable: () => undefined, cwd: "/elsewhere" };
    expect(await resolveAddress(parseAddress("pglite:./d", "x"), "x", "/base", surroundings)).toEqual({
      kind: "pglite",
      folder: "/base/d",
      display: "pglite:./d",
      origin: "x",
    });
  });
});

describe("password files", () => {
  const lines = [
    "# a comment: not a line",
    "db.example.com:5432:shop:ann:exact",
    "db.example.com:*:*:bob:any\\:port\\\\",
    "localhost:*:*:sock:by-socket",
    "\\:\\:1:5432:*:*:six",
    "*:*:*:eve:",
    "*:*:*:zoe:raw:colon",
    "too:few",
  ].join("\r\n");

  it.each([
    ["postgres://ann@db.example.com/shop", "exact"],
    ["postgres://ann@db.example.com:5433/shop", undefined],
    ["postgres://ann@db.example.com/other", undefined],
    ["postgres://bob@db.example.com:1/x", "any:port\\"],
    ["postgres://sock@/x?host=/var/run/postgresql", "by-socket"],
    ["postgres://sock@/x?host=/srv/pg", undefined],
    ["postgres://who@[::1]/x", "six"],
    ["postgres://eve@h/x", undefined],
    ["postgres://zoe@h/x", "raw:colon"],
    ["postgres://ann:given@db.example.com/shop", "given"],
  ])("%s → %s", async (text, password) => {
    write(".pgpass", lines);
    expect((await resolve(text)).password).toBe(password);
    expect((await resolve(text)).warnings).toEqual([]);
  });

  it("is the one named by PGPASSFILE, and PGPASSWORD goes before it", async () => {
    const file = write("elsewhere", "*:*:*:*:filed");
    expect((await resolve("postgres://u@h", { PGPASSFILE: file })).password).toBe("filed");
    expect((await resolve("postgres://u@h?passfile=elsewhere")).password).toBe("filed");
    expect((await resolve("postgres://u@h", { PGPASSFILE: file, PGPASSWORD: "p" })).password).toBe("p");
  });

  it("is ignored with a warning when others can read it, or when it is not there", async () => {
    const file = write(".pgpass", "*:*:*:*:filed", 0o640);
    const address = await resolve("postgres://u@h");
    expect(address).not.toHaveProperty("password");
    expect(address.warnings).toEqual([
      `the password file ${file} can be read by others and is ignored; type: chmod 600 ${file}`,
    ]);
    expect((await resolve("postgres://u@h", { PGPASSFILE: "none" })).warnings[0]).toContain("does not exist");
    expect((await resolve("postgres://u@h", { PGPASSFILE: home })).warnings[0]).toContain("is not a file");
    expect((await resolve("postgres://u@h", { PGPASSFILE: "/dev/null" })).warnings).toEqual([]);
  });
});

describe("service files", () => {
  const services =
    "# services\nhost=stray\n[shop]\nhost=s.example.com\n port=6000\nuser=svc\npassword=a=b c\n\n[other]\nhost=o\n[shop]\nhost=late\n";

  it("fill in what the address leaves open, before the variables do", async () => {
    write(".pg_service.conf", services);
    const expected = { host: "s.example.com", port: 6000, user: "svc", password: "a=b c", database: "d" };
    const env = { PGSERVICE: "shop", PGHOST: "env", PGDATABASE: "d" };
    expect(await resolve("postgres://", env)).toMatchObject(expected);
    expect(await resolve("postgres://mine?service=shop", env)).toMatchObject({ ...expected, host: "mine" });
    expect(await resolve("service=other", env)).toMatchObject({ host: "o" });
  });

  it("are found by PGSERVICEFILE and PGSYSCONFDIR", async () => {
    write("etc/pg_service.conf", "[a]\nhost=system");
    write("mine.conf", "[a]\nhost=mine");
    expect(await resolve("service=a", { PGSYSCONFDIR: path.join(home, "etc") })).toMatchObject({
      host: "system",
    });
    expect(await resolve("service=a", { PGSERVICEFILE: "mine.conf" })).toMatchObject({ host: "mine" });
  });

  it.each([
    ["[a]\nhost=h\nhunter2\n", "not key=value", { line: 3, column: 1 }],
    ["[a]\nservice=b\n", "cannot name another service", { line: 2, column: 1 }],
    ["[a]\nhots=h\n", 'unknown parameter "hots"', undefined],
    ["[b]\nhost=h\n", 'there is no service "a"', undefined],
  ])("refuse %j", async (text, message, location) => {
    write(".pg_service.conf", text);
    const error = await failure("service=a");
    expect(error.message).toContain(message);
    if (location !== undefined) expect(error.location).toMatchObject(location);
  });
});

describe("TLS", () => {
  const table: readonly [string, { ca: boolean }, object | false][] = [
    ["disable", { ca: true }, false],
    ["allow", { ca: false }, { mode: "allow", rejectUnauthorized: false, checkHost: false }],
    ["prefer", { ca: false }, { mode: "prefer", rejectUnauthorized: false, checkHost: false }],
    ["require", { ca: false }, { mode: "require", rejectUnauthorized: false, checkHost: false }],
    ["require", { ca: true }, { mode: "require", rejectUnauthorized: true, checkHost: false, ca: "CA" }],
    ["verify-ca", { ca: true }, { mode: "verify-ca", rejectUnauthorized: true, checkHost: false, ca: "CA" }],
    [
      "verify-full",
      { ca: true },
      { mode: "verify-full", rejectUnauthorized: true, checkHost: true, ca: "CA" },
    ],
  ];
  it.each(table)("sslmode=%s with %o", async (mode, { ca }, expected) => {
    if (ca) write(".postgresql/root.crt", "CA");
    expect((await resolve(`postgres://u@h?sslmode=${mode}`)).ssl).toEqual(expected);
    expect((await resolve("postgres://u@h", { PGSSLMODE: mode })).ssl).toEqual(expected);
  });

  it("prefers TLS by default, and knows the system's authorities", async () => {
    expect((await resolve("postgres://u@h")).ssl).toMatchObject({ mode: "prefer" });
    const system = await resolve("postgres://u@h?sslrootcert=system");
    expect(system.ssl).toEqual({ mode: "verify-full", rejectUnauthorized: true, checkHost: true });
    expect((await failure("postgres://u@h?sslrootcert=system&sslmode=require")).hint).toBe(
      "write sslmode=verify-full",
    );
  });

  it("never verifies less than was asked because a file is missing", async () => {
    expect((await failure("postgres://u@h?sslmode=verify-full")).code).toBe("usage/tls-file");
    expect((await failure("postgres://u@h?sslmode=require&sslrootcert=none.crt")).message).toContain(
      "none.crt does not exist",
    );
    expect((await failure("postgres://u@h?sslcert=none.crt")).message).toContain("none.crt does not exist");
  });

  it("sends a client certificate, whose key nobody else may read", async () => {
    write("c.crt", "CERT");
    const key = write("c.key", "KEY");
    const text = "postgres://u@h?sslcert=c.crt&sslkey=c.key&sslpassword=hush";
    const address = await resolve(text);
    expect(tlsOptions(address)).toMatchObject({
      cert: "CERT",
      key: "KEY",
      passphrase: "hush",
      rejectUnauthorized: false,
    });
    expect(secretsOf(address)).toEqual(["hush"]);
    expect((await failure("postgres://u@h?sslcert=c.crt")).message).toContain(
      "postgresql.key does not exist",
    );
    chmodSync(key, 0o644);
    expect((await failure(text)).message).toContain("can be read by others");
  });

  it("checks the host's name only with verify-full", async () => {
    write(".postgresql/root.crt", "CA");
    expect(tlsOptions(await resolve("postgres://u@h?sslmode=verify-full"))).toEqual({
      rejectUnauthorized: true,
      ca: "CA",
    });
    expect(tlsOptions(await resolve("postgres://u@h?sslmode=verify-ca"))).toHaveProperty(
      "checkServerIdentity",
    );
  });

  const noTls = new Error("The server does not support SSL connections");
  const failures = {
    noTls,
    hba: Object.assign(new Error("no pg_hba.conf entry"), { code: "28000" }),
    password: Object.assign(new Error("password authentication failed"), { code: "28P01" }),
    refused: Object.assign(new Error("refused"), { code: "ECONNREFUSED", syscall: "connect" }),
  };
  it.each([
    ["disable", failures.hba, ["plain"]],
    ["allow", failures.hba, ["plain", "tls"]],
    ["prefer", failures.noTls, ["tls", "plain"]],
    ["prefer", failures.hba, ["tls", "plain"]],
    ["prefer", failures.password, ["tls"]],
    ["prefer", failures.refused, ["tls"]],
    ["require", failures.noTls, ["tls"]],
  ])("sslmode=%s and a server that says %s", async (mode, error, attempts) => {
    const seen: string[] = [];
    const connecting = connectAsMode(await resolve(`postgres://u@h?sslmode=${mode}`), async (ssl) => {
      seen.push(ssl === false ? "plain" : "tls");
      throw error;
    });
    await expect(connecting).rejects.toBe(error);
    expect(seen).toEqual(attempts);
  });
});

describe("redact", () => {
  it.each(nasty)("hides the password %s however it is written", async (password) => {
    const encoded = encodeURIComponent(password);
    const address = await resolve(`postgres://u:${encoded}@h/d`);
    expect(address.password).toBe(password);
    expect(address.display).toBe("postgres://u:***@h:5432/d");
    const secrets = secretsOf(address);
    const everyByte = [...new TextEncoder().encode(password)]
      .map((b) => `%${b.toString(16).padStart(2, "0")}`)
      .join("");
    for (const form of [
      password,
      encoded,
      everyByte,
      encoded.replace(/%../g, (hex) => hex.toLowerCase()),
      JSON.stringify(password).slice(1, -1),
    ]) {
      expect(redact(`auth with <${form}> failed`, secrets)).toBe("auth with <***> failed");
      expect(redact(`could not use postgres://u:${form}@h/d`, secrets)).toBe(
        "could not use postgres://u:***@h/d",
      );
    }
  });

  it.each([
    [
      "see postgres://u:s3cret@h/d, then https://x.org/a:b",
      "see postgres://u:***@h/d, then https://x.org/a:b",
    ],
    ["postgresql+asyncpg://u:p@ss:w/rd?#@h/d", "postgresql+asyncpg://u:***@h/d"],
    ['{"a":"postgres://u:p@h","b":"x@y"}', '{"a":"postgres://u:***@h","b":"x@y"}'],
    ["host=h password='a b' user=u", "host=h password=*** user=u"],
    ["postgres://h/d?password=abc&user=u", "postgres://h/d?password=***&user=u"],
    ["PGPASSWORD=abc migrate", "PGPASSWORD=*** migrate"],
    ["postgres://u@h:5432/d", "postgres://u@h:5432/d"],
    // Our own examples; nothing else has that right.
    ["say postgres://USER:PASSWORD@h:5432/d or", "say postgres://USER:PASSWORD@h:5432/d or"],
    ["postgres://u:PASSWORD@x@h/d", "postgres://u:***@h/d"],
    ["POSTGRES://u:password@h/d", "POSTGRES://u:***@h/d"],
    ["UPDATE users SET password = 'x' WHERE id = 1", "UPDATE users SET password = 'x' WHERE id = 1"],
  ])("%s, of which nothing is known", (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it("leaves words alone that only contain a short password, and names that are no secret", async () => {
    expect(redact("application app app_name 'app'", ["app"])).toBe("application *** app_name '***'");
    expect(secretsOf(await resolve("postgres://postgres:postgres@h/d"))).toEqual([]);
  });

  it("reaches into values", () => {
    const value = { a: ["x hunter22 y", 1, null], b: { c: true, d: "hunter22" } };
    expect(redactAll(value, ["hunter22"])).toEqual({ a: ["x *** y", 1, null], b: { c: true, d: "***" } });
  });
});
