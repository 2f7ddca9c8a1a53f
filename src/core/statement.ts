// TEMPORARY stub by the founder so that the rest can run; the grammar helper overwrites this file.

import type { Half } from "./migration.ts";
import type { Span } from "./source.ts";
export interface UserStatement {
  readonly sql: string;
  readonly origin: Span;
  readonly offset: number;
  readonly tag: string;
  readonly transactional: boolean;
  readonly destructive: readonly string[];
  readonly changesLexing: boolean;
}
export function transactionMode(
  _half: Half,
  statements: readonly UserStatement[],
  header: "none" | undefined,
): "transaction" | "none" {
  return header === "none" || (statements.length > 0 && statements.every((s) => !s.transactional))
    ? "none"
    : "transaction";
}
