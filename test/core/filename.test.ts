import { describe, expect, test } from "vitest";
import {
  filePattern,
  formatFileName,
  messageOf,
  nextNumber,
  parseFileName,
  patternFault,
  renumbered,
  slugOf,
} from "../../src/core/filename.ts";

describe("a file name", () => {
  test.each([
    ["0004_add_orders.up.sql", { number: "0004", slug: "add_orders", direction: "up" }],
    ["20260102030405_größe 2.down.sql", { number: "20260102030405", slug: "größe 2", direction: "down" }],
    ["0004_x.down.up.sql", { number: "0004", slug: "x.down", direction: "up" }],
  ])("%s", (name, fileName) => {
    expect(parseFileName(name)).toEqual({ fileName });
  });

  test.each([
    ["4_x.up.sql", "source/short-number", "rename it to '0004_x.up.sql'"],
    ["012_x.down.sql", "source/short-number", "rename it to '0012_x.down.sql'"],
    ["x.up.sql", "source/file-name", "rename it to '0001_x.up.sql'"],
    ["0004-x.up.sql", "source/file-name", "rename it to '0004_x.up.sql'"],
    ["0004.down.sql", "source/file-name", "rename it to '0004_name.down.sql'"],
    ["0004_x.UP.SQL", "source/file-name", "rename it to '0004_x.up.sql'"],
    ["V5__x.sql", "source/file-name", "rename it to '0005_x.up.sql' if it is a migration"],
    ["U5__x.sql", "source/file-name", "rename it to '0005_x.down.sql' if it is a migration"],
    ["V1.2__x.sql", "source/file-name", "rename it to '0001_x.up.sql' if it is a migration"],
    ["U1_2__x.sql", "source/file-name", "rename it to '0001_x.down.sql' if it is a migration"],
    ["NNNN_x.up.sql", "source/file-name", "rename it to '0001_x.up.sql'"],
    ["seed.sql", "source/file-name", "rename it to '0001_seed.up.sql' if it is a migration"],
    ["0004_x.sql", "source/file-name", "rename it to '0004_x.up.sql' if it is a migration"],
    ["0004_x_up.sql", "source/file-name", "rename it to '0004_x.up.sql' if it is a migration"],
    ["0004_x_down.sql", "source/file-name", "rename it to '0004_x.down.sql' if it is a migration"],
    ["0004-x-y-Down.sql", "source/file-name", "rename it to '0004_x-y.down.sql' if it is a migration"],
    ["0004_x.down.sql.sql", "source/file-name", "rename it to '0004_x.down.sql' if it is a migration"],
    ["0004_down.sql", "source/file-name", "rename it to '0004_name.down.sql' if it is a migration"],
    ["up.sql", "source/file-name", "rename it to '0001_name.up.sql' if it is a migration"],
    ["down.sql", "source/file-name", "rename it to '0001_name.down.sql' if it is a migration"],
    ["0004_markdown.sql", "source/file-name", "rename it to '0004_markdown.up.sql' if it is a migration"],
  ])("%s is refused", (name, code, start) => {
    const { fault } = parseFileName(name);
    expect(fault?.code).toBe(code);
    expect(fault?.hint.slice(0, start.length)).toBe(start);
  });

  test("a file with a parent is no down file", () => {
    const { fault } = parseFileName("0004_shut_down.sql", undefined, undefined, true);
    expect(fault?.hint).toContain("rename it to '0004_shut_down.up.sql'");
  });

  test.each([
    ["Add orders & items!", "add_orders_items"],
    ["../../etc/passwd", "etc_passwd"],
    ["Größe ändern", "große_andern"],
    ["日本語 テスト", "日本語_テスト"],
    ["…", "migration"],
    ["x".repeat(80), "x".repeat(50)],
  ])("slug of %s", (message, slug) => {
    expect(slugOf(message)).toBe(slug);
  });

  test.each([
    [[], "0001"],
    [["0001", "0009"], "0010"],
    [["9999"], "10000"],
    [["000041", "0007"], "000042"],
    [["20261231235959999"], "20261231235960000"],
  ])("the number after %j", (numbers, next) => {
    expect(nextNumber(numbers)).toBe(next);
  });

  test("words of a slug", () => {
    expect(messageOf("add_orders__and items_")).toBe("add orders and items");
  });
});

