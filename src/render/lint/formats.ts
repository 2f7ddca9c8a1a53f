/** Findings of `migrate lint` → the texts that CI systems read: SARIF 2.1.0, GitHub's commands, GitLab's code quality, Markdown. */
import { allRules } from "../../core/rules/all.ts";
import type { Finding } from "../../core/rules/lint.ts";
import { sha256 } from "../../core/sha256.ts";
import { code, escaped, fenced } from "../markdown.ts";
import { recipeSql, summaryText } from "./text.ts";

/** What a format is made of. */
export interface Report {
  readonly findings: readonly Finding[];
  readonly migrations: number;
  readonly statements: number;
}

export const formats: Readonly<Record<string, (report: Report) => string>> = {
  github,
  gitlab,
  json,
  markdown,
  sarif,
};

/** Those in which a host of repositories looks up the files: their paths begin at the repository's root. */
export const ofHosts: ReadonlySet<string> = new Set(["github", "gitlab", "sarif"]);

const asJson = (value: unknown): string => JSON.stringify(value, undefined, 2);

function json({ findings, migrations, statements }: Report): string {
  return asJson({ migrations, statements, findings });
}

/** The same for the same finding when lines above it come or go. */
function fingerprints(findings: readonly Finding[]): readonly string[] {
  const seen = new Map<string, number>();
  return findings.map(({ rule, message, location: { path }, excerpt: { line } }) => {
    const text = [rule, path, line.trim(), message].join("\0");
    const times = seen.get(text) ?? 0;
    seen.set(text, times + 1);
    return sha256(`${text}\0${times}`);
  });
}

/** As a URI reference: relative, with slashes. */
const uriOf = (path: string): string =>
  path.replaceAll("\\", "/").split("/").map(encodeURIComponent).join("/");

/** https://docs.oasis-open.org/sarif/sarif/v2.1.0 */
function sarif({ findings }: Report): string {
  const prints = fingerprints(findings);
  return asJson({
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "Retort", rules: sarifRules(findings) } },
        columnKind: "unicodeCodePoints",
        results: findings.map((finding, i) => ({
          ruleId: finding.rule,
          level: finding.severity,
          message: { text: plainText(finding) },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: uriOf(finding.location.path), uriBaseId: "%SRCROOT%" },
                region: {
                  startLine: finding.location.line,
                  startColumn: finding.location.column,
                  endColumn: finding.location.column + (finding.excerpt.length ?? 1),
                },
              },
            },
          ],
          partialFingerprints: { "retort/v1": prints[i] },
        })),
      },
    ],
  });
}

/** Those that found something; what refuses a file is no rule of the list. */
function sarifRules(findings: readonly Finding[]): readonly unknown[] {
  return [...new Set(findings.map(({ rule }) => rule))].sort().map((id) => {
    const rule = allRules.find((each) => each.id === id);
    if (rule === undefined) return { id };
    return {
      id,
      shortDescription: { text: rule.hazard.split(/(?<=[.:]) /, 1)[0]!.replace(/:$/, ".") },
      fullDescription: { text: rule.hazard },
      help: { text: rule.advice },
    };
  });
}

function plainText({ message, advice, recipe }: Finding): string {
  const sql = recipe === undefined ? "" : `\n\n${recipeSql(recipe)}`;
  return `${message}${advice === "" ? "" : `\n\n${advice}`}${sql}`;
}

/** https://docs.github.com/actions/reference/workflow-commands-for-github-actions */
function github({ findings }: Report): string {
  const data = (text: string): string =>
    text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  const property = (text: string): string => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
  return findings
    .map((finding) => {
      const { path, line, column } = finding.location;
      const place = `file=${property(path.replaceAll("\\", "/"))},line=${line},col=${column}`;
      return `::${finding.severity} ${place},title=${property(finding.rule)}::${data(plainText(finding))}`;
    })
    .join("\n");
}

/** https://docs.gitlab.com/ci/testing/code_quality */
function gitlab({ findings }: Report): string {
  const prints = fingerprints(findings);
  return asJson(
    findings.map(({ rule, severity, message, location: { path, line } }, i) => ({
      description: message,
      check_name: rule,
      fingerprint: prints[i],
      severity: severity === "error" ? "major" : "minor",
      location: { path: path.replaceAll("\\", "/"), lines: { begin: line } },
    })),
  );
}

/** A comment of a pull request. */
function markdown({ findings, migrations, statements }: Report): string {
  const title = `### Migrations\n\n${summaryText(migrations, statements, findings)}`;
  return [title, ...findings.map(markdownOf)].join("\n\n");
}

function markdownOf({ rule, severity, message, advice, recipe, location, excerpt }: Finding): string {
  const { path, line } = location;
  return [
    `**${severity}** \`${rule}\` in ${code(`${path}:${line}`)}: ${escaped(message)}`,
    fenced(excerpt.line),
    ...(advice === "" ? [] : [`Instead: ${escaped(advice)}`]),
    ...(recipe === undefined ? [] : [fenced(recipeSql(recipe))]),
  ].join("\n\n");
}
