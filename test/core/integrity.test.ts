import { describe, expect, test } from "vitest";
import { assemble } from "../../src/core/assemble.ts";
import type { Diagnostic } from "../../src/core/errors.ts";
import { buildGraph } from "../../src/core/graph.ts";
import {
  codeChecksumOf,
  consequences,
  diagnosticOf,
  findingsOf,
  withFaults,
} from "../../src/core/integrity.ts";
import type { Applied } from "../../src/core/ledger/types.ts";
import type { Migration } from "../../src/core/migration.ts";
import { asFlags } from "../../src/core/option-names.ts";
import { sha256 } from "../../src/core/sha256.ts";
import { planStamp } from "../../src/core/steps.ts";
import { findingHints } from "../../src/render/findings.ts";
import { migrationFile } from "../support/file.ts";

const codeOf = (body: string): string => codeChecksumOf(migrationFile(`-- header\n${body}`, 10));

describe("code checksum, version 1", () => {
  test("is the one that docs/format.md documents", () => {
    expect(codeOf("\n-- why\nSELECT  a - -1, 'x  y' /* z */ FROM t ;\n")).toBe(
      sha256("SELECT a- -1,'x  y' FROM t;"),
    );
  });

  test.each([
    ["nothing", "", "\n -- only comments\n/* and /* nested */ ones */"],
    ["indents and line ends", "CREATE TABLE t (\n  a int\n);\n", "CREATE TABLE t(a int);\r\n"],
    ["a comment that parts two words", "SELECT 1 FROM t", "SELECT 1/**/FROM t"],
    ["blanks around operators", "SELECT a>=1 AND b", "SELECT a >= 1 AND b"],
    ["the last line's end", "SELECT $$ a\r\nb $$;", "SELECT $$ a\nb $$;\n"],
  ])("does not see %s", (_name, a, b) => {
    expect(codeOf(a)).toBe(codeOf(b));
  });

  test.each([
    ["a keyword's case", "SELECT 1", "select 1"],
    ["a blank in a string", "SELECT 'a b'", "SELECT 'a  b'"],
    ["a blank in a name", 'SELECT "a b"', 'SELECT "a  b"'],
    ["a comment in a function body", "DO $$BEGIN END$$", "DO $$BEGIN /* now */ END$$"],
    ["what only looks like a comment", "SELECT '-- a'", "SELECT '-- b'"],
    ["a blank that parts two words", "SELECT a b", "SELECT ab"],
    ["a blank that parts two operators", "SELECT a < -b", "SELECT a <- b"],
    ["a minus that is no comment", "SELECT 1 - -1", "SELECT 1 --1"],
    ["a quote after a prefix", "SELECT E 'a'", "SELECT E'a'"],
    ["a quote after U&", "SELECT u & 'a'", "SELECT u&'a'"],
    ["a name that goes on after dollars", "SELECT a $$x$$", "SELECT a$$x$$"],
    ["strings side by side", "SELECT 'a'\n'b'", "SELECT 'a''b'"],
    ["numbers side by side", "SELECT 1 .5", "SELECT 1.5"],
  ])("sees %s", (_name, a, b) => {
    expect(codeOf(a)).not.toBe(codeOf(b));
  });
});

/** A file of each migration, and the rows that applying them leaves. */
function files(bodies: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) {
  const ids = Object.keys(bodies);
  const sources = ids.flatMap((id, i) => {
    const header = `-- revision: ${id}\n${headers[id] ?? `-- parent: ${ids[i - 1] ?? "none"}\n`}`;
    return [
      { path: `000${i}_${id}.up.sql`, text: `${header}\n${bodies[id]}` },
      { path: `000${i}_${id}.down.sql`, text: `-- revision: ${id}\n` },
    ];
  });
  const { migrations, diagnostics } = assemble(sources);
  expect(diagnostics).toEqual([]);
  const graph = buildGraph<Migration>(migrations);
  const rows = migrations.map(
    ({ revision, up, message }, i): Applied => ({
      revision,
      checksum: up.checksum,
      codeChecksum: codeChecksumOf(up),
      parents: graph.nodes.get(revision)!.parents,
      dependsOn: graph.nodes.get(revision)!.dependencies,
      message,
      appliedAt: `2026-03-02T09:14:0${i}.000Z`,
      appliedBy: "ann",
      how: "run",
    }),
  );
  return { graph, rows };
}

