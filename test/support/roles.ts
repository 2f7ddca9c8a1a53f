/** A test gets a role of its own on a server: what it may do goes in, its name and address come out. */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { onTestFinished } from "vitest";
import { query, type TestServer } from "./server.ts";

export interface TestRole {
  readonly name: string;
  /** The address of a database, as this role. */
  readonly url: (database: string) => string;
}

/**
 * Creates a role with `options` (`LOGIN NOINHERIT`; `:role` is its quoted name in SQL behind a `;`). It is dropped when
 * the running test ends, after the databases that were made later. `name` gets a random end.
 */
export async function ownRole(server: TestServer, options: string, name = "retort_test"): Promise<TestRole> {
  const own = `${name}_${randomBytes(6).toString("hex")}`;
  const role = pg.escapeIdentifier(own);
  const [flags, ...more] = options.split(";");
  await query(server.url(), `CREATE ROLE ${role} PASSWORD 'role-pw' ${flags}`);
  for (const sql of more) await query(server.url(), sql.replaceAll(":role", role));
  onTestFinished(async () => {
    await query(server.url(), `DROP ROLE ${role}`);
  });
  return {
    name: own,
    url: (database) => {
      const url = new URL(server.url(database));
      url.username = encodeURIComponent(own);
      url.password = "role-pw";
      return url.href;
    },
  };
}
