/** A script in the wrong place, at the wrong time, or with a careless client: it stops with a sentence and changes nothing. */

import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { offline } from "../../src/app/offline.ts";
import { openProject } from "../../src/app/project.ts";
import { ledgerOf } from "../../src/core/ledger/calls.ts";
import { defaultForm } from "../../src/core/plan/script.ts";
import { receiptsOf } from "../../src/core/receipt.ts";
import { renderScript, renderSplit } from "../../src/render/script/script.ts";
import { dump } from "../support/dump.ts";
import { filesOf, stateOf } from "../support/forms.ts";
import { failureOf, ownDatabase, project, withLock } from "../support/project.ts";
import { fileOf, runScript } from "../support/psql.ts";
import { ownRole } from "../support/roles.ts";
import { freshDatabase, oneServer, query, servers, withClient } from "../support/server.ts";

const shop = project({
  a: { up: "CREATE TABLE t (x int);", down: "DROP TABLE t;" },
  b: { up: "INSERT INTO t VALUES (1);", down: "DELETE FROM t;" },
  c: { up: "CREATE INDEX CONCURRENTLY c ON t (x);", down: "DROP INDEX CONCURRENTLY c;" },
  d: {
    up: "INSERT INTO t VALUES (2); VACUUM t; DO 'BEGIN INSERT INTO t VALUES (3); COMMIT; END'; INSERT INTO t VALUES (4);",
    header: ["transaction: none"],
    down: "DELETE FROM t WHERE x > 1;",
  },
  e: { up: "ALTER TABLE t ADD y int;", down: "ALTER TABLE t DROP y;" },
});

const up = (target: string) => ({ kind: "upgrade", target }) as const;

/** The script for a client that sends one statement after another and goes on after errors: no line for psql is left. */
const careless = (script: string): string =>
  script.replaceAll(/^\\(?!gset).*$/gm, "").replaceAll(/\n\\gset$/gm, ";");

/** The `\set` lines are gone, as by a hand that did not know what they are for. */
const unset = (script: string): string => script.replaceAll(/^\\set .*$/gm, "");

const goesOn = { args: ["-v", "ON_ERROR_STOP=0"] };

