/** Relations, types and functions as statements have left them → what a statement finds by name. A picture, not a catalog. */
import type { Ast, ObjectName } from "../ast.ts";
import type { RoutineBody } from "../statement/losses.ts";
import type { TypeName } from "./types.ts";

export type RelationKind =
  | "table"
  | "partitioned table"
  | "index"
  | "partitioned index"
  | "view"
  | "materialized view"
  | "sequence"
  | "foreign table"
  | "composite type";

export interface Column {
  name: string;
  type: TypeName;
  notNull: boolean;
  /** Of PostgreSQL 18: NOT NULL that was not checked. */
  notNullUnchecked?: boolean;
  default?: Ast;
  identity?: boolean;
  generated?: "stored" | "virtual";
  collation?: string;
  /** It came from a parent. */
  inherited: boolean;
}

export interface Constraint {
  name: string;
  readonly kind: "check" | "foreign key" | "unique" | "primary key" | "exclude" | "not null";
  columns: string[];
  expression?: Ast;
  valid: boolean;
  enforced: boolean;
  deferred: boolean;
  deferrable: boolean;
  inherited: boolean;
  noInherit: boolean;
  /** The index behind it. */
  readonly index?: Relation;
  readonly references?: {
    readonly table: Relation;
    columns: string[];
    readonly onDelete: string;
    readonly onUpdate: string;
  };
}

/** What is known of the rows: whether statements that need some, or none, will do anything. */
export type Rows = "none" | "some" | "unknown";

export interface Relation {
  readonly id: number;
  schema: string;
  name: string;
  readonly kind: RelationKind;
  /** False where only its name is known: no statement of the folder made it. */
  readonly known: boolean;
  /** Nothing but what may stand in a branch, or passes over what is missing, has named it: it need not be there. */
  perhaps?: boolean;
  /** `public` stands for the schema that the server's search_path leads to: it was named without one. */
  inServersPath: boolean;
  /** The file, as `Schema.file` counts them, that gave it its present name; absent where that was there before all of them. */
  named?: number;
  temporary: boolean;
  unlogged: boolean;
  rows: Rows;
  columns: Column[];
  /** It has columns beside these, whose names are not known. */
  hasMore?: boolean;
  constraints: Constraint[];
  indexes: Relation[];
  triggers: Trigger[];
  rules: { name: string; readonly event: string; readonly instead: boolean }[];
  policies: { name: string; readonly uses: Uses }[];
  rowSecurity: boolean;
  parents: Relation[];
  children: Relation[];
  /** Of a partition. */
  bound?: Bound;
  /** Of a partitioned table. */
  key?: { readonly strategy: "range" | "list" | "hash"; readonly columns: readonly (string | undefined)[] };
  /** Of an index. */
  index?: IndexDefinition;
  /** Of a view or a materialized view. */
  uses?: Uses;
  populated: boolean;
  /** The column that a sequence belongs to. */
  owner?: { readonly table: Relation; column: string; readonly identity: boolean };
  /** The type of a typed table. */
  ofType?: string;
  clusteredOn?: Relation;
  tablespace: string;
  owningRole: string | undefined;
}

export interface Trigger {
  name: string;
  readonly events: readonly ("insert" | "update" | "delete" | "truncate")[];
  readonly forEachRow: boolean;
  readonly columns: readonly string[];
  readonly uses: Uses;
  readonly functionName: string;
  readonly constraint: boolean;
  enabled: boolean;
}

export interface IndexDefinition {
  readonly table: Relation;
  /** Every column that it holds or speaks of. */
  columns: string[];
  /** The columns it is ordered by, as far as they are plain. */
  keys: (string | undefined)[];
  readonly expression: boolean;
  readonly predicate?: Ast;
  /** The functions that it calls. */
  readonly functions: readonly string[];
  readonly unique: boolean;
  readonly method: string;
  /** How PostgreSQL ends the names that it chooses for it and for those of partitions. */
  readonly suffix: "pkey" | "key" | "excl" | "idx";
  valid: boolean;
}

