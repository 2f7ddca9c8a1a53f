/** Statements that no transaction can hold: intent, statement, record; and what is seen when one of them fails. */
import { describe, expect, test } from "vitest";
import { dump, ledger } from "../support/dump.ts";
import { failureOf, headerLines, ownDatabase, project } from "../support/project.ts";
import { needsPsql, runScript } from "../support/psql.ts";
import { inTurn, query, servers } from "../support/server.ts";

const base = "CREATE TABLE t (x int);\nINSERT INTO t VALUES (1), (1);\n";

describe.each(servers())("on $name", (server) => {
  const once = inTurn(server);
  once("up and down, by run and by script: equal databases, nothing left half done", async (context) => {
    needsPsql(context);
    const shop = project({
      a: base,
      alone: { up: "CREATE INDEX CONCURRENTLY i ON t (x);", down: "DROP INDEX CONCURRENTLY i;" },
      mixed: {
        up: "CREATE TABLE u (y int);\nINSERT INTO u VALUES (1);\nCREATE INDEX CONCURRENTLY j ON u (y);\nINSERT INTO u VALUES (2);\nVACUUM u;\nCOMMENT ON TABLE u IS 'é😀';",
        down: "DROP INDEX CONCURRENTLY j;\nDROP TABLE u;",
        header: ["transaction: none"],
        downHeader: ["transaction: none"],
      },
      ordinary: {
        up: "CREATE TABLE v ();",
        down: "DROP TABLE v;",
        header: ["transaction: none"],
        downHeader: ["transaction: none"],
      },
    });
    const [online, offline] = [await ownDatabase(server), await ownDatabase(server)];
    for (const [kind, target, range] of [
      ["upgrade", "heads", "base:heads"],
      ["downgrade", "base", "heads:base"],
    ] as const) {
      await shop.run(online.url, { kind, target });
      expect(await runScript(offline.url, await shop.script({ kind, target: range }))).toMatchObject({
        code: 0,
        stderr: "",
      });
      expect(await dump(offline.url, { exclude: ["retort"] })).toBe(
        await dump(online.url, { exclude: ["retort"] }),
      );
      for (const { url } of [online, offline]) expect((await ledger(url))["intent"]).toEqual([]);
    }
    expect((await shop.state(online.url)).applied).toEqual([]);
  });

  once("one after another, with IF EXISTS or without: each is looked up as the author does", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: base,
      b: {
        up: "CREATE INDEX CONCURRENTLY i ON t (x);\nCREATE INDEX CONCURRENTLY IF NOT EXISTS j ON t (x);\nDROP INDEX CONCURRENTLY IF EXISTS i;\nCREATE INDEX CONCURRENTLY i ON t (x DESC);",
        down: "DROP INDEX CONCURRENTLY i;\nDROP INDEX CONCURRENTLY j;",
      },
    });
    await shop.upgrade(url);
    await shop.downgrade(url, "a");
    expect(await query(url, "SELECT FROM pg_index WHERE indrelid = 't'::regclass")).toEqual([]);
  });

  once("a step is timed from its first statement to its last", async () => {
    const { url } = await ownDatabase(server);
    const header = ["transaction: none"];
    await project({
      a: { up: "SELECT pg_sleep(0.2);", header },
      b: { up: "SELECT pg_sleep(0.2);\nVACUUM;\nSELECT pg_sleep(0.1);\nVACUUM;", header },
    }).upgrade(url);
    const seconds = await query<{ s: number }>(
      url,
      "SELECT extract(epoch FROM duration)::float8 AS s FROM retort.applied ORDER BY revision",
    );
    expect(seconds[0]!.s).toBeGreaterThan(0.2);
    expect(seconds[1]!.s).toBeGreaterThan(0.3);
  });

  once("a failure in the middle: what came before stays, the intent and the error say where", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: base,
      b: {
        up: "CREATE TABLE u ();\nCREATE INDEX i ON t (x);\nCREATE UNIQUE INDEX CONCURRENTLY j ON t (x);\nCREATE TABLE never ();",
        header: ["transaction: none"],
      },
    });
    expect(await failureOf(shop.upgrade(url))).toMatchObject({
      code: "execution/statement",
      sqlstate: "23505",
      location: { path: "0002_b.up.sql", line: headerLines + 4, column: 1 },
      excerpt: { line: "CREATE UNIQUE INDEX CONCURRENTLY j ON t (x);" },
      message: expect.stringMatching(/^could not create unique index "j"\nKey \(x\)=\(1\) is duplicated\.$/),
    });
    const { applied, intent, log } = await ledger(url);
    expect(applied!.map((row) => row["revision"])).toEqual(["a"]);
    expect(intent).toMatchObject([{ revision: "b", direction: "up", statement: 3, of: 4 }]);
    expect(log!.at(-1)).toMatchObject({ event: "failure", revision: "b" });
    expect(
      await query(url, "SELECT relname FROM pg_class WHERE relname IN ('u', 'never') ORDER BY 1"),
    ).toEqual([{ relname: "u" }]);
    expect((await shop.state(url)).interrupted).toMatchObject({ revision: "b", statement: 3, of: 4 });
  });

  once(
    "each statement commits by itself: what was done before a failure stays, and the next run goes on there",
    async () => {
      const { url } = await ownDatabase(server);
      const body = (second: string): string => `CREATE TABLE u ();\n${second}\nVACUUM t;`;
      const shop = (second: string) =>
        project({ a: base, b: { up: body(second), header: ["transaction: none"] } });
      expect(await failureOf(shop("SELECT 1/0;").upgrade(url))).toMatchObject({
        sqlstate: "22012",
        location: { line: headerLines + 3 },
      });
      expect(await query(url, "SELECT relname FROM pg_class WHERE relname = 'u'")).toHaveLength(1);
      expect((await shop("SELECT 1/0;").state(url)).interrupted).toMatchObject({
        revision: "b",
        statement: 2,
        of: 3,
      });
      await shop("SELECT 1/1;").upgrade(url);
      expect((await shop("SELECT 1/1;").state(url)).interrupted).toBeUndefined();
    },
  );

  once("a careless psql that goes on after an error does not record the step as done", async (context) => {
    needsPsql(context);
    const { url } = await ownDatabase(server);
    const shop = project({
      a: base,
      b: "CREATE UNIQUE INDEX CONCURRENTLY j ON t (x);",
      c: "CREATE TABLE c ();",
    });
    const script = (await shop.script("base:heads")).replaceAll(/^\\set .*$/gm, "");
    await runScript(url, script, { args: ["-v", "ON_ERROR_STOP=0"] });
    const { applied, intent } = await ledger(url);
    expect(applied!.map((row) => row["revision"])).toEqual(["a"]);
    expect(intent).toMatchObject([{ revision: "b", statement: 1 }]);
    expect(await query(url, "SELECT FROM pg_class WHERE relname = 'c'")).toEqual([]);
  });
});

