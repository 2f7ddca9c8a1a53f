/** A statement's tree → the oldest PostgreSQL, from 12 on, whose grammar knows it. */
import { type Ast, items, kindOf, node, option, optionOf, someNode, word } from "../ast.ts";
import { needs18 } from "../newer-syntax.ts";

/** What came with each version, by the kind of the statement. */
const NEWER: Readonly<Record<string, (tree: Ast) => number>> = {
  AlterTableStmt: (tree) =>
    Math.max(0, ...items(tree["cmds"]).map((item) => commandSince(node(item["AlterTableCmd"]), tree))),
  AlterStatsStmt: () => 13,
  CreateFunctionStmt: (tree) => (tree["sql_body"] === undefined ? 0 : 14),
  CreatePublicationStmt: publicationSince,
  AlterPublicationStmt: publicationSince,
  CreateTrigStmt: (tree) => (tree["replace"] === true ? 14 : 0),
  DropdbStmt: (tree) => (items(tree["options"]).length > 0 ? 13 : 0),
  IndexStmt: (tree) => (tree["nulls_not_distinct"] === true ? 15 : 0),
  MergeStmt: () => 15,
  ReindexStmt: (tree) => (optionOf(tree["params"], "tablespace") === undefined ? 0 : 14),
  RenameStmt: (tree) =>
    tree["renameType"] === "OBJECT_COLUMN" && tree["relationType"] === "OBJECT_VIEW" ? 13 : 0,
  ViewStmt: (tree) => (option(tree["options"], "security_invoker") ? 15 : 0),
};

const COMMANDS: Readonly<Record<string, number>> = {
  AT_DetachPartitionFinalize: 14,
  AT_DropExpression: 13,
  AT_SetAccessMethod: 15,
  AT_SetCompression: 14,
  AT_SetExpression: 17,
};

function commandSince(command: Ast, tree: Ast): number {
  const subtype = word(command["subtype"]);
  if (subtype === "AT_DetachPartition")
    return node(node(command["def"])["PartitionCmd"])["concurrent"] === true ? 14 : 0;
  if (/^AT_Set(?:Un)?Logged$/.test(subtype) && tree["objtype"] === "OBJECT_SEQUENCE") return 15;
  return COMMANDS[subtype] ?? 0;
}

function publicationSince(tree: Ast): number {
  const objects = items(tree["pubobjects"]).map((item) => node(item["PublicationObjSpec"]));
  const newer = objects.some(
    (each) =>
      word(each["pubobjtype"]) !== "PUBLICATIONOBJ_TABLE" ||
      node(each["pubtable"])["whereClause"] !== undefined ||
      node(each["pubtable"])["columns"] !== undefined,
  );
  return newer ? 15 : 0;
}

/** The version that a statement needs, where that is newer than `version`. */
export function neededVersion(ast: Ast, version: number): number | undefined {
  if (version >= 18) return undefined;
  if (needs18(ast)) return 18;
  const [kind, tree] = kindOf(ast);
  const needed = Math.max(NEWER[kind]?.(tree) ?? 0, nestedSince(ast));
  return needed > version ? needed : undefined;
}

function nestedSince(ast: Ast): number {
  let since = 0;
  someNode(ast, (kind, fields) => {
    if (kind === "Constraint" && fields["nulls_not_distinct"] === true) since = Math.max(since, 15);
    if (kind === "ColumnDef" && fields["compression"] !== undefined) since = Math.max(since, 14);
    if (kind === "ColumnDef" && fields["storage_name"] !== undefined) since = Math.max(since, 16);
    if (kind === "CTESearchClause" || kind === "CTECycleClause") since = Math.max(since, 14);
    if (
      kind === "FuncCall" &&
      word(node(node(items(fields["funcname"])[0])["String"])["sval"]) === "gen_random_uuid" &&
      items(fields["funcname"]).length === 1
    )
      since = Math.max(since, 13);
    return false;
  });
  return since;
}
