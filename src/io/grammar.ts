/**
 * A file's SQL → its statements, judged by PostgreSQL's own parsers. The only importer of libpg-query (the grammar of
 * PostgreSQL 18) and of pg-query-emscripten (that of 16).
 *
 * Both are C in WebAssembly: deep nesting ends their stack, which shows as an exception or, in the older one, as
 * memory it overwrote. So the older one only sees what the newer has found to be small and shallow.
 */
import { createRequire } from "node:module";
import { type Ast, depthOf, plpgsqlBody } from "../core/ast.ts";
import { readable } from "../core/batch.ts";
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import { ENOUGH_FAULTS, type Fault, faultAt } from "../core/fault.ts";
import { skipTrivia, tokens } from "../core/lexer.ts";
import type { MigrationFile } from "../core/migration.ts";
import { mayNeed17, needs18 } from "../core/newer-syntax.ts";
import { type BodyFault, blockDepth, bodyFault } from "../core/plpgsql.ts";
import type { ServerVersion } from "../core/server-version.ts";
import { byteOffsets, locate, offsetOfCodePoint, type Source } from "../core/source.ts";
import type { ParsedStatement } from "../core/statement/facts.ts";
import {
  factsOfFile,
  type StatementFacts,
  statementsOf,
  type UserStatement,
} from "../core/statement/file.ts";
import { type Failure, lineEnd, shortened, syntaxFault } from "../core/syntax.ts";

export interface Grammar {
  /**
   * The statements of one file. Throws a `MigrateError` with every fault that could be found: syntax, what may not
   * stand in a migration, broken PL/pgSQL bodies, and syntax that is too new for the server.
   */
  statements(file: MigrationFile): Promise<readonly UserStatement[]>;
  /** The same, and what is known of each. */
  parse(file: MigrationFile): Promise<Parsed>;
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
  const older = server !== undefined && majorOf(server) < 18 ? createOlderCheck(server) : undefined;
  const judge = async (file: MigrationFile, faults: Diagnostic[]): Promise<readonly StatementFacts[]> => {
    const source = { path: file.source.path, text: readable(file.source.text) };
    refuseWhatParsersCut(source);
    refuseWhatTakesForever(source);
    const parser = await loadParser();
    const suspects: Suspect[] = [];
    const judged = function* (): Generator<ParsedStatement> {
      for (const parsed of parsedStatements(parser, source, file.bodyStart, faults, piece)) {
        const fault = faultOfBody(parser, source, parsed);
        if (fault !== undefined) faults.push(fault);
        const suspect = older?.suspect(parsed, source.text.slice(parsed.start, parsed.end));
        if (suspect !== undefined) suspects.push(suspect);
        yield parsed;
      }
    };
    const facts = factsOfFile(file, judged(), faults);
    for (const suspect of suspects) {
      const fault = await older?.fault(source, suspect);
      if (fault !== undefined) faults.push(fault);
    }
    return facts;
  };
  const parse = async (file: MigrationFile): Promise<Parsed> => {
    const faults: Diagnostic[] = [];
    const facts = await judge(file, faults);
    const statements = statementsOf(file, facts, faults);
    if (faults.length > 0) throw MigrateError.all(faults.sort(byPlace));
    return { facts, statements };
  };
  return { parse, statements: async (file) => (await parse(file)).statements };
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
    message: "a character that is no text",
    hint: "save the file as UTF-8 without NUL characters",
    location: locate(source, offset),
  });
}

