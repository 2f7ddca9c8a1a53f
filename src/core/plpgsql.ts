/**
 * A function or DO statement with a PL/pgSQL body → what is wrong with the body, and where; and the SQL that it runs.
 *
 * The compiler that judges it knows no catalog: a type it has not heard of is a record to it. So only what it says
 * of syntax counts.
 */
import { type Ast, type AstValue, node, visitNodes, word } from "./ast.ts";
import { skipTrivia, tokens, withoutComments } from "./lexer.ts";
import { lineEnd } from "./syntax.ts";

/** What it says of a body that no server could accept, whatever types and tables there are. */
const BODY_FAULT =
  /^(?:syntax error|missing |unterminated |unrecognized exception condition|invalid SQLSTATE|too (?:few|many) parameters specified for RAISE|unrecognized RAISE|RAISE option|duplicate declaration|end label|there is no label|block label|EXIT cannot|CONTINUE cannot|mismatched parentheses|INTO specified more than once|label does not exist|RETURN cannot have a parameter|cannot use RETURN)|is not a known variable$|is declared CONSTANT$|cannot be used outside a loop/;

/** With two targets of unknown types, that compiler takes the first for the record that holds the whole row. */
const LOOP_TARGETS = /(\bfor\s+[\w".]+)((?:\s*,\s*[\w".]+)+)(?=\s+in\b)/gi;

/** What the compiler says of a CREATE FUNCTION, CREATE PROCEDURE or DO statement; undefined when it is content. */
export type BodyJudge = (sql: string) => string | undefined;

/** What is wrong with a body; UTF-16 offsets in the statement. */
export interface BodyFault {
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

/** The fault of the statement `sql`, whose body is `body`, as far as it is one whatever the catalog holds. */
export function bodyFault(compile: BodyJudge, sql: string, body: string): BodyFault | undefined {
  const judge: BodyJudge = (text) => {
    const message = compile(text);
    return message !== undefined && BODY_FAULT.test(message) ? message : undefined;
  };
  const text = sql.replace(LOOP_TARGETS, (_, first: string, rest: string) => first + " ".repeat(rest.length));
  if (judge(text) === undefined) return undefined;
  // A comment hides from the compiler's SQL parser what stands behind it, and makes a fault where there is none.
  const literal = literalOf(sql, body);
  const quiet =
    literal?.quote.startsWith("$") === true ? withoutComments(text, literal.begin, literal.last) : text;
  const message = judge(quiet);
  return message === undefined ? undefined : { message, ...placeOf(judge, quiet, literal, message) };
}

/** How deeply blocks, IFs, LOOPs and CASEs lie within each other; more than that where SQL has such words too. */
export function blockDepth(body: string): number {
  let [depth, deepest, closing] = [0, 0, false];
  for (const { kind, start, end } of tokens(body)) {
    if (kind === "space" || kind === "comment") continue;
    const name = kind === "word" ? body.slice(start, end).toLowerCase() : "";
    if (name === "end") depth -= 1;
    else if (!closing && /^(?:begin|if|loop|case)$/.test(name)) deepest = Math.max(deepest, ++depth);
    closing = name === "end";
  }
  return deepest;
}

/** The SQL of a body. */
export interface BodySql {
  /** Its statements in order, with each expression as a SELECT. */
  readonly queries: readonly string[];
  /** False where some of it is made at run time. */
  readonly isWhole: boolean;
  /** It has a COMMIT or a ROLLBACK. */
  readonly ends?: true;
}

/** What a body runs, from what the compiler makes of it. */
export function queriesIn(compiled: Ast): BodySql {
  const queries: string[] = [];
  let [isWhole, ends] = [true, false];
  visitNodes(compiled, (kind, fields) => {
    if (/^PLpgSQL_stmt_(?:commit|rollback)$/.test(kind)) ends = true;
    if (/^PLpgSQL_stmt_dyn|^dynquery$/.test(kind)) {
      const query = kind === "dynquery" ? fields : node(fields["query"]);
      const fixed = fixedText(node(query["PLpgSQL_expr"])["query"]);
      if (fixed === undefined) isWhole = false;
      else queries.push(fixed);
    }
    if (kind === "PLpgSQL_expr")
      queries.push(statementOf(word(fields["query"]), Number(fields["parseMode"] ?? 0)));
    return true;
  });
  return { queries, isWhole, ...(ends ? { ends } : {}) };
}

/** What EXECUTE is given, where that is one string and nothing else. */
function fixedText(query: AstValue): string | undefined {
  const words = [...tokens(word(query))].filter(({ kind }) => kind !== "space" && kind !== "comment");
  const literal = words.length === 1 && words[0]!.kind === "string" ? word(query).trim() : "";
  return /^[$']/.test(literal) ? unquoted(literal) : undefined;
}

/** `mode`: PostgreSQL's RawParseMode: 0 a statement, 2 an expression, from 3 on an assignment, whose target may have subscripts. */
function statementOf(query: string, mode: number): string {
  if (mode === 0) return query;
  return `SELECT ${mode === 2 ? query : query.replace(/:?=/, ",")}`;
}

const PROBE = " \n retort_probe retort_probe; ";

/**
 * Where in the statement the fault of its body is; the compiler does not say. It stops at the first fault, so a body
 * cut off behind the fault still has it, and one cut off before has that of the probe put there instead.
 */
function placeOf(
  judge: BodyJudge,
  sql: string,
  literal: Literal | undefined,
  message: string,
): { readonly start: number; readonly end: number } {
  if (literal === undefined) return { start: 0, end: lineEnd(sql, 0) };
  const { begin, last } = literal;
  const faultBefore = (cut: number): boolean =>
    judge(`${sql.slice(0, cut)}${PROBE}${sql.slice(last)}`) === message;

  const words = [...tokens(sql.slice(0, last), begin)].filter(
    ({ kind }) => kind !== "space" && kind !== "comment",
  );
  const ends = words.flatMap(({ start }, index) => (sql[start] === ";" ? [index] : []));
  let low = 0;
  for (let high = ends.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (faultBefore(words[ends[middle]!]!.end)) high = middle;
    else low = middle + 1;
  }
  const end = ends[low];
  const final = words.at(-1) ?? literal;
  if (end === undefined && message.endsWith("at end of input")) return final;
  const inside = words.slice(low === 0 ? 0 : ends[low - 1]! + 1, end === undefined ? undefined : end + 1);
  const name = /"(?<name>[^"]+)"/.exec(message)?.groups?.["name"];
  const named = inside.flatMap(({ start, end: tokenEnd }) => {
    const place = { start, end: start + (name?.length ?? 0) }; // `new.name` is one name to it, and three tokens here
    return name !== undefined && sql.startsWith(name, start) && tokenEnd <= place.end ? [place] : [];
  });
  // What opens a block is not part of the statement behind it.
  const first = inside.find(
    ({ start, end }) => !/^(?:begin|then|else|loop|declare)$/i.test(sql.slice(start, end)),
  );
  return named.find((place) => faultBefore(place.end)) ?? named[0] ?? first ?? inside[0] ?? final;
}

