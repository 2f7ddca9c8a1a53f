/** JSON text → a tree whose every node knows where it stands, so that a wrong setting can be pointed at. */
import { type Diagnostic, MigrateError } from "./errors.ts";
import { redact } from "./redact.ts";
import { codePoints, lineOf, locate, type Source } from "./source.ts";

/** A stretch of the text: UTF-16 offsets. */
interface Stretch {
  readonly start: number;
  readonly end: number;
}

export interface JsonMember {
  readonly key: string;
  /** The key's own stretch, quotes included. */
  readonly at: Stretch;
  readonly value: JsonNode;
}

export type JsonNode = Stretch &
  (
    | { readonly type: "object"; readonly members: readonly JsonMember[] }
    | { readonly type: "array"; readonly items: readonly JsonNode[] }
    | { readonly type: "string"; readonly value: string }
    | { readonly type: "number"; readonly value: number }
    | { readonly type: "boolean"; readonly value: boolean }
    | { readonly type: "null" }
  );

const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const DEEPEST = 32;

/** Parses a whole file. Throws `usage/config-syntax` with line and column; `JSON.parse` often says neither. */
export function parseJson(source: Source): JsonNode {
  const { text } = source;
  let at = 0;

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const fail = (message: string): never => {
    throw new MigrateError(faultAt(source, { start: at, end: at + 1 }, "usage/config-syntax", message));
  };
  const expected = (what: string): never =>
    fail(at < text.length ? `${what} expected here` : `the file ends where ${what} is expected`);
  const skipSpace = () => void take(SPACE);
  const takeString = (): string => {
    const found = take(STRING);
    if (found !== undefined) return JSON.parse(found) as string;
    return fail("this text is not closed on its line, or holds a wrong escape");
  };

  /** The comma-separated things up to `close`, with the opening bracket already taken. */
  const list = <T>(close: "]" | "}", item: () => T): readonly T[] => {
    const items: T[] = [];
    skipSpace();
    while (text[at] !== close) {
      if (items.length > 0) {
        if (text[at] !== ",") expected(`"," or "${close}"`);
        at += 1;
        skipSpace();
      }
      items.push(item());
      skipSpace();
    }
    at += 1;
    return items;
  };

  const member = (depth: number): JsonMember => {
    const start = at;
    if (text[at] !== '"') expected("a key in double quotes");
    const key = takeString();
    const end = at;
    skipSpace();
    if (text[at] !== ":") expected('":"');
    at += 1;
    skipSpace();
    return { key, at: { start, end }, value: node(depth) };
  };

  const node = (depth: number): JsonNode => {
    if (depth > DEEPEST) fail("nested too deeply");
    const start = at;
    if (text[at] === "{") {
      at += 1;
      const members = list("}", () => member(depth + 1));
      return { type: "object", members, start, end: at };
    }
    if (text[at] === "[") {
      at += 1;
      const items = list("]", () => node(depth + 1));
      return { type: "array", items, start, end: at };
    }
    if (text[at] === '"') return { type: "string", value: takeString(), start, end: at };
    const number = take(NUMBER);
    if (number !== undefined) return { type: "number", value: Number(number), start, end: at };
    const word = take(WORD);
    if (word === "null") return { type: "null", start, end: at };
    if (word !== undefined) return { type: "boolean", value: word === "true", start, end: at };
    return expected("a value");
  };

  skipSpace();
  const root = node(0);
  skipSpace();
  if (at < text.length) fail("nothing may follow the value");
  return root;
}

/** A fault at a stretch of a file. The line is shown only if no password stands in it. */
export function faultAt(
  source: Source,
  at: Stretch,
  code: string,
  message: string,
  hint?: string,
): Diagnostic {
  const location = locate(source, at.start);
  const line = lineOf(source.text, location.line);
  return {
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    location,
    ...(redact(line) === line
      ? { excerpt: { line, length: Math.max(1, codePoints(source.text, at.start, at.end)) } }
      : {}),
  };
}