/** The relations that an expression or query reads, and of each the names that may be its columns; `*` is all. */
export interface Uses {
  readonly relations: readonly Relation[];
  /** Of each of them the names of columns that it may be asked for. */
  readonly columns: readonly { readonly relation: Relation; readonly names: ReadonlySet<string> }[];
  readonly names: ReadonlySet<string>;
  readonly functions: readonly string[];
  /** The tree, for what a query over a view reads. */
  readonly tree?: Ast;
}

export interface Bound {
  readonly isDefault: boolean;
  readonly tree: Ast;
}

export interface UserType {
  /** No relation has it. */
  readonly id: number;
  schema: string;
  name: string;
  readonly kind: "enum" | "domain" | "composite" | "range" | "base";
  labels: { name: string; readonly transaction: number }[];
  readonly base?: TypeName;
  /** Of a domain. */
  hasDefault?: boolean;
  constraints: { name: string; valid: boolean }[];
  notNull: boolean;
  readonly transaction: number;
}

export interface UserFunction {
  schema: string;
  readonly name: string;
  volatility: "immutable" | "stable" | "volatile";
  readonly language: string;
  /** Undefined where it could not be read. */
  readonly body: RoutineBody | undefined;
  readonly returns: string;
  readonly arguments: number;
  /** Of a body that PostgreSQL keeps as a tree (BEGIN ATOMIC). */
  readonly uses: Uses | undefined;
}

export interface Publication {
  readonly name: string;
  tables: Relation[];
}

/** A relation or a type, or a column of one, and the name that it had before it got another. */
export type Renamed =
  | { readonly id: number; readonly from: Required<ObjectName>; readonly to: Required<ObjectName> }
  | { readonly table: number; readonly from: string; readonly to: string };

/** Where what is temporary is made. */
export const TEMPORARY = "pg_temp";

const keyOf = (schema: string, name: string): string => `${schema}\0${name}`;

/** Every relation, type and function that is known; made anew for each fold, so that no caller's picture changes. */
export class Schema {
  readonly schemas = new Set(["public"]);
  readonly relations = new Map<string, Relation>();
  readonly types = new Map<string, UserType>();
  readonly functions = new Map<string, UserFunction[]>();
  readonly publications = new Map<string, Publication>();
  readonly statistics = new Map<string, Relation>();
  readonly #count: { next: number };
  /** By the id of a table: whose foreign keys ever referred to it, which sequences ever belonged to it, which views ask it. */
  readonly #referrers = new Map<number, Set<Relation>>();
  readonly #sequences = new Map<number, Set<Relation>>();
  readonly #views = new Map<number, Set<Relation>>();
  /** The names of relations that statements have taken away, and none has made again. */
  readonly #gone = new Set<string>();
  /** Since they were last taken. */
  #added: Relation[] = [];
  #renamed: Renamed[] = [];
  /** Whether something temporary was made since such were last discarded. */
  #hasTemporary = false;
  /** Nothing exists but what is in it. Otherwise a name that is not in it may well be in the database. */
  readonly complete: boolean;
  /** How many files have begun. */
  file = 0;

  constructor(complete: boolean, count = { next: 1 }) {
    this.complete = complete;
    this.#count = count;
  }

  /** Adds a relation; what is not given is empty. */
  add(relation: Pick<Relation, "schema" | "name" | "kind"> & Partial<Relation>): Relation {
    const made: Relation = {
      id: this.#count.next++,
      known: true,
      inServersPath: false,
      temporary: false,
      unlogged: false,
      rows: "none",
      columns: [],
      constraints: [],
      indexes: [],
      triggers: [],
      rules: [],
      policies: [],
      rowSecurity: false,
      parents: [],
      children: [],
      populated: true,
      tablespace: "",
      owningRole: undefined,
      ...(relation.known === false ? {} : { named: this.file }),
      ...relation,
    };
    this.#put(made);
    this.#added.push(made);
    this.note(made);
    return made;
  }

  /** The relations that were added since this was last asked, those among them that are gone, too. */
  takeAdded(): readonly Relation[] {
    const added = this.#added;
    this.#added = [];
    return added;
  }

