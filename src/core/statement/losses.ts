/** A statement's syntax tree → what it takes away or overwrites, and what it calls, as data. */
import {
  type Ast,
  type AstValue,
  dotted,
  items,
  namesIn,
  node,
  type ObjectName,
  objectName,
  option,
  optionOf,
  rangeName,
  relationOf,
  roleName,
  stringOf,
  visitNodes,
  word,
} from "../ast.ts";
import { holdsAnyText } from "../catalog/wider-type.ts";
import { objectWords } from "../tag.ts";
import { isHarmless } from "./builtin-functions.ts";

/** One thing that a statement does to what is there already. */
export interface Loss {
  /** Objects or rows go; values are replaced; or its text does not tell. */
  readonly effect: "takes-away" | "overwrites" | "not-known";
  /** `drop table`, `drop column`, `truncate`, `delete rows`, `update`, `alter type`, `call`, … */
  readonly kind: string;
  /** As a person writes it: `shop.orders`, and of a column `shop.orders.note`. Empty where it has no name. */
  readonly object: string;
  /** What the run has called it since, where `object` is what it was called before the run. */
  readonly renamedTo?: string;
  /** With all that depends on it; of `truncate`, with all tables that refer to it. */
  readonly cascade?: true;
  /** The function or procedure that does it when the statement calls it. */
  readonly by?: string;
}

/**
 * Whether rows or values go that nothing can make again. What is computed or kept elsewhere can: the rows of a
 * materialized view, of a foreign table. What must be empty, or not used, to be dropped counts with CASCADE only; an
 * extension always, since its own tables go with it.
 */
export const losesData = ({ effect, kind, cascade }: Loss): boolean =>
  effect === "overwrites" || HOLDERS.has(kind) || (cascade === true && USED_BY_HOLDERS.has(kind));

const HOLDERS: ReadonlySet<string> = new Set([
  ...["drop table", "drop column", "drop attribute", "drop sequence", "drop large object", "drop database"],
  ...["drop owned", "drop extension", "truncate", "delete rows"],
]);

/** With these go the tables in a schema or of an access method, and the columns of a type or a collation. */
const USED_BY_HOLDERS: ReadonlySet<string> = new Set([
  ...["drop schema", "drop type", "drop domain", "drop collation", "drop access method"],
]);

/** What some SQL does when it runs. */
export interface Effects {
  /** Each thing once. */
  readonly losses: readonly Loss[];
  /** The functions and procedures it calls that may do more, each once. */
  readonly calls: readonly ObjectName[];
}

/** What a function, a procedure or a DO block runs. */
export interface RoutineBody {
  readonly statements: readonly Ast[];
  /** False where there is more than that: SQL made at run time, another language, what could not be read. */
  readonly isWhole: boolean;
  /** It ends the transaction that it runs in. */
  readonly ends?: true;
}

/** What a statement does. `body`: of a DO block. */
export function effectsOf(ast: Ast, body?: RoutineBody): Effects {
  return body === undefined ? effectsIn([ast]) : effectsOfBody(body, notKnown("do", ""));
}

/** What a function or procedure of that name does when it is called. */
export function effectsOfRoutine(name: string, body: RoutineBody): Effects {
  return effectsOfBody(body, notKnown("call", name));
}

function effectsOfBody({ statements, isWhole }: RoutineBody, rest: Loss): Effects {
  const { losses, calls } = effectsIn(statements);
  return { losses: isWhole ? losses : [...losses, rest], calls };
}

function effectsIn(statements: readonly Ast[]): Effects {
  const losses: Loss[] = [];
  const calls: ObjectName[] = [];
  const visit = (kind: string, tree: Ast): boolean => {
    if (!runs(kind, tree)) return false;
    const called = kind === "FuncCall" || kind === "funccall" ? calledName(tree) : undefined;
    if (called === undefined) losses.push(...lossesOf(kind, tree));
    else if (called.schema === undefined || called.schema === "pg_catalog") {
      const loss = BUILTINS.get(called.name)?.(tree);
      if (loss !== undefined) losses.push(loss);
      else if (!isHarmless(called.name)) calls.push(called);
    } else calls.push(called);
    return true;
  };
  for (const statement of statements) visitNodes(statement, visit);
  return { losses: distinct(losses), calls: distinct(calls) };
}

