/** The text of a JSON file, in which comments may stand → its tree. The only importer of jsonc-parser. */
import { type Node, type ParseErrorCode, parseTree, printParseErrorCode, visit } from "jsonc-parser";
import { CONFLICT_HINT, isConflict } from "../core/conflict.ts";
import { MigrateError } from "../core/errors.ts";
import { type JsonMember, type JsonNode, jsonFault } from "../core/json.ts";
import type { Source, Stretch } from "../core/source.ts";

/** The parser calls itself for each level. */
const DEEPEST = 32;

/** Parses a whole file, in linear time. Throws the first fault as `usage/config-syntax`. */
export function parseJson(source: Source): JsonNode {
  refuseFaults(source);
  return nodeOf(parseTree(source.text)!);
}

function refuseFaults(source: Source): void {
  const refuse = (offset: number, length: number, what: Sentence): never => {
    const stretch = { start: offset, end: offset + Math.max(length, 1) };
    throw new MigrateError(jsonFault(source, stretch, { code: "usage/config-syntax", ...what }));
  };
  let depth = 0;
  const open = (offset: number, length: number): void => {
    depth += 1;
    if (depth > DEEPEST) refuse(offset, length, { message: "nested too deeply" });
  };
  const close = (): void => {
    depth -= 1;
  };
  visit(source.text, {
    onObjectBegin: open,
    onArrayBegin: open,
    onObjectEnd: close,
    onArrayEnd: close,
    onError: (code, offset, length) => refuse(offset, length, sentenceOf(code, source.text, offset)),
  });
}

interface Sentence {
  readonly message: string;
  readonly hint?: string;
}

/** What is missing, by the parser's name for it. */
const missing: Readonly<Record<string, string>> = {
  PropertyNameExpected: "a key in double quotes",
  ValueExpected: "a value",
  ColonExpected: '":"',
  CommaExpected: '","',
  CloseBraceExpected: '"}"',
  CloseBracketExpected: '"]"',
};

/** What is there and wrong. No sentence repeats the text, which may be a password. */
const wrong: Readonly<Record<string, Sentence>> = {
  EndOfFileExpected: { message: "unexpected text after the value" },
  InvalidSymbol: {
    message: "this is not JSON",
    hint: "write keys and strings in double quotes; numbers, true, false and null without",
  },
  UnexpectedEndOfString: { message: "unterminated string" },
  UnexpectedEndOfComment: { message: "unterminated comment", hint: "close it with */" },
  UnexpectedEndOfNumber: { message: "incomplete number" },
  InvalidUnicode: { message: "\\u must be followed by four hexadecimal digits" },
  InvalidEscapeCharacter: { message: "invalid escape sequence", hint: "write a backslash as \\\\" },
  InvalidCharacter: {
    message: "control character in a string",
    hint: "write a tab as \\t and a newline as \\n",
  },
};

function sentenceOf(code: ParseErrorCode, text: string, offset: number): Sentence {
  const name = printParseErrorCode(code);
  const what = missing[name];
  if (isConflict(text, offset)) return { message: "this is not JSON", hint: CONFLICT_HINT };
  if (what === undefined) return wrong[name] ?? { message: "this is not JSON" };
  if (offset >= text.length) return { message: `unexpected end of file: expected ${what}` };
  const extraComma = /[,}\]]/.test(text[offset]!) && text.slice(0, offset).trimEnd().endsWith(",");
  return {
    message: `expected ${what}`,
    ...(extraComma ? { hint: "remove the comma before it" } : {}),
  };
}

function nodeOf(node: Node): JsonNode {
  const children = node.children ?? [];
  switch (node.type) {
    case "object":
      return { type: "object", members: children.map(memberOf), ...stretchOf(node) };
    case "array":
      return { type: "array", items: children.map(nodeOf), ...stretchOf(node) };
    default:
      return { type: node.type, value: node.value, ...stretchOf(node) } as JsonNode;
  }
}

/** A property's children are its key and its value. */
function memberOf({ children }: Node): JsonMember {
  const [key, value] = children as [Node, Node];
  return { key: key.value as string, at: stretchOf(key), value: nodeOf(value) };
}

const stretchOf = ({ offset, length }: Node): Stretch => ({ start: offset, end: offset + length });
