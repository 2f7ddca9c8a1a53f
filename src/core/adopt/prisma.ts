/** A folder of Prisma → its migrations: `20240131120000_add_orders/migration.sql`; there is no way back. */
import { MigrateError } from "../errors.ts";
import { byText, type FolderFile, matching, type Reading, wholeOf } from "./foreign.ts";

const NAME = /^(?<folder>(?<number>\d*)_?(?<slug>[^/]*))\/migration\.sql$/;
const PROVIDER = /^\s*provider\s*=\s*"(?<name>[^"]*)"/m;

export const recognises = (files: readonly FolderFile[]): boolean => matching(files, NAME).length > 0;

/** The version is the name of its folder. Throws `source/other-database` where they are for another. */
export function read(files: readonly FolderFile[]): Reading {
  const lock = files.find(({ name }) => name === "migration_lock.toml");
  const provider = PROVIDER.exec(lock?.text ?? "")?.groups?.["name"] ?? "postgresql";
  if (!/^(?:postgres(?:ql)?|cockroachdb)$/.test(provider)) {
    throw new MigrateError({
      code: "source/other-database",
      message: `these migrations are for ${provider}`,
      hint: "only PostgreSQL is supported",
      location: { path: lock!.path, line: 1, column: 1 },
    });
  }
  const migrations = matching(files, NAME).map(({ file, groups: { folder, number, slug } }) => ({
    version: folder!,
    ...(number === "" ? {} : { number: number! }),
    slug: slug!,
    up: wholeOf(file),
  }));
  return { migrations: migrations.sort(byText), findings: [], others: [] };
}
