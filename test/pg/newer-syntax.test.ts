/** What is said to have come with a major version, and what is said of PostgreSQL's own functions → what the servers say. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FEATURES } from "../../src/core/newer-syntax.ts";
import { STABLE, VOLATILE } from "../../src/core/statement/builtin-functions.ts";
import { freshDatabase, query, servers, type TestDatabase, withClient } from "../support/server.ts";

describe.each(servers())("on $name", (server) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshDatabase(server);
  });
  afterAll(() => database.drop());

  test.each(FEATURES)("$name: $since", async ({ since, example, name }) => {
    // A server before 15 takes it for a number with a label.
    if (name.startsWith("a number") && server.major < 15) return;
    const code = await withClient(database.url, async (client) => {
      await client.query("SET statement_timeout = '10s'; BEGIN");
      return client.query(example).then(
        () => undefined,
        (error: { code?: string }) => error.code,
      );
    });
    const refused = ["42601", "0A000", "22023"]; // syntax, not supported, unknown parameter
    if (server.major < since) expect(refused).toContain(code);
    else expect(refused).not.toContain(code);
  });

  test("the functions that are taken for harmless are PostgreSQL's, and as volatile as is said", async () => {
    const names = (text: string): readonly string[] => text.trim().split(/\s+/);
    const rows = await query<{ name: string; volatile: boolean }>(
      database.url,
      `SELECT proname::text AS name, bool_or(provolatile = 'v') AS volatile FROM pg_proc
       WHERE pronamespace = 'pg_catalog'::regnamespace GROUP BY proname`,
    );
    const volatile = new Map(rows.map((row) => [row.name, row.volatile]));
    expect(names(STABLE).filter((name) => volatile.get(name) === true)).toEqual([]);
    const gone = [...names(STABLE), ...names(VOLATILE)].filter((name) => !volatile.has(name));
    if (server.major >= 18) expect(gone).toEqual(GONE_BY_18);
  });
});

/** What only older servers have. */
const GONE_BY_18 = ["pg_backup_start_time", "pg_timezone_abbrevs"];
