/** What a review says of migrations, as values. */
import type { EffectSummary } from "./effects/summary.ts";
import type { RevisionId } from "./migration.ts";
import type { Finding } from "./rules/lint.ts";
import type { Loss } from "./statement/losses.ts";

/** A statement as its author wrote it. */
export interface ReviewedStatement {
  readonly sql: string;
  /** In its file, 1-based. */
  readonly line: number;
  readonly tag: string;
  readonly effect?: EffectSummary;
  readonly losses: readonly Loss[];
  readonly findings: readonly Finding[];
}

/** The way back of a migration. */
export interface WayBack {
  /** Why there is none. */
  readonly irreversible?: string;
  readonly losses: readonly Loss[];
  readonly effect?: EffectSummary;
}

export interface ReviewedMigration {
  readonly revision: RevisionId;
  readonly message: string;
  readonly path: string;
  readonly parents: readonly RevisionId[];
  /** One transaction. */
  readonly transactional: boolean;
  readonly effect?: EffectSummary;
  readonly statements: readonly ReviewedStatement[];
  /** Of the file, and of no statement of it. */
  readonly findings: readonly Finding[];
  readonly back: WayBack;
}
