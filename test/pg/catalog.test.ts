/** Catalogs of databases: each change is seen, and nothing where nothing changed, across servers, majors and restores. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Catalog, fingerprint } from "../../src/core/catalog/catalog.ts";
import { compareCatalogs, type Difference } from "../../src/core/catalog/compare.ts";
import { readCatalog } from "../../src/io/catalog.ts";
import { openScratch } from "../../src/io/scratch/open.ts";
import type { Session } from "../../src/io/session/types.ts";
import { changes, soleChanges } from "../support/changes.ts";
import { ownDatabase } from "../support/project.ts";
import { needsPsql, pgDump, pgDumpServes, runScript } from "../support/psql.ts";
import { canDo, dropSubscriptions, nameOf, sendChanges, sqlOf } from "../support/send-changes.ts";
import { freshDatabase, query, servers, type TestDatabase } from "../support/server.ts";
import { addressOf, sessionOn } from "../support/session.ts";

const ROLE = "retort_catalog_role";

const sentence = ({ class: name, kind, properties }: Difference): string =>
  [name, kind, ...(properties === undefined ? [] : [Object.keys(properties).sort().join(",")])].join(" ");

/** What is said of the case of that name. */
const seenOf = (differences: readonly Difference[], name: string): readonly string[] =>
  differences.filter(({ identity }) => JSON.stringify(identity).includes(name)).map(sentence);

/** The catalogs after all setups, by what they were read from. */
const catalogs = new Map<string, Catalog>();

describe.sequential.each(servers())("on $name", (server) => {
  let database: TestDatabase;
  let session: Session;
  beforeAll(async () => {
    await query(server.url(), `DROP ROLE IF EXISTS ${ROLE}; CREATE ROLE ${ROLE}`);
    database = await freshDatabase(server);
    session = await sessionOn(database.url);
    await sendChanges(session, "setup", ROLE);
  });
  afterAll(async () => {
    await dropSubscriptions(session);
    await session.close();
    await database.drop();
    await query(server.url(), `DROP ROLE ${ROLE}`);
  });
  let before: Catalog;

  test("a catalog is the same when it is read again", async () => {
    before = await readCatalog(session, "retort");
    expect(before.objects.length).toBeGreaterThan(changes.length);
    expect(await readCatalog(session, "retort")).toEqual(before);
    catalogs.set(server.name, before);
  });

  test("a restored dump has the same fingerprint", async (context) => {
    needsPsql(context);
    if (!pgDumpServes(server)) context.skip("pg_dump is too old for the server");
    const restored = await ownDatabase(server);
    const { code } = await runScript(restored.url, await pgDump(database.url, ["--no-subscriptions"]));
    expect(code).toBe(0);
    const copy = await sessionOn(restored.url);
    const after = await readCatalog(copy, "retort");
    await copy.close();
    const original = { ...before, objects: before.objects.filter((each) => each.class !== "subscription") };
    expect(compareCatalogs(original, after)).toEqual([]);
    expect(fingerprint(after)).toBe(fingerprint(original));
  });

  test("each change is seen, and of the right object", async () => {
    await sendChanges(session, "change", ROLE);
    const differences = compareCatalogs(before, await readCatalog(session, "retort"));
    const wrong = changes.flatMap((each, index) => {
      if (!canDo(each, session)) return [];
      const seen = seenOf(differences, nameOf(index));
      return seen.includes(each.sees)
        ? []
        : [`${nameOf(index)} ${each.change}: ${each.sees}; seen: ${seen.join("; ")}`];
    });
    expect(wrong).toEqual([]);
  });

  test("what the session has set changes nothing of what is read", async () => {
    const { url } = await ownDatabase(server);
    const sole = await sessionOn(url);
    await sole.send(
      `CREATE TABLE t (a text DEFAULT E'\\\\n', b bytea DEFAULT '\\xdead', d timestamptz DEFAULT '2020-02-03 12:00Z',
         f float8 DEFAULT 0.1::float8 + 0.2, i interval DEFAULT '1 day 2 hours', m money DEFAULT 1234.5::numeric);
       ALTER TABLE t ALTER a SET (n_distinct = 5); CREATE VIEW v AS SELECT a ~ E'\\\\d' AS x FROM t`,
    );
    const first = await readCatalog(sole);
    for (const setting of [
      "standard_conforming_strings = off",
      "quote_all_identifiers = on",
      "search_path = public, pg_catalog",
      "DateStyle = 'German'",
      "TimeZone = 'Asia/Tokyo'",
      "IntervalStyle = 'iso_8601'",
      "extra_float_digits = -3",
      "bytea_output = 'escape'",
    ])
      await sole.send(`SET ${setting}`);
    expect(await readCatalog(sole)).toEqual(first);
    await sole.close();
  });

  test("the session reads as before", async () => {
    expect(await session.send("SHOW jit")).toBe("SHOW");
    await session.send("CREATE TABLE public.writes_again (); DROP TABLE public.writes_again;");
  });

  test.each(soleChanges)("$change", async ({ sees, setup, change }) => {
    const { url } = await ownDatabase(server);
    const sole = await sessionOn(url);
    if (setup !== "") await sole.send(sqlOf(setup, "sole", ROLE));
    const first = await readCatalog(sole, "retort");
    await sole.send(sqlOf(change, "sole", ROLE));
    const differences = compareCatalogs(first, await readCatalog(sole, "retort"));
    await sole.close();
    expect(differences.map(sentence)).toContain(sees);
  });
});

test("the same objects are the same on each major version and on PGlite", async () => {
  const on = await addressOf("pglite:memory");
  const scratch = await openScratch({ cwd: "/", env: process.env, on });
  const session = await scratch.empty();
  await session.send(`CREATE ROLE ${ROLE}`);
  await sendChanges(session, "setup", ROLE);
  catalogs.set("PGlite", await readCatalog(session, "retort"));
  await scratch.close();
  const notEverywhere = changes.flatMap(({ since, needs }, index) =>
    since === undefined && needs === undefined ? [] : [`*${nameOf(index)}*`],
  );
  const [first, ...others] = [...catalogs];
  expect(others.length).toBeGreaterThanOrEqual(1);
  for (const [name, catalog] of others) {
    const differences = compareCatalogs(first![1], catalog, { ignore: notEverywhere });
    expect(differences, `${first![0]} and ${name}`).toEqual([]);
  }
});
