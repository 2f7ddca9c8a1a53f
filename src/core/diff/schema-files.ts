/** The statements of schema files → the order to try them in, the renames that they declare, and the author's text of an object. */
import type { Catalog } from "../catalog/catalog.ts";
import { MigrateError } from "../errors.ts";
import { shorten } from "../fault.ts";
import { tokens } from "../lexer.ts";
import { bare } from "../quote.ts";
import type { Location } from "../source.ts";
import {
  ALTER_TABLE,
  alteredBy,
  createdBy,
  mayBeSame,
  NAME,
  type NamedObject,
  plain,
  QUALIFIED,
} from "../statement/written.ts";
import { isRenamed, type Path, pathIn, pathText, type Rename } from "./renames.ts";

/** A statement as it stands in a file. */
export interface SchemaStatement {
  /** `CREATE TABLE` */
  readonly tag: string;
  /** With the comments before it, and its `;`. */
  readonly sql: string;
  /** UTF-16 offset in `sql` of its first token. */
  readonly offset: number;
  readonly origin: Location;
  readonly searchPath?: unknown;
  /** SET and RESET count for what stands below in the file. */
  readonly setting?: unknown;
}

const RENAMED_FROM = /^--[ \t]*renamed-from:[ \t]*(\S(?:.*\S)?)[ \t]*$/;
/** What is meant to be one, and what follows the words. */
const LIKE_RENAMED_FROM = /^(?:--|\/\*)\s*renamed(?:[-_]from\b|\s+from\s*:)\s*:?\s*([\s\S]*?)\s*(?:\*\/)?$/i;
const FIRST_NAME = new RegExp(`^(?:\\s|--[^\\n]*\\n)*(${NAME})`);
/** What stands before a column's name where it is added to a table, below a comment and above it. */
const ADDING_ABOVE = /\bADD(?:\s+COLUMN(?:\s+IF\s+NOT\s+EXISTS)?)?\s*$/i;
const ADDING = new RegExp(
  `^(?:\\s|--[^\\n]*\\n)*(?:${ALTER_TABLE})?` +
    `ADD\\s+(?:COLUMN\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?|(?!(?:CONSTRAINT|CHECK|UNIQUE|PRIMARY|FOREIGN|EXCLUDE|NOT)\\b))`,
  "i",
);

const WRITTEN = new RegExp(
  `^(?:(?:INSERT|MERGE)\\s+INTO|UPDATE|DELETE\\s+FROM|TRUNCATE(?:\\s+TABLE)?)\\s+(?:ONLY\\s+)?(${QUALIFIED})`,
  "i",
);

/** The first statement that writes or deletes rows of each table whose rows are no part of the schema: `tables` has neither `shop.users` nor `users`. */
export function rowsLeftOut(
  statements: readonly SchemaStatement[],
  tables: readonly string[],
): readonly { readonly table: string; readonly location: Location }[] {
  const known = new Set(tables.map(bare));
  const first = new Map<string, Location>();
  for (const { sql, offset, origin } of statements) {
    const name = WRITTEN.exec(sql.slice(offset))?.[1];
    const table = name === undefined ? undefined : plain(name);
    if (table !== undefined && !known.has(bare(table)) && !first.has(table)) first.set(table, origin);
  }
  return [...first].map(([table, location]) => ({ table, location }));
}

/** The roles that these create, and none of `migrations` (SQL): they belong to the server, so that no catalog has them. */
export function rolesLeftOut(
  statements: readonly SchemaStatement[],
  migrations: readonly string[],
): readonly { readonly role: string; readonly location: Location }[] {
  // Also with a DO block around it, and the name in a string.
  const creating = migrations.filter((sql) => /\bCREATE\s+(?:ROLE|USER|GROUP)\b/i.test(sql));
  const isCreated = (role: string): boolean =>
    creating.some((sql) => sql.toLowerCase().includes(role.toLowerCase()));
  return statements.flatMap(({ tag, sql, offset, origin }) => {
    const role = tag === "CREATE ROLE" ? createdBy(sql.slice(offset))?.name : undefined;
    return role === undefined || isCreated(role) ? [] : [{ role, location: origin }];
  });
}

