/** The embedded database: the same verbs, plans and errors as on a server, and a folder that one process has. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { dump } from "../../src/app/dump.ts";
import { readState } from "../../src/app/look.ts";
import { deps } from "../support/migrate.ts";
import { failureOf, headerLines, ownDatabase, project } from "../support/project.ts";
import { servers } from "../support/server.ts";

const shop = project({
  a: {
    up: "CREATE TABLE t (id int PRIMARY KEY, a text);\nINSERT INTO t VALUES (1, 'é😀');",
    down: "DROP TABLE t;",
  },
  b: { up: "CREATE INDEX CONCURRENTLY i ON t (a);", down: "DROP INDEX CONCURRENTLY i;" },
  c: {
    up: "CREATE EXTENSION citext;\nALTER TABLE t ALTER a TYPE citext;",
    down: "ALTER TABLE t ALTER a TYPE text;\nDROP EXTENSION citext;",
  },
});
const folder = `pglite:${join(shop.folder, "data")}`;

describe.sequential("a folder", () => {
  test("up, down and up again, each on a new process's view of the folder", async () => {
    expect((await shop.upgrade(folder)).steps.map((step) => step.revision)).toEqual(["a", "b", "c"]);
    expect((await shop.state(folder)).heads).toEqual(["c"]);
    expect((await shop.upgrade(folder)).steps).toEqual([]);
    await shop.downgrade(folder, "base");
    expect((await shop.state(folder)).applied).toEqual([]);
    await shop.upgrade(folder, "b");
    expect((await shop.state(folder)).pending).toEqual(["c"]);
  });

  test("is locked while it is open, and free again when it is closed", async () => {
    const lock = join(shop.folder, "data.lock");
    let inside: unknown;
    const confirm = async (): Promise<boolean> => {
      expect(readFileSync(lock, "utf8")).toContain(String(process.pid));
      inside = await failureOf(shop.state(folder));
      return false;
    };
    await shop.upgrade(folder, "heads", { confirm });
    expect(inside).toMatchObject({
      code: "execution/database-in-use",
      exitCode: 6,
      message: expect.stringMatching(/is in use by this process$/),
      hint: expect.stringMatching(/^await one call before the next begins; /),
    });
    expect(existsSync(lock)).toBe(false);
  });

  test("a lock that a dead process left behind is taken over; a live one's is not", async () => {
    const lock = join(shop.folder, "data.lock");
    const child = spawn(process.execPath, ["-e", ""]);
    await new Promise((resolve) => child.once("exit", resolve));
    writeFileSync(lock, `${child.pid} left-behind`);
    expect((await shop.state(folder)).heads).toEqual(["b"]);
    writeFileSync(lock, `${process.ppid} of-another`);
    expect(await failureOf(shop.state(folder))).toMatchObject({ code: "execution/database-in-use" });
    expect(readFileSync(lock, "utf8")).toBe(`${process.ppid} of-another`);
    writeFileSync(lock, `${child.pid} left-behind`);
    await shop.state(folder);
  });
});

test("a folder that is not there is not made by who only looks, and is said to be missing", async () => {
  const nowhere = `pglite:${join(shop.folder, "nowhere")}`;
  const notices: string[] = [];
  const state = await readState(
    { ...deps({}, shop.folder), onNotice: ({ message }) => notices.push(message) },
    { database: nowhere, directories: ["."] },
  );
  expect(state).toMatchObject({ applied: [], pending: ["a", "b", "c"] });
  expect(notices).toEqual([
    expect.stringMatching(/^there is no database in .*nowhere yet; the first upgrade creates it$/),
  ]);
  expect((await shop.upgrade(nowhere, "heads", { dryRun: true })).steps).toHaveLength(3);
  expect(existsSync(join(shop.folder, "nowhere"))).toBe(false);
  // Else it would be compared with as if everything had been dropped.
  expect(await failureOf(dump(deps({}, shop.folder), { database: nowhere }))).toMatchObject({
    code: "execution/connect",
    message: expect.stringMatching(/nowhere does not exist$/),
    hint: "name the folder of a PGlite database",
  });
});

test("a database in memory is said to end with its command", async () => {
  const notices: string[] = [];
  const onNotice = ({ message }: { readonly message: string }): void => void notices.push(message);
  expect((await shop.upgrade("pglite:memory", "a", { onNotice })).done).toBe(true);
  expect(notices).toEqual([expect.stringMatching(/^pglite:memory is a new, .*; .* use pglite:\.\/folder$/)]);
});

test("neither a file nor a folder of others is taken for a database", async () => {
  for (const [name, said] of [
    ["0001_a.up.sql", "is a file, not a folder"],
    [".", "is not empty, and holds no PGlite database"],
  ] as const) {
    const at = join(shop.folder, name);
    const failure = { code: "execution/connect", message: expect.stringContaining(`${at} ${said}`) };
    expect(await failureOf(shop.state(`pglite:${at}`))).toMatchObject(failure);
    expect(await failureOf(shop.upgrade(`pglite:${at}`))).toMatchObject(failure);
  }
  expect(existsSync(join(shop.folder, "PG_VERSION"))).toBe(false);
});

test("a folder that another version of PGlite has made is told as that", async () => {
  const { folder: at } = project({});
  mkdirSync(join(at, "old"));
  writeFileSync(join(at, "old", "PG_VERSION"), "16\n");
  expect(await failureOf(shop.state(`pglite:${join(at, "old")}`))).toMatchObject({
    code: "execution/connect",
    hint: "check that this user can write to the database's folder, and that the PGlite that is installed is of PostgreSQL 16, which has made the database",
  });
});

describe("errors are those of a server", () => {
  const [server] = servers();
  const faults = {
    "a position behind é😀": "SELECT 1;\nSELECT 'é😀' AS \"😀\", nothing FROM t;",
    "no position":
      "SELECT 1;\nDO $$ BEGIN RAISE EXCEPTION 'no' USING DETAIL = 'because', HINT = 'try less'; END $$;",
    "a constraint": "INSERT INTO t VALUES (2);\nINSERT INTO t VALUES (1);",
    "at COMMIT":
      "CREATE TABLE c (t int CONSTRAINT deferred REFERENCES t DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO c VALUES (9);",
    "syntax in a function's body": "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELEC 1';",
    // The last, since it leaves the step interrupted.
    "outside a transaction": "VACUUM nothing;",
  };

  test("one by one", async () => {
    const { url } = await ownDatabase(server!);
    const a = "CREATE TABLE t (id int PRIMARY KEY);\nINSERT INTO t VALUES (1);";
    const data = `pglite:${join(project({}).folder, "data")}`;
    for (const [name, sql] of Object.entries(faults)) {
      const failing = project({ a, b: sql });
      const [there, here] = [await failureOf(failing.upgrade(url)), await failureOf(failing.upgrade(data))];
      const facts = ({ code, message, hint, location, excerpt, sqlstate, exitCode }: typeof there) => ({
        code,
        message,
        hint,
        location,
        excerpt,
        sqlstate,
        exitCode,
      });
      expect(facts(here), name).toEqual(facts(there));
      expect(here["sqlstate"], name).toMatch(/^[0-9A-Z]{5}$/);
    }
  });

  test("the failure is in the log, and the migration was rolled back", async () => {
    const failing = project({ a: "CREATE TABLE a ();", b: "CREATE TABLE b ();\nSELECT 1/0;" });
    const data = `pglite:${join(failing.folder, "data")}`;
    expect(await failureOf(failing.upgrade(data))).toMatchObject({
      location: { line: headerLines + 2 },
      sqlstate: "22012",
    });
    expect(await failing.state(data)).toMatchObject({ heads: ["a"], pending: ["b"] });
    failing.write("0002_b.up.sql", "-- revision: b\n-- parent: a\n\nCREATE TABLE b ();");
    expect((await failing.upgrade(data)).steps.map((step) => step.revision)).toEqual(["b"]);
  });
});
