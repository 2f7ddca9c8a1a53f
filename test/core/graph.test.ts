import { describe, expect, it } from "vitest";
import { cyclesOf } from "../../src/core/cycles.ts";
import { type Diagnostic, MigrateError } from "../../src/core/errors.ts";
import {
  ancestors,
  buildGraph,
  descendants,
  isBranchPoint,
  isMergePoint,
  maximal,
  nodeOf,
  ownDependencies,
} from "../../src/core/graph.ts";
import { branchPoints, currentRevisions, historyOf } from "../../src/core/history.ts";
import type { Revision } from "../../src/core/migration.ts";
import { newRevision } from "../../src/core/new-revision.ts";
import { branchLines, currentLine, detailsOf, headLine, historyLine } from "../../src/render/listing.ts";
import { revision } from "../support/graphs.ts";
import { growth, LINEAR } from "../support/growth.ts";

const file = (id: string, parents: readonly string[] = [], rest: Partial<Revision> = {}): Revision =>
  revision(id, parents, { path: `sql/${id}.up.sql`, ...rest });

function faultsOf(revisions: readonly Revision[]): readonly Diagnostic[] {
  try {
    buildGraph(revisions);
  } catch (error) {
    if (error instanceof MigrateError) return error.diagnostics;
    throw error;
  }
  return [];
}

/**
 *     a1 ── a2 ── b1 ── b2 ──┐
 *            └─── c1 ────────┴ m1      d1 (depends on c1), with d2 after it
 */
const revisions = [
  file("a1"),
  file("a2", ["a1"]),
  file("b1", ["a2"], { branchLabels: ["billing"] }),
  file("b2", ["b1"]),
  file("c1", ["a2"]),
  file("m1", ["b2", "c1"]),
  file("d1", [], { dependsOn: ["c1"], branchLabels: ["data"] }),
  file("d2", ["d1"], { dependsOn: ["billing"] }),
];
const graph = buildGraph(revisions);

describe("the graph", () => {
  it("knows bases, heads, branch and merge points", () => {
    expect(graph.bases).toEqual(["a1", "d1"]);
    expect(graph.heads).toEqual(["m1", "d2"]);
    expect(graph.realHeads).toEqual(["m1", "d2"]);
    expect([...graph.nodes].filter(([, node]) => isBranchPoint(node)).map(([id]) => id)).toEqual(["a2"]);
    expect([...graph.nodes].filter(([, node]) => isMergePoint(node)).map(([id]) => id)).toEqual(["m1"]);
    expect(nodeOf(graph, "a2").children).toEqual(["b1", "c1"]);
    expect(nodeOf(graph, "b1").dependents).toEqual(["d2"]);
  });

  it("takes a head on which something depends for an effective one", () => {
    const effective = buildGraph([file("a"), file("b", [], { dependsOn: ["a"] })]);
    expect(effective.heads).toEqual(["a", "b"]);
    expect(effective.realHeads).toEqual(["b"]);
  });

  it("finishes a branch before the next one, and waits for all a revision needs", () => {
    expect(graph.order).toEqual(["a1", "a2", "b1", "b2", "c1", "m1", "d1", "d2"]);
  });

  it("follows parents alone, or everything", () => {
    expect([...ancestors(graph, ["d2"], "lineage")].sort()).toEqual(["d1", "d2"]);
    expect([...ancestors(graph, ["d2"])].sort()).toEqual(["a1", "a2", "b1", "c1", "d1", "d2"]);
    expect([...descendants(graph, ["c1"], "lineage")].sort()).toEqual(["c1", "m1"]);
    expect([...descendants(graph, ["c1"])].sort()).toEqual(["c1", "d1", "d2", "m1"]);
    expect(maximal(graph, ["a1", "c1", "d1"])).toEqual(["d1"]);
    expect(maximal(graph, ["a1", "c1", "d1"], "lineage")).toEqual(["c1", "d1"]);
  });

  it("gives labels to what comes after, and to the line that ends in a head", () => {
    const labels = (id: string): readonly string[] => nodeOf(graph, id).labels;
    expect(labels("a2")).toEqual([]);
    expect(labels("b2")).toEqual(["billing"]);
    expect(labels("c1")).toEqual([]);
    expect(labels("m1")).toEqual(["billing"]);
    const late = buildGraph([
      file("a"),
      file("b", ["a"]),
      file("c", ["a"]),
      file("d", ["c"]),
      file("e", ["d"], { branchLabels: ["x"] }),
    ]);
    expect([...late.nodes.values()].map((node) => node.labels)).toEqual([[], [], ["x"], ["x"], ["x"]]);
  });

  it("tells a dependency that an ancestor has already from one of its own", () => {
    const twice = buildGraph([
      file("x"),
      file("a", [], { dependsOn: ["x"] }),
      file("b", ["a"], { dependsOn: ["x"] }),
      file("c", ["a"], { dependsOn: ["x", "b"] }),
    ]);
    expect(ownDependencies(twice, "a")).toEqual(["x"]);
    expect(ownDependencies(twice, "b")).toEqual([]);
    expect(ownDependencies(twice, "c")).toEqual(["b"]);
  });

  it("may be empty", () => {
    const empty = buildGraph([]);
    expect([
      empty.order,
      empty.heads,
      empty.bases,
      branchPoints(empty),
      historyOf(empty, undefined, []),
    ]).toEqual([[], [], [], [], []]);
  });
});

