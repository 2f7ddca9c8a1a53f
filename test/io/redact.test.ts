/** Texts with passwords in every writing → the same without. */
import { beforeEach, describe, expect, it } from "vitest";
import { redact, redactAll } from "../../src/core/redact.ts";
import { secretsOf } from "../../src/io/libpq/parameters.ts";
import { type Home, makeHome } from "../support/home.ts";

let home: Home;
beforeEach(() => {
  home = makeHome();
});

const nasty = ["p@ss:w/rd%?#", "пароль ☃ é😀", `q"u'o\\te`, "$HOME &=+", "***", "a.*(b)[c]{d}|^$"];

describe("redact", () => {
  it.each(nasty)("hides the password %s however it is written", async (password) => {
    const encoded = encodeURIComponent(password);
    const address = await home.resolve(`postgres://u:${encoded}@h/d`);
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

  it.each([
    ["a long word", "a".repeat(1e6)],
    ["many users without an end", "a://b:".repeat(2e5)],
    ["many fields without an end", "password='".repeat(1e5)],
    ["many at signs", "a://b:@ ".repeat(1e5)],
  ])("takes no longer than linear time for %s", (_, text) => {
    const began = performance.now();
    redact(text);
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it("leaves words alone that only contain a short password, and names that are no secret", async () => {
    expect(redact("application app app_name 'app'", ["app"])).toBe("application *** app_name '***'");
    expect(secretsOf(await home.resolve("postgres://postgres:postgres@h/d"))).toEqual([]);
  });

  it("reaches into values", () => {
    const value = { a: ["x hunter22 y", 1, null], b: { c: true, d: "hunter22" } };
    expect(redactAll(value, ["hunter22"])).toEqual({ a: ["x *** y", 1, null], b: { c: true, d: "***" } });
  });
});
