/**
 * The statements of a run, one by one → what they take away or overwrite of what was there before it, by the names that this
 * had then. What the run itself has made nobody misses.
 */
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
import type { Relation, Renamed } from "./schema.ts";
import type { Work } from "./work.ts";

/**
 * Names that move with what they stand for. What a run makes under a name that was renamed away stands for what had it: it may
 * hold the same rows.
 */
class Names {
  readonly #own = new Set<string>();
  /** By the present name. */
  readonly #before = new Map<string, string>();
  readonly #left = new Set<string>();

  clear(): void {
    for (const each of [this.#own, this.#before, this.#left]) each.clear();
  }

  make(name: string): void {
    this.#own.add(name);
    this.#take(name);
  }

  drop(name: string): void {
    this.#own.delete(name);
    this.#before.delete(name);
  }

  /** Of its own only what is certain stays so. */
  rename(from: string, to: string, isCertain: boolean): void {
    const [isOwn, before] = [this.#own.has(from), this.#before.get(from)];
    this.drop(from);
    if (isOwn && !isCertain) return;
    if (isOwn) this.#own.add(to);
    else this.#left.add(from);
    if (isOwn && before === undefined) this.#take(to);
    else this.#before.set(to, before ?? from);
  }

  #take(name: string): void {
    if (this.#left.has(name)) this.#before.set(name, name);
  }

  /** The run has made it, and it stands for nothing that was there. */
  isOwn(name: string): boolean {
    return this.#own.has(name) && !this.#before.has(name);
  }

  /** What it was called before the run. */
  before(name: string): string {
    return this.#before.get(name) ?? name;
  }

  get isEmpty(): boolean {
    return this.#own.size + this.#before.size === 0;
  }
}

/** A relation or a type. */
type Thing = Pick<Relation, "id" | "schema" | "name">;

/**
 * What statements outside DO blocks have made for certain, not with IF NOT EXISTS, nor with OR REPLACE; and what any
 * statement has renamed.
 */
export class Made {
  /** Relations and types, by their id. */
  readonly #own = new Set<number>();
  /** What others of them were called before the run; of own ones the name of another that they have taken. */
  readonly #before = new Map<number, Required<ObjectName>>();
  /** The names that others had before. */
  readonly #left = new Set<string>();
  /** By the relation's id and their name. */
  readonly #columns = new Names();
  readonly #schemas = new Names();

  clear(): void {
    for (const each of [this.#own, this.#before, this.#left, this.#columns, this.#schemas]) each.clear();
  }

  /**
   * Asked before the statement is performed, and answered when it was: what it takes away or overwrites of what was there before
   * the run, by the names that this had then. Undefined: as its text tells.
   */
  lossesOf(work: Work, ast: Ast, body: RoutineBody | undefined): () => readonly Loss[] | undefined {
    const isBlock = kindOf(ast)[0] === "DoStmt";
    if (!isBlock && this.#isEmpty) return () => undefined;
    const { losses } = effectsOf(ast, isBlock ? body : undefined);
    if (!isBlock) {
      const told = losses.flatMap((loss) => this.#told(work, loss));
      return () => told;
    }
    // What the block does first another of its statements may name.
    const told = new Map<string, readonly Loss[]>();
    const tell = (loss: Loss): readonly Loss[] => {
      const key = JSON.stringify(loss);
      const found = told.get(key) ?? this.#told(work, loss);
      told.set(key, found);
      return found;
    };
    work.onBranch = (each) => {
      this.#follow(work, false);
      for (const loss of effectsOf(each).losses) tell(loss);
    };
    return () => losses.flatMap(tell);
  }

  get #isEmpty(): boolean {
    return this.#own.size + this.#before.size === 0 && this.#columns.isEmpty && this.#schemas.isEmpty;
  }

  /** What goes with CASCADE may be another's. */
  #told(work: Work, loss: Loss): readonly Loss[] {
    const { isOwn = false, object = loss.object } = this.#known(work, loss) ?? {};
    if (isOwn && loss.cascade !== true) return [];
    if (object === loss.object) return [loss];
    const { effect, kind, ...more } = loss;
    return [{ effect, kind, ...more, object, renamedTo: loss.object }];
  }

  /** Whether nobody misses it; and what it was called before the run. */
  #known(work: Work, loss: Loss): { readonly isOwn?: boolean; readonly object: string } | undefined {
    const { kind, object } = loss;
    const names = object.split(".");
    if (kind === "drop schema")
      return { isOwn: this.#schemas.isOwn(object), object: this.#schemas.before(object) };
    if (OF_TYPE.test(kind)) {
      const type = typeIn(work, names);
      if (type === undefined) return undefined;
      return { isOwn: this.#isOwn(type) || this.#isReplaced(work, type), object: this.#called(type, names) };
    }
    if (OF_RELATION.test(kind) || OF_ROWS.test(kind)) {
      const relation = found(work, names);
      if (relation === undefined) return undefined;
      const isOwn = OF_RELATION.test(kind) && this.#isOwn(relation);
      return { isOwn, object: this.#called(relation, names) };
    }
    const table = found(work, names.slice(0, -1));
    if (table === undefined || !(OF_TABLE.test(kind) || OF_COLUMN.test(kind))) return undefined;
    const part = names.at(-1)!;
    const called = this.#called(table, names.slice(0, -1));
    if (OF_TABLE.test(kind)) return { isOwn: this.#isOwn(table), object: `${called}.${part}` };
    const key = keyOf(table, part);
    const before = this.#columns.before(key).slice(keyOf(table, "").length);
    return { isOwn: this.#isOwn(table) || this.#columns.isOwn(key), object: `${called}.${before}` };
  }

  /** The run has made it, and it stands for nothing that was there. */
  #isOwn({ id }: Thing): boolean {
    return this.#own.has(id) && !this.#before.has(id);
  }

  /** Another type has the name that it had: a type holds no rows. */
  #isReplaced(work: Work, type: Thing): boolean {
    const before = this.#before.get(type.id);
    if (before === undefined) return false;
    const other = typeIn(work, [before.schema, before.name]);
    return other !== undefined && other.id !== type.id && this.#own.has(other.id);
  }

  /** What it was called before the run, with a schema if `names` has one, or it was another. */
  #called({ id, schema, name }: Thing, names: readonly string[]): string {
    const before = this.#before.get(id);
    if (before === undefined || (before.schema === schema && before.name === name)) return names.join(".");
    return names.length > 1 || before.schema !== schema ? `${before.schema}.${before.name}` : before.name;
  }

  /** Told when it was performed. */
  note(work: Work, ast: Ast): void {
    const [kind, tree] = kindOf(ast);
    // A body may do it in a branch.
    const isCertain = kind === "RenameStmt" || kind === "AlterObjectSchemaStmt";
    this.#follow(work, isCertain);
    if (kind === "AlterTableStmt") this.#alter(work, tree);
    else if (kind === "RenameStmt" && tree["renameType"] === "OBJECT_SCHEMA")
      this.#schemas.rename(word(tree["subname"]), word(tree["newname"]), isCertain);
    else if (kind === "DropStmt" && word(tree["removeType"]) === "OBJECT_SCHEMA")
      for (const each of items(tree["objects"])) this.#schemas.drop(stringOf(each));
    if (kind === "CreateSchemaStmt" && tree["if_not_exists"] !== true)
      this.#schemas.make(word(tree["schemaname"]));
    const name = createdName(kind, tree);
    const made =
      TYPES[kind] !== undefined
        ? work.schema.type(objectName(items(tree[TYPES[kind]]).map(stringOf)), work.session.searchPath)
        : name === undefined
          ? undefined
          : work.find(name);
    if (made === undefined) return;
    this.#own.add(made.id);
    this.#take(made.id, made);
  }

  #follow(work: Work, isCertain: boolean): void {
    for (const each of work.schema.takeRenamed()) this.#rename(each, isCertain);
  }

  #take(id: number, { schema, name }: Required<ObjectName>): void {
    if (this.#left.has(nameKey({ schema, name })) && !this.#before.has(id))
      this.#before.set(id, { schema, name });
  }

  #alter(work: Work, tree: Ast): void {
    const table = work.find(rangeName(tree["relation"]));
    if (table === undefined) return;
    for (const item of items(tree["cmds"])) {
      const command = node(item["AlterTableCmd"]);
      const column = word(node(node(command["def"])["ColumnDef"])["colname"]);
      if (command["subtype"] === "AT_AddColumn" && command["missing_ok"] !== true)
        this.#columns.make(keyOf(table, column));
      if (command["subtype"] === "AT_DropColumn") this.#columns.drop(keyOf(table, word(command["name"])));
    }
  }

  #rename(renamed: Renamed, isCertain: boolean): void {
    if ("table" in renamed) {
      const { table: id, from, to } = renamed;
      this.#columns.rename(keyOf({ id }, from), keyOf({ id }, to), isCertain);
      return;
    }
    const { id, from, to } = renamed;
    if (this.#own.has(id)) {
      if (isCertain) this.#take(id, to);
      else this.#own.delete(id);
    } else if (!this.#before.has(id)) {
      this.#before.set(id, from);
      this.#left.add(nameKey(from));
    }
  }
}

const OF_RELATION =
  /^(?:drop (?:table|foreign table|view|materialized view|sequence|index)|truncate|refresh with no data|delete rows|set unlogged)$/;
const OF_ROWS = /^(?:detach partition|no inherit|(?:disable|no force) row security)$/;
const OF_TABLE = /^drop (?:constraint|identity|trigger|policy|rule)$/;
const OF_TYPE = /^drop (?:type|domain)$/;
const OF_COLUMN = /^(?:drop column|drop attribute|update|alter type|set expression)$/;

const keyOf = ({ id }: Pick<Relation, "id">, column: string): string => `${id}.${column}`;

const nameKey = ({ schema, name }: Required<ObjectName>): string => `${schema}\0${name}`;

/** A name that has more parts than it should contains a dot, and is not looked up. */
const found = (work: Work, names: readonly string[]): Relation | undefined =>
  names.length === 0 || names.length > 2 ? undefined : work.find(objectName(names));

/** Where the statements that create types have their names. */
const TYPES: Readonly<Record<string, string>> = {
  CreateEnumStmt: "typeName",
  CreateRangeStmt: "typeName",
  CreateDomainStmt: "domainname",
};

/** A composite type is a relation. */
function typeIn(work: Work, names: readonly string[]): Thing | undefined {
  if (names.length > 2) return undefined;
  const relation = found(work, names);
  return relation?.kind === "composite type"
    ? relation
    : work.schema.type(objectName(names), work.session.searchPath);
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
