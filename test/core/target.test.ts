import { describe, expect, it, test } from "vitest";
import { absences } from "../../src/core/absence.ts";
import { buildGraph } from "../../src/core/graph.ts";
import { historyOf, shown } from "../../src/core/history.ts";
import { newRevision } from "../../src/core/new-revision.ts";
import {
  appliedBelow,
  currentHeads,
  planDowngrade,
  planOfflineDowngrade,
  planOfflineUpgrade,
  planStamp,
  planUpgrade,
  refuseReversed,
  revisionsOf,
  type Step,
} from "../../src/core/steps.ts";
import { resolveAll, resolveName } from "../../src/core/target.ts";
import { revision } from "../support/graphs.ts";

/**
 *     aa01 ── aa02 ── bb01 (billing) ── bb02 ── bb03
 *               └──── cc01 ──────────── cc02           dd01 (data, depends on cc01) ── dd02
 */
const graph = buildGraph([
  revision("aa01", [], { number: "0001" }),
  revision("aa02", ["aa01"], { number: "0002" }),
  revision("bb01", ["aa02"], { number: "0003", branchLabels: ["billing"] }),
  revision("bb02", ["bb01"], { number: "0004" }),
  revision("bb03", ["bb02"], { number: "0005" }),
  revision("cc01", ["aa02"], { number: "0003" }),
  revision("cc02", ["cc01"], { number: "0006", path: "sql/0006_cc.up.sql", created: "2026-11-02" }),
  revision("dd01", [], { number: "0007", dependsOn: ["cc01"], branchLabels: ["data"] }),
  revision("dd02", ["dd01"], { number: "0008" }),
]);
const line = buildGraph([
  revision("0a1b", []),
  revision("0a2c", ["0a1b"]),
  revision("0d3e", ["0a2c"], { branchLabels: ["trunk"] }),
]);

const all = appliedBelow(graph, graph.realHeads);
const ids = (steps: readonly Step[]): string => steps.map((step) => step.revision).join(" ");
const fault = (code: string, message: RegExp | string): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(message), hint: expect.any(String) });

describe("a name", () => {
  it.each([
    ["bb01", "bb01"],
    ["billing", "bb01"],
    ["bill", "bb01"],
    ["dd02", "dd02"],
    ["0004", "bb02"],
    ["dat", "dd01"],
  ])("%s is %s", (name, id) => expect(resolveName(graph, name)).toBe(id));

  it.each(["@head", "@+1", "@aa01"])("is missing before the @ of %s, as is said", (text) => {
    expect(() => resolveAll(graph, text)).toThrow(
      expect.objectContaining({
        hint: expect.stringMatching(/^a name is missing here: a branch is written/),
      }),
    );
  });

  it("is an id before it is a label, that before a file number, and that before a prefix", () => {
    const clash = buildGraph([
      revision("0002", [], { number: "0001" }),
      revision("00021", ["0002"], { number: "0003" }),
      revision("x", ["00021"], { number: "0002" }),
    ]);
    expect(resolveName(clash, "0002")).toBe("0002");
    expect(resolveName(clash, "0003")).toBe("00021");
    // An id that is drawn at random may begin like a number.
    const drawn = buildGraph([
      revision("a", [], { number: "0002" }),
      revision("0002c0ffee00", ["a"], { number: "0003", branchLabels: ["0004"] }),
      revision("b", ["0002c0ffee00"], { number: "0004" }),
    ]);
    expect(["0002", "0002c", "0004"].map((name) => resolveName(drawn, name))).toEqual([
      "a",
      "0002c0ffee00",
      "0002c0ffee00",
    ]);
  });

  it.each([
    ["nosuch", "graph/unknown-revision", /^Can't locate revision identified by 'nosuch'$/],
    ["", "graph/unknown-revision", /^Can't locate revision identified by ''$/],
    ["bb", "graph/ambiguous-name", /'bb' is the beginning of bb01, bb02, bb03$/],
    ["0003", "graph/ambiguous-name", /'0003' is the file number of bb01, cc01$/],
  ])("%s is not understood", (name, code, message) => {
    expect(() => resolveName(graph, name)).toThrow(fault(code, message));
  });

  it("that is misspelt is corrected", () => {
    expect(() => resolveName(graph, "bilinng")).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("did you mean 'billing'?") }),
    );
    // Of its series, not meant.
    expect(() => resolveName(graph, "aa09")).toThrow(
      expect.objectContaining({ hint: "list the revisions with: migrate history" }),
    );
  });

  it("must be on the branch it is asked on", () => {
    expect(resolveAll(graph, "billing@aa01")).toEqual(["aa01"]);
    expect(() => resolveAll(graph, "billing@cc01")).toThrow(
      fault("graph/not-on-branch", /'cc01' on the branch 'billing'/),
    );
    // What is proposed also takes a branch with several heads.
    const apart = buildGraph([revision("a"), revision("b", ["a"]), revision("c", ["a"]), revision("d")]);
    expect(() => resolveAll(apart, "a@d")).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/: migrate history -r :a@heads$/) }),
    );
    expect(historyOf(apart, ":a@heads", [])).toEqual(["c", "b", "a"]);
    expect(() => resolveAll(graph, "nosuch@cc01")).toThrow(fault("graph/unknown-revision", /'nosuch'/));
  });

  it.each([
    ["head@billing", "'head' is not a branch", "did you mean 'billing@head'?"],
    ["head@bill-1", "'head' is not a branch", "did you mean 'bill@head-1'?"],
    ["heads@nosuch", "'heads' is not a branch", "'nosuch' is not one either"],
    ["heads@head", "'heads@head': 'heads' is not a branch", "did you mean 'heads'?"],
    ["base@base", "'base' is not a branch", "did you mean 'base'?"],
    ["head@base", "'head' is not a branch", "one place is written 'base', a range 'head:base'"],
    ["head@-1", "'head' is not a branch", "did you mean 'head-1'?"],
    ["nosuch@base", "identified by 'nosuch'", "list the revisions with: migrate history"],
    ["bb03@-1", "no head has the branch label 'bb03'", "counted down from a revision so: bb03-1"],
    ["nosuch@-1", "identified by 'nosuch'", "list the revisions with: migrate history"],
    ["current@head", "identified by 'current'", "count +N and -N from"],
    ["current", "identified by 'current'", "with --sql --from-database their script starts at it; "],
    ["aa01:bb02", "identified by 'aa01:bb02'", "to list a range: migrate history -r aa01:bb02; "],
    ["+1", "identified by '+1'", "counted from a revision, as in base+1"],
    ["head~1", "identified by 'head~1'", "did you mean 'head-1'?"],
    ["HEAD^^", "identified by 'HEAD^^'", "did you mean 'head-2'?"],
    ["bb02~", "identified by 'bb02~'", "did you mean 'bb02-1'?"],
    ["", "identified by ''", "a range is written start:end"],
    ["curent", "identified by 'curent'", "did you mean 'current'?"],
    ["4", "identified by '4'", "did you mean '0004'?"],
  ])("that is a word of another place is told which: %s", (text, message, hint) => {
    expect(() => resolveAll(graph, text)).toThrow(
      expect.objectContaining({
        code: "graph/unknown-revision",
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      }),
    );
  });
});

