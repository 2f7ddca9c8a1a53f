/**
 * SQL text → the bytes that make psql send exactly that text.
 *
 * psql replaces `:name`, `:'name'`, `:"name"` and `:{?name}` outside quotes and comments; `\:` stops it. Its lexer
 * (src/fe_utils/psqlscan.l) cuts tokens as the server's does, with standard_conforming_strings on.
 */
import { tokens } from "../../core/lexer.ts";

export function psqlText(sql: string): string {
  if (!MAYBE.test(sql)) return sql;
  let out = "";
  let from = 0;
  for (const at of substitutions(sql)) {
    out += `${sql.slice(from, at)}\\`;
    from = at;
  }
  return out + sql.slice(from);
}

/**
 * The UTF-16 offset of a string that psql reads otherwise than the server, undefined where there is none: after
 * `E'a'⏎'it\'s'` psql takes the second piece for a string without escapes, and what follows for its own commands.
 */
export function unreadable(sql: string): number | undefined {
  if (!/[eE]'/.test(sql)) return undefined;
  for (const { kind, start, end } of tokens(sql)) {
    if (kind === "string" && /[eE]/.test(sql[start]!) && CONTINUED.test(sql.slice(start + 1, end)))
      return start;
  }
  return undefined;
}

/** Bytes above 127 count as letters, whatever character they belong to. */
const NAME = "[A-Za-z0-9_\\x80-\\uffff]+";
const VARIABLE = new RegExp(`:(?:${NAME}|'${NAME}'|"${NAME}"|\\{\\?${NAME}\\})`, "y");

/** An odd number of colons before what could begin a name: cheap, and true of nearly no text. */
const MAYBE = /(?<!:)(?:::)*:[A-Za-z0-9_\x80-\uffff'"{]/;

/** One whole piece with its escapes and doubled quotes, and an escaped quote behind it. */
const CONTINUED = /^'[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*'(?!')[^\\]*(?:\\[^'][^\\]*)*\\'/;

/** UTF-16 offsets of the colons that psql would take for the beginning of a variable. */
function* substitutions(sql: string): Generator<number> {
  let seen = 0;
  for (const { kind, start } of tokens(sql)) {
    if (kind !== "symbol" || start < seen || sql[start] !== ":") continue;
    // `::` and `:=` are operators.
    seen = start + (/[:=]/.test(sql[start + 1] ?? "") ? 2 : 1);
    VARIABLE.lastIndex = start;
    if (VARIABLE.test(sql)) yield start;
  }
}
