/** Small folders of other tools go in; what becomes of them comes out, and can be read as migrations of ours. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type AdoptOptions, adopt } from "../../src/app/adopt.ts";
import { init } from "../../src/app/init.ts";
import { openProject, warnOfFolders } from "../../src/app/project.ts";
import type { AdoptedFinding } from "../../src/core/adopt/adopt.ts";
import { ranOf } from "../../src/core/adopt/version-tables.ts";
import { totalsOf } from "../../src/render/adoption.ts";
import { deps } from "../support/migrate.ts";

const root = mkdtempSync(join(tmpdir(), "retort-adopt-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** `new/0001_a.up.sql:4:1 (old/1_a.up.sql:1:1)` */
const placesIn = (findings: readonly AdoptedFinding[]): readonly string[] =>
  findings.map(({ location, to }) => {
    const [own, old] = [to, location].map((at) => `${at?.path}:${at?.line}:${at?.column}`);
    return `${own} (${old})`;
  });

/** Writes the files into `old/` of a new folder, and adopts that into `new/`. */
async function adoptFiles(files: Readonly<Record<string, string>>, options: Partial<AdoptOptions> = {}) {
  const folder = mkdtempSync(join(root, "f"));
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, "old", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const world = deps({}, folder);
  const adoption = await adopt(world, { folder: "old", to: "new", write: true, ...options });
  const { migrations } = await openProject(world, { directories: ["new"] });
  expect([...migrations.keys()].sort()).toEqual(adoption.migrations.map(({ revision }) => revision).sort());
  return {
    ...adoption,
    world,
    names: readdirSync(join(folder, "new")).sort(),
    read: (name: string) => readFileSync(join(folder, "new", name), "utf8"),
    chain: adoption.migrations.map(({ version, revision }) => `${version} ${revision}`),
    codes: [...adoption.findings, ...adoption.migrations.flatMap((each) => each.findings)].map(
      ({ code }) => code,
    ),
  };
}

