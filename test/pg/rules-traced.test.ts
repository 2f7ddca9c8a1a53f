/** Every rule's examples on a real server: what each statement locks, rewrites and reads is what was predicted. */
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import observedSql from "../../sql/trace/observed.sql";
import { Fold, newSession } from "../../src/core/effects/effects.ts";
import { effectsOfFile, type FileToRun } from "../../src/core/effects/file.ts";
import { differences, type ObservedRelation } from "../../src/core/effects/observed.ts";
import { type EffectSummary, summaryOf } from "../../src/core/effects/summary.ts";
import { allRules } from "../../src/core/rules/all.ts";
import { createGrammar } from "../../src/io/grammar.ts";
import { readTrees } from "../../src/io/trees.ts";
import { migrationFile } from "../support/file.ts";
import { shop } from "../support/lint.ts";
import { freshDatabase, servers, type TestDatabase, withClient } from "../support/server.ts";

const [server] = servers();
let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase(server!);
});
afterAll(() => database.drop());

const grammar = createGrammar();
const start = { version: server!.major, searchPath: ["public"], timeZone: "UTC" };

const fileOf = async (text: string): Promise<FileToRun | undefined> => {
  const { file, faults } = await readTrees(grammar, migrationFile(text));
  return faults.length === 0 ? file : undefined;
};

const look = async (client: pg.Client): Promise<readonly ObservedRelation[]> =>
  (await client.query<ObservedRelation>(observedSql)).rows;

/** How many statements did as predicted, and in what the others differ. */
interface Seen {
  agreed: number;
  readonly differ: string[];
}

/** Sends a file's statements; what is outside a transaction cannot be seen. `end`: of its transaction. */
async function sendFile(
  client: pg.Client,
  { source, statements, transactional }: FileToRun,
  predicted: readonly (EffectSummary | undefined)[],
  seen: Seen,
  end: "COMMIT" | "ROLLBACK",
): Promise<void> {
  const known = new Set((await look(client)).map(({ id }) => id));
  if (transactional) await client.query("BEGIN");
  for (const [i, each] of statements.entries()) {
    const sql = source.text.slice(each.start, each.end).replaceAll(":batch_size", "1000");
    const said = predicted[i];
    const before = transactional ? await look(client) : [];
    await client.query(sql);
    if (!transactional || (said?.unknown.length ?? 0) > 0) continue;
    const found = differences(said, before, await look(client), known);
    if (found.length === 0) seen.agreed += 1;
    else seen.differ.push(`${sql}: ${found.join("; ")}`);
  }
  if (transactional) await client.query(end);
}

test(`the examples on ${server!.name}`, { timeout: 120_000 }, async () => {
  const seen: Seen = { agreed: 0, differ: [] };
  const refused: string[] = [];
  await withClient(database.url, async (client) => {
    // Its tables are small: what an index can answer would be read from end to end.
    await client.query("SET timezone = 'UTC'; SET enable_seqscan = off; SET client_min_messages = error");
    let isMade = false;
    for (const { id, server: since = 12, bad, good } of allRules) {
      if (since > server!.major) continue;
      for (const migrations of [[bad], good ?? []]) {
        const files = await Promise.all([shop, ...migrations].map(fileOf));
        // What is refused while it is read is never sent.
        if (files.includes(undefined)) continue;
        const fold = new Fold(newSession(false, start.timeZone));
        if (!isMade) await client.query(`DROP SCHEMA IF EXISTS shop, old, store CASCADE; ${shop}`);
        // What one transaction has done is undone; else the shop is made anew.
        isMade = files.length === 1 || (files.length === 2 && files[1]!.transactional);
        [...effectsOfFile(fold, files[0]!, start)];
        try {
          for (const file of files.slice(1)) {
            fold.beginRun();
            const predicted = [...effectsOfFile(fold, file!, start)].map(summaryOf);
            await sendFile(client, file!, predicted, seen, isMade ? "ROLLBACK" : "COMMIT");
          }
        } catch (error) {
          if (!(error instanceof pg.DatabaseError)) throw error;
          refused.push(id);
          await client.query("ROLLBACK");
        }
      }
    }
  });
  expect(seen.differ).toEqual([]);
  expect(seen.agreed).toBeGreaterThan(100);
  expect(refused).toEqual([
    "add-column-not-null", // there are rows
    "drop-database",
    "duplicate-assignment",
    "enum-value-used",
    "pending-trigger-events",
    "set-tablespace", // there is no such tablespace
    "statement-fails",
  ]);
});
