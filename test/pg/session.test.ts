/** Nothing a file leaves behind reaches the next, the pins hold, and no name or text breaks out of its quotes. */
import pg from "pg";
import { describe, expect, test, vi } from "vitest";
import { asFlags } from "../../src/core/option-names.ts";
import { loadConfig, requireDatabase } from "../../src/io/config.ts";
import { openSession } from "../../src/io/session/open.ts";
import { dump, ledger } from "../support/dump.ts";
import { ownDatabase, project } from "../support/project.ts";
import { needsPsql, runScript } from "../support/psql.ts";
import { ownRole } from "../support/roles.ts";
import { inTurn, query, servers } from "../support/server.ts";

/** What a session holds, as one text; the file that runs it writes it to the table `seen`. */
const look = `INSERT INTO public.seen SELECT pg_catalog.concat_ws(' | ', current_user, session_user,
  (SELECT string_agg(name || '=' || setting, ' ' ORDER BY name COLLATE "C") FROM pg_catalog.pg_settings
    WHERE name IN ('search_path', 'DateStyle', 'TimeZone', 'lock_timeout', 'statement_timeout', 'check_function_bodies',
      'client_encoding', 'standard_conforming_strings', 'default_transaction_read_only', 'default_transaction_isolation',
      'row_security', 'work_mem', 'application_name', 'client_min_messages', 'session_replication_role')),
  NULLIF(current_setting('my.own', true), ''),
  (SELECT count(*) FROM pg_catalog.pg_class WHERE relpersistence = 't' AND pg_catalog.pg_table_is_visible(oid)),
  (SELECT count(*) FROM pg_catalog.pg_prepared_statements), (SELECT count(*) FROM pg_catalog.pg_cursors), current_setting('transaction_isolation'));\n`;

const leave = (role: string): Readonly<Record<string, string>> => ({
  settings:
    "SET work_mem = '64kB'; SET lock_timeout = '1ms'; SET statement_timeout = '1h'; SET DateStyle = 'German'; SET TimeZone = 'Asia/Tokyo'; SET my.own = 'x';",
  a_pg_dump: `SET statement_timeout = 0; SET lock_timeout = 0; SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;
    SELECT pg_catalog.set_config('search_path', '', false); SET check_function_bodies = false; SET client_min_messages = error; SET row_security = off;`,
  a_role: `SET ROLE ${role};`,
  an_identity: `SET SESSION AUTHORIZATION ${role};`,
  both: `SET SESSION AUTHORIZATION ${role}; SET ROLE ${role}; SET search_path = '';`,
  a_temporary_table:
    "CREATE TEMP TABLE seen (x text); CREATE TEMP VIEW v AS SELECT 1; CREATE TEMP SEQUENCE s; SELECT nextval('s');",
  prepared_statements: "PREPARE p AS SELECT 1; DECLARE c CURSOR WITH HOLD FOR SELECT 1;",
  readers:
    "SET default_transaction_read_only = on; SET default_transaction_isolation = 'serializable'; SET session_replication_role = replica;",
  encodings:
    "SELECT set_config('client_encoding', 'LATIN1', false); SELECT set_config('standard_conforming_strings', 'off', false);",
  a_reset: "RESET ALL; DISCARD TEMP; DEALLOCATE ALL; SET application_name = '';",
  local_ones: "SET LOCAL ROLE NONE; SET LOCAL search_path = nowhere; SET CONSTRAINTS ALL DEFERRED;",
});

