/** Scratch databases: where they are made, that they are empty, that nothing of them stays; and replays on them. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { checkSchema } from "../../src/app/check-schema.ts";
import { openProject } from "../../src/app/project.ts";
import { beyondDatabase, filesOf, refuseBeyond, replay } from "../../src/app/replay.ts";
import { withScratch } from "../../src/app/scratch.ts";
import { fingerprint } from "../../src/core/catalog/catalog.ts";
import { EMPTY } from "../../src/core/catalog/empty.ts";
import { readCatalog } from "../../src/io/catalog.ts";
import { openScratch, type ScratchOptions } from "../../src/io/scratch/open.ts";
import type { Scratch } from "../../src/io/scratch/types.ts";
import { failureOf, ownDatabase, project, until } from "../support/project.ts";
import { ownRole } from "../support/roles.ts";
import { inTurn, query, servers } from "../support/server.ts";
import { addressOf, sessionOn } from "../support/session.ts";

async function open(
  options: Omit<ScratchOptions, "cwd" | "env"> & { readonly env?: ScratchOptions["env"] },
): Promise<Scratch> {
  const scratch = await openScratch({ cwd: process.cwd(), env: process.env, ...options });
  onTestFinished(() => scratch.close());
  return scratch;
}

const names = async (url: string, pattern: string): Promise<readonly string[]> =>
  (await query<{ datname: string }>(url, `SELECT datname FROM pg_database WHERE datname ~ '${pattern}'`)).map(
    (row) => row.datname,
  );

/** Those of this file: other tests make some on the same server meanwhile. */
const ours = (url: string) => names(url, `^retort_scratch_(.*_${process.pid}_.*|mine)$`);

