/** The text of a Python module → what stands at its top level: its docstring, names that are given literals, its functions. */

/** A string, `None`, or a tuple or list of them. */
export type Literal = string | null | readonly Literal[];

export interface PythonModule {
  readonly docstring: string;
  /** Undefined where the value is no literal, but has to be computed. */
  readonly values: ReadonlyMap<string, Literal | undefined>;
  readonly functions: ReadonlyMap<string, PythonFunction>;
}

export interface PythonFunction {
  /** 1-based, of its `def`. */
  readonly line: number;
  /** There is nothing in it but `pass`, comments and text. */
  readonly isEmpty: boolean;
  /** There is nothing in it but a `raise`, with this text. */
  readonly raises?: string;
}

interface Token {
  readonly kind: "text" | "word" | "symbol" | "end of line";
  readonly text: string;
  readonly line: number;
  /** It is the first of its line, and nothing stands before it. */
  readonly isOutermost: boolean;
}

const STRINGS = [
  /"""(?<long>(?:[^\\]|\\[\s\S])*?)"""/,
  /'''(?<long1>(?:[^\\]|\\[\s\S])*?)'''/,
  /"(?<short>(?:[^"\\\r\n]|\\[\s\S])*)"/,
  /'(?<short1>(?:[^'\\\r\n]|\\[\s\S])*)'/,
].map(({ source }) => source);

const TOKEN = new RegExp(
  [
    /(?<skipped>[ \t\f]+|#[^\r\n]*|\\\r?\n)/.source,
    /(?<end>\r?\n|\r)/.source,
    `(?<prefix>[rRbBuUfF]{0,2})(?:${STRINGS.join("|")})`,
    /(?<word>[\w\x80-\uffff]+)/.source,
    /(?<symbol>->|[\s\S])/.source,
  ].join("|"),
  "y",
);

/** Reads as much as can be read; what is no Python gives no values. */
export function pythonModule(text: string): PythonModule {
  const statements = statementsOf(tokensOf(text));
  const values = new Map<string, Literal | undefined>();
  const functions = new Map<string, PythonFunction>();
  for (const [at, statement] of statements.entries()) {
    const [first, second] = statement;
    if (first === undefined || !first.isOutermost) continue;
    if (first.text === "def" && second !== undefined) {
      const next = statements.findIndex((each, index) => index > at && each[0]!.isOutermost);
      const body = statements.slice(at + 1, next < 0 ? undefined : next).filter((each) => !isIdle(each));
      const raises = body.length === 1 ? raisedIn(body[0]!) : undefined;
      functions.set(second.text, {
        line: first.line,
        isEmpty: body.length === 0 && !isOneLine(statement),
        ...(raises === undefined ? {} : { raises }),
      });
    }
    const equals = statement.findIndex(({ kind, text: symbol }) => kind === "symbol" && symbol === "=");
    if (first.kind === "word" && equals > 0 && (equals === 1 || second?.text === ":"))
      values.set(first.text, literalOf(statement.slice(equals + 1)));
  }
  const [opening] = statements[0] ?? [];
  return { docstring: opening?.kind === "text" ? opening.text : "", values, functions };
}

/** `def downgrade(): pass` is left to Python. */
const isOneLine = (statement: readonly Token[]): boolean => statement.at(-1)?.text !== ":";

const isIdle = (statement: readonly Token[]): boolean =>
  statement.length === 1 && (statement[0]!.kind === "text" || ["pass", "."].includes(statement[0]!.text));

const raisedIn = ([first, ...words]: readonly Token[]): string | undefined =>
  first?.text === "raise"
    ? words.flatMap(({ kind, text }) => (kind === "text" ? [text] : [])).join("")
    : undefined;

function tokensOf(text: string): readonly Token[] {
  const found: Token[] = [];
  let line = 1;
  TOKEN.lastIndex = 0;
  for (let start = 0; start < text.length; start = TOKEN.lastIndex) {
    const groups = TOKEN.exec(text)!.groups!;
    const whole = text.slice(start, TOKEN.lastIndex);
    const isOutermost = start === 0 || /[\r\n]/.test(text[start - 1]!);
    const { skipped, end, prefix, long, long1, short, short1, word } = groups;
    const string = long ?? long1 ?? short ?? short1;
    if (skipped === undefined) {
      const kind =
        end !== undefined
          ? "end of line"
          : string !== undefined
            ? "text"
            : word !== undefined
              ? "word"
              : "symbol";
      const shown = string === undefined ? whole : /r/i.test(prefix!) ? string : unescaped(string);
      // What is put in when the module runs is no literal.
      const isComputed = string !== undefined && /f/i.test(prefix!);
      found.push({ kind: isComputed ? "symbol" : kind, text: shown, line, isOutermost });
    }
    line += whole.split(/\r\n|\n|\r/).length - 1;
  }
  return found;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "\n": "" };

const unescaped = (text: string): string =>
  text.replaceAll(/\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|[\s\S])/g, (_, code: string) =>
    code.length > 1
      ? String.fromCharCode(Number.parseInt(code.slice(1), 16))
      : (ESCAPES[code] ?? (/["'\\]/.test(code) ? code : `\\${code}`)),
  );

/** The lines that go together: a bracket that is open goes on in the next one. */
function statementsOf(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const statements: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === "symbol" && "([{".includes(token.text)) depth += 1;
    if (token.kind === "symbol" && ")]}".includes(token.text)) depth -= 1;
    if (token.kind !== "end of line") statements.at(-1)!.push(token);
    else if (depth <= 0) statements.push([]);
  }
  return statements.filter((statement) => statement.length > 0);
}

/** The value that tokens write, all of them; undefined where they write more than a literal. */
function literalOf(tokens: readonly Token[]): Literal | undefined {
  const [value, rest] = literalAt(tokens);
  return rest.length === 0 ? value : undefined;
}

type Rest = readonly Token[];

function literalAt([first, ...rest]: Rest): readonly [Literal | undefined, Rest] {
  if (first?.kind === "text") {
    // Texts that stand beside each other are one.
    const [next, after] = rest[0]?.kind === "text" ? literalAt(rest) : ["", rest];
    return [typeof next === "string" ? first.text + next : undefined, after];
  }
  if (first?.text === "None") return [null, rest];
  const close = first?.text === "(" ? ")" : first?.text === "[" ? "]" : undefined;
  return close === undefined ? [undefined, rest] : itemsAt(rest, close);
}

/** In brackets without a comma there is one value, not a list of one. */
function itemsAt(tokens: Rest, close: string): readonly [Literal | undefined, Rest] {
  const items: Literal[] = [];
  let rest = tokens;
  let commas = 0;
  while (rest[0] !== undefined && rest[0].text !== close) {
    const [item, after] = literalAt(rest);
    if (item === undefined) return [undefined, after];
    items.push(item);
    const hasComma = after[0]?.text === ",";
    if (!hasComma && after[0]?.text !== close) return [undefined, after];
    commas += hasComma ? 1 : 0;
    rest = hasComma ? after.slice(1) : after;
  }
  const isOne = close === ")" && commas === 0 && items.length === 1;
  return [isOne ? items[0] : items, rest.slice(1)];
}
