/** Statements in their safe forms → the migrations that they become. */
import { expect, test } from "vitest";
import { arranged, type Chunk, inPlace, joined } from "../../src/core/fix/arrange.ts";
import { following } from "../../src/core/fix/files.ts";
import type { FixSegment } from "../../src/core/rules/rule.ts";

const segment = (up: string, place: FixSegment["place"], down = ""): FixSegment => ({ up, down, place });
const chunk = (sql: string, more: Partial<Chunk> = {}): Chunk => ({
  lead: "\n",
  sql,
  line: 1,
  trail: "",
  setting: false,
  usesRows: false,
  ...more,
});
const index = (name: string) =>
  chunk(name, { fix: [{ segments: [{ ...segment(`${name}!`, "outside"), keepsBack: true }] }] });
const constraint = (name: string) =>
  chunk(name, {
    fix: [
      {
        segments: [
          { ...segment(`add ${name}`, "shared"), keepsBack: true },
          segment(`validate ${name}`, "shared", `unvalidate ${name}`),
        ],
      },
    ],
  });

const ups = (chunks: readonly Chunk[], late: boolean) =>
  arranged(chunks, late).map(
    ({ up, outside }) => `${up.trim().replaceAll(/\n+/g, ", ")}${outside ? " (outside)" : ""}`,
  );

test("what has to come later shares a migration, behind the statements that use no rows", () => {
  const chunks = [
    constraint("a"),
    chunk("x"),
    index("i"),
    constraint("b"),
    chunk("y", { usesRows: true }),
    index("j"),
  ];
  expect(ups(chunks, true)).toEqual([
    "add a, x, add b",
    "validate a, validate b",
    "i! (outside)",
    "y",
    "j! (outside)",
  ]);
  expect(ups(chunks, false)).toEqual([
    "add a",
    "validate a",
    "x",
    "i! (outside)",
    "add b",
    "validate b",
    "y",
    "j! (outside)",
  ]);
  expect(arranged(chunks, true)[1]).toMatchObject({
    down: ["unvalidate b", "unvalidate a"],
    keepsBack: false,
  });
});

test("each migration knows the lines of the statements that it is of", () => {
  const at = (line: number, each: Chunk): Chunk => ({ ...each, line });
  const set = chunk("set a", { setting: true });
  const chunks = [set, constraint("a"), index("i"), chunk("x")].map((each, i) => at(i + 4, each));
  expect(arranged(chunks, true).map(({ lines }) => lines)).toEqual([[5, 7], [5], [6]]);
});

test("each migration has the settings before it, and those behind the last statement stay there", () => {
  const set = (sql: string) => chunk(sql, { setting: true });
  const chunks = [set("set a"), index("i"), chunk("x"), set("set b"), index("j"), set("reset")];
  expect(ups(chunks, false)).toEqual([
    "set a, i! (outside)",
    "set a, x, set b",
    "set a, set b, j!, reset (outside)",
  ]);
});

test("a statement in several pieces keeps what stands around it once", () => {
  const pieces = chunk("all", {
    lead: "\n-- above\n",
    trail: " -- beside",
    fix: [{ sql: "first;" }, { segments: [segment("second;", "shared"), segment("later;", "alone")] }],
  });
  expect(arranged([pieces], true).map(({ up }) => up)).toEqual([
    "\n-- above\nfirst;\nsecond; -- beside",
    "later;",
  ]);
  expect(inPlace([pieces]).up).toBe("\n-- above\nfirst;\nsecond;\nlater; -- beside");
});

test("texts are on lines of their own", () => {
  expect(joined(["a", "b\n", "c", "\r\nd"])).toBe("a\nb\nc\r\nd");
});

test("what follows names the last part, in its header alone", () => {
  const text = "-- revision: c\n-- parent: b, x.b\n-- depends-on: b\n\n-- parent: b\nSELECT 1;\n";
  expect(following(text, new Map([["b", "z"]]))).toBe(
    "-- revision: c\n-- parent: z, x.b\n-- depends-on: z\n\n-- parent: b\nSELECT 1;\n",
  );
});
