/** `-- batch: …` above a statement: what it says, what is wrong with it, and the block that comes of it. */
import { describe, expect, test } from "vitest";
import { type BatchDirective, batchBlock, batchFault, directiveIn, readable } from "../../src/core/batch.ts";

describe("the directive", () => {
  test.each<[string, BatchDirective]>([
    ["-- batch: 1000\n", { size: 1000, pause: 0 }],
    ["-- why\n--batch:50\n", { size: 50, pause: 0 }],
    ["-- batch: 1000, pause 100ms\n", { size: 1000, pause: 0.1 }],
    ["-- batch: 1000 pause 2s\n", { size: 1000, pause: 2 }],
    ["-- batch: 1000, pause 1.5 min\n", { size: 1000, pause: 90 }],
    [
      "-- batch: 1000 by shop.orders.id\n",
      { size: 1000, pause: 0, key: { table: ["shop", "orders"], column: "id" } },
    ],
    ["-- batch: 7 by t.id, pause 1s\n", { size: 7, pause: 1, key: { table: ["t"], column: "id" } }],
    ["-- batch: 1\n-- batch: 2\n", { size: 2, pause: 0 }],
  ])("%j", (comments, directive) => {
    expect(directiveIn(comments)).toEqual(directive);
  });

  test.each(["0", "-1", "many", "1000 rows", "1000 by id", "1000, pause", "1000 pause 1", "1e3", "1000;"])(
    "'%s' is none",
    (written) => {
      expect(directiveIn(`-- a\n  -- batch: ${written}\n`)).toMatchObject({
        fault: { code: "source/batch", message: `invalid batch '${written}'` },
        start: 7,
        end: 17 + written.length,
      });
    },
  );

  test.each(["", "-- a batch: 1000\n", "-- batches: 3\n"])("%j is prose", (comments) =>
    expect(directiveIn(comments)).toBeUndefined(),
  );
});

describe("a comment that is none", () => {
  test.each<[string, string]>([
    ["-- batch 1000", "-- batch: 1000"],
    ["-- batch = 1000", "-- batch: 1000"],
    ["-- Batch: 1000", "-- batch: 1000"],
    ["-- batch : 1000", "-- batch: 1000"],
    ["-- batch-size: 1000", "-- batch: 1000"],
    ["--- batch: 1000 rows", "-- batch: 1000"],
    ["/* batch: 1000, pause 1s */", "-- batch: 1000, pause 1s"],
    ["-- BATCH SIZE 500 by shop.orders.id", "-- batch: 500 by shop.orders.id"],
  ])("%s is said to be one", (line, meant) => {
    const comments = `-- why\n  ${line}\r\n-- more\n`;
    const found = directiveIn(comments, { tag: "UPDATE" });
    expect(found).toMatchObject({
      fault: {
        code: "source/batch",
        hint: `write '${meant}'; if it is meant as a comment, word it otherwise`,
      },
    });
    const { start, end } = found as { readonly start: number; readonly end: number };
    expect(comments.slice(start, end)).toBe(line);
    expect(directiveIn(comments, { tag: "VACUUM" })).toBeUndefined();
    expect(directiveIn(`${comments}-- batch: 7\n`, { tag: "UPDATE" })).toEqual({ size: 7, pause: 0 });
  });

  test.each([
    "-- batch of rows from 2020",
    "-- batch 3",
    "-- Batch: 3 of 7",
    "-- batch 1000 rows were left behind",
    "-- batches: 1000",
    "-- a batch 1000",
  ])("%s is prose", (line) => expect(directiveIn(`${line}\n`, { tag: "UPDATE" })).toBeUndefined());

  test.each([
    "-- batch 10",
    "-- batch 99",
    "-- batches: 1000",
    "-- Batch: 5",
    "-- batch = 5",
    "-- batch 5 rows",
    "-- batch size 5",
    "-- batch size of 5",
    "-- batches of 5",
    "-- batch 5, pause 1s",
  ])("%s is said to be one where a query is limited to 10 rows", (line) => {
    const below = { tag: "DELETE", limit: 10 };
    expect(directiveIn(`${line}\n`, below)).toMatchObject({
      fault: {
        code: "source/batch",
        hint: expect.stringMatching(/^write '-- batch: \d+(, pause 1s)?' and LIMIT :batch_size; if/),
      },
    });
    expect(directiveIn(`${line}\n`, { ...below, tag: "INSERT" })).toBeUndefined();
  });

  test.each(["-- batch 3", "-- batches: 7", "-- batch 30 of the fix", "-- batch of 10 customers"])(
    "%s is prose there too",
    (line) => expect(directiveIn(`${line}\n`, { tag: "DELETE", limit: 10 })).toBeUndefined(),
  );
});