const calledName = (call: Ast): ObjectName =>
  objectName(items(call["funcname"]).map((part) => stringOf(part)));

/** Each value once, in order. */
export function distinct<T>(values: Iterable<T>): readonly T[] {
  return [...new Map([...values].map((value) => [JSON.stringify(value), value])).values()];
}

/** What only says what is to be done later, or by others. */
const DEFINITIONS: ReadonlySet<string> = new Set([
  ...["AlterPolicyStmt", "CreateDomainStmt", "CreateEventTrigStmt", "CreateFunctionStmt", "CreatePolicyStmt"],
  ...["CreatePublicationStmt", "CreateStatsStmt", "CreateStmt", "CreateTrigStmt", "DefineStmt"],
  ...["AlterPublicationStmt", "PrepareStmt", "RuleStmt", "ViewStmt"],
]);

/** Whether what lies below that node is done when the statement runs. */
export function runs(kind: string, tree: Ast): boolean {
  switch (kind) {
    case "ExplainStmt":
      return option(tree["options"], "analyze");
    case "CreateTableAsStmt":
      return node(tree["into"])["skipData"] !== true;
    case "AlterTableCmd":
      return tree["subtype"] !== "AT_ColumnDefault";
    default:
      return !DEFINITIONS.has(kind);
  }
}

const takes = (kind: string, object: string, { behavior }: Ast = {}): Loss => ({
  effect: "takes-away",
  kind,
  object,
  ...(behavior === "DROP_CASCADE" ? { cascade: true } : {}),
});

const notKnown = (kind: string, object: string): Loss => ({ effect: "not-known", kind, object });

const overwrites = (kind: string, object: string): Loss => ({ effect: "overwrites", kind, object });

/** What one node does, without those below it. */
function lossesOf(kind: string, tree: Ast): readonly Loss[] {
  switch (kind) {
    case "DropStmt": {
      const verb = `drop ${objectWords(tree["removeType"]).toLowerCase()}`;
      return items(tree["objects"]).map((object) => takes(verb, droppedName(object), tree));
    }
    case "AlterTableStmt":
      return items(tree["cmds"]).flatMap((item) => alteration(tree, node(item["AlterTableCmd"])));
    case "AlterDomainStmt": {
      if (tree["subtype"] !== "X") return [];
      const domain = namesIn({ List: { items: tree["typeName"] } });
      return [takes("drop constraint", [...domain, word(tree["name"])].join("."), tree)];
    }
    case "TruncateStmt":
      return items(tree["relations"]).map((item) =>
        takes("truncate", dotted(rangeName(item["RangeVar"])), tree),
      );
    case "RefreshMatViewStmt":
      return tree["skipData"] === true ? [takes("refresh with no data", dotted(relationOf(tree)))] : [];
    case "DropdbStmt":
      return [takes("drop database", word(tree["dbname"]))];
    case "DropTableSpaceStmt":
      return [takes("drop tablespace", word(tree["tablespacename"]))];
    case "DropSubscriptionStmt":
      return [takes("drop subscription", word(tree["subname"]))];
    case "DropUserMappingStmt":
      return [
        takes("drop user mapping", `${roleName({ RoleSpec: tree["user"] })}.${word(tree["servername"])}`),
      ];
    case "DropRoleStmt":
      return items(tree["roles"]).map((role) => takes("drop role", roleName(role)));
    case "DropOwnedStmt":
      return items(tree["roles"]).map((role) => takes("drop owned", roleName(role)));
    case "DeleteStmt":
      return [takes("delete rows", dotted(relationOf(tree)))];
    case "UpdateStmt":
      return updates(relationOf(tree), tree);
    case "InsertStmt": {
      const conflict = node(tree["onConflictClause"]);
      return conflict["action"] === "ONCONFLICT_UPDATE" ? updates(relationOf(tree), conflict) : [];
    }
    case "MergeStmt":
      return items(tree["mergeWhenClauses"]).flatMap((item) => {
        const clause = node(item["MergeWhenClause"]);
        if (clause["commandType"] === "CMD_DELETE") return [takes("delete rows", dotted(relationOf(tree)))];
        return clause["commandType"] === "CMD_UPDATE" ? updates(relationOf(tree), clause) : [];
      });
    case "AlterSeqStmt":
      return optionOf(tree["options"], "restart") === undefined
        ? []
        : [overwrites("restart", dotted(rangeName(tree["sequence"])))];
    case "DoStmt":
      return [notKnown("do", "")];
    case "ExecuteStmt":
      return [notKnown("execute", word(tree["name"]))];
    case "CopyStmt":
      return tree["is_program"] === true ? [notKnown("program", word(tree["filename"]))] : [];
    case "LoadStmt":
      return [notKnown("load", word(tree["filename"]))];
    case "AlterExtensionStmt":
      return [notKnown("update extension", word(tree["extname"]))];
    default:
      return [];
  }
}