describe.each(oneServer("oldest"))("on $name", (server) => {
  /** Every way to run it ends with the sentence, and with nothing changed: not in the log either. */
  async function expectRefused(url: string, scripts: readonly string[], sentence: RegExp): Promise<void> {
    const before = await dump(url);
    for (const script of scripts) {
      const stopped = await runScript(url, script);
      expect(stopped.stderr).toMatch(sentence);
      expect(stopped.code).toBe(3);
      expect(await runScript(url, unset(script), goesOn).then(({ stderr }) => stderr)).toMatch(sentence);
      const { code, stderr } = await runScript(url, careless(script), goesOn);
      expect(stderr).toMatch(sentence);
      expect(code).toBe(0);
      expect(await dump(url)).toBe(before);
    }
  }

  const wholeScripts = async (range: string, options = {}): Promise<string[]> => [
    (await filesOf("one file", shop.deps, up(range), options))[0]!,
    (await filesOf("idempotent, run twice", shop.deps, up(range), options))[0]!,
  ];

  test("a script from base, in every other state", async () => {
    const { url } = await ownDatabase(server);
    const script = await shop.script("base:heads");
    for (const revision of ["a", "b", "c", "d", "e"]) {
      await shop.upgrade(url, revision);
      await expectRefused(
        url,
        [script],
        /this database is not in the expected state; applied, but should not be: a/,
      );
    }
    expect((await runScript(url, script)).stderr).toContain("All of it is done already.");
  });

  test("the hint is the command that writes the right script", async () => {
    const { url } = await ownDatabase(server);
    await shop.upgrade(url, "b");
    const flags = { lockTimeout: "7s", expectRole: "postgres" };
    const { stderr } = await runScript(url, await shop.script("c:d", flags));
    expect(stderr).toContain("with: migrate upgrade b:d --sql --lock-timeout 7s --expect-role postgres");
    expect((await runScript(url, await shop.script("b:d", flags))).code).toBe(0);
    expect((await shop.state(url)).heads).toEqual(["d"]);
    // Where nothing is applied, the ledger may have been left out of a restore.
    const { url: other } = await ownDatabase(server);
    await shop.run(other, { kind: "stamp", targets: ["a"] });
    await shop.run(other, { kind: "stamp", targets: ["base"] });
    expect((await runScript(other, await shop.script("b:d"))).stderr).toContain(
      "If this is the right database, and has already all that b does, record it with: migrate stamp b (as a script: add --sql); if it has not, write a script from this state with: migrate upgrade base:d --sql\n",
    );
    // A stamp records that itself, whether it goes up or down.
    for (const range of ["b:d", "b:a"])
      expect(
        (await runScript(other, await shop.script({ kind: "stamp", targets: [range] }))).stderr,
      ).toContain(
        `If this is the right database, write a script from this state with: migrate stamp base:${range.slice(2)} --sql\n`,
      );
    // There is nothing to take back then, as far as the ledger tells.
    const record =
      "If this database has nevertheless all that b does, record it with: migrate stamp b (as a script: add --sql); then run this script again.\n";
    for (const [end, said] of [
      ["a", "there is nothing to do for this script: none of its revisions is applied."],
      ["base", "All of it is done already."],
    ])
      expect(
        (await runScript(other, await shop.script({ kind: "downgrade", target: `b:${end}` }))).stderr,
      ).toContain(`${said} ${record}`);
    await shop.run(other, { kind: "stamp", targets: ["b"] });
    await query(other, "CREATE TABLE t (x int)");
    expect((await runScript(other, await shop.script("b:d"))).code).toBe(0);
  });

  test("the commands in its errors have the flags that say which project it is of", async () => {
    const of = project(
      { a: "SELECT 1;", b: "SELECT 1;", c: "SELECT 1;" },
      { environments: { "my prod": {} } },
    );
    const { url, name } = await ownDatabase(server);
    const words = 'migrate -n "my prod"';
    const script = await of.script("a:c", { environment: "my prod" });
    const expectSaid = async (said: string) => {
      expect((await runScript(url, script)).stderr).toContain(`${words} ${said}`);
      expect((await runScript(url, script, { args: ["-v", "preflight=1"] })).stdout).toContain(
        `${words} ${said}`,
      );
    };
    await expectSaid("stamp a (as a script: add --sql); if it has not, write a script from base");
    const anyone = await ownRole(server, "LOGIN");
    const create = await of.script("base:a", { environment: "my prod" });
    expect((await runScript(anyone.url(name), create)).stderr).toContain(
      `${words} ensure-version --database URL, then: GRANT`,
    );
    await of.upgrade(url, "a");
    await of.downgrade(url, "base");
    await expectSaid("stamp a (as a script: add --sql); if it has not, write a script from this state");
    // It is kept where a step begins with the settings of the connection, and set anew by each script.
    await query(url, "SET retort_script.flags = '-n x'; CALL retort.protect_session()");
    const [{ hint } = {}] = await query(
      url,
      "SET retort_script.flags = '-n x'; CALL retort.protect_session(); SELECT retort.not_next_hint('b', 'up') AS hint",
    );
    expect(hint).toContain("with: migrate -n x upgrade --sql");
    await query(url, "TRUNCATE retort.state, retort.applied");
    await expectSaid(`repair and record what is applied: ${words} stamp REVISION`);
  });

  test("one that was made into that of another ledger says so, whether that is there or not", async () => {
    const of = (schema: string) => project({ a: "SELECT 1;", b: "SELECT 2;" }, { ledger: { schema } });
    const { url } = await ownDatabase(server);
    const script = async (range: string) =>
      (await of("retort_acme").script(range)).replaceAll("acme", "beta");
    const said =
      /ERROR: {2}retort: this script was changed: it was not written for the ledger retort_beta\nHINT: {2}Nothing was changed\. Write one for that ledger/m;
    const refused = async (text: string) => {
      await expectRefused(url, [text], said);
      const { stdout } = await runScript(url, text, { args: ["-v", "preflight=1"] });
      expect(stdout).toContain(
        "this script was changed: it was not written for the ledger retort_beta. Write one",
      );
    };
    await refused(await script("base:a"));
    await of("retort_beta").upgrade(url, "a");
    await refused(await script("a:b"));
    expect(await runScript(url, await of("retort_beta").script("a:b"))).toMatchObject({ code: 0 });
  });

  test("a state that does not lie on the way", async () => {
    const { url } = await ownDatabase(server);
    await shop.upgrade(url, "e");
    const [script] = await filesOf("idempotent, run twice", shop.deps, up("base:c"));
    await expectRefused(url, [script!], /applied, but should not be: d, e/);
  });

  test("what runs in a session that only reads is stopped by psql", async () => {
    const system = project({ a: "CREATE TABLE t ();", b: "ALTER SYSTEM SET log_temp_files = '4711MB';" });
    const { url } = await ownDatabase(server);
    const { stdout } = await runScript(url, unset(await system.script("a:heads")), goesOn);
    expect(stdout).toContain("retort: stopped");
    expect(await query(url, "SELECT FROM pg_file_settings WHERE name = 'log_temp_files'")).toEqual([]);
  });

  test("a role without rights on the ledger is told which it lacks, and what to grant", async () => {
    const role = await ownRole(server, "LOGIN");
    const { url, name } = await ownDatabase(server);
    await shop.upgrade(url, "a");
    const before = await dump(url);
    const [whole] = await filesOf("one file", shop.deps, up("base:b"));
    const [part] = await filesOf("idempotent, run twice", shop.deps, up("a:b"));
    const [first] = await filesOf("one file", shop.deps, up("base:a"));
    for (const script of [whole!, part!]) {
      const { code, stderr } = await runScript(role.url(name), script);
      expect(code).toBe(3);
      expect(stderr).toMatch(
        /ERROR: {2}retort: \w+ may not write to the ledger retort, and lacks: USAGE on the schema; /,
      );
      expect(stderr).toContain(
        `HINT:  Nothing was changed. As the owner of the ledger, run: GRANT USAGE ON SCHEMA retort TO ${role.name}; `,
      );
      expect(await runScript(role.url(name), careless(script), goesOn)).toMatchObject({ code: 0 });
      expect(await dump(url)).toBe(before);
    }
    const fresh = await ownDatabase(server);
    expect((await runScript(role.url(fresh.name), first!)).stderr).toContain(
      `${role.name} may not create the ledger, and lacks: CREATE on the database`,
    );
    await query(fresh.url, `CREATE SCHEMA retort; GRANT USAGE ON SCHEMA retort TO ${role.name}`);
    expect((await runScript(role.url(fresh.name), first!)).stderr).toContain(
      `${role.name} may not create the ledger, which needs CREATE and USAGE on the schema retort`,
    );
  });

  test("another session keeps the ledger from being read: a script and its preflight name it", async () => {
    const { url } = await ownDatabase(server);
    await shop.upgrade(url, "a");
    const script = await shop.script("a:heads");
    await withClient(url, async (client) => {
      await client.query("SET application_name = 'psql'; BEGIN; LOCK retort.applied");
      const said =
        /the ledger retort is locked by pid (\d+), psql, .*LOCK retort\.applied.* Wait until it is done and try again\. The session of pid \1 is idle: if nobody goes on with it, end it: SELECT pg_terminate_backend\(\1\);/s;
      expect(await runScript(url, script)).toMatchObject({
        code: 3,
        stderr: expect.stringMatching(new RegExp(`retort: ${said.source}`, "s")),
      });
      const looked = await runScript(url, script, { args: ["-v", "preflight=1"] });
      expect(looked).toMatchObject({ code: 3, stdout: expect.stringMatching(said) });
    });
  });

  test("another session has the lock; there is no ledger yet", async () => {
    const { url } = await ownDatabase(server);
    const scripts = await wholeScripts("base:heads");
    await withLock(shop, url, () => expectRefused(url, scripts, /another session holds the lock/));
  });

  test("another session has the lock, and gives it back while a careless client goes on", async () => {
    const { url } = await ownDatabase(server);
    await shop.upgrade(url, "a");
    const before = await dump(url);
    const [script] = await filesOf("one file", shop.deps, up("a:heads"));
    // The lock fails; the rest is sent when nobody holds it any more.
    const late = careless(script!).replace(/-- Lock: [\s\S]*?\$retort\$;/, "SELECT 1/0;");
    expect((await runScript(url, late, goesOn)).stderr).toMatch(/this session does not hold the lock/);
    expect(await dump(url)).toBe(before);
  });

  test("the wrong database, role, or server", async () => {
    const { url, name } = await ownDatabase(server);
    const right = { expectDatabase: name, expectRole: "postgres" };
    const expected = [
      [
        { ...right, expectDatabase: `it's "$$" \\\n*/` },
        /this script is for the database it's "\$\$" \\\n\*\/; connected to retort_test_/,
      ],
      [
        { ...right, expectRole: "$retort$'; DROP" },
        /this script must be run by the role \$retort\$'; DROP; connected as postgres/,
      ],
      [
        { ...right, serverVersion: { number: 990000, text: "99" } },
        /this needs PostgreSQL 99 or later; the server is (1\d).*\n.* for this server with: --server-version \1$/m,
      ],
    ] as const;
    for (const [options, sentence] of expected)
      await expectRefused(url, await wholeScripts("base:heads", options), sentence);
    // What the SQL needs, no other script can do without.
    for (const [syntaxVersion, hint] of [
      [120000, /HINT: .* Write the script for this server with: --server-version \d\d$/m],
      [
        980000,
        /HINT: .* Its SQL needs PostgreSQL 98: upgrade the server; or .* with: --server-version \d\d$/m,
      ],
      [
        990000,
        /HINT: .* Its SQL needs PostgreSQL 99: upgrade the server; or .* with: --server-version \d\d$/m,
      ],
    ] as const) {
      const lock = ledgerOf({ schema: "retort" }).lock({ minimumVersion: 990000, syntaxVersion });
      expect((await runScript(url, lock)).stderr).toMatch(hint);
    }
    expect(await query(url, "SELECT FROM pg_namespace WHERE nspname = 'retort'")).toEqual([]);
    const files = await filesOf("split files", shop.deps, up("base:heads"), expected[0][0]);
    for (const file of files) expect((await runScript(url, file)).stderr).toMatch(expected[0][1]);
    expect(
      (await runScript(url, (await filesOf("one file", shop.deps, up("base:heads"), right))[0]!)).code,
    ).toBe(0);
  });

  test("a statement fails and the client goes on: what was not done is not recorded, nor what follows", async () => {
    const failing = project({
      a: "CREATE TABLE t (x int); INSERT INTO t VALUES (1), (1);",
      b: "CREATE UNIQUE INDEX CONCURRENTLY b ON t (x);",
      c: "INSERT INTO t VALUES (3);",
    });
    const { url } = await ownDatabase(server);
    const { stderr } = await runScript(url, careless(await failing.script("base:heads")), goesOn);
    expect(stderr).toMatch(
      /the create index of t, b did not succeed\nHINT: {2}Run: DROP INDEX CONCURRENTLY public\.b; then go on\. .*resume with: migrate upgrade b;/,
    );
    expect(await failing.state(url)).toMatchObject({ heads: ["a"], interrupted: { revision: "b" } });
    expect(await query(url, "SELECT FROM t WHERE x = 3")).toEqual([]);

    // Who records it all the same, by hand, is told what is left.
    const recorded = "CALL retort.end_upgrade('b', '', '', '{a}', 'b');";
    expect(await runScript(url, recorded)).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(
        /WARNING: {2}retort: the upgrade to b is recorded, but the create index of t, b is half done\nHINT: {2}Run: DROP INDEX CONCURRENTLY public\.b; then run its CREATE INDEX CONCURRENTLY again/,
      ),
    });

    // Nothing tells what a block did: there psql must stop.
    const silent = project({
      a: "CREATE TABLE u (x int);",
      b: { up: "DO 'BEGIN COMMIT; PERFORM 1/0; END';", header: ["transaction: none"] },
      c: "INSERT INTO u VALUES (3);",
    });
    const other = await ownDatabase(server);
    expect(await runScript(other.url, unset(await silent.script("base:heads")), goesOn)).toMatchObject({
      stdout: expect.stringContaining("retort: stopped"),
    });
    expect(await silent.state(other.url)).toMatchObject({ heads: ["a"], interrupted: { revision: "b" } });
  });

  /** On a busy machine the session of the file before may still be ending, and then has the lock. */
  const runAlone = async (url: string, text: string) => {
    let ran = await runScript(url, text);
    while (/another session holds the lock/.test(ran.stderr)) ran = await runScript(url, text);
    return ran;
  };

  test("split files: each runs only in its turn, and only once", async () => {
    const { url } = await ownDatabase(server);
    const files = await filesOf("split files", shop.deps, up("base:heads"));
    expect(files).toHaveLength(1 + 2 + 3 + 6 + 1);
    for (const [turn, file] of files.entries()) {
      const before = await dump(url);
      if (turn === 0)
        expect((await runAlone(url, files[1]!)).stderr).toContain(
          "Nothing was changed. Connect to the right database; or run the files of the script in their order, from the first.",
        );
      for (const [index, other] of files.entries()) {
        // The first asserts where all begins, and changes nothing; the next in turn is next.
        if (index === turn || (index === 0 && turn === 1)) continue;
        // Only some of the pairs, or there would be hundreds.
        if (Math.abs(index - turn) > 1 && (index + turn) % 5 !== 0) continue;
        const { code, stderr, stdout } = await runAlone(url, other);
        expect({ index, turn, code, stdout }).toEqual({ index, turn, code: 3, stdout });
        expect(stderr).toMatch(
          /not in the expected state|is unfinished|was interrupted|is not next|should be under way|is not recorded as done|was already run|has no ledger|relation "retort\.\w+" does not exist/,
        );
      }
      expect(await dump(url)).toBe(before);
      expect(await runAlone(url, file)).toMatchObject({ code: 0 });
      const [intent] = await query<{ done: boolean }>(url, "SELECT done FROM retort.intent");
      // Nothing was interrupted: the rest of the step is in the next file.
      if (intent !== undefined)
        expect((await runAlone(url, files[1]!)).stderr).toMatch(
          intent.done
            ? /unfinished: .*, which is done\n.* run the one after/
            : /unfinished: .* \d\n.* run the one of that/,
        );
    }
    expect((await shop.state(url)).heads).toEqual(["e"]);
    const receipts = await query<{ detail: string }>(
      url,
      "SELECT detail FROM retort.log WHERE event = 'script' ORDER BY id",
    );
    expect(receipts.map(({ detail }) => detail)).toEqual(
      [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13].map((n) => `base:e (file ${n} of 13)`),
    );
  });
});

