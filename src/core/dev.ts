/** What a round of `migrate dev` found, as values. */
import type { Difference } from "./catalog/compare.ts";
import type { RevisionId } from "./migration.ts";
import type { FailedStep } from "./verdict.ts";

/** What `migrate dev` works on. */
export interface DevStart {
  /** Without waiting for a save. */
  readonly once?: boolean | undefined;
  /** `postgres://ann@localhost:5432/shop`; undefined: a scratch database. */
  readonly database?: string | undefined;
  /** Where git says that others have a revision from: `origin/main`, `the last commit`; undefined: nobody can tell. */
  readonly others?: string | undefined;
}

/** The newest revision, run up and down on a scratch database, or taken back and applied again on one of the user's. */
export interface DevRound {
  readonly revision: RevisionId;
  /** Of its up file. */
  readonly path: string;
  /** What the up makes of the schema: `extra` has come, `missing` has gone. */
  readonly makes: readonly Difference[];
  /** What the down leaves otherwise than it was. */
  readonly back: readonly Difference[];
  /** On a database of the user's, where it remains applied: whether it was taken back before. */
  readonly applied?: "first" | "again";
  /** On a database of the user's: a round had applied it, it has no files any more, and was taken back. */
  readonly gone?: true;
  /** There is no way back, and the file says why. */
  readonly irreversible?: string;
  readonly failed?: FailedStep;
  /** What had been applied was taken back before it failed, and is not applied now. */
  readonly takenBack?: true;
  /** Milliseconds. */
  readonly ms: number;
}
