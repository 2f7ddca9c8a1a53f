/** Revisions that replace others: which count, whom names mean, and what the ledger says then. */
import { describe, expect, test } from "vitest";
import { absences, aheadOf, upgradeBeside } from "../../src/core/absence.ts";
import { buildGraph, unknownRevision } from "../../src/core/graph.ts";
import { startOfFile } from "../../src/core/graph-faults.ts";
import { parseHeader } from "../../src/core/header.ts";
import type { Revision } from "../../src/core/migration.ts";
import { conversionOf, settleReplaced } from "../../src/core/replaced.ts";
import { appliedSet } from "../../src/core/steps.ts";

const revision = (id: string, parents: readonly string[], replaces?: readonly string[]): Revision => ({
  revision: id,
  parents,
  dependsOn: [],
  branchLabels: [],
  message: id,
  path: `${id}.up.sql`,
  ...(replaces === undefined ? {} : { replaces }),
});
const [a, b, c] = [revision("a", []), revision("b", ["a"]), revision("c", ["b"])];
const s = revision("s", [], ["a", "b"]);
const settle = (...all: readonly Revision[]) => settleReplaced(all, startOfFile);
const rows = (...ids: readonly string[]) => ids.map((id) => ({ revision: id }));

test("the header says what is replaced, in the up file", () => {
  const read = (direction: "up" | "down") =>
    parseHeader({ path: "x", text: "-- revision: s\n-- parent: none\n-- replaces: a, b\n" }, direction);
  expect(read("up").header.replaces).toEqual(["a", "b"]);
  expect(read("down").diagnostics.map(({ code }) => code)).toContain("source/misplaced-key");
});

describe("files", () => {
  test("all there: the squashed one is dormant", () => {
    const { active, dormant } = settle(a, b, c, s);
    expect(active.map((each) => each.revision)).toEqual(["a", "b", "c"]);
    expect(dormant).toEqual([s]);
  });

  test("all gone: names of the replaced mean it, through one squash and the next", () => {
    expect(settle(c, s).active.find((each) => each.revision === "c")!.parents).toEqual(["s"]);
    const next = [revision("d", ["c"]), revision("t", [], ["s", "c"]), revision("e", ["c", "s"])];
    expect(settle(...next).active.map(({ parents }) => parents)).toEqual([["t"], [], ["t"]]);
  });

  test("squashed again before its time came: it remains dormant, and the other one counts", () => {
    const more = revision("t", [], ["a", "b", "c"]);
    expect(settle(a, b, c, s, more)).toEqual({ active: [a, b, c], dormant: [s, more] });
    const d = revision("d", ["c"]);
    expect(settle(d, s, more)).toEqual({ active: [{ ...d, parents: ["t"] }, more], dormant: [s] });
    expect(settle(d, more).active.map((each) => each.revision)).toEqual(["d", "t"]);
  });

  test.each([
    [
      [a, c, s],
      "graph/half-replaced",
      "of the revisions that s (s.up.sql) replaces, b has no file, but a (a.up.sql) still has",
    ],
    [
      [a, b, c, s, revision("t", [], ["b", "c"])],
      "graph/replaced-twice",
      "b is replaced by t (t.up.sql) and by s (s.up.sql)",
    ],
    [
      [a, b, revision("s", ["b"], ["a"])],
      "graph/follows-replaced",
      "s (s.up.sql) replaces a, and follows b, which follows that: it could never take that place",
    ],
    [
      [revision("s", ["b"], ["a", "b"])],
      "graph/follows-replaced",
      "s (s.up.sql) replaces b, which it follows: it could never take that place",
    ],
    [[revision("s", [], ["s"])], "graph/half-replaced", "s (s.up.sql) replaces itself"],
  ])("%# is refused", (all, code, message) => {
    expect(() => settle(...all)).toThrow(expect.objectContaining({ code, message }));
  });
});

test.each(["squash1", "squa", "0004"])(
  "one that waits is found by %s, and says why it is no target",
  (name) => {
    const waiting = { ...revision("squash1", [], ["a", "b"]), number: "0004" };
    const { active, dormant } = settle(a, b, waiting);
    expect(unknownRevision(buildGraph(active, startOfFile, dormant), name)).toEqual({
      code: "graph/unknown-revision",
      message: "squash1 (squash1.up.sql) does nothing while a, b, which it replaces, have files",
      hint: "name b instead, or, once every database has them all, delete those files: rm a.up.sql b.up.sql",
    });
  },
);

describe("one that was squashed again before its time came", () => {
  const more = revision("t", [], ["a", "b", "c"]);
  test.each([
    // Without the files of a and b alone, the other would have a part of what it replaces.
    ["has no files to delete", [a, b, c, s, more], "name b instead"],
    ["leads to the one that counts", [s, more], "name t instead"],
  ])("%s", (_, all, hint) => {
    const { active, dormant } = settle(...all);
    expect(unknownRevision(buildGraph(active, startOfFile, dormant), "s")).toMatchObject({
      message: "s (s.up.sql) does nothing, since another revision replaces all that it does, and more",
      hint,
    });
  });
});