describe("what is wrong", () => {
  const simple: BatchDirective = { size: 10, pause: 0 };
  const byKey: BatchDirective = { ...simple, key: { table: ["t"], column: "id" } };
  test.each<[string, string, BatchDirective | undefined, RegExp | undefined, RegExp?]>([
    ["UPDATE t SET a = 1 WHERE id IN (SELECT id FROM t LIMIT :batch_size)", "UPDATE", simple, undefined],
    ["UPDATE t SET a = 1 WHERE id >= :batch_from AND id < :batch_to", "UPDATE", byKey, undefined],
    ["UPDATE t SET a = 1", "UPDATE", simple, /must use :batch_size/],
    ["UPDATE t SET a = ':batch_size' -- :batch_size", "UPDATE", simple, /must use :batch_size/],
    ["UPDATE t SET a = 1 WHERE id >= :batch_from", "UPDATE", byKey, /:batch_from and :batch_to/],
    [
      "UPDATE t SET a = :batch_to LIMIT :batch_size",
      "UPDATE",
      simple,
      /no other placeholder/,
      /; for a batch by a key, write '-- batch: 1000 by TABLE.COLUMN'$/,
    ],
    [
      "VACUUM t",
      "VACUUM",
      simple,
      /^VACUUM cannot run in batches/,
      /^a batch is an INSERT, UPDATE, DELETE or MERGE$/,
    ],
    ["SELECT :batch_size", "SELECT", undefined, /^:batch_size is used/, /^a batch is an INSERT/],
    [
      "UPDATE t SET a = 1 WHERE id >= :batch_from AND id < :batch_to",
      "UPDATE",
      undefined,
      /^:batch_from, :batch_to are used in a statement that is not a batch/,
      /^add '-- batch: 1000 by TABLE\.COLUMN' on the line above/,
    ],
    [
      "DELETE FROM t LIMIT :batch_size",
      "DELETE",
      undefined,
      /^:batch_size is used in a statement that is not a batch/,
      /^add '-- batch: 1000' on the line above/,
    ],
    ["SELECT ':batch_size', x::batch_size, $$ :batch_to $$ -- :batch_from", "SELECT", undefined, undefined],
  ])("%s", (sql, tag, directive, message, hint = /./) => {
    const fault = batchFault(sql, tag, directive);
    if (message === undefined) expect(fault).toBeUndefined();
    else
      expect(fault).toMatchObject({
        code: "source/batch",
        message: expect.stringMatching(message),
        hint: expect.stringMatching(hint),
      });
  });
});

test("the block holds the author's statement, says where it is, and keeps what only looks like a placeholder", () => {
  const statement = "UPDATE t SET a = ':batch_size $$' WHERE id IN (SELECT id FROM t LIMIT :batch_size);";
  const { sql, offset } = batchBlock(statement, { size: 10, pause: 0.5 });
  expect(sql.slice(offset)).toMatch(
    /^UPDATE t SET a = ':batch_size \$\$' WHERE id IN \(SELECT id FROM t LIMIT {2}retort\.batch_size\);\n/,
  );
  expect(sql).toMatch(
    /^DO \$(\w+)\$\n#variable_conflict use_column\n<<retort>>\n[\s\S]*EXIT WHEN changed = 0;\n {4}COMMIT;[\s\S]*pg_sleep\(0\.5\)[\s\S]*\$\1\$;$/,
  );
  expect(
    batchBlock("DELETE FROM t WHERE i >= :batch_from AND i < :batch_to;", {
      size: 3,
      pause: 0,
      key: { table: ["S", "t"], column: "i d" },
    }).sql,
  ).toContain('SELECT min("i d") INTO batch_from FROM "S"."t" WHERE "i d" >= retort.batch_to;');
});

test("a grammar reads what it cannot know, each offset where it was", () => {
  expect(readable("LIMIT :batch_size;\nx >= :batch_from")).toBe("LIMIT 1          ;\nx >= 1          ");
  expect(readable("no placeholder")).toBe("no placeholder");
});
