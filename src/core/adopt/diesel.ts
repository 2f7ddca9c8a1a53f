/** A folder of diesel → its migrations: `2024-01-31-120000_add_orders/up.sql`, `down.sql` and `metadata.toml`. */
import { byText, type FolderFile, matching, type Reading, wholeOf } from "./foreign.ts";
import { pairsOf } from "./pairs.ts";

const NAME = /^(?<folder>(?<number>[\d-]+)(?:_(?<slug>[^/]*))?)\/(?<direction>up|down)\.sql$/;
const OUTSIDE = /^\s*run_in_transaction\s*=\s*false\b/m;

export const recognises = (files: readonly FolderFile[]): boolean => matching(files, NAME).length > 0;

/** The version is the number without its dashes. */
export function read(files: readonly FolderFile[]): Reading {
  const settings = new Map(files.map(({ name, text }) => [name, text]));
  const halves = matching(files, NAME).map(({ file, groups: { folder, number, slug, direction } }) => {
    const version = number!.replaceAll("-", "");
    return {
      file,
      version,
      number: version,
      slug: slug ?? "",
      direction: direction as "up" | "down",
      section: wholeOf(file, OUTSIDE.test(settings.get(`${folder}/metadata.toml`) ?? "")),
    };
  });
  return { ...pairsOf(halves, byText), others: [] };
}
