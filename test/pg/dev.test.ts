/** `migrate dev`: a round at the start and after each save, what it shows, and what it leaves alone. */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { dev } from "../../src/app/dev.ts";
import type { DevRound } from "../../src/core/dev.ts";
import type { MigrateError } from "../../src/core/errors.ts";
import { devLines } from "../../src/render/dev.ts";
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
    ["0002_b.up.sql  b  fails ", '  the up file fails: 0002_b.up.sql:4: relation "u" does not exist'],
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

test("what git has committed is not tried", async () => {
  const it = project({ a: "CREATE TABLE t (id int);" });
  const git = (...args: readonly string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], {
      cwd: it.folder,
      stdio: "pipe",
    });
  const once = () =>
    dev(it.deps, { once: true, database: server!.url(), onRound: () => {}, onError: () => {} });
  await once();
  git("init", "-q");
  git("add", ".");
  git("commit", "-qm", "all");
  expect(await failureOf(once())).toMatchObject({ code: "usage/committed" });
  it.write("0002_b.up.sql", "-- revision: b\n-- parent: a\n\nSELECT 1;\n");
  it.write("0002_b.down.sql", "-- revision: b\n\nSELECT 1;\n");
  await once();
});