describe.sequential.each(servers())("a temporary database on $name", (server) => {
  const once = inTurn(server);
  const database = () => addressOf(server.url());

  once(
    "is said to be one, has the encoding and locale of the database, and is dropped at the end",
    async () => {
      const before = await ours(server.url());
      const scratch = await openScratch({ cwd: "/", env: {}, database: await database() });
      const { host, port } = new URL(server.url());
      expect(scratch.description).toBe(
        `scratch: PostgreSQL ${server.version}, a temporary database on ${host.split(":")[0]}:${port}`,
      );
      expect(scratch.proves).toBe(true);
      const session = await scratch.empty();
      const [name] = (await ours(server.url())).filter((each) => !before.includes(each));
      expect(name).toMatch(new RegExp(`^retort_scratch_\\d{8}t\\d{6}_${process.pid}_[0-9a-f]{8}$`));
      const likeIt = `SELECT 1 FROM pg_database a, pg_database b WHERE a.datname = '${name}' AND b.datname = current_database()
      AND (a.encoding, a.datcollate, a.datctype) = (b.encoding, b.datcollate, b.datctype)`;
      expect(await query(server.url(), likeIt)).toHaveLength(1);
      expect(fingerprint(await readCatalog(session))).toBe(fingerprint(EMPTY));
      await scratch.close();
      expect(await ours(server.url())).toEqual(before);
    },
  );

  once("is empty again, by SQL where that is enough", async () => {
    const scratch = await open({ database: await database() });
    const first = await scratch.empty();
    await first.send(
      "CREATE SCHEMA s; CREATE TABLE s.t (a int); CREATE VIEW v AS SELECT * FROM s.t; CREATE PUBLICATION p FOR TABLE s.t; " +
        "CREATE FOREIGN DATA WRAPPER w; SELECT lo_create(0); CREATE CAST (point AS text) WITH INOUT; SET search_path = s",
    );
    const second = await scratch.empty();
    expect(second).toBe(first);
    expect(fingerprint(await readCatalog(second))).toBe(fingerprint(EMPTY));
    await second.send("REVOKE EXECUTE ON FUNCTION now() FROM PUBLIC");
    await second.send("BEGIN; CREATE TABLE half_done ()");
    const third = await scratch.empty();
    expect(third).not.toBe(second);
    expect(fingerprint(await readCatalog(third))).toBe(fingerprint(EMPTY));
  });

  once("is dropped although it has a subscription", async () => {
    const scratch = await openScratch({ cwd: "/", env: {}, database: await database() });
    const session = await scratch.empty();
    const options = "(connect = false, slot_name = NONE)";
    await session.send(`CREATE SUBSCRIPTION s CONNECTION 'dbname=none' PUBLICATION p WITH ${options}`);
    const before = await ours(server.url());
    await scratch.close();
    expect(await ours(server.url())).toHaveLength(before.length - 1);
  });

  once("what a crash left behind is dropped by the next, what another uses is not", async () => {
    const other = await open({ database: await database() });
    await other.empty();
    const notOurs = "retort_scratch_mine";
    await query(server.url(), `CREATE DATABASE ${notOurs}`);
    const used = await ours(server.url());
    const notices: string[] = [];
    const onNotice = ({ message }: { readonly message: string }) => void notices.push(message);
    const crashed = await openScratch({ cwd: "/", env: {}, database: await database(), onNotice });
    await crashed.empty();
    const left = (await ours(server.url())).find((name) => !used.includes(name))!;
    // As when its process is gone: the server ends its sessions, and with them the lock.
    await query(
      server.url(),
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE objid = hashtext('${left}')::oid AND objsubid = 2
       UNION ALL SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${left}'`,
    );
    await until(
      server.url(),
      `SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_locks WHERE objid = hashtext('${left}')::oid AND objsubid = 2)
       AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = '${left}')`,
    );
    await (await openScratch({ cwd: "/", env: {}, database: await database() })).close();
    expect([...(await ours(server.url()))].sort()).toEqual([...used].sort());
    await crashed.close();
    expect(notices).toContainEqual(expect.stringContaining(`the scratch database ${left} was not dropped`));
    await query(server.url(), `DROP DATABASE ${notOurs}`);
  });

  once("none is made on a server that was given where the role may not; the sentence says so", async () => {
    const role = await ownRole(server, "LOGIN");
    const on = await addressOf(role.url("postgres"));
    expect(await failureOf(openScratch({ cwd: "/", env: {}, on }))).toMatchObject({
      code: "usage/scratch",
      exitCode: 2,
      message: expect.stringContaining(`the role ${role.name} may not create databases there`),
    });
    // Nor where it cannot belong to the role that the migrations run as.
    const migrator = await ownRole(server, "NOLOGIN");
    const outsider = await ownRole(server, "LOGIN CREATEDB");
    const heir = `LOGIN NOINHERIT CREATEDB IN ROLE ${migrator.name}`;
    const apart = await ownRole(server, heir);
    for (const [login, owner, reason, hint] of [
      [
        outsider,
        "nobody",
        "the role nobody, which the migrations run as, does not exist there",
        "CREATE ROLE nobody",
      ],
      [outsider, migrator.name, `the role ${outsider.name} may not become ${migrator.name}, `, "GRANT "],
      [
        apart,
        migrator.name,
        `${apart.name} does not inherit the privileges of ${migrator.name}, `,
        "INHERIT",
      ],
    ] as const) {
      const refused = openScratch({ cwd: "/", env: {}, on: await addressOf(login.url("postgres")), owner });
      expect(await failureOf(refused)).toMatchObject({
        code: "usage/scratch",
        message: expect.stringContaining(reason),
        hint: expect.stringContaining(hint),
      });
    }
    // It takes two connections; no pooler is to blame.
    const single = await ownRole(server, "LOGIN CREATEDB CONNECTION LIMIT 1");
    const alone = await open({ on: await addressOf(single.url("postgres")) });
    expect(await failureOf(alone.empty())).toMatchObject({
      code: "execution/connect",
      hint: expect.stringMatching(/^no connection is free: /),
    });
    await alone.close();
    const scratch = await open({ database: on });
    expect(scratch.description).toContain(`, since the role ${role.name} may not create databases there`);
    // From a package of that major version where there is one; else from what proves nothing, and says so.
    expect(scratch.proves).toBe(
      !scratch.description.endsWith(`; it proves nothing for PostgreSQL ${server.major}`),
    );
    expect(scratch.proves).toBe(Math.floor(scratch.version.number / 10_000) === server.major);
  });
});

