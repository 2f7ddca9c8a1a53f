/** `upgrade --sql --with-downgrade`: two scripts, of which one takes back what the other does, and no more. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { refuseForeign } from "../../src/app/write-output.ts";
import { outputs } from "../../src/core/outputs.ts";
import { receiptsOf } from "../../src/core/receipt.ts";
import { dump } from "../support/dump.ts";
import { migrateHere } from "../support/migrate.ts";
import { ownDatabase, project } from "../support/project.ts";
import { psql, psqlAvailable } from "../support/psql.ts";
import { inTurn, query, servers } from "../support/server.ts";

const root = mkdtempSync(join(tmpdir(), "retort-way-back-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const shop = project({
  a: { up: "CREATE TABLE t (id int, old text);", down: "DROP TABLE t;" },
  b: { up: "CREATE TABLE u (id int, note text);", down: "DROP TABLE u;" },
  c: { up: "CREATE INDEX CONCURRENTLY i ON u (id);", down: "DROP INDEX CONCURRENTLY i;" },
  d: {
    up: "ALTER TABLE u DROP COLUMN note;\nALTER TABLE t DROP COLUMN old;",
    down: "ALTER TABLE t ADD COLUMN old text;\nALTER TABLE u ADD COLUMN note text;",
  },
});
const cwd = { cwd: shop.folder };
const [up, down] = [join(root, "up.sql"), join(root, "down.sql")];
const write = (...flags: readonly string[]) =>
  migrateHere(["upgrade", "a:d", "--sql", "-o", up, "--with-downgrade", down, ...flags], cwd);

describe.skipIf(!psqlAvailable()).each(servers())("on $name", (server) => {
  const once = inTurn(server);
  once.for([[], ["--idempotent"], ["--from-database", "d"]])("with %j", async (flags) => {
    const { url } = await ownDatabase(server);
    await shop.upgrade(url, "a");
    const before = await dump(url, { exclude: ["retort"] });
    const args = flags.includes("--from-database")
      ? ["upgrade", "d", "--sql", "-o", up, "--with-downgrade", down, "--from-database", "--database", url]
      : ["upgrade", "a:d", "--sql", "-o", up, "--with-downgrade", down, ...flags];
    const written = await migrateHere(args, cwd);
    expect(written).toMatchObject({ code: 0, stdout: "" });
    const isIdempotent = flags.includes("--idempotent");
    expect(/^warning: .* takes back all 3 steps, also what/.test(written.stderr)).toBe(isIdempotent);
    expect(readFileSync(up, "utf8").includes("also takes back those of these")).toBe(isIdempotent);
    expect(await psql(url, up)).toMatchObject({ code: 0 });
    await query(url, "INSERT INTO u VALUES (1)");
    expect(await psql(url, down)).toMatchObject({ code: 0 });
    expect((await shop.state(url)).heads).toEqual(["a"]);
    expect(await dump(url, { exclude: ["retort"] })).toBe(before);
  });
});

test("the upgrade's title names the receipt of the other, and what that one does not bring back", async () => {
  const { stderr } = await write();
  const { stated } = receiptsOf(readFileSync(down, "utf8"))!;
  expect(receiptsOf(`\uFEFF${readFileSync(down, "utf8")}`)?.changes).toEqual(["byte order mark"]);
  const title = readFileSync(up, "utf8");
  expect(title).toContain(`-- A downgrade does not bring back the data of:\n--   3  d  t.old\n`);
  expect(title).toContain(`-- The script that takes all of it back has the receipt\n--   sha256:${stated}\n`);
  expect(stderr).toContain(`${down}  sha256:${stated}\n`);
  expect(readFileSync(down, "utf8")).toContain("downgrade d -> a");
  const json = await migrateHere(["upgrade", "a:d", "--sql", "--json", "--with-downgrade", down], cwd);
  expect(JSON.parse(json.stdout).downgrade).toEqual({ path: down, receipt: stated });
  const nothing = ["upgrade", "d:d", "--sql", "--with-downgrade", down];
  expect((await migrateHere(nothing, cwd)).stderr).toBe(
    `${down}  nothing to do\nnothing to do: the script is empty\n`,
  );
  const none = JSON.parse((await migrateHere([...nothing, "--json"], cwd)).stdout);
  expect([none.receipt, none.downgrade]).toEqual([null, { path: down, receipt: null }]);
});

test("a file that is not a script as it was written stays", async () => {
  expect((await write()).code).toBe(0);
  expect((await write()).code).toBe(0);
  const mine = `${readFileSync(down, "utf8")}-- a note of mine\n`;
  for (const [there, other] of [
    [down, up],
    [up, down],
  ] as const) {
    for (const text of ["SELECT 1;\n", mine]) {
      writeFileSync(there, text);
      expect(() => refuseForeign(shop.deps, outputs.script, there)).toThrow(
        "is not a script as migrate wrote it",
      );
    }
    rmSync(other, { force: true });
    const { code, stderr } = await write();
    expect(stderr).toContain("usage/not-a-script");
    expect(code).toBe(2);
    expect(readFileSync(there, "utf8")).toBe(mine);
    expect(() => readFileSync(other)).toThrow();
    // As mktemp makes it.
    writeFileSync(there, "");
    expect((await write()).code).toBe(0);
  }
  rmSync(down);
  mkdirSync(down);
  rmSync(up);
  expect((await write()).stderr).toContain(`cannot create ${down}: it is a folder`);
  expect(() => readFileSync(up)).toThrow();
  rmSync(down, { recursive: true });
});

test("a range with a migration that cannot be undone, flags that do not fit", async () => {
  const of = project({ a: "SELECT 1;", b: "SELECT 1;", c: "SELECT 1;" });
  of.write("0002_b.up.sql", "-- revision: b\n-- parent: a\n-- irreversible: rows are gone\n\nSELECT 1;\n");
  rmSync(join(of.folder, "0002_b.down.sql"));
  const { code, stderr } = await migrateHere(["upgrade", "base:c", "--sql", "--with-downgrade", down], {
    cwd: of.folder,
  });
  expect(stderr).toContain("usage/irreversible-range");
  expect(stderr).toContain("revision b cannot be downgraded: rows are gone");
  expect(stderr).toContain("migrate downgrade c:b --sql");
  expect(code).toBe(2);
  const last = await migrateHere(["upgrade", "base:b", "--sql", "--with-downgrade", down], {
    cwd: of.folder,
  });
  expect(last.stderr).toContain("nothing that the script applies can be taken back");
  expect((await migrateHere(["downgrade", "c:b", "--sql"], { cwd: of.folder })).code).toBe(0);
  // What follows it in order may stand beside it.
  of.write("0003_c.up.sql", "-- revision: c\n-- parent: a\n\nSELECT 1;\n");
  const beside = await migrateHere(["upgrade", "base:heads", "--sql", "--with-downgrade", down], {
    cwd: of.folder,
  });
  expect(beside.stderr).toContain("migrate downgrade b,c:c@a --sql");
  expect((await migrateHere(["downgrade", "b,c:c@a", "--sql"], { cwd: of.folder })).stdout).toContain(
    "-  c ",
  );
  expect((await write("--split", join(root, "s"))).stderr).toContain("cannot be combined");
  const same = await migrateHere(["upgrade", "--sql", "-o", up, "--with-downgrade", up], cwd);
  expect(same.stderr).toContain(`${up} is named twice`);
  symlinkSync(root, join(root, "link"));
  for (const [there, message] of [
    [join(root, "link", basename(up)), "are the same file"],
    ["-", "- is not the name of a file"],
  ]) {
    const { stderr, code } = await migrateHere(
      ["upgrade", "--sql", "-o", up, "--with-downgrade", there!],
      cwd,
    );
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  }
  const online = await migrateHere(["upgrade", "--with-downgrade", down], cwd);
  expect(online.stderr).toContain("--with-downgrade requires --sql");
});
