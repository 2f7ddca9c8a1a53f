/** A script before a statement that blocks others: it takes the locks, or says who has them and tries again. */
import { describe, expect, test } from "vitest";
import { offline } from "../../src/app/offline.ts";
import type { ScriptForm } from "../../src/core/plan/script.ts";
import { renderScript, renderSplit } from "../../src/render/script/script.ts";
import { ownDatabase, project, until } from "../support/project.ts";
import { psqlAvailable, runScript } from "../support/psql.ts";
import { inTurn, query, servers, withClient } from "../support/server.ts";

const odd = `"t'\\\n""x"`;
const shop = project({
  a: `CREATE TABLE t (id int PRIMARY KEY);\nCREATE TABLE ${odd} (id int PRIMARY KEY);\nCREATE VIEW v AS SELECT 1 AS x;`,
  b: `CREATE TABLE u (id int REFERENCES t);\nALTER TABLE t ADD COLUMN x int;\nALTER TABLE ${odd} ADD COLUMN x int;`,
  c: "ALTER TABLE t ALTER COLUMN id TYPE bigint;\nALTER TABLE v ALTER COLUMN x SET DEFAULT 1;",
  d: "SET ROLE postgres;\nALTER TABLE t ADD COLUMN y int;",
  e: "ALTER VIEW v RENAME TO w;",
});

async function scriptOf(target: string, form: Partial<ScriptForm> = {}): Promise<string> {
  const {
    plan,
    ledger,
    form: whole,
  } = await offline(
    shop.deps,
    { kind: "upgrade", target },
    { form: { client: "psql", annotate: true, ...form } },
  );
  return renderScript(plan, ledger, whole).text;
}

const callsIn = (script: string): readonly string[] =>
  script.match(/CALL retort\.take_locks\([\s\S]*?\);/g) ?? [];

test("all locks of a step that works through no table; else those of its first such statement; none as another role", async () => {
  expect(callsIn(await scriptOf("a:e"))).toEqual([
    `CALL retort.take_locks(E'{t,"\\\\"t''\\\\\\\\\n\\\\"\\\\"x\\\\""}', '{"ACCESS EXCLUSIVE","ACCESS EXCLUSIVE"}',\n  5);`,
    `CALL retort.take_locks('{t}', '{"ACCESS EXCLUSIVE"}', 5);`,
    `CALL retort.take_locks('{v}', '{"ACCESS EXCLUSIVE"}', 5);`,
  ]);
  expect(callsIn(await scriptOf("a:b", { lockRetries: 0 }))).toEqual([]);
  // A run tries again by itself.
  const plan = await shop.plan({ kind: "upgrade", target: "a:e" });
  expect(plan.batches.flatMap(({ statements }) => statements).map(({ purpose }) => purpose)).not.toContain(
    "take-locks",
  );
  const { plan: split, ledger, form } = await offline(shop.deps, { kind: "upgrade", target: "a:e" }, {});
  expect(renderSplit(split, ledger, form).flatMap(({ text }) => callsIn(text))).toHaveLength(3);
});