/** PostgreSQL's lexer takes a time that grows with the square of a run of operator characters, or of nested comments. */
function refuseWhatTakesForever(source: Source): void {
  const { text } = source;
  const offset = text.search(/[~!@#^&|`?+\-*/%<>=]{20000}/);
  if (offset < 0) return;
  for (const { kind, start, end } of tokens(text)) {
    if (end <= offset) continue;
    if (kind === "string" || text.startsWith("--", start)) return;
    throw MigrateError.all([syntaxFault(source, offset, { message: "too many operators" })]);
  }
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
  source: Source,
  bodyStart: number,
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
      if (!copying) faults.push(syntaxFault(source, start, result));
      if (!copying && (text[at] !== "\\" || faults.length >= ENOUGH_FAULTS)) return;
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
  const piece = text.slice(from, to);
  const { exitCode } = process; // which the parser sets when it runs out of memory
  let tree: ReturnType<Parser["parseSync"]>;
  try {
    tree = parser.parseSync(piece);
  } catch (error) {
    process.exitCode = exitCode;
    const message = error instanceof Error ? error.message : String(error);
    const details = (error as { sqlDetails?: { cursorPosition?: number } }).sqlDetails;
    if (details === undefined) {
      discardParser();
      return { complete: true, result: { message } };
    }
    const offset = from + offsetOfCodePoint(piece, details.cursorPosition ?? 0);
    return {
      complete: !/^unterminated|at end of input$/.test(message),
      result: { message, offset: Math.min(offset, to) },
    };
  }
  const stmts = tree.stmts ?? [];
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

// PL/pgSQL bodies. Of the two compilers the newer one takes fewer sound bodies for broken ones.

function faultOfBody(
  parser: Parser,
  source: Source,
  { ast, start, end }: ParsedStatement,
): Diagnostic | undefined {
  const body = plpgsqlBody(ast);
  if (body === undefined || parser !== shared) return undefined;
  const compile = (sql: string): string | undefined => {
    try {
      parser.parsePlPgSQLSync(sql);
      return undefined;
    } catch (error) {
      if (isBreakdown(error)) discardParser();
      return error instanceof Error ? error.message : String(error);
    }
  };
  const fault = bodyFault(compile, source.text.slice(start, end), body);
  if (fault === undefined) return undefined;
  return faultWithin(source, start, fault, {
    code: "source/plpgsql",
    message: `${shortened(fault.message)}, in the PL/pgSQL body`,
    hint: fault.message.endsWith("at end of input")
      ? "is a ; or an END missing?"
      : "correct the body; PostgreSQL would refuse it when it is created or when it runs",
  });
}

/** UTF-16 offsets in a statement. */
type Place = Pick<BodyFault, "start" | "end">;

function faultWithin(source: Source, from: number, { start, end }: Place, fault: Fault): Diagnostic {
  const offset = from + start;
  return faultAt(source, { ...locate(source, offset), start: offset }, end - start, fault);
}

// Older servers. The grammar of 16 stands for all that came before; of what it refuses and 18 accepts, the tree tells
// what came with 18.

const SIZE_LIMIT = 256 * 1024; // UTF-16 units; the old parser's memory grows with what it parses
// It has a stack of 64 KB, and what lies beyond is its memory: it hangs. A level of a tree takes up to 75 bytes of it,
// one of PL/pgSQL blocks up to 1.5 KB, and everything else 15 KB.
const DEPTH_LIMIT = 400;
const BLOCK_LIMIT = 15;

/** What of a statement is needed to look at it again; the tree is not kept. */
interface Suspect {
  readonly start: number;
  readonly end: number;
  /** It has syntax of 18. */
  readonly newest: boolean;
  /** The parser of 16 can be asked. */
  readonly judged: boolean;
  readonly body?: string;
}

interface OlderCheck {
  /** What to look at again; undefined when the statement is sound, or too large to be judged. */
  suspect(parsed: ParsedStatement, sql: string): Suspect | undefined;
  fault(source: Source, suspect: Suspect): Promise<Diagnostic | undefined>;
}

function majorOf(server: ServerVersion): number {
  return Math.floor(server.number / 10_000);
}

function createOlderCheck(server: ServerVersion): OlderCheck {
  const major = majorOf(server);
  const find = createParserOf16();
  return {
    suspect({ ast, start, end }, sql) {
      const body = plpgsqlBody(ast);
      // A body may be written with escapes.
      const suspicious = mayNeed17(sql) || (body !== undefined && mayNeed17(body));
      if (isRows(ast) && !suspicious) return undefined;
      const newest = needs18(ast);
      const judged =
        (newest || suspicious) && major < 17 && sql.length <= SIZE_LIMIT && depthOf(ast) <= DEPTH_LIMIT;
      if (!newest && !judged) return undefined;
      return { start, end, newest, judged, ...(body === undefined || !judged ? {} : { body }) };
    },
    async fault(source, { start, end, newest, judged, body }) {
      const sql = source.text.slice(start, end);
      const found = judged ? await find(sql, body) : undefined;
      if (found === undefined && !newest) return undefined;
      return faultWithin(source, start, found ?? { start: 0, end: sql.length }, {
        code: "source/newer-syntax",
        message: `this syntax needs PostgreSQL ${newest ? 18 : 17} or later; the server is ${server.text}`,
        hint: `write it as PostgreSQL ${major} understands it, or upgrade the server first`,
      });
    },
  };
}

/** INSERT … VALUES, which large files are made of. */
function isRows(ast: Ast): boolean {
  const select = (ast["InsertStmt"] as Ast | undefined)?.["selectStmt"] as Ast | undefined;
  return (select?.["SelectStmt"] as Ast | undefined)?.["valuesLists"] !== undefined;
}

/**
 * Finds what PostgreSQL 16 does not understand in a statement that 18 does. An instance is given up after 1 MB: it is
 * C, and would rather be forgotten than trusted for ever.
 */
function createParserOf16(): (sql: string, body: string | undefined) => Promise<Place | undefined> {
  const budget = 1024 * 1024; // UTF-16 units
  let instance: ParserOf16 | undefined;
  let spent = 0;
  return async (sql, body) => {
    if (instance === undefined || spent > budget) {
      instance = await loadParserOf16();
      spent = 0;
    }
    spent += sql.length;
    try {
      const { error } = instance.parse(sql);
      if (error !== null) return tokenAt(sql, offsetOfCodePoint(sql, error.cursorpos - 1));
      // It reads FOR … IN over a declared cursor as broken SQL, knowing no such type.
      if (body === undefined || /\bcursor\b/i.test(body) || blockDepth(body) > BLOCK_LIMIT) return undefined;
      return bodyFault(compilerOf16(instance), sql, body);
    } catch {
      instance = undefined; // out of memory, which it reports by throwing what it finds: the server will judge
      return undefined;
    }
  };
}

/** What the SQL parser says of expressions and statements in a body; the rest the newer compiler has judged better. */
function compilerOf16(instance: ParserOf16): (sql: string) => string | undefined {
  return (sql) => {
    const { error } = instance.parsePlpgsql(sql);
    return error?.funcname === "scanner_yyerror" ? error.message : undefined;
  };
}

function tokenAt(sql: string, offset: number): Place {
  const token = tokens(sql, offset).next().value;
  return token ?? { start: 0, end: sql.length };
}

interface ParserOf16 {
  parse(sql: string): AnswerOf16;
  parsePlpgsql(sql: string): AnswerOf16;
}

interface AnswerOf16 {
  /** `cursorpos` is 1-based, in code points. */
  readonly error: { readonly message: string; readonly funcname: string; readonly cursorpos: number } | null;
}

async function loadParserOf16(): Promise<ParserOf16> {
  // @ts-expect-error it has no types
  const { default: create } = await import("pg-query-emscripten");
  const instance = await new create();
  // It puts each text on its stack, never takes it off, and frees it as if it lay in the heap: the leaks, the size
  // limit and the hangs all come from that. With any other value here its `allocate` takes the heap.
  instance.ALLOC_STACK = 0;
  return instance;
}
