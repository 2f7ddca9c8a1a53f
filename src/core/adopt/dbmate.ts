/** A folder of dbmate → its migrations: `20240131120000_add_orders.sql` with `-- migrate:up` and `-- migrate:down`. */
import { byText, type FolderFile, matching, type Reading } from "./foreign.ts";
import { sectionsOf } from "./sections.ts";

const NAME = /^(?<number>\d+)(?<slug>[^/]*)\.sql$/;
const MARKERS = {
  up: /^--\s*migrate:up(?:[ \t]+(?<rest>\S.*))?[ \t]*\r?$/m,
  down: /^--\s*migrate:down(?:[ \t]+(?<rest>\S.*))?[ \t]*\r?$/m,
  outside: (rest: string): boolean => /\btransaction:false\b/.test(rest),
};

const of = (files: readonly FolderFile[]) =>
  matching(files, NAME).filter(({ file }) => MARKERS.up.test(file.text));

export const recognises = (files: readonly FolderFile[]): boolean => of(files).length > 0;

/** The version is the number as it is written. */
export function read(files: readonly FolderFile[]): Reading {
  const migrations = of(files).map(({ file, groups: { number, slug } }) => ({
    version: number!,
    number: number!,
    slug: slug!.replace(/^[_-]/, ""),
    ...sectionsOf(file, MARKERS),
  }));
  return { migrations: migrations.sort(byText), findings: [], others: [] };
}
