/** A CREATE INDEX CONCURRENTLY → the same over a copy of its table. */
import { expect, test } from "vitest";
import { twinOf } from "../../src/core/statement/twin.ts";

test.each([
  ["CREATE INDEX CONCURRENTLY i ON t (x);", "CREATE INDEX i ON pg_temp.t (x)"],
  ["CREATE INDEX CONCURRENTLY i ON t (x)", "CREATE INDEX i ON pg_temp.t (x)"],
  [
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY s.t (x) WHERE x > 0;",
    "CREATE UNIQUE INDEX IF NOT EXISTS i ON ONLY pg_temp.t (x) WHERE x > 0",
  ],
  ['CREATE INDEX concurrently ON "S"."a.b" (x);', 'CREATE INDEX ON pg_temp."a.b" (x)'],
  ["CREATE INDEX CONCURRENTLY i ON t (x) -- why\n;", "CREATE INDEX i ON pg_temp.t (x) -- why\n"],
])("%j", (sql, twin) => expect(twinOf(sql)).toBe(twin));

test.each(["CREATE INDEX i ON t (x);", "CREATE INDEX i ON concurrently (x);", "SELECT 1;"])(
  "%j has none",
  (sql) => expect(twinOf(sql)).toBeUndefined(),
);
