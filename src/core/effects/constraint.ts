/** Constraints of tables → what adding, checking and dropping them does. */

import { type Ast, items, node, rangeName, stringOf, word } from "../ast.ts";
import { conjuncts } from "./condition.ts";
import { namesOf } from "./expression.ts";
import { addIndex, indexName, namesList, requireColumn, requirePartitionKey } from "./index.ts";
import { chosenName } from "./name.ts";
import { checkForeignKey, type Queue } from "./queue.ts";
import { removeConstraint } from "./removal.ts";
import {
  type Constraint,
  columnOf,
  hasStorage,
  type Relation,
  withChildren,
  withPartitions,
} from "./schema.ts";
import type { Work } from "./work.ts";

/** How a constraint is added. */
export interface Adding {
  /** The table is new: nothing in it to check. */
  readonly isNew?: boolean;
  /** ONLY. */
  readonly only?: boolean;
  /** Columns that this statement adds without a default: they hold nothing to check. */
  readonly empty?: ReadonlySet<string>;
}

const plain = {
  valid: true,
  enforced: true,
  deferred: false,
  deferrable: false,
  inherited: false,
  noInherit: false,
};

/** Adds the constraint of a `Constraint` node; `column`: the one that it is written behind. */
export function addConstraint(
  work: Work,
  queue: Queue,
  table: Relation,
  tree: Ast,
  adding: Adding = {},
  column?: string,
): void {
  const kind = word(tree["contype"]).replace("CONSTR_", "");
  switch (kind) {
    case "CHECK":
      addCheck(work, queue, table, tree, adding);
      return;
    case "NOTNULL":
      addNotNull(work, queue, table, tree, namesList(tree["keys"])[0] ?? column ?? "", adding);
      return;
    case "PRIMARY":
    case "UNIQUE":
    case "EXCLUSION":
      addIndexed(work, queue, table, tree, kind, adding, column);
      return;
    case "FOREIGN":
      addForeignKey(work, queue, table, tree, adding, column);
      return;
    case "NULL":
      return;
    default:
      work.unknown(`what ${kind} does`);
      return;
  }
}

function nameFor(work: Work, table: Relation, tree: Ast, parts: readonly string[], suffix: string): string {
  const given = word(tree["conname"]);
  const taken = (name: string): boolean => table.constraints.some((each) => each.name === name);
  if (given !== "") {
    if (taken(given)) work.refuse(`${table.name} already has a constraint ${given}`);
    return given;
  }
  return chosenName({ table: table.name, columns: parts, suffix }, taken);
}

function addCheck(
  work: Work,
  queue: Queue,
  table: Relation,
  tree: Ast,
  { isNew = false, only = false }: Adding,
): void {
  const expression = node(tree["raw_expr"]);
  const columns = [...namesOf(expression)].filter(
    (name) => columnOf(table, name) !== undefined || !table.known,
  );
  for (const name of namesOf(expression))
    if (name !== "*" && name !== table.name) requireColumn(work, table, name);
  const enforced = tree["is_enforced"] !== false && !isNotEnforced(tree);
  const noInherit = tree["is_no_inherit"] === true;
  if (only && !noInherit && table.children.length > 0)
    work.refuse("the constraint must be added to child tables too");
  const name = nameFor(work, table, tree, columns.length === 1 ? columns : [], "check");
  const valid = enforced && tree["skip_validation"] !== true;
  if (noInherit && work.version >= 18)
    for (const each of withChildren(table)) if (each !== table) work.lock(each, "ACCESS EXCLUSIVE");
  for (const each of noInherit ? [table] : withChildren(table)) {
    if (each !== table) work.lock(each, "ACCESS EXCLUSIVE");
    const own = each.constraints.find((constraint) => constraint.name === name);
    if (own !== undefined) {
      own.inherited = true;
      continue;
    }
    each.constraints.push({
      ...plain,
      name,
      kind: "check",
      columns,
      expression,
      enforced,
      valid: valid || isNew,
      noInherit,
      inherited: each !== table,
    });
    if (valid && !isNew) queue.verifies.add(each);
  }
}

