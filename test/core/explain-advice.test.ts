/** What the server answers, in whatever language → the place in the file, and what to do. */
import { describe, expect, test } from "vitest";
import type { Privilege } from "../../src/core/effects/privilege.ts";
import { type Explaining, explain } from "../../src/core/failure/explain.ts";
import type { Failure } from "../../src/core/failure/failure.ts";
import { noSchemaHint, searchPathOf } from "../../src/core/failure/search-path.ts";
import type { Plan, Purpose } from "../../src/core/plan/types.ts";
import type { RunsAs } from "../../src/core/statement/ledger.ts";

const text = "-- revision: a\n\nDO $$\nBEGIN\n  PERFORM 1;\n  PERFORM 'é€'::int;\nEND $$;\n";
const start = text.indexOf("DO");
const sql = text.slice(start).trimEnd();

/** The error of the DO block, or of a statement of ours. */
function explained(
  failure: Partial<Failure>,
  ours: boolean | Purpose = false,
  outside?: string,
  settings: readonly string[] = [],
  {
    tag = outside ?? "DO",
    direction = "up",
    said = sql,
    before,
    message = "",
  }: {
    tag?: string;
    direction?: string;
    said?: string;
    before?: RunsAs | undefined;
    message?: string;
  } = {},
  more: Partial<Explaining> = {},
) {
  const origin = { path: "a.up.sql", line: 3, column: 9, start, end: start + sql.length };
  const statement = ours
    ? { sql: "CALL retort.begin_step();", purpose: ours === true ? "guard-step" : ours, step: 0 }
    : { sql: said, purpose: "user", step: 0, origin, offset: 0, tag };
  const step = {
    direction,
    revision: "a",
    message,
    path: "a.up.sql",
    transactional: outside === undefined,
    statements: 1,
  };
  const statements =
    before === undefined
      ? [statement]
      : [{ ...statement, runsAs: before, origin: { ...origin, column: 1 } }, statement];
  const batch = { transactional: outside === undefined, step: 0, statements };
  const plan = { kind: "upgrade", from: ["0"], steps: [step], batches: [batch], settings, schema: "retort" };
  return explain(
    plan as unknown as Plan,
    batch as never,
    statement as never,
    { message: "no", lost: false, ...failure },
    { sourceText: () => text, aborted: false, ...more },
  );
}

describe("the line of a DO block", () => {
  test.each([
    ["en", "PL/pgSQL function inline_code_block line 4 at PERFORM"],
    ["de", "PL/pgSQL-Funktion inline_code_block Zeile 4 bei PERFORM"],
    ["fr", "fonction PL/pgSQL inline_code_block, ligne 4 à PERFORM"],
    ["ja", "PL/pgSQL関数inline_code_blockの4行目 - PERFORM"],
    ["ru", "функция PL/pgSQL inline_code_block, строка 4, оператор PERFORM"],
  ])("is found where the server speaks %s", (_, where) => {
    expect(explained({ where: `SQL statement "SELECT 1/0"\n${where}` }).location).toMatchObject({
      line: 6,
      column: 3,
    });
  });

  test("is not made up", () => {
    expect(explained({ where: "PL/pgSQL function f() line 4 at PERFORM" }).location).toMatchObject({
      line: 3,
    });
  });
});

