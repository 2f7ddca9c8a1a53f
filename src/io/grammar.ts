/**
 * A file's SQL → its statements, judged by PostgreSQL's own parser. The only importer of libpg-query, which has the
 * grammar of PostgreSQL 18.
 *
 * It is C in WebAssembly: deep nesting ends its stack, which shows as an exception.
 */
import { createRequire } from "node:module";
import { type Ast, routineSource } from "../core/ast.ts";
import { readable } from "../core/batch.ts";
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import { ENOUGH_FAULTS, type Fault, faultAt } from "../core/fault.ts";
import { skipTrivia, tokens, withoutComments } from "../core/lexer.ts";
import type { FileText } from "../core/migration.ts";
import { NEWEST, newerFeature, placeOfFeature } from "../core/newer-syntax.ts";
import { type BodyFault, type BodySql, bodyFault, queriesIn } from "../core/plpgsql.ts";
import { majorOf, type ServerVersion } from "../core/server-version.ts";
import { byteOffsets, locate, offsetOfCodePoint, type Source } from "../core/source.ts";
import type { ParsedStatement } from "../core/statement/facts.ts";
import {
  factsOfFile,
  type StatementFacts,
  statementsOf,
  type UserStatement,
} from "../core/statement/file.ts";
import type { RoutineBody } from "../core/statement/losses.ts";
import { type Failure, isForeign, lineEnd, shortened, syntaxFault } from "../core/syntax.ts";
import { createParserOf16, mayRefuse } from "./grammar-16.ts";

export interface Grammar {
  /**
   * The statements of one file. Throws a `MigrateError` with every fault that could be found: syntax, what may not
   * stand in a migration, broken PL/pgSQL bodies, and syntax that is too new for the server.
   */
  statements(file: FileText): Promise<readonly UserStatement[]>;
  /** The same, and what is known of each. `seen` is shown each tree once, before anything is thrown. */
  parse(file: FileText, seen?: (parsed: ParsedStatement) => void): Promise<Parsed>;
  /** The trees of one file's statements, as far as it can be read. */
  trees(file: FileText): Promise<readonly ParsedStatement[]>;
}

export interface Parsed {
  readonly facts: readonly StatementFacts[];
  readonly statements: readonly UserStatement[];
}

/**
 * The grammar of a server, or of the newest one. Parsers are loaded when the first file comes. `piece`: of a longer file
 * about so many UTF-16 units are parsed at once; whatever it is, the statements are the same.
 */
export function createGrammar(server?: ServerVersion, piece = PIECE): Grammar {
  const older = server !== undefined && majorOf(server.number) < NEWEST ? server : undefined;
  const parserOf16 = createParserOf16();
  const judge = async (
    file: FileText,
    faults: Diagnostic[],
    seen: (parsed: ParsedStatement) => void,
  ): Promise<readonly StatementFacts[]> => {
    const { source, parser } = await ready(file);
    const suspects: Suspect[] = [];
    const judged = function* (): Generator<ParsedStatement> {
      for (const parsed of parsedStatements(parser, { ...file, source }, faults, piece)) {
        const { fault, body } = judgedBody(parser, source, parsed);
        const whole = body === undefined ? parsed : { ...parsed, body };
        const newer = older === undefined ? undefined : newerSyntax(source, whole, older);
        faults.push(...[fault, newer].filter((each) => each !== undefined));
        if (fault === undefined && newer === undefined && older !== undefined && majorOf(older.number) < 17)
          suspects.push(...suspectsIn(source, parsed));
        seen(whole);
        yield whole;
      }
    };
    const facts = factsOfFile(file, judged(), faults);
    for (const suspect of suspects) {
      const fault = await refusedBy16(source, suspect, parserOf16, older!);
      if (fault !== undefined) faults.push(fault);
    }
    return facts;
  };
  const parse: Grammar["parse"] = async (file, seen = () => {}) => {
    const faults: Diagnostic[] = [];
    const facts = await judge(file, faults, seen);
    const statements = statementsOf(file, facts, faults);
    if (faults.length > 0) throw MigrateError.all(faults.sort(byPlace));
    return { facts, statements };
  };
  const trees = async (file: FileText): Promise<readonly ParsedStatement[]> => {
    const { source, parser } = await ready(file);
    return [...parsedStatements(parser, { ...file, source }, [], piece)];
  };
  return { parse, trees, statements: async (file) => (await parse(file)).statements };
}

/** A file's text as the parsers take it, and the parser. Throws `source/not-text`, `source/syntax`. */
async function ready({ source }: FileText): Promise<{ readonly source: Source; readonly parser: Parser }> {
  const readableSource = { path: source.path, text: readable(source.text), written: source.text };
  refuseWhatParsersCut(readableSource);
  refuseWhatTakesForever(readableSource);
  return { source: readableSource, parser: await loadParser() };
}