describe("each tool's folder", () => {
  test("golang-migrate: in the order of the numbers, with as few zeros as make them sort", async () => {
    const { tool, chain, names, read } = await adoptFiles({
      "2_b.up.sql": "CREATE TABLE b ();\r\n",
      "2_b.down.sql": "DROP TABLE b;\r\n",
      "10_c.up.sql": "SELECT 1;",
      "1_a.up.sql": "CREATE TABLE a ();",
      "1_a.down.sql": "DROP TABLE a;",
    });
    expect(tool).toBe("golang-migrate");
    expect(chain).toEqual(["1 m0001", "2 m0002", "10 m0010"]);
    expect(names).toEqual([
      "0001_a.down.sql",
      "0001_a.up.sql",
      "0002_b.down.sql",
      "0002_b.up.sql",
      "0010_c.up.sql",
    ]);
    expect(read("0002_b.up.sql")).toBe("-- revision: m0002\n-- parent: m0001\n\nCREATE TABLE b ();\r\n");
    expect(read("0002_b.down.sql")).toBe("-- revision: m0002\n\nDROP TABLE b;\r\n");
    expect(read("0010_c.up.sql")).toContain("-- irreversible: golang-migrate had no down migration\n");
  });

  test("maragudk: in the order of the whole names", async () => {
    const { tool, chain } = await adoptFiles({
      "1-a.up.sql": "",
      "1-a.down.sql": "",
      "10-c.up.sql": "",
      "2-b.up.sql": "",
    });
    expect(tool).toBe("maragudk");
    expect(chain).toEqual(["1-a m0001", "10-c m0002", "2-b m0003"]);
  });

  test("sqlx: one file, or pairs where it is named; no-transaction", async () => {
    const { tool, chain, read } = await adoptFiles({
      "20240101000000_a.sql": "SELECT 1;",
      "20240102000000_b.sql": "-- no-transaction\nCREATE INDEX CONCURRENTLY i ON a (x);",
    });
    expect(tool).toBe("sqlx");
    expect(chain).toEqual(["20240101000000 m20240101000000", "20240102000000 m20240102000000"]);
    expect(read("20240102000000_b.up.sql")).toContain(
      "-- transaction: none\n\n-- no-transaction\nCREATE INDEX",
    );
    const pairs = { "1_a.up.sql": "SELECT 1;", "1_a.down.sql": "SELECT 2;" };
    expect((await adoptFiles(pairs, { tool: "sqlx" })).migrations[0]?.files).toHaveLength(2);
  });

  test("dbmate: both directions in one file; transaction:false of one of them", async () => {
    const { tool, read } = await adoptFiles({
      "20240101000000_a.sql": "-- migrate:up\nSELECT 1;\n\n-- migrate:down transaction:false\nSELECT 2;\n",
    });
    expect(tool).toBe("dbmate");
    expect(read("20240101000000_a.up.sql")).toBe(
      "-- revision: m20240101000000\n-- parent: none\n\nSELECT 1;\n\n",
    );
    expect(read("20240101000000_a.down.sql")).toBe(
      "-- revision: m20240101000000\n-- transaction: none\n\nSELECT 2;\n",
    );
  });

  test("goose: StatementBegin stays a comment, NO TRANSACTION, and a program stops what comes to it", async () => {
    const { tool, chain, read, codes } = await adoptFiles({
      "00001_a.sql":
        "-- +goose Up\n-- +goose StatementBegin\nDO $$ BEGIN NULL; END $$;\n-- +goose StatementEnd\n-- +goose Down\nSELECT 2;\n",
      "00002_b.go": "package migrations",
      "00002_b_test.go": "package migrations",
      "00003_c.sql": "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY i ON a (x);\n",
      "00004_d.sql": "-- +goose ENVSUB ON\n-- +goose Up\nSELECT '${X}';\n",
    });
    expect(tool).toBe("goose");
    expect(chain).toEqual(["1 m00001", "2 m00002", "3 m00003", "4 m00004"]);
    expect(read("00001_a.up.sql")).toContain(
      "\n\n-- +goose StatementBegin\nDO $$ BEGIN NULL; END $$;\n-- +goose StatementEnd\n",
    );
    expect(read("00001_a.up.sql")).not.toContain("SELECT 2");
    expect(read("00002_b.up.sql")).toContain(
      "RAISE EXCEPTION USING MESSAGE = 'm00002: write here as SQL what old/00002_b.go does'",
    );
    expect(read("00003_c.up.sql")).toContain("-- transaction: none\n");
    expect(codes).toEqual(["findings/program", "findings/substitution"]);
  });

  test("diesel: a folder a migration, and metadata.toml", async () => {
    const { tool, chain, read } = await adoptFiles({
      "00000000000000_setup/up.sql": "SELECT 1;",
      "00000000000000_setup/down.sql": "",
      "2024-01-31-120000_a/up.sql": "CREATE INDEX CONCURRENTLY i ON a (x);",
      "2024-01-31-120000_a/metadata.toml": "run_in_transaction = false\n",
    });
    expect(tool).toBe("diesel");
    expect(chain).toEqual(["00000000000000 m00000000000000", "20240131120000 m20240131120000"]);
    expect(read("20240131120000_a.up.sql")).toContain("-- transaction: none\n");
  });

  test("flyway: versions with dots in their order, U takes back, the rest is listed", async () => {
    const { tool, chain, read, codes, leftOut } = await adoptFiles({
      "V1.10__c.sql": "SELECT '${schema}';",
      "V1_9__b.sql": "SELECT 1;",
      "core/V1__a.sql": "SELECT 1;",
      "U1__a.sql": "SELECT 2;",
      "R__views.sql": "SELECT 3;",
      "afterMigrate.sql": "SELECT 4;",
      "notes.sql": "SELECT 5;",
    });
    expect(tool).toBe("flyway");
    expect(chain).toEqual(["1 m0001", "1.9 m0002", "1.10 m0003"]);
    expect(read("0001_a.down.sql")).toContain("SELECT 2;");
    expect(codes.sort()).toEqual(["findings/callback", "findings/repeatable", "findings/substitution"]);
    expect(leftOut).toEqual(["notes.sql"]);
  });

  test("node-pg-migrate: SQL with marker lines, and programs", async () => {
    const { tool, chain, read, codes } = await adoptFiles({
      "1414549381268_a.sql": "-- Up Migration\nSELECT 1;\n-- Down Migration\nSELECT 2;\n",
      "1414549381269_b.js": "exports.up = (pgm) => {};",
    });
    expect(tool).toBe("node-pg-migrate");
    expect(chain).toEqual(["1414549381268_a m1414549381268", "1414549381269_b m1414549381269"]);
    expect(read("1414549381268_a.down.sql")).toContain("\n\nSELECT 2;\n");
    expect(codes).toEqual(["findings/program"]);
  });

  test("graphile-migrate: what is committed, its message, and no way back", async () => {
    const { tool, read, codes } = await adoptFiles({
      "committed/000001.sql": "--! Previous: -\n--! Hash: sha1:1\n--! Message: add users\n\nSELECT 1;\n",
      "current.sql": "SELECT 2;",
    });
    expect(tool).toBe("graphile-migrate");
    expect(read("000001_add_users.up.sql")).toContain("-- message: add users\n");
    expect(codes).toEqual(["findings/not-committed"]);
  });

  test("pop: PostgreSQL's own file goes before the one for all, and other databases are left out", async () => {
    const { tool, read, leftOut, codes } = await adoptFiles({
      "2021_a.up.sql": "SELECT 'all';",
      "2021_a.postgres.up.sql": "SELECT 'own';",
      "2021_a.mysql.up.sql": "SELECT `x`;",
      "2021_a.down.sql": "SELECT 'back';",
      "2022_b.autocommit.up.sql": "SELECT 1;",
      "2023_c.up.sql": "SELECT '{{ index .Options \"Namespace\" }}';",
    });
    expect(tool).toBe("pop");
    expect(read("2021_a.up.sql")).toContain("'own'");
    expect(read("2022_b.up.sql")).toContain("-- transaction: none\n");
    expect(leftOut).toEqual(["2021_a.mysql.up.sql", "2021_a.up.sql"]);
    expect(codes).toEqual(["findings/substitution"]);
  });

  test("prisma: a folder a migration; another database is refused", async () => {
    const { tool, chain } = await adoptFiles({ "20240131120000_a/migration.sql": "SELECT 1;" });
    expect(tool).toBe("prisma");
    expect(chain).toEqual(["20240131120000_a m20240131120000"]);
    const other = { "1_a/migration.sql": "", "migration_lock.toml": 'provider = "mysql"' };
    await expect(adoptFiles(other)).rejects.toMatchObject({ code: "source/other-database" });
  });

  test("drizzle: in the order of the journal", async () => {
    const entries = [
      { idx: 0, when: 1700000000000, tag: "0000_b", breakpoints: true },
      { idx: 1, when: 1700000000001, tag: "0001_a", breakpoints: true },
      { idx: 2, when: 1700000000002, tag: "0002_lost", breakpoints: true },
    ];
    const { tool, chain, codes } = await adoptFiles({
      "0000_b.sql": "SELECT 1;--> statement-breakpoint\nSELECT 2;",
      "0001_a.sql": "SELECT 1;",
      "meta/_journal.json": JSON.stringify({ entries }),
    });
    expect(tool).toBe("drizzle");
    expect(chain).toEqual(["1700000000000 m0000", "1700000000001 m0001"]);
    expect(codes).toEqual(["findings/missing-file"]);
    await expect(adoptFiles({ "meta/_journal.json": "{" })).rejects.toMatchObject({ code: "source/journal" });
  });
});

