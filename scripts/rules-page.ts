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

These are the rules of \`migrate lint\`. This page is generated from them: the tests run each example, and run its
safe form on a server. A rule judges what a statement does, not how it is written. The locks, rewrites and scans of
each statement were measured on PostgreSQL 12 to 18, and lint knows the tables, types and indexes that earlier
migrations created. A statement on a table that the same run creates is not a hazard. With \`--all\`, each migration
counts as a run of its own.

\`migrate lint --fix\` writes the safe form of many statements: see [fix.md](fix.md).

To switch rules off for one statement, write a line above it that names them and gives the reason:

\`\`\`sql
-- retort-ignore: create-index, drop-index (the table has a hundred rows)
\`\`\`

A missing reason is an error, and so is a rule that does not exist. A rule in the line that finds nothing gives a
warning (\`unused-ignore\`), and so does a comment in a statement or at the end of its line, which switches nothing
off (\`misplaced-ignore\`). Set the severity of a rule in \`migrate.config.json\`. \`version\` is the version of the
rule set; the newest is ${RULE_SET}. Without it, version 1 is used, so a newer Retort finds nothing that this one does
not.

\`\`\`json
{ "lint": { "version": 1, "error": ["drop-column"], "warning": ["prefer-bigint"], "off": ["drop-index"] } }
\`\`\`

Lint reports an error that keeps a file from running, such as \`source/syntax\` or \`source/transaction-control\`, in
the same form: see [format.md](format.md).`;
