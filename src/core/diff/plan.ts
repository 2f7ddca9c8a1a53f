/** What an engine has planned, and two catalogs → what of it is tried, and what a server's refusal of a statement says to try instead. */
import { type Catalog, type CatalogObject, keyOf, type ObjectKey } from "../catalog/catalog.ts";
import { identifier, qualified } from "../quote.ts";
import { plainName, tableNameOf } from "./name.ts";
import { valueFirst } from "./rows.ts";

export interface PlannedStatement {
  /** With schemas, without the `;` at the end. */
  readonly sql: string;
  /** What it makes and what it drops, as a catalog names them; of classes that the engine does not know, nothing. */
  readonly creates: readonly ObjectKey[];
  readonly drops: readonly ObjectKey[];
}

/** Objects of one catalog, by `keyOf`. */
export type Objects = ReadonlyMap<string, CatalogObject>;

export const objectsOf = ({ objects }: Catalog): Objects =>
  new Map(objects.map((object) => [keyOf(object), object]));

/**
 * The plan without what would drop or make again an object that holds rows and is on both sides, unless its table is in
 * `rebuilt`. `sparing`: without what would do so to any other object that is the same on both sides, too.
 */
export function keeping(
  plan: readonly PlannedStatement[],
  [from, to]: readonly [Objects, Objects],
  rebuilt: ReadonlySet<string>,
  sparing: boolean,
): readonly PlannedStatement[] {
  const isKept = (object: ObjectKey): boolean => {
    const key = keyOf(object);
    const [a, b] = [from.get(key), to.get(key)];
    if (a === undefined || b === undefined) return false;
    if (holdsSameRows(a, b)) return !rebuilt.has(tableNameOf(object));
    return sparing && JSON.stringify(a.properties) === JSON.stringify(b.properties);
  };
  const touched = (keys: (statement: PlannedStatement) => readonly ObjectKey[]): ReadonlySet<string> =>
    new Set(plan.flatMap(keys).map(keyOf));
  const [created, dropped] = [touched(({ creates }) => creates), touched(({ drops }) => drops)];
  const isRebuilt = (object: ObjectKey): boolean =>
    created.has(keyOf(object)) && dropped.has(keyOf(object)) && isKept(object);
  return plan.filter(({ creates, drops }) => ![...creates, ...drops].some(isRebuilt));
}

/** What the statements that are not kept would have dropped, is on both sides, and holds rows. */
export function heldBack(
  plan: readonly PlannedStatement[],
  kept: readonly PlannedStatement[],
  [from, to]: readonly [Objects, Objects],
): readonly CatalogObject[] {
  const dropped = plan.filter((each) => !kept.includes(each)).flatMap(({ drops }) => drops.map(keyOf));
  return dropped.flatMap((key) => {
    const [a, b] = [from.get(key), to.get(key)];
    return a !== undefined && b !== undefined && a.class !== "sequence" && holdsSameRows(a, b) ? [b] : [];
  });
}

/** Of an object in both catalogs: a column that is computed, or a view's, holds none of its own; an identity's sequence is the column's. */
export function holdsSameRows(a: CatalogObject, b: CatalogObject): boolean {
  if (a.class === "sequence") return a.properties["identity"] === b.properties["identity"];
  const isPlain = ({ parent, properties }: CatalogObject): boolean =>
    parent?.class === "table" && properties["generated"] === undefined;
  return a.class === "table" || (a.class === "column" && isPlain(a) && isPlain(b));
}

/** Whether it takes a default from a column that has none. */
export function isIdle(sql: string, is: Objects): boolean {
  const [, ...names] = /^ALTER TABLE (\S+)\.(\S+) ALTER COLUMN (\S+) DROP DEFAULT$/.exec(sql) ?? [];
  const column = is.get(keyOf({ class: "column", identity: names.map(plainName) }));
  return column !== undefined && column.properties["default"] === undefined;
}

/** The engine takes each column that is computed for one that is stored; since 18 there are others. */
export function withVirtual({ sql, creates }: PlannedStatement, desired: Objects): string {
  const tables = creates.map(tableNameOf);
  const columns = [...desired.values()].filter(
    (object) =>
      object.class === "column" &&
      String(object.properties["generated"]).endsWith(" VIRTUAL") &&
      tables.includes(tableNameOf(object)),
  );
  return columns.reduce((text, { identity }) => {
    const start = text.indexOf(`${identifier(identity[2]!)} `);
    const stored = start < 0 ? -1 : text.indexOf(" STORED", start);
    return stored < 0 ? text : `${text.slice(0, stored)} VIRTUAL${text.slice(stored + " STORED".length)}`;
  }, sql);
}

/** A collation for every encoding can only be a copy of one that the server has; the engine gives it that of its database. */
export function withEveryEncoding({ sql, creates }: PlannedStatement, desired: Objects): string {
  const [made] = creates.map((key) => desired.get(keyOf(key)));
  const { provider, collate, ctype, encoding } = made?.properties ?? {};
  const isCopy = made?.class === "collation" && provider === "libc" && encoding === undefined;
  return isCopy &&
    sql.startsWith("CREATE COLLATION ") &&
    collate === ctype &&
    /^(?:C|POSIX)$/.test(String(collate))
    ? `CREATE COLLATION ${qualified(...made.identity)} FROM pg_catalog.${identifier(String(collate))}`
    : sql;
}

const VARCHAR_LIST =
  /\((\w+|"(?:[^"]|"")*")\)::text (= ANY|<> ALL) \(\(ARRAY\[((?:'(?:[^']|'')*'::character varying(?:, )?)+)\]\)::text\[\]\)/g;

/** A list of values of a varchar, which the server writes in a form that it reads as another, as it was written. */
export const asWritten = (sql: string): string =>
  sql.replaceAll(
    VARCHAR_LIST,
    (_, column: string, operator: string, values: string) =>
      `${column} ${operator === "= ANY" ? "IN" : "NOT IN"} (${values.replaceAll(/('(?:[^']|'')*')::character varying/g, "$1")})`,
  );

/** What to send instead of a statement that was refused with that SQLSTATE; undefined: nothing is known. */
export function mended(sql: string, sqlstate: string | undefined): readonly string[] | undefined {
  if (sqlstate === "42846" || sqlstate === "42804") {
    const cast = /^(.* USING (?:"(?:[^"]|"")*"|\w+))::(?!text::)(.+)$/s.exec(sql);
    return cast === null ? undefined : [`${cast[1]}::text::${cast[2]}`];
  }
  if (sqlstate === "55000") {
    const column = /^(ALTER TABLE .+ ALTER COLUMN (?:"(?:[^"]|"")*"|\w+)) ADD GENERATED /s.exec(sql)?.[1];
    return column === undefined ? undefined : [`${column} DROP DEFAULT`, `${column} SET NOT NULL`, sql];
  }
  // The migrations insert rows.
  if (sqlstate === "23502") return valueFirst(sql);
  // Since 17 a domain's NOT NULL is a constraint too, and the engine says both.
  const domain = /^(CREATE DOMAIN .*?) NOT NULL( .*CONSTRAINT (?:"(?:[^"]|"")*"|\w+) NOT NULL.*)$/s.exec(sql);
  return domain === null ? undefined : [`${domain[1]}${domain[2]}`];
}
