/** Text → SQL tokens. The only place where a value becomes an identifier, a literal or a dollar-quoted body. */
import { tokens } from "./lexer.ts";

/** A quoted identifier; always quoted, so that no name can be a keyword or carry a quote out. */
export function identifier(name: string): string {
  return `"${noNul(name).replaceAll('"', '""')}"`;
}

/**
 * `schema.name`, both quoted unless they are plain lower-case words that need no quotes. A role is written so, too: none can be
 * called public, which means everybody even in quotes.
 */
export function qualified(...names: readonly string[]): string {
  return names.map(plainIdentifier).join(".");
}

/** A name as a person writes it, without its schema. */
export const bare = (name: string): string => name.slice(name.lastIndexOf(".") + 1);

/**
 * A string literal that means the same whatever `standard_conforming_strings` says: text with a backslash is
 * written as an escape string.
 */
export function literal(text: string): string {
  const quoted = noNul(text).replaceAll("'", "''");
  return text.includes("\\") ? `E'${quoted.replaceAll("\\", "\\\\")}'` : `'${quoted}'`;
}

/** The same on lines of about 55 columns, which the server joins. */
export const literalOnLines = (text: string): string =>
  literal(text).replaceAll(/([^\n]{1,55} )(?=[^\n])/g, "$1'\n    '");

/** The text of an array, to be read as `text[]`: `'{a,b}'`; on lines of about 100 columns. `before`: how wide is what stands before it. */
export function arrayLiteral(items: readonly string[], before = 0): string {
  const quoted = items.map((item) =>
    /^[A-Za-z0-9_.]+$/.test(item) && !/^null$/i.test(item)
      ? item
      : `"${noNul(item).replaceAll(/["\\]/g, "\\$&")}"`,
  );
  const lines = [""];
  for (const [index, item] of quoted.entries()) {
    const piece = index === quoted.length - 1 ? item : `${item},`;
    const room = lines.length === 1 ? 96 - before : 96;
    if (lines.at(-1)!.length + piece.length > room && lines.at(-1) !== "") lines.push("");
    lines[lines.length - 1] += piece;
  }
  return literal(`{${lines.join("\n  ")}}`);
}

/** A dollar-quoted body under a tag that does not end it early: not within, nor across its end (`… $retort`). */
export function dollarQuoted(body: string, tag = "retort"): string {
  let delimiter = `$${tag}$`;
  for (let n = 1; `${noNul(body)}${delimiter}`.indexOf(delimiter) < body.length; n += 1)
    delimiter = `$${tag}${n}$`;
  return `${delimiter}${body}${delimiter}`;
}

/**
 * Text that stays inside one `-- ` comment line whatever it holds: every character that some client or server
 * treats as a line end, every other control character, what turns the direction of writing, and half a surrogate pair
 * becomes a visible `\uXXXX`.
 */
export function commentText(text: string): string {
  return text.replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\p{Surrogate}]/gu,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A comment of one line that ends where it should, whatever the text holds. */
export const blockComment = (text: string): string =>
  `/* ${commentText(text).replaceAll("*/", "* /").replaceAll("/*", "/ *")} */`;

/** Words PostgreSQL lets stand unquoted as a schema, table or role name are plain; anything else is quoted. */
function plainIdentifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name) ? name : identifier(name);
}

/**
 * A statement whose quoted names are plain words where that means the same, as a person would write it. What is in strings,
 * comments and bodies stays.
 */
export function withPlainNames(sql: string): string {
  const pieces = [...tokens(sql)].map(({ start, end }) => sql.slice(start, end));
  return pieces
    .map((piece, i) => {
      const [, name] = /^"([a-z_][a-z0-9_]*)"$/.exec(piece) ?? [];
      const stands = [pieces[i - 1], pieces[i + 1]].every((each) => !/^[\w$&"\x80-\uffff]/.test(each ?? ""));
      return name !== undefined && stands && !isKeyWord(name) ? name : piece;
    })
    .join("");
}

/** Not a column, a type or a function without quotes. */
const isKeyWord = (name: string): boolean => RESERVED.has(name) || BUILT_IN.has(name);

/** Types and functions that are written as key words (PostgreSQL 12 to 18). */
const BUILT_IN = new Set(
  (
    "between bigint bit boolean char character coalesce dec decimal exists extract float greatest grouping inout int " +
    "integer interval json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar " +
    "json_serialize json_table json_value least merge_action national nchar normalize nullif numeric out overlay " +
    "position precision real row setof smallint substring time timestamp treat trim values varchar xmlattributes " +
    "xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable"
  ).split(" "),
);

/** Key words that are reserved in some position of the statements we write (PostgreSQL 12 to 18). */
const RESERVED = new Set(
  (
    "all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate " +
    "collation column concurrently constraint create cross current_catalog current_date current_role " +
    "current_schema current_time current_timestamp current_user default deferrable desc distinct do else end " +
    "except false fetch for foreign freeze from full grant group having ilike in initially inner intersect into " +
    "is isnull join lateral leading left like limit localtime localtimestamp natural not notnull null offset on " +
    "only or order outer overlaps placing primary references returning right select session_user similar some " +
    "symmetric system_user table tablesample then to trailing true union unique user using variadic verbose " +
    "when where window with none"
  ).split(" "),
);

function noNul(text: string): string {
  if (text.includes("\0")) throw new RangeError("PostgreSQL text cannot hold a NUL character");
  return text;
}
