/**
 * A statement's syntax tree → the tables that it changes and that may be a ledger's, the schemas that it drops, and those that
 * it names for what it makes.
 */
import {
  type Ast,
  items,
  namesIn,
  node,
  type ObjectName,
  objectName,
  rangeName,
  stringOf,
  visitNodes,
  word,
} from "../ast.ts";
import { LEDGER_TABLES } from "../catalog/ledgers.ts";
import type { Fault } from "../fault.ts";
import { defaultLedgerNames } from "../ledger/types.ts";
import { type SettingOf, settingSet } from "../setting.ts";
import { distinct, type RoutineBody } from "./losses.ts";

/**
 * A table that may be a ledger's, without a schema where it is found through the search path; or, without a table, a schema
 * that is dropped or renamed. Which schema is the ledger's, only the configuration knows. JSON-safe.
 */
export interface LedgerTarget {
  readonly schema?: string;
  readonly table?: string;
  /** What is made in the schema; views may be. */
  readonly makes?: string;
}

/** What a statement has to do with a ledger. */
export interface LedgerUse {
  /** Absent where there are none. */
  readonly ledger?: readonly LedgerTarget[];
  /** The search_path that it sets for the statements after it; empty where that is the default. */
  readonly searchPath?: readonly string[];
  /** Whom it makes the statements after it run as. */
  readonly runsAs?: RunsAs;
}

/** A role that is SET, or is that of the session; without a name, what it was at the beginning again. */
export interface RunsAs {
  readonly by: "role" | "session_authorization";
  readonly name?: string;
  /** To the end of the transaction. */
  readonly isLocal?: true;
}

/** `text`: the statement's own; `body`: what it holds, of a DO block too, as far as that can be read. */
export function ledgerUse(ast: Ast, text: string, body?: RoutineBody): LedgerUse {
  if (!MENTIONED.test(text)) return {};
  const isFunction = ast["CreateFunctionStmt"] !== undefined;
  const targets: LedgerTarget[] = [];
  let searchPath: readonly string[] | undefined;
  let runsAs: RunsAs | undefined;
  const visit = (kind: string, tree: Ast): boolean => {
    const setting = settingSet(kind, tree);
    if (setting?.name === "search_path" || (setting !== undefined && tree["kind"] === "VAR_RESET_ALL"))
      searchPath = setting.values ?? [];
    runsAs = runsAsIn(setting, tree) ?? runsAs;
    for (const schema of droppedSchemas(kind, tree)) targets.push({ schema });
    for (const { schema, name } of madeBy(kind, tree))
      if (schema !== undefined) targets.push({ schema, makes: name });
    for (const name of changedTables(kind, tree)) {
      const schema = name.schema ?? firstOf(searchPath);
      if (!LEDGER_TABLES.includes(name.name) || (schema === undefined && searchPath !== undefined)) continue;
      targets.push({ ...(schema === undefined ? {} : { schema }), table: name.name });
    }
    // An option of a function may be a SET, which holds within that function alone.
    return isFunction || kind !== "DefElem";
  };
  for (const statement of [ast, ...(body?.statements ?? [])]) visitNodes(statement, visit);
  // Where a function finds its names is settled when it is called, unless it says so itself.
  const ledger = distinct(targets).filter(({ schema }) => schema !== undefined || !isFunction);
  return {
    ...(ledger.length === 0 ? {} : { ledger }),
    ...(searchPath === undefined || isFunction ? {} : { searchPath }),
    ...(runsAs === undefined || isFunction ? {} : { runsAs }),
  };
}

const MENTIONED = new RegExp(
  `\\b(?:${LEDGER_TABLES.join("|")}|schema|search_path|reset|create|role|(?:session_)?authorization)\\b`,
  "i",
);

function runsAsIn(setting: SettingOf | undefined, { is_local }: Ast): RunsAs | undefined {
  if (setting?.name !== "role" && setting?.name !== "session_authorization") return undefined;
  const { name: by, values: [name = "none"] = [] } = setting;
  return { by, ...(name === "none" ? {} : { name }), ...(is_local === true ? { isLocal: true } : {}) };
}

