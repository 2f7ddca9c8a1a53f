/** Connection service files → the parameters that are used. */
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { type Home, makeHome } from "../../support/home.ts";

let home: Home;
beforeEach(() => {
  home = makeHome();
});

describe("service files", () => {
  const services =
    "# services\nhost=stray\n[shop]\nhost=s.example.com\n port=6000\nuser=svc\npassword=a=b c\n\n[other]\nhost=o\n[shop]\nhost=late\n";

  it("fill in what the address leaves open, before the variables do", async () => {
    home.write(".pg_service.conf", services);
    const expected = { host: "s.example.com", port: 6000, user: "svc", password: "a=b c", database: "d" };
    const env = { PGSERVICE: "shop", PGHOST: "env", PGDATABASE: "d" };
    expect(await home.resolve("postgres://", env)).toMatchObject(expected);
    expect(await home.resolve("postgres://mine?service=shop", env)).toMatchObject({
      ...expected,
      host: "mine",
    });
    expect(await home.resolve("service=other", env)).toMatchObject({ host: "o" });
  });

  it("are found by PGSERVICEFILE and PGSYSCONFDIR", async () => {
    home.write("etc/pg_service.conf", "[a]\nhost=system");
    home.write("mine.conf", "[a]\nhost=mine");
    expect(await home.resolve("service=a", { PGSYSCONFDIR: path.join(home.folder, "etc") })).toMatchObject({
      host: "system",
    });
    expect(await home.resolve("service=a", { PGSERVICEFILE: "mine.conf" })).toMatchObject({ host: "mine" });
  });

  it("that do not exist are to be created", async () => {
    const { hint } = await home.failure("service=a", { PGSERVICEFILE: "none.conf" });
    expect(hint).toBe(
      "no such file is found: create it with a section [a], or name another in PGSERVICEFILE",
    );
  });

  it("that git could not merge are told as such", async () => {
    home.write(".pg_service.conf", "[a]\n<<<<<<< HEAD\nhost=h\n");
    expect((await home.failure("service=a")).hint).toMatch(/^git could not merge this file: /);
  });

  it.each([
    ["[a]\nhost=h\nhunter2\n", "not key=value", { line: 3, column: 1 }],
    ["[a]\nhost = h\n", "not key=value", { line: 2, column: 1 }],
    ["[a]\nservice=b\n", "cannot name another service", { line: 2, column: 1 }],
    ["[a]\nhots=h\n", 'unknown parameter "hots"', undefined],
    ["[b]\nhost=h\n", 'service "a" does not exist', undefined],
  ])("refuse %j", async (text, message, location) => {
    home.write(".pg_service.conf", text);
    const error = await home.failure("service=a");
    expect(error.message).toContain(message);
    if (location !== undefined) expect(error.location).toMatchObject(location);
  });
});
