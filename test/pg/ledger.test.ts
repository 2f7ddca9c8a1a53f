/** The ledger: its files run as they stand, an older one is carried over, and one that cannot be trusted is refused before it is used. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { ledgerScript } from "../../src/app/ensure.ts";
import { readState } from "../../src/app/look.ts";
import { run } from "../../src/app/run.ts";
import { bodiesHash, FORMAT } from "../../src/core/ledger/format.ts";
import { renderScript } from "../../src/render/script/script.ts";
import { dump, ledger } from "../support/dump.ts";
import { deps, migrateHere } from "../support/migrate.ts";
import { failureOf, ownDatabase, project } from "../support/project.ts";
import { needsPsql, runScript } from "../support/psql.ts";
import { ownRole } from "../support/roles.ts";
import { inTurn, query, servers } from "../support/server.ts";

const sqlFile = (name: string): string =>
  readFileSync(new URL(`../../sql/ledger/${name}`, import.meta.url), "utf8");
const format1 = fileURLToPath(new URL("../data/format-1", import.meta.url));
const format1File = (name: string): string => readFileSync(`${format1}/${name}`, "utf8");
/** What the ledger's migrations had done when its dump was taken. */
const T = "CREATE TABLE public.t (x int); INSERT INTO public.t VALUES (1), (1), (2);";

const shop = project({
  a: "CREATE TABLE a (x int);",
  b: { up: "INSERT INTO a VALUES (1);", down: "DELETE FROM a;" },
});

const catalog = (url: string): Promise<string> => dump(url, { data: false, exclude: ["public"] });

