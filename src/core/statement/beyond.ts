/** A statement's tree → what it does beyond its database, such as `CREATE ROLE`, `GRANT ON DATABASE` or `dblink_exec()`. */
import { type Ast, items, kindOf, node, stringOf, visitNodes } from "../ast.ts";
import { tokens, withoutComments } from "../lexer.ts";
import { objectWords, tagOf } from "../tag.ts";
import { runs } from "./losses.ts";

/** `sql`: the statement's text. Undefined: it stays in its database. */
export function beyondOf(ast: Ast, sql: string): string | undefined {
  const [kind, tree] = kindOf(ast);
  if (!/^(?:Do|CreateFunction)Stmt$/.test(kind)) return beyondOfOne(kind, tree) ?? beyondOfNodes(ast);
  return beyondInBody(sql) ?? beyondOfNodes(node(tree["sql_body"]));
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

/** What its calls do when it runs, and COPY; in the order of the text. */
function beyondOfNodes(ast: Ast): string | undefined {
  let found: string | undefined;
  visitNodes(ast, (kind, tree) => {
    if (found !== undefined || !runs(kind, tree)) return false;
    if (kind === "FuncCall" || kind === "funccall") {
      const name = stringOf(items(tree["funcname"]).at(-1));
      if (FUNCTIONS.includes(name)) found = `${name}()`;
    }
    if (kind === "CopyStmt") found = beyondOfCopy(tree);
    return true;
  });
  return found;
}

function beyondOfCopy(tree: Ast): string | undefined {
  const direction = tree["is_from"] === true ? "FROM" : "TO";
  if (tree["is_program"] === true) return `COPY … ${direction} PROGRAM`;
  return direction === "TO" && tree["filename"] !== undefined ? COPY_TO_FILE : undefined;
}

const COPY_TO_FILE = "COPY … TO 'FILE'";

/** What runs SQL elsewhere, writes files of the server's, or belongs to all its databases. */
const FUNCTIONS: readonly string[] = [
  ...["dblink", "dblink_exec", "dblink_connect", "dblink_connect_u", "dblink_open", "dblink_send_query"],
  ...["pg_file_write", "pg_file_rename", "pg_file_unlink", "pg_file_sync", "lo_export"],
  ...[
    "pg_create_logical_replication_slot",
    "pg_create_physical_replication_slot",
    "pg_drop_replication_slot",
  ],
  ...["pg_copy_logical_replication_slot", "pg_copy_physical_replication_slot"],
  ...["pg_replication_slot_advance", "pg_sync_replication_slots"],
  ...["pg_replication_origin_create", "pg_replication_origin_drop", "pg_replication_origin_advance"],
  ...["pg_terminate_backend", "pg_cancel_backend", "pg_reload_conf", "pg_rotate_logfile", "pg_promote"],
  ...["pg_wal_replay_pause", "pg_wal_replay_resume", "pg_switch_wal", "pg_create_restore_point"],
  ...["pg_stat_reset_shared", "pg_stat_reset_slru", "pg_stat_reset_replication_slot"],
];

/** In the bodies of the statement: comments are left out, and strings where nothing of them can be run. */
function beyondInBody(sql: string): string | undefined {
  for (const { kind, start, end } of tokens(sql)) {
    if (kind !== "string") continue;
    const body = withoutComments(sql.slice(start, end).replace(/^\$\w*\$|\$\w*\$$/g, ""));
    const found = BEYOND.exec(/\bexecute\b/i.test(body) ? body.replaceAll(RAISED, "") : withoutStrings(body));
    if (found !== null) return saidOf(found);
  }
  return undefined;
}

function saidOf({ 0: said, groups }: RegExpExecArray): string {
  if (groups?.["call"] !== undefined) return `${groups["call"].toLowerCase()}()`;
  if (groups?.["program"] !== undefined) return `COPY … ${groups["program"].toUpperCase()} PROGRAM`;
  return groups?.["file"] === undefined ? said.replaceAll(/\s+/g, " ").toUpperCase() : COPY_TO_FILE;
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
    /\bCOPY\s[^;]*?\s(?<program>TO|FROM)\s+PROGRAM\b/,
    // In a format string, too.
    /\bCOPY\s[^;]*?\sTO\s+(?<file>E?'|%)/,
    new RegExp(`\\b(?<call>${FUNCTIONS.join("|")})"?\\s*\\(`),
  ]
    .map(({ source }) => source)
    .join("|"),
  "i",
);
