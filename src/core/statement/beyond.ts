/** A statement's tree → what it changes beyond its database, such as `CREATE ROLE` or `GRANT ON DATABASE`. */
import { type Ast, kindOf } from "../ast.ts";
import { tokens, withoutComments } from "../lexer.ts";
import { objectWords, tagOf } from "../tag.ts";

/** `sql`: the statement's text. Undefined: it stays in its database. */
export function beyondOf(ast: Ast, sql: string): string | undefined {
  const [kind, tree] = kindOf(ast);
  return /^(?:Do|CreateFunction)Stmt$/.test(kind) ? beyondInBody(sql) : beyondOfOne(kind, tree);
}

const SERVERS =
  /^(?:(?:CREATE|ALTER|DROP) (?:DATABASE|TABLESPACE|SUBSCRIPTION)|ALTER SYSTEM|(?:DROP|REASSIGN) OWNED|.* ROLE)$/;

function beyondOfOne(kind: string, tree: Ast): string | undefined {
  const tag = tagOf(kind, tree);
  if (kind === "VariableSetStmt") return undefined;
  if (SERVERS.test(tag)) return tag;
  if (!/^(?:Grant|Comment|SecLabel)Stmt$/.test(kind)) return undefined;
  const on = objectWords(tree["objtype"]).replace(/ ACL$/, "");
  return ON_SERVER.has(on) ? `${tag} ON ${on}` : undefined;
}

const ON_SERVER: ReadonlySet<string> = new Set([
  "DATABASE",
  "TABLESPACE",
  "PARAMETER",
  "ROLE",
  "SUBSCRIPTION",
]);

/** In the bodies of the statement: comments are left out, and strings where nothing of them can be run. */
function beyondInBody(sql: string): string | undefined {
  for (const { kind, start, end } of tokens(sql)) {
    if (kind !== "string") continue;
    const body = withoutComments(sql.slice(start, end).replace(/^\$\w*\$|\$\w*\$$/g, ""));
    const said = BEYOND.exec(
      /\bexecute\b/i.test(body) ? body.replaceAll(RAISED, "") : withoutStrings(body),
    )?.[0];
    if (said !== undefined) return said.replaceAll(/\s+/g, " ").toUpperCase();
  }
  return undefined;
}

const RAISED = /\braise\s+\w+\s+'(?:[^']|'')*'/gi;

const withoutStrings = (sql: string): string =>
  [...tokens(sql)].map(({ kind, start, end }) => (kind === "string" ? "''" : sql.slice(start, end))).join("");

const BEYOND = new RegExp(
  [
    /\b(?:CREATE|ALTER|DROP)\s+(?:ROLE|USER(?!\s+MAPPING)|GROUP|DATABASE|TABLESPACE|SUBSCRIPTION)\b/,
    /\bALTER\s+SYSTEM\b/,
    /\b(?:DROP|REASSIGN)\s+OWNED\b/,
    /\bON\s+(?:DATABASE|TABLESPACE|PARAMETER)\b/,
    // A role, to a role.
    /\b(?:GRANT|REVOKE)\s+(?:(?!\bON\b)[^;'])+?\s(?:TO|FROM)\b/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "i",
);