describe("what is adjusted", () => {
  const one = (up: string, down = "SELECT 1;") => adoptFiles({ "1_a.up.sql": up, "1_a.down.sql": down });

  test("BEGIN and COMMIT go out by their place in the tree, not by how they look", async () => {
    const up =
      "-- BEGIN;\nbegin transaction;\nDO $$ BEGIN NULL; END $$;\nSELECT 'COMMIT;';\nCOMMIT; -- done\n";
    const { read, migrations } = await one(up);
    expect(read("0001_a.up.sql")).toBe(
      "-- revision: m0001\n-- parent: none\n\n-- BEGIN;\n\nDO $$ BEGIN NULL; END $$;\nSELECT 'COMMIT;';\n -- done\n",
    );
    expect(totalsOf(migrations)).toMatchObject({ adjusted: 1, unchanged: 0, byHand: 0 });
  });

  test.each([
    ["a savepoint", "BEGIN; SAVEPOINT s; SELECT 1; COMMIT;"],
    ["a transaction that is rolled back", "BEGIN; SELECT 1; ROLLBACK;"],
    ["one that is not ended", "BEGIN; SELECT 1;"],
    ["one that ends the tool's", "COMMIT; VACUUM; BEGIN;"],
    ["an isolation level", "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT;"],
    [
      "an enum whose value the next needs",
      "BEGIN; ALTER TYPE t ADD VALUE 'x'; COMMIT; BEGIN; SELECT 'x'::t; COMMIT;",
    ],
    ["statements that would fall apart", "BEGIN; SELECT 1; COMMIT; VACUUM;"],
  ])("%s is left to a person, as it is", async (_what, up) => {
    const { read, codes } = await one(up);
    expect(read("0001_a.up.sql").endsWith(`\n\n${up}`)).toBe(true);
    expect(new Set(codes)).toEqual(new Set(["source/transaction-control"]));
  });

  test("a statement that needs it gets transaction: none", async () => {
    const { read, migrations } = await one("CREATE TABLE a (x int);\nCREATE INDEX CONCURRENTLY i ON a (x);");
    expect(read("0001_a.up.sql")).toContain("-- transaction: none\n");
    expect(migrations[0]?.changes).toEqual(["transaction: none added"]);
  });

  test("a down that only raises is none; one that does more stays", async () => {
    const raising = await one("SELECT 1;", "DO $$ BEGIN RAISE EXCEPTION 'it''s gone: %', 1; END $$;");
    expect(raising.names).toEqual(["0001_a.up.sql"]);
    expect(raising.read("0001_a.up.sql")).toContain("-- irreversible: it's gone: %\n");
    const more = await one("SELECT 1;", "DO $$ BEGIN DELETE FROM a; RAISE EXCEPTION 'x'; END $$;");
    expect(more.names).toHaveLength(2);
  });

  test("the tool's own table, in a statement and in code; and a down that does not parse", async () => {
    const { codes, migrations } = await adoptFiles({
      "1_a.up.sql": "SELECT 1;\nDELETE FROM public.schema_migrations;\nSELECT 'schema_migrations';",
      "1_a.down.sql": 'DO $$ BEGIN DROP TABLE "schema_migrations"; END $$;\nSELEC 1;',
    });
    expect(codes).toEqual(["findings/version-table", "findings/version-table", "source/syntax"]);
    expect(migrations[0]?.findings[0]?.location).toEqual({ path: "old/1_a.up.sql", line: 2, column: 1 });
    expect(migrations[0]?.findings[2]?.location).toMatchObject({ path: "old/1_a.down.sql", line: 2 });
  });

  test("two with one number are told apart", async () => {
    const { chain, names } = await adoptFiles({ "1-a.up.sql": "", "1-b.up.sql": "" });
    expect(chain).toEqual(["1-a m0001", "1-b m0001_b"]);
    expect(names).toEqual(["0001_a.up.sql", "0001_b.up.sql"]);
  });
});

