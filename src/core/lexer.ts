/**
 * SQL text → its tokens, with spaces and comments, as PostgreSQL's own lexer cuts them (standard strings on).
 * For what the grammar does not report: where comments stand, and where the last token of a file ends.
 */

export type TokenKind = "space" | "comment" | "string" | "word" | "symbol";

/** A token over `text.slice(start, end)`, UTF-16 offsets. `word` holds keywords, names and quoted names. */
export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
}

/** PostgreSQL's white space; a no-break space is a letter to it. */
export const SPACE = " \t\n\r\f\v";

const ESCAPED = "[^'\\\\]*(?:(?:\\\\[^]|'')[^'\\\\]*)*";

/** A string goes on in the next line, and one with escapes still has them there. */
const CONTINUED = `'[ \\t\\f\\v]*(?:--[^\\r\\n]*)?[\\r\\n](?:[${SPACE}]|--[^\\r\\n]*[\\r\\n])*'`;

const TOKEN = new RegExp(
  [
    `[${SPACE}]+`,
    "--[^\\r\\n]*",
    "/\\*",
    `[eE]'${ESCAPED}(?:${CONTINUED}${ESCAPED})*'?`,
    "'[^']*(?:''[^']*)*'?",
    "\\$((?:[A-Za-z_\\x80-\\uffff][\\w\\x80-\\uffff]*)?)\\$[^]*?(?:\\$\\1\\$|$)",
    "[A-Za-z_\\x80-\\uffff][\\w$\\x80-\\uffff]*",
    '"[^"]*(?:""[^"]*)*"?',
    "[^]",
  ].join("|"),
  "y",
);

/** The tokens of `text` from `from` on. What is not terminated runs to the end. */
export function* tokens(text: string, from = 0): Generator<Token> {
  for (let start = from; start < text.length; ) {
    TOKEN.lastIndex = start;
    TOKEN.test(text);
    let end = TOKEN.lastIndex;
    const kind = kindOf(text, start, end);
    if (kind === "comment" && text[start] === "/") end = blockCommentEnd(text, start);
    yield { kind, start, end };
    start = end;
  }
}

/** What the characters that a token begins with say of it. */
function kindOf(text: string, start: number, end: number): TokenKind {
  const first = text.charCodeAt(start);
  if (first === 0x20 || (first >= 0x09 && first <= 0x0d)) return "space";
  if (end - start > 1) {
    if (first === DASH || first === SLASH) return "comment";
    if (first === DOLLAR || ((first | 0x20) === 0x65 && text.charCodeAt(start + 1) === QUOTE))
      return "string";
  }
  if (first === QUOTE) return "string";
  const isLetter =
    ((first | 0x20) >= 0x61 && (first | 0x20) <= 0x7a) || first === UNDERSCORE || first >= 0x80;
  return isLetter || first === DOUBLE_QUOTE ? "word" : "symbol";
}

const [DOUBLE_QUOTE, DOLLAR, QUOTE, DASH, SLASH, UNDERSCORE] = [0x22, 0x24, 0x27, 0x2d, 0x2f, 0x5f] as const;

/** The first offset at or after `from` that is neither space nor comment. */
export function skipTrivia(text: string, from: number): number {
  for (const token of tokens(text, from)) {
    if (token.kind !== "space" && token.kind !== "comment") return token.start;
  }
  return text.length;
}

/**
 * The text with blanks in the place of the comments of `text.slice(from, to)`, so that every offset stays. A block comment
 * between two strings stays too: with blanks alone, a line end between them would make them one.
 */
export function withoutComments(text: string, from = 0, to = text.length): string {
  let out = text.slice(0, from);
  let last: TokenKind | undefined;
  /** What follows the last token: as it is, and with blanks for block comments. */
  let [kept, blanked] = ["", ""];
  for (const { kind, start, end } of tokens(text.slice(0, to), from)) {
    const piece = text.slice(start, end);
    const blank = kind === "comment" ? blanks(piece) : piece;
    if (kind === "space" || kind === "comment") {
      kept += piece.startsWith("/*") ? piece : blank;
      blanked += blank;
    } else {
      out += (last === "string" && kind === "string" ? kept : blanked) + withoutCommentsInside(piece);
      [last, kept, blanked] = [kind, "", ""];
    }
  }
  return out + blanked + text.slice(to);
}

/** A string with escapes goes on behind comments; those of another are two tokens. */
const withoutCommentsInside = (piece: string): string =>
  /^[eE]'/.test(piece)
    ? piece.slice(0, 2) +
      piece
        .slice(2)
        .replace(GOES_ON, (_, text: string, gap: string) => text + gap.replace(/--[^\r\n]*/g, blanks))
    : piece;

const GOES_ON = new RegExp(`(${ESCAPED})(${CONTINUED})`, "gy");

const blanks = (text: string): string => " ".repeat(text.length);

/** Block comments nest in PostgreSQL. */
function blockCommentEnd(text: string, start: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = start + 2;
  let depth = 1;
  for (let m = mark.exec(text); m !== null; m = mark.exec(text)) {
    depth += m[0] === "/*" ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return text.length;
}
