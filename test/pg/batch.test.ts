/** Large changes of data in batches: committed as they go, going on where they stopped, the same in a script. */
import { describe, expect, test } from "vitest";
import { dump } from "../support/dump.ts";
import { example, migrateHere, steadyLedger } from "../support/migrate.ts";
import { failureOf, headerLines, ownDatabase, project, until } from "../support/project.ts";
import { needsPsql, runScript } from "../support/psql.ts";
import { inTurn, query, servers } from "../support/server.ts";

const table = (rows: number) =>
  `CREATE TABLE t AS SELECT i AS id, NULL::int AS y, 0 AS touched FROM generate_series(1, ${rows}) i;\nCREATE INDEX ON t (id);`;
const fill =
  "UPDATE t SET y = id * 2, touched = touched + 1\nWHERE id IN (SELECT id FROM t WHERE y IS NULL LIMIT :batch_size);";
const filled = async (url: string) =>
  (
    await query(
      url,
      "SELECT count(*) FILTER (WHERE y = id * 2 AND touched = 1)::int AS once, count(*)::int AS all, count(DISTINCT xmin::text)::int AS rounds FROM t",
    )
  )[0];

describe.each(servers())("on $name", (server) => {
  const once = inTurn(server);
  once(
    "10,000 rows in batches of 1000: each once, in ten transactions, by run and by script",
    async (context) => {
      const { url } = await ownDatabase(server);
      const shop = project({
        a: table(10_000),
        b: {
          up: `-- batch: 1000\n${fill}`,
          down: "-- batch: 4000\nUPDATE t SET y = NULL WHERE id IN (SELECT id FROM t WHERE y IS NOT NULL LIMIT :batch_size);",
        },
        c: "SELECT 1;",
      });
      const told: string[] = [];
      expect(
        (await shop.upgrade(url, "heads", { onNotice: ({ message }) => told.push(message) })).steps,
      ).toHaveLength(3);
      expect(await filled(url)).toEqual({ once: 10_000, all: 10_000, rounds: 10 });
      expect(told.at(-1)).toMatch(/^retort: 10000 rows so far, \d+ rows\/s$/);
      expect((await shop.upgrade(url)).done).toBe(false);

      needsPsql(context);
      const offline = await ownDatabase(server);
      const script = await shop.script("base:heads");
      const sent = (await shop.plan({ kind: "upgrade", target: "base:heads" })).batches
        .flatMap((batch) => batch.statements)
        .find((s) => s.tag === "UPDATE in batches");
      expect(script).toContain(sent!.sql);
      expect(await runScript(offline.url, script)).toMatchObject({ code: 0 });
      expect(await filled(offline.url)).toEqual({ once: 10_000, all: 10_000, rounds: 10 });
      expect(await steadyLedger(offline.url)).toEqual(await steadyLedger(url));

      await shop.downgrade(url, "a");
      expect(await query(url, "SELECT count(*)::int AS n, count(y)::int AS filled FROM t")).toEqual([
        { n: 10_000, filled: 0 },
      ]);
    },
  );

  once("ended in the middle: what is done stays, the next run goes on with the rest", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: table(1000),
      b: `-- batch: 100, pause 150ms\n${fill}`,
      c: "CREATE TABLE c ();",
    });
    await shop.upgrade(url, "a");
    const failing = failureOf(shop.upgrade(url));
    await until(url, "SELECT FROM t WHERE y IS NOT NULL");
    // The runner comes back by itself and goes on; ended once more, it gives the word back.
    const working =
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'retort' AND query LIKE '%<<retort>>%' AND datname = current_database()";
    for (let last = 0, times = 0; times < 2; times += 1) {
      await until(url, `${working} AND pid <> ${last}`);
      last = (await query<{ pid: number }>(url, `${working} AND pid <> ${last}`))[0]!.pid;
      await query(url, `SELECT pg_terminate_backend(${last})`);
    }
    expect(await failing).toMatchObject({
      code: "execution/connection-lost",
      hint: expect.stringContaining("the upgrade to b was interrupted at statement 1 of 1"),
    });
    const [{ n }] = (await query<{ n: number }>(url, "SELECT count(y)::int AS n FROM t")) as [{ n: number }];
    expect(n % 100).toBe(0);
    expect(n).toBeGreaterThan(0);
    expect(n).toBeLessThan(1000);
    await shop.upgrade(url);
    expect(await filled(url)).toMatchObject({ once: 1000, all: 1000 });
    expect((await shop.state(url)).heads).toEqual(["c"]);
  });

  once("by a key, however wide the gaps; with a pause", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: "CREATE TABLE t AS SELECT i * 1000000000::bigint - 5000000000 AS id, 0 AS touched FROM generate_series(0, 9) i;\nINSERT INTO t SELECT i, 0 FROM generate_series(1, 995) i;",
      b: "-- batch: 100 by t.id, pause 1ms\nUPDATE t SET touched = touched + 1 WHERE id >= :batch_from AND id < :batch_to;",
      empty: "-- batch: 5 by public.t.id\nDELETE FROM t WHERE id >= :batch_from AND id < :batch_to;",
      nothing: "-- batch: 5 by t.id\nDELETE FROM t WHERE id >= :batch_from AND id < :batch_to;",
    });
    await shop.upgrade(url, "b");
    expect(
      await query(
        url,
        "SELECT touched, count(*)::int AS n, count(DISTINCT xmin::text)::int AS rounds FROM t GROUP BY 1",
      ),
    ).toEqual([{ touched: 1, n: 1005, rounds: 19 }]);
    await shop.upgrade(url);
    expect(await query(url, "SELECT FROM t")).toEqual([]);
  });

  once("by a key that is no integer: the directive is named, with rows and without", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: "CREATE TABLE t (email text);",
      b: "-- why\n-- batch: 100 by t.email\nDELETE FROM t WHERE email >= :batch_from::text AND email < :batch_to::text;",
    });
    const hint = expect.stringMatching(/^the column of '-- batch: … by' must be an integer: /);
    const [line, column] = [headerLines + 2, "-- batch: 100 by t.email".indexOf("t.email") + 1];
    const place = { location: { path: "0002_b.up.sql", line, column } };
    expect(await failureOf(shop.upgrade(url))).toMatchObject({ sqlstate: "42883", hint, ...place });
    await query(url, "INSERT INTO t VALUES ('x')");
    expect(await failureOf(shop.upgrade(url))).toMatchObject({ sqlstate: "22P02", hint });
  });

  once("by a key that is not there: the directive is the place; below it, the statement", async () => {
    const { url } = await ownDatabase(server);
    const directive = "-- batch: 100 by t.t_id, pause 1ms";
    const statement = "DELETE FROM t WHERE it >= :batch_from AND it < :batch_to;";
    const shop = project({
      a: "CREATE TABLE t (id int);\nINSERT INTO t VALUES (1);",
      b: `${directive}\n-- why\n${statement}`,
      c: `${directive.replace("t_id", "id")}\n${statement}`,
    });
    expect(await failureOf(shop.upgrade(url))).toMatchObject({
      sqlstate: "42703",
      location: { line: headerLines + 1, column: directive.indexOf("t.t_id") + 1 },
      excerpt: { line: directive },
    });
    await query(url, "ALTER TABLE t ADD t_id int, ADD it int");
    await shop.upgrade(url, "b");
    await query(url, "ALTER TABLE t DROP it");
    expect(await failureOf(shop.upgrade(url))).toMatchObject({
      sqlstate: "42703",
      location: { line: headerLines + 2, column: 1 },
      excerpt: { line: statement },
    });
  });

  once(
    "an error inside names the file and the line; columns called as the block's variables are columns",
    async () => {
      const { url } = await ownDatabase(server);
      const shop = project({
        a: "CREATE TABLE t (id int, batch_size int, changed int, total int DEFAULT 0, told int, began int);\nINSERT INTO t SELECT i, 1, i - 7 FROM generate_series(1, 10) i;",
        b: "SELECT 1;\n\n-- batch: 5\nUPDATE t SET total = 10 / changed\n WHERE id IN (SELECT id FROM t WHERE total = 0 ORDER BY id LIMIT :batch_size);",
      });
      shop.write(
        "0002_b.up.sql",
        "-- revision: b\n-- parent: a\n-- transaction: none\n\nSELECT 1;\n\n-- batch: 5\nUPDATE t SET total = 10 / changed\n WHERE id IN (SELECT id FROM t WHERE total = 0 ORDER BY id LIMIT :batch_size);",
      );
      expect(await failureOf(shop.upgrade(url))).toMatchObject({
        code: "execution/statement",
        sqlstate: "22012",
        location: { path: "0002_b.up.sql", line: headerLines + 5, column: 1 },
        excerpt: { line: "UPDATE t SET total = 10 / changed" },
      });
      expect(await query(url, "SELECT count(*)::int AS n FROM t WHERE total <> 0")).toEqual([{ n: 5 }]);
      await query(url, "UPDATE t SET changed = 1 WHERE changed = 0");
      await shop.upgrade(url);
      expect(await query(url, "SELECT FROM t WHERE total = 0")).toEqual([]);
    },
  );
});

test("the example's backfill: progress is shown, and its down takes it back", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const command = (...args: string[]) => migrateHere([...args, "--database", url, "--directory", example]);
  expect(await command("upgrade", "f47209bd6ac8")).toMatchObject({ code: 0 });
  const before = await dump(url, { exclude: ["retort"] });
  const up = await command("upgrade", "06cd8e5b3f91");
  expect(up).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/notice: retort: \d+ rows so far, \d+ rows\/s\n/),
  });
  expect(await query(url, "SELECT FROM shop.orders WHERE total IS NULL")).toEqual([]);
  expect(await command("downgrade", "f47209bd6ac8", "--yes")).toMatchObject({ code: 0 });
  expect(await dump(url, { exclude: ["retort"] })).toBe(before);
});
