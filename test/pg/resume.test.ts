/** A step outside a transaction that stopped half way: what is shown, what is refused, and where the next run goes on. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { outputs } from "../../scripts/output-schema.ts";
import { messageEnds } from "../chaos/wire.ts";
import { suffer, undisturbed } from "../chaos/world.ts";
import { ledger } from "../support/dump.ts";
import { migrateHere } from "../support/migrate.ts";
import {
  failureOf,
  headerLines,
  ownDatabase,
  project,
  type TestProject,
  until,
  withLock,
} from "../support/project.ts";
import { needsPsql, psql, runScript } from "../support/psql.ts";
import { ownRole } from "../support/roles.ts";
import { oneServer, query, servers, withClient } from "../support/server.ts";

const none = ["transaction: none"];
const noneBoth = { header: none, downHeader: none };

/** The project's folder as the command sees it. */
const command = (shop: TestProject, url: string, ...args: string[]) =>
  migrateHere([...args, "--database", url], { cwd: shop.folder });

const indexes = async (url: string, table = "t") =>
  (
    await query<{ line: string }>(
      url,
      `SELECT i.indexrelid::regclass::text || CASE WHEN i.indisvalid THEN '' ELSE ' invalid' END AS line FROM pg_index i WHERE indrelid = '${table}'::regclass ORDER BY 1`,
    )
  ).map(({ line }) => line);

const logOf = async (url: string) =>
  (await ledger(url))["log"]!.map((row) => `${row["event"]} ${row["revision"]}`);

const duplicates = "CREATE TABLE t (x int);\nINSERT INTO t VALUES (1), (1);\n";
const unique = "CREATE UNIQUE INDEX CONCURRENTLY t_x ON t (x);\n";