/** With these words a CREATE leaves what is there, or replaces it. */
const SPARING = /^(CREATE\s+(?:\w+\s+)*?)(?:OR\s+REPLACE|IF\s+NOT\s+EXISTS)\s+/i;
const REPLACING = /^CREATE\s+OR\s+REPLACE\s/i;
/** Of these the first is as good as any other. */
const REPEATED: ReadonlySet<string> = new Set(["schema", "extension"]);

/**
 * The SQL of each statement that would leave or replace what another one of the schema creates, without the words that let
 * it: which of the two wins would depend on the names of their files. The same text twice is no contradiction; nor is what
 * replaces a statement above it in its own file, as pg_dump writes views that refer to each other.
 */
export function unsparing(statements: readonly SchemaStatement[]): ReadonlyMap<SchemaStatement, string> {
  const all = statements.flatMap((statement, place) => {
    const text = statement.sql.slice(statement.offset);
    const made = createdBy(text);
    if (made === undefined || REPEATED.has(made.kind)) return [];
    return [{ statement, place, text, name: made.name, bare: text.replace(SPARING, "$1") }];
  });
  const byName = new Map<string, typeof all>();
  for (const one of all) byName.set(bare(one.name), [...(byName.get(bare(one.name)) ?? []), one]);
  return new Map(
    all.flatMap((one) => {
      if (one.bare === one.text) return [];
      const words = wordsOf(one.bare);
      const namesakes = byName
        .get(bare(one.name))!
        .filter((each) => each !== one && mayBeSame(each.name, one.name));
      const isEqual = (each: (typeof all)[number]): boolean => wordsOf(each.bare) === words;
      if (namesakes.some((each) => each.place < one.place && isEqual(each))) return [];
      const rivals = namesakes.filter((each) => !isEqual(each));
      const isStub = (each: (typeof all)[number]): boolean =>
        each.place < one.place &&
        each.statement.origin.path === one.statement.origin.path &&
        !REPLACING.test(each.text);
      if (rivals.length === 0 || (REPLACING.test(one.text) && rivals.every(isStub))) return [];
      return [[one.statement, one.statement.sql.slice(0, one.statement.offset) + one.bare] as const];
    }),
  );
}

const wordsOf = (sql: string): string =>
  [...tokens(sql)]
    .flatMap(({ kind, start, end }) => (/^(?:space|comment)$/.test(kind) ? [] : sql.slice(start, end)))
    .join(" ")
    .replace(/ ;$/, "");

/** The renames that comments above objects and columns tell. `to`: what the files make. Throws `source/renamed-from`. */
export function renamesIn(
  statements: readonly SchemaStatement[],
  from: Catalog,
  to: Catalog,
): readonly Rename[] {
  const has = (path: Path, { objects } = from): boolean =>
    objects.some(
      ({ identity }) => identity.length === path.length && identity.every((part, i) => part === path[i]),
    );
  const comments = statements.flatMap((statement) =>
    renameComments(statement).map((comment) => ({ ...comment, ...named(statement, comment, to) })),
  );
  /** The old path of what is renamed, by the new one: the old name of a column is that of one in it. */
  const renamed = new Map<string, Path>();
  const objectsFirst = [...comments.filter((it) => it.isObject), ...comments.filter((it) => !it.isObject)];
  return objectsFirst.flatMap(
    ({ said, location, name: oldName, object, isObject, column }): readonly Rename[] => {
      const old = pathIn(oldName);
      const name = column ?? object.at(-1)!;
      const within = isObject ? object.slice(0, -1) : (renamed.get(pathText(object)) ?? object);
      const rename: Rename = {
        ...(old.length > 1
          ? { from: old, to: isObject ? object : [name] }
          : { from: [...within, ...old], to: [name] }),
        said,
        location,
      };
      // Once it is done the comment says nothing more, unless it is meant for a column that goes.
      if (!has(rename.from) && has([...within, name])) {
        const part = [...object, ...old];
        if (isObject && has(part) && !has(part, to)) throw tooHigh(said, part, location);
        return [];
      }
      if (isObject && !isRenamed(rename.from, object, from, to)) renamed.set(pathText(object), rename.from);
      return [rename];
    },
  );
}

