/** `migrate trace` on real servers: the example shop does what was predicted, and what nobody could predict is said. */
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
  const found = await trace({ ...deps, cwd: "sql/example" }, { scratch: url() });
  expect(found.statements.filter(({ verdict }) => verdict === "differs")).toEqual([]);
  expect(counts(found)).toMatchObject({ differs: 0, unseen: 2, "not-known": 0 });
  expect(counts(found)["agrees"]).toBeGreaterThan(60);
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
