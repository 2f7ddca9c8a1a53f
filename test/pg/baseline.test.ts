/** A database without migrations becomes one with its first: proven, stamped, and the same for a new database. */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { baseline } from "../../src/app/baseline.ts";
import { readState } from "../../src/app/look.ts";
import { run } from "../../src/app/run.ts";
import { compareCatalogs } from "../../src/core/catalog/compare.ts";
import { readCatalog } from "../../src/io/catalog.ts";
import { failureOf, ownDatabase, project } from "../support/project.ts";
import { inTurn, query, servers } from "../support/server.ts";
import { sessionOn } from "../support/session.ts";

const SCHEMA = `CREATE SCHEMA shop;
  CREATE TYPE shop.mood AS ENUM ('sad', 'happy');
  CREATE FUNCTION shop.next_mood() RETURNS shop.mood LANGUAGE sql AS $$ SELECT 'happy'::shop.mood $$;
  CREATE TABLE shop.users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mood shop.mood DEFAULT shop.next_mood());
  CREATE TABLE shop.orders (user_id bigint REFERENCES shop.users) PARTITION BY LIST (user_id);
  CREATE TABLE shop.orders_1 PARTITION OF shop.orders FOR VALUES IN (1);
  CREATE VIEW shop.happy AS SELECT id FROM shop.users WHERE mood = 'happy';
  INSERT INTO shop.users DEFAULT VALUES;`;

const NO_SERVER = "postgres://postgres@127.0.0.1:1/postgres";

describe.each(servers())("on $name", (server) => {
  const once = inTurn(server);
  once("what a database has is its first migration", async () => {
    const [old, fresh] = [await ownDatabase(server), await ownDatabase(server)];
    const none = await baseline(project({}).deps, { message: "none", database: fresh.url });
    expect(none.warnings).toEqual([
      expect.stringMatching(/^there is nothing in .* that the migration could/),
    ]);
    await query(fresh.url, "DROP SCHEMA retort CASCADE");
    await query(old.url, SCHEMA);
    const { deps, folder } = project({});
    const options = { message: "as it is" };
    const notices: string[] = [];
    const told = { ...deps, onNotice: ({ message }: { message: string }) => void notices.push(message) };
    const { created } = await baseline(told, { ...options, database: old.url });
    expect(notices).toEqual([]);
    expect(readdirSync(folder)).toContain("0001_as_it_is.up.sql");
    const state = await readState(deps, { ...options, database: old.url });
    expect(state.applied.map(({ revision, how }) => [revision, how])).toEqual([[created.revision, "stamp"]]);
    expect(state.pending).toEqual([]);
    expect(await query(old.url, "SELECT id FROM shop.users")).toEqual([{ id: "1" }]);

    await run(deps, { kind: "upgrade", target: "head" }, { database: fresh.url });
    const sessions = [await sessionOn(old.url), await sessionOn(fresh.url)];
    const [a, b] = await Promise.all(sessions.map((session) => readCatalog(session, "retort")));
    for (const session of sessions) await session.close();
    expect(compareCatalogs(a!, b!)).toEqual([]);

    const isApplied =
      "all migrations here are recorded as applied to the database; to compare it with them: migrate drift; to write what it has besides as a migration: migrate revision -m TEXT --autogenerate --desired URL";
    expect(await failureOf(baseline(deps, { ...options, database: old.url }))).toMatchObject({
      code: "usage/not-first",
      hint: `${isApplied}; or, if the stamp was a mistake, take it back: migrate stamp base; then, if no other database has it, delete it: migrate revision --remove`,
    });
    expect(await failureOf(baseline(deps, { ...options, database: fresh.url }))).toMatchObject({
      hint: isApplied,
    });
    await query(fresh.url, "DROP SCHEMA retort CASCADE");
    expect(await failureOf(baseline(deps, { ...options, database: fresh.url }))).toMatchObject({
      code: "usage/not-first",
      hint: expect.stringMatching(
        /: migrate stamp REVISION; or, .* no other database has it, delete it: migrate revision --remove$/,
      ),
    });
    // Of another project, beside whose revisions none of these can be recorded.
    expect(
      await failureOf(baseline(project({ z: "SELECT 1;" }).deps, { ...options, database: old.url })),
    ).toMatchObject({
      code: "usage/not-first",
      hint: expect.stringMatching(
        /belongs to this folder; if two projects share a database, give each its own ledger/,
      ),
    });
    rmSync(join(folder, "0001_as_it_is.up.sql"));
    expect(await failureOf(baseline(deps, { ...options, database: old.url }))).toMatchObject({
      code: "state/not-first",
      hint: expect.stringMatching(/: migrate stamp --purge base$/),
    });
    await run(deps, { kind: "stamp", targets: ["base"], purge: true }, { database: old.url });
    const noScratch = { database: old.url, scratch: NO_SERVER };
    expect(await failureOf(baseline(deps, { ...options, ...noScratch }))).toMatchObject({
      code: "usage/scratch",
    });
  });

  once(
    "an extension is left out with its comment; comments that are ignored may come with extensions",
    async () => {
      const { url } = await ownDatabase(server);
      await query(url, "CREATE EXTENSION hstore; CREATE EXTENSION pg_trgm; CREATE TABLE t (h hstore)");
      const { deps, folder } = project({});
      const ignore = ["extension:pg_trgm", "comment:*"];
      await baseline(deps, { database: url, message: "as it is", ignore });
      const text = readFileSync(join(folder, "0001_as_it_is.up.sql"), "utf8");
      expect(text).toContain("CREATE EXTENSION IF NOT EXISTS hstore");
      expect(text).not.toContain("pg_trgm");
    },
  );

  once("where it cannot be proven, no file is left and nothing is stamped", async () => {
    const { url } = await ownDatabase(server);
    await query(url, SCHEMA);
    const { deps, folder } = project({});
    const options = { database: url, message: "as it is" };
    expect(await failureOf(baseline(deps, { ...options, scratch: NO_SERVER }))).toMatchObject({
      code: "usage/scratch",
    });
    expect(await failureOf(baseline(deps, { ...options, ignore: ["shop.users"] }))).toMatchObject({
      code: "execution/statement",
      hint: 'no file was written; to leave out what needs it, add: ignore: ["SCHEMA.NAME"]',
    });
    expect(readdirSync(folder)).toEqual(["migrate.config.json"]);
    expect((await readState(deps, options)).applied).toEqual([]);
    const lost = project({ a: { up: "SELECT 1; SELECT 1 / 0;", header: ["transaction: none"] } });
    await failureOf(lost.upgrade(url));
    expect(await failureOf(baseline(deps, options))).toMatchObject({
      code: "state/interrupted",
      hint: expect.stringMatching(
        /; or take back by hand what it has done, and discard it with: migrate stamp base$/,
      ),
    });
  });
});