describe.sequential("replays", () => {
  const [server] = servers();
  const shop = project({
    a: "CREATE TABLE t (id int PRIMARY KEY);",
    b: { up: "CREATE INDEX CONCURRENTLY i ON t (id);", down: "DROP INDEX CONCURRENTLY i;" },
    c: "CREATE VIEW v AS SELECT id FROM t;",
  });
  const opened = () => openProject(shop.deps, {});

  /** But for those of before, which other files may be using. */
  const dropKept = async (before: readonly string[]) => {
    for (const name of await names(server!.url(), "^retort_kept_"))
      if (!before.includes(name)) await query(server!.url(), `DROP DATABASE IF EXISTS ${name}`);
  };

  test("give the catalog of an upgraded database; the second runs only what is new", async () => {
    const { url } = await ownDatabase(server!);
    await shop.upgrade(url);
    const keptBefore = await names(url, "^retort_kept_");
    const scratch = await open({ database: await addressOf(url) });
    const first = await replay(shop.deps, await opened(), scratch);
    expect(first).toMatchObject({ revisions: ["a", "b", "c"], kept: 0 });
    const other = await open({ database: await addressOf(url) });
    const second = await replay(shop.deps, await opened(), other);
    expect(second.kept).toBe(3);
    shop.write("0004_d.up.sql", "-- revision: d\n-- parent: c\n\nCREATE TABLE d ();\n");
    shop.write("0004_d.down.sql", "-- revision: d\n\nDROP TABLE d;\n");
    expect(await replay(shop.deps, await opened(), other)).toMatchObject({
      kept: 3,
      revisions: { length: 4 },
    });
    expect(await replay(shop.deps, await opened(), other, "b")).toMatchObject({
      kept: 0,
      revisions: ["a", "b"],
    });
    const live = await replay(shop.deps, await opened(), other, "c");
    expect(live.kept).toBe(3);
    await shop.upgrade(url, "c");
    const there = await open({ database: await addressOf(url) });
    const replayed = await readCatalog(
      (await replay(shop.deps, await opened(), there, "c")).session,
      "retort",
    );
    const upgraded = await sessionOn(url);
    expect(fingerprint(await readCatalog(upgraded, "retort"))).toBe(fingerprint(replayed));
    await upgraded.close();
    await dropKept(keptBefore);
  });

  test("a changed file is run again with all that follow it", async () => {
    const edited = project({ a: "CREATE TABLE edited (id int);", b: "CREATE TABLE u ();" });
    const keptBefore = await names(server!.url(), "^retort_kept_");
    const database = await addressOf(server!.url());
    const scratch = await open({ database });
    await replay(edited.deps, await openProject(edited.deps, {}), scratch);
    edited.write("0002_b.up.sql", "-- revision: b\n-- parent: a\n\nCREATE TABLE w ();\n");
    const { kept, session } = await replay(edited.deps, await openProject(edited.deps, {}), scratch);
    expect(kept).toBe(0);
    const { objects } = await readCatalog(session, "retort");
    expect(objects.map(({ identity }) => identity.join("."))).toContain("public.w");
    await dropKept(keptBefore);
  });

  test("what one role made is no replay by another, or with other settings or options of the connection", async () => {
    const keptBefore = await names(server!.url(), "^retort_kept_");
    const other = await ownRole(server!, "LOGIN SUPERUSER");
    const url = server!.url();
    for (const each of [url, other.url("postgres"), `${url}?options=-cwork_mem%3D5MB`]) {
      const scratch = await open({ database: await addressOf(each) });
      expect((await replay(shop.deps, await opened(), scratch, "a")).kept).toBe(0);
    }
    const kept = async () => {
      const scratch = await open({ database: await addressOf(other.url("postgres")) });
      return (await replay(shop.deps, await opened(), scratch, "a")).kept;
    };
    expect(await kept()).toBe(1);
    await query(url, `ALTER ROLE "${other.name}" SET search_path = public`);
    expect([await kept(), await kept()]).toEqual([0, 1]);
    // What is set in the database that is connected to hides what holds in another.
    await query(url, `ALTER ROLE "${other.name}" IN DATABASE postgres SET search_path = "$user", public`);
    expect([await kept(), await kept()]).toEqual([0, 1]);
    await query(url, `ALTER ROLE "${other.name}" SET search_path = public, pg_catalog`);
    expect([await kept(), await kept()]).toEqual([0, 1]);
    await dropKept(keptBefore);
  });

  test("what reaches beyond a database is run on no server of the user's; roles that are missing are made, and kept", async () => {
    const roles = project({
      a: "DO $$ BEGIN CREATE ROLE retort_made_by_file; END $$;",
      b: "CREATE TABLE t ();\nGRANT SELECT ON t TO retort_missing, retort_made_by_file;",
      // So many are kept in this process too.
      ...Object.fromEntries(Array.from({ length: 48 }, (_, index) => [`c${index}`, "SELECT 1;"])),
    });
    const opened = await openProject(roles.deps, {});
    const beyond = await beyondDatabase(filesOf(opened));
    expect(beyond).toBe("CREATE ROLE in 0001_a.up.sql:4");
    const env = { XDG_CACHE_HOME: roles.folder };
    for (const kept of [0, 50]) {
      const scratch = await open({ database: await addressOf("pglite:memory"), beyond, env });
      expect(scratch.description).toMatch(/^scratch: PostgreSQL 18\.\d+, PGlite in this process$/);
      const replayed = await replay(roles.deps, opened, scratch);
      expect(replayed.kept).toBe(kept);
      const { objects } = await readCatalog(replayed.session, "retort");
      expect(JSON.stringify(objects)).toContain("retort_missing");
    }
    expect(await query(server!.url(), "SELECT FROM pg_roles WHERE rolname ^@ 'retort_m'")).toEqual([]);
    const refused = failureOf(open({ on: await addressOf(server!.url()), beyond }));
    expect((await refused).message).toContain(beyond);
  });

  test("of schema files, of down files and of what was saved since, too", async () => {
    const { url } = await ownDatabase(server!);
    const victim = `DROP DATABASE "${new URL(url).pathname.slice(1)}";`;
    const of = project({ a: "CREATE TABLE t ();" });
    mkdirSync(join(of.folder, "schema"));
    writeFileSync(join(of.folder, "schema/bad.sql"), `CREATE TABLE t ();\n${victim}`);
    const opened = await openProject(of.deps, { scratch: server!.url() });
    const refused = (what: string) => ({
      code: "usage/scratch",
      message: expect.stringContaining(`${what} reaches beyond its database`),
      hint: expect.stringContaining("leave the server out"),
    });
    expect(await failureOf(checkSchema(of.deps, opened))).toMatchObject(
      refused(`DROP DATABASE in ${join("schema", "bad.sql")}:2`),
    );
    await withScratch(of.deps, opened, {}, async (scratch) => {
      const down = join(of.folder, "0001_a.down.sql");
      writeFileSync(down, `${readFileSync(down, "utf8")}\n${victim}`);
      const changed = await openProject(of.deps, { scratch: server!.url() });
      const ran = await failureOf(refuseBeyond(scratch, filesOf(changed), "--scratch"));
      expect(ran["hint"]).toContain("without a server for scratch databases (from --scratch)");
      expect(ran.message).toMatch(/^cannot run DROP DATABASE in 0001_a\.down\.sql:\d on a scratch database/);
    });
    const other = await openProject(of.deps, { scratch: server!.url() });
    expect(await failureOf(withScratch(of.deps, other, {}, async () => {}))).toMatchObject({
      code: "usage/scratch",
      message: expect.stringContaining("DROP DATABASE in 0001_a.down.sql:"),
    });
    expect(await query(url, "SELECT 1 AS there")).toEqual([{ there: 1 }]);
  });
});

describe("the database that is worked with", () => {
  const shop = project({ a: "CREATE TABLE t ();" });
  const described = async (url: string | undefined): Promise<string> => {
    const deps = { ...shop.deps, env: url === undefined ? {} : { DATABASE_URL: url } };
    return withScratch(deps, await openProject(deps, {}), {}, async ({ description }) => description);
  };

  test("may be none, but an address that cannot be read is not taken for none", async () => {
    expect(await described(undefined)).toMatch(/^scratch: PostgreSQL /);
    for (const url of ["postgres://u@h:notaport/x", "mysql://u@h/x"])
      expect(await failureOf(described(url))).toMatchObject({ code: "usage/database-address", exitCode: 2 });
    expect(await failureOf(described("service=nowhere"))).toMatchObject({ exitCode: 2 });
  });
});
