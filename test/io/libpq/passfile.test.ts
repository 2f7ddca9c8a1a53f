/** Password files → the password that is used, or the warning. */
import { beforeEach, describe, expect, it } from "vitest";
import { type Home, makeHome } from "../../support/home.ts";

let home: Home;
beforeEach(() => {
  home = makeHome();
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
    const file = home.write(".pgpass", lines);
    const address = await home.resolve(text);
    expect(address.password).toBe(password);
    expect(address.warnings).toEqual([]);
    const isOfFile = password !== undefined && password !== "given";
    if (isOfFile) expect(address.origins["password"]).toBe(`password file ${file}`);
  });

  it("is the one named by PGPASSFILE, and PGPASSWORD goes before it", async () => {
    const file = home.write("elsewhere", "*:*:*:*:filed");
    expect((await home.resolve("postgres://u@h/d", { PGPASSFILE: file })).password).toBe("filed");
    expect((await home.resolve("postgres://u@h?passfile=elsewhere")).password).toBe("filed");
    expect((await home.resolve("postgres://u@h/d", { PGPASSFILE: file, PGPASSWORD: "p" })).password).toBe(
      "p",
    );
  });

  it("is ignored with a warning when others can read it, or when it is not there", async () => {
    const file = home.write(".pgpass", "*:*:*:*:filed", 0o640);
    const address = await home.resolve("postgres://u@h/d");
    expect(address).not.toHaveProperty("password");
    expect(address.warnings).toEqual([
      `the password file ${file} can be read by others and is ignored; run: chmod 600 ${file}`,
    ]);
    expect((await home.resolve("postgres://u@h/d", { PGPASSFILE: "none" })).warnings[0]).toContain(
      "does not exist",
    );
    expect((await home.resolve("postgres://u@h/d", { PGPASSFILE: home.folder })).warnings[0]).toContain(
      "is not a file",
    );
    expect((await home.resolve("postgres://u@h/d", { PGPASSFILE: "/dev/null" })).warnings).toEqual([]);
  });
});
