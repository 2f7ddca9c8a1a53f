/**
 * A migration run as a value: every SQL text that will reach the server, in order, in its final bytes. The runner sends
 * the list, the script prints it; nothing else turns a migration into SQL. Readonly and JSON-safe.
 */
import type { Privilege } from "../effects/privilege.ts";
import type { EffectSummary } from "../effects/summary.ts";
import type { Direction } from "../header-keys.ts";
import type { Place } from "../ledger/blocks.ts";
import type { StartState } from "../ledger/calls.ts";
import type { RevisionId } from "../migration.ts";
import type { Span } from "../source.ts";
import type { Trace } from "../statement/facts.ts";
import type { RunsAs } from "../statement/ledger.ts";
import type { Loss } from "../statement/losses.ts";
import type { LostData } from "../statement/restored.ts";

export interface Plan {
  /** `ensure` creates the ledger, or brings it to this format, and has no steps; nor has a `repair` of the ledger itself. */
  readonly kind: "upgrade" | "downgrade" | "stamp" | "repair" | "ensure";
  /** Heads of the applied set before and after. */
  readonly from: readonly RevisionId[];
  readonly to: readonly RevisionId[];
  /** What must be so before the first step; `without`: what `from` needs, and is not applied. */
  readonly start: Omit<StartState, "done" | "also" | "starts"> & {
    readonly without: readonly RevisionId[];
  };
  readonly steps: readonly PlanStep[];
  readonly batches: readonly Batch[];
  /** What is applied when all is done: the digest in decimal digits. */
  readonly result: { readonly revisions: number; readonly digest: string };
  /** Where its ledger lies. */
  readonly schema: string;
  /** Where it may be run. */
  readonly place: Place;
  /** The role that the author's SQL runs as, where that is not the one that connects. */
  readonly role?: string;
  /** What each step of the author's starts with, besides the settings that every step has. */
  readonly settings: readonly string[];
}

/** What a step does besides what it is for. */
export interface Does {
  /** What its statements take away, overwrite, or may; absent where that is nothing. */
  readonly losses?: readonly Loss[];
  /** What its statements do to what others use; absent where that is nothing, or was not asked for. */
  readonly effect?: EffectSummary;
}

/** One migration in one direction; a stamp's step writes only the ledger. */
export interface PlanStep extends Does {
  readonly direction: Direction;
  readonly revision: RevisionId;
  readonly message: string;
  readonly parents: readonly RevisionId[];
  readonly path: string;
  readonly checksum: string;
  /** Of the down file, where that is what runs. */
  readonly downChecksum?: string;
  /** False when a failure inside the step cannot be rolled back as a whole. */
  readonly transactional: boolean;
  /** How many statements of the author's it has. */
  readonly statements: number;
  /** Why there is no way back once it has gone up, where the header says so. */
  readonly irreversible?: string;
  /** What of its losses is rows and values, in the upgrade of a script; absent where that is nothing. */
  readonly lost?: LostData;
  /** What the role that runs it must be allowed to do; absent where that was not asked for. */
  readonly privileges?: readonly Privilege[];
}

/** One transaction, or statements that each stand alone. BEGIN and COMMIT are statements of it. */
export interface Batch {
  readonly transactional: boolean;
  /** Index into `Plan.steps`: the step it is all or a part of. One that holds the beginning too, as of a stamp, has none. */
  readonly step?: number;
  /** Only where this query says so: one boolean, `retort_pending`. Batches in a row with the same text share one answer. */
  readonly when?: string;
  /** And where this one says so: one boolean, `retort_next`, of this batch alone. */
  readonly next?: string;
  readonly statements: readonly Statement[];
}

/** One SQL text. */
export interface Statement {
  readonly sql: string;
  readonly purpose: Purpose;
  /** Index into `Plan.steps`. */
  readonly step?: number;
  /** Of the author's: which statement of its file, from 1; where it stands there; its first token's UTF-16 offset in `sql`. */
  readonly number?: number;
  readonly origin?: Span;
  readonly offset?: number;
  readonly tag?: string;
  /** What to look for in the catalog when it was interrupted. */
  readonly trace?: Trace;
  /** What it sets search_path to, for the statements after it; empty where that is the default. */
  readonly searchPath?: readonly string[];
  /** Whom it makes the statements after it run as. */
  readonly runsAs?: RunsAs;
  readonly losses?: readonly Loss[];
  readonly effect?: EffectSummary;
  /** What it leaves in its session, and no other session can be given: `a temporary object`. */
  readonly leaves?: string;
  /** It stands outside a transaction and can simply be sent again: what it did is done, and it goes on. */
  readonly repeatable?: true;
}

/** What a statement is for. */
export type Purpose =
  /** The author's. */
  | "user"
  /** A SET of the author's, again: it holds to the end of the file. */
  | "user-setting"
  /** The boundaries of a transaction. */
  | "begin"
  | "commit"
  /** The lock is taken, if this is the right place; and given back. */
  | "lock"
  | "unlock"
  /** Text is read as it was written. */
  | "pin"
  /** The session is the role's again that migrates, whatever the author's SQL has switched to. */
  | "reset"
  /** The project's settings, for the author's SQL. */
  | "setting"
  | "create-ledger"
  /** The ledger is made consistent. */
  | "repair-ledger"
  /** The session of whoever runs a script holds nothing that the script would end or drop. */
  | "guard-session"
  /** The ledger is ours and can be trusted. */
  | "guard-ledger"
  /** This session holds the lock. */
  | "guard-lock"
  /** What is applied is what was expected. */
  | "guard-start"
  /** This step is next; it resets the session, and pins its settings. */
  | "guard-step"
  /** This part of a step outside a transaction is next. */
  | "guard-part"
  /** The statement outside a transaction has done its work. */
  | "guard-done"
  /** A script's: the locks of the statement after it are taken, or it is tried again. */
  | "take-locks"
  /** What the author's statements have deferred is done now, as by their own COMMIT. */
  | "defer"
  /** It is written down that a statement outside a transaction comes next; and that it succeeded. */
  | "intent"
  | "outcome"
  /** The step is written down; what it was interrupted at is forgotten. */
  | "record"
  | "forget"
  /** Makes room for a statement that was interrupted; a query of such statements, which are then sent. */
  | "repair"
  | "cleanup"
  /** At the ends of a script: which it is; what was promised is applied; what a person is shown. */
  | "receipt"
  | "check"
  | "summary"
  | "durations";

/** The author's, or what stands for them: what must be sent alone where it is outside a transaction. */
export const isOutside = (batch: Batch, { purpose }: Statement): boolean =>
  !batch.transactional && (purpose === "user" || purpose === "repair");
