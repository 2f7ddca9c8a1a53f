import { describe, expect, test } from "vitest";
import { buildGraph } from "../../src/core/graph.ts";
import { refuseMeanwhile } from "../../src/core/meanwhile.ts";
import type { Revision } from "../../src/core/migration.ts";
import { asFlags } from "../../src/core/option-names.ts";
import { planDowngrade, planStamp } from "../../src/core/steps.ts";
import {
  discarding,
  downgradeOf,
  finishing,
  finishingHint,
  recording,
  stampWith,
  takingOut,
} from "../../src/core/undoing.ts";
import { randomRevisions, revision } from "../support/graphs.ts";

const rowsOf = (ids: readonly string[]) => ids.map((id) => ({ revision: id }));

const graphOf = (revisions: readonly Revision[]) => buildGraph(revisions, () => undefined);

const ofRetort = (graph: ReturnType<typeof graphOf>) => ({ graph, ledger: { names: { schema: "retort" } } });

/** What a stamp that ends a sentence leaves applied; undefined where the sentence has none. */
function leftBy(sentence: string, graph: ReturnType<typeof graphOf>, applied: readonly string[]) {
  const [, words] = /: migrate stamp (.*)$/.exec(sentence) ?? [];
  if (words === undefined) return undefined;
  const targets = words.split(" ").filter((word) => word !== "--purge");
  const purge = words.startsWith("--purge");
  return planStamp(graph, rowsOf(applied), targets, { purge }).applied;
}

/** Because it is below no head. */
function isRefused(planning: () => unknown): boolean {
  try {
    planning();
    return false;
  } catch (error) {
    if ((error as { code?: string }).code !== "graph/not-below") throw error;
    return true;
  }
}

/** Above a parent of the merge is another head. */
const besideMerge = graphOf([
  revision("a"),
  ...["b", "c"].map((id) => revision(id, ["a"])),
  revision("m", ["b", "c"]),
  revision("x", ["b"]),
]);

const all = [besideMerge, ...Array.from({ length: 60 }, (_, seed) => graphOf(randomRevisions(seed, 12)))];

describe("the words take away the revision and nothing else", () => {
  const tops = all.flatMap((graph) =>
    [...graph.nodes.values()]
      .filter(({ children, dependents }) => children.length + dependents.length === 0)
      .map(({ revision: { revision, parents } }) => ({ graph, revision, parents })),
  );

  test("of a stamp", () => {
    for (const { graph, revision } of tops) {
      const left = leftBy(takingOut(graph, graph.order, revision), graph, graph.order);
      expect(left).toEqual(graph.order.filter((id) => id !== revision));
    }
  });

  test("where another is missing: the same, or none", () => {
    for (const { graph, revision } of tops) {
      for (const hole of graph.order.filter((id) => id !== revision)) {
        const applied = graph.order.filter((id) => id !== hole);
        const sentence = takingOut(graph, applied, revision);
        const left = leftBy(sentence, graph, applied);
        if (left === undefined) expect(sentence).toMatch(/: migrate verify$/);
        else expect(left).toEqual(applied.filter((id) => id !== revision));
      }
    }
  });

  test("of a downgrade; typed again they take away nothing, or are refused", () => {
    for (const { graph, revision, parents } of tops) {
      const target = downgradeOf({ revision, parents }).split(" ").at(-1)!;
      const steps = planDowngrade(graph, rowsOf(graph.order), target);
      expect(steps).toEqual([{ direction: "down", revision }]);
      const again = () => planDowngrade(graph, rowsOf(graph.order.filter((id) => id !== revision)), target);
      if (isRefused(again)) continue;
      expect(again()).toEqual([]);
    }
  });
});

test("the words of a stamp record the revision, and take out none, whatever is missing", () => {
  for (const graph of all) {
    for (const [index, revision] of graph.order.entries()) {
      const newest = graph.order.slice(0, index);
      const hole = graph.order.filter((id) => id !== revision);
      for (const applied of [newest, hole]) {
        const { command, added } = stampWith(graph, applied, revision);
        const [, , ...words] = command.split(" ");
        const targets = words.filter((word) => word !== "--purge");
        const purge = words.length > targets.length;
        const after = planStamp(graph, rowsOf(applied), targets, { purge });
        expect(added).toEqual([revision]);
        expect(new Set(after.applied)).toEqual(new Set([...applied, revision]));
      }
    }
  }
});

