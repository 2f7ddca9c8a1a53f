/** A statement outside a transaction that the server refused: it stays undone, by run and by psql, until the file or the data are mended. */
import { describe, expect, test } from "vitest";
import { ledger } from "../support/dump.ts";
import { migrateHere } from "../support/migrate.ts";
import { failureOf, headerLines, ownDatabase, project, type TestProject } from "../support/project.ts";
import { needsPsql, runScript } from "../support/psql.ts";
import { ownRole } from "../support/roles.ts";
import { oneServer, query } from "../support/server.ts";

const none = ["transaction: none"];

const users =
  "CREATE TABLE users (id bigint, email text, tenant int);\nCREATE INDEX users_email_key ON users (email);\n" +
  "CREATE TABLE m (id bigint, ts date NOT NULL, PRIMARY KEY (id, ts)) PARTITION BY RANGE (ts);\n" +
  "CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2020-01-01') TO ('2030-01-01');\n" +
  "CREATE TABLE alone (id bigint, ts date NOT NULL);\n";

const index = async (url: string, name: string): Promise<string | undefined> =>
  (await query<{ def: string }>(url, `SELECT pg_get_indexdef(to_regclass('${name}')) AS def`))[0]?.def;

const heads = async (shop: TestProject, url: string) => (await shop.state(url)).heads;

/** [what the file says, what the server answers] */
const refused: readonly (readonly [string, string])[] = [
  ["create unique index concurrently users_email_key on users (tenant, email);", "42P07"],
  ["create index concurrently users on users (tenant);", "42P07"],
  ["create index concurrently new_key on users (missing);", "42703"],
  ["create index concurrently on users (missing);", "42703"],
  ["drop index concurrently users_emial_key;", "42704"],
  ["drop index concurrently users;", "42809"],
  ["reindex index concurrently users_emial_key;", "42P01"],
  ["reindex table concurrently missing;", "42P01"],
  ["alter table m detach partition alone concurrently;", "42P01"],
  ["create database postgres;", "42P04"],
  ["drop database retort_not_there;", "3D000"],
  ["drop subscription not_there;", "42704"],
  ["create tablespace pg_default location '/nowhere';", "42939"],
  ["drop tablespace not_there;", "42704"],
  ["vacuum missing;", "42P01"],
];

