/** Whatever fails, wherever: the state is the one before, the error names the place, and the log has one row more. */
import { describe, expect, test } from "vitest";
import { type RunOptions, run } from "../../src/app/run.ts";
import { testMigrations } from "../../src/app/test.ts";
import { trace } from "../../src/app/trace.ts";
import type { Event } from "../../src/core/event.ts";
import { dump, ledger } from "../support/dump.ts";
import { failureOf, headerLines, ownDatabase, project, until, withLock } from "../support/project.ts";
import { proxy } from "../support/proxy.ts";
import { ownRole } from "../support/roles.ts";
import { oneServer, query, servers } from "../support/server.ts";

/** A statement that fails: `at` is where, in the line of the statement; 1 where the server does not say. */
interface Fault {
  readonly name: string;
  readonly sql: string;
  readonly sqlstate: string;
  readonly line?: number;
  readonly column: number;
  readonly message: RegExp;
}

const faults: readonly Fault[] = [
  { name: "a division", sql: "SELECT 1/0;", sqlstate: "22012", column: 1, message: /^division by zero$/ },
  {
    name: "RAISE",
    sql: "/* é😀 */ DO $$ BEGIN RAISE EXCEPTION 'é😀 no' USING HINT = 'try less', DETAIL = 'because'; END $$;",
    sqlstate: "P0001",
    column: 10,
    message: /^é😀 no\nbecause\nPL\/pgSQL function inline_code_block line 1 at RAISE$/,
  },
  {
    name: "a line of a DO block",
    sql: "DO $do$\n-- é😀\nBEGIN\n  PERFORM 1;\n  /* é😀 */ PERFORM 1/0;\nEND $do$;",
    sqlstate: "22012",
    line: 5,
    column: 12,
    message:
      /^division by zero\nSQL statement "SELECT 1\/0"\nPL\/pgSQL function inline_code_block line 5 at PERFORM$/,
  },
  {
    name: "a constraint",
    sql: "INSERT INTO t VALUES (1, 'again');",
    sqlstate: "23505",
    column: 1,
    message: /"t_pkey"\nKey \(id\)=\(1\) already exists\.$/,
  },
  {
    name: "an unknown column behind é😀",
    sql: "SELECT 'é😀' AS \"é😀\", 😀nothing FROM t;",
    sqlstate: "42703",
    column: 22,
    message: /^column "😀nothing" does not exist$/,
  },
  {
    name: "an unknown type in the third line",
    sql: "CREATE TABLE é (\n  a int, -- 😀\n  😀 nothing\n);",
    sqlstate: "42704",
    line: 3,
    column: 5,
    message: /^type "nothing" does not exist$/,
  },
  {
    name: "syntax that only the server knows",
    sql: "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELEC 1';",
    sqlstate: "42601",
    column: 50,
    message: /^syntax error at or near "SELEC"$/,
  },
];

const sound = [
  "INSERT INTO t VALUES (1, 'one');",
  "CREATE TABLE u (a int);",
  "-- a comment; with 😀\nALTER TABLE t ADD COLUMN b text;",
  "DO $$ BEGIN PERFORM 1; END $$; -- behind",
  "CREATE RULE r AS ON DELETE TO t DO ALSO (INSERT INTO u VALUES (1); INSERT INTO u VALUES (2)); ;",
];

const sleeping =
  "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()";

/** How many lines these statements take. */
const lines = (statements: readonly string[]): number => statements.flatMap((sql) => sql.split("\n")).length;

/** The ledger without the log's rows, and how many of these are failures. */
async function stateOf(url: string) {
  const { log, ...rest } = await ledger(url, "retort", /(?!)/);
  return { rest, failures: log?.filter((row) => row["event"] === "failure") ?? [] };
}

