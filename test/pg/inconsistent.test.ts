/** A ledger that does not fit together: every reader and every script says so and changes nothing, and `repair` mends what can be known. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { ensureLedger } from "../../src/app/ensure.ts";
import { readLog } from "../../src/app/log.ts";
import { history, show } from "../../src/app/look.ts";
import { offline } from "../../src/app/offline.ts";
import { repair } from "../../src/app/repair.ts";
import { verify } from "../../src/app/verify.ts";
import { rightsOf } from "../../src/core/plan/rights.ts";
import { dump, ledger } from "../support/dump.ts";
import { migrateHere } from "../support/migrate.ts";
import { failureOf, ownDatabase, project } from "../support/project.ts";
import { needsPgDump, needsPsql, pgDump, runScript } from "../support/psql.ts";
import { ownRole } from "../support/roles.ts";
import { query, servers } from "../support/server.ts";

const shop = project({
  a: { up: "CREATE TABLE a (x int);", down: "DROP TABLE a;" },
  b: { up: "CREATE TABLE b (x int);", down: "DROP TABLE b;" },
  c: { up: "CREATE TABLE c (x int);", down: "DROP TABLE c;" },
});

const command = (url: string, ...words: string[]) =>
  migrateHere([...words, "--database", url], { cwd: shop.folder });

/** All that read the ledger. */
const readers: Readonly<Record<string, (url: string) => Promise<unknown>>> = {
  "status, current": (url) => shop.state(url),
  history: (url) => history(shop.deps, { database: url, indicateCurrent: true }),
  show: (url) => show(shop.deps, "current", { database: url }),
  log: (url) => readLog(shop.deps, { database: url, last: 0 }),
  verify: (url) => verify(shop.deps, { database: url }),
  upgrade: (url) => shop.upgrade(url),
  "upgrade --dry-run": (url) => shop.upgrade(url, "heads", { dryRun: true }),
  downgrade: (url) => shop.downgrade(url, "base"),
  stamp: (url) => shop.run(url, { kind: "stamp", targets: ["heads"] }),
  "stamp --purge": (url) => shop.run(url, { kind: "stamp", targets: ["heads"], purge: true }),
  "ensure-version": (url) => ensureLedger(shop.deps, { database: url }),
  "--from-database": (url) =>
    offline(shop.deps, { kind: "upgrade", target: "heads" }, { database: url, fromDatabase: true }),
};

let turn = 0;

/** None says that all is well, and none changes anything. All ask the same guard: each time a third of them is asked, in turn. */
async function expectNoticed(url: string, sentence: RegExp, hint = /migrate repair/): Promise<void> {
  const before = await dump(url);
  turn += 1;
  for (const [index, [name, reader]] of Object.entries(readers).entries()) {
    if ((index + turn) % 3 !== 0) continue;
    const error = await failureOf(reader(url));
    expect({ ...error, reader: name }).toMatchObject({
      reader: name,
      code: "state/guard",
      exitCode: 5,
      sqlstate: "RT003",
      hint: expect.stringMatching(hint),
    });
    expect(error.message).toMatch(sentence);
    expect(error["hint"]).toContain("migrate repair");
  }
  expect(await dump(url)).toBe(before);
}

const APPLIED = "SELECT revision FROM retort.applied ORDER BY 1";
const intent = (revision: string, direction: string): string =>
  `INSERT INTO retort.intent (revision, direction, statement, of, hash, before, started_at, started_by, found, done)
   VALUES ('${revision}', '${direction}', 1, 2, '', '', now(), 'x', false, false);`;

const BEHIND = "SELECT setval('retort.log_id_seq', 1, false)";

const KEYLESS = ["applied", "intent", "log", "state"]
  .map((table) => `ALTER TABLE retort.${table} DROP CONSTRAINT ${table}_pkey;`)
  .join(" ");

const ROUTINELESS =
  "DROP VIEW retort.progress; DO $$ BEGIN EXECUTE (SELECT string_agg(format('DROP ROUTINE %s', oid::regprocedure), ';') FROM pg_proc WHERE pronamespace = 'retort'::regnamespace); END $$";

