/** What the files say: a migration is the parsed pair `NNNN_name.up.sql` / `NNNN_name.down.sql`. */
import type { Source } from "./source.ts";

/** Which file of the pair. */
export type HalfName = "up" | "down";

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
  readonly message: string;
  /** The file number (`0004`) where the file name has one. */
  readonly number?: string;
  /** Path of the up file, for messages. */
  readonly path?: string;
  /** The header's `created:`, for messages. */
  readonly created?: string;
}

/** One file of the pair. */
export interface Half {
  readonly source: Source;
  /** UTF-16 offset at which the body begins, after the header. */
  readonly bodyStart: number;
  /** Version 1: `sha256` hex of the body as UTF-8, line ends as LF. */
  readonly checksum: string;
  /** The header's `lock-timeout:` and `statement-timeout:` as written, in PostgreSQL's form (`5s`, `0`). */
  readonly lockTimeout?: string;
  readonly statementTimeout?: string;
}

export interface Migration extends Revision {
  readonly path: string;
  readonly up: Half;
  /** Absent exactly when `irreversible` is set. */
  readonly down?: Half;
  /** The header's reason why there is no down file. */
  readonly irreversible?: string;
  /** `transaction: none` in the header of the half. */
  readonly transaction: { readonly up?: "none"; readonly down?: "none" };
}
