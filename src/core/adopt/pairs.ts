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

interface Pair {
  up?: Half;
  down?: Half;
}

/** Pairs by version. A second file for one side, and a down file alone, are findings; the tools refuse the former. */
export function pairsOf(
  halves: readonly Half[],
  order: (a: ForeignMigration, b: ForeignMigration) => number,
): Omit<Reading, "others"> {
  const pairs = new Map<string, Pair>();
  const left: { readonly half: Half; readonly pair: Pair }[] = [];
  for (const half of halves) {
    const pair = pairs.get(half.version) ?? {};
    const other = pair[half.direction];
    const isLeft = other !== undefined && (isNamedDown(half) || !isNamedDown(other));
    if (!isLeft) pair[half.direction] = half;
    if (other !== undefined) left.push({ half: isLeft ? half : other, pair });
    pairs.set(half.version, pair);
  }
  const findings = left.map(({ half, pair }) => twice(half, pair));
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

/** Whether an up file is named as people name what undoes another: `2_readers_rollback.sql`. */
const isNamedDown = ({ direction, slug }: Half): boolean =>
  direction === "up" && /(?:^|[_-])(?:down|revert|rollback|undo)$/i.test(slug);

const twice = (half: Half, pair: Pair): Reading["findings"][number] =>
  aboutFile(
    half.file.path,
    "same-version",
    `version ${half.version} has a second ${half.direction} file; ${pair[half.direction]!.file.path} was taken`,
    twiceHint(half, pair),
  );

function twiceHint(half: Half, { up, down }: Pair): string {
  const isDown = half.direction === "down" || (isNamedDown(half) && up !== undefined && !isNamedDown(up));
  if (!isDown) return 'put what is missing in a new migration: migrate revision -m "…"';
  if (down !== undefined) return `put what it undoes, and ${down.file.path} does not, into the new down file`;
  const { name } = up!.file;
  return `it looks like the down file of ${name}: before the new files are written, name it ${name.replace(/(?:\.up)?\.sql$/, ".down.sql")}, and run this command again`;
}

const lonelyDown = ({ file, version }: Half): Reading["findings"][number] =>
  aboutFile(
    file.path,
    "lonely-down",
    `version ${version} has a down file but no up file; it was left out`,
    "delete it, or write its up file and run this command again",
  );
