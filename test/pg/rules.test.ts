/** What rules advise is done on a real server, and so are the examples that PostgreSQL is said to refuse. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allRules } from "../../src/core/rules/all.ts";
import { createGrammar } from "../../src/io/grammar.ts";
import { readTrees } from "../../src/io/trees.ts";
import { migrationFile } from "../support/file.ts";
import { findingsIn, shop } from "../support/lint.ts";
import { freshDatabase, servers, type TestDatabase, withClient } from "../support/server.ts";

const [server] = servers();
let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase(server!);
});
afterAll(() => database.drop());

const grammar = createGrammar();

/** Runs migrations as they would be run, on the shop as it is made anew. */
async function run(migrations: readonly string[]): Promise<void> {
  await withClient(database.url, async (client) => {
    await client.query("DROP SCHEMA IF EXISTS shop, old, store CASCADE");
    await client.query(shop);
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

test.each(["duplicate-assignment", "enum-value-used", "pending-trigger-events", "statement-fails"])(
  "PostgreSQL refuses the bad example of %s",
  async (id) => {
    await expect(run([allRules.find((rule) => rule.id === id)!.bad])).rejects.toThrow();
  },
);
