/** One change of each kind, all in one database: the SQL that is found makes them and takes them back; the rest is refused by name. */
import { describe, expect } from "vitest";
import { diffDatabases } from "../../src/app/diff-databases.ts";
import { compareCatalogs } from "../../src/core/catalog/compare.ts";
import { segmentsText } from "../../src/core/diff/text.ts";
import { counts } from "../../src/core/diff/verdict.ts";
import { readCatalog } from "../../src/io/catalog.ts";
import { pgDelta } from "../../src/io/diff/pg-delta.ts";
import { type Change, changes } from "../support/changes.ts";
import { failureOf, ownDatabase } from "../support/project.ts";
import { ownRole } from "../support/roles.ts";
import { inTurn, query, servers } from "../support/server.ts";
import { addressOf, sessionOn } from "../support/session.ts";

type Direction = "up" | "down";

/** What no SQL can do, or only with the rows. */
const REFUSED: Readonly<Record<string, readonly Direction[]>> = {
  "table differs accessMethod,partitionKey": ["up", "down"],
  "column differs inherited": ["down"],
  "constraint differs inherited": ["down"],
  // What the scratch database is copied from has none of them.
  "subscription extra": ["up", "down"],
  "subscription differs publications": ["up", "down"],
};

const nameOf = (index: number): string => `c${String(index + 1).padStart(3, "0")}`;

describe.sequential.each(servers())("on $name", (server) => {
  const once = inTurn(server);
  const sqlOf = (which: "setup" | "change", role: string, of: (change: Change) => boolean): string =>
    changes
      .map((change, index) => ({ change, name: nameOf(index) }))
      .filter(({ change }) => server.major >= (change.since ?? 12) && of(change))
      .map(
        ({ change, name }) =>
          `${which === "setup" ? `CREATE SCHEMA ${name};` : ""} SET search_path = ${name};
           ${change[which].replaceAll("CASE", name).replaceAll("ROLE", role)};`,
      )
      .join("\n");

  const pair = async (of: (change: Change) => boolean) => {
    const { name: role } = await ownRole(server, "");
    const [before, after] = [await ownDatabase(server), await ownDatabase(server)];
    await query(before.url, sqlOf("setup", role, of));
    await query(after.url, `${sqlOf("setup", role, of)}\n${sqlOf("change", role, of)}`);
    return { before, after };
  };

  const diff = async (from: string, to: string) =>
    diffDatabases(
      { cwd: process.cwd(), env: process.env },
      { from: await addressOf(from), to: await addressOf(to) },
    );

  const differences = async (url: string, other: string) => {
    const sessions = [await sessionOn(url), await sessionOn(other)] as const;
    const [is, shall] = [await readCatalog(sessions[0]), await readCatalog(sessions[1])];
    await Promise.all(sessions.map((session) => session.close()));
    return compareCatalogs(shall, is).filter(counts);
  };

  once.for(["up", "down"] as const)("all changes at once, %s", async (direction) => {
    const { before, after } = await pair(({ sees }) => REFUSED[sees]?.includes(direction) !== true);
    const [from, to] = direction === "up" ? [before, after] : [after, before];
    expect((await differences(from.url, to.url)).length).toBeGreaterThan(150);
    const way = await diff(from.url, to.url);
    await query(from.url, segmentsText(way.segments));
    expect(await differences(from.url, to.url)).toEqual([]);
    expect((await diff(from.url, to.url)).segments).toEqual([]);
  });

  once.for(["up", "down"] as const)("what cannot be done is named, %s", async (direction) => {
    const isRefused = ({ sees }: Change): boolean =>
      REFUSED[sees]?.includes(direction) === true && !sees.startsWith("subscription");
    const { before, after } = await pair(isRefused);
    const [from, to] = direction === "up" ? [before, after] : [after, before];
    const error = await failureOf(diff(from.url, to.url));
    expect(error["exitCode"]).toBe(1);
    const named = changes.flatMap((change, index) => (isRefused(change) ? [nameOf(index)] : []));
    const messages = (error["diagnostics"] as { readonly message: string }[])
      .map(({ message }) => message)
      .join("\n");
    for (const name of named) expect(messages).toContain(` ${name}.`);
  });

  once("a privilege that the older of two servers has not is neither given nor taken", async () => {
    const { name: role } = await ownRole(server, "");
    const [old, young] = [await ownDatabase(server), await ownDatabase(server)];
    const onTables = (privilege: string): string =>
      `GRANT ${privilege} ON t TO ${role}; ALTER DEFAULT PRIVILEGES GRANT ${privilege} ON TABLES TO ${role};`;
    const setup = `CREATE TABLE t (a int); ${onTables("SELECT")}`;
    const has = server.major >= 17;
    await query(old.url, `${setup} ${has ? "REVOKE MAINTAIN ON t FROM CURRENT_USER" : ""}`);
    await query(young.url, `${setup} ${has ? onTables("MAINTAIN") : ""}`);
    const engine = await pgDelta();
    const sessions = [await sessionOn(old.url), await sessionOn(young.url)] as const;
    const asOf15 = { read: sessions[0].read.bind(sessions[0]), version: { number: 150000, text: "15.0" } };
    const roles = { own: "postgres", known: [role] };
    const [a, b] = [await engine.read(asOf15 as never), await engine.read(sessions[1])];
    expect([engine.plan(a, b, roles), engine.plan(b, a, roles)]).toEqual([[], []]);
    await Promise.all(sessions.map((session) => session.close()));
  });

  once("rows stay where a partition, a parent, a collation or a label changes", async () => {
    const setup = `CREATE TYPE mood AS ENUM ('sad', 'happy');
      CREATE TABLE p (a int, m mood) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
      CREATE TABLE parent (a int, t text); CREATE TABLE child (a int, t text) INHERITS (parent);`;
    const change = `ALTER TABLE p DETACH PARTITION p1; ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1, 2);
      ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'; ALTER TABLE parent ALTER COLUMN t TYPE text COLLATE "C";`;
    const [from, to] = [await ownDatabase(server), await ownDatabase(server)];
    await query(from.url, `${setup} INSERT INTO p VALUES (1, 'sad'); INSERT INTO child VALUES (1, 'x')`);
    await query(to.url, `${setup} ${change}`);
    await query(from.url, segmentsText((await diff(from.url, to.url)).segments));
    expect(await query(from.url, "SELECT m::text FROM p1")).toEqual([{ m: "blue" }]);
    expect(await query(from.url, "SELECT t FROM parent")).toEqual([{ t: "x" }]);
  });
});