describe("faults", () => {
  const OTHER = /^correct the id, or restore the file of that revision$/;
  const cases: readonly (readonly [
    title: string,
    revisions: readonly Revision[],
    code: string,
    message: string,
  ])[] = [
    [
      "an illegal character",
      [file("a+b")],
      "graph/illegal-character",
      "Character(s) '+' not allowed in revision identifier 'a+b'",
    ],
    [
      "several illegal characters",
      [file("a:b@c-")],
      "graph/illegal-character",
      "Character(s) '-, :, @' not allowed in revision identifier 'a:b@c-'",
    ],
    [
      "an illegal character in a label",
      [file("a", [], { branchLabels: ["x-y"] })],
      "graph/illegal-character",
      "Character(s) '-' not allowed in branch label 'x-y'",
    ],
    [
      "a word of targets",
      [file("head")],
      "graph/reserved-name",
      "'head' not allowed as revision identifier: it has a special meaning in targets",
    ],
    [
      "an id twice",
      [file("a"), file("a", [], { path: "other/a.up.sql" })],
      "graph/duplicate-revision",
      "Revision a is present more than once: a (sql/a.up.sql) and a (other/a.up.sql)",
    ],
    [
      "a label twice",
      [file("a", [], { branchLabels: ["x"] }), file("b", ["a"], { branchLabels: ["x"] })],
      "graph/duplicate-label",
      "Branch name 'x' in revision b (sql/b.up.sql) already used by revision a (sql/a.up.sql)",
    ],
    [
      "a label that is an id",
      [file("a", [], { branchLabels: ["b"] }), file("b", ["a"])],
      "graph/duplicate-label",
      "Branch name 'b' in revision a (sql/a.up.sql) already used by revision b (sql/b.up.sql)",
    ],
    [
      "a missing parent",
      [file("a", ["zzz"])],
      "graph/missing-parent",
      "Revision zzz referenced from a (sql/a.up.sql) as a parent is not present",
    ],
    [
      "a label as a parent",
      [file("a", [], { branchLabels: ["x"] }), file("b", ["x"])],
      "graph/missing-parent",
      "Parent x of revision b (sql/b.up.sql) is a branch label, not an id",
    ],
    [
      "a missing dependency",
      [file("a", [], { dependsOn: ["zzz"] })],
      "graph/missing-dependency",
      "Revision zzz referenced from a (sql/a.up.sql) in depends-on is not present",
    ],
    [
      "a self-loop",
      [file("a", ["a"])],
      "graph/self-loop",
      "Self-loop is detected in revisions (a (sql/a.up.sql))",
    ],
    [
      "a dependency self-loop",
      [file("a", [], { dependsOn: ["x"], branchLabels: ["x"] })],
      "graph/dependency-self-loop",
      "Dependency self-loop is detected in revisions (a (sql/a.up.sql))",
    ],
    [
      "a cycle",
      [file("a", ["c"]), file("b", ["a"]), file("c", ["b"]), file("d", ["c"])],
      "graph/cycle",
      "Cycle is detected in revisions (a (sql/a.up.sql), b (sql/b.up.sql), c (sql/c.up.sql))",
    ],
    [
      "a dependency cycle",
      [file("a", [], { dependsOn: ["c"] }), file("b", ["a"]), file("c", ["b"])],
      "graph/dependency-cycle",
      "Dependency cycle is detected in revisions (a (sql/a.up.sql), b (sql/b.up.sql), c (sql/c.up.sql))",
    ],
  ];
  it.each(cases)("%s", (_title, given, code, message) => {
    const faults = faultsOf(given);
    expect(faults.map((fault) => [fault.code, fault.message])).toEqual([[code, message]]);
    expect(faults[0]?.hint).toBeTruthy();
    expect(faults[0]?.location?.line).toBe(1);
  });

  it("are all found at once", () => {
    const faults = faultsOf([
      file("a", ["b"]),
      file("b", ["a"]),
      file("c", ["x"]),
      file("d", [], { dependsOn: ["e"], branchLabels: ["c"] }),
      file("e", ["d"]),
      file("f", ["f"]),
    ]);
    expect(faults.map((fault) => fault.code)).toEqual([
      "graph/duplicate-label",
      "graph/missing-parent",
      "graph/self-loop",
      "graph/cycle",
      "graph/dependency-cycle",
    ]);
  });

  it.each([
    // One that is written in part, or misspelt.
    [
      "9f3c11aa22bb",
      "9f3c",
      /^write ids in full; did you mean 9f3c11aa22bb \(.*\)\? .* restore the file of 9f3c$/,
    ],
    [
      "9f3c11aa22bb",
      "9f3c11aa22bc",
      /^did you mean 9f3c11aa22bb \(.*\)\? .* restore the file of 9f3c11aa22bc$/,
    ],
    ["M0001", "m0001", /^did you mean M0001 /],
    ["a", "a.up.sql", /: write its id, a$/],
    // Another of its series is not meant: its own file is gone.
    ["m0001", "m0003", OTHER],
    ["m10", "m1", OTHER],
    ["v1_2", "v2_1", OTHER],
    ["20240301093000", "20240301093100", OTHER],
  ])("of %s and a child of %s suggest what is meant", (there, parent, hint) => {
    expect(faultsOf([file(there), file("b", [parent])])[0]?.hint).toMatch(hint);
  });

  it("suggest nothing that the header names besides, nor itself", () => {
    expect(faultsOf([file("a1bb"), file("m", ["a1bb", "a1bc"])])[0]?.hint).toMatch(OTHER);
    expect(faultsOf([file("a", ["0001"], { number: "0001" })])[0]?.hint).toMatch(/^this file itself/);
  });

  it("stand where the caller says", () => {
    const given = [file("a", ["zzz"])];
    const place = (_: unknown, key: string, item?: string) => ({
      location: { path: `${key} ${item}`, line: 2, column: 12 },
    });
    expect(() => buildGraph(given, place)).toThrow(
      expect.objectContaining({ location: { path: "parent zzz", line: 2, column: 12 } }),
    );
  });

  it("of ten thousand revisions are found in a time that grows with their number", async () => {
    const find = (length: number): void => {
      const ids = Array.from({ length }, (_, i) => `r${i}`);
      expect(faultsOf(ids.map((id, i) => file(id, [ids[(i + 1) % ids.length]!])))).toHaveLength(1);
      expect(faultsOf([file("a", ids)])).toHaveLength(length);
      expect(faultsOf([...ids.map((id) => file(id)), file("m", ids)])).toEqual([]);
    };
    expect(await growth(find, 10_000)).toBeLessThan(LINEAR);
  });
});