describe("what show lists", () => {
  it.each([
    ["heads", "bb03 cc02 dd02"],
    ["base", ""],
    ["billing@head", "bb03"],
    ["cc01@heads", "cc02"],
    ["aa02@heads", "bb03 cc02"],
    ["billing@base", ""],
    ["-1", "bb02 cc01 dd01"],
    ["billing@-2", "bb01"],
    ["bb03-1", "bb02"],
    ["aa02+0", "aa02"],
    ["billing@head-1", "bb02"],
    ["current", "cc02"],
  ])("%s", (target, expected) => expect(shown(graph, target, ["cc02"]).join(" ")).toBe(expected));

  it("is not one of several heads", () => {
    expect(() => shown(graph, "head", [])).toThrow(
      expect.objectContaining({
        code: "graph/multiple-heads",
        message:
          "Multiple head revisions are present for given argument 'head'; please specify a specific target revision, " +
          "'<branchname>@head' to narrow to a specific head, or 'heads' for all heads",
        hint: [
          "the heads are",
          "    bb03",
          "    cc02 (sql/0006_cc.up.sql, 2026-11-02)",
          "    dd02",
          "to join them:",
          '    migrate merge bb03 cc02 dd02 -m "merge 3 heads"',
        ].join("\n"),
      }),
    );
  });
});

test.each<[string, string, string]>([
  ["-0", "'-0' leads nowhere", "to undo everything, use: base"],
  ["0", "identified by '0'", "to undo everything, use: base; list the revisions"],
  ["zero", "identified by 'zero'", "to undo everything, use: base; list the revisions"],
  ["ALL", "identified by 'ALL'", "to undo everything, use: base; list the revisions"],
  ["billing@zero", "identified by 'billing@zero'", "to undo everything, use: billing@base; list"],
])("a downgrade to %s is told what to type", (target, message, hint) => {
  expect(() => planDowngrade(graph, all, target)).toThrow(
    expect.objectContaining({
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    }),
  );
});

