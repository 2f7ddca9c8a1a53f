/** A newer release has migrated, and an older one is put back: its files lack revisions that the database has. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunOptions } from "../../src/app/run.ts";
import { failureOf, ownDatabase, project, type TestProject } from "../support/project.ts";
import { query, servers } from "../support/server.ts";

const ahead: RunOptions = { allowAhead: true };

const without = ({ folder }: TestProject, name: string): void => {
  for (const direction of ["up", "down"]) rmSync(join(folder, `${name}.${direction}.sql`));
};

test("it starts where all that it has is applied, and where the ledger says what the rest follows", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const shop = project({ a: "CREATE TABLE a ();", b: "CREATE TABLE b ();", c: "CREATE TABLE c ();" });
  await shop.upgrade(url);
  without(shop, "0002_b");
  without(shop, "0003_c");
  expect(await failureOf(shop.upgrade(url))).toMatchObject({
    code: "state/unknown-revision",
    hint: expect.stringContaining("--allow-ahead"),
  });
  const notices: string[] = [];
  const onNotice: RunOptions["onNotice"] = ({ message }) => void notices.push(message);
  const { done, plan } = await shop.upgrade(url, "heads", { ...ahead, onNotice });
  expect([done, plan.to]).toEqual([false, ["a"]]);
  expect(notices).toEqual(["the database is ahead of these files, which lack b, c"]);
  expect((await shop.state(url)).applied.map((row) => row.revision)).toEqual(["a", "b", "c"]);
  // Taken down it would have to know how.
  expect(await failureOf(shop.downgrade(url, "base", ahead))).toMatchObject({
    code: "state/unknown-revision",
  });
  // An edited file is told as ever.
  shop.write("0001_a.up.sql", "-- revision: a\n-- parent: none\n\nCREATE TABLE other ();\n");
  expect(await failureOf(shop.upgrade(url, "heads", ahead))).toMatchObject({ code: "state/changed-file" });
});

test("it does not start where something is left to do, or where the rest is another project's", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const shop = project({ a: "SELECT 1;", b: "SELECT 1;", d: { up: "SELECT 1;", parent: "a" } });
  await shop.upgrade(url, "b");
  without(shop, "0002_b");
  expect(await failureOf(shop.upgrade(url, "heads", ahead))).toMatchObject({
    code: "state/unknown-revision",
    message: expect.stringContaining("; but d is not applied"),
    hint: "with the files of the newer release, run: migrate upgrade",
  });
  expect((await shop.upgrade(url, "a", ahead)).done).toBe(false);
  await query(url, "UPDATE retort.applied SET parents = '{}' WHERE revision = 'b'");
  expect(await failureOf(shop.upgrade(url, "a", ahead))).toMatchObject({
    code: "state/unknown-revision",
    message: expect.stringMatching(/^the ledger does not say that b follows these files/),
    hint: expect.stringMatching(/: migrate repair --forget b$/),
  });
});
