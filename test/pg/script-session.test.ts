/** A session of psql with something open, set or made in it: the script stops before it changes anything, or leaves it as it was. */

import { describe, expect, test } from "vitest";
import { openProject } from "../../src/app/project.ts";
import { dump } from "../support/dump.ts";
import { filesOf } from "../support/forms.ts";
import { failureOf, ownDatabase, project, until } from "../support/project.ts";
import { fileOf, runScript } from "../support/psql.ts";
import { ownRole } from "../support/roles.ts";
import { oneServer, query, servers, withClient } from "../support/server.ts";

const shop = project({
  a: "CREATE TABLE t (x int);",
  b: { up: "CREATE INDEX CONCURRENTLY b ON t (x);", down: "DROP INDEX CONCURRENTLY b;" },
  c: "INSERT INTO t VALUES (1);",
});
const inTransactions = project({ a: "CREATE TABLE t (x int);", b: "INSERT INTO t VALUES (1);" });
const upgrade = { kind: "upgrade", target: "base:heads" } as const;

/** As a person types it: psql goes on behind an included file that fails. */
const typed = (url: string, lines: readonly string[]) =>
  runScript(url, `${lines.join("\n")}\n`, { args: ["-v", "ON_ERROR_STOP=0"] });

// It is psql that keeps a session as it is; one server shows it.
describe.each(oneServer("newest"))("on $name", (server) => {
  test.each([
    ["BEGIN", ["BEGIN;", "DELETE FROM precious;"], "on"],
    ["AUTOCOMMIT off, and something done", ["\\set AUTOCOMMIT off", "DELETE FROM precious;"], "off"],
    ["AUTOCOMMIT off, and something read", ["\\set AUTOCOMMIT off", "SELECT FROM precious;"], "off"],
    ["a savepoint", ["BEGIN;", "SAVEPOINT s;", "DELETE FROM precious;"], "on"],
    ["a serializable transaction", ["BEGIN ISOLATION LEVEL SERIALIZABLE;", "DELETE FROM precious;"], "on"],
  ])("a transaction is open: %s", async (_, before, autocommit) => {
    const { url } = await ownDatabase(server);
    await query(url, "CREATE TABLE precious AS SELECT 1 AS x");
    const unchanged = await dump(url);
    for (const form of ["one file", "idempotent, run twice", "single transaction", "split files"] as const) {
      const [text] = await filesOf(form, inTransactions.deps, upgrade);
      const { stderr, stdout } = await typed(url, [
        ...before,
        `\\i ${fileOf(text!)}`,
        "ROLLBACK;",
        "\\echo AUTOCOMMIT is :AUTOCOMMIT",
      ]);
      expect(stderr).toContain("a transaction is already open in this session");
      expect(stdout).not.toContain("retort: done");
      // Else what is typed next would be kept in spite of a ROLLBACK.
      expect(stdout).toContain(`AUTOCOMMIT is ${autocommit}`);
      expect(await dump(url)).toBe(unchanged);
    }
  });

  test("psql -1 is a transaction around all: it is told to go", async () => {
    const { url } = await ownDatabase(server);
    const before = await dump(url);
    const [anyClient] = await filesOf("any client", inTransactions.deps, upgrade);
    for (const script of [await shop.script("base:heads"), anyClient!])
      expect(await runScript(url, script, { args: ["-1"] })).toMatchObject({
        code: 3,
        stderr: expect.stringMatching(
          /a transaction is already open in this session\nHINT:.*without -1 .* and with -X/,
        ),
      });
    expect(await dump(url)).toBe(before);
  });

  test("a transaction that has failed: nothing is done", async () => {
    const { url } = await ownDatabase(server);
    const before = await dump(url);
    const script = fileOf(await shop.script("base:heads"));
    const { stderr, stdout } = await typed(url, ["BEGIN;", "SELECT 1/0;", `\\i ${script}`, "ROLLBACK;"]);
    expect(stderr).toContain("current transaction is aborted");
    expect(stdout).not.toContain("retort: done");
    expect(await dump(url)).toBe(before);
  });

  test("a client that sends what it is given, in a transaction of its own: it stops, in both protocols", async () => {
    const { url } = await ownDatabase(server);
    const [text] = await filesOf("any client", inTransactions.deps, upgrade);
    const { ledger } = await openProject(inTransactions.deps, {});
    const look = ledger.requireSession();
    await withClient(url, async (client) => {
      await client.query("CREATE TABLE precious AS SELECT 1 AS x");
      // A statement with a name is sent in the extended protocol.
      for (const query of [text!, { text: look, name: "look" }]) {
        await client.query("BEGIN; DELETE FROM precious");
        expect(await failureOf(client.query(query))).toMatchObject({
          code: "RT001",
          message: "retort: a transaction is already open in this session",
        });
        await client.query("ROLLBACK");
      }
      expect((await client.query("SELECT * FROM precious")).rows).toEqual([{ x: 1 }]);
      await client.query({ text: look, name: "look" });
      await client.query(text!);
    });
    expect((await inTransactions.state(url)).heads).toEqual(["b"]);
  });

  test("a role that was set by hand stops it; one that the connection began with is kept", async () => {
    const owner = await ownRole(server, "NOLOGIN");
    const login = await ownRole(server, `LOGIN; GRANT ${owner.name} TO :role`);
    const { url, name } = await ownDatabase(server);
    await query(
      url,
      `GRANT CREATE ON DATABASE ${name} TO ${owner.name}; GRANT ALL ON SCHEMA public TO PUBLIC`,
    );
    const before = await dump(url);
    const own = login.url(name);
    const script = await shop.script("base:heads");
    for (const set of [`SET ROLE ${owner.name}`, `SELECT set_config('role', '${owner.name}', false)`]) {
      expect(await runScript(own, script, { args: ["-c", set] })).toMatchObject({
        code: 3,
        stderr: expect.stringContaining(
          `a role is set in this session, ${owner.name}; objects of the script would belong to ${login.name}\n`,
        ),
      });
    }
    const authorization = `SET SESSION AUTHORIZATION ${login.name}`;
    expect(await runScript(url, script, { args: ["-c", authorization] })).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(`${login.name}; objects of the script would belong to postgres\n`),
    });
    expect(await dump(url)).toBe(before);

    const ownerOf = async (): Promise<unknown> =>
      (await query(url, "SELECT tableowner FROM pg_tables WHERE tablename = 't'"))[0];
    const options = `-c role=${owner.name}`;
    expect(await runScript(own, script, { env: { PGOPTIONS: options } })).toMatchObject({
      code: 0,
      stderr: "",
    });
    expect(await ownerOf()).toEqual({ tableowner: owner.name });
    await query(url, "DROP SCHEMA retort CASCADE; DROP TABLE t");
    await query(url, `ALTER ROLE ${login.name} SET role = ${owner.name}`);
    expect(await runScript(own, script)).toMatchObject({ code: 0, stderr: "" });
    expect(await ownerOf()).toEqual({ tableowner: owner.name });
    await query(url, "DROP SCHEMA retort CASCADE; DROP TABLE t");
    // And so is that of a run.
    await shop.upgrade(own);
    expect(await ownerOf()).toEqual({ tableowner: owner.name });
    await query(url, `DROP OWNED BY ${owner.name}`);
  });

  test.each([
    ["SET statement_timeout = 90000; SET lock_timeout = '2s'", "-c lock_timeout=2s -c statement_timeout=90s"],
    ["SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "-c default_transaction_read_only=off"],
    ["CREATE TEMP TABLE mine AS SELECT 1", undefined],
    ["PREPARE mine AS SELECT 1", undefined],
    ["DECLARE mine CURSOR WITH HOLD FOR SELECT 1", undefined],
    ["LISTEN mine", undefined],
  ])("what the script would drop stops it: %s", async (set, options) => {
    const { url } = await ownDatabase(server);
    const script = await shop.script("base:heads");
    expect(await runScript(url, script, { args: ["-c", set] })).toMatchObject({
      code: 3,
      stdout: expect.not.stringContaining("retort: 1 of 3"),
      stderr: expect.stringMatching(
        `ERROR:  retort: this session .*\nHINT:  Nothing was changed\\. .*${options === undefined ? "of its own" : `PGOPTIONS='${options}'`}`,
      ),
    });
    expect(await query(url, "SELECT FROM pg_namespace WHERE nspname = 'retort'")).toEqual([]);
  });

  test("timeouts of the connection are kept, unless the author or the project set others", async () => {
    const options = { env: { PGOPTIONS: "-c statement_timeout=55s -c lock_timeout=1234ms" } };
    const has = (name: string, value: string) =>
      `DO $$ BEGIN ASSERT current_setting('${name}') = '${value}'; END $$;`;
    const statement = (value: string) => has("statement_timeout", value);
    const cases = [
      [project({ a: statement("55s"), b: { up: statement("55s"), header: ["transaction: none"] } }), {}],
      [project({ a: { up: statement("0"), header: ["statement-timeout: 0"] }, b: statement("55s") }), {}],
      [project({ a: { up: statement("5s"), header: ["statement-timeout: 5s"] } }), {}],
      [project({ a: statement("0") }, { session: { statementTimeout: "0" } }), {}],
      [project({ a: statement("0") }), { statementTimeout: "0" }],
      [project({ a: has("lock_timeout", "1234ms") }), {}],
      [project({ a: { up: has("lock_timeout", "5s"), header: ["lock-timeout: 5s"] } }), {}],
    ] as const;
    for (const [of, flags] of cases) {
      const [{ url }, online] = [await ownDatabase(server), await ownDatabase(server)];
      expect(await runScript(url, await of.script("base:heads", flags), options)).toMatchObject({
        code: 0,
        stderr: "",
      });
      const address = `${online.url}?options=${encodeURIComponent(options.env.PGOPTIONS)}`;
      await of.upgrade(address, "heads", flags);
    }
  });

  test("a timeout of the connection ends a statement, in a run as in a script", async () => {
    const slow = project({ a: "SELECT pg_sleep(60);" });
    const PGOPTIONS = "-c statement_timeout=1s";
    const { url } = await ownDatabase(server);
    const ended = "canceling statement due to statement timeout";
    expect(await runScript(url, await slow.script("base:heads"), { env: { PGOPTIONS } })).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(ended),
    });
    const run = slow.upgrade(`${url}?options=${encodeURIComponent(PGOPTIONS)}`);
    expect((await failureOf(run)).message).toContain(ended);
  });

  test("a session that is read-only is told so, and how it is made another", async () => {
    const { url } = await ownDatabase(server);
    const env = { PGOPTIONS: "-c default_transaction_read_only=on" };
    expect(await runScript(url, await shop.script("base:heads"), { env })).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(
        /retort: this session is read-only: default_transaction_read_only is on\nHINT: .*PGOPTIONS='-c default_transaction_read_only=off'/,
      ),
    });
  });

  test("timeouts that the server gives to everybody are not the connection's", async () => {
    const login = await ownRole(server, "LOGIN SUPERUSER");
    const { name } = await ownDatabase(server);
    await query(login.url(name), `ALTER ROLE ${login.name} SET statement_timeout = '300ms'`);
    const slow = project({ a: "SELECT pg_sleep(0.6);" });
    expect(await runScript(login.url(name), await slow.script("base:heads"))).toMatchObject({ code: 0 });
  });

  const settings = [
    "\\encoding LATIN1",
    "SET search_path = 'a b', \"c,d\", public;",
    "SET DateStyle = 'German';",
    "SET application_name = 'it''s :x';",
    "SET TimeZone = 'Asia/Tokyo';",
    "SET work_mem = '7MB';",
    "SET standard_conforming_strings = off;",
    "SET session_replication_role = replica;",
  ];

  test.each([
    ["as it is", []],
    [
      "all psql settings the other way round",
      ["AUTOCOMMIT off", "ON_ERROR_ROLLBACK interactive", "FETCH_COUNT 17", "QUIET on", "ECHO queries"].map(
        (value) => `\\set ${value}`,
      ),
    ],
    ["settings of the session", settings],
  ])("afterwards psql and its session are as they were: %s", async (_, before) => {
    const { url } = await ownDatabase(server);
    await query(url, "CREATE TABLE precious AS SELECT 1 AS x");
    for (const form of ["one file", "idempotent, run twice", "split files"] as const) {
      const files = await filesOf(form, shop.deps, upgrade);
      // What tells of the statement before it is no setting.
      const shown = [
        "COMMIT;",
        "\\echo ---",
        "\\set",
        "\\pset",
        "SHOW ALL;",
        "SELECT current_user, session_user;",
        "\\echo ---",
        "COMMIT;",
      ];
      const { stdout, stderr } = await typed(url, [
        // Its settings come with its first use.
        "LOAD 'plpgsql';",
        ...before,
        ...shown,
        ...files.map((text) => `\\i ${fileOf(text)}`),
        ...shown,
      ]);
      expect(stderr.replaceAll(/^.*WARNING: {2}there is no transaction in progress\n/gm, "")).toBe("");
      expect(stdout.match(/^retort: done$/gm)).toHaveLength(files.length);
      const [, was, , is] = stdout.replaceAll(/^ROW_COUNT = .*\n/gm, "").split(/^---$/m);
      expect(is).toBe(was);
      expect(is).toContain("AUTOCOMMIT = ");
      await query(url, "DROP SCHEMA retort CASCADE; DROP TABLE t");
    }
  });

  test("AUTOCOMMIT off is off again: a ROLLBACK behind the script takes back what was typed", async () => {
    const { url } = await ownDatabase(server);
    await query(url, "CREATE TABLE precious AS SELECT 1 AS x");
    const script = fileOf(await shop.script("base:heads"));
    const { stdout } = await typed(url, [
      "\\set AUTOCOMMIT off",
      `\\i ${script}`,
      "DELETE FROM precious;",
      "ROLLBACK;",
    ]);
    expect(stdout).toContain("retort: done");
    expect(stdout).toContain("retort: AUTOCOMMIT is on until the end");
    expect(await query(url, "SELECT * FROM precious")).toEqual([{ x: 1 }]);
  });

  test("AUTOCOMMIT stays off where the script stops at an open transaction, and nothing else is said of it", async () => {
    const { url } = await ownDatabase(server);
    const script = fileOf(await shop.script("base:heads"));
    const { stdout, stderr } = await typed(url, [
      "\\set AUTOCOMMIT off",
      "SELECT 1;",
      `\\i ${script}`,
      "\\echo AUTOCOMMIT: :AUTOCOMMIT",
    ]);
    expect(stderr).toContain("a transaction is already open");
    expect(stdout).toContain("AUTOCOMMIT: off");
    expect(stdout).not.toContain("AUTOCOMMIT is on");
  });

  test("a script that stopped, mended, and run again in the same session: no lock is left, and all is as it was", async () => {
    const { url } = await ownDatabase(server);
    const failing = project({
      a: "CREATE TABLE t (x int);\nSET work_mem = '64kB';\nCREATE TEMP TABLE tmp ();",
      b: "INSERT INTO t VALUES (1 / (SELECT count(*)::int FROM mended));",
    });
    await query(url, "CREATE TABLE mended (x int)");
    const first = fileOf(await failing.script("base:heads"));
    const rest = fileOf(await failing.script("a:heads"));
    const held =
      "SELECT 'locks: ' || count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();";
    const { stdout, stderr } = await typed(url, [
      "\\set AUTOCOMMIT off",
      "SET TimeZone = 'Asia/Tokyo';",
      "SELECT 'pid: ' || pg_backend_pid();",
      "COMMIT;",
      `\\i ${first}`,
      "ROLLBACK;",
      held,
      "INSERT INTO public.mended VALUES (1);",
      `\\i ${rest}`,
      held,
      "SHOW TimeZone;",
      "\\echo AUTOCOMMIT is :AUTOCOMMIT, ON_ERROR_STOP is :ON_ERROR_STOP",
    ]);
    expect(stderr).toMatch(/^\S+ ERROR: {2}division by zero\n$/);
    expect(stdout).toMatch(
      /locks: 2[\s\S]*retort: done[\s\S]*locks: 0[\s\S]*Asia\/Tokyo[\s\S]*AUTOCOMMIT is off, ON_ERROR_STOP is 0/,
    );
    expect((await failing.state(url)).heads).toEqual(["b"]);
  });

  test("the lock is given back also as another session sees it, and while psql stays", async () => {
    const { url } = await ownDatabase(server);
    const script = fileOf(await shop.script("base:heads"));
    const running = typed(url, [`\\i ${script}`, "SELECT pg_sleep(2);"]);
    await until(
      url,
      "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()",
    );
    const held =
      "SELECT FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    expect(await query(url, held)).toEqual([]);
    expect((await running).stdout).toContain("retort: done");
  });
});

