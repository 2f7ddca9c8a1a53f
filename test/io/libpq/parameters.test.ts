/** What an address leaves open, with variables around it → what is connected to, and what is shown. */
import { beforeEach, describe, expect, it } from "vitest";
import { parseAddress } from "../../../src/core/address.ts";
import { resolveAddress } from "../../../src/io/libpq/parameters.ts";
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

  it("waits for ever with connect_timeout=0", async () => {
    expect(
      await home.resolve("postgres://u@h/d?connect_timeout=0", { PGCONNECT_TIMEOUT: "7" }),
    ).not.toHaveProperty("connectTimeout");
  });

  it.each([
    ["postgres://h", { PGPORT: "0" }, "not a number from 1 to 65535 (from environment variable PGPORT)"],
    ["postgres://h:65536", {}, "not a number from 1 to 65535 (from a test)"],
    ["postgres:///d", { PGHOST: "a,b" }, "several hosts (from environment variable PGHOST)"],
    ["postgres:///d", { PGPORT: "1,2" }, "several hosts (from environment variable PGPORT)"],
    ["postgres://h", { PGSSLMODE: "on" }, "sslmode must be one of disable, allow"],
    ["postgres://h?connect_timeout=soon", {}, "connect_timeout is not a number of seconds"],
    ["postgres://h", { PGSSLCRL: "/x" }, '"sslcrl" is not supported (from environment variable PGSSLCRL)'],
  ])("refuses %s with %o", async (text, env, message) => {
    expect((await home.failure(text, env)).message).toContain(message);
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