interface Damage {
  readonly name: string;
  /** What is applied by the migrations before. Default: a and b. */
  readonly target?: string;
  readonly sql: string;
  readonly sentence: RegExp;
  readonly hint?: RegExp;
  /** What is to be repaired; default: not compared. */
  readonly parts?: readonly string[];
  /** What is applied when it is repaired. Default: a and b. */
  readonly left?: readonly string[];
}

const damages: readonly Damage[] = [
  {
    name: "a cleaner has truncated every table",
    sql: "TRUNCATE retort.applied, retort.state, retort.intent, retort.log",
    sentence: /inconsistent: its tables are empty/,
    hint: /.*dump without data.*TRUNCATE/,
    left: [],
  },
  {
    name: "a cleaner that keeps the log",
    sql: "TRUNCATE retort.applied, retort.state",
    sentence: /inconsistent: its tables are empty/,
    left: [],
  },
  {
    name: "applied was truncated",
    sql: "TRUNCATE retort.applied",
    sentence: /the number of rows in applied should be 2 by the tally in state, but is 0/,
    left: [],
  },
  {
    name: "state was truncated",
    sql: "TRUNCATE retort.state",
    sentence: /state should have 1 row, but has 0/,
  },
  {
    name: "a row was deleted",
    sql: "DELETE FROM retort.applied WHERE revision = 'b'",
    sentence: /the number of rows in applied should be 2 by the tally in state, but is 1/,
    hint: /.*by hand/,
    left: ["a"],
  },
  {
    name: "a row was added",
    sql: "INSERT INTO retort.applied SELECT 'c', checksum, code_checksum, '{b}', '{}', 'c', now(), 'x', NULL, 'stamp' FROM retort.applied LIMIT 1",
    sentence: /the number of rows in applied should be 2 by the tally in state, but is 3/,
    left: ["a", "b", "c"],
  },
  {
    name: "a row was changed",
    sql: "UPDATE retort.applied SET revision = 'c' WHERE revision = 'b'",
    sentence: /the revisions in applied do not match the tally in state/,
    left: ["a", "c"],
  },
  {
    name: "the tally was changed",
    sql: "UPDATE retort.state SET digest = digest + 1",
    sentence: /the revisions in applied do not match the tally/,
  },
  {
    name: "the format was changed",
    sql: "UPDATE retort.state SET format = 1",
    sentence: /inconsistent: state has format 1, but the tables are those of format 2$/m,
    hint: /Rows were changed by hand.*migrate repair/,
  },
  {
    name: "the row of state is there twice",
    sql: "INSERT INTO retort.state VALUES (0, 2, 0)",
    sentence: /state should have 1 row, but has 2/,
  },
  {
    name: "an upgrade is under way to what is applied",
    sql: intent("b", "up"),
    sentence: /the upgrade to b is under way, but it is applied/,
  },
  {
    name: "a downgrade is under way of what is not applied",
    sql: intent("c", "down"),
    sentence: /the downgrade of c is under way, but it is not applied/,
  },
  {
    name: "a procedure is missing",
    sql: "DROP PROCEDURE retort.begin_step",
    sentence: /its procedures are not the expected ones/,
  },
  {
    name: "all routines were left out of a restore",
    sql: ROUTINELESS,
    sentence: /inconsistent: its procedures are missing/,
    hint: /.*restore/,
  },
  {
    name: "a procedure was changed",
    sql: "CREATE OR REPLACE PROCEDURE retort.set_session() LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN PERFORM 1/0; END'",
    sentence: /its procedures are not the expected ones/,
  },
  {
    name: "a procedure has a namesake",
    sql: "CREATE PROCEDURE retort.begin_step(revision varchar, revisions int, digest int) LANGUAGE sql AS 'SELECT 1/0'",
    sentence: /its procedures are not the expected ones/,
  },
  {
    name: "intent is missing",
    sql: "DROP TABLE retort.intent",
    sentence: /these tables are missing: intent/,
  },
  {
    name: "log is missing, and nothing of what is applied",
    sql: "DROP TABLE retort.log",
    sentence: /these tables are missing: log$/m,
    parts: ["tables"],
  },
  { name: "state is missing", sql: "DROP TABLE retort.state", sentence: /these tables are missing: state/ },
  {
    name: "applied is missing",
    sql: "DROP TABLE retort.applied",
    sentence: /these tables are missing: applied/,
    left: [],
  },
  {
    name: "all tables are missing",
    sql: "DROP TABLE retort.applied, retort.state, retort.intent, retort.log",
    sentence: /these tables are missing: applied, state, intent, log/,
    left: [],
  },
  {
    name: "the primary keys were left out of a restore",
    sql: KEYLESS,
    sentence: /inconsistent: these tables have no primary key: applied, intent, log, state$/m,
    hint: /.*post-data section/,
    parts: ["keys"],
  },
  {
    name: "rows, a table and procedures at once",
    sql: "DROP TABLE retort.log; TRUNCATE retort.applied; DROP PROCEDURE retort.stamp",
    sentence:
      /these tables are missing: log; the number of rows .* is 0; its procedures are not the expected/,
    parts: ["tables", "rows", "procedures"],
    left: [],
  },
  {
    name: "rows were copied into a new ledger, without the sequence of the log",
    sql: `UPDATE retort.state SET revisions = 0, digest = 0; ${BEHIND}`,
    sentence: /should be 0 by the tally in state, but is 2; the sequence of log is behind its rows$/m,
    parts: ["rows", "sequence"],
  },
  {
    name: "a table, a key, procedures and the sequence of the log at once",
    sql: `DROP TABLE retort.intent; ALTER TABLE retort.log DROP CONSTRAINT log_pkey; DROP PROCEDURE retort.stamp; ${BEHIND}`,
    sentence:
      /missing: intent; these tables have no primary key: log; its procedures are not the expected ones; the sequence of log is behind/,
    parts: ["tables", "rows", "keys", "sequence", "procedures"],
  },
];

