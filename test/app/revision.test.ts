/** New revisions: where they go, what they are called, what they begin as; and away with them again. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { check } from "../../src/app/check.ts";
import { openProject } from "../../src/app/project.ts";
import { removeRevision } from "../../src/app/remove.ts";
import { createRevision, createRevisions, mergeRevisions } from "../../src/app/revision.ts";
import { run } from "../../src/app/run.ts";
import { listTemplates } from "../../src/app/templates.ts";
import { sharedNumberText } from "../../src/core/shared-numbers.ts";
import { deps } from "../support/migrate.ts";

const root = mkdtempSync(join(tmpdir(), "retort-revision-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A project in a folder of its own, with these directories. */
function newProject(config: object = {}, directories: readonly string[] = ["migrations"]) {
  const folder = mkdtempSync(join(root, "p"));
  for (const directory of directories) mkdirSync(join(folder, directory));
  writeFileSync(join(folder, "migrate.config.json"), JSON.stringify({ directories, ...config }));
  return {
    folder,
    world: deps({}, folder),
    read: (file: string) => readFileSync(join(folder, file), "utf8"),
  };
}

const create = (world: ReturnType<typeof deps>, message: string, options: object = {}) =>
  createRevision(world, { message, ...options });

describe("a new revision", () => {
  test.each(['""', "''", " "])("has more of a message than %j", async (message) => {
    await expect(create(newProject().world, message)).rejects.toMatchObject({ code: "usage/no-message" });
  });

  test("is not called as the file of another is numbered", async () => {
    const { world } = newProject();
    await create(world, "first", { revision: "aaaa" });
    await expect(create(world, "second", { revision: "0001" })).rejects.toMatchObject({
      code: "graph/ambiguous-name",
      message: expect.stringContaining("the revision id '0001' is also the number of the file of aaaa"),
    });
  });

  test("of several, all are written, one upon the other, or none", async () => {
    const { world, folder } = newProject();
    const several = (...ups: readonly string[]) =>
      createRevisions(
        world,
        { message: "x", revision: "a", branchLabels: ["left"], heads: ["base"] },
        ups.map((up) => ({ up, down: "" })),
      );
    await expect(several("", "-- parent: none\n")).rejects.toMatchObject({ code: "usage/header" });
    expect(readdirSync(join(folder, "migrations"))).toEqual([]);
    const [first, second] = await several("", "");
    expect(second).toMatchObject({
      parents: ["a"],
      files: ["migrations/0002_x_2_of_2.up.sql", "migrations/0002_x_2_of_2.down.sql"],
    });
    expect(first!.files).toEqual(["migrations/0001_x_1_of_2.up.sql", "migrations/0001_x_1_of_2.down.sql"]);
    expect((await openProject(world, {})).graph.heads).toEqual([second!.revision]);
  });

  test("fills in the header, and can be read again", async () => {
    const { world, read } = newProject();
    await create(world, "create users", { revision: "a" });
    const { files } = await create(world, "  say 'hi'\n-- parent: none ", {
      revision: "b",
      branchLabels: ["x", "y"],
      dependsOn: ["a"],
    });
    expect(files).toEqual([
      "migrations/0002_say_hi_parent_none.up.sql",
      "migrations/0002_say_hi_parent_none.down.sql",
    ]);
    expect(read(files[0]!)).toBe(
      "-- revision: b\n-- parent: a\n-- branch-labels: x, y\n-- depends-on: a\n-- message: say 'hi' -- parent: none\n" +
        "-- created: 2026-03-02 09:14:00+00:00\n\n",
    );
    expect(read(files[1]!)).toBe("-- revision: b\n\n");
    expect((await openProject(world, {})).graph.heads).toEqual(["b"]);
  });

  test("is named after the pattern", async () => {
    const { world } = newProject({ fileName: "{date:YYYY_MM_DD_HHmm}-{revision}_{slug}" });
    const { files } = await create(world, "create users", { revision: "a" });
    expect(files[0]).toBe("migrations/2026_03_02_0914-a_create_users.up.sql");
    const { migrations } = await openProject(world, {});
    expect(migrations.get("a")?.number).toBeUndefined();
    await expect(create(world, "create users", { revision: "b" })).resolves.toMatchObject({ parents: ["a"] });
    await expect(create(world, "x", { heads: ["0001"] })).rejects.toThrow("Can't locate revision");
    for (const [fileName, hint] of [
      ["{date:YYYY_MM_DD}_{slug}", "nothing was written; give the new migration another message"],
      ["{date:YYYY_MM_DD}", 'nothing was written; another "fileName"'],
    ] as const) {
      const { world: daily } = newProject({ fileName });
      await create(daily, "fix", { revision: "a" });
      await expect(create(daily, "fix", { revision: "b" })).rejects.toMatchObject({
        code: "usage/file-exists",
        hint: expect.stringContaining(hint),
      });
    }
  });

  test("lands beside its parent; a base where it is told to", async () => {
    const { world } = newProject({}, ["shop", "billing"]);
    await expect(create(world, "x")).rejects.toMatchObject({ code: "usage/version-path" });
    // In the config file it stands already.
    await expect(create(world, "x", { directories: ["shop"], versionPath: "billing" })).rejects.toMatchObject(
      {
        hint: "the only folder is shop; to have billing read too, give it with the option directories as well",
      },
    );
    await create(world, "a", { revision: "a", versionPath: "billing" });
    expect((await create(world, "b", { revision: "b" })).files[0]).toBe("billing/0002_b.up.sql");
    expect((await create(world, "c", { revision: "c", versionPath: "./shop/" })).files[0]).toBe(
      "shop/0003_c.up.sql",
    );
    expect((await create(world, "d", { revision: "d" })).files[0]).toBe("shop/0004_d.up.sql");
    await expect(create(world, "x", { versionPath: "elsewhere" })).rejects.toThrow(
      "elsewhere is not one of the folders",
    );
  });

  test("writes nothing that could not be read", async () => {
    const { world, folder } = newProject();
    await create(world, "create users", { revision: "a", branchLabels: ["users"] });
    const bad: readonly (readonly [object, string])[] = [
      [{ revision: "a+b" }, "Character(s) '+' not allowed in revision identifier 'a+b'"],
      [{ revision: "a/b" }, "'/' is not allowed in the revision id 'a/b'"],
      [{ revision: "none" }, "'none' is a reserved word"],
      [{ revision: "a" }, "the revision id 'a' is used by a (migrations/0001_create_users.up.sql"],
      [{ revision: "users" }, "Branch name 'users'"],
      [{ branchLabels: ["a"] }, "Branch name 'a'"],
      [{ branchLabels: ["users"] }, "the branch label 'users' is used by a (migrations/0001_create_users"],
      [{ branchLabels: ["a,b"] }, "'a,b'"],
      [{ template: "nothing" }, "template 'nothing' does not exist"],
      [{ template: "../../etc/passwd" }, "template '../../etc/passwd' does not exist"],
      [{ heads: ["a", "a"] }, "Duplicate head revisions specified"],
    ];
    for (const [options, message] of bad)
      await expect.soft(create(world, "x", options)).rejects.toThrow(message);
    expect(readdirSync(join(folder, "migrations"))).toHaveLength(2);
  });
});

