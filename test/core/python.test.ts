/** Python's ways to write a revision's identifiers → their values. */
import { expect, test } from "vitest";
import { pythonModule } from "../../src/core/adopt/python.ts";

const read = (text: string): unknown => pythonModule(`x${text}\n`).values.get("x");

test.each([
  [" = 'a'", "a"],
  [' = "it\\"s"', 'it"s'],
  [" = r'a\\b'", "a\\b"],
  [": str = 'a'", "a"],
  [": Union[str, None] = None  # none", null],
  [" = ('a',)", ["a"]],
  [" = ('a')", "a"],
  [" = (\n    'a',\n    'b',  # and more\n)", ["a", "b"]],
  [" = ['a', \"b\"]", ["a", "b"]],
  [" = 'a' 'b'", "ab"],
  [" = ()", []],
  [" = other.revision", undefined],
  [" = f'{y}'", undefined],
  [" = 'a' + y", undefined],
])("x%s", (text, value) => expect(read(text)).toEqual(value));

test("the docstring, and functions that do nothing", () => {
  const { docstring, values, functions } = pythonModule(
    [
      "# a comment",
      "'''add x",
      "",
      "revision = 'no'",
      "'''",
      "def upgrade() -> None:",
      '    """nothing',
      'y = 1"""',
      "    # to do",
      "    pass",
      "",
      "def downgrade():",
      "    revision = 'local'",
      "def one(): drop()",
      "def raising():",
      "    raise RuntimeError('no ' + x)",
      "def late():",
      "    drop()",
      "    raise RuntimeError('no')",
    ].join("\r\n"),
  );
  expect(docstring).toContain("add x");
  expect([...values.keys()]).toEqual([]);
  expect(functions.get("upgrade")).toEqual({ line: 6, isEmpty: true });
  expect(functions.get("downgrade")).toEqual({ line: 12, isEmpty: false });
  expect(functions.get("one")?.isEmpty).toBe(false);
  expect(functions.get("raising")?.raises).toBe("no ");
  expect(functions.get("late")?.raises).toBeUndefined();
});
