/** A migration between two schemas, and the reference rows of both → the statements for the rows, up and down; proven. */
import { type NeededValue, neededValue } from "../core/diff/rows.ts";
import type { SchemaStatement } from "../core/diff/schema-files.ts";
import type { Segment } from "../core/diff/text.ts";
import { MigrateError } from "../core/errors.ts";
import {
  changesText,
  type ReferenceTable,
  type RowChanges,
  rowChanges,
  shownTable,
  statementsOf,
} from "../core/reference-rows.ts";
import { readNumberedKeys, readReferenceTables } from "../io/reference-rows.ts";
import type { Session } from "../io/session/types.ts";
import type { Project } from "./project.ts";
import { sendSegments } from "./segments.ts";
import { takenOf } from "./trial.ts";

/** What is in the tables that the configuration names. Throws `usage/reference-rows` for one without a primary key. */
export async function referenceTables(
  { config: { referenceRows }, ledger }: Project,
  session: Session,
): Promise<readonly ReferenceTable[]> {
  const tables = await readReferenceTables(session, referenceRows, ledger.names.schema);
  const own = tables.find(({ schema }) => schema === ledger.names.schema);
  if (own !== undefined)
    throw new MigrateError({
      code: "usage/reference-rows",
      message: `${shownTable(own)} is a table of the ledger, which no migration may change`,
      hint: 'take it out of "referenceRows" in the config file',
    });
  const keyless = tables.find(({ key }) => key.length === 0);
  if (keyless === undefined) return tables;
  throw new MigrateError({
    code: "usage/reference-rows",
    message: `${shownTable(keyless)} has no primary key, by which rows can be compared`,
    hint: 'add one, or take the table out of "referenceRows" in the config file',
  });
}

/** Throws `usage/reference-rows` for a name in the configuration that is a table on neither side. */
export function refuseUnknownTables(
  { config: { referenceRows } }: Project,
  ...sides: readonly (readonly ReferenceTable[])[]
): void {
  const known = new Set(sides.flat().flatMap((table) => [shownTable(table), table.name]));
  const unknown = referenceRows.find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new MigrateError({
    code: "usage/reference-rows",
    message: `table ${unknown} of referenceRows does not exist`,
    hint: "correct the name in the config file, or create the table in the schema folder",
  });
}

/**
 * Throws `usage/reference-rows` where a key of the schema folder's rows is a number that its sequence gave: a row that is put
 * between others would take the number of another one. Who sets a sequence in the folder has written the numbers.
 */
export async function refuseNumbered(
  { config: { referenceRows } }: Project,
  session: Session,
  statements: readonly SchemaStatement[],
): Promise<void> {
  if (referenceRows.length === 0 || statements.some(({ sql }) => /\b(?:setval|RESTART)\b/i.test(sql))) return;
  const numbered = await readNumberedKeys(session, referenceRows);
  if (numbered.length === 0) return;
  throw MigrateError.all(
    numbered.map(({ table, column }) => ({
      code: "usage/reference-rows",
      message: `the schema files do not give ${table}.${column}, the key of reference rows: their order would number the rows`,
      hint: `write ${column} in each INSERT INTO ${table}, or take the table out of "referenceRows" in the config file`,
    })),
  );
}

/** What leads from the rows of the one to those of the other, in tables that both have. */
export function changesBetween(
  from: readonly ReferenceTable[],
  to: readonly ReferenceTable[],
): readonly RowChanges[] {
  return to.map((table) =>
    rowChanges(
      from.find((other) => shownTable(other) === shownTable(table)),
      table,
    ),
  );
}

export const anyChange = (changes: readonly RowChanges[]): boolean =>
  changes.some((each) => changesText(each) !== undefined);

export interface RowWayOptions {
  readonly project: Project;
  /** Makes the database that the way begins at. */
  readonly start: () => Promise<Session>;
  readonly desired: readonly ReferenceTable[];
  readonly up: readonly Segment[];
  readonly down: readonly Segment[];
}

export interface RowWay {
  /** Behind the way up. */
  readonly up: readonly string[];
  /** Before the way down, and behind it. */
  readonly before: readonly string[];
  readonly behind: readonly string[];
}

/** Throws `findings/not-proven` if the rows are not the desired ones after the upgrade or the downgrade. */
export async function rowWay({ project, start, desired, up, down }: RowWayOptions): Promise<RowWay> {
  const session = await start();
  const first = await referenceTables(project, session);
  const isNew = (table: ReferenceTable): boolean =>
    !first.some((other) => shownTable(other) === shownTable(table));
  await sendSegments(session, up);
  const between = await referenceTables(project, session);
  const there = await takenOf(session, statementsOf(changesBetween(between, desired)));
  refuseOther("up", changesBetween(await referenceTables(project, session), desired));
  // What is new goes with its table; a value that was made up for the proof is nobody's.
  const madeUp = up.flatMap(({ statements }) => statements.flatMap((sql) => neededValue(sql) ?? []));
  const kept = between.filter((table) => !isNew(table)).map((table) => withoutColumns(table, madeUp));
  const back = await takenOf(
    session,
    statementsOf(changesBetween(await referenceTables(project, session), kept)),
  );
  await sendSegments(session, down);
  const behind = await takenOf(
    session,
    statementsOf(changesBetween(await referenceTables(project, session), first)),
  );
  refuseOther("down", changesBetween(await referenceTables(project, session), first));
  return { up: there, before: back, behind };
}

function withoutColumns(table: ReferenceTable, named: readonly NeededValue[]): ReferenceTable {
  const goes = (column: string): boolean =>
    !table.key.includes(column) &&
    named.some((each) => each.table === shownTable(table) && each.column === column);
  const { columns } = table;
  return {
    ...table,
    columns: columns.filter((column) => !goes(column)),
    rows: table.rows.map((row) => row.filter((_, index) => !goes(columns[index]!))),
  };
}

function refuseOther(direction: "up" | "down", changes: readonly RowChanges[]): void {
  const left = changes.flatMap((each) => changesText(each) ?? []);
  if (left.length === 0) return;
  throw MigrateError.all(
    left.map((each) => ({
      code: "findings/not-proven",
      message: `reference rows would differ after the ${direction}grade: ${each}`,
      hint: "write the SQL for it by hand",
    })),
  );
}