test.each([
  [["a"], "record it, or the last revision of which that is so: migrate stamp b"],
  [["a", "c"], "all that b does, record it: migrate stamp c"],
  [["c"], "all that a, b do, record them: migrate stamp c"],
] as const)("what is done already is recorded, where %s is applied", (applied, end) => {
  const graph = graphOf([revision("a"), revision("b", ["a"]), revision("c", ["b"])]);
  const failed = applied.includes("a" as never) ? "b" : "a";
  expect(recording(graph, applied, { revision: failed, direction: "up" }, { sqlstate: "42P07" })).toMatch(
    new RegExp(`${end}$`),
  );
});

test.each<["up" | "down", string, string, string | undefined, string?]>([
  ["up", "CREATE INDEX CONCURRENTLY", "42P07", "record it"],
  ["up", "CREATE INDEX CONCURRENTLY", "42P01", undefined],
  ["up", "CREATE TABLE", "42P07", "record it"],
  // A column, or a constraint, that the statement itself has twice.
  ["up", "CREATE TABLE", "42701", undefined],
  ["up", "CREATE TABLE", "42710", undefined],
  ["up", "CREATE TABLE AS", "42701", undefined],
  ["up", "CREATE VIEW", "42701", undefined],
  ["up", "INSERT", "42701", undefined],
  ["up", "ALTER TABLE", "42701", "record it"],
  ["up", "ALTER TABLE", "42710", "record it"],
  ["up", "DO", "42701", "record it"],
  ["up", "CREATE TYPE", "42710", "record it"],
  ["up", "DROP INDEX CONCURRENTLY", "42704", "record it"],
  ["up", "ALTER TABLE", "42703", undefined],
  ["up", "ALTER TABLE", "42703", "record it", "ALTER TABLE t DROP COLUMN a;"],
  ["up", "ALTER TABLE", "42704", "record it", "ALTER TABLE t drop constraint a;"],
  ["up", "ALTER TABLE", "42703", undefined, "ALTER TABLE t ALTER a DROP NOT NULL; -- DROP COLUMN"],
  ["up", "ALTER TABLE", "42P01", undefined, "ALTER TABLE t DROP COLUMN a;"],
  ["down", "DROP INDEX CONCURRENTLY", "42704", "undone already"],
  ["down", "ALTER TABLE", "42703", "undone already"],
  ["down", "CREATE INDEX CONCURRENTLY", "42P07", "undone already"],
  ["down", "CREATE INDEX CONCURRENTLY", "42P01", undefined],
])("%s: %s, %s: %s %s", (direction, tag, sqlstate, words, sql = "") => {
  const graph = graphOf([revision("a")]);
  const applied = direction === "up" ? [] : ["a"];
  const said = recording(graph, applied, { revision: "a", direction }, { tag, sql, sqlstate });
  if (words === undefined) expect(said).toBeUndefined();
  else expect(said).toContain(words);
});

