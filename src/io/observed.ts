/** A session → what its open transaction has done to the relations of its database. */
import sql from "../../sql/trace/observed.sql";
import type { ObservedRelation } from "../core/effects/observed.ts";
import type { Session } from "./session/types.ts";

/** All but what lies in the ledger's schema. */
export async function observed(session: Session, ledgerSchema: string): Promise<readonly ObservedRelation[]> {
  const rows = await session.read({ sql, row: { parse: (row) => row as ObservedRelation } });
  return rows.filter(({ schema }) => schema !== ledgerSchema);
}
