/**
 * Lines that hold text of users and servers → what a terminal or a pipe is given, and the columns it takes there. All that
 * is printed becomes text here, except a script in a pipe or a file.
 */
import { commentText } from "../core/quote.ts";

/** Text in a colour: the number of an SGR sequence. */
export interface Colored {
  readonly color: number;
  readonly text: string;
}

/** One line. A line end inside it is escaped, as is every other character that would act on a terminal. */
export type Line = string | readonly (string | Colored)[];

/** The lines as one text, each with its line end. */
export function printed(lines: readonly Line[], color = false): string {
  return lines
    .map(
      (line) =>
        `${[line]
          .flat()
          .map((part) => printedPart(part, color))
          .join("")}\n`,
    )
    .join("");
}

function printedPart(part: string | Colored, color: boolean): string {
  if (typeof part === "string") return visible(part);
  const text = visible(part.text);
  return color && text !== "" ? `\u001b[${part.color}m${text}\u001b[0m` : text;
}

/** A text of several lines, such as a server's message: only its first line begins where our own do. */
export const hanging = (text: string): readonly string[] =>
  text.split("\n").map((line, index) => (index === 0 || line.startsWith("  ") ? line : `  ${line}`));

/**
 * Without the characters that would act on a terminal or turn the direction of writing; a tab stays. What stands for them
 * is an escape of JSON too.
 */
export function visible(text: string): string {
  return HARMLESS.test(text) ? text : text.split("\t").map(commentText).join("\t");
}

/** Most texts, and the lines of a drawing. */
const HARMLESS = /^[ -~\u00a1-\u02ff\u2500-\u25ff]*$/;

/** The same, with a space for each run of white space. */
export function onOneLine(text: string): string {
  return visible(text.replaceAll(/\s+/g, " ")).trim();
}

/** The text itself, if there is room for it; else as much as fits, with an ellipsis. Accents stay on their letters. */
export function cut(text: string, room: number, ellipsis: string): string {
  if (room === Number.POSITIVE_INFINITY || columnsOf(text) <= room) return text;
  let left = room - ellipsis.length;
  if (left < 0) return "";
  let kept = "";
  // Made where a text is cut: it takes as long to load as fifty files to read.
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    left -= columnsOf(segment);
    if (left < 0) break;
    kept += segment;
  }
  return kept.trimEnd() + ellipsis;
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
