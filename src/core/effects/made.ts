/** The statements of a run, one by one → which of their losses are of what the run itself has made: nobody misses that. */
import {
  type Ast,
  items,
  kindOf,
  node,
  type ObjectName,
  objectName,
  rangeName,
  stringOf,
  word,
} from "../ast.ts";
import { effectsOf, type Loss, type RoutineBody } from "../statement/losses.ts";
import type { Relation } from "./schema.ts";
import type { Work } from "./work.ts";

/** What statements outside DO blocks have made for certain: not with IF NOT EXISTS, nor with OR REPLACE. */
export class Made {
  readonly #relations = new Set<number>();
  /** By the relation's id and their name. */
  readonly #columns = new Set<string>();
  readonly #schemas = new Set<string>();
  /** Types that are no relations, by their schema and their name. */
  readonly #types = new Set<string>();

  clear(): void {
    for (const made of [this.#relations, this.#columns, this.#schemas, this.#types]) made.clear();
  }

  /** Asked before the statement is performed. What goes with CASCADE may be another's. */
  lossesOf(work: Work, ast: Ast, body: RoutineBody | undefined): readonly Loss[] {
    if (this.#relations.size + this.#columns.size + this.#schemas.size + this.#types.size === 0) return [];
    const { losses } = effectsOf(ast, kindOf(ast)[0] === "DoStmt" ? body : undefined);
    return losses.filter((loss) => loss.cascade !== true && this.#has(work, loss));
  }

  #has(work: Work, { kind, object }: Loss): boolean {
    const names = object.split(".");
    if (kind === "drop schema") return this.#schemas.has(object);
    if (OF_RELATION.test(kind)) return this.#hasRelation(found(work, names));
    if (OF_TYPE.test(kind)) return this.#hasType(work, names);
    const table = found(work, names.slice(0, -1));
    if (OF_TABLE.test(kind)) return this.#hasRelation(table);
    if (!OF_COLUMN.test(kind) || table === undefined) return false;
    return this.#hasRelation(table) || this.#columns.has(keyOf(table, names.at(-1)!));
  }

  #hasRelation(relation: Relation | undefined): boolean {
    return relation !== undefined && this.#relations.has(relation.id);
  }

  #hasType(work: Work, names: readonly string[]): boolean {
    const relation = found(work, names);
    if (relation?.kind === "composite type") return this.#hasRelation(relation);
    const key = names.length > 2 ? undefined : typeKey(work, objectName(names));
    return key !== undefined && this.#types.has(key);
  }

  /** Told when it was performed. */
  note(work: Work, ast: Ast): void {
    const [kind, tree] = kindOf(ast);
    if (kind === "CreateSchemaStmt" && tree["if_not_exists"] !== true)
      this.#schemas.add(word(tree["schemaname"]));
    else if (kind === "AlterTableStmt") this.#alter(work, tree);
    else if (kind === "RenameStmt") this.#rename(work, tree);
    // By its name it may now be another's.
    else if (kind === "AlterObjectSchemaStmt") this.#types.clear();
    else if (TYPES[kind] !== undefined) {
      const type = typeKey(work, objectName(items(tree[TYPES[kind]]).map(stringOf)));
      if (type !== undefined) this.#types.add(type);
    } else if (kind === "DropStmt" && word(tree["removeType"]) === "OBJECT_SCHEMA") this.#schemas.clear();
    const name = createdName(kind, tree);
    const made = name === undefined ? undefined : work.find(name);
    if (made !== undefined) this.#relations.add(made.id);
  }

  #alter(work: Work, tree: Ast): void {
    const table = work.find(rangeName(tree["relation"]));
    if (table === undefined) return;
    for (const item of items(tree["cmds"])) {
      const command = node(item["AlterTableCmd"]);
      const column = word(node(node(command["def"])["ColumnDef"])["colname"]);
      if (command["subtype"] === "AT_AddColumn" && command["missing_ok"] !== true)
        this.#columns.add(keyOf(table, column));
      if (command["subtype"] === "AT_DropColumn") this.#columns.delete(keyOf(table, word(command["name"])));
    }
  }

  #rename(work: Work, tree: Ast): void {
    const [from, to] = [word(tree["subname"]), word(tree["newname"])];
    const type = word(tree["renameType"]);
    if (type === "OBJECT_SCHEMA") this.#schemas.clear();
    if (/^OBJECT_(?:SCHEMA|TYPE|DOMAIN)$/.test(type)) this.#types.clear();
    const table = type === "OBJECT_COLUMN" ? work.find(rangeName(tree["relation"])) : undefined;
    if (table === undefined) return;
    const isOwn = this.#columns.delete(keyOf(table, from));
    if (isOwn) this.#columns.add(keyOf(table, to));
  }
}

const OF_RELATION =
  /^(?:drop (?:table|foreign table|view|materialized view|sequence|index)|truncate|refresh with no data|delete rows|set unlogged)$/;
const OF_TABLE = /^drop (?:constraint|identity|trigger|policy|rule)$/;
const OF_TYPE = /^drop (?:type|domain)$/;
const OF_COLUMN = /^(?:drop column|drop attribute|update|alter type|set expression)$/;

const keyOf = ({ id }: Relation, column: string): string => `${id}.${column}`;

/** A name that has more parts than it should contains a dot, and is not looked up. */
const found = (work: Work, names: readonly string[]): Relation | undefined =>
  names.length === 0 || names.length > 2 ? undefined : work.find(objectName(names));

/** Where the statements that create types have their names. */
const TYPES: Readonly<Record<string, string>> = {
  CreateEnumStmt: "typeName",
  CreateRangeStmt: "typeName",
  CreateDomainStmt: "domainname",
};

function typeKey(work: Work, name: ObjectName): string | undefined {
  const type = work.schema.type(name, work.session.searchPath);
  return type === undefined ? undefined : `${type.schema}.${type.name}`;
}

/** Of the relation that a statement has made. */
function createdName(kind: string, tree: Ast): ObjectName | undefined {
  const base = node(node(tree["base"])["CreateStmt"] ?? tree["base"]);
  const form = base["relation"] === undefined ? tree : base;
  if (form["if_not_exists"] === true || tree["replace"] === true) return undefined;
  switch (kind) {
    case "CreateStmt":
    case "CreateForeignTableStmt":
      return rangeName(form["relation"]);
    case "CreateTableAsStmt":
      return rangeName(node(node(tree["into"])["IntoClause"] ?? tree["into"])["rel"]);
    case "ViewStmt":
      return rangeName(tree["view"]);
    case "CreateSeqStmt":
      return rangeName(tree["sequence"]);
    case "CompositeTypeStmt":
      return rangeName(node(tree["typevar"]));
    case "IndexStmt": {
      const { schema } = rangeName(tree["relation"]);
      const name = word(tree["idxname"]);
      return name === "" ? undefined : { ...(schema === undefined ? {} : { schema }), name };
    }
    default:
      return undefined;
  }
}