test("nothing is written without being asked, and nothing is overwritten", async () => {
  const { world } = await adoptFiles({ "1_a.up.sql": "SELECT 1;" });
  expect((await adopt(world, { folder: "old", to: "other" })).written).toBe(false);
  expect(existsSync(join(world.cwd, "other"))).toBe(false);
  mkdirSync(join(world.cwd, "full/x"), { recursive: true });
  for (const to of ["full", "old"])
    await expect(adopt(world, { folder: "old", to, write: true })).rejects.toMatchObject({
      code: "usage/not-empty",
    });
  const inside = await adopt(world, { folder: "old", to: "old/new" });
  expect(inside.taken).toBe("the folder old/new is in old, whose files would then be those of both");
  symlinkSync("old", join(world.cwd, "link"));
  for (const to of ["old/new", "link/new"])
    await expect(adopt(world, { folder: "old", to, write: true })).rejects.toMatchObject({
      code: "usage/cannot-write",
      message: `the folder ${to} is in old, whose files would then be those of both`,
    });
  expect(readdirSync(join(world.cwd, "old"))).toEqual(["1_a.up.sql"]);
});

test("what the project has already stays, and the rest comes beside it", async () => {
  const { world } = await adoptFiles({ "1_a.up.sql": "SELECT 1;" });
  const write = (name: string, text = "SELECT 1;") => writeFileSync(join(world.cwd, name), text);
  const files = () => readdirSync(join(world.cwd, "new"));
  const again = await adopt(world, { folder: "old", write: true });
  expect(again).toMatchObject({ written: false, migrations: [], known: ["m0001"] });
  write("new/0002_ours.up.sql", "-- revision: ours\n-- parent: m0001\n-- irreversible: no way\n");
  write("old/2_b.up.sql");
  const options = { folder: "old", write: true };
  const elsewhere = await adopt(world, { ...options, to: "further" });
  expect(elsewhere.settings?.values).toEqual({ directories: ["new", "further"] });
  expect(readdirSync(join(world.cwd, "further"))).toEqual(["0002_b.up.sql"]);
  expect(await adopt(world, options)).toMatchObject({ written: true, known: ["m0001"] });
  expect(files()).toEqual(["0001_a.up.sql", "0002_b.up.sql", "0002_ours.up.sql"]);
  expect([...(await openProject(world, {})).graph.heads].sort()).toEqual(["m0002", "ours"]);
  write("old/3_c.up.sql");
  write(
    "new/0003_c2.up.sql",
    "-- revision: c2\n-- parent: m0002\n-- replaces: m0003\n-- irreversible: no way\n",
  );
  expect(await adopt(world, options)).toMatchObject({ written: false, known: ["m0001", "m0002", "m0003"] });
});

