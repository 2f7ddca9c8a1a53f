/** What rules advise is done on a real server, and so are the examples that PostgreSQL is said to refuse. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allRules } from "../../src/core/rules/all.ts";
import { backfill } from "../../src/core/rules/recipes.ts";
import { createGrammar } from "../../src/io/grammar.ts";
import { readTrees } from "../../src/io/trees.ts";
import { migrationFile } from "../support/file.ts";
import { asTheyCome, findingsIn, shop, withRecipes } from "../support/lint.ts";
import { freshDatabase, servers, type TestDatabase, withClient } from "../support/server.ts";

const [server] = servers();
let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase(server!);
});
afterAll(() => database.drop());

const grammar = createGrammar();

/** Runs migrations as they would be run, on the shop as it is made anew. */
async function run(migrations: readonly string[], setup = ""): Promise<void> {
  await withClient(database.url, async (client) => {
    await client.query("DROP SCHEMA IF EXISTS shop, old, store CASCADE");
    await client.query(`${shop}${setup}`);
    for (const text of migrations) {
      const { statements } = await grammar.parse(migrationFile(text));
      const { transactional } = (await readTrees(grammar, migrationFile(text))).file;
      if (transactional) await client.query("BEGIN");
      for (const { sql } of statements) await client.query(sql);
      if (transactional) await client.query("COMMIT");
    }
  });
}

const usable = allRules.filter(({ server: since = 12 }) => since <= server!.major);

describe.each(usable.map((rule) => [rule.id, rule] as const))("%s", (id, rule) => {
  test(`${server!.name} does what it advises`, async () => {
    const active = [{ rule, severity: "error" as const }];
    const recipe = (await findingsIn([rule.bad], active)).find((each) => each.rule === id)?.recipe;
    if (recipe !== undefined) await run(recipe);
    if (rule.good !== undefined) await run(rule.good);
  });
});

test.each(withRecipes)("$rule: what it proposes for $sql can be run", async ({ rule, sql, setup = "" }) => {
  const found = await findingsIn([sql], asTheyCome, { before: `${shop}${setup}`, version: server!.major });
  await run(found.find((each) => each.rule === rule)?.recipe ?? [], setup);
});

test("filling rows of a table leaves those of its children that are filled already", async () => {
  const setup = `CREATE TABLE shop.whole (a integer); CREATE TABLE shop.part () INHERITS (shop.whole);
    INSERT INTO shop.whole VALUES (NULL); INSERT INTO shop.part VALUES (2);`;
  await run([backfill("shop.whole", "a", "1")], setup);
  await withClient(database.url, async (client) => {
    const { rows } = await client.query("SELECT a FROM shop.whole ORDER BY a");
    expect(rows).toEqual([{ a: 1 }, { a: 2 }]);
  });
});

test.each(["duplicate-assignment", "enum-value-used", "pending-trigger-events", "statement-fails"])(
  "PostgreSQL refuses the bad example of %s",
  async (id) => {
    await expect(run([allRules.find((rule) => rule.id === id)!.bad])).rejects.toThrow();
  },
);