describe("a merge", () => {
  test("joins all heads, and then there is nothing to merge", async () => {
    const { world, folder, read } = newProject();
    await create(world, "a", { revision: "a" });
    await create(world, "b", { revision: "b" });
    await create(world, "c", { revision: "c", heads: ["a"], splice: true });
    const toMerge = { code: "findings/multiple-heads", hint: expect.stringContaining("migrate merge b c") };
    expect((await check(world, { only: ["single-head"] })).findings).toMatchObject([toMerge]);
    writeFileSync(join(folder, "own.json"), '{"schema": "typo"}');
    await expect(check(world, { config: "own.json" })).rejects.toMatchObject({
      code: "usage/no-schema",
      diagnostics: [{ code: "usage/no-schema" }, toMerge],
    });
    const elsewhere = { config: "own.json", heads: ["base"], versionPath: "other" };
    await expect(create(world, "d", elsewhere)).rejects.toMatchObject({
      // It names none, so that those of the default would be gone.
      hint: expect.stringMatching(/write "directories": \["migrations", "other"\] into own\.json$/),
    });
    const { files, parents } = await mergeRevisions(world, { targets: ["heads"], revision: "d" });
    expect(parents).toEqual(["b", "c"]);
    expect(read(files[0]!)).toContain("-- parent: b, c\n-- message: merge b and c\n");
    expect((await check(world, { only: ["single-head"] })).findings).toEqual([]);
    for (const targets of [["heads"], ["c", "a"], ["a"]])
      await expect(mergeRevisions(world, { targets })).rejects.toMatchObject({
        code: "graph/nothing-to-merge",
      });
    for (const more of [{ only: ["schema"] as const }, { config: "own.json" }]) {
      writeFileSync(join(folder, "own.json"), '{"schema": "typo"}');
      await expect(check(world, more)).rejects.toMatchObject({ code: "usage/no-schema" });
    }
    expect((await check(world, {})).checked).toEqual(["single-head", "files"]);
  });
});

