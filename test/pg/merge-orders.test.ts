/** `migrate merge`: whether the order of what it joins makes a difference; and that it is written whatever comes of that. */
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { compareOrders } from "../../src/app/merge-orders.ts";
import { migrateHere } from "../support/migrate.ts";
import { failureOf, project } from "../support/project.ts";
import { servers } from "../support/server.ts";

const [server] = servers();

const forked = (left: string, right: string, header: readonly string[] = []) =>
  project({
    root: { up: "CREATE TABLE t ();", down: "DROP TABLE t;" },
    left: { up: left, down: "SELECT 1;", parent: "root" },
    right: { up: right, down: "SELECT 1;", parent: "root", header },
  });

const merged = async (left: string, right: string, url = server!.url(), header: readonly string[] = []) => {
  const { folder } = forked(left, right, header);
  const env: Record<string, string> = url === "" ? {} : { DATABASE_URL: url };
  const found = await migrateHere(["merge", "left", "right"], { cwd: folder, env });
  expect(readdirSync(folder)).toContain("0004_merge_left_and_right.up.sql");
  expect(found).toMatchObject({
    code: 0,
    stdout: "0004_merge_left_and_right.up.sql\n0004_merge_left_and_right.down.sql\n",
  });
  return found.stderr;
};

test("the same, but for the order of columns, another, or refused: it is said with the version and the objects", async () => {
  const all = "; for all of it: migrate test";
  const edit = "edit one that is not applied yet";
  const next = `${edit}, or name in it the one that must come before it (-- depends-on: REVISION)${all}`;
  const where = `(PostgreSQL ${server!.version})`;
  expect(await merged("CREATE TABLE l ();", "CREATE TABLE r ();")).toBe(
    `both orders give the same schema ${where}\n`,
  );
  expect(await merged("ALTER TABLE t ADD l int;", "ALTER TABLE t ADD r int;")).toBe(
    `both orders give the same schema, but for the order of columns: table public.t ${where}\n`,
  );
  expect(
    await merged("ALTER TABLE t ADD IF NOT EXISTS a int;", "ALTER TABLE t ADD IF NOT EXISTS a text;"),
  ).toBe(`warning: the order of left, right makes a difference ${where}: column public.t.a; ${next}\n`);
  expect(await merged("ALTER TABLE t RENAME TO u;", "ALTER TABLE t ADD a int;")).toBe(
    `warning: what is merged fails in the order left, right, but not in right, left ${where}: 0003_right.up.sql:4: relation "t" does not exist; ${next}\n`,
  );
  // Which of them comes first is no remedy.
  const same = "ALTER TABLE t ADD a int;";
  const twice = `0003_right.up.sql:4: column "a" of relation "t" already exists; ${edit}${all}\n`;
  expect(await merged(same, same)).toBe(
    `warning: what is merged fails in both orders; in the order left, right ${where}: ${twice}`,
  );
  const needing = (up: string) => merged(same, up, server!.url(), ["depends-on: left"]);
  expect(await needing(same)).toBe(
    `warning: what is merged fails, and can be run in one order only ${where}: ${twice.replace(":4:", ":5:")}`,
  );
  expect(await needing("ALTER TABLE t ADD b int;")).toBe(
    `what is merged can be run in one order only ${where}\n`,
  );
});

test("where no database is configured, or its address cannot be read, it is said why there is no comparison", async () => {
  const why = async (url: string) =>
    /^the orders of what is merged were not compared: (.*); to compare them: migrate test\n$/.exec(
      await merged("SELECT 1;", "SELECT 2;", url),
    )?.[1];
  expect(await why("")).toBe("no database is configured");
  expect(await why("postgres://u@h:notaport/x")).toMatch(/port/);
});

test("whoever stops it is told that the files are there", async () => {
  const { deps } = forked("SELECT 1;", "SELECT 2;");
  const stopped = { ...deps, signal: AbortSignal.abort() };
  const comparing = compareOrders(stopped, { database: server!.url() }, ["left", "right"]);
  expect(await failureOf(comparing)).toMatchObject({
    code: "execution/cancelled",
    hint: "the files of the merge are written",
  });
});
