/** Version tables as other tools leave them → the ledger is stamped to where they are, or nothing is done. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { adopt } from "../../src/app/adopt.ts";
import { adoptDatabase } from "../../src/app/adopt-database.ts";
import { diagnose } from "../../src/app/doctor.ts";
import { readState } from "../../src/app/look.ts";
import { run } from "../../src/app/run.ts";
import { deps } from "../support/migrate.ts";
import { failureOf, ownDatabase, project } from "../support/project.ts";
import { query, servers } from "../support/server.ts";

const root = mkdtempSync(join(tmpdir(), "retort-adopt-pg-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const PAIRS = ["1_a.up.sql", "2_b.up.sql", "3_c.up.sql"];
const SINGLE = ["1_a.sql", "2_b.sql", "3_c.sql"];
const HISTORY =
  "CREATE TABLE flyway_schema_history (installed_rank int, version varchar, type varchar, success boolean)";
const PRISMA =
  "CREATE TABLE _prisma_migrations (migration_name varchar, finished_at timestamptz, rolled_back_at timestamptz)";

interface Left {
  readonly tool: string;
  readonly files: readonly string[];
  readonly text?: string;
  /** What the tool left in the database. */
  readonly sql: string;
  /** Which of the three it has run last, or what is refused. */
  readonly last: string | undefined;
  readonly refused?: string;
}

