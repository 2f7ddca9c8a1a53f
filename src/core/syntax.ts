/** What the parser says of a file → a diagnostic that says what was meant. */

import { directiveIn, placeholderAt, placeholdersUnder } from "./batch.ts";
import { characterHint } from "./characters.ts";
import { CONFLICT_HINT, isConflict } from "./conflict.ts";
import type { Diagnostic } from "./errors.ts";
import { faultAt } from "./fault.ts";
import { tokens } from "./lexer.ts";
import type { FileText } from "./migration.ts";
import { wordHint } from "./other-databases.ts";
import { passwordsOf } from "./password.ts";
import { redact } from "./redact.ts";
import { ROWS_AS_SQL, ROWS_BY_PSQL } from "./refusal.ts";
import { locate, type Source } from "./source.ts";

/** What the parser says. */
export interface Failure {
  readonly message: string;
  /** UTF-16, in the file; absent where the parser itself gave up. */
  readonly offset?: number;
}

/** Whether the parser met what is no SQL; an escape in a string that is no escape begins with a backslash, too. */
export const isForeign = ({ message }: Failure): boolean => message.startsWith("syntax error");

/** The fault of a statement that begins at `start`, and its comments at `begin`. `kind`: of the file. */
export function syntaxFault(
  source: Source,
  start: number,
  failure: Failure,
  kind?: FileText["kind"],
  begin = start,
): Diagnostic {
  const { message } = failure;
  const offset = trimmed(source.text, failure.offset ?? start);
  const at = { ...locate(source, offset), start: offset };
  const rest = source.text.slice(offset, lineEnd(source.text, offset));
  const command = isForeign(failure) ? /^\\[^\s\\]+/.exec(rest)?.[0] : undefined;
  const hint =
    command === undefined ? undefined : psqlHint(command, rest, kind, placeOf(source.text, start, offset));
  if (hint !== undefined) {
    return faultAt(source, at, rest.trimEnd().length, {
      code: "source/psql-command",
      message: `${command} is a command of psql, but a ${kind === undefined ? "migration" : "schema file"} is only SQL`,
      hint,
    });
  }
  const variable = /^:(?:[\w\x80-\uffff]+|'[\w\x80-\uffff]+'|"[\w\x80-\uffff]+")/.exec(rest)?.[0];
  if (variable !== undefined) {
    return faultAt(source, at, variable.length, {
      code: "source/psql-variable",
      message: `${variable} is a variable of psql, and is not replaced here`,
      hint: variableHint(source.text.slice(begin, start)),
    });
  }
  if (failure.offset === undefined || /^(?:memory exhausted|out of memory)/.test(message)) {
    return faultAt(source, at, 1, {
      code: "source/too-deep",
      message: "this statement is too deeply nested, or too large, to be parsed",
      hint: "write it with less nesting: VALUES or IN lists instead of chains of UNION or +, or several statements",
    });
  }
  const near = /^(?<what>.*?)(?: at or near "(?<token>.*)")?$/s.exec(message)?.groups;
  const { what = message, token: read = "" } = near ?? {};
  const token = placeholderAt(source, offset) ?? read;
  const said = token === read ? message : `${what} at or near "${token}"`;
  const unterminated = what.startsWith("unterminated");
  return faultAt(source, at, unterminated ? 1 : Math.max(token.length, 1), {
    code: "source/syntax",
    message: unterminated ? what : redact(shortened(said), passwordsNear(source.text, offset)),
    ...hintOf(characterHint(source.text, offset) ?? syntaxHint(source.text, start, offset, what, token)),
  });
}

/** Below a line that makes a batch, the names that are replaced there. */
function variableHint(comments: string): string {
  const directive = directiveIn(comments);
  if (directive === undefined || "fault" in directive) return "write the value itself";
  return `did you mean ${placeholdersUnder(directive).join(" or ")}? Otherwise write the value itself`;
}

/** The passwords of a text around an offset, one of which the parser may name as the token that it did not expect. */
const passwordsNear = (text: string, offset: number): readonly string[] =>
  passwordsOf(text.slice(Math.max(0, offset - 1000), offset + 1000));

const hintOf = (hint: string | undefined): { readonly hint?: string } => (hint === undefined ? {} : { hint });

