/** What was thrown → what the user is told of it. */
import { explainQuery } from "../core/failure/explain.ts";
import { StatementFailure } from "../io/session/types.ts";

/** A query of ours that the server refused, or did not answer, as an error; anything else as it is. */
export const asTold = (error: unknown, signal?: AbortSignal): unknown =>
  error instanceof StatementFailure ? explainQuery(error, signal?.aborted === true) : error;
