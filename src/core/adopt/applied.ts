/** The rows of another tool's version table, and the migrations → those to stamp to, or why there are none. */
import { MigrateError } from "../errors.ts";
import type { AdoptedMigration } from "./adopt.ts";
import type { VersionTable } from "./tools.ts";

/** A row of a version table. */
export interface VersionRow {
  readonly version: string;
  /** The tool did not get to the end of it. */
  readonly dirty: boolean;
  /** All that come before it have been run, or are skipped, too. */
  readonly andBefore: boolean;
}

/**
 * The last migrations that have been run: one, or where they branch as many as there are rows; none where none has been.
 * Throws `state/dirty`, `state/unknown-version`, `state/gap`.
 */
export function lastApplied(
  migrations: readonly AdoptedMigration[],
  rows: readonly VersionRow[],
  tool: string,
  { branch, order }: Pick<VersionTable, "branch" | "order">,
): readonly AdoptedMigration[] {
  const dirty = rows.find((row) => row.dirty);
  if (dirty !== undefined) {
    throw new MigrateError({
      code: "state/dirty",
      message: `${tool} did not finish version ${dirty.version} in this database`,
      hint: `finish it, or undo what it left, and record that with ${tool}; then run this command again`,
    });
  }
  const versions = migrations.map(({ version }) => version);
  const isBaseline = (row: VersionRow): boolean => row.andBefore && order !== undefined;
  const unknown = rows.find((row) => !versions.includes(row.version) && !isBaseline(row));
  if (unknown !== undefined) {
    throw new MigrateError({
      code: "state/unknown-version",
      message: `${tool} has run version ${unknown.version} in this database, but the folder has no such migration`,
      hint: "use the folder that this database was migrated with; the migration may be on another branch",
    });
  }
  if (branch === true) return migrations.filter(({ version }) => rows.some((row) => row.version === version));
  const reached = ({ version }: VersionRow): number =>
    order === undefined
      ? versions.indexOf(version)
      : versions.findLastIndex((each) => order(each, version) <= 0);
  const before = Math.max(-1, ...rows.map((row) => (row.andBefore ? reached(row) : -1)));
  const ran = new Set(rows.map((row) => row.version));
  const isApplied = versions.map((version, at) => at <= before || ran.has(version));
  const last = isApplied.lastIndexOf(true);
  const gap = isApplied.indexOf(false);
  if (gap >= 0 && gap < last) {
    throw new MigrateError({
      code: "state/gap",
      message: `${tool} has run version ${versions[last]} in this database, but not version ${versions[gap]} before it`,
      hint: `run that version with ${tool} first; then run this command again`,
    });
  }
  return last < 0 ? [] : [migrations[last]!];
}
