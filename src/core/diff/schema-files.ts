/** The statements of schema files → the order to try them in, the renames that they declare, and the author's text of an object. */
import type { Catalog } from "../catalog/catalog.ts";
import { MigrateError } from "../errors.ts";
import type { Location } from "../source.ts";
import { type Path, pathIn, type Rename } from "./renames.ts";

/** A statement as it stands in a file. */
export interface SchemaStatement {
  /** `CREATE TABLE` */
  readonly tag: string;
  /** With the comments before it, and its `;`. */
  readonly sql: string;
  /** UTF-16 offset in `sql` of its first token. */
  readonly offset: number;
  readonly origin: Location;
  /** SET and RESET count for what stands below in the file. */
  readonly setting?: unknown;
}

const RENAMED_FROM = /^[ \t]*--[ \t]*renamed-from:[ \t]*(\S(?:.*\S)?)[ \t]*\r?$/gm;
const NAME = '(?:"(?:[^"]|"")*"|[\\w$]+)';
const CREATED = new RegExp(
  `^CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:UNLOGGED\\s+|UNIQUE\\s+|RECURSIVE\\s+)*((?:MATERIALIZED\\s+VIEW|FOREIGN\\s+TABLE|\\w+))\\s+(?:CONCURRENTLY\\s+)?(?:IF\\s+NOT\\s+EXISTS\\s+)?((?:${NAME}\\s*\\.\\s*)?${NAME})`,
  "i",
);
const FIRST_NAME = new RegExp(`^(?:\\s|--[^\\n]*\\n)*(${NAME})`);