describe.each(oneServer("newest"))("on $name", (server) => {
  test("a file that has set search_path itself is told the line, and not what the session began with", async () => {
    const { url } = await ownDatabase(server);
    const ownOfFunction =
      "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql SET search_path = '' AS 'SELECT 1';";
    const create = "CREATE TABLE dumped (i int);";
    for (const sets of [
      "SELECT pg_catalog.set_config('search_path', '', false);",
      "SET SCHEMA 'none';",
      "DO $$ BEGIN SET search_path = none; END $$;",
    ]) {
      const { hint } = await failureOf(project({ a: [sets, ownOfFunction, create].join("\n") }).upgrade(url));
      expect(hint, sets).toMatch(`line ${headerLines + 1} of this file sets a search_path with no schema`);
    }
    await query(url, "DROP SCHEMA public");
    const { hint } = await failureOf(
      project({
        a: ["CREATE SCHEMA public;", ownOfFunction, "DROP SCHEMA public CASCADE;", create].join("\n"),
      }).upgrade(url),
    );
    expect(hint).toMatch(/^search_path \(.*\) has no schema/);
  });

  test("a table in a schema that is not in search_path is not undone", async () => {
    const { url } = await ownDatabase(server);
    const files = { a: { up: "CREATE TABLE public.users ();", down: "DROP TABLE users;" } };
    await project(files).upgrade(url);
    const there = `search_path does not have public, where users is: write public.users, or set "session": {"searchPath": ["nowhere", "public"]} in the config file`;
    const elsewhere = project(files, { session: { searchPath: ["nowhere"] } });
    const hint = String((await failureOf(elsewhere.downgrade(url, "base")))["hint"]);
    expect(hint.split("\n")).toContain(there);
    expect(hint).not.toContain("stamp");
    const byFile = project({ ...files, b: "SELECT 1;\nSET search_path = '';\nALTER TABLE users ADD x int;" });
    expect((await failureOf(byFile.upgrade(url)))["hint"]).toMatch(
      /^line \d+ of this file sets a search_path without public, where users is: write public.users, or name public in that line$/m,
    );
    const made = "SET search_path = pg_catalog, pg_temp;\nCREATE TABLE items ();";
    expect((await failureOf(project({ ...files, b: made }).upgrade(url)))["hint"]).toMatch(
      /^line \d+ of this file sets a search_path that begins with pg_catalog, .*: write public.items, or name public first in that line$/m,
    );
    await query(url, "CREATE SCHEMA app; CREATE TABLE app.orders ()");
    const ofConnection = project({ ...files, b: "ALTER TABLE orders ADD x int;" });
    expect((await failureOf(ofConnection.upgrade(url)))["hint"]).toContain(
      '"searchPath": ["$user", "public", "app"]',
    );
    await query(url, "DROP SCHEMA public CASCADE");
    const none = project({ ...files, b: "CREATE TABLE orders ();" });
    expect((await failureOf(none.upgrade(url)))["hint"]).toMatch(
      /^search_path \("\$user", public\) has no schema that .*, or run: CREATE SCHEMA public; or, where it exists,/m,
    );
    const whole = project({ ...files, b: "ALTER TABLE nowhere.users ADD x int;" });
    expect((await failureOf(whole.upgrade(url)))["hint"]).not.toContain("searchPath");
  });

  test("a table in a schema of search_path that the role may not use is not undone", async () => {
    const role = await ownRole(server, "LOGIN");
    const { url, name } = await ownDatabase(server);
    await query(
      url,
      `GRANT CREATE ON DATABASE ${name} TO ${role.name}; GRANT USAGE, CREATE ON SCHEMA public TO ${role.name}`,
    );
    const files = { a: { up: "CREATE TABLE t ();", down: "DROP TABLE t;" } };
    await project(files).upgrade(role.url(name));
    await query(url, `REVOKE ALL ON SCHEMA public FROM PUBLIC, ${role.name}`);
    const grant = `search_path names public, which ${role.name} may not use: if it is there, as the owner of the schema, run: GRANT USAGE ON SCHEMA public TO ${role.name}`;
    for (const failing of [
      () => project(files).downgrade(role.url(name), "base"),
      () =>
        project({ ...files, b: "SET search_path = public; ALTER TABLE t ADD n int;" }).upgrade(
          role.url(name),
        ),
    ]) {
      const hint = String((await failureOf(failing())).hint);
      expect(hint.split("\n")[0]).toBe(grant);
      expect(hint).not.toContain("migrate stamp");
    }
    await query(url, /run: (.*)/.exec(grant)![1]!);
    await project(files).downgrade(role.url(name), "base");
  });

  test("a right that is not on the ledger is not granted with those on it", async () => {
    const role = await ownRole(server, "LOGIN");
    const { url, name } = await ownDatabase(server);
    await query(
      url,
      `GRANT CREATE ON DATABASE ${name} TO ${role.name};
       REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC; REVOKE SELECT ON pg_catalog.pg_roles FROM PUBLIC`,
    );
    const one = project({ a: "SELECT 1;" });
    for (const right of ["USAGE ON LANGUAGE plpgsql", "SELECT ON pg_catalog.pg_roles"]) {
      const { hint } = await failureOf(one.upgrade(role.url(name)));
      expect(hint).toBe(`as a superuser, run: GRANT ${right} TO "${role.name}"`);
      await query(url, /run: (.*)/.exec(String(hint))![1]!);
    }
    await one.upgrade(role.url(name));
  });

  // No role becomes a member of its own member, nor of pg_database_owner.
  test("what belongs to a role that cannot be granted gets another owner", async () => {
    const [login, owner] = [await ownRole(server, "LOGIN"), await ownRole(server, "")];
    const { url, name } = await ownDatabase(server);
    await query(
      url,
      `GRANT CREATE ON DATABASE ${name} TO ${login.name}; GRANT ${login.name} TO ${owner.name}; CREATE SCHEMA mine AUTHORIZATION ${owner.name}; SET ROLE ${owner.name};
       CREATE TABLE mine.c (id serial); CREATE VIEW mine.v AS SELECT; CREATE SEQUENCE mine.q; CREATE TYPE mine.e AS ENUM ();
       CREATE FUNCTION mine.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; RESET ROLE;
       GRANT USAGE ON SCHEMA mine TO ${login.name}`,
    );
    const kinds = [
      ["ALTER SEQUENCE mine.c_id_seq CACHE 2;", "TABLE mine.c"],
      ["ALTER VIEW mine.v SET (security_barrier);", "TABLE mine.v"],
      ["ALTER SEQUENCE mine.q CACHE 2;", "TABLE mine.q"],
      ["ALTER TYPE mine.e ADD VALUE 'x';", "TYPE mine.e"],
      ["ALTER FUNCTION mine.f(int) STABLE;", "ROUTINE mine.f(integer)"],
      ["ALTER SCHEMA mine RENAME TO ours;", "SCHEMA mine"],
      ["ALTER SCHEMA public RENAME TO shared; ALTER SCHEMA shared RENAME TO public;", "SCHEMA public"],
    ];
    const circle = project(Object.fromEntries(kinds.map(([sql], at) => [`c${at}`, sql!])), {
      ledger: { schema: "circle" },
    });
    for (const [, object] of kinds) {
      const { hint } = await failureOf(circle.upgrade(login.url(name)));
      const sql = `ALTER ${object} OWNER TO "${login.name}"`;
      expect(hint).toContain(`: as a superuser, run: ${sql}\n`);
      await query(url, sql);
    }
    await circle.upgrade(login.url(name));
  });

  test("no role is made a member of a superuser", async () => {
    const [login, dba] = [await ownRole(server, "LOGIN"), await ownRole(server, "SUPERUSER")];
    const { url, name } = await ownDatabase(server);
    await query(
      url,
      `GRANT CREATE ON DATABASE ${name} TO ${login.name}; GRANT CREATE ON SCHEMA public TO ${login.name}`,
    );
    for (const sql of [`SET ROLE ${dba.name};`, `CREATE TABLE t (); ALTER TABLE t OWNER TO ${dba.name};`]) {
      const { hint } = await failureOf(project({ a: sql }).upgrade(login.url(name)));
      expect(hint).toContain(
        `${dba.name}" is a superuser, and whoever may become that may do everything: name another role\n`,
      );
    }
    const asDba = project({ a: "SELECT 1;" }, { role: dba.name });
    expect((await failureOf(asDba.upgrade(login.url(name)))).hint).toContain("name another role");
  });

  test("what belongs to another role, and a role that a file may not set: what is proposed leads out", async () => {
    const [login, owner] = [await ownRole(server, "LOGIN"), await ownRole(server, "")];
    const { url, name } = await ownDatabase(server);
    await query(
      url,
      `GRANT CREATE ON DATABASE ${name} TO ${login.name}; CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO ${login.name};
       CREATE TABLE app.t (a int); CREATE INDEX i ON app.t (a); CREATE TABLE public.o (); ALTER TABLE public.o OWNER TO ${owner.name}`,
    );
    const drop = project({
      a: "DROP INDEX app.i;",
      b: `SET ROLE ${owner.name}; ALTER TABLE public.o ADD n int;`,
    });
    const next = async (): Promise<string> => {
      const { hint } = await failureOf(drop.upgrade(login.url(name)));
      const [first = ""] = String(hint).split("\n");
      await query(url, /run: (.*)/.exec(first)![1]!);
      return first;
    };
    expect(await next()).toMatch(/^index i belongs to the superuser .* run: ALTER TABLE app\.t OWNER TO /);
    expect(await next()).toBe(`as a superuser, run: GRANT "${owner.name}" TO "${login.name}"`);
    // A GRANT without the option would leave it as it is.
    if (server.major >= 16) {
      await query(url, `GRANT ${owner.name} TO ${login.name} WITH SET FALSE`);
      const again = `as a superuser, run: GRANT "${owner.name}" TO "${login.name}" WITH SET TRUE`;
      expect(await next()).toBe(again);
    }
    await drop.upgrade(login.url(name));
    await query(url, `REVOKE ${owner.name} FROM ${login.name}`);
    const alter = project({ a: "ALTER TABLE public.o ADD m int;" }, { ledger: { schema: "two" } });
    const { hint } = await failureOf(alter.upgrade(login.url(name)));
    expect(hint).toMatch(
      `table o belongs to ${owner.name}: as a superuser, run: GRANT ${owner.name} TO "${login.name}"`,
    );
    await query(url, "CREATE TABLE public.s (id serial)");
    const fills = project({ a: "INSERT INTO public.s DEFAULT VALUES;" }, { ledger: { schema: "four" } });
    const { hint: rights } = await failureOf(fills.upgrade(login.url(name)));
    expect(rights).toMatch(`as the owner of public.s, run: GRANT INSERT ON public.s TO "${login.name}"\n`);
    await query(url, /run: (.*)/.exec(String(rights))![1]!);
    expect((await failureOf(fills.upgrade(login.url(name)))).hint).toMatch(
      `as the owner of s_id_seq, grant "${login.name}" what it lacks there\n`,
    );
    // The file itself has set a role that does not own what its first one does.
    for (const [by, way] of [
      ["SET LOCAL ROLE", "RESET ROLE"],
      ["SET SESSION AUTHORIZATION", "RESET SESSION AUTHORIZATION"],
    ]) {
      const sets = project(
        { a: `${by} ${login.name};\nDROP TABLE public.o;` },
        { ledger: { schema: "three" } },
      );
      expect((await failureOf(sets.upgrade(url))).hint).toMatch(
        `line ${headerLines + 1} of this file sets the role ${login.name}, which does not own table o: remove that, or before this statement, write: ${way}\n`,
      );
    }
    // A role that no syntax tree shows.
    const executes = `DO $$ BEGIN EXECUTE format('SET ROLE %I', '${login.name}'); END $$;`;
    for (const sql of ["DROP TABLE public.o;", "CREATE TABLE app.n ();", "SELECT FROM public.o;"]) {
      const sets = project({ a: `${executes}\n${sql}` }, { ledger: { schema: "five" } });
      expect((await failureOf(sets.upgrade(url))).hint, sql).toMatch(
        /^\S+ is a superuser, so another role lacks the right: one that a DO block .* has set, or /,
      );
    }
  });

  test("what an earlier migration has dropped or renamed: which one, in a run, a test and a trace", async () => {
    const { url } = await ownDatabase(server);
    const b = `ALTER TABLE t RENAME TO u;\nDROP TABLE app.o;\nALTER TYPE e RENAME TO f;\nDROP SCHEMA app;\nCREATE TABLE again ();`;
    const made = {
      a: "CREATE SCHEMA app; CREATE TABLE t (id int); CREATE TABLE app.o (); CREATE TYPE e AS ENUM (); CREATE TABLE again ();",
      b: `DROP TABLE again;\n${b}`,
    };
    const place = (line: number, does: string): string =>
      `0002_b.up.sql:${headerLines + line} ${does}: correct the name, or edit the one of the two files that is not applied yet\n`;
    await project(made).upgrade(url);
    await query(url, "DROP TABLE again");
    for (const [sql, hint] of [
      ["ALTER TABLE t ADD n int;", place(2, "renames it to u")],
      ["ALTER TABLE public.t ADD n int;", place(2, "renames it to u")],
      ["DROP TABLE t;", place(2, "renames it to u")],
      ["SELECT FROM app.o;", place(3, "drops it")],
      ["CREATE TABLE x (e e);", place(4, "renames it to f")],
      ["CREATE TABLE app.x ();", place(5, "drops it")],
      // In that schema there was no t; and that the schema is gone says nothing of it.
      ["SELECT FROM other.t;", "revision c was rolled back"],
      ["SELECT FROM other.u;", "if public.u is meant, which is there, write the name so\n"],
      [
        "ALTER TABLE again ADD n int;",
        `0002_b.up.sql:${headerLines + 6}, which is applied, creates it: compare the database with the migrations: migrate drift\nrevision c was rolled back`,
      ],
    ] as const) {
      const of = project({ ...made, c: sql });
      expect((await failureOf(of.upgrade(url))).hint, sql).toMatch(
        new RegExp(`^${hint.replaceAll(".", "\\.")}`),
      );
    }
    // Where none of them is applied, also of those in the same run.
    const { url: empty } = await ownDatabase(server);
    const of = project({ ...made, c: "ALTER TABLE t ADD n int;" });
    expect((await failureOf(of.upgrade(empty))).hint).toContain(place(2, "renames it to u"));
    const { migrations } = await testMigrations(of.deps, { scratch: url });
    expect(migrations.at(-1)!.failed!.diagnostics[0]!.hint).toBe(place(2, "renames it to u").trim());
    expect((await failureOf(trace(of.deps, { scratch: url }))).hint).toContain(place(2, "renames it to u"));
  });

  test("what another migration makes that need not come before, or comes after: which one, and what is typed leads on", async () => {
    const { url } = await ownDatabase(server);
    const invoices = (header: readonly string[]) => ({
      // A schema of that name is another thing.
      a: "CREATE SCHEMA orders;",
      first: { up: "SELECT 1;", parent: "none" },
      orders: {
        up: "CREATE TABLE temporary (); DROP TABLE temporary;\nCREATE TABLE orders (id int PRIMARY KEY);",
        parent: "a",
      },
      again: "ALTER TABLE orders ADD n int; CREATE TABLE late ();",
      invoices: { up: "CREATE TABLE invoices (id int REFERENCES orders);", parent: "a", header },
    });
    const place = (file: string, line: number): string =>
      `${file}.up.sql:${headerLines + line} creates it, but `;
    const unordered = (dependsOn: string): string =>
      `${place("0003_orders", 2)}need not be applied before this migration: write in the header of this one: -- depends-on: ${dependsOn}`;
    const of = project(invoices([]));
    expect((await failureOf(of.upgrade(url, "invoices"))).hint).toMatch(
      new RegExp(`^${unordered("orders")}\nrevision invoices was rolled back`),
    );
    expect(
      (await failureOf(project(invoices(["depends-on: first"])).upgrade(url, "invoices"))).hint,
    ).toContain(`${unordered("first, orders")}\n`);
    await project(invoices(["depends-on: first, orders"])).upgrade(url, "invoices");

    const { url: other } = await ownDatabase(server);
    const later = project({
      a: "CREATE TABLE o (id int);",
      b: "ALTER TABLE p ADD n int;",
      c: "CREATE TABLE p ();",
      d: { up: "CREATE TABLE p (); DROP TABLE p;", parent: "a" },
    });
    const after = `${place("0003_c", 1)}comes after this migration: move one of the two statements, or change -- parent or -- depends-on in the headers so that the other migration comes first`;
    expect((await failureOf(later.upgrade(other, "b"))).hint).toMatch(after);
    const { migrations } = await testMigrations(later.deps, { scratch: other });
    expect(migrations[1]!.failed!.diagnostics[0]!.hint).toBe(after);
    expect((await failureOf(trace(later.deps, { scratch: other }))).hint).toContain(after);
    // None leaves it there.
    const gone = project({ a: "ALTER TABLE temporary ADD n int;", ...{ b: invoices([]).orders.up } });
    expect((await failureOf(gone.upgrade(other, "a"))).hint).not.toContain("creates it");
  });

  test("what another migration has made of what a downgrade takes away: which one, and what is typed leads on", async () => {
    const { url } = await ownDatabase(server);
    const users = {
      up: "CREATE TABLE users (id int PRIMARY KEY);",
      down: "DROP TABLE users;",
      parent: "none",
    };
    const shop = (header: readonly string[]) => ({
      first: { up: "SELECT 1;", down: "SELECT 1;", parent: "none" },
      users,
      orders: {
        up: 'CREATE TABLE "Orders" (u int REFERENCES users);',
        down: 'DROP TABLE "Orders";',
        parent: "none",
        header,
      },
      // What depends on it is of this one; the table is of another.
      late: { up: 'CREATE VIEW v AS TABLE "Orders";', down: "SELECT 1;", parent: "orders" },
    });
    const of = project(shop(["depends-on: first"]));
    const hintFor = async (back: string) => (await failureOf(of.downgrade(url, back))).hint;
    await of.upgrade(url, "users");
    await of.upgrade(url, "heads");
    const held = `0003_orders.up.sql:${headerLines + 2} creates table Orders, and orders is still applied: undo it first: migrate downgrade orders@base; so that a downgrade does it by itself, write in its header: -- depends-on: first, users\n`;
    expect(await hintFor("users@base")).toMatch(new RegExp(`^${held}Use DROP`));
    // What has made the view is undone.
    expect(await hintFor("late@base")).toMatch(/^Use DROP/);
    await query(url, "DROP VIEW v");
    await of.downgrade(url, "orders@base");
    await of.downgrade(url, "users@base");

    await of.upgrade(url, "users");
    await of.upgrade(url, "orders");
    await project(shop(["depends-on: first, users"])).downgrade(url, "users@base");

    // Something else than what it makes depends on it.
    await of.upgrade(url, "users");
    await of.upgrade(url, "heads");
    await query(url, `DROP VIEW v; CREATE VIEW v AS TABLE users; ALTER TABLE "Orders" DROP u`);
    expect(await hintFor("users@base")).toMatch(/^Use DROP/);
  });

  test("what a migration would have created that is only stamped: what is proposed leads out", async () => {
    const of = project({ a: "CREATE TABLE t (a int);", b: "SELECT 1;", c: "ALTER TABLE t ADD b int;" });
    const { url } = await ownDatabase(server);
    await of.run(url, { kind: "stamp", targets: ["b"] });
    const stamped = `0001_a.up.sql:${headerLines + 1} creates it, but a is only stamped: if that file was never run in this database, `;
    const hint = `${stamped}take back what is stamped, then upgrade: migrate stamp base\n`;
    expect((await failureOf(of.upgrade(url))).hint).toContain(hint);
    await query(url, "CREATE SCHEMA app; CREATE TABLE app.t ()");
    expect((await failureOf(of.upgrade(url))).hint).toMatch(
      /^search_path does not have app, .*\n.* stamp base\n/,
    );
    await of.run(url, { kind: "stamp", targets: ["base"] });
    await of.upgrade(url);

    const { url: other } = await ownDatabase(server);
    await of.run(other, { kind: "stamp", targets: ["a"] });
    await of.upgrade(other, "b");
    expect((await failureOf(of.upgrade(other))).hint).toContain(`${stamped}run it there with psql, and `);
  });

  test("a downgrade over an empty down file warns that what the up file did stays; a stamp runs no file", async () => {
    const { url } = await ownDatabase(server);
    const of = project({
      a: { up: "CREATE TABLE t (id int);", down: "" },
      b: { up: "UPDATE t SET id = 1;", down: "" },
    });
    const said: string[] = [];
    const told = {
      database: url,
      onNotice: ({ message }: { readonly message: string }) => void said.push(message),
    };
    await of.upgrade(url);
    await run(of.deps, { kind: "stamp", targets: ["base"] }, told);
    await run(of.deps, { kind: "stamp", targets: ["b"] }, told);
    expect(said).toEqual([]);
    await run(of.deps, { kind: "downgrade", target: "base" }, told);
    const left = (name: string): string =>
      `${name}.down.sql has no statement: what ${name}.up.sql did stays, and the downgrade of ${name.slice(-1)} only takes it out of the ledger`;
    expect(said).toEqual([left("0002_b"), left("0001_a")]);
  });

  test("a fault at each statement, of each kind", async () => {
    const { url } = await ownDatabase(server);
    const first = "CREATE TABLE t (id int PRIMARY KEY, a text);\nINSERT INTO t VALUES (0);\n";
    await project({ a: first }).upgrade(url);
    const before = await dump(url, { exclude: ["retort"] });
    let failures = 0;
    for (const [index, fault] of faults.entries()) {
      // The constraint needs the row of the first statement: it stands anywhere behind it.
      const statements = sound.toSpliced(
        fault.name === "a constraint" ? Math.max(index, 1) : index,
        0,
        fault.sql,
      );
      const shop = project({ a: first, b: statements.join("\n"), c: "SELECT 1;" });
      const { rest } = await stateOf(url);
      const error = await failureOf(shop.upgrade(url));
      const line =
        headerLines + (fault.line ?? 1) + lines(statements.slice(0, statements.indexOf(fault.sql)));
      expect(error, fault.name).toMatchObject({
        code: "execution/statement",
        exitCode: 6,
        sqlstate: fault.sqlstate,
        message: expect.stringMatching(fault.message),
        location: { path: "0002_b.up.sql", line, column: fault.column },
        excerpt: { line: fault.sql.split("\n")[(fault.line ?? 1) - 1] },
        hint: expect.stringContaining("revision b was rolled back; what was applied before it stays applied"),
      });
      failures += 1;
      const after = await stateOf(url);
      expect(after.rest).toEqual(rest);
      expect(after.failures).toHaveLength(failures);
      expect(after.failures.at(-1)).toMatchObject({ event: "failure", revision: "b", how: "run" });
      expect(after.failures.at(-1)!["detail"]).toContain((error.message as string).split("\n")[0]);
    }
    expect(await dump(url, { exclude: ["retort"] })).toBe(before);
  });

  test("a constraint that fails at COMMIT: the migration and the constraint are named", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int CONSTRAINT has_parent REFERENCES p DEFERRABLE INITIALLY DEFERRED);",
      b: "INSERT INTO c VALUES (1);\nSELECT 1;",
    });
    expect(await failureOf(shop.upgrade(url))).toMatchObject({
      code: "execution/commit",
      sqlstate: "23503",
      message: expect.stringMatching(
        /^the commit of revision b \(0002_b\.up\.sql\) failed \(constraint has_parent\): .*\n.*\(p\)=\(1\)/,
      ),
      hint: expect.stringContaining("revision b was rolled back"),
    });
    expect((await shop.state(url)).heads).toEqual(["a"]);
    expect((await stateOf(url)).failures).toMatchObject([{ revision: "b" }]);
  });

  test("what is deferred is done with the file's settings and role, as by its own COMMIT", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: `CREATE TABLE o (x int);
CREATE TABLE audit (role text, tenant text, path text);
GRANT ALL ON o, audit TO pg_monitor;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO audit VALUES (current_user, current_setting('app.tenant', true), current_setting('search_path')); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER c AFTER INSERT ON o DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f();`,
      b: "SET app.tenant = 'acme';\nSET search_path = public;\nSET ROLE pg_monitor;\nINSERT INTO o VALUES (1);",
      c: { up: "SET search_path = public;\nINSERT INTO o VALUES (2);", header: ["transaction: none"] },
    });
    await shop.upgrade(url);
    expect(await query(url, "SELECT * FROM audit")).toEqual([
      { role: "pg_monitor", tenant: "acme", path: "public" },
      { role: "postgres", tenant: "", path: "public" },
    ]);
  });

  test("in the second of three migrations: the first stays applied, and the run goes on from there", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: "CREATE TABLE a ();",
      b: "CREATE TABLE b (); SELECT 1/0;",
      c: "CREATE TABLE c ();",
    });
    await failureOf(shop.upgrade(url));
    expect(await shop.state(url)).toMatchObject({ heads: ["a"], pending: ["b", "c"] });
    shop.write("0002_b.up.sql", "-- revision: b\n-- parent: a\nCREATE TABLE b ();");
    expect((await shop.upgrade(url)).steps.map((s) => s.revision)).toEqual(["b", "c"]);
  });

  test("with --single-transaction nothing of any step stays, not even a new ledger", async () => {
    const { url } = await ownDatabase(server);
    const before = await dump(url);
    const shop = project({ a: "CREATE TABLE a ();", b: "CREATE TABLE b ();\nSELECT 1/0;" });
    expect(await failureOf(shop.upgrade(url, "heads", { singleTransaction: true }))).toMatchObject({
      location: { path: "0002_b.up.sql", line: headerLines + 2, column: 1 },
      hint: "all of it was rolled back; nothing was changed",
    });
    expect(await dump(url)).toBe(before);
  });

  test("steps that share a transaction are each told of: begun in turn, done when it is committed", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({ a: "CREATE TABLE a ();", b: "CREATE TABLE b ();", c: "CREATE TABLE c ();" });
    const told: string[] = [];
    const onEvent = (event: Event): void => {
      if (event.type === "step-started" || event.type === "step-done")
        told.push(`${event.type} ${event.step.revision}`);
    };
    const { steps } = await shop.upgrade(url, "b", { singleTransaction: true, onEvent });
    expect(steps.map((step) => step.revision)).toEqual(["a", "b"]);
    expect(told).toEqual(["step-started a", "step-started b", "step-done a", "step-done b"]);
    told.length = 0;
    await shop.upgrade(url, "heads", { onEvent });
    expect(told).toEqual(["step-started c", "step-done c"]);
    const stamped = await shop.run(url, { kind: "stamp", targets: ["base"] });
    expect(stamped.steps.map((step) => step.revision)).toEqual(["c", "b", "a"]);
  });

  test("where one statement changes how the next is read", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({
      a: "SELECT set_config('client_encoding', 'LATIN1', false);\nSET backslash_quote = on;\nSELECT 1;\nSELECT nothing;",
    });
    expect(await failureOf(shop.upgrade(url))).toMatchObject({
      sqlstate: "42703",
      location: { line: headerLines + 4 },
    });
    expect(await query(url, "SELECT FROM retort.applied")).toEqual([]);
    expect((await stateOf(url)).failures).toHaveLength(1);
  });

  test("a connection that an administrator ends in the middle: said so, rolled back", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({ a: "CREATE TABLE a ();", b: "CREATE TABLE b (); SELECT pg_sleep(30);" });
    await shop.upgrade(url, "a");
    const failing = failureOf(shop.upgrade(url));
    await until(url, sleeping);
    await query(url, `SELECT pg_terminate_backend(pid) FROM (${sleeping}) s`);
    expect(await failing).toMatchObject({
      code: "execution/connection-lost",
      exitCode: 6,
      sqlstate: "57P01",
      hint: expect.stringContaining("no step is left unfinished"),
    });
    expect((await shop.state(url)).heads).toEqual(["a"]);
    expect(await query(url, "SELECT FROM pg_class WHERE relname = 'b'")).toEqual([]);
  });

  test("a connection that ends, and no other can be made: the outcome could not be read", async () => {
    const { url, name } = await ownDatabase(server);
    const shop = project({ a: "CREATE TABLE a (); SELECT pg_sleep(30);" });
    const events: string[] = [];
    const failing = failureOf(shop.upgrade(url, "heads", { onEvent: ({ type }) => void events.push(type) }));
    await until(url, sleeping);
    await query(server.url(), `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await query(
      server.url(),
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
    );
    expect(await failing).toMatchObject({
      code: "execution/connection-lost",
      sqlstate: "57P01",
      hint: "the outcome could not be read; when the database can be reached again, run the same command again",
    });
    expect(events.at(-1)).toBe("connection-lost");
  });

  test("a connection that ends after a step was done: the run goes on, until none is done in between", async () => {
    const { url } = await ownDatabase(server);
    const ended = "SELECT pg_terminate_backend(pg_backend_pid()) WHERE nextval('times')";
    const shop = project({
      a: "CREATE SEQUENCE times;",
      b: `${ended} = 1; CREATE TABLE b ();`,
      c: `${ended} IN (3, 4);`,
    });
    expect((await shop.upgrade(url, "b")).steps.map(({ revision }) => revision)).toEqual(["a", "b"]);
    expect(await failureOf(shop.upgrade(url))).toMatchObject({ code: "execution/connection-lost" });
    expect((await shop.upgrade(url).catch(() => shop.upgrade(url))).steps).toHaveLength(1);
  });

  test("steps that were counted from what is applied are not counted anew, once some are done", async () => {
    const { url } = await ownDatabase(server);
    const ended = "SELECT pg_terminate_backend(pg_backend_pid()) WHERE nextval('times') = 1;";
    const outside = { up: "SELECT 1;", downHeader: ["transaction: none"] };
    const shop = project({
      a: "CREATE SEQUENCE times;",
      b: { up: "CREATE TABLE b ();", down: `DROP TABLE b; ${ended}` },
      c: { ...outside, down: "SELECT 1; SELECT 1 / 0;" },
      d: "CREATE TABLE d ();",
      e: { up: "SELECT 1; SELECT 1 / 0;", header: ["transaction: none"] },
    });
    expect((await failureOf(shop.upgrade(url, "+5"))).hint).toContain(
      "fix the cause, leaving the statements before this one as they are, and run: migrate upgrade e (it resumes here; the same command would count its steps anew)",
    );
    await shop.run(url, { kind: "stamp", targets: ["d"] });
    expect((await failureOf(shop.downgrade(url, "-2"))).hint).toContain(
      "fix the cause, leaving the statements before this one as they are, and run: migrate downgrade b (it resumes here; the same command would count its steps anew)",
    );
    // Of its own command it is the first, but once it is finished, that one would go further.
    expect((await failureOf(shop.downgrade(url, "-1"))).hint).toContain(
      "fix the cause, leaving the statements before this one as they are, and run: migrate downgrade b (it resumes here; the same command would count its steps anew)",
    );
    shop.write("0003_c.down.sql", "-- revision: c\n-- transaction: none\n\nSELECT 1; SELECT 2;");
    shop.write("0002_b.down.sql", "-- revision: b\n\nSELECT 1 / 0;");
    expect((await failureOf(shop.downgrade(url, "-2"))).hint).toContain(
      "the downgrade of b was rolled back; it is still applied; to go on, run: migrate downgrade a (the same command",
    );
    await shop.run(url, { kind: "stamp", targets: ["c"] });
    shop.write("0002_b.down.sql", `-- revision: b\n\nDROP TABLE b; ${ended}`);
    const { steps } = await shop.downgrade(url, "-2");
    expect(steps.map(({ revision }) => revision)).toEqual(["c", "b"]);
    expect((await shop.state(url)).heads).toEqual(["a"]);
  });

  test("a connection that breaks while the server goes on: the ledger tells how it ended", async () => {
    const { url } = await ownDatabase(server);
    const wire = await proxy(url);
    const shop = project({ a: "CREATE TABLE a (); SELECT pg_sleep(1);", b: "CREATE TABLE b ();" });
    const upgrade = shop.upgrade(wire.url);
    await until(url, sleeping);
    wire.cutClient();
    expect(await upgrade).toMatchObject({ done: true });
    expect((await shop.state(url)).heads).toEqual(["b"]);
    expect((await ledger(url))["log"]).toHaveLength(2);
  });

  test("a connection that breaks in the last step of a downgrade: done, and no plan is made from where it has led", async () => {
    const { url } = await ownDatabase(server);
    const wire = await proxy(url);
    const shop = project({
      a: "SELECT 1;",
      b: { up: "SELECT 1;", down: "SELECT pg_sleep(1);" },
      c: { up: "SELECT 1;", parent: "a" },
    });
    await shop.upgrade(url);
    const downgrade = shop.downgrade(wire.url, "b@a");
    await until(url, sleeping);
    wire.cutClient();
    expect(await downgrade).toMatchObject({ done: true, steps: [{ revision: "b" }] });
    expect((await shop.state(url)).heads).toEqual(["c"]);
  });
});

const [server] = servers();

test("a migration is announced when it is committed, whatever runs next; and so is the statement that runs", async () => {
  const { url } = await ownDatabase(server!);
  const shop = project({
    a: "CREATE TABLE a ();",
    b: "CREATE TABLE b ();",
    c: "SELECT 1;\nSELECT pg_sleep(2);\nSELECT 3;",
  });
  const events: string[] = [];
  const upgrade = shop.upgrade(url, "heads", {
    onEvent: (event) => {
      if ("step" in event)
        events.push(
          `${event.type} ${event.step.revision}${"statement" in event ? ` ${event.statement}` : ""}`,
        );
    },
  });
  await until(url, sleeping);
  const sofar = [...events];
  await upgrade;
  expect(sofar).toEqual([
    ...["step-started a", "statement-started a 1", "step-done a"],
    ...["step-started b", "statement-started b 1", "step-done b"],
    ...["step-started c", "statement-started c 1", "statement-started c 2"],
  ]);
  expect(events.at(-1)).toBe("step-done c");
});

describe("stopping on request", () => {
  const shop = project({
    a: "CREATE TABLE a ();",
    b: "CREATE TABLE b ();\nSELECT pg_sleep(30);",
    c: "CREATE TABLE c ();",
  });
  const upgrade = (url: string, { signal }: AbortController, onEvent?: RunOptions["onEvent"]) =>
    run({ ...shop.deps, signal }, { kind: "upgrade", target: "heads" }, { database: url, onEvent });

  test("in the middle of a statement: cancelled, rolled back", async () => {
    const { url } = await ownDatabase(server!);
    const stop = new AbortController();
    const stopped = failureOf(upgrade(url, stop));
    await until(url, sleeping);
    stop.abort();
    expect(await stopped).toMatchObject({
      code: "execution/cancelled",
      hint: expect.stringContaining("rolled back"),
    });
    expect((await shop.state(url)).heads).toEqual(["a"]);
  });

  test("before anything is sent: nothing begins", async () => {
    const { url } = await ownDatabase(server!);
    const stop = new AbortController();
    stop.abort();
    expect(await failureOf(upgrade(url, stop))).toMatchObject({
      code: "execution/cancelled",
      hint: "nothing was changed",
    });
    expect((await shop.state(url)).applied).toEqual([]);
  });

  test("while waiting for the lock", async () => {
    const { url } = await ownDatabase(server!);
    const stop = new AbortController();
    const stopWaiting = (event: Event) => event.type === "waiting" && stop.abort();
    await withLock(shop, url, async () => {
      const stopped = await failureOf(upgrade(url, stop, stopWaiting));
      expect(stopped).toMatchObject({ code: "execution/cancelled", hint: "nothing was changed" });
    });
    expect((await shop.state(url)).applied).toEqual([]);
  });
});

test("what fails before the first step is told as what it is, and not as a run that was stopped", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  await query(
    url,
    `CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''frozen''; END';
    CREATE EVENT TRIGGER refuse ON ddl_command_start EXECUTE FUNCTION refuse()`,
  );
  expect(await failureOf(project({ a: "SELECT 1;" }).upgrade(url))).toMatchObject({
    code: "execution/own-statement",
    message: expect.stringContaining("frozen"),
    hint: "nothing was changed",
  });
});

test("what the database has already, or has no more, can be recorded instead", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const shop = project({
    a: { up: "CREATE TABLE a ();", down: "DROP TABLE a;" },
    b: { up: "CREATE TABLE b ();", down: "DROP TABLE b;" },
    other: { up: "CREATE TABLE other ();", parent: "a" },
  });
  await query(url, "CREATE TABLE b ()");
  expect(await failureOf(shop.upgrade(url))).toMatchObject({
    code: "execution/statement",
    hint: expect.stringMatching(
      /stays applied\nif the database has already all that b does, record it, .*: migrate stamp b$/,
    ),
    location: { path: "0002_b.up.sql" },
  });
  await shop.run(url, { kind: "stamp", targets: ["b"] });
  expect((await shop.upgrade(url)).steps.map((step) => step.revision)).toEqual(["other"]);
  await query(url, "DROP TABLE b");
  expect(await failureOf(shop.downgrade(url, "b@-1"))).toMatchObject({
    hint: expect.stringMatching(/if all that b did is undone already, .*: migrate stamp --purge other$/),
  });
  await shop.run(url, { kind: "stamp", targets: ["other"], purge: true });
  expect(await shop.state(url)).toMatchObject({ heads: ["other"], pending: ["b"] });
});

test("a column, a constraint or an index that an applied migration has made is that one's, and no stamp is proposed", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const made = {
    a: "CREATE TABLE t (x int, CONSTRAINT ck CHECK (x > 0));\nCREATE INDEX i ON t (x);",
    b: "CREATE SCHEMA app; CREATE TABLE app.t (); ALTER TABLE t ADD y int;",
  };
  const hintOf = async (sql: string) =>
    String((await failureOf(project({ ...made, c: sql }).upgrade(url))).hint);
  await project(made).upgrade(url);
  const by = (place: string) => `${place} creates it already: delete this statement, `;
  expect(await hintOf("ALTER TABLE public.t ADD x int;")).toContain(by(`0001_a.up.sql:${headerLines + 1}`));
  expect(await hintOf("ALTER TABLE t ADD COLUMN y text;")).toContain(by(`0002_b.up.sql:${headerLines + 1}`));
  expect(await hintOf("ALTER TABLE t ADD CONSTRAINT ck CHECK (x > 1);")).toContain(
    by(`0001_a.up.sql:${headerLines + 1}`),
  );
  expect(await hintOf("CREATE INDEX i ON t (y);")).toContain(by(`0001_a.up.sql:${headerLines + 2}`));
  for (const sql of ["ALTER TABLE t ADD x int;", "ALTER TABLE t ADD y int;"])
    expect(await hintOf(sql)).not.toContain("migrate stamp");
  // Made by hand; in another table.
  await query(url, "ALTER TABLE t ADD z int; ALTER TABLE app.t ADD x int; CREATE INDEX i ON app.t (x)");
  for (const sql of [
    "ALTER TABLE t ADD z int;",
    "ALTER TABLE app.t ADD x int;",
    "CREATE INDEX i ON app.t (x);",
  ])
    expect(await hintOf(sql)).toMatch(/record it, .*: migrate stamp c$/);
  // It was renamed, so another has made the one that is there.
  await project({ ...made, c: "ALTER TABLE t RENAME y TO w;" }).upgrade(url);
  await query(url, "ALTER TABLE t ADD y int");
  const later = project({ ...made, c: "ALTER TABLE t RENAME y TO w;", d: "ALTER TABLE t ADD y int;" });
  expect((await failureOf(later.upgrade(url))).hint).toContain("migrate stamp d");
});

test("a step is not recorded where the run has shown that it was never done, or the migrations that it cannot be", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const made = {
    a: "CREATE TABLE users (email text UNIQUE); CREATE TYPE mood AS ENUM ();",
    b: { up: "CREATE SCHEMA app; CREATE TABLE o ();", down: "DROP TABLE o;\nDROP TABLE misspelt;" },
  };
  const hintOf = async (sql: string) =>
    String((await failureOf(project({ ...made, c: sql }).upgrade(url))).hint);
  await project(made).upgrade(url);
  const state = "revision c was rolled back; what was applied before it stays applied";
  const by = `0001_a.up.sql:${headerLines + 1} creates it already: delete this statement, or give what it creates another name`;
  expect(await hintOf("CREATE TABLE n ();\nCREATE TABLE users ();")).toBe(`${state}\n${by}`);
  expect(await hintOf("CREATE TABLE public.users ();")).toBe(`${state}\n${by}`);
  expect(await hintOf("CREATE TYPE mood AS ENUM ();")).toBe(`${state}\n${by}`);
  expect(
    await hintOf("CREATE TABLE n ();\nALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email);"),
  ).toBe(`${state}\n${by}`);
  for (const name of ["emial", "emai"])
    expect(await hintOf(`ALTER TABLE users DROP COLUMN ${name};`)).toBe(state);
  // Another one of that name, and what an earlier migration has made and somebody dropped.
  await query(url, "CREATE TABLE app.users (); ALTER TABLE users DROP email");
  for (const sql of ["CREATE TABLE app.users ();", "ALTER TABLE users DROP COLUMN email;"])
    expect(await hintOf(sql)).toMatch(
      /^.*\n(?:.* does not take it away: .*\n)?if the database has already all that c does, /,
    );

  const down = "the downgrade of b was rolled back; it is still applied";
  expect((await failureOf(project(made).downgrade(url, "a"))).hint).toBe(down);
  await query(url, "DROP TABLE o");
  expect((await failureOf(project(made).downgrade(url, "a"))).hint).toBe(
    `${down}\nif all that b did is undone already, record the revision that the database is at, a or one below it: migrate stamp a`,
  );
  const { migrations } = await testMigrations(project({ ...made, c: "CREATE TABLE users ();" }).deps, {
    scratch: url,
  });
  expect(migrations[2]!.failed!.diagnostics[0]!.hint).toBe(by);
});

test("what fails by what the files say is not proposed to be recorded, and no schema that search_path has is named", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const made = {
    a: `CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text UNIQUE, n int CONSTRAINT ck CHECK (n > 0));
CREATE INDEX ON users (n); CREATE TABLE carts (); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE mood AS ENUM ('x');
ALTER TABLE carts RENAME TO baskets; CREATE SCHEMA shop; CREATE TABLE o ();`,
  };
  await project(made).upgrade(url);
  const hintOf = async (sql: string) =>
    String((await failureOf(project({ ...made, c: sql }).upgrade(url))).hint);
  const state = "revision c was rolled back; what was applied before it stays applied";
  const own = (does: string) =>
    `line ${headerLines + 1} of this file ${does}: correct the name, or delete one of the two statements`;
  for (const [sql, does] of [
    ["ALTER TABLE users RENAME TO people;\nALTER TABLE users ADD a int;", "renames it to people"],
    ["DROP TABLE o;\nDROP TABLE o;", "drops it"],
    ["DROP TABLE public.o;\nINSERT INTO public.o DEFAULT VALUES;", "drops it"],
    ["ALTER TABLE o SET SCHEMA shop;\nSELECT FROM o;", "moves it to shop"],
    ["ALTER TABLE users DROP n;\nALTER TABLE users DROP n;", "drops it"],
    ["ALTER TABLE users DROP CONSTRAINT ck;\nALTER TABLE users DROP CONSTRAINT ck;", "drops it"],
    ["ALTER TABLE users DROP CONSTRAINT users_email_key;\nDROP INDEX users_email_key;", "drops it"],
    ["ALTER TABLE users RENAME n TO m;\nALTER TABLE users DROP n;", "renames it to m"],
    ["ALTER TYPE mood RENAME TO feeling;\nCREATE TABLE x (m mood);", "renames it to feeling"],
    ["DROP SCHEMA shop;\nCREATE TABLE shop.x ();", "drops it"],
  ] as const)
    expect(await hintOf(sql), sql).toBe(`${own(does)}\n${state}`);
  const exchanged = project({ ...made, c: { up: "DROP TABLE posts;", down: "CREATE TABLE posts ();" } });
  expect((await failureOf(exchanged.upgrade(url))).hint).toContain(
    `${state}\n0002_c.down.sql creates it: exchange what the up file and the down file have below their headers, `,
  );
  const below = `line ${headerLines + 2} of this file creates it: move that above this statement\n${state}`;
  for (const sql of [
    "CREATE TABLE p (a int REFERENCES later);\nCREATE TABLE later (id int PRIMARY KEY);",
    "CREATE TRIGGER t BEFORE INSERT ON o EXECUTE FUNCTION touch();\nCREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';",
  ])
    expect(await hintOf(sql), sql).toBe(below);
  // Its index goes with the column, which is in no text.
  expect(await hintOf("ALTER TABLE users DROP n;\nDROP INDEX users_n_idx;")).toBe(
    `${state}\n${own("drops it")}`,
  );
  const by = (line: number) =>
    `${state}\n0001_a.up.sql:${headerLines + line} creates it already: delete this statement, or give what it creates another name`;
  for (const [sql, line] of [
    ["CREATE INDEX users_email_key ON users (email);", 1],
    ["CREATE SEQUENCE users_id_seq;", 1],
    ["CREATE TABLE users_pkey ();", 1],
    ["CREATE INDEX users_n_idx ON users (n);", 2],
    ["ALTER TABLE o RENAME TO users;", 1],
    ["CREATE TABLE baskets ();", 3],
  ] as const)
    expect(await hintOf(sql), sql).toBe(by(line));
  for (const sql of [
    "ALTER TABLE users DROP CONSTRAINT chk;",
    "DROP INDEX users_nn;",
    "DROP FUNCTION g();",
    "DROP FUNCTION f();\nDROP FUNCTION f();",
  ])
    expect(await hintOf(sql), sql).toBe(state);
  expect(await hintOf("CREATE ROLE postgres;")).toBe(
    `roles belong to the server, and so to all its databases; where it may be there: DO $$ BEGIN CREATE ROLE …; EXCEPTION WHEN duplicate_object THEN NULL; END $$\n${state}`,
  );
  expect(await hintOf('ALTER TABLE users ADD s text DEFAULT "new";')).toContain("write 'new'\n");

  expect(await hintOf("ALTER TABLE users ADD s text DEFAULT ‘new’;")).toContain("is a letter to PostgreSQL");
  for (const [written, meant] of [
    ["now", "now()"],
    ['"now()"', "now()"],
    ["today", "current_date"],
    ['"gen_random_uuid()"', "gen_random_uuid()"],
  ])
    expect(await hintOf(`ALTER TABLE users ADD s text DEFAULT ${written};`)).toContain(
      `${written} is a name; if the function is meant, write ${meant}\n`,
    );
  for (const [sql, extension] of [
    ["CREATE TABLE x (a citext);", "citext"],
    ["CREATE TABLE x (a uuid DEFAULT uuid_generate_v4());", '"uuid-ossp"'],
    ["CREATE INDEX ON users USING gin (email gin_trgm_ops);", "pg_trgm"],
    ["CREATE TABLE x (a int, r int4range, EXCLUDE USING gist (a WITH =, r WITH &&));", "btree_gist"],
  ] as const) {
    const hint = `comes with an extension: before this statement, CREATE EXTENSION IF NOT EXISTS ${extension}`;
    const of = project({ ...made, c: sql });
    expect((await failureOf(of.upgrade(url))).hint, sql).toContain(hint);
    const { migrations } = await testMigrations(of.deps, { scratch: url, range: "c" });
    expect(migrations.at(-1)!.failed!.diagnostics[0]!.hint, sql).toContain(hint);
  }

  // The way back.
  const back = async (up: string, down: string) => {
    const of = project({ ...made, c: { up, down } });
    await of.upgrade(url);
    const { hint } = await failureOf(of.downgrade(url, "a"));
    await of.run(url, { kind: "stamp", targets: ["a"] });
    return hint;
  };
  const still = "the downgrade of c was rolled back; it is still applied";
  const tags = "CREATE TABLE tags ();";
  expect(await back(tags, tags)).toBe(
    `${still}\n0002_c.up.sql:${headerLines + 1} creates it: a down file undoes what its up file did, and does not do it again`,
  );
  expect(
    await back(
      "ALTER TABLE users RENAME n TO m;",
      "ALTER TABLE users RENAME m TO n; ALTER TABLE users DROP m;",
    ),
  ).toMatch(new RegExp(`^line \\d+ of this file renames it to n: correct the name, .*\n${still}$`));
  const left = `0002_c.down.sql does not take it away: if a downgrade of c has left it there, complete that file, and drop by hand what was left\n`;
  for (const [up, down, undo] of [
    ["CREATE TABLE p (); CREATE TABLE q ();", "DROP TABLE q;", "DROP TABLE p"],
    ["CREATE TYPE e AS ENUM (); CREATE TABLE q ();", "DROP TABLE q;", "DROP TYPE e"],
  ] as const) {
    const of = project({ ...made, c: { up, down } });
    await of.upgrade(url);
    await of.downgrade(url, "a");
    expect((await failureOf(of.upgrade(url))).hint).toContain(
      `${state}\n${left}if the database has already all`,
    );
    await query(url, undo);
  }
  const lost = project({
    ...made,
    c: { up: "CREATE TABLE p ();", down: "DROP TABLE p;" },
    d: { up: "ALTER TABLE p RENAME TO q;", down: "SELECT 1;" },
  });
  await lost.upgrade(url);
  expect((await failureOf(lost.downgrade(url, "a"))).hint).toMatch(
    /0003_d.up.sql:\d+ takes it away, and the down file of d does not bring it back: do that by hand, and complete that file$/,
  );
  await query(url, "ALTER TABLE q RENAME TO p");
  await lost.downgrade(url, "a");
  const renames = "ALTER TABLE baskets RENAME TO bags;";
  expect(await back(renames, renames)).toMatch(/0002_c.up.sql:\d+ takes it away: create it again above this/);
  await query(url, "ALTER TABLE bags RENAME TO baskets");
  const serial = await back("CREATE TABLE s (a serial);", "DROP TABLE s; DROP SEQUENCE s_a_seq;");
  expect(serial).toMatch(new RegExp(`^${still}\nline \\d+ of this file drops it: `));
});

test("an index that is half built is named with its schema, whatever another session finds first", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const shop = project(
    { a: { up: 'CREATE UNIQUE INDEX CONCURRENTLY "I" ON t (a);', header: ["transaction: none"] } },
    { session: { searchPath: ["app", "public"] } },
  );
  await query(url, 'CREATE TABLE t (a int); CREATE INDEX "I" ON t (a)');
  await query(url, "CREATE SCHEMA app; CREATE TABLE app.t (a int); INSERT INTO app.t VALUES (1), (1)");
  expect((await failureOf(shop.upgrade(url))).sqlstate).toBe("23505");
  await query(url, "CALL retort.forget_intent()");
  const hint = String((await failureOf(shop.upgrade(url))).hint);
  expect(hint).toMatch(/^app\."I" is an invalid index, /);
  expect(hint).not.toContain("migrate stamp");
  await query(url, /drop it first: (.*)/.exec(hint)![1]!);
  await query(url, 'DELETE FROM app.t; CREATE INDEX "I" ON app.t (a); CALL retort.forget_intent()');
  // What is valid is nobody's half.
  expect((await failureOf(shop.upgrade(url))).hint).not.toContain("DROP INDEX");
});

test("an invalid index is named also where what takes its name is built in a transaction", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const shop = project({ a: { up: "CREATE INDEX i ON t (a);" } });
  await query(url, "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1)");
  await expect(query(url, "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)")).rejects.toThrow();
  const hint = String((await failureOf(shop.upgrade(url))).hint);
  expect(hint).toMatch(/^public\.i is an invalid index, /);
  expect(hint).not.toContain("migrate stamp");
  // Which of two is meant is not known.
  await query(url, "CREATE SCHEMA app; CREATE TABLE app.i ()");
  expect((await failureOf(shop.upgrade(url))).hint).not.toContain("DROP INDEX");
  await query(url, "DROP TABLE app.i");
  await query(url, /drop it first: (.*)/.exec(hint)![1]!);
  await shop.upgrade(url);
});

test("outside a transaction too", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const shop = project({
    a: {
      up: "CREATE INDEX CONCURRENTLY i ON t (a);",
      down: "DROP INDEX CONCURRENTLY i;",
      header: ["transaction: none"],
    },
  });
  await query(url, "CREATE TABLE t (a int); CREATE INDEX i ON t (a)");
  expect(await failureOf(shop.upgrade(url))).toMatchObject({
    hint: expect.stringMatching(/ with: migrate current\n.* record it, .*: migrate stamp a$/),
  });
  await shop.run(url, { kind: "stamp", targets: ["a"] });
  await query(url, "DROP INDEX i");
  expect(await failureOf(shop.downgrade(url, "a@-1"))).toMatchObject({
    hint: expect.stringMatching(/ with: migrate current\n.* record that: migrate stamp base$/),
  });
  await shop.run(url, { kind: "stamp", targets: ["base"] });
  expect((await shop.state(url)).interrupted).toBeUndefined();
});