describe.each(servers())("on $name", (server) => {
  const once = inTurn(server);
  test("its files run as they stand, and make what the program makes", async (context) => {
    needsPsql(context);
    const made = await ownDatabase(server);
    await shop.upgrade(made.url, "a");
    await shop.downgrade(made.url, "base");
    await query(made.url, "DROP TABLE a");
    const own = await ownDatabase(server);
    for (const text of ["CREATE SCHEMA retort;", sqlFile("1_tables.sql"), sqlFile("2_procedures.sql")])
      expect(await runScript(own.url, text, { args: ["-q", "-v", "ON_ERROR_STOP=1"] })).toEqual({
        code: 0,
        stdout: "",
        stderr: "",
      });
    expect(await catalog(own.url)).toBe(await catalog(made.url));
    // The guard as it stands has no hash of the procedures: all that it looks at before them is right.
    const stopped = await runScript(own.url, sqlFile("guard.sql"));
    expect(stopped.stderr).toContain("its procedures are not the expected ones");
    const hash = `procedures CONSTANT pg_catalog.text := '${bodiesHash("retort")}'`;
    const guard = sqlFile("guard.sql").replace("procedures CONSTANT pg_catalog.text := ''", () => hash);
    expect(await runScript(own.url, guard)).toMatchObject({ code: 0, stderr: "" });

    const old = await ownDatabase(server);
    await query(old.url, format1File("ledger.sql"));
    for (const name of [`format_${FORMAT}.sql`, "2_procedures.sql"])
      expect(await runScript(old.url, sqlFile(name), { args: ["-q"] })).toMatchObject({
        code: 0,
        stderr: "",
      });
    expect(await catalog(old.url)).toBe(await catalog(made.url));
  });

  once("one of format 1 is carried over with nothing lost, by whoever writes first", async (context) => {
    needsPsql(context);
    const fresh = await ownDatabase(server);
    await query(fresh.url, T);
    const script = renderScript(...(await scriptOf())).text;
    expect(await runScript(fresh.url, script)).toMatchObject({ code: 0, stderr: "" });
    const old = deps({}, format1);
    for (const way of ["upgrade", "ensure-version", "ensure-version --sql"] as const) {
      const { url } = await ownDatabase(server);
      await query(url, `${format1File("ledger.sql")};${T}`);
      const [tables, state] = [await ledger(url), await readState(old, { database: url })];
      expect(state).toMatchObject({ heads: ["m"], interrupted: { revision: "d", statement: 2, of: 3 } });
      if (way === "upgrade") {
        const { code, stderr } = await migrateHere(["upgrade", "head", "--database", url], { cwd: format1 });
        expect({ code, stderr }).toEqual({
          code: 6,
          stderr: expect.stringContaining("notice: the ledger was upgraded from format 1 to format 2"),
        });
      } else if (way === "ensure-version")
        expect(await migrateHere(["ensure-version", "--database", url], { cwd: format1 })).toMatchObject({
          code: 0,
          stderr: expect.stringContaining("format 1"),
        });
      else expect(await runScript(url, script)).toMatchObject({ code: 0, stderr: "" });
      const now = await ledger(url);
      expect(now["applied"]).toEqual(tables["applied"]);
      expect(now["log"]!.slice(0, tables["log"]!.length)).toEqual(tables["log"]);
      const { id: _, ...progress } = tables["progress"]![0]!;
      expect(now["intent"]).toMatchObject([{ ...progress, done: false }]);
      const { revisions, digest } = tables["state"]![0]!;
      expect(now["state"]).toEqual([{ format: FORMAT, revisions, digest }]);
      expect(await catalog(url)).toBe(await catalog(fresh.url));
      await query(url, "TRUNCATE t; UPDATE retort.intent SET started_at = started_at - interval '1 hour'");
      await run(old, { kind: "upgrade", target: "head" }, { database: url });
      const after = await readState(old, { database: url });
      expect(after).toMatchObject({ heads: ["d"], pending: [] });
      // The pause does not count.
      expect(after.applied.find(({ revision }) => revision === "d")!.duration).toBeLessThan(60);
      expect(await query(url, "SELECT x FROM t")).toEqual([{ x: 3 }]);
    }
  });

  once.for([
    "DELETE FROM retort.applied WHERE revision = 'other'",
    "ALTER TABLE retort.applied DROP CONSTRAINT applied_pkey",
  ])("one of format 1 that does not fit together is brought up, and repaired then: %s", async (damage) => {
    const { url } = await ownDatabase(server);
    await query(url, `${format1File("ledger.sql")};${damage}`);
    const at = async (...words: string[]) => migrateHere([...words, "--database", url], { cwd: format1 });
    expect(await at("ensure-version")).toMatchObject({ code: 0 });
    expect((await at("status")).stderr).toMatch(/the ledger retort is inconsistent: .*with: migrate repair/s);
    expect(await at("repair", "--yes")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("the ledger was repaired"),
    });
    expect(await at("status")).toMatchObject({ code: 0 });
  });

  once("scripts of format 1 stop with a sentence", async (context) => {
    needsPsql(context);
    for (const name of ["from-m.sql", "from-base.sql"]) {
      const { url } = await ownDatabase(server);
      await query(url, `${format1File("ledger.sql")};${T}`);
      const { code, stderr } = await runScript(url, renderScript(...(await scriptOf())).text);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      const before = await dump(url);
      const old = await runScript(url, format1File(name));
      expect(old.code).toBe(3);
      expect(old.stderr).toMatch(
        /this ledger has format 2.*\n.*Use the version .*, or a newer one; a script /,
      );
      expect(await dump(url)).toBe(before);
    }
  });

  once("five at once bring it up, and one of them does it", async () => {
    const { url } = await ownDatabase(server);
    await query(url, format1File("ledger.sql"));
    await query(url, T.replace("(1), (1), (2)", "(1)"));
    // Whoever could use it can use it still.
    await query(url, "GRANT SELECT, INSERT ON retort.progress TO pg_monitor WITH GRANT OPTION");
    const rights = (table: string) =>
      query(
        url,
        `SELECT privilege_type, is_grantable FROM information_schema.role_table_grants
         WHERE table_schema = 'retort' AND table_name = '${table}' AND grantee = 'pg_monitor' ORDER BY 1`,
      );
    await query(
      url,
      "GRANT UPDATE ON retort.state TO pg_monitor; ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
    );
    const before = await rights("progress");
    expect(before).toHaveLength(2);
    const old = deps({}, format1);
    const all = await Promise.all(
      Array.from({ length: 5 }, () => run(old, { kind: "upgrade", target: "head" }, { database: url })),
    );
    expect(all.filter(({ done }) => done)).toHaveLength(1);
    expect((await readState(old, { database: url })).heads).toEqual(["d"]);
    expect(await rights("intent")).toEqual(before);
    expect(
      await query(
        url,
        `SELECT DISTINCT r, has_function_privilege(r, p.oid, 'EXECUTE') AS may FROM pg_proc AS p, unnest('{pg_monitor,pg_read_all_stats}'::text[]) AS r
         WHERE p.pronamespace = 'retort'::regnamespace ORDER BY 1`,
      ),
    ).toEqual([
      { r: "pg_monitor", may: true },
      { r: "pg_read_all_stats", may: false },
    ]);
  });
});