describe("a copy whose end is missing", () => {
  const [server] = servers();
  const several = project({
    a: "CREATE TABLE t (x int);",
    b: { up: "CREATE INDEX CONCURRENTLY b ON t (x)\n  WHERE x > 0;", down: "DROP INDEX CONCURRENTLY b;" },
    c: "INSERT INTO t\nVALUES (3);\n\nINSERT INTO t VALUES (4);",
  });

  test.each(["one file", "idempotent, run twice"] as const)(
    "fails, or nothing of it is missing; and does not say done: %s",
    async (form) => {
      const begun = await ownDatabase(server!);
      await several.upgrade(begun.url, "a");
      const [script] = await filesOf(form, several.deps, { kind: "upgrade", target: "a:heads" });
      const lines = script!.split("\n");
      const cut = (index: number): string => `${lines.slice(0, index).join("\n")}\n`;
      const firstStep = lines.findIndex((line) => line.startsWith("-- ---- 1 of"));
      const afterSteps = lines.lastIndexOf("\\set retort_preflight :{?preflight}");
      expect(afterSteps).toBeGreaterThan(firstStep);
      // Two lines name the script; of the blocks that follow, and of the preflight, a few lines will do.
      for (let index = 3; index < firstStep; index += index < 50 ? 5 : 29) {
        const { code, stdout } = await runScript(begun.url, cut(index));
        expect({ code, done: stdout.includes("retort: done") }, lines[index]).toEqual({
          code: 3,
          done: false,
        });
      }
      const state = () =>
        query(
          begun.url,
          `SELECT (SELECT revisions FROM retort.state), (SELECT count(*) FROM t),
            (SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass AND indisvalid) AS indexes`,
        );
      const before = `DROP INDEX IF EXISTS b; DELETE FROM t; DELETE FROM retort.intent;
        DELETE FROM retort.applied WHERE revision <> 'a';
        UPDATE retort.state SET revisions = 1, digest = retort.digest_of('a')`;
      expect(await runScript(begun.url, script!)).toMatchObject({ code: 0, stderr: "" });
      const wanted = await state();
      // Each form is cut at every second line.
      for (
        let index = firstStep + (form === "one file" ? 0 : 1);
        index < lines.length - 1;
        index += index < afterSteps ? 2 : 11
      ) {
        // What is cut before a comment is cut before what the comment is about.
        if (/^(?: {2}(?!WHERE)|--|$)/.test(lines[index]!)) continue;
        await query(begun.url, before);
        const { code, stdout } = await runScript(begun.url, cut(index));
        if (code === 0) expect(await state(), lines[index]).toEqual(wanted);
        else expect(code, lines[index]).toBe(3);
        if (stdout.includes("retort: done")) expect(index).toBeGreaterThan(lines.length - 4);
      }
    },
  );
});
