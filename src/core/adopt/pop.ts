/** A folder of pop, as Ory uses it → its migrations for PostgreSQL: `20240131120000_add.postgres.autocommit.up.sql`. */
import type { Diagnostic } from "../errors.ts";
import { aboutFile, byText, type FolderFile, matching, type Reading, wholeOf } from "./foreign.ts";
import { type Half, pairsOf } from "./pairs.ts";

const NAME =
  /^(?<number>\d+)_(?<slug>[^./]+)(?:\.(?<dialect>postgres|postgresql|cockroach|mysql|mariadb|sqlite|sqlite3))?(?<auto>\.autocommit)?\.(?<direction>up|down)\.(?<ending>sql|fizz)$/;
const isOurs = (dialect: string | undefined): boolean =>
  dialect === undefined || dialect.startsWith("postgres");

export const recognises = (files: readonly FolderFile[]): boolean =>
  matching(files, NAME).some(
    ({ groups: { dialect, auto, ending } }) =>
      dialect !== undefined || auto !== undefined || ending === "fizz",
  );

/** pop fills in Go templates. */
const TEMPLATE = /\{\{.*?\}\}/;

/** The version is the number. A file for PostgreSQL goes before one for every database. */
export function read(files: readonly FolderFile[]): Reading {
  const all = matching(files, NAME);
  const ours = all.filter(({ groups }) => isOurs(groups["dialect"]));
  const own = new Set(
    ours.flatMap(({ groups: { number, dialect, direction } }) =>
      dialect === undefined ? [] : [`${number} ${direction}`],
    ),
  );
  const taken = ours.filter(
    ({ groups: { number, dialect, direction } }) =>
      dialect !== undefined || !own.has(`${number} ${direction}`),
  );
  const halves = taken.map(
    ({ file, groups: { number, slug, direction, auto } }): Half => ({
      file,
      version: number!,
      number: number!,
      slug: slug!,
      direction: direction as Half["direction"],
      section: wholeOf(file, auto !== undefined),
    }),
  );
  const pairs = pairsOf(
    halves.filter(({ file }) => !file.name.endsWith(".fizz")),
    byText,
  );
  const findings = taken.flatMap(({ file }) => findingsOf(file));
  const others = all.filter(({ groups }) => !isOurs(groups["dialect"])).map(({ file }) => file.name);
  return { migrations: pairs.migrations, findings: [...pairs.findings, ...findings], others };
}

function findingsOf({ name, path, text }: FolderFile): readonly Diagnostic[] {
  if (name.endsWith(".fizz"))
    return [
      aboutFile(
        path,
        "fizz",
        "written in fizz, which only pop can read; it was left out",
        "translate it to SQL with 'soda', replace it with that, and run this command again",
      ),
    ];
  const template = TEMPLATE.exec(text);
  if (template === null) return [];
  return [
    aboutFile(
      path,
      "substitution",
      `pop replaces ${template[0]} with a value, which migrate does not`,
      "write the value itself in the new file",
      text.slice(0, template.index).split("\n").length,
    ),
  ];
}
