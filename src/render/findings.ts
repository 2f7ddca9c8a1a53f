/** Findings of `verify` → the lines a person reads. */
import { diagnosticOf, type Finding } from "../core/integrity.ts";
import { commentText } from "../core/quote.ts";

/** One line: the file where there is one, and what is no longer as the ledger recorded it. */
export function findingLine(finding: Finding): string {
  const { location, message } = diagnosticOf(finding);
  return `${location === undefined ? "" : `${commentText(location.path)}: `}${message}`;
}

/** What to type about them: one line for each kind that there is. */
export function findingHints(findings: readonly Finding[]): readonly string[] {
  return [...new Set(findings.flatMap((finding) => diagnosticOf(finding).hint ?? []))];
}