  /** What was renamed, or moved to another schema, since this was last asked, in order. */
  takeRenamed(): readonly Renamed[] {
    const renamed = this.#renamed;
    this.#renamed = [];
    return renamed;
  }

  /** Must be told when a relation comes to refer to another: by a foreign key, as its sequence, as a view. */
  note(relation: Relation): void {
    const under = (map: Map<number, Set<Relation>>, { id }: Relation): void => {
      map.set(id, (map.get(id) ?? new Set()).add(relation));
    };
    for (const { references } of relation.constraints)
      if (references !== undefined) under(this.#referrers, references.table);
    if (relation.owner !== undefined) under(this.#sequences, relation.owner.table);
    for (const each of relation.uses?.relations ?? []) under(this.#views, each);
  }

  #left(relations: Iterable<Relation> | undefined): readonly Relation[] {
    return [...(relations ?? [])].filter(
      (each) => this.relations.get(keyOf(each.schema, each.name)) === each,
    );
  }

  /** The foreign keys that refer to a table, and whose they are. */
  referring(table: Relation): readonly (readonly [Relation, Constraint])[] {
    return this.#left(this.#referrers.get(table.id)).flatMap((each) =>
      each.constraints
        .filter(({ references }) => references?.table === table)
        .map((constraint) => [each, constraint] as const),
    );
  }

  /** The sequences that belong to columns of a table. */
  sequencesOf(table: Relation): readonly Relation[] {
    return this.#left(this.#sequences.get(table.id)).filter(({ owner }) => owner?.table === table);
  }

  /** The views that ask a relation for something. */
  viewsOf({ id }: Relation): readonly Relation[] {
    return this.#left(this.#views.get(id));
  }

  nextId(): number {
    return this.#count.next++;
  }

  remove({ schema, name }: Relation): void {
    this.relations.delete(keyOf(schema, name));
    this.#gone.add(keyOf(schema, name));
  }

  #put(relation: Relation): void {
    const key = keyOf(relation.schema, relation.name);
    this.relations.set(key, relation);
    this.#gone.delete(key);
    this.#hasTemporary ||= relation.schema === TEMPORARY;
  }

