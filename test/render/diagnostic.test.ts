/** An error → lines that fit into a terminal; in a pipe they are as long as they are. */
import { describe, expect, test } from "vitest";
import { errorLines } from "../../src/render/diagnostic.ts";
import { columnsOf, printed } from "../../src/render/terminal.ts";

const command = `    migrate merge ${"0123456789ab ".repeat(8)}-m "merge 8 heads"`;
const error = {
  diagnostics: [
    {
      code: "graph/multiple-heads",
      message: `${"Mehrere Köpfe 長い文 ".repeat(9)}end`,
      hint: `the heads are\n    0123456789ab (migrations/0001_a.up.sql)\nto join them, as one would say it at length, say this:\n${command}`,
      location: { path: "a.up.sql", line: 1, column: 1 },
      excerpt: { line: "SELECT 1;" },
    },
  ],
};

describe.each([60, 80, 120])("at %i columns", (width) => {
  const lines = printed(errorLines(error, width)).trimEnd().split("\n");

  test("no line is wider, but for a command, which can be copied whole", () => {
    expect(lines.filter((line) => columnsOf(line) > width && line !== command)).toEqual([]);
    expect(lines).toContain(command);
    expect(lines).toContain("    0123456789ab (migrations/0001_a.up.sql)");
  });

  test("nothing is lost, and only the first lines begin where our own do", () => {
    const words = (text: string): string => text.replaceAll(/\s+/g, " ");
    expect(words(lines.join(" "))).toBe(words(printed(errorLines(error))).trim());
    expect(lines.filter((line) => /^\S/.test(line)).map((line) => line.slice(0, 5))).toEqual([
      "a.up.",
      "1 | S",
      "hint:",
    ]);
  });
});

test("a word that is wider than the terminal stays whole", () => {
  const url = `https://example.com/${"x".repeat(90)}`;
  const lines = errorLines({ diagnostics: [{ code: "usage/x", message: `see ${url} there` }] }, 40);
  expect(lines.slice(1)).toEqual([`  ${url}`, "  there"]);
});

test("a command within a sentence stays whole too", () => {
  const hint =
    'restore its file, or delete its row with: migrate repair --forget c3c3c3c3c3c3; or write it again: migrate revision -m "a b"';
  const lines = errorLines({ diagnostics: [{ code: "usage/x", message: "no", hint }] }, 40).slice(1);
  expect(printed(lines)).toBe(
    'hint: restore its file, or delete its\n  row with:\n  migrate repair --forget c3c3c3c3c3c3;\n  or write it again:\n  migrate revision -m "a b"\n',
  );
});

test("spaces side by side, and empty lines, stay", () => {
  const message = "Key (a)=(x  y) exists\n\nDETAIL: b";
  expect(errorLines({ diagnostics: [{ code: "usage/x", message }] }, 60)).toEqual(
    errorLines({ diagnostics: [{ code: "usage/x", message }] }),
  );
});

test("a hint that several in a row have stands once, after the last of them; another separates them", () => {
  const of = (message: string, hint?: string) => ({ code: "usage/x", message, ...(hint && { hint }) });
  const diagnostics = [of("a", "one"), of("b", "one"), of("c", "two"), of("d", "one"), of("e"), of("f")];
  expect(printed(errorLines({ diagnostics })).replaceAll("error[usage/x] ", "")).toBe(
    "a\nb\nhint: one\n\nc\nhint: two\n\nd\nhint: one\n\ne\n\nf\n",
  );
  const about = (id: string) => of(`no '${id}'`, `restore it, or: migrate repair --forget ${id}`);
  expect(
    printed(errorLines({ diagnostics: [about("a1"), about("b2")] })).replaceAll("error[usage/x] ", ""),
  ).toBe(
    "no 'a1'\nno 'b2'\nhint: for each of them, as here for b2: restore it, or: migrate repair --forget b2\n",
  );
  const all = (id: string) => of(`no '${id}'`, "migrate repair --forget a1 --forget b2");
  expect(printed(errorLines({ diagnostics: [all("a1"), all("b2")] })).replaceAll("error[usage/x] ", "")).toBe(
    "no 'a1'\nno 'b2'\nhint: migrate repair --forget a1 --forget b2\n",
  );
});

test.each([
  [1, /^1 \| ALTER.*…$/],
  [60, /^1 \| ….*…$/],
  [121, /^1 \| ….* LAST$/],
])("a line that is cut shows where: column %i", (column, expected) => {
  const line = `ALTER${"x".repeat(20)} ${"y".repeat(90)} LAST`;
  const [, shown = "", caret = ""] = printed(
    errorLines(
      {
        diagnostics: [
          { code: "a/b", message: "m", location: { path: "a", line: 1, column }, excerpt: { line } },
        ],
      },
      60,
    ),
  ).split("\n");
  expect(shown).toMatch(expected);
  expect(shown[caret.indexOf("^")]).toBe(line[column - 1]);
});