/** The script that creates the ledger or brings it up. */
async function scriptOf(): Promise<Parameters<typeof renderScript>> {
  const { plan, ledger: own } = await ledgerScript(shop.deps, {});
  return [plan, own];
}

/** Every way in: commands that read, those that write, and a script. */
const commands = (url: string) =>
  [["status"], ["log"], ["verify"], ["upgrade", "head"], ["stamp", "head"], ["ensure-version"]].map(
    (words) => async () => migrateHere([...words, "--database", url], { cwd: shop.folder }),
  );

describe("a ledger that is not trusted", () => {
  const [server] = servers();

  /** Refused by all that comes near it, and nothing in it ran. */
  async function expectRefused(url: string, sentence: RegExp): Promise<void> {
    const before = await dump(url);
    for (const command of commands(url)) {
      const { code, stderr } = await command();
      expect(stderr).toMatch(sentence);
      expect(code).toBe(5);
    }
    const { code, stderr } = await runScript(url, await shop.script("a:b"));
    expect(stderr).toMatch(sentence);
    expect(code).toBe(3);
    expect(await dump(url)).toBe(before);
  }

  const run1 =
    "CREATE FUNCTION hook() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO pwned VALUES (1); RETURN NEW; END';";
  const tampered: readonly (readonly [what: string, sql: string, sentence: RegExp])[] = [
    [
      "a trigger",
      `${run1} CREATE TRIGGER t BEFORE INSERT OR UPDATE ON retort.state FOR EACH ROW EXECUTE FUNCTION hook();`,
      /is not trusted: state has the trigger t/,
    ],
    [
      "a rule",
      "CREATE RULE r AS ON INSERT TO retort.log DO ALSO INSERT INTO pwned VALUES (1);",
      /is not trusted: log has the rule r/,
    ],
    [
      "a view in the place of a table",
      "ALTER TABLE retort.applied SET SCHEMA public; CREATE VIEW retort.applied AS SELECT * FROM public.applied;",
      /is not trusted: applied is not a plain table/,
    ],
    ["an unlogged table", "ALTER TABLE retort.log SET UNLOGGED;", /is not trusted: log is unlogged/],
    [
      "a log without an identity",
      "ALTER TABLE retort.log ALTER id DROP IDENTITY;",
      /is not trusted: log has no identity in its column id/,
    ],
    [
      "a table of another",
      "CREATE TABLE retort.other (id int);",
      /has objects that are not the ledger's, such as retort.other/,
    ],
    [
      "a type of another",
      "CREATE TYPE retort.kind AS ENUM ();",
      /has objects that are not the ledger's, such as retort.kind/,
    ],
    [
      "a policy",
      "ALTER TABLE retort.applied ENABLE ROW LEVEL SECURITY;",
      /is not trusted: applied has row-level security/,
    ],
    [
      "a default",
      "ALTER TABLE retort.log ALTER detail SET DEFAULT pg_read_file('/etc/hostname');",
      /is not trusted: the column log.detail has a default\n/,
    ],
    [
      "a domain",
      "CREATE DOMAIN d AS text CHECK (VALUE <> ''); ALTER TABLE retort.log ADD ticket d;",
      /is not trusted: the column log.ticket is not the ledger's, and has a domain as its type\n/,
    ],
    [
      "a column that was renamed",
      "ALTER TABLE retort.applied RENAME how TO way;",
      /is not trusted: the column applied.how is missing\n/,
    ],
    [
      "a check",
      "ALTER TABLE retort.log ADD CONSTRAINT c CHECK (id > 0);",
      /is not trusted: log has the constraint c/,
    ],
    [
      "a foreign key",
      "CREATE TABLE other (revision text PRIMARY KEY); ALTER TABLE retort.applied ADD CONSTRAINT f FOREIGN KEY (revision) REFERENCES other NOT VALID;",
      /is not trusted: applied has the (trigger|constraint)/,
    ],
    [
      "an index over an expression",
      "CREATE INDEX i ON retort.applied (lower(revision));",
      /is not trusted: applied has an expression index/,
    ],
    [
      "a child",
      "CREATE TABLE child () INHERITS (retort.applied);",
      /is not trusted: applied inherits, or is inherited/,
    ],
    [
      "a body that was changed",
      "CREATE OR REPLACE PROCEDURE retort.set_session() LANGUAGE plpgsql AS 'BEGIN INSERT INTO pwned VALUES (1); END';",
      /its procedures are not the expected ones/,
    ],
    [
      "rights that are not the caller's",
      "ALTER PROCEDURE retort.set_session() SECURITY DEFINER;",
      /its procedures are not the expected ones/,
    ],
    [
      "a setting at a procedure",
      "ALTER PROCEDURE retort.set_session() SET search_path = public;",
      /its procedures are not the expected ones/,
    ],
    [
      "another procedure of the same name",
      "CREATE PROCEDURE retort.begin_step(revision varchar, revisions int, digest int) LANGUAGE sql AS 'INSERT INTO pwned VALUES (1)';",
      /its procedures are not the expected ones/,
    ],
    [
      "a table that is missing",
      "DROP TABLE retort.intent;",
      /is inconsistent: these tables are missing: intent/,
    ],
    ["a newer format", `UPDATE retort.state SET format = ${FORMAT + 1};`, /has format 3/],
    [
      "a format that nobody knows",
      "UPDATE retort.state SET format = 99;",
      /format 2 of the ledger is needed; the ledger retort has format 99\n(DETAIL.*\n)?hint: .*the version of migrate that upgraded it to that format, or a newer one: this one supports no format after 2/i,
    ],
  ];

  test.each(tampered)("%s", async (_, sql, sentence) => {
    const { url } = await ownDatabase(server!);
    await shop.upgrade(url, "a");
    await query(url, "CREATE TABLE pwned (x int);");
    await query(url, sql);
    await expectRefused(url, sentence);
  });

  const columns: readonly (readonly [sql: string, fault: string, remedies: number])[] = [
    ["ADD ticket text NOT NULL DEFAULT ''", "ticket is not the ledger's, and has a default", 2],
    [
      "ADD ticket text NOT NULL DEFAULT ''; ALTER TABLE retort.applied ALTER ticket DROP DEFAULT",
      "ticket is not the ledger's, and is NOT NULL",
      2,
    ],
    ['ADD "My t" text GENERATED ALWAYS AS (how) STORED', "My t is not the ledger's, and is generated", 1],
    ["ALTER duration SET NOT NULL", "duration is NOT NULL", 1],
    ["ALTER duration SET DEFAULT '1 s'", "duration has a default", 1],
  ];

  test.each(columns)("a column: %s, and what the hint says about it", async (sql, fault, count) => {
    const { url } = await ownDatabase(server!);
    await shop.upgrade(url, "a");
    for (let n = 0; n < count; n += 1) {
      await query(url, `ALTER TABLE retort.applied ${sql}`);
      const { message, hint } = await failureOf(shop.state(url));
      expect(message).toBe(`the ledger retort is not trusted: the column applied.${fault}`);
      const remedies = String(hint).match(/ALTER TABLE [^;]*/g)!;
      expect(remedies).toHaveLength(count);
      await query(url, remedies[remedies.length - 1 - n]!);
      expect((await shop.state(url)).heads).toEqual(["a"]);
      await query(url, "ALTER TABLE retort.applied DROP COLUMN IF EXISTS ticket");
    }
    await shop.upgrade(url);
  });

  test("one that another role made beforehand; unless the configuration says that it may", async () => {
    const other = await ownRole(server!, "LOGIN");
    const { url, name } = await ownDatabase(server!);
    await query(
      url,
      `GRANT CREATE ON DATABASE ${name} TO ${other.name}; GRANT ALL ON SCHEMA public TO ${other.name}`,
    );
    await shop.upgrade(other.url(name), "a");
    await expectRefused(url, new RegExp(`not trusted: \\S+( \\S+)? is owned by the role ${other.name}`));
    const trusting = project(
      { a: "CREATE TABLE a (x int);", b: "INSERT INTO a VALUES (1);" },
      { ledger: { owner: other.name } },
    );
    await trusting.upgrade(url);
    expect((await trusting.state(url)).heads).toEqual(["b"]);
    expect(await runScript(url, await trusting.script({ kind: "downgrade", target: "b:a" }))).toMatchObject({
      code: 0,
    });
    // Or the role goes on by itself, or everything is taken from it.
    const hint = String((await failureOf(shop.state(url))).hint);
    expect(hint).toContain(`If migrations are to run as ${other.name}, set "role": "${other.name}" in`);
    const same = project({ a: "CREATE TABLE a (x int);" }, { role: other.name });
    expect((await same.state(url)).heads).toEqual(["a"]);
    await query(url, /If it may not, and nobody migrates as it, as a superuser, run: (.*)/.exec(hint)![1]!);
    expect((await shop.state(url)).heads).toEqual(["a"]);
    await query(url, `DROP OWNED BY ${other.name} CASCADE`);
  });

  test("a role that only reads the ledger of another is told to name that one, and not to own it", async () => {
    const [migrator, reader] = [await ownRole(server!, "LOGIN"), await ownRole(server!, "LOGIN")];
    const { url, name } = await ownDatabase(server!);
    await query(
      url,
      `GRANT CREATE ON DATABASE ${name} TO ${migrator.name}; GRANT ALL ON SCHEMA public TO ${migrator.name}`,
    );
    await shop.upgrade(migrator.url(name), "a");
    // What it needs is said only then.
    expect(await failureOf(shop.state(reader.url(name)))).toMatchObject({
      hint: expect.stringContaining(`, and nobody migrates as it, as a superuser, run: ALTER`),
    });
    await query(
      url,
      `GRANT USAGE ON SCHEMA retort TO ${reader.name}; GRANT SELECT ON ALL TABLES IN SCHEMA retort TO ${reader.name}`,
    );
    expect(await failureOf(shop.state(reader.url(name)))).toMatchObject({
      code: "state/guard",
      message: expect.stringContaining(`its schema is owned by the role ${migrator.name}`),
      hint: `Nothing was changed. If ${migrator.name} is the role that migrates, name it in the config file: "ledger": {"owner": "${migrator.name}"}.`,
    });
    const naming = project({ a: "CREATE TABLE a (x int);" }, { ledger: { owner: migrator.name } });
    expect((await naming.state(reader.url(name))).heads).toEqual(["a"]);
    await query(url, `DROP OWNED BY ${migrator.name}, ${reader.name} CASCADE`);
  });

  test("parts that belong to several roles: the hint leads to one owner", async () => {
    const [own, app] = [await ownRole(server!, "NOLOGIN"), await ownRole(server!, "NOLOGIN")];
    const { url } = await ownDatabase(server!);
    await shop.upgrade(url, "a");
    await query(
      url,
      `ALTER SCHEMA retort OWNER TO ${own.name}; ALTER TABLE retort.applied OWNER TO ${app.name};
       ALTER TABLE retort.log OWNER TO ${app.name}`,
    );
    const [sole, schema] = [
      expect.stringContaining(`"ledger": {"owner": "${app.name}"}`),
      `ALTER SCHEMA retort OWNER TO ${app.name}`,
    ];
    for (const owner of [undefined, own.name, app.name]) {
      const trusting = project({ a: "CREATE TABLE a (x int);" }, owner ? { ledger: { owner } } : {});
      const { code, hint } = await failureOf(trusting.state(url));
      expect({ owner, code, hint }).toEqual({ owner, code: "state/guard", hint: sole });
      expect(hint).toContain(`If ${app.name} may own the ledger, give it the parts of others`);
      expect(hint).toContain(`, as a superuser: ${schema}; and name it`);
    }
    await query(url, schema);
    const trusting = project({ a: "CREATE TABLE a (x int);" }, { ledger: { owner: app.name } });
    expect((await trusting.state(url)).heads).toEqual(["a"]);
    await query(url, `DROP OWNED BY ${app.name} CASCADE`);
  });

  test("a foreign schema of its name that is empty: the ledger is made in it only where its owner may", async () => {
    const other = await ownRole(server!, "LOGIN");
    const { url } = await ownDatabase(server!);
    await query(url, `CREATE SCHEMA retort AUTHORIZATION ${other.name}`);
    expect(await failureOf(shop.upgrade(url))).toMatchObject({
      code: "state/guard",
      message: expect.stringContaining(`its schema is owned by the role ${other.name}`),
      hint: expect.stringMatching(
        new RegExp(
          `"ledger": {"owner": "${other.name}"}.* If it may not, and nobody migrates as it, as a superuser, run: ALTER SCHEMA retort OWNER TO `,
        ),
      ),
    });
    const doctor = async () => migrateHere(["doctor", "--database", url], { cwd: shop.folder });
    expect(await doctor()).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(`its schema is owned by the role ${other.name}`),
    });
    expect(await query(url, "SELECT FROM pg_class WHERE relnamespace = 'retort'::regnamespace")).toEqual([]);
    await query(url, "DROP SCHEMA retort; CREATE SCHEMA retort");
    await query(url, "CREATE FUNCTION retort.f() RETURNS int LANGUAGE sql AS 'SELECT 1'");
    expect(await failureOf(shop.upgrade(url))).toMatchObject({
      code: "state/guard",
      message: "the schema retort has objects that are not the ledger's, such as retort.f()",
      hint: expect.stringContaining("ALTER ... SET SCHEMA"),
    });
    const others = expect.stringContaining("the schema retort has objects that are not the ledger's");
    expect(await doctor()).toMatchObject({ code: 1, stdout: others });
    expect(await runScript(url, await shop.script("base:a"))).toMatchObject({ code: 3, stderr: others });
    await query(url, "DROP FUNCTION retort.f(); CREATE TABLE retort.t (id int)");
    expect(await runScript(url, await shop.script("base:a"))).toMatchObject({ code: 3, stderr: others });
    expect(await migrateHere(["dump", "--database", url], { cwd: shop.folder })).toMatchObject({
      code: 5,
      stderr: others,
    });
    await query(url, "DROP SCHEMA retort CASCADE");
  });

  test("a ledger in a schema with other objects: every command says how to move it", async () => {
    const { url } = await ownDatabase(server!);
    const its = project({ a: "CREATE TABLE t ();" }, { ledger: { schema: "app" } });
    await its.upgrade(url);
    await query(url, "CREATE TABLE app.mine ()");
    const run = (...words: string[]) => migrateHere([...words, "--database", url], { cwd: its.folder });
    const { stderr } = await run("status");
    expect((await run("dump")).stderr).toBe(stderr);
    await query(url, /CREATE SCHEMA .*;(?= then)/.exec(stderr)![0]);
    its.write("migrate.config.json", '{"directories": ["."], "ledger": {"schema": "retort"}}');
    expect(await run("repair", "--yes")).toMatchObject({ code: 0 });
    expect(await run("dump")).toMatchObject({ code: 0, stdout: expect.stringContaining("app.mine") });
  });
});