/** The string that a body is written as; UTF-16 offsets of it, and of what its quotes hold. */
interface Literal {
  readonly quote: string;
  readonly start: number;
  readonly end: number;
  readonly begin: number;
  readonly last: number;
}

function literalOf(sql: string, body: string): Literal | undefined {
  for (const { kind, start, end } of tokens(sql)) {
    if (kind !== "string" || unquoted(sql.slice(start, end)) !== body) continue;
    const quote = openingQuote(sql.slice(start));
    return { quote, start, end, begin: start + quote.length, last: end - quote.length };
  }
  return undefined;
}

/** `$tag$` or `'`. */
const openingQuote = (literal: string): string => /^\$[^$]*\$/.exec(literal)?.[0] ?? "'";

function unquoted(literal: string): string {
  const inside = literal.replace(/^\$([^$]*)\$(.*)\$\1\$$/s, "$2");
  return inside === literal ? literal.slice(1, -1).replaceAll("''", "'") : inside;
}

/**
 * Where the first token of a line stands in the body of a DO statement, as the server counts lines: a UTF-16 offset in
 * `sql`. Undefined for the first, which the statement itself begins on.
 */
export function offsetInDo(sql: string, line: number): number | undefined {
  const body = [...tokens(sql)].find(({ kind }) => kind === "string");
  if (body === undefined || line === 1) return undefined;
  const lines = /\r\n|\n|\r/g;
  lines.lastIndex = body.start + openingQuote(sql.slice(body.start)).length;
  for (let at = 1; at < line; at += 1)
    if (lines.exec(sql) === null || lines.lastIndex >= body.end) return undefined;
  return skipTrivia(sql, lines.lastIndex);
}