test.each<["up" | "down", done: string, words: boolean, failed?: string, after?: string]>([
  ["up", "CREATE TABLE n ();", false],
  ["up", "/* a */ create unique index i ON t (a);", false],
  ["up", "ALTER TABLE ONLY public.t ADD n int;", false],
  ["up", 'ALTER TABLE t ADD "n m" int;', false],
  ["up", "ALTER TABLE t ADD COLUMN n int;", false],
  ["up", "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);", false],
  ["up", "ALTER TABLE t ALTER a DROP NOT NULL; CREATE TABLE n ();", false],
  ["up", "CREATE TABLE n ();", false, "DROP TABLE gone;"],
  // What can be done twice.
  ["up", "INSERT INTO t DEFAULT VALUES;", true],
  ["up", "CREATE TABLE IF NOT EXISTS n ();", true],
  ["up", "CREATE OR REPLACE VIEW v AS SELECT 1;", true],
  ["up", "CREATE TEMP TABLE n ();", true],
  ["up", "CREATE LOCAL TEMPORARY TABLE n ();", true],
  ["up", "CREATE TABLE pg_temp.n ();", true],
  ["up", "CREATE INDEX ON t (a);", true],
  ["up", "CREATE STATISTICS (ndistinct) ON a, b FROM t;", true],
  ["up", "ALTER TABLE t ADD CHECK (a > 0);", true],
  ["up", "ALTER TABLE t ADD CONSTRAINT c NOT NULL a;", true],
  ["up", "ALTER TABLE t ADD COLUMN IF NOT EXISTS n int;", true],
  ["up", "ALTER TABLE t ALTER COLUMN n SET DEFAULT 1;", true],
  // What the step may undo itself, before or after it.
  ["up", "DROP TABLE IF EXISTS n; CREATE TABLE n ();", true],
  ["up", "DO $$ BEGIN DROP TABLE n; END $$; CREATE TABLE n ();", true],
  ["up", "SELECT prepare(); CREATE TABLE n ();", true],
  ["up", "CREATE TABLE n ();", true, "CREATE TABLE o ();", "DROP TABLE n;"],
  ["up", "CREATE TABLE n ();", true, "CREATE TABLE o ();", "ALTER TABLE n SET SCHEMA app;"],
  ["up", "CREATE TABLE n ();", true, "ALTER TABLE n RENAME TO o;"],
  ["down", "DROP TABLE n;", false],
  ["down", "ALTER TABLE t DROP n;", false],
  ["down", "ALTER TABLE t DROP CONSTRAINT n;", false],
  ["down", "DROP TABLE IF EXISTS n;", true],
  ["down", "DROP OWNED BY app;", true],
  ["down", "ALTER TABLE t DROP COLUMN IF EXISTS n;", true],
  ["down", "ALTER TABLE t ALTER n DROP NOT NULL;", true],
  ["down", "DROP TABLE n; CREATE TABLE n ();", true],
  ["down", "DROP TABLE n;", true, "ALTER TABLE n_old RENAME TO n;"],
])("%s, behind %s a stamp is proposed: %s (%s %s)", (direction, done, isProposed, failed, after) => {
  const said = (text: string) => {
    const each = text.split(/(?<=;) (?!END)/).map((sql) => ({ sql, tag: /^[A-Z]+/.exec(sql)?.[0] ?? "" }));
    return text.startsWith("DO") ? [{ tag: "DO", sql: text }, ...each.slice(2)] : each;
  };
  const before = said(done);
  const others = after === undefined ? before : [...before, ...said(after)];
  const sql = failed ?? (direction === "up" ? "CREATE TABLE o ();" : "DROP TABLE o;");
  const sqlstate = /^(?:CREATE|ALTER TABLE n R)/.test(sql) ? "42P07" : "42P01";
  const failure = { sql, tag: sql.split(" ", 2).join(" "), sqlstate };
  const graph = graphOf([revision("a")]);
  const applied = direction === "up" ? [] : ["a"];
  const recorded = (more: object) =>
    recording(graph, applied, { revision: "a", direction }, { ...failure, ...more });
  expect(recorded({ before, others }) !== undefined).toBe(isProposed);
  // Without a transaction around them, what was done before is there.
  expect(recorded({ before: [], others })).toBeDefined();
});

test("of steps that are undone already by hand one stamp records all", () => {
  const graph = graphOf([revision("a"), revision("b", ["a"]), revision("c", ["b"]), revision("x", ["a"])]);
  const said = (applied: readonly string[], id: string) =>
    recording(graph, applied, { revision: id, direction: "down" }, { tag: "DROP TABLE", sqlstate: "42P01" });
  expect(said(["a", "b", "c"], "c")).toBe(
    "if all that c did is undone already, record the revision that the database is at, b or one below it: migrate stamp b",
  );
  // Nothing is below, or another branch stays.
  expect(said(["a"], "a")).toBe("if all that a did is undone already, record that: migrate stamp base");
  expect(said(["a", "b", "c", "x"], "c")).toMatch(/undone already, record that: migrate stamp /);
});

test("an interrupted step is discarded by a stamp that changes nothing else, or in SQL", () => {
  for (const graph of all) {
    for (const hole of [...graph.order, undefined]) {
      const applied = graph.order.filter((id) => id !== hole);
      const sentence = discarding(ofRetort(graph), applied);
      const left = leftBy(sentence, graph, applied);
      if (left === undefined) expect(sentence).toBe("in psql, with: CALL retort.forget_intent()");
      else expect(left).toEqual(applied);
      if (hole === undefined) expect(left).toBeDefined();
    }
  }
  expect(discarding(ofRetort(all[0]!), ["gone"])).toMatch(/^in psql/);
});

