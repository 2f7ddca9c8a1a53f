/** What keeps an arrangement from being proven → an error; and an error → whether it says that. */
import { MigrateError } from "../core/errors.ts";
import { unique } from "../core/unique.ts";
import { StatementFailure } from "../io/session/types.ts";

/** `findings/not-proven`, with each fault once. */
export const notProven = (faults: readonly string[]): MigrateError =>
  MigrateError.all(unique(faults).map((fault) => ({ code: "findings/not-proven", message: fault })));

/** Whether the server or a proof refuses it; whatever else is thrown keeps every other arrangement from being tried, too. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof StatementFailure
    ? !error.lost
    : error instanceof MigrateError && /^(?:execution|source|findings)\//.test(error.code);

/** What was refused, as clauses. */
export const reasonsOf = (error: unknown): readonly string[] =>
  error instanceof MigrateError
    ? error.diagnostics.map(({ message }) => message)
    : [(error as Error).message];
