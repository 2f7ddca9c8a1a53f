/** A script that is run with `-v preflight=1`: it reads what it will meet, says what is missing, and changes nothing. */
import { describe, expect, test } from "vitest";
import type { Request } from "../../src/app/steps.ts";
import { ledgerOf } from "../../src/core/ledger/calls.ts";
import { dump } from "../support/dump.ts";
import { filesOf } from "../support/forms.ts";
import { example, migrateHere } from "../support/migrate.ts";
import { failureOf, ownDatabase, project, withLock } from "../support/project.ts";
import { fileOf, type PsqlOptions, psqlAvailable, runScript } from "../support/psql.ts";
import { ownRole } from "../support/roles.ts";
import { oneServer, query, withClient } from "../support/server.ts";

const preflight = { args: ["-v", "preflight=1"] } satisfies PsqlOptions;
const HEAD = { kind: "upgrade", target: "base:heads" } as const;

/** Each line as `mark about: found`. */
const linesOf = (stdout: string): readonly string[] =>
  stdout
    .split("\n")
    .filter((line) => /^ . \|/.test(line))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .slice(1)
    .map(([mark, about, ...found]) => `${mark} ${about}: ${found.join("|")}`.trim());

/** The line that says what the run said, whose error was this; what is wrong only where anything is left to do. */
function refusal(at: string, stderr: string): string {
  const [, fault, hint] = /ERROR: {2}retort: (.*)\nHINT: {2}Nothing was changed\. (.*)/.exec(stderr)!;
  const isDone = /is done already|are done already|nothing to do/.test(hint!);
  return `X ledger: at ${at}${isDone ? "" : `; ${fault}`}. ${hint}`;
}

const shop = project({
  a: "CREATE TABLE t (id int PRIMARY KEY);\nCREATE TABLE u (id int REFERENCES t);",
  b: `ALTER TABLE t ADD COLUMN "c'\\d" int;`,
});