/** The tree has `is_enforced` for CHECK and FOREIGN KEY where it is on. */
const isNotEnforced = (tree: Ast): boolean => tree["is_enforced"] !== true;

/** NOT NULL as a constraint, of PostgreSQL 18, or behind a column. */
function addNotNull(
  work: Work,
  queue: Queue,
  table: Relation,
  tree: Ast,
  column: string,
  { isNew = false, only = false }: Adding,
): void {
  requireColumn(work, table, column);
  const valid = tree["skip_validation"] !== true;
  const before = table.constraints.find((each) => each.kind === "not null" && each.columns[0] === column);
  const name = word(tree["conname"]);
  if (before !== undefined && name !== "" && before.name !== name)
    work.refuse(`${column} of ${table.name} has the not-null constraint ${before.name}`);
  if (only && table.children.length > 0) work.refuse("the constraint must be added to child tables too");
  for (const each of withChildren(table)) {
    if (each !== table) work.lock(each, "ACCESS EXCLUSIVE");
    setNotNull(isNew ? undefined : queue, each, column, valid);
    if (work.version >= 18) nameNotNull(each, column, name, valid);
  }
}

/** From PostgreSQL 18 on, NOT NULL has a name. */
export function nameNotNull(table: Relation, column: string, name: string, valid: boolean): void {
  const found = table.constraints.find(({ kind, columns }) => kind === "not null" && columns[0] === column);
  if (found !== undefined) {
    if (valid) found.valid = true;
    return;
  }
  const made = name || [table.name, column, "not_null"].join("_");
  table.constraints.push({ ...plain, name: made, kind: "not null", columns: [column], valid });
}

/** Makes a column NOT NULL, and says whether its rows are read for that: not where it is so, or a CHECK that holds proves it. */
export function setNotNull(queue: Queue | undefined, table: Relation, name: string, valid = true): boolean {
  const column = columnOf(table, name);
  if (column === undefined) return false;
  if (column.notNull && !column.notNullUnchecked) return false;
  const reads = valid && queue !== undefined && !impliesNotNull(table, name);
  if (reads) queue.verifies.add(table);
  column.notNull = true;
  if (valid) delete column.notNullUnchecked;
  else column.notNullUnchecked = true;
  return reads;
}

function impliesNotNull(table: Relation, name: string): boolean {
  return table.constraints.some(
    ({ kind, valid, enforced, expression }) =>
      kind === "check" && valid && enforced && conjuncts(expression!).some((each) => isNotNull(each, name)),
  );
}

function isNotNull(expression: Ast, name: string): boolean {
  const negated = node(expression["BoolExpr"]);
  const inner = node(items(negated["args"])[0]?.["NullTest"]);
  const test = negated["boolop"] === "NOT_EXPR" ? inner : node(expression["NullTest"]);
  const proving = negated["boolop"] === "NOT_EXPR" ? "IS_NULL" : "IS_NOT_NULL";
  const column = stringOf(items(node(node(test["arg"])["ColumnRef"])["fields"]).at(-1) ?? {});
  return test["nulltesttype"] === proving && column === name;
}