describe.each(servers())("on $name", (server) => {
  const once = inTurn(server);
  once("what a file leaves in the session does not reach the next", async (context) => {
    needsPsql(context);
    const { name } = await ownRole(server, "NOLOGIN");
    const files = Object.entries(leave(pg.escapeIdentifier(name)));
    const shop = project({
      // The tables are the role's too, so that what fails is not a lack of privileges.
      tables: `CREATE TABLE seen (x text); GRANT ALL ON seen TO PUBLIC;\n${look}`,
      ...Object.fromEntries(
        files.flatMap(([what, sql]) => [
          [what, { up: sql, header: ["message: é😀"] }],
          [`after_${what}`, look],
        ]),
      ),
    });
    const online = await ownDatabase(server);
    await shop.upgrade(online.url);
    const offline = await ownDatabase(server);
    expect(await runScript(offline.url, await shop.script("base:heads"))).toMatchObject({ code: 0 });
    for (const { url } of [online, offline]) {
      const seen = await query<{ x: string }>(url, "SELECT x FROM seen");
      expect(seen).toHaveLength(files.length + 1);
      expect([...new Set(seen.map(({ x }) => x))]).toEqual([seen[0]!.x]);
      const { applied } = await ledger(url);
      expect(new Set(applied!.map((row) => row["applied_by"]))).toEqual(new Set(["postgres"]));
      expect(applied!.find((row) => row["revision"] === "encodings")).toMatchObject({ message: "é😀" });
    }
  });

  once("the pins hold in every file, whatever the database and the role are set to", async () => {
    const role = await ownRole(server, "NOLOGIN", "we\"ird 'x");
    const database = await ownDatabase(server);
    const { url } = database;
    await query(
      url,
      `CREATE SCHEMA "se""lf 'x"; CREATE SCHEMA second; GRANT ALL ON SCHEMA public TO PUBLIC; CREATE TABLE seen (x text); GRANT ALL ON seen TO PUBLIC;
       ALTER DATABASE ${database.name} SET TimeZone = 'Asia/Tokyo'; ALTER DATABASE ${database.name} SET DateStyle = 'German';
       ALTER DATABASE ${database.name} SET lock_timeout = '1ms'; ALTER DATABASE ${database.name} SET search_path = nowhere;
       ALTER DATABASE ${database.name} SET standard_conforming_strings = off; ALTER DATABASE ${database.name} SET client_encoding = 'LATIN1';
       GRANT ALL ON DATABASE ${database.name} TO PUBLIC`,
    );
    const shop = project(
      {
        a: look,
        b: { up: `SELECT 'C:\\';\n${look}`, header: ["lock-timeout: 7s", "statement-timeout: 90min"] },
        c: { up: look, header: ["transaction: none"] },
      },
      {
        role: role.name,
        session: {
          searchPath: ["se\"lf 'x", "second", "$user"],
          timeZone: "Europe/Berlin",
          lockTimeout: "3s",
          statementTimeout: "2h",
          checkFunctionBodies: false,
        },
      },
    );
    await shop.upgrade(url);
    const [a, b, c] = (await query<{ x: string }>(url, "SELECT x FROM public.seen")).map(({ x }) => x);
    const expected = (lock: number, statement: number): string =>
      `${role.name} | postgres | DateStyle=ISO, MDY TimeZone=Europe/Berlin application_name=retort check_function_bodies=off ` +
      "client_encoding=UTF8 client_min_messages=notice default_transaction_isolation=read committed " +
      `default_transaction_read_only=off lock_timeout=${lock} row_security=on search_path="se""lf 'x", second, "$user" ` +
      `session_replication_role=origin standard_conforming_strings=on statement_timeout=${statement} work_mem=4096 ` +
      "| 0 | 0 | 0 | read committed";
    expect(a).toBe(expected(3000, 7_200_000));
    expect(b).toBe(expected(7000, 5_400_000));
    expect(c).toBe(expected(3000, 7_200_000));
  });

  once("no name and no text gets out of its quotes", async (context) => {
    needsPsql(context);
    const nasty = "it's \"x\" $$ $retort$ \\ \\' `id` */ -- /* :x :'x' é😀 \\! id ; \u2028 %s $HOME";
    const shop = project(
      {
        a: {
          up: "CREATE TABLE a ();",
          down: "DROP TABLE a;",
          header: [`message: ${nasty}`, "branch-labels: l_1.x"],
        },
        b: { up: "VACUUM a;", header: [`message: ${nasty}`] },
      },
      {
        ledger: { schema: "we\"ird 'x \\ $retort$ :x é😀 a-b" },
      },
    );
    const [online, offline] = [await ownDatabase(server), await ownDatabase(server)];
    await shop.upgrade(online.url);
    const result = await runScript(offline.url, await shop.script("base:heads"), { args: ["-v", "x=666"] });
    expect(result).toMatchObject({ code: 0, stderr: "" });
    const schema = "we\"ird 'x \\ $retort$ :x é😀 a-b";
    for (const { url } of [online, offline]) {
      const tables = await ledger(url, schema);
      expect(Object.keys(tables).sort()).toEqual(["applied", "intent", "log", "state"]);
      expect(tables["applied"]).toMatchObject([{ message: nasty }, { message: nasty }]);
      expect((await shop.state(url)).applied.map((row) => row.message)).toEqual([nasty, nasty]);
    }
    expect(await dump(offline.url, { exclude: [schema] })).toBe(
      await dump(online.url, { exclude: [schema] }),
    );
    await shop.downgrade(online.url, "base");
    expect((await shop.state(online.url)).applied).toEqual([]);
  });
});

test("nothing times out by a library's default: no timer waits while a statement runs, and the server has no limit", async () => {
  const [server] = servers();
  const { url } = await ownDatabase(server!);
  const config = await loadConfig({ flags: { database: url }, env: {}, cwd: "/", names: asFlags });
  const timers = vi.spyOn(globalThis, "setTimeout");
  try {
    const session = await openSession(requireDatabase(config));
    await session.send("SELECT pg_sleep(0.2);");
    const limits = await session.read({
      sql: "SELECT name, setting FROM pg_settings WHERE name ~ '_timeout$' AND name !~ 'checkpoint|archive|wal_|deadlock|authentication|tcp_user' AND setting <> '0'",
      row: { parse: (row) => row },
    });
    await session.close();
    expect(limits).toEqual([]);
    // What a driver or a pool would end a long statement with.
    expect(timers.mock.calls.filter(([, ms]) => (ms ?? 0) > 0)).toEqual([]);
  } finally {
    timers.mockRestore();
  }
});
