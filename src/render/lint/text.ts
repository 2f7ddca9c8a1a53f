/** Findings of `migrate lint` → what a person reads: where, what happens, and the SQL to write instead. */
import type { Finding } from "../../core/rules/lint.ts";
import { type DiagnosticStyle, renderDiagnostic } from "../diagnostic.ts";

export function findingText(finding: Finding, style: DiagnosticStyle): string {
  const { rule, severity, message, location, excerpt } = finding;
  const hint = adviceText(finding);
  return renderDiagnostic(
    { code: rule, message, location, excerpt, ...(hint === "" ? {} : { hint }) },
    { ...style, word: severity },
  );
}

/** The advice, and the recipe below it, indented. */
export function adviceText({ advice, recipe = [] }: Finding): string {
  if (recipe.length === 0) return advice;
  const sql = recipeSql(recipe).replaceAll(/^(?=.)/gm, "    ");
  return `${advice}\n\n${sql}`;
}

/** One text of several migrations, which says where each begins. */
export const recipeSql = (recipe: readonly string[]): string => recipe.join("\n\n-- the next migration:\n");

/** `3 migrations, 12 statements: 2 errors, 1 warning`. */
export function summaryText(migrations: number, statements: number, findings: readonly Finding[]): string {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const counts = [counted(errors, "error"), counted(findings.length - errors, "warning")];
  return `${counted(migrations, "migration")}, ${counted(statements, "statement")}: ${findings.length === 0 ? "nothing found" : counts.join(", ")}`;
}

const counted = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;