  /** What is temporary goes, as DISCARD TEMP has it, and with it the views that ask it. */
  discardTemporary(): void {
    if (!this.#hasTemporary) return;
    this.#hasTemporary = false;
    const gone = new Set([...this.relations.values()].filter(({ schema }) => schema === TEMPORARY));
    for (const each of gone)
      for (const other of [...each.indexes, ...this.sequencesOf(each), ...this.viewsOf(each)])
        gone.add(other);
    for (const each of gone) {
      this.remove(each);
      for (const parent of each.parents) parent.children = parent.children.filter((child) => child !== each);
    }
  }

  /** Whether no relation can have that name, though more may exist than is known. */
  isAbsent({ schema, name }: ObjectName, searchPath: readonly string[]): boolean {
    const schemas = schema === undefined ? searchPath : [schema];
    return (
      this.complete || (schemas.length > 0 && schemas.every((each) => this.#gone.has(keyOf(each, name))))
    );
  }

  rename(relation: Relation, name: string, schema = relation.schema): void {
    this.#noteName(relation, name, schema);
    this.remove(relation);
    if (schema !== relation.schema) relation.inServersPath = false;
    relation.name = name;
    relation.schema = schema;
    relation.named = this.file;
    this.#put(relation);
  }

  /** A column has another name. Must be told. */
  noteColumn({ id }: Relation, from: string, to: string): void {
    this.#renamed.push({ table: id, from, to });
  }

  #noteName(was: Pick<Relation, "id" | "schema" | "name">, name: string, schema: string): void {
    this.#renamed.push({ id: was.id, from: { schema: was.schema, name: was.name }, to: { schema, name } });
  }

  /** What a name stands for. */
  relation({ schema, name }: ObjectName, searchPath: readonly string[]): Relation | undefined {
    const path = searchPath.length > 0 ? [TEMPORARY, ...searchPath] : searchPath;
    return inPath(schema, path, (each) => this.relations.get(keyOf(each, name)));
  }

  type({ schema, name }: ObjectName, searchPath: readonly string[]): UserType | undefined {
    return inPath(schema, searchPath, (each) => this.types.get(keyOf(each, name)));
  }

  addType(type: Pick<UserType, "schema" | "name" | "kind" | "transaction"> & Partial<UserType>): UserType {
    const made: UserType = { id: this.#count.next++, labels: [], constraints: [], notNull: false, ...type };
    this.types.set(keyOf(made.schema, made.name), made);
    return made;
  }

  removeType(type: UserType): void {
    this.types.delete(keyOf(type.schema, type.name));
  }

  renameType(type: UserType, name: string, schema = type.schema): void {
    this.#noteName(type, name, schema);
    this.removeType(type);
    type.name = name;
    type.schema = schema;
    this.types.set(keyOf(schema, name), type);
  }

  functionsNamed({ schema, name }: ObjectName, searchPath: readonly string[]): readonly UserFunction[] {
    return inPath(schema, searchPath, (each) => this.functions.get(keyOf(each, name))) ?? [];
  }

  addFunction(made: UserFunction): void {
    const key = keyOf(made.schema, made.name);
    this.functions.set(key, [...(this.functions.get(key) ?? []), made]);
  }

  removeFunction(gone: UserFunction): void {
    const key = keyOf(gone.schema, gone.name);
    const left = (this.functions.get(key) ?? []).filter((each) => each !== gone);
    if (left.length === 0) this.functions.delete(key);
    else this.functions.set(key, left);
  }

  /** A copy in which every relation is a new object with the same id. */
  copy(): Schema {
    const made = new Schema(this.complete, this.#count);
    made.file = this.file;
    made.#hasTemporary = this.#hasTemporary;
    const known = new Map<unknown, unknown>();
    for (const each of this.schemas) made.schemas.add(each);
    for (const each of this.#gone) made.#gone.add(each);
    for (const field of ["relations", "types", "functions", "publications", "statistics"] as const) {
      for (const [key, value] of this[field])
        (made[field] as Map<string, unknown>).set(key, copied(value, known));
    }
    for (const each of made.relations.values()) {
      made.note(each);
      made.#added.push(each);
    }
    return made;
  }
}

function inPath<T>(
  schema: string | undefined,
  searchPath: readonly string[],
  find: (schema: string) => T | undefined,
): T | undefined {
  if (schema !== undefined) return find(schema);
  for (const each of searchPath) {
    const found = find(each);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Syntax trees never change and are shared. */
const SHARED = new Set(["default", "expression", "predicate", "tree", "type", "base"]);

/** A deep copy that keeps who points to whom. */
function copied(value: unknown, known: Map<unknown, unknown>): unknown {
  if (typeof value !== "object" || value === null || value instanceof Set) return value;
  const before = known.get(value);
  if (before !== undefined) return before;
  const made: unknown[] | Record<string, unknown> = Array.isArray(value) ? [] : {};
  known.set(value, made);
  for (const [field, each] of Object.entries(value)) {
    (made as Record<string, unknown>)[field] = SHARED.has(field) ? each : copied(each, known);
  }
  return made;
}

/** A relation and all that inherit from it, each once, parents first. */
export function withChildren(relation: Relation): readonly Relation[] {
  const all = new Set([relation]);
  for (const each of all) for (const child of each.children) all.add(child);
  return [...all];
}

/** A relation and its partitions: what has the foreign keys, the triggers for rows and the like of the whole; heirs do not. */
export const withPartitions = (relation: Relation): readonly Relation[] =>
  relation.kind === "partitioned table" ? withChildren(relation) : [relation];

export const hasStorage = ({ kind }: Relation): boolean => kind === "table" || kind === "materialized view";

export const isPartition = ({ bound }: Relation): boolean => bound !== undefined;

export const columnOf = (relation: Relation, name: string): Column | undefined =>
  relation.columns.find((each) => each.name === name);

/** Whether a relation surely has no such column. */
export const lacks = (relation: Relation, name: string): boolean =>
  relation.known && relation.hasMore !== true && columnOf(relation, name) === undefined;
