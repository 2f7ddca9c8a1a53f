/** Text of users and servers → what a terminal can be given, and the columns it takes there. */

/** Without the characters that would act on a terminal or turn the direction of writing; a tab stays. */
export function visible(text: string): string {
  return text.replaceAll(/(?!\t)[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (c) => {
    const code = c.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, "0")}`;
  });
}

/** The same, with a space for each run of white space. */
export function onOneLine(text: string): string {
  return visible(text.replaceAll(/\s+/g, " ")).trim();
}

/**
 * Columns that a text takes in a terminal, at most: terminals differ on joined emoji, and this counts their parts.
 */
export function columnsOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let columns = 0;
  for (const point of text) columns += WIDE.test(point) ? 2 : NO_WIDTH.test(point) ? 0 : 1;
  return columns;
}

const WIDE =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u;
/** Not U+FE0F, which makes a narrow character a wide one. */
const NO_WIDTH = /(?!\ufe0f)[\p{M}\p{Cf}]/u;