const left: readonly Left[] = [
  {
    tool: "golang-migrate",
    files: PAIRS,
    sql: "CREATE TABLE schema_migrations (version bigint, dirty boolean); INSERT INTO schema_migrations VALUES (2, false)",
    last: "m0002",
  },
  {
    tool: "golang-migrate",
    files: PAIRS,
    sql: "CREATE TABLE schema_migrations (version bigint, dirty boolean); INSERT INTO schema_migrations VALUES (2, true)",
    last: undefined,
    refused: "state/dirty",
  },
  {
    tool: "golang-migrate",
    files: PAIRS,
    sql: "CREATE TABLE schema_migrations (version bigint, dirty boolean); INSERT INTO schema_migrations VALUES (9, false)",
    last: undefined,
    refused: "state/unknown-version",
  },
  {
    tool: "golang-migrate",
    files: PAIRS,
    sql: "SELECT 1",
    last: undefined,
    refused: "state/no-version-table",
  },
  {
    tool: "maragudk",
    files: ["1-a.up.sql", "2-b.up.sql", "3-c.up.sql"],
    sql: "CREATE SCHEMA app; CREATE TABLE app.migrations (version text); INSERT INTO app.migrations VALUES ('2-b')",
    last: "m0002",
  },
  {
    tool: "sqlx",
    files: SINGLE,
    sql: "CREATE TABLE _sqlx_migrations (version bigint, success boolean); INSERT INTO _sqlx_migrations VALUES (1, true), (2, true)",
    last: "m0002",
  },
  {
    tool: "dbmate",
    files: SINGLE,
    text: "-- migrate:up\nSELECT 1;\n",
    sql: "CREATE TABLE schema_migrations (version varchar); INSERT INTO schema_migrations VALUES ('1'), ('3')",
    last: undefined,
    refused: "state/gap",
  },
  {
    tool: "goose",
    files: SINGLE,
    text: "-- +goose Up\nSELECT 1;\n",
    sql: "CREATE TABLE goose_db_version (id serial, version_id bigint, is_applied boolean); INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (1, true), (2, true), (3, true), (3, false)",
    last: "m0002",
  },
  {
    tool: "diesel",
    files: ["2024-01-01-000000_a/up.sql", "2024-01-02-000000_b/up.sql"],
    sql: "CREATE TABLE __diesel_schema_migrations (version varchar, run_on timestamp); INSERT INTO __diesel_schema_migrations VALUES ('20240101000000')",
    last: "m20240101000000",
  },
  {
    tool: "flyway",
    files: ["V1__a.sql", "V2__b.sql", "V3__c.sql"],
    sql: `${HISTORY}; INSERT INTO flyway_schema_history VALUES (1, '2', 'BASELINE', true), (2, '3', 'SQL', true), (3, '3', 'UNDO_SQL', true), (4, NULL, 'SQL', true)`,
    last: "m0002",
  },
  {
    tool: "flyway",
    files: ["V1__a.sql", "V9__b.sql", "B10__all.sql", "V11__c.sql"],
    sql: `${HISTORY}; INSERT INTO flyway_schema_history VALUES (1, '10', 'SQL_BASELINE', true)`,
    last: "m0009",
  },
  {
    tool: "flyway",
    files: ["B10__all.sql", "V11__c.sql"],
    sql: `${HISTORY}; INSERT INTO flyway_schema_history VALUES (1, '10', 'SQL_BASELINE', true)`,
    last: "m0010",
  },
  {
    tool: "flyway",
    files: ["V2__a.sql", "V3__b.sql"],
    sql: `${HISTORY}; INSERT INTO flyway_schema_history VALUES (1, '1', 'BASELINE', true), (2, '2', 'SQL', true)`,
    last: "m0002",
  },
  {
    tool: "node-pg-migrate",
    files: SINGLE,
    text: "-- Up Migration\nSELECT 1;\n",
    sql: "CREATE TABLE pgmigrations (name varchar, run_on timestamp); INSERT INTO pgmigrations VALUES ('1_a')",
    last: "m0001",
  },
  {
    tool: "graphile-migrate",
    files: ["committed/000001-a.sql", "committed/000002-b.sql"],
    text: "--! Previous: -\n\nSELECT 1;\n",
    sql: "CREATE SCHEMA graphile_migrate; CREATE TABLE graphile_migrate.migrations (filename text, hash text); INSERT INTO graphile_migrate.migrations VALUES ('000001-a.sql')",
    last: "m000001",
  },
  {
    tool: "pop",
    files: ["1_a.postgres.up.sql", "2_b.postgres.up.sql"],
    sql: "CREATE TABLE schema_migration (version varchar); INSERT INTO schema_migration VALUES ('1')",
    last: "m0001",
  },
  {
    tool: "prisma",
    files: ["1_a/migration.sql", "2_b/migration.sql"],
    sql: `${PRISMA}; INSERT INTO _prisma_migrations VALUES ('1_a', now(), NULL), ('2_b', NULL, now())`,
    last: "m0001",
  },
  {
    tool: "prisma",
    files: ["1_a/migration.sql", "2_b/migration.sql"],
    sql: `${PRISMA}; INSERT INTO _prisma_migrations VALUES ('1_a', now(), NULL), ('2_b', NULL, NULL)`,
    last: undefined,
    refused: "state/dirty",
  },
  {
    tool: "drizzle",
    files: ["0000_a.sql", "0001_b.sql"],
    sql: "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (created_at bigint, hash text); INSERT INTO drizzle.__drizzle_migrations VALUES (11)",
    last: "m0000",
  },
  {
    tool: "drizzle",
    files: ["0000_a.sql", "0001_b.sql"],
    sql: "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (created_at bigint, hash text)",
    last: undefined,
  },
];

