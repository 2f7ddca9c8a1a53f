/** Every form of the script leaves what the online run leaves: for the example, and for small trees of every shape. */
import { describe, expect, test } from "vitest";
import { openProject } from "../../src/app/project.ts";
import { run } from "../../src/app/run.ts";
import type { Request } from "../../src/app/steps.ts";
import { type FormName, filesOf, formNames, runFiles, stateOf } from "../support/forms.ts";
import { deps, example } from "../support/migrate.ts";
import { ownDatabase, project } from "../support/project.ts";
import { needsPsql, pgDump, pgDumpServes } from "../support/psql.ts";
import { freshDatabase, inTurn, query, servers, type TestServer } from "../support/server.ts";

const shop = { directories: [example] };

const online = (url: string, kind: "upgrade" | "downgrade", target: string) =>
  run(deps(), { kind, target }, { ...shop, database: url });

describe.each(servers())("the example on $name", (server) => {
  const once = inTurn(server);
  const forms = formNames.filter((form) => form !== "single transaction" && form !== "any client");

  once.for(forms)("%s ≡ online run, up and down", async (form) => {
    const [a, b] = [await ownDatabase(server), await ownDatabase(server)];
    for (const [kind, range] of [
      ["upgrade", "base:head"],
      ["downgrade", "head:base"],
    ] as const) {
      await online(a.url, kind, range.slice(range.indexOf(":") + 1));
      await runFiles(form, b.url, await filesOf(form, deps(), { kind, target: range }, shop));
      expect(await stateOf(b.url)).toEqual(await stateOf(a.url));
      if (pgDumpServes(server)) {
        const ours = ["--exclude-schema=retort"];
        expect(await pgDump(b.url, ours)).toBe(await pgDump(a.url, ours));
      }
    }
  });

  once("idempotent from intermediate states, up and down", async (context) => {
    needsPsql(context);
    await fromStates(server);
  });
});

async function fromStates(server: TestServer): Promise<void> {
  const { graph } = await openProject(deps(), shop);
  const [up] = await filesOf("idempotent, run twice", deps(), { kind: "upgrade", target: "base:head" }, shop);
  const [down] = await filesOf(
    "idempotent, run twice",
    deps(),
    { kind: "downgrade", target: "head:base" },
    shop,
  );
  const full = await ownDatabase(server);
  await online(full.url, "upgrade", "head");
  const wanted = await stateOf(full.url);
  const way = await ownDatabase(server);
  const isNewest = server.name === servers()[0]!.name;
  for (const [index, id] of graph.order.entries()) {
    await online(way.url, "upgrade", id);
    // Every second state, and on the older server every fourth.
    if (index % (isNewest ? 2 : 4) !== 0) continue;
    const database = await freshDatabase(server, { template: way.name });
    await runFiles("idempotent, run twice", database.url, [up!]);
    expect(withoutLog(await stateOf(database.url))).toEqual(withoutLog(wanted));
    await runFiles("idempotent, run twice", database.url, [down!]);
    expect(await query(database.url, "SELECT FROM retort.applied")).toEqual([]);
    expect(await query(database.url, "SELECT FROM pg_namespace WHERE nspname = 'shop'")).toEqual([]);
    await database.drop();
  }
}

/** What came first, a branch or the trunk, is remembered by the log. */
function withoutLog(state: unknown): unknown {
  const { catalog, ledger } = state as { catalog: string; ledger: Record<string, unknown> };
  return { catalog, ledger: { ...ledger, log: undefined } };
}

/** Every kind of statement and setting, inside and outside of transactions. */
const mixed = project({
  a: {
    up: "CREATE TABLE t (x int, note text); -- the table\nINSERT INTO t VALUES (1, 'a');",
    down: "DROP TABLE t;",
  },
  b: { up: "CREATE INDEX CONCURRENTLY b ON t (x);", down: "DROP INDEX CONCURRENTLY b;" },
  c: {
    up: `SET work_mem = '5MB'; -- more
INSERT INTO t VALUES (2, current_setting('work_mem'));
CREATE INDEX CONCURRENTLY c ON t (note);
INSERT INTO t SELECT 3, current_setting('work_mem');
-- and on
VACUUM t; SET LOCAL work_mem = '6MB';
CREATE FUNCTION f(hi int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN hi; END $$;
DO 'BEGIN INSERT INTO t VALUES (4, current_setting(''work_mem'')); COMMIT; END';
REINDEX TABLE CONCURRENTLY t;`,
    header: ["transaction: none"],
    down: "DROP FUNCTION f(int);\nDROP INDEX CONCURRENTLY c;\nDELETE FROM t WHERE x > 1;",
    downHeader: ["transaction: none"],
  },
  d: { up: "-- nothing yet\n", down: "" },
  e: {
    up: "SET search_path = pg_temp; SET ROLE pg_monitor; RESET ROLE;\nALTER TABLE public.t ADD y text DEFAULT current_setting('TimeZone');",
    down: "ALTER TABLE t DROP y;",
    header: ["lock-timeout: 2s", "statement-timeout: 1min"],
  },
});

