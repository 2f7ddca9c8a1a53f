/** A down file in chunks, and those of them that take back one part of its migration → the body of that part's down file. */
import type { MigrationFile } from "../migration.ts";
import { type Chunk, joined, type Part } from "./arrange.ts";

/** The body of a down file. `outside`: in no transaction. */
export interface Back {
  readonly text: string;
  readonly outside: boolean;
}

/** A part with its way back; undefined: it has none. */
export interface Whole extends Part {
  readonly back?: Back;
}

/** Chunks of the down file, one in its safe form where it is alone, and our own statements behind them. */
export function backOf(
  { source, bodyStart, header }: MigrationFile,
  down: readonly Chunk[],
  chunks: readonly Chunk[],
  own: readonly string[],
): Back {
  const isOutside = header.transaction === "none";
  const isAlone = own.length === 0 && chunks.filter(({ setting }) => !setting).length === 1;
  let outside = isOutside;
  const settings = new Set(chunks.filter(({ setting }) => setting).map(({ sql }) => sql));
  const texts = chunks.map(({ lead, sql, trail, fix }) => {
    const safe = isAlone || isOutside ? safeForm(fix) : undefined;
    if (safe !== undefined) outside = true;
    return `${lead}${safe ?? sql}${trail}`;
  });
  if (chunks === down && outside === isOutside) return { text: source.text.slice(bodyStart), outside };
  // A statement that stood behind another on its line comes with the blank between them.
  const given = joined(texts).trim();
  const text = [given, ...own.filter((sql) => !settings.has(sql))].filter((each) => each !== "").join("\n");
  return { text: `${text === "" ? NOTHING : text}\n`, outside };
}

const NOTHING = "-- The down file had no statement that takes this back.";

const safeForm = (fix: Chunk["fix"]): string | undefined => {
  const [part, ...others] = fix ?? [];
  if (part === undefined || others.length > 0 || "sql" in part || part.segments.length > 1) return undefined;
  return part.segments[0]!.up;
};
