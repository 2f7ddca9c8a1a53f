/** A database that another tool has migrated → our ledger, stamped to where the tool left it. */
import type { AdoptedMigration } from "../core/adopt/adopt.ts";
import { lastApplied } from "../core/adopt/applied.ts";
import { recordedByHand, type Tool } from "../core/adopt/tools.ts";
import { MigrateError } from "../core/errors.ts";
import { fewOf } from "../core/few.ts";
import { ledgerOf } from "../core/ledger/calls.ts";
import { recordedIn } from "../core/ledger/recorded.ts";
import type { RevisionId } from "../core/migration.ts";
import type { Plan } from "../core/plan/types.ts";
import { qualified } from "../core/quote.ts";
import { shellWord } from "../core/shell.ts";
import { idsOf } from "../core/steps.ts";
import { readLog, readVersions, tablesNamed } from "../io/queries.ts";
import { type Session, StatementFailure } from "../io/session/types.ts";
import { adoptedProject, readAdoption } from "./adopt.ts";
import { asTold } from "./as-told.ts";
import { connect } from "./connect.ts";
import { commonOptions, type Deps, openConfig, type ProjectOptions } from "./project.ts";
import { run } from "./run.ts";

export interface AdoptDatabaseOptions extends ProjectOptions {
  /** The other tool's folder, relative to the working directory; its files must have been adopted. */
  readonly folder: string;
  readonly tool?: string | undefined;
  /** The tool's version table, `name` or `schema.name`. Default: as the tool names it, in whichever schema it is. */
  readonly table?: string | undefined;
  /** Stamp; without it only what would be stamped is found out. */
  readonly write?: boolean | undefined;
}

export interface AdoptedDatabase {
  /** The database that was asked: `deploy@db.example:5432/shop`. */
  readonly database: string;
  /** The version table, as SQL writes it. */
  readonly table: string;
  /** The last migrations that the tool has run: several where they branch, none where none was run. */
  readonly last: readonly AdoptedMigration[];
  /** Revisions that were stamped, or would be. */
  readonly stamped: readonly RevisionId[];
  /** Heads of the ledger that are not among `last`: Retort has gone further there. They stay as they are. */
  readonly ahead: readonly RevisionId[];
  /** Revisions that the tool has run, and that were taken out of the ledger since they were in it: nothing is stamped. */
  readonly takenBack: readonly RevisionId[];
  readonly done: boolean;
}

/**
 * Reads the tool's version table, and stamps to the last migrations it has run. No row of the ledger is deleted: where it is
 * at them or ahead of them nothing is done, nor where they were taken back. Throws what `lastApplied` and `run` throw, and
 * `state/no-version-table`, `state/taken-back`, `usage/several-version-tables`.
 */
export async function adoptDatabase(deps: Deps, options: AdoptDatabaseOptions): Promise<AdoptedDatabase> {
  const config = await openConfig(deps, options);
  const { tool, adoption } = await readAdoption(deps, config, { ...options, table: undefined }, "rows");
  // Where they are not adopted, nothing of the database helps.
  const project = await adoptedProject(deps, options, config, []);
  const session = await connect(deps, config, { asksContents: true });
  const { database } = session;
  let found: Pick<AdoptedDatabase, "table" | "last">;
  let recorded: ReadonlySet<RevisionId>;
  try {
    recorded = recordedIn(await readLog(session, ledgerOf(config.ledger), 0));
    const newest = recorded.size === 0 ? adoption.migrations.at(-1)?.revision : undefined;
    const stampable = newest !== undefined && project.migrations.has(newest) ? newest : undefined;
    const table = await versionTable(session, tool, options.table, stampable);
    const rows = await rowsOf(session, tool, table);
    found = { table, last: lastApplied(adoption.migrations, rows, tool.name, tool.table) };
  } catch (error) {
    throw asTold(error, deps.signal);
  } finally {
    await session.close();
  }
  const { last } = found;
  const targets = last.map(({ revision }) => revision);
  await adoptedProject(deps, options, config, last);
  const request = { kind: "stamp", targets, onlyAdds: true } as const;
  // The old table says what the tool has done, not what was done since.
  const takenBackIn = ({ steps }: Plan): readonly RevisionId[] =>
    idsOf(steps).filter((revision) => recorded.has(revision));
  const { plan, steps, done } = await run(deps, request, {
    ...commonOptions(options),
    dryRun: options.write !== true,
    confirm: async (plan) => takenBackIn(plan).length === 0,
  });
  const takenBack = takenBackIn(plan);
  const others = idsOf(plan.steps).filter((revision) => !takenBack.includes(revision));
  if (takenBack.length > 0 && others.length > 0) throw partlyTakenBack(takenBack, others, plan.to);
  const stamped = takenBack.length > 0 ? [] : idsOf(steps);
  const ahead = plan.to.filter((head) => !targets.includes(head));
  return { database, ...found, stamped, ahead, takenBack, done };
}