function syntaxHint(
  text: string,
  start: number,
  offset: number,
  what: string,
  token: string,
): string | undefined {
  if (isConflict(token)) return CONFLICT_HINT;
  if (text[offset] === "\\") return backslashHint(text.slice(offset + 1, offset + 2));
  if (what.startsWith("unterminated")) return "it begins here, and its end is missing";
  if (what === "dropping an enum value is not implemented")
    return "PostgreSQL cannot remove a value from an enum: delete the statement, so that the value stays, or make the type anew without it";
  if (/at end of input$/.test(what)) return "the last statement is incomplete: is a ) or an END missing?";
  if (/^(?:limit|order)$/i.test(token) && /^(?:update|delete)\b/i.test(text.slice(start, start + 7)))
    return `${text.slice(start, start + 6).toUpperCase()} has no ${token.toUpperCase()}: choose the rows with WHERE ctid IN (SELECT ctid FROM … LIMIT …)`;
  const other = wordHint(text, offset, token);
  if (other !== undefined) return other;
  const before = text.slice(Math.max(0, offset - 1000), offset);
  const named = nameHint(before, text.slice(offset, offset + 100), token);
  if (named !== undefined) return named;
  const open = openParenthesis(text, start, offset);
  if (token === ";" && open !== undefined) {
    const { line, column } = locate({ path: "", text }, open);
    return `is a ) missing? The ( in line ${line}, column ${column}, has none`;
  }
  if (token === ")" && open === undefined) return "delete it: no ( is open here";
  if (/^(?:\)|from)$/i.test(token) && /,\s*$/.test(before)) return `delete the comma before ${token}`;
  // The grammar may take IF for a name, and NOT for the beginning of something else.
  if (/\bif\s+(?:not|not\s+exists)$/i.test(`${before.slice(-50)}${token}`))
    return "this statement has no IF NOT EXISTS: leave it out";
  if (/\bcreate\s+or\s+replace\s+$/i.test(before))
    return `OR REPLACE is not for ${token.toUpperCase()}: leave it out`;
  const opensLine = /(?:^|[\r\n])[ \t]*$/.test(before);
  const afterStatement = /[^\s;(,]\s*$/.test(before);
  if (!opensLine || !afterStatement) return undefined;
  const missing = [
    ALTERS_TABLE.test(token) && IN_ALTER_TABLE.test(before) ? "a comma" : "",
    OPENS_STATEMENT.test(token) ? (open === undefined ? "a ;" : "a );") : "",
  ].filter((each) => each !== "");
  return missing.length === 0
    ? undefined
    : `is ${missing.join(" or ")} missing before ${token.toUpperCase()}?`;
}

