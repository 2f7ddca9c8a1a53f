/** What was thrown by a trial → what was refused, and why; what says nothing of the migrations is thrown on. */
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import { unique } from "../core/unique.ts";
import { StatementFailure } from "../io/session/types.ts";

/** What was refused; throws on what is no refusal. */
export function refusalOf(error: unknown): readonly Diagnostic[] {
  if (!(error instanceof MigrateError) || NO_REFUSALS.has(error.code)) throw error;
  return error.diagnostics;
}

/** Whoever stops a trial, and a server that is gone, refuse nothing. */
const NO_REFUSALS = new Set(["execution/cancelled", "execution/connection-lost", "execution/connect"]);

/** Whether the server or a proof refuses it, so that something else can be tried. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof StatementFailure) return !error.lost;
  if (!(error instanceof MigrateError) || NO_REFUSALS.has(error.code)) return false;
  return /^(?:execution|source|findings)\//.test(error.code);
}

/** What was refused, as clauses, and where it stands if that is known. */
export const reasonsOf = (error: unknown): readonly Pick<Diagnostic, "message" | "location">[] =>
  error instanceof MigrateError ? error.diagnostics : [{ message: (error as Error).message }];

/** `findings/not-proven`, with each fault once. */
export const notProven = (faults: readonly string[]): MigrateError =>
  MigrateError.all(unique(faults).map((fault) => ({ code: "findings/not-proven", message: fault })));

/** Of a down file that is refused behind others: it may be right, and meet what they have left. */
export const RAN_BEFORE = "a down file that ran before this one may be the cause";
