/** What is done is done once: second runs, stale scripts, races, and a ledger that somebody else prepared. */
import pg from "pg";
import { describe, expect, test } from "vitest";
import { ensureLedger } from "../../src/app/ensure.ts";
import type { Event } from "../../src/core/event.ts";
import type { Plan } from "../../src/core/plan/types.ts";
import { dump, ledger } from "../support/dump.ts";
import { failureOf, ownDatabase, project, until, withLock } from "../support/project.ts";
import { proxy } from "../support/proxy.ts";
import { needsPsql, runScript } from "../support/psql.ts";
import { ownRole } from "../support/roles.ts";
import { inTurn, query, servers } from "../support/server.ts";

const shop = project({
  a: "CREATE TABLE a (x int);",
  b: "CREATE TABLE b (x int);",
  c: { up: "CREATE INDEX CONCURRENTLY c ON b (x);", down: "DROP INDEX CONCURRENTLY c;" },
  d: { up: "INSERT INTO b VALUES (1);", down: "DELETE FROM b;" },
});

describe.each(servers())("on $name", (server) => {
  const once = inTurn(server);
  once("the second upgrade has an empty plan and writes nothing", async () => {
    const { url } = await ownDatabase(server);
    expect((await shop.upgrade(url)).done).toBe(true);
    const before = await dump(url);
    const wire = await proxy(url);
    expect(await shop.upgrade(wire.url)).toMatchObject({ done: false, steps: [], plan: { batches: [] } });
    expect(wire.queries.filter((text) => !text.includes("SET TRANSACTION READ ONLY;"))).toEqual([]);
    expect(await dump(url)).toBe(before);
  });

  once("what only looks never writes: with a ledger and without, where writing is refused", async () => {
    const role = await ownRole(server, "LOGIN; ALTER ROLE :role SET default_transaction_read_only = on");
    const { name, url } = await ownDatabase(server);
    await query(url, `GRANT pg_read_all_data, pg_write_all_data TO ${role.name}`);
    const readOnly = role.url(name);
    for (const applied of [[], ["a", "b"]]) {
      if (applied.length > 0) await shop.upgrade(url, "b");
      const before = await dump(url);
      const state = await shop.state(readOnly);
      expect(state.applied.map((row) => row.revision)).toEqual(applied);
      expect(state.pending).toEqual(["a", "b", "c", "d"].slice(applied.length));
      const { plan, done } = await shop.upgrade(readOnly, "heads", { dryRun: true });
      expect(done).toBe(false);
      expect(plan.steps).toHaveLength(4 - applied.length);
      await shop.script({ kind: "upgrade", target: "heads" }, { database: readOnly, fromDatabase: true });
      expect(await dump(url)).toBe(before);
    }
    expect(await failureOf(shop.upgrade(readOnly))).toMatchObject({ sqlstate: "25006", exitCode: 6 });
  });

  once("a down that was run is up again with the next upgrade", async () => {
    const { url } = await ownDatabase(server);
    await shop.upgrade(url);
    const before = await dump(url, { exclude: ["retort"] });
    await shop.downgrade(url, "base");
    expect((await shop.state(url)).applied).toEqual([]);
    await project({ a: "" }).state(url);
    await query(url, "DROP TABLE a, b");
    await shop.upgrade(url);
    expect(await dump(url, { exclude: ["retort"] })).toBe(before);
  });
});