test("split files: one whose step is done already, or is not under way, says so, up and down", async () => {
  const own = project({
    a: { up: "CREATE TABLE a (x int);", down: "DROP TABLE a;" },
    b: {
      up: "CREATE INDEX CONCURRENTLY i ON a (x);",
      down: "DROP INDEX CONCURRENTLY i;",
      header: ["transaction: none"],
    },
  });
  const changed = project({ a: "CREATE TABLE a (y int);", b: "SELECT 1;" });
  const { url } = await ownDatabase(servers()[0]!);
  const run = async (text: string) => (await runScript(url, text)).stderr;
  const ups = await filesOf("split files", own.deps, up("base:heads"));
  const downs = await filesOf("split files", own.deps, { kind: "downgrade", target: "heads:base" });
  const building = ups.findIndex((text) => /^CREATE INDEX/m.test(text));
  expect(await run(ups[0]!)).toBe("");
  expect(await run(ups[building]!)).toMatch(
    /HINT: .* b is not applied: run all files of this step, from its first; before them those of earlier steps /,
  );
  expect(await run(ups[building - 1]!)).toMatch(
    / b is not next: the number of applied revisions is 0, not 1\n.* first run the files before this one that are not done;/,
  );
  const next = (id: string): RegExp =>
    new RegExp(
      ` the steps of this script before ${id} are done already\\n.* Go on with the first file of ${id}\\.`,
    );
  for (const file of ups.slice(0, 2)) expect(await run(file)).toBe("");
  expect(await run(ups[0]!)).toMatch(next("b"));
  expect(await run((await filesOf("split files", changed.deps, up("base:heads")))[0]!)).toContain(
    "retort: applied with other SQL than that of this script: a",
  );
  for (const file of ups.slice(2, building)) expect(await run(file)).toBe("");
  expect(await run(ups[0]!)).toContain("retort: a step outside a transaction is unfinished: b ");
  for (const file of ups.slice(building)) expect(await run(file)).toBe("");
  expect(await run(ups[1]!)).toMatch(
    / a is not next: it is already applied\n.* this step is done already\. See: /,
  );
  expect(await run(ups[building]!)).toMatch(
    /HINT: .* b is applied already: go on with the first file of the/,
  );
  const dropping = downs.findIndex((text) => /^DROP INDEX/m.test(text));
  const done = downs.findIndex((text) => /^DROP TABLE/m.test(text));
  expect(await run(downs[done]!)).toMatch(
    / a is not next: .*\n.* state with: migrate downgrade TARGET --sql --from-database\n/,
  );
  expect(await run(downs[dropping]!)).toMatch(
    /HINT: .* b is applied: run all files of this step, from its first/,
  );
  for (const file of downs.slice(0, dropping)) expect(await run(file)).toBe("");
  expect(await run(ups[building]!)).toMatch(
    / the upgrade to b at statement 1 should be under way; what is under way is the downgrade of b at statement 1\n/,
  );
  for (const file of downs.slice(dropping, done)) expect(await run(file)).toBe("");
  expect(await run(downs[0]!)).toMatch(next("a"));
  for (const file of downs.slice(done)) expect(await run(file)).toBe("");
  expect(await run(downs[1]!)).toMatch(
    / b is not next: it is not applied\n.* this step is done already\. See: /,
  );
  expect(await run(downs[dropping]!)).toMatch(/HINT: .* b is not applied any more: go on with/);
});