/** The name of what is dropped; of a cast the two types, and what hangs on a table behind that. */
function droppedName(object: Ast): string {
  const names = namesIn(object);
  if (names.length > 0) return names.join(".");
  return items(node(object["List"])["items"])
    .map((part) => namesIn(part).join("."))
    .join(" as ");
}

/** The columns that an UPDATE, or the like, sets. */
const updates = (table: ObjectName, tree: Ast): readonly Loss[] =>
  items(tree["targetList"]).map((item) =>
    overwrites("update", `${dotted(table)}.${word(node(item["ResTarget"])["name"])}`),
  );

/** What one part of ALTER TABLE, or of ALTER TYPE, does. */
function alteration(tree: Ast, command: Ast): readonly Loss[] {
  const table = dotted(relationOf(tree));
  const part = `${table}.${word(command["name"])}`;
  const definition = node(command["def"]);
  switch (command["subtype"]) {
    case "AT_DropColumn":
      return [takes(tree["objtype"] === "OBJECT_TYPE" ? "drop attribute" : "drop column", part, command)];
    case "AT_DropConstraint":
      return [takes("drop constraint", part, command)];
    case "AT_DropIdentity":
      return [takes("drop identity", part)];
    case "AT_DetachPartition":
      return [takes("detach partition", dotted(rangeName(node(definition["PartitionCmd"])["name"])))];
    case "AT_DropInherit":
      return [takes("no inherit", table)];
    case "AT_DisableRowSecurity":
      return [takes("disable row security", table)];
    case "AT_NoForceRowSecurity":
      return [takes("no force row security", table)];
    case "AT_SetUnLogged":
      return [takes("set unlogged", table)];
    case "AT_AlterColumnType":
      return takesAnyValue(node(definition["ColumnDef"])) ? [] : [overwrites("alter type", part)];
    case "AT_SetExpression":
      return [overwrites("set expression", part)];
    case "AT_SetIdentity":
      return optionOf(node(definition["List"])["items"], "restart") === undefined
        ? []
        : [overwrites("restart", part)];
    default:
      return [];
  }
}

/** A new type that every value fits into as it is, and nothing that computes it. */
function takesAnyValue({ typeName, raw_default: using }: Ast): boolean {
  const { names, typmods, arrayBounds } = node(typeName);
  const { schema = "pg_catalog", name } = objectName(items(names).map((part) => stringOf(part)));
  const type = { name, modifiers: items(typmods).map(Number), isArray: arrayBounds !== undefined };
  return using === undefined && schema === "pg_catalog" && holdsAnyText(type);
}

/** Functions of `pg_catalog` that destroy or overwrite. What else of them is not harmless is not known. */
const BUILTINS: ReadonlyMap<string, (call: Ast) => Loss> = new Map<string, (call: Ast) => Loss>([
  ["setval", (call) => overwrites("restart", argument(call))],
  ["lo_unlink", (call) => takes("drop large object", argument(call))],
  ["lo_put", (call) => overwrites("write large object", argument(call))],
  ["lowrite", () => overwrites("write large object", "")],
  ["lo_truncate", () => overwrites("write large object", "")],
  ["lo_truncate64", () => overwrites("write large object", "")],
  ["pg_drop_replication_slot", (call) => takes("drop replication slot", argument(call))],
  ["pg_replication_origin_drop", (call) => takes("drop replication origin", argument(call))],
]);

/** The first argument, where it is a constant. */
function argument(call: Ast): string {
  let value: AstValue = items(call["args"])[0];
  while (node(value)["TypeCast"] !== undefined) value = node(node(value)["TypeCast"])["arg"];
  const { sval, ival } = node(node(value)["A_Const"]);
  return word(node(sval)["sval"]) || (ival === undefined ? "" : String(node(ival)["ival"] ?? 0));
}
