/**
 * SQL text → the bytes that make psql send exactly that text.
 *
 * psql replaces `:name`, `:'name'`, `:"name"` and `:{?name}` outside quotes and comments; `\:` stops it. This
 * follows the rules of psql's own lexer (src/fe_utils/psqlscan.l), with standard_conforming_strings on.
 */
export function psqlText(sql: string): string {
  let out = "";
  let from = 0;
  for (const at of substitutions(sql)) {
    out += `${sql.slice(from, at)}\\`;
    from = at;
  }
  return out + sql.slice(from);
}

const VARIABLE = /:(?:[\p{L}\p{N}_\u0080-\uffff]+|'[\p{L}\p{N}_\u0080-\uffff]+'|"[\p{L}\p{N}_\u0080-\uffff]+"|\{\?[\p{L}\p{N}_\u0080-\uffff]+\})/uy;
const SKIPPED =
  /--[^\n\r]*|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$|[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*|::|:=/uy;
const ESCAPE_STRING = /[eE]'(?:[^'\\]|\\[^]|'')*'/uy;

/** UTF-16 offsets of the colons that psql would take for the beginning of a variable. */
function substitutions(sql: string): number[] {
  const found: number[] = [];
  if (!sql.includes(":")) return found;
  let i = 0;
  while (i < sql.length) {
    if (sql.startsWith("/*", i)) {
      i = endOfBlockComment(sql, i);
      continue;
    }
    const token = match(ESCAPE_STRING, sql, i) ?? match(SKIPPED, sql, i);
    if (token !== undefined) {
      i += token.length;
      if (token.startsWith("$")) {
        const end = sql.indexOf(token, i);
        i = end < 0 ? sql.length : end + token.length;
      }
      continue;
    }
    if (match(VARIABLE, sql, i) !== undefined) found.push(i);
    i += 1;
  }
  return found;
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** Block comments nest. */
function endOfBlockComment(sql: string, start: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  let depth = 0;
  for (let m = edge.exec(sql); m !== null; m = edge.exec(sql)) {
    depth += m[0] === "/*" ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return sql.length;
}