test("an id that counts the migrations is not another one's, once one has come between", async () => {
  const { world } = await adoptFiles({ "1-a.up.sql": "", "10-c.up.sql": "", "2-d.up.sql": "" });
  writeFileSync(join(world.cwd, "old/10-b.up.sql"), "");
  const before = readdirSync(join(world.cwd, "new"));
  await expect(adopt(world, { folder: "old", write: true })).rejects.toMatchObject({
    code: "usage/not-adopted",
    message: "the project's m0002 is new/0002_c.up.sql, but old now makes 0002_b.up.sql of it",
  });
  expect(readdirSync(join(world.cwd, "new"))).toEqual(before);
});

test("one that has another id by now is not written a second time", async () => {
  const { world } = await adoptFiles({ "1_a.up.sql": "SELECT 1;", "2_b.up.sql": "SELECT 2;" });
  const file = join(world.cwd, "new/0002_b.up.sql");
  writeFileSync(file, readFileSync(file, "utf8").replace("m0002", "b"));
  const before = readFileSync(file, "utf8");
  const hint = (id: string) =>
    `nothing was written; if it is the same migration, and ${id} is applied nowhere, write m0002 in the place of ${id}, in its files and in those that name it; if it is another migration, rename its files`;
  for (const options of [{}, { write: true }, { write: true, to: "further" }])
    await expect(adopt(world, { folder: "old", ...options })).rejects.toMatchObject({
      code: "usage/not-adopted",
      message: "new/0002_b.up.sql has the id b, but old makes a file of that name with the id m0002",
      hint: hint("b"),
    });
  expect(readFileSync(file, "utf8")).toBe(before);
  // None of them has the id that it would get, as where the headers were written by hand.
  const first = join(world.cwd, "new/0001_a.up.sql");
  const text = readFileSync(first, "utf8");
  writeFileSync(first, text.replace("m0001", "1"));
  writeFileSync(file, before.replace("m0001", "1"));
  await expect(adopt(world, { folder: "old", write: true, to: "further" })).rejects.toMatchObject({
    message: "new/0001_a.up.sql has the id 1, but old makes a file of that name with the id m0001",
  });
  writeFileSync(first, text);
  writeFileSync(file, before.replace("revision: b", "revision: m0002"));
  expect(await adopt(world, { folder: "old", write: true })).toMatchObject({ known: ["m0001", "m0002"] });
});