function addIndexed(
  work: Work,
  queue: Queue,
  table: Relation,
  tree: Ast,
  kind: "PRIMARY" | "UNIQUE" | "EXCLUSION",
  { isNew = false, only = false }: Adding,
  column: string | undefined,
): void {
  const primary = kind === "PRIMARY";
  if (kind === "EXCLUSION" && table.kind === "partitioned table" && work.version < 17)
    work.refuse("exclusion constraints of partitioned tables need PostgreSQL 17");
  if (primary && table.constraints.some((each) => each.kind === "primary key"))
    work.refuse(`${table.name} already has a primary key`);
  if (word(tree["indexname"]) !== "") {
    addUsingIndex(work, queue, table, tree, primary);
    return;
  }
  const elements = items(tree["exclusions"]).map((item) =>
    node(node(items(node(item["List"])["items"])[0])["IndexElem"]),
  );
  const keys =
    kind === "EXCLUSION" ? elements.map((each) => word(each["name"]) || undefined) : keysOf(tree, column);
  for (const each of keys) if (each !== undefined) requireColumn(work, table, each);
  if (kind !== "EXCLUSION") requirePartitionKey(work, table, keys);
  if (primary) primaryNotNull(work, isNew ? undefined : queue, table, keys);
  if (!only) lockForIndex(work, table, isNew);
  const suffix = ({ PRIMARY: "pkey", UNIQUE: "key", EXCLUSION: "excl" } as const)[kind];
  const name = word(tree["conname"]) || indexName(work, table, keys, suffix);
  const predicate = tree["where_clause"] === undefined ? undefined : node(tree["where_clause"]);
  const made = {
    name,
    keys,
    columns: [
      ...namesList(tree["including"]),
      ...[...elements.map((each) => node(each["expr"])), predicate ?? {}].flatMap((each) => [
        ...namesOf(each),
      ]),
    ],
    ...(predicate === undefined ? {} : { predicate }),
    unique: kind !== "EXCLUSION",
    suffix,
    expression: elements.some((each) => each["expr"] !== undefined),
    method: word(tree["access_method"]) || "btree",
  };
  const index = addIndex(work, table, made, only);
  pushIndexed(table, index, primary ? "primary key" : kind === "UNIQUE" ? "unique" : "exclude", tree);
  if (!isNew && hasStorage(table)) queue.builds.add(table);
}

const keysOf = (tree: Ast, column: string | undefined): readonly string[] =>
  items(tree["keys"]).length > 0 ? namesList(tree["keys"]) : [column ?? ""];

/** The index of a partitioned table is built on each partition. */
function lockForIndex(work: Work, table: Relation, isNew: boolean): void {
  if (isNew) return;
  const mode = work.version >= 18 ? "ACCESS EXCLUSIVE" : "SHARE";
  const tables = table.kind === "partitioned table" || work.version >= 18 ? withChildren(table) : [];
  for (const each of tables) if (each !== table) work.lock(each, mode);
}

/** A primary key's columns become NOT NULL; each partition's too. */
function primaryNotNull(
  work: Work,
  queue: Queue | undefined,
  table: Relation,
  keys: readonly (string | undefined)[],
): void {
  for (const key of keys) {
    for (const each of withChildren(table)) {
      const column = columnOf(each, key ?? "");
      if (column === undefined || (column.notNull && column.notNullUnchecked !== true)) continue;
      if (each !== table) work.lock(each, "ACCESS EXCLUSIVE");
      if (setNotNull(queue, each, key!)) work.traits.add(`null ${key!}`);
      if (work.version >= 18) nameNotNull(each, key!, "", true);
    }
  }
}

function pushIndexed(table: Relation, index: Relation, kind: Constraint["kind"], tree: Ast): void {
  table.constraints.push({
    ...plain,
    name: index.name,
    kind,
    columns: index.index!.keys.filter((key) => key !== undefined),
    index,
    deferrable: tree["deferrable"] === true,
  });
  for (const child of index.children) pushIndexed(child.index!.table, child, kind, tree);
  const last = table.constraints.at(-1)!;
  if (index.parents.length > 0) last.inherited = true;
}

function addUsingIndex(work: Work, queue: Queue, table: Relation, tree: Ast, primary: boolean): void {
  const [indexed, name] = [word(tree["indexname"]), word(tree["conname"])];
  if (table.kind === "partitioned table") work.refuse("USING INDEX is not supported for partitioned tables");
  const index = table.indexes.find((each) => each.name === indexed);
  if (index === undefined) {
    if (table.known) work.refuse(`${table.name} has no index ${indexed}`);
    work.unknown(`what the index ${indexed} is`);
    return;
  }
  const { unique, expression, predicate, keys } = index.index!;
  if (!unique || expression || predicate !== undefined)
    work.refuse(`${indexed} cannot be used for a constraint`);
  if (table.constraints.some((each) => each.index === index))
    work.refuse(`${indexed} already belongs to a constraint`);
  if (primary) primaryNotNull(work, queue, table, keys);
  work.lock(index, name !== "" && name !== indexed ? "SHARE UPDATE EXCLUSIVE" : "ACCESS SHARE");
  if (name !== "" && name !== indexed) work.schema.rename(index, name);
  pushIndexed(table, index, primary ? "primary key" : "unique", tree);
}

