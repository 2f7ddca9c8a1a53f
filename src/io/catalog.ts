/** A session outside a transaction → the catalog of its database, read in one transaction that only reads. */

import { type Catalog, type CatalogRow, catalogOf } from "../core/catalog/catalog.ts";
import { catalogSql } from "../core/catalog/query.ts";
import { MigrateError } from "../core/errors.ts";
import { explainQuery } from "../core/failure/explain.ts";
import { strangersHint } from "../core/ledger/format.ts";
import { strangersSql } from "../core/ledger/queries.ts";
import { majorOf } from "../core/server-version.ts";
import { type Session, StatementFailure } from "./session/types.ts";

/**
 * Without the ledger's schema, if it is named. Throws `state/guard` where that schema has more than the ledger, and
 * `MigrateError` of kind execution.
 */
export async function readCatalog(session: Session, ledgerSchema?: string): Promise<Catalog> {
  const major = majorOf(session.version.number);
  for (let left = CHANGES; ; left -= 1) {
    try {
      if (ledgerSchema !== undefined) await refuseStrangers(session, ledgerSchema);
      return catalogOf(major, await session.read({ sql: catalogSql(major, ledgerSchema), row }));
    } catch (error) {
      if (!(error instanceof StatementFailure)) throw error;
      if (error.sqlstate !== VANISHED || left === 0) throw explainQuery(error, false);
    }
  }
}

/**
 * The functions that write a definition see what is there now, and not what was there when the query began: "could not open
 * relation with OID ..." says that another session has dropped it meanwhile. Then it is read anew.
 */
const VANISHED = "XX000";
/** More of them in a row are no accident. */
const CHANGES = 5;

/** A catalog without that schema would hide them. */
async function refuseStrangers(session: Session, schema: string): Promise<void> {
  const name = {
    parse: (given: unknown) => given as { readonly name: string; readonly moves: string | null },
  };
  const [first] = await session.read({ sql: strangersSql(schema), row: name });
  if (first === undefined) return;
  throw new MigrateError({
    code: "state/guard",
    message: `the schema ${schema} has objects that are not the ledger's, such as ${first.name}`,
    hint: strangersHint(schema, first.moves ?? undefined),
  });
}

/** The query is ours: what it promises it gives, and a check of each row would take as long as to read it. */
const row = { parse: (given: unknown): CatalogRow => given as CatalogRow };