test.each(["split files", "split files, any client"] as const)(
  "%s: what an interrupted build has left is named with what removes it",
  async (form) => {
    const own = project({
      a: "CREATE SCHEMA s;\nCREATE TABLE s.t (x int);\nINSERT INTO s.t VALUES (1), (1);",
      b: "CREATE UNIQUE INDEX CONCURRENTLY i ON s.t (x);\nVACUUM;",
    });
    const { url } = await ownDatabase(servers()[0]!);
    const files = await filesOf(form, own.deps, up("base:heads"));
    const at = files.findIndex((text) => /^CREATE UNIQUE/m.test(text));
    const run = async (index: number) => (await runScript(url, files[index]!)).stderr;
    for (let index = 0; index < at; index += 1) await run(index);
    expect(await run(at)).toContain("could not create unique index");
    expect(await run(at + 1)).toMatch(/HINT: .*Run: DROP INDEX CONCURRENTLY s\.i; /);
    if (form === "split files") {
      const circle =
        /HINT: .* Run: (DROP INDEX CONCURRENTLY s\.i); then run the file of that statement again\./;
      expect(await run(at + 1)).toMatch(circle);
      await query(url, circle.exec(await run(at))![1]!);
      expect(await run(at + 1)).toMatch(
        /HINT: .*if the statement is done, record that: CALL retort\.end_statement\('b', 1, /,
      );
      await expect(query(url, "CALL retort.end_statement('b', 1, has_lock => false)")).rejects.toThrow(
        "the create index of s.t, i did not succeed",
      );
    } else await query(url, "DROP INDEX s.i");
    await query(url, "TRUNCATE s.t");
    for (let index = at; index < files.length; index += 1) expect(await run(index)).toBe("");
    expect((await own.state(url)).heads).toEqual(["b"]);
  },
);

describe("clients and their settings", () => {
  const [server] = servers();
  const texts = project(
    {
      a: `CREATE TABLE t (x int, note text);
INSERT INTO t VALUES (1, 'é \\ 😀'), (2, E'it\\'s 表');
SELECT 1 AS n UNION SELECT 2;
CREATE INDEX i ON t (x);`,
      b: "CREATE INDEX CONCURRENTLY b ON t (note);",
      c: "UPDATE t SET note = note || ':x \\' WHERE x = 1;",
    },
    { session: { searchPath: ["public"] } },
  );

  const startUpFile = () =>
    fileOf(`\\set ON_ERROR_ROLLBACK on
\\set AUTOCOMMIT off
\\set ON_ERROR_STOP off
\\set FETCH_COUNT 1
\\set SINGLELINE on
\\set retort_pending maybe
\\set ECHO all
\\set VERBOSITY verbose
\\set x 666
\\set QUIET off
\\timing on
`);

  /** What a DBA's shell and home may bring along. */
  const worlds: readonly (readonly [string, () => Parameters<typeof runScript>[2]])[] = [
    [
      ".psqlrc with everything the other way round",
      () => ({ readStartupFile: true, env: { PSQLRC: startUpFile() } }),
    ],
    ["-S, which ends statements with their line", () => ({ args: ["-S"] })],
    [
      "variables named as things in the SQL",
      () => ({ args: ["-v", "x=1; DROP TABLE t", "-v", "retort_pending=off"] }),
    ],
    ["Latin-1", () => ({ env: { PGCLIENTENCODING: "LATIN1" } })],
    ["Shift-JIS, in which a backslash can be half a letter", () => ({ env: { PGCLIENTENCODING: "SJIS" } })],
    ["strings in the old way", () => ({ env: { PGOPTIONS: "-c standard_conforming_strings=off" } })],
    [
      "odd settings of the session",
      () => ({
        env: {
          PGOPTIONS:
            "-c search_path=pg_temp -c datestyle=german -c default_transaction_read_only=off -c lock_timeout=1",
        },
      }),
    ],
  ];

  test.each(worlds)("%s", async (_, world) => {
    const [a, b] = [await ownDatabase(server!), await ownDatabase(server!)];
    await texts.upgrade(a.url);
    for (const form of ["one file", "idempotent, run twice"] as const) {
      const database = await freshDatabase(server!);
      for (const text of await filesOf(form, texts.deps, up("base:heads"))) {
        const { code, stderr } = await runScript(database.url, text, world());
        expect(stderr).toBe("");
        expect(code).toBe(0);
      }
      expect(await stateOf(database.url)).toEqual(await stateOf(a.url));
      await database.drop();
    }
    // And it stops: nothing of a transaction whose guard has failed is kept.
    await query(b.url, "CREATE TABLE t (x int)");
    const before = await dump(b.url);
    const { code, stderr } = await runScript(b.url, await texts.script("a:heads"), world());
    expect(stderr).toContain("this database has no ledger: table retort.state does not exist");
    expect(stderr).toContain(
      "record it with: migrate stamp a (as a script: add --sql); if it has not, write a script from base with: migrate upgrade base:c --sql\n",
    );
    expect(code).toBe(3);
    expect(await dump(b.url)).toBe(before);
  });

  test("psql says little: a line for each step, and what was done", async () => {
    const { url } = await ownDatabase(server!);
    const [script] = await filesOf("idempotent, run twice", shop.deps, up("base:c"));
    await shop.upgrade(url, "a");
    const { stdout, stderr } = await runScript(url, script!);
    expect(stderr).toBe("");
    const shown = stdout.replaceAll(/[0-9a-f]{64}/g, "…").replaceAll(/\| +\d+$/gm, "| <ms>");
    expect(shown).toMatchInlineSnapshot(`
      "retort: 1 of 3 is already done
      retort: 2 of 3
      retort: 3 of 3
       applied_revisions | current_heads |                                 receipt                                 
      -------------------+---------------+-------------------------------------------------------------------------
                       3 | c             | sha256:…
      (1 row)

        step   | revision | milliseconds 
      ---------+----------+--------------
       upgrade | b        | <ms>
       upgrade | c        | <ms>
      (2 rows)

      retort: done
      "
    `);
  });

  test("a role that must be set to reach the ledger", async () => {
    const owner = await ownRole(server!, "NOLOGIN", `ow"ner's $$ \\ role`);
    const login = await ownRole(
      server!,
      `LOGIN NOINHERIT; GRANT ${quoted(owner.name)} TO :role; GRANT pg_read_all_data TO :role`,
    );
    const { url, name } = await ownDatabase(server!);
    await query(
      url,
      `GRANT CREATE ON DATABASE ${quoted(name)} TO ${quoted(owner.name)}; GRANT ALL ON SCHEMA public TO ${quoted(owner.name)}`,
    );
    const owned = project(
      {
        a: "CREATE TABLE t (x int);",
        b: { up: "CREATE INDEX CONCURRENTLY b ON t (x);", down: "DROP INDEX CONCURRENTLY b;" },
        c: "RESET ROLE;",
      },
      { role: owner.name, session: { searchPath: ["public", `s"1 $$`] } },
    );
    for (const form of ["one file", "idempotent, run twice", "split files"] as const) {
      let shown = "";
      for (const text of await filesOf(form, owned.deps, up("base:heads"))) {
        const { code, stderr, stdout } = await runScript(login.url(name), text);
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        shown += stdout;
      }
      // The log has their durations, whichever role reads it.
      if (form !== "split files") expect(shown.match(/^ upgrade \| [abc] /gm)).toHaveLength(3);
      expect(await query(url, "SELECT tableowner FROM pg_tables WHERE schemaname = 'retort'")).toEqual(
        Array.from({ length: 4 }, () => ({ tableowner: owner.name })),
      );
      await query(url, "DROP SCHEMA retort CASCADE; DROP TABLE t");
    }
    await query(url, `DROP OWNED BY ${quoted(owner.name)}`);
  });

  test("a role that must be set, but may not be, or is not there: told what to run", async () => {
    const owner = await ownRole(server!, "NOLOGIN", `ow"ner`);
    const login = await ownRole(server!, "LOGIN");
    const { url, name } = await ownDatabase(server!);
    const before = await dump(url);
    for (const [role, message, way] of [
      [
        owner.name,
        `${owner.name}, which ${login.name} may not set`,
        `GRANT ${quoted(owner.name)} TO ${login.name}`,
      ],
      ["nobody_is", "nobody_is, which does not exist", "CREATE ROLE nobody_is"],
    ] as const) {
      const { deps } = project({ a: "SELECT 1;" }, { role });
      for (const form of ["one file", "idempotent, run twice", "any client", "split files"] as const) {
        const [text] = await filesOf(form, deps, up("base:heads"));
        const { code, stderr } = await runScript(login.url(name), text!);
        expect(code, form).toBe(3);
        expect(stderr).toContain(`retort: this script runs its SQL as the role ${message}`);
        expect(stderr).toMatch(/^HINT: {2}Nothing was changed\. .*; or, as a superuser, run: /m);
        expect(stderr).toContain(`as a superuser, run: ${way}\n`);
        if (form === "any client" || role !== owner.name) continue;
        const looked = await runScript(login.url(name), text!, { args: ["-v", "preflight=1"] });
        expect(looked.stdout).toContain(`which it may not set; as a superuser, run: ${way}\n`);
      }
    }
    expect(await dump(url)).toBe(before);
  });

  const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

  test("a driver that sends the whole text at once: it works, or stops with nothing changed", async () => {
    const plain = project({
      a: "CREATE TABLE t (x int, note text DEFAULT '\\d');",
      b: "INSERT INTO t SELECT 1;",
    });
    const { url } = await ownDatabase(server!);
    const [script] = await filesOf("any client", plain.deps, up("base:heads"));
    const send = (options: string) => {
      const own = new URL(url);
      own.searchParams.set("options", options);
      return withClient(own.href, (client) => client.query(script!));
    };
    const before = await dump(url);
    expect((await failureOf(send("-c standard_conforming_strings=off"))).message).toContain(
      "first run in this session: SET standard_conforming_strings = on",
    );
    expect(await dump(url)).toBe(before);
    await withLock(plain, url, async () => {
      expect((await failureOf(send(""))).message).toContain("another session holds the lock");
    });
    expect(await dump(url)).toBe(before);
    await send("");
    const after = await dump(url);
    expect((await failureOf(send(""))).message).toContain("this database is not in the expected state");
    expect(await dump(url)).toBe(after);
    expect(await query(url, "SELECT * FROM t")).toEqual([{ x: 1, note: "\\d" }]);
  });

  test("split files for any client: what a file cannot guard it says", async () => {
    const { plan, ledger } = await offline(shop.deps, up("base:heads"), {});
    const files = renderSplit(plan, ledger, { ...defaultForm, client: "any" });
    const alone = files.filter(({ text }) => !text.includes("BEGIN;"));
    expect(alone.map(({ name }) => name)).toEqual([
      "0005_up_c_2_of_3.sql",
      "0008_up_d_2_of_6.sql",
      "0010_up_d_4_of_6.sql",
    ]);
    for (const { text } of alone) expect(text).toContain("no lock, no guard and no settings of its own");
    // Without its statement, the file behind it stops where the catalog shows that.
    const { url } = await ownDatabase(server!);
    const run = (text: string) => withClient(url, (client) => client.query(text));
    for (const { text } of files.slice(0, 4)) await run(text);
    expect((await failureOf(run(files[5]!.text))).message).toContain(
      "the create index of t, c did not succeed",
    );
    for (const { text } of files.slice(4)) await run(text);
    expect((await shop.state(url)).heads).toEqual(["e"]);
  });

  test("split files for any client: an index that was there before counts only for IF NOT EXISTS", async () => {
    const ofIndex = (condition: string) =>
      project({
        a: "CREATE TABLE t (x int, y int);",
        b: `CREATE INDEX CONCURRENTLY ${condition} b ON t (x);`,
      });
    const made = async (condition: string) => {
      const own = ofIndex(condition);
      const { plan, ledger } = await offline(own.deps, up("base:heads"), {});
      const files = renderSplit(plan, ledger, { ...defaultForm, client: "any" }).map(({ text }) => text);
      const { url } = await ownDatabase(server!);
      const run = (text: string) => withClient(url, (client) => client.query(text));
      for (const text of files.slice(0, -3)) await run(text);
      await query(url, "CREATE INDEX b ON t (y)");
      await run(files.at(-3)!);
      return { own, url, run, statement: files.at(-2)!, last: files.at(-1)! };
    };
    const { own, url, run, statement, last } = await made("");
    expect((await failureOf(run(statement))).message).toContain("already exists");
    expect(await failureOf(run(last))).toMatchObject({
      message: "retort: the create index of t, b did not succeed",
      hint: expect.stringMatching(
        /^An index of that name was there before: CREATE INDEX b ON public\.t USING btree \(y\)\. .*otherwise run: DROP INDEX CONCURRENTLY public\.b; then go on\. See/,
      ),
    });
    await query(url, "DROP INDEX b");
    await run(statement);
    await run(last);
    expect((await own.state(url)).heads).toEqual(["b"]);

    const tolerant = await made("IF NOT EXISTS");
    await tolerant.run(tolerant.statement);
    await tolerant.run(tolerant.last);
    expect((await tolerant.own.state(tolerant.url)).heads).toEqual(["b"]);
  });

  test("split files for any client: a batch that was skipped, failed or is run twice is not taken for done", async () => {
    const batches = project({
      a: "CREATE TABLE t (x int PRIMARY KEY, y int);\nINSERT INTO t SELECT g, 0 FROM generate_series(1, 5) AS g;",
      b: {
        up: "INSERT INTO t VALUES (6, 0);\n-- of some rows\n-- batch: 2\nUPDATE t SET y = 1 WHERE x IN (SELECT x FROM t WHERE y = 0 LIMIT :batch_size); -- done\nCREATE TABLE u AS SELECT y FROM t;",
        header: ["transaction: none"],
      },
    });
    const { plan, ledger } = await offline(batches.deps, up("base:heads"), {});
    const files = renderSplit(plan, ledger, { ...defaultForm, client: "any" }).map(({ text }) => text);
    const at = files.findIndex((text) => text.includes("batch_size CONSTANT"));
    expect(files[at]).toContain("checks that it comes next, and records that it is done");
    const { url } = await ownDatabase(server!);
    const run = (text: string) => withClient(url, (client) => client.query(text));
    for (const text of files.slice(0, at)) await run(text);
    expect((await failureOf(run(files[at + 1]!))).message).toContain(
      "statement 2 of b is not recorded as done",
    );
    await query(
      url,
      "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'stop'; END$$",
    );
    await query(
      url,
      "CREATE TRIGGER stop BEFORE UPDATE ON t FOR EACH ROW WHEN (old.x = 5) EXECUTE FUNCTION stop()",
    );
    expect((await failureOf(run(files[at]!))).message).toBe("stop");
    expect((await failureOf(run(files[at + 1]!))).message).toContain(
      "statement 2 of b is not recorded as done",
    );
    await query(url, "DROP TRIGGER stop ON t");
    await run(files[at]!);
    expect((await failureOf(run(files[at]!))).message).toContain("statement 2 of b was already run");
    for (const text of files.slice(at + 1)) await run(text);
    expect((await batches.state(url)).heads).toEqual(["b"]);
    expect(await query(url, "SELECT DISTINCT y FROM u")).toEqual([{ y: 1 }]);
  });

  test("what lasts as long as its session cannot be split; a SET can", async () => {
    const temporary = project({
      a: {
        up: "CREATE TEMP TABLE t (x int);\nVACUUM pg_class;\nINSERT INTO t VALUES (1);",
        header: ["transaction: none"],
      },
    });
    const set = project({
      a: { up: "SET work_mem = '1MB';\nVACUUM pg_class;", header: ["transaction: none"] },
    });
    const split = async (of: typeof set, client: "psql" | "any") => {
      const { plan, ledger } = await offline(of.deps, up("base:heads"), {});
      return renderSplit(plan, ledger, { ...defaultForm, client });
    };
    expect(await failureOf(split(temporary, "psql"))).toMatchObject({
      code: "source/not-splittable",
      location: { line: 5 },
      message: expect.stringContaining("a temporary object lasts as long as its session"),
    });
    expect(await failureOf(split(set, "any"))).toMatchObject({
      code: "source/not-splittable",
      location: { line: 6 },
    });
    expect((await split(set, "psql"))[2]!.text).toContain("SET work_mem = '1MB';");
  });
});

describe("hostile text", () => {
  const [server] = servers();
  const pwned = `${fileOf("")}.pwned`;
  const shell = `\\! touch ${pwned}`;
  const evil = `'"$$ $retort$ \\ \`touch ${pwned}\` :x :'x' */ /* -- ; 😀 é`;

  test("nothing leaves its comment or its quotes, in any form", async () => {
    const hostile = project(
      {
        a: {
          up: `-- end plan
/* ${shell.replaceAll("*/", "")}
${shell}
*/
CREATE TABLE t (note text); -- ${evil}
-- end plan
INSERT INTO t VALUES (':x'), ('
${shell}
-- end plan
'), ($x$
${shell}
-- begin plan
$x$); -- end plan
-- end plan
`,
          header: [`message: ${evil} ${shell}`, "branch-labels: la.b_el"],
          down: "DROP TABLE t;",
        },
        // What a session that reads strings otherwise would take for a command.
        b: `SELECT set_config('client_' || 'encoding', 'GBK', false);
INSERT INTO t VALUES ('中'), ('
${shell}
');`,
        c: `SELECT set_config('standard_conforming' || '_strings', 'off', false);
SELECT 'a\\''
${shell}
';`,
        d: {
          up: "CREATE INDEX CONCURRENTLY d ON t (note);",
          header: [`message: d ${evil}`],
          down: "DROP INDEX CONCURRENTLY d;",
        },
      },
      {
        ledger: { schema: `re${evil.slice(0, 20)}\n\\! id\r\\! id\n-- end plan` },
        session: { searchPath: ["public", `"${evil.slice(0, 30)}`] },
      },
    );
    const online = await ownDatabase(server!);
    await hostile.upgrade(online.url);
    const { schema } = (await openProject(hostile.deps, {})).config.ledger;
    const state = async (url: string) => ({
      catalog: await dump(url, { exclude: [schema] }),
      rows: (await hostile.state(url)).applied.map(({ revision, message, checksum }) => ({
        revision,
        message,
        checksum,
      })),
    });
    const wanted = await state(online.url);
    expect(wanted.rows[0]!.message).toContain(shell);
    for (const form of ["one file", "split files", "idempotent, run twice"] as const) {
      const database = await freshDatabase(server!);
      for (const text of await filesOf(form, hostile.deps, up("base:heads"))) {
        expect(await runScript(database.url, text, { args: ["-v", `x=${shell}`] })).toMatchObject({
          code: 0,
          stderr: "",
        });
        const { stated, actual } = receiptsOf(text)!;
        expect(actual).toBe(stated);
      }
      expect(await state(database.url)).toEqual(wanted);
      await database.drop();
    }
    expect(existsSync(pwned)).toBe(false);
  });

  test("a string that psql would read otherwise is refused", async () => {
    const bad = project({ a: `SELECT 1,\n  E'a'\n  'it\\'; ${shell} --';` });
    const { plan, ledger } = await offline(bad.deps, up("base:heads"), {});
    expect(() => renderScript(plan, ledger)).toThrow(/psql cannot read this string/);
    expect(await failureOf(Promise.resolve().then(() => renderScript(plan, ledger)))).toMatchObject({
      code: "source/psql-string",
      location: { line: 5, column: 3 },
    });
    const { url } = await ownDatabase(server!);
    await withClient(url, (client) =>
      client.query(renderScript(plan, ledger, { ...defaultForm, client: "any" }).text),
    );
  });
});
