/** The 1,411 cases that a real Alembic answered: ours must agree, by the rules written at `disagreement`. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ancestors, type Graph } from "../../src/core/graph.ts";
import { type Answer, answer, type Case, graphOf } from "../support/answers.ts";

interface Solved extends Case {
  readonly expect: Omit<Answer, "id">;
  /** `unique`: there is one valid order. Otherwise Alembic's is one of several. */
  readonly order?: "unique" | "any";
}

const cases = gunzipSync(readFileSync(new URL("../data/alembic-cases.jsonl.gz", import.meta.url)))
  .toString("utf8")
  .trimEnd()
  .split("\n")
  .map((line): Solved => JSON.parse(line));

describe("answers of Alembic", () => {
  it("are all there", () => expect(cases).toHaveLength(1411));

  for (const op of new Set(cases.map((solved) => solved.op))) {
    const ofOp = cases.filter((solved) => solved.op === op);
    it(`${op}: ${ofOp.length} agree`, () => {
      const wrong = ofOp.flatMap((solved) => {
        const ours = answer(solved);
        const why = disagreement(solved, ours);
        return why === undefined ? [] : [{ why, ours, ...solved }];
      });
      expect(wrong).toEqual([]);
    });
  }

  it("leave a branch that is none unsaid, and ours do not", () => {
    const ids = cases.filter((solved) => refusesBranch(solved, answer(solved))).map(({ id }) => id);
    expect(ids).toEqual(["s1-g4-10", "s1-g11-9", "s1-g14-1", "s1-g14-3", "s1-g49-15", "s1-g115-5"]);
  });

  it("take base beside another target, and ours do not", () => {
    const ids = cases.filter((solved) => refusesBase(solved, answer(solved))).map(({ id }) => id);
    expect(ids).toEqual(["s1-g17-9", "s1-g92-7", "s1-g95-3", "s1-g102-0", "s1-g121-4"]);
  });
});

/** Alembic runs `nosuch@base` and a downgrade to `nosuch@REV`: it does not look up a branch that leaves it no choice. */
function refusesBranch({ expect: theirs, graph, target }: Solved, ours: Answer): boolean {
  const [branch, ...others] = `${target}`.split("@");
  if (theirs.error !== undefined || ours.error === undefined || others.length === 0) return false;
  return answer({ id: "", graph, op: "resolve", target: branch! }).error === ours.error;
}

/** Alembic stamps `base` with another target: whether what is applied goes depends on where the other one is. */
const refusesBase = ({ op, expect: theirs }: Solved, ours: Answer): boolean =>
  op === "stamp" && theirs.error === undefined && ours.error_kind === "graph/base-and-more";

/** What Alembic calls a kind of error → the codes that say the same. */
const sameFault: Readonly<Record<string, readonly string[]>> = {
  ambiguous_partial: ["graph/ambiguous-name"],
  // Where nothing comes after any of several heads, ours says that.
  ambiguous_walk: ["graph/ambiguous-walk", "graph/ambiguous-start", "graph/walked-too-far"],
  invalid_target: ["graph/not-below"],
  // A relative range that could start at several heads is told as such.
  multiple_heads: ["graph/multiple-heads", "graph/ambiguous-start", "graph/walked-too-far"],
  // What stands before the '@' may also be the beginning of several ids.
  no_such_branch: ["graph/unknown-revision", "graph/ambiguous-name"],
  not_a_head: ["graph/not-a-head"],
  not_found: ["graph/unknown-revision"],
  not_member: ["graph/not-on-branch"],
  range_not_ancestor: ["graph/no-such-range"],
  range_syntax: ["usage/range-required"],
  // Alembic walks from one of several heads, and counts too few; ours says that there are several.
  relative: ["graph/walked-too-far", "graph/ambiguous-start"],
  walked_too_far: ["graph/walked-too-far"],
};

/** Says in what an answer differs; undefined when it agrees. */
function disagreement(solved: Solved, ours: Answer): string | undefined {
  const { expect: theirs, order, graph, op } = solved;
  if (ours.error_kind === "bug") return `a bug of ours: ${ours.error}`;
  if (refusesBranch(solved, ours) || refusesBase(solved, ours)) return undefined;
  if (theirs.error !== undefined || ours.error !== undefined) {
    if (theirs.error === undefined || ours.error === undefined) return "an error on one side alone";
    const codes = sameFault[theirs.error_kind ?? ""] ?? [];
    return codes.includes(ours.error_kind ?? "") ? undefined : `another error: ${theirs.error_kind}`;
  }
  for (const key of ["heads", "down", "depends_on"] as const) if (!same(theirs[key], ours[key])) return key;

  if (theirs.steps !== undefined) {
    const steps = ours.steps ?? [];
    const text = (list: Answer["steps"]): readonly string[] => (list ?? []).map((step) => step.join(" "));
    if (order === "unique" && !same(text(theirs.steps), text(steps))) return "the one order of the steps";
    if (!sameSet(text(theirs.steps), text(steps))) return "which steps";
    const down = steps[0]?.[0] === "down";
    const upwards = steps.map(([, revision]) => revision);
    return isValidOrder(graphOf(graph), down ? upwards.reverse() : upwards)
      ? undefined
      : "an order that cannot run";
  }
  if (op === "history" && order !== "unique") {
    const newestFirst = ours.revs ?? [];
    if (!sameSet(theirs.revs ?? [], newestFirst)) return "which revisions";
    if (!sameSet(theirs.lines ?? [], ours.lines ?? [])) return "lines";
    return isValidOrder(graphOf(graph), newestFirst.toReversed()) ? undefined : "a child after its parent";
  }
  if (!same(theirs.revs, ours.revs)) return "revs";
  return same(theirs.lines, ours.lines) ? undefined : "lines";
}

function same(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return same(a.toSorted(), b.toSorted());
}

/** No revision comes after one that needs it. */
function isValidOrder(graph: Graph, upwards: readonly string[]): boolean {
  const done = new Set<string>();
  for (const id of upwards) {
    if (done.has(id)) return false;
    for (const lower of ancestors(graph, [id])) done.add(lower);
  }
  return true;
}
