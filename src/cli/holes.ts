/** What differs between files and ledger → a warning of each revision that is applied without what it needs. */
import type { Finding } from "../core/integrity.ts";
import { findingHints, findingLine } from "../render/findings.ts";
import type { Printer } from "./print.ts";

/** Below a head that is applied all seems to be applied, and what is missing looks like any other that is pending. */
export function warnOfHoles(printer: Printer, findings: readonly Finding[]): void {
  const holes = findings.filter(({ kind }) => kind === "hole");
  for (const each of holes) printer.warn(findingLine(each));
  for (const hint of findingHints(holes)) printer.hint(hint);
}
