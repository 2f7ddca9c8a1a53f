/** A newer release has migrated, and an older one is put back: its files lack revisions that the database has. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { outputs } from "../../scripts/output-schema.ts";
import { headsFindings } from "../../src/app/check.ts";
import { repair } from "../../src/app/repair.ts";
import type { RunOptions } from "../../src/app/run.ts";
import { migrateHere } from "../support/migrate.ts";
import { failureOf, ownDatabase, project, type TestProject, withLock } from "../support/project.ts";
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
  expect([done, plan.from, plan.to]).toEqual([false, ["c"], ["c"]]);
  expect(notices).toEqual(["the database is ahead of these files, which lack b, c"]);
  const state = await shop.state(url);
  expect(state.applied.map((row) => row.revision)).toEqual(["a", "b", "c"]);
  expect([state.heads, state.reached]).toEqual([["c"], ["a"]]);
  for (const [command, current] of [
    ["current", [{ revision: "c", parents: ["b"], path: null, unknown: true }]],
    ["status", ["c"]],
  ] as const) {
    const { stdout } = await migrateHere([command, "--json", "--database", url], { cwd: shop.folder });
    expect(outputs[command]!.parse(JSON.parse(stdout))).toMatchObject({ current });
  }
  expect(headsFindings(state)).toHaveLength(1);
  expect(headsFindings(state, { allowAhead: true, onNotice })).toEqual([]);
  expect(notices[1]).toBe(notices[0]);
  // Taken down it would have to know how.
  expect(await failureOf(shop.downgrade(url, "base"))).toMatchObject({
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
    message: expect.stringContaining("; but d is not in the ledger,"),
    hint: expect.stringMatching(
      /^with the files of the newer release, .*: migrate upgrade heads; if there is no newer release, .*: migrate verify$/,
    ),
  });
  // An upgrade is refused before that.
  expect(headsFindings(await shop.state(url))).toMatchObject([
    {
      hint: "see what to do about b with: migrate status; then apply what is pending (d) with: migrate upgrade heads",
    },
  ]);
  const notReady = async () => headsFindings(await shop.state(url), ahead);
  expect(await notReady()).toMatchObject([
    { message: expect.stringMatching(/; but d is not in the ledger,/) },
  ]);
  expect((await shop.upgrade(url, "a", ahead)).done).toBe(false);
  // So that is proposed for what is not pending, and not for what is.
  const hints = ["a", "heads"].map(async (target) => (await failureOf(shop.upgrade(url, target))).hint);
  expect(await Promise.all(hints)).toEqual([
    expect.stringMatching(/ older release, run: migrate upgrade a --allow-ahead$/),
    expect.stringMatching(/: migrate repair --forget b$/),
  ]);
  await query(url, "UPDATE retort.applied SET parents = '{}' WHERE revision = 'b'");
  expect(await failureOf(shop.upgrade(url, "a", ahead))).toMatchObject({
    code: "state/unknown-revision",
    message: expect.stringMatching(/^the ledger does not say that b follows these files/),
    hint: expect.stringMatching(/: migrate repair --forget b$/),
  });
  expect(await notReady()).toMatchObject([{ hint: expect.stringMatching(/: migrate repair --forget b$/) }]);
});

test("a step of the newer release that is under way or interrupted is left to it, where nothing is left to do", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const none = ["transaction: none"];
  const shop = project({
    a: "SELECT 1;",
    b: { up: "VACUUM missing;\n", header: none, down: "VACUUM missing;\n", downHeader: none },
    c: { up: "SELECT 1;", parent: "a" },
  });
  await shop.upgrade(url, "a");
  await failureOf(shop.upgrade(url, "b"));
  without(shop, "0002_b");
  const line = async (...words: string[]) => {
    const { code, stdout, stderr } = await migrateHere([...words, "--database", url], { cwd: shop.folder });
    return [code, stdout + stderr] as const;
  };
  const check = ["current", "--check-heads", "--allow-ahead"];
  const upgrade = ["upgrade", "heads", "--allow-ahead", "--lock-wait", "0"];
  // What is pending waits for it.
  expect(await line(...check)).toEqual([1, expect.stringMatching(/is not on all head revisions/)]);
  expect(await line(...upgrade)).toEqual([5, expect.stringMatching(/state\/interrupted/)]);
  without(shop, "0003_c");
  const left = (is: string) =>
    expect.stringMatching(
      `notice: left to the newer release: the upgrade to b ${is} at statement 1 of 1[^\n]*\n(?!warning|hint)`,
    );
  const began = await query(url, "SELECT * FROM retort.log");
  const leaves = async (is: string) => {
    for (const words of [check, upgrade, [...upgrade, "--dry-run"]])
      expect([words, ...(await line(...words))]).toEqual([words, 0, left(is)]);
  };
  await leaves("was interrupted");
  await withLock(shop, url, () => leaves("is under way"));
  expect(await line(...check.slice(0, 2))).toEqual([1, expect.stringMatching(/an interrupted step/)]);
  expect(await line(...upgrade.filter((word) => word !== "--allow-ahead"))).toEqual([
    5,
    expect.stringMatching(/state\/interrupted/),
  ]);
  expect(await query(url, "SELECT * FROM retort.log")).toEqual(began);
  // It is back, and taken back again: what is below it may be next.
  shop.write("0002_b.up.sql", "-- revision: b\n-- parent: a\n\nSELECT 1;\n");
  shop.write("0002_b.down.sql", "-- revision: b\n-- transaction: none\n\nVACUUM missing;\n");
  await query(url, "CALL retort.forget_intent()");
  await shop.upgrade(url);
  await failureOf(shop.downgrade(url, "a"));
  without(shop, "0002_b");
  const down =
    /the database is ahead of these files, which lack b; left to .*: the downgrade of b was interr/;
  for (const words of [check, upgrade])
    expect(await line(...words)).toEqual([0, expect.stringMatching(down)]);
  await withLock(shop, url, async () => {
    expect(await line(...check)).toEqual([0, expect.stringMatching("the downgrade of b is under way")]);
    expect(await line(...upgrade)).toEqual([5, expect.stringMatching(/state\/locked/)]);
  });
  // One of this release is not left to any other.
  await query(url, "UPDATE retort.intent SET revision = 'a'");
  expect(await line(...check)).toEqual([1, expect.stringMatching(/an interrupted step/)]);
  expect(await line(...upgrade)).toEqual([5, expect.stringMatching(/state\/interrupted/)]);
});

test("after a squash it starts while it has both files; an older one is not told to forget the squashed", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const old = { a: "CREATE TABLE a ();", b: "CREATE TABLE b ();", c: "SELECT 1;" };
  const squashed = { up: "SELECT 1;", parent: "none", header: ["replaces: a, b"] };
  const newer = project({ ...old, s: squashed, d: { up: "SELECT 1;", parent: "c" } });
  await newer.upgrade(url, "c");
  without(newer, "0001_a");
  without(newer, "0002_b");
  await newer.upgrade(url);
  const notices: string[] = [];
  const onNotice: RunOptions["onNotice"] = ({ message }) => void notices.push(message);
  const both = project({ ...old, s: squashed });
  const { done, plan } = await both.upgrade(url, "heads", { ...ahead, onNotice });
  expect([done, plan.to]).toEqual([false, ["d"]]);
  expect(notices).toEqual([
    "the database is ahead of these files, which lack d; the ledger has s in place of a, b",
  ]);
  expect(await both.state(url)).toMatchObject({
    heads: ["d"],
    reached: ["c"],
    pending: [],
    unknown: [{}, {}],
  });
  const more = project({ ...old, s: squashed, e: { up: "SELECT 1;", parent: "c" }, f: "SELECT 1;" });
  expect(await failureOf(more.upgrade(url, "heads", ahead))).toMatchObject({
    message: expect.stringContaining("; but e, f are not in the ledger,"),
  });
  const oldest = project(old);
  for (const options of [ahead, {}]) {
    expect(await failureOf(oldest.upgrade(url, "heads", options))).toMatchObject({
      code: "state/unknown-revision",
      hint: expect.stringMatching(/^applied revisions need b, .* may have squashed it; use that, /),
    });
  }
  for (const dryRun of [true, false]) {
    const forgetting = ({ deps }: TestProject) =>
      failureOf(repair(deps, { database: url, forget: ["s"], dryRun }));
    expect(await forgetting(oldest)).toMatchObject({
      code: "usage/forget",
      message:
        "without the row of 's' an upgrade would run b, which the database may have, in part or in full",
      hint: expect.stringMatching(/^applied revisions need b, .* may have squashed it; use that, /),
    });
    expect(await forgetting(both)).toMatchObject({
      code: "usage/forget",
      hint: expect.stringMatching(/^the ledger has s in place of a, b, so delete their files again: /),
    });
  }
});