/** Two bases, a label, two branches, something that is only depended on, and a merge. */
const branched = project({
  a: { up: "CREATE TABLE a (x int);", down: "DROP TABLE a;" },
  o: {
    parent: "none",
    up: "CREATE TABLE o (x int);",
    down: "DROP TABLE o;",
    header: ["branch-labels: other"],
  },
  b: { parent: "a", up: "INSERT INTO a VALUES (1);", down: "DELETE FROM a WHERE x = 1;" },
  c: {
    parent: "a",
    up: "INSERT INTO a SELECT x + 2 FROM o; INSERT INTO a VALUES (2);",
    down: "DELETE FROM a WHERE x = 2;",
    header: ["depends-on: p"],
  },
  p: { parent: "o", up: "INSERT INTO o VALUES (5);", down: "DELETE FROM o;" },
  m: { parent: "b, c", up: "CREATE VIEW m AS SELECT * FROM a;", down: "DROP VIEW m;" },
  z: { parent: "m", up: "COMMENT ON VIEW m IS 'm';", down: "COMMENT ON VIEW m IS NULL;" },
});

interface Shape {
  readonly of: typeof mixed;
  /** Brings a database to where the range starts. */
  readonly start: readonly string[];
  readonly request: Request;
  /** What an online run is asked for; the end of the range, if it is not said. */
  readonly target?: string;
  /** In every form; else in two of them. */
  readonly all?: true;
}

const upgrade = (target: string): Request => ({ kind: "upgrade", target });
const downgrade = (target: string): Request => ({ kind: "downgrade", target });

const shapes: Readonly<Record<string, Shape>> = {
  "everything, in and out of transactions": {
    of: mixed,
    start: [],
    request: upgrade("base:head"),
    all: true,
  },
  "and down again": { of: mixed, start: ["head"], request: downgrade("head:base"), all: true },
  "a range": { of: mixed, start: ["c"], request: upgrade("c:e") },
  "a relative range": { of: mixed, start: ["b"], request: upgrade("b:+2"), target: "+2" },
  "a relative range down": { of: mixed, start: ["e"], request: downgrade("e:-2"), target: "-2" },
  "two bases, branches, a merge": { of: branched, start: [], request: upgrade("base:heads"), all: true },
  "all of it down": { of: branched, start: ["heads"], request: downgrade("heads:base"), all: true },
  "from two heads": { of: branched, start: ["b", "o"], request: upgrade("b,o:heads") },
  "one branch, with what it depends on": { of: branched, start: ["b"], request: upgrade("b:c"), target: "c" },
  "down past a merge": { of: branched, start: ["heads"], request: downgrade("heads:z@a"), target: "z@a" },
  "by label": { of: branched, start: [], request: upgrade("base:other@head"), target: "other@head" },
  stamp: { of: branched, start: ["b"], request: { kind: "stamp", targets: ["b:heads"] } },
  "stamp back": { of: branched, start: ["heads"], request: { kind: "stamp", targets: ["z,p:a"] } },
};

/** What cannot hold statements outside a transaction, or settings for them. */
const inTransactions: readonly FormName[] = ["single transaction", "any client", "split files, any client"];

describe("small trees", () => {
  const [newest, ...older] = servers();
  const cases = Object.entries(shapes).map(([name, shape], index) => {
    return [name, index === 0 ? [newest!, ...older] : [newest!], shape, index] as const;
  });

  test.for(cases)("%s", async ([, on, { of, start, request, target, all }, index]) => {
    for (const server of on) {
      const begun = await ownDatabase(server);
      for (const each of start) await of.upgrade(begun.url, each);
      const copy = () => freshDatabase(server, { template: begun.name });
      const run = await copy();
      await of.run(run.url, onlineRequest(request, target));
      const wanted = await stateOf(run.url);
      expect(wanted).not.toEqual(await stateOf(begun.url));
      const possible = formNames.filter((form) => {
        if (request.kind === "stamp" && form.startsWith("idempotent")) return false;
        return of === branched || !inTransactions.includes(form);
      });
      const forms = all ? possible : ["one file" as const, possible[1 + (index % (possible.length - 1))]!];
      for (const form of forms) {
        const database = await copy();
        await runFiles(form, database.url, await filesOf(form, of.deps, request));
        expect(await stateOf(database.url), form).toEqual(wanted);
        // What is given to --from-database is the state, not the range.
        if (form === "one file") {
          const again = await filesOf(form, of.deps, onlineRequest(request, target), {
            fromDatabase: true,
            database: begun.url,
          });
          expect(again.map(withoutVersion)).toEqual(
            (await filesOf(form, of.deps, request)).map(withoutVersion),
          );
        }
        await database.drop();
      }
      await run.drop();
    }
  });

  function onlineRequest(request: Request, target: string | undefined): Request {
    const end = (range: string): string => target ?? range.slice(range.indexOf(":") + 1);
    if (request.kind === "stamp") return { ...request, targets: request.targets.map(end) };
    return { ...request, target: end(request.target) };
  }
});

/** The server that was asked is the least one from then on; and its receipt. */
function withoutVersion(script: string): string {
  return script
    .replaceAll(/server_version_num'\)::integer < \d+/g, "")
    .replaceAll(/^"minimum": \d+,$/gm, "")
    .replaceAll(/PostgreSQL \S+ or later/g, "")
    .replaceAll(/(the server is '[\s\S]*?)\n +HINT = [\s\S]*?\n {2}END IF;/g, "$1")
    .replaceAll(/[0-9a-f]{64}/g, "");
}
