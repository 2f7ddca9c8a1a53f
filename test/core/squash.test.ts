/** Files that become one: what stands between them, and what is left out. */
import { expect, test } from "vitest";
import type { Migration } from "../../src/core/migration.ts";
import { defaultPins } from "../../src/core/plan/session.ts";
import { squashedBody } from "../../src/core/squash.ts";
import { createGrammar } from "../../src/io/grammar.ts";
import { migrationFile } from "../support/file.ts";

async function squashed(texts: readonly string[], lean = true, pins = defaultPins) {
  const grammar = createGrammar();
  const files = [];
  for (const [index, text] of texts.entries()) {
    const file = { ...migrationFile(text), source: { path: `m/${index}.up.sql`, text } };
    files.push({ file, statements: await grammar.statements(file) });
  }
  const migrations = files.map(({ file }) => ({ up: file, down: file })) as unknown as readonly Migration[];
  return squashedBody(migrations, { up: files, down: [] }, pins, { lean, outside: false });
}

test.each([
  ["SET search_path = ''", "RESET search_path;"],
  ["SELECT pg_catalog.set_config('search_path', '', false)", "RESET search_path;"],
  ["SET lock_timeout = '1s'", "SET lock_timeout = '5s';"],
  ["SET TIME ZONE 'CET'", "SET TimeZone = 'UTC';"],
  ["SET NAMES 'UTF8'", "RESET client_encoding;"],
  ["SET ROLE ann", "RESET ROLE;"],
  ["SET SESSION AUTHORIZATION ann", "SET SESSION AUTHORIZATION DEFAULT;"],
])("behind a file that says %s, the next begins as it did", async (sql, restored) => {
  const { up } = await squashed([`${sql};`, "SELECT 1;", sql]);
  expect(up).toBe(
    `\n-- 0.up.sql\n\n${sql};\n\n${restored}\n\n-- 1.up.sql\n\nSELECT 1;\n\n-- 2.up.sql\n\n${sql};\n`,
  );
});

test.each([
  "SET LOCAL work_mem = '1MB'",
  "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
  "SET CONSTRAINTS ALL DEFERRED",
])("%s needs nothing", async (sql) => {
  const { up } = await squashed([`${sql};`, "SELECT 1;"]);
  expect(up).toBe(`\n-- 0.up.sql\n\n${sql};\n\n-- 1.up.sql\n\nSELECT 1;\n`);
});

test("what is created and dropped again is left out with all that is about it, and nothing else", async () => {
  const texts = [
    `CREATE TABLE a.t (id int); CREATE TABLE t (id int); CREATE UNIQUE INDEX i ON a.t (id); COMMENT ON COLUMN a.t.id IS 'x';
     COMMENT ON TABLE t IS 'y'; INSERT INTO a.t VALUES (1); GRANT SELECT ON a.t TO PUBLIC;`,
    `ALTER TABLE ONLY a.t ADD COLUMN n int; INSERT INTO t SELECT 1; DROP TABLE a.t; CREATE TABLE a.t (id bigint);`,
  ];
  const { up, leftOut } = await squashed(texts);
  expect(leftOut).toEqual(["table a.t"]);
  const statements = up.split("\n").filter((line) => /^[A-Z]/.test(line));
  expect(statements).toEqual([
    "CREATE TABLE t (id int);",
    "COMMENT ON TABLE t IS 'y';",
    "INSERT INTO t SELECT 1;",
    "CREATE TABLE a.t (id bigint);",
  ]);
  expect((await squashed(texts, false)).leftOut).toEqual([]);
});
