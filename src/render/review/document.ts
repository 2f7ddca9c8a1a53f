/** A review → the words that all its formats share. */

import type { ReviewedMigration, ReviewedStatement } from "../../core/review.ts";
import { counted } from "../counted.ts";
import { effectLines } from "../effect.ts";
import { lossLine } from "../loss.ts";

/** In the order in which they run. */
export interface ReviewDocument {
  readonly migrations: readonly ReviewedMigration[];
}

/** `3 migrations, 7 statements: 1 error, 2 warnings; others wait in 1` */
export function summaryOfReview({ migrations }: ReviewDocument): string {
  const statements = migrations.flatMap((each) => each.statements);
  const findings = [...migrations, ...statements].flatMap((each) => each.findings);
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const waits = migrations.filter(({ effect }) => effect?.waits === true).length;
  const counts = `${counted(errors, "error")}, ${counted(findings.length - errors, "warning")}`;
  const wait =
    waits === 0 ? "no session is blocked for more than a moment" : `other sessions are blocked in ${waits}`;
  return `${counted(migrations.length, "migration")}, ${counted(statements.length, "statement")}: ${counts}; ${wait}`;
}

/** What a statement does to others, and to what is there. */
export const notes = ({
  effect,
  losses,
}: Pick<ReviewedStatement, "effect" | "losses">): readonly string[] => [
  ...(effect === undefined ? [] : effectLines(effect)),
  ...losses.map(lossLine),
];

/** What the way back of a migration does, and what it does not bring back. */
export function backLines({ back }: ReviewedMigration): readonly string[] {
  if (back.irreversible !== undefined) return [`It cannot be undone: ${back.irreversible}`];
  const lines = notes(back);
  return lines.length === 0 ? ["Removes nothing and blocks no other session."] : lines;
}

/** What does not come back when a migration is taken down again. */
export const notBroughtBack = ({ statements }: ReviewedMigration): readonly string[] =>
  statements.flatMap(({ losses }) => losses.filter(({ effect }) => effect !== "not-known").map(lossLine));

/** What to look at afterwards: a sentence, and what answers it. */
export const CHECKS: readonly (readonly [what: string, command: string])[] = [
  ["All migrations are applied, and none was interrupted.", "migrate status"],
  ["The applied files are unchanged.", "migrate verify"],
  ["No index is invalid.", "SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid;"],
  [
    "No constraint is left unvalidated.",
    "SELECT conrelid::regclass, conname FROM pg_constraint WHERE NOT convalidated;",
  ],
];
