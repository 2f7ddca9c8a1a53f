/** Findings of `verify` → the lines a person reads. */
import { diagnosticOf, type Finding, findingText } from "../core/integrity.ts";

/** One line: the file where there is one, and what is no longer as the ledger recorded it. */
export const findingLine = (finding: Finding): string => findingText(diagnosticOf(finding));

/** What to type about them: one line for each kind that there is. */
export function findingHints(findings: readonly Finding[]): readonly string[] {
  return [...new Set(findings.flatMap((finding) => diagnosticOf(finding).hint ?? []))];
}
