/** The rules of `migrate lint` → docs/rules.md. */
import { allRules, RULE_SET } from "../src/core/rules/all.ts";
import type { Rule } from "../src/core/rules/rule.ts";
import { recipeSql } from "../src/render/lint/text.ts";
import { findingsIn } from "../test/support/lint.ts";

/** Where the page lies. */
export const rulesPagePath = "docs/rules.md";

/** The whole page. */
export async function rulesPage(): Promise<string> {
  const sections: string[] = [];
  for (const rule of allRules) sections.push(await section(rule));
  const rows = allRules.map(
    ({ id, severity, advice }) => `| [${id}](#${id}) | ${severity} | ${advice.replaceAll("|", "\\|")} |`,
  );
  return `${[INTRODUCTION, ["| rule | | instead |", "|---|---|---|", ...rows].join("\n"), ...sections].join("\n\n")}\n`;
}

async function section(rule: Rule): Promise<string> {
  const { id, since, severity, server, hazard, bad } = rule;
  const [found] = await findingsIn([bad], [{ rule, severity: "error" }]);
  const from = server === undefined ? "" : `; PostgreSQL ${server} and later`;
  return [
    `## ${id}`,
    `${severity}; since version ${since} of the rule set${from}`,
    hazard,
    fenced(bad),
    `> ${found!.message}`,
    "Instead:",
    fenced(recipeSql(rule.good ?? found!.recipe!)),
  ].join("\n\n");
}

const fenced = (sql: string): string => `\`\`\`sql\n${sql}\n\`\`\``;

const INTRODUCTION = `# Rules

What \`migrate lint\` checks. This page is generated from the rules: the tests run each example, and execute on a server what is
to be written instead. A rule judges what a statement does, not how it is written: the locks, rewrites and scans of each
statement were measured on PostgreSQL 12 to 18, and the tables, types and indexes are those that the earlier migrations
created. A table that the same run creates is never a hazard; with \`--all\`, each migration is a run of its own.

A line above a statement switches rules off for it and gives the reason:

\`\`\`sql
-- retort-ignore: create-index, drop-index (the table has a hundred rows)
\`\`\`

Without a reason it is an error, and so is a rule that does not exist; one that finds nothing is a warning (\`unused-ignore\`).
Set the severity of a rule in \`migrate.config.json\`. \`version\` is that of the rule set, of which ${RULE_SET} is the newest: without
it, a newer Retort finds nothing that this one does not.

\`\`\`json
{ "lint": { "version": 1, "error": ["drop-column"], "warning": ["prefer-bigint"], "off": ["drop-index"] } }
\`\`\`

A fault that keeps a file from running, such as \`source/syntax\` or \`source/transaction-control\`, is an error of the same form: see
[format.md](format.md).`;
