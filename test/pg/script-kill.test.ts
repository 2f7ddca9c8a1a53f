/** psql is killed, or its session is, before each statement of a script: run again, it goes on or says where to go on. */

import { describe, expect, test } from "vitest";
import { offline } from "../../src/app/offline.ts";
import { defaultForm } from "../../src/core/plan/script.ts";
import type { Statement } from "../../src/core/plan/types.ts";
import { renderScript } from "../../src/render/script/script.ts";
import { type FormName, filesOf, stateOf } from "../support/forms.ts";
import { ownDatabase, project, until } from "../support/project.ts";
import { runScript } from "../support/psql.ts";
import { query, servers, type TestDatabase, withClient } from "../support/server.ts";

const shop = project({
  a: { up: "CREATE TABLE t (x int);\nINSERT INTO t VALUES (1);", down: "DROP TABLE t;" },
  b: {
    up: "SET work_mem = '5MB';\nINSERT INTO t VALUES (2);\nCREATE INDEX CONCURRENTLY b ON t (x);\nINSERT INTO t VALUES (3);\nVACUUM t;",
    header: ["transaction: none"],
    down: "DROP INDEX CONCURRENTLY b;",
    downHeader: ["transaction: none"],
  },
  c: { up: "INSERT INTO t VALUES (4);", down: "DELETE FROM t;" },
});
const request = { kind: "upgrade", target: "base:heads" } as const;

const ways: readonly (readonly [string, string, FormName])[] = [
  ["psql is killed", "\\! kill -9 $PPID", "one file"],
  [
    "its session is terminated",
    "SELECT pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid());",
    "idempotent, run twice",
  ],
];

describe.each(ways)("%s at each statement", (_, death, form) => {
  const pool = servers();
  const server = pool[form === "one file" ? 0 : pool.length - 1]!;

  test(`and the script is run again (${form}, ${server.name})`, async () => {
    const [script] = await filesOf(form, shop.deps, request);
    const points = await pointsOf(form, script!);
    expect(points.length).toBeGreaterThan(20);
    // Each way dies at every second of them.
    const mine = points.filter((_point, index) => index % 2 === (form === "one file" ? 0 : 1));
    const online = await ownDatabase(server);
    await shop.upgrade(online.url);
    const wanted = withoutLog(await stateOf(online.url));
    const database = await ownDatabase(server);
    const ends = new Set<string>();
    for (const at of mine) {
      await runScript(database.url, `${script!.slice(0, at)}${death}\n${script!.slice(at)}`).catch(
        (error: Error) => {
          expect(error.message).toMatch(/was ended by SIGKILL/);
        },
      );
      await alone(database);
      const before = await stateOf(database.url);
      const { code, stderr } = await runScript(database.url, script!);
      const sentence = /ERROR: {2}retort: (.*)\n/.exec(stderr)?.[1];
      const context = `killed before: ${script!.slice(at, at + 60)}\n${stderr}`;
      if (code !== 0) {
        // With psql alone, one that skips what is done goes on from everywhere.
        expect(form, context).toBe("one file");
        expect(sentence, context).toMatch(
          /^(this database is not in the expected state|a step outside a transaction is unfinished: b)/,
        );
        expect(await stateOf(database.url), context).toEqual(before);
        await goOn(database.url, stderr);
      }
      ends.add(code === 0 ? "went on" : sentence!.replace(/[;:].*/, ""));
      expect(withoutLog(await stateOf(database.url)), context).toEqual(wanted);
      await query(database.url, "DROP SCHEMA IF EXISTS retort CASCADE; DROP TABLE IF EXISTS t");
    }
    expect([...ends].sort()).toEqual(
      form === "one file"
        ? [
            "a step outside a transaction is unfinished",
            "this database is not in the expected state",
            "went on",
          ]
        : ["went on"],
    );
  });
});

