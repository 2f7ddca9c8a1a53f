/** An error → the text a person reads: where, what, the source line with a caret, and what to do next. */
import type { Diagnostic, MigrateError } from "../core/errors.ts";
import { columnsOf, visible } from "./terminal.ts";

export interface DiagnosticStyle {
  /** What stands before the code; `error` where nothing else is said. */
  readonly word?: string;
  readonly color: boolean;
  /** Columns of the terminal; no line of a file is shown wider than 100. */
  readonly width?: number;
}

/** More of them would push the first ones out of the terminal. */
const MOST = 100;

/** The diagnostics of the error, one block each, separated by empty lines. */
export function renderError(error: MigrateError, style: DiagnosticStyle): string {
  const { diagnostics } = error;
  const blocks = diagnostics.slice(0, MOST).map((diagnostic) => renderDiagnostic(diagnostic, style));
  const more = diagnostics.length - blocks.length;
  if (more > 0) blocks.push(`and ${more} more; --json gives all of them`);
  return blocks.join("\n\n");
}

export function renderDiagnostic(
  diagnostic: Diagnostic,
  { color, width = Number.POSITIVE_INFINITY, word = "error" }: DiagnosticStyle,
): string {
  const paint = (code: number, text: string): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const { location, excerpt } = diagnostic;
  const place =
    location === undefined ? "" : `${visible(location.path)}:${location.line}:${location.column}: `;
  const lines = [
    `${paint(1, place)}${paint(word === "error" ? 31 : 33, `${word}[${diagnostic.code}]`)} ${visibleLines(diagnostic.message)}`,
  ];
  if (location !== undefined && excerpt !== undefined) {
    const gutter = String(location.line);
    const room = Math.max(20, Math.min(MOST_COLUMNS, width - gutter.length - 4));
    const { line, caret } = window(excerpt.line, location.column, excerpt.length ?? 1, room);
    lines.push(`${gutter} | ${visible(line)}`, `${" ".repeat(gutter.length)} | ${paint(31, caret)}`);
  }
  if (diagnostic.hint !== undefined) lines.push(`${paint(36, "hint:")} ${visibleLines(diagnostic.hint)}`);
  return lines.join("\n");
}

const MOST_COLUMNS = 100;

/** The part of a long line around the column, and the caret line under it. */
function window(
  text: string,
  column: number,
  length: number,
  room: number,
): { readonly line: string; readonly caret: string } {
  // A line can be a megabyte long: what is far behind the column is not looked at.
  const points = [...text.slice(0, 2 * (column + room))];
  const half = Math.floor(room / 2);
  const first = points.length <= room ? 0 : Math.max(0, Math.min(column - 1 - half, points.length - room));
  const shown = points.slice(first, first + room);
  const before = shown.slice(0, column - 1 - first);
  const pad = before.map((point) => (point === "\t" ? "\t" : " ".repeat(columnsOf(visible(point))))).join("");
  const carets = Math.max(1, Math.min(length, shown.length - before.length));
  return { line: shown.join(""), caret: pad + "^".repeat(carets) };
}

function visibleLines(text: string): string {
  return text.split("\n").map(visible).join("\n");
}