/** What a comment stands above: an object, or a column of one, which a CREATE or an ALTER TABLE makes. */
function named(
  { sql, offset }: SchemaStatement,
  { start, end, said, location }: RenameComment,
  to: Catalog,
): { readonly object: Path; readonly isObject: boolean; readonly column: string | undefined } {
  const text = sql.slice(offset);
  const altered = alteredBy(text);
  const made = createdBy(text) ?? altered;
  const object = made === undefined ? undefined : pathOf(made, to);
  const below = sql.slice(end);
  const isAdded = ADDING.test(below) || ADDING_ABOVE.test(sql.slice(0, start));
  if (object === undefined || (altered !== undefined && !isAdded)) throw misplaced(said, location);
  const isObject = altered === undefined && start < offset;
  const column = FIRST_NAME.exec(below.replace(ADDING, ""))?.[1] ?? "";
  return { object, isObject, column: isObject ? undefined : plain(column) };
}

interface RenameComment {
  readonly start: number;
  readonly end: number;
  readonly said: string;
  readonly location: Location;
  /** The old name, as it is written. */
  readonly name: string;
}

/** Throws `source/renamed-from` where one would be passed over, because it is written otherwise or stands behind something. */
function renameComments(statement: SchemaStatement): readonly RenameComment[] {
  const { sql } = statement;
  if (!/renamed/i.test(sql)) return [];
  return [...tokens(sql)].flatMap(({ kind, start, end }): readonly RenameComment[] => {
    const said = sql.slice(start, end).trim();
    const like = kind === "comment" ? LIKE_RENAMED_FROM.exec(said)?.[1] : undefined;
    if (like === undefined) return [];
    const location = placeIn(statement, start);
    const name = RENAMED_FROM.exec(said)?.[1];
    const isAlone = /(?:^|[\r\n])[ \t]*$/.test(sql.slice(0, start));
    if (name === undefined || !isAlone) throw unread(said, like, location);
    return [{ start, end, said, location, name }];
  });
}

/** Where a place of a statement's text stands in its file. */
function placeIn({ sql, offset, origin }: SchemaStatement, at: number): Location {
  const line = (end: number): number => sql.slice(0, end).split("\n").length;
  const column = at - sql.lastIndexOf("\n", at - 1);
  return { path: origin.path, line: origin.line + line(at) - line(offset), column };
}

/** The names of what a statement has made; undefined where it has not, or there are several. */
function pathOf({ kind, name }: NamedObject, { objects }: Catalog): Path | undefined {
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
    hint: "put it above a CREATE statement, a column in one, or an ADD COLUMN",
    location,
  });

const unread = (said: string, name: string, location: Location): MigrateError =>
  new MigrateError({
    code: "source/renamed-from",
    message: `the comment ${shorten(said.replaceAll(/\s+/g, " "))} is not read as a rename`,
    hint: `write on a line of its own, above the column or the CREATE statement that has the new name: -- renamed-from: ${name || "NAME"}`,
    location,
  });

const tooHigh = (said: string, column: Path, location: Location): MigrateError =>
  new MigrateError({
    code: "source/renamed-from",
    message: `${said} is above ${pathText(column.slice(0, -1))}, which has that name already; ${pathText(column)} would be dropped`,
    hint: "put it above the column that has the new name; if none has, take it out",
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
