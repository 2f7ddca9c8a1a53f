/** What the files say: a migration is the parsed pair `NNNN_name.up.sql` / `NNNN_name.down.sql`. */
import type { Header } from "./header-keys.ts";
import type { Source } from "./source.ts";

/** The id of a migration: letters, digits, `_` and `.`. */
export type RevisionId = string;

/** What the graph needs to know of a migration: no SQL, no files. */
export interface Revision {
  readonly revision: RevisionId;
  /** As written: full ids. Empty for a base. */
  readonly parents: readonly RevisionId[];
  /** Ids or branch labels that must be applied first without being parents. */
  readonly dependsOn: readonly string[];
  readonly branchLabels: readonly string[];
  /** Of a squashed revision: the ids that it stands for. */
  readonly replaces?: readonly RevisionId[];
  readonly message: string;
  /** The file number (`0004`) where the file name has one. */
  readonly number?: string;
  /** Path of the up file, for messages. */
  readonly path?: string;
  /** The header's `created:`, for messages. */
  readonly created?: string;
}

/** One file of the pair. */
export interface MigrationFile {
  readonly source: Source;
  /** Every key that it says. */
  readonly header: Header;
  /** UTF-16 offset at which the body begins, after the header. */
  readonly bodyStart: number;
  /** Version 1: `sha256` hex of the body as UTF-8, line ends as LF. Computed when it is first asked for. */
  readonly checksum: string;
}

/** The body of a file, from `bodyStart` to the end, and what its header says, if it has one of ours. */
export interface FileText extends Pick<MigrationFile, "source" | "bodyStart"> {
  readonly header?: Header;
  /** It says what the schema is; absent: it is a migration's. */
  readonly kind?: "schema";
}

export interface Migration extends Revision {
  readonly path: string;
  readonly up: MigrationFile;
  /** Absent exactly when the header of the up file says `irreversible`. */
  readonly down?: MigrationFile;
}

/** Of its up file, and of its down file where it has one. */
export const sourcesOf = ({ up, down }: Pick<Migration, "up" | "down">): readonly Source[] =>
  down === undefined ? [up.source] : [up.source, down.source];