/** Does what the sentence's hint says. */
async function goOn(url: string, stderr: string): Promise<void> {
  if (stderr.includes("All of it is done already.")) return;
  const range = /migrate upgrade (\S+) --sql/.exec(stderr)?.[1];
  if (range === undefined) {
    expect(stderr).toContain(
      "resume with: migrate upgrade b; or with a script written by --idempotent that contains the upgrade to b.",
    );
    await shop.upgrade(url);
    return;
  }
  expect((await runScript(url, await shop.script(range))).code).toBe(0);
}

/** Where to die: before each statement that does something, and before the closing ones. */
async function pointsOf(form: FormName, script: string): Promise<readonly number[]> {
  const { plan } = await offline(shop.deps, request, { idempotent: form.startsWith("idempotent") });
  const points: number[] = [];
  let from = 0;
  // Between statements that are sent as one nobody can die: one of those that begin a line is enough.
  const isPoint = ({ purpose }: Statement): boolean =>
    ["user", "record", "intent", "guard-step", "create-ledger", "lock", "repair"].includes(purpose);
  const statements = plan.batches.flatMap((batch) => batch.statements).filter(isPoint);
  for (const { sql } of statements) {
    const found = script.indexOf(sql.replace(/;$/, ""), from);
    expect(found, sql).toBeGreaterThan(-1);
    const at = script.lastIndexOf("\n", found) + 1;
    if (at > (points.at(-1) ?? 0)) points.push(at);
    from = found + 1;
  }
  for (const text of ["\n-- ---- end", "\nBEGIN TRANSACTION READ ONLY;", "\n-- Lock: released."]) {
    from = script.indexOf(text, from) + 1;
    expect(from).toBeGreaterThan(0);
    points.push(from);
  }
  return points;
}

/** Waits until the server has noticed that the client is gone. The tests' own sessions have no name, and one of them stays. */
const alone = ({ name, url }: TestDatabase): Promise<void> =>
  until(
    url,
    `SELECT WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = '${name}' AND application_name <> '' AND backend_type = 'client backend')`,
  );

/** A log tells more than once what was begun again. */
function withoutLog(state: unknown): unknown {
  const { catalog, ledger } = state as { catalog: string; ledger: Record<string, unknown> };
  return { catalog, ledger: { ...ledger, log: undefined } };
}

test("a session that is terminated while it builds an index: the half index is dropped and built again", async () => {
  const [server] = servers();
  const { url } = await ownDatabase(server!);
  const { plan, ledger } = await offline(shop.deps, request, {});
  const { text } = renderScript(plan, ledger, defaultForm);
  await shop.upgrade(url, "a");
  const range = await shop.script("a:heads");
  await withClient(url, async (client) => {
    // Whoever has written to the table and not committed is waited for.
    await client.query("BEGIN; INSERT INTO t VALUES (0)");
    const running = runScript(url, range);
    const building =
      "SELECT pid FROM pg_stat_activity WHERE query ILIKE '%CREATE INDEX CONCURRENTLY b%' AND wait_event_type = 'Lock' AND datname = current_database()";
    await until(url, building);
    await query(url, building.replace("SELECT pid", "SELECT pg_terminate_backend(pid)"));
    expect((await running).code).not.toBe(0);
    await client.query("ROLLBACK");
  });
  expect(await query(url, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'b'::regclass")).toEqual([
    { indisvalid: false },
  ]);
  for (const script of [range, text]) {
    const { code, stderr } = await runScript(url, script);
    expect(code).toBe(3);
    expect(stderr).toContain("a step outside a transaction is unfinished: b at statement 3 of 5");
    expect(stderr).toContain("resume with: migrate upgrade b;");
  }
  const [goesOn] = await filesOf("idempotent, run twice", shop.deps, request);
  expect(await runScript(url, goesOn!)).toMatchObject({ code: 0, stderr: "" });
  expect(await query(url, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'b'::regclass")).toEqual([
    { indisvalid: true },
  ]);
  expect((await query(url, "SELECT x FROM t ORDER BY x")).map((row) => row["x"])).toEqual([1, 2, 3, 4]);
});
