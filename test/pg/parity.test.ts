/** What the server receives is the plan: from an online run and from psql with the script, byte for byte. */
import { describe, expect, test } from "vitest";
import { offline } from "../../src/app/offline.ts";
import { tokens } from "../../src/core/lexer.ts";
import { defaultForm, scriptBatches } from "../../src/core/plan/script.ts";
import type { Batch } from "../../src/core/plan/types.ts";
import { receiptsOf } from "../../src/core/receipt.ts";
import { renderScript } from "../../src/render/script/script.ts";
import { dump, ledger } from "../support/dump.ts";
import { type MigrationText, ownDatabase, project } from "../support/project.ts";
import { proxy } from "../support/proxy.ts";
import { needsPsql, runScript } from "../support/psql.ts";
import { inTurn, servers } from "../support/server.ts";

/** Bodies that some client has been known to change, in order, since each builds on those before. */
const nasty: Readonly<Record<string, MigrationText>> = {
  slices: `CREATE TABLE t (id int, note text, arr int[]);
INSERT INTO t VALUES (1, ':x', '{1,2,3}'), (2, NULL, NULL);
UPDATE t SET note = arr[1:id]::text || :'x' WHERE false;
UPDATE t SET note = arr[:id]::text, arr = arr[1:id] || arr[id:];
CREATE FUNCTION upto(hi int) RETURNS int[] LANGUAGE sql AS $$ SELECT arr[1:hi] FROM t WHERE note <> ':hi' $$;
SELECT upto(hi := 2), id::text, t.id :: bigint FROM t;
`.replace(` || :'x' WHERE false`, " WHERE note = ':x'"),
  quotes: `INSERT INTO t VALUES (3, E'it\\'s \\\\ :x \\':hi'), (4, 'C:\\dir\\:x'), (5, N':x'), (6, '''');
INSERT INTO t VALUES (7, E'a'
  'b\\n :x'), (8, 'a'
  'b\\'), (9, ':x');
INSERT INTO t VALUES (10, U&'d\\0061t\\+01F600 :x'), (11, U&'!0061' UESCAPE '!');
SELECT U&"d\\0061ta", "x:hi", "a"":hi" FROM (SELECT 1 AS data, 2 AS "x:hi", 3 AS "a"":hi") q;
SELECT B'1', X'ff', 1e3, '{"a": 1}'::jsonb ? 'a', '{"a": 1}'::jsonb ?| ARRAY['a'], '{"a":1}'::jsonb @> '{"a":1}';
`,
  dollars: `DO $do$ BEGIN PERFORM ':x', $$ :hi $$, $a$ $b$ :name $a$; RAISE DEBUG $m$ :'x' \\gexec $m$; END $do$;
DO $é😀$ BEGIN PERFORM '$slonik_1', 1 /* ; */; END; -- ; $$
$é😀$;
PREPARE p (int, text) AS SELECT $1, $2, '?', '$3';
EXECUTE p (1, '$slonik_2');
DEALLOCATE p;
CREATE TABLE x$slonik_1 ("é😀 $slonik_1" int, a$$b int);
`,
  comments: `/* :x /* nested ' $$ */ :hi */ SELECT 1; -- it's :x
-- another; SELECT 2;
SELECT /* a */ 2 -- inner; comment
  + /* ; */ 3 /* end */; /* after */ SELECT 4; ; ;

SELECT 5,

  6; /* é😀 */
SELECT '

two empty lines and a \\echo of nothing
\\q

' AS text;`,
  bodies: `CREATE FUNCTION slice(hi int) RETURNS SETOF int[]
BEGIN ATOMIC
  SELECT arr[1:hi] FROM t;
  SELECT CASE WHEN hi > 1 THEN (SELECT arr[1:hi] FROM t LIMIT 1) ELSE NULL END;
END;
CREATE TABLE log (id int, what text);
CREATE RULE twofold AS ON DELETE TO t DO ALSO (
  INSERT INTO log VALUES (old.id, 'gone;'); -- one;
  INSERT INTO log VALUES (old.id, 'again');
);
CREATE OR REPLACE PROCEDURE twice(n int) LANGUAGE sql BEGIN ATOMIC INSERT INTO log VALUES (n, ':x'); INSERT INTO log VALUES (n, 'y'); END;
CALL twice(1);
CREATE VIEW begin_case AS SELECT CASE WHEN true THEN 1 END AS "end";
`,
  endings:
    "CREATE TABLE crlf (\r\n  a int, -- one\r\n\r\n  b text DEFAULT 'x\r\ny'\r\n);\r\nSELECT 1; -- old Mac\rSELECT 2;\r\n\r\nDO $$\r\nBEGIN\r\n\r\nEND\r\n$$;",
  bom_and_no_semicolon:
    "SELECT '\uFEFF', 'é😀', '\u2028', '\u00a0' AS \"é😀\"\n  , 1 AS _é😀:: /* not a variable */ int -- no semicolon; at the end".replace(
      ":: /* not a variable */ int",
      "",
    ),
  only_comments: "-- nothing here\n/* nor here; */\n",
  empty: "",
  last: {
    up: "SELECT 1; -- the last comment",
    down: "-- down\nSELECT :'hi'::text;".replace(":'hi'::text", "':hi'::text"),
  },
};

const variables = ["hi", "id", "x", "name", "int", "text", "é", "é😀", "_1"].flatMap((name) => [
  "-v",
  `${name}=666`,
]);

