/** A folder of golang-migrate → its migrations: `12_add_orders.up.sql`, in the order of the numbers. */
import { byNumber, type FolderFile, matching, type Reading, wholeOf } from "./foreign.ts";
import { pairsOf } from "./pairs.ts";

const NAME = /^(?<number>\d+)_(?<slug>[^/]*)\.(?<direction>up|down)\.sql$/;

/** A down file alone may be beside an up file that sqlx, or nobody's tool, names without `.up`. */
export const recognises = (files: readonly FolderFile[]): boolean =>
  matching(files, NAME).some(({ groups: { direction } }) => direction === "up");

/** The version is the number without its zeros. */
export function read(files: readonly FolderFile[]): Reading {
  const halves = matching(files, NAME).map(({ file, groups: { number, slug, direction } }) => ({
    file,
    version: String(BigInt(number!)),
    number: number!,
    slug: slug!,
    direction: direction as "up" | "down",
    section: wholeOf(file),
  }));
  return { ...pairsOf(halves, byNumber), others: [] };
}