test("steps are counted from a revision in every place of a range, in a stamp and below a new revision", () => {
  expect(ids(planOfflineUpgrade(line, "head-1:head").steps)).toBe("0d3e");
  expect(ids(planOfflineDowngrade(line, "head:head-2").steps)).toBe("0d3e 0a2c");
  expect([...revisionsOf(line, "head-2:head-1")]).toEqual(["0a2c"]);
  expect([...revisionsOf(line, "head-3:head-2")]).toEqual(["0a1b"]);
  expect(historyOf(line, "head-3:head-2", [])).toEqual(["0a1b"]);
  for (const [read, hint] of [
    [() => shown(line, "head-3", []), "name a revision, or go back fewer steps"],
    [() => shown(line, "head-4", []), "base is only 3 down"],
    [
      () => shown(line, "current-1", []),
      expect.stringContaining("show, edit, history and graph alone take current"),
    ],
    [() => planStamp(line, [], ["head-3"]), "to record that nothing is applied, use: base"],
    [
      () => planStamp(line, appliedBelow(line, ["0a1b"]), ["0a2c@-1"]),
      expect.stringMatching(/ as in 0a2c@head-1; /),
    ],
    [() => planStamp(line, [], ["-0"]), expect.stringMatching(/^that is no step: name a revision; /)],
    [() => newRevision(line, { heads: ["head-3"] }), expect.stringMatching(/ heads: \["base"\]$/)],
    [() => planOfflineDowngrade(line, "head:-4"), "base is only 3 down; to undo everything, use: head:base"],
    [() => planDowngrade(line, [], "head-4"), expect.stringMatching(/everything, use: base$/)],
    [() => planOfflineDowngrade(line, "head:0"), expect.stringMatching(/everything, use: head:base; /)],
    [() => planOfflineDowngrade(line, "head:zero"), expect.stringMatching(/everything, use: head:base; /)],
    [() => planOfflineDowngrade(line, ":0a1b"), expect.stringMatching(/ target: "head:0a1b"$/)],
    [() => planStamp(line, [], ["0a1b,trunk@head"]), expect.stringMatching(/one: 0a1b trunk@head; /)],
    [() => planStamp(line, [], ["trunk@head, 0a1b"]), expect.stringMatching(/one: trunk@head 0a1b; /)],
    [() => planUpgrade(line, [], "zero"), expect.stringMatching(/^to undo everything, downgrade to: base; /)],
    [() => planUpgrade(line, [], "trunk@latest"), expect.stringMatching(/^did you mean 'trunk@heads'\? /)],
    [() => planUpgrade(line, [], "all"), expect.stringMatching(/^did you mean 'heads'\? /)],
    [() => planOfflineUpgrade(line, ":Latest"), expect.stringMatching(/^did you mean 'heads'\? /)],
    [() => planStamp(line, [], ["zero"]), expect.stringMatching(/^did you mean 'base'\? /)],
    [() => planUpgrade(line, [], "0"), expect.stringMatching(/^to undo everything, downgrade to: base; /)],
  ] as const)
    expect(read).toThrow(expect.objectContaining({ hint }));
  expect(historyOf(line, "head-1:", [])).toEqual(["0d3e", "0a2c"]);
  expect(historyOf(line, undefined, [], 2)).toEqual(["0d3e", "0a2c"]);
  expect(historyOf(line, ":0a2c", [], 9)).toEqual(["0a2c", "0a1b"]);
  expect(planStamp(line, [], ["head-1"]).applied).toEqual(["0a1b", "0a2c"]);
  expect(planStamp(line, [], ["0a2c@head-1"]).applied).toEqual(["0a1b", "0a2c"]);
  expect(newRevision(line, { heads: ["head-1"], splice: true }).parents).toEqual(["0a2c"]);
});

test.each<[string, string, ...string[]]>([
  ["0a2c", "for one revision: 0a2c:0a2c", "0a2c:0a2c"],
  ["0a1b..0d3e", "did you mean 0a1b:0d3e?", "0a1b:0d3e"],
  ["current", "up to what is applied: :current; from there on: current:", ":current", "current:"],
  ["-1", "from there to the heads: -1:", "-1:"],
  ["+1", "up to there: :+1", ":+1"],
])("what is no range is told one that can be listed: %s", (range, hint, ...proposed) => {
  const listed = (text: string) => historyOf(line, text, ["0a2c"]);
  expect(() => listed(range)).toThrow(expect.objectContaining({ code: "usage/range", hint }));
  for (const each of proposed) expect(listed(each).length).toBeGreaterThan(0);
});

test("why the two digits that an id begins with are not taken for it", () => {
  const digits = buildGraph([revision("21924edaeddc", [])]);
  expect(resolveName(digits, "219")).toBe("21924edaeddc");
  expect(() => resolveName(digits, "21")).toThrow(
    expect.objectContaining({ hint: expect.stringContaining("digits must be at least three") }),
  );
});