describe.each(servers())("on $name", (server) => {
  const once = inTurn(server);
  const shop = project(nasty);

  once("an online run sends the plan's statements, a message each, and nothing else", async () => {
    const { url } = await ownDatabase(server);
    const wire = await proxy(url);
    const { plan } = await shop.upgrade(wire.url);
    const reads = /SET TRANSACTION READ ONLY;|^SELECT pg_catalog\.pg_backend_pid\(\)/;
    const label = /^\/\* \w+ [\w ]+, statement \d+ of \d+ \*\/ /;
    expect(wire.queries.filter((text) => !reads.test(text)).map((text) => text.replace(label, ""))).toEqual(
      textsIn(plan.batches),
    );
    // Each of the author's begins with its name, for whoever looks at what the server does.
    const users = plan.batches.flatMap(({ statements }) => statements.filter((s) => s.purpose === "user"));
    expect(wire.queries.filter((text) => label.test(text))).toHaveLength(users.length);
  });

  once("the bytes are the author's", async () => {
    const plan = await shop.plan({ kind: "upgrade", target: "heads" });
    for (const [step, text] of Object.values(nasty).entries()) {
      const body = typeof text === "string" ? text : text.up;
      let from = 0;
      for (const { sql } of plan.batches
        .flatMap((b) => b.statements)
        .filter((s) => s.purpose === "user" && s.step === step)) {
        const at = Math.max(body.indexOf(sql, from), body.indexOf(sql.replace(/;(?=\s*(--.*)?$)/, ""), from));
        expect(at, `${sql}\n  in\n${body}`).toBeGreaterThanOrEqual(from);
        from = at;
      }
    }
  });

  once("psql sends the same texts for the script, whatever its variables hold", async (context) => {
    needsPsql(context);
    const { url } = await ownDatabase(server);
    const wire = await proxy(url);
    for (const [kind, target] of [
      ["upgrade", "base:heads"],
      ["downgrade", "heads:base"],
    ] as const) {
      const before = wire.queries.length;
      const { plan, ledger: own } = await offline(shop.deps, { kind, target }, {});
      const { text } = renderScript(plan, own);
      const result = await runScript(wire.url, text, { args: variables });
      expect(result).toMatchObject({ code: 0, stderr: "" });
      const { stated } = receiptsOf(text)!;
      // Before the plan begins and behind its end, psql looks at its session, and sets it back.
      const sent = wire.queries.slice(before);
      const begins = sent.findIndex((sql) => sql.includes("a transaction is already open in this session"));
      expect(
        sent.slice(0, begins).filter((sql) => !/^(SELECT pg_catalog|DO \$\$BEGIN IF)/.test(sql)),
      ).toEqual([]);
      expect(sent.splice(begins + 1, 3).map((sql) => sql.split(" ", 1)[0])).toEqual([
        "BEGIN;",
        "SELECT",
        "COMMIT;",
      ]);
      expect(sent.pop()).toContain("pg_catalog.set_config(key, value, false)");
      expect(inOneText(sent.slice(begins))).toBe(
        inOneText(textsIn(scriptBatches(plan, own, defaultForm, stated))),
      );
    }
  });

  once("both leave equal databases and ledgers", async (context) => {
    needsPsql(context);
    const [a, b] = [await ownDatabase(server), await ownDatabase(server)];
    await shop.upgrade(a.url);
    await runScript(b.url, await shop.script("base:heads"), { args: variables });
    expect(await dump(b.url, { exclude: ["retort"] })).toBe(await dump(a.url, { exclude: ["retort"] }));
    const applied = async (url: string) => (await ledger(url, "retort", /_at$|duration|^how$/))["applied"];
    expect(await applied(b.url)).toEqual(await applied(a.url));
  });
});

test("a run and a script differ only in how the ledger says they were run", async () => {
  const shop = project({
    a: "SELECT 1;",
    b: { up: "CREATE INDEX CONCURRENTLY i ON t (x);" },
    c: "SELECT 2;",
  });
  const script = await shop.plan({ kind: "upgrade", target: "base:heads" });
  const [server] = servers();
  const { url } = await ownDatabase(server!);
  const { plan } = await shop.upgrade(url, "heads", { dryRun: true });
  const texts = (batches: readonly Batch[]): readonly string[] =>
    textsIn(batches).map((sql) => sql.replace(/,\s+how => 'run'\);$/, ");"));
  const differing = texts(plan.batches).filter((sql) => !texts(script.batches).includes(sql));
  // Where it may run, and from which state: a script says which server it is for, and how to write it again.
  expect(differing.map((sql) => sql.replace(/\s[\s\S]*/, ""))).toEqual(["DO", "CALL"]);
  expect(differing[1]).toMatch(/^CALL retort\.require_state\(/);
  expect(texts(script.batches)).toHaveLength(texts(plan.batches).length);
});

const textsIn = (batches: readonly Batch[]): readonly string[] =>
  batches.flatMap(({ statements }) => statements.map(({ sql }) => sql));

/** All of them, with what stands between two statements made the same: psql joins some in one message. */
const inOneText = (texts: readonly string[]): string =>
  texts
    .map(bare)
    .join(";")
    .replaceAll(/[\s;]*;[\s;]*/g, ";\n");

/**
 * A text without what psql leaves out or moves to its neighbour: comments, blanks and empty statements before and
 * after it, and empty lines outside quotes.
 */
function bare(sql: string): string {
  const all = [...tokens(sql)];
  const solid = all.filter(({ kind }) => kind !== "space" && kind !== "comment");
  const [first, last] = [solid[0], solid.at(-1)];
  if (first === undefined || last === undefined) return "";
  return all
    .filter(({ start, end }) => start >= first.start && end <= last.end)
    .map(({ kind, start, end }) =>
      kind === "space" ? sql.slice(start, end).replace(/\n+/g, "\n") : sql.slice(start, end),
    )
    .join("")
    .replace(/(;\s*)+$/, ";");
}
