/** The SQL that `migrate drift` shows: run, it mends the database; where it cannot be proven there is none, and it is said why. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { autogenerate } from "../../src/app/autogenerate.ts";
import { baseline } from "../../src/app/baseline.ts";
import { type Drift, type DriftOptions, drift } from "../../src/app/drift.ts";
import { dump } from "../../src/app/dump.ts";
import { migrate, migrateHere } from "../support/migrate.ts";
import { ownDatabase, project, type TestProject } from "../support/project.ts";
import { query, servers, withClient } from "../support/server.ts";

const [server] = servers();
const root = fileURLToPath(new URL("../..", import.meta.url));

const look = (of: TestProject, url: string, options: DriftOptions = {}): Promise<Drift> =>
  drift(of.deps, { database: url, ...options });

const sqlOf = ({ mend }: Drift): string => {
  if (mend === undefined || !("sql" in mend)) throw new Error(JSON.stringify(mend));
  return mend.sql;
};

const shop = project({
  a: `CREATE SCHEMA shop;
    CREATE TABLE shop.users (id int PRIMARY KEY, email text NOT NULL, age int);
    CREATE INDEX users_email ON shop.users (email);
    CREATE VIEW shop.grown AS SELECT id FROM shop.users WHERE age > 17;`,
  b: "CREATE FUNCTION shop.one() RETURNS int LANGUAGE sql AS 'SELECT 1';",
});

test("the version tables of other tools are left alone, and no other tables of their names", async () => {
  const { url } = await ownDatabase(server!);
  const own = project({ a: "CREATE TABLE pgmigrations (name text, run_on text)" });
  await own.upgrade(url);
  await query(
    url,
    `CREATE TABLE ar_internal_metadata (key varchar PRIMARY KEY, value varchar, created_at timestamp NOT NULL, updated_at timestamp NOT NULL);
     CREATE TABLE goose_db_version (id serial PRIMARY KEY, version_id bigint, is_applied boolean);
     CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id int GENERATED ALWAYS AS IDENTITY, hash text, created_at bigint);
     CREATE TABLE migrations (version text, of_birds int); ALTER TABLE pgmigrations ADD id serial`,
  );
  const { versionTables, differences } = await look(own, url);
  expect(versionTables).toEqual([
    "drizzle.__drizzle_migrations",
    "public.ar_internal_metadata",
    "public.goose_db_version",
  ]);
  expect(differences.map(({ kind, identity }) => `${kind} ${identity.join(".")}`)).toEqual([
    "extra public.pgmigrations.id",
    "extra public.migrations",
  ]);
  const { text, versionTables: leftOut } = await dump(own.deps, { database: url });
  expect(leftOut).toEqual(versionTables);
  expect(text).not.toMatch(/goose_db_version|drizzle|ar_internal/);
  expect(text.match(/CREATE TABLE \S+/g)).toEqual([
    "CREATE TABLE public.migrations",
    "CREATE TABLE public.pgmigrations",
  ]);
  // Without its files nobody knows that the project has made it.
  await query(url, "DROP SCHEMA retort CASCADE");
  const none = project({});
  const first = await baseline(none.deps, { message: "as it is", database: url });
  expect(first.versionTables).toEqual([...versionTables, "public.pgmigrations"].sort());
  expect(readFileSync(join(none.folder, "0001_as_it_is.up.sql"), "utf8")).not.toMatch(/goose|drizzle|pgmigr/);
});

test("a schema that holds something that is left alone stays, and what else is in it goes", async () => {
  const { url } = await ownDatabase(server!);
  const own = project({ a: "CREATE TABLE t (a int);" });
  await own.upgrade(url);
  await query(
    url,
    `CREATE SCHEMA flyway; COMMENT ON SCHEMA flyway IS 'of Flyway';
     CREATE TABLE flyway.flyway_schema_history (installed_rank int, version text, description text, type text,
       script text, checksum int, installed_by text, installed_on timestamp, execution_time int, success bool);
     CREATE SCHEMA cron; CREATE TABLE cron.job (a int); CREATE TABLE cron.run (a int);
     CREATE SCHEMA other; COMMENT ON SCHEMA other IS 'nothing is in it'`,
  );
  const ignore = ["cron.job", "comment:*"];
  const found = await look(own, url, { ignore });
  const names = ({ differences }: Drift) => differences.map(({ identity }) => identity.join("."));
  expect(names(found)).toEqual(["other", "cron.run"]);
  expect(found.ignored).toBe(1);
  await query(url, sqlOf(found));
  expect(names(await look(own, url, { ignore }))).toEqual([]);
  expect(names(await look(own, url))).toEqual(["cron"]);
});

test("what was changed by hand is mended by the SQL, which nobody has run", async () => {
  const { url } = await ownDatabase(server!);
  await shop.upgrade(url);
  const none = await look(shop, url);
  expect(none).toMatchObject({ differences: [], otherLedgers: [] });
  expect(none).not.toHaveProperty("mend");
  await query(
    url,
    `DROP INDEX shop.users_email; ALTER TABLE shop.users ALTER email DROP NOT NULL;
     INSERT INTO shop.users VALUES (1, 'a@b', 20); CREATE TABLE shop.backup AS SELECT * FROM shop.users;
     CREATE OR REPLACE FUNCTION shop.one() RETURNS int LANGUAGE sql AS 'SELECT 2';
     CREATE OR REPLACE VIEW shop.grown AS SELECT id FROM shop.users WHERE age > 20; GRANT SELECT ON shop.users TO PUBLIC;
     DROP SCHEMA public; CREATE SCHEMA public`,
  );
  const found = await look(shop, url);
  expect(found.differences).toHaveLength(8);
  const withoutPublic = await look(shop, url, { ignore: ["public"] });
  expect(withoutPublic).toMatchObject({ differences: { length: 6 }, ignored: 2 });
  const all = ["drift", "--ignore", "*", "--database", url];
  expect((await migrateHere(all, { cwd: shop.folder })).stderr).toMatch(
    /no drift: .* are the same, but for 8 differences that are ignored\n$/,
  );
  expect(found.mend).toMatchObject({ losses: ["drop table shop.backup"], notes: [] });
  // Only shown: all is as it was.
  const there = "SELECT to_regclass('shop.backup') IS NOT NULL AS t, to_regclass('shop.users_email') AS i";
  expect(await query(url, there)).toEqual([{ t: true, i: null }]);
  await query(url, sqlOf(found));
  expect((await look(shop, url)).differences).toEqual([]);
  expect(await query(url, "SELECT email FROM shop.users")).toEqual([{ email: "a@b" }]);
});

test("the command shows it below the differences; with --sql it alone goes to stdout", async () => {
  const { url } = await ownDatabase(server!);
  await shop.upgrade(url);
  await query(url, "DROP INDEX shop.users_email");
  const world = { cwd: shop.folder, env: { DATABASE_URL: url } };
  const both = await migrateHere(["drift"], world);
  const create = "CREATE INDEX users_email ON shop.users USING btree (email);";
  expect(both).toMatchObject({ code: 1 });
  expect(both.stdout).toMatch(/^missing {2}index shop\.users_email\n\n-- .*\n/);
  expect(both.stdout).toContain(`BEGIN;\n${create}\nCOMMIT;\n`);
  const alone = await migrateHere(["drift", "--sql"], world);
  expect(alone).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("missing  index shop.users_email\n"),
  });
  expect(`missing  index shop.users_email\n\n${alone.stdout}`).toBe(both.stdout);
  expect(both.stdout + both.stderr + alone.stderr).not.toContain(new URL(url).password);
});

test("triggers of a foreign key are switched on again on the table that they are on, which is told", async () => {
  const { url } = await ownDatabase(server!);
  const of = project({
    a: 'CREATE TABLE "P" (id int PRIMARY KEY); CREATE TABLE c (id int REFERENCES "P"); CREATE TABLE d (id int REFERENCES "P")',
  });
  await of.upgrade(url);
  for (const [sql, tables] of [
    ['ALTER TABLE "P" DISABLE TRIGGER ALL', ['public."P"']],
    ["ALTER TABLE c DISABLE TRIGGER ALL", ["public.c"]],
    ['ALTER TABLE "P" DISABLE TRIGGER ALL; ALTER TABLE c DISABLE TRIGGER ALL', ['public."P"', "public.c"]],
  ] as const) {
    await query(url, sql);
    const found = await look(of, url);
    expect(found.differences[0]!.properties).toEqual({
      triggers: [undefined, Object.fromEntries(tables.map((table) => [table, "never"]))],
    });
    const mended = sqlOf(found);
    expect([...new Set(mended.match(/ALTER TABLE .* TRIGGER ALL/g))]).toEqual(
      tables.map((table) => `ALTER TABLE ${table} ENABLE TRIGGER ALL`),
    );
    await query(url, mended);
    expect((await look(of, url)).differences, sql).toEqual([]);
  }
});

test("what would lose rows, has no SQL, or cannot be made on a scratch database is told by name", async () => {
  const { url } = await ownDatabase(server!);
  await shop.upgrade(url);
  await query(
    url,
    `ALTER TABLE shop.users DROP email; ALTER TABLE shop.users ADD email text NOT NULL;
     CREATE INDEX users_email ON shop.users (email)`,
  );
  expect((await look(shop, url)).mend).toEqual({
    reasons: ["table shop.users keeps the order of its columns"],
  });
  await query(url, "INSERT INTO shop.users VALUES (1, 1, ''), (2, 1, '')");
  await withClient(url, async (client) => {
    await client.query("CREATE UNIQUE INDEX CONCURRENTLY half ON shop.users (age)").catch(() => {});
  });
  const broken = await look(shop, url);
  expect(broken.mend).toMatchObject({
    reasons: ["cannot dump index shop.half: it is invalid"],
    hint: expect.stringContaining(
      ": REINDEX INDEX CONCURRENTLY shop.half; or drop it: DROP INDEX CONCURRENTLY",
    ),
  });
});

test("the ledger of another project is named and left alone", async () => {
  const { url } = await ownDatabase(server!);
  const other = project({ x: "CREATE TABLE bill ();" }, { ledger: { schema: 'My "ledger"' } });
  await shop.upgrade(url);
  await other.upgrade(url);
  expect(await look(shop, url, { ignore: ["public.bill"] })).toMatchObject({
    differences: [],
    otherLedgers: ['My "ledger"'],
  });
  const { otherLedgers, differences } = await look(other, url, { ignore: ["shop"] });
  expect(otherLedgers).toEqual(["retort"]);
  // Nor is it part of a schema that is dumped, or led to.
  expect((await dump(other.deps, { database: url })).text).not.toContain("retort");
  const options = { message: "as it is", desired: url, database: url, ignore: ["shop"] };
  expect((await autogenerate(other.deps, options)).created).toEqual([]);
  expect(differences).toEqual([]);
  // One with a table of somebody's is no mere ledger.
  await query(url, "CREATE TABLE retort.mine ()");
  expect((await look(other, url, { ignore: ["shop"] })).otherLedgers).toEqual([]);
});

test("without the package that compares, the differences are shown, and how it is installed", async () => {
  const home = realpathSync(mkdtempSync(join(tmpdir(), "retort-mend-")));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  for (const entry of ["dist", "package.json"])
    cpSync(join(root, entry), join(home, entry), { recursive: true });
  mkdirSync(join(home, "node_modules"));
  for (const entry of readdirSync(join(root, "node_modules")).filter((name) => !/^\.|^@supabase$/.test(name)))
    symlinkSync(join(root, "node_modules", entry), join(home, "node_modules", entry));
  const { url } = await ownDatabase(server!);
  await shop.upgrade(url);
  await query(url, "CREATE SCHEMA by_hand");
  const cli = join(home, "dist/bin.cjs");
  const found = await migrate(["drift"], { cli, cwd: shop.folder, env: { DATABASE_URL: url } });
  expect(found).toMatchObject({ code: 1, stdout: "extra    schema by_hand\n" });
  expect(found.stderr).toMatch(
    /there is no SQL to mend it: .*@supabase\/pg-delta, which is not installed\nhint: npm install -D pgretort @supabase/,
  );
});
