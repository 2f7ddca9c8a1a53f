/** A folder of sqlx → its migrations: `20240131120000_add_orders.sql`, or the same in pairs of up and down. */
import { byNumber, type FolderFile, matching, type Reading, wholeOf } from "./foreign.ts";
import { pairsOf } from "./pairs.ts";

const NAME = /^(?<number>\d+)_(?<slug>[^/]*?)(?:\.(?<direction>up|down))?\.sql$/;

/** A folder of pairs looks the same as golang-migrate's, which is asked first. */
export const recognises = (files: readonly FolderFile[]): boolean => matching(files, NAME).length > 0;

/** The version is the number without its zeros. */
export function read(files: readonly FolderFile[]): Reading {
  const halves = matching(files, NAME).map(({ file, groups: { number, slug, direction } }) => ({
    file,
    version: String(BigInt(number!)),
    number: number!,
    slug: slug!,
    direction: direction === "down" ? ("down" as const) : ("up" as const),
    section: wholeOf(file, /^--\s*no-transaction/.test(file.text)),
  }));
  return { ...pairsOf(halves, byNumber), others: [] };
}