const before = { a: "SELECT 1;\n", b: "SELECT 2;\n", c: "SELECT 3;\n" };
const { rows } = files(before);

describe("findings", () => {
  const found = (now: ReturnType<typeof files>, applied: readonly Applied[] = rows) =>
    findingsOf(now.graph, applied).map(({ kind, revision }) => `${kind} ${revision}`);

  test.each<[string, ReturnType<typeof files>, readonly string[]]>([
    ["nothing changed", files(before), []],
    ["other line ends", files({ ...before, b: "SELECT 2;\r\n" }), []],
    ["SQL changed", files({ ...before, b: "SELECT 22;\n" }), ["body b"]],
    ["a comment was added", files({ ...before, b: "-- two\nSELECT 2;\n" }), ["comments b"]],
    ["a file is gone", files({ a: before.a, b: before.b }), ["vanished c"]],
    ["a message changed", files(before, { b: "-- parent: a\n-- message: two\n" }), ["header b"]],
    ["a dependency came", files(before, { c: "-- parent: a\n-- depends-on: b\n" }), ["header c"]],
    [
      "a migration was put in between",
      files({ a: before.a, x: "", b: before.b, c: before.c }),
      ["header b", "hole b"],
    ],
    [
      "everything at once, in the order of the graph",
      files({ a: "-- one\nSELECT 1;\n", b: "SELECT 22;\n" }, { b: "-- parent: a\n-- message: two\n" }),
      ["comments a", "body b", "header b", "vanished c"],
    ],
  ])("%s", (_name, now, expected) => {
    expect(found(now)).toEqual(expected);
  });

  test("a hole is told in the past tense, with the command that fills it", () => {
    const now = files({ a: before.a, x: "", b: before.b, c: before.c });
    const hole = findingsOf(now.graph, rows).find(({ kind }) => kind === "hole")!;
    expect(diagnosticOf(hole).message).toMatch(/^b was applied on .*, but x.*, which it needs, is not$/);
    expect(diagnosticOf(hole).hint).toMatch(
      /^run what is missing with: migrate upgrade; .*: migrate stamp c$/,
    );
    expect(planStamp(now.graph, rows, ["c"])).toMatchObject({ added: ["x"], removed: [] });
  });

  test("a parent that was recorded under a squash is no change where what it replaces came back", () => {
    const all = files(before);
    const squashed = {
      ...all.graph.nodes.get("b")!.revision,
      revision: "s",
      parents: [],
      replaces: ["a", "b"],
    };
    const now = { ...all.graph, dormant: [squashed] };
    const [, , c] = rows;
    const applied = [
      { ...c!, revision: "s", parents: [] },
      { ...c!, parents: ["s"] },
    ];
    expect(findingsOf(now, applied).filter(({ kind }) => kind === "header")).toEqual([]);
    const other = [applied[0]!, { ...c!, parents: ["s", "x"] }];
    expect(findingsOf(now, other).map(({ kind }) => kind)).toContain("header");
  });

  test.each<[string, readonly string[], string]>([
    ["c", [], "restore the file and write a new migration, or "],
    [
      "c",
      ["c"],
      "it had no SQL then; to run what it has now: migrate stamp b; then: migrate upgrade c; or, ",
    ],
    ["b", ["b"], "it had no SQL then; write the SQL into a new migration, and restore the file; or, "],
  ])("SQL of %s changed; had none: %j", (id, empty, hint) => {
    const was = { ...before, ...Object.fromEntries(empty.map((each) => [each, "-- to do\n"])) };
    const [finding] = findingsOf(files({ ...before, [id]: "SELECT 9;\n" }).graph, files(was).rows);
    expect(finding).toMatchObject({ kind: "body", revision: id });
    expect(diagnosticOf(finding!).hint?.startsWith(hint)).toBe(true);
  });

  test("a header line that was not there is deleted, and not written", () => {
    const hint = (c: string): string | undefined =>
      findingsOf(files(before, { c }).graph, rows).map((finding) => diagnosticOf(finding).hint)[0];
    expect(hint("-- parent: a\n-- depends-on: b\n")).toMatch(
      /^write '-- parent: b' in the header again and delete the line 'depends-on', or accept /,
    );
    expect(hint("-- parent: b\n-- depends-on: a\n")).toMatch(/^delete the line 'depends-on', or accept /);
  });

  test.each<[Partial<Applied>, string | undefined]>([
    // What to do about s is said of s.
    [{ parents: ["s"] }, undefined],
    [{ dependsOn: ["s"] }, undefined],
    [
      { parents: ["x", "y"] },
      "x, y are no revisions here; accept the file as it is now with: migrate repair",
    ],
  ])("what no file is, no header is to name again: %j", (recorded, hint) => {
    const [a, b, c] = rows;
    const squashed = { ...b!, revision: "s", parents: [] };
    const all = findingsOf(files(before).graph, [a!, b!, squashed, { ...c!, ...recorded }]);
    expect(all.find(({ kind }) => kind === "header")?.hint).toBe(hint);
  });

  test("a hole beside what stops an upgrade is not said to be filled by the next", () => {
    const now = files({ a: before.a, x: "", b: before.b });
    const hints = findingsOf(now.graph, rows).map((finding) => diagnosticOf(finding).hint);
    expect(hints).toEqual([
      "write '-- parent: a' in the header again, or accept the file as it is now with: migrate repair",
      undefined,
      expect.stringContaining("--forget c"),
    ]);
    const changed = files({ a: "SELECT 11;\n", x: "", b: before.b, c: before.c });
    expect(findingsOf(changed.graph, rows).map(({ kind, hint }) => `${kind}: ${hint}`)).toEqual([
      expect.stringMatching(/^body: restore the file /),
      expect.stringMatching(/^header: /),
      "hole: settle the changed SQL first, which migrate verify lists",
    ]);
  });

  test("a git branch from before a squash, below what was applied since: what to do is said once", () => {
    const squashed = { ...rows[1]!, revision: "s", message: "sq", parents: [] };
    const found = findingsOf(files(before).graph, [squashed, { ...rows[2]!, parents: ["s"] }]);
    expect(found.map(({ kind }) => kind)).toEqual(["header", "hole", "vanished"]);
    expect(found.flatMap((each) => diagnosticOf(each).hint ?? [])).toEqual([
      expect.stringMatching(/^applied revisions need b, /),
    ]);
  });

  test("a row that may stand for what is missing is not to be forgotten; one above it cannot", () => {
    const now = files({ a: before.a, x: "", b: before.b });
    const squashed = { ...rows[2]!, revision: "s", parents: ["a"] };
    const hints = findingsOf(now.graph, [...rows, squashed]).flatMap((each) =>
      each.kind === "vanished" ? [`${each.revision}: ${each.hint}`] : [],
    );
    expect(hints).toEqual([
      expect.stringMatching(/^c: .*--forget c$/),
      expect.stringMatching(/^s: applied revisions need x, .* may have squashed it; use that/),
    ]);
  });

  test("of several that are lost, one hint forgets all", () => {
    const { graph } = files({ a: before.a });
    expect(new Set(findingsOf(graph, rows).map((each) => diagnosticOf(each).hint))).toEqual(
      new Set([
        expect.stringMatching(/^restore their files .* repair --forget b --forget c; after a rollback/),
      ]),
    );
  });

  test.each<[string, Parameters<typeof files>[0], RegExp]>([
    [
      "other files, as before a squash: they might be run again",
      { x: before.a },
      /"schema": .* config file$/,
    ],
    ["no files", {}, /; if .* to begin anew, forget what is applied: migrate stamp --purge base$/],
  ])("nothing that is applied has a file here; there are %s", (_name, here, end) => {
    const hints = findingsOf(files(here).graph, rows).map((each) => diagnosticOf(each).hint);
    expect(hints[0]).toMatch(/^no applied revision has a file here: use the git branch, the release or /);
    expect(hints[0]).toMatch(end);
    expect(new Set(hints).size).toBe(1);
  });

  test("where other rows have files that are not read, what is applied is not to be forgotten as a whole", () => {
    const unread = { path: "m/b.up.sql", folder: ".", names: asFlags };
    const findUnread = (id: string) => (id === "b" ? unread : undefined);
    const found = findingsOf({ ...files({}).graph, findUnread }, rows.slice(1));
    expect(found.map((each) => diagnosticOf(each).hint)).toEqual([
      expect.stringMatching(/^folders below \. are not read/),
      expect.stringMatching(/^restore its file .* repair --forget c$/),
    ]);
  });

  test("files below the folder that is read", () => {
    const hintsOf = (isTaken: boolean, isGiven = false) => {
      const names = asFlags;
      const findUnread = (id: string) => ({ path: `m/${id}.up.sql`, folder: ".", isTaken, isGiven, names });
      const found = findingsOf({ ...files({ a: before.a }).graph, findUnread }, rows);
      return new Set(found.map((each) => diagnosticOf(each).hint));
    };
    const name = 'name m too, in "directories"';
    const moving = "move their files up: mv m/b.*.sql m/c.*.sql .; or ";
    expect(hintsOf(false)).toEqual(new Set([`folders below . are not read; ${moving}${name}`]));
    expect(hintsOf(true)).toEqual(new Set([`folders below . are not read; ${name}`]));
    // Those of the config file have no effect then.
    expect(hintsOf(true, true)).toEqual(
      new Set(["folders below . are not read; name m too, with --directory"]),
    );
  });

  test.each([
    ["migrate.config.json line 2", "the folders of migrate.config.json line 2, among them billing"],
    [undefined, "the default folder, billing"],
  ])("files in a folder that another is given in the place of: %s", (origin, named) => {
    const replaced = { by: "flag --directory", origin };
    const given = { folder: "billing", names: asFlags, replaced };
    const findUnread = (id: string) => ({ path: `billing/${id}.up.sql`, ...given });
    const found = findingsOf({ ...files({ a: before.a }).graph, findUnread }, rows);
    for (const each of found)
      expect(diagnosticOf(each)).toMatchObject({
        message: expect.stringContaining("has its file in billing, which is not read"),
        hint: `flag --directory replaces ${named}: leave it out, or name billing with it too`,
      });
  });

  test.each<[string, Readonly<Record<string, string>>, string, RegExp]>([
    [
      "the SQL and the message: the id may have been edited",
      { x: before.c },
      "c",
      /^0002_x\.up\.sql has its message and its SQL under the id x: if it is the same migration, write '-- revision: c' in 0002_x\.up\.sql and 0002_x\.down\.sql, since an id must not change once it is applied; otherwise restore its file \(another git branch may have it\), or, .* --forget c$/,
    ],
    ["the SQL alone, as on another branch", { x: before.c }, "x", /^restore its file/],
    ["the message alone", { x: "SELECT 9;\n" }, "c", /^restore its file/],
    ["both, twice: neither is known to be it", { x: before.c, y: before.c }, "c", /^restore its file/],
  ])("a file that is not applied has of one that is lost %s", (_name, others, message, hint) => {
    const header = `-- parent: b\n-- message: ${message}\n`;
    const now = files({ a: before.a, b: before.b, ...others }, { x: header, y: header });
    const hints = findingsOf(now.graph, rows).map((each) => diagnosticOf(each).hint);
    expect(hints).toEqual([expect.stringMatching(hint)]);
  });

  test("an id that is written back is written back where others name it, too", () => {
    const headers = { x: "-- parent: a\n-- message: b\n", y: "-- parent: x\n", z: "-- parent: y\n" };
    const more = { x: before.b, y: "SELECT 8;\n", z: "-- nothing\n" };
    const now = files({ a: before.a, ...more }, { ...headers, z: `${headers.z}-- depends-on: x\n` });
    expect(diagnosticOf(findingsOf(now.graph, rows)[0]!).hint).toMatch(
      /write '-- revision: b' in 0001_x\.up\.sql and 0001_x\.down\.sql, and in place of x in the header of 0002_y\.up\.sql, 0003_z\.up\.sql, since/,
    );
  });

  test("two migrations without SQL are not the same for that", () => {
    const header = "-- parent: a\n-- message: merge\n";
    const { rows: merged } = files({ a: before.a, m: "-- nothing\n" }, { m: header });
    const now = files({ a: before.a, n: "-- nothing\n" }, { n: header });
    const hints = findingsOf(now.graph, merged).map((each) => diagnosticOf(each).hint);
    expect(hints).toEqual([expect.stringMatching(/^restore its file/)]);
  });

  test("what to write in a header names its file where there are several", () => {
    const changed = (...ids: readonly string[]) => {
      const headers = { b: "-- parent: a\n-- message: x\n", c: "-- parent: b\n-- message: y\n" };
      const now = files(
        before,
        Object.fromEntries(Object.entries(headers).filter(([id]) => ids.includes(id))),
      );
      return findingHints(findingsOf(now.graph, rows)).map((hint) => hint.split(" ")[0]);
    };
    expect(changed("b")).toEqual(["write"]);
    expect(changed("b", "c")).toEqual(["0001_b.up.sql:", "0002_c.up.sql:"]);
  });

  test("where the hints differ, each names the files that it is for", () => {
    const headers = { b: "-- parent: a\n", c: "-- parent: b\n" };
    const hintsOf = (more: Readonly<Record<string, string>>) =>
      findingHints(findingsOf(files({ ...before, ...more }, headers).graph, rows));
    const comments = { b: `${before.b}-- new\n`, c: `${before.c}-- new\n` };
    expect(hintsOf({ b: comments.b })).toEqual(["accept the file with: migrate repair"]);
    expect(hintsOf(comments)).toEqual(["0001_b.up.sql, 0002_c.up.sql: accept the file with: migrate repair"]);
    expect(hintsOf({ ...comments, c: "SELECT 33;\n" })).toEqual([
      "0001_b.up.sql: accept the file with: migrate repair",
      expect.stringMatching(/^0002_c\.up\.sql: restore the file/),
    ]);
  });

  test("what is said of all of them is said once", () => {
    const headers = { b: "-- parent: a\n-- message: x\n", c: "-- parent: b\n-- message: y\n" };
    const hints = (more: Readonly<Record<string, string>>, faults: readonly Diagnostic[] = []) =>
      findingHints(withFaults(findingsOf(files({ ...before, ...more }, headers).graph, rows), faults));
    expect(hints({ b: "SELECT 22;\n", c: "SELECT 33;\n" })).toEqual([
      expect.stringMatching(/^both the message and the SQL are others/),
    ]);
    const location = { path: "0000_a.up.sql", line: 2, column: 1 };
    expect(
      hints({ a: "SELECT (;\n" }, [{ code: "source/syntax", message: "it is wrong", location }]),
    ).toEqual([
      expect.stringMatching(/^no run would take 0000_a\.up\.sql/),
      expect.stringMatching(/^migrate repair accepts nothing/),
    ]);
  });

  test("a row of which neither the message nor the SQL is the file's may be another project's", () => {
    const header = { b: "-- parent: a\n-- message: other\n" };
    const hintsFor = (b: string) =>
      new Set(findingsOf(files({ ...before, b }, header).graph, rows).map((each) => each.hint));
    expect(hintsFor("SELECT 22;\n")).toEqual(
      new Set([
        expect.stringMatching(/another project .* give each its own ledger: .* write a new migration$/),
      ]),
    );
    expect(hintsFor(before.b)).toEqual(new Set([expect.stringMatching(/with: migrate repair$/)]));
  });

  test("the order in which parents are written means nothing", () => {
    const merged = (parent: string) =>
      files({ ...before, m: "" }, { c: "-- parent: a\n", m: `-- parent: ${parent}\n` });
    expect(found(merged("c, b"), merged("b, c").rows)).toEqual([]);
  });

  test("name file, both hashes, when and by whom", () => {
    const [finding] = findingsOf(files({ ...before, b: "SELECT 22;\n" }).graph, rows);
    const { location, message } = diagnosticOf(finding!);
    expect(location?.path).toBe("0001_b.up.sql");
    const [then, now] = [sha256("\nSELECT 2;\n"), sha256("\nSELECT 22;\n")].map((hash) => hash.slice(0, 12));
    expect(message).toBe(
      `the SQL of b is not what the ledger recorded: sha256 ${then} in the ledger, ${now} in the file; it was applied on 2026-03-02T09:14:01.000Z by ann`,
    );
  });
});

