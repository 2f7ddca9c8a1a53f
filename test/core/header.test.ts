import { describe, expect, test } from "vitest";
import { parseHeader } from "../../src/core/header.ts";
import type { Direction } from "../../src/core/header-keys.ts";
import { growth, LINEAR } from "../support/growth.ts";

const read = (text: string, direction: Direction = "up") =>
  parseHeader({ path: "0001_a.up.sql", text }, direction);

/** `line:column code^underlined` of every fault. */
function faults(text: string, direction: Direction = "up"): readonly string[] {
  return read(text, direction).diagnostics.map(({ code, location, excerpt }) => {
    const start = location!.column - 1;
    const under = [...(excerpt?.line ?? "")].slice(start, start + (excerpt?.length ?? 1)).join("");
    return `${location!.line}:${location!.column} ${code} ^${under}`;
  });
}

const hint = (text: string, direction: Direction = "up") => read(text, direction).diagnostics[0]?.hint;

describe("a header", () => {
  test("with every key", () => {
    const text = [
      "-- revision: 3f9a.b_1",
      "-- parent: a1, b2",
      "-- branch-labels: billing,invoices",
      "-- depends-on: c3 , orders",
      "-- replaces: d4, e5",
      "-- message: Größe: 😀, and 'quotes'",
      "-- created: 2026-01-02 03:04",
      "-- transaction: none",
      "-- irreversible: the data is gone",
      "-- lock-timeout: 5s",
      "-- statement-timeout: 0",
      "",
      "SELECT 1;",
    ].join("\n");
    const { header, bodyStart, diagnostics } = read(text);
    expect(diagnostics).toEqual([]);
    expect(header).toEqual({
      revision: "3f9a.b_1",
      parents: ["a1", "b2"],
      branchLabels: ["billing", "invoices"],
      dependsOn: ["c3", "orders"],
      replaces: ["d4", "e5"],
      message: "Größe: 😀, and 'quotes'",
      created: "2026-01-02 03:04",
      transaction: "none",
      irreversible: "the data is gone",
      lockTimeout: "5s",
      statementTimeout: "0",
    });
    expect(text.slice(bodyStart)).toBe("\nSELECT 1;");
    // Whatever key is added later must be said above, and so come out.
    const keys = /^the keys are ([^;]+);/
      .exec(hint("-- revision: a\n-- license: MIT") ?? "")![1]!
      .split(", ");
    expect(text.match(/^-- [a-z-]+(?=:)/gm)).toEqual(expect.arrayContaining(keys.map((key) => `-- ${key}`)));
    expect(Object.keys(header)).toHaveLength(keys.length);
  });

  test.each(["", " none", "\t"])("lists that say%s nothing are empty", (said) => {
    const { header, diagnostics } = read(
      `-- revision: a\n-- parent: b\n-- branch-labels:${said}\n-- depends-on:${said}\n`,
    );
    expect(diagnostics).toEqual([]);
    expect(header).toMatchObject({ branchLabels: [], dependsOn: [], parents: ["b"] });
  });

  test.each(["-- depends-on:", "-- depends-on: none", "-- branch-labels:"])(
    "%s below the header has not been lost",
    (line) => expect(faults(`-- revision: a\n-- parent: b\n\n${line}\nSELECT 1;`)).toEqual([]),
  );

  test.each([
    ["LF", "-- revision: a\n-- parent: none\nSELECT 1", "SELECT 1"],
    ["CRLF", "-- revision: a\r\n-- parent: none\r\n\r\nSELECT 1", "\r\nSELECT 1"],
    ["lone CR", "-- revision: a\r-- parent: none\rSELECT 1", "SELECT 1"],
    ["no line end at all", "-- revision: a\n-- parent: none", ""],
    ["only comments below", "-- revision: a\n-- parent: none\n\n-- todo", "\n-- todo"],
    ["blanks where they do not matter", "--revision:a  \n--\tparent :  none\t\nSELECT 1", "SELECT 1"],
    ["a sentence ends it", "-- revision: a\n-- parent: none\n-- Add users: two", "-- Add users: two"],
    ["an address ends it", "-- revision: a\n-- parent: none\n-- https://x.org", "-- https://x.org"],
    ["an indented line ends it", "-- revision: a\n-- parent: none\n  -- note: b", "  -- note: b"],
  ])("%s", (_, text, body) => {
    const { header, bodyStart, diagnostics } = read(text);
    expect(diagnostics).toEqual([]);
    expect(header).toMatchObject({ revision: "a", parents: [] });
    expect(text.slice(bodyStart)).toBe(body);
  });

  test.each(["5s", "0", "2min", "500 ms", "1.5h", "30"])("takes the time %s", (time) => {
    expect(read(`-- revision: a\n-- lock-timeout: ${time}\n`, "down")).toMatchObject({
      header: { lockTimeout: time },
      diagnostics: [],
    });
  });

  test.each([
    "-- revision: a",
    "-- parent: none",
    "-- message: prose",
    "-- created: by hand",
    "-- Irreversible: not really",
    "-- parent: the table above",
    "-- depends-on: 010_tables.sql",
    "-- note: prose",
    "-- depends-on: the weather, mostly",
    "-- transaction: one for all",
    "-- lock-timeout:",
    "-- transaction off",
    "SELECT 1;\n-- transaction: off",
    "SELECT 1;\n-- depends-on: b\n-- parent: users\n-- irreversible: b\n-- transaction: as a whole",
    "SELECT 1;\n/* -- transaction: none */",
    "DO $$\n-- transaction: none\n$$;",
    "/* -- depends-on: b */",
    "SELECT '\n-- depends-on: b';",
    "-- lock-timeout 1s",
  ])("leaves prose below it alone: %s", (prose) => {
    expect(faults(`-- revision: a\n-- parent: none\n\n${prose}\n`)).toEqual([]);
  });
});

