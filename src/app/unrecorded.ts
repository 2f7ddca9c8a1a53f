/** A database whose ledger never had a row → the other tool that has run the project's migrations there, and what to type. */

import type { VersionRow } from "../core/adopt/applied.ts";
import { tools } from "../core/adopt/tools.ts";
import { numberIn, ranOf, toolOfTable } from "../core/adopt/version-tables.ts";
import { ignoredIn } from "../core/catalog/compare.ts";
import { MigrateError } from "../core/errors.ts";
import type { Graph } from "../core/graph.ts";
import { recordedIn } from "../core/ledger/recorded.ts";
import type { LedgerState } from "../core/ledger/types.ts";
import type { RevisionId } from "../core/migration.ts";
import { qualified } from "../core/quote.ts";
import { shellWord } from "../core/shell.ts";
import { currentHeads } from "../core/steps.ts";
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
  { config, ledger, migrations, dormant, graph }: Project,
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
    const ran = ranOf(rows, ids);
    if (ran.length === 0) continue;
    if (format !== undefined && recordedIn(await readLog(session, ledger, 0)).size > 0) return undefined;
    return {
      message: `the table ${table} says that ${tool.name} has run migrations of this project on this database, and the ledger records none of them`,
      hint: `${recording(tool.name, rows, ran, graph)}\nif that is the table of another program, add ${JSON.stringify(identity.join("."))} to "ignore" in ${configFile(config)}`,
    };
  }
  return undefined;
}

/** Those that were written by hand, with the versions as ids, are no migrations that `adopt` knows. */
function recording(
  tool: string,
  rows: readonly VersionRow[],
  ran: readonly RevisionId[],
  graph: Graph,
): string {
  if (!ran.every((id) => numberIn(id)?.isAdopted === false))
    return `record them, with the folder of ${tool}: migrate adopt FOLDER --from-database --yes`;
  const last = rows.some(({ dirty }) => dirty) ? [] : currentHeads(graph, ran);
  const targets = last.length === 0 ? ["REVISION"] : last.map(shellWord);
  return `record those that it has run, where their files have the same SQL: migrate stamp ${targets.join(" ")}`;
}

/** Throws `state/not-recorded`. */
export async function refuseUnrecorded(...where: Parameters<typeof unrecorded>): Promise<void> {
  const fault = await unrecorded(...where);
  if (fault !== undefined) throw new MigrateError({ code: "state/not-recorded", ...fault });
}
