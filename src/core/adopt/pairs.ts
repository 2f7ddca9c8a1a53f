/** Up and down files that share a version → migrations: what golang-migrate, maragudk's migrate, sqlx and pop have in common. */
import { aboutFile, type FolderFile, type ForeignMigration, type Reading, type Section } from "./foreign.ts";

/** One file of a pair. */
export interface Half {
  readonly file: FolderFile;
  readonly version: string;
  readonly number?: string;
  readonly slug: string;
  readonly direction: "up" | "down";
  readonly section: Section;
}

/** Pairs by version. A second file for one side, and a down file alone, are findings; the tools refuse the former. */
export function pairsOf(
  halves: readonly Half[],
  order: (a: ForeignMigration, b: ForeignMigration) => number,
): Omit<Reading, "others"> {
  const pairs = new Map<string, { up?: Half; down?: Half }>();
  const findings: Reading["findings"][number][] = [];
  for (const half of halves) {
    const pair = pairs.get(half.version) ?? {};
    const other = pair[half.direction];
    if (other === undefined) pair[half.direction] = half;
    else findings.push(twice(half, other));
    pairs.set(half.version, pair);
  }
  const migrations = [...pairs].flatMap(([version, { up, down }]): ForeignMigration[] => {
    if (up === undefined) {
      findings.push(lonelyDown(down!));
      return [];
    }
    return [
      {
        version,
        ...(up.number === undefined ? {} : { number: up.number }),
        slug: up.slug,
        up: up.section,
        ...(down === undefined ? {} : { down: down.section }),
      },
    ];
  });
  return { migrations: migrations.sort(order), findings };
}

const twice = ({ file, version, direction }: Half, other: Half): Reading["findings"][number] =>
  aboutFile(
    file.path,
    "same-version",
    `version ${version} has a second ${direction} file; ${other.file.path} was taken`,
    'put what is missing in a new migration: migrate revision -m "…"',
  );

const lonelyDown = ({ file, version }: Half): Reading["findings"][number] =>
  aboutFile(
    file.path,
    "lonely-down",
    `version ${version} has a down file but no up file; it was left out`,
    "delete it, or write its up file and run this command again",
  );