test.each([
  "-- parent of all tables",
  "-- parent users",
  "-- message to the reader",
  "-- created by hand",
  "-- replaces the old view",
  "-- no transaction here",
  "\n-- irreversible changes of the past",
  "\n-- transaction by transaction",
  "\n-- lock-timeout is 1s",
  "-- depends-on 010_users.sql",
  "--- parent of all",
  "--------",
  "/* transaction: none */",
  "/* depends-on = b */",
])("a comment that ends the header is none of its lines: %s", (prose) => {
  expect(faults(`-- revision: a\n-- parent: none\n${prose}\nSELECT 1;`)).toEqual([]);
});

describe("a header line that is written otherwise", () => {
  test.each([
    ["-- lock-timeout 1s", "there is no colon after 'lock-timeout'", "-- lock-timeout: 1s"],
    ["-- depends-on 1234abcd, b", "there is no colon after 'depends-on'", "-- depends-on: 1234abcd, b"],
    ["-- transaction none", "there is no colon after 'transaction'", "-- transaction: none"],
    ["-- transaction = none", "there is no colon after 'transaction'", "-- transaction: none"],
    ["-- transaction off", "there is no colon after 'transaction'", "-- transaction: …"],
    [
      "-- irreversible mail is lost",
      "there is no colon after 'irreversible'",
      "-- irreversible: mail is lost",
    ],
    ["-- irreversible", "there is no colon after 'irreversible'", "-- irreversible: …"],
    ["-- depends-on b c", "there is no colon after 'depends-on'", "-- depends-on: …"],
    ["-- lock-timeout 5 seconds", "there is no colon after 'lock-timeout'", "-- lock-timeout: …"],
    ["-- replaces the old view", "there is no colon after 'replaces'", "-- replaces: …"],
    ["-- message to all", "there is no colon after 'message'", "-- message: to all"],
    ["-- no-transaction", "'no-transaction' is not a header key", "-- transaction: none"],
    ["-- irreversible = gone", "there is no colon after 'irreversible'", "-- irreversible: gone"],
    ["--statement_timeout=5s", "there is no colon after 'statement_timeout'", "-- statement-timeout: 5s"],
    [
      "--- transaction: none",
      "the header line begins with '---', not with two hyphens",
      "-- transaction: none",
    ],
    [
      "--- transaction none",
      "the header line begins with '---', not with two hyphens",
      "-- transaction: none",
    ],
  ])("%s", (line, message, proper) => {
    const mayStandBelow = faults(`-- revision: a\n-- parent: none\n\n${line}\n`).length === 0;
    const comment = mayStandBelow ? "put it below the header, after a blank line" : "word it otherwise";
    const hint = `write '${proper}'; if it is only a comment, ${comment}`;
    expect(read(`-- revision: a\n-- parent: none\n${line}\n-- created: b\n`).diagnostics).toMatchObject([
      { code: "source/header-line", message, hint, location: { line: 3 } },
    ]);
    expect(read(`-- revision: a\n${line}\n-- parent: none\n`).diagnostics).toMatchObject([
      { message, location: { line: 2 } },
    ]);
  });

  test("several in a row", () => {
    expect(
      read("-- revision: a\n-- message b\n-- created c\n-- replaces it all\n-- parent: d\n").diagnostics.map(
        ({ message }) => message,
      ),
    ).toEqual(["message", "created", "replaces"].map((key) => `there is no colon after '${key}'`));
  });

  test.each([
    ["-- accepts lossy", "-- accepts: …"],
    ["-- accepts = lossy", "-- accepts: …"],
    ["-- accepts lossy (gone)", "-- accepts: lossy (gone)"],
  ])("in a down file: %s", (line, proper) => {
    expect(read(`-- revision: a\n${line}\nDROP TABLE t;`, "down").diagnostics).toMatchObject([
      {
        message: "there is no colon after 'accepts'",
        hint: expect.stringContaining(`write '${proper}'`),
        location: { line: 2 },
      },
    ]);
  });

  test.each([
    ["\u2013 revision: a\n\u2013 parent: b", "begins with \u2013 (U+2013, an en dash)", "-- revision: a"],
    ["-- revision: a\n\u2014parent: b", "begins with \u2014 (U+2014, an em dash)", "-- parent: b"],
    ["-- revision: a\n# parent: b", "begins with '#'", "-- parent: b"],
    ["-- revision: a\n-- parent b\n-- message: c", "there is no colon after 'parent'", "-- parent: b"],
    ["-- revision a\n-- parent: b", "there is no colon after 'revision'", "-- revision: a"],
    ["-- revision: a\n-- parent b c", "there is no colon after 'parent'", "-- parent: …"],
  ])("that every file needs: %j", (text, message, proper) => {
    const [fault] = read(text).diagnostics;
    expect(fault?.message).toContain(message);
    expect(fault?.hint).toMatch(new RegExp(`^write '${proper}'`));
  });
});