/** A token that stands where a name, a value or a comment was meant. */
function nameHint(before: string, rest: string, token: string): string | undefined {
  if (/^(?:#|\/\/)/.test(token) && /(?:^|[;,(\r\n])\s*$/.test(before)) return "a comment begins with --";
  if (/[\w.!?]'$/.test(before) && /^[\w\x80-\uffff]/.test(token))
    return "an apostrophe within a text is written twice: ''";
  if (/\benum\s*\((?:[^;)]*,)?\s*$/i.test(before) && /^\w/.test(token))
    return `the values of an enum are strings: '${token}'`;
  const isColumn = COLUMN_LIST.test(before) && /[(,]\s*$/.test(before) && /^\w+\s+(?!by\b)[a-z]/i.test(rest);
  const isName = LIKELY_NAME.test(token) && (isColumn || NAME_FOLLOWS.test(before));
  return isName
    ? `${token} is a reserved word: choose another name, or write it in double quotes: "${/[a-z]/.test(token) ? token : token.toLowerCase()}"`
    : undefined;
}

/** Reserved words that people use as names. */
const LIKELY_NAME =
  /^(?:all|analy[sz]e|any|array|asc|case|cast|check|column|desc|do|end|from|grant|group|limit|offset|order|table|then|to|user|when)$/i;
const NAME_FOLLOWS =
  /\b(?:table|into|update|join|from|view|column|add|set|type|index|on|exists|references)\s+$/i;

/** A text that ends among the columns of a CREATE TABLE. */
const COLUMN_LIST = /\bcreate\s+(?:\w+\s+)?table\s+(?:if\s+not\s+exists\s+)?[\w."]+\s*\([^;]*$/i;

/** Where the last ( stands that is not closed between `start` and `end`. */
function openParenthesis(text: string, start: number, end: number): number | undefined {
  const open: number[] = [];
  for (const token of tokens(text.slice(0, end), start)) {
    if (text[token.start] === "(") open.push(token.start);
    if (text[token.start] === ")") open.pop();
  }
  return open.at(-1);
}

const OPENS_STATEMENT =
  /^(?:alter|begin|comment|commit|copy|create|delete|do|drop|explain|grant|insert|lock|merge|refresh|reindex|revoke|select|set|truncate|update|vacuum|with)$/i;

/** What an action of ALTER TABLE begins with, and a text that ends within that statement. */
const ALTERS_TABLE = /^(?:add|alter|attach|detach|disable|drop|enable|owner|reset|set|validate)$/i;
const IN_ALTER_TABLE = /(?:^|;)[^;]*\balter\s+(?:foreign\s+)?table\b[^;]*$/i;

/** Where a backslash stands: first in its line, and where nothing of a statement stands before it. */
interface Place {
  readonly opensLine: boolean;
  readonly isBetween: boolean;
}

const placeOf = (text: string, start: number, offset: number): Place => ({
  opensLine: /(?:^|[\r\n])[ \t]*$/.test(text.slice(Math.max(0, offset - 1000), offset)),
  isBetween: offset === start,
});

/** Of a table, some of its columns, or a query. */
const COPY_TO = /^\\copy\s+(?:\(.*\)|[^\s(]+\s*(?:\([^)]*\))?)\s*\bto\s/i;

/** What to do with a command of psql; undefined for a backslash that may belong to the statement. */
function psqlHint(command: string, rest: string, kind: FileText["kind"], place: Place): string | undefined {
  const remove =
    place.opensLine && place.isBetween ? "remove the line" : "remove it, up to the end of the line";
  const forSchema = kind !== undefined;
  switch (command) {
    case "\\restrict":
    case "\\unrestrict":
      return `${remove}; pg_dump adds it for psql only`;
    case "\\i":
    case "\\ir":
    case "\\include":
    case "\\include_relative":
      return forSchema
        ? `${remove}; every SQL file of the schema folder is loaded anyway`
        : "put the SQL of that file here, or in a migration of its own";
    case "\\copy":
      return COPY_TO.test(rest) ? `${remove}; ${ROWS_BY_PSQL}` : ROWS_AS_SQL;
    case "\\.":
      return ROWS_AS_SQL;
    case "\\c":
    case "\\connect":
      return `${remove}; ${forSchema ? "schema files are loaded into a scratch database" : "the database is chosen when the migration is run, by --database URL for example"}`;
    case "\\g":
    case "\\G":
    case "\\gx":
    case "\\gset":
    case "\\gexec":
    case "\\gdesc":
    case "\\watch":
    case "\\crosstabview":
    case "\\;":
      return "end the statement with a ; instead; to act on its result, write a DO block";
    default:
      return OTHER_COMMANDS.has(command) || (place.isBetween && /^\\[\w!?]/.test(command))
        ? remove
        : undefined;
  }
}

/** Commands of psql that are such within a statement, too. Of one letter, as in `\d`, they may be what a pattern has. */
const OTHER_COMMANDS: ReadonlySet<string> = new Set(
  ["echo", "qecho", "warn", "set", "unset", "pset", "timing", "if", "elif", "else", "endif", "encoding"].map(
    (word) => `\\${word}`,
  ),
);

/** A backslash within a statement: what a shell, a program or another server needs, and SQL has only in strings. */
function backslashHint(next: string): string {
  if (next === "n" || next === "t")
    return `write a ${next === "n" ? "line end" : "blank"} instead of \\${next}`;
  return /^[^\w\s\\]/.test(next)
    ? `write ${next} without the backslash`
    : "SQL has a backslash only in strings: put what it belongs to in quotes, or delete the backslash";
}

/** A message of the parser with only the beginning of a long token, or of one with several lines. */
export function shortened(message: string): string {
  return message.replace(/"(?<shown>[^\r\n]{0,60}).*"/s, (quoted, shown: string) =>
    quoted.length > shown.length + 2 ? `"${shown}…"` : quoted,
  );
}

/** At the end of a text, back to the end of what stands there. */
function trimmed(text: string, offset: number): number {
  return offset < text.length ? offset : text.trimEnd().length;
}

/** The end of the line that holds `from`. */
export function lineEnd(text: string, from: number): number {
  const length = text.slice(from).search(/[\r\n]/);
  return length < 0 ? text.length : from + length;
}
