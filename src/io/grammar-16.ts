/**
 * A statement → where it has what PostgreSQL 16 does not understand. The only importer of pg-query-emscripten, which has
 * the grammar of 16.
 *
 * It is C in WebAssembly with a small stack, beyond which lies its memory: it is only given what the newer parser has
 * found to be small and shallow.
 */
import { type Ast, depthOf } from "../core/ast.ts";
import { tokens, withoutComments } from "../core/lexer.ts";
import { mayNeed17 } from "../core/newer-syntax.ts";
import { type BodyFault, blockDepth, bodyFault } from "../core/plpgsql.ts";
import { offsetOfCodePoint } from "../core/source.ts";

/** UTF-16 offsets in a statement. */
type Place = Pick<BodyFault, "start" | "end">;

const SIZE_LIMIT = 256 * 1024; // UTF-16 units; the old parser's memory grows with what it parses
// It has a stack of 64 KB, and what lies beyond is its memory: it hangs. A level of a tree takes up to 75 bytes of it,
// one of PL/pgSQL blocks up to 1.5 KB, and everything else 15 KB.
const DEPTH_LIMIT = 400;
const BLOCK_LIMIT = 15;

/** Whether the parser of 16 can be asked about a statement, and may have something to say. `body`: PL/pgSQL. */
export const mayRefuse = (ast: Ast, sql: string, body = ""): boolean =>
  (mayNeed17(sql) || mayNeed17(body)) && sql.length <= SIZE_LIMIT && depthOf(ast) <= DEPTH_LIMIT;

/**
 * Finds what PostgreSQL 16 does not understand in a statement that 18 does. An instance is given up after 1 MB: it is
 * C, and would rather be forgotten than trusted for ever.
 */
export function createParserOf16(): (sql: string, body: string | undefined) => Promise<Place | undefined> {
  const budget = 1024 * 1024; // UTF-16 units
  let instance: ParserOf16 | undefined;
  let spent = 0;
  return async (text, body) => {
    const sql = withoutComments(text);
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
