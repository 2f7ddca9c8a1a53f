/** What `migrate lint --fix` makes of migrations, as values. */
import type { RevisionId } from "../migration.ts";

/** A migration that was written in another form. */
export interface FixedMigration {
  readonly revision: RevisionId;
  /** Those that it became, in order; the first is the migration itself. */
  readonly revisions: readonly RevisionId[];
  /** The rules whose findings are mended. */
  readonly rules: readonly string[];
}

/** A statement, or a migration, that was left as it is. */
export interface LeftAsItIs {
  readonly path: string;
  /** Of the statement; absent where it is the whole file. */
  readonly line?: number;
  readonly rules: readonly string[];
  readonly reason: string;
}