const [server] = servers();

test("an error outside a transaction is told without a warning of ours", async () => {
  const { url } = await ownDatabase(server!);
  const shop = project({ a: "CREATE TABLE t (x int);", b: "CREATE INDEX CONCURRENTLY j ON t (missing);" });
  const notices: string[] = [];
  const { code } = await failureOf(
    shop.upgrade(url, "heads", { onNotice: ({ message }) => notices.push(message) }),
  );
  expect(code).toBe("execution/statement");
  expect(notices).toEqual([]);
});

test("a single transaction refuses beforehand: nothing is sent that writes", async () => {
  const { url } = await ownDatabase(server!);
  const before = await dump(url);
  const shop = project({
    a: base,
    b: "CREATE INDEX CONCURRENTLY i ON t (x);",
    c: { up: "SELECT 1;", header: ["transaction: none"], downHeader: ["transaction: none"] },
    d: "SELECT 1;",
  });
  expect(await failureOf(shop.upgrade(url, "heads", { singleTransaction: true }))).toMatchObject({
    code: "source/not-in-transaction",
    exitCode: 3,
    message: expect.stringContaining("CREATE INDEX CONCURRENTLY"),
    location: { path: "0002_b.up.sql", line: headerLines + 1 },
    diagnostics: [{}, { location: { path: "0003_c.up.sql" } }],
  });
  const hints = [
    ["upgrade", "base:heads", ", or go only as far as a"],
    ["upgrade", "a:heads", ""],
    ["downgrade", "heads:base", ", or go down only to c"],
    ["downgrade", "c:base", ""],
  ] as const;
  for (const [kind, target, other] of hints)
    expect(await failureOf(shop.plan({ kind, target }, { singleTransaction: true }))).toMatchObject({
      code: "source/not-in-transaction",
      hint: `leave out option singleTransaction${other}`,
    });
  expect(await dump(url)).toBe(before);
});

test("what mixes both without saying so is refused beforehand, with the way out", async () => {
  const { url } = await ownDatabase(server!);
  const shop = project({ a: `${base}CREATE INDEX CONCURRENTLY i ON t (x);` });
  expect(await failureOf(shop.upgrade(url))).toMatchObject({
    code: "source/mixed-transaction",
    location: { line: headerLines + 3, column: 1 },
    hint: expect.stringContaining("transaction: none"),
  });
  expect(await query(url, "SELECT FROM pg_namespace WHERE nspname = 'retort'")).toEqual([]);
});
