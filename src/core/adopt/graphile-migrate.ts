/** A folder of graphile-migrate → its migrations: `committed/000012-add-orders.sql`; there is no way back. */
import { skipTrivia } from "../lexer.ts";
import { aboutFile, byText, type FolderFile, matching, type Reading } from "./foreign.ts";

const NAME = /^committed\/(?<file>(?<number>\d+)(?:-(?<slug>[^/]*))?\.sql)$/;
const CURRENT = /^current(?:\.sql$|\/[^/]*\.sql$)/;
/** Its header, which is no SQL comment of anybody's: `--! Previous: …`. */
const HEADER = /^(?:--!.*(?:\r\n|\n|\r|$))*/;

export const recognises = (files: readonly FolderFile[]): boolean =>
  matching(files, NAME).some(({ file }) => file.text.startsWith("--!"));

/** The version is the name of the file. */
export function read(files: readonly FolderFile[]): Reading {
  const migrations = matching(files, NAME).map(({ file, groups }) => {
    const header = HEADER.exec(file.text)![0];
    const message = /^--!\s*Message:\s*(.*\S)/m.exec(header)?.[1];
    return {
      version: groups["file"]!,
      number: groups["number"]!,
      slug: groups["slug"] ?? "",
      ...(message === undefined ? {} : { message }),
      up: {
        source: { path: file.path, text: file.text },
        bodyStart: header.length,
        outside: /^--!\s*no-transaction\b/m.test(file.text),
      },
    };
  });
  const findings = files
    .filter(({ name, text }) => CURRENT.test(name) && skipTrivia(text, 0) < text.length)
    .map(({ path }) =>
      aboutFile(
        path,
        "not-committed",
        "this is not committed yet; it was left out",
        'commit it with graphile-migrate first and run this command again, or write a migration for it: migrate revision -m "…"',
      ),
    );
  return { migrations: migrations.sort(byText), findings, others: [] };
}