describe.skipIf(!psqlAvailable()).each(oneServer("newest"))("on $name", (server) => {
  test("whatever the value is, it only reads, and leaves psql as it was", async () => {
    const { url } = await ownDatabase(server);
    await shop.upgrade(url, "a");
    const before = await dump(url);
    const script = await shop.script("a:b");
    for (const set of ["preflight=1", "preflight=off", "preflight=maybe", "PREFLIGHT=1"]) {
      const { code, stdout, stderr } = await runScript(url, script, { args: ["-v", set] });
      expect({ code, stderr }, set).toEqual({ code: 0, stderr: "" });
      expect(stdout).toContain("retort: preflight done, nothing was changed");
      expect(stdout).not.toContain("retort: done");
      expect(linesOf(stdout)).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^server: PostgreSQL \S+ at .*, the primary$/),
          "ledger: at a",
          expect.stringMatching(
            /^table: public\.t: ACCESS EXCLUSIVE; rows not counted yet, 0 bytes, indexes /,
          ),
          "result: of what was looked at, nothing is missing",
        ]),
      );
    }
    expect(await dump(url)).toBe(before);
    const { stdout } = await runScript(
      url,
      `\\set ON_ERROR_STOP off\n\\set AUTOCOMMIT off\n\\i ${fileOf(script)}\n\\echo :ON_ERROR_STOP :AUTOCOMMIT :{?retort_facts}\n`,
      preflight,
    );
    expect(stdout).toMatch(/^off off FALSE$/m);
    expect((await runScript(url, script)).code).toBe(0);
  });

  test("a database in another state, an open transaction and an interrupted step", async () => {
    const { url } = await ownDatabase(server);
    const script = await shop.script("a:b");
    const longer = project({ a: "SELECT 1;", b: "SELECT 1;", c: "SELECT 1;" });
    const empty = await runScript(url, script, preflight);
    expect(linesOf(empty.stdout)).toContainEqual(
      expect.stringMatching(/^X ledger: this database has no ledger: table retort\.state does not exist\. /),
    );
    expect(empty).toMatchObject({ code: 3, stderr: expect.stringContaining("the script would fail") });
    const record =
      "and has already all that b does, record it with: migrate stamp b (as a script: add --sql)";
    for (const [request, way] of [
      [
        { kind: "upgrade", target: "b:c" },
        `If this is the right database, ${record}; if it has not, write a script from base with: migrate upgrade base:c --sql --lock-timeout 3s`,
      ],
      [{ kind: "downgrade", target: "b:a" }, `If this is the right database, ${record}`],
      [
        { kind: "stamp", targets: ["a:b"] },
        "If this is the right database, write a script from base with: migrate stamp base:b --sql",
      ],
      [{ kind: "stamp", targets: ["b:base"] }, "Connect to the right database."],
    ] as const) {
      const options = request.kind === "stamp" ? {} : { lockTimeout: "3s" };
      const text = await longer.script(request as Request, options);
      const { stderr } = await runScript(url, text);
      expect(stderr).toContain("this database has no ledger: ");
      expect(stderr).toContain(`HINT:  Nothing was changed. ${way}\n`);
      expect((await runScript(url, text, preflight)).stdout).toContain(`does not exist. ${way}`);
    }
    await shop.upgrade(url);
    const done = await runScript(url, script, preflight);
    expect(linesOf(done.stdout)).toContain("X ledger: at b. All of it is done already.");
    expect(done.code).toBe(3);
    // What resumes it is said as the run says it.
    const interrupted = await ownDatabase(server);
    await shop.upgrade(interrupted.url, "a");
    await query(
      interrupted.url,
      "INSERT INTO retort.intent (revision, direction, statement, of, hash, before, started_at, started_by, done, found) VALUES ('b', 'up', 1, 1, 'x', 'y', now(), 'x', false, false)",
    );
    expect(linesOf((await runScript(interrupted.url, script, preflight)).stdout)).toContain(
      refusal("a", (await runScript(interrupted.url, script)).stderr),
    );
    const readOnly = { ...preflight, env: { PGOPTIONS: "-c default_transaction_read_only=on" } };
    expect(linesOf((await runScript(url, script, readOnly)).stdout)[0]).toMatch(
      /^X server: .*, the primary, but read-only: default_transaction_read_only is on$/,
    );
    const open = await runScript(url, script, { args: ["-1", ...preflight.args] });
    expect(open).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/a transaction is already open[\s\S]*HINT: .*start psql without -1/),
    });
  });

  test("a step that was begun with other statements is refused at the start, as the preflight says", async () => {
    const { url } = await ownDatabase(server);
    const header = ["transaction: none"];
    const index = "CREATE UNIQUE INDEX CONCURRENTLY t_x ON t (x);\n";
    const of = project({
      a: "CREATE TABLE t (x int);\nINSERT INTO t VALUES (1), (1);",
      b: { up: `CREATE TABLE u ();\n${index}CREATE TABLE v ();`, header },
    });
    await failureOf(of.upgrade(url));
    await query(url, "DELETE FROM t WHERE ctid <> (SELECT min(ctid) FROM t)");
    const fits = await of.script("a:b", { idempotent: true });
    const at = "ledger: at a; unfinished: b at statement 2 of 3, a step of this script";
    expect(linesOf((await runScript(url, fits, preflight)).stdout)).toContain(at);
    const before = await dump(url);
    for (const [up, how, remedy] of [
      [
        `CREATE TABLE w ();\n${index}CREATE TABLE v ();`,
        "the statements before it differ from those that were run",
        "Restore them in the file of the migration, and write the script again",
      ],
      [
        "CREATE TABLE u ();",
        "this script has fewer statements of it",
        "Write the script again with --from-database and --idempotent",
      ],
    ] as const) {
      const said = `b was interrupted at statement 2, and ${how}`;
      const hint = `${remedy}; or finish the step by hand, and record it with its CALL of retort.end_upgrade.`;
      of.write("0002_b.up.sql", `-- revision: b\n-- parent: a\n-- transaction: none\n\n${up}`);
      const script = await of.script("a:b", { idempotent: true });
      const looked = await runScript(url, script, preflight);
      expect(linesOf(looked.stdout)).toContain(`X ledger: at a; ${said}. ${hint}`);
      const { code, stderr } = await runScript(url, script);
      expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining(`retort: ${said}\n`) });
      expect(stderr).toContain(`HINT:  Nothing was changed. ${hint}`);
    }
    expect(await dump(url)).toBe(before);
    expect(await runScript(url, fits)).toMatchObject({ code: 0, stderr: "" });
  });

  test("rows that are missing below the heads are told in the words of the run, and lead to a script that fits", async () => {
    const of = project({ a: "SELECT 1;", b: "SELECT 1;", c: "SELECT 1;", d: "SELECT 1;" });
    const { url } = await ownDatabase(server);
    await of.upgrade(url, "c");
    await query(url, "CALL retort.remove('a', 'repair', 'run', NULL)");
    for (const [kind, target, idempotent] of [
      ["upgrade", "c:d", false],
      ["upgrade", "c:d", true],
      ["downgrade", "c:b", false],
    ] as const) {
      const script = await of.script({ kind, target }, { idempotent });
      const looked = await runScript(url, script, preflight);
      const said = "this database is not in the expected state; not applied, but should be: a";
      const { stderr } = await runScript(url, script);
      expect(linesOf(looked.stdout)).toContain(refusal("c", stderr));
      expect(stderr).toContain(`retort: ${said}\n`);
      const flags = idempotent ? " --idempotent" : "";
      const again = `migrate ${kind} ${target.slice(2)} --sql${flags} --from-database`;
      expect(stderr).toMatch(new RegExp(`with: ${again}$`, "m"));
    }
    const fits = await of.script("d", { fromDatabase: true, database: url });
    expect(fits).toContain("--   c and all that it needs, without a.\n");
    expect(await runScript(url, fits)).toMatchObject({ code: 0, stderr: "" });
    // Of what is missing in between, heads do not tell.
    const { url: other } = await ownDatabase(server);
    await of.upgrade(other, "c");
    await query(other, "CALL retort.remove('b', 'repair', 'run', NULL)");
    for (const request of [
      { kind: "upgrade", target: "d" },
      { kind: "stamp", targets: ["c"] },
      { kind: "downgrade", target: "b" },
    ] as const) {
      const script = await of.script(request, { fromDatabase: true, database: other });
      const looked = await runScript(other, script, preflight);
      expect(linesOf(looked.stdout), request.kind).toContain("ledger: at a, c");
      expect(looked).toMatchObject({ code: 0, stderr: "" });
    }
    expect(linesOf((await runScript(other, await of.script("c:d"), preflight)).stdout)).toContainEqual(
      expect.stringMatching(
        /^X ledger: at a, c; this database is not in the expected state; not applied, but should be: b\. See: /,
      ),
    );
    const mends = await of.script("d", { fromDatabase: true, database: other });
    expect(await runScript(other, mends)).toMatchObject({ code: 0, stderr: "" });
  });

  test("an interrupted step of a script that skips what is done is X, unless it is one of its own", async () => {
    const own = project({
      a: "CREATE TABLE t (x int); INSERT INTO t VALUES (1), (1);",
      b: "CREATE TABLE u ();",
      c: {
        up: "CREATE UNIQUE INDEX CONCURRENTLY i ON t (x);",
        down: "DROP INDEX CONCURRENTLY i;",
      },
    });
    const { url } = await ownDatabase(server);
    await own.upgrade(url).catch(() => {});
    const up = "migrate upgrade c; or with a script written by --idempotent that contains the upgrade to c.";
    const down =
      "migrate downgrade c@b; or with a script written by --idempotent that contains the downgrade of c.";
    const isRefused = async (kind: "upgrade" | "downgrade", target: string, way: string) => {
      const script = await own.script({ kind, target }, { idempotent: true });
      const { code, stdout } = await runScript(url, script, preflight);
      const [ledger] = linesOf(stdout).filter((line) => line.includes("ledger: "));
      const run = await runScript(url, script);
      expect([code, ledger, run.code, run.stderr], `${kind} ${target}`).toEqual([
        3,
        expect.stringMatching(/^X ledger: at \w; a step outside a transaction is unfinished: c at /),
        3,
        expect.stringContaining(`otherwise resume with: ${way}`),
      ]);
      expect(ledger!.replace(/at \w/, "at c")).toBe(refusal("c", run.stderr));
    };
    const isResumed = async (kind: "upgrade" | "downgrade", target: string, at: string) => {
      const script = await own.script({ kind, target }, { idempotent: true });
      const { code, stdout } = await runScript(url, script, preflight);
      expect(code).toBe(0);
      expect(linesOf(stdout)).toContain(
        `ledger: at ${at}; unfinished: c at statement 1 of 1, a step of this script`,
      );
      expect((await runScript(url, script)).code).toBe(0);
    };
    await isRefused("downgrade", "b:a", up);
    await isRefused("downgrade", "c:a", up);
    await isRefused("upgrade", "a:b", up);
    // Whoever holds the lock may be at it.
    await withLock(own, url, async () => {
      const { stdout } = await runScript(url, await own.script("a:b"), preflight);
      expect(linesOf(stdout)).toContain(
        "X ledger: at b; a step outside a transaction is unfinished: c at statement 1 of 1. Another session holds the lock of the ledger, and may be at that step: wait until it is done.",
      );
    });
    // Nor is it one of its own where the file no longer has that statement, which was its only one.
    const emptied = project({ a: "SELECT 1;", b: "SELECT 1;", c: { up: "", header: ["transaction: none"] } });
    const script = await emptied.script("b:c", { idempotent: true });
    const { stderr } = await runScript(url, script);
    expect(stderr).toMatch(/c was interrupted at statement 1, and this script has fewer statements of it\n/);
    expect(linesOf((await runScript(url, script, preflight)).stdout)).toContain(refusal("b", stderr));
    await query(url, "TRUNCATE t");
    await isResumed("upgrade", "a:c", "b");
    await query(
      url,
      `INSERT INTO retort.intent (revision, direction, statement, of, hash, before, started_at, started_by,
         kind, names, path, places, present, done, found)
       VALUES ('c', 'down', 1, 1, 'x', encode(sha256(''), 'hex'), now(), 'x', 'drop index', '{i}', '',
         ARRAY['i'::regclass::oid], ARRAY['i'::regclass::oid], false, false)`,
    );
    await isRefused("upgrade", "a:c", down);
    await isResumed("downgrade", "c:a", "c");
  });

  test("where nothing that a script knows is applied, and something else is, it may be another database", async () => {
    const of = project({ a: "SELECT 1;", b: "SELECT 1;", c: "SELECT 1;" });
    const { url } = await ownDatabase(server);
    await project({ x: "SELECT 1;" }).upgrade(url);
    const said =
      "Connect to the right database: nothing that this script has or needs is applied to this one, but other revisions are.";
    const requests = [
      { kind: "upgrade", target: "a:c" },
      { kind: "upgrade", target: "base:c" },
      { kind: "downgrade", target: "c:a" },
      { kind: "stamp", targets: ["base:b"] },
      { kind: "stamp", targets: ["c:b"] },
    ] as const;
    const saidBy = async (request: Request, idempotent: boolean) => {
      const script = await of.script(request, { idempotent });
      const ledger = linesOf((await runScript(url, script, preflight)).stdout).find((line) =>
        line.startsWith("X ledger: "),
      );
      const { stderr } = await runScript(url, script);
      if (ledger !== undefined) expect(ledger).toBe(refusal(/at ([^.;]+)/.exec(ledger)![1]!, stderr));
      return [ledger, stderr];
    };
    for (const request of requests)
      for (const idempotent of request.kind === "stamp" ? [false] : [false, true])
        expect(await saidBy(request, idempotent)).toEqual([
          expect.stringContaining(`. ${said} If `),
          expect.stringMatching(
            new RegExp(
              `HINT:  Nothing was changed. ${said} ${
                request.kind === "downgrade"
                  ? "If it is the right one, see: .*; there is nothing to do .*"
                  : `If two projects share it, .* If they are revisions of this project, .*, and write a script from this state${request.kind === "stamp" ? ", which may also take x out of the ledger," : ""} with: migrate ${request.kind} x:[bc] --sql${idempotent ? " --idempotent" : ""}`
              }$`,
              "m",
            ),
          ),
        ]);
    // One of its own revisions is enough for it to be the right one.
    await query(url, "CALL retort.stamp('b', '', '', '{}', '')");
    for (const request of requests)
      expect((await saidBy(request, false)).join("\n")).not.toContain("Connect to");
  });

  test("the command for another state has an end that can be typed, also where there are two heads", async () => {
    const of = project({
      a: "SELECT 1;",
      b: "SELECT 1;",
      x: { up: "SELECT 1;", parent: "none", header: ["branch-labels: billing"] },
      y: { up: "SELECT 1;", parent: "x" },
    });
    const forked = project({ a: "SELECT 1;", b: "SELECT 1;", c: { up: "SELECT 1;", parent: "a" } });
    const { url } = await ownDatabase(server);
    await of.upgrade(url, "a");
    const other = await ownDatabase(server);
    await forked.upgrade(other.url, "c");
    const further = await ownDatabase(server);
    for (const target of ["b", "x"]) await of.upgrade(further.url, target);
    for (const [request, again, from = of, at = url] of [
      [{ kind: "upgrade", target: "b:heads" }, "migrate upgrade a:heads --sql", forked],
      [{ kind: "downgrade", target: "b,c:c@a" }, "migrate downgrade c:c@a --sql", forked, other.url],
      [{ kind: "downgrade", target: "b,c:c@-1" }, "migrate downgrade c:c@a --sql", forked, other.url],
      [{ kind: "upgrade", target: "base:heads" }, "migrate upgrade a:heads --sql"],
      [{ kind: "upgrade", target: "x:y" }, "migrate upgrade a:y --sql"],
      [{ kind: "stamp", targets: ["x:heads"] }, "migrate stamp a:b y --sql"],
      [{ kind: "stamp", targets: ["heads:a"] }, "migrate stamp b,x:a y --sql", of, further.url],
      [{ kind: "downgrade", target: "heads:a" }, "migrate downgrade b,x:a --sql", of, further.url],
      [{ kind: "downgrade", target: "heads:b-1" }, "migrate downgrade b,x:a --sql", of, further.url],
      [
        { kind: "downgrade", target: "b,y:billing@base" },
        "migrate downgrade b,x:billing@base --sql",
        of,
        further.url,
      ],
    ] as const) {
      const { stderr } = await runScript(at, await from.script(request as Request));
      expect(stderr).toMatch(new RegExp(`with: ${again}$`, "m"));
      const args = again.split(" ").slice(1);
      expect(await migrateHere(args, { cwd: from.folder })).toMatchObject({ code: 0 });
    }
  });

  test("no script says that all of it is done where a file was put below an applied one", async () => {
    const before = project({ a: "SELECT 1;", b: "SELECT 2;", d: "SELECT 4;" });
    const now = project({
      a: "SELECT 1;",
      c: "SELECT 3;",
      b: { up: "SELECT 2;", parent: "c" },
      d: { up: "SELECT 4;", parent: "b" },
      e: "SELECT 5;",
    });
    const atB = await ownDatabase(server);
    await before.upgrade(atB.url, "b");
    const atD = await ownDatabase(server);
    await before.upgrade(atD.url, "d");
    const notYet = "of the revisions of this script these are not applied, though later ones are: c.";
    const still = "of the revisions of this script these are applied, though later ones are not: b.";
    for (const [request, said, again, { url } = atB] of [
      [{ kind: "upgrade", target: "base:b" }, notYet, "upgrade b --sql"],
      [{ kind: "upgrade", target: "a:heads" }, notYet, "upgrade e --sql"],
      [{ kind: "stamp", targets: ["a:b"] }, notYet, "stamp b --sql"],
      [{ kind: "downgrade", target: "b:a" }, still, "downgrade a --sql"],
      // What its steps need is no step of it.
      [{ kind: "upgrade", target: "b:e" }, "", "upgrade e --sql", atD],
    ] as const) {
      const script = await now.script(request as Request);
      const { stderr } = await runScript(url, script);
      expect(stderr).not.toContain("nothing to do");
      expect(stderr).toContain(said);
      expect(stderr).toMatch(new RegExp(`with: migrate ${again} --from-database$`, "m"));
      const looked = await runScript(url, script, preflight);
      const { heads } = await now.state(url);
      expect(linesOf(looked.stdout)).toContain(refusal(heads.join(", "), stderr));
      const words = [...again.split(" "), "--from-database", "--database", url];
      const written = await migrateHere(words, { cwd: now.folder });
      expect(await runScript(url, written.stdout, preflight)).toMatchObject({ code: 0, stderr: "" });
    }
    for (const form of ["any client", "split files"] as const) {
      const [first] = await filesOf(form, now.deps, { kind: "upgrade", target: "a:b" });
      expect((await runScript(atB.url, first!)).stderr).toContain(notYet);
    }
    const { stderr } = await migrateHere(["downgrade", "c", "--yes", "--database", atB.url], {
      cwd: now.folder,
    });
    expect(stderr).toMatch(/^warning: 0003_b\.up\.sql: b was applied on .*, but c, which it needs, is not$/m);
    expect((await now.state(atB.url)).heads).toEqual(["a"]);
  });

  test("where the database is beyond a script, the hint proposes none", async () => {
    const of = project({
      a: "SELECT 1;",
      b: "SELECT 1;",
      c: "SELECT 1;",
      x: { up: "SELECT 1;", parent: "a" },
    });
    const { url } = await ownDatabase(server);
    await of.upgrade(url, "c");
    const hintOf = async (kind: "upgrade" | "downgrade", target: string, idempotent: boolean) => {
      const script = await of.script({ kind, target }, { idempotent });
      const { code, stderr } = await runScript(url, script);
      expect(code).toBe(3);
      const hint = /^HINT: .*?applied; (.*)$/m.exec(stderr)?.[1];
      const looked = await runScript(url, script, preflight);
      expect(looked.code).toBe(3);
      const { heads } = await of.state(url);
      expect(linesOf(looked.stdout)).toContain(refusal(heads.join(", "), stderr));
      return hint;
    };
    // A stamp takes out of the ledger what lies beyond it.
    const stamp = async (target: string) =>
      (await runScript(url, await of.script({ kind: "stamp", targets: [target] }))).stderr;
    expect(await stamp("base:b")).toContain("applied; there is nothing to do for this script: all of");
    expect(await stamp("base:x")).toContain(
      "If this is the right database, write a script from this state, which may also take b, c out of the ledger, with: migrate stamp c:x --sql",
    );
    const up = "there is nothing to do for this script: all of its revisions are applied already.";
    const down = "there is nothing to do for this script: none of its revisions is applied.";
    for (const idempotent of [false, true]) {
      expect(await hintOf("upgrade", "b", idempotent)).toBe(up);
      expect(await hintOf("upgrade", "x", idempotent)).toBe(
        `If a file of c is missing, restore it first: another git branch may have it. If this is the right database, write a script from this state with: migrate upgrade c:x --sql${idempotent ? " --idempotent" : ""}`,
      );
    }
    // What is unexpected is taken back by that command, too, if it lies in its range.
    expect(await hintOf("downgrade", "b:a", false)).toBe(
      "If a file of c is missing, restore it first: another git branch may have it. If this is the right database, write a script from this state, which may also take back c, with: migrate downgrade c:b@a --sql",
    );
    await of.downgrade(url, "a");
    for (const idempotent of [false, true]) {
      expect(await hintOf("downgrade", "c:b", idempotent)).toBe(down);
      expect(await hintOf("downgrade", "x:a", false)).toBe(undefined);
    }
  });

  test("what its session holds is told in the words in which the run refuses it", async () => {
    const { url } = await ownDatabase(server);
    const of = project({ a: "", b: "" }, { ledger: { schema: "app's" } });
    await of.upgrade(url, "a");
    const file = fileOf(await of.script("a:b"));
    const role = await ownRole(server, "NOLOGIN");
    for (const [sql, said] of [
      ["CREATE TEMP TABLE x ();", "this session has state that the script would drop: temporary objects"],
      [
        "LISTEN c; PREPARE p AS SELECT 1;",
        "prepared statements, LISTEN. Run the script in a session of its own, with psql -X if ~/.psqlrc makes",
      ],
      [`SET ROLE "${role.name}";`, "RESET ROLE; start psql with -X if ~/.psqlrc sets it; or"],
      [
        "SET statement_timeout = '9s';",
        "would not keep: statement_timeout. RESET them; start psql with -X if ~/.psqlrc sets them; or",
      ],
    ] as const) {
      const looked = await runScript(url, `${sql}\n\\i ${file}\n`, preflight);
      expect(linesOf(looked.stdout).filter((line) => line.startsWith("X"))).toEqual([
        expect.stringContaining(said),
      ]);
      expect(looked.code).toBe(3);
      const run = await runScript(url, `${sql}\n\\i ${file}\n`);
      expect(run.stderr.replaceAll(/\s*HINT: {2}Nothing was changed\./g, ".")).toContain(said);
      expect(run.code).toBe(3);
    }
    const { stdout, code } = await runScript(url, `SET application_name = 'mine';\n\\i ${file}\n`, preflight);
    expect([code, linesOf(stdout).filter((line) => /session/.test(line))]).toEqual([0, []]);
    // It runs in a session in which another has stopped, whose lock is not in its way.
    const { lockKey } = ledgerOf({ schema: "app's" });
    const lock = `SELECT pg_advisory_lock(${lockKey})`;
    const migrators = async (text: string) =>
      linesOf((await runScript(url, text, preflight)).stdout).filter((line) => line.includes(" migrator: "));
    expect(await migrators(`${lock};\n\\i ${file}\n`)).toEqual([]);
    await withClient(url, async (client) => {
      await client.query(lock);
      expect(await migrators(`\\i ${file}\n`)).toEqual([
        expect.stringMatching(/^! migrator: the lock of the ledger is held by pid \d+/),
      ]);
    });
  });

  test("a ledger that the script refuses is told in the script's words, and one that it mends is not", async () => {
    const { url } = await ownDatabase(server);
    await shop.upgrade(url, "a");
    const script = await shop.script("a:b");
    const role = await ownRole(server, "NOLOGIN");
    const ledger = async (text: string) => {
      const { stdout, code } = await runScript(url, text, preflight);
      return [code, linesOf(stdout).find((line) => / ledger: |^ledger: /.test(line))];
    };
    const changes = [
      ["UPDATE retort.state SET revisions = 2", "UPDATE retort.state SET revisions = 1"],
      ["UPDATE retort.state SET digest = digest + 1", "UPDATE retort.state SET digest = digest - 1"],
      ["UPDATE retort.state SET format = 3", "UPDATE retort.state SET format = 2"],
      [
        "ALTER TABLE retort.log ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE retort.log DISABLE ROW LEVEL SECURITY",
      ],
      [`ALTER TABLE retort.log OWNER TO "${role.name}"`, "ALTER TABLE retort.log OWNER TO postgres"],
      ["CREATE FUNCTION retort.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "DROP FUNCTION retort.f"],
      ["ALTER TABLE retort.log RENAME TO logs", "ALTER TABLE retort.logs RENAME TO log"],
    ];
    for (const [change, back] of changes) {
      await query(url, change!);
      const { stderr } = await runScript(url, script);
      const said = /ERROR: {2}retort: (.*)/.exec(stderr)![1]!;
      expect(await ledger(script), change).toEqual([3, expect.stringContaining(`X ledger: ${said}. `)]);
      await query(url, back!);
    }
    expect(await ledger(script)).toEqual([0, "ledger: at a"]);
    // What a script is about to mend, it does not refuse; nor does it start from a revision.
    const at = { cwd: shop.folder };
    const ensure = await migrateHere(["ensure-version", "--sql"], at);
    expect(await ledger(ensure.stdout)).toEqual([0, "ledger: at a"]);
    await query(url, "DELETE FROM retort.state");
    const repair = await migrateHere(["repair", "--sql", "--database", url], at);
    const mends = (what: string) => `${what}; the script repairs it`;
    const state = "the ledger retort is inconsistent: state should have 1 row, but has 0";
    expect(await ledger(repair.stdout)).toEqual([0, mends(`ledger: at a; ${state}`)]);
    expect(await ledger(script)).toMatchObject([3, expect.stringContaining("inconsistent")]);
    // A session in which a script has stopped keeps its lock.
    await withClient(url, async (client) => {
      const { lockKey, lookAtLedger } = ledgerOf({ schema: "retort" });
      await client.query(`SELECT pg_advisory_lock(${lockKey})`);
      await expect(client.query(lookAtLedger("needed"))).rejects.toThrow("inconsistent");
      expect((await client.query(`SELECT pg_advisory_unlock(${lockKey}) AS held`)).rows).toEqual([
        { held: true },
      ]);
    });
    await query(url, "DROP TABLE retort.log");
    expect(await ledger(repair.stdout)).toEqual([
      0,
      mends(`ledger: ${state.replace(": ", ": these tables are missing: log; ")}`),
    ]);
  });

  test("a script that is safe to run again says of what is done that nothing will be locked", async () => {
    const { url } = await ownDatabase(server);
    await shop.upgrade(url);
    const { stdout } = await migrateHere(["upgrade", "base:head", "--sql", "--idempotent"], {
      cwd: shop.folder,
    });
    const looked = await runScript(url, stdout, preflight);
    expect(looked.code).toBe(0);
    const lines = linesOf(looked.stdout);
    expect(lines).toContain("ledger: at b; all of it is done already");
    expect(lines.filter((line) => /^(?:. )?(?:table|relation|lock|missing)/.test(line))).toEqual([]);
  });

  test("what a step makes, or gives its name, need not be there before that step is done", async () => {
    const { url } = await ownDatabase(server);
    const of = project({
      a: "CREATE TABLE t (id int);",
      b: "ALTER TABLE t RENAME TO u; CREATE TABLE v (id int);",
      c: "CREATE INDEX CONCURRENTLY u_i ON u (id);",
      d: "ALTER TABLE v ADD n int;",
    });
    const idempotent = await of.script("base:d", { idempotent: true });
    const relations = async (script: string): Promise<readonly string[]> => {
      const lines = linesOf((await runScript(url, script, preflight)).stdout);
      return lines.filter((line) => /^(?:. relation|table)/.test(line)).map((line) => line.split(";")[0]!);
    };
    expect(await relations(idempotent)).toEqual([]);
    await of.upgrade(url, "a");
    expect(await relations(await of.script("a:d"))).toEqual(["table: public.t: ACCESS EXCLUSIVE"]);
    expect(await relations(idempotent)).toEqual(["table: public.t: ACCESS EXCLUSIVE"]);
    await of.upgrade(url, "b");
    await query(url, "DROP TABLE v");
    expect(await relations(idempotent)).toEqual([
      "! relation: public.t is not there",
      "table: public.u: SHARE UPDATE EXCLUSIVE",
      "! relation: public.v is not there",
    ]);
  });

  test("a relation is called what it is, and only what has rows has a size", async () => {
    const of = project({
      a: "CREATE SEQUENCE s; CREATE VIEW v AS SELECT 1 AS x; CREATE MATERIALIZED VIEW m AS SELECT 1 AS x;",
      b: `ALTER SEQUENCE s CACHE 2; DROP VIEW v; REFRESH MATERIALIZED VIEW m; DROP TABLE nobody;`,
    });
    const { url } = await ownDatabase(server);
    await of.upgrade(url, "a");
    const { stdout } = await runScript(url, await of.script("a:b"), preflight);
    expect(linesOf(stdout).filter((line) => line.includes(": public."))).toEqual([
      "sequence: public.s: SHARE ROW EXCLUSIVE",
      "view: public.v: ACCESS EXCLUSIVE",
      expect.stringMatching(/^materialized view: public\.m: ACCESS EXCLUSIVE; rows not counted yet, /),
      "X relation: public.nobody is not there",
    ]);
  });

  test("of search_path the first schema that is there is taken, which may not be the first", async () => {
    const { url } = await ownDatabase(server);
    const body = "CREATE TABLE t ();\nSET search_path = app, public;\nCREATE SCHEMA app;\nCREATE TABLE u ();";
    const said = async (searchPath: readonly string[], a = body) => {
      const files = project({ a }, { session: { searchPath } });
      return linesOf((await runScript(url, await files.script("base:a"), preflight)).stdout).filter((line) =>
        /^[X!]/.test(line),
      );
    };
    const odd = "! schema: shopp does not exist; objects would be made in public";
    expect(await said(["shopp", "public"])).toEqual([odd]);
    expect(await said(["public", "shopp"])).toEqual([]);
    expect(await said(["shopp", "x"])).toEqual(["X schema: shopp is not there"]);
    expect(await said(["shopp", "public"], "CREATE TABLE t ();\nCREATE TABLE shopp.t ();")).toEqual([
      odd,
      "X schema: shopp is not there",
    ]);
  });

  test("what a name means is looked for in all of search_path that the role may use", async () => {
    const up =
      "ALTER TABLE o ADD x int; DROP TYPE e; DROP FUNCTION f(); CREATE TABLE n (); CREATE TEMP TABLE w ();";
    const role = await ownRole(server, "LOGIN");
    const { url, name } = await ownDatabase(server);
    await query(
      url,
      `CREATE SCHEMA app; CREATE SCHEMA shared; CREATE TABLE shared.o (); CREATE TYPE shared.e AS ENUM ();
      CREATE FUNCTION shared.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; GRANT CREATE ON DATABASE ${name} TO ${role.name};
      GRANT USAGE, CREATE ON SCHEMA app TO ${role.name};
      REVOKE TEMPORARY ON DATABASE ${name} FROM PUBLIC`,
    );
    const script = await project({ a: up }, { session: { searchPath: ["app", "shared"] } }).script("base:a");
    expect(script).toContain(
      "-- It needs, besides what it makes itself (app is assumed where a name has no schema):",
    );
    const said = async () =>
      linesOf((await runScript(role.url(name), script, preflight)).stdout).filter((line) =>
        /^[X!]|^table/.test(line),
      );
    expect(await said()).toEqual([
      "X relation: app.o is not there",
      "X type: app.e is not there",
      "X routine: app.f is not there",
      `X missing: TEMPORARY on the database (as ${role.name})`,
    ]);
    await query(
      url,
      `GRANT TEMPORARY ON DATABASE ${name} TO ${role.name}; GRANT USAGE ON SCHEMA shared TO ${role.name}`,
    );
    expect(await said()).toEqual([
      expect.stringMatching(/^table: shared\.o: rows not counted/),
      `X missing: owner of shared.o (as ${role.name})`,
      ...["the type shared.e", "the function shared.f"].map(
        (what) => `X missing: owner of, or of the schema of, ${what} (as ${role.name})`,
      ),
    ]);
    await query(url, `DROP OWNED BY ${role.name} CASCADE`);
  });

  test("a step that was interrupted where the catalog does not show what was done stops the script", async () => {
    const { url } = await ownDatabase(server);
    const fails = "DO $$ BEGIN CREATE TABLE t (); COMMIT; RAISE 'no'; END $$;";
    const of = project({
      a: { up: `SELECT 1;\n${fails}\nSELECT 2;`, header: ["transaction: none"] },
      b: { up: "CREATE INDEX CONCURRENTLY i ON t ((1));" },
    });
    const script = await of.script("base:b", { idempotent: true });
    const looked = async () => {
      const { stdout } = await runScript(url, script, preflight);
      return linesOf(stdout).filter((line) => /ledger:/.test(line));
    };
    expect(script.match(/it resumes there.*\n.*/g)).toEqual([
      "it resumes there;\n-- but not in its DO, of which the catalog does not show whether it was done.",
      expect.stringMatching(/^it resumes there\.\n/),
    ]);
    expect((await runScript(url, script)).stderr).toContain("ERROR:  no");
    expect(await looked()).toEqual([
      "X ledger: at <base>; unfinished: a at statement 2 of 3, a step of this script; the catalog does not show whether that statement was done, so that the script stops there: finish the step by hand, and CALL its end_upgrade or end_downgrade",
    ]);
    expect((await runScript(url, script)).stderr).toContain("does not show whether it was done");
    await query(url, "UPDATE retort.intent SET done = true");
    expect(await looked()).toEqual([
      expect.stringMatching(/^ledger: .* which is done, a step of this script$/),
    ]);
  });

  test("where the project sets no search_path, names are looked up in that of the session", async () => {
    const of = project({
      a: "CREATE TABLE t (id int);",
      b: "ALTER TABLE t ADD COLUMN x int;",
      c: "CREATE SCHEMA made;\nCREATE TABLE u ();\nALTER TABLE public.t ADD COLUMN x int;",
    });
    const role = await ownRole(server, "LOGIN");
    const { url, name } = await ownDatabase(server);
    await query(
      url,
      `REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT CREATE ON DATABASE ${name} TO ${role.name}; CREATE TABLE t ();
      CREATE SCHEMA app`,
    );
    const a = await of.script("base:a");
    const own = role.url(name);
    const said = async (script: string, at = own) => {
      const { stdout } = await runScript(at, script, preflight);
      return linesOf(stdout).filter((line) => /^[X!]|^table/.test(line));
    };
    const missing = (what: string) => `X missing: ${what} (as ${role.name})`;
    expect(await said(a)).toEqual([missing("CREATE on schema public")]);
    const twice = await project({ a: "CREATE TABLE t ();\nCREATE TABLE public.u ();" }).script("base:a");
    expect(await said(twice)).toEqual([missing("CREATE on schema public")]);
    await query(url, `ALTER DATABASE ${name} SET search_path = "no, such", app, public`);
    expect(await said(a)).toEqual([missing("CREATE on schema public")]);
    await query(url, `GRANT USAGE ON SCHEMA app TO ${role.name}`);
    expect(await said(a)).toEqual([missing("CREATE on schema app")]);
    await query(url, `GRANT CREATE ON SCHEMA app TO ${role.name}`);
    expect(await runScript(own, a)).toMatchObject({ code: 0 });
    // The table of that name in public is another's, and not the one that is meant.
    const b = await of.script("a:b");
    expect(b).toContain(
      "-- It needs, besides what it makes itself (public is assumed where a name has no schema):",
    );
    expect(await said(b)).toEqual([expect.stringMatching(/^table: app\.t: ACCESS EXCLUSIVE; /)]);
    await query(url, "ALTER TABLE app.t OWNER TO CURRENT_USER");
    expect(await said(b)).toEqual([expect.anything(), missing("owner of app.t")]);
    await query(url, `ALTER DATABASE ${name} SET search_path = "no such"`);
    const nowhere = `X schema: search_path (no such) leads to no schema to make objects in (as ${role.name})`;
    expect(await said(await of.script("b:c"))).toEqual(expect.arrayContaining([nowhere]));
    expect(await said(b)).toContain("X relation: t is not there");
    await query(url, `DROP SCHEMA app CASCADE; ALTER DATABASE ${name} SET search_path = made`);
    expect((await said(await of.script("b:c"))).slice(-1)).toEqual([missing("owner of public.t")]);
    // A schema that is named as the role is the first by PostgreSQL's own default.
    await query(
      url,
      `ALTER DATABASE ${name} RESET search_path; CREATE SCHEMA AUTHORIZATION ${role.name};
      CREATE TABLE ${role.name}.t (); ALTER TABLE ${role.name}.t OWNER TO ${role.name}`,
    );
    expect(await said(b)).toEqual([expect.stringContaining(`table: ${role.name}.t: ACCESS EXCLUSIVE; `)]);
    expect(await runScript(own, b)).toMatchObject({ code: 0 });
    await query(url, `DROP OWNED BY ${role.name} CASCADE`);
  });

  test("so is what goes with a table, as the sequences of its columns and its partitions, which no statement names", async () => {
    const of = project({
      a: {
        up: `CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, s serial) PARTITION BY LIST (id);
          CREATE TABLE part PARTITION OF t DEFAULT; CREATE TABLE public.other (s serial);`,
        down: "DROP TABLE t; DROP TABLE public.other;",
      },
    });
    const { url, name } = await ownDatabase(server);
    await query(url, `CREATE SCHEMA app; ALTER DATABASE ${name} SET search_path = app, public`);
    await of.upgrade(url);
    const { stdout } = await runScript(
      url,
      await of.script({ kind: "downgrade", target: "head:base" }),
      preflight,
    );
    const found = linesOf(stdout).filter((line) => /^[X!]|^(?:table|sequence)/.test(line));
    const taken = ["app.t", "app.t_id_seq", "app.t_s_seq", "app.part", "public.other", "public.other_s_seq"];
    expect(found.map((line) => line.replace(/;.*/, "")).sort()).toEqual(
      taken
        .map((each) => `${each.endsWith("_seq") ? "sequence" : "table"}: ${each}: ACCESS EXCLUSIVE`)
        .sort(),
    );
  });

  test("a name without a schema that only another schema has: X where search_path is known to lead to one, or is the session's", async () => {
    const { url } = await ownDatabase(server);
    await query(url, "CREATE SCHEMA app; CREATE TABLE app.o (); CREATE TYPE app.e AS ENUM ()");
    const said = async (searchPath: readonly string[] | undefined, up: string) => {
      const of = project({ a: up }, searchPath === undefined ? {} : { session: { searchPath } });
      const script = await of.script("base:a");
      const looked = linesOf((await runScript(url, script, preflight)).stdout);
      return looked.filter((line) => /^[X!] |^result/.test(line));
    };
    const needs = (what: string) => `result: of what was looked at, nothing is ${what}`;
    const perhaps = needs("certainly missing; see the lines with !");
    const missing = ["relation: public.o is not there", "type: public.e is not there"];
    const both = "ALTER TABLE o ADD x int; DROP TYPE e;";
    for (const path of [undefined, ["public"]])
      expect(await said(path, both)).toEqual(missing.map((line) => `X ${line}`));
    expect(await said(["public", "elsewhere"], both)).toEqual(missing.map((line) => `X ${line}`));
    expect(await said(["$user", "elsewhere"], both)).toEqual([
      "! relation: elsewhere.o is not there",
      perhaps,
    ]);
    for (const path of [["app"], ["public", "app"], ["nosuch", "public", "app"]])
      expect(await said(path, both)).toEqual([needs("missing")]);
  });

  test("what the script needs and cannot make is not there: X, unless the statement passes over it", async () => {
    const of = project({
      a: "CREATE TABLE t (id int); CREATE INDEX i ON t (id); CREATE SCHEMA other; CREATE TABLE other.o (id int);",
      b: {
        header: ["transaction: none"],
        up: `ALTER TABLE t ADD x int; DROP INDEX i; ALTER TABLE nosuch.t ADD a int; DROP INDEX nope; DROP TYPE nope;
          DROP FUNCTION nope(); DROP EXTENSION nope; REFRESH MATERIALIZED VIEW mv;
          DROP TABLE IF EXISTS gone, nosuch2.gone; ALTER TABLE IF EXISTS gone ADD a int; DROP SCHEMA IF EXISTS gone;
          ALTER TABLE o ADD a int; WITH w AS (SELECT 1) SELECT * FROM w;
          CREATE TABLE own (LIKE t); CREATE TYPE m AS ENUM (); ALTER TYPE m ADD VALUE 'a'; COMMENT ON TYPE own IS '';
          ALTER TABLE own RENAME TO ours; DROP TABLE ours; DROP TABLE perhaps;`,
      },
    });
    const { url } = await ownDatabase(server);
    await of.upgrade(url, "a");
    await query(url, "DROP TABLE t");
    const { stdout } = await runScript(url, await of.script("a:b"), preflight);
    expect(linesOf(stdout).filter((line) => /^[X!]/.test(line))).toEqual([
      "X relation: public.t is not there",
      "X relation: nosuch.t is not there",
      "X relation: public.mv is not there",
      "! relation: public.gone is not there",
      "! relation: nosuch2.gone is not there",
      "X relation: public.o is not there",
      "! relation: public.perhaps is not there",
      "X relation: public.i is not there",
      "X relation: public.nope is not there",
      "X schema: nosuch is not there",
      "X type: public.nope is not there",
      "X routine: public.nope is not there",
      "X extension: nope is not there",
    ]);
    const script = (await shop.script("base:b")).replaceAll("\n", "\r\n");
    const converted = await runScript(url, script, preflight);
    expect(linesOf(converted.stdout)).toContain(
      "X script: was changed: its line ends were converted. Copy the file in binary mode, not as text.",
    );
    expect(converted.code).toBe(3);
  });

  test("a replica of which nothing is known to be late is not called behind", async () => {
    const { url, name } = await ownDatabase(server);
    await shop.upgrade(url, "a");
    const role = await ownRole(server, "LOGIN");
    const script = await shop.script("a:b");
    const sender = new URL(url);
    sender.searchParams.set("replication", "database");
    sender.searchParams.set("application_name", "replica_of_test");
    await withClient(sender.href, async () => {
      const said = async (at: string) => {
        const { stdout } = await runScript(at, script, preflight);
        return linesOf(stdout).filter((line) => /^(?:! )?replica: /.test(line));
      };
      expect(await said(url)).toContain("replica: replica_of_test, startup");
      expect(await said(role.url(name))).toContainEqual(
        expect.stringMatching(/^replica: .*, its lag is not visible to \w+ \(pg_read_all_stats\)$/),
      );
    });
  });

  test("who has locks on its tables now, and indexes that are not valid", async () => {
    const { url } = await ownDatabase(server);
    await shop.upgrade(url, "a");
    await query(url, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_pkey'::regclass");
    await withClient(url, async (client) => {
      await client.query("SET application_name = 'nightly'; BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
      const { stdout, code } = await runScript(url, await shop.script("a:b"), preflight);
      const found = linesOf(stdout);
      expect(found).toContain("! index: public.t_pkey is not valid: a build has failed, or is under way");
      expect(found).toContainEqual(
        expect.stringMatching(
          /^! lock: AccessExclusiveLock on public\.t: pid \d+, nightly, postgres, .*LOCK TABLE t/,
        ),
      );
      expect(found).toContain(
        "table: public.t: ACCESS EXCLUSIVE; its size cannot be read while it is locked",
      );
      expect(code).toBe(0);
    });
  });

  test("a role with the rights that it asks for can run it, and one without them is told which", async () => {
    const odd = `o'd"d\\ro\nle`;
    const quoted = `"${odd.replaceAll('"', '""')}"`;
    const of = project({
      a: "CREATE TABLE t (id int PRIMARY KEY);",
      b: `CREATE SCHEMA ${quoted};\nCREATE TABLE ${quoted}.v (id int REFERENCES t);\nINSERT INTO t VALUES (1);`,
      c: `ALTER TABLE t ADD COLUMN x int;\nCREATE INDEX ON t (x);`,
    });
    const role = await ownRole(server, "LOGIN");
    const { url, name } = await ownDatabase(server);
    await query(url, `REVOKE CREATE ON SCHEMA public FROM PUBLIC`);
    await of.upgrade(url, "a");
    await query(
      url,
      `GRANT USAGE ON SCHEMA retort TO ${role.name}; GRANT ALL ON ALL TABLES IN SCHEMA retort TO ${role.name}; GRANT ALL ON ALL SEQUENCES IN SCHEMA retort TO ${role.name}`,
    );
    const own = role.url(name);
    const b = await of.script("a:b");
    const without = await runScript(own, b, preflight);
    expect(linesOf(without.stdout).filter((line) => line.startsWith("X"))).toEqual([
      `X missing: CREATE on the database (as ${role.name})`,
      `X missing: REFERENCES on public.t (as ${role.name})`,
      `X missing: INSERT on public.t (as ${role.name})`,
    ]);
    expect(without.code).toBe(3);
    expect((await runScript(own, b)).code).toBe(3);
    await query(
      url,
      `GRANT CREATE ON DATABASE ${name} TO ${role.name}; GRANT REFERENCES, INSERT ON t TO ${role.name}`,
    );
    expect(await runScript(own, b, preflight)).toMatchObject({ code: 0, stderr: "" });
    expect(await runScript(own, b)).toMatchObject({ code: 0, stderr: "" });
    const c = await of.script("b:c");
    const { stdout, code } = await runScript(own, c, preflight);
    expect(linesOf(stdout)).toContain(`X missing: owner of public.t (as ${role.name})`);
    expect(code).toBe(3);
    expect((await runScript(own, c)).code).toBe(3);
    await query(url, `ALTER TABLE t OWNER TO ${role.name}; GRANT CREATE ON SCHEMA public TO ${role.name}`);
    expect(await runScript(own, c, preflight)).toMatchObject({ code: 0, stderr: "" });
    expect(await runScript(own, c)).toMatchObject({ code: 0, stderr: "" });
    await query(url, `DROP OWNED BY ${role.name} CASCADE`);
  });

  test("a role without rights on the ledger and on a schema is told all that it lacks, and no more", async () => {
    const of = project({
      a: "CREATE SCHEMA shop;\nCREATE TABLE shop.t (id int);\nCREATE TYPE shop.mood AS ENUM ('ok');",
      b: "INSERT INTO shop.t VALUES (1);\nSELECT NULL::shop.mood;",
      c: "VACUUM;",
    });
    const role = await ownRole(server, "LOGIN");
    const { url, name } = await ownDatabase(server);
    await of.upgrade(url, "a");
    const own = role.url(name);
    const script = await of.script("a:c");
    const missing = async () => {
      const { stdout } = await runScript(own, script, preflight);
      return linesOf(stdout).filter((line) => line.startsWith("X"));
    };
    await query(url, `REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA retort FROM PUBLIC`);
    const [ledger, ...others] = await missing();
    expect(ledger).toMatch(
      new RegExp(
        `^X ledger: ${role.name} may not write to the ledger retort, and lacks: USAGE on the schema; INSERT, SELECT on applied; ` +
          "DELETE, INSERT, SELECT, UPDATE on intent; INSERT, SELECT on log; SELECT, UPDATE on state; " +
          "EXECUTE on \\d+ of its routines\\. As the owner of the ledger, run: GRANT ",
      ),
    );
    expect(others).toEqual([
      `X missing: USAGE on schema shop (as ${role.name})`,
      `X missing: INSERT on shop.t (as ${role.name})`,
    ]);
    expect((await runScript(own, script)).code).toBe(3);
    await query(
      url,
      `GRANT USAGE ON SCHEMA retort, shop TO ${role.name}; GRANT INSERT, SELECT ON retort.applied TO ${role.name};
      GRANT DELETE, INSERT, SELECT, UPDATE ON retort.intent TO ${role.name}; GRANT INSERT, SELECT ON retort.log TO
      ${role.name}; GRANT SELECT, UPDATE ON retort.state TO ${role.name}; GRANT EXECUTE ON ALL ROUTINES IN SCHEMA
      retort TO ${role.name}; GRANT INSERT ON shop.t TO ${role.name}`,
    );
    expect(await missing()).toEqual([]);
    expect(await runScript(own, script)).toMatchObject({ code: 0 });
    await query(url, `DROP OWNED BY ${role.name} CASCADE`);
  });

  test("a role, a schema and an extension that are not there, as a superuser", async () => {
    const of = project({
      a: `CREATE TABLE "no""such".t (id int);\nGRANT SELECT ON ALL TABLES IN SCHEMA public TO "no'body";`,
      b: 'CREATE EXTENSION retort_no_such_extension;\nSET ROLE "some\'body";\nCREATE TABLE t (id int);',
    });
    const { url } = await ownDatabase(server);
    const { stdout, code } = await runScript(url, await of.script("base:heads"), preflight);
    expect(code).toBe(3);
    expect(linesOf(stdout).filter((line) => line.startsWith("X"))).toEqual([
      'X schema: "no""such" is not there',
      `X role: "no'body" is not there`,
      "X extension: retort_no_such_extension is not available on this server",
      `X role: "some'body" is not there`,
    ]);
  });

  test("the shop of the example needs no superuser where pg_trgm is trusted, and says what it needs", async () => {
    const role = await ownRole(server, "LOGIN");
    const { url, name } = await ownDatabase(server);
    const { stdout: script } = await migrateHere(["upgrade", "base:head", "--sql", "--directory", example]);
    const own = role.url(name);
    expect((await runScript(own, script, preflight)).code).toBe(3);
    await query(url, `GRANT CREATE ON DATABASE ${name} TO ${role.name}`);
    const trusted = server.major >= 13;
    expect((await runScript(own, script, preflight)).code).toBe(trusted ? 0 : 3);
    expect((await runScript(own, script)).code).toBe(trusted ? 0 : 3);
  });

  test("a script for any client says that it has none", async () => {
    const [text] = await filesOf("any client", shop.deps, HEAD);
    expect(text).toMatch(/^-- .*It has no preflight: psql -v preflight=1 runs all of it\.$/m);
  });

  test("of split files only the first has it", async () => {
    const { url } = await ownDatabase(server);
    const before = await dump(url);
    const files = await filesOf("split files", shop.deps, HEAD);
    for (const [index, text] of files.entries()) {
      const { code, stdout } = await runScript(url, text, preflight);
      expect(code).toBe(0);
      expect(stdout.includes("retort: the preflight is in the first file")).toBe(index > 0);
    }
    expect(await dump(url)).toBe(before);
  });
});
