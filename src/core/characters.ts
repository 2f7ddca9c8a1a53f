/** A text and a place where it was not understood → which character may be why: one that nobody sees, or that looks like another. */
import { codePoints, lineOf, locate } from "./source.ts";

/** White space to an editor, and a letter to PostgreSQL. */
const INVISIBLE = /[\u00a0\u1680\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]/;

const names: Readonly<Record<string, string>> = {
  "\u00a0": "a no-break space",
  "\u200b": "a zero-width space",
  "\u202f": "a narrow no-break space",
  "\ufeff": "a byte order mark",
};

/** What to do about the first invisible character in the line of the offset; undefined where there is none. */
function invisibleHint(text: string, offset: number): string | undefined {
  const { line } = locate({ path: "", text }, offset);
  const found = lineOf(text, line);
  const at = found.search(INVISIBLE);
  if (at < 0) return undefined;
  const character = found[at]!;
  const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  const name = names[character] ?? "an invisible character";
  return `column ${codePoints(found, 0, at) + 1} of this line is U+${code}, ${name}, which PostgreSQL does not treat as white space: replace it, or delete it`;
}

/** What an editor makes of ' and ", and a letter to PostgreSQL. */
const CURLY_QUOTE = /[\u2018-\u201f]/;

/** What to do about a curly quote in the word at the offset; undefined where there is none. */
function quoteHint(text: string, offset: number): string | undefined {
  const [word] = /^[^\s,();'"=]*/.exec(text.slice(offset, offset + 100))!;
  const quote = CURLY_QUOTE.exec(word)?.[0];
  return quote === undefined
    ? undefined
    : `${quote} is a letter to PostgreSQL, not a quote: write ' around a text and " around a name`;
}

/** What to do about a character near the offset that is not what it looks like; undefined where there is none. */
export const characterHint = (text: string, offset: number): string | undefined =>
  quoteHint(text, offset) ?? invisibleHint(text, offset);