describe("cyclesOf", () => {
  it.each([
    ["none", { a: ["b"], b: ["c"], c: [] }, []],
    ["an edge to itself", { a: ["a"] }, []],
    ["an edge to nowhere", { a: ["x"], b: ["a"] }, []],
    ["two that touch", { a: ["b"], b: ["a", "c"], c: ["b"] }, [["a", "b", "c"]]],
    [
      "two apart",
      { a: ["b"], b: ["a"], c: ["a", "d"], d: ["c"] },
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
  ])("%s", (_title, edges: Record<string, readonly string[]>, cycles) => {
    expect(cyclesOf(Object.keys(edges), (node) => edges[node]!)).toEqual(cycles);
  });
});

describe("a new revision", () => {
  it("follows the head, keeps labels and writes ids in full", () => {
    const one = buildGraph([file("9f3c11aa22bb", [], { branchLabels: ["billing"] })]);
    expect(newRevision(one)).toEqual({ parents: ["9f3c11aa22bb"], dependsOn: [] });
    expect(newRevision(one, { heads: ["base"], dependsOn: ["9f3c", "billing"] })).toEqual({
      parents: [],
      dependsOn: ["9f3c11aa22bb", "billing"],
    });
    expect(newRevision(buildGraph([]))).toEqual({ parents: [], dependsOn: [] });
    expect(newRevision(graph, { heads: ["heads"] })).toEqual({ parents: ["m1", "d2"], dependsOn: [] });
    expect(newRevision(graph, { heads: ["a2"], splice: true })).toEqual({ parents: ["a2"], dependsOn: [] });
  });

  it("names the heads, their files and the merge command where there are two", () => {
    const dated = buildGraph([file("a"), file("b", ["a"], { created: "2026-11-01" }), file("c", ["a"])]);
    expect(() => newRevision(dated)).toThrow(
      expect.objectContaining({
        code: "graph/multiple-heads",
        message: expect.stringMatching(/^Multiple heads are present; please specify the head revision/),
        hint: 'the heads are\n    b (sql/b.up.sql, 2026-11-01)\n    c (sql/c.up.sql)\nto join them:\n    migrate merge b c -m "merge b and c"\nto follow one of them: add heads: ["c"]',
      }),
    );
  });

  // Where one head depends on another, `heads` is not all of them.
  it.each([
    [[], "heads"],
    [["h1"], Array.from({ length: 21 }, (_, i) => `h${i}`).join(" ")],
  ])(
    "names a command that merges each of many heads; on the one that the last depends on: %j",
    (dependsOn, all) => {
      const many = buildGraph(
        Array.from({ length: 21 }, (_, i) => file(`h${i}`, [], { dependsOn: i === 20 ? dependsOn : [] })),
      );
      const hint = expect.stringContaining(
        `\n    and 1 more\nto join them:\n    migrate merge ${all} -m "merge 21 heads"`,
      );
      expect(() => newRevision(many)).toThrow(expect.objectContaining({ hint }));
    },
  );

  it.each([
    [
      { heads: ["a2"] },
      "graph/not-a-head",
      /^Revision a2 is not a head revision; please specify splice: true/,
    ],
    [
      { heads: ["a2", "b2"] },
      "graph/not-a-head",
      /^Revision a2 is .* please specify splice: true to merge it all/,
    ],
    [{ heads: ["m1", "m1"] }, "graph/duplicate-heads", /^Duplicate head revisions specified/],
    [{ heads: ["m1"], dependsOn: ["base"] }, "graph/depends-on-base", /nothing can depend on/],
    [{ heads: ["m1"], dependsOn: ["heads"] }, "graph/multiple-heads", /^Multiple head revisions are present/],
  ])("%j is refused", (options, code, message) => {
    expect(() => newRevision(graph, options)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});

it("a label that was meant for its head is told so", () => {
  const hintFor = (...heads: string[]) => {
    try {
      newRevision(graph, { heads });
    } catch (error) {
      return (error as MigrateError).hint;
    }
  };
  expect(hintFor("data", "billing")).toMatch(/^did you mean data@head\? it is followed by d2/);
  expect(hintFor("d1")).toMatch(/^it is followed by d2/);
});

describe("listings", () => {
  it("are those of Alembic", () => {
    const history = historyOf(graph, undefined, []).map((id) =>
      historyLine(graph, id, { current: new Set(["b2"]) }),
    );
    expect(history).toEqual([
      "d1 (billing) -> d2 (data) (head), message of d2",
      "<base> (c1) -> d1 (data), message of d1",
      "b2, c1 -> m1 (billing) (head) (mergepoint), message of m1",
      "a2 -> c1, message of c1",
      "b1 -> b2 (billing) (current), message of b2",
      "a2 -> b1 (billing), message of b1",
      "a1 -> a2 (branchpoint), message of a2",
      "<base> -> a1, message of a1",
    ]);
    expect(graph.heads.map((id) => headLine(graph, id))).toEqual(["m1 (billing) (head)", "d2 (data) (head)"]);
    expect(currentRevisions(graph, ["a1", "a2", "c1", "d1"]).map((id) => currentLine(graph, id))).toEqual([
      "c1",
      "d1",
    ]);
    expect(branchPoints(graph).flatMap((id) => branchLines(graph, id))).toEqual([
      "a2 (branchpoint)",
      "   -> b1 (billing)",
      "   -> c1",
    ]);
    const effective = buildGraph([file("a"), file("b", [], { dependsOn: ["a"] })]);
    expect(headLine(effective, "a")).toBe("a (effective head)");
  });

  it("say everything with -v", () => {
    expect(detailsOf(graph, "d2", { current: new Set(["d2"]) })).toEqual([
      "Rev: d2 (head) (current)",
      "Parent: d1",
      "Also depends on: billing",
      "Branch names: data",
      "Path: sql/d2.up.sql",
      "",
      "    message of d2",
    ]);
    expect(detailsOf(graph, "m1").slice(0, 2)).toEqual(["Rev: m1 (head) (mergepoint)", "Merges: b2, c1"]);
    expect(detailsOf(graph, "a2").slice(0, 3)).toEqual([
      "Rev: a2 (branchpoint)",
      "Parent: a1",
      "Branches into: b1, c1",
    ]);
  });
});
