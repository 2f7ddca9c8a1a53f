/** Findings of `migrate lint` → what a person reads: where, what happens, and the SQL to write instead. */

import type { Finding } from "../../core/rules/lint.ts";
import { counted } from "../counted.ts";
import { diagnosticLines } from "../diagnostic.ts";
import type { Line } from "../terminal.ts";

/** The finding, and below it the SQL to write instead, indented. `width`: columns of the terminal. */
export function findingLines(finding: Finding, width?: number): readonly Line[] {
  const { rule, severity, message, advice, location, excerpt } = finding;
  const diagnostic = { code: rule, message, location, excerpt, ...(advice === "" ? {} : { hint: advice }) };
  return [
    ...diagnosticLines(diagnostic, width ?? Number.POSITIVE_INFINITY, severity),
    ...recipeLines(finding),
    "",
  ];
}

function recipeLines({ recipe = [] }: Finding): readonly Line[] {
  if (recipe.length === 0) return [];
  return [
    "",
    ...recipeSql(recipe)
      .trimEnd()
      .split("\n")
      .map((line) => (line === "" ? "" : `    ${line}`)),
  ];
}

/** What to do instead: a clause, and SQL where there is any. */
export const adviceOf = ({
  advice,
  recipe = [],
}: Finding): { readonly advice: string; readonly sql: string } => ({
  advice,
  sql: recipeSql(recipe).trimEnd(),
});

/** One text of several migrations, which says where each begins. */
export const recipeSql = (recipe: readonly string[]): string => recipe.join("\n\n-- the next migration:\n");

/** `3 migrations, 12 statements: 2 errors, 1 warning`. */
export function summaryText(migrations: number, statements: number, findings: readonly Finding[]): string {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const counts = [counted(errors, "error"), counted(findings.length - errors, "warning")];
  return `${counted(migrations, "migration")}, ${counted(statements, "statement")}: ${findings.length === 0 ? "nothing found" : counts.join(", ")}`;
}