describe("a number that two have", () => {
  test("is told with free names for all but the first", async () => {
    const { world, folder } = newProject();
    for (const [id, parent] of [
      ["a", "none"],
      ["b", "a"],
      ["c", "a"],
      ["d", "a"],
    ]) {
      const stem = join(folder, "migrations", `${id === "a" ? "0001" : "0002"}_${id}`);
      writeFileSync(
        `${stem}.up.sql`,
        `-- revision: ${id}\n-- parent: ${parent}\n${id === "d" ? "-- irreversible: no way\n" : ""}`,
      );
      if (id !== "d") writeFileSync(`${stem}.down.sql`, `-- revision: ${id}\n`);
    }
    const { sharedNumbers } = await check(world, { only: ["single-head"] });
    expect(sharedNumbers).toEqual([
      {
        number: "0002",
        revisions: ["b", "c", "d"],
        renames: [
          { from: "migrations/0002_c.up.sql", to: "migrations/0003_c.up.sql" },
          { from: "migrations/0002_c.down.sql", to: "migrations/0003_c.down.sql" },
          { from: "migrations/0002_d.up.sql", to: "migrations/0004_d.up.sql" },
        ],
      },
    ]);
    writeFileSync(
      join(folder, "migrations", "0003_f.up.sql"),
      "-- revision: f\n-- parent: c\n-- irreversible: no way\n",
    );
    const followed = await check(world, { only: ["single-head"] });
    expect(followed.sharedNumbers[0]?.revisions).toEqual(["c", "b", "d"]);
    rmSync(join(folder, "migrations", "0003_f.up.sql"));
    // The number of the file that is just written is not free.
    const written = await create(world, "e", { heads: ["b"] });
    expect(written.files[0]).toBe("migrations/0003_e.up.sql");
    expect(written.sharedNumbers[0]?.renames[0]?.to).toBe("migrations/0004_c.up.sql");
  });

  test("an id or a label is no number of a new file; where another file has it, that is told", async () => {
    const { world, folder } = newProject();
    await create(world, "a", { revision: "0002", branchLabels: ["0003"] });
    const files = (await create(world, "b", { revision: "b" })).files;
    expect(files).toEqual(["migrations/0004_b.up.sql", "migrations/0004_b.down.sql"]);
    for (const file of files) renameSync(join(folder, file), join(folder, file.replace("0004", "0002")));
    const { project, sharedNumbers } = await check(world, { only: ["single-head"] });
    expect(sharedNumbers.map((each) => sharedNumberText(project.graph, each))).toEqual([
      expect.stringMatching(
        /^0002 is the file number of b \(.*\), and the id of 0002 \(.*\)\nas a target, 0002 means the latter; to give the other a number of its own:\n {2}mv migrations\/0002_b.up.sql migrations\/0004_b.up.sql\n/,
      ),
    ]);
  });
});

test("to who calls the API, hints name its options", async () => {
  const { world } = newProject();
  await create(world, "a", { revision: "a", branchLabels: ["b"] });
  const hintOf = (options: object) => create(world, "b", options).catch(({ hint }) => hint);
  expect(await hintOf({ revision: "a" })).toBe("give another with option revision, or leave it out");
  expect(await hintOf({ revision: "0001" })).toBe("give another with option revision, or leave it out");
  expect(await hintOf({ branchLabels: ["b"] })).toMatch(/; to add to that branch: heads: \["b@head"\]$/);
});

