/** The schema folder and the migrations: what is written, that it is proven, goes up and down, and keeps rows. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type AutogenerateOptions, autogenerate } from "../../src/app/autogenerate.ts";
import { check } from "../../src/app/check.ts";
import { dump } from "../../src/app/dump.ts";
import { migrateHere } from "../support/migrate.ts";
import { failureOf, ownDatabase, project, type TestProject } from "../support/project.ts";
import { query, servers, type TestServer } from "../support/server.ts";

const shop = (users: string): string => `
CREATE VIEW shop.names AS SELECT id /* kept */ FROM shop.users;
${users}
CREATE SCHEMA shop;`;

function schemaFolder(of: TestProject, text: string): void {
  mkdirSync(join(of.folder, "schema"), { recursive: true });
  writeFileSync(join(of.folder, "schema/shop.sql"), text);
}

const written = (of: TestProject): string =>
  readdirSync(of.folder)
    .filter((name) => name.endsWith(".sql"))
    .map((name) => `== ${name}\n${readFileSync(join(of.folder, name), "utf8")}`)
    .join("");

describe.sequential.each(servers().slice(0, 1))("on $name", (server) => {
  const generate = (of: TestProject, database: string, options: Partial<AutogenerateOptions> = {}) =>
    autogenerate(of.deps, { message: "shop", database, ...options });

  test("a table is made, changed and renamed, with its rows; each time once, and both ways", async () => {
    const { url } = await ownDatabase(server);
    const of = project({});
    schemaFolder(of, shop("CREATE TABLE shop.users (id serial PRIMARY KEY, name text CHECK (name <> ''));"));
    expect((await generate(of, url)).created).toHaveLength(1);
    // The author's own words.
    expect(written(of)).toContain("CREATE VIEW shop.names AS SELECT id /* kept */ FROM shop.users;");
    expect((await generate(of, url)).created).toEqual([]);
    await of.upgrade(url);
    await query(url, "INSERT INTO shop.users (name) VALUES ('Ada')");

    const renamed = `CREATE VIEW shop.names AS SELECT id /* kept */ FROM shop.people;
      -- renamed-from: users
      CREATE TABLE shop.people (
        id serial PRIMARY KEY,
        -- renamed-from: name
        full_name varchar(200) CHECK (full_name <> ''), born date NOT NULL);
      CREATE SCHEMA shop;`;
    schemaFolder(of, renamed);
    const second = await generate(of, url, { allowLoss: true });
    expect((await generate(of, url)).created).toEqual([]);
    const failure = await failureOf(of.upgrade(url));
    expect(failure.message).toContain("shop.people.born has no value in some rows");
    const [up] = second.created[0]!.files;
    const text = readFileSync(join(of.folder, up!), "utf8");
    of.write(
      up!,
      text.replace("-- Each row needs", "UPDATE shop.people SET born = '1815-12-10';\n-- Each row needs"),
    );
    await of.upgrade(url);
    expect(await query(url, "SELECT id, full_name, born::text FROM shop.people")).toEqual([
      { id: 1, full_name: "Ada", born: "1815-12-10" },
    ]);
    const count = second.created.length;
    await of.downgrade(url, `-${count}`);
    expect(await query(url, "SELECT * FROM shop.users")).toEqual([{ id: 1, name: "Ada" }]);
    expect(await query(url, "SELECT nextval('shop.users_id_seq')::int AS next")).toEqual([{ next: 2 }]);
    await of.upgrade(url);
    await of.downgrade(url, "base");
    expect(await query(url, "SELECT FROM pg_namespace WHERE nspname = 'shop'")).toEqual([]);
  });

  test("what is not in the form for tables in use, since that cannot be proven, says so", async () => {
    const { url } = await ownDatabase(server);
    const of = project({});
    schemaFolder(
      of,
      "CREATE SCHEMA s; CREATE TABLE s.p (a int CONSTRAINT c CHECK (a > 100)); CREATE TABLE s.t (a int);",
    );
    await generate(of, url);
    // Only a constraint that is valid already can be the parent's too.
    schemaFolder(
      of,
      `CREATE SCHEMA s; CREATE TABLE s.p (a int CONSTRAINT c CHECK (a > 100));
       CREATE TABLE s.t (a int CONSTRAINT c CHECK (a > 100)) INHERITS (s.p);`,
    );
    const { created, notes } = await generate(of, url);
    expect(notes).toEqual([expect.stringMatching(/^the rows of s\.t were not tried: check constraint "c"/)]);
    const [up] = created.map(({ files }) => readFileSync(join(of.folder, files[0]!), "utf8"));
    expect(created.flatMap(({ plain }) => plain.map(({ sql }) => sql))).toEqual([
      expect.stringMatching(/ADD CONSTRAINT "?c"? CHECK/),
    ]);
    expect(up).toMatch(/^-- This scans the table .*could not be proven\.\nALTER TABLE /m);
    await of.upgrade(url);
  });

  test("a column that rows of the migrations need a value in is asked for in the file; an index comes with it", async () => {
    const { url } = await ownDatabase(server);
    const of = project({
      a: {
        up: "CREATE SCHEMA shop; CREATE TABLE shop.users (id int PRIMARY KEY, x int); INSERT INTO shop.users VALUES (7);",
        down: "DROP SCHEMA shop CASCADE;",
      },
    });
    schemaFolder(
      of,
      `CREATE SCHEMA shop; CREATE TABLE shop.users (id int PRIMARY KEY, x int NOT NULL, n text NOT NULL);
       CREATE INDEX by_n ON shop.users (n);`,
    );
    const { created } = await generate(of, url, { online: true });
    expect(created).toHaveLength(2);
    const [up] = created[0]!.files;
    const text = readFileSync(join(of.folder, up!), "utf8");
    expect(text.match(/^-- Each row needs a value: .*$/gm)?.sort()).toEqual([
      expect.stringContaining("UPDATE shop.users SET n = "),
      expect.stringContaining("UPDATE shop.users SET x = "),
    ]);
    expect((await failureOf(of.upgrade(url))).message).toContain("has no value in some rows");
    const given = (value: string) =>
      `UPDATE shop.users SET $1 = ${value};\n-- Each row needs a value: UPDATE shop.users SET $1`;
    const needs = (column: string) =>
      new RegExp(`-- Each row needs a value: UPDATE shop.users SET (${column})`);
    of.write(up!, text.replace(needs("x"), given("1")).replace(needs("n"), given("'one'")));
    await of.upgrade(url);
    expect((await generate(of, url)).created).toEqual([]);
    await of.downgrade(url, "a");
    expect(await query(url, "SELECT * FROM shop.users")).toEqual([{ id: 7, x: 1 }]);
  });

  test("the values of new columns can be made of one that goes, both ways; also where a name is taken again", async () => {
    const { url } = await ownDatabase(server);
    const of = project({});
    schemaFolder(
      of,
      `CREATE TYPE kind AS ENUM ('a');
       CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL CONSTRAINT one UNIQUE, kind kind, n serial);
       CREATE INDEX by_name ON people (lower(name));
       CREATE VIEW names AS SELECT id, name FROM people;`,
    );
    await generate(of, url);
    await of.upgrade(url);
    await query(url, "INSERT INTO people VALUES (1, 'Ada Lovelace', 'a')");
    schemaFolder(
      of,
      `CREATE TABLE people (id int PRIMARY KEY, first text NOT NULL, last text NOT NULL CONSTRAINT one UNIQUE);
       CREATE INDEX by_name ON people (last);
       CREATE VIEW names AS SELECT id, first, last FROM people;`,
    );
    const { created } = await generate(of, url, { allowLoss: true });
    expect((await generate(of, url)).created).toEqual([]);
    const give = (file: string, column: string, value: string): void =>
      of.write(
        file,
        readFileSync(join(of.folder, file), "utf8").replace(
          `-- Each row needs a value: UPDATE public.people SET ${column} `,
          `UPDATE people SET ${column} = ${value};\n$&`,
        ),
      );
    const [up, down] = created[0]!.files;
    give(up!, "first", "split_part(name, ' ', 1)");
    give(up!, "last", "split_part(name, ' ', 2)");
    give(down!, "name", "first || ' ' || last");
    await of.upgrade(url);
    expect(await query(url, "SELECT * FROM people")).toEqual([{ id: 1, first: "Ada", last: "Lovelace" }]);
    await of.downgrade(url, `-${created.length}`);
    expect(await query(url, "SELECT id, name FROM people")).toEqual([{ id: 1, name: "Ada Lovelace" }]);
    await of.upgrade(url);
  });

  test("what may be a rename is not guessed, and nothing is written", async () => {
    const { url } = await ownDatabase(server);
    const of = project({ a: "CREATE SCHEMA shop; CREATE TABLE shop.users (id int, name text);" });
    schemaFolder(of, "CREATE SCHEMA shop; CREATE TABLE shop.users (id int, full_name text);");
    const before = written(of);
    const { code, hint } = await failureOf(generate(of, url));
    expect(code).toBe("findings/rename");
    expect(hint).toContain('renames: ["shop.users.name=full_name"]');
    expect(written(of)).toBe(before);
    const typo = await failureOf(generate(of, url, { renames: ["shop.users.nam=full_name"] }));
    expect(typo).toMatchObject({ code: "usage/rename", hint: expect.stringContaining("shop.users.name?") });
    const rename = 'shop.users."name"=full_name';
    await generate(of, url, { renames: [rename, rename] });
    expect(written(of)).toContain("RENAME COLUMN name TO full_name");
    expect(written(of)).not.toContain("DROP COLUMN");
    expect(await failureOf(generate(of, url, { renames: ["users.name=full_name"] }))).toMatchObject({
      code: "usage/rename",
    });
    schemaFolder(
      of,
      "CREATE SCHEMA old;\n-- renamed-from: shop.users\nCREATE TABLE old.users (id int, full_name text);",
    );
    await generate(of, url);
    expect(written(of)).toContain(
      "CREATE SCHEMA old;\nALTER TABLE shop.users SET SCHEMA old;\nDROP SCHEMA shop;",
    );
    expect(written(of)).toContain(
      "CREATE SCHEMA shop;\nALTER TABLE old.users SET SCHEMA shop;\nDROP SCHEMA old;",
    );
  });

  test("the old name of a rename may be used again: what has it goes before the rename is taken back", async () => {
    const { url } = await ownDatabase(server);
    const of = project({ a: "CREATE TABLE posts (id int, name text); CREATE TABLE next (x int);" });
    const renamed = `-- renamed-from: posts
      CREATE TABLE articles (
        id int,
        -- renamed-from: name
        title text,
        name text
      );`;
    const next = "-- renamed-from: next\nCREATE TABLE later (x int);\nCREATE TABLE next (y int);";
    schemaFolder(of, `${renamed}\nCREATE VIEW posts AS SELECT id, title, name FROM articles;\n${next}`);
    // A comment may be of an earlier rename; a view is no table, so that it cannot be meant.
    expect((await failureOf(generate(of, url)))["diagnostics"]).toMatchObject([
      { message: expect.stringMatching(/have table public.next$/) },
      { message: expect.stringMatching(/have column public.posts.name$/) },
    ]);
    const renames = ["public.next=later", "public.posts.name=title"];
    await generate(of, url, { renames });
    expect(written(of)).toContain(
      `DROP VIEW public.posts;