describe("what is to be done by hand is said of the new file", () => {
  const pair = (up: string, down = "SELECT 1;") => ({ "1_a.up.sql": up, "1_a.down.sql": down });
  const dbmate = (up: string, down: string) => ({
    "1_a.sql": `-- migrate:up\n${up}\n-- migrate:down\n${down}\n`,
  });
  const alter = "ALTER TABLE a ADD b int;";

  test.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
    ["BEGIN", pair(`BEGIN;\n${alter}`), ["new/0001_a.up.sql:4:1 (old/1_a.up.sql:1:1)"]],
    [
      "a statement behind what is cut out",
      pair("SELECT 1;", "BEGIN\n;\n\nDELETE FROM schema_migrations; COMMIT;"),
      ["new/0001_a.down.sql:5:1 (old/1_a.down.sql:4:1)"],
    ],
    [
      "what looks like a header, behind what is cut out",
      pair(`BEGIN\n;\n-- depends-on: x\n${alter}\nCOMMIT;`),
      ["new/0001_a.up.sql:5:4 (old/1_a.up.sql:3:4)"],
    ],
    [
      "both directions of one file",
      dbmate("SELEC 1;", "SELEC 2;"),
      ["new/0001_a.up.sql:4:1 (old/1_a.sql:2:1)", "new/0001_a.down.sql:3:1 (old/1_a.sql:4:1)"],
    ],
    [
      "a value that is inserted, in a header of the tool's",
      { "1_a.sql": "-- +goose ENVSUB ON\n-- +goose Up\n\nSELECT '${X}';\n" },
      ["new/0001_a.up.sql:5:1 (old/1_a.sql:1:1)"],
    ],
    [
      "a value that is inserted",
      { "V1__a.sql": "SELECT 1;\nSELECT '${x}';\n" },
      ["new/0001_a.up.sql:6:9 (old/V1__a.sql:2:9)"],
    ],
    [
      "a program",
      { "1_a.sql": "-- +goose Up\n", "2_b.go": "package m" },
      ["new/0002_b.up.sql:5:1 (old/2_b.go:1:1)"],
    ],
  ])("%s", async (_what, files, expected) => {
    const folder = mkdtempSync(join(root, "f"));
    mkdirSync(join(folder, "old"));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "old", name), text);
    const { migrations } = await adopt(deps({}, folder), { folder: "old", to: "new" });
    expect(placesIn(migrations.flatMap(({ findings }) => findings))).toEqual(expected);
  });

  test("as long as that is as it was written", async () => {
    const { world, read } = await adoptFiles(pair(`BEGIN;\n${alter}`, "SELEC 1;"));
    const again = async (options: Partial<AdoptOptions> = {}) => {
      const { findings, written } = await adopt(world, { folder: "old", write: true, ...options });
      expect(written).toBe(false);
      return placesIn(findings);
    };
    const down = "new/0001_a.down.sql:3:1 (old/1_a.down.sql:1:1)";
    expect(await again()).toEqual(["new/0001_a.up.sql:4:1 (old/1_a.up.sql:1:1)", down]);
    const up = join(world.cwd, "new/0001_a.up.sql");
    writeFileSync(up, read("0001_a.up.sql").replace("BEGIN;\n", ""));
    expect(await again()).toEqual([down]);
    // Where they cannot go there, it is not known where they go.
    const { isFree, migrations } = await adopt(world, { folder: "old", directories: ["none"], to: "old" });
    expect(isFree).toBe(false);
    expect(placesIn(migrations[0]!.findings)[0]).toBe("0001_a.up.sql:4:1 (old/1_a.up.sql:1:1)");
  });
});

