/** A folder of goose → its migrations: `00012_add_orders.sql` with `-- +goose Up` and `-- +goose Down`, and those in Go. */
import type { Diagnostic } from "../errors.ts";
import {
  aboutFile,
  byNumber,
  type FolderFile,
  type ForeignMigration,
  matching,
  type Reading,
} from "./foreign.ts";
import { sectionsOf } from "./sections.ts";

const NAME = /^(?<number>\d+)_(?<slug>[^/]*)\.(?<ending>sql|go)$/;
const MARKERS = {
  up: /^[ \t]*--[ \t]*\+goose[ \t]+up[ \t]*\r?$/im,
  down: /^[ \t]*--[ \t]*\+goose[ \t]+down[ \t]*\r?$/im,
  outside: (_rest: string, text: string): boolean =>
    /^[ \t]*--[ \t]*\+goose[ \t]+no[ \t]+transaction/im.test(text),
};
const SUBSTITUTES = /^[ \t]*--[ \t]*\+goose[ \t]+envsub[ \t]+on/im;

/** A file without a marker goose refuses: it is another tool's, or none. */
const isOwn = ({ name, text }: FolderFile): boolean =>
  name.endsWith(".go") ? !isGoTest(name) : MARKERS.up.test(text);

const isGoTest = (name: string): boolean => name.endsWith("_test.go");

export const recognises = (files: readonly FolderFile[]): boolean =>
  matching(files, NAME).some(({ file }) => MARKERS.up.test(file.text));

/** The version is the number without its zeros. */
export function read(files: readonly FolderFile[]): Reading {
  const findings: Diagnostic[] = [];
  const migrations = matching(files, NAME)
    .filter(({ file }) => isOwn(file))
    .map(({ file, groups: { number, slug, ending } }): ForeignMigration => {
      if (SUBSTITUTES.test(file.text)) findings.push(substitutes(file));
      return {
        version: String(BigInt(number!)),
        number: number!,
        slug: slug!,
        ...(ending === "go" ? { code: file.path } : sectionsOf(file, MARKERS)),
      };
    });
  return { migrations: migrations.sort(byNumber), findings, others: [] };
}

const substitutes = ({ path, text }: FolderFile): Diagnostic =>
  aboutFile(
    path,
    "substitution",
    "goose replaces environment variables in this file, which migrate does not",
    "write the values themselves in the new file",
    text.slice(0, SUBSTITUTES.exec(text)!.index).split("\n").length,
  );
