/** The service's queries, on a database of this file's own. TEST_DATABASE_URL names a server for it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { withMigratedDatabase } from "pgretort/test";

describe("users", () => {
  const database = withMigratedDatabase({ before, after }, { scratch: process.env.TEST_DATABASE_URL });
  let pool;
  before(() => {
    pool = database.use(new pg.Pool(database.pool));
  });

  test("an address is that of one user", async () => {
    const insert = "INSERT INTO users (email, name) VALUES ('ann@example.com', 'Ann')";
    await pool.query(insert);
    await assert.rejects(pool.query(insert), { code: "23505" });
  });
});
