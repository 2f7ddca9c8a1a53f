/** Database addresses as text → their parameters, or an error that repeats nothing of them. */
import { describe, expect, it } from "vitest";
import { isAddress, parseAddress } from "../../src/core/address.ts";
import type { MigrateError } from "../../src/core/errors.ts";

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
    ["postgres://u@a,b/d", { user: "u", host: "a,b", dbname: "d" }],
    ["postgres://u@a:1,b/d", { user: "u", host: "a,b", port: "1,", dbname: "d" }],
    [
      "postgres://[::1]:1,%2Ftmp:2/d?target_session_attrs=read-write",
      { host: "::1,/tmp", port: "1,2", dbname: "d", target_session_attrs: "read-write" },
    ],
    ["host=a,b port=1,2", { host: "a,b", port: "1,2" }],
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
    ["pgx5://u:hunter2@h/d", "begins with pgx5://, which is golang-migrate's name for postgres://"],
    ["hunter2", "is not in a known format"],
    ["postgres://h/d?search_path=hunter2", 'unknown parameter "search_path"'],
    ["pglite:", "names no folder"],
    ["postgres://u:hunter2/d", "a port that is not a number"],
    ["postgres://u:12/hunter2@h/d", "has an @ after a /"],
    ["postgres://u:12/x?hunter2=1@h/d", "has an @ after a /"],
    ["postgres://u:hunter2%zz@h/d", "a % that is not followed by"],
    ["postgres://u:hunter2%00@h/d", "a % that is not followed by"],
    ["postgres://u:hunter2@a,b:c/d", "a port that is not a number"],
    ["postgres://u:hunter2@a,b/d?load_balance_hosts=random", '"load_balance_hosts" has a value'],
    ["postgres://u:hunter2@h/d?sslmod=require", 'unknown parameter "sslmod"'],
    ["postgres://u:hunter2@h/d?__proto__=1", 'unknown parameter "__proto__"'],
    ["postgres://u:hunter2@h/d?hostaddr=1.2.3.4", '"hostaddr" is not supported'],
    ["postgres://u:hunter2@h/d?target_session_attrs=master", '"target_session_attrs" has a value'],
    ["postgres://u:hunter2@h/d?foo", "a query parameter without ="],
    ["password=hunter2 host='h", "not a list of key=value"],
    ["Host=h;Database=d;Username=u;Password=hunter2", "has ; between its parameters"],
    ["host=h;Initial Catalog=d;User Id=u;Pwd=hunter2;", "has ; between its parameters"],
    ["jdbc:postgresql://h/d?user=u&password=hunter2", "begins with jdbc:, which is Java's form"],
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

  it.each([
    ["$DATABASE_URL", "address is $DATABASE_URL", "in the config file its value is ${DATABASE_URL}"],
    ["${DATABASE_URL}", "address is ${DATABASE_URL}", "in the config file its value is ${DATABASE_URL}"],
    ["$(DATABASE_URL)", "address is $(DATABASE_URL)", "Kubernetes replaces $(DATABASE_URL) only where "],
    ["postgres://u:p@h:$(DB_PORT)/x", "port is $(DB_PORT)", "replaces $(DB_PORT) only"],
  ])("tells %s that is still the name", (text, what, hint) => {
    expect(() => parseAddress(text, "a test")).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(`${what}, which was not replaced by its value (from a test)`),
        hint: expect.stringContaining(hint),
      }),
    );
  });

  it.each(["DATABASE_URL=postgres://u:p@h/d", 'export DATABASE_URL="postgresql://u:p@h/d"'])(
    "tells %s whose value begins with the name",
    (text) => {
      expect(() => parseAddress(text, "a test")).toThrow(
        expect.objectContaining({
          message: "the database address begins with DATABASE_URL=, the name of a variable (from a test)",
          hint: "leave that out: the value is what follows it",
        }),
      );
    },
  );

  it("takes the password that is an address for one", () => {
    expect(parseAddress("password=postgres://x", "a test")).toMatchObject({
      parameters: { password: "postgres://x" },
    });
  });

  it.each([true, false])("names the embedded database where there is one: %s", (hasEmbedded) => {
    const hint = hasEmbedded ? expect.stringContaining("pglite:") : expect.not.stringContaining("pglite:");
    expect(() => parseAddress("hunter2", "a test", hasEmbedded)).toThrow(expect.objectContaining({ hint }));
  });

  it.each([
    [
      "search_path=measure",
      "remove it, and set session.searchPath in the config file; or write options=-csearch_path%3Dmeasure",
    ],
    [
      "statement_timeout=60000",
      "remove it, and set session.statementTimeout in the config file; or write options=-cstatement_timeout%3D…",
    ],
    [
      "x-migrations-table=foo",
      "remove it, and name golang-migrate's table once, when its state is taken over: migrate adopt FOLDER --from-database --table TABLE",
    ],
    ["x-multi-statement=true", "it is golang-migrate's: remove it"],
    [
      "schema=public",
      "remove it, and set session.searchPath in the config file; or write options=-csearch_path%3Dpublic",
    ],
    ["pgbouncer=true", "it is Prisma's: remove it"],
    ["connection_limit=1", "it is Prisma's: remove it"],
  ])("says where %s of another tool's address belongs", (parameter, hint) => {
    expect(() => parseAddress(`postgres://h/d?${parameter}`, "a test")).toThrow(
      expect.objectContaining({ hint }),
    );
  });

  it("writes options as the form of the address has them", () => {
    expect(() => parseAddress("dbname=d search_path=shop", "a test")).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/ options=-csearch_path=shop$/) }),
    );
  });

  it.each([
    [
      "target_session_attrs=read_write",
      "the values that are supported are any, read-write, read-only, primary, standby, prefer-standby",
    ],
    ["load_balance_hosts=random", "remove it, or give it the value disable"],
    ["sslcrl=x", "remove it"],
  ])("says what is supported instead of %s", (parameter, hint) => {
    for (const address of [`host=h ${parameter}`, `postgres://h/d?${parameter}`])
      expect(() => parseAddress(address, "a test")).toThrow(expect.objectContaining({ hint }));
  });

  it("suggests the parameter that was meant", () => {
    expect(() => parseAddress("postgres://h/d?sslmod=require", "a test")).toThrow(
      expect.objectContaining({ hint: 'did you mean "sslmode"?' }),
    );
  });
});

describe("isAddress", () => {
  it.each([
    ["postgres://h/d", true],
    [" postgresql+psycopg://h/d", true],
    ["host=x password=abc dbname=shop", true],
    ["password = 'a b' user=x", true],
    ["user=account", false],
    ["shop", false],
    ["host=x is for tests", false],
    ["a=1 b=2", false],
  ])("%s: %s", (text, is) => expect(isAddress(text)).toBe(is));
});
