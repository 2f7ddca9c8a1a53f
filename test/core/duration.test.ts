/** Times as people write them → milliseconds, or what is wrong; and everybody who reads one says the same. */
import { describe, expect, test } from "vitest";
import { count, seconds, timeout } from "../../src/cli/numbers.ts";
import { directiveIn } from "../../src/core/batch.ts";
import { DURATION, parseDuration } from "../../src/core/duration.ts";
import { parseHeader } from "../../src/core/header.ts";
import { readSettings } from "../../src/core/settings.ts";
import { parseJson } from "../../src/io/jsonc.ts";

const good: readonly [string, number][] = [
  ["0", 0],
  ["0s", 0],
  ["250", 250],
  ["500ms", 500],
  ["5s", 5000],
  ["1.5s", 1500],
  ["1.5 s", 1500],
  ["2\tmin", 120_000],
  ["0.5min", 30_000],
  ["2h", 7_200_000],
  ["24d", 2_073_600_000],
  ["2147483647", 2_147_483_647],
  ["1000us", 1],
];
const form = "a time such as 5s, 1.5min or 500ms";
const long = "a time of at most 24d";
const short = "0, or a time of at least 1ms";
const bad: readonly [string, string][] = [
  ["soon", form],
  ["NaN", form],
  ["Infinity", form],
  ["-1", form],
  ["-5s", form],
  ["+5s", form],
  ["5 seconds", form],
  ["5S", form],
  ["5s 3ms", form],
  ["1e3", form],
  ["0x10", form],
  ["1,5s", form],
  [".5s", form],
  ["5.s", form],
  ["s", form],
  ["5s;", form],
  ["25d", long],
  ["2147483648", long],
  [`${"9".repeat(400)}h`, long],
  ["100us", short],
  ["0.5", short],
];

describe("parseDuration", () => {
  test.each(good)("%j is %d ms", (text, ms) => {
    expect(parseDuration(text)).toEqual({ ms });
    expect(text).toMatch(new RegExp(DURATION));
  });

  test.each([...bad, ["", form] as const, [" 5s", form] as const])("%.20j is refused", (text, mustBe) => {
    expect(parseDuration(text)).toEqual({ mustBe, hint: expect.stringContaining("us, ms, s, min, h, d") });
  });

  test("a number alone counts in the unit that is given", () => {
    expect(parseDuration("90", "s")).toEqual({ ms: 90_000 });
    expect(parseDuration("90ms", "s")).toEqual({ ms: 90 });
    expect(parseDuration("x", "s")).toMatchObject({
      hint: expect.stringContaining("without a unit is in s"),
    });
  });
});

describe("whoever reads a time", () => {
  const header = (text: string) =>
    parseHeader(
      { path: "a.up.sql", text: `-- revision: a\n-- parent: none\n-- lock-timeout: ${text}\n` },
      "up",
    );
  const settings = (text: string) => {
    const source = { path: "a.json", text: JSON.stringify({ session: { lockTimeout: text } }) };
    return readSettings(source, parseJson(source));
  };

  test.each(good)("takes %j", (text, ms) => {
    expect(timeout(text, "--lock-timeout")).toBe(text);
    expect(header(text)).toMatchObject({ diagnostics: [], header: { lockTimeout: text } });
    expect(settings(text).base.get("session.lockTimeout")?.value).toBe(text);
    if (/[a-z]$/.test(text))
      expect(directiveIn(`-- batch: 10, pause ${text}`)).toEqual({ size: 10, pause: ms / 1000 });
  });

  test.each(bad)("refuses %.20j in the same words", (text, mustBe) => {
    expect(() => timeout(text, "--lock-timeout")).toThrow(
      expect.objectContaining({
        code: "usage/duration",
        message: expect.stringContaining(`--lock-timeout must be ${mustBe}, not '`),
      }),
    );
    expect(header(text).diagnostics).toMatchObject([
      {
        code: "source/illegal-value",
        message: expect.stringContaining(`'lock-timeout' must be ${mustBe}, not '`),
      },
    ]);
    expect(() => settings(text)).toThrow(
      expect.objectContaining({
        code: "usage/config-value",
        message: `"session.lockTimeout" must be ${mustBe}`,
      }),
    );
    expect(directiveIn(`-- batch: 10, pause ${text}`)).toHaveProperty("fault.code", "source/batch");
  });

  test("a flag that counts in seconds takes units too, and nothing below 0", () => {
    const read = ["0", "30", "1.5", "500ms", "2min"].map((text) => seconds(text, "--wait"));
    expect(read).toEqual([0, 30, 1.5, 0.5, 120]);
    expect(seconds(undefined, "--wait")).toBeUndefined();
    for (const text of ["-1", "NaN", "Infinity", "1e3", "", "soon"]) {
      expect(() => seconds(text, "--wait")).toThrow(
        expect.objectContaining({ message: `--wait must be ${form}, not '${text}'` }),
      );
    }
    expect(() => seconds("2147484", "--wait")).toThrow(`--wait must be ${long}`);
  });

  test("a count is a whole number", () => {
    expect([undefined, "0", "12"].map((text) => count(text, "--lock-retries"))).toEqual([undefined, 0, 12]);
    for (const text of ["-1", "1.5", "1e3", "NaN", "", " 1", "9".repeat(12)]) {
      expect(() => count(text, "--lock-retries")).toThrow(expect.objectContaining({ code: "usage/number" }));
    }
  });
});
