/** An error → the lines a person reads: where, what, the source line with a caret, and what to do next. */
import type { Diagnostic, MigrateError } from "../core/errors.ts";
import { columnsOf, hanging, type Line, visible } from "./terminal.ts";

/** More of them would push the first ones out of the terminal. */
const MOST = 100;

/**
 * The diagnostics of the error, one block each, separated by empty lines; those in a row that have the same hint, but
 * for the name that each is about, are one block, with the hint at its end. `width`: columns of the terminal; no line of a
 * file is shown wider than 100.
 */
export function errorLines(
  { diagnostics }: Pick<MigrateError, "diagnostics">,
  width = Number.POSITIVE_INFINITY,
): readonly Line[] {
  const blocks = inBlocks(diagnostics.slice(0, MOST)).map((block) =>
    block.flatMap((diagnostic) => diagnosticLines(diagnostic, width)),
  );
  const more = diagnostics.length - MOST;
  if (more > 0) blocks.push([`and ${more} more; --json gives all of them`]);
  return blocks.flatMap((block, index) => (index === 0 ? block : ["", ...block]));
}

/** The same; of those in a row that have the same hint, only the last has it. */
function inBlocks(diagnostics: readonly Diagnostic[]): readonly (readonly Diagnostic[])[] {
  const blocks: Diagnostic[][] = [];
  for (const diagnostic of diagnostics) {
    const last = blocks.at(-1)?.at(-1);
    if (last !== undefined && isSameHint(last, diagnostic)) blocks.at(-1)!.push(diagnostic);
    else blocks.push([diagnostic]);
  }
  return blocks.map((block) => {
    const last = block.at(-1)!;
    const isSame = block.every(({ hint }) => hint === last.hint);
    const hint = isSame ? last.hint : `for each of them, as here for ${nameIn(last)}: ${last.hint}`;
    return [
      ...block.slice(0, -1).map(({ hint: _, ...shown }) => shown),
      hint === undefined ? last : { ...last, hint },
    ];
  });
}

/** Whether it is the same, or would be for the same name; one that names all of them is the same as it is. */
const isSameHint = (one: Diagnostic, other: Diagnostic): boolean =>
  one.hint !== undefined && (one.hint === other.hint || hintForm(one) === hintForm(other));

/** The name that the message quotes, such as a revision's. */
const nameIn = ({ message }: Diagnostic): string | undefined => /'(\w+)'/.exec(message)?.[1];

/** The hint as it would be for any name: who reads one knows the others. */
function hintForm(diagnostic: Diagnostic): string | undefined {
  const name = nameIn(diagnostic);
  return name === undefined
    ? diagnostic.hint
    : diagnostic.hint?.replaceAll(new RegExp(`\\b${name}\\b`, "g"), "\0");
}

/** The lines of one diagnostic. `word`: what stands before its code. */
export function diagnosticLines(
  diagnostic: Diagnostic,
  width: number,
  word: "error" | "warning" = "error",
): readonly Line[] {
  const { code, message, hint, location, excerpt } = diagnostic;
  const place = location === undefined ? "" : `${location.path}:${location.line}:${location.column}: `;
  const [first = "", ...rest] = folded(message, width, `${place}${word}[${code}] `);
  const lines: Line[] = [
    [{ color: 1, text: place }, { color: word === "error" ? 31 : 33, text: `${word}[${code}]` }, ` ${first}`],
    ...rest,
  ];
  if (location !== undefined && excerpt !== undefined) {
    const gutter = String(location.line);
    const room = Math.max(20, Math.min(MOST_COLUMNS, width - gutter.length - 4));
    const { line, caret } = window(
      excerpt.line,
      excerpt.column ?? location.column,
      excerpt.length ?? 1,
      room,
    );
    lines.push(`${gutter} | ${line}`, [`${" ".repeat(gutter.length)} | `, { color: 31, text: caret }]);
  }
  if (hint !== undefined) {
    const [first = "", ...rest] = folded(hint, width, "hint: ");
    lines.push([{ color: 36, text: "hint:" }, ` ${first}`], ...rest);
  }
  return lines;
}

/** The lines of a text behind what stands before it, none wider than `width`; what is indented, such as a command, stays whole. */
function folded(text: string, width: number, before: string): readonly string[] {
  return hanging(text).flatMap((line, index) => {
    if (line.startsWith("   ") || width === Number.POSITIVE_INFINITY) return [line];
    const indent = index === 0 ? "" : "  ";
    return foldedLine(line.slice(indent.length), width, index === 0 ? columnsOf(before) : 2).map(
      (part, at) => (at === 0 ? indent + part : `  ${part}`),
    );
  });
}

/** A command of ours that a sentence ends with, or a part of it; half of it would be another command. */
const COMMAND = /(?<=: )migrate (?:[^;,()]|[(,](?! ))*(?<! )[;,)]?/g;

/** Broken at spaces, but in no command; the first line has `taken` columns less, the others two. */
function foldedLine(line: string, width: number, taken: number): readonly string[] {
  const lines: string[] = [];
  let left = 0;
  const whole = line.replaceAll(COMMAND, (command) => command.replaceAll(" ", "\0"));
  for (const each of whole.split(" ")) {
    const word = each.replaceAll("\0", " ");
    const columns = columnsOf(visible(word)) + 1;
    if (lines.length > 0 && columns <= left) {
      lines[lines.length - 1] += ` ${word}`;
      left -= columns;
    } else {
      left = width - (lines.length === 0 ? taken : 2) - columns + 1;
      lines.push(word);
    }
  }
  return lines;
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
  // Nobody is to look for a typing error where the line was cut.
  if (first > 0) shown[0] = "…";
  if (points.length > first + room) shown[room - 1] = "…";
  const before = shown.slice(0, column - 1 - first);
  const pad = before.map((point) => (point === "\t" ? "\t" : " ".repeat(columnsOf(visible(point))))).join("");
  const carets = Math.max(1, Math.min(length, shown.length - before.length));
  return { line: shown.join(""), caret: pad + "^".repeat(carets) };
}