describe.each(oneServer("newest"))("on $name", (server) => {
  test("an index that met duplicates: invalid, shown, dropped and built once the data are right", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: duplicates,
      b: { up: `CREATE TABLE u ();\n${unique}CREATE TABLE v ();\n`, ...noneBoth, down: "SELECT 1;" },
    });
    await failureOf(shop.upgrade(url));
    expect(await indexes(url)).toEqual(["t_x invalid"]);
    const place = `0002_b.up.sql:${headerLines + 3}`;
    expect(await command(shop, url, "current")).toMatchObject({
      code: 0,
      stdout: "a\n",
      stderr: expect.stringMatching(
        new RegExp(`interrupted: upgrade to b at statement 2 of 3 \\(${place}\\), started .* by postgres`),
      ),
    });
    expect((await command(shop, url, "status")).stdout).toContain(
      `interrupted: upgrade to b at statement 2 of 3 (${place})\n`,
    );
    expect(JSON.parse((await command(shop, url, "status", "--json")).stdout)).toMatchObject({
      interrupted: {
        statement: 2,
        of: 3,
        location: { path: "0002_b.up.sql", line: headerLines + 3, column: 1 },
      },
    });

    // Not mended yet: it fails again, and leaves one index, not two.
    expect(await failureOf(shop.upgrade(url))).toMatchObject({ sqlstate: "23505" });
    expect(await indexes(url)).toEqual(["t_x invalid"]);
    await query(url, "DELETE FROM t WHERE ctid <> (SELECT min(ctid) FROM t)");
    expect((await command(shop, url, "stamp", "--dry-run", "a")).stderr).toContain(
      "the upgrade to b was interrupted at statement 2 of 3 and left its work half done; after the stamp nothing finishes it; run: DROP INDEX CONCURRENTLY",
    );
    const finished = `; undo by hand what its finished statement did: CREATE TABLE (0002_b.up.sql:${headerLines + 2})`;
    expect((await command(shop, url, "stamp", "--dry-run", "a")).stderr).toContain(finished);
    expect((await command(shop, url, "stamp", "--dry-run", "b")).stderr).toMatch(
      new RegExp(
        `; run: DROP INDEX CONCURRENTLY public\\.t_x; then its statement 2 \\(0002_b\\.up\\.sql:${headerLines + 3}\\) and those after it\n`,
      ),
    );
    expect((await command(shop, url, "doctor")).stdout).toMatch(
      /: Database has an interrupted step\n.*: the upgrade to b was interrupted at statement 2 of 3; to finish or discard it, see: migrate status --d/,
    );
    // Whoever mends it takes an hour, which is not the step's.
    await query(url, "UPDATE retort.intent SET started_at = started_at - interval '1 hour'");
    expect((await shop.upgrade(url)).steps.map((s) => s.revision)).toEqual(["b"]);
    const took = "SELECT max(duration) < '1 hour' AS short FROM retort.log WHERE revision = 'b'";
    expect(await query(url, took)).toEqual([{ short: true }]);
    expect(await indexes(url)).toEqual(["t_x"]);
    expect(await logOf(url)).toEqual(["upgrade a", "failure b", "failure b", "upgrade b"]);
    expect(await command(shop, url, "current")).toMatchObject({ stdout: "b (head)\n", stderr: "" });
  });

  test.for(["run", "script"] as const)(
    "its time is that since it was resumed, however its %s ends",
    async (how, context) => {
      if (how === "script") needsPsql(context);
      const batch =
        "-- batch: 1\nUPDATE t SET id = -id WHERE id IN (SELECT id FROM t WHERE id > 0 AND pg_sleep(0.3) IS NOT NULL LIMIT :batch_size);\n";
      for (const rest of ["", "CREATE TABLE u ();\nVACUUM t;\n"]) {
        const { url } = await ownDatabase(server);
        const shop = project({
          a: "CREATE TABLE t (id int);\nINSERT INTO t VALUES (1);",
          b: { up: batch + rest, ...noneBoth },
        });
        await shop.upgrade(url, "a");
        await query(url, "ALTER TABLE t ADD CONSTRAINT positive CHECK (id > 0)");
        await failureOf(shop.upgrade(url));
        await query(
          url,
          "ALTER TABLE t DROP CONSTRAINT positive; UPDATE retort.intent SET started_at = started_at - interval '1 hour'",
        );
        if (how === "run") await shop.upgrade(url);
        else
          expect(await runScript(url, await shop.script("a:b", { idempotent: true }))).toMatchObject({
            code: 0,
          });
        const took =
          "SELECT duration >= '0.3 s' AS long, duration < '1 hour' AS short FROM retort.applied WHERE revision = 'b'";
        expect(await query(url, took)).toEqual([{ long: true, short: true }]);
      }
    },
  );

  test("a stamp that discards it tells what is committed and stays, and the log has it", async () => {
    const { url } = await ownDatabase(server);
    const batch =
      "-- batch: 5\nUPDATE t SET id = -id + 0 / (id - 7) WHERE id IN (SELECT id FROM t WHERE id > 0 ORDER BY id LIMIT :batch_size);\n";
    const shop = project({
      a: "CREATE TABLE t (id int);\nINSERT INTO t SELECT generate_series(1, 9);",
      b: { up: `CREATE TABLE u ();\n${batch}`, ...noneBoth },
    });
    await failureOf(shop.upgrade(url));
    expect(await query(url, "SELECT count(*)::int AS n FROM t WHERE id < 0")).toEqual([{ n: 5 }]);
    expect((await command(shop, url, "stamp", "a")).stderr).toContain(
      "the upgrade to b was interrupted at statement 2 of 2; the stamp discards the record of that; undo by hand what its finished statement did: CREATE TABLE " +
        `(0002_b.up.sql:${headerLines + 2}); the rounds of UPDATE in batches (0002_b.up.sql:${headerLines + 4}) that are committed stay: undo by hand what they did`,
    );
    // In psql there is nothing left to discard, so nothing is said.
    await query(url, "CALL retort.forget_intent()");
    expect(await query(url, "SELECT revision, how, detail FROM retort.log WHERE event = 'discard'")).toEqual([
      { revision: "b", how: null, detail: "upgrade, interrupted at statement 2 of 2" },
    ]);
    expect((await command(shop, url, "log")).stdout).toMatch(
      /discard +b .*upgrade, interrupted at statement 2 of 2/,
    );
  });

  test("what a stamp leaves undone of an interrupted step is told, also where the catalog does not show what was done", async () => {
    const { url } = await ownDatabase(server);
    const fails = "DO $$ BEGIN CREATE TABLE u (); COMMIT; RAISE 'no'; END $$;";
    const shop = project({
      a: { up: `CREATE TABLE t (id int);\n${fails}\nALTER TABLE t ADD note text;\nVACUUM t;`, header: none },
    });
    await failureOf(shop.upgrade(url));
    expect((await failureOf(shop.upgrade(url)))["hint"]).toMatch(
      /^check by hand; when that and all after it is done, which no command does, record the step: migrate stamp a$/,
    );
    const stamp = async () => (await command(shop, url, "stamp", "--dry-run", "a")).stderr;
    const place = (line: number) => `(0001_a.up.sql:${headerLines + 1 + line})`;
    const said = "warning: the upgrade to a was interrupted at statement 2 of 4";
    const discards = "; the stamp discards the record of that";
    expect(await stamp()).toBe(
      `${said}${discards}, and runs nothing of what was left: its statement 2 ${place(2)}, unless that is done, and those after it\n`,
    );
    await query(url, "UPDATE retort.intent SET done = true");
    expect(await stamp()).toBe(
      `${said}, which is done${discards}, and runs nothing of what was left: its statement 3 ${place(3)} and those after it\n`,
    );
  });

  test("a step of which only the record is missing is called done, and a stamp tells what stays", async (context) => {
    needsPsql(context);
    const { url } = await ownDatabase(server);
    const shop = project({
      a: "CREATE TABLE t (id int);",
      b: { up: "CREATE INDEX CONCURRENTLY t_id ON t (id);", down: "DROP INDEX CONCURRENTLY t_id;" },
    });
    await shop.upgrade(url, "a");
    const folder = join(shop.folder, "split");
    await command(shop, url, "upgrade", "a:b", "--sql", "--split", folder);
    // The last file would record it.
    for (const file of readdirSync(folder).sort().slice(0, -1))
      expect(await psql(url, join(folder, file))).toMatchObject({ code: 0 });
    const { stdout, stderr } = await command(shop, url, "status");
    expect(stdout).toContain("interrupted: upgrade to b at statement 1 of 1, which is done (0002_b.up.sql:");
    expect(stderr).toMatch(/hint: finish it with: migrate upgrade .*b\n$/);
    const dropped = `; undo by hand what its finished statement did: CREATE INDEX CONCURRENTLY (0002_b.up.sql:${headerLines + 1})\n`;
    for (const done of [true, false]) {
      // By what the ledger says, or by what the catalog shows.
      await query(url, `UPDATE retort.intent SET done = ${done}`);
      const to = async (...words: string[]) =>
        (await command(shop, url, "stamp", "--dry-run", ...words)).stderr;
      expect(await to("a")).toContain(`the stamp discards the record of that${dropped}`);
      expect(await to("b")).toMatch(/the stamp discards the record of that\n/);
      const script = await command(shop, url, "stamp", "a", "--sql", "--from-database");
      expect(script.stderr).toContain(dropped);
    }
  });

  test("IF NOT EXISTS over an index that is not valid is not success", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: duplicates,
      b: unique.replace("INDEX CONCURRENTLY", "INDEX CONCURRENTLY IF NOT EXISTS"),
    });
    await shop.upgrade(url, "a");
    await query(url, unique).catch(() => {});
    expect(await indexes(url)).toEqual(["t_x invalid"]);
    // It is dropped and built again, and that still fails.
    expect(await failureOf(shop.upgrade(url))).toMatchObject({ sqlstate: "23505" });
    expect(await shop.state(url)).toMatchObject({ heads: ["a"], interrupted: { revision: "b" } });
    await query(url, "DELETE FROM t WHERE ctid <> (SELECT min(ctid) FROM t)");
    await shop.upgrade(url);
    expect(await indexes(url)).toEqual(["t_x"]);
  });

  test("what stands before has changed: refused, with what to do; put back, it goes on", async () => {
    const { url } = await ownDatabase(server);
    const body = `CREATE TABLE u ();\n${unique}CREATE TABLE v ();\n`;
    const shop = project({ a: duplicates, b: { up: body, ...noneBoth } });
    await failureOf(shop.upgrade(url));
    await query(url, "TRUNCATE t");
    const header = "-- revision: b\n-- parent: a\n-- transaction: none\n\n";
    shop.write("0002_b.up.sql", `${header}${body.replace("TABLE u", "TABLE w")}`);
    expect(await failureOf(shop.upgrade(url))).toMatchObject({
      code: "state/interrupted",
      exitCode: 5,
      message: expect.stringContaining("statement 2 of 3"),
      hint: expect.stringMatching(/restore 0002_b\.up\.sql and run again.*migrate stamp b$/),
      location: { path: "0002_b.up.sql" },
    });
    expect(await indexes(url)).toEqual(["t_x invalid"]);
    // Whoever asks, or wants something else, is told no command that is refused.
    const ways = (first: string) =>
      `hint: ${first} and run: migrate upgrade b; or finish it by hand and record it: migrate stamp b; or undo by hand what it has done, and discard it with: migrate stamp a\n`;
    const restore = "the statements before that one have changed since then: restore 0002_b.up.sql";
    const told = async (...words: string[]) =>
      (await command(shop, url, ...words)).stderr.replaceAll(" --database URL", "");
    for (const words of ["status", "current", "downgrade base --yes", "upgrade --sql --from-database"])
      expect(await told(...words.split(" ")), words).toContain(ways(restore));
    shop.write("0002_b.up.sql", "-- revision: b\n-- parent: a\n\nCREATE TABLE u ();\n");
    expect(await told("status")).toContain(
      ways("0002_b.up.sql now runs in a transaction: write '-- transaction: none' in its header"),
    );
    shop.write("0002_b.up.sql", `${header}${body.replace("TABLE u", "TABLE w")}`);
    // Nor is a script written that would stop there.
    const scripted = () => command(shop, url, "upgrade", "--sql", "--from-database", "--idempotent");
    expect(await scripted()).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(/have changed since then\nhint: restore 0002_b\.up\.sql/),
    });
    expect(await command(shop, url, "stamp", "b", "--sql", "--from-database")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("; run: DROP INDEX CONCURRENTLY public.t_x; then its statement 2 "),
    });
    // Which statement that was is not known; how many there were is.
    expect((await command(shop, url, "stamp", "--dry-run", "a")).stderr).toContain(
      "; undo by hand what its finished statement did\n",
    );
    // What comes after it may change.
    shop.write("0002_b.up.sql", `${header}${body.replace("TABLE v", "TABLE w")}`);
    expect((await scripted()).code).toBe(0);
    const dry = await command(shop, url, "upgrade", "--dry-run");
    expect(dry.stderr).toContain(
      "notice: the upgrade to b was interrupted at statement 2 of 3; a run resumes it at statement 2, after: DROP INDEX CONCURRENTLY public.t_x\n",
    );
    await shop.upgrade(url);
    expect(await indexes(url)).toEqual(["t_x"]);
    expect(
      await query(url, "SELECT to_regclass('u') AS u, to_regclass('v') AS v, to_regclass('w') AS w"),
    ).toEqual([{ u: "u", v: null, w: "w" }]);
  });

  test("the statement itself is rewritten, under another name: what it left behind goes first", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({ a: duplicates, b: unique });
    await failureOf(shop.upgrade(url));
    shop.write(
      "0002_b.up.sql",
      "-- revision: b\n-- parent: a\n\nCREATE INDEX CONCURRENTLY other ON t (x);\n",
    );
    await shop.upgrade(url);
    expect(await indexes(url)).toEqual(["other"]);
  });

  test("another statement is in its place: a script removes what it left, as a run does, or says that a run does", async (context) => {
    needsPsql(context);
    const bare = "CREATE UNIQUE INDEX CONCURRENTLY ON t (x);\n";
    const interrupted = async (before: string, now: string) => {
      const { url } = await ownDatabase(server);
      const shop = project({ a: duplicates, b: { up: before + bare, header: none } });
      await failureOf(shop.upgrade(url));
      expect(await indexes(url)).toEqual(["t_x_idx invalid"]);
      shop.write("0002_b.up.sql", `-- revision: b\n-- parent: a\n-- transaction: none\n\n${before}${now}`);
      return { url, shop, asScript: { database: url, fromDatabase: true, idempotent: true } };
    };
    for (const [before, now] of [
      ["CREATE TABLE u ();\n", "CREATE TABLE v ();\n"],
      ["CREATE TABLE u ();\n", "SET work_mem = '1MB';\nVACUUM t;\n"],
      ["", "VACUUM t;\n"],
    ] as const)
      for (const isAsked of [false, true]) {
        const { url, shop, asScript } = await interrupted(before, now);
        const script = isAsked
          ? await shop.script("head", asScript)
          : await shop.script("base:head", { idempotent: true });
        expect(await runScript(url, script), now).toMatchObject({ code: 0, stderr: "" });
        expect(await indexes(url)).toEqual([]);
      }
    // The first of a step is begun with another check than one that is resumed.
    for (const now of ["CREATE TABLE v ();\n", "SET work_mem = '1MB';\nVACUUM t;\n"]) {
      const { url, shop, asScript } = await interrupted("", now);
      expect((await runScript(url, await shop.script("base:head", { idempotent: true }))).stderr).toContain(
        "b was interrupted at statement 1, and this script begins it in a transaction\nHINT:  Nothing was changed. Resume it with: migrate upgrade b; or finish",
      );
      expect(await failureOf(shop.plan({ kind: "upgrade", target: "head" }, asScript))).toMatchObject({
        code: "state/interrupted",
        hint: expect.stringMatching(/^finish it with: migrate upgrade b; /),
      });
      await shop.upgrade(url, "b");
      expect(await indexes(url)).toEqual([]);
    }
  });

  test("it was the last, and is deleted or commented out: what it left goes, and the step is recorded", async (context) => {
    const header = "-- revision: b\n-- parent: a\n-- transaction: none\n\nCREATE TABLE u ();\n";
    const downHeader = "-- revision: b\n-- transaction: none\n\n";
    const interrupted = async (rest: string) => {
      const { url } = await ownDatabase(server);
      const shop = project({
        a: duplicates,
        b: { up: `CREATE TABLE u ();\n${unique}`, down: `DROP TABLE u;\n${unique}`, ...noneBoth },
      });
      await failureOf(shop.upgrade(url));
      shop.write("0002_b.up.sql", header + rest);
      return { url, shop, asScript: { database: url, fromDatabase: true, idempotent: true } };
    };
    for (const rest of ["", `-- ${unique}`]) {
      const { url, shop } = await interrupted(rest);
      expect((await shop.upgrade(url)).steps.map((s) => s.revision)).toEqual(["b"]);
      expect(await indexes(url)).toEqual([]);
      await failureOf(shop.downgrade(url, "a"));
      shop.write("0002_b.down.sql", `${downHeader}DROP TABLE u;\n${rest}`);
      expect((await command(shop, url, "downgrade", "--yes", "-1", "--dry-run")).stderr).toContain(
        "all of its statements are done, and a run records it, after: DROP INDEX CONCURRENTLY public.t_x\n",
      );
      expect((await command(shop, url, "downgrade", "--yes", "-1")).code).toBe(0);
      expect(await shop.state(url)).toMatchObject({ heads: ["a"] });
      expect(await indexes(url)).toEqual([]);
    }

    // What may be all of it is not dropped.
    const { url, shop, asScript } = await interrupted("");
    await query(url, "DROP INDEX t_x; CREATE INDEX t_x ON t (x)");
    const isThere = {
      code: "state/interrupted",
      message: expect.stringMatching(
        /but the file no longer has that statement, and an index of its name is there: CREATE INDEX t_x ON/,
      ),
      hint: expect.stringMatching(/^if that index is not needed, .*; or restore the file; or finish /),
    };
    expect(await failureOf(shop.upgrade(url))).toMatchObject(isThere);
    const request = { kind: "upgrade", target: "head" } as const;
    expect(await failureOf(shop.plan(request, asScript))).toMatchObject(isThere);
    shop.write("0002_b.up.sql", header + unique);
    expect(await failureOf(shop.upgrade(url))).toMatchObject({
      message: expect.stringContaining("but the index of that name differs from the file: CREATE INDEX t_x"),
      hint: expect.stringMatching(/run again; or finish the step by hand and record it: migrate stamp b$/),
    });

    needsPsql(context);
    const again = await interrupted("");
    const other = await runScript(again.url, await again.shop.script("base:b", { idempotent: true }));
    expect(other.stderr).toContain(
      "interrupted at statement 2, and this script has fewer statements of it\n",
    );
    const script = await command(
      again.shop,
      again.url,
      "upgrade",
      "--sql",
      "--from-database",
      "--idempotent",
    );
    expect(await runScript(again.url, script.stdout)).toMatchObject({ code: 0 });
    expect(await again.shop.state(again.url)).toMatchObject({ heads: ["b"] });
    expect(await indexes(again.url)).toEqual([]);
  });

  test("what is to begin anew in a transaction is finished by a run, and by no script", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({ a: duplicates, b: unique });
    await failureOf(shop.upgrade(url));
    shop.write("0002_b.up.sql", "-- revision: b\n-- parent: a\n\n");
    const asScript = { database: url, fromDatabase: true, idempotent: true };
    expect(await failureOf(shop.plan({ kind: "upgrade", target: "head" }, asScript))).toMatchObject({
      code: "state/interrupted",
      hint: "finish it with: migrate upgrade b; or, if that cannot succeed, discard it with: migrate stamp a",
    });
    await shop.upgrade(url, "b");
    expect(await indexes(url)).toEqual([]);
  });

  test("interrupted, and something else asked for: named, with the way to finish it", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: duplicates,
      other: { up: "CREATE TABLE o ();", parent: "a" },
      b: { up: `CREATE TABLE u ();\n${unique}`, parent: "a", ...noneBoth },
      c: { up: "CREATE TABLE c ();", parent: "b" },
    });
    await failureOf(shop.upgrade(url, "b"));
    const refused = {
      code: "state/interrupted",
      hint: "finish it with: migrate upgrade b; or, if that cannot succeed, discard it with: migrate stamp a",
    };
    expect(await failureOf(shop.downgrade(url, "base"))).toMatchObject(refused);
    expect(await failureOf(shop.upgrade(url, "other"))).toMatchObject(refused);
    // A script that resumes must have that step, too.
    const asScript = { database: url, fromDatabase: true, idempotent: true };
    for (const request of [
      { kind: "downgrade", target: "base" },
      { kind: "upgrade", target: "other" },
    ] as const)
      expect(await failureOf(shop.plan(request, asScript))).toMatchObject({
        ...refused,
        hint: `${refused.hint}; to write a script that finishes it: migrate upgrade b --sql --from-database --idempotent`,
      });
    const planned = await shop.plan({ kind: "upgrade", target: "heads" }, asScript);
    const { steps, batches } = await shop.plan(
      { kind: "stamp", targets: ["a"] },
      { ...asScript, idempotent: false },
    );
    expect(steps).toEqual([]);
    expect(batches.flatMap((batch) => batch.statements.map(({ purpose }) => purpose))).toContain("forget");
    expect(await query(url, "SELECT to_regclass('o') AS o, to_regclass('t') AS t")).toEqual([
      { o: null, t: "t" },
    ]);
    await query(url, "TRUNCATE t");
    // Wherever it goes, what is half done is finished first.
    expect((await shop.upgrade(url, "heads")).steps.map((s) => s.revision)).toEqual(["b", "other", "c"]);
    expect(planned.steps.map((s) => s.revision)).toEqual(["b", "other", "c"]);
  });

  test("another session is at it: so it is told everywhere, and nothing finishes, discards or drops it", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: duplicates,
      b: { up: unique, ...noneBoth },
      c: { up: "SELECT 1;", parent: "a" },
    });
    await failureOf(shop.upgrade(url, "b"));
    const at = "upgrade to b (is under way )?at statement 1 of 1";
    const told = new RegExp(`under way: ${at} \\(0002_b.up.sql:\\d+\\): pid \\d+, .*since 2`);
    const locked = {
      code: 5,
      out: expect.stringMatching(`state/locked. another .*, and the ${at}: pid \\d+, `),
    };
    const notice = (who: string) => ({
      code: 0,
      out: expect.stringMatching(`notice: the ${at} \\(pid \\d+, .*since 2.*\\); ${who} `),
    });
    await withLock(shop, url, async () => {
      for (const [line, expected] of [
        ["status", { code: 0, out: expect.stringMatching(told) }],
        ["current", { code: 0, out: expect.stringMatching(told) }],
        ["current --check-heads", { code: 1, out: expect.stringMatching(`hint: the ${at} \\(pid`) }],
        ["doctor", { out: expect.stringMatching(/Database has a step under way/) }],
        ["upgrade --dry-run heads", notice("a run can begin only")],
        ["upgrade --dry-run c", locked],
        ["upgrade heads --lock-wait 0", { code: 5 }],
        ["upgrade heads --sql --from-database", locked],
        ["stamp a --dry-run", notice("the stamp can begin only")],
        ["stamp a --sql --from-database", notice("the script can be run only when that has ended,")],
        ["drift", locked],
        ["lint --fix --dry-run b", { code: 5, out: expect.stringMatching(`the ${at} \\(pid`) }],
      ] as const) {
        const { code, stdout, stderr } = await command(shop, url, ...line.split(" "));
        const out = stdout.startsWith("-- ") ? stderr : stdout + stderr;
        expect({ line, code, out }).toMatchObject({ line, ...expected });
        expect(out).not.toMatch(/interrupted|finish|discard|DROP INDEX/);
      }
      expect(await shop.state(url)).toMatchObject({ underWay: { revision: "b", holders: [{}] } });
      for (const name of ["status", "current"] as const) {
        const value = JSON.parse((await command(shop, url, name, "--json")).stdout);
        expect(() => outputs[name]!.parse(value)).not.toThrow();
        expect(value).toMatchObject({ interrupted: null, underWay: { holders: [{ user: "postgres" }] } });
      }
    });
    expect(await shop.state(url)).toMatchObject({ interrupted: { revision: "b" } });
  });

  test("the downgrade of a merge is finished by one that leaves what else is above its parents", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: "SELECT 1;",
      b: { up: "SELECT 1;", parent: "a" },
      c: { up: "SELECT 1;", parent: "a" },
      m: { up: "SELECT 1;", parent: "b, c", down: "VACUUM missing;\n", downHeader: none },
      x: { up: "SELECT 1;", parent: "b" },
    });
    await shop.upgrade(url, "heads");
    expect(await failureOf(shop.downgrade(url, "m@c"))).toMatchObject({ sqlstate: "42P01" });
    const finished = "migrate downgrade m@b; or";
    expect((await failureOf(shop.upgrade(url)))["hint"]).toContain(finished);
    const [{ hint } = {}] = await query(url, "SELECT retort.unfinished_hint() AS hint");
    expect(hint).toContain(finished);
    await query(url, "CREATE TABLE missing ()");
    expect((await shop.downgrade(url, "m@b")).steps.map(({ revision }) => revision)).toEqual(["m"]);
  });

  test("a script that finds another index in the place of its own says how it goes on", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({ a: duplicates, b: { up: `CREATE TABLE u ();\n${unique}`, ...noneBoth } });
    await failureOf(shop.upgrade(url));
    await query(url, "DROP INDEX t_x; CREATE INDEX t_x ON t ((x + 1)); TRUNCATE t");
    const script = await shop.script("a:b", { idempotent: true });
    expect((await runScript(url, script)).stderr).toContain(
      "HINT:  If that index is not needed, drop it with DROP INDEX CONCURRENTLY and run this script again; or",
    );
    await query(url, "DROP INDEX t_x");
    expect((await runScript(url, script)).code).toBe(0);
  });

  test("a downgrade that was interrupted is finished by a downgrade", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: "CREATE TABLE t (x int);",
      b: { up: "CREATE TABLE u ();", down: "DROP TABLE u;\nVACUUM missing;\n", downHeader: none },
    });
    await shop.upgrade(url);
    expect(await failureOf(shop.downgrade(url, "a"))).toMatchObject({ sqlstate: "42P01" });
    expect(await failureOf(shop.upgrade(url))).toMatchObject({
      code: "state/interrupted",
      message: expect.stringContaining("downgrade of b"),
      hint: "finish it with: migrate downgrade b@a; or, if that cannot succeed, discard it with: migrate stamp b",
    });
    expect((await shop.state(url)).interrupted).toMatchObject({
      direction: "down",
      statement: 2,
      location: { path: "0002_b.down.sql", line: 5 },
    });
    const resumes =
      /; to write a script that finishes it: migrate downgrade b@a --sql --from-database --idempotent$/;
    const reading = { database: url, fromDatabase: true };
    for (const [request, idempotent] of [
      [{ kind: "downgrade", target: "base" }, false],
      [{ kind: "upgrade", target: "head" }, false],
      [{ kind: "upgrade", target: "head" }, true],
    ] as const)
      expect(await failureOf(shop.plan(request, { ...reading, idempotent }))).toMatchObject({
        code: "state/interrupted",
        hint: expect.stringMatching(resumes),
      });
    shop.write("0002_b.down.sql", "-- revision: b\n-- transaction: none\n\nDROP TABLE v;\nVACUUM t;\n");
    expect(await failureOf(shop.downgrade(url, "b@a"))).toMatchObject({
      hint: expect.stringMatching(/record it: migrate stamp a$/),
    });
    shop.write("0002_b.down.sql", "-- revision: b\n-- transaction: none\n\nDROP TABLE u;\nVACUUM t;\n");
    expect((await shop.downgrade(url, "b@a")).steps.map((s) => s.revision)).toEqual(["b"]);
    expect(await shop.state(url)).toMatchObject({ heads: ["a"] });
    expect((await shop.state(url)).interrupted).toBeUndefined();
  });

  test("a stamp is the way out: finished by hand, or given up", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({ a: duplicates, b: unique, c: "CREATE TABLE c ();" });
    await failureOf(shop.upgrade(url, "b"));
    // Given up: nothing of it is applied, and nothing is half done.
    expect(await shop.run(url, { kind: "stamp", targets: ["a"] })).toMatchObject({ done: true, steps: [] });
    expect((await shop.state(url)).interrupted).toBeUndefined();
    await query(url, "DROP INDEX CONCURRENTLY t_x");
    await failureOf(shop.upgrade(url, "b"));
    await query(url, `TRUNCATE t; REINDEX INDEX t_x`);
    await shop.run(url, { kind: "stamp", targets: ["b"] });
    expect((await shop.upgrade(url)).steps.map((s) => s.revision)).toEqual(["c"]);
    expect(await ledger(url)).toMatchObject({
      intent: [],
      applied: [{ revision: "a" }, { revision: "b", how: "stamp" }, { revision: "c" }],
    });
  });

  test("its file is gone: it is discarded with a stamp to what is applied, and nothing else is recorded", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({ a: duplicates, b: unique });
    await failureOf(shop.upgrade(url, "b"));
    const others = project({ a: duplicates, c: { up: "CREATE TABLE c ();", parent: "a" } });
    const error = await failureOf(others.upgrade(url));
    expect(error).toMatchObject({
      code: "state/interrupted",
      hint: expect.stringMatching(/ discard it with: migrate stamp a$/),
    });
    await others.run(url, { kind: "stamp", targets: ["a"] });
    expect((await others.upgrade(url)).steps.map((s) => s.revision)).toEqual(["c"]);
  });

  test("REINDEX CONCURRENTLY: the copy it left is dropped; a pending DETACH is finished; a DROP that is done is done", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: "CREATE TABLE t (x int);\nCREATE INDEX t_x ON t (x);\nINSERT INTO t SELECT generate_series(1, 100);\nCREATE TABLE p (d int) PARTITION BY RANGE (d);\nCREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9);",
      reindex: "REINDEX TABLE CONCURRENTLY t;",
      again: "REINDEX INDEX CONCURRENTLY t_x;",
      detach: "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY;",
      drop: { up: "DROP INDEX CONCURRENTLY t_x;\nVACUUM t;", ...noneBoth },
    });
    await shop.upgrade(url, "a");
    // An open snapshot holds each of them up half way, where its session is ended.
    const endedHalfWay = async (revision: string, table: string): Promise<void> => {
      await withClient(url, async (client) => {
        await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM ${table};`);
        const failing = failureOf(shop.upgrade(url, revision, { lockWait: 20 }));
        const waiting =
          "SELECT pid FROM pg_stat_activity WHERE application_name = 'retort' AND datname = current_database() AND wait_event_type = 'Lock'";
        // The runner comes back once, on a new connection, and waits again.
        for (let last = 0, times = 0; times < 2; times += 1) {
          await until(url, `${waiting} AND pid <> ${last}`);
          last = (await query<{ pid: number }>(url, `${waiting} AND pid <> ${last}`))[0]!.pid;
          await query(url, `SELECT pg_terminate_backend(${last})`);
        }
        expect(await failing).toMatchObject({
          code: "execution/connection-lost",
          hint: expect.stringContaining(`${revision} was interrupted at statement 1 of`),
        });
        await client.query("COMMIT");
      });
    };
    await endedHalfWay("reindex", "t");
    expect((await indexes(url)).some((name) => /_cc(new|old)\d* invalid/.test(name))).toBe(true);
    await shop.upgrade(url, "reindex");
    expect(await indexes(url)).toEqual(["t_x"]);

    // Once the new one has taken the name, it is the old one that is left.
    await endedHalfWay("again", "t");
    await query(url, "ALTER INDEX t_x_ccnew RENAME TO t_x_ccold");
    expect(await indexes(url)).toEqual(["t_x", "t_x_ccold invalid"]);
    await shop.upgrade(url, "again");
    expect(await indexes(url)).toEqual(["t_x"]);

    await endedHalfWay("detach", "p");
    expect(
      await query(url, "SELECT inhdetachpending AS pending FROM pg_inherits WHERE inhparent = 'p'::regclass"),
    ).toEqual([{ pending: true }]);
    const warningOf = async (target: string): Promise<string> =>
      (await command(shop, url, "stamp", "--dry-run", target)).stderr;
    const finalize = "; run: ALTER TABLE public.p DETACH PARTITION public.p1 FINALIZE";
    expect(await warningOf("again")).toContain(`${finalize}; then attach it again\n`);
    expect(await warningOf("detach")).toContain(`${finalize}\n`);
    await shop.upgrade(url, "detach");
    expect(await query(url, "SELECT FROM pg_inherits WHERE inhparent = 'p'::regclass")).toEqual([]);

    await endedHalfWay("drop", "t");
    expect(await warningOf("drop")).toContain(
      `; run: DROP INDEX CONCURRENTLY public.t_x; then its statement 2 (0005_drop.up.sql:${headerLines + 3})\n`,
    );
    const rebuild = "REINDEX INDEX CONCURRENTLY public.t_x";
    expect((await command(shop, url, "stamp", "detach")).stderr).toContain(`; run: ${rebuild}\n`);
    expect(await indexes(url)).toEqual(["t_x invalid"]);
    await query(url, rebuild);
    expect(await indexes(url)).toEqual(["t_x"]);
    await endedHalfWay("drop", "t");
    await shop.upgrade(url, "drop");
    expect(await indexes(url)).toEqual([]);
    expect((await logOf(url)).filter((line) => line.startsWith("upgrade"))).toEqual([
      "upgrade a",
      "upgrade reindex",
      "upgrade again",
      "upgrade detach",
      "upgrade drop",
    ]);
  });

  test("DROP INDEX CONCURRENTLY of two is refused by the server; with one of them gone it is not done", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: "CREATE TABLE t (x int);\nCREATE INDEX i ON t (x);\nCREATE INDEX j ON t (x);",
      b: { up: "DROP INDEX CONCURRENTLY i, j;\nVACUUM t;", ...noneBoth },
    });
    expect(await failureOf(shop.upgrade(url))).toMatchObject({ sqlstate: "0A000" });
    await query(url, "DROP INDEX i");
    expect(await failureOf(shop.upgrade(url))).toMatchObject({ exitCode: expect.any(Number) });
    expect(await shop.state(url)).toMatchObject({ heads: ["a"], interrupted: { statement: 1, of: 2 } });
    expect(await indexes(url)).toEqual(["j"]);
  });

  const made =
    "CREATE TABLE t (id int PRIMARY KEY, x int);\nCREATE INDEX t_x_idx ON t (x);\nCREATE TABLE p (d int) PARTITION BY RANGE (d);\nCREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9);";
  // In a backup that is restored all OIDs are others.
  const anew = (byHand: string): string => `DROP TABLE t, p; DROP TABLE IF EXISTS p1; ${made}${byHand}`;
  const onT = "CREATE INDEX CONCURRENTLY ON t (x);";
  const drop = "DROP INDEX CONCURRENTLY t_x_idx;";
  const detach = "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY;";
  test.for<readonly [statement: string, byHand: string, left: string]>([
    [drop, "", "p1 t_pkey"],
    [drop, "DROP INDEX t_x_idx;", "p1 t_pkey"],
    [detach, "", "t_pkey t_x_idx"],
    [detach, "ALTER TABLE p DETACH PARTITION p1;", "t_pkey t_x_idx"],
    ["CREATE INDEX CONCURRENTLY i ON t (x);", "CREATE INDEX i ON t (x);", "i p1 t_pkey t_x_idx"],
    [onT, "", "p1 t_pkey t_x_idx t_x_idx1"],
    [onT, "CREATE INDEX ON t (x);", "p1 t_pkey t_x_idx t_x_idx1"],
  ])(
    "known again by name, whatever its OID is now: %s then by hand '%s'",
    async ([statement, byHand, left], context) => {
      const shop = project({ a: made, b: statement });
      for (const since of ["REINDEX TABLE CONCURRENTLY t", anew(byHand)]) {
        const { url } = await ownDatabase(server);
        await shop.upgrade(url, "a");
        // It waits for others, and does nothing.
        await withClient(url, async (client) => {
          await client.query("BEGIN; LOCK TABLE t, p;");
          const failed = failureOf(shop.upgrade(url));
          await until(
            url,
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ~ 'CONCURRENTLY'",
          );
          expect(await failed).toMatchObject({ sqlstate: "57014" });
        });
        await query(url, byHand);
        await query(url, since);
        if (since === anew(byHand)) {
          needsPsql(context);
          const script = await shop.script("a:b", { idempotent: true });
          const { code, stderr } = await runScript(url, script);
          expect(code, stderr).toBe(0);
        } else await shop.upgrade(url);
        const rows = await query<{ name: string }>(
          url,
          "SELECT indexrelid::regclass::text AS name FROM pg_index WHERE indrelid = 't'::regclass UNION SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'p'::regclass ORDER BY 1",
        );
        expect(rows.map(({ name }) => name).join(" ")).toBe(left);
        expect(await shop.state(url)).toMatchObject({ heads: ["b"] });
      }
    },
  );

  test("CREATE DATABASE that was done before the record was written is not done again", async () => {
    const { url, name } = await ownDatabase(server);
    const other = `${name}_made`;
    const shop = project({
      a: { up: `CREATE DATABASE ${other};\nVACUUM (ANALYZE, nothing);`, header: none },
    });
    try {
      await failureOf(shop.upgrade(url));
      expect((await shop.state(url)).interrupted).toMatchObject({ statement: 2, of: 2 });
      // As if the connection had broken between the statement and its record.
      const [row] = await query<{ hash: string; before: string }>(
        url,
        "SELECT hash, before FROM retort.intent",
      );
      expect(row).toBeDefined();
      await query(
        url,
        `UPDATE retort.intent SET statement = 1, before = encode(sha256(''), 'hex'), kind = 'create database', names = '{${other}}', present = '{}'`,
      );
      shop.write(
        "0001_a.up.sql",
        `-- revision: a\n-- parent: none\n-- transaction: none\n\nCREATE DATABASE ${other};\nVACUUM (ANALYZE);`,
      );
      // Where there was another before, this one may be of somebody else.
      await query(url, "UPDATE retort.intent SET present = '{1}'");
      expect(await failureOf(shop.upgrade(url))).toMatchObject({
        message: expect.stringMatching(/catalog does not show whether that CREATE DATABASE was done$/),
      });
      await query(url, "UPDATE retort.intent SET present = '{}'");
      await shop.upgrade(url);
      expect((await shop.state(url)).heads).toEqual(["a"]);
    } finally {
      await query(server.url(), `DROP DATABASE IF EXISTS ${other}`);
    }
  });
});

const [server] = servers();

const mixed = `INSERT INTO journal VALUES (1);
CREATE INDEX CONCURRENTLY i ON journal (n);
INSERT INTO journal VALUES (3);
VACUUM journal;
INSERT INTO journal VALUES (5);
`;

/**
 * Each message is a moment: before it is there, while it runs, before its answer comes back. Every second message meets
 * one of the three, in turn; `make chaos` draws from them all.
 */
test("at every second message of five statements: the backend ended, the connection cut", async () => {
  const shop = project({ tables: "CREATE TABLE journal (n int);", last: { up: mixed, header: none } });
  const calm = await undisturbed(shop, server!);
  const begin = calm.bytes.asked.indexOf("BEGIN;");
  const sent = messageEnds(calm.bytes.asked, "asked").filter((at) => at > begin);
  const answered = readyPlaces(calm.bytes.answered).slice(4);
  const sixth = (of: number) => (_: number, index: number) => index % 6 === of;
  const moments = [
    ...sent.filter(sixth(0)).map((at) => ({ deed: "cut", side: "asked", at: at - 1, delay: 0 }) as const),
    ...sent.filter(sixth(2)).map((at) => ({ deed: "terminate", side: "asked", at, delay: 2 }) as const),
    ...answered.filter(sixth(4)).map((at) => ({ deed: "cut", side: "answered", at, delay: 0 }) as const),
  ];
  expect(moments.length).toBeGreaterThan(30);
  // Most of the time they wait for a backend that is gone, each in a database of its own.
  const meet = async (moment: (typeof moments)[number]): Promise<void> => {
    const { lost, duplicated, unexplained } = await suffer(shop, server!, calm, moment, ["tables", "last"]);
    expect({ moment, lost, duplicated, unexplained }).toEqual({
      moment,
      lost: [],
      duplicated: [],
      unexplained: [],
    });
  };
  for (let first = 0; first < moments.length; first += 3)
    await Promise.all(moments.slice(first, first + 3).map(meet));
});

test("at some moments of five statements: SIGKILL of the command", async () => {
  const shop = project({ tables: "CREATE TABLE journal (n int);", last: { up: mixed, header: none } });
  const calm = await undisturbed(shop, server!);
  for (const at of readyPlaces(calm.bytes.answered).filter((_, index) => index % 8 === 3)) {
    const { ended, lost, duplicated, unexplained } = await suffer(
      shop,
      server!,
      calm,
      { deed: "kill", side: "answered", at, delay: 0 },
      ["tables", "last"],
    );
    expect({ at, ended, lost, duplicated, unexplained }).toEqual({
      at,
      ended: "killed",
      lost: [],
      duplicated: [],
      unexplained: [],
    });
  }
});

/** Just before the server says that it is ready for the next message. */
function readyPlaces(bytes: Buffer): readonly number[] {
  const ready = Buffer.from([0x5a, 0, 0, 0, 5]);
  const places: number[] = [];
  for (let at = bytes.indexOf(ready); at >= 0; at = bytes.indexOf(ready, at + 1)) places.push(at);
  return places;
}

describe("what the file has set before the interrupted statement holds again", () => {
  const [server] = servers();

  test("its search_path: for the statements that follow, and for the look at the catalog", async () => {
    const { url } = await ownDatabase(server!);
    const shop = project({
      a: "CREATE SCHEMA s;\nCREATE TABLE s.t (x int);\nCREATE TABLE t (x int);\nCREATE INDEX i ON t (x);\nINSERT INTO s.t VALUES (1), (1);",
      b: {
        up: "SET search_path = s;\nCREATE TABLE first ();\nCREATE UNIQUE INDEX CONCURRENTLY i ON t (x);\nCREATE TABLE second ();",
        header: none,
      },
    });
    await failureOf(shop.upgrade(url));
    expect(await indexes(url, "s.t")).toEqual(["s.i invalid"]);
    await query(url, "DELETE FROM s.t");
    await shop.upgrade(url);
    expect(await indexes(url, "s.t")).toEqual(["s.i"]);
    expect(
      await query(
        url,
        "SELECT relname, relnamespace::regnamespace::text AS schema FROM pg_class WHERE relname IN ('first', 'second') ORDER BY 1",
      ),
    ).toEqual([
      { relname: "first", schema: "s" },
      { relname: "second", schema: "s" },
    ]);
  });

  test("its role, which need not see the ledger", async () => {
    const { url } = await ownDatabase(server!);
    const bob = await ownRole(server!, "NOLOGIN");
    await query(url, `GRANT ALL ON SCHEMA public TO ${bob.name}`);
    const shop = project({
      b: {
        up: `SET ROLE ${bob.name};\nCREATE TABLE x ();\nCREATE TABLE y AS SELECT 1/count(*) AS n FROM pg_class WHERE relname = 'mended';\nCREATE TABLE z ();\nRESET ROLE;\nCREATE TABLE ours ();`,
        header: none,
      },
    });
    expect(await failureOf(shop.upgrade(url))).toMatchObject({ sqlstate: "22012" });
    await query(url, "CREATE TABLE mended ()");
    await shop.upgrade(url);
    expect(
      await query(
        url,
        "SELECT relname, pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relname IN ('x', 'y', 'z', 'ours') ORDER BY 1",
      ),
    ).toEqual([
      { relname: "ours", owner: "postgres" },
      ...["x", "y", "z"].map((relname) => ({ relname, owner: bob.name })),
    ]);
    await query(url, `DROP OWNED BY ${bob.name}`);
  });
});