describe("advice by SQLSTATE", () => {
  test.each([
    'schema "shop" does not exist',
    "Schema »shop« existiert nicht",
    'スキーマ"shop"は存在しません',
  ])("a schema that is named and missing: %s", (message) => {
    const { hint } = explained({ sqlstate: "3F000", message });
    expect(hint).toMatch(/^correct the name; or create shop in an earlier migration: CREATE SCHEMA shop$/m);
    expect(hint).not.toContain("search_path");
  });
  test.each([{ tag: "DROP SCHEMA" }, { tag: "DROP TABLE" }, { tag: "ALTER TABLE", direction: "down" }])(
    "a schema that is missing where %o needs none",
    (statement) => {
      const failure = { sqlstate: "3F000", message: 'schema "shop" does not exist' };
      expect(explained(failure, false, undefined, [], statement).hint).toMatch(
        /^correct the name, unless the schema is gone already\n/,
      );
    },
  );
  test.each([
    ["ALTER DATABASE", "EXECUTE format('ALTER DATABASE %I …', current_database())"],
    ["GRANT", "EXECUTE format('GRANT … ON DATABASE %I …', current_database())"],
    ["DROP DATABASE", undefined],
  ])("a database that %s names and that has another name here", (tag, advice) => {
    const failure = { sqlstate: "3D000", message: 'database "shop" does not exist' };
    const { hint } = explained(failure, false, undefined, [], { tag });
    expect(hint?.includes("current_database()")).toBe(advice !== undefined);
    expect(hint).toContain(advice ?? "revision a was rolled back");
  });
  test.each([
    ["55P04", "put ALTER TYPE ... ADD VALUE into a migration of its own"],
    ["3F000", '"session": {"searchPath"'],
    ["25P04", "PGOPTIONS='-c transaction_timeout=0'"],
    ["57P05", "PGOPTIONS='-c idle_session_timeout=0'"],
    ["25001", "'-- transaction: none'"],
  ])("%s", (sqlstate, advice) => {
    const { hint } = explained({ sqlstate, hint: "the server's own" });
    expect(hint).toMatch(/^the server's own\n/);
    expect(hint).toContain(advice);
    expect(hint).toMatch(/revision a was rolled back/);
  });

  test("a search_path that the project has set, without a schema that exists", () => {
    const failure = { sqlstate: "3F000", message: "no schema has been selected to create in" };
    const { hint } = explained(failure, false, undefined, ['search_path = "$user", "Shop, old"']);
    expect(hint).toMatch(
      /^"session.searchPath" has no schema that exists and .*: CREATE SCHEMA "Shop, old"; or/m,
    );
    expect(hint).toContain('GRANT USAGE, CREATE ON SCHEMA "Shop, old" TO ');
    const settings = ["search_path = shop"];
    for (const madeIn of ["scratch", "files"] as const) {
      const there = noSchemaHint(failure, { settings, setBy: undefined, madeIn, role: "me" });
      expect(there).not.toContain("GRANT");
      // The database may have set it.
      expect(there).toMatch(/^search_path \(shop\) has no schema that exists/);
    }
    expect(hint).not.toContain('set "session"');
  });

  test("a limit of the role's that a statement of ours has met", () => {
    const { message, hint } = explained({ sqlstate: "25P03" }, true);
    expect(message).toBe("the step of revision a (a.up.sql) could not be begun: no");
    expect(hint).toContain("PGOPTIONS='-c idle_in_transaction_session_timeout=0'");
  });

  test.each([
    ["DO", "schema public", "GRANT USAGE ON SCHEMA public TO "],
    ["CREATE TABLE", "schema My", 'GRANT USAGE, CREATE ON SCHEMA "My" TO '],
    ["CREATE SCHEMA", "database shop", "GRANT CREATE ON DATABASE shop TO "],
    ["CREATE FUNCTION", "language plpgsql", "GRANT USAGE ON LANGUAGE plpgsql TO "],
  ])("%s, where permission is denied for %s", (tag, object, grant) => {
    const failure = { sqlstate: "42501", message: `permission denied for ${object}` };
    expect(explained(failure, false, tag).hint).toContain(`, run: ${grant}the role that connects\n`);
  });

  const owner = {
    name: "app",
    isSuperuser: false,
    isOwn: false,
    isSettable: false,
    isMember: false,
    isGrantable: true,
    isFirsts: false,
    isLogins: false,
    object: "TABLE s.t",
  };
  const set = { by: "role", name: "me" } as const;
  const t = { on: "relation", schema: "s", name: "t", as: "me" } as const;
  const u = { on: "relation", schema: "public", name: "u", inServersPath: [] } as const;
  const needs: readonly Privilege[] = [
    { ...t, privilege: "SELECT" },
    { ...t, privilege: "REFERENCES" },
    { ...u, privilege: "INSERT" },
    { ...u, privilege: "DEFAULTS" },
    { on: "routine", name: "f", privilege: "EXECUTE" },
    { on: "relation", name: "x", privilege: "EXISTS" },
  ];
  const setsMe = "line 3 of this file sets the role me";
  test.each<[string, string, (Partial<typeof owner> | undefined)?, RunsAs?]>([
    ["must be owner of table t", "table t belongs to app: as a superuser, run: GRANT app TO", {}],
    [
      "must be owner of materialized view t",
      "materialized view t belongs to app, of which .* is a member: before this statement, write: SET ROLE app$",
      { isSettable: true },
    ],
    [
      "must be owner of view t",
      "view t belongs to app: as a superuser, run: ALTER TABLE s.t OWNER TO",
      { isGrantable: false },
    ],
    [
      "must be owner of view t",
      "view t belongs to app: as a superuser, run: GRANT app TO .* WITH INHERIT TRUE$",
      { isMember: true },
    ],
    [
      "must be owner of index i",
      "index i belongs to the superuser app: as a superuser, run: ALTER TABLE s.t OWNER TO",
      { isSuperuser: true },
    ],
    ["must be owner of function f", "connect as the owner of function f; or, as a superuser, make"],
    ["must be owner of table t", "revision a was rolled back", { isOwn: true }],
    [
      "must be owner of table t",
      `${setsMe}, which does not own table t: remove that, or set the role of its owner there$`,
      undefined,
      set,
    ],
    [
      "must be owner of table t",
      `${setsMe}, which does not own table t: remove that, or before this statement, write: RESET ROLE$`,
      { isFirsts: true },
      { ...set, isLocal: true },
    ],
    [
      "must be owner of table t",
      `${setsMe}, but table t belongs to app: before this statement, write: RESET SESSION AUTHORIZATION; SET ROLE app$`,
      { isLogins: true },
      { by: "session_authorization", name: "me" },
    ],
    [
      "must be owner of table t",
      `${setsMe}; table t belongs to app: as a superuser, run: GRANT app TO me$`,
      {},
      set,
    ],
    ["must be owner of table t", "table t belongs to app: as a .* TO", {}, { by: "role" }],
    [
      "permission denied for schema s",
      `${setsMe}: as the owner of the schema, run: GRANT USAGE ON SCHEMA s TO me$`,
      undefined,
      set,
    ],
    [
      "permission denied for table t",
      `${setsMe}: as the owner of s.t, run: GRANT SELECT, REFERENCES ON s.t TO me$`,
      undefined,
      set,
    ],
    ["permission denied for table u", 'as the owner of u, run: GRANT INSERT ON u TO "dw"$'],
    ["permission denied for table x", "revision a was rolled back"],
    ["permission denied for sequence u_id_seq", 'as the owner of u_id_seq, grant "dw" what it lacks there$'],
    ["permission denied for function f", 'as the owner of the routine .*, grant "dw" EXECUTE on f$'],
    ["permission denied for function g", "revision a was rolled back"],
    ['permission denied to set role "app"', 'as a superuser, run: GRANT "app" TO "login"$'],
    ['must be member of role "app"', 'as a superuser, run: GRANT "app" TO "dw"$'],
    ['must be able to SET ROLE "app"', 'as a superuser, run: GRANT "app" TO "dw"$'],
    [
      'must be able to SET ROLE "pg_database_owner"',
      '^"dw" cannot be made a member of .*: name another role$',
    ],
    ['must be able to SET ROLE "app"', 'as a superuser, run: GRANT "app" TO "me"$', undefined, set],
  ])("%s: %s", (message, hint, known, before) => {
    const more = { runsAs: "dw", login: "login", needs, ...(known && { owner: { ...owner, ...known } }) };
    const failure = { sqlstate: "42501", message };
    expect(explained(failure, false, undefined, [], { before }, more).hint).toMatch(
      new RegExp(`^${hint.replaceAll(".", "\\.").replaceAll("\\.*", ".*")}`, "m"),
    );
  });

  test.each([
    ["permission denied to COPY from a file", "pg_read_server_files", "write the rows as INSERT"],
    ["permission denied to COPY to a file", "pg_write_server_files", "copy the rows with psql"],
    ["keine Berechtigung", "pg_execute_server_program", "copy the rows with psql"],
  ])("%s: not by STDIN, STDOUT or \\copy, which no migration can hold", (message, role, advice) => {
    const detail = `Only roles with privileges of the "${role}" role may do this.`;
    const hint = "Anyone can COPY to stdout or from stdin. psql's \\copy command also works for anyone.";
    const told = explained({ sqlstate: "42501", message, detail, hint }, false, "COPY").hint;
    expect(told).toMatch(new RegExp(`^${advice}.*, outside of the migrations\n`));
    expect(told).not.toContain("works for anyone");
    // Before PostgreSQL 16 there is no detail.
    const older = { sqlstate: "42501", message: `${message}: ${role}`, hint };
    expect(explained(older, false, "COPY").hint).toBe(told);
  });

  test("a file that is not there is not to be read by psql's \\copy either", () => {
    const hint = "COPY FROM instructs the PostgreSQL server process to read a file. You may want \\copy.";
    const failure = { sqlstate: "58P01", message: 'could not open file "/x" for reading', hint };
    expect(explained(failure, false, "COPY").hint).toMatch(/^write the rows as INSERT/);
  });

  test.each([
    ["language plpgsql", "as a superuser, run: GRANT USAGE ON LANGUAGE plpgsql TO the role that connects"],
    ["view pg_roles", "as a superuser, run: GRANT SELECT ON pg_catalog.pg_roles TO "],
    ["function pg_locks_of", "as the owner of the routine or a superuser, grant "],
    ["table audit", "as the owner of audit, grant the role that connects what it lacks there"],
    ["schema audit", "as the owner of the schema, run: GRANT USAGE ON SCHEMA audit TO "],
    ...["schema retort", "table applied", "view progress", "sequence log_id_seq", "procedure begin_step"].map(
      (object) => [object, "as the owner of the ledger, run: GRANT USAGE ON SCHEMA retort TO "],
    ),
  ])("our own SQL, where permission is denied for %s", (object, hint) => {
    const failure = { sqlstate: "42501", message: `permission denied for ${object}` };
    const error = explained(failure, true);
    expect(error.hint?.startsWith(hint!)).toBe(true);
    expect(error.message.includes("may not write to the ledger")).toBe(hint!.includes("of the ledger"));
  });

  test("our own SQL, where whoever connects may not become the role of the project", () => {
    const failure = { sqlstate: "42501", message: 'permission denied to set role "app"' };
    const error = explained(failure, "reset", undefined, [], {}, { login: "login" });
    expect(error.hint).toMatch(/^as a superuser, run: GRANT "app" TO "login"\n/);
    expect(error.message).not.toContain("may not write");
  });

  test.each(["repair", "cleanup"] as const)("what an attempt has left is another role's: %s", (purpose) => {
    const dba = { ...owner, name: "dba", object: "INDEX public.one" };
    const failure = { sqlstate: "42501", message: "must be owner of index one" };
    const error = explained(failure, purpose, "DROP INDEX", [], {}, { owner: dba, runsAs: "app" });
    expect(error.message).not.toContain("ledger");
    expect(error.hint).toMatch(/^index one belongs to dba: as a superuser, run: GRANT dba TO "app"$/m);
  });

  test("what is not found may be in a schema of search_path that the role may not use: nothing is recorded", () => {
    const more = { shut: { schemas: ["public", "My"], role: "dw" }, recording: "record that" };
    const hintOf = (sqlstate: string, message: string, said = "DROP TABLE users;") =>
      explained({ sqlstate, message }, false, "DROP TABLE", [], { said }, more).hint;
    for (const message of ['table "users" does not exist', "Tabelle »users« existiert nicht"]) {
      const hint = hintOf("42P01", message);
      expect(hint).toMatch(
        /^search_path names public, "My", which dw .*: GRANT USAGE ON SCHEMA public, "My" TO dw\n/,
      );
      expect(hint).not.toContain("record that");
    }
    expect(hintOf("42P01", 'table "users" does not exist', "DROP TABLE app.users;")).toMatch(
      /^[^G]*record that$/,
    );
    expect(hintOf("42703", 'column "a" does not exist')).toMatch(/^[^G]*record that$/);
  });

  test.each([
    [[], undefined],
    [['search_path = "$user", shop'], ["$user", "shop"]],
    [["search_path = shop"], ["app"], ["app"]],
    [["search_path = shop"], undefined, []],
  ])("the search_path of a statement: %o", (settings, path, searchPath?: string[]) => {
    const place = { path: "a", line: 1, column: 1, start: 0, end: 1 };
    const set = { sql: "", purpose: "user", origin: place, searchPath } as const;
    const statement = { sql: "", purpose: "user", origin: { ...place, line: 2 } } as const;
    const plan = { settings, batches: [{ statements: [set, statement] }] } as unknown as Plan;
    expect(searchPathOf(plan, statement)).toEqual(path);
  });

  test("an index whose name is taken may be what a failed CREATE INDEX CONCURRENTLY has left", () => {
    const failure = { sqlstate: "42P07", message: 'relation "by_N" already exists' };
    const hintWith = (invalid?: string): string =>
      explained(failure, false, "CREATE INDEX CONCURRENTLY", [], {}, { invalid }).hint!;
    expect(hintWith('app."by_N"')).toMatch(
      /^app\."by_N" is an invalid index, .*, drop it first: DROP INDEX CONCURRENTLY app\."by_N"\n/,
    );
    expect(hintWith()).not.toContain("DROP INDEX");
  });

  test.each([
    [
      { sqlstate: "42704", message: 'type "datetime" does not exist' },
      "in PostgreSQL, datetime is timestamptz, or timestamp",
    ],
    [{ sqlstate: "42704", message: 'type "constructor" does not exist' }, undefined],
    [
      { sqlstate: "42703", message: 'column "it\'s" does not exist', position: 7 },
      `"it's" is a name; if a text is meant, write 'it''s'`,
    ],
    [{ sqlstate: "42703", message: 'column "mail" does not exist', position: 15 }, undefined],
  ])("SQL of another database: %j", (failure, expected) => {
    const sql = `SELECT "it's", mail`;
    const { hint } = explained(failure, false, undefined, [], { said: sql });
    if (expected === undefined) expect(hint).not.toMatch(/PostgreSQL|a name/);
    else expect(hint).toContain(expected);
  });

  test("a character that the encoding of the database lacks is underlined, or the header's", () => {
    const failure = {
      sqlstate: "22P05",
      message: "Zeichen mit Bytefolge 0xe2 0x82 0xac in Kodierung »UTF8«",
    };
    const inFile = explained(failure);
    expect(inFile.location).toMatchObject({ line: 6, column: 13 });
    expect(inFile.hint).toMatch(/^the encoding of the database lacks '€': use/);
    const inHeader = explained(failure, true, undefined, [], { message: "5 €" }).hint;
    expect(inHeader).toMatch(/lacks '€', which is in the header of this migration: use/);
    // chr(8364), or '\\20AC' in a string.
    expect(explained(failure, false, undefined, [], { said: "DO ''" }).hint).toMatch(/lacks '€': use/);
    expect(explained({ ...failure, message: "0xe2 0x82" }).hint).not.toMatch(/encoding/);
  });
});