// Foreign keys.

function addForeignKey(
  work: Work,
  queue: Queue,
  table: Relation,
  tree: Ast,
  adding: Adding,
  column: string | undefined,
): void {
  const { isNew = false, empty = new Set() } = adding;
  const own = items(tree["fk_attrs"]).length > 0 ? namesList(tree["fk_attrs"]) : [column ?? ""];
  for (const each of own) requireColumn(work, table, each);
  const parent =
    rangeName(tree["pktable"]).name === table.name && work.find(rangeName(tree["pktable"])) === table
      ? table
      : work.open(rangeName(tree["pktable"]), "SHARE ROW EXCLUSIVE");
  if (parent === undefined) return;
  if (parent.known && !/table$/.test(parent.kind)) work.refuse(`${parent.name} is not a table`);
  if (table.temporary !== parent.temporary && parent.known)
    work.refuse("a temporary table and one that is not cannot refer to each other");
  if (parent.unlogged && !table.unlogged && !table.temporary)
    work.refuse(`${parent.name} is unlogged, and ${table.name} is not`);
  const columns = referencedColumns(work, parent, tree);
  const enforced = !isNotEnforced(tree);
  const skips = tree["skip_validation"] === true;
  if (skips && table.kind === "partitioned table" && work.version < 18)
    work.refuse("NOT VALID foreign keys of partitioned tables need PostgreSQL 18");
  const made: Constraint = {
    ...plain,
    name: nameFor(work, table, tree, own, "fkey"),
    kind: "foreign key",
    columns: own,
    valid: enforced && (isNew || !skips),
    enforced,
    deferrable: tree["deferrable"] === true,
    deferred: tree["initdeferred"] === true,
    references: {
      table: parent,
      columns,
      onDelete: word(tree["fk_del_action"]) || "a",
      onUpdate: word(tree["fk_upd_action"]) || "a",
    },
  };
  if (!isNew) work.lock(table, "SHARE ROW EXCLUSIVE");
  for (const each of withPartitions(parent)) if (each !== parent) work.lock(each, "SHARE ROW EXCLUSIVE");
  const recurses = table.kind === "partitioned table" || (work.version >= 18 && !isNew);
  const taken = new Map(
    withPartitions(table)
      .filter((each) => each !== table)
      .map((each) => [each, sameKey(each, made)] as const),
  );
  for (const each of recurses ? withChildren(table) : [table]) {
    if (each !== table) work.lock(each, "SHARE ROW EXCLUSIVE");
    if (each !== table && table.kind !== "partitioned table") continue;
    const before = taken.get(each);
    if (before !== undefined) before.inherited = true;
    else each.constraints.push({ ...made, inherited: each !== table });
    work.schema.note(each);
  }
  const nothing = own.every((each) => empty.has(each));
  if (isNew || skips || !enforced || nothing) return;
  for (const each of withPartitions(table))
    if (each.kind !== "partitioned table" && taken.get(each)?.valid !== true)
      queue.foreignKeys.push([each, made]);
}

/** A partition's own key, which the one of the whole takes over, and does not check again. */
const sameKey = (table: Relation, { columns, references }: Constraint): Constraint | undefined =>
  table.constraints.find(
    (each) =>
      each.kind === "foreign key" &&
      each.enforced &&
      each.references!.table === references!.table &&
      each.columns.join() === columns.join() &&
      each.references!.columns.join() === references!.columns.join() &&
      each.references!.onDelete === references!.onDelete &&
      each.references!.onUpdate === references!.onUpdate,
  );

