/** A database whose ledger never had a row → the other tool that has run the project's migrations there, and what to type. */

import { tools } from "../core/adopt/tools.ts";
import { hasRun, toolOfTable } from "../core/adopt/version-tables.ts";
import { ignoredIn } from "../core/catalog/compare.ts";
import { MigrateError } from "../core/errors.ts";
import { recordedIn } from "../core/ledger/recorded.ts";
import type { LedgerState } from "../core/ledger/types.ts";
import { qualified } from "../core/quote.ts";
import { configFile } from "../io/config.ts";
import { readLog, readVersions, tablesNamed } from "../io/queries.ts";
import { type Session, StatementFailure } from "../io/session/types.ts";
import { asTold } from "./as-told.ts";
import type { Project } from "./project.ts";

export interface Unrecorded {
  readonly message: string;
  readonly hint: string;
}

/**
 * An upgrade would run a second time what that tool has run. Undefined where the ledger has, or had, a row; where the
 * configuration ignores the table; and where no row of it is a migration of the project.
 */
export async function unrecorded(
  project: Project,
  session: Session,
  state: LedgerState,
): Promise<Unrecorded | undefined> {
  if (state.applied.length > 0 || state.intent !== undefined) return undefined;
  try {
    return await found(project, session, state);
  } catch (error) {
    throw asTold(error);
  }
}

async function found(
  { config, ledger, migrations, dormant }: Project,
  session: Session,
  { format }: LedgerState,
): Promise<Unrecorded | undefined> {
  const ids = [...migrations.keys(), ...dormant.map(({ revision }) => revision)];
  const isIgnored = ignoredIn(config.ignore, []);
  for (const each of await tablesNamed(session, [...new Set(tools.map(({ table }) => table.name))])) {
    const tool = toolOfTable(each);
    const identity = [each.schema, each.name];
    if (tool === undefined || isIgnored({ class: "table", identity, properties: {} })) continue;
    const table = qualified(...identity);
    const rows = await readVersions(session, tool.table.query(table)).catch((error: unknown) => {
      // Who may not read it is not told what it says.
      if (error instanceof StatementFailure && !error.lost) return [];
      throw error;
    });
    if (!hasRun(rows, ids)) continue;
    if (format !== undefined && recordedIn(await readLog(session, ledger, 0)).size > 0) return undefined;
    return {
      message: `the table ${table} says that ${tool.name} has run migrations of this project on this database, and the ledger records none of them`,
      hint: `record them, with the folder of ${tool.name}: migrate adopt FOLDER --from-database --yes\nif that is the table of another program, add ${JSON.stringify(identity.join("."))} to "ignore" in ${configFile(config)}`,
    };
  }
  return undefined;
}

/** Throws `state/not-recorded`. */
export async function refuseUnrecorded(...where: Parameters<typeof unrecorded>): Promise<void> {
  const fault = await unrecorded(...where);
  if (fault !== undefined) throw new MigrateError({ code: "state/not-recorded", ...fault });
}