test.each<["upgrade" | "downgrade" | "stamp", string, readonly string[], readonly string[]]>([
  ["upgrade", "body", ["state/changed-file"], []],
  ["upgrade", "comments", [], ["state/changed-comments"]],
  ["downgrade", "body", [], ["state/changed-file"]],
  ["downgrade", "comments", [], []],
  ["stamp", "body", [], []],
])("a %s over changed %s refuses %j, warns %j", (kind, change, refused, warned) => {
  const now = files({ ...before, b: change === "body" ? "SELECT 22;\n" : "SELECT  2;\n" });
  const findings = findingsOf(now.graph, rows);
  const result = consequences(findings, { kind, steps: [{ direction: "down", revision: "b" }] });
  expect(result.refused.map(({ code }) => code)).toEqual(refused);
  expect(result.warnings.map(({ code }) => code)).toEqual(warned);
});

test("what `repair` would refuse is not offered", () => {
  const now = files({ a: "-- one\nSELECT 1;\n", b: "SELEC;\n" }, { b: "-- parent: a\n-- message: two\n" });
  const findings = findingsOf(now.graph, rows);
  expect(withFaults(findings, [])).toEqual(findings);
  const location = { path: "0001_b.up.sql", line: 5, column: 1 };
  const fault = { code: "source/syntax", message: "syntax error", hint: "write it right", location };
  expect(withFaults(findings, [fault]).map(({ kind, hint }) => `${kind}: ${hint}`)).toEqual([
    expect.stringMatching(/^comments: migrate repair accepts nothing while/),
    expect.stringMatching(
      /^body: no run would take 0001_b\.up\.sql as it is now: line 5: syntax error; write it right; correct that, or restore/,
    ),
    expect.stringMatching(/^header: migrate repair accepts nothing while/),
    expect.stringMatching(/^vanished: .*--forget c/),
  ]);
  const both = withFaults(findingsOf(files({ a: "SELECT 11;\n", b: "SELEC;\n" }).graph, rows), [fault]);
  const { refused } = consequences(both, { kind: "upgrade", steps: [] });
  expect(refused.map(({ hint }) => hint?.match(/: migrate verify/g)?.length)).toEqual([1, 1]);
});

test("a downgrade warns of what a migration that it takes down needs, and is not applied", () => {
  const findings = findingsOf(
    files(before).graph,
    rows.filter(({ revision }) => revision !== "b"),
  );
  const warned = (revision: string) =>
    consequences(findings, { kind: "downgrade", steps: [{ direction: "down", revision }] }).warnings;
  expect(warned("c")).toMatchObject([
    {
      code: "state/hole",
      message: expect.stringMatching(/^c was applied on .*, but b, which it needs, is not$/),
    },
  ]);
  expect(warned("a")).toEqual([]);
});

test("a downgrade that does not take the changed migration down says nothing", () => {
  const findings = findingsOf(files({ ...before, a: "SELECT 11;\n" }).graph, rows);
  const steps = [{ direction: "down", revision: "c" }] as const;
  expect(consequences(findings, { kind: "downgrade", steps })).toEqual({ refused: [], warnings: [] });
});