/** `"shop" . users` → `shop.users` */
const plain = (name: string): string =>
  name
    .split(/\s*\.\s*(?=(?:[^"]*"[^"]*")*[^"]*$)/)
    .map((part) => (part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part.toLowerCase()))
    .join(".");

const WRITTEN = new RegExp(
  `^(?:(?:INSERT|MERGE)\\s+INTO|UPDATE|DELETE\\s+FROM|TRUNCATE(?:\\s+TABLE)?)\\s+(?:ONLY\\s+)?((?:${NAME}\\s*\\.\\s*)?${NAME})`,
  "i",
);

/** The first statement that writes or deletes rows of each table whose rows are no part of the schema: `tables` has neither `shop.users` nor `users`. */
export function rowsLeftOut(
  statements: readonly SchemaStatement[],
  tables: readonly string[],
): readonly { readonly table: string; readonly location: Location }[] {
  const bare = (name: string): string => name.slice(name.lastIndexOf(".") + 1);
  const known = new Set(tables.map(bare));
  const first = new Map<string, Location>();
  for (const { sql, offset, origin } of statements) {
    const name = WRITTEN.exec(sql.slice(offset))?.[1];
    const table = name === undefined ? undefined : plain(name);
    if (table !== undefined && !known.has(bare(table)) && !first.has(table)) first.set(table, origin);
  }
  return [...first].map(([table, location]) => ({ table, location }));
}

/** What a CREATE statement makes: `materialized view` and `shop.totals`; the name as it is written. */
export function createdBy(sql: string): { readonly kind: string; readonly name: string } | undefined {
  const [, kind, name] = CREATED.exec(sql) ?? [];
  return kind === undefined || name === undefined
    ? undefined
    : { kind: kind.toLowerCase().replaceAll(/\s+/g, " "), name: plain(name) };
}

/** The renames that comments above objects and columns tell. `to`: what the files make. Throws `source/renamed-from`. */
export function renamesIn(
  statements: readonly SchemaStatement[],
  from: Catalog,
  to: Catalog,
): readonly Rename[] {
  const has = (path: Path): boolean =>
    from.objects.some(
      ({ identity }) => identity.length === path.length && identity.every((part, i) => part === path[i]),
    );
  return statements.flatMap((statement) => {
    let table: Path | undefined;
    return [...statement.sql.matchAll(RENAMED_FROM)].flatMap((match): readonly Rename[] => {
      const old = pathIn(match[1]!);
      const said = match[0].trim();
      const location = placeIn(statement, match.index + match[0].indexOf("--"));
      const created = createdBy(statement.sql.slice(statement.offset));
      const object = created === undefined ? undefined : pathOf(created, to);
      if (object === undefined) throw misplaced(said, location);
      const isObject = match.index < statement.offset;
      const column = FIRST_NAME.exec(statement.sql.slice(match.index + match[0].length))?.[1] ?? "";
      const name = isObject ? object.at(-1)! : plain(column);
      const within = isObject ? object.slice(0, -1) : (table ?? object);
      const rename: Rename = {
        ...(old.length > 1
          ? { from: old, to: isObject ? object : [name] }
          : { from: [...within, ...old], to: [name] }),
        said,
        location,
      };
      // Once it is done the comment says nothing more.
      if (!has(rename.from) && has([...within, name])) return [];
      if (isObject) table = rename.from;
      return [rename];
    });
  });
}

/** Where a place of a statement's text stands in its file. */
function placeIn({ sql, offset, origin }: SchemaStatement, at: number): Location {
  const line = (end: number): number => sql.slice(0, end).split("\n").length;
  const column = at - sql.lastIndexOf("\n", at - 1);
  return { path: origin.path, line: origin.line + line(at) - line(offset), column };
}

/** The names of what a statement has made; undefined where it has not, or there are several. */
function pathOf(
  { kind, name }: { readonly kind: string; readonly name: string },
  { objects }: Catalog,
): Path | undefined {
  const isOfKind = (other: string): boolean => other === kind || (kind === "type" && / type$/.test(other));
  const paths = objects
    .filter((object) => isOfKind(object.class))
    .map(({ identity }) => identity.slice(0, kind === "schema" ? 1 : 2));
  const found = new Map(
    paths
      .map((path) => [path.join("."), path] as const)
      .filter(([text]) => text === name || text.endsWith(`.${name}`)),
  );
  return found.size === 1 ? [...found.values()][0] : undefined;
}

const misplaced = (said: string, location: Location): MigrateError =>
  new MigrateError({
    code: "source/renamed-from",
    message: `${said.replace(/^--\s*/, "")} is not above a CREATE statement or a column`,
    hint: "put it above a CREATE statement, or above a column in one; or use --rename",
    location,
  });

/** Classes of which the server keeps no text, or another than was written. */
const OWN_WORDS = /^(?:table|view|materialized view|function|procedure)$/;

/** By class and name: the author's statement, where there is but one. */
export function ownWords(statements: readonly SchemaStatement[], to: Catalog): ReadonlyMap<string, string> {
  const words = new Map<string, string>();
  const twice = new Set<string>();
  for (const { sql, offset } of statements) {
    const text = sql.slice(offset);
    const created = createdBy(text);
    const path = created === undefined || !OWN_WORDS.test(created.kind) ? undefined : pathOf(created, to);
    if (path === undefined || text.includes("renamed-from:")) continue;
    const key = `${created!.kind} ${path.join(".")}`;
    if (words.has(key)) twice.add(key);
    words.set(key, text.replace(/;\s*(?:--[^\n]*)?\s*$/, ""));
  }
  for (const key of twice) words.delete(key);
  return words;
}

/**
 * The statements with the author's text in place of the server's. Tables come as early as possible, so that the objects
 * that they create implicitly, such as sequences, get the desired names.
 */
export function inWords(sent: readonly string[], words: ReadonlyMap<string, string>): readonly string[] {
  const own = (sql: string): string | undefined => {
    const created = createdBy(sql);
    return created === undefined ? undefined : words.get(`${created.kind} ${created.name}`);
  };
  const isBelow = (sql: string): boolean => /^CREATE (?:SCHEMA|TYPE|DOMAIN|EXTENSION|COLLATION) /.test(sql);
  const isOwnTable = (sql: string): boolean => createdBy(sql)?.kind === "table" && own(sql) !== undefined;
  const ahead = sent.some(isOwnTable) ? sent.filter(isBelow) : [];
  const tables = referredFirst(sent.filter(isOwnTable), (sql) => [createdBy(sql)!.name, own(sql)!]);
  const rest = sent.filter((sql) => !ahead.includes(sql) && !tables.includes(sql));
  return [...ahead, ...tables, ...rest].map((sql) => {
    const text = own(sql) ?? sql;
    return /^CREATE OR REPLACE /.test(sql)
      ? text.replace(/^CREATE\s+(?!OR\s+REPLACE\s)/i, "CREATE OR REPLACE ")
      : text;
  });
}

/** Those that another's text speaks of before that one, as far as none speaks of each other. */
function referredFirst(
  sent: readonly string[],
  tableOf: (sql: string) => readonly [name: string, text: string],
): readonly string[] {
  const tables = sent.map((sql) => ({ sql, table: tableOf(sql) }));
  const placed: string[] = [];
  const place = (of: (typeof tables)[number], above: readonly string[]): void => {
    if (placed.includes(of.sql) || above.includes(of.sql)) return;
    const words = new Set(of.table[1].toLowerCase().match(/[\p{L}_][\p{L}\p{N}_$]*/gu));
    for (const other of tables) {
      if (words.has(other.table[0].split(".").at(-1)!.toLowerCase())) place(other, [...above, of.sql]);
    }
    placed.push(of.sql);
  };
  for (const each of tables) place(each, []);
  return placed;
}
