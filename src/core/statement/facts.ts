/** A statement's syntax tree → what it is: all that is kept of the tree. Nothing is read from its text that the tree tells. */
import {
  type Ast,
  type AstValue,
  dotted,
  items,
  kindOf,
  namesIn,
  node,
  type ObjectName,
  objectName,
  option,
  optionOf,
  rangeName,
  relationOf,
  routineSource,
  word,
} from "../ast.ts";
import { changesRowsThere, limitIn } from "../batch.ts";
import { newerFeature } from "../newer-syntax.ts";
import { qualified } from "../quote.ts";
import { OLDEST } from "../server-version.ts";
import { detachOf, tagOf } from "../tag.ts";
import { type LedgerUse, ledgerUse } from "./ledger.ts";
import { effectsOf, effectsOfRoutine, type Loss, type RoutineBody } from "./losses.ts";
import type { Routine } from "./routines.ts";

/** One statement as the grammar cuts it. */
export interface ParsedStatement {
  /** The tree with its kind around it: `{ IndexStmt: { … } }`. */
  readonly ast: Ast;
  /** UTF-16 offsets in the file: the first token, and after the `;` (after the last token where there is none). */
  readonly start: number;
  readonly end: number;
  /** Of CREATE FUNCTION, CREATE PROCEDURE and DO: what it holds. */
  readonly body?: RoutineBody;
}

/** What a statement is. JSON-safe. */
export interface Facts extends LedgerUse {
  /** Like the server's command tag, and as exact as a message needs: `CREATE INDEX CONCURRENTLY`, `ALTER TABLE`. */
  readonly tag: string;
  /** False for what PostgreSQL refuses inside a transaction block, as far as that shows without a catalog. */
  readonly transactional: boolean;
  /**
   * A transaction may hold it, but under `transaction: none` it stands outside one: it may COMMIT (CALL; DO that speaks of
   * it), or be about something partitioned, which PostgreSQL refuses inside one (REINDEX, CLUSTER).
   */
  readonly standsAlone?: true;
  /** SET or RESET: of who the session is, or of anything else. It suits either side of a transaction. */
  readonly setting?: "identity" | "value";
  /** What it takes away or overwrites, without what it calls. */
  readonly losses: readonly Loss[];
  /** What it calls that may do more; absent where that is nothing. */
  readonly calls?: readonly ObjectName[];
  /** The function or procedure that it creates. */
  readonly routine?: Routine;
  /** What it leaves in its session, and no other session can be given: `a temporary object`. */
  readonly leaves?: string;
  /** What to look for in the catalog when it was interrupted; absent where it can simply run again. */
  readonly trace?: Trace;
  /** The first major version that understands it, where that is newer than the oldest that is supported. */
  readonly since?: number;
  /** Of UPDATE, DELETE and MERGE: the fewest rows that a query in it is limited to. */
  readonly limit?: number;
}

/** What a statement leaves in the catalog, or takes out of it, by which it can be seen later whether it was done. */
export interface Trace {
  /** `commits`: it may have committed a part of its work, and nothing tells which. */
  readonly kind:
    | "create index"
    | "drop index"
    | "detach partition"
    | `reindex ${"index" | "table" | "schema" | "database"}`
    | `${"create" | "drop"} ${"database" | "tablespace" | "subscription"}`
    | "commits";
  /** As SQL writes them, in the statement's order; of CREATE INDEX the table, then the index where it has a name. */
  readonly names: readonly string[];
  /** It succeeds also where what it creates is there already. */
  readonly mayExist?: true;
}

/** What a statement is; `text` is its own. */
export function factsOf({ ast, body }: ParsedStatement, text: string): Facts {
  const [kind, tree] = kindOf(ast);
  const trace = traceOf(kind, tree, text);
  const { losses, calls } = effectsOf(ast, kind === "DoStmt" ? body : undefined);
  const routine = kind === "CreateFunctionStmt" ? routineOf(tree, body) : undefined;
  const setting = settingOf(kind, tree);
  const leaves = leftBehind(kind, tree);
  const since = sinceOf(ast, text, body);
  const tag = tagOf(kind, tree);
  const limit = changesRowsThere(tag) ? limitIn(ast) : undefined;
  return {
    tag,
    transactional: !refusesTransaction(kind, tree),
    ...(/^(?:Reindex|Cluster)Stmt$/.test(kind) || trace?.kind === "commits" ? { standsAlone: true } : {}),
    ...(setting === undefined ? {} : { setting }),
    losses,
    ...(calls.length === 0 ? {} : { calls }),
    ...(routine === undefined ? {} : { routine }),
    ...(leaves === undefined ? {} : { leaves }),
    ...ledgerUse(ast, text, body),
    ...(trace === undefined ? {} : { trace }),
    ...(since === undefined ? {} : { since }),
    ...(limit === undefined ? {} : { limit }),
  };
}

/** The version that a statement needs, or the body that it holds; undefined: every one that is supported has it. */
function sinceOf(ast: Ast, text: string, body: RoutineBody | undefined): number | undefined {
  const found = [
    newerFeature(OLDEST, text, [ast]),
    newerFeature(OLDEST, routineSource(ast)?.code ?? "", body?.statements ?? []),
  ].flatMap((feature) => feature?.since ?? []);
  return found.length === 0 ? undefined : Math.max(...found);
}

function routineOf(tree: Ast, body: RoutineBody = { statements: [], isWhole: false }): Routine {
  const name = objectName(namesIn({ List: { items: tree["funcname"] } }));
  return { name, ...effectsOfRoutine(dotted(name), body) };
}

