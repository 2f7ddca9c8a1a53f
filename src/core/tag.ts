/** A statement's tree → its tag, like the server's command tag and as exact as a message needs. */
import { type Ast, type AstValue, items, node, option, word } from "./ast.ts";

const OBJECTS: Readonly<Record<string, string>> = {
  ATTRIBUTE: "TYPE",
  DOMCONSTRAINT: "CONSTRAINT",
  FDW: "FOREIGN DATA WRAPPER",
  FOREIGN_SERVER: "SERVER",
  LARGEOBJECT: "LARGE OBJECT",
  MATVIEW: "MATERIALIZED VIEW",
  OPCLASS: "OPERATOR CLASS",
  OPFAMILY: "OPERATOR FAMILY",
  TABCONSTRAINT: "CONSTRAINT",
  TSCONFIGURATION: "TEXT SEARCH CONFIGURATION",
  TSDICTIONARY: "TEXT SEARCH DICTIONARY",
  TSPARSER: "TEXT SEARCH PARSER",
  TSTEMPLATE: "TEXT SEARCH TEMPLATE",
};

export function objectWords(type: AstValue): string {
  const name = word(type).replace("OBJECT_", "");
  return OBJECTS[name] ?? name.replaceAll("_", " ");
}

/** Where the name of the node, cut into words, is not the tag. */
const TAGS: Readonly<Record<string, string | ((tree: Ast) => string)>> = {
  AlterDatabaseRefreshCollStmt: "ALTER DATABASE",
  AlterDatabaseSetStmt: "ALTER DATABASE",
  AlterEnumStmt: "ALTER TYPE",
  AlterEventTrigStmt: "ALTER EVENT TRIGGER",
  AlterExtensionContentsStmt: "ALTER EXTENSION",
  AlterFdwStmt: "ALTER FOREIGN DATA WRAPPER",
  AlterForeignServerStmt: "ALTER SERVER",
  AlterFunctionStmt: (tree) => `ALTER ${objectWords(tree["objtype"])}`,
  AlterObjectDependsStmt: (tree) => `ALTER ${objectWords(tree["objectType"])}`,
  AlterObjectSchemaStmt: (tree) => `ALTER ${objectWords(tree["objectType"])}`,
  AlterOpFamilyStmt: "ALTER OPERATOR FAMILY",
  AlterOwnerStmt: (tree) => `ALTER ${objectWords(tree["objectType"])}`,
  AlterRoleSetStmt: "ALTER ROLE",
  AlterSeqStmt: "ALTER SEQUENCE",
  AlterStatsStmt: "ALTER STATISTICS",
  AlterTSConfigurationStmt: "ALTER TEXT SEARCH CONFIGURATION",
  AlterTSDictionaryStmt: "ALTER TEXT SEARCH DICTIONARY",
  AlterTableMoveAllStmt: (tree) => `ALTER ${objectWords(tree["objtype"])}`,
  AlterTableSpaceOptionsStmt: "ALTER TABLESPACE",
  AlterTableStmt: (tree) =>
    detachOf(tree) === undefined
      ? `ALTER ${objectWords(tree["objtype"])}`
      : "ALTER TABLE … DETACH PARTITION CONCURRENTLY",
  CheckPointStmt: "CHECKPOINT",
  ClosePortalStmt: "CLOSE CURSOR",
  CompositeTypeStmt: "CREATE TYPE",
  ConstraintsSetStmt: "SET CONSTRAINTS",
  CreateAmStmt: "CREATE ACCESS METHOD",
  CreateEnumStmt: "CREATE TYPE",
  CreateEventTrigStmt: "CREATE EVENT TRIGGER",
  CreateFdwStmt: "CREATE FOREIGN DATA WRAPPER",
  CreateForeignServerStmt: "CREATE SERVER",
  CreateFunctionStmt: (tree) => (tree["is_procedure"] ? "CREATE PROCEDURE" : "CREATE FUNCTION"),
  CreateOpClassStmt: "CREATE OPERATOR CLASS",
  CreateOpFamilyStmt: "CREATE OPERATOR FAMILY",
  CreatePLangStmt: "CREATE LANGUAGE",
  CreateRangeStmt: "CREATE TYPE",
  CreateSeqStmt: "CREATE SEQUENCE",
  CreateStatsStmt: "CREATE STATISTICS",
  CreateStmt: "CREATE TABLE",
  CreateTableAsStmt: (tree) =>
    tree["objtype"] === "OBJECT_MATVIEW" ? "CREATE MATERIALIZED VIEW" : "CREATE TABLE AS",
  CreateTableSpaceStmt: "CREATE TABLESPACE",
  CreateTrigStmt: "CREATE TRIGGER",
  CreatedbStmt: "CREATE DATABASE",
  DeclareCursorStmt: "DECLARE CURSOR",
  DefineStmt: (tree) => `CREATE ${objectWords(tree["kind"])}`,
  DiscardStmt: (tree) => word(tree["target"]).replace("_", " "),
  DropStmt: (tree) => `DROP ${objectWords(tree["removeType"])}${tree["concurrent"] ? " CONCURRENTLY" : ""}`,
  DropTableSpaceStmt: "DROP TABLESPACE",
  DropdbStmt: "DROP DATABASE",
  FetchStmt: (tree) => (tree["ismove"] ? "MOVE" : "FETCH"),
  GrantRoleStmt: (tree) => (tree["is_grant"] ? "GRANT ROLE" : "REVOKE ROLE"),
  GrantStmt: (tree) => (tree["is_grant"] ? "GRANT" : "REVOKE"),
  IndexStmt: (tree) => `CREATE INDEX${tree["concurrent"] ? " CONCURRENTLY" : ""}`,
  LockStmt: "LOCK TABLE",
  RefreshMatViewStmt: "REFRESH MATERIALIZED VIEW",
  ReindexStmt: (tree) =>
    `${word(tree["kind"]).replace("_OBJECT_", " ")}${option(tree["params"], "concurrently") ? " CONCURRENTLY" : ""}`,
  RenameStmt: (tree) => {
    const type = word(tree["renameType"]);
    if (type === "OBJECT_COLUMN") return `ALTER ${objectWords(tree["relationType"])}`;
    if (type === "OBJECT_DOMCONSTRAINT") return "ALTER DOMAIN";
    return type === "OBJECT_TABCONSTRAINT" ? "ALTER TABLE" : `ALTER ${objectWords(type)}`;
  },
  RuleStmt: "CREATE RULE",
  SecLabelStmt: "SECURITY LABEL",
  SelectStmt: (tree) => (tree["intoClause"] === undefined ? "SELECT" : "SELECT INTO"),
  TransactionStmt: (tree) => TRANSACTIONS[word(tree["kind"]).replace("TRANS_STMT_", "")] ?? "TRANSACTION",
  TruncateStmt: "TRUNCATE TABLE",
  VacuumStmt: (tree) => (tree["is_vacuumcmd"] ? "VACUUM" : "ANALYZE"),
  VariableSetStmt: (tree) =>
    `${word(tree["kind"]).startsWith("VAR_RESET") ? "RESET" : "SET"}${tree["is_local"] ? " LOCAL" : ""}`,
  VariableShowStmt: "SHOW",
  ViewStmt: "CREATE VIEW",
};