/** The folder, adopted into `migrations`. */
async function adoptedFolder({ tool, files, text = "SELECT 1;\n" }: Left, url: string) {
  const folder = mkdtempSync(join(root, "f"));
  const journal = {
    entries: [
      { tag: "0000_a", when: 11 },
      { tag: "0001_b", when: 12 },
    ],
  };
  const all = files.map((file) => [file, text] as const);
  const more = tool === "drizzle" ? [["meta/_journal.json", JSON.stringify(journal)] as const] : [];
  for (const [name, content] of [...all, ...more]) {
    const path = join(folder, "old", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  const world = deps({ DATABASE_URL: url }, folder);
  expect((await adopt(world, { folder: "old", write: true })).tool).toBe(tool);
  return world;
}

// What tools leave does not depend on the server.
describe.each(servers().slice(0, 1))("on $name", (server) => {
  test.each(left)("$tool: $last $refused", async (each) => {
    const { url } = await ownDatabase(server);
    await query(url, each.sql);
    const world = await adoptedFolder(each, url);
    const options = { folder: "old" };
    // Until it is recorded, an upgrade would run it a second time.
    const isTold = each.last !== undefined || !["state/no-version-table", undefined].includes(each.refused);
    const warnings: string[] = [];
    const onNotice = ({ message }: { readonly message: string }) => warnings.push(message);
    await run(world, { kind: "upgrade", target: "head" }, { dryRun: true, onNotice });
    expect(warnings.filter((text) => text.includes(`${each.tool} has run migrations`))).toHaveLength(
      isTold ? 1 : 0,
    );
    const { checks } = await diagnose(world, {});
    expect(checks.filter(({ check, status }) => check === "upgrade" && status === "wrong")).toHaveLength(
      isTold ? 1 : 0,
    );
    if (isTold)
      await expect(run(world, { kind: "upgrade", target: "head" })).rejects.toMatchObject({
        code: "state/not-recorded",
      });
    if (each.refused !== undefined) {
      const stamping = adoptDatabase(world, { ...options, write: true });
      await expect(stamping).rejects.toMatchObject({ code: each.refused });
      expect((await readState(world, {})).heads).toEqual([]);
      return;
    }
    const looked = await adoptDatabase(world, options);
    expect(looked).toMatchObject({ done: false });
    expect(looked.last.map(({ revision }) => revision)).toEqual(each.last === undefined ? [] : [each.last]);
    expect((await readState(world, {})).heads).toEqual([]);
    expect((await adoptDatabase(world, { ...options, write: true })).done).toBe(each.last !== undefined);
    expect((await readState(world, {})).heads).toEqual(each.last === undefined ? [] : [each.last]);
  });

  test("once the ledger is ahead nothing is stamped; where it went another way nothing is taken back", async () => {
    const { url } = await ownDatabase(server);
    const files = ["1_a.up.sql", "2_b.up.sql"];
    const world = await adoptedFolder({ tool: "golang-migrate", files, sql: "", last: undefined }, url);
    await query(
      url,
      "CREATE TABLE schema_migrations (version bigint, dirty boolean); INSERT INTO schema_migrations VALUES (1, false)",
    );
    const options = { folder: "old", write: true };
    expect(await adoptDatabase(world, options)).toMatchObject({ stamped: ["m0001"], ahead: [], done: true });
    await run(world, { kind: "upgrade", target: "head" });
    expect(await adoptDatabase(world, options)).toMatchObject({ stamped: [], ahead: ["m0002"], done: false });
    expect((await readState(world, {})).heads).toEqual(["m0002"]);
    writeFileSync(
      join(world.cwd, "migrations/0003_x.up.sql"),
      "-- revision: x\n-- parent: m0001\n-- irreversible: no way\n",
    );
    await run(world, { kind: "stamp", targets: ["m0001", "x"], purge: true });
    await query(url, "UPDATE schema_migrations SET version = 2");
    await expect(adoptDatabase(world, options)).rejects.toMatchObject({
      code: "state/diverged",
      message: "the ledger has x, but not m0002, and neither comes after the other",
      hint: expect.stringContaining("migrate stamp x m0002"),
    });
    expect((await readState(world, {})).heads).toEqual(["x"]);
    await run(world, { kind: "stamp", targets: ["x", "m0002"] });
    expect(await adoptDatabase(world, options)).toMatchObject({ stamped: [], ahead: ["x"] });
  });

  test("a table of another program stops nothing, nor one that is ignored, nor one of before a downgrade", async () => {
    const { url } = await ownDatabase(server);
    const { sql, files } = left[0]!;
    await query(url, `CREATE TABLE _sqlx_migrations (version bigint, success boolean); ${sql}`);
    const world = await adoptedFolder({ tool: "golang-migrate", files, sql, last: undefined }, url);
    const upgrade = () => run(world, { kind: "upgrade", target: "head" });
    await expect(upgrade()).rejects.toMatchObject({
      code: "state/not-recorded",
      hint: expect.stringContaining('add "public.schema_migrations" to "ignore" in migrate.config.json'),
    });
    await query(url, "ALTER TABLE schema_migrations ADD note text, DROP dirty");
    await query(url, "INSERT INTO _sqlx_migrations VALUES (20171026211738, true)");
    expect((await readState(world, {})).pending).toHaveLength(3);
    await query(url, "ALTER TABLE schema_migrations ADD dirty boolean DEFAULT false");
    await expect(upgrade()).rejects.toMatchObject({ code: "state/not-recorded" });
    const config = join(world.cwd, "migrate.config.json");
    writeFileSync(config, JSON.stringify({ ignore: ["public.schema_migrations"] }));
    expect((await upgrade()).steps).toHaveLength(3);
    rmSync(config);
    await run(world, { kind: "stamp", targets: ["base"] });
    const { stamped, takenBack } = await adoptDatabase(world, { folder: "old", write: true });
    expect({ stamped, takenBack }).toEqual({ stamped: [], takenBack: ["m0001", "m0002"] });
    expect((await upgrade()).steps).toHaveLength(3);
  });

  test("revisions that are the versions themselves, in files written by hand, are stamped", async () => {
    const { url } = await ownDatabase(server);
    const of = project({ "001": "SELECT 1;", "002": "SELECT 2;", "003": "SELECT 3;" });
    const columns = "(version bigint, dirty boolean)";
    await query(
      url,
      `CREATE TABLE schema_migrations ${columns}; INSERT INTO schema_migrations VALUES (2, true)`,
    );
    const { code, hint } = await failureOf(of.upgrade(url));
    expect({ code, hint }).toEqual({
      code: "state/not-recorded",
      hint: expect.stringContaining("have the same SQL: migrate stamp REVISION\n"),
    });
    await query(url, "UPDATE schema_migrations SET dirty = false");
    expect((await failureOf(of.upgrade(url)))["hint"]).toMatch(/: migrate stamp 002\n/);
    const old = mkdtempSync(join(tmpdir(), "retort-adopt-"));
    onTestFinished(() => rmSync(old, { recursive: true }));
    for (const [number, name] of ["a", "b", "c"].entries()) {
      writeFileSync(join(old, `${number + 1}_${name}.up.sql`), "SELECT 1;\n");
      writeFileSync(join(old, `${number + 1}_${name}.down.sql`), "SELECT 1;\n");
    }
    const options = { folder: old, database: url, write: true };
    expect((await failureOf(adoptDatabase(of.deps, options)))["hint"]).toBe(
      "the project's 002 has that number: if its file has the same SQL, record it with: migrate stamp 002",
    );
    await of.run(url, { kind: "stamp", targets: ["002"] });
    expect((await of.upgrade(url)).steps).toHaveLength(1);
  });

  test("of two version tables one must be named, whatever its name holds", async () => {
    const { url } = await ownDatabase(server);
    const columns = "(version bigint, dirty boolean)";
    await query(
      url,
      `CREATE TABLE schema_migrations ${columns}; CREATE SCHEMA "my app"; CREATE TABLE "my app".schema_migrations ${columns}; INSERT INTO "my app".schema_migrations VALUES (1, false)`,
    );
    const world = await adoptedFolder(left[0]!, url);
    await expect(adoptDatabase(world, { folder: "old" })).rejects.toMatchObject({
      code: "usage/several-version-tables",
      hint: "name one: --table 'my app.schema_migrations'",
    });
    await query(url, "ALTER TABLE schema_migrations DROP version");
    await expect(
      adoptDatabase(world, { folder: "old", table: "public.schema_migrations" }),
    ).rejects.toMatchObject({
      code: "state/no-version-table",
      message:
        'public.schema_migrations is not a version table of golang-migrate: column "version" does not exist',
    });
    rmSync(join(world.cwd, "migrations"), { recursive: true });
    await expect(
      adoptDatabase(world, { folder: "old", table: "my app.schema_migrations" }),
    ).rejects.toMatchObject({
      code: "usage/not-adopted",
      message: expect.stringMatching(/^the directory \/.*\/migrations does not exist$/),
      hint: "write them first: migrate adopt old --yes; or name their folder with option directories",
    });
    await adopt(world, { folder: "old", write: true });
    const named = await adoptDatabase(world, { folder: "old", table: "my app.schema_migrations" });
    expect(named).toMatchObject({ table: '"my app".schema_migrations', stamped: ["m0001"] });
  });
});