describe("the ledger", () => {
  const graph = buildGraph(settle(c, s).active);

  test("has the squashed one where it has all of them", () => {
    expect(conversionOf(graph, rows("c", "b", "a"))).toEqual({
      squashed: ["s"],
      removed: ["b", "a"],
      added: ["s"],
    });
    expect(conversionOf(graph, rows("s", "c"))).toBeUndefined();
    // Both, as where one was stamped by hand: the old rows go.
    expect(conversionOf(graph, rows("a", "b", "s"))).toEqual({
      squashed: ["s"],
      removed: ["b", "a"],
      added: [],
    });
  });

  test("with a part of them is one error, not one for each", () => {
    const t = buildGraph([revision("t", [], ["x", "y", "z"])]);
    expect(conversionOf(t, rows("x", "y"))).toBeUndefined();
    const fault = {
      code: "state/half-replaced",
      message: "of the revisions that t replaces, the database has x, y, but not z",
      hint: "with the files as they were before t was written (an older commit), run: migrate upgrade z; then go on with these",
    };
    expect(() => appliedSet(t, rows("x", "y"))).toThrow(
      expect.objectContaining({ ...fault, diagnostics: [expect.objectContaining(fault)] }),
    );
  });

  test("has a squashed one that was squashed again, with more, on another git branch: it gives way as well", () => {
    const all = revision("t", [], ["a", "b", "c", "d"]);
    const { active, dormant } = settle(revision("s", ["a"], ["b", "c"]), all);
    const merged = buildGraph(active, startOfFile, dormant);
    expect(conversionOf(merged, rows("a", "s", "d"))).toEqual({
      squashed: ["t"],
      removed: ["s", "d", "a"],
      added: ["t"],
    });
    const message = "of the revisions that t replaces, the database has a, b, c, but not d";
    expect(conversionOf(merged, rows("a", "s"))).toBeUndefined();
    expect(absences(merged, rows("a", "s")).map(({ fault }) => fault?.message)).toEqual([message, message]);
  });

  test("with a part of them says so wherever a row without a file is told", () => {
    const t = buildGraph([revision("t", [], ["x", "y", "z"])]);
    const absent = {
      reason: "has no file",
      keepsFrom: ["t"],
      hint: expect.stringMatching(
        /^of the revisions that t replaces.*but not z: with .*migrate upgrade z; then/,
      ),
    };
    expect(absences(t, rows("x", "y"))).toMatchObject([absent, absent]);
  });

  test("has a squashed one whose old files are back: they are to go, and it is no newer release's", () => {
    const settled = settle(a, b, revision("s", ["o"], ["a", "b"]), revision("o", []));
    const back = buildGraph(settled.active, startOfFile, settled.dormant);
    expect(() => appliedSet(back, rows("o", "s"), upgradeBeside)).toThrow(
      expect.objectContaining({
        code: "state/unknown-revision",
        message:
          "Can't locate revision identified by 's': it was applied, but does nothing while a, b have files",
        hint: expect.stringMatching(/delete their files again: rm a\.up\.sql b\.up\.sql; .*--allow-ahead$/),
      }),
    );
    expect(
      aheadOf(back, [
        { revision: "o", parents: [] },
        { revision: "s", parents: ["o"] },
      ]),
    ).toEqual([]);
  });

  test("with something pending, what is beside a newer release is not proposed", () => {
    const settled = settle(a, b, c, s);
    const back = buildGraph(settled.active, startOfFile, settled.dormant);
    const hintFor = (...ids: readonly string[]) => absences(back, rows(...ids)).map(({ hint }) => hint);
    expect(hintFor("s", "c")).toEqual([expect.stringMatching(/: migrate upgrade --allow-ahead$/)]);
    expect(hintFor("s")).toEqual([expect.stringMatching(/: rm a\.up\.sql b\.up\.sql$/)]);
  });

  test.each<[string, readonly Revision[], readonly string[], readonly string[] | undefined]>([
    ["waits", [a, b, s, c], ["s"], ["a", "b"]],
    ["is squashed in other files: what followed was applied before", [a, b, c], ["b"], ["b"]],
    ["is squashed in other files: what followed was applied after", [a, b, c], ["s"], ["b"]],
    ["may be of another git branch: what is missing was put in later", [a, b, c], ["a"], undefined],
  ])(
    "what a row without a file keeps an upgrade from running, where it %s",
    (_name, files, recorded, keepsFrom) => {
      const settled = settle(...files);
      const graph = buildGraph(settled.active, startOfFile, settled.dormant);
      const applied = [
        ...(keepsFrom === undefined ? [{ revision: "a", parents: [] }] : []),
        { revision: "s", parents: [] },
        { revision: "c", parents: recorded },
      ];
      expect(absences(graph, applied).map((each) => each.keepsFrom)).toEqual([keepsFrom]);
    },
  );

  test("a parent that waits is told with what keeps it from counting", () => {
    const settled = settle(a, b, s, revision("d", ["s"]));
    expect(() => buildGraph(settled.active, startOfFile, settled.dormant)).toThrow(
      expect.objectContaining({
        code: "graph/missing-parent",
        hint: "s (s.up.sql) does nothing while a, b, which it replaces, have files; name b instead, or, once every database has them all, delete those files: rm a.up.sql b.up.sql",
      }),
    );
  });

  test("a target that is no more leads to the one that is", () => {
    expect(unknownRevision(graph, "a")).toMatchObject({
      message: "a was replaced by s",
      hint: "use s",
    });
    const long = buildGraph([revision("t", [], ["abcd1", "abce1", "abce2"])]);
    expect(unknownRevision(long, "abcd").message).toBe("abcd1 was replaced by t");
    for (const name of ["abc", "abce"])
      expect(unknownRevision(long, name).message).toBe(`Can't locate revision identified by '${name}'`);
  });
});
