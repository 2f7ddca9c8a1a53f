/** Lines → a page: at most one empty line between them, tables in columns, rules. */

/** Columns of a page. Only what holds checksums is wider. */
export const PAGE_WIDTH = 100;
/** UTF-16 units that are worth to be written by themselves. */
export const PIECE = 16 * 1024;

export interface Page {
  add(...lines: readonly string[]): void;
  /** An empty line before what is added next. */
  gap(): void;
  /** UTF-16 units that were added since it was taken last. */
  readonly size: number;
  /** What was added since then, every line ended. */
  take(): string;
}

export function newPage(): Page {
  let lines: string[] = [];
  let size = 0;
  let empty = true;
  let open = false;
  return {
    add: (...added) => {
      if (added.length === 0) return;
      if (open && !empty) lines.push("");
      open = false;
      empty = false;
      for (const line of added) {
        lines.push(line);
        size += line.length + 1;
      }
    },
    gap: () => {
      open = true;
    },
    get size() {
      return size;
    },
    take: () => {
      const text = lines.length === 0 ? "" : `${lines.join("\n")}\n`;
      lines = [];
      size = 0;
      return text;
    },
  };
}

/** `-- ---- title ------…`, on as many lines as it takes. */
export function rule(title: string): readonly string[] {
  const lines = folded(title, PAGE_WIDTH - "-- ---- ".length - " ----".length);
  return lines.map((line, i) => {
    const text = `${i === 0 ? "-- ---- " : "--      "}${line}`;
    return i < lines.length - 1 ? text : `${text} `.padEnd(PAGE_WIDTH, "-");
  });
}

export const comment = (text: string): string => (text === "" ? "--" : `-- ${text}`);

/** A column of a table: its heading, and the columns it may take, where its texts are folded. */
export interface Column {
  readonly name: string;
  readonly most: number;
}

/** Rows of cells → lines in columns, the headings first. Long cells are folded at spaces; the last column takes what is left. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const widths = columns.map(({ name, most }, i) =>
    Math.min(most, Math.max(name.length, ...rows.map((row) => row[i]!.length))),
  );
  const used = widths.slice(0, -1).reduce((sum, each) => sum + each + GAP.length, 0);
  widths[widths.length - 1] = Math.max(10, width - used);
  return [columns.map(({ name }) => name), ...rows].flatMap((row) => {
    const cells = row.map((cell, i) => folded(cell, widths[i]!));
    const height = Math.max(...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      cells
        .map((lines, i) => (lines[line] ?? "").padEnd(widths[i]!))
        .join(GAP)
        .trimEnd(),
    );
  });
}

const GAP = "  ";

/** Lines of at most `width`, cut at spaces; a word that is longer stands alone. */
export function folded(text: string, width: number): string[] {
  if (text.includes("\n")) return text.split("\n").flatMap((line) => folded(line, width));
  if (text.length <= width) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
