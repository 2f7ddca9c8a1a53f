/** Texts with passwords in every writing → the same without. */
import { beforeEach, describe, expect, it } from "vitest";
import { redact, redactAll } from "../../src/core/redact.ts";
import { secretsOf } from "../../src/io/libpq/parameters.ts";
import { growth, LINEAR } from "../support/growth.ts";
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
    // A path that was made shorter, a name that was encoded, a name that was cut at its @.
    ["/a/postgres:/ann:s3cret@h/d", "/a/postgres:/ann:***@h/d"],
    [
      "postgres://u@h:1/postgres%3A%2F%2Fann%3As3cret%40h%2Fd",
      "postgres://u@h:1/postgres%3A%2F%2Fann%3A***%40h%2Fd",
    ],
    ["no 'postgres://ann:s3cret' in it", "no 'postgres://ann:***' in it"],
    ["postgres://h:5432/d, postgres://[::1]:5432/d", "postgres://h:5432/d, postgres://[::1]:5432/d"],
    // Our own examples; nothing else has that right.
    ["say postgres://USER:PASSWORD@h:5432/d or", "say postgres://USER:PASSWORD@h:5432/d or"],
    ["postgres://u:PASSWORD@x@h/d", "postgres://u:***@h/d"],
    ["POSTGRES://u:password@h/d", "POSTGRES://u:***@h/d"],
    ["/d?password=a&b&user=u", "/d?password=***&user=u"],
    ["password=$HOME&=+", "password=***"],
    ["UPDATE users SET password = 'x' WHERE id = 1", "UPDATE users SET password = *** WHERE id = 1"],
    ["WHERE password = hash AND a.password=b.password", "WHERE password = hash AND a.password=***"],
    ["CREATE ROLE a LOGIN PASSWORD 's3cret' NOINHERIT", "CREATE ROLE a LOGIN PASSWORD *** NOINHERIT"],
    ["create user a encrypted password's3cret'", "create user a encrypted password***"],
    ["ALTER ROLE a PASSWORD /* new */ 's3''cr; et'; --", "ALTER ROLE a PASSWORD /* new */ ***; --"],
    ["ALTER ROLE a PASSWORD E's3\\'cret' VALID", "ALTER ROLE a PASSWORD *** VALID"],
    ["ALTER ROLE a PASSWORD U&'\\0061' VALID", "ALTER ROLE a PASSWORD *** VALID"],
    ["ALTER ROLE a PASSWORD $p$s3'cret$p$ VALID", "ALTER ROLE a PASSWORD *** VALID"],
    ["ALTER ROLE a PASSWORD 'one'\n  'two';", "ALTER ROLE a PASSWORD ***;"],
    ["ALTER ROLE a PASSWORD 's3cret, which is cut o", "ALTER ROLE a PASSWORD ***"],
    ["ALTER ROLE a PASSWORD NULL VALID UNTIL 'x'", "ALTER ROLE a PASSWORD NULL VALID UNTIL 'x'"],
    ["ALTER ROLE a PASSWORD '' VALID UNTIL 'x'", "ALTER ROLE a PASSWORD *** VALID UNTIL 'x'"],
    ["EXECUTE 'ALTER ROLE a PASSWORD ''s3cret''';", "EXECUTE 'ALTER ROLE a PASSWORD ***';"],
    ["EXECUTE 'ALTER ROLE a PASSWORD ''s3''''cret'' VALID'", "EXECUTE 'ALTER ROLE a PASSWORD *** VALID'"],
    [
      "EXECUTE format('ALTER ROLE %I PASSWORD %L', 'a', 's3cret'); x",
      "EXECUTE format('ALTER ROLE %I PASSWORD %L', ***, ***); x",
    ],
    [
      "EXECUTE format($f$ALTER ROLE %I PASSWORD %L$f$, v, $$s3$$); x",
      "EXECUTE format($f$ALTER ROLE %I PASSWORD %L$f$, v, ***); x",
    ],
    [
      "EXECUTE 'ALTER ROLE a PASSWORD ' || quote_literal('s3cret');",
      "EXECUTE 'ALTER ROLE a PASSWORD ' || quote_literal(***);",
    ],
    ["OPTIONS (user 'u', password 's3cret')", "OPTIONS (user 'u', password ***)"],
    [`OPTIONS (SET "password" 's3cret', ADD x 'y')`, `OPTIONS (SET "password" ***, ADD x 'y')`],
    ["CONNECTION 'host=h password=s3cret' PUBLICATION p", "CONNECTION 'host=h password=***' PUBLICATION p"],
    ["CONNECTION 'host=h password=''s3 cret'' user=u' PUB", "CONNECTION 'host=h password=*** user=u' PUB"],
    [
      "CONNECTION 'host=h password = s3cret' PUBLICATION p",
      "CONNECTION 'host=h password = ***' PUBLICATION p",
    ],
    [
      "CONNECTION 'postgresql://u:s3cret@h/d' PUBLICATION p",
      "CONNECTION 'postgresql://u:***@h/d' PUBLICATION p",
    ],
    ["dblink_connect('password = s3cret host = h')", "dblink_connect('password = *** host = h')"],
    ["dblink('dbname=d password=s3\\'cr\\ et', 'SELECT 1')", "dblink('dbname=d password=***', 'SELECT 1')"],
    [`{"host": "h", "password": "s3\\"cret", "a": 1}`, `{"host": "h", "password": ***, "a": 1}`],
    ["the option 'password' is not 'known'", "the option 'password' is not 'known'"],
    ['column "password" of relation "a"', 'column "password" of relation "a"'],
    ["SET password_encryption = 'md5'", "SET password_encryption = 'md5'"],
  ])("%s, of which nothing is known", (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it("hides a password that is as long as can be, and what looks like a pattern", () => {
    const long = "pä'\\ss%41".repeat(2000);
    for (const form of [
      long,
      encodeURIComponent(long),
      JSON.stringify(long).slice(1, -1),
      long.replaceAll("'", "''"),
    ])
      expect(redact(`<${form}>`, [long])).toBe("<***>");
    for (const odd of ["'".repeat(40), "\\".repeat(40), "%25".repeat(20), "''x''x''"]) {
      expect(redact(`<${odd}>`, [odd])).toBe("<***>");
      expect(redact(`<${encodeURIComponent(odd)}>`, [odd])).toBe("<***>");
      expect(redact(`<${JSON.stringify(odd).slice(1, -1)}>`, [odd])).toBe("<***>");
    }
  });

  const unlike = `${"a".repeat(500)}b${"a".repeat(500)}`;
  it.each<[string, string, (readonly string[])?]>([
    ["a long word", "a"],
    ["a long word and secrets much like it", "a", [unlike, "aab", "aaaaaaaaab"]],
    ["quotes and secrets of quotes", "'", ["'".repeat(41), `${"'".repeat(40)}x`]],
    ["escapes and a secret of escapes", "\\", [`${"\\".repeat(40)}x`]],
    ["percents and a secret of percents", "%25", [`${"%25".repeat(40)}x`]],
    ["everything encoded", "%25''\\n", [unlike]],
    ["many users without an end", "a://b:"],
    ["many fields without an end", "password='"],
    ["many at signs", "a://b:@ "],
    ["many literals without an end", "password 'x"],
    ["many doubled quotes", "password ''x"],
    ["many comments without an end", "password/*"],
    ["many comments to the end of the line", "password--"],
    ["many tags without an end", "password $a"],
    ["many tags", "password $a$"],
    ["many texts put together", "PASSWORD %L', "],
    ["many texts put together without an end", "PASSWORD ' || "],
    ["many spaces", "password   "],
    ["many JSON strings without an end", 'password":"\\'],
    ["many comparisons", "a=b password = "],
  ])("takes a time that grows with the text, not with its square: %s", async (_, part, secrets = []) => {
    const work = (length: number): string => redact(part.repeat(length / part.length), secrets);
    expect(await growth(work, 3.2e5)).toBeLessThan(LINEAR);
  });

  it("leaves words alone that only contain a short password, and names that are no secret", async () => {
    expect(redact("application ap1 ap1_name 'ap1'", ["ap1"])).toBe("application *** ap1_name '***'");
    expect(secretsOf(await home.resolve("postgres://postgres:postgres@h/d"))).toEqual([]);
    expect(secretsOf(await home.resolve("postgres://u:retort_2@h/d"), [undefined, "retort_2"])).toEqual([]);
  });

  it.each<[string, string, boolean]>([
    ["CREATE TABLE a", "TABLE", true],
    ["see the settings with: migrate config", "migrate", true],
    ["Password authentication failed", "Password", true],
    ["statement 1 of 20 at 127.0.0.1:5432", "5432", true],
    ["für »größe«", "größe", true],
    ["it is tomorrow", "tomorrow", true],
    ["it is yesterday", "yesterday", false],
    ["it is hunter2", "hunter2", false],
    ["it is sEsame", "sEsame", false],
    ["it is shop_key", "shop_key", false],
    ["it is 123456", "123456", false],
  ])("%s: whether %s may stay, as a word that a mask would tell", (text, secret, stays) => {
    expect(redact(text, [secret])).toBe(stays ? text : text.replace(secret, "***"));
    const places = `postgres://u:${secret}@h/d host=h password=${secret} ALTER ROLE a PASSWORD '${secret}'`;
    expect(redact(places, [secret])).toBe(
      "postgres://u:***@h/d host=h password=*** ALTER ROLE a PASSWORD ***",
    );
  });

  it("reaches into values", () => {
    const value = { a: ["x hunter22 y", 1, null], b: { c: true, d: "hunter22" } };
    expect(redactAll(value, ["hunter22"])).toEqual({ a: ["x *** y", 1, null], b: { c: true, d: "***" } });
  });
});
