/** A session → the setups or the changes of all one-change cases on its database, each in the schema of its name. */
import type { Session } from "../../src/io/session/types.ts";
import { type Change, changes } from "./changes.ts";

/** The schema of a case: `c001`. */
export const nameOf = (index: number): string => `c${String(index + 1).padStart(3, "0")}`;

export const sqlOf = (sql: string, name: string, role: string): string =>
  sql.replaceAll("CASE", name).replaceAll("ROLE", role);

/** Sends those that the session's server can do. */
export async function sendChanges(session: Session, which: "setup" | "change", role: string): Promise<void> {
  for (const [index, each] of changes.entries()) {
    if (!canDo(each, session)) continue;
    const name = nameOf(index);
    const schema = which === "setup" ? `CREATE SCHEMA ${name};` : "";
    await session
      .send(`${schema} SET search_path = ${name}; ${sqlOf(each[which], name, role)}`)
      .catch((error: Error) => {
        throw new Error(`${which} of ${each.sees} (${name}): ${error.message}`, { cause: error });
      });
  }
}

export const canDo = ({ since = 12, needs }: Change, { kind, version }: Session): boolean =>
  version.number >= since * 10_000 && (needs === undefined || kind === "server");

/** A database with a subscription cannot be dropped. */
export async function dropSubscriptions(session: Session): Promise<void> {
  const row = { parse: (given: unknown) => given as { readonly name: string } };
  const sql = `SELECT s.subname AS name FROM pg_subscription AS s
    JOIN pg_database AS d ON d.oid = s.subdbid WHERE d.datname = current_database()`;
  for (const { name } of await session.read({ sql, row })) await session.send(`DROP SUBSCRIPTION ${name}`);
}
