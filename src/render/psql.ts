/**
 * SQL text → the bytes that make psql send exactly that text.
 *
 * psql replaces `:name`, `:'name'`, `:"name"` and `:{?name}` outside quotes and comments; `\:` stops it. Its lexer
 * (src/fe_utils/psqlscan.l) cuts tokens as the server's does, with standard_conforming_strings on. Only a string with
 * escapes that goes on in the next line (`E'a'⏎'it\'s'`) it cannot read, and no script can help it.
 */
import { tokens } from "../core/lexer.ts";

export function psqlText(sql: string): string {
  if (!sql.includes(":")) return sql;
  let out = "";
  let from = 0;
  for (const at of substitutions(sql)) {
    out += `${sql.slice(from, at)}\\`;
    from = at;
  }
  return out + sql.slice(from);
}

/** Bytes above 127 count as letters, whatever character they belong to. */
const NAME = "[A-Za-z0-9_\\x80-\\uffff]+";
const VARIABLE = new RegExp(`:(?:${NAME}|'${NAME}'|"${NAME}"|\\{\\?${NAME}\\})`, "y");

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