test("what looked like a down file is one by its new name", async () => {
  const { tool, names } = await adoptFiles({ "1_a.sql": "SELECT 1;", "2_b.sql": "", "2_b.down.sql": "" });
  expect(tool).toBe("sqlx");
  expect(names).toEqual(["0001_a.up.sql", "0002_b.down.sql", "0002_b.up.sql"]);
});

const RENAMED = "before the new files are written, name it 2_b.down.sql, and run this command again";
test.each([
  [["2_b.sql", "2_b_rollback.sql"], "2_b.sql", `it looks like the down file of 2_b.sql: ${RENAMED}`],
  // Of the two that which is named a down file is never run as the up.
  [["2_b-UNDO.sql", "2_b_up.sql"], "2_b_up.sql", "name it 2_b_up.down.sql, and run this command again"],
  [["2_b.up.sql", "2_down.up.sql"], "2_b.up.sql", `it looks like the down file of 2_b.up.sql: ${RENAMED}`],
  [["2_b.sql", "2_rundown.sql"], "2_b.sql", "put what is missing in a new migration"],
  [["2_a_undo.sql", "2_b_undo.sql"], "2_a_undo.sql", "put what is missing in a new migration"],
  [
    ["2_b.down.sql", "2_b.sql", "2_b_rollback.sql"],
    "2_b.sql",
    "put what it undoes, and old/2_b.down.sql does not, into the new down file",
  ],
  [
    ["2_b.down.sql", "2_b.up.sql", "2_c.down.sql"],
    "2_b.down.sql",
    "put what it undoes, and old/2_b.down.sql does not, into the new down file",
  ],
])("of several files of one version, %j, %s is taken", async (names, taken, hint) => {
  const files = Object.fromEntries(names.map((name) => [name, `SELECT '${name}';\n`]));
  const { findings, names: written, read } = await adoptFiles(files);
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({
    message: expect.stringContaining(`old/${taken} was taken`),
    hint: expect.stringContaining(hint),
  });
  const side = taken.endsWith(".down.sql") ? ".down.sql" : ".up.sql";
  expect(read(written.find((name) => name.endsWith(side))!)).toContain(`SELECT '${taken}';`);
});