describe.each(servers())("a stale script on $name", (server) => {
  const once = inTurn(server);
  /** What makes a script stale, and the sentence psql then ends with. */
  const stale: readonly (readonly [string, string, (url: string) => Promise<unknown>, RegExp])[] = [
    [
      "all that it applies is applied, and more",
      "b:c",
      (url) => shop.upgrade(url),
      /should not be: c, d\n.* there is nothing to do for this script: all of its revisions are applied already\.$/m,
    ],
    ["the state is another", "b:heads", (url) => shop.upgrade(url, "a"), /not applied, but should be: b$/m],
    [
      "it was already run",
      "base:heads",
      (url) => shop.upgrade(url),
      /applied, but should not be: a, b, c, d$/m,
    ],
    [
      "there is no ledger",
      "b:heads",
      async () => {},
      /this database has no ledger: table retort\.state does not exist$/m,
    ],
    [
      "a step is interrupted",
      "b:heads",
      async (url) => {
        await shop.upgrade(url, "b");
        await query(
          url,
          "INSERT INTO retort.intent (revision, direction, statement, of, hash, before, started_at, started_by, done, found) VALUES ('c', 'up', 1, 1, 'x', 'y', now(), 'x', false, false)",
        );
      },
      /a step outside a transaction is unfinished: c at statement 1 of 1/,
    ],
  ];

  once.for(stale)("%s", async ([, range, prepare, sentence]) => {
    const { url } = await ownDatabase(server);
    await prepare(url);
    await expectRefused(url, await shop.script(range), sentence);
  });

  once("another session holds the lock", async () => {
    const { url } = await ownDatabase(server);
    await shop.upgrade(url, "b");
    await withLock(shop, url, async () =>
      expectRefused(
        url,
        await shop.script("b:heads"),
        /another session holds the lock of the ledger retort: pid \d+, .*postgres, /,
      ),
    );
  });

  /** Exit code 3 and the sentence; and nothing changes, even in a psql that goes on after every error. */
  async function expectRefused(url: string, script: string, sentence: RegExp): Promise<void> {
    const before = await dump(url);
    const stopped = await runScript(url, script);
    expect(stopped.stderr).toMatch(sentence);
    expect(stopped.stderr.match(/ERROR/g)).toHaveLength(1);
    expect(stopped.code).toBe(3);
    expect(stopped.stdout).not.toContain("done");
    expect(await dump(url)).toBe(before);

    const reset = { args: ["-v", "ON_ERROR_STOP=0"] };
    expect(await runScript(url, script, reset)).toMatchObject({ code: 3 });
    expect(await dump(url)).toBe(before);

    const careless = await runScript(url, script.replaceAll(/^\\set .*$/gm, ""), reset);
    expect(careless.code).toBe(0);
    expect(careless.stderr).toMatch(sentence);
    expect(await dump(url)).toBe(before);
  }
});