describe.each(oneServer("newest"))("on $name", (server) => {
  test.each(refused)("%s is refused twice, up, down and after a script", async (sql, sqlstate) => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: users,
      up: { up: sql, header: none },
      down: { up: "SELECT 1;", down: sql, downHeader: none, parent: "a" },
    });
    for (const _ of ["first", "again"])
      expect(await failureOf(shop.upgrade(url, "up"))).toMatchObject({
        code: "execution/statement",
        sqlstate,
      });
    expect(await heads(shop, url)).toEqual(["a"]);
    await shop.run(url, { kind: "stamp", targets: ["a"] });
    await shop.upgrade(url, "down");
    for (const _ of ["first", "again"])
      expect(await failureOf(shop.downgrade(url, "a"))).toMatchObject({
        code: "execution/statement",
        sqlstate,
      });
    expect(await heads(shop, url)).toEqual(["down"]);
    expect(await index(url, "users_email_key")).toMatch(/^CREATE INDEX .*\(email\)$/);
  });

  test("psql stops at such a statement, or goes past it: the next run does not take it for done", async (context) => {
    needsPsql(context);
    const shop = project({ a: users, b: refused[0]![0] });
    for (const idempotent of [false, true]) {
      const { url } = await ownDatabase(server);
      const script = await shop.script("base:head", { idempotent });
      for (const args of [[], ["-v", "ON_ERROR_STOP=0"]]) {
        await runScript(url, script, { args });
        expect(await heads(shop, url)).toEqual(["a"]);
      }
      expect(await failureOf(shop.upgrade(url))).toMatchObject({ sqlstate: "42P07" });
      if (!idempotent) continue;
      expect((await runScript(url, script)).stderr).toContain('relation "users_email_key" already exists');
      await query(url, "DROP INDEX users_email_key");
      expect(await runScript(url, script)).toMatchObject({ code: 0, stderr: "" });
      expect(await index(url, "users_email_key")).toMatch(/^CREATE UNIQUE INDEX .*\(tenant, email\)$/);
    }
  });

  /** [what was asked for, what somebody built meanwhile, whether that is the same] */
  const built: readonly (readonly [string, string, boolean])[] = [
    ["i ON users (tenant, email)", "i ON users (tenant, email)", true],
    ["i ON users (tenant)", "i ON users USING btree (tenant ASC NULLS LAST)", true],
    [
      "i ON users (lower(email) text_pattern_ops) WHERE tenant > 1",
      "i ON users ((lower(email)) text_pattern_ops) WHERE (tenant > 1)",
      true,
    ],
    ['"odd USING name" ON public.users (tenant)', '"odd USING name" ON users (tenant)', true],
    ["ON users (tenant)", "ON users (tenant)", true],
    ["i ON users (tenant, email)", "i ON users (email, tenant)", false],
    ["i ON users (tenant)", "i ON users (tenant DESC)", false],
    ["i ON users (tenant)", "i ON users USING hash (tenant)", false],
    ["i ON users (tenant)", "i ON users (tenant) WHERE tenant > 1", false],
    ["i ON users (tenant)", "i ON users (tenant) INCLUDE (email)", false],
    ["i ON users (tenant)", "i ON users (tenant) WITH (fillfactor = 50)", false],
    ["i ON users (lower(email))", "i ON users (upper(email))", false],
    ['i ON users (email COLLATE "C")', "i ON users (email)", false],
  ];

  test.each(built)("UNIQUE %s failed, and %s was built by hand", async (asked, there, isSame) => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: `${users}INSERT INTO users VALUES (1, 'a', 2), (2, 'a', 2);\n`,
      b: `CREATE UNIQUE INDEX CONCURRENTLY ${asked};`,
    });
    const name = /^("[^"]+"|i)/.exec(asked)?.[1] ?? "users_tenant_idx";
    expect(await failureOf(shop.upgrade(url))).toMatchObject({ sqlstate: "23505" });
    await query(url, `DROP INDEX ${name}; DELETE FROM users WHERE id = 2`);
    await query(url, `CREATE ${there.includes("hash") ? "" : "UNIQUE "}INDEX ${there}`);
    const before = await index(url, name);
    if (isSame) await shop.upgrade(url);
    else
      for (const dryRun of [false, true])
        expect(await failureOf(shop.upgrade(url, "heads", { dryRun }))).toMatchObject({
          code: "state/interrupted",
          message: expect.stringContaining(`differs from the file: ${before}`),
          hint: expect.stringContaining("DROP INDEX CONCURRENTLY"),
        });
    expect(await index(url, name)).toBe(before);
    expect(await heads(shop, url)).toEqual([isSame ? "b" : "a"]);
    if (isSame) return;
    await query(url, `DROP INDEX ${name}`);
    await shop.upgrade(url);
  });

  test("one that was not UNIQUE is not the one that was asked for", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: `${users}INSERT INTO users VALUES (1, 'a', 2), (2, 'a', 2);\n`,
      b: "CREATE UNIQUE INDEX CONCURRENTLY i ON users (tenant);",
    });
    await failureOf(shop.upgrade(url));
    await query(url, "DROP INDEX i");
    await query(url, "CREATE INDEX i ON users (tenant)");
    expect(await failureOf(shop.upgrade(url))).toMatchObject({ code: "state/interrupted" });
  });

  test.each(["the role that connects", "a role that it only may set"])(
    "it is compared with the rights of the table's owner, %s; without TEMPORARY that is said, not that it differs",
    async (whose) => {
      const owner = await ownRole(server, "LOGIN");
      const deploy = await ownRole(server, `LOGIN NOINHERIT; GRANT ${owner.name} TO :role`);
      const { url, name } = await ownDatabase(server);
      await query(
        url,
        `GRANT CREATE ON DATABASE "${name}" TO ${owner.name}, ${deploy.name}; GRANT ALL ON SCHEMA public TO ${owner.name};
         REVOKE TEMPORARY ON DATABASE "${name}" FROM public`,
      );
      const setsRole = whose !== "the role that connects";
      const own = setsRole ? deploy.url(name) : owner.url(name);
      const sets = setsRole ? `SET ROLE ${owner.name};\n` : "";
      const shop = project({
        a: `${sets}CREATE TABLE users (id int);\nINSERT INTO users VALUES (1), (1);\n`,
        b: { up: `${sets}CREATE UNIQUE INDEX CONCURRENTLY i ON users (id);`, header: none },
      });
      expect(await failureOf(shop.upgrade(own))).toMatchObject({ sqlstate: "23505" });
      await query(owner.url(name), "TRUNCATE users; DROP INDEX i; CREATE UNIQUE INDEX i ON users (id)");
      const grant = `GRANT TEMPORARY ON DATABASE ${name} TO ${owner.name}`;
      expect(await failureOf(shop.upgrade(own))).toMatchObject({
        code: "state/interrupted",
        message: expect.stringContaining(
          "but the index that is there cannot be compared with the file: permission denied to create temporary tables",
        ),
        hint: expect.stringMatching(
          `^as the owner of the database, run: ${grant}; then run again; or finish`,
        ),
      });
      const twin = "CREATE UNIQUE INDEX i ON pg_temp.users (id)";
      await query(own, "UPDATE retort.intent SET found = true");
      const asked = `SELECT retort.is_undone(revision, statement, '${twin}') FROM retort.intent`;
      const error = await query(own, asked).catch((cause: unknown) => cause);
      expect(error).toMatchObject({
        code: "RT001",
        message: expect.stringContaining("cannot be compared with the one it creates: permission denied"),
        hint: expect.stringMatching(
          `^As the owner of the database, run: ${grant}; and run this script again`,
        ),
      });
      await query(url, grant);
      expect((await shop.upgrade(own)).done).toBe(true);
    },
  );

  test("the file is changed behind a build that was done: what is there is not what it says", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({ a: users, b: "CREATE INDEX CONCURRENTLY i1 ON users (tenant);" });
    await failureOf(
      shop
        .upgrade(url, "a")
        .then(() => query(url, "CREATE TABLE i1 ()"))
        .then(() => shop.upgrade(url)),
    );
    // As if the backend had finished it without us.
    await query(url, "DROP TABLE i1");
    await query(url, "CREATE INDEX i1 ON users (tenant)");
    const mended =
      "-- revision: b\n-- parent: a\n\nCREATE UNIQUE INDEX CONCURRENTLY i1 ON users (tenant, email);\n";
    shop.write("0002_b.up.sql", mended);
    expect(await failureOf(shop.upgrade(url))).toMatchObject({
      code: "state/interrupted",
      message: expect.stringContaining("CREATE INDEX i1 ON public.users"),
    });
    await query(url, "DROP INDEX i1");
    await shop.upgrade(url);
    expect(await index(url, "i1")).toMatch(/^CREATE UNIQUE INDEX/);
  });

  test("a word taken out of the file is enough: CONCURRENTLY that a partitioned table refuses", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({ a: users, b: "create index concurrently m_id on m (id);\n" });
    expect(await failureOf(shop.upgrade(url))).toMatchObject({ sqlstate: "0A000" });
    shop.write("0002_b.up.sql", "-- revision: b\n-- parent: a\n\ncreate index m_id on m (id);\n");
    const planned = await shop.upgrade(url, "heads", { dryRun: true });
    expect(planned.steps.map(({ revision }) => revision)).toEqual(["b"]);
    await shop.upgrade(url);
    expect((await ledger(url))["intent"]).toEqual([]);
    expect(await index(url, "m_id")).toContain("ON ONLY public.m");
  });

  test("an invalid index makes room where the file is to run in a transaction now", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: `${users}INSERT INTO users VALUES (1, 'a', 2), (2, 'a', 2);\n`,
      b: "CREATE UNIQUE INDEX CONCURRENTLY i ON users (tenant);",
    });
    await failureOf(shop.upgrade(url));
    shop.write(
      "0002_b.up.sql",
      "-- revision: b\n-- parent: a\n\nDELETE FROM users WHERE id = 2;\nCREATE UNIQUE INDEX i ON users (tenant);\n",
    );
    await shop.upgrade(url);
    expect(await index(url, "i")).toMatch(/^CREATE UNIQUE INDEX/);
  });

  test("behind statements that are done it cannot begin anew: what helps is said, and helps", async () => {
    const { url } = await ownDatabase(server);
    const header = "-- revision: b\n-- parent: a\n";
    const shop = project({
      a: users,
      b: { up: "CREATE TABLE first ();\nCREATE INDEX CONCURRENTLY i ON m (id);\n", header: none },
    });
    await failureOf(shop.upgrade(url));
    const mended = "CREATE TABLE first ();\nCREATE INDEX i ON m (id);\n";
    shop.write("0002_b.up.sql", `${header}\n${mended}`);
    expect(await failureOf(shop.upgrade(url))).toMatchObject({
      code: "state/interrupted",
      message: expect.stringContaining("statement 1 is done, but the file now runs in a transaction"),
      hint: expect.stringContaining("write '-- transaction: none' in its header"),
      location: { path: "0002_b.up.sql" },
    });
    shop.write("0002_b.up.sql", `${header}-- transaction: none\n\n${mended}`);
    await shop.upgrade(url);
    expect(await index(url, "i")).toContain("ON ONLY public.m");
  });

  test("what is about something partitioned is sent bare", async () => {
    const { url } = await ownDatabase(server);
    const clusters = Number(server.version.split(".")[0]) >= 15 ? "cluster m using m_pkey;\n" : "";
    await project({
      a: users,
      b: { up: `reindex table m;\nreindex index m_pkey;\n${clusters}`, header: none },
    }).upgrade(url);
  });

  test.each([
    ["DO $$ BEGIN COMMIT; END $$;", "2D000"],
    ["CALL p();", "2D000"],
    ["REINDEX TABLE m;", "25001"],
  ])("%s in a transaction: the header that helps is named, and helps", async (sql, sqlstate) => {
    const { url } = await ownDatabase(server);
    const procedure = "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;\n";
    const shop = project({ a: users + procedure, b: sql });
    expect(await failureOf(shop.upgrade(url))).toMatchObject({
      sqlstate,
      hint: expect.stringContaining("-- transaction: none"),
      location: { path: "0002_b.up.sql", line: headerLines + 1 },
    });
    shop.write("0002_b.up.sql", `-- revision: b\n-- parent: a\n-- transaction: none\n\n${sql}\n`);
    await shop.upgrade(url);
  });

  test("a CALL that failed may have committed: it says so, and how to forget it", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({ a: users, b: { up: "CALL mispelt();", header: none } });
    expect(await failureOf(shop.upgrade(url))).toMatchObject({ sqlstate: "42883" });
    shop.write("0002_b.up.sql", "-- revision: b\n-- parent: a\n\nSELECT 1;\n");
    const stopped = await failureOf(shop.upgrade(url));
    expect(stopped).toMatchObject({
      code: "state/interrupted",
      hint: expect.stringContaining("discard it with: migrate stamp a"),
    });
    expect(await migrateHere(["stamp", "a", "--database", url], { cwd: shop.folder })).toMatchObject({
      code: 0,
    });
    await shop.upgrade(url);
  });

  test("with psql alone: a stamp script forgets, and a plain script's comments lead on", async (context) => {
    needsPsql(context);
    const shop = project({
      a: `${users}INSERT INTO users VALUES (1, 'a', 2), (2, 'a', 2);\n`,
      b: "CREATE UNIQUE INDEX CONCURRENTLY i ON users (tenant);",
      c: "SELECT 1;",
    });
    const script = await shop.script("base:heads");
    const interrupted = async () => {
      const { url } = await ownDatabase(server);
      expect(await runScript(url, script)).toMatchObject({ code: 3 });
      await query(url, "DROP INDEX CONCURRENTLY i");
      await query(url, "DELETE FROM users WHERE id = 2");
      return url;
    };
    // Nothing of it is done.
    const forgotten = await interrupted();
    const [forget] = /CALL retort\.forget_intent\(\);/.exec(script)!;
    await query(forgotten, forget);
    expect(await runScript(forgotten, await shop.script("a:heads"))).toMatchObject({ code: 0, stderr: "" });
    // Finished by hand.
    const finished = await interrupted();
    const [record] = /CALL retort\.end_upgrade\('b'[^;]*?(?= \\;)/.exec(script)!;
    await query(finished, "CREATE UNIQUE INDEX CONCURRENTLY i ON users (tenant)");
    await query(finished, record);
    expect(await runScript(finished, await shop.script("b:heads"))).toMatchObject({ code: 0, stderr: "" });
    // Written down by a script.
    for (const options of [{}, { fromDatabase: true }]) {
      const stamped = await interrupted();
      await query(stamped, "CREATE UNIQUE INDEX CONCURRENTLY i ON users (tenant)");
      const targets = [options.fromDatabase === true ? "b" : "a:b"];
      const world = { ...options, database: stamped };
      expect(await runScript(stamped, await shop.script({ kind: "stamp", targets }, world))).toMatchObject({
        code: 0,
        stderr: "",
      });
      expect(await shop.state(stamped)).toMatchObject({ heads: ["b"] });
      await shop.upgrade(stamped);
    }
    // What it would record is recorded already: it stops, and the interruption stays.
    const stays = await interrupted();
    const stamp = { kind: "stamp", targets: ["a"] } as const;
    const left = "The interruption of b stays; to discard it: CALL retort.forget_intent();";
    const again = await shop.script(stamp);
    expect((await runScript(stays, again)).stderr).toContain(
      `HINT:  Nothing was changed. The steps of this script are done already. ${left}\n`,
    );
    expect((await runScript(stays, again, { args: ["-v", "preflight=1"] })).stdout).toContain(
      `at a. The steps of this script are done already. ${left}\n`,
    );
    expect(await shop.state(stays)).toMatchObject({ interrupted: { revision: "b" } });
    const discards = await shop.script(stamp, { fromDatabase: true, database: stays });
    const looked = await runScript(stays, discards, { args: ["-v", "preflight=1"] });
    expect(looked.stdout).toContain("at a; unfinished: b at statement 1 of 1, which the script discards\n");
    expect(await runScript(stays, discards)).toMatchObject({ code: 0, stderr: "" });
    expect((await shop.state(stays)).interrupted).toBeUndefined();
  });
});
