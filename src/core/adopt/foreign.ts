/** What every other tool's folder is read as: its files go in, and its migrations in their order come out. */
import type { Diagnostic } from "../errors.ts";
import type { Direction } from "../header-keys.ts";
import type { FileText } from "../migration.ts";
import type { Location, Source } from "../source.ts";

/** A file of the folder; of what is not SQL or settings the text is empty. */
export interface FolderFile extends Source {
  /** Its path below the folder, with `/`: `20240131_add_orders/up.sql`. */
  readonly name: string;
}

/** One direction of a migration: a stretch of a file. The text of its source ends where the stretch ends. */
export interface Section extends FileText {
  /** The tool runs it outside a transaction. */
  readonly outside: boolean;
  /** Where it was printed by the tool's own command. */
  readonly printed?: PrintedSection;
}

export interface PrintedSection {
  /** What it was printed for: a person finds nothing at a place in what was printed. */
  readonly place: Location;
  /** The tool has begun a transaction before it, and ends that behind it. */
  readonly begun: boolean;
  /** Statements got a ; that the tool did not print. */
  readonly semicolons?: true;
}

export interface ForeignMigration {
  /** As the tool's version table records it. */
  readonly version: string;
  /** The digits of its file's name, where they are its place in the order. */
  readonly number?: string;
  readonly slug: string;
  /** Where the tool has one that is more than the name. */
  readonly message?: string;
  /** When it was made, as its file says. */
  readonly created?: string;
  /** Where it stands among the others, if its file says so; else each follows the one before it. */
  readonly place?: Place;
  /** A program whose SQL the tool's own command prints. */
  readonly asked?: Asked;
  /** A program, whose SQL nobody knows here: its path as shown. */
  readonly code?: string;
  /** Why there is no down, where its program says so. */
  readonly irreversible?: string;
  readonly up?: Section;
  readonly down?: Section;
}

export interface Place {
  readonly revision: string;
  readonly parents: readonly string[];
  readonly branchLabels: readonly string[];
  /** Revisions and labels. */
  readonly dependsOn: readonly string[];
}

export interface Asked {
  readonly path: string;
  /** The text of the program. */
  readonly text: string;
  /** Of the code of each direction, 1-based. */
  readonly lines: Readonly<Record<Direction, number>>;
  /** Where there is nothing to do, and nothing to ask. */
  readonly idle: readonly Direction[];
}

/** What a folder holds. */
export interface Reading {
  /** In the order in which the tool runs them. */
  readonly migrations: readonly ForeignMigration[];
  /** What is to be done by hand. */
  readonly findings: readonly Diagnostic[];
  /** Names of files that belong to other databases than PostgreSQL. */
  readonly others: readonly string[];
}

/** The whole of a file. */
export const wholeOf = (file: FolderFile, outside = false): Section => ({
  source: { path: file.path, text: file.text },
  bodyStart: 0,
  outside,
});

/** Something about a whole file. */
export const aboutFile = (
  path: string,
  code: string,
  message: string,
  hint: string,
  line = 1,
): Diagnostic => ({ code: `findings/${code}`, message, hint, location: { path, line, column: 1 } });

/** The name without the folders before it. */
export const baseName = (name: string): string => name.slice(name.lastIndexOf("/") + 1);

/** The files that lie right in the folder, by a pattern of their names, each with its groups. */
export function matching(
  files: readonly FolderFile[],
  pattern: RegExp,
): readonly { readonly file: FolderFile; readonly groups: Readonly<Record<string, string | undefined>> }[] {
  return files.flatMap((file) => {
    const groups = pattern.exec(file.name)?.groups;
    return groups === undefined ? [] : [{ file, groups }];
  });
}

/** Orders by a whole number that is written in digits. */
export const byNumber = ({ version: a }: ForeignMigration, { version: b }: ForeignMigration): number =>
  compare(BigInt(a), BigInt(b));

/** Orders by the bytes of the text, as most tools do. */
export const byText = ({ version: a }: ForeignMigration, { version: b }: ForeignMigration): number =>
  compare(a, b);

export const compare = <T extends bigint | string | number>(a: T, b: T): number =>
  a < b ? -1 : a > b ? 1 : 0;