describe("a pattern", () => {
  const name = {
    number: "0042",
    slug: "add_users",
    revision: "29f859a13ea1",
    date: new Date("2026-03-02T09:14:05Z"),
    direction: "up",
  } as const;

  test.each([
    ["{number}_{slug}", "0042_add_users.up.sql"],
    ["{date:YYYY_MM_DD_HHmm}-{revision}_{slug}", "2026_03_02_0914-29f859a13ea1_add_users.up.sql"],
    ["{date:YYYYMMDDHHmmss}_{slug}", "20260302091405_add_users.up.sql"],
    ["{revision}", "29f859a13ea1.up.sql"],
    ["V{number}__{slug}", "V0042__add_users.up.sql"],
    ["{slug}.{number}", "add_users.0042.up.sql"],
    ["(a+b) {number}", "(a+b) 0042.up.sql"],
  ])("%s makes names that it reads again", (text, expected) => {
    const pattern = filePattern(text);
    expect(formatFileName(name, pattern)).toBe(expected);
    const { fileName, fault } = parseFileName(expected, pattern);
    expect(fault).toBeUndefined();
    expect(fileName?.direction).toBe("up");
    expect(fileName?.number).toBe(text.includes("{number}") ? "0042" : undefined);
    expect(fileName?.slug).toBe(text.includes("{slug}") ? "add_users" : "");
  });

  test("without {number} any name will do, and a number in it is none", () => {
    const pattern = filePattern("{date:YYYY_MM_DD}-{slug}");
    expect(parseFileName("0004_old.down.sql", pattern)).toEqual({
      fileName: { slug: "0004_old", direction: "down" },
    });
    for (const [name, proper] of [
      ["seed.sql", "seed.up.sql"],
      ["seed_down.sql", "seed.down.sql"],
      ["down.sql", "name.down.sql"],
    ] as const)
      expect(parseFileName(name, pattern).fault?.hint).toContain(
        `rename it to '${proper}' if it is a migration`,
      );
  });

  test("with {number} a name must be of its form", () => {
    const correct = (text: string): string =>
      `; or, if the other files are named like this one, correct "fileName" in the config file, which is "${text}"`;
    const pattern = filePattern("V{number}__{slug}");
    expect(parseFileName("0004_old.up.sql", pattern).fault).toEqual({
      code: "source/file-name",
      message: "the name is not of the form 'VNNNN__name.up.sql' or 'VNNNN__name.down.sql'",
      hint: `rename it to 'V0004__old.up.sql'${correct("V{number}__{slug}")}`,
    });
    expect(parseFileName("V12__x.up.sql", pattern).fault?.hint).toBe("rename it to 'V0012__x.up.sql'");
    const dated = filePattern("{date:YYYYMMDD}_{number}_{slug}");
    expect(parseFileName("0004_old.up.sql", dated).fault?.hint).toBe(
      `rename it to '{date:YYYYMMDD}_0004_old.up.sql', with a value for {date:YYYYMMDD}${correct(dated.text)}`,
    );
  });

  test("another number leaves the rest of a name", () => {
    expect(renumbered("0002_0002.up.sql", "0007")).toBe("0007_0002.up.sql");
    expect(renumbered("2026-0002-x.down.sql", "0003", filePattern("{date:YYYY}-{number}-{slug}"))).toBe(
      "2026-0003-x.down.sql",
    );
  });

  test.each([
    [
      "{nubmer}_{slug}",
      "made of {number}, {slug}, {revision} and {date:…}; '{nubmer}' is not one of them",
      "did you mean {number}?",
    ],
    [
      "{number:4}",
      "made of {number}, {slug}, {revision} and {date:…}; '{number:4}' is not one of them",
      "did you mean {number}?",
    ],
    ["{number", "made of whole placeholders; a '{' is unpaired"],
    ["{{number}}", "made of whole placeholders; a '{' is unpaired"],
    ["{slug}", "one that tells migrations apart, with {number}, {revision} or {date:…}"],
    ["plain", "one that tells migrations apart, with {number}, {revision} or {date:…}"],
    ["{number}_{number}", "a name that contains {number} once"],
    ["{number}{slug}", "one whose parts can be told apart"],
    ["1{number}", "one whose parts can be told apart"],
    ["../{number}", "a file name, without / or \\"],
    ["a*{number}", "a file name that every system allows, without '*'"],
    [".{number}", "a name that does not begin with a dot"],
    ["{number}_{slug}.up.sql", "a name without its ending", "leave out .up.sql: {number}_{slug}"],
    ["{number}_{slug}.SQL", "a name without its ending", "leave out .SQL: {number}_{slug}"],
    [
      "{date:YYYY_MM_DD_HHMM}_{slug}",
      "clear about its date: MM is the month, and it appears twice",
      "minutes are written mm, as in {date:YYYY_MM_DD_HHmm}",
    ],
    ["{date:YYYYMMDD-DD}_{slug}", "clear about its date, in which DD appears twice", "{slug}"],
    ["{date}_{slug}", "clear about its date, unlike '{date}'", "{date:YYYY_MM_DD_HHmm}"],
    ["{date:YYYY-mon}", "clear about its date, unlike '{date:YYYY-mon}'"],
    ["{date:HH:mm}", "clear about its date, unlike '{date:HH:mm}'"],
  ])("%s is refused", (text, mustBe, hint = "") => {
    expect(patternFault(text)?.mustBe).toContain(mustBe);
    expect(patternFault(text)?.hint).toContain(hint);
    expect(() => filePattern(text)).toThrow("the file name pattern must be");
  });
});