/** Where a name without a schema is a ledger's if that is a ledger: a schema after it is asked only for what it has not. */
const firstOf = (searchPath: readonly string[] | undefined): string | undefined =>
  searchPath?.find((schema) => schema !== "pg_catalog");

function droppedSchemas(kind: string, tree: Ast): readonly string[] {
  if (kind === "DropStmt" && tree["removeType"] === "OBJECT_SCHEMA")
    return items(tree["objects"]).map((object) => objectName(namesIn(object)).name);
  return kind === "RenameStmt" && tree["renameType"] === "OBJECT_SCHEMA" ? [word(tree["subname"])] : [];
}

/** Tables, sequences, types and routines, by name; a temporary one has no schema. */
function madeBy(kind: string, tree: Ast): readonly ObjectName[] {
  switch (kind) {
    case "CreateStmt":
      return [rangeName(tree["relation"])];
    case "CreateForeignTableStmt":
      return [rangeName(node(node(tree["base"])["CreateStmt"] ?? tree["base"])["relation"])];
    case "CreateTableAsStmt":
      return [rangeName(node(node(tree["into"])["IntoClause"] ?? tree["into"])["rel"])];
    case "CreateSeqStmt":
      return [rangeName(tree["sequence"])];
    case "CompositeTypeStmt":
      return [rangeName(tree["typevar"])];
    case "CreateDomainStmt":
    case "CreateEnumStmt":
    case "CreateRangeStmt":
    case "CreateFunctionStmt":
      return [objectName(items(tree["domainname"] ?? tree["typeName"] ?? tree["funcname"]).map(stringOf))];
    case "AlterObjectSchemaStmt":
      return [{ schema: word(tree["newschema"]), name: objectMoved(tree).name }];
    default:
      return [];
  }
}

const objectMoved = (tree: Ast): ObjectName =>
  tree["relation"] === undefined ? objectName(namesIn(node(tree["object"]))) : rangeName(tree["relation"]);

/** What one node changes, without those below it, such as those of a WITH. */
function changedTables(kind: string, tree: Ast): readonly ObjectName[] {
  switch (kind) {
    case "DropStmt":
      if (tree["removeType"] !== "OBJECT_TABLE") return [];
      return items(tree["objects"]).map((object) => objectName(namesIn(object)));
    case "TruncateStmt":
      return items(tree["relations"]).map((range) => rangeName(range["RangeVar"]));
    case "CopyStmt":
      return tree["is_from"] === true ? [rangeName(tree["relation"])] : [];
    case "AlterTableStmt":
    case "RenameStmt":
    case "AlterObjectSchemaStmt":
    case "InsertStmt":
    case "UpdateStmt":
    case "DeleteStmt":
    case "MergeStmt":
      return [rangeName(node(tree["relation"]))];
    default:
      return [];
  }
}

/** What is wrong with a statement that changes the ledger, with this search_path in force; undefined where it does not. */
export function ledgerFault(
  tag: string,
  targets: readonly LedgerTarget[],
  schema: string,
  searchPath: readonly string[],
): Fault | undefined {
  const target = targets.find((each) => (each.schema ?? firstOf(searchPath)) === schema);
  if (target === undefined) return undefined;
  if (target.makes !== undefined) {
    return {
      code: "source/ledger",
      message: `${tag} would put ${target.makes} into the schema ${schema}, which is the ledger's alone`,
      hint:
        schema === defaultLedgerNames.schema
          ? "name another schema"
          : 'name another schema, or, while no database has the ledger there, give it one of its own in the config file: "ledger": {"schema": "retort"}',
    };
  }
  const what = target.table === undefined ? `the schema ${schema}` : `${schema}.${target.table}`;
  const change = `${/ (?:FUNCTION|PROCEDURE)$/.test(tag) ? `what ${tag} creates` : tag} would change the ledger, ${what}`;
  // Nothing is read from the log to decide something.
  if (target.table === "log") {
    return {
      code: "source/ledger",
      message: `${change}, which no migration may do`,
      hint: `remove it; old rows of ${what} may be deleted outside of migrations, for example with psql`,
    };
  }
  return {
    code: "source/ledger",
    message: `${change}, which migrate alone writes`,
    hint: "remove it; to record a revision as applied: migrate stamp REVISION; to forget one: migrate repair --forget REVISION",
  };
}
