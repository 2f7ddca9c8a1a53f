/** What an address leaves open, with variables around it → what is connected to, and what is shown. */
import { beforeEach, describe, expect, it } from "vitest";
import { parseAddress } from "../../../src/core/address.ts";
import { resolveAddress, secretsOf, serversOf } from "../../../src/io/libpq/parameters.ts";
import { type Home, makeHome } from "../../support/home.ts";

let home: Home;
beforeEach(() => {
  home = makeHome();
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
    expect(await home.resolve(text, env)).toMatchObject(expected);
  });

  it.each([
    ["postgres://u@a,b/d", {}, ["a:5432", "b:5432"], "u@a:5432,b:5432/d"],
    ["postgres://u@a,b/d", { PGPORT: "6" }, ["a:6", "b:6"], "u@a:6,b:6/d"],
    ["postgres://u@a:1,b/d", { PGPORT: "6" }, ["a:1", "b:5432"], "u@a:1,b:5432/d"],
    ["postgres://u@/d", { PGHOST: "a,b", PGPORT: "1,2" }, ["a:1", "b:2"], "u@a:1,b:2/d"],
    [
      "host=/tmp,,::1 port=1 user=u dbname=d",
      {},
      ["/tmp:1", "localhost:1", "::1:1"],
      "u@%2Ftmp:1,localhost:1,[::1]:1/d",
    ],
  ])("%s with %o names several servers, in order", async (text, env, places, display) => {
    const address = await home.resolve(text, env);
    expect(serversOf(address).map(({ host, port }) => `${host}:${port}`)).toEqual(places);
    expect(address.display).toBe(`postgres://${display}`);
  });

  it.each([
    ["postgres://ann@h", {}],
    ["postgres://ann@h/", { PGDATABASE: "" }],
  ])("%s with %o: the database of the user's name is used, and said", async (text, env) => {
    expect(await home.resolve(text, env)).toMatchObject({
      database: "ann",
      warnings: ["no database is named, so the one with the name of the user is used: ann"],
    });
    expect((await home.resolve(text, { PGDATABASE: "shop" })).warnings).toEqual([]);
  });

  it("gives each server its own password and TLS", async () => {
    home.write(".pgpass", "b:*:*:*:hunter22\n/tmp:*:*:*:hunter33\n");
    const address = await home.resolve(
      "postgres://u@a,b,%2Ftmp2/d?target_session_attrs=Read-Write&sslmode=require",
    );
    expect(address).toMatchObject({
      target: "read-write",
      display: "postgres://u:***@a:5432,b:5432,%2Ftmp2:5432/d",
    });
    expect(
      serversOf({ ...address, database: "other" }).map(({ password, ssl, database }) => [
        password,
        ssl === false ? "none" : ssl.mode,
        database,
      ]),
    ).toEqual([
      [undefined, "require", "other"],
      ["hunter22", "require", "other"],
      [undefined, "none", "other"],
    ]);
    expect(secretsOf(address)).toEqual(["hunter22"]);
  });

  it("waits for ever with connect_timeout=0", async () => {
    expect(
      await home.resolve("postgres://u@h/d?connect_timeout=0", { PGCONNECT_TIMEOUT: "7" }),
    ).not.toHaveProperty("connectTimeout");
  });

  it.each([
    ["postgres://h", { PGPORT: "0" }, "not a number from 1 to 65535 (from environment variable PGPORT)"],
    ["postgres://h:65536", {}, "not a number from 1 to 65535 (from a test)"],
    ["postgres://a:1,b:0/d", {}, "not a number from 1 to 65535 (from a test)"],
    [
      "postgres:///d",
      { PGPORT: "1,2" },
      "ports, 2, is not that of its hosts, 1 (from environment variable PGPORT)",
    ],
    [
      "postgres://a,b,c/d",
      { PGPORT: "1,2" },
      "ports, 2, is not that of its hosts, 3 (from environment variable PGPORT)",
    ],
    [
      "postgres://h/d",
      { PGTARGETSESSIONATTRS: "master" },
      '"target_session_attrs" has a value that is not supported (from environment variable PGTARGETSESSIONATTRS)',
    ],
    ["postgres://h", { PGSSLMODE: "on" }, "sslmode must be one of disable, allow"],
    [
      "postgres:///d",
      { PGHOST: "127.0.0.1:5433" },
      "host of the database ends with a port (from environment",
    ],
    ["postgres://h?connect_timeout=soon", {}, "connect_timeout is not a number of seconds"],
    ["postgres://h", { PGSSLCRL: "/x" }, '"sslcrl" is not supported (from environment variable PGSSLCRL)'],
    ["postgres://h", { PGREQUIREPEER: "x" }, '"requirepeer" is not supported'],
    ["postgres://h", { PGSSLCERTMODE: "require" }, '"sslcertmode" has a value that is not supported'],
    [
      "postgres://h",
      { PGSSLMINPROTOCOLVERSION: "1.3" },
      '"ssl_min_protocol_version" has a value that is not supported',
    ],
  ])("refuses %s with %o", async (text, env, message) => {
    expect((await home.failure(text, env)).message).toContain(message);
  });

  it.each([
    ["no-verify", "did you mean sslmode=require?"],
    ["false", "did you mean sslmode=disable?"],
    ["disabled", "did you mean sslmode=disable?"],
    ["on", "for example: sslmode=verify-full"],
  ])("proposes for sslmode=%s what is meant, where it is written", async (mode, hint) => {
    expect(await home.failure(`postgres://h?sslmode=${mode}`)).toMatchObject({ hint });
    expect(await home.failure("postgres://h", { PGSSLMODE: mode })).toMatchObject({
      hint: hint.replace("sslmode", "PGSSLMODE"),
    });
  });

  it.each<[string, Record<string, string>, object]>([
    ["postgres://h?sslmode=require", { PGHOST: "x" }, {}],
    ["postgres://u@h", { PGSSLMODE: "require" }, { sslmode: "PGSSLMODE" }],
    ["postgres://u@h", { PGREQUIRESSL: "1" }, { sslmode: "PGSSLMODE", requiressl: "PGREQUIRESSL" }],
  ])("%s with %o is written as %o", async (text, env, variables) => {
    expect((await home.resolve(text, env)).variables).toEqual(variables);
  });

  it("is written in variables where there is no address", async () => {
    const surroundings = {
      variable: (name: string) => (name === "PGHOST" ? { value: "h", origin: "x" } : undefined),
      cwd: "/",
    };
    expect(await resolveAddress({ kind: "server", parameters: {} }, "x", "/", surroundings)).toMatchObject({
      variables: { host: "PGHOST", sslmode: "PGSSLMODE" },
    });
  });

  it("resolves a folder of the embedded database from its base", async () => {
    const surroundings = { variable: () => undefined, cwd: "/elsewhere" };
    expect(await resolveAddress(parseAddress("pglite:./d", "x"), "x", "/base", surroundings)).toEqual({
      kind: "pglite",
      folder: "/base/d",
      display: "pglite:./d",
      origin: "x",
      warnings: [],
    });
  });
});
