/** One file that holds both directions, each below a marker line → its two sections. */
import type { FolderFile, Section } from "./foreign.ts";

export interface Markers {
  /** The marker lines, with the flag `m`; a group named `rest` holds what they say more. */
  readonly up: RegExp;
  readonly down: RegExp;
  /** Whether the tool runs a section outside a transaction: by the rest of its marker, and by the file. */
  readonly outside: (rest: string, text: string) => boolean;
}

/** What stands between the first marker of each kind and the next marker or the end; absent where there is no marker. */
export function sectionsOf(
  { path, text }: FolderFile,
  { up, down, outside }: Markers,
): { readonly up?: Section; readonly down?: Section } {
  const marks = { up: up.exec(text), down: down.exec(text) };
  const section = (direction: "up" | "down"): { readonly [side in typeof direction]?: Section } => {
    const mark = marks[direction];
    if (mark === null) return {};
    const other = marks[direction === "up" ? "down" : "up"];
    const end = other !== null && other.index > mark.index ? other.index : text.length;
    const bodyStart = behindLine(text, mark.index + mark[0].length);
    const source = { path, text: text.slice(0, Math.max(end, bodyStart)) };
    return { [direction]: { source, bodyStart, outside: outside(mark.groups?.["rest"] ?? "", text) } };
  };
  return { ...section("up"), ...section("down") };
}

/** Behind the end of the line that an offset lies in. */
function behindLine(text: string, from: number): number {
  const end = /\r\n|\n|\r|$/g;
  end.lastIndex = from;
  end.exec(text);
  return end.lastIndex;
}
