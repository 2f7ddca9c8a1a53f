/** A review → Markdown, for a pull request. */

import type { ReviewedMigration, ReviewedStatement } from "../../core/review.ts";
import { adviceOf } from "../lint/text.ts";
import { code, escaped, fenced } from "../markdown.ts";
import {
  backLines,
  CHECKS,
  notBroughtBack,
  notes,
  type ReviewDocument,
  summaryOfReview,
} from "./document.ts";

/** The whole document. */
export function reviewMarkdown(review: ReviewDocument): string {
  return [
    "# Review of migrations",
    summaryOfReview(review),
    ...review.migrations.flatMap(migrationBlocks),
    "## Check afterwards",
    CHECKS.map(([what, command]) => `- ${what} ${code(command)}`).join("\n"),
  ].join("\n\n");
}

function migrationBlocks(migration: ReviewedMigration): readonly string[] {
  const { revision, message, path, transactional, statements, findings } = migration;
  const lost = notBroughtBack(migration);
  return [
    `## ${code(revision)} ${escaped(message)}`.trimEnd(),
    `${code(path)}, ${transactional ? "one transaction" : "not in a transaction"}`,
    ...findings.map((each) => `**${each.severity}** ${code(each.rule)}: ${escaped(each.message)}`),
    ...statements.flatMap(statementBlocks),
    ["**Downgrade**", "", ...backLines(migration).map((line) => `- ${escaped(line)}`)].join("\n"),
    ...(lost.length === 0
      ? []
      : [["**Not restored by the downgrade**", "", ...lost.map((line) => `- ${escaped(line)}`)].join("\n")]),
  ];
}

function statementBlocks(statement: ReviewedStatement): readonly string[] {
  const lines = notes(statement);
  return [
    fenced(statement.sql),
    ...(lines.length === 0 ? [] : [lines.map((line) => `- ${escaped(line)}`).join("\n")]),
    ...statement.findings.flatMap((finding) => {
      const { advice, sql } = adviceOf(finding);
      return [
        `**${finding.severity}** ${code(finding.rule)}: ${escaped(finding.message)}${advice === "" ? "" : `  \nInstead: ${escaped(advice)}`}`,
        ...(sql === "" ? [] : [fenced(sql)]),
      ];
    }),
  ];
}
