/** A place in a file and what is wrong there → a diagnostic that can show the line. */
import type { Diagnostic } from "./errors.ts";
import { codePoints, type Location, lineOf, type Source } from "./source.ts";

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
  const rest = source.text.slice(at.start, at.start + length);
  const { path, line, column } = at;
  return {
    ...fault,
    location: { path, line, column },
    excerpt: { line: lineOf(source.text, line), length: codePoints(rest.split(/[\r\n]/, 1)[0] ?? "") },
  };
}

/** A value as part of a sentence: a long one is cut. */
export function shorten(value: string): string {
  return codePoints(value.slice(0, 121)) <= 60 ? value : `${[...value.slice(0, 120)].slice(0, 59).join("")}…`;
}