function referencedColumns(work: Work, parent: Relation, tree: Ast): string[] {
  const named = namesList(tree["pk_attrs"]);
  if (!parent.known) return named;
  const primary = parent.constraints.find(({ kind }) => kind === "primary key");
  if (named.length === 0)
    return primary === undefined ? work.refuse(`${parent.name} has no primary key`) : [...primary.columns];
  const wanted = named.toSorted().join();
  const unique = parent.indexes.some(
    ({ index }) =>
      index!.unique &&
      !index!.expression &&
      index!.predicate === undefined &&
      index!.keys.toSorted().join() === wanted,
  );
  if (!unique) work.refuse(`${parent.name} has no unique constraint on (${named.join(", ")})`);
  return named;
}

/** ALTER CONSTRAINT. */
export function alterConstraint(work: Work, queue: Queue, table: Relation, def: Ast): void {
  const constraint = requireConstraint(work, table, word(def["conname"]));
  if (constraint === undefined) return;
  const inherits = def["alterInheritability"] === true;
  if (constraint.kind !== "foreign key" && !(inherits && constraint.kind === "not null"))
    work.refuse(`${constraint.name} is not a foreign key`);
  if (table.kind === "partitioned table")
    for (const each of withChildren(table)) work.lock(each, "ACCESS EXCLUSIVE");
  if (def["alterDeferrability"] === true) {
    constraint.deferrable = def["deferrable"] === true;
    constraint.deferred = def["initdeferred"] === true;
  }
  if (def["alterEnforceability"] !== true || constraint.references === undefined) return;
  const enforced = def["is_enforced"] === true;
  work.lock(constraint.references.table, enforced ? "SHARE ROW EXCLUSIVE" : "ACCESS EXCLUSIVE");
  if (enforced && !constraint.enforced) queue.foreignKeys.push([table, constraint]);
  constraint.enforced = enforced;
  constraint.valid = enforced;
}

export function requireConstraint(
  work: Work,
  table: Relation,
  name: string,
  missingOk = false,
): Constraint | undefined {
  const found = table.constraints.find((each) => each.name === name);
  if (found !== undefined || missingOk) return found;
  if (table.known) work.refuse(`${table.name} has no constraint ${name}`);
  work.unknown(`what the constraint ${name} is`);
  return undefined;
}

/** VALIDATE CONSTRAINT. */
export function validateConstraint(work: Work, table: Relation, name: string): void {
  const constraint = requireConstraint(work, table, name);
  if (constraint === undefined) return;
  if (
    !/^(?:check|foreign key|not null)$/.test(constraint.kind) ||
    (constraint.kind === "not null" && work.version < 18)
  )
    work.refuse(`${name} is not a constraint that can be validated`);
  if (!constraint.enforced) work.refuse(`${name} is NOT ENFORCED`);
  if (constraint.valid) return;
  if (constraint.kind === "foreign key") {
    work.lock(constraint.references!.table, "ROW SHARE");
    checkForeignKey(work, table, constraint);
  }
  for (const each of withChildren(table)) {
    const own = each.constraints.find((other) => other.name === name);
    if (own === undefined || own.valid) continue;
    work.lock(each, "SHARE UPDATE EXCLUSIVE");
    own.valid = true;
    if (constraint.kind !== "foreign key") work.scan(each);
    const column = columnOf(each, constraint.kind === "not null" ? constraint.columns[0]! : "");
    if (column !== undefined) delete column.notNullUnchecked;
  }
}

/** DROP CONSTRAINT, by name. */
export function dropConstraint(
  work: Work,
  table: Relation,
  name: string,
  { cascade, missingOk }: { cascade: boolean; missingOk: boolean },
): void {
  const constraint = requireConstraint(work, table, name, missingOk);
  if (constraint === undefined) return;
  if (constraint.inherited) work.refuse(`${name} of ${table.name} is inherited`);
  removeConstraint(work, table, constraint, cascade);
}
