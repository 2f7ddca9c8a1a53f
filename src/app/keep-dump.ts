/** A session on a database → its schema as a value; and as SQL in the file that the configuration names for it. */
import type { Catalog } from "../core/catalog/catalog.ts";
import { ignoredIn } from "../core/catalog/compare.ts";
import { otherLedgers, withoutSchemas } from "../core/catalog/ledgers.ts";
import { dumpOf, dumpText } from "../core/dump/dump.ts";
import { MigrateError } from "../core/errors.ts";
import { outputs } from "../core/outputs.ts";
import { readCatalog } from "../io/catalog.ts";
import type { Config } from "../io/config.ts";
import { sessionState } from "../io/queries.ts";
import type { Notice, Session } from "../io/session/types.ts";
import type { Deps } from "./project.ts";
import { writeOutputs } from "./write-output.ts";

export interface Schema {
  readonly catalog: Catalog;
  /** The role that migrations run as: what it owns needs no word. */
  readonly owner: string;
}

/**
 * What is in a session's database but for ledgers, other projects' too, and what the configuration or these patterns ignore;
 * and the role that migrations run as.
 */
export async function schemaOf(
  session: Session,
  { ledger, ignore, session: { role } }: Pick<Config, "ledger" | "ignore" | "session">,
  patterns: readonly string[] = [],
): Promise<Schema> {
  const read = await readCatalog(session, ledger.schema);
  const catalog = withoutSchemas(read, otherLedgers(read));
  const isIgnored = ignoredIn([...ignore, ...patterns], [catalog]);
  return {
    catalog: { ...catalog, objects: catalog.objects.filter((object) => !isIgnored(object)) },
    owner: role ?? (await sessionState(session)).user,
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
    const pieces = [dumpText(dumpOf(catalog, owner))];
    await writeOutputs(deps, outputs.dump, [{ path: config.dumpFile, pieces }]);
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    const message = `${config.dumpFile} was not written: ${error.message}`;
    onNotice?.({ severity: "WARNING", message });
  }
}
