/** What a review says of migrations, as values; and of a ledger and its revisions, what to check after an upgrade. */
import type { Difference } from "./catalog/compare.ts";
import type { EffectSummary } from "./effects/summary.ts";
import { fewOf } from "./few.ts";
import type { LedgerNames } from "./ledger/types.ts";
import type { RevisionId } from "./migration.ts";
import { literal, qualified } from "./quote.ts";
import type { Finding } from "./rules/lint.ts";
import type { Loss } from "./statement/losses.ts";
import type { LostData } from "./statement/restored.ts";
import type { ChangedRows } from "./verdict.ts";

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
export interface WayBack extends LostData {
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

/** What these migrations did to a scratch database. */
export interface ReviewedCatalog {
  /** Whether it was of the major version of the database that is worked with. */
  readonly proves: boolean;
  /** From the catalog before them to the one after them: `extra` is new, `missing` is gone. */
  readonly differences: readonly Difference[];
  /** Their downgrade; absent where the last of them is irreversible. */
  readonly downgrade?: ReviewedDowngrade;
}

/** A downgrade of what was upgraded, and what was left after it. */
export interface ReviewedDowngrade {
  /** In the order in which they were run. */
  readonly revisions: readonly RevisionId[];
  /** From the catalog before their upgrade to the one after their downgrade. */
  readonly differences: readonly Difference[];
  /** Tables that were filled by earlier migrations and have other rows now. */
  readonly rows: readonly ChangedRows[];
  /** Why it could not be run to its end. */
  readonly failed?: string;
}

/** Why there is no scratch database, or what failed on it. */
export interface NotCompared {
  readonly reason: string;
  /** A migration failed on it. */
  readonly failed?: true;
}

/** A table of a database, with all of its partitions. */
export interface RelationSize {
  /** `shop.orders` */
  readonly relation: string;
  /** As the server last estimated them; null where it has not. */
  readonly rows: number | null;
  /** With its indexes; null where another session has locked it. */
  readonly bytes: number | null;
}

/** A migration of the ref that a review begins after, whose SQL is another one here, or which is missing. */
export interface ChangedMigration {
  readonly revision: RevisionId;
  readonly path: string;
  readonly change: "edited" | "deleted";
}

export interface ChangedSince {
  /** The git ref, as it was given. */
  readonly since: string;
  readonly files: readonly ChangedMigration[];
}

/** Which these are, what comes of it, and what to do, as one sentence. */
export function changedText({ since, files }: ChangedSince): string {
  const having = (wanted: ChangedMigration["change"]): string =>
    fewOf(files.flatMap(({ change, path }) => (change === wanted ? path : [])));
  const [edited, deleted] = [having("edited"), having("deleted")];
  const what = [
    ...(edited === "" ? [] : [`${edited} with other SQL`]),
    ...(deleted === "" ? [] : [`${deleted}, missing here`]),
  ];
  const [them, are] = files.length === 1 ? ["it", "is"] : ["them", "are"];
  const they = files.length === 1 ? "it" : "they";
  return `${since} has ${what.join(", and ")}; where ${they} ${are} applied, the next upgrade stops: put ${them} back, and write the change as a new migration`;
}

/** A query whose rows may need a look: a constraint may be meant to be validated later. */
export interface CheckQuery {
  /** What its rows are. */
  readonly finds: string;
  readonly sql: string;
}

/** For the database that the revisions were applied to. */
export function checksAfter(
  { schema }: LedgerNames,
  revisions: readonly RevisionId[],
): readonly CheckQuery[] {
  const ledger = qualified(schema);
  const values = revisions.map((revision) => `(${literal(revision)})`).join(", ");
  return [
    ...(revisions.length === 0
      ? []
      : [
          {
            finds: "migrations of this review that are not applied",
            sql: `SELECT revision FROM (VALUES ${values}) AS reviewed (revision)\nEXCEPT SELECT revision FROM ${ledger}.applied;`,
          },
        ]),
    {
      finds: "a step that was interrupted",
      sql: `SELECT revision, direction, statement, error FROM ${ledger}.intent;`,
    },
    {
      finds: "invalid indexes",
      sql: "SELECT indexrelid::regclass AS index, indrelid::regclass AS on_table FROM pg_index WHERE NOT indisvalid;",
    },
    {
      finds: "constraints that are not validated",
      sql: "SELECT conrelid::regclass AS on_table, conname FROM pg_constraint WHERE NOT convalidated;",
    },
  ];
}
