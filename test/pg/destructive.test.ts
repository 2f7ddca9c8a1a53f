/** A downgrade that takes rows or objects away: without a terminal it must be asked for with --yes, and until then nothing is gone. */
import { expect, test } from "vitest";
import { migrateHere } from "../support/migrate.ts";
import { ownDatabase, project } from "../support/project.ts";
import { query, servers } from "../support/server.ts";

const [server] = servers();

test.each([
  ["DELETE FROM t;", "rows of t"],
  ["WITH gone AS (DELETE FROM t RETURNING x) INSERT INTO u SELECT x FROM gone;", "rows of t"],
  ["UPDATE t SET x = 0;", "t.x"],
  ["TRUNCATE t;", "t"],
  ["ALTER TABLE t DROP COLUMN x;", "t.x"],
  ["DROP TABLE t;", "t"],
  ["DO $$ BEGIN DELETE FROM t; END $$;", "t"],
])("%s", async (down, object) => {
  const { url } = await ownDatabase(server!);
  const up = "CREATE TABLE t (x int); CREATE TABLE u (x int); INSERT INTO t VALUES (1), (2);";
  const shop = project({ a: up, b: { up: "SELECT 1;", down } });
  await shop.upgrade(url);
  const downgrade = (...flags: readonly string[]) =>
    migrateHere(["downgrade", "a", "--database", url, ...flags], { cwd: shop.folder });
  const { code, stderr } = await downgrade();
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("error[usage/needs-yes]") });
  expect(stderr).toContain(object);
  expect(await query(url, "SELECT x FROM t ORDER BY x")).toEqual([{ x: 1 }, { x: 2 }]);
  expect((await shop.state(url)).heads).toEqual(["b"]);
  expect(await downgrade("--yes")).toMatchObject({ code: 0 });
  expect((await shop.state(url)).heads).toEqual(["a"]);
});
