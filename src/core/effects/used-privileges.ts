/** A statement → what it names without changing it: types, functions, sequences, tablespaces, which must be there, and may be refused. */
import {
  type Ast,
  type AstValue,
  items,
  node,
  objectName,
  routineSource,
  stringOf,
  visitNodes,
  word,
} from "../ast.ts";
import { isHarmless } from "../statement/builtin-functions.ts";
import type { Demands } from "./demands.ts";
import { callsIn } from "./expression.ts";
import { sequenceCalls } from "./query-privileges.ts";
import { isSerial } from "./types.ts";

export function needUsed(demands: Demands, kind: string, tree: Ast): void {
  needTypes(demands, kind, tree);
  needCalls(demands, kind, tree);
  needTablespaces(demands, tree);
}

/** USAGE on the types of what is made; others are only looked up. Bare words among options are types to the grammar. */
function needTypes(demands: Demands, kind: string, tree: Ast): void {
  const makes = /^(?:Create(?!TableAs)|Alter|CompositeType)/.test(kind);
  const maybe = isNative(tree);
  const ask = (privilege: "USAGE" | "EXISTS", type: Ast): void => {
    const names = items(type["names"]).map(stringOf);
    if (isSerial(type) || type["pct_type"] === true || isCommonType(names)) return;
    // The type of an array is there with that of its elements.
    if (names.at(-1)?.startsWith("_") === false)
      demands.object(privilege, "type", objectName(names), { maybe });
  };
  visitNodes({ tree }, (part, fields) => {
    if (part === "DefElem") return false;
    const isMade = makes && /^(?:ColumnDef|FunctionParameter|tree)$/.test(part);
    for (const field of OF_TYPES) {
      const type = node(fields[field]);
      if (type["names"] !== undefined) ask(isMade ? "USAGE" : "EXISTS", type);
    }
    if (part === "TypeName") ask("EXISTS", fields);
    return true;
  });
}

const OF_TYPES = ["typeName", "argType", "returnType"] as const;

/** A function in C may name types that do not exist yet. */
const isNative = (tree: Ast): boolean =>
  tree["funcname"] !== undefined &&
  /^(?:c|internal)$/.test(routineSource({ CreateFunctionStmt: tree })?.language ?? "");

/** Those that are there in any case, and that statements name most. Of all others the server is asked. */
const isCommonType = ([first = "", second]: readonly string[]): boolean =>
  first === "pg_catalog" ||
  (second === undefined &&
    /^(?:text|uuid|jsonb?|bytea|date|timestamptz|int[248]|float[48]|bool|name|oid|void|record|trigger|inet|tsvector)$/.test(
      first,
    ));

/** EXECUTE on what is called, unless it is called later: by a view, a rule, a default of new rows. */
function needCalls(demands: Demands, kind: string, tree: Ast): void {
  const run = runPart(kind, tree);
  const asked = new Set<string>();
  for (const [part, privilege] of [
    [run, "EXECUTE"],
    [tree, "EXISTS"],
  ] as const) {
    for (const name of callsIn(part)) {
      const isBuiltIn = name.schema === undefined && isHarmless(name.name);
      if (!isBuiltIn && !asked.has(JSON.stringify(name))) demands.object(privilege, "routine", name);
      asked.add(JSON.stringify(name));
    }
  }
  sequenceCalls(demands, kind, run, true);
  sequenceCalls(demands, kind, tree, false);
}

/** Of ALTER TABLE, new columns: the rows that are there get their defaults. */
function runPart(kind: string, tree: Ast): Ast {
  if (kind === "CallStmt") return { FuncCall: node(tree["funccall"]) };
  if (kind === "AlterTableStmt") return { columns: items(tree["cmds"]).filter(addsColumn) };
  const isRun =
    /^(?:Select|Insert|Update|Delete|Merge|Copy)Stmt$/.test(kind) ||
    (kind === "CreateTableAsStmt" && !isEmptyCopy(tree));
  return isRun ? tree : {};
}

const addsColumn = (item: Ast): boolean => node(item["AlterTableCmd"])["subtype"] === "AT_AddColumn";

/** WITH NO DATA: the query is not run. */
export const isEmptyCopy = (tree: Ast): boolean =>
  node(node(tree["into"])["IntoClause"] ?? tree["into"])["skipData"] === true;

function needTablespaces(demands: Demands, tree: Ast): void {
  visitNodes({ tree }, (_, fields) => {
    const moved: AstValue = fields["subtype"] === "AT_SetTableSpace" ? fields["name"] : undefined;
    const { tableSpace = moved, tableSpaceName = tableSpace, indexspace = tableSpaceName } = fields;
    const name = word(fields["tablespacename"] ?? indexspace);
    if (name !== "") demands.need("CREATE", "tablespace", name);
    return true;
  });
}
