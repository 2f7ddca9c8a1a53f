/** Findings of `verify` → the lines a person reads. */
import { diagnosticOf, type Finding, findingText, isOfWhole } from "../core/integrity.ts";

/** One line: the file where there is one, and what is no longer as the ledger recorded it. */
export const findingLine = (finding: Finding): string => findingText(diagnosticOf(finding));

/** What to type about them: one line for each kind that there is. What to write in one of several headers names its file. */
export function findingHints(findings: readonly Finding[]): readonly string[] {
  const isOfSeveral = findings.filter(({ kind }) => kind === "header").length > 1;
  const hints = findings.flatMap((finding) => {
    const { hint, location } = diagnosticOf(finding);
    if (hint === undefined) return [];
    return isOfSeveral && finding.kind === "header" && location !== undefined && !isOfWhole(hint)
      ? `${location.path}: ${hint}`
      : hint;
  });
  return [...new Set(hints)];
}
