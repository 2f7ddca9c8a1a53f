/** A folder of node-pg-migrate → its migrations: `1414549381268_names.sql` with `-- Up Migration`, and those in JavaScript. */
import {
  compare,
  type FolderFile,
  type ForeignMigration,
  matching,
  type Reading,
  wholeOf,
} from "./foreign.ts";
import { sectionsOf } from "./sections.ts";

const NAME = /^(?<version>(?<number>\d+)[_-](?<slug>[^/]*?))(?<!\.up|\.down)\.(?<ending>sql|[cm]?[jt]s)$/;
const MARKERS = {
  up: /^[ \t]*--[ \t-]*up\s+migration.*$/im,
  down: /^[ \t]*--[ \t-]*down\s+migration.*$/im,
  outside: (): boolean => false,
};
/** Knex and Sequelize name their programs as this tool does, but call what they are given otherwise. */
const PROGRAM = /\bpgm\b|\bnode-pg-migrate\b/;

const of = (files: readonly FolderFile[]) =>
  matching(files, NAME).filter(({ file }) => !file.name.endsWith(".d.ts"));

export const recognises = (files: readonly FolderFile[]): boolean =>
  of(files).some(({ file, groups }) => (groups["ending"] === "sql" ? MARKERS.up : PROGRAM).test(file.text));

/** The version is the whole name, without its ending. */
export function read(files: readonly FolderFile[]): Reading {
  const migrations = of(files).map(
    ({ file, groups: { version, number, slug, ending } }): ForeignMigration => {
      const sections = ending === "sql" ? sectionsOf(file, MARKERS) : {};
      return {
        version: version!,
        number: number!,
        slug: slug!,
        ...(ending === "sql" ? { up: wholeOf(file), ...sections } : { code: file.path }),
      };
    },
  );
  return {
    migrations: migrations.sort((a, b) => compare(Number(a.number), Number(b.number))),
    findings: [],
    others: [],
  };
}
