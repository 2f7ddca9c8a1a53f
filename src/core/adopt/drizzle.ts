/** A folder of Drizzle → its migrations: `0012_add_orders.sql` in the order of `meta/_journal.json`; there is no way back. */
import { MigrateError } from "../errors.ts";
import { aboutFile, type FolderFile, type ForeignMigration, type Reading, wholeOf } from "./foreign.ts";

const JOURNAL = "meta/_journal.json";

export const recognises = (files: readonly FolderFile[]): boolean =>
  files.some(({ name }) => name === JOURNAL);

interface Entry {
  readonly tag: string;
  /** Milliseconds since 1970: what the version table records. */
  readonly when: number;
}

/** The version is the time in the journal. Throws `source/journal`. */
export function read(files: readonly FolderFile[]): Reading {
  const byName = new Map(files.map((file) => [file.name, file]));
  const entries = entriesOf(byName.get(JOURNAL));
  const missing = entries.filter(({ tag }) => !byName.has(`${tag}.sql`));
  const migrations = entries.flatMap(({ tag, when }): ForeignMigration[] => {
    const file = byName.get(`${tag}.sql`);
    const { number, slug } = /^(?<number>\d*)_?(?<slug>.*)$/s.exec(tag)!.groups!;
    if (file === undefined) return [];
    return [
      {
        version: String(when),
        ...(number === "" ? {} : { number: number! }),
        slug: slug!,
        up: wholeOf(file),
      },
    ];
  });
  const findings = missing.map(({ tag }) =>
    aboutFile(
      byName.get(JOURNAL)!.path,
      "missing-file",
      `the journal names ${tag}, but ${tag}.sql does not exist; it was left out`,
      "restore the file and run this command again",
    ),
  );
  return { migrations, findings, others: [] };
}

function entriesOf(journal: FolderFile | undefined): readonly Entry[] {
  try {
    const { entries } = JSON.parse(journal?.text ?? "") as { readonly entries: readonly Entry[] };
    if (entries.every(({ tag, when }) => typeof tag === "string" && typeof when === "number")) return entries;
  } catch {
    // It says below what is so.
  }
  throw new MigrateError({
    code: "source/journal",
    message: `${JOURNAL} is ${journal === undefined ? "missing" : "not as Drizzle writes it"}`,
    hint: "name the folder that drizzle-kit writes, which holds meta/_journal.json",
    ...(journal === undefined ? {} : { location: { path: journal.path, line: 1, column: 1 } }),
  });
}