function byPlace({ location: a }: Diagnostic, { location: b }: Diagnostic): number {
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);
}

/** The parsers stop at a NUL without a word, and a lone surrogate has no UTF-8. */
function refuseWhatParsersCut(source: Source): void {
  const offset = source.text.search(/\0|\p{Surrogate}/u);
  if (offset < 0) return;
  throw new MigrateError({
    code: "source/not-text",
    message: "invalid character",
    hint: "save the file as UTF-8 without NUL characters",
    location: locate(source, offset),
  });
}

/** What a run of 20,000 operator characters takes, about a second. */
const MOST_STEPS = 20_000 ** 2;

/** PostgreSQL's lexer takes a time that grows with the square of a run of operator characters, or of nested comments. */
function refuseWhatTakesForever(source: Source): void {
  const { text } = source;
  if (!/[~!@#^&|`?+\-*/%<>=]{1000}/.test(text)) return;
  let steps = 0;
  let run = 0;
  for (const { kind, start, end } of tokens(text)) {
    run = kind === "symbol" && /[~!@#^&|`?+\-*/%<>=]/.test(text[start]!) ? run + 1 : 0;
    // A run is read anew from each of its characters.
    steps += kind === "comment" ? stepsOfComment(text.slice(start, end)) : 2 * run;
    if (steps > MOST_STEPS)
      throw MigrateError.all([
        syntaxFault(source, start - Math.max(0, run - 1), { message: "too many operators" }),
      ]);
  }
}

/** In a block comment a run is read anew from each comment that begins in it. */
function stepsOfComment(comment: string): number {
  if (comment.startsWith("--")) return 0;
  const runs = comment.match(/[~!@#^&|`?+\-*/%<>=]{1000,}/g) ?? [];
  return runs.reduce((steps, run) => steps + run.length * run.split("/*").length, 0);
}

/** A statement of a text, with its own text. */
export interface ReadStatement extends Pick<ParsedStatement, "ast" | "body"> {
  readonly sql: string;
}

/** Reads SQL, without any judgement whether it may stand in a migration; it throws what the parser says when it is none. */
export async function createReader(): Promise<(sql: string) => readonly ReadStatement[]> {
  const parser = await loadParser();
  return (text) => {
    const { result } = parse(parser, text, 0, text.length);
    if (!Array.isArray(result)) throw new Error(result.message);
    return result.map((parsed) => {
      const { body } = judgedBody(parser, { path: "", text }, parsed);
      const sql = text.slice(parsed.start, parsed.end);
      return { ast: parsed.ast, sql, ...(body === undefined ? {} : { body }) };
    });
  };
}

type Parser = Pick<typeof import("libpg-query"), "parseSync" | "parsePlPgSQLSync">;

let shared: Parser | undefined;

/** One instance for all, until it has run out of stack: then it has lost a part of it, and ends in chaos. */
async function loadParser(): Promise<Parser> {
  if (shared !== undefined) return shared;
  const require = createRequire(import.meta.url);
  const path = require.resolve("libpg-query");
  delete require.cache[path];
  const module: typeof import("libpg-query") = require(path);
  await module.loadModule();
  shared = module;
  return module;
}

function discardParser(): void {
  shared = undefined;
}

/** What it throws when it breaks, and not when it has something to say. */
function isBreakdown(error: unknown): boolean {
  return !(error instanceof Error) || error.name !== "Error"; // RangeError, RuntimeError, ExitStatus
}

// A file, cut into pieces: the whole of it, unless it is so large that its tree would fill the memory.

const PIECE = 512 * 1024; // UTF-16 units

/**
 * The statements of a file, in order. A piece that has a fault is read again statement by statement, so that
 * everything before the fault is still found. After a psql command, or rows for COPY, it goes on with the next line.
 */
function* parsedStatements(
  parser: Parser,
  { source, bodyStart, kind }: FileText,
  faults: Diagnostic[],
  size: number,
): Generator<ParsedStatement> {
  const { text } = source;
  let from = bodyStart;
  let single = false;
  let copying = false;
  while (from < text.length) {
    const { to, result } = parsePiece(parser, text, from, single ? 0 : size);
    if (Array.isArray(result)) {
      for (const statement of result) yield statement;
      const last = result.at(-1);
      if (last !== undefined) copying = isCopyFromStdin(last.ast);
      from = to;
    } else if (!single) {
      single = true;
    } else {
      const start = skipTrivia(text, from);
      const at = result.offset ?? start;
      if (!copying) faults.push(syntaxFault(source, start, result, kind, from));
      if (!copying && (text[at] !== "\\" || !isForeign(result) || faults.length >= ENOUGH_FAULTS)) return;
      from = copying ? endOfCopyData(text, start) : lineEnd(text, at);
      copying = false;
      single = false;
    }
  }
}

interface Piece {
  readonly to: number;
  readonly result: ParsedStatement[] | Failure;
}

/**
 * Parses from `from` to the first `;` after `size` units, and further if that was not the end of a statement. A text
 * that parses and ends in a top-level `;` means the same whatever follows it.
 */
function parsePiece(parser: Parser, text: string, from: number, size: number): Piece {
  let length = size;
  for (let tries = 1; ; tries += 1) {
    const edge = edgeAfter(text, from + length, size > 0);
    const to = edge === 0 || text.length - from <= size ? text.length : edge;
    const { complete, result } = parse(parser, text, from, to);
    if (to === text.length) return { to, result };
    const behind =
      complete && Array.isArray(result) ? behindComment(text, result.at(-1)?.end ?? from, to) : to;
    if (complete && behind === to) return { to, result };
    if (complete) length = behind - from;
    else length = size === 0 && tries < 100 ? to - from : Math.ceil((to - from) * 1.5);
  }
}

/** After the first `;` from `at` on, preferably one that looks like the end of a statement; 0 where there is none. */
function edgeAfter(text: string, at: number, likely: boolean): number {
  const end = /;(?=[ \t]*(?:--.*)?(?:\r\n|\n|\r)\s*[A-Za-z-])/g;
  end.lastIndex = at;
  return likely && end.test(text) ? end.lastIndex : text.indexOf(";", at) + 1;
}

/**
 * The grammar takes a comment that is cut short for a whole one, and what follows the cut is none any more: where the
 * `;` before `to` stands in a comment, the offset behind that; else `to`. `end`: of the last statement before.
 */
function behindComment(text: string, end: number, to: number): number {
  for (let at = end; at < to; at += 1) {
    at = skipTrivia(text, at);
    if (at >= to) return at;
  }
  return to;
}

function parse(
  parser: Parser,
  text: string,
  from: number,
  to: number,
): { readonly complete: boolean; readonly result: Piece["result"] } {
  const written = text.slice(from, to);
  let [piece, read] = [written, treeOf(parser, written)];
  if ("message" in read && parser === shared && !endsTooEarly(read)) {
    piece = withoutComments(written);
    if (piece !== written) read = treeOf(parser, piece);
  }
  if ("message" in read) {
    if (read.codePoint === undefined) return { complete: true, result: { message: read.message } };
    const offset = Math.min(from + offsetOfCodePoint(piece, read.codePoint), to);
    return { complete: !endsTooEarly(read), result: { message: read.message, offset } };
  }
  const stmts = read.stmts ?? [];
  // Only the last one can lack its length, which is that to its `;`.
  const complete = stmts.length === 0 || (stmts.at(-1)?.stmt_len ?? 0) > 0;
  if (!complete && to < text.length) return { complete, result: [] };
  const utf16 = byteOffsets(piece);
  const result = stmts.map(({ stmt, stmt_location = 0, stmt_len = 0 }): ParsedStatement => {
    const start = skipTrivia(text, from + utf16(stmt_location));
    const end = stmt_len > 0 ? from + utf16(stmt_location + stmt_len) + 1 : endOfLastToken(text, start);
    return { ast: stmt as unknown as Ast, start, end };
  });
  return { complete, result };
}

/** What the parser says of a text that it cannot read; where, unless it has broken down. */
interface Refused {
  readonly message: string;
  readonly codePoint?: number;
}

/** More text could mend it. */
const endsTooEarly = ({ message }: Refused): boolean => /^unterminated|at end of input$/.test(message);

/**
 * The tree of a text. A comment hides from this parser what stands behind it where a key word or a string is read with
 * what follows (`NOT -- …⏎ IN`, `NULLS -- …⏎ FIRST`, `'a' -- …⏎ 'b'`): then it finds a fault where there is none.
 */
function treeOf(parser: Parser, piece: string): ReturnType<Parser["parseSync"]> | Refused {
  const { exitCode } = process; // which the parser sets when it runs out of memory
  try {
    return parser.parseSync(piece);
  } catch (error) {
    process.exitCode = exitCode;
    const message = error instanceof Error ? error.message : String(error);
    const details = (error as { sqlDetails?: { cursorPosition?: number } }).sqlDetails;
    if (details !== undefined) return { message, codePoint: details.cursorPosition ?? 0 };
    discardParser();
    return { message };
  }
}

function endOfLastToken(text: string, start: number): number {
  let end = start;
  for (const token of tokens(text, start)) {
    if (token.kind !== "space" && token.kind !== "comment") end = token.end;
  }
  return end;
}

// COPY … FROM STDIN, which pg_dump writes, is followed by rows that are no SQL.

function isCopyFromStdin(ast: Ast): boolean {
  const copy = ast["CopyStmt"] as Ast | undefined;
  return copy?.["is_from"] === true && copy["filename"] === undefined;
}

function endOfCopyData(text: string, from: number): number {
  const end = /^\\\.[ \t]*$/gm;
  end.lastIndex = from;
  return end.exec(text) === null ? text.length : end.lastIndex;
}

// Bodies of functions and DO blocks.

function judgedBody(
  parser: Parser,
  source: Source,
  { ast, start, end }: ParsedStatement,
): { readonly fault?: Diagnostic | undefined; readonly body?: RoutineBody | undefined } {
  const routine = routineSource(ast);
  if (routine === undefined || parser !== shared) return {};
  const { language, code, sqlBody } = routine;
  if (sqlBody !== undefined) return { body: { statements: [sqlBody], isWhole: true } };
  if (code === undefined) return {};
  if (language === "sql") return { body: parsedBody(parser, { queries: [code], isWhole: true }) };
  if (language !== "plpgsql") return {};
  let compiled: unknown;
  const compile = (sql: string): string | undefined => {
    try {
      compiled = parser.parsePlPgSQLSync(sql);
      return undefined;
    } catch (error) {
      if (isBreakdown(error)) discardParser();
      return error instanceof Error ? error.message : String(error);
    }
  };
  const fault = bodyFault(compile, source.text.slice(start, end), code);
  if (fault === undefined)
    return compiled === undefined ? {} : { body: parsedBody(parser, queriesIn(compiled as Ast)) };
  const told = faultWithin(source, start, fault, {
    code: "source/plpgsql",
    message: `${shortened(fault.message)}, in the PL/pgSQL body`,
    hint: fault.message.endsWith("at end of input")
      ? "is a ; or an END missing?"
      : "correct the body; PostgreSQL would refuse it when it is created or when it runs",
  });
  return { fault: told };
}

function parsedBody(parser: Parser, { queries, isWhole, ends }: BodySql): RoutineBody {
  const read = (sql: string): readonly Ast[] | undefined => {
    const { result } = parse(parser, sql, 0, sql.length);
    return Array.isArray(result) ? result.map(({ ast }) => ast) : undefined;
  };
  const all = queries.join("\n;\n");
  const together = all.trim() === "" ? [] : read(all);
  const each = together === undefined ? queries.map(read) : [together];
  return {
    statements: each.flatMap((trees = []) => trees),
    isWhole: isWhole && each.every((trees) => trees !== undefined),
    ...(ends ? { ends } : {}),
  };
}

/** UTF-16 offsets in a statement. */
type Place = Pick<BodyFault, "start" | "end">;

function faultWithin(source: Source, from: number, { start, end }: Place, fault: Fault): Diagnostic {
  const offset = from + start;
  return faultAt(source, { ...locate(source, offset), start: offset }, end - start, fault);
}

// Older servers.

/** Syntax that came after the server, in a statement or in the body that it holds. */
function newerSyntax(
  source: Source,
  { ast, start, end, body }: ParsedStatement,
  server: ServerVersion,
): Diagnostic | undefined {
  const major = majorOf(server.number);
  const sql = source.text.slice(start, end);
  const feature =
    newerFeature(major, sql, [ast]) ??
    newerFeature(major, routineSource(ast)?.code ?? "", body?.statements ?? []);
  if (feature === undefined) return undefined;
  return faultWithin(source, start, placeOfFeature(feature, sql), {
    code: "source/newer-syntax",
    message: `${feature.name} needs PostgreSQL ${feature.since} or later, and this must run on ${server.text}`,
    hint: `write it for PostgreSQL ${major}, or use ${feature.since} or later`,
  });
}

/** What the parser of 16 is to look at: the tree is not kept. */
interface Suspect {
  readonly start: number;
  readonly end: number;
  readonly body?: string;
}

/** A statement in which the table finds nothing, and the parser of 16 may. */
function suspectsIn(source: Source, { ast, start, end }: ParsedStatement): readonly Suspect[] {
  const routine = routineSource(ast);
  const body = routine?.language === "plpgsql" ? routine.code : undefined;
  if (!mayRefuse(ast, source.text.slice(start, end), body)) return [];
  return [{ start, end, ...(body === undefined ? {} : { body }) }];
}

async function refusedBy16(
  source: Source,
  { start, end, body }: Suspect,
  parserOf16: ReturnType<typeof createParserOf16>,
  server: ServerVersion,
): Promise<Diagnostic | undefined> {
  const place = await parserOf16(source.text.slice(start, end), body);
  if (place === undefined) return undefined;
  return faultWithin(source, start, place, {
    code: "source/newer-syntax",
    message: `this syntax needs PostgreSQL 17 or later, and this must run on ${server.text}`,
    hint: `write it for PostgreSQL ${majorOf(server.number)}, or use 17 or later`,
  });
}
