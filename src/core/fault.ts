/** A place in a file and what is wrong there → a diagnostic that can show the line. */
import type { Diagnostic, Excerpt } from "./errors.ts";
import { redactPart } from "./redact.ts";
import { codePoints, type Location, type Source } from "./source.ts";

/** What is wrong, without where. */
export type Fault = Pick<Diagnostic, "code" | "message" | "hint">;

/** More faults of one file help nobody, and each costs a walk to its line. */
export const ENOUGH_FAULTS = 100;

/** A fault that underlines `length` UTF-16 units of one line. */
export function faultAt(
  source: Source,
  at: Location & { readonly start: number },
  length: number,
  fault: Fault,
): Diagnostic {
  const { path, line, column } = at;
  return { ...fault, location: { path, line, column }, excerpt: excerptAt(source, at.start, length) };
}

/** UTF-16 units of a long line that are kept on each side of a place: more than the longest password that may be in use. */
const WIDE = 32_000;

/** UTF-16 units before that in which a password that goes on there may have begun. */
const BEFORE = 20_000;

/**
 * The line of an offset, without passwords; `length` UTF-16 units are underlined. Of a line that is longer than anybody
 * reads, the part around the offset.
 */
export function excerptAt({ text: read, written: text = read }: Source, offset: number, length = 1): Excerpt {
  const before = /[^\r\n]*$/.exec(text.slice(Math.max(0, offset - WIDE), offset))![0].length;
  const after = /^[^\r\n]*/.exec(text.slice(offset, offset + WIDE))![0].length;
  const from = Math.max(0, offset - before - BEFORE);
  const part = { start: offset - before - from, end: offset + after - from };
  const shown = redactPart(text.slice(from, offset + after), part, offset - from);
  const isWhole = before < WIDE && shown.text.length === before + after;
  return {
    line: shown.text,
    ...(isWhole ? {} : { column: shown.before + 1 }),
    length: codePoints(text, offset, offset + Math.min(length, after)),
  };
}

/** A value as part of a sentence: a long one is cut. */
export function shorten(value: string): string {
  return codePoints(value.slice(0, 121)) <= 60 ? value : `${[...value.slice(0, 120)].slice(0, 59).join("")}…`;
}