describe("an upgrade", () => {
  it.each([
    [[], "heads", "aa01 aa02 bb01 bb02 bb03 cc01 cc02 dd01 dd02"],
    [[], "dd01", "aa01 aa02 cc01 dd01"],
    [[], "base", ""],
    [[], "billing@base", ""],
    [["aa02"], "billing@+1", "bb01"],
    [["aa02"], "billing@+2", "bb01 bb02"],
    [["cc02"], "billing@+1", "bb01"],
    [["bb02", "cc01"], "billing@+1", "bb03"],
    [["aa01"], "+1", "aa02"],
    [["bb01"], "+2", "bb02 bb03"],
    [["bb01"], "cc01+1", "cc01 cc02"],
    [[], "bb03-1", "aa01 aa02 bb01 bb02"],
    [[], "billing@head-2", "aa01 aa02 bb01"],
    [[], "billing@base+2", "aa01 aa02"],
    [["cc02"], "data", "dd01"],
    [["dd02"], "cc01", ""],
    [["aa02"], "bb01@cc01", "graph/not-on-branch"],
    [["bb01", "cc01"], "+1", "graph/ambiguous-start"],
    [["aa02"], "+1", "graph/ambiguous-walk"],
    [["aa02"], "aa02@+1", "graph/ambiguous-walk"],
    [["bb03"], "+1", "graph/walked-too-far"],
    [["bb03"], "-1", "graph/walked-too-far"],
    [["bb03"], "aa01-1", "graph/walked-too-far"],
    [["bb03"], "aa01-2", "graph/walked-too-far"],
    [["bb03"], "+0", "graph/walked-too-far"],
    [[], "head", "graph/multiple-heads"],
    [[], "head-1", "graph/multiple-heads"],
    [["aa01"], "aa01:heads", "usage/range-not-allowed"],
  ] as const)("from %j to %s: %s", (from, target, expected) => {
    const plan = (): string => ids(planUpgrade(graph, appliedBelow(graph, from), target));
    if (expected.includes("/")) expect(plan).toThrow(fault(expected, /./));
    else expect(plan()).toBe(expected);
  });

  it("names one of the ways that an ambiguous walk could go", () => {
    expect(() => planUpgrade(graph, appliedBelow(graph, ["aa02"]), "+1")).toThrow(
      expect.objectContaining({
        code: "graph/ambiguous-walk",
        hint: "name the revision, for example: bb01",
      }),
    );
  });

  it.each([
    [
      ["aa02"],
      "billing@+7",
      "only 3 revisions come after aa02 on the branch 'billing'; to go all the way up, use: billing@heads",
    ],
    [["aa02"], "bb01+7", "only 2 revisions come after bb01; to go all the way up, use: heads"],
    [
      ["bb03", "dd02"],
      "cc01@+7",
      "only 1 revision comes after cc01 on the branch 'cc01'; to go all the way up, use: cc01@heads",
    ],
    [["bb03"], "+0", "to go up by N, use: +N"],
  ] as const)("from %j to %s, which is too far, says how far is right: %s", (from, target, hint) => {
    expect(() => planUpgrade(graph, appliedBelow(graph, from), target)).toThrow(
      expect.objectContaining({ code: "graph/walked-too-far", hint }),
    );
  });

  it("from several current revisions starts where something comes after, if anywhere", () => {
    const from = (...ids: string[]) => planUpgrade.bind(undefined, graph, appliedBelow(graph, ids), "+1");
    expect(from("bb03", "cc01")).toThrow(
      expect.objectContaining({ code: "graph/ambiguous-start", hint: "name one, for example: cc01+1" }),
    );
    for (const [heads, hint] of [
      [["bb03", "dd02"], /^no revision comes after bb03.*, dd02.*; to go all the way up, use: heads$/],
      [["bb03", "cc02", "dd02"], /^no revision comes after bb03.*, cc02.*, dd02[^;]*$/],
      // One alone, beside what is not applied yet.
      [["bb03"], /^no revision comes after bb03.*; to go all the way up, use: heads$/],
    ] as const)
      expect(from(...heads)).toThrow(
        expect.objectContaining({ code: "graph/walked-too-far", hint: expect.stringMatching(hint) }),
      );
  });

  it("says what an overlap is", () => {
    const overlap = buildGraph([
      revision("root"),
      revision("left", ["root"]),
      revision("right", ["root"], { dependsOn: ["left"] }),
    ]);
    expect(() => planUpgrade(overlap, [], "root@heads")).toThrow(
      fault("graph/overlap", /^Requested revision right overlaps with other requested revisions left$/),
    );
  });

  it("runs what was put in below the applied revisions", () => {
    expect(ids(planUpgrade(line, [{ revision: "0a1b" }, { revision: "0d3e" }], "head"))).toBe("0a2c");
  });

  it("names the ledger rows that no file has", () => {
    const rows = [
      { revision: "aa01" },
      { revision: "gone", appliedAt: "2026-11-01T10:00:00Z", appliedBy: "ann" },
    ];
    expect(() => planUpgrade(graph, rows, "heads")).toThrow(
      fault(
        "state/unknown-revision",
        /^Can't locate revision identified by 'gone': it was applied on 2026-11-01T10:00:00Z by ann, but has no file$/,
      ),
    );
    expect(
      currentHeads(
        graph,
        rows.map((row) => row.revision),
      ),
    ).toEqual(["aa01"]);
  });
});

