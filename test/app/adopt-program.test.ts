/**
 * Folders of Alembic and EF Core, and what their commands print → migrations of ours. Alembic's answers were recorded from
 * version 1.8.1, which is run too where it is installed; those of EF Core are in the form that its documentation shows, and
 * where it fails or leaves out a ; in that of version 2.2.2.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { type AdoptOptions, adopt } from "../../src/app/adopt.ts";
import { openProject } from "../../src/app/project.ts";
import { deps } from "../support/migrate.ts";
import { type Answer, standIn } from "../support/stand-in.ts";

const root = mkdtempSync(join(tmpdir(), "retort-adopt-program-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const alembicFolder = fileURLToPath(new URL("../alembic", import.meta.url));

async function adoptFolder(folder: string, options: Partial<AdoptOptions>) {
  const world = deps({ PATH: process.env["PATH"] ?? "" }, folder);
  const adoption = await adopt(world, { folder: "old", to: "new", write: true, ...options });
  const { graph } = await openProject(world, { directories: ["new"] });
  return {
    ...adoption,
    graph,
    read: (name: string) => readFileSync(join(folder, "new", name), "utf8"),
    names: readdirSync(join(folder, "new")),
    found: [...adoption.findings, ...adoption.migrations.flatMap((each) => each.findings)].map(
      ({ code, location }) => `${code} ${location?.path}:${location?.line}`,
    ),
  };
}

function alembicProject(): string {
  const folder = mkdtempSync(join(root, "f"));
  cpSync(alembicFolder, join(folder, "old"), { recursive: true });
  return folder;
}

const hasAlembic = spawnSync("alembic", ["--version"]).status === 0;

describe("alembic", () => {
  const recorded = JSON.parse(readFileSync(join(alembicFolder, "recorded.json"), "utf8")) as Record<
    string,
    Answer
  >;
  test.each([
    ["as it was recorded", false],
    ["as it is installed", true],
  ])("branches, a merge, dependencies, batches, and what it cannot print, %s", async (_, isReal) => {
    if (isReal && !hasAlembic) return console.info("skipped: there is no alembic");
    const folder = alembicProject();
    const command = isReal ? undefined : standIn(folder, recorded);
    const { tool, migrations, graph, read, names, found } = await adoptFolder(folder, { command });
    expect(tool).toBe("alembic");
    expect(migrations.map(({ revision }) => revision)).toEqual("a1 b1 b2 c1 d1 x1 e1 f1 g1".split(" "));
    expect([...graph.heads]).toEqual(["x1", "g1"]);
    expect(read("0001_create_users.up.sql")).toBe(
      "-- revision: a1\n-- parent: none\n-- branch-labels: shop\n-- message: create users\n-- created: 2024-01-31 12:00:00.123456\n\n" +
        "CREATE TABLE users (\n    id SERIAL NOT NULL, \n    name TEXT NOT NULL, \n    PRIMARY KEY (id)\n);\n\n" +
        "INSERT INTO users (name) VALUES ('100%: -- Running upgrade a1 -> b1');\n",
    );
    expect(read("0001_create_users.down.sql")).toBe("-- revision: a1\n\nDROP TABLE users;\n");
    expect(read("0002_add_email_the_left_side.down.sql")).toContain(
      "\n\nALTER TABLE users DROP CONSTRAINT users_email;\n\nALTER TABLE users DROP COLUMN email;\n",
    );
    expect(read("0003_index_concurrently.up.sql")).toContain(
      "-- transaction: none\n\nCREATE INDEX CONCURRENTLY users_name ON users (name);\n",
    );
    expect(read("0004_merge_b1_and_b2.up.sql")).toContain("-- parent: b1, b2\n");
    expect(read("0005_fill_emails.up.sql")).toContain("RAISE EXCEPTION");
    expect(read("0005_fill_emails.down.sql")).toContain("UPDATE users SET email = NULL;\n");
    expect(read("0006_audit.up.sql")).toContain(
      "-- parent: none\n-- branch-labels: audit\n-- depends-on: b1\n",
    );
    expect(read("0006_audit.up.sql")).toContain("-- irreversible: no way back\n");
    expect(names).not.toContain("0006_audit.down.sql");
    expect(read("0007_last.up.sql")).toContain("-- parent: d1\n-- depends-on: x1\n");
    expect(read("0008_a_status_that_goes_on_in_a_second_line.up.sql").split("\n\n")[1]).toBe(
      "ALTER TYPE k2 ADD VALUE 'b';\n",
    );
    expect([...new Set(found)]).toEqual([
      "findings/no-sql old/versions/d1_data.py:14",
      "source/transaction-control old/versions/g1_mixed.py:16",
    ]);
    const places = migrations.flatMap(({ findings }) => findings.map(({ to }) => to));
    expect(places.map((to) => read(to!.path.slice("new/".length)).split("\n")[to!.line - 1])).toEqual([
      expect.stringMatching(/^DO .* RAISE EXCEPTION/),
      "COMMIT;",
      "BEGIN;",
    ]);
    const all = names.map(read).join("");
    expect(all).not.toContain("alembic_version");
    // What cannot be one file keeps its own.
    expect(all.match(/^(?:BEGIN|COMMIT);$/gm)).toEqual(["COMMIT;", "BEGIN;"]);
  });

  test("what docs/alembic.md shows", async () => {
    const page = readFileSync(new URL("../../docs/alembic.md", import.meta.url), "utf8");
    const [, file = "", python = ""] =
      /`db\/(versions\/\w+\.py)`:\n\n```python\n([\s\S]*?)```/.exec(page) ?? [];
    const [, name = "", sql = ""] = /becomes `(\w+\.up\.sql)`:\n\n```sql\n([\s\S]*?)```/.exec(page) ?? [];
    const folder = mkdtempSync(join(root, "f"));
    mkdirSync(join(folder, "old/versions"), { recursive: true });
    writeFileSync(join(folder, "old", file), python);
    const printed =
      "BEGIN;\n\nCREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);\n\n-- Running upgrade  -> ff50e2950c76\n\nCREATE TABLE users (id serial PRIMARY KEY);\n\nINSERT INTO alembic_version (version_num) VALUES ('ff50e2950c76');\n\nCOMMIT;\n";
    const answers = { "upgrade base:ff50e2950c76 --sql": { stdout: printed, stderr: "", code: 0 } };
    const { read, names } = await adoptFolder(folder, { command: standIn(folder, answers) });
    expect(names).toEqual([name]);
    expect(read(name)).toBe(sql);
  });

  test("identifiers that are computed, and parents that are elsewhere, are left to a person", async () => {
    const folder = mkdtempSync(join(root, "f"));
    mkdirSync(join(folder, "old"));
    const empty = "\ndef upgrade():\n    pass\ndef downgrade():\n    pass\n";
    writeFileSync(join(folder, "old/a.py"), `revision = 'a'\ndown_revision = None${empty}`);
    writeFileSync(join(folder, "old/b.py"), `revision = 'b'\ndown_revision = a.revision${empty}`);
    const adoption = await adopt(deps({}, folder), { folder: "old" });
    expect(adoption.migrations.map(({ revision }) => revision)).toEqual(["a"]);
    expect(adoption.findings.map(({ code }) => code)).toEqual(["findings/computed"]);
    writeFileSync(join(folder, "old/b.py"), `revision = 'b'\ndown_revision = 'lost'${empty}`);
    const lost = await adopt(deps({}, folder), { folder: "old" });
    expect(lost.migrations.at(-1)?.findings.map(({ code }) => code)).toEqual(["findings/lost-parent"]);
  });

  test("no identifier becomes SQL", async () => {
    const folder = mkdtempSync(join(root, "f"));
    mkdirSync(join(folder, "old"));
    writeFileSync(
      join(folder, "old/a.py"),
      "revision = 'a\\nDROP TABLE x;'\ndown_revision = None\nbranch_labels = ['b\\nDROP TABLE y;']\ndef upgrade():\n    pass\ndef downgrade():\n    pass\n",
    );
    const { migrations } = await adopt(deps({}, folder), { folder: "old" });
    const [{ files, findings }] = migrations as [(typeof migrations)[0]];
    expect(files.map(({ text }) => text.split("\n").filter((line) => /^[^-]/.test(line)))).toEqual([[], []]);
    expect(findings.map(({ code }) => code)).toContain("source/illegal-id");
  });

  test("a version table of another name is asked for", async () => {
    const folder = alembicProject();
    const text = JSON.stringify(recorded).replaceAll("alembic_version", "versions");
    const command = standIn(folder, JSON.parse(text) as Record<string, Answer>);
    const without = await adopt(deps({}, folder), { folder: "old", command });
    expect(without.migrations[0]?.findings[0]).toMatchObject({
      code: "findings/version-table",
      hint: expect.stringContaining("--table NAME"),
    });
    const { found } = await adoptFolder(folder, { command, table: "app.versions" });
    expect(found.filter((each) => each.startsWith("findings/"))).toHaveLength(1);
  });

  test("a % that was printed twice is told", async () => {
    const folder = alembicProject();
    const text = JSON.stringify(recorded).replaceAll("100%", "100%%");
    const command = standIn(folder, JSON.parse(text) as Record<string, Answer>);
    const { found } = await adoptFolder(folder, { command });
    expect(found[0]).toBe("findings/printed old/versions/a1_users.py:17");
  });

  test("a command that is not there, and one that prints nothing, say what to do", async () => {
    const folder = alembicProject();
    await expect(adoptFolder(folder, { command: "alembic-of-nobody" })).rejects.toMatchObject({
      code: "usage/no-program",
      hint: expect.stringContaining("pip install alembic"),
    });
    await expect(adoptFolder(folder, { command: standIn(folder, {}) })).rejects.toMatchObject({
      code: "usage/program-failed",
      message: expect.stringContaining("unexpected: upgrade base:g1 --sql"),
    });
  });
});

describe("ef-core", () => {
  const HISTORY =
    'CREATE TABLE IF NOT EXISTS "__EFMigrationsHistory" (\n    "MigrationId" character varying(150) NOT NULL,\n    "ProductVersion" character varying(32) NOT NULL,\n    CONSTRAINT "PK___EFMigrationsHistory" PRIMARY KEY ("MigrationId")\n);\n\n';
  const done = (id: string) =>
    `INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")\nVALUES ('${id}', '8.0.4');\n\nCOMMIT;\n\n`;
  const undone = (id: string) =>
    `DELETE FROM "__EFMigrationsHistory"\nWHERE "MigrationId" = '${id}';\n\nCOMMIT;\n\n`;
  const [first, second, third] = ["20240131120000_Users", "20240201120000_Index", "20240202120000_Back"];
  const ok = (stdout: string): Answer => ({ stdout: `\ufeff${stdout}`, stderr: "", code: 0 });
  const answers: Readonly<Record<string, Answer>> = {
    [`migrations script 0 ${first} --no-build`]: ok(
      `${HISTORY}START TRANSACTION;\n\nCREATE TABLE "Users" (\n    "Id" integer NOT NULL\n);\n\n${done(first!)}`,
    ),
    [`migrations script ${first} 0 --no-build`]: ok(
      `START TRANSACTION;\n\nDROP TABLE "Users";\n\n${undone(first!)}`,
    ),
    // suppressTransaction: true
    [`migrations script ${first} ${second} --no-build`]: ok(
      `CREATE INDEX CONCURRENTLY "I" ON "Users" ("Id");\n\nSTART TRANSACTION;\n\n${done(second!)}`,
    ),
    [`migrations script ${second} ${first} --no-build`]: ok(
      `DROP INDEX CONCURRENTLY "I";\n\nSTART TRANSACTION;\n\n${undone(second!)}`,
    ),
    [`migrations script ${second} ${third} --no-build`]: ok(
      `START TRANSACTION;\n\nUPDATE "Users" SET "Id" = 1;\n\n${done(third!)}`,
    ),
    [`migrations script ${third} ${second} --no-build`]: {
      stdout:
        "what the program prints\nSystem.NotSupportedException: no way back\n   at Shop.Migrations.Back.Down(MigrationBuilder migrationBuilder)\n   at Microsoft.EntityFrameworkCore.Migrations.Migration.BuildOperations(Action`1 buildAction)\nno way back\n",
      stderr: "",
      code: 1,
    },
  };

  function project(more: Readonly<Record<string, string>> = {}): string {
    const folder = mkdtempSync(join(root, "f"));
    const files = Object.fromEntries(
      [first!, second!, third!].flatMap((id) => [
        [`Migrations/${id}.Designer.cs`, `[DbContext(typeof(Shop))]\n[Migration("${id}")]\npartial class X`],
        [
          `Migrations/${id}.cs`,
          "class X : Migration\n{\n  protected override void Up(MigrationBuilder b) {}\n  protected override void Down(MigrationBuilder b) {}\n}",
        ],
      ]),
    );
    for (const [name, text] of Object.entries({ ...files, "Shop.csproj": "", ...more })) {
      mkdirSync(dirname(join(folder, "old", name)), { recursive: true });
      writeFileSync(join(folder, "old", name), text);
    }
    return folder;
  }

  test("each is asked for alone; its history and its transaction are not the author's", async () => {
    const folder = project();
    const { tool, migrations, read, names, found } = await adoptFolder(folder, {
      command: standIn(folder, answers),
    });
    expect(tool).toBe("ef-core");
    expect(migrations.map(({ version, revision }) => `${version} ${revision}`)).toEqual([
      `${first} m20240131120000`,
      `${second} m20240201120000`,
      `${third} m20240202120000`,
    ]);
    expect(read("20240131120000_Users.up.sql")).toBe(
      '-- revision: m20240131120000\n-- parent: none\n\nCREATE TABLE "Users" (\n    "Id" integer NOT NULL\n);\n',
    );
    expect(read("20240201120000_Index.up.sql")).toContain(
      '-- transaction: none\n\nCREATE INDEX CONCURRENTLY "I" ON "Users" ("Id");\n',
    );
    expect(read("20240202120000_Back.up.sql")).toContain("-- irreversible: no way back\n");
    expect(names.filter((name) => name.endsWith(".down.sql"))).toHaveLength(2);
    expect(found).toEqual([]);
  });

  test("a ; that the author left out is added where the next statement begins behind an empty line, or nothing is", async () => {
    const folder = project();
    const up = (id: string, from: string, sql: string) => ({
      [`migrations script ${from} ${id} --no-build`]: ok(`START TRANSACTION;\n\n${sql}\n\n${done(id)}`),
    });
    const { read, migrations, found } = await adoptFolder(folder, {
      command: standIn(folder, {
        ...answers,
        ...up(second!, first!, 'DELETE FROM "Users"\n\nUPDATE "Users" SET "Id" = 1'),
        ...up(third!, second!, 'UPDATE "Users"\n\nSET "Id" := 1'),
      }),
    });
    expect(read("20240201120000_Index.up.sql")).toMatch(
      /\n\nDELETE FROM "Users";\n\nUPDATE "Users" SET "Id" = 1;\n$/,
    );
    expect(migrations[1]!.changes).toContain("missing ; added");
    expect(read("20240202120000_Back.up.sql")).toContain('UPDATE "Users"\n\nSET "Id" := 1\n\n');
    expect(found).toEqual([expect.stringContaining("source/syntax old/Migrations/20240202120000_Back.cs")]);
  });

  test("what is said of a build that failed is no SQL", async () => {
    const folder = project();
    const answer: Answer = {
      stdout: "Build failed. Use dotnet build to see the errors.\n",
      stderr: "",
      code: 1,
    };
    const same = Object.fromEntries(Object.keys(answers).map((words) => [words, answer]));
    const command = standIn(folder, same);
    await expect(adoptFolder(folder, { command })).rejects.toMatchObject({
      code: "usage/program-failed",
      message: expect.stringContaining("Build failed"),
    });
  });

  test("SQL Server's are refused", async () => {
    const folder = project({
      "Migrations/1_A.cs":
        '[Migration("1_A")] class A { void Up() { b.Annotation("SqlServer:Identity", "1, 1"); } }',
    });
    await expect(adopt(deps({}, folder), { folder: "old" })).rejects.toMatchObject({
      code: "source/other-database",
    });
  });
});
