/** A session outside a transaction → the catalog of its database, read in one transaction that only reads. */

import { type Catalog, type CatalogRow, catalogOf } from "../core/catalog/catalog.ts";
import { catalogSql } from "../core/catalog/query.ts";
import { explainQuery } from "../core/explain.ts";
import { majorOf } from "../core/server-version.ts";
import { type Session, StatementFailure } from "./session/types.ts";

/** Without the ledger's schema, if it is named. Throws `MigrateError` of kind execution. */
export async function readCatalog(session: Session, ledgerSchema?: string): Promise<Catalog> {
  const major = majorOf(session.version.number);
  try {
    return catalogOf(major, await session.read({ sql: catalogSql(major, ledgerSchema), row }));
  } catch (error) {
    throw error instanceof StatementFailure ? explainQuery(error, false) : error;
  }
}

/** The query is ours: what it promises it gives, and a check of each row would take as long as to read it. */
const row = { parse: (given: unknown): CatalogRow => given as CatalogRow };