describe("away with a revision", () => {
  test("only a head, and only where nothing can have applied it", async () => {
    const { world, folder } = newProject();
    await expect(removeRevision(world, { yes: true })).rejects.toThrow("there is no migration to remove");
    await create(world, "a", { revision: "a" });
    const [up] = (await create(world, "b", { revision: "b" })).files;
    await expect(removeRevision(world, { head: "base", yes: true })).rejects.toThrow(
      "'base' is not a revision",
    );
    await expect(removeRevision(world, { head: "a", yes: true })).rejects.toMatchObject({
      code: "graph/not-a-head",
    });
    await expect(removeRevision(world, {})).rejects.toMatchObject({ code: "usage/no-database" });
    await expect(removeRevision(world, { database: "mysql://x", yes: true })).rejects.toMatchObject({
      code: "usage/database-address",
    });
    const away = { database: "postgres://u@127.0.0.1:1/d" };
    await expect(removeRevision(world, { ...away, head: "b" })).rejects.toMatchObject({
      code: "execution/connect",
      hint: expect.stringMatching(/; or, if it is not applied anywhere, give yes: true$/),
    });
    await create(world, "needs b", { revision: "c", heads: ["base"], dependsOn: ["b"] });
    await expect(removeRevision(world, { head: "b", yes: true })).rejects.toThrow("is needed by c");
    await removeRevision(world, { head: "c", yes: true });
    expect(existsSync(join(folder, up!))).toBe(true);
    expect(await removeRevision(world, { ...away, yes: true })).toMatchObject({ revision: "b" });
    expect(existsSync(join(folder, up!))).toBe(false);
  });

  test("not one that a squashed revision replaces, until that is gone", async () => {
    const { world, folder } = newProject();
    await create(world, "a", { revision: "a" });
    await create(world, "b", { revision: "b" });
    const text = "-- revision: s\n-- parent: none\n-- replaces: a, b\n\nSELECT 1;\n";
    writeFileSync(join(folder, "migrations/0003_s.up.sql"), text);
    writeFileSync(join(folder, "migrations/0003_s.down.sql"), "-- revision: s\n\nSELECT 1;\n");
    await expect(removeRevision(world, { yes: true })).rejects.toMatchObject({
      code: "graph/half-replaced",
      hint: "remove that first: migrate revision --remove --head s",
    });
    expect(await removeRevision(world, { head: "s", yes: true })).toMatchObject({ revision: "s" });
    expect(await removeRevision(world, { yes: true })).toMatchObject({ revision: "b" });
  });

  test("not another one than a squashed revision that was written last", async () => {
    const { world, folder } = newProject();
    for (const revision of ["a", "b", "c"]) await create(world, revision, { revision });
    const squash = (created: string): void =>
      ["up", "down"].forEach((kind) => {
        const text = `-- revision: s\n-- parent: none\n-- replaces: a, b\n-- created: ${created}\n\nSELECT 1;\n`;
        writeFileSync(
          join(folder, `migrations/0004_s.${kind}.sql`),
          kind === "up" ? text : "-- revision: s\n",
        );
      });
    squash("2999-01-01 00:00:00+00:00");
    await expect(removeRevision(world, { yes: true })).rejects.toMatchObject({
      code: "graph/one-revision",
      hint: expect.stringMatching(/^one of c .*, s .*: migrate revision --remove --head s$/),
    });
    squash("1999-01-01 00:00:00+00:00");
    expect(await removeRevision(world, { yes: true })).toMatchObject({ revision: "c" });
  });
});

test("every shipped template runs as it is, up and down", async () => {
  const { world, folder } = newProject({ database: "pglite:./data" });
  await create(world, "what the templates take for granted", { revision: "given" });
  writeFileSync(
    join(folder, "migrations/0001_what_the_templates_take_for_granted.up.sql"),
    `-- revision: given
-- parent: none

CREATE TYPE some_enum AS ENUM ('old_value');
CREATE TABLE other_table (other_table_id bigint PRIMARY KEY);
CREATE TABLE some_table (some_column text);
`,
  );
  const templates = await listTemplates(world, {});
  expect(templates.map(({ name }) => name)).toContain("index-concurrently");
  expect(templates.filter(({ description }) => description === "")).toEqual([]);
  // What has no way back comes first, so that the others can be taken back.
  for (const { name } of [...templates].sort((a) => (a.name === "enum-value" ? -1 : 0)))
    await create(world, name, { template: name });
  const up = await run(world, { kind: "upgrade", target: "head" }, {});
  expect(up.steps).toHaveLength(templates.length + 1);
  const down = await run(world, { kind: "downgrade", target: "0002" }, {});
  expect(down.steps).toHaveLength(templates.length - 1);
});