const TRANSACTIONS: Readonly<Record<string, string>> = {
  BEGIN: "BEGIN",
  START: "START TRANSACTION",
  COMMIT: "COMMIT",
  ROLLBACK: "ROLLBACK",
  SAVEPOINT: "SAVEPOINT",
  RELEASE: "RELEASE SAVEPOINT",
  ROLLBACK_TO: "ROLLBACK TO SAVEPOINT",
  PREPARE: "PREPARE TRANSACTION",
  COMMIT_PREPARED: "COMMIT PREPARED",
  ROLLBACK_PREPARED: "ROLLBACK PREPARED",
};

/** `CreateSchemaStmt` → `CREATE SCHEMA`. */
export function tagOf(kind: string, tree: Ast): string {
  const tag = TAGS[kind];
  if (tag !== undefined) return typeof tag === "string" ? tag : tag(tree);
  return kind
    .replace(/Stmt$/, "")
    .replace(/(?<=[a-z])(?=[A-Z])/g, " ")
    .toUpperCase();
}

/** The partition of ALTER TABLE … DETACH PARTITION … CONCURRENTLY. */
export function detachOf(tree: Ast): Ast | undefined {
  return items(tree["cmds"])
    .map((item) => node(item["AlterTableCmd"]))
    .filter((command) => command["subtype"] === "AT_DetachPartition")
    .map((command) => node(node(command["def"])["PartitionCmd"]))
    .find((partition) => partition["concurrent"] === true);
}
