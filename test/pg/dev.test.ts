/** `migrate dev`: a round at the start and after each save, what it shows, and what it leaves alone. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dev } from "../../src/app/dev.ts";
import type { DevRound } from "../../src/core/dev.ts";
import type { MigrateError } from "../../src/core/errors.ts";
import { devLines } from "../../src/render/dev.ts";
import { migrate } from "../support/migrate.ts";
import { failureOf, ownDatabase, project } from "../support/project.ts";
import { query, servers } from "../support/server.ts";

const [server] = servers();

test("the newest revision is run again with each save, and its database is left alone", async () => {
  const { url } = await ownDatabase(server!);
  const it = project({
    a: { up: "CREATE TABLE t (id int);", down: "DROP TABLE t;" },
    b: { up: "ALTER TABLE t ADD COLUMN name text;", down: "SELECT 1;" },
  });
  const stop = new AbortController();
  const rounds: DevRound[] = [];
  const errors: MigrateError[] = [];
  const save = (up: string, down: string) => {
    it.write("0002_b.down.sql", `-- revision: b\n\n${down}\n`);
    it.write("0002_b.up.sql", `-- revision: b\n-- parent: a\n\n${up}\n`);
  };
  const next = [
    () => save("ALTER TABLE t ADD COLUMN name text;", "ALTER TABLE t DROP COLUMN name;"),
    () => save("ALTER TABLE u ADD COLUMN name text;", "SELECT 1;"),
    () => save("ALTER TABL t;", "SELECT 1;"),
    () => save("CREATE VIEW v AS SELECT id FROM t;", "DROP VIEW v;"),
    () => stop.abort(),
  ];
  const goOn = () => next.shift()!();
  await dev(
    { ...it.deps, signal: stop.signal },
    {
      database: url,
      onRound: (round) => {
        rounds.push(round);
        goOn();
      },
      onError: (error) => {
        errors.push(error);
        goOn();
      },
    },
  );
  const shown = rounds.map((round) => devLines(round).map((line) => line.replace(/ \(\d+ ms\)/, "")));
  expect(shown).toEqual([
    [
      "0002_b.up.sql  b  up and down, but the schema is not restored ",
      "  + column public.t.name",
      "  after the downgrade:",
      "    extra    column public.t.name",
    ],
    ["0002_b.up.sql  b  up and down, and the schema is restored ", "  + column public.t.name"],
    [
      "0002_b.up.sql  b  fails ",
      '  the up file fails: 0002_b.up.sql:4: relation "u" does not exist',
      expect.stringMatching(
        /^ {2}hint: correct the name; if it is right, the migrations before this one do not leave it there: /,
      ),
    ],
    [
      "0002_b.up.sql  b  fails ",
      expect.stringContaining('the up file fails: 0002_b.up.sql:4: syntax error at or near "TABL"'),
    ],
    ["0002_b.up.sql  b  up and down, and the schema is restored ", "  + view public.v"],
  ]);
  expect(errors).toEqual([]);
  expect(
    await query(url, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"),
  ).toEqual([]);
});

const gitIn =
  (cwd: string) =>
  (...args: readonly string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd, stdio: "pipe" });

test("what git has committed is not tried", async () => {
  const it = project({ a: "CREATE TABLE t (id int);" });
  const git = gitIn(it.folder);
  const once = (deps = it.deps) =>
    dev(deps, { once: true, database: server!.url(), onRound: () => {}, onError: () => {} });
  await once();
  git("init", "-q");
  git("add", ".");
  git("commit", "-qm", "all");
  expect(await failureOf(once())).toMatchObject({ code: "usage/committed" });
  // Whatever folder it is run in.
  const below = { ...it.deps, cwd: join(it.folder, "below") };
  mkdirSync(below.cwd);
  expect(await failureOf(once(below))).toMatchObject({ code: "usage/committed" });
  it.write("0002_b.up.sql", "-- revision: b\n-- parent: a\n\nSELECT 1;\n");
  it.write("0002_b.down.sql", "-- revision: b\n\nSELECT 1;\n");
  await once();
});

test("with a remote, it is what its branch has that is not tried; the first line says which", async () => {
  const it = project({ a: "CREATE TABLE t (id int);" });
  const git = gitIn(it.folder);
  const env = { PATH: process.env["PATH"]!, DATABASE_URL: server!.url() };
  const once = () => migrate(["dev", "--once"], { cwd: it.folder, env });
  const firstLine = async () => (await once()).stderr.split("\n", 1)[0];
  const tried = "the newest migration is tried once";
  expect(await firstLine()).toBe(`${tried}; git does not know whether others have it`);
  git("init", "-q", "--bare", "remote");
  git("init", "-q", "-b", "main");
  git("add", "*.sql", "*.json");
  git("commit", "-qm", "all");
  expect(await once()).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("is in the last commit, so others may already have it"),
  });
  git("remote", "add", "origin", "./remote");
  git("push", "-q", "-u", "origin", "main");
  it.write("0002_b.up.sql", "-- revision: b\n-- parent: a\n\nSELECT 1;\n");
  it.write("0002_b.down.sql", "-- revision: b\n\nSELECT 1;\n");
  git("add", "*.sql");
  git("commit", "-qm", "b");
  expect(await firstLine()).toBe(
    `${tried}, but not if it is in origin/main, because others may have it then`,
  );
  expect((await once()).code).toBe(0);
  git("push", "-q");
  expect((await once()).stderr).toContain("is in origin/main, so others may already have it");
  // A branch that follows none is measured by the main branch of origin, and that is its only one, or the one it says.
  git("switch", "-qc", "topic", "HEAD^");
  git("cherry-pick", "main");
  const isInMain = "is in origin/main, so others may already have it";
  expect((await once()).stderr).toContain(isInMain);
  git("push", "-q", "origin", "HEAD:other");
  expect((await once()).stderr).toContain("is in the last commit, so");
  git("remote", "set-head", "origin", "main");
  expect((await once()).stderr).toContain(isInMain);
});

test("on the database that is named, it is taken back by the down file that belonged to it, and remains applied", async () => {
  const { url } = await ownDatabase(server!);
  const it = project({ a: { up: "CREATE TABLE t (id int);", down: "DROP TABLE t;" } });
  const stop = new AbortController();
  const rounds: DevRound[] = [];
  const save = (up: string, down: string) => {
    it.write("0002_b.down.sql", `-- revision: b\n\n${down}\n`);
    it.write("0002_b.up.sql", `-- revision: b\n-- parent: a\n\n${up}\n`);
  };
  save("ALTER TABLE t ADD COLUMN x text;", "ALTER TABLE t DROP COLUMN x;");
  const next = [
    // The down file has another name now, and would not take back what is there.
    () => save("ALTER TABLE t ADD COLUMN y text;", "SELECT 1;"),
    () => save("ALTER TABLE t ADD COLUMN z text;", "ALTER TABLE t DROP COLUMN z;"),
    () => save("ALTER TABLE u ADD COLUMN z text;", "SELECT 1;"),
    () => save("ALTER TABLE t ADD COLUMN y text;", "SELECT 1;"),
    () => save("CREATE VIEW v AS SELECT id FROM t;", "DROP VIEW v;"),
    () => stop.abort(),
  ];
  const options = { onDatabase: true, onError: (error: MigrateError) => expect(error).toBeUndefined() };
  await dev(
    { ...it.deps, signal: stop.signal },
    {
      ...options,
      database: url,
      onRound: (round) => {
        rounds.push(round);
        next.shift()!();
      },
    },
  );
  const shown = rounds.map((round) => devLines(round).map((line) => line.replace(/ \(\d+ ms\)/, "")));
  expect(shown).toEqual([
    ["0002_b.up.sql  b  applied ", "  + column public.t.x"],
    ["0002_b.up.sql  b  taken back and applied again ", "  + column public.t.y"],
    [
      "0002_b.up.sql  b  taken back and applied again, but the schema was not restored in between ",
      "  + column public.t.z",
      "  after the downgrade:",
      "    extra    column public.t.y",
      "    the down file that was run left what is extra; drop it by hand",
    ],
    [
      "0002_b.up.sql  b  fails; what was applied has been taken back, and it is not applied now ",
      '  the up file fails: 0002_b.up.sql:4: relation "u" does not exist',
    ],
    [
      "0002_b.up.sql  b  fails ",
      '  the up file fails: 0002_b.up.sql:4: column "y" of relation "t" already exists; a downgrade may have left it; if so, drop it by hand',
    ],
    ["0002_b.up.sql  b  applied ", "  + view public.v"],
  ]);
  expect((await it.state(url)).heads).toEqual(["b"]);
  expect(await query(url, "SELECT to_regclass('v') IS NOT NULL AS is_there")).toEqual([{ is_there: true }]);

  save("CREATE VIEW v AS SELECT 2 AS x;", "DROP VIEW v;");
  const notices: string[] = [];
  const again = { ...it.deps, onNotice: ({ message }: { message: string }) => notices.push(message) };
  for (const _ of ["changed meanwhile", "as it is"])
    await dev(again, { ...options, database: url, once: true, onRound: () => {} });
  expect(notices).toEqual([
    "b (0002_b.up.sql) has changed since it was applied, before this began; it is taken back by the down file that is there now",
  ]);

  // Each has read the ledger before another changes it.
  const atOnce: DevRound[] = [];
  const one = { ...options, database: url, once: true, onRound: (round: DevRound) => atOnce.push(round) };
  await Promise.all([1, 2].map(() => dev(it.deps, one)));
  expect(atOnce.map(({ failed }) => failed)).toEqual([undefined, undefined]);
  expect((await it.state(url)).heads).toEqual(["b"]);
});

test("a down file that is refused on the database is corrected by the next save", async () => {
  const { url } = await ownDatabase(server!);
  const it = project({ a: { up: "CREATE TABLE t (id int);", down: "DROP TABLE t;" } });
  const stop = new AbortController();
  const shown: (readonly string[])[] = [];
  const saveDown = (down: string) => it.write("0002_b.down.sql", `-- revision: b\n\n${down}\n`);
  const next = [() => saveDown("DROP TABLE three;"), () => saveDown("DROP TABLE five;"), () => stop.abort()];
  saveDown("DROP TABLE four;");
  it.write("0002_b.up.sql", "-- revision: b\n-- parent: a\n\nCREATE TABLE five (id int);\n");
  await dev(
    { ...it.deps, signal: stop.signal },
    {
      ...{ onDatabase: true, database: url, onError: (error) => expect(error).toBeUndefined() },
      onRound: (round) => {
        shown.push(devLines(round).map((line) => line.replace(/ \(\d+ ms\)/, "")));
        next.shift()!();
      },
    },
  );
  expect(shown).toEqual([
    ["0002_b.up.sql  b  applied ", "  + table public.five"],
    [
      "0002_b.up.sql  b  fails ",
      '  the down file fails: 0002_b.down.sql:3: table "three" does not exist; and the down file as it was when the revision was applied: table "four" does not exist; write into the down file what takes back the revision as it is applied, and save it',
    ],
    ["0002_b.up.sql  b  taken back and applied again ", "  + table public.five"],
  ]);
});

test("what a round has applied and has no files any more is taken back; no other round is compared with that", async () => {
  const { url } = await ownDatabase(server!);
  const it = project({ a: { up: "CREATE TABLE t (id int);", down: "DROP TABLE t;" } });
  const stop = new AbortController();
  const shown: string[] = [];
  const save = (up: string) => {
    it.write("0002_b.down.sql", "-- revision: b\n\nDROP TABLE u;\n");
    it.write("0002_b.up.sql", `-- revision: b\n-- parent: a\n\n${up}\n`);
  };
  const remove = () => {
    for (const name of ["0003_c", "0002_b"])
      for (const direction of ["up", "down"])
        rmSync(join(it.folder, `${name}.${direction}.sql`), { force: true });
  };
  const next = [
    () => save("CREATE TABLE u (id int); CREATE TABLE v (id int);"),
    // What it leaves, and what was made by hand, is not said of another revision.
    async () => {
      await query(url, "CREATE TABLE by_hand (id int)");
      it.write("0003_c.down.sql", "-- revision: c\n\nSELECT 1;\n");
      it.write("0003_c.up.sql", "-- revision: c\n-- parent: b\n\nCREATE TABLE w (id int);\n");
    },
    remove,
    () => {},
    () => {},
    () => save("CREATE TABL u (id int);"),
    remove,
    async () => {
      await query(
        url,
        `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_read_only = on`,
      );
      it.write("0001_a.up.sql", "-- revision: a\n-- parent: none\n\nCREATE TABLE t (id bigint);\n");
    },
  ];
  const goOn = (line: string | undefined) => {
    shown.push(line!.replace(/ \(\d+ ms\)/, ""));
    const step = next.shift();
    if (step === undefined) stop.abort();
    else void step();
  };
  await dev(
    { ...it.deps, signal: stop.signal },
    {
      onDatabase: true,
      database: url,
      onRound: (round) => goOn(devLines(round).join("|")),
      onError: (error) => goOn(error.code),
    },
  );
  expect(shown).toEqual([
    "0001_a.up.sql  a  applied |  + table public.t",
    "0002_b.up.sql  b  applied |  + table public.u|  + table public.v",
    "0003_c.up.sql  c  applied |  + table public.w",
    "0003_c.up.sql  c  has no files any more, and was taken back, but the schema is not restored |  after the downgrade:|    extra    table public.w|    the down file that was run left what is extra; drop it by hand",
    "0002_b.up.sql  b  has no files any more, and was taken back, but the schema is not restored |  after the downgrade:|    extra    table public.v|    the down file that was run left what is extra; drop it by hand",
    "0001_a.up.sql  a  taken back and applied again |  + table public.t",
    expect.stringMatching(/^0002_b.up.sql {2}b {2}fails \|/),
    "0001_a.up.sql  a  taken back and applied again |  + table public.t",
    "execution/read-only",
  ]);
  expect(await query(url, "SELECT to_regclass('u') AS u")).toEqual([{ u: null }]);

  // What an earlier start has applied it cannot take back.
  for (const direction of ["up", "down"]) rmSync(join(it.folder, `0001_a.${direction}.sql`));
  const again = dev(it.deps, {
    onDatabase: true,
    once: true,
    database: url,
    onRound: () => {},
    onError: () => {},
  });
  expect(await failureOf(again)).toMatchObject({
    code: "state/unknown-revision",
    hint: expect.stringMatching(/: migrate stamp --purge base$/),
  });
});

test("no database is worked on that only a variable names", async () => {
  const it = project({ a: "CREATE TABLE t (id int);" });
  const named = { ...it.deps, env: { DATABASE_URL: "postgres://u:geheim@127.0.0.1:1/shop" } };
  const refused = await failureOf(
    dev(named, { onDatabase: true, once: true, onRound: () => {}, onError: () => {} }),
  );
  expect(refused).toMatchObject({
    code: "usage/dev-database",
    message:
      "option onDatabase changes a database, and postgres://u:***@127.0.0.1:1/shop is named by environment variable DATABASE_URL only",
  });
  it.write(
    "migrate.config.json",
    JSON.stringify({ directories: ["."], database: "postgres://u@127.0.0.1:1/shop" }),
  );
  const asked = dev(it.deps, { onDatabase: true, once: true, onRound: () => {}, onError: () => {} });
  expect(await failureOf(asked)).toMatchObject({ code: "execution/connect" });
});
