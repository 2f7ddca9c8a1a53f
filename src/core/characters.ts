/** A text and a place where it was not understood → which character may be why: one that nobody sees, or that looks like another. */
import { codePoints, lineOf, locate } from "./source.ts";

/** White space to an editor, and a letter to PostgreSQL. */
const INVISIBLE = /[\u00a0\u00ad\u1680\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]/;

/** What chats and word processors make of `-` and `--`; letters to PostgreSQL. */
const DASH = /[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]/;

const names: Readonly<Record<string, string>> = {
  "\u2010": "a hyphen that is not that of the keyboard",
  "\u2011": "a non-breaking hyphen",
  "\u2012": "a figure dash",
  "\u2013": "an en dash",
  "\u2014": "an em dash",
  "\u2015": "a horizontal bar",
  "\u2212": "a minus sign that is not that of the keyboard",
  "\ufe58": "a small em dash",
  "\ufe63": "a small hyphen",
  "\uff0d": "a wide hyphen",
  "\u00a0": "a no-break space",
  "\u00ad": "a soft hyphen",
  "\u200b": "a zero-width space",
  "\u202f": "a narrow no-break space",
  "\ufeff": "a byte order mark",
};

const codeOf = (character: string): string =>
  `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

const shownInvisible = (character: string): string =>
  `${codeOf(character)}, ${names[character] ?? "an invisible character"}`;

/** The first invisible character of a text, in words: `U+200B, a zero-width space`; and the text without any. */
export function invisibleIn(
  text: string,
): { readonly character: string; readonly visible: string } | undefined {
  const [character] = INVISIBLE.exec(text) ?? [];
  if (character === undefined) return undefined;
  return { character: shownInvisible(character), visible: text.replaceAll(new RegExp(INVISIBLE, "g"), "") };
}

/** What to do about the first invisible character in the line of the offset; undefined where there is none. */
function invisibleHint(text: string, offset: number): string | undefined {
  const { line } = locate({ path: "", text }, offset);
  const found = lineOf(text, line);
  const at = found.search(INVISIBLE);
  if (at < 0) return undefined;
  return `column ${codePoints(found, 0, at) + 1} of this line is ${shownInvisible(found[at]!)}, which PostgreSQL does not treat as white space: replace it, or delete it`;
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

/** What to do about a dash that the word at the offset, or the one before it, begins with; undefined where there is none. */
function dashHint(text: string, offset: number): string | undefined {
  const [before = ""] = /\S*\s*$/.exec(text.slice(Math.max(0, offset - 100), offset))!;
  const dash = [text.charAt(offset), before.charAt(0)].find((each) => DASH.test(each));
  return dash === undefined
    ? undefined
    : `${shownDash(dash)} is a letter to PostgreSQL: begin a comment with two hyphens, and write a minus as -`;
}

const shownDash = (dash: string): string => `${dash} (${codeOf(dash)}, ${names[dash]})`;

/** How a mark is named that stands where `--` should. */
export const markHint = (mark: string): string =>
  DASH.test(mark.charAt(0)) ? shownDash(mark.charAt(0)) : `'${mark}'`;

/** What to do about a character near the offset that is not what it looks like; undefined where there is none. */
export const characterHint = (text: string, offset: number): string | undefined =>
  quoteHint(text, offset) ?? dashHint(text, offset) ?? invisibleHint(text, offset);
