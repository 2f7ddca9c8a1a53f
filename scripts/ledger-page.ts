/** The SQL files of the ledger → the tables of docs/ledger.md, from the comments in these files. */
import { ledgerFiles } from "../src/core/ledger/format.ts";

/** Where the page lies. */
export const ledgerPagePath = "docs/ledger.md";

/** The page with its two made parts as they must be now. Throws where it has no place for one. */
export function ledgerPage(page: string): string {
  return withPart(withPart(page, "1_tables.sql", tablesPart()), "2_procedures.sql", routinesPart());
}

function withPart(page: string, file: string, part: string): string {
  const begin = `<!-- made by scripts/docs.ts from sql/ledger/${file} -->\n`;
  const from = page.indexOf(begin) + begin.length;
  const to = page.indexOf("<!-- end -->", from);
  if (from < begin.length || to < 0) throw new Error(`${ledgerPagePath} has no place for ${file}`);
  return `${page.slice(0, from)}\n${part}\n\n${page.slice(to)}`;
}

const TABLE = /^CREATE TABLE retort\.(\w+) \(\n([\s\S]*?)\n\);\nCOMMENT ON TABLE retort\.\1 IS\s+'(.*)';$/gm;
const COLUMN = /^ {2}(\w+) ([a-z]+(?:\[\])?)( NOT NULL)?.*?,(?: +-- (.*))?$/gm;

function tablesPart(): string {
  const sections = [...ledgerFiles.tables.matchAll(TABLE)].map(([, name, body, comment]) => {
    const rows = [...body!.matchAll(COLUMN)].map(
      ([, column, type, notNull, what = ""]) =>
        `| \`${column}\` | ${type}${notNull === undefined ? ", or null" : ""} | ${cell(what)} |`,
    );
    return `### ${name}\n\n${comment}\n\n${["| column | type | |", "|---|---|---|", ...rows].join("\n")}`;
  });
  return sections.join("\n\n");
}

const ROUTINE = /^((?:-- .*\n)+)CREATE (?:PROCEDURE|FUNCTION) retort\.(\w+)\(([^)]*)\)(?: RETURNS (\w+))?/gm;

function routinesPart(): string {
  const rows = [...ledgerFiles.procedures.matchAll(ROUTINE)].map(([, comment, name, parameters, returns]) => {
    const names = parameters!.split(",").map((each) => each.trim().split(" ")[0]);
    const result = returns === undefined ? "" : ` → ${returns}`;
    const what = comment!.replaceAll(/^-- /gm, "").trim().replaceAll("\n", " ");
    return `| \`${name}(${names.join(", ")})\`${result} | ${cell(what)} |`;
  });
  return ["| | |", "|---|---|", ...rows].join("\n");
}

const cell = (text: string): string => text.replaceAll("|", "\\|");