test("an interrupted step is finished or discarded, and one that is half undone has a way back only with its file", () => {
  const graph = graphOf([revision("a"), revision("b", ["a"])]);
  const half = { statement: 1, of: 2, done: true };
  const hint = (revision: string, direction: "up" | "down", at = half) =>
    finishingHint(ofRetort(graph), ["a", "b"], { revision, direction, ...at }, "finish it with");
  const ofB = { revision: "b", direction: "up", ...half } as const;
  const alone = finishingHint(ofRetort(graph), ["a"], ofB, "finish it with");
  expect(alone).toBe(
    "finish it with: migrate upgrade b; or, if that cannot succeed, discard it with: migrate stamp a",
  );
  expect(hint("b", "down")).toBe(
    "finish it with: migrate downgrade b@a; or, if that cannot succeed, discard it with: migrate stamp b",
  );
  // A run refuses a file of which what is done has changed.
  const differing = (by: "statements" | "transaction", direction: "up" | "down", applied = ["a"]) =>
    finishingHint(
      ofRetort(graph),
      applied,
      { ...ofB, direction, differs: { path: "b.sql", by } },
      "finish it with",
    );
  expect(differing("statements", "up")).toBe(
    "the statements before that one have changed since then: restore b.sql and run: migrate upgrade b; or finish it by hand and record it: migrate stamp b; or undo by hand what it has done, and discard it with: migrate stamp a",
  );
  expect(differing("transaction", "down", ["a", "b"])).toBe(
    "b.sql now runs in a transaction: write '-- transaction: none' in its header and run: migrate downgrade b@a; or finish it by hand and record it: migrate stamp a; or undo by hand what it has done, and discard it with: migrate stamp b",
  );
  expect(differing("statements", "up", ["a", "elsewhere"])).toBe(
    "the statements before that one have changed since then: restore b.sql and run: migrate upgrade b; or undo by hand what it has done, and discard it in psql, with: CALL retort.forget_intent()",
  );
  // Only its record is missing.
  expect(hint("b", "down", { ...half, statement: 2 })).toBe("finish it with: migrate downgrade b@a");
  expect(hint("gone", "up")).toBe(
    "no file has the revision gone: restore its files and run: migrate upgrade gone; or take back by hand what it has done, and discard it with: migrate stamp b",
  );
  expect(hint("gone", "down")).toBe(
    "no file has the revision gone: restore its files and run: migrate downgrade gone@-1; or take back by hand what is left of it, and run: migrate repair --forget gone",
  );
  const unread = { folder: "m", path: "m/sub/0003_gone.up.sql", names: asFlags };
  const moved = { ...graph, findUnread: () => unread };
  expect(finishingHint(ofRetort(moved), ["a", "b"], { ...ofB, revision: "gone" }, "finish it with")).toBe(
    'its file is in m/sub: folders below m are not read; move its files up: mv m/sub/0003_gone.*.sql m; or name m/sub too, in "directories"; then run: migrate upgrade gone; or take back by hand what it has done, and discard it with: migrate stamp b',
  );
});

test("a base that was interrupted is finished alone, whatever else is applied", () => {
  const graph = graphOf([revision("a"), revision("b")]);
  expect(finishing(graph, { revision: "a", direction: "down" })).toBe("migrate downgrade a@base");
  expect(finishing(graph, { revision: "a", direction: "up" })).toBe("migrate upgrade a");
});

test.each([
  ["what was applied is taken away", "downgrade", ["-b", "-a"], false, undefined],
  [
    "one more is not",
    "downgrade",
    ["-c", "-b"],
    false,
    "no step was done; to take it back all the same, run: X (",
  ],
  [
    "after a step",
    "downgrade",
    ["-d", "-c"],
    true,
    "what was done so far is kept; to take them back all the same, ",
  ],
  ["nor is its row", "stamp", ["-c"], false, "no step was done; to take it out all the same, "],
  ["a stamp records what never was", "stamp", ["+z"], false, undefined],
  ["but not what was taken back", "stamp", ["+b", "+z"], false, "to record it as applied all the same, "],
  ["which an upgrade applies", "upgrade", ["+b", "+z"], false, undefined],
] as const)("of what others did meanwhile: %s", (_, kind, ids, hasDone, hint) => {
  const steps = ids.map(
    (id) => ({ direction: id.startsWith("-") ? "down" : "up", revision: id.slice(1) }) as const,
  );
  const refuse = () =>
    refuseMeanwhile(kind, steps, {
      before: new Set(["a", "b"]),
      now: new Set(["a", "c", "d"]),
      hasDone,
      again: "X",
    });
  if (hint === undefined) expect(refuse).not.toThrow();
  else
    expect(refuse).toThrow(
      expect.objectContaining({ code: "state/guard", hint: expect.stringContaining(hint) }),
    );
});
