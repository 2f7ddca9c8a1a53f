/** A session on a database → its schema as a value; and as SQL in the file that the configuration names for it. */
import type { Catalog } from "../core/catalog/catalog.ts";
import { dumpOf, dumpText } from "../core/dump/dump.ts";
import { MigrateError } from "../core/errors.ts";
import { readCatalog } from "../io/catalog.ts";
import type { Config } from "../io/config.ts";
import { replaceFile } from "../io/files.ts";
import { sessionRole } from "../io/queries.ts";
import type { Notice, Session } from "../io/session/types.ts";
import type { Deps } from "./project.ts";

export interface Schema {
  readonly catalog: Catalog;
  /** The role that migrations run as: what it owns needs no word. */
  readonly owner: string;
}

/** What is in a session's database but for the ledger, and the role that migrations run as. */
export async function schemaOf(
  session: Session,
  { ledger, session: { role } }: Pick<Config, "ledger" | "session">,
): Promise<Schema> {
  return {
    catalog: await readCatalog(session, ledger.schema),
    owner: role ?? (await sessionRole(session)),
  };
}

/**
 * Writes the file of `dump.file`, if one is configured, behind a run. A run that is done does not fail for it: what stands in
 * the way is a notice.
 */
export async function keepDump(
  deps: Deps,
  session: Session,
  config: Config,
  onNotice: ((notice: Notice) => void) | undefined,
): Promise<void> {
  if (config.dumpFile === undefined) return;
  try {
    const { catalog, owner } = await schemaOf(session, config);
    await replaceFile(config.dumpFile, [dumpText(dumpOf(catalog, owner))], deps);
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    const message = `${config.dumpFile} was not written: ${error.message}`;
    onNotice?.({ severity: "WARNING", message });
  }
}
