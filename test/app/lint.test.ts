/** Which migrations `lint` looks at: by range, file, revision and git ref; and what they are asked with. */
import { execFileSync } from "node:child_process";
import { appendFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { type LintOptions, lint } from "../../src/app/lint.ts";
import { offline } from "../../src/app/offline.ts";
import { review } from "../../src/app/review.ts";
import { project, type TestProject } from "../support/project.ts";

const migrations = {
  a: "CREATE TABLE t (id bigint, note text);",
  b: "CREATE INDEX t_id ON t (id);",
  c: "ALTER TABLE t ADD COLUMN at timestamptz DEFAULT now();",
  d: "ALTER TABLE t ALTER COLUMN note SET NOT NULL;",
};

/** The revisions that were looked at, and the rules that found something. */
async function linted({ folder, deps }: TestProject, options: LintOptions) {
  const { linted: revisions, findings } = await lint({ ...deps, cwd: folder }, options);
  return [revisions.join(""), findings.map(({ rule }) => rule)];
}

describe("what is looked at", () => {
  test.each<[LintOptions, string, string[]]>([
    [{ all: true }, "abcd", ["create-index", "set-not-null"]],
    [{}, "abcd", ["create-index", "set-not-null"]],
    [{ which: ["a:head"] }, "bcd", ["create-index", "set-not-null"]],
    [{ which: ["base:head"] }, "abcd", []],
    [{ which: ["c:"] }, "d", ["set-not-null"]],
    [{ which: ["a:c"] }, "bc", ["create-index"]],
    [{ which: ["d"] }, "d", ["set-not-null"]],
    [{ which: ["0002_b.up.sql", "0004_d.down.sql"] }, "bd", ["create-index", "set-not-null"]],
  ])("%j", async (options, revisions, rules) => {
    expect(await linted(project(migrations), options)).toEqual([revisions, rules]);
  });
});

test("a REINDEX of a partitioned table is one of its partitions, and one of the system catalogs has no other form", async () => {
  const none = ["transaction: none"];
  const { folder, deps } = project({
    a: "CREATE TABLE t (d date PRIMARY KEY) PARTITION BY LIST (d); CREATE TABLE t1 PARTITION OF t DEFAULT;",
    b: { up: "REINDEX TABLE t;", header: none },
    c: { up: "REINDEX TABLE CONCURRENTLY t;", header: none },
    d: { up: "REINDEX SCHEMA pg_catalog;\nREINDEX SYSTEM;", header: none },
  });
  const { findings } = await lint({ ...deps, cwd: folder }, { all: true });
  const catalogs =
    "writes to each system catalog, and reads that use an index of it, are blocked while it is rebuilt";
  expect(findings.map(({ message, recipe }) => [message, recipe?.[0]?.split("\n").at(-1)])).toEqual([
    [
      "writes to public.t1, and reads that use an index, are blocked while it is rebuilt",
      "REINDEX TABLE CONCURRENTLY t;",
    ],
    [catalogs, undefined],
    [catalogs, undefined],
  ]);
});

test.each([
  ["execution/connect", "postgres://u@127.0.0.1:1/d"],
  ["usage/database-address", "postgres://u@127.0.0.1:99999/d"],
])(
  "where the database cannot be asked what is pending, the way to do without it is named: %s",
  async (code, database) => {
    await expect(linted(project(migrations), { database })).rejects.toMatchObject({
      code,
      hint: expect.stringMatching(/to look at all migrations without a database, add option all$/),
    });
  },
);

test("what the run has renamed is named as it was called before, too, and what the downgrade writes again by that name", async () => {
  const given = project({
    a: "CREATE TABLE t (id bigint, note text, kind text); CREATE TABLE u (id bigint);",
    b: {
      up: `ALTER TABLE u RENAME TO u_old; CREATE TABLE u (id int); INSERT INTO u SELECT id FROM u_old; DROP TABLE u_old;
        ALTER TABLE t RENAME note TO n; ALTER TABLE t DROP n; ALTER TABLE t DROP kind;`,
      down: `ALTER TABLE u RENAME TO u_old; CREATE TABLE u (id bigint); INSERT INTO u SELECT id FROM u_old;
        DROP TABLE u_old; ALTER TABLE t ADD note text, ADD kind text;`,
    },
  });
  const { findings } = await lint({ ...given.deps, cwd: given.folder }, { which: ["b"] });
  expect(findings.filter(({ rule }) => /^drop-/.test(rule)).map(({ message }) => message)).toEqual([
    "the rows of public.u_old (formerly u) are lost; the downgrade writes them again, perhaps not as they were",
    "the values of public.t.n (formerly t.note) are lost, and a downgrade cannot restore them",
    "the values of public.t.kind are lost, and a downgrade cannot restore them",
  ]);
});

test("what the downgrade writes again is not said to be gone for good: lint, review and the script agree", async () => {
  const given = project({
    a: "CREATE TABLE t (id bigint, note text, kind text, is_old bool); CREATE TABLE u (id bigint);",
    b: {
      up: "ALTER TABLE t DROP COLUMN note; ALTER TABLE t DROP COLUMN is_old; DROP TABLE u;",
      down: "ALTER TABLE t ADD is_old bool; UPDATE t SET is_old = kind = 'old'; CREATE TABLE u AS SELECT id FROM t;",
    },
  });
  const deps = { ...given.deps, cwd: given.folder };
  const { findings } = await lint(deps, { which: ["b"] });
  expect(findings.filter(({ rule }) => /^drop-/.test(rule)).map(({ message }) => message)).toEqual([
    "the values of public.t.note are lost, and a downgrade cannot restore them",
    "the values of public.t.is_old are lost; the downgrade writes them again, perhaps not as they were",
    "the rows of public.u are lost; the downgrade writes them again, perhaps not as they were",
  ]);
  const lost = {
    notRestored: [{ object: "t.note" }],
    writtenAgain: [{ object: "t.is_old" }, { object: "u" }],
  };
  const { migrations: reviewed } = await review(deps, { which: ["b"] });
  expect(reviewed[0]!.back).toMatchObject(lost);
  const { plan } = await offline(deps, { kind: "upgrade", target: "a:b" }, {});
  expect(plan.steps[0]!.lost).toMatchObject(lost);
});

test("since a git ref: the files that it has not, committed or not", async () => {
  const given = project(migrations);
  const git = (...words: string[]) =>
    execFileSync(
      "git",
      ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main", ...words],
      {
        cwd: given.folder,
      },
    );
  git("init", "-q");
  git("add", "0001_a.up.sql", "0002_b.up.sql");
  git("commit", "-qm", "two");
  git("checkout", "-qb", "branch");
  git("add", "0003_c.up.sql");
  git("commit", "-qm", "three");
  expect(await linted(given, { since: "main" })).toEqual(["cd", ["set-not-null"]]);
  expect(await linted(given, { since: "branch" })).toEqual(["d", ["set-not-null"]]);
  await expect(linted(given, { since: "--help" })).rejects.toMatchObject({ code: "usage/git" });
  const hintFor = (since: string) => linted(given, { since }).catch(({ hint }) => hint);
  const existing = "name a branch, tag or commit that exists: branch, main";
  expect(await hintFor("origin/main")).toBe(existing);
  git("remote", "add", "origin", given.folder);
  expect(await hintFor("origin/main")).toBe(
    `${existing}; or fetch origin/main and name that: git fetch origin main:refs/remotes/origin/main`,
  );
  git("fetch", "-q", "origin", "main:refs/remotes/origin/main");
  git("branch", "-qD", "main");
  expect(await hintFor("main")).toBe('write: since: "origin/main"');
  expect(await hintFor("branch..HEAD")).toBe('one commit is taken, not a range: since: "branch"');
  // What git lacks is what is said of a range of it.
  expect(await hintFor("main..branch")).toBe('write: since: "origin/main"');
  await expect(linted(given, { since: "up/main..HEAD" })).rejects.toMatchObject({
    message: expect.stringContaining("git finds no commit 'up/main' in "),
    hint: expect.stringContaining("name a branch, tag or commit that exists: branch, origin/main"),
  });
  expect(await hintFor("$(id)")).toBe(existing.replace("main", "origin/main"));
  vi.stubEnv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
  expect(await hintFor("branch")).toBe("leave out option since, or first do what git says");
  vi.unstubAllEnvs();
  // As git clone --depth 1 leaves it.
  writeFileSync(join(given.folder, ".git", "shallow"), git("rev-parse", "HEAD"));
  expect(await hintFor("HEAD~1")).toMatch(
    /^this clone is shallow; fetch its whole history: git fetch --unshallow \(in CI: fetch-depth: 0\); or name /,
  );
  rmSync(join(given.folder, ".git"), { recursive: true });
  await expect(linted(given, { since: "main" })).rejects.toMatchObject({ code: "usage/git" });
});

test("since a git ref: what it has is not what is here", async () => {
  const given = project(migrations);
  const git = (...words: string[]) =>
    execFileSync(
      "git",
      ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main", ...words],
      { cwd: given.folder },
    );
  git("init", "-q");
  git("add", ".");
  git("commit", "-qm", "all");
  const changed = async () => {
    const told: string[] = [];
    const { changed } = await lint(
      { ...given.deps, cwd: given.folder, onNotice: ({ message }) => void told.push(message) },
      { since: "main" },
    );
    expect(told).toHaveLength(changed === undefined ? 0 : 1);
    return [changed?.files.map(({ revision, path, change }) => `${change} ${revision} ${path}`), ...told];
  };
  // Neither a comment, nor the way back, nor another name is other SQL.
  const file = (name: string) => join(given.folder, name);
  appendFileSync(file("0001_a.up.sql"), "-- é\n");
  appendFileSync(file("0002_b.down.sql"), "SELECT 2;\n");
  for (const way of ["up", "down"]) renameSync(file(`0003_c.${way}.sql`), file(`0007_c.${way}.sql`));
  expect(await changed()).toEqual([undefined]);

  appendFileSync(file("0007_c.up.sql"), "SELECT 2;\n");
  expect(await changed()).toEqual([
    ["edited c 0007_c.up.sql"],
    "main has 0007_c.up.sql with other SQL; where it is applied, the next upgrade stops: put it back, and write the change as a new migration",
  ]);
  for (const way of ["up", "down"]) rmSync(file(`0004_d.${way}.sql`));
  git("add", ".");
  git("checkout", "-qb", "branch");
  git("commit", "-qm", "changed");
  expect(await changed()).toEqual([
    ["edited c 0007_c.up.sql", "deleted d 0004_d.up.sql"],
    "main has 0007_c.up.sql with other SQL, and 0004_d.up.sql, missing here; where they are applied, the next upgrade stops: put them back, and write the change as a new migration",
  ]);
});

test("the configuration's rules, time zone and lock_timeout are used", async () => {
  const later = { e: "ALTER TABLE t ALTER COLUMN at TYPE timestamp;" };
  const with_ = (config: object) => linted(project({ ...migrations, ...later }, config), { which: ["e"] });
  expect(await with_({})).toEqual(["e", ["change-time-zone"]]);
  expect(await with_({ lint: { off: ["change-time-zone"] } })).toEqual(["e", []]);
  const elsewhere = await with_({ session: { timeZone: "Europe/Berlin" } });
  expect(elsewhere[1]).toContain("change-column-type");
  expect((await with_({ session: { lockTimeout: "0" } }))[1]).toContain("no-lock-timeout");
});

test("a name that is a key word in some position is quoted in the SQL that is advised", async () => {
  const given = project({
    a: 'CREATE TABLE t ("is" int, "left" int);',
    b: 'ALTER TABLE t ALTER COLUMN "is" SET NOT NULL;',
  });
  const { findings } = await lint({ ...given.deps, cwd: given.folder }, { which: ["b"] });
  expect(findings.map(({ recipe }) => recipe).join()).toContain('CHECK ("is" IS NOT NULL)');
});

test("a file that is refused is a finding, and what it makes is known nevertheless", async () => {
  const given = project({
    ...migrations,
    b: "CREATE TABLE u (id bigint); COMMIT;",
    c: "CREATE INDEX ON u (id);",
  });
  expect(await linted(given, { all: true })).toEqual([
    "abcd",
    ["source/transaction-control", "create-index", "set-not-null"],
  ]);
});