describe("faults of a header", () => {
  const up = (lines: string): string => `-- revision: a\n-- parent: none\n${lines}`;

  test.each<[string, string, Direction, readonly string[]]>([
    ["an empty file", "", "up", ["1:1 source/missing-key ^"]],
    ["no header", "SELECT 1;", "up", ["1:1 source/missing-key ^S"]],
    ["no parent line", "-- message: x\n-- revision: a\n", "up", ["2:4 source/missing-key ^revision"]],
    ["no revision in a down file", "DROP TABLE t;", "down", ["1:1 source/missing-key ^D"]],
    ["unknown key", up("-- note: x"), "up", ["3:4 source/unknown-key ^note"]],
    ["upper case", "-- Revision: a\n-- parent: none", "up", ["1:4 source/uppercase-key ^Revision"]],
    [
      "Alembic's words",
      "-- revision: a\n-- down_revision: b",
      "up",
      ["2:4 source/unknown-key ^down_revision"],
    ],
    ["twice", up("-- parent: b"), "up", ["3:4 source/duplicate-key ^parent"]],
    ["up key in a down file", "-- revision: a\n-- parent: b", "down", ["2:4 source/misplaced-key ^parent"]],
    ["a licence above", `-- (c) us\n${up("")}`, "up", ["2:4 source/misplaced-key ^revision"]],
    ["a block comment above", `/* (c)\nus */\n${up("")}`, "up", ["3:4 source/misplaced-key ^revision"]],
    ["an empty line above", `\n${up("")}`, "up", ["2:4 source/misplaced-key ^revision"]],
    ["lost parent", "-- revision: a\r\n\r\n-- parent: b", "up", ["3:4 source/misplaced-key ^parent"]],
    [
      "lost and indented",
      up("\n/* é */ -- depends-on: b\n"),
      "up",
      ["4:12 source/misplaced-key ^depends-on"],
    ],
    ["indented from the start", "  -- revision: a", "down", ["1:6 source/misplaced-key ^revision"]],
    ["lost transaction", up("\n-- transaction: none\n"), "up", ["4:4 source/misplaced-key ^transaction"]],
    [
      "lost with another value",
      up("\n-- transaction: off\n"),
      "up",
      ["4:4 source/misplaced-key ^transaction", "4:17 source/illegal-value ^off"],
    ],
    [
      "lost with two words",
      "-- revision: a\n\n  -- lock-timeout: 5 seconds\nDROP TABLE t;",
      "down",
      ["3:6 source/misplaced-key ^lock-timeout", "3:20 source/illegal-value ^5 seconds"],
    ],
    ["lost without a colon", up("\n-- transaction none\n"), "up", ["4:4 source/misplaced-key ^transaction"]],
    ["lost with a sign", up("\n-- depends-on = b\n"), "up", ["4:4 source/misplaced-key ^depends-on"]],
    ["a message with a sign", up("-- message = x"), "up", ["3:4 source/header-line ^message"]],
    ["lost depends-on", up("-- why so\n-- depends-on: b"), "up", ["4:4 source/misplaced-key ^depends-on"]],
    ["lost irreversible", up("\n-- irreversible: no way"), "up", ["4:4 source/misplaced-key ^irreversible"]],
    ["another parent below", up("\n-- parent: b"), "up", ["4:4 source/misplaced-key ^parent"]],
    ["another revision below", up("\n-- revision: b"), "up", ["4:4 source/misplaced-key ^revision"]],
    [
      "another header below SQL",
      up("CREATE TABLE t ();\n-- revision: b\n-- message: more\n-- parent: a\nCREATE TABLE u ();"),
      "up",
      ["4:4 source/misplaced-key ^revision"],
    ],
    [
      "another header below SQL, without a parent",
      up("CREATE TABLE t ();\n-- revision: b\nCREATE TABLE u ();"),
      "up",
      [],
    ],
    [
      "lost behind SQL",
      up("CREATE TABLE t ();\n-- transaction: none\n"),
      "up",
      ["4:4 source/misplaced-key ^transaction"],
    ],
    [
      "the header behind SQL",
      "CREATE EXTENSION citext;\n-- revision: a\n-- parent: b\n-- depends-on: c\nSELECT 1;",
      "up",
      ["2:4 source/misplaced-key ^revision"],
    ],
    [
      "the rest of it behind SQL",
      "-- revision: a\nSET x.y = 1;\n-- parent: b\n",
      "up",
      ["3:4 source/misplaced-key ^parent"],
    ],
    [
      "the header of a down file",
      "\\set a\n-- revision: a\n",
      "down",
      ["2:4 source/misplaced-key ^revision"],
    ],
    ["not in a string", "SELECT '\n-- revision: a\n';", "down", ["1:1 source/missing-key ^S"]],
    ["no header", "CREATE TABLE a ();\n-- parent: users\nSELECT 1;", "up", ["1:1 source/missing-key ^C"]],
    ["not behind SQL in its line", "SELECT 1; -- revision: a\n", "down", ["1:1 source/missing-key ^S"]],
    [
      "another time behind SQL",
      "-- revision: a\n-- lock-timeout: 1s\nDROP TABLE t; -- lock-timeout: 5s",
      "down",
      ["3:18 source/misplaced-key ^lock-timeout"],
    ],
    ["no value", "-- revision:\n-- parent: none", "up", ["1:4 source/empty-value ^revision"]],
    ["empty item", up("-- depends-on: é1, , b"), "up", ["3:16 source/illegal-id ^é"]],
    ["empty item between", up("-- depends-on: b,, c"), "up", ["3:18 source/empty-item ^,"]],
    ["trailing comma", up("-- depends-on: b,"), "up", ["3:17 source/empty-item ^,"]],
    ["item twice", up("-- depends-on: b, c, b"), "up", ["3:22 source/duplicate-item ^b"]],
    ["illegal in a revision", "-- revision: a-b\n-- parent: none", "up", ["1:15 source/illegal-id ^-"]],
    ["illegal after an emoji", up("-- branch-labels: 😀"), "up", ["3:19 source/illegal-id ^😀"]],
    ["illegal in a parent", "-- revision: a\n-- parent: b@head", "up", ["2:13 source/illegal-id ^@"]],
    ["blanks for commas", "-- revision: a\n-- parent: b c", "up", ["2:13 source/illegal-id ^ "]],
    ["reserved revision", "-- revision: head\n-- parent: none", "up", ["1:14 source/reserved-id ^head"]],
    ["reserved label", up("-- branch-labels: x, Heads"), "up", ["3:22 source/reserved-id ^Heads"]],
    ["Python's None", "-- revision: a\n-- parent: None", "up", ["2:12 source/reserved-id ^None"]],
    ["none and another", "-- revision: a\n-- parent: b, none", "up", ["2:15 source/reserved-id ^none"]],
    ["transaction", up("-- transaction: off"), "up", ["3:17 source/illegal-value ^off"]],
    ["no reason", up("-- irreversible: False"), "up", ["3:18 source/illegal-value ^False"]],
    ["a yes", up("-- irreversible: yes"), "up", ["3:18 source/illegal-value ^yes"]],
    ["a reason", up("-- irreversible: no backup"), "up", []],
    ["time", up("-- lock-timeout: '5s'"), "up", ["3:18 source/illegal-value ^'5s'"]],
    ["unit", up("-- statement-timeout: 5 sec"), "up", ["3:23 source/illegal-value ^5 sec"]],
    [
      "accepts without a reason",
      "-- revision: a\n-- accepts: lossy",
      "down",
      ["2:13 source/illegal-value ^lossy"],
    ],
    ["accepts in an up file", up("-- accepts: lossy (x)"), "up", ["3:4 source/misplaced-key ^accepts"]],
    [
      "lost accepts",
      "-- revision: a\n\n-- accepts: lossy (x)",
      "down",
      ["3:4 source/misplaced-key ^accepts"],
    ],
    ["escape sequence", up("-- message: é\u001b[31m"), "up", ["3:14 source/control-character ^\u001b"]],
    [
      "all at once",
      "-- revision: +\n-- parnt: b\n-- x: y",
      "up",
      ["1:14 source/illegal-id ^+", "2:4 source/unknown-key ^parnt", "3:4 source/unknown-key ^x"],
    ],
  ])("%s", (_, text, direction, expected) => {
    expect(faults(text, direction)).toEqual(expected);
  });

  test.each([
    ["-- parnt: b", "did you mean '-- parent:'?"],
    ["-- Revises: b", "did you mean '-- parent:'?"],
    ["-- depends_on: b", "did you mean '-- depends-on:'?"],
    ["-- Message: b", "write '-- message:'"],
    [
      "-- transaction: None",
      "'-- transaction: none' runs the file outside a transaction; without the line it runs in one",
    ],
  ])("hint for %s", (line, expected) => {
    expect(hint(`-- revision: a\n${line}\n`)).toBe(expected);
  });

  test("a line below the header is said what to do with, and one that is said above", () => {
    const found = (lines: string): unknown => read(up(lines)).diagnostics[0]?.hint;
    expect(found("\n-- depends-on: b")).toBe(
      "move it up to the other header lines, above line 3, which ends the header; if it is only a comment, word it otherwise",
    );
    expect(found("\n-- parent: b")).toBe(
      "line 2 has another value: correct it there, and delete this line; if it is only a comment, word it otherwise",
    );
  });

  test.each([
    "\n-- revision: a",
    "-- licence\n\n-- revision: a",
    "SELECT 1;\n\n-- revision: a",
    "SELECT 1;\n-- revision: a",
  ])("a header that is not at the top: %j", (text) => {
    expect(read(`${text}\n-- parent: none`).diagnostics).toMatchObject([
      {
        message: "the header is not in the first lines of the file",
        hint: "move its lines to the top of the file, above everything else",
      },
    ]);
  });

  test("an id may have 255 characters; a blank in it is called one", () => {
    const [longest, tooLong] = ["x".repeat(255), "x".repeat(256)];
    expect(faults(`-- revision: ${longest}\n-- parent: none`)).toEqual([]);
    expect(read(`-- revision: ${tooLong}\n-- parent: none`).diagnostics).toMatchObject([
      { message: expect.stringMatching(/has 256 characters$/), hint: "use at most 255" },
    ]);
    expect(read("-- revision: a b\n-- parent: none").diagnostics[0]?.message).toBe(
      "a blank is not allowed in the revision id 'a b'",
    );
    expect(read("-- revision: a/b\n-- parent: none").diagnostics[0]?.message).toBe(
      "'/' is not allowed in the revision id 'a/b'",
    );
    expect(read("-- revision: a\u00adb\n-- parent: none").diagnostics[0]?.message).toContain(
      "character U+00AD",
    );
  });

  test.each([
    ["-- revision: a b", "use letters, digits, '_' and '.' only, such as 'a_b'"],
    [
      "<<<<<<< HEAD\n-- revision: a\n-- parent: none",
      expect.stringContaining("git could not merge this file"),
    ],
    ["-- revision: a\n=======\n-- parent: none", expect.stringContaining("git could not merge this file")],
    ["-- revision: a\n-- branch-labels: a b", "separate several with commas, or write one as a_b"],
    ["-- revision: a\n-- branch-labels: a;b", "separate several with commas"],
    ["-- revision: a\n-- branch-labels: a/b", "use letters, digits, '_' and '.' only, such as 'a_b'"],
    [
      "-- revision: a\n-- depends-on: a;b",
      "write only the id that the header of its file has, a if that is it; if these are several ids, separate them with commas: a, b",
    ],
    [
      "-- revision: a\n-- parent: b2 create b",
      "write only the id that the header of its file has, b2 if that is it; if these are several ids, separate them with commas: b2, create, b",
    ],
    ["-- revision: a\n-- parent: b (create b)", "write only the id: b"],
    ["-- revision: a\n-- parent: b;", "write only the id: b"],
    ["-- revision: a\n-- parent: b -- c", "write only the id: b"],
    ["-- revision: a\u200b\n-- parent: b", "delete it; an id has only letters, digits, '_' and '.'"],
    ["-- revision: a\n-- parents of all", expect.stringMatching(/^add '-- parent: <id>'/)],
    ["-- revision: a\n\n\u2014 parent of all", expect.stringMatching(/^add '-- parent: <id>'/)],
    [" -- revision: a\n-- parent: b", "delete the blanks before it: a header line begins with '--'"],
    ["-- revision: a\n  -- parent: b", "delete the blanks before it: a header line begins with '--'"],
    ["-- revision: <id>", "write an id without the brackets: migrate revision writes one into each new file"],
    [
      "-- revision: a\n-- parent: <id>",
      "write the id that is in the header of the file before it, without the brackets; or none",
    ],
    ["-- revision: a\n-- depends-on: a/b", "an id has only letters, digits, '_' and '.'"],
    // No command lists the heads while a file is at fault.
    ["-- revision: a\n-- parent: head", "write the id itself, from the header of that revision's file"],
  ])("hint for %j", (text, expected) => expect(hint(text)).toEqual(expected));

  test("what only the up file says is in the down file", () => {
    expect(hint("-- revision: a\n-- parent: b", "down")).toBe(
      "the up file sets it for both; delete this line",
    );
    // The up file may well not say it.
    expect(hint("-- revision: a\n-- irreversible: b", "down")).toBe(
      "an irreversible migration has no down file: put the line into the header of the up file, and delete this file",
    );
  });

  test("the keys that a down file may hold are named there", () => {
    expect(hint("-- revision: a\n-- license: MIT", "down")).toBe(
      "the keys are revision, transaction, lock-timeout, statement-timeout, accepts; put other comments below the header, after a blank line",
    );
  });

  test.each<[string, number, (n: number) => string, (n: number) => number]>([
    ["a message", 1e6, (n) => `-- revision: a\n-- parent: none\n-- message: ${"x".repeat(n)}`, () => 0],
    ["an id", 1e6, (n) => `-- revision: ${"x".repeat(n)}\n-- parent: none`, () => 1],
    [
      "parents",
      4e4,
      (n) => `-- revision: a\n-- parent: ${Array.from({ length: n }, (_, i) => `p${i}`)}`,
      () => 0,
    ],
    ["dashes", 1e6, (n) => "-".repeat(n), () => 1],
    ["blanks", 1e6, (n) => `--${" ".repeat(n)}`, () => 1],
    ["an open comment", 5e5, (n) => `-- revision: a\n-- parent: none\n/*${"/*".repeat(n)}`, () => 0],
    ["lost lines", 1e5, (n) => `-- revision: a\n\n${"-- parent: b\n".repeat(n)}`, () => 1],
    ["lines of no header", 4e5, (n) => `SELECT 1;\n${"SELECT 1; -- parent: b c\n".repeat(n)}`, () => 1],
    ["lines that the header lacks", 1e5, (n) => `SELECT 1;\n${"-- revision: b\n".repeat(n)}`, () => 2],
    ["unknown keys", 5e4, (n) => "-- foo: bar\n".repeat(n), (n) => n + 1],
  ])("is read in linear time: %s, many or long", async (_, size, text, faults) => {
    const readAll = (n: number): void => {
      const { diagnostics } = read(text(n));
      expect(diagnostics.length).toBe(faults(n));
      for (const { message } of diagnostics.slice(0, 3)) expect(message.length).toBeLessThan(200);
    };
    expect(await growth(readAll, size)).toBeLessThan(LINEAR);
  });
});