DROP TABLE public.next;
ALTER TABLE public.articles DROP COLUMN name;
ALTER TABLE public.articles RENAME TO posts;
ALTER TABLE public.later RENAME TO next;
ALTER TABLE public.posts RENAME COLUMN title TO name;`,
    );
    expect((await generate(of, url, { renames: ["public.posts=articles", renames[0]!] })).created).toEqual(
      [],
    );
  });

  test("a rename that cannot be taken back with the other changes goes in a revision of its own", async () => {
    const { url } = await ownDatabase(server);
    const of = project({ a: "CREATE TABLE posts (id int);" });
    const renamed = "-- renamed-from: posts\nCREATE TABLE articles (id int);";
    const both = `${renamed}\nCREATE TABLE posts (id int);\nCREATE VIEW v AS SELECT id FROM posts;`;
    schemaFolder(of, both);
    expect(await failureOf(generate(of, url, { renames: ["public.posts=articles"] }))).toMatchObject({
      code: "findings/not-proven",
      message: expect.stringContaining("in one revision: DROP TABLE public.posts: cannot drop table posts"),
      hint: expect.stringContaining("a revision of its own"),
    });
    schemaFolder(of, renamed);
    await generate(of, url);
    schemaFolder(of, both);
    expect((await generate(of, url)).created).toHaveLength(1);
    expect((await generate(of, url)).created).toEqual([]);
  });

  test("a table and one of its columns, renamed at once, are asked for one after the other", async () => {
    const { url } = await ownDatabase(server);
    const of = project({ a: "CREATE TABLE users (id int, name text, email text);" });
    schemaFolder(
      of,
      "CREATE TABLE people (id int, name text, mail text);\nCREATE TABLE other (id int, name text, email text);",
    );
    const renames = ["public.users=people"];
    const { code, hint } = await failureOf(generate(of, url, { renames }));
    expect(code).toBe("findings/rename");
    expect(hint).toContain('renames: ["public.users.email=mail"]');
    const questions: string[] = [];
    const ask = async (_: readonly string[], question: string) => {
      questions.push(question);
      return !question.includes("other");
    };
    await generate(of, url, { ask });
    expect(questions).toEqual([
      "Is table public.users renamed to other?",
      "Is table public.users renamed to people?",
      "Is column public.users.email renamed to mail?",
    ]);
    expect(written(of)).toContain(
      "RENAME TO people;\nALTER TABLE public.people RENAME COLUMN email TO mail;",
    );
    expect(written(of)).not.toContain("DROP COLUMN");
  });

  test("what takes rows away is asked for; a table is not made anew; an error names its line", async () => {
    const { url } = await ownDatabase(server);
    const of = project({ a: "CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE gone (b text);" });
    schemaFolder(of, "CREATE TABLE t (a int PRIMARY KEY);");
    const loss = await failureOf(generate(of, url));
    expect([loss.code, loss.message]).toEqual([
      "findings/loss",
      "rows or values would be lost: drop table public.gone",
    ]);
    const questions: string[] = [];
    const ask = async (about: readonly string[], question: string) => {
      questions.push(...about, question);
      return false;
    };
    expect((await failureOf(generate(of, url, { ask }))).code).toBe("findings/loss");
    expect(questions).toEqual(["This removes rows or values:", "  drop table public.gone", "Write it?"]);
    const types = project({ a: "CREATE TABLE t (a int, b varchar(10), c int);" });
    schemaFolder(types, "CREATE TABLE t (a bigint, b varchar(20), c text);");
    await generate(types, url);
    expect(written(types)).toContain("TYPE bigint");
    schemaFolder(types, "CREATE TABLE t (a int, b varchar(20), c text);");
    expect(await failureOf(generate(types, url))).toMatchObject({
      message: "rows or values would be lost: alter type public.t.a",
      hint: "leave that as it is in the schema, or add option allowLoss",
    });
    const two = project({ a: "CREATE TABLE t (b int, c int);" });
    schemaFolder(two, "CREATE TABLE t (bb int, cc int);");
    const renames: string[] = [];
    const yes = async (_: readonly string[], question: string) => renames.push(question) > 0;
    const silent = (async () => null) as unknown as typeof yes;
    expect(await failureOf(generate(two, url, { ask: silent }))).toMatchObject({
      code: "usage/option",
      message: "ask must return true or false",
    });
    await generate(two, url, { ask: yes });
    expect(renames).toEqual(["Is column public.t.b renamed to bb?", "Is column public.t.c renamed to cc?"]);
    schemaFolder(of, "CREATE TABLE t (a int PRIMARY KEY) PARTITION BY LIST (a); CREATE TABLE gone (b text);");
    const rebuild = await failureOf(generate(of, url));
    expect([rebuild.code, rebuild.exitCode]).toEqual(["findings/rebuild", 1]);
    expect(rebuild["diagnostics"]).toHaveLength(1);
    expect(rebuild.hint).toBe(
      'allow that with allowRebuild: ["public.t"] and option allowLoss, or write the SQL by hand',
    );
    expect((await failureOf(generate(of, url, { allowLoss: true }))).hint).toBe(
      'allow that with allowRebuild: ["public.t"], or write the SQL by hand',
    );
    expect(await failureOf(generate(of, url, { allowRebuild: ["t"] }))).toMatchObject({
      code: "usage/rebuild",
      hint: 'did you mean allowRebuild: ["public.t"]?',
    });
    expect((await failureOf(generate(of, url, { allowRebuild: ["public.t"] }))).hint).toBe(
      "it is dropped and made again, as option allowRebuild allows: add option allowLoss, or write the SQL by hand",
    );
    await generate(of, url, { allowRebuild: ["public.t"], allowLoss: true });
    expect(written(of)).toContain("PARTITION BY LIST");
    schemaFolder(of, "CREATE TABLE t (a int);\nCREATE VIEW v AS SELECT b FROM t;");
    expect(await failureOf(generate(of, url))).toMatchObject({
      code: "source/schema",
      message: 'CREATE VIEW v: column "b" does not exist',
      location: { path: "schema/shop.sql", line: 2 },
    });
    schemaFolder(of, "CREATE TABLE public.t (a int);\nCREATE TABLE shop.t (a int);");
    expect((await failureOf(generate(of, url))).hint).toBe(
      "correct the name; or create shop in the schema files: CREATE SCHEMA shop",
    );
    schemaFolder(of, "CREATE TABLE public.t (a int);\nSET search_path = none;\nCREATE TABLE u (a int);");
    expect((await failureOf(generate(of, url))).hint).toMatch(/^line 2 of this file sets a search_path/);
    const dumped = "SET search_path = pg_catalog, pg_temp;\nCREATE TABLE public.t (a int);\n";
    schemaFolder(of, `${dumped}CREATE TABLE u (a int);\nALTER TABLE t ADD b int;\nALTER TABLE v ADD b int;`);
    expect((await failureOf(generate(of, url))).diagnostics).toMatchObject([
      {
        hint: "line 1 of this file sets a search_path that begins with pg_catalog, in which nothing can be made: write public.u, or name public first in that line",
      },
      {
        hint: "line 1 of this file sets a search_path without public, where t is: write public.t, or name public in that line",
      },
      { hint: "the statements can be in any order, but each must work after all the others" },
    ]);
    schemaFolder(of, "CREATE SCHEMA app;\nCREATE TABLE app.t (a int);\nALTER TABLE t ADD b int;");
    expect((await failureOf(generate(of, url))).hint).toMatch(
      /^search_path does not have app, where t is: write app\.t, or set "session": \{"searchPath": \[.*"app"\]\}/,
    );
    const rows = project({ a: "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2);" });
    schemaFolder(rows, "CREATE TABLE t (a int, code text NOT NULL UNIQUE);");
    expect((await failureOf(generate(rows, url))).hint).toMatch(
      /^write the SQL .*refused: [^;]*: could not create unique index "t_code_key" \(two of the rows [^;]*; it adds the column/,
    );
    schemaFolder(of, "CREATE TABLE t (a int);\nCREATE TABLE app.u (a int);");
    expect((await failureOf(generate(of, url))).hint).toBe(
      "correct the name; or create app in the schema files: CREATE SCHEMA app",
    );
    schemaFolder(
      of,
      "CREATE TABLE t (a int);\nCREATE TABLE public.t (b int);\nGRANT SELECT ON t TO nobody_here;",
    );
    expect((await failureOf(generate(of, url))).diagnostics).toMatchObject([
      { hint: "schema/shop.sql:1 creates it, too: delete one of the two" },
      { hint: expect.stringContaining('run: CREATE ROLE "nobody_here"') },
    ]);
  });

  test("a column that gets a new sequence goes on behind the values of its rows, both ways", async () => {
    const { url } = await ownDatabase(server);
    const of = project({ a: 'CREATE TABLE "T 1" (id serial PRIMARY KEY, n bigint UNIQUE);' });
    await of.upgrade(url);
    const next = () => query(url, 'INSERT INTO "T 1" DEFAULT VALUES RETURNING id, n');
    await query(url, 'INSERT INTO "T 1" DEFAULT VALUES');
    await query(url, 'INSERT INTO "T 1" (n) VALUES (3)');
    const identity = "bigint GENERATED ALWAYS AS IDENTITY (START WITH 10)";
    schemaFolder(
      of,
      `CREATE TABLE "T 1" (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, n ${identity} UNIQUE);`,
    );
    await query(url, 'DELETE FROM "T 1" WHERE n IS NULL');
    await generate(of, url, { allowLoss: true });
    await of.upgrade(url);
    // Of n, no row reaches the start.
    expect(await next()).toEqual([{ id: 3, n: "10" }]);
    await of.downgrade(url, "-1");
    expect(await next()).toEqual([{ id: 4, n: null }]);
  });

  test("what would leave or replace what another statement creates is told; an equal one and a stub are not", async () => {
    const { url } = await ownDatabase(server);
    const of = project({});
    mkdirSync(join(of.folder, "schema"));
    const files = (a: string, b: string): void => {
      writeFileSync(join(of.folder, "schema/a.sql"), a);
      writeFileSync(join(of.folder, "schema/b.sql"), b);
    };
    const hints = async () => {
      const { diagnostics } = await failureOf(generate(of, url));
      return (diagnostics as readonly { readonly hint: string }[]).map(({ hint }) => hint);
    };
    const twice = "schema/a.sql:1 creates it, too: delete one of the two";
    const f = (what: string, body: string): string =>
      `${what} FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT ${body}';`;
    files(
      "CREATE TABLE IF NOT EXISTS users (id int);",
      "CREATE TABLE IF NOT EXISTS public.users (id int, email text);",
    );
    expect(await failureOf(generate(of, url))).toMatchObject({
      code: "source/schema",
      message: 'CREATE TABLE public.users: relation "users" already exists',
      hint: twice,
      location: { path: "schema/b.sql", line: 1, column: 1 },
    });
    for (const [a, b] of [
      ["CREATE TABLE users (id int);", "create unlogged table if not exists users (id bigint);"],
      [
        "CREATE OR REPLACE VIEW v AS SELECT 1 AS a;",
        "-- the new one\nCREATE OR REPLACE VIEW v AS SELECT 2 AS a;",
      ],
      [f("CREATE", "1"), f("CREATE OR REPLACE", "2")],
    ] as const) {
      files(a, b);
      expect(await hints(), a).toEqual([twice]);
    }
    files(
      "CREATE TABLE t (a int); CREATE INDEX IF NOT EXISTS i ON t (a);",
      "CREATE VIEW u AS SELECT 1 AS a;\nCREATE TABLE IF NOT EXISTS u (a int); CREATE UNIQUE INDEX IF NOT EXISTS i ON t (a);",
    );
    expect(await hints()).toEqual([
      "schema/b.sql:1 creates something else of that name: rename one of the two",
      twice,
    ]);
    const text = "CREATE OR REPLACE FUNCTION f(a text) RETURNS int LANGUAGE sql AS 'SELECT 1';";
    files(`${f("CREATE OR REPLACE", "1")}\n${text}`, f("CREATE OR REPLACE", "2"));
    expect(await hints()).toEqual([
      "one of schema/a.sql:1, schema/a.sql:2 creates it, too: delete one of the two",
    ]);
    const shared = "CREATE SCHEMA IF NOT EXISTS app; CREATE EXTENSION IF NOT EXISTS plpgsql;";
    const equal = "CREATE TABLE IF NOT EXISTS app.t (a int);";
    files(
      `${shared} ${f("CREATE OR REPLACE", "1")} ${equal} CREATE VIEW w AS SELECT NULL::int AS a;`,
      `${shared} ${text} -- the same\n CREATE  TABLE IF NOT EXISTS app.t (a int); CREATE TABLE IF NOT EXISTS t (a int);
       CREATE VIEW v AS SELECT NULL::int AS a; CREATE VIEW vv AS SELECT a FROM v; CREATE OR REPLACE VIEW v AS SELECT 1 AS a;`,
    );
    expect((await generate(of, url)).created).toHaveLength(1);
    expect(written(of)).toMatch(/CREATE VIEW \S*v AS\s+SELECT 1 AS a/);
  });

  test("a constraint that no statement names comes with its table: which of two tables stays is settled first", async () => {
    const { url } = await ownDatabase(server);
    const of = project({ a: "CREATE TABLE u (id int PRIMARY KEY); CREATE TABLE o (u int REFERENCES u);" });
    const hints = async () => {
      const { diagnostics } = await failureOf(generate(of, url));
      return (diagnostics as readonly { readonly hint: string }[]).map(({ hint }) => hint);
    };
    await of.upgrade(url);
    const all = (sql: string) => writeFileSync(join(of.folder, "schema/all.sql"), sql);
    mkdirSync(join(of.folder, "schema"));
    all("CREATE TABLE u (id int PRIMARY KEY);\nCREATE TABLE o (u int REFERENCES u);");
    const { warnings } = await dump(of.deps, { directories: ["."], database: url, folder: "schema" });
    expect(warnings).toEqual([
      "the folder of the desired schema has other files, too: schema/all.sql; delete in them all that the dump creates as well",
    ]);
    expect((await dump(of.deps, { directories: ["."], database: url, folder: "apart" })).warnings).toEqual(
      [],
    );
    expect((await hints())[0]).toBe(
      "settle first which statement creates the table public.o, schema/all.sql:2 or schema/public/tables/o.sql:3",
    );
    rmSync(join(of.folder, "schema/public/tables"), { recursive: true });
    expect(await hints()).toEqual([
      "schema/all.sql:2 makes it, too, without its name: keep only one of the two",
    ]);
    all(
      "CREATE TABLE u (id int PRIMARY KEY);\nCREATE TABLE o (u int REFERENCES u);\nALTER TABLE o ADD CHECK (u > 0);",
    );
    expect(await hints()).toEqual([
      "it is made, too, without its name, by one of schema/all.sql:2, schema/all.sql:3: keep only one of the two",
    ]);
    all(
      "CREATE TABLE u (id int PRIMARY KEY);\nCREATE TABLE o (u int);\nALTER TABLE o ADD CONSTRAINT o_u_fkey FOREIGN KEY (u) REFERENCES u;",
    );
    expect(await hints()).toEqual([
      expect.stringMatching(
        /^schema\/(?:all|public\/foreign_keys)\.sql:3 creates it, too: delete one of the two$/,
      ),
    ]);
    all(
      'CREATE TABLE u (id int PRIMARY KEY, "a b" int);\nCREATE TABLE o (u int);\nCREATE TABLE v (a int, a int);\nALTER TABLE u ADD PRIMARY KEY (id);\nALTER TABLE public.u ADD "a b" int;\nALTER TABLE u ADD c int;\nALTER TABLE u ADD c text;\nALTER TABLE u ADD CONSTRAINT k CHECK ("a b" > 0);',
    );
    expect(await hints()).toEqual([
      "this statement makes it twice: keep only one of the two",
      "schema/all.sql:1 makes it, too: keep only one of the two",
      "schema/all.sql:1 makes it, too: keep only one of the two",
      "schema/all.sql:6 makes it, too: keep only one of the two",
    ]);
    all("CREATE TABLE u (id int PRIMARY KEY);\nCREATE TABLE o (u int);");
    expect(await generate(of, url)).toMatchObject({ created: [] });
  });

  test("what is ignored is left alone with all that is in it, and counted", async () => {
    const { url } = await ownDatabase(server);
    const of = project({ a: "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, gone text, s serial);" });
    schemaFolder(of, "CREATE TABLE t (id int, come text); CREATE TABLE u (id int);");
    expect(
      await failureOf(generate(of, url, { ignore: ["public.t_id_seq"], allowLoss: true })),
    ).toMatchObject({
      code: "findings/not-proven",
      hint: expect.stringMatching(/, or do not ignore sequence public\.t_id_seq, which goes with it;/),
    });
    expect(await generate(of, url, { ignore: ["table:public.t", "public.u"] })).toMatchObject({
      created: [],
      ignored: 6,
    });
    expect(await generate(of, url, { ignore: ["table:public.t"] })).toMatchObject({
      created: [{}],
      ignored: 5,
    });
    const up = readdirSync(of.folder).find((name) => /^0002.*up\.sql$/.test(name))!;
    expect(readFileSync(join(of.folder, up), "utf8").split("\n\n")[1]).toBe("CREATE TABLE u (id int);\n");
    const config = join(of.folder, "c.json");
    writeFileSync(config, JSON.stringify({ directories: ["."], ignore: ["public.t"] }));
    expect((await check(of.deps, { config, only: ["schema"] })).schema).toMatchObject({
      ignored: 5,
      differences: [],
    });
  });

  test("a new enum value is committed before it is used; partitions of others stay; a database can be the model", async () => {
    const { url } = await ownDatabase(server);
    const start = `CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE t (m mood);
      CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);`;
    const of = project({ a: start });
    schemaFolder(
      of,
      `CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE t (m mood DEFAULT 'happy');
       CREATE TYPE mood AS ENUM ('sad', 'happy');`,
    );
    const { created, notes } = await generate(of, url);
    expect(created).toHaveLength(2);
    expect(notes).toEqual(["table public.p1 is not in the schema files, and is left as it is"]);
    await of.upgrade(url);
    await of.downgrade(url, "base+1");
    await of.upgrade(url);
    await query(
      url,
      "CREATE TABLE goose_db_version (id serial, version_id bigint, is_applied boolean); CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (hash text, created_at bigint)",
    );
    // With the ledger of this project it would be no model, but a database that others have migrated further.
    await query(url, "DROP SCHEMA retort CASCADE");
    await query(url, "DROP TABLE IF EXISTS p1");
    const other = project({ a: start });
    const model = await generate(other, url, { desired: url });
    expect(model.notes).toContain("table public.p1 is not in the desired database, and is left as it is");
    expect(model.created).toHaveLength(2);
    const texts = model.created.flatMap(({ files }) =>
      files.map((file) => readFileSync(join(other.folder, file), "utf8")),
    );
    expect(texts.join("\n")).not.toMatch(/goose|drizzle/);
  });

  test("a database is only desired where its ledger, if it has one, is at the heads of the files", async () => {
    const { url } = await ownDatabase(server);
    const files = {
      users: "CREATE TABLE users (id bigint PRIMARY KEY, email text);",
      uniq: "ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email);",
    };
    const of = project(files);
    const away = async (from: TestProject) =>
      (await failureOf(generate(from, url, { desired: url })))["diagnostics"];
    await of.upgrade(url, "users");
    await query(url, "ALTER TABLE users ADD phone text");
    const pending = {
      code: "findings/not-at-heads",
      message: "the desired database is not on all head revisions",
      hint: "apply what is pending (uniq) with: migrate upgrade heads",
    };
    expect(await away(of)).toEqual([pending]);
    const elsewhere = async () => {
      const words = ["revision", "--autogenerate", "-m", "b", "--desired", url];
      const { stderr } = await migrateHere(words, { cwd: of.folder, env: { DATABASE_URL: server.url() } });
      return stderr;
    };
    expect(await elsewhere()).toContain(
      "hint: apply what is pending (uniq) with: migrate upgrade --database URL heads\n",
    );
    await query(url, "ALTER TABLE retort.intent SET SCHEMA public");
    expect(await elsewhere()).toMatch(
      /the desired database: the ledger retort is inconsistent.*\n.* with: migrate repair --database URL\n$/,
    );
    await query(url, "ALTER TABLE public.intent SET SCHEMA retort");

    await of.upgrade(url);
    const without = project({ users: files.users });
    expect(await away(without)).toMatchObject([
      {
        message: "the desired database has revisions that are no migrations here",
        hint: "see what to do about uniq with: migrate status",
      },
    ]);
    const { created } = await generate(of, url, { desired: url });
    expect(readFileSync(join(of.folder, created[0]!.files[0]!), "utf8")).toMatch(
      /\n\nALTER TABLE public\.users ADD COLUMN phone text;\n$/,
    );
    await of.run(url, { kind: "stamp", targets: [created[0]!.revision] });
    expect((await generate(of, url, { desired: url })).created).toEqual([]);

    // Without a ledger it is a model, which need not have the role of the migrations.
    await query(url, "DROP SCHEMA retort CASCADE");
    const model = await generate(project(files, { role: "nobody_here" }), url, { desired: url });
    expect(model.created).toHaveLength(1);
  });

  test("a database that was emptied by dropping public: what the migration then changes there is told, with a way back", async () => {
    const { url } = await ownDatabase(server);
    const of = project({});
    await query(url, "DROP SCHEMA public; CREATE SCHEMA public");
    const { created, notes } = await generate(of, url, { desired: url });
    expect(created).toHaveLength(1);
    const back = /run in the desired database as a superuser: (ALTER SCHEMA .*); then generate/.exec(
      notes[0]!,
    );
    await query(url, back![1]!);
    const again = await generate(project({}), url, { desired: url });
    expect(again).toMatchObject({ created: [], notes: [] });
  });
});

test.skipIf(servers().length < 2)(
  "another version is named, also where it is why nothing is written",
  async () => {
    const [newer, older] = servers() as [TestServer, TestServer];
    const of = project({ a: { up: "CREATE TABLE users (id bigint);", down: "DROP TABLE users;" } });
    const [{ url }, desired] = [await ownDatabase(older), await ownDatabase(newer)];
    const wanted = "CREATE TABLE users (id bigint, code bigint DEFAULT random(1, 9))";
    const generate = (...args: string[]) => {
      const common = ["revision", "--autogenerate", "-m", "b", "--directory", of.folder, "--database", url];
      return migrateHere([...common, ...args], { cwd: of.folder });
    };
    await query(desired.url, wanted);
    const refused = await generate("--desired", desired.url);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      `warning: the desired database is of PostgreSQL ${newer.major}, the scratch database of PostgreSQL ${older.major}: `,
    );
    schemaFolder(of, wanted);
    const written = await generate("--scratch", newer.url());
    expect(written.code).toBe(0);
    expect(written.stderr).toContain(`; it proves nothing for PostgreSQL ${older.major}\n`);
  },
);
