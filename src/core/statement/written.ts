/**
 * The text of a statement, which need not have been parsed → what it creates, alters or adds, by the names that it writes. A
 * name is given without quotes, with its schema where it has one.
 */
import { withoutComments } from "../lexer.ts";
import { bare } from "../quote.ts";

/** A name as SQL has it, and one that may have its schema before it: sources of regular expressions. */
export const NAME = '(?:"(?:[^"]|"")*"|[\\w$]+)';
export const QUALIFIED = `(?:${NAME}\\s*\\.\\s*)?${NAME}`;
const CREATED = new RegExp(
  `^CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:UNLOGGED\\s+|UNIQUE\\s+|RECURSIVE\\s+)*((?:MATERIALIZED\\s+VIEW|FOREIGN\\s+TABLE|\\w+))\\s+(?:CONCURRENTLY\\s+)?(?:IF\\s+NOT\\s+EXISTS\\s+)?(${QUALIFIED})`,
  "i",
);
/** How a statement that alters a table begins. */
export const ALTER_TABLE = `ALTER\\s+(FOREIGN\\s+)?TABLE\\s+(?:IF\\s+EXISTS\\s+)?(?:ONLY\\s+)?(${QUALIFIED})[\\s*]+`;
const ALTERED_TABLE = new RegExp(`^${ALTER_TABLE}`, "i");
const ALTERED = new RegExp(`^${ALTER_TABLE}ADD\\b(?:\\s+CONSTRAINT\\s+(${NAME}))?`, "i");
const INDEXED = new RegExp(
  `^CREATE\\s+(?:UNIQUE\\s+)?INDEX\\s+(?:CONCURRENTLY\\s+)?(?:IF\\s+NOT\\s+EXISTS\\s+)?(${NAME})\\s+ON\\s+(?:ONLY\\s+)?(${QUALIFIED})`,
  "i",
);

/** `"shop" . users` → `shop.users` */
export const plain = (name: string): string =>
  name
    .split(/\s*\.\s*(?=(?:[^"]*"[^"]*")*[^"]*$)/)
    .map((part) => (part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part.toLowerCase()))
    .join(".");

/** What a statement makes or alters: `materialized view` and `shop.totals`; the name as it is written. */
export interface NamedObject {
  readonly kind: string;
  readonly name: string;
}

/** What a CREATE statement makes. */
export function createdBy(sql: string): NamedObject | undefined {
  const [, kind, name] = CREATED.exec(sql) ?? [];
  return kind === undefined || name === undefined ? undefined : { kind: kindOf(kind), name: plain(name) };
}

const kindOf = (words: string): string => words.toLowerCase().replaceAll(/\s+/g, " ");

const RENAMED = new RegExp(
  `^ALTER\\s+(MATERIALIZED\\s+VIEW|FOREIGN\\s+TABLE|\\w+)\\s+(?:IF\\s+EXISTS\\s+)?(?:ONLY\\s+)?(${QUALIFIED})[\\s*]+RENAME\\s+TO\\s+(${NAME})`,
  "i",
);

/** What an ALTER statement gives another name, with that name. */
export function renamedBy(sql: string): NamedObject | undefined {
  const [, kind, was, name] = RENAMED.exec(sql) ?? [];
  if (kind === undefined || was === undefined || name === undefined) return undefined;
  const schema = plain(was).slice(0, -bare(plain(was)).length);
  return { kind: kindOf(kind), name: `${schema}${plain(name)}` };
}

/** The table that an ALTER TABLE alters. */
export function alteredBy(sql: string): NamedObject | undefined {
  const [, foreign, name] = ALTERED_TABLE.exec(sql) ?? [];
  return name === undefined
    ? undefined
    : { kind: foreign === undefined ? "table" : "foreign table", name: plain(name) };
}

/** What a statement adds to a table: a constraint or an index; without a name, what the server names or a column. */
export function addedBy(sql: string): { readonly table: string; readonly name?: string } | undefined {
  const [, , table, constraint] = ALTERED.exec(sql) ?? [];
  if (table !== undefined)
    return constraint === undefined
      ? { table: plain(table) }
      : { table: plain(table), name: plain(constraint) };
  const [, index, indexed] = INDEXED.exec(sql) ?? [];
  return index === undefined || indexed === undefined
    ? undefined
    : { table: plain(indexed), name: plain(index) };
}

/** Whether a statement has that name in it, or that key word in lower case. */
export const hasWord = (sql: string, word: string): boolean =>
  (withoutComments(sql).match(new RegExp(NAME, "g")) ?? []).some((each) => plain(each) === word);

/** Whether two written names may be of the same: one of them may be written without its schema. */
export const mayBeSame = (one: string, other: string): boolean =>
  one === other || bare(one) === other || one === bare(other);
