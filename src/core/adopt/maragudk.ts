/** A folder of maragudk's migrate → its migrations: `1-accounts.up.sql`, in the order of the whole names. */
import { byText, type FolderFile, matching, type Reading, wholeOf } from "./foreign.ts";
import { pairsOf } from "./pairs.ts";

const NAME = /^(?<version>(?<number>\d*)(?:[_-]?(?<slug>[\w-]*)))\.(?<direction>up|down)\.sql$/;

export const recognises = (files: readonly FolderFile[]): boolean => matching(files, NAME).length > 0;

/** The version is the whole name. */
export function read(files: readonly FolderFile[]): Reading {
  const halves = matching(files, NAME).map(({ file, groups: { version, number, slug, direction } }) => ({
    file,
    version: version!,
    ...(number === "" ? {} : { number: number! }),
    slug: slug!,
    direction: direction as "up" | "down",
    section: wholeOf(file),
  }));
  return { ...pairsOf(halves, byText), others: [] };
}