describe("races", () => {
  test.each(servers())("five upgrades at once on $name: each migration once, none fails", async (server) => {
    const { url } = await ownDatabase(server);
    const results = await Promise.all(Array.from({ length: 5 }, () => shop.upgrade(url)));
    expect(results.filter((result) => result.done)).toHaveLength(1);
    const { log } = await ledger(url);
    expect(log!.map((row) => `${row["event"]} ${row["revision"]}`)).toEqual(
      ["a", "b", "c", "d"].map((r) => `upgrade ${r}`),
    );
  });

  const [server] = servers();

  test("the lock is waited for, and said so", async () => {
    const { url } = await ownDatabase(server!);
    const events: Event[] = [];
    let upgrade: Promise<unknown> = Promise.resolve();
    await withLock(shop, url, async () => {
      await new Promise<void>((resolve) => {
        const onEvent = (event: Event): void => {
          events.push(event);
          if (event.type === "waiting") resolve();
        };
        upgrade = shop.upgrade(url, "b", { onEvent });
      });
    });
    await upgrade;
    expect(events.at(0)).toMatchObject({ type: "waiting" });
    expect((await shop.state(url)).heads).toEqual(["b"]);
  });

  test("lockWait 0 does not wait", async () => {
    const { url } = await ownDatabase(server!);
    await withLock(shop, url, async () => {
      expect(await failureOf(shop.upgrade(url, "heads", { lockWait: 0 }))).toMatchObject({
        code: "state/locked",
        exitCode: 5,
        hint: expect.stringContaining("lockWait: SECONDS"),
      });
    });
    expect(await query(url, "SELECT FROM pg_namespace WHERE nspname = 'retort'")).toEqual([]);
  });

  test("a holder that is idle, and may never be done, is called so", async () => {
    const { url } = await ownDatabase(server!);
    await withLock(shop, url, async () => {
      expect(await failureOf(shop.upgrade(url, "heads", { lockWait: 1.5 }))).toMatchObject({
        message: expect.stringMatching(/: pid \d+, .*, idle since 2.*Z: /),
        hint: expect.stringMatching(
          /^wait until it is done, .* is idle: if nobody goes on with it, end it: SELECT pg_terminate_backend\(\d+\)$/,
        ),
      });
    });
  });

  test("a script and its preflight say the same of it, and how to end it", async (context) => {
    needsPsql(context);
    const { url } = await ownDatabase(server!);
    await shop.upgrade(url, "b");
    const script = await shop.script("b:heads");
    await withLock(shop, url, async () => {
      await until(
        url,
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
           AND state = 'idle' AND state_change < clock_timestamp() - interval '1 second'`,
      );
      const { code, stderr } = await runScript(url, script);
      expect(code).toBe(3);
      expect(stderr).toMatch(/holds the lock of the ledger retort: pid (\d+), .*postgres, .*\bidle\b/);
      const [, pid] = /: pid (\d+), /.exec(stderr)!;
      const way = `if nobody goes on with it, end it: SELECT pg_terminate_backend(${pid});`;
      expect(stderr).toContain(`try again. The session of pid ${pid} is idle: ${way}`);
      const { stdout } = await runScript(url, script, { args: ["-v", "preflight=1"] });
      expect(stdout).toMatch(new RegExp(`held by pid ${pid}, .*\\bidle\\b`));
      expect(stdout).toContain(`; ${way}`);
    });
  });

  test("ledgers of two schemas do not wait for each other", async () => {
    const { url } = await ownDatabase(server!);
    const other = project({ x: "SELECT 1;" }, { ledger: { schema: "other" } });
    await withLock(shop, url, async () => void (await other.upgrade(url, "heads", { lockWait: 0 })));
    expect((await other.state(url)).heads).toEqual(["x"]);
  });

  test("the ledger changed between reading and locking: the plan is made again", async () => {
    const { url } = await ownDatabase(server!);
    let raced = false;
    const confirm = async (): Promise<boolean> => {
      if (!raced) await shop.upgrade(url, "b");
      raced = true;
      return true;
    };
    expect((await shop.upgrade(url, "heads", { confirm })).steps.map((s) => s.revision)).toEqual(["c", "d"]);
  });

  test("an answer that is none is not taken for yes", async () => {
    const { url } = await ownDatabase(server!);
    await shop.upgrade(url, "a");
    for (const answer of [undefined, null, 0, "", "no", "yes"]) {
      const confirm = (async () => answer) as unknown as () => Promise<boolean>;
      expect(await failureOf(shop.downgrade(url, "base", { confirm }))).toMatchObject({
        code: "usage/option",
        message: "confirm must return true or false",
      });
    }
    expect((await shop.state(url)).heads).toEqual(["a"]);
  });

  test.each([
    ["downgrade", "-1", "taken back", "run: migrate downgrade a "],
    ["downgrade", "a", "taken back", "run the same command again"],
    ["stamp", "a", "taken out of the ledger", "run the same command again"],
  ] as const)("what is applied while %s %s is asked about stays", async (kind, target, lost, again) => {
    const { url } = await ownDatabase(server!);
    await shop.upgrade(url, "b");
    const asked: string[] = [];
    const confirm = async ({ steps }: Plan): Promise<boolean> => {
      asked.push(...steps.map(({ revision }) => revision));
      await shop.upgrade(url);
      return true;
    };
    const request = kind === "stamp" ? { kind, targets: [target] } : { kind, target };
    expect(await failureOf(shop.run(url, request, { confirm }))).toMatchObject({
      code: "state/guard",
      message: `the database has changed since this ${kind} began: d, c were applied meanwhile, and would be ${lost}`,
      hint: expect.stringMatching(`^no step was done; to take them \\w+ all the same, ${again}`),
    });
    expect(asked).toEqual(["b"]);
    expect((await shop.state(url)).heads).toEqual(["d"]);
  });

  test("what is taken back while a stamp is asked about is not recorded", async () => {
    const { url } = await ownDatabase(server!);
    await shop.upgrade(url, "b");
    const confirm = async (): Promise<boolean> => (await shop.downgrade(url, "a")).done;
    expect(await failureOf(shop.run(url, { kind: "stamp", targets: ["c"] }, { confirm }))).toMatchObject({
      code: "state/guard",
      message:
        "the database has changed since this stamp began: b was taken back meanwhile, and would be recorded as applied",
    });
    expect((await shop.state(url)).heads).toEqual(["a"]);
  });

  test.each(["-1", "d@-1", "c", "d@c"])(
    "a downgrade %s whose end another takes back meanwhile says so",
    async (target) => {
      const { url } = await ownDatabase(server!);
      await shop.upgrade(url);
      const confirm = async (): Promise<boolean> => (await shop.downgrade(url, "b")).done;
      expect(await failureOf(shop.downgrade(url, target, { confirm }))).toMatchObject({
        code: "state/guard",
        message:
          "the database has changed since this downgrade began: c, where it was to end, was taken back meanwhile",
        hint: "no step was done; see what is applied with: migrate current",
      });
      // Before it began it is another matter.
      expect(await failureOf(shop.downgrade(url, "c"))).toMatchObject({ code: "graph/not-below" });
      expect((await shop.state(url)).heads).toEqual(["b"]);
    },
  );

  test("a downgrade goes on with what another has left of it", async () => {
    const { url } = await ownDatabase(server!);
    await shop.upgrade(url, "c");
    const confirm = async (): Promise<boolean> => (await shop.downgrade(url, "b")).done;
    expect((await shop.downgrade(url, "base", { confirm })).steps.map((s) => s.revision)).toEqual(["b", "a"]);
  });
});

describe("round trips", () => {
  const [server] = servers();

  test("neither more statements nor more migrations take more of them", async () => {
    const { url } = await ownDatabase(server!);
    const long = Array.from({ length: 500 }, (_, i) => `INSERT INTO a VALUES (${i});`).join("\n");
    const counts: number[] = [];
    const applied: Record<string, string> = { a: "CREATE TABLE a (x int);" };
    await project(applied).upgrade(url);
    for (const more of [
      { b: "SELECT 1;" },
      { c: long },
      Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`d${i}`, "SELECT 2;"])),
    ]) {
      const wire = await proxy(url);
      await project(Object.assign(applied, more)).upgrade(wire.url);
      counts.push(wire.trips());
    }
    const [one, long500, fifty] = counts as [number, number, number];
    // One by one they would be 500, and 400.
    expect(long500 - one).toBeLessThanOrEqual(50);
    expect(fifty - one).toBeLessThanOrEqual(50);
    expect(await query(url, "SELECT count(*)::int AS n FROM a")).toEqual([{ n: 500 }]);
  });
});

describe("a ledger that somebody else prepared", () => {
  const [server] = servers();

  test("these privileges are enough to migrate, and CREATE on the database is not among them", async () => {
    const role = await ownRole(server!, "LOGIN");
    const { name, url } = await ownDatabase(server!);
    // An administrator prepares it: any run that gets as far as its ledger does.
    await project({ a: "SELECT 1;" }).upgrade(url);
    await project({ a: "SELECT 1;" }).downgrade(url, "base");
    await query(
      url,
      `CREATE SCHEMA app AUTHORIZATION ${role.name};
       REVOKE CREATE ON SCHEMA public FROM PUBLIC;
       GRANT USAGE ON SCHEMA retort TO ${role.name};
       GRANT SELECT, INSERT, DELETE ON retort.applied TO ${role.name};
       GRANT SELECT, UPDATE ON retort.state TO ${role.name};
       GRANT SELECT, INSERT ON retort.log TO ${role.name};
       GRANT SELECT, INSERT, UPDATE, DELETE ON retort.intent TO ${role.name};`,
    );
    const app = project({
      a: "CREATE TABLE app.t (x int);",
      b: { up: "CREATE INDEX CONCURRENTLY i ON app.t (x);", down: "DROP INDEX CONCURRENTLY app.i;" },
      c: "SELECT 1/0;",
    });
    const own = role.url(name);
    expect(await failureOf(app.upgrade(own))).toMatchObject({ sqlstate: "22012" });
    expect((await app.state(own)).heads).toEqual(["b"]);
    await app.downgrade(own, "base");
    expect(
      (await ledger(url))["log"]!.map((row) => `${row["event"]} ${row["revision"]} ${row["by"]}`),
    ).toEqual([
      "upgrade a postgres",
      "downgrade a postgres",
      `upgrade a ${role.name}`,
      `upgrade b ${role.name}`,
      `failure c ${role.name}`,
      `downgrade b ${role.name}`,
      `downgrade a ${role.name}`,
    ]);
  });

  test("without them the error is one of ours, and says what is missing", async () => {
    const role = await ownRole(server!, "LOGIN");
    // Where the connection sets a role, that lacks them.
    const set = await ownRole(server!, `NOLOGIN; GRANT :role TO ${role.name}`);
    const asSet = (database: string): string => `${role.url(database)}?options=-c%20role%3D${set.name}`;
    const { name, url } = await ownDatabase(server!);
    await shop.upgrade(url, "a");
    expect(await failureOf(shop.state(asSet(name)))).toMatchObject({
      hint: expect.stringContaining(`GRANT USAGE ON SCHEMA retort TO "${set.name}"; GRANT SELECT`),
    });
    for (const [verb, privileges] of [
      [() => shop.state(role.url(name)), "SELECT"],
      [() => shop.upgrade(role.url(name)), "SELECT, INSERT, UPDATE, DELETE"],
    ] as const) {
      expect(await failureOf(verb())).toMatchObject({
        name: "MigrateError",
        exitCode: 6,
        sqlstate: "42501",
        message: expect.stringContaining("permission denied for schema retort"),
        hint: expect.stringMatching(
          `GRANT USAGE ON SCHEMA retort TO "${role.name}"; GRANT ${privileges} ON ALL TABLES IN SCHEMA retort TO "${role.name}"; `,
        ),
      });
    }
    const grants = `GRANT USAGE ON SCHEMA retort TO ${role.name}; GRANT SELECT ON ALL TABLES IN SCHEMA retort TO ${role.name}`;
    await query(url, grants);
    expect(await failureOf(shop.upgrade(role.url(name)))).toMatchObject({
      message: `${role.name} may not write to the ledger retort, and lacks: INSERT on applied; DELETE, INSERT, UPDATE on intent; INSERT on log; UPDATE on state`,
    });
    const fresh = await ownDatabase(server!);
    expect(await failureOf(shop.upgrade(role.url(fresh.name)))).toMatchObject({
      message: `${role.name} may not create the ledger, and lacks: CREATE on the database`,
      hint: expect.stringContaining(
        `As the owner of the database, run: GRANT CREATE ON DATABASE ${fresh.name} TO ${role.name}; or `,
      ),
    });
    // What the hint names is all that is needed, and that of the server's refusal of a statement.
    const bare = project({ a: "CREATE TABLE public.t ();" });
    const grantIn = async (before: RegExp): Promise<void> => {
      const { hint } = await failureOf(bare.upgrade(role.url(fresh.name)));
      await ensureLedger(bare.deps, { database: fresh.url });
      await query(fresh.url, before.exec(String(hint))![1]!);
    };
    await query(fresh.url, "REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    await grantIn(/ensure-version --database URL, then: (.*)/);
    const ofSet = async () => String((await failureOf(bare.upgrade(asSet(fresh.name)))).hint);
    await query(fresh.url, /^as the owner of the ledger, run: (.*)/.exec(await ofSet())![1]!);
    expect(await ofSet()).toContain(`run: GRANT USAGE, CREATE ON SCHEMA public TO "${set.name}"\n`);
    await grantIn(/the schema, run: (.*)/);
    await bare.upgrade(role.url(fresh.name));
    expect((await bare.state(fresh.url)).heads).toEqual(["a"]);
    const other = project({ a: "SELECT 1;" }, { role: "postgres" });
    expect(await failureOf(other.upgrade(role.url(fresh.name)))).toMatchObject({
      hint: '"postgres" is a superuser, and whoever may become that may do everything: name another role',
    });
  });

  test("a configured role that the user must SET ROLE to: it reads and writes all as that role", async () => {
    const owner = await ownRole(server!, "NOLOGIN", "own\"er 'x");
    const deployer = await ownRole(server!, `LOGIN NOINHERIT IN ROLE ${pg.escapeIdentifier(owner.name)}`);
    const { name, url } = await ownDatabase(server!);
    await query(url, `GRANT CREATE ON DATABASE ${name} TO ${pg.escapeIdentifier(owner.name)}`);
    const app = project(
      { a: "CREATE SCHEMA app; CREATE TABLE app.t ();", b: "SELECT 1/0;" },
      { role: owner.name },
    );
    const own = deployer.url(name);
    expect(await failureOf(app.upgrade(own))).toMatchObject({ sqlstate: "22012" });
    expect((await app.state(own)).heads).toEqual(["a"]);
    expect(
      await query(
        url,
        "SELECT DISTINCT tableowner AS o FROM pg_tables WHERE schemaname IN ('app', 'retort')",
      ),
    ).toEqual([{ o: owner.name }]);
    expect((await ledger(url))["log"]).toMatchObject([
      { event: "upgrade", by: deployer.name },
      { event: "failure", by: deployer.name },
    ]);
    await app.downgrade(own, "base");
  });
});