const [newest, oldest = newest] = servers();

describe("a ledger that does not fit together", () => {
  test.each(damages)("$name", async ({ target = "b", sql, sentence, hint, parts, left = ["a", "b"] }) => {
    const { url } = await ownDatabase(newest!);
    await shop.upgrade(url, target);
    await query(url, sql);
    await expectNoticed(url, sentence, hint);
    const before = await dump(url);
    for (const script of [await shop.script("a:c"), await shop.script("base:c")]) {
      const { code, stderr } = await runScript(url, script);
      expect(code).toBe(3);
      expect(stderr).toMatch(sentence);
    }
    expect(await dump(url)).toBe(before);

    const shown = await repair(shop.deps, { database: url, dryRun: true });
    expect(shown).toMatchObject({ done: false, inconsistency: { message: expect.stringMatching(sentence) } });
    if (parts !== undefined) expect(shown.inconsistency?.parts).toEqual(parts);
    expect(await repair(shop.deps, { database: url, confirm: async () => false })).toMatchObject({
      done: false,
      inconsistency: shown.inconsistency,
    });
    expect(await dump(url)).toBe(before);
    const notices: unknown[] = [];
    const heard = { onNotice: (notice: unknown) => void notices.push(notice) };
    expect(await repair(shop.deps, { database: url, ...heard })).toMatchObject({ done: true });
    expect(notices).toEqual([]);
    expect((await query(url, APPLIED)).map((row) => row["revision"])).toEqual(left);
    expect((await ledger(url))["log"]!.at(-1)).toMatchObject({ event: "repair", revision: null, how: "run" });
    const state = await shop.state(url);
    expect({ applied: state.applied.length, interrupted: state.interrupted }).toEqual({
      applied: left.length,
      interrupted: undefined,
    });
    // What the database has is said, and from there it goes on.
    await shop.run(url, { kind: "stamp", targets: ["b"], purge: true });
    await shop.upgrade(url);
    await shop.downgrade(url, "base");
    expect(await runScript(url, await shop.script("base:c"))).toMatchObject({ code: 0 });
    expect((await verify(shop.deps, { database: url })).findings).toEqual([]);
    expect(await repair(shop.deps, { database: url })).toMatchObject({ findings: [], done: false });
  });

  test("the command shows it and asks; a script of it does the same", async (context) => {
    needsPsql(context);
    const { url } = await ownDatabase(newest!);
    await shop.upgrade(url, "b");
    await query(
      url,
      "DROP TABLE retort.log; DELETE FROM retort.applied WHERE revision = 'b'; DROP PROCEDURE retort.stamp",
    );
    const { code, stdout, stderr } = await command(url, "status");
    expect({ code, stdout }).toEqual({ code: 5, stdout: "" });
    expect(stderr).toMatch(
      /error\[state\/guard\] the ledger retort is inconsistent: these tables are missing: log; the number of rows in applied .*; its procedures/,
    );
    const shown = await command(url, "repair", "--dry-run");
    expect(shown).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^the ledger retort is inconsistent: .*\n {2}tables: .*\n {2}rows: .*stamp --database URL REVISION\n {2}procedures: .*\n$/,
      ),
    });
    // No reader looks at this ledger, verify neither; what is wrong is said by the command that mends it.
    expect(await command(url, "repair", "--forget", "b")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/: migrate repair --database URL --forget b --dry-run; .*--yes\n$/),
    });
    expect((await command(url, "repair", "--forget", "b", "--dry-run")).stderr).toContain(
      "--forget deletes no row of an inconsistent ledger: once it is repaired, run the same command again\n",
    );
    const script = await command(url, "repair", "--sql");
    expect(script).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^-- Retort migration script: makes the ledger consistent/),
    });
    const json = await command(url, "repair", "--sql", "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({
      inconsistency: { parts: ["tables", "rows", "procedures"] },
      done: false,
      script: script.stdout,
    });
    const file = join(shop.folder, "..", "repair.sql");
    const written = await command(url, "repair", "--sql", "-o", file);
    const receipt = /^-- Receipt: (sha256:\w+)$/m.exec(script.stdout)![1]!;
    expect(JSON.parse(json.stdout)).toMatchObject({ receipt: receipt.slice("sha256:".length) });
    expect(written).toEqual({ code: 0, stdout: "", stderr: `${shown.stdout}receipt: ${receipt}\n` });
    expect(readFileSync(file, "utf8")).toBe(script.stdout);
    for (let time = 1; time <= 2; time += 1)
      expect(await runScript(url, script.stdout)).toMatchObject({ code: 0, stderr: "" });
    // Its second run finds nothing to repair, and does not say that it did.
    expect((await ledger(url))["log"]).toMatchObject([
      { event: "repair", how: "script", detail: stderr.split(/\n|\] /)[1] },
    ]);
    expect((await shop.state(url)).heads).toEqual(["a"]);
  });

  test("a table that is another's: the ledger needs another schema", async () => {
    const { url } = await ownDatabase(newest!);
    await query(url, "CREATE SCHEMA retort; CREATE TABLE retort.applied (n int)");
    expect(await failureOf(repair(shop.deps, { database: url }))).toMatchObject({
      hint: expect.stringMatching(/is not the ledger's.*"ledger": \{"schema": \.\.\.\}/),
    });
    expect(await query(url, "SELECT to_regclass('retort.state') AS state")).toEqual([{ state: null }]);
  });

  test("a dump without data: nothing is known of what is applied until it is said", async (context) => {
    needsPgDump(context, oldest!);
    const [from, to] = [await ownDatabase(oldest!), await ownDatabase(oldest!)];
    await shop.upgrade(from.url);
    const text = await pgDump(from.url, ["--schema-only", "--no-owner"]);
    expect(await runScript(to.url, text)).toMatchObject({ code: 0 });
    await expectNoticed(to.url, /its tables are empty/, /pg_dump --schema-only/);
    // Its rows can be brought as well.
    const rows = await pgDump(from.url, ["--data-only", "--schema=retort"]);
    const other = await ownDatabase(oldest!);
    for (const each of [text, rows]) expect(await runScript(other.url, each)).toMatchObject({ code: 0 });
    expect((await verify(shop.deps, { database: other.url })).findings).toEqual([]);
    expect((await shop.downgrade(other.url, "b")).done).toBe(true);

    expect(await repair(shop.deps, { database: to.url })).toMatchObject({ done: true });
    await shop.run(to.url, { kind: "stamp", targets: ["heads"] });
    expect((await shop.upgrade(to.url)).done).toBe(false);
    expect((await shop.downgrade(to.url, "base")).done).toBe(true);
  });

  test("a log that was emptied does no harm", async () => {
    const { url } = await ownDatabase(newest!);
    await shop.upgrade(url, "b");
    await query(url, "TRUNCATE retort.log");
    expect(await repair(shop.deps, { database: url })).toMatchObject({ findings: [], done: false });
    await shop.upgrade(url);
    expect((await shop.state(url)).heads).toEqual(["c"]);
  });

  test("a log whose rows came without its sequence: only what writes stops, and repair sets it", async () => {
    const role = await ownRole(newest!, "LOGIN");
    const { url, name } = await ownDatabase(newest!);
    await shop.upgrade(url, "a");
    const behind = () => query(url, BEHIND);
    await behind();
    const sentence = "the ledger retort is inconsistent: the sequence of log is behind its rows";
    expect(await failureOf(shop.upgrade(url, "b"))).toMatchObject({
      code: "state/guard",
      message: sentence,
      hint: expect.stringMatching(
        /Set it with: migrate repair; or, .* run: SELECT setval\('retort\.log_id_seq', /,
      ),
    });
    // A subscriber of logical replication always has it so, and is read all the same.
    expect((await shop.state(url)).heads).toEqual(["a"]);
    expect(await command(url, "verify")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(
        `${sentence}; before anything is run here, set it with: migrate repair`,
      ),
    });
    expect((await command(url, "doctor")).stdout).toContain(sentence);
    for (const words of [["status"], ["current", "--check-heads"]])
      expect((await command(url, ...words)).stderr).toContain(`warning: ${sentence}; before anything is run`);
    for (const script of [await shop.script("a:b"), await shop.script("a:b", { idempotent: true })]) {
      const preflight = await runScript(url, script, { args: ["-v", "preflight=1"] });
      expect(preflight.stdout).toContain(`${sentence}. A restore of data alone`);
      expect(await runScript(url, script)).toMatchObject({
        code: 3,
        stderr: expect.stringContaining(sentence),
      });
    }
    const repaired = { inconsistency: { parts: ["sequence"] }, done: true };
    expect(await repair(shop.deps, { database: url })).toMatchObject(repaired);
    expect(await repair(shop.deps, { database: url })).toMatchObject({ findings: [], done: false });
    await shop.upgrade(url, "b");
    // A role that may not read the sequence is stopped by what it collides with.
    await behind();
    await query(
      url,
      `GRANT USAGE ON SCHEMA retort TO ${role.name}; GRANT CREATE ON SCHEMA public TO ${role.name};
       GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA retort TO ${role.name}`,
    );
    const own = role.url(name);
    const hint = /[Aa]s the owner of the ledger, run: migrate repair/;
    expect(await failureOf(shop.upgrade(own))).toMatchObject({ hint: expect.stringMatching(hint) });
    await behind();
    const { code, stderr } = await runScript(own, await shop.script("b:c"));
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringMatching(hint) });
    expect(stderr).toContain("retort: the sequence of retort.log is behind its rows");
    // What it may repair otherwise neither; the same script sets the sequence where the owner runs it.
    await query(url, `UPDATE retort.state SET revisions = 0; ${BEHIND}`);
    const script = await command(own, "repair", "--sql");
    expect(await runScript(own, script.stdout)).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(hint),
    });
    await behind();
    expect(await failureOf(repair(shop.deps, { database: own }))).toMatchObject({
      code: "state/guard",
      message: "the sequence of retort.log is behind its rows",
      hint: expect.stringMatching(hint),
    });
    expect(await runScript(url, script.stdout)).toMatchObject({ code: 0, stderr: "" });
    expect((await shop.upgrade(own)).done).toBe(true);
    await query(url, `DROP OWNED BY ${role.name} CASCADE`);
  });

  test("what repair cannot decide stays, and it says so", async () => {
    const { url } = await ownDatabase(newest!);
    await shop.upgrade(url, "a");
    await query(url, intent("b", "up") + intent("c", "up"));
    const told = {
      code: "state/guard",
      hint: expect.stringMatching(/^N.* DELETE FROM retort\.intent WHERE .* = \.\.\.$/),
    };
    for (const way of [{}, { dryRun: true }, { script: true }])
      expect(await failureOf(repair(shop.deps, { database: url, ...way }))).toMatchObject({
        ...told,
        message: "the ledger retort is inconsistent: intent should have at most 1 row, but has 2",
      });
    // What else is wrong is for a repair, afterwards; so is one of the two that cannot be true.
    await query(url, "UPDATE retort.state SET revisions = 7");
    expect(await failureOf(repair(shop.deps, { database: url, dryRun: true }))).toMatchObject({
      code: "state/guard",
      hint: expect.stringMatching(/ = \.\.\.; then run: migrate repair/),
    });
    await query(url, `DELETE FROM retort.intent WHERE revision = 'c';${intent("a", "up")}`);
    expect(await failureOf(shop.state(url))).toMatchObject({
      message: expect.stringContaining("intent should have at most 1 row, but has 2"),
      hint: expect.stringContaining("then rebuild the tally with: migrate repair"),
    });
    expect(await repair(shop.deps, { database: url })).toMatchObject({ done: true });
    expect(await query(url, "SELECT revision FROM retort.intent")).toEqual([{ revision: "b" }]);
    await query(url, "DELETE FROM retort.intent");
    // Rows that were restored twice, without the key.
    await query(
      url,
      `${KEYLESS} INSERT INTO retort.state SELECT * FROM retort.state;
       INSERT INTO retort.applied SELECT * FROM retort.applied`,
    );
    const twice = await failureOf(repair(shop.deps, { database: url, dryRun: true }));
    for (const reader of [readers["status, current"]!, readers["upgrade"]!])
      expect(await failureOf(reader(url))).toMatchObject({ message: twice.message, hint: twice["hint"] });
    expect(twice).toMatchObject({
      code: "state/guard",
      message: expect.stringMatching(/; several rows of applied have the same revision$/),
      hint: expect.stringMatching(/^Nothing was changed\. See: .*; then run: migrate repair$/),
    });
    const rows = await query(url, /See: (.*?);/.exec(String(twice.hint))![1]!);
    expect(rows).toHaveLength(2);
    await query(url, "DELETE FROM retort.applied WHERE ctid = $1::tid", [rows[0]!["ctid"]]);
    expect(await repair(shop.deps, { database: url })).toMatchObject({ done: true });
    await query(url, "CREATE FUNCTION retort.mine(x int) RETURNS int LANGUAGE sql AS 'SELECT 1'");
    for (const operation of [repair, verify])
      expect(await failureOf(operation(shop.deps, { database: url }))).toMatchObject({
        code: "state/guard",
        message: "the schema retort has objects that are not the ledger's, such as retort.mine(integer)",
        hint: expect.stringContaining("Move them to another schema: ALTER ... SET SCHEMA"),
      });
    expect(await query(url, "SELECT retort.mine(1)")).toHaveLength(1);
    await query(url, "DROP FUNCTION retort.mine");
    expect((await shop.upgrade(url)).done).toBe(true);
  });

  test("a role that may write makes the rows fit; the rest is for the owner; a role without rights is told so", async () => {
    const role = await ownRole(newest!, "LOGIN");
    const { url, name } = await ownDatabase(newest!);
    await shop.upgrade(url, "b");
    const own = role.url(name);
    for (const reader of [readers["status, current"]!, readers["log"]!])
      expect(await failureOf(reader(own))).toMatchObject({
        code: "execution/ledger",
        hint: expect.stringContaining("GRANT USAGE ON SCHEMA retort"),
      });
    await query(
      url,
      `GRANT USAGE ON SCHEMA retort TO ${role.name}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA retort TO ${role.name};
       DELETE FROM retort.applied WHERE revision = 'b'`,
    );
    expect(await repair(shop.deps, { database: own })).toMatchObject({ done: true });
    expect((await shop.state(own)).heads).toEqual(["a"]);
    // [what is wrong, what the role lacks]
    const faults = [
      ["DROP PROCEDURE retort.stamp", /CREATE on the schema; ownership of \d+ of its views and routines/],
      [
        `SELECT setval('retort.log_id_seq', 1); GRANT SELECT ON SEQUENCE retort.log_id_seq TO ${role.name}`,
        /UPDATE on the sequence of log/,
      ],
      ["ALTER TABLE retort.log DROP CONSTRAINT log_pkey", /CREATE on the schema; ownership of log/],
      ["DROP TABLE retort.log CASCADE", /CREATE on the schema/],
    ] as const;
    for (const [fault, lacks] of faults) {
      await query(url, fault);
      const refused = await failureOf(repair(shop.deps, { database: own }));
      expect(refused, fault).toMatchObject({
        code: "state/guard",
        message: expect.stringMatching(
          `^${role.name} may not repair the ledger retort, and lacks: ${lacks.source}$`,
        ),
        hint: expect.stringContaining("As the owner of the ledger, run: migrate repair --database URL"),
      });
      // The preflight of its script, which looks in the same words.
      const { plan, ledger } = await repair(shop.deps, { database: own, script: true });
      await expect(query(own, ledger.lookAtLedger("inconsistent", rightsOf(plan)))).rejects.toThrow(
        refused.message,
      );
      expect(await repair(shop.deps, { database: url })).toMatchObject({ done: true });
    }
    // All at once, and before it is asked; a repair executes none of the routines.
    await query(
      url,
      `GRANT SELECT, INSERT ON retort.log TO ${role.name}; REVOKE INSERT ON retort.state FROM ${role.name};
       DROP PROCEDURE retort.stamp; REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA retort FROM PUBLIC`,
    );
    expect(await command(own, "repair", "--yes")).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(
        /^error\[\S+\] \w+ may not repair .* lacks: INSERT on state; CREATE on the schema; ownership of .*\n.*run: migrate repair --database URL/,
      ),
    });
    expect(await repair(shop.deps, { database: url })).toMatchObject({ done: true });
    await query(url, `DELETE FROM retort.applied`);
    expect(await failureOf(repair(shop.deps, { database: own }))).toMatchObject({
      message: `${role.name} may not repair the ledger retort, and lacks: INSERT on state`,
    });
    await query(url, `GRANT INSERT ON retort.state TO ${role.name}`);
    expect(await repair(shop.deps, { database: own })).toMatchObject({ done: true });
    // What would accept a file is told so before it is asked, too.
    await query(url, `REVOKE UPDATE ON retort.applied FROM ${role.name}`);
    await shop.run(url, { kind: "stamp", targets: ["a"] });
    await query(url, "UPDATE retort.applied SET checksum = 'x'");
    const refused = await command(own, "repair", "--yes");
    expect(refused.stderr).toMatch(
      /^error\[\S+\] \w+ may not write to the ledger retort, and lacks: UPDATE on applied; EXECUTE on \d+ of its routines\n/,
    );
    await query(url, `DROP OWNED BY ${role.name}`);
  });

  test("whoever could execute the procedures can execute those that a repair makes", async (context) => {
    needsPsql(context);
    const role = await ownRole(newest!, "LOGIN", "own\"er 'x");
    const who = pg.escapeIdentifier(role.name);
    const held = (url: string) =>
      query(
        url,
        `SELECT DISTINCT a.privilege_type AS privilege, a.grantee::regrole::text AS role, a.is_grantable
         FROM (SELECT coalesce(proacl, acldefault('f', proowner)) FROM pg_proc WHERE pronamespace = 'retort'::regnamespace
           UNION ALL SELECT relacl FROM pg_class WHERE oid = 'retort.progress'::regclass) AS o (acl), aclexplode(o.acl) AS a
         ORDER BY 1, 2`,
      );
    const byDefault = "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC";
    const granted = `GRANT SELECT ON retort.progress TO ${who};
      GRANT EXECUTE ON ALL ROUTINES IN SCHEMA retort TO ${who} WITH GRANT OPTION`;
    const byHand = "REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA retort FROM PUBLIC";
    const run = (url: string) => repair(shop.deps, { database: url });
    const script = async (url: string) =>
      runScript(url, (await command(url, "repair", "--sql")).stdout).then(({ code, stderr }) =>
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" }),
      );
    for (const [before, after, way] of [
      [byDefault, granted, run],
      [byDefault, granted, script],
      ["", byHand, run],
      ["", "", run],
      // They were made before.
      ["", byDefault, run],
    ] as const) {
      const { url } = await ownDatabase(newest!);
      await query(url, before);
      await ensureLedger(shop.deps, { database: url });
      await query(url, after);
      const rights = await held(url);
      await query(url, "DROP PROCEDURE retort.stamp");
      await way(url);
      expect(await held(url), `${before} ${after}`).toEqual(rights);
      expect((await shop.upgrade(url)).done).toBe(true);
    }
    // Nothing tells who could execute those that are gone.
    const { url } = await ownDatabase(newest!);
    await query(url, byDefault);
    await ensureLedger(shop.deps, { database: url });
    await query(url, `GRANT SELECT, UPDATE ON retort.state TO ${who}; ${ROUTINELESS}`);
    await run(url);
    expect(await held(url)).toMatchObject([{ role: who }, { role: "postgres" }]);
  });

  test("row security shows no role an empty ledger", async () => {
    const role = await ownRole(newest!, "LOGIN");
    const { url, name } = await ownDatabase(newest!);
    await shop.upgrade(url, "b");
    await query(
      url,
      `GRANT USAGE ON SCHEMA retort TO ${role.name}; GRANT SELECT ON ALL TABLES IN SCHEMA retort TO ${role.name}`,
    );
    expect((await shop.state(role.url(name))).heads).toEqual(["b"]);
    for (const table of ["applied", "state", "intent", "log"]) {
      await query(url, `ALTER TABLE retort.${table} ENABLE ROW LEVEL SECURITY`);
      for (const reader of Object.values(readers))
        expect(await failureOf(reader(role.url(name)))).toMatchObject({
          code: "state/guard",
          message: expect.stringContaining(`${table} has row-level security`),
        });
      await query(url, `ALTER TABLE retort.${table} DISABLE ROW LEVEL SECURITY`);
    }
    await query(url, `DROP OWNED BY ${role.name}`);
  });

  test("in a schema of another name", async () => {
    const schema = `my "Ledger's" $body$`;
    const other = project({ a: "CREATE TABLE a (x int);", b: "SELECT 1;" }, { ledger: { schema } });
    const { url } = await ownDatabase(newest!);
    await other.upgrade(url, "a");
    const [{ name }] = (await query(url, "SELECT quote_ident($1) AS name", [schema])) as [{ name: string }];
    await query(
      url,
      `DROP TABLE ${name}.log; TRUNCATE ${name}.state; DROP PROCEDURE ${name}.stamp;
       ALTER TABLE ${name}.applied DROP CONSTRAINT applied_pkey`,
    );
    expect((await failureOf(other.state(url))).message).toContain("these tables are missing: log");
    expect(await repair(other.deps, { database: url })).toMatchObject({ done: true });
    expect((await other.upgrade(url)).done).toBe(true);
  });
});