/** What is said where nothing is stamped, and what records it all the same. */
export const takenBackText = (takenBack: readonly RevisionId[], heads: readonly RevisionId[]) => ({
  message: `${fewOf(takenBack)} ${takenBack.length === 1 ? "was" : "were"} recorded here before, and taken back since`,
  hint: `if the database has ${takenBack.length === 1 ? "it" : "them"} all the same, record that: migrate stamp ${heads.map(shellWord).join(" ")}`,
});

/** What the tool has run beside them cannot be told from what was taken back with them. */
function partlyTakenBack(
  takenBack: readonly RevisionId[],
  others: readonly RevisionId[],
  heads: readonly RevisionId[],
): MigrateError {
  const { message } = takenBackText(takenBack, heads);
  return new MigrateError({
    code: "state/taken-back",
    message: `of what the tool has run, ${message}; ${fewOf(others)} ${others.length === 1 ? "was" : "were"} never recorded`,
    hint: `nothing was done; if the database has all of them, record that: migrate stamp ${heads.map(shellWord).join(" ")}`,
  });
}

/** The tool's table, as SQL writes it. `newest`: the migration to record where all files were run by hand. */
async function versionTable(
  session: Session,
  { name: tool, table, program }: Tool,
  given: string | undefined,
  newest: RevisionId | undefined,
): Promise<string> {
  const [name = "", schema] = given === undefined ? [table.name, table.schema] : given.split(".").reverse();
  const found = await tablesNamed(session, [name], schema);
  const [only, ...others] = found.map((each) => qualified(each.schema, name));
  if (only !== undefined && others.length === 0) return only;
  const written = schema === undefined ? name : `${schema}.${name}`;
  if (only === undefined) {
    // Nobody runs a program by hand.
    const otherwise =
      newest === undefined || program !== undefined
        ? "if no tool has migrated this database yet, run: migrate upgrade"
        : `if the files were run by hand, such as with psql, ${recordedByHand(newest)}; if nothing of them is in this database, run: migrate upgrade`;
    throw new MigrateError({
      code: "state/no-version-table",
      message: `table ${written}, in which ${tool} records what it has run, does not exist in ${session.database}`,
      hint: `name the table with --table, or the tool with --tool; ${otherwise}`,
    });
  }
  const offered = (await firstFilled(session, table, [only, ...others])) ?? 0;
  throw new MigrateError({
    code: "usage/several-version-tables",
    message: `${others.length + 1} tables are named ${name}: ${[only, ...others].join(", ")}`,
    hint: `name one: --table '${found[offered]!.schema}.${name}'`,
  });
}

/** Which of the tables is the first that says that something was run. */
async function firstFilled(
  session: Session,
  { query }: Tool["table"],
  names: readonly string[],
): Promise<number | undefined> {
  for (const [at, name] of names.entries()) {
    const rows = await readVersions(session, query(name)).catch(() => []);
    if (rows.length > 0) return at;
  }
  return undefined;
}

/** Throws `state/no-version-table` for a table that has not the columns of the tool's. */
async function rowsOf(session: Session, { name, table: { query } }: Tool, table: string) {
  try {
    return await readVersions(session, query(table));
  } catch (error) {
    if (!(error instanceof StatementFailure && OTHER_COLUMNS.has(error.sqlstate ?? ""))) throw error;
    throw new MigrateError(
      {
        code: "state/no-version-table",
        message: `${table} is not a version table of ${name}: ${error.message}`,
        hint: "name the table with --table, or the tool with --tool",
      },
      { cause: error },
    );
  }
}

/** A column that is not there, or of another type. */
const OTHER_COLUMNS: ReadonlySet<string> = new Set(["42703", "42804", "42846", "42883"]);
