/** Hostile text in a database: what servers, other sessions, roles and the ledger say is printed, but never as it is. */
import pg from "pg";
import { expect, test } from "vitest";
import { harmlessHere, hostile, migrateHarmlessly } from "../support/hostile.ts";
import { ownDatabase, project } from "../support/project.ts";
import { ownRole } from "../support/roles.ts";
import { query, servers } from "../support/server.ts";

const [server] = servers();
const sql = pg.escapeLiteral(hostile);
const shown = "h\\u001b]0;owned\\u0007";

/** `RAISE` of a level, with the text everywhere a message can hold one. */
const raise = (level: string): string =>
  `DO $do$ BEGIN RAISE ${level} USING MESSAGE = ${sql}, DETAIL = ${sql}, HINT = ${sql}; END $do$;\n`;

test("what a server says", async () => {
  const { url } = await ownDatabase(server!);
  const shop = project({ a: raise("NOTICE") + raise("WARNING"), b: "SELECT 1;\n", c: raise("EXCEPTION") });
  for (const more of [[], ["-v"], ["--json"], ["--raiseerr"]]) {
    const words = ["upgrade", "--database", url, ...more];
    expect(await migrateHarmlessly(words, { cwd: shop.folder })).toContain(shown);
  }
  for (const words of [["log"], ["log", "--json"], ["status"], ["current", "-v"]])
    await migrateHarmlessly([...words, "--database", url], { cwd: shop.folder });
  expect(await migrateHarmlessly(["log", "--database", url], { cwd: shop.folder })).toContain(shown);
});

test("a name in an error, and in what a statement takes away", async () => {
  const { url } = await ownDatabase(server!);
  const name = pg.escapeIdentifier(hostile.slice(0, 40));
  const shop = project({
    a: { up: `CREATE TABLE ${name} ();`, down: `DROP TABLE ${name};\n` },
    b: {
      up: `ALTER TABLE ${name} ADD CONSTRAINT ${name} CHECK (false);\nINSERT INTO ${name} DEFAULT VALUES;\n`,
    },
  });
  const words = ["--database", url];
  const options = { cwd: shop.folder };
  expect(await harmlessHere(["upgrade", ...words], options)).toContain("\\u001b");
  expect(await harmlessHere(["downgrade", "base", "--dry-run", ...words], options)).not.toBe("");
  expect(await harmlessHere(["downgrade", "base", ...words], options)).toContain("\\u001b");
  expect(await harmlessHere(["downgrade", "base", "--json", ...words], options)).toContain("\\u001b");
});

test("another session: its query, its role, its name", async () => {
  const role = await ownRole(server!, "LOGIN SUPERUSER", hostile.slice(0, 30));
  const { url, name } = await ownDatabase(server!);
  const shop = project({ a: "CREATE TABLE a ();", b: "ALTER TABLE a ADD x int;" });
  await shop.upgrade(url, "a");
  const other = new pg.Client({ connectionString: role.url(name), application_name: hostile });
  await other.connect();
  try {
    const query = `/* ${hostile} */ SELECT ${sql}`;
    await other.query(`BEGIN; LOCK TABLE a; ${query}`);
    const words = ["upgrade", "--database", url, "--lock-timeout", "1s", "--lock-retries", "1"];
    for (const more of [[], ["--json"]]) {
      const printed = await harmlessHere([...words, ...more], { cwd: shop.folder });
      expect(printed).toContain("it waited for pid");
      expect(printed).toContain("\\u001b");
    }
    await other.query("ROLLBACK");
    await other.query(
      (await shop.plan({ kind: "upgrade", target: "a:b" })).batches[0]!.statements.at(-1)!.sql,
    );
    await other.query(query);
    const waiting = ["upgrade", "--database", url, "--lock-wait", "1"];
    expect(await harmlessHere(waiting, { cwd: shop.folder })).toContain("holds the lock");
  } finally {
    await other.end();
  }
});

test("rows of the ledger, and the role that wrote them", async () => {
  const role = await ownRole(server!, "LOGIN SUPERUSER", hostile.slice(0, 30));
  const { url, name } = await ownDatabase(server!);
  const shop = project({ a: "SELECT 1;", b: "VACUUM;\nVACUUM (hostile);\n" });
  await shop.upgrade(role.url(name)).catch(() => {});
  const set = (table: string, ...columns: readonly string[]) =>
    query(url, `UPDATE retort.${table} SET ${columns.map((column) => `${column} = ${sql}`).join()}`);
  await set("applied", "checksum", "code_checksum", "message", "applied_by");
  await set("log", "by", "event", "revision", "detail");
  await set("intent", "hash", "before", "started_by", "error");
  const each = async (lines: readonly string[]): Promise<void> => {
    for (const words of lines) {
      for (const more of [[], ["--json"]]) {
        const given = [...words.split(" "), "--database", url, ...more];
        expect(await harmlessHere(given, { cwd: shop.folder })).not.toBe("");
      }
    }
  };
  await each([
    "status",
    "current -v",
    "verify",
    "log",
    "history -i",
    "graph -i",
    "repair --dry-run",
    "upgrade",
  ]);
  await set("applied", "revision");
  await query(url, `UPDATE retort.applied SET parents = ARRAY[${sql}], depends_on = ARRAY[${sql}]`);
  await each(["status", "current -v", "verify", "graph -i", "upgrade", "downgrade -1", "stamp b"]);
  await set("intent", "revision", "direction");
  await each(["status", "log", "upgrade"]);
});

test("a database's name", async () => {
  const { url } = await ownDatabase(server!);
  const shop = project({ a: "SELECT 1;" });
  const other = new URL(url);
  other.pathname = `/${encodeURIComponent(hostile.slice(0, 40))}`;
  for (const words of [["config"], ["status"], ["upgrade"], ["log"]])
    expect(await harmlessHere([...words, "--database", other.href], { cwd: shop.folder })).not.toBe("");
});
