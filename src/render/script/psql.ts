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

/** What psql reads otherwise than the server: where, as a UTF-16 offset, and what to write instead. */
export interface Misread {
  readonly offset: number;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** The first thing in a statement that psql reads otherwise than the server; undefined where there is none. */
export const misreadByPsql = (sql: string): Misread | undefined => misreadString(sql) ?? misreadBlock(sql);

/** After `E'a'⏎'it\'s'` psql takes the second piece for a string without escapes, and what follows for its own commands. */
function misreadString(sql: string): Misread | undefined {
  if (!/[eE]'/.test(sql)) return undefined;
  for (const { kind, start, end } of tokens(sql)) {
    if (kind !== "string" || !/[eE]/.test(sql[start]!) || !CONTINUED.test(sql.slice(start + 1, end)))
      continue;
    return {
      offset: start,
      code: "source/psql-string",
      message:
        "psql cannot read this string: it has escapes (E'…'), contains \\' and continues on a later line",
      hint: "write it as one string without a break, or with $$…$$; --client any and an online run accept it as it is",
    };
  }
  return undefined;
}

/**
 * In CREATE FUNCTION and CREATE PROCEDURE psql counts `begin` and `case` against `end` outside parentheses, whatever they
 * mean, and sees a `;` only where the count is 0 (psqlscan.l, `begin_depth`).
 */
function misreadBlock(sql: string): Misread | undefined {
  if (!ROUTINE.test(sql)) return undefined;
  const words = [...wordsOutside(sql)];
  const begins = words.slice(0, 4).map(({ word }) => word);
  if (!/^create (?:or replace )?(?:function|procedure)\b/.test(begins.join(" "))) return undefined;
  if (endForPsql(words) === words.length - 1) return undefined;
  const { word, start } = words.find((_, at) => isName(words, at)) ?? words[0]!;
  return {
    offset: start,
    code: "source/psql-block",
    message: `psql takes this ${word} for that of a block, and would not find the end of the statement`,
    hint: `write the name in quotes: "${word}"; --client any and an online run accept it as it is`,
  };
}

interface Word {
  /** In lower case; a symbol, too. */
  readonly word: string;
  /** UTF-16 offset. */
  readonly start: number;
}

/** What stands outside parentheses. */
function* wordsOutside(sql: string): Generator<Word> {
  let depth = 0;
  for (const { kind, start, end } of tokens(sql)) {
    if (kind === "space" || kind === "comment") continue;
    const word = sql.slice(start, end).toLowerCase();
    if (word === ")") depth -= 1;
    if (depth === 0) yield { word, start };
    if (word === "(") depth += 1;
  }
}

/** The index of the `;` that ends a routine's statement for psql; -1 where it sees none. */
function endForPsql(words: readonly Word[]): number {
  let depth = 0;
  return words.findIndex(({ word }) => {
    if (word === "begin" || (word === "case" && depth > 0)) depth += 1;
    else if (word === "end") depth = Math.max(depth - 1, 0);
    return word === ";" && depth === 0;
  });
}

/** The words that psql counts are names where the grammar takes them for no key words. */
function isName(words: readonly Word[], at: number): boolean {
  const { word } = words[at]!;
  if (word === "begin") return words[at + 1]?.word !== "atomic";
  return /^(?:case|end)$/.test(word) && /^(?:\.|as)$/.test(words[at - 1]?.word ?? "");
}

const ROUTINE = /\b(?:function|procedure)\b[\s\S]*\b(?:begin|end)\b/i;

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
