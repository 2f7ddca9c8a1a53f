/**
 * Ways up and down → that they keep rows: tables are filled with generated ones, and what is in each column that stays is the
 * same after the up and after the down.
 */
import { type Segment, sentIn } from "../core/diff/text.ts";
import { MigrateError } from "../core/errors.ts";
import { type KeptTable, notKept } from "../core/kept-rows.ts";
import { fillTables, givingValues, readKept, readLabels } from "../io/rows.ts";
import { type Session, StatementFailure } from "../io/session/types.ts";

export interface RowProofOptions {
  /** Makes the database that the way begins at. */
  readonly start: () => Promise<Session>;
  readonly up: readonly Segment[];
  readonly down: readonly Segment[];
  /** The schema of the ledger. */
  readonly hidden: string;
}

/**
 * What could not be tried, in words: a table that no row could be made for, or whose generated rows a statement refuses.
 * Throws `findings/not-proven` with each column that did not keep its values.
 */
export async function proveRows(options: RowProofOptions): Promise<readonly string[]> {
  const without = new Map<string, string>();
  for (;;) {
    const tried = await tryRows(options, without);
    if (!("refused" in tried))
      return [...without].map(([table, why]) => `the rows of ${table} were not tried: ${why}`);
    const { refused, tables } = tried;
    const table = tables.find((each) => !without.has(each) && names(refused.sql, each));
    if (table === undefined) return [`rows were not tried: ${refused.failure.message}`];
    without.set(table, refused.failure.message);
  }
}

const names = (sql: string, table: string): boolean => {
  const at = sql.replaceAll('"', "").split(table);
  return at.some(
    (before, index) => index + 1 < at.length && !/[\w$.]$/.test(before) && !/^[\w$]/.test(at[index + 1]!),
  );
};

interface Refused {
  readonly sql: string;
  readonly failure: StatementFailure;
}

type Tried = { readonly kept: true } | { readonly refused: Refused; readonly tables: readonly string[] };

async function tryRows(
  { start, up, down, hidden }: RowProofOptions,
  without: Map<string, string>,
): Promise<Tried> {
  const given = new Set<string>();
  const session = givingValues(await start(), hidden, ({ table, column }) => given.add(`${table}.${column}`));
  for (const { table, message } of await fillTables(session, hidden, new Set(without.keys())))
    without.set(table, message);
  const labels = await readLabels(session);
  const before = await readKept(session, hidden, labels);
  if (before.every(({ count }) => count === 0)) return { kept: true };
  const tables = before.filter(({ count }) => count > 0).map(({ name }) => name);
  const refusedUp = await runSegments(session, up);
  if (refusedUp !== undefined) return { refused: refusedUp, tables };
  const after = await readKept(session, hidden, labels);
  const kept = withoutColumns(before, after, given);
  refuseChanged("up", notKept(kept, after));
  const refusedDown = await runSegments(session, down);
  // What they are called now.
  if (refusedDown !== undefined) return { refused: refusedDown, tables: namesBefore(tables, before, after) };
  refuseChanged("down", notKept(kept, after, await readKept(session, hidden, labels)));
  return { kept: true };
}

/** Without those that are called so later: `shop.users.born`. */
const withoutColumns = (
  tables: readonly KeptTable[],
  later: readonly KeptTable[],
  names: ReadonlySet<string>,
): readonly KeptTable[] =>
  tables.map((table) => {
    const other = later.find(({ id }) => id === table.id);
    const isNamed = (number: number): boolean =>
      names.has(`${other?.name}.${other?.columns.find((column) => column.number === number)?.name}`);
    return { ...table, columns: table.columns.filter(({ number }) => !isNamed(number)) };
  });

const namesBefore = (
  tables: readonly string[],
  before: readonly KeptTable[],
  after: readonly KeptTable[],
): readonly string[] =>
  tables.filter((name) =>
    after.some(({ id }) => before.some((table) => table.name === name && table.id === id)),
  );

function refuseChanged(direction: "up" | "down", changed: readonly string[]): void {
  if (changed.length === 0) return;
  throw MigrateError.all(
    changed.map((each) => ({
      code: "findings/not-proven",
      message: `rows would not be kept: after the ${direction}grade, ${each}`,
      hint: "write the SQL for it by hand",
    })),
  );
}

/** What the server refused, if anything. */
async function runSegments(session: Session, segments: readonly Segment[]): Promise<Refused | undefined> {
  for (const segment of segments) {
    for (const sql of sentIn(segment)) {
      try {
        await session.send(sql);
      } catch (failure) {
        if (!(failure instanceof StatementFailure) || failure.lost) throw failure;
        return { sql, failure };
      }
    }
  }
  return undefined;
}
