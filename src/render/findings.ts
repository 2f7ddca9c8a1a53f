/** Findings of `verify` → the lines a person reads. */
import { fewOf } from "../core/few.ts";
import { diagnosticOf, type Finding, findingText, isOfWhole } from "../core/integrity.ts";
import { unique } from "../core/unique.ts";

/** One line: the file where there is one, and what is no longer as the ledger recorded it. */
export const findingLine = (finding: Finding): string => findingText(diagnosticOf(finding));

/** What to type about them: one line for each hint. Where one is not the hint for all, it names the files that it is for. */
export function findingHints(findings: readonly Finding[]): readonly string[] {
  const told = findings.flatMap((finding) => {
    const { hint } = diagnosticOf(finding);
    return hint === undefined ? [] : { hint, paths: filesMeant(finding, hint) };
  });
  const hints = unique(told.map(({ hint }) => hint));
  return hints.map((hint) => {
    const paths = unique(told.flatMap((each) => (each.hint === hint ? each.paths : [])));
    const isClear = paths.length === 0 || (paths.length === 1 && hints.length === 1);
    return isClear ? hint : `${fewOf(paths)}: ${hint}`;
  });
}

/** The file of which the hint tells what it is to say, where the hint does not name it. */
const filesMeant = (finding: Finding, hint: string): readonly string[] =>
  finding.kind === "vanished" || finding.kind === "hole" || isOfWhole(hint) || hint.includes(finding.path)
    ? []
    : [finding.path];