describe.skipIf(!psqlAvailable()).each(servers())("on $name", (server) => {
  const once = inTurn(server);
  const short = { env: { PGOPTIONS: "-c lock_timeout=300ms" } };

  once("it waits for those who have them, names them, and goes on", async () => {
    const { url } = await ownDatabase(server);
    await shop.upgrade(url, "a");
    const script = await scriptOf("a:e");
    await withClient(url, async (client) => {
      await client.query(`SET application_name = 'nightly'; BEGIN; SELECT FROM ${odd}`);
      const running = runScript(url, script, short);
      await until(
        url,
        "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()",
      );
      // It has none of them while it waits for one.
      await query(url, "SET lock_timeout = '2s'; INSERT INTO t VALUES (1)");
      await client.query("COMMIT");
      const { code, stdout, stderr } = await running;
      expect(stderr).toMatch(
        /WARNING: {2}retort: public\."t'\\ ""x" is locked by pid \d+, nightly, postgres, .*SELECT FROM.*; retry 1 of 5 in \d\.\d s/,
      );
      expect(code, stderr).toBe(0);
      // Each step that it has done, and how long that took.
      expect(stdout).toMatch(
        / step +\| revision \| milliseconds \n-.*\n( upgrade \| [b-e] +\| +\d+\n){4}\(4 rows\)/,
      );
      expect(Number(/upgrade \| b +\| +(\d+)/.exec(stdout)![1])).toBeGreaterThan(300);
    });
  });

  once(
    "a row of the ledger that another session has changed is not waited for while others wait for the step",
    async () => {
      const { url } = await ownDatabase(server);
      await shop.upgrade(url, "a");
      await withClient(url, async (client) => {
        await client.query("BEGIN; UPDATE retort.state SET digest = digest");
        const { code, stderr } = await runScript(url, await scriptOf("a:b"), short);
        expect(code).toBe(3);
        expect(stderr).toMatch(/canceling statement due to lock timeout\nCONTEXT: {2}.*"state"/);
      });
      expect(await query(url, "SELECT FROM pg_class WHERE relname = 'u'")).toEqual([]);
    },
  );

  once("when all tries are used up it stops, and nothing of the step is done", async () => {
    const { url } = await ownDatabase(server);
    await shop.upgrade(url, "a");
    await withClient(url, async (client) => {
      await client.query("BEGIN; LOCK TABLE t IN ROW EXCLUSIVE MODE;");
      const { code, stderr } = await runScript(url, await scriptOf("a:b", { lockRetries: 1 }), short);
      expect(stderr.match(/WARNING/g)).toHaveLength(1);
      expect(stderr).toMatch(
        /ERROR: {2}retort: public\.t is locked by pid \d+, .* MODE\nHINT: {2}The transaction was rolled back\..* its first step, or .* --idempotent; else .* --from-database/,
      );
      expect(code).toBe(3);
      await client.query("COMMIT");
    });
    expect((await shop.state(url)).heads).toEqual(["a"]);
    expect((await runScript(url, await scriptOf("a:b", { lockRetries: 1 }), short)).code).toBe(0);
  });

  once("where its step is half done, it says how that goes on", async () => {
    const { url } = await ownDatabase(server);
    const half = project({
      a: "CREATE TABLE t (id int);",
      b: {
        up: "CREATE INDEX CONCURRENTLY t_id ON t (id);\nALTER TABLE t ADD COLUMN x int;",
        header: ["transaction: none"],
      },
    });
    await half.upgrade(url, "a");
    const { plan, ledger, form } = await offline(half.deps, { kind: "upgrade", target: "a:b" }, {});
    const { text } = renderScript(plan, ledger, { ...form, lockRetries: 1 });
    await withClient(url, async (client) => {
      await client.query("BEGIN; LOCK TABLE t IN ACCESS SHARE MODE;");
      const { stderr } = await runScript(url, text, short);
      expect(stderr).toMatch(
        /HINT: {2}What the step did before this is kept\. .* go on\. .*resume with: migrate upgrade b; /,
      );
      await client.query("COMMIT");
    });
    await half.upgrade(url, "b");
  });

  once("a table is looked up where the database's search_path leads", async () => {
    const { url } = await ownDatabase(server);
    await query(
      url,
      "CREATE SCHEMA app; DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = app', current_database()); END $$",
    );
    await shop.upgrade(url, "a");
    await withClient(url, async (client) => {
      await client.query("BEGIN; LOCK TABLE app.t IN ACCESS SHARE MODE;");
      const { stderr } = await runScript(url, await scriptOf("a:b", { lockRetries: 1 }), short);
      expect(stderr).toMatch(/WARNING: {2}retort: app\.t is locked by pid \d+, .*; retry 1 of 1/);
      await client.query("COMMIT");
    });
    expect((await runScript(url, await scriptOf("a:b"), short)).code).toBe(0);
  });

  once("it does not try for longer than a statement may run", async () => {
    const { url } = await ownDatabase(server);
    await shop.upgrade(url, "a");
    await withClient(url, async (client) => {
      await client.query("BEGIN; SELECT FROM t");
      const options = { env: { PGOPTIONS: "-c lock_timeout=200ms -c statement_timeout=1s" } };
      const { code, stderr } = await runScript(url, await scriptOf("a:b"), options);
      expect(stderr).toMatch(/is locked by|statement timeout/);
      expect(code).toBe(3);
    });
    expect((await shop.state(url)).heads).toEqual(["a"]);
  });
});