test("what cannot be read says what to type", async () => {
  await expect(adoptFiles({ "readme.md": "" })).rejects.toMatchObject({ code: "usage/no-tool" });
  await expect(adoptFiles({ "1_a.up.sql": "" }, { tool: "gooze" })).rejects.toMatchObject({
    code: "usage/unknown-tool",
    hint: "did you mean --tool goose?",
  });
  const { world } = await adoptFiles({ "1_a.up.sql": "" });
  const other = "; or name a folder that has only files of the other tool";
  for (const [folder, directories, hint] of [
    ["new", ["new"], "use it as it is: migrate status --directory new"],
    // Its config file names that folder.
    [".", undefined, `use it as it is: migrate status${other}`],
    ["new", undefined, "use it as it is: migrate status"],
  ] as const)
    for (const tool of [undefined, "golang-migrate"])
      for (const write of [false, true])
        await expect(adopt(world, { folder, directories, tool, write })).rejects.toMatchObject({
          code: "usage/own-folder",
          message: expect.stringMatching(/^new has migrations of Retort already: new\//),
          hint,
        });
  for (const name of ["2_b.down.sql", "2_b.up.sql"]) writeFileSync(join(world.cwd, "new", name), "SELECT 1;");
  await expect(adopt(world, { folder: "new" })).rejects.toMatchObject({
    hint: "2_b.down.sql, 2_b.up.sql have no header with a revision: move them to a folder of their own; then write a revision with their SQL: migrate revision -m NAME; or adopt that folder: migrate adopt DIR",
  });
  await expect(adopt(deps({}, root), { folder: "nowhere" })).rejects.toMatchObject({
    code: "usage/missing-directory",
  });
  await expect(adopt(world, { folder: "old/1_a.up.sql" })).rejects.toMatchObject({
    message: "old/1_a.up.sql is a file, not a folder",
    hint: "name the folder that contains the files: migrate adopt old",
  });
  await expect(adopt(world, { folder: "old", to: "old/1_a.up.sql" })).rejects.toMatchObject({
    message: "old/1_a.up.sql is a file, not a folder",
    hint: "name another folder: --to DIR",
  });
  await expect(adoptFiles({ "V1__a.sql": "" }, { tool: "goose" })).rejects.toMatchObject({
    message: "no file in old is named as goose names its files; it looks like a folder of flyway",
    hint: "name that tool: --tool flyway",
  });
  const pair = { "1_a.up.sql": "SELECT 1;\n", "1_a.down.sql": "SELECT 2;\n" };
  for (const tool of ["goose", "dbmate", "node-pg-migrate"])
    await expect(adoptFiles(pair, { tool })).rejects.toMatchObject({
      message: `no file in old is named as ${tool} names its files; it looks like a folder of golang-migrate`,
    });
});

describe("what the next commands need", () => {
  const dated = { "20260302091400_a.sql": "-- migrate:up\nSELECT 1;\n" };

  test("is written where there is no config file, and said where there is one", async () => {
    const { world, settings } = await adoptFiles(dated);
    const values = { directories: ["new"], fileName: "{date:YYYYMMDDHHmmss}_{slug}" };
    expect(settings).toEqual({ file: "migrate.config.json", written: true, values });
    expect(JSON.parse(readFileSync(join(world.cwd, "migrate.config.json"), "utf8"))).toMatchObject(values);
    expect([...(await openProject(world, {})).migrations.keys()]).toEqual(["m20260302091400"]);
    expect((await adopt(world, { folder: "old" })).settings).toBeUndefined();
    const other = { file: "migrate.config.json", written: false, values: { directories: ["new", "newer"] } };
    writeFileSync(join(world.cwd, "old/20260303091400_b.sql"), "-- migrate:up\n");
    expect((await adopt(world, { folder: "old", to: "newer", write: true })).settings).toEqual(other);
    expect(readdirSync(join(world.cwd, "newer"))).toEqual(["20260303091400_b.up.sql"]);
  });

  test.each([
    ["goose", { "1_a.sql": "-- +goose Up\nSELECT 1;\n" }],
    ["flyway", { "V1__a.sql": "" }],
    ["golang-migrate", { "000001_a.up.sql": "", "000001_a.down.sql": "" }],
    ["golang-migrate", { "1_a.up.sql": "" }],
    ["dbmate", dated],
    ["diesel", { "2024-01-01-000000_a/up.sql": "" }],
  ])("a folder of %s is recognised by the other commands", async (tool, files) => {
    const folder = mkdtempSync(join(root, "f"));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, "migrations", name)), { recursive: true });
      writeFileSync(join(folder, "migrations", name), text);
    }
    const said: string[] = [];
    const world = {
      ...deps({}, folder),
      onNotice: ({ message }: { readonly message: string }) => said.push(message),
    };
    const opened = openProject(world, {}).then((project) => warnOfFolders(project, world));
    await opened.catch((error: unknown) => {
      expect(error).toMatchObject({
        code: "source/no-header",
        hint: expect.stringContaining("migrate adopt migrations"),
      });
      said.push((error as Error).message);
    });
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(`migrations looks like a folder of ${tool}`);
    await expect(init(world, {})).rejects.toMatchObject({
      hint: expect.stringContaining("migrate adopt migrations"),
    });
  });
});

// `andBefore`: one row stands for all that come before it.
test.each([
  [["m000001"], "1", false, true],
  [["m20260101000000_b"], "20260101000000_b", false, true],
  [["a1", "b2"], "b2", false, true],
  [["m0001"], "9", true, true],
  [["m0001"], "9", false, false],
  [["m0003"], "2", true, false],
  [["0001", "c9"], "1", true, true],
  [["0001", "01x", "c9"], "2", true, false],
  [["000001_a"], "1", false, true],
  [["20260101000000_b"], "20260101000000", false, true],
  [["1a"], "1", true, false],
  [["m0001"], "init", true, false],
])("whether %o has what a version table calls %s (and before: %s): %s", (ids, version, andBefore, is) => {
  expect(ranOf([{ version, dirty: false, andBefore }], ids).length > 0).toBe(is);
});