it("there is nothing after the head of a branch, also where there are other heads", () => {
  expect(() => planUpgrade(graph, [], "billing@head+1")).toThrow(
    expect.objectContaining({
      code: "graph/walked-too-far",
      message: expect.stringContaining("there is no revision after 'billing@head'"),
      hint: "no revision comes after bb03 on the branch 'billing'",
    }),
  );
});

it("what only depends-on joins is said to be so", () => {
  expect(() => resolveAll(graph, "data@cc01")).toThrow(
    expect.objectContaining({
      code: "graph/not-on-branch",
      message: expect.stringMatching(/cc01 is joined to it only by depends-on$/),
      hint: "write it alone: cc01",
    }),
  );
  expect(() => planDowngrade(graph, appliedBelow(graph, ["dd02"]), "cc01")).toThrow(
    expect.objectContaining({ hint: expect.stringContaining("though dd01 depends on it") }),
  );
});

describe("a downgrade", () => {
  it.each([
    ["billing@head", "billing@bb03"],
    ["cc02@head", "cc02@cc02"],
    ["head", "bb03"],
    ["heads", "bb03"],
  ])("to %s, where there are several heads, is told one that it takes", (target, typed) => {
    expect(() => planDowngrade(graph, all, target)).toThrow(
      expect.objectContaining({ code: "graph/multiple-heads", hint: expect.stringMatching(`: ${typed}$`) }),
    );
    expect(planDowngrade(graph, all, typed)).toEqual([]);
  });

  it.each([
    ["head-1", "bb03@-1"],
    ["heads-2", "bb03@-2"],
  ])("by %s, where there are several heads, is told from which it can count", (target, typed) => {
    const several = { code: "graph/multiple-heads", hint: expect.stringMatching(`: ${typed}$`) };
    expect(() => planDowngrade(graph, all, target)).toThrow(expect.objectContaining(several));
    expect(planDowngrade(graph, all, typed)).not.toEqual([]);
  });

  it("as a script begins at one head, or at all", () => {
    expect(() => planOfflineDowngrade(graph, "head:base")).toThrow(
      expect.objectContaining({ code: "graph/multiple-heads", hint: expect.stringMatching(/write: heads$/) }),
    );
    expect(planOfflineDowngrade(graph, "heads:base").steps).not.toEqual([]);
  });

  it.each([
    [["bb03"], "aa02", "bb03 bb02 bb01"],
    [["bb03"], "-1", "bb03"],
    [["bb03"], "base", "bb03 bb02 bb01 aa02 aa01"],
    [["bb03"], "-5", "bb03 bb02 bb01 aa02 aa01"],
    [["bb03", "cc02", "dd02"], "billing@aa02", "bb03 bb02 bb01"],
    [["bb03", "cc02", "dd02"], "billing@-1", "bb03"],
    [["bb03", "cc02", "dd02"], "cc02@aa02", "dd02 dd01 cc02 cc01"],
    [["bb03", "cc02", "dd02"], "data@base", "dd02 dd01"],
    [["bb03", "dd02"], "cc01@-1", "dd02 dd01 cc01"],
    [["bb03"], "bb03-2", "bb03 bb02"],
    [["bb03"], "bb01+1", "bb03"],
    [["bb03"], "bb03", ""],
    [[], "base", ""],
    [["bb03"], "0002", "bb03 bb02 bb01"],
    [["bb03"], "cc01", "graph/not-below"],
    [["aa01"], "aa02", "graph/not-below"],
    [["bb03", "cc02", "dd02"], "data@aa02", "graph/not-below"],
    [["bb03"], "-6", "graph/walked-too-far"],
    [[], "-1", "graph/walked-too-far"],
    [["bb03"], "+1", "graph/walked-too-far"],
    [["bb03"], "base-1", "graph/walked-too-far"],
    [["bb03"], "head", "graph/multiple-heads"],
    [["bb03"], "bb03:base", "usage/range-not-allowed"],
  ] as const)("from %j to %s: %s", (from, target, expected) => {
    const plan = (): string => ids(planDowngrade(graph, appliedBelow(graph, from), target));
    if (expected.includes("/")) expect(plan).toThrow(fault(expected, /./));
    else expect(plan()).toBe(expected);
  });

  it.each([
    [["cc02"], "aa02@-2", undefined, "name one that is applied: cc01@-2"],
    [["bb01", "cc01"], "aa02@aa02", undefined, ": bb01@aa02 or cc01@aa02"],
    [
      ["aa02"],
      "aa02@aa02",
      undefined,
      "nothing above aa02 is applied; see what is applied with: migrate current",
    ],
    [["cc02"], "aa02@-2", "cc02", "name one that is applied: cc02:cc01@-2"],
  ] as const)(
    "from %j to %s, where ways part and the branch is before that, names the ones to take",
    (from, target, start, hint) => {
      const plan = (end: string) =>
        start === undefined
          ? planDowngrade(graph, appliedBelow(graph, from), end)
          : planOfflineDowngrade(graph, `${start}:${end}`);
      expect(() => plan(target)).toThrow(
        expect.objectContaining({
          code: "graph/not-below",
          message: expect.stringContaining(
            "the branch 'aa02' is none of those that begin after aa02 (bb01, cc01)",
          ),
          hint: expect.stringContaining(hint),
        }),
      );
    },
  );

  it.each([
    [
      "bb01:cc02@aa02",
      "nothing above aa02 is applied on the branch 'cc02'; the range starts at bb01, with what that needs",
    ],
    ["bb01:cc01", "cc01 is not applied; the range starts at bb01, with what that needs"],
    ["base:-1", "nothing is applied there; the range starts at base"],
    [
      "bb01:cc01@-1",
      "no current revision is on the branch 'cc01'; the range starts at bb01, with what that needs",
    ],
    ["aa02:aa02@aa02", "nothing above aa02 is applied; the range starts at aa02, with what that needs"],
  ])("in the range %s, no database is told to be asked", (range, hint) => {
    expect(() => planOfflineDowngrade(graph, range)).toThrow(expect.objectContaining({ hint }));
  });

  it.each([
    ["nosuch@aa01", "identified by 'nosuch'", "list the revisions with: migrate history"],
    ["nosuch@head", "identified by 'nosuch'", "list the revisions with: migrate history"],
    ["nosuch@base", "identified by 'nosuch'", "list the revisions with: migrate history"],
    ["base@billing", "'base' is not a branch", "did you mean 'billing@base'?"],
    ["head@base", "'head' is not a branch", "one place is written 'base', a range 'head:base'"],
  ])("to %s, where the branch is none, is refused, also where there is no other", (target, message, hint) => {
    const refusal = expect.objectContaining({
      code: "graph/unknown-revision",
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
    expect(() => planDowngrade(graph, appliedBelow(graph, ["aa02"]), target)).toThrow(refusal);
    expect(() => planOfflineDowngrade(graph, `aa02:${target}`)).toThrow(refusal);
  });

  it("by -1 from several heads lists the choices", () => {
    expect(() => planDowngrade(graph, all, "-1")).toThrow(
      expect.objectContaining({
        code: "graph/ambiguous-start",
        message: expect.stringContaining(
          "'-1' could start at bb03, cc02 (sql/0006_cc.up.sql, 2026-11-02), dd02",
        ),
        hint: "name one, for example: bb03@-1 or cc02@-1 or dd02@-1",
      }),
    );
    expect(ids(planDowngrade(graph, all, "cc02@-1"))).toBe("cc02");
  });

  it("by -1 from a merge and another head names what can be typed", () => {
    const merged = buildGraph([
      revision("a", []),
      revision("b", ["a"]),
      revision("c", ["a"]),
      revision("m", ["b", "c"]),
      revision("x", ["b"]),
    ]);
    const applied = appliedBelow(merged, ["m", "x"]);
    expect(() => planDowngrade(merged, applied, "-1")).toThrow(
      expect.objectContaining({ hint: "name one, for example: x@-1 or m@b or m@c" }),
    );
    expect(() => planDowngrade(merged, applied, "m@-1")).toThrow(
      expect.objectContaining({ hint: "name the revision, for example: m@b" }),
    );
    for (const target of ["m@b", "m@c", "x@-1"])
      expect(planDowngrade(merged, applied, target).length).toBe(1);
  });

  it("keeps the well-known words", () => {
    expect(() => planDowngrade(graph, appliedBelow(graph, ["bb03"]), "cc01")).toThrow(
      "Destination cc01 is not a valid downgrade target from current head(s)",
    );
    expect(() => planDowngrade(graph, [], "-1")).toThrow("Relative revision -1 didn't produce 1 migrations");
  });
});

describe("a script", () => {
  it.each([
    ["aa02:bb01", "aa01 aa02", "bb01"],
    ["base:aa02", "", "aa01 aa02"],
    ["aa02", "", "aa01 aa02"],
    [":aa01", "", "aa01"],
    ["bb03,cc02:heads", "aa01 aa02 bb01 bb02 bb03 cc01 cc02", "dd01 dd02"],
    ["bb01, cc02:billing@+1", "aa01 aa02 bb01 cc01 cc02", "bb02"],
    ["billing@head:cc01", "aa01 aa02 bb01 bb02 bb03", "cc01"],
  ])("upgrades %s", (range, applied, steps) => {
    const plan = planOfflineUpgrade(graph, range);
    expect([plan.applied.join(" "), ids(plan.steps)]).toEqual([applied, steps]);
  });

  it("downgrades with both ends", () => {
    expect(ids(planOfflineDowngrade(graph, "bb03,dd02:billing@aa02").steps)).toBe("bb03 bb02 bb01");
    expect(() => planOfflineDowngrade(graph, "aa01")).toThrow(
      fault("usage/range-required", /^downgrade as a script requires <fromrev>:<torev>$/),
    );
    for (const [end, range] of [
      ["aa01", "heads:aa01"],
      ["head", "heads:bb03@-1"],
      ["current", "heads:bb03@-1"],
    ])
      expect(() => planOfflineDowngrade(graph, end!)).toThrow(
        expect.objectContaining({ hint: expect.stringMatching(`: target: "${range}"$`) }),
      );
    expect(() => planOfflineUpgrade(graph, "a:b:c")).toThrow(fault("usage/range", /more than one colon/));
  });
});

describe("a range for a script", () => {
  it.each([
    ["upgrade", "aa02:aa01", "'aa02:aa01' leads down, but an upgrade goes up", "aa01:aa02"],
    ["upgrade", "bb03:billing@base", "leads down", "billing@base:bb03"],
    ["upgrade", "0005:0004", "leads down", "0004:0005"],
    ["downgrade", "aa01:bb02", "'aa01:bb02' leads up, but a downgrade goes down", "bb02:aa01"],
    ["downgrade", "base:dd01", "leads up", "dd01:base"],
  ] as const)("that is reversed is told how it is meant: %s %s", (kind, range, message, meant) => {
    expect(() => refuseReversed(graph, kind, range)).toThrow(
      expect.objectContaining({
        code: "usage/reversed-range",
        message: expect.stringContaining(message),
        hint: `a range is written start:end; did you mean ${meant}?`,
      }),
    );
  });

  it.each([
    ["upgrade", "aa01:bb02"],
    ["upgrade", "aa01:aa01"],
    ["upgrade", "bb03:cc02"],
    ["upgrade", "base:heads"],
    ["upgrade", "heads:heads"],
    ["upgrade", "bb02"],
    ["downgrade", "bb02:aa01"],
    ["downgrade", "bb02:bb02"],
    ["downgrade", "heads:base"],
    ["downgrade", "bb01:cc01"],
    ["downgrade", ":dd01"],
    ["downgrade", "bb01"],
  ] as const)("that leads that way, aside or nowhere is left alone: %s %s", (kind, range) => {
    expect(() => refuseReversed(graph, kind, range)).not.toThrow();
  });
});

it.each([
  [planUpgrade, "aa01:aa02:bb01", "give the target alone: bb01"],
  [planUpgrade, "aa02:aa01", "give the target alone: aa02"],
  [planUpgrade, "aa02:no such", "give the target alone: no such"],
  [planUpgrade, "aa01:", "give the target alone: head"],
  [planDowngrade, "bb02:aa01", "give the target alone: aa01"],
  [planDowngrade, "base:bb02", "give the target alone: base"],
  [planDowngrade, ":bb02", "give the target alone: bb02"],
  [planDowngrade, "bb02:", "give the target alone: bb02"],
  [planDowngrade, ":", "name a revision; list them with: migrate history"],
])(
  "a range in the place of one target is told the target, where there is one: %o %s",
  (plan, range, hint) => {
    expect(() => plan(graph, [], range)).toThrow(
      expect.objectContaining({ hint: `a range is only for scripts (offline(deps, request)); ${hint}` }),
    );
  },
);

it("a step from nowhere at the start of a script's range is told where it may be counted from", () => {
  expect(() => planOfflineUpgrade(line, "-1:head")).toThrow(
    expect.objectContaining({ hint: expect.stringContaining("counted from a revision, as in head-1") }),
  );
});

it("a history may start at several revisions", () => {
  expect(historyOf(graph, "bb02, cc01:heads", [])).toEqual(["cc02", "cc01", "bb03", "bb02"]);
  expect(historyOf(graph, "bb01,bb02:billing@head", [])).toEqual(["bb03", "bb02", "bb01"]);
});

it.each([
  [":-1", ":head-1"],
  ["aa01:billing@-2", "aa01:billing@head-2"],
])("a history whose end is counted down from nowhere is told from where: %s", (range, meant) => {
  expect(() => historyOf(graph, range, [])).toThrow(
    expect.objectContaining({
      code: "graph/walked-too-far",
      hint: `to count down from the head: ${meant}`,
    }),
  );
});

it("a history that is asked for from its end is told how it is meant", () => {
  expect(() => historyOf(graph, "bb02:aa01", [])).toThrow(
    expect.objectContaining({ hint: "the start must come before the end; did you mean aa01:bb02?" }),
  );
  expect(() => historyOf(graph, "bb01:cc01", [])).toThrow(
    expect.objectContaining({ hint: expect.not.stringContaining("did you mean") }),
  );
});

it("a row that was written by hand is no command in a hint", () => {
  const row = { revision: "x; $(id)" };
  const [absent] = absences(line, [row, { revision: "0a1b" }]);
  expect(absent?.hint).toContain("migrate repair --forget 'x; $(id)'");
});

it("an upgrade alone is told how to run below a newer release, with heads where there are several", () => {
  const rowsOf = (...known: readonly string[]) => [
    ...known.map((revision) => ({ revision })),
    { revision: "gone", parents: known.slice(-1) },
  ];
  const told = (hint: RegExp) => expect.objectContaining({ hint: expect.stringMatching(hint) });
  const onlyForget = told(/: migrate repair --forget gone$/);
  const every = rowsOf(...line.order);
  expect(() => planUpgrade(line, every, "head")).toThrow(told(/: migrate upgrade --allow-ahead$/));
  expect(() => planUpgrade(graph, rowsOf(...graph.order), "heads")).toThrow(
    told(/: migrate upgrade heads --allow-ahead$/),
  );
  // Where something is pending, that would be refused.
  expect(() => planUpgrade(line, rowsOf("0a1b"), "head")).toThrow(onlyForget);
  expect(() => planDowngrade(line, every, "-1")).toThrow(onlyForget);
  expect(() => planStamp(line, every, ["head"])).toThrow(onlyForget);
});

describe("a stamp", () => {
  const stamp = (from: readonly string[], targets: readonly string[], purge = false): readonly string[] =>
    currentHeads(graph, planStamp(graph, appliedBelow(graph, from), targets, { purge }).applied);

  it.each([
    [[], ["heads"], "bb03 cc02 dd02"],
    [["bb03"], ["bb01"], "bb01"],
    [["bb01"], ["bb03"], "bb03"],
    [["bb01"], ["cc02"], "bb01 cc02"],
    [["bb03", "cc02"], ["aa02"], "aa02"],
    [["bb03", "cc02"], ["base"], ""],
    [["bb03", "dd02"], ["data@base"], "bb03 cc01"],
    [["bb03", "dd02"], ["dd01"], "bb03 dd01"],
    [["bb03", "dd02"], ["aa01"], "aa01"],
    [["bb03", "dd02"], ["base"], ""],
    [["bb01"], ["cc02", "dd02"], "bb01 cc02 dd02"],
    [["bb01", "cc02"], ["heads"], "bb03 cc02 dd02"],
    [["bb03", "cc02"], ["aa02", "cc02"], "cc02"],
  ])("from %j to %j: %s", (from, targets, expected) => expect(stamp(from, targets).join(" ")).toBe(expected));

  it.each([
    ["cc02", "base", /^base records that nothing is applied, and cc02 that something is/],
    ["bb01", "data@base", /^data@base records that nothing is applied on that branch, and bb01 that/],
  ])("to %s and %s is refused, whatever is applied", (target, base, message) => {
    for (const from of [[], ["dd02"], ["bb03", "cc02"]])
      expect(() => stamp(from, [target, base])).toThrow(fault("graph/base-and-more", message));
    expect(stamp(["bb03", "cc02"], ["base", "base"])).toEqual([]);
  });

  it.each(["-1", "+1", "billing@-1"])("counts %s from nothing, whatever is applied", (target) => {
    for (const from of [[], ["bb02"], ["bb03", "cc02"]])
      for (const purge of [false, true])
        expect(() => stamp(from, [target], purge)).toThrow(fault("graph/unknown-revision", /'[+-]1'/));
  });

  it("says which rows come and go, in an order that holds", () => {
    const rows = [...appliedBelow(graph, ["bb02"]), { revision: "gone" }];
    expect(() => planStamp(graph, rows, ["cc01"])).toThrow(fault("state/unknown-revision", /'gone'/));
    expect(() => planStamp(graph, [], ["aa01:cc01"])).toThrow(
      fault("usage/range-not-allowed", "not allowed"),
    );
    expect(planStamp(graph, rows, ["cc02"], { purge: true })).toEqual({
      applied: ["aa01", "aa02", "cc01", "cc02"],
      added: ["cc01", "cc02"],
      removed: ["gone", "bb02", "bb01"],
    });
  });
});

describe("history", () => {
  it.each([
    ["aa02:bb02", [], "bb02 bb01 aa02"],
    [":aa02", [], "aa02 aa01"],
    ["bb02:", [], "bb03 bb02"],
    ["bb01:+1", [], "bb02 bb01"],
    ["bb02:+9", [], "bb03 bb02"],
    ["current:", ["cc01"], "cc02 cc01"],
    [":current", ["aa02"], "aa02 aa01"],
    ["cc01:dd02", [], "cc01"],
    ["base:billing@head", [], "bb03 bb02 bb01 aa02 aa01"],
    ["data@base:", [], "dd02 dd01 cc01 aa02 aa01"],
    ["bb02:aa01", [], "graph/no-such-range"],
    ["aa01", [], "usage/range"],
    ["head:", [], "graph/multiple-heads"],
  ] as const)("%s, current %j: %s", (range, current, expected) => {
    const list = (): string => historyOf(graph, range, current).join(" ");
    if (expected.includes("/")) expect(list).toThrow(fault(expected, /./));
    else expect(list()).toBe(expected);
  });
});
