/** What a round of `migrate dev` found, as values. */
import type { Difference } from "./catalog/compare.ts";
import type { RevisionId } from "./migration.ts";
import type { FailedStep } from "./verdict.ts";

/** The newest revision, run up and down on a scratch database. */
export interface DevRound {
  readonly revision: RevisionId;
  /** Of its up file. */
  readonly path: string;
  /** What the up makes of the schema: `extra` has come, `missing` has gone. */
  readonly makes: readonly Difference[];
  /** What the down leaves otherwise than it was. */
  readonly back: readonly Difference[];
  /** There is no way back, and the file says why. */
  readonly irreversible?: string;
  readonly failed?: FailedStep;
  /** Milliseconds. */
  readonly ms: number;
}