function leftBehind(kind: string, tree: Ast): string | undefined {
  switch (kind) {
    case "PrepareStmt":
      return "a prepared statement";
    case "DeclareCursorStmt":
      return "a cursor";
    case "LoadStmt":
      return "a loaded library";
    case "CreateStmt":
      return isTemporary(tree["relation"]) ? TEMPORARY : undefined;
    case "ViewStmt":
      return isTemporary(tree["view"]) ? TEMPORARY : undefined;
    case "CreateSeqStmt":
      return isTemporary(tree["sequence"]) ? TEMPORARY : undefined;
    case "CreateTableAsStmt":
      return isTemporary(node(tree["into"])["rel"]) ? TEMPORARY : undefined;
    case "SelectStmt":
      return isTemporary(node(tree["intoClause"])["rel"]) ? TEMPORARY : undefined;
    case "CreateFunctionStmt":
    case "CreateEnumStmt":
      return namesIn({ List: { items: tree["funcname"] ?? tree["typeName"] } })[0] === "pg_temp"
        ? TEMPORARY
        : undefined;
    default:
      return undefined;
  }
}

const TEMPORARY = "a temporary object";

const isTemporary = (range: AstValue): boolean =>
  node(range)["relpersistence"] === "t" || node(range)["schemaname"] === "pg_temp";

/** SET LOCAL is none: it ends with its transaction. */
function settingOf(kind: string, tree: Ast): Facts["setting"] {
  if (kind !== "VariableSetStmt" || tree["is_local"] === true) return undefined;
  return /^(?:role|session_authorization)$/i.test(word(tree["name"])) ? "identity" : "value";
}

/** The list of PreventInTransactionBlock in PostgreSQL's source, as far as no catalog is needed to tell. */
function refusesTransaction(kind: string, tree: Ast): boolean {
  switch (kind) {
    case "IndexStmt":
    case "DropStmt":
      return tree["concurrent"] === true;
    case "ReindexStmt":
      return option(tree["params"], "concurrently") || /SCHEMA|SYSTEM|DATABASE/.test(word(tree["kind"]));
    case "ClusterStmt":
      return tree["relation"] === undefined;
    case "VacuumStmt":
      return tree["is_vacuumcmd"] === true;
    case "AlterTableStmt":
      return detachOf(tree) !== undefined;
    case "AlterDatabaseStmt":
      return optionOf(tree["options"], "tablespace") !== undefined;
    case "CreateSubscriptionStmt":
      return option(tree["options"], "connect", true) && option(tree["options"], "create_slot", true);
    case "AlterSubscriptionStmt":
      return altersSubscriptionOutside(tree);
    case "CreatedbStmt":
    case "DropdbStmt":
    case "CreateTableSpaceStmt":
    case "DropTableSpaceStmt":
    case "AlterSystemStmt":
    case "DropSubscriptionStmt":
      return true;
    default:
      return false;
  }
}

function altersSubscriptionOutside(tree: Ast): boolean {
  const kind = word(tree["kind"]);
  if (kind.includes("REFRESH")) return true;
  if (kind.endsWith("_PUBLICATION")) return option(tree["options"], "refresh", true);
  const slot = ["failover", "two_phase"];
  return kind.endsWith("_OPTIONS") && slot.some((name) => optionOf(tree["options"], name) !== undefined);
}

function traceOf(kind: string, tree: Ast, text: string): Trace | undefined {
  if (kind === "CallStmt" || (kind === "DoStmt" && /\b(?:commit|rollback|call)\b/i.test(text)))
    return { kind: "commits", names: [] };
  if (!refusesTransaction(kind, tree)) return undefined;
  switch (kind) {
    case "IndexStmt": {
      const index = word(tree["idxname"]);
      return {
        kind: "create index",
        names: [nameOf(relationOf(tree)), ...(index === "" ? [] : [qualified(index)])],
        ...(tree["if_not_exists"] === true ? { mayExist: true } : {}),
      };
    }
    case "DropStmt":
      return {
        kind: "drop index",
        names: items(tree["objects"]).map((object) => nameOf(objectName(namesIn(object)))),
      };
    case "ReindexStmt": {
      const of = word(tree["kind"])
        .replace("REINDEX_OBJECT_", "")
        .toLowerCase()
        .replace("system", "database");
      const name = word(tree["name"]);
      return {
        kind: `reindex ${of as "index"}`,
        names:
          tree["relation"] !== undefined ? [nameOf(relationOf(tree))] : name === "" ? [] : [qualified(name)],
      };
    }
    case "AlterTableStmt":
      return {
        kind: "detach partition",
        names: [relationOf(tree), rangeName(detachOf(tree)?.["name"])].map(nameOf),
      };
    case "CreatedbStmt":
    case "DropdbStmt":
      return { kind: `${verbOf(kind)} database`, names: [qualified(word(tree["dbname"]))] };
    case "CreateTableSpaceStmt":
    case "DropTableSpaceStmt":
      return { kind: `${verbOf(kind)} tablespace`, names: [qualified(word(tree["tablespacename"]))] };
    case "CreateSubscriptionStmt":
    case "DropSubscriptionStmt":
      return { kind: `${verbOf(kind)} subscription`, names: [qualified(word(tree["subname"]))] };
    default:
      return undefined;
  }
}

const nameOf = ({ schema, name }: ObjectName): string =>
  schema === undefined ? qualified(name) : qualified(schema, name);

function verbOf(kind: string): "create" | "drop" {
  return kind.startsWith("Create") ? "create" : "drop";
}
