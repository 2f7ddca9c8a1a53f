/** Files that changed after they were applied: seen, refused, accepted; on a real server. */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { diagnose } from "../../src/app/doctor.ts";
import { type RepairOptions, repair } from "../../src/app/repair.ts";
import { verify } from "../../src/app/verify.ts";
import { diagnosticOf, type Finding } from "../../src/core/integrity.ts";
import { renderScript } from "../../src/render/script/script.ts";
import { migrateHere, steadyLedger } from "../support/migrate.ts";
import { failureOf, ownDatabase, project, type TestProject } from "../support/project.ts";
import { needsPsql, runScript } from "../support/psql.ts";
import { oneServer, query, withClient } from "../support/server.ts";

const header = (revision: string, parent: string): string =>
  `-- revision: ${revision}\n-- parent: ${parent}\n\n`;

describe.each(oneServer("oldest"))("integrity on $name", (server) => {
  let url: string;
  let shop: TestProject;

  beforeEach(async () => {
    ({ url } = await ownDatabase(server));
    shop = project({ a: "CREATE TABLE a ();\n", b: "CREATE TABLE b ();\n", c: "CREATE TABLE c ();\n" });
    await shop.upgrade(url, "c");
  });

  const findings = async () => (await verify(shop.deps, { database: url })).findings;
  const kinds = async () => (await findings()).map(({ kind, revision }) => `${kind} ${revision}`);
  const repaired = (options: RepairOptions = {}) => repair(shop.deps, { database: url, ...options });
  const changeB = () => shop.write("0002_b.up.sql", `${header("b", "a")}CREATE TABLE b (id int);\n`);
  const removeC = () => {
    for (const half of ["up", "down"]) rmSync(join(shop.folder, `0003_c.${half}.sql`));
  };
  const interrupt = (database: string, revision: string, direction: "up" | "down") =>
    query(
      database,
      `INSERT INTO retort.intent (revision, direction, statement, of, hash, before, started_at, started_by, done, found)
        VALUES ('${revision}', '${direction}', 1, 2, 'x', 'y', now(), 'x', false, false)`,
    );
  const repairs = () =>
    query<{ revision: string; checksum: string; detail: string }>(
      url,
      "SELECT revision, checksum, detail FROM retort.log WHERE event = 'repair' ORDER BY id",
    );

  test("another project's ledger in the same database: each needs a schema of its own", async () => {
    const other = project({ x: "SELECT 1;" });
    const hint = expect.stringContaining('"ledger": {"schema": ');
    for (const request of [
      { kind: "upgrade", target: "heads" },
      { kind: "downgrade", target: "base" },
      { kind: "stamp", targets: ["heads"] },
    ] as const) {
      const { diagnostics, ...error } = await failureOf(other.run(url, request));
      expect(error).toMatchObject({ code: "state/unknown-revision", hint });
      expect(new Set((diagnostics as { hint: string }[]).map((each) => each.hint)).size).toBe(1);
    }
    for (const command of ["status", "verify"]) {
      const { stderr } = await migrateHere([command, "--database", url], { cwd: other.folder });
      expect(stderr).toMatch(/^hint: .*"ledger": \{"schema": .*\n$/);
      expect(stderr).not.toContain("--forget");
    }
    const apart = project({ x: "SELECT 1;" }, { ledger: { schema: "other" } });
    expect((await apart.upgrade(url)).done).toBe(true);
    expect((await apart.state(url)).heads).toEqual(["x"]);
    expect((await shop.state(url)).heads).toEqual(["c"]);
  });

  test("what was run, scripted or stamped is as its file, until the file changes", async () => {
    expect(await kinds()).toEqual([]);
    const other = await ownDatabase(server);
    await shop.run(other.url, { kind: "stamp", targets: ["head"] });
    expect((await verify(shop.deps, { database: other.url })).findings).toEqual([]);
    changeB();
    expect(await kinds()).toEqual(["body b"]);
    const told = async (...words: string[]) =>
      (await migrateHere([...words, "--database", url], { cwd: shop.folder })).stderr;
    const status = (...flags: readonly string[]) => told("status", ...flags);
    expect(await told("downgrade", "a", "--dry-run")).toContain(
      "warning: 0002_b.up.sql: the SQL of b is not what the ledger recorded",
    );
    for (const flags of [[], ["-q"], ["--json"]])
      expect(await status(...flags)).toBe(
        "warning: the SQL of applied files is not what was recorded (b), so the next upgrade stops; see: migrate verify --database URL\n",
      );
    shop.write("0002_b.up.sql", `${header("b", "a")}CREATE TABLE b ( ); -- empty\n`);
    expect(await kinds()).toEqual(["comments b"]);
    expect(await status()).toBe("");
    expect(await told("upgrade")).toContain("warning: 0002_b.up.sql: only comments or white space of b");
  });

  test("an upgrade stops at changed SQL, names it, and goes on when it is accepted", async () => {
    changeB();
    shop.write("0004_d.up.sql", `${header("d", "c")}CREATE TABLE d ();\n`);
    shop.write("0004_d.down.sql", "-- revision: d\n");
    const refused = await failureOf(shop.upgrade(url));
    expect(refused).toMatchObject({
      code: "state/changed-file",
      exitCode: 5,
      location: { path: "0002_b.up.sql" },
    });
    const [finding] = await findings();
    const { done, left } = await repaired();
    expect({ done, left }).toEqual({ done: true, left: [] });
    const { checksum: was, fileChecksum: is } = finding as { checksum: string; fileChecksum: string };
    expect(await repairs()).toEqual([
      { revision: "b", checksum: is, detail: `body: sha256:${was} -> sha256:${is}` },
    ]);
    expect(await kinds()).toEqual([]);
    expect((await shop.upgrade(url)).done).toBe(true);
  });

  test("changed comments stop nothing", async () => {
    shop.write("0002_b.up.sql", `${header("b", "a")}-- why\nCREATE TABLE b ();\n`);
    await shop.upgrade(url);
    await shop.downgrade(url, "base");
  });

  test("changed SQL can be taken down", async () => {
    changeB();
    await shop.downgrade(url, "a");
    expect(await kinds()).toEqual([]);
  });

  test("accepts headers", async () => {
    shop.write(
      "0003_c.up.sql",
      `-- revision: c\n-- parent: b\n-- depends-on: a\n-- message: it's c\n\nCREATE TABLE c ();\n`,
    );
    expect(await kinds()).toEqual(["header c"]);
    await repaired();
    expect(await kinds()).toEqual([]);
    expect(await repairs()).toMatchObject([{ detail: "depends-on: '' -> 'a'; message: 'c' -> 'it's c'" }]);
  });

  test("a parent that was edited is told before the plan that fails by it, in a run and for a script", async () => {
    shop.write("0003_c.up.sql", `${header("c", "none")}CREATE TABLE c ();\n`);
    for (const args of [["upgrade"], ["upgrade", "head", "--sql", "--from-database"], ["downgrade", "-1"]]) {
      const { stderr } = await migrateHere([...args, "--database", url], { cwd: shop.folder });
      expect(stderr).toMatch(
        /^warning: 0003_c\.up\.sql: the header of c is not what the ledger recorded: parent 'b' -> 'none'; it was applied on .*; write '-- parent: b' in the header again, or accept .*\nerror\[graph\//,
      );
    }
    const { stderr } = await migrateHere(["status", "--database", url], { cwd: shop.folder });
    expect(stderr).toMatch(
      /^warning: the parent or depends-on of applied files is not what was recorded \(c\), so the graph/,
    );
  });

  test("a file that was moved into a folder below is said to be there, with the command that brings it back", async () => {
    const other = await ownDatabase(server);
    const moved = project({ a: "SELECT 1;", b: "SELECT 2;", c: "SELECT 3;" });
    await moved.upgrade(other.url);
    const sh = (command: string) => execFileSync("sh", ["-c", command], { cwd: moved.folder });
    sh("mkdir -p old/er && mv 0003_c.* old && mv 0002_b.* old/er");
    const { diagnostics } = await failureOf(moved.upgrade(other.url));
    const hints = (diagnostics as { message: string; hint: string }[]).map(({ message, hint }) => {
      expect(message).toMatch(/, but has its file in old(?:\/er)?, which is not read$/);
      return hint;
    });
    expect(new Set(hints)).toEqual(
      new Set([
        'folders below . are not read; move their files up: mv old/er/0002_b.*.sql old/0003_c.*.sql .; or name old/er, old too, in "directories"',
      ]),
    );
    sh(/mv .*?(?=;)/.exec(hints[0]!)![0]);
    expect((await verify(moved.deps, { database: other.url })).findings).toEqual([]);
  });

  test("a script that starts from a database stops at changed SQL, as a run does", async () => {
    changeB();
    const plan = shop.plan({ kind: "upgrade", target: "head" }, { database: url, fromDatabase: true });
    expect(await failureOf(plan)).toMatchObject({ code: "state/changed-file" });
  });

  test("so does one that cannot ask a database, and its preflight, but not for comments", async (context) => {
    needsPsql(context);
    const preflight = { args: ["-v", "preflight=1"] };
    const scripts = () =>
      Promise.all([false, true].map((idempotent) => shop.script("base:c", { idempotent })));
    shop.write("0002_b.up.sql", `${header("b", "a")}CREATE TABLE b (); -- as before\n`);
    const [once, skipping] = await scripts();
    expect((await runScript(url, once!)).stderr).toContain("All of it is done already.");
    expect(await runScript(url, skipping!)).toMatchObject({ code: 0, stderr: "" });
    changeB();
    for (const text of await scripts()) {
      const said = "applied with other SQL than that of this script: b";
      const stderr = expect.stringContaining(`${said}\n`);
      expect(await runScript(url, text)).toMatchObject({ code: 3, stderr });
      expect((await runScript(url, text, preflight)).stdout).toMatch(
        new RegExp(
          `^ X \\| ledger   \\| at c; ${said}\\. Compare .*: migrate verify\\. If .*: write it again\\.$`,
          "m",
        ),
      );
    }
    // The other side of the hint: the file is as it ran, and the script has it as it was before.
    await repaired();
    expect(await kinds()).toEqual([]);
    expect((await runScript(url, once!)).stderr).toMatch(
      /other sql than that of this script: b\n.* If that finds nothing, this script was written from other files, /i,
    );
  });

  test("forgets only what no file has, and only when told to; the digest stays right", async () => {
    removeC();
    expect(await kinds()).toEqual(["vanished c"]);
    const { plan, left, done } = await repaired();
    expect({ steps: plan.steps, left: left.length, done }).toEqual({ steps: [], left: 1, done: false });
    for (const revision of ["b", "z"]) {
      const failure = await failureOf(repaired({ forget: [revision] }));
      expect(failure).toMatchObject({ code: "usage/forget", hint: "the only revision of that kind is c" });
    }
    // A hole is told how to fill when nothing else stops the upgrade that does.
    await query(url, "CALL retort.remove('a', 'unstamp', 'stamp', NULL)");
    const hintOf = ({ left }: { left: readonly Finding[] }) => left.map(diagnosticOf).map(({ hint }) => hint);
    expect(hintOf(await repaired({ forget: ["c"], dryRun: true }))).toEqual([undefined]);
    expect(hintOf(await repaired({ forget: ["c"] }))).toEqual([
      expect.stringMatching(/^run what is missing with: migrate upgrade; .*: migrate stamp b$/),
    ]);
    const asked = [["status"], ["current"], ["history", "-i"], ["show", "current"]];
    const asJson = asked.map((words) => [...words, "--json", "-q"]);
    for (const words of [...asked, ...asJson]) {
      const { code, stderr } = await migrateHere([...words, "--database", url], { cwd: shop.folder });
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: expect.stringMatching(
          /^warning: 0002_b\.up\.sql: b was applied .*, but a, which it needs, is not(?:\nhint:|;) run what is missing with: migrate upgrade --database URL; .*\n$/,
        ),
      });
    }
    await shop.run(url, { kind: "stamp", targets: ["b"] });
    expect(await kinds()).toEqual([]);
    expect(await repairs()).toMatchObject([{ revision: "c", detail: expect.stringContaining("in no file") }]);
    // The guards of the next step compare count and digest.
    await shop.downgrade(url, "a");
    expect((await shop.state(url)).heads).toEqual(["a"]);
  });

  test("a stamp that purges forgets what no file has", async () => {
    removeC();
    await shop.run(url, { kind: "stamp", targets: ["a"], purge: true });
    expect((await shop.state(url)).applied.map(({ revision }) => revision)).toEqual(["a"]);
  });

  test("writes nothing when the answer is no, when a row changed meanwhile, or without the lock", async () => {
    changeB();
    const before = await steadyLedger(url);
    expect((await repaired({ confirm: () => false })).done).toBe(false);
    const none = (async () => {}) as unknown as () => Promise<boolean>;
    expect(await failureOf(repaired({ confirm: none }))).toMatchObject({ code: "usage/option" });
    expect((await repaired({ dryRun: true })).plan.steps).toMatchObject([{ revision: "b" }]);
    expect(await steadyLedger(url)).toEqual(before);

    shop.write("0002_b.up.sql", `${header("b", "a")}<<<<<<< HEAD\nCREATE TABLE b (id int);\n`);
    expect(await failureOf(repaired())).toMatchObject({
      code: "source/syntax",
      hint: expect.stringContaining("git could not merge"),
    });
    // Nor is anybody told to.
    const hint = expect.stringMatching(/^no run would take \S*b\S* as it is now: line 4: .*git could not/);
    expect(await findings()).toMatchObject([{ kind: "body", hint }]);
    expect(await failureOf(shop.upgrade(url))).toMatchObject({ code: "state/changed-file", hint });
    const { checks } = await diagnose(shop.deps, { database: url });
    expect(checks).toContainEqual(expect.objectContaining({ check: "ledger", status: "wrong", hint }));
    // A comment may say how a statement runs.
    shop.write("0002_b.up.sql", `${header("b", "a")}-- batch: 100\nCREATE TABLE b ();\n`);
    expect(await failureOf(repaired())).toMatchObject({ code: "source/batch" });
    expect(await findings()).toMatchObject([
      { kind: "comments", hint: expect.stringMatching(/^no run would take \S*b\S* as it is now: line \d: /) },
    ]);
    changeB();

    const race = async () => {
      await query(url, "UPDATE retort.applied SET message = 'other' WHERE revision = 'b'");
      return true;
    };
    expect(await failureOf(repaired({ confirm: race }))).toMatchObject({
      code: "state/guard",
      message: expect.stringMatching(/; with other values in the ledger than expected: b$/),
      hint: expect.stringMatching(/; and compare its rows with the files: migrate verify\.$/),
    });
    await query(url, "UPDATE retort.applied SET message = 'b' WHERE revision = 'b'");

    const [lock] = (await repaired({ dryRun: true })).plan.batches[0]!.statements.filter(
      ({ purpose }) => purpose === "lock",
    );
    await withClient(url, async (client) => {
      await client.query(lock!.sql);
      expect(await failureOf(repaired({ lockWait: 0 }))).toMatchObject({ code: "state/locked" });
    });
    expect(await steadyLedger(url)).toEqual(before);
  });

  test("repairs beside an interrupted step, which stays so; so does the script", async (context) => {
    changeB();
    for (const direction of ["up", "down"] as const) {
      await query(url, "TRUNCATE retort.intent");
      const revision = direction === "up" ? "d" : "c";
      await interrupt(url, revision, direction);
      await repaired();
      expect(await kinds()).toEqual([]);
      expect((await shop.state(url)).interrupted?.revision).toBe(revision);
      await query(url, "UPDATE retort.applied SET message = 'x' WHERE revision = 'a'");
      needsPsql(context);
      const asScript = { database: url, script: true, dryRun: false };
      const { plan, ledger, done } = await repair(shop.deps, asScript);
      expect(done).toBe(false);
      expect(await runScript(url, renderScript(plan, ledger).text)).toMatchObject({ code: 0, stderr: "" });
      expect((await shop.state(url)).interrupted?.revision).toBe(revision);
    }
  });

  test("a stamp that only discards an interrupted step says so", async () => {
    const stamp = (...words: string[]) =>
      migrateHere(["stamp", "c", ...words, "--database", url], { cwd: shop.folder });
    await interrupt(url, "c", "down");
    const said =
      "notice: the downgrade of c was interrupted at statement 1 of 2; the stamp discards the record of that\n";
    for (const words of [["--dry-run"], []]) expect((await stamp(...words)).stderr).toContain(said);
    expect((await stamp("--dry-run")).stderr).toMatch(/^nothing to stamp: c on /);
  });

  test("forgets with a row its downgrade that was interrupted; so does the script", async (context) => {
    needsPsql(context);
    const other = await ownDatabase(server);
    await shop.upgrade(other.url, "c");
    for (const each of [url, other.url]) await interrupt(each, "c", "down");
    removeC();
    const { plan, ledger } = await repair(shop.deps, { database: url, script: true, forget: ["c"] });
    expect((await runScript(url, renderScript(plan, ledger).text)).stderr).toBe("");
    await repair(shop.deps, { database: other.url, forget: ["c"] });
    expect((await shop.state(url)).interrupted).toBeUndefined();
    expect(await repairs()).toMatchObject([
      { detail: expect.stringContaining("; its downgrade was interrupted at statement 1") },
    ]);
    expect(withoutTimes(await steadyLedger(url))).toEqual(withoutTimes(await steadyLedger(other.url)));
  });

  test("the script of a repair does what the run does", async (context) => {
    needsPsql(context);
    const other = await ownDatabase(server);
    await shop.upgrade(other.url);
    changeB();
    removeC();
    const { plan, ledger } = await repair(shop.deps, { database: url, script: true, forget: ["c"] });
    const { text } = renderScript(plan, ledger);
    // What no file has is applied, too.
    expect(text).toMatch(
      /^-- Retort migration script: repair c -> b\n[\s\S]*\n-- {3}c and all that it needs\.\n/,
    );
    expect((await runScript(url, text)).stderr).toBe("");
    await repair(shop.deps, { database: other.url, forget: ["c"] });
    expect(withoutTimes(await steadyLedger(url))).toEqual(withoutTimes(await steadyLedger(other.url)));
    expect(await kinds()).toEqual([]);
  });

  test("the script of a repair says that it is done already, or that its rows are others now", async (context) => {
    needsPsql(context);
    changeB();
    removeC();
    const preflight = { args: ["-v", "preflight=1"] };
    const { plan, ledger } = await repair(shop.deps, { database: url, script: true, forget: ["c"] });
    const { text } = renderScript(plan, ledger);
    expect(await runScript(url, text, preflight)).toMatchObject({ code: 0, stderr: "" });
    expect(await runScript(url, text)).toMatchObject({ code: 0, stderr: "" });
    const state = "this database is not in the expected state";
    const missing = `${state}; not applied, but should be: c`;
    const changed = `${missing}; with other values in the ledger than expected: b`;
    const see = "See: SELECT * FROM retort.applied;";
    const again = "If this is the right database, write a script from this state with: migrate repair --sql";
    const further = "there is nothing to do for this script: its rows of the ledger are repaired already";
    const stamp = "CALL retort.stamp('x', '', '', '{}', '')";
    const other = await ownDatabase(server);
    await shop.upgrade(other.url, "a");
    for (const [at, found, message, hint, change] of [
      ["b", "", changed, "All of it is done already."],
      [
        "b, x",
        "",
        changed.replace("; with", "; applied, but should not be: x; with"),
        `${see} ${further}.`,
        stamp,
      ],
      [
        "b",
        `; ${changed}`,
        changed,
        `${see} and compare its rows with the files: migrate verify. ${again}`,
        "UPDATE retort.applied SET message = 'x' WHERE revision = 'b'",
      ],
      ["a", `; ${missing.replace(/c$/, "b, c")}`, missing.replace(/c$/, "b, c"), `${see} ${again}`],
    ] as const) {
      const to = at === "a" ? other.url : url;
      if (change !== undefined) await query(url, change);
      const looked = await runScript(to, text, preflight);
      expect(looked).toMatchObject({ code: 3, stdout: expect.stringContaining(`at ${at}${found}. ${hint}`) });
      const { code, stderr } = await runScript(to, text);
      expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining(`retort: ${message}`) });
      expect(stderr).toContain(`HINT:  Nothing was changed. ${hint}\n`);
      if (change === stamp) await query(url, "CALL retort.remove('x', 'unstamp', 'stamp', NULL)");
    }
  });

  test("the command shows, needs a yes, and says by its exit code whether anything is left", async () => {
    changeB();
    removeC();
    const say = (...words: string[]) => migrateHere([...words, "--database", url], { cwd: shop.folder });
    const found = await say("verify");
    expect(found.code).toBe(1);
    expect(found.stdout).toMatch(
      /^0002_b\.up\.sql: the SQL of b is not what the ledger recorded: sha256 \w{12} in the ledger, \w{12} in the file; it was applied on \S+ by \S+\nc has no file; it was applied on \S+ by \S+, sha256 \w{12}\n$/,
    );
    expect(found.stderr).toContain("migrate repair --database URL --forget c");
    expect((await say("repair", "--dry-run")).stdout).toMatch(
      /^0002_b.*\n {2}its row in the ledger is set to what the file says; nothing is run\n$/,
    );
    // The message is the file's name.
    const row = "UPDATE retort.applied SET message";
    await query(url, `${row} = 'another project''s' WHERE revision = 'b'`);
    expect((await say("repair", "--dry-run")).stdout).toMatch(
      /^0002_b.*\n0002_b.*\n {2}both the message and the SQL are others: it may be another project's revision\n {2}its row/,
    );
    await query(url, `${row} = 'b' WHERE revision = 'b'`);
    expect(await say("repair")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("usage/needs-yes"),
    });
    expect(await say("repair", "--yes")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /repaired: b.*; none of their SQL was run\nwarning: c has no file; .*\nhint: .*--forget c/,
      ),
    });
    const deleted = "  its row in the ledger is deleted; what it did is not undone by that\n";
    expect(await say("repair", "--forget", "c", "--dry-run")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(new RegExp(`^c has no file; .*\n${deleted}$`)),
    });
    const json = JSON.parse((await say("repair", "--forget", "c", "--dry-run", "--json")).stdout);
    expect(json).toMatchObject({ repaired: [], forgotten: ["c"], done: false });
    expect(await say("repair", "--yes", "--forget", "c")).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^c has no file.*\n.*\nforgotten: c on .*; what it did is not undone/),
    });
    expect(await say("verify")).toMatchObject({ code: 0, stdout: "", stderr: "verified: 2\n" });
  });
});

/** The log tells when a row that is forgotten was applied. */
const withoutTimes = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value).replaceAll(/\d{4}-[-\dT:.]+Z/g, "~"));