describe("what others may put in the way", () => {
  const [server] = servers();

  /** Operators, functions and types of the same names as PostgreSQL's, which fit better, and raise an alarm when they run. */
  const traps = `
    CREATE SCHEMA trap; CREATE TABLE trap.pwned (by text); GRANT ALL ON SCHEMA trap TO PUBLIC; GRANT ALL ON trap.pwned TO PUBLIC;
    DO $$
    DECLARE
      types text[] := ARRAY['text', 'name', 'oid', 'integer', 'bigint', 'boolean', 'numeric', 'text[]', '"char"', 'regclass', 'unknown', 'timestamptz', 'interval'];
      l text; r text; o text;
    BEGIN
      FOREACH l IN ARRAY types LOOP FOREACH r IN ARRAY types LOOP FOREACH o IN ARRAY ARRAY['=', '<>', '||', '<', '+', '-', '<<', '|'] LOOP
        BEGIN
          EXECUTE format('CREATE OR REPLACE FUNCTION trap.op(%s, %s) RETURNS boolean LANGUAGE plpgsql AS %L', l, r,
            'BEGIN INSERT INTO trap.pwned VALUES (''operator''); RETURN true; END');
          EXECUTE format('CREATE OPERATOR trap.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = trap.op)', o, l, r);
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
      END LOOP; END LOOP; END LOOP;
      FOREACH l IN ARRAY ARRAY['text', 'integer', 'bigint', 'oid', 'name', 'text[]', 'regclass', 'json', 'bytea', 'timestamptz'] LOOP
        FOREACH o IN ARRAY ARRAY['concat', 'format', 'length', 'to_regclass', 'to_regnamespace', 'sha256', 'encode', 'convert_to',
            'left', 'unnest', 'string_agg', 'max', 'count', 'coalesce_', 'current_setting', 'set_config', 'pg_try_advisory_lock', 'pg_backend_pid',
            'array_to_string', 'json_build_array', 'json_agg', 'date_part', 'to_char', 'quote_ident', 'greatest_', 'clock_timestamp'] LOOP
          EXECUTE format('CREATE OR REPLACE FUNCTION trap.%s(%s) RETURNS text LANGUAGE plpgsql AS %L', o, l,
            'BEGIN INSERT INTO trap.pwned VALUES (''function''); RETURN ''x''; END');
        END LOOP;
      END LOOP;
      FOREACH l IN ARRAY ARRAY['pg_locks', 'pg_class', 'pg_proc', 'pg_database', 'pg_roles', 'pg_namespace', 'pg_stat_activity', 'pg_index'] LOOP
        EXECUTE format('CREATE VIEW trap.%I AS SELECT trap.length(''x''::text) AS x', l);
      END LOOP;
      FOREACH l IN ARRAY ARRAY['text', 'int8', 'int4', 'oid', 'bool', 'numeric', 'interval', 'name'] LOOP
        EXECUTE format('CREATE DOMAIN trap.%I AS pg_catalog.%I CHECK (trap.length(''x''::pg_catalog.text) IS NOT NULL)', l, l);
      END LOOP;
    END $$;`;

  test("operators, functions, types and views of a search path before PostgreSQL's are never used", async (context) => {
    needsPsql(context);
    const { url, name } = await ownDatabase(server!);
    await query(url, traps);
    await query(url, `ALTER DATABASE ${name} SET search_path = trap, pg_catalog, public`);
    const own = project(
      {
        a: "CREATE TABLE public.a (x pg_catalog.int4);",
        b: "CREATE INDEX CONCURRENTLY b ON public.a (x);",
        c: {
          up: "SET search_path = trap, pg_catalog;\nVACUUM public.a;\nVACUUM public.a;",
          header: ["transaction: none"],
        },
        d: "SELECT pg_catalog.pg_sleep(0);",
      },
      { session: { searchPath: ["trap", "pg_catalog", "public"] } },
    );
    const pwned = () => query(url, "SELECT DISTINCT by FROM trap.pwned");
    // The trap works: as an author's SQL it would be met.
    await query(url, "SELECT 'a'::pg_catalog.text = 'b'::pg_catalog.text");
    expect(await pwned()).toEqual([{ by: "operator" }]);
    await query(url, "TRUNCATE trap.pwned");

    await own.upgrade(url);
    await own.state(url);
    for (const words of [["status"], ["log"], ["verify"], ["current", "-v"], ["upgrade"], ["ensure-version"]])
      expect(await migrateHere([...words, "--database", url], { cwd: own.folder })).toMatchObject({
        code: 0,
      });
    await query(url, "DROP INDEX public.b");
    await own.downgrade(url, "base");
    await query(url, "DROP TABLE public.a");
    expect(await pwned()).toEqual([]);

    for (const options of [{}, { idempotent: true }]) {
      const script = await own.script("base:heads", options);
      expect(await runScript(url, script)).toMatchObject({ code: 0, stderr: "" });
      expect(
        await runScript(url, await own.script({ kind: "downgrade", target: "heads:base" })),
      ).toMatchObject({
        code: 0,
      });
      await query(url, "DROP TABLE public.a");
    }
    expect(await pwned()).toEqual([]);
  });
});
