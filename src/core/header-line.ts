/** Where a line of a file begins → the header line that it is; and the place of its key and its value. */
import type { Diagnostic } from "./errors.ts";
import { excerptAt } from "./fault.ts";
import type { HeaderKey } from "./header-keys.ts";
import { codePoints, type Source } from "./source.ts";

export interface HeaderLine {
  readonly key: string;
  /** Without the blanks around it. */
  readonly value: string;
  /** The whole line, without its end. */
  readonly text: string;
  /** 1-based. */
  readonly line: number;
  /** UTF-16 offset in the file of the line that follows. */
  readonly next: number;
}

const HEADER_LINE = /(--[ \t]*([A-Za-z][A-Za-z_-]*)[ \t]*:(?!\/\/)([^\r\n]*))(?:\r\n|\r|\n|$)/y;

/** The header line that begins at an offset; undefined where another line does, or none. */
export function headerLineAt(text: string, start: number, line: number): HeaderLine | undefined {
  HEADER_LINE.lastIndex = start;
  const match = HEADER_LINE.exec(text);
  if (match === null) return undefined;
  const [whole, written, key, value] = match;
  return { key: key!, value: value!.trim(), text: written!, line, next: start + whole.length };
}

/** A line below the header whose key is at home in the file. */
export type LostLine = HeaderLine & {
  readonly key: HeaderKey;
  /** It has no colon. */
  readonly isSlipped?: true;
};

/** How many line ends there are before an offset. */
export function countLines(text: string, end: number): number {
  return text.slice(0, end).match(/\r\n|\r|\n/g)?.length ?? 0;
}

export type Place = Pick<Diagnostic, "location" | "excerpt">;

/** The caret under the key. */
export function placeOf(source: Source, line: HeaderLine): Place {
  return placeAt(source, line, line.text.indexOf(line.key), line.key.length);
}

/** The caret under a part of the value, or all of it; `at` and `length` in UTF-16 units of the value. */
export function placeOfValue(source: Source, line: HeaderLine, at = 0, length = line.value.length): Place {
  const behindColon = line.text.slice(line.text.indexOf(":") + 1);
  return placeAt(source, line, line.text.length - behindColon.trimStart().length + at, length);
}

export function placeAt(source: Source, line: HeaderLine, at: number, length: number): Place {
  return {
    location: { path: source.path, line: line.line, column: codePoints(line.text, 0, at) + 1 },
    excerpt: excerptAt({ ...source, text: line.text }, at, length),
  };
}
