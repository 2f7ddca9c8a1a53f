/** The text of a `.env` file → its entries, in order; and `${NAME}` in a text → the text with values put in. */
import { locate, type Source } from "./source.ts";

export interface DotenvEntry {
  readonly name: string;
  /** Unquoted and unescaped; `${…}` still stands in it unless `literal`. */
  readonly value: string;
  /** In single quotes or backquotes: nothing is put in. */
  readonly literal: boolean;
  /** 1-based. */
  readonly line: number;
}

/**
 * A name, `=`, and a value that is quoted (`'`, a backquote, `"`; it may span lines) or runs to the end of the
 * line or to a `#` behind a space. As python-dotenv and Docker Compose read it: a `#` inside a word belongs to it,
 * where `util.parseEnv` would cut a password short (and swallows the line after one without `=`).
 */
const ENTRY =
  /^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*(?:(?:'([^']*)'|`([^`]*)`|"((?:[^"\\]|\\[\s\S])*)")(?=[ \t]*(?:#.*)?$)|(.*))/gm;

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/** The entries of a `.env` file. Lines that are none are passed over: the file belongs to other programs too. */
export function parseDotenv(source: Source): readonly DotenvEntry[] {
  return [...source.text.matchAll(ENTRY)].map((match) => {
    const [, name = "", single, back, double, bare = ""] = match;
    const literal = single ?? back;
    const value =
      literal ??
      double?.replace(/\\([\s\S])/g, (_, c: string) => ESCAPES[c] ?? c) ??
      bare.replace(/(?:^|\s)#.*$/, "").trim();
    return { name, value, literal: literal !== undefined, line: locate(source, match.index).line };
  });
}

/** The text with every `${NAME}` and `${NAME:-default}` replaced; `missing` are the names that have no value. */
export function interpolate(
  text: string,
  lookup: (name: string) => string | undefined,
): { readonly text: string; readonly missing: readonly string[] } {
  const missing: string[] = [];
  const result = text.replace(
    /\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g,
    (whole, name: string, fallback?: string) => {
      const value = lookup(name);
      if (fallback !== undefined) return value === undefined || value === "" ? fallback : value;
      if (value === undefined) missing.push(name);
      return value ?? whole;
    },
  );
  return { text: result, missing };
}
