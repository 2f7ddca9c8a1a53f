/** What is in the columns of tables at one time and at another → where what should have stayed has not. */

/** A column by the number that PostgreSQL gives it, which a rename does not change and a new column never has. */
export interface KeptColumn {
  readonly number: number;
  readonly name: string;
  /** As PostgreSQL writes it. */
  readonly type: string;
  /** Of all values, whatever the order of the rows. */
  readonly digest: string;
}

/** A table that holds rows itself, by its oid. */
export interface KeptTable {
  readonly id: string;
  /** `shop.users` */
  readonly name: string;
  readonly count: number;
  readonly columns: readonly KeptColumn[];
}

/** In words, of each table that is in all: `shop.users has 2 rows, and had 3`, `other values in shop.users.name`. */
export function notKept(
  first: readonly KeptTable[],
  ...later: readonly (readonly KeptTable[])[]
): readonly string[] {
  return first.flatMap((table): readonly string[] => {
    const others = later.map((tables) => tables.find(({ id }) => id === table.id));
    const last = others.at(-1);
    if (last === undefined || others.includes(undefined)) return [];
    if (last.count !== table.count)
      return [`${last.name} has ${last.count} ${last.count === 1 ? "row" : "rows"}, and had ${table.count}`];
    return table.columns.flatMap(({ number, type, digest }) => {
      const columns = others.map((other) => other!.columns.find((each) => each.number === number));
      // Of another type, they are others by right.
      if (!columns.every((each) => each?.type === type)) return [];
      const column = columns.at(-1)!;
      return column.digest === digest ? [] : [`other values in ${last.name}.${column.name}`];
    });
  });
}
