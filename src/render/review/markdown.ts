/** A review → Markdown, for a pull request. */

import type { ReviewedMigration, ReviewedStatement } from "../../core/review.ts";
import { adviceOf } from "../lint/text.ts";
import { code, escaped, fenced } from "../markdown.ts";
import {
  asIs,
  backLines,
  type Carry,
  CHANGED,
  CHECKS,
  catalogChange,
  changedTold,
  checksSql,
  commands,
  effectRows,
  lostParts,
  notes,
  type ReviewDocument,
  rollback,
  summaryOfReview,
  type Told,
} from "./document.ts";

/** The whole document. */
export function reviewMarkdown(review: ReviewDocument, carry: Carry = asIs): string {
  return [
    "# Review of migrations",
    summaryOfReview(review),
    ...headed(`## ${CHANGED}`, changedTold(review).flatMap(told)),
    ...effectTable(review),
    ...catalogBlocks(review, carry),
    ...review.migrations.flatMap(migrationBlocks),
    ...headed("## Rollback", rollback(review, carry).flatMap(told)),
    "## Check afterwards",
    commands(carry)
      .map(([what, command]) => `- ${what} ${code(command)}`)
      .join("\n"),
    CHECKS,
    fenced(checksSql(review)),
  ].join("\n\n");
}

/** One row for each relation that is locked or worked through. */
function effectTable(review: ReviewDocument): readonly string[] {
  const withSizes = review.sizes !== undefined;
  const rows = effectRows(review).map(({ migration, relation, mode = "", waiting, work, size }) => [
    code(migration.revision),
    escaped(relation),
    mode,
    waiting,
    work,
    ...(withSizes ? [size] : []),
  ]);
  if (rows.length === 0) return [];
  const heads = ["migration", "relation", "lock", "blocks", "work", ...(withSizes ? ["size"] : [])];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [[line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n")];
}

const catalogBlocks = (review: ReviewDocument, carry: Carry): readonly string[] => {
  const change = catalogChange(review, carry);
  return change === undefined ? [] : ["## Change of the catalog", ...told(change)];
};

const headed = (head: string, blocks: readonly string[]): readonly string[] =>
  blocks.length === 0 ? [] : [head, ...blocks];

const told = ({ sentence, lines }: Told): readonly string[] => [
  escaped(sentence),
  ...(lines.length === 0 ? [] : [fenced(lines.join("\n"), "text")]),
];

function migrationBlocks(migration: ReviewedMigration): readonly string[] {
  const { revision, message, path, transactional, statements, findings } = migration;
  return [
    `## ${code(revision)} ${escaped(message)}`.trimEnd(),
    `${code(path)}, ${transactional ? "one transaction" : "not in a transaction"}`,
    ...findings.map((each) => `**${each.severity}** ${code(each.rule)}: ${escaped(each.message)}`),
    ...statements.flatMap(statementBlocks),
    ["**Downgrade**", "", ...backLines(migration).map((line) => `- ${escaped(line)}`)].join("\n"),
    ...lostParts(migration).map(([title, lines]) =>
      [`**${title}**`, "", ...lines.map((line) => `- ${escaped(line)}`)].join("\n"),
    ),
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
