/**
 * The text of one file, and where things stand in it.
 *
 * Offsets are UTF-16 indexes into `Source.text` everywhere in the program; lines and columns are 1-based and
 * columns count code points, as editors and PostgreSQL do. This is the only place that converts between
 * bytes (what the parsers report), code points (what the server reports) and UTF-16.
 */

/** One file's text: decoded UTF-8, without a byte order mark, line ends as they are in the file. */
export interface Source {
  /** As the user would type it: relative to the working directory where it lies below it. */
  readonly path: string;
  readonly text: string;
  /** What stands in the file, where `text` is what a parser reads in its stead, of the same length. */
  readonly written?: string;
}

/** A place a person can go to. */
export interface Location {
  readonly path: string;
  /** 1-based; LF, CRLF and lone CR each end a line. */
  readonly line: number;
  /** 1-based, in code points. */
  readonly column: number;
}

/** A stretch of a text: UTF-16 offsets. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** A stretch of a file: the place of its first character and its UTF-16 offsets. */
export interface Span extends Location, Stretch {}

const LINE_END = /\r\n|\n|\r/g;

/** The line and column of a UTF-16 offset. */
export function locate(source: Source, offset: number): Location {
  let line = 1;
  let lineStart = 0;
  LINE_END.lastIndex = 0;
  for (let m = LINE_END.exec(source.text); m !== null && m.index < offset; m = LINE_END.exec(source.text)) {
    const next = m.index + m[0].length;
    if (next > offset) break;
    line += 1;
    lineStart = next;
  }
  return { path: source.path, line, column: codePoints(source.text, lineStart, offset) + 1 };
}

/** The UTF-16 offset of a line and column; undefined where the text has no such line. */
export function offsetOfPlace(
  text: string,
  { line, column }: Pick<Location, "line" | "column">,
): number | undefined {
  let start = 0;
  LINE_END.lastIndex = 0;
  for (let above = 1; above < line; above += 1) {
    const m = LINE_END.exec(text);
    if (m === null) return undefined;
    start = m.index + m[0].length;
  }
  return offsetOfCodePoint(text, column - 1, start);
}

/** The text of a 1-based line, without its line end; empty past the last one. */
export function lineOf(text: string, line: number): string {
  return text.split(/\r\n|\n|\r/, line)[line - 1] ?? "";
}

/** How many code points stand in `text[start..end)`. */
export function codePoints(text: string, start = 0, end = text.length): number {
  let count = 0;
  for (let i = start; i < end; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit <= 0xdbff && i + 1 < end) i += 1;
    count += 1;
  }
  return count;
}

/** The UTF-16 offset that lies `count` code points after `from`; never past the end. */
export function offsetOfCodePoint(text: string, count: number, from = 0): number {
  let i = from;
  for (let n = 0; n < count && i < text.length; n += 1) {
    const unit = text.charCodeAt(i);
    i += unit >= 0xd800 && unit <= 0xdbff && i + 1 < text.length ? 2 : 1;
  }
  return i;
}

/**
 * Turns UTF-8 byte offsets into UTF-16 offsets. The offsets must be asked for in rising order, so a whole file
 * costs one walk. Pure ASCII text is answered without walking.
 */
export function byteOffsets(text: string): (byte: number) => number {
  if (/^[\x00-\x7f]*$/.test(text)) return (byte) => Math.min(byte, text.length);
  let bytes = 0;
  let index = 0;
  return (byte) => {
    if (byte < bytes) {
      bytes = 0;
      index = 0;
    }
    while (bytes < byte && index < text.length) {
      const unit = text.charCodeAt(index);
      if (unit < 0x80) bytes += 1;
      else if (unit < 0x800) bytes += 2;
      else if (unit >= 0xd800 && unit <= 0xdbff) {
        bytes += 4;
        index += 1;
      } else bytes += 3;
      index += 1;
    }
    return index;
  };
}
