/** SELECT, INSERT, UPDATE, DELETE and MERGE → what they lock and read. */
import { type Ast, items, kindOf, node, rangeName, someNode, stringOf, word } from "../ast.ts";
import { type Constant, compared, conditions, constantOf, equalTo, isBounded, limit } from "./condition.ts";
import { calledIn, callsIn, namesOf, rangesIn, sequencesIn } from "./expression.ts";
import { followCalls } from "./function.ts";
import type { LockMode } from "./mode.ts";
import {
  type Constraint,
  columnOf,
  lacks,
  type Relation,
  type Trigger,
  withChildren,
  withPartitions,
} from "./schema.ts";
import { typeName } from "./types.ts";
import type { Work } from "./work.ts";

/** `analysed`: only its names are looked up, as for a view. `planned`: as EXPLAIN does. `run`: it reads its rows too. */
export type Depth = "analysed" | "planned" | "run";

export const isQuery = (ast: Ast): boolean => QUERY.test(kindOf(ast)[0]);
const QUERY = /^(?:Select|Insert|Update|Delete|Merge)Stmt$/;

/** Does what a query does to the depth that is asked for. */
export function query(work: Work, ast: Ast, depth: Depth): void {
  const [kind, tree] = kindOf(ast);
  if (/^(?:Insert|Update|Delete|Merge)Stmt$/.test(kind)) {
    change(work, kind, tree, depth);
    return;
  }
  for (const changing of nestedChanges(tree)) change(work, ...changing, depth);
  read(work, tree, depth, lockedModes(tree));
}

/** INSERT, UPDATE and DELETE within WITH. */
function nestedChanges(tree: Ast): readonly (readonly [string, Ast])[] {
  return items(node(tree["withClause"])["ctes"])
    .map((cte) => kindOf(node(node(cte["CommonTableExpr"])["ctequery"])))
    .filter(([kind]) => /^(?:Insert|Update|Delete|Merge)Stmt$/.test(kind));
}

/** FOR UPDATE and its like: the relations of the query are locked more strongly. */
function lockedModes(tree: Ast): (name: string) => LockMode {
  const clauses = items(tree["lockingClause"]).map((item) => node(item["LockingClause"]));
  const named = clauses.flatMap((clause) =>
    items(clause["lockedRels"]).map((item) => rangeName(item["RangeVar"]).name),
  );
  return (name) =>
    clauses.length > 0 && (named.length === 0 || named.includes(name)) ? "ROW SHARE" : "ACCESS SHARE";
}

/** Reads every relation that the tree names. */
function read(work: Work, tree: Ast, depth: Depth, modeOf: (name: string) => LockMode, except?: Ast): void {
  const scopes = scopesOf(tree);
  const changed = nestedChanges(tree).map(([, nested]) => nested["relation"]);
  for (const range of rangesIn(tree)) {
    if (range === except || changed.includes(range)) continue;
    const name = calledIn(range);
    const mode = modeOf(name);
    const relation = work.openRange(range, mode);
    if (relation !== undefined)
      readRelation(work, relation, {
        name,
        mode,
        depth,
        only: range["inh"] !== true,
        tree: scopes.get(range) ?? tree,
      });
  }
  refuseNewLabels(work, tree);
  if (depth === "analysed") return;
  for (const name of sequencesIn(tree))
    if (depth === "run") work.open(name, "ROW EXCLUSIVE", { kind: "sequence" });
  if (depth === "run") followCalls(work, tree);
}

/** For each relation of a query the SELECT that names it in FROM: its conditions are about it. */
function scopesOf(tree: Ast): ReadonlyMap<Ast, Ast> {
  const scopes = new Map<Ast, Ast>();
  const add = (select: Ast): void => {
    for (const range of rangesIn({ from: select["fromClause"] })) scopes.set(range, select);
  };
  add(tree);
  someNode(tree, (_, fields) => {
    if (fields["fromClause"] !== undefined) add(fields);
    return false;
  });
  return scopes;
}

interface Reading {
  /** What the query calls it. */
  readonly name: string;
  readonly mode: LockMode;
  readonly depth: Depth;
  readonly only: boolean;
  /** The query, whose conditions say which rows. */
  readonly tree: Ast;
}

function readRelation(work: Work, relation: Relation, reading: Reading): void {
  const { name, mode, depth, only, tree } = reading;
  if (depth === "analysed") return;
  if (relation.kind === "view") {
    const body = relation.uses?.tree;
    if (body === undefined) {
      work.unknown(`what the view ${relation.name} reads`);
      return;
    }
    read(work, body, depth, () => mode);
    return;
  }
  if (relation.kind === "materialized view" && !relation.populated && depth === "run")
    work.refuse(`${relation.name} has not been populated`);
  const all = only ? [relation] : live(relation, tree);
  for (const each of all) {
    work.plan(each, mode);
    if (depth !== "run") continue;
    if (byIndex(each, tree, name)) continue;
    work.scan(each);
  }
}

/** The relation and those of its partitions that the conditions leave. */
function live(relation: Relation, tree: Ast): readonly Relation[] {
  const column = relation.key?.columns[0];
  const all = withChildren(relation);
  if (column === undefined || relation.key?.columns.length !== 1) return all;
  const values = equalTo(tree, column);
  if (values.length === 0) return all;
  return all.filter((each) => each.bound === undefined || values.some((value) => inBound(each, value)));
}

function inBound(partition: Relation, value: Constant): boolean {
  const { tree, isDefault } = partition.bound!;
  if (isDefault) return true;
  const [low, high] = [limit(tree["lowerdatums"]), limit(tree["upperdatums"])];
  if (word(tree["strategy"]) !== "r" || low === undefined || high === undefined) return true;
  const [above, below] = [compared(value, low), compared(value, high)];
  return above === undefined || below === undefined || (above >= 0 && below < 0);
}

/** Whether the conditions let PostgreSQL find the rows by an index, as it does where there are more than a few. */
function byIndex(relation: Relation, tree: Ast, name: string): boolean {
  const own = conditions(tree).filter(({ table }) => table === undefined || table === name);
  const wanted = own.filter(
    ({ operator, column }) => /^(?:=|in|is null)$/.test(operator) || isBounded(own, column),
  );
  return relation.indexes.some(
    ({ index }) =>
      index?.valid === true &&
      index.predicate === undefined &&
      index.keys[0] !== undefined &&
      (wanted.some(({ column }) => column === index.keys[0]) || isOrdered(tree, index.keys[0])),
  );
}

/** The first rows, or the first value, in the order of an index. */
function isOrdered(tree: Ast, key: string): boolean {
  const named = (value: Ast): boolean =>
    stringOf(items(node(value["ColumnRef"])["fields"]).at(-1) ?? {}) === key;
  const [order] = items(tree["sortClause"]);
  if (tree["limitCount"] !== undefined && order !== undefined)
    return named(node(node(order["SortBy"])["node"]));
  const target = node(node(items(tree["targetList"])[0]?.["ResTarget"])["val"]);
  const calls = callsIn(target);
  return (
    calls.length > 0 &&
    calls.every(({ name }) => /^(?:min|max)$/.test(name)) &&
    items(tree["targetList"]).length === 1 &&
    [...namesOf(target)].join() === key &&
    tree["whereClause"] === undefined &&
    tree["groupClause"] === undefined
  );
}

// Changes.

function change(work: Work, kind: string, tree: Ast, depth: Depth): void {
  const range = node(tree["relation"]);
  const named = work.openRange(range, "ROW EXCLUSIVE");
  for (const nested of nestedChanges(tree)) change(work, ...nested, depth);
  // An INSERT's rows are chosen by its SELECT, another's by its own WHERE clause.
  const rows = kind === "InsertStmt" ? node(node(tree["selectStmt"])["SelectStmt"]) : tree;
  read(
    work,
    kind === "InsertStmt" ? { rows, rest: without(tree, "selectStmt", "relation") } : tree,
    depth,
    () => "ACCESS SHARE",
    range,
  );
  if (named === undefined) return;
  const target = named.kind === "view" ? behindView(work, named) : named;
  if (target === undefined) return;
  if (!/table$/.test(target.kind)) work.refuse(`${target.name} does not accept rows`);
  if (depth === "analysed") return;
  for (const rule of target.rules) if (eventOf(kind).includes(rule.event)) followRule(work, rule);
  const only = named === target && range["inh"] !== true;
  lookUpBounds(work, target);
  if (kind === "InsertStmt") insert(work, { named, target }, tree, depth);
  else alter(work, target, { kind, tree, depth, only });
  if (depth === "run" && /^(?:Update|Delete)Stmt$/.test(kind) && tree["whereClause"] === undefined)
    for (const each of only ? [target] : withChildren(target)) work.writeAll(each);
}

function without(tree: Ast, ...fields: readonly string[]): Ast {
  return Object.fromEntries(Object.entries(tree).filter(([field]) => !fields.includes(field)));
}

/** The table that an updatable view writes to. */
function behindView(work: Work, view: Relation): Relation | undefined {
  const tables = view.uses?.relations ?? [];
  if (view.triggers.length > 0 || view.rules.length > 0 || tables.length !== 1) {
    work.unknown(`what is written through the view ${view.name}`);
    return undefined;
  }
  work.lock(tables[0]!, "ROW EXCLUSIVE");
  return tables[0]!.kind === "view" ? behindView(work, tables[0]!) : tables[0];
}

function eventOf(kind: string): readonly string[] {
  if (kind === "MergeStmt") return ["insert", "update", "delete"];
  return [kind.replace("Stmt", "").toLowerCase()];
}

/** A rule that does nothing instead takes no more locks. */
function followRule(work: Work, rule: Relation["rules"][number]): void {
  if (!rule.instead) work.unknown(`what the rule ${rule.name} does`);
}

/** `named` may be a view of the target, and call its columns otherwise. */
function insert(
  work: Work,
  { named, target }: { readonly named: Relation; readonly target: Relation },
  tree: Ast,
  depth: Depth,
): void {
  const conflict = node(tree["onConflictClause"]);
  const infer = node(conflict["infer"]);
  if (items(infer["indexElems"]).length > 0 || infer["conname"] !== undefined)
    work.plan(target, "ROW EXCLUSIVE");
  if (depth !== "run") return;
  const values = items(node(node(tree["selectStmt"])["SelectStmt"])["valuesLists"]);
  const columns = items(tree["cols"]).map((item) => word(node(item["ResTarget"])["name"]));
  const names = columns.length > 0 ? columns : named.columns.map(({ name }) => name);
  const refuses = named === target;
  const given = (column: string): Ast | undefined => {
    const index = names.indexOf(column);
    const rows = values.map((row) => items(node(row["List"])["items"])[index]);
    return rows.find((each) => each !== undefined && !isNull(each));
  };
  for (const each of refuses ? columns : [])
    if (lacks(target, each)) work.refuse(`${target.name} has no column ${each}`);
  const partitions =
    target.kind === "partitioned table"
      ? chosen(work, target, values.length > 0 ? given : undefined)
      : [target];
  for (const each of partitions) {
    work.lock(each, "ROW EXCLUSIVE");
    const rowsGiven = tree["selectStmt"] === undefined ? [{ List: { items: [] } }] : values;
    const columnsGiven = tree["selectStmt"] === undefined ? [] : names;
    if (refuses && nullIn(each, columnsGiven, rowsGiven))
      work.refuse(`a row of ${each.name} would have NULL where it may not`);
    each.rows = "some";
    const filled = (column: string): boolean =>
      names.includes(column)
        ? values.length === 0 || given(column) !== undefined
        : hasDefault(target, column);
    for (const key of foreignKeys(each)) if (key.columns.every(filled)) checkParent(work, each, key);
    fireTriggers(work, each, "insert");
  }
  const omitted = (name: string): boolean =>
    tree["selectStmt"] === undefined || (columns.length > 0 && !columns.includes(name));
  for (const each of target.columns) {
    if (each.default !== undefined && omitted(each.name))
      for (const sequence of sequencesIn(each.default))
        work.open(sequence, "ROW EXCLUSIVE", { kind: "sequence" });
    if (each.identity === true && omitted(each.name)) lockIdentity(work, target, each.name);
    useEnum(work, each, given(each.name));
  }
}

function lockIdentity(work: Work, table: Relation, column: string): void {
  for (const each of work.schema.sequencesOf(table))
    if (each.owner!.column === column && each.owner!.identity) work.lock(each, "ROW EXCLUSIVE");
}

/** A value that was added to an enum in this transaction must not be used in it. */
function useEnum(work: Work, { type }: Relation["columns"][number], value: Ast | undefined): void {
  if (value !== undefined) refuseNewLabel(work, type, value);
}

/** Casts of constants to enums. */
function refuseNewLabels(work: Work, tree: Ast): void {
  someNode({ tree }, (kind, fields) => {
    if (kind === "TypeCast") refuseNewLabel(work, typeName(node(fields["typeName"])), node(fields["arg"]));
    return false;
  });
}

/** Refuses a constant that is a label the transaction added to its type. */
export function refuseNewLabel(
  work: Work,
  type: { readonly schema?: string; readonly name: string },
  value: Ast,
): void {
  const text = word(node(node(value["A_Const"])["sval"])["sval"]);
  const user = text === "" ? undefined : work.schema.type(type, work.session.searchPath);
  const label = user?.labels.find(({ name }) => name === text);
  if (user === undefined || label === undefined || label.transaction !== work.session.transaction) return;
  if (work.version >= 17 && user.transaction === work.session.transaction) return;
  work.refuse(`the value ${text} was added to ${user.name} in this transaction`);
}

function hasDefault(target: Relation, name: string): boolean {
  return columnOf(target, name)?.default !== undefined;
}

function nullIn(target: Relation, names: readonly string[], values: readonly Ast[]): boolean {
  return (
    values.length > 0 &&
    target.columns.some((column) => {
      if (
        !column.notNull ||
        target.triggers.some((each) => each.events.includes("insert") && each.forEachRow)
      )
        return false;
      const index = names.indexOf(column.name);
      if (index < 0)
        return column.default === undefined && column.identity !== true && column.generated === undefined;
      return values.some((row) => {
        const value = items(node(row["List"])["items"])[index];
        return value === undefined ? column.default === undefined && column.identity !== true : isNull(value);
      });
    })
  );
}

const isNull = (value: Ast): boolean => node(value["A_Const"])["isnull"] === true;

/** The partitions that rows go to; all of them where that does not show. */
function chosen(
  work: Work,
  target: Relation,
  given: ((column: string) => Ast | undefined) | undefined,
): readonly Relation[] {
  const column = target.key?.columns[0];
  const value = given === undefined || column === undefined ? undefined : given(column);
  const number = value === undefined ? undefined : constantOf(value);
  const leaves = withChildren(target).filter(({ kind }) => kind === "table");
  if (
    number === undefined ||
    target.key?.columns.length !== 1 ||
    target.children.some(({ kind }) => kind !== "table")
  ) {
    work.unknown(`which partitions of ${target.name} the rows go to`, withChildren(target));
    return leaves;
  }
  const fits = leaves.filter((each) => inBound(each, number));
  const [first] = fits.filter((each) => each.bound?.isDefault !== true);
  const found = first ?? fits[0];
  if (found === undefined) work.refuse(`${target.name} has no partition for the row`);
  return [found];
}

const foreignKeys = (table: Relation): readonly Constraint[] =>
  table.constraints.filter(({ kind, enforced }) => kind === "foreign key" && enforced);

/** The row of the parent is looked for and locked. */
function checkParent(work: Work, table: Relation, { references, deferred }: Constraint): void {
  if (deferred) {
    work.session.pending.add(table.id);
    return;
  }
  for (const each of withPartitions(references!.table)) work.plan(each, "ROW SHARE");
}

interface Alteration {
  readonly kind: string;
  readonly tree: Ast;
  readonly depth: Depth;
  readonly only: boolean;
}

/** UPDATE, DELETE, MERGE. */
function alter(work: Work, target: Relation, { kind, tree, depth, only }: Alteration): void {
  const all = only ? [target] : live(target, tree);
  for (const each of all) {
    work.plan(each, "ROW EXCLUSIVE");
    if (depth !== "run") continue;
    const events = kind === "MergeStmt" ? mergeEvents(tree) : eventOf(kind);
    if (!byIndex(each, tree, calledIn(node(tree["relation"])))) {
      work.scan(each);
      if (events.includes("update") || events.includes("delete")) work.update(each);
    }
    if (each.rows === "none" || each.kind === "partitioned table") continue;
    for (const event of events as ("insert" | "update" | "delete")[]) {
      fireTriggers(work, each, event);
      if (event === "update") updateKeys(work, each, changedColumns(tree), nullColumns(tree));
      if (event === "delete") deleteRows(work, each);
    }
  }
}

function mergeEvents(tree: Ast): readonly string[] {
  const events = items(tree["mergeWhenClauses"]).map((item) =>
    word(node(item["MergeWhenClause"])["commandType"]),
  );
  return [...new Set(events.map((event) => event.replace("CMD_", "").toLowerCase()))].filter(
    (each) => each !== "nothing",
  );
}

/** The columns that SET gives another value than their own. */
function changedColumns(tree: Ast): readonly string[] {
  return items(tree["targetList"])
    .map((item) => node(item["ResTarget"]))
    .filter((target) => {
      const names = [...namesOf(node(target["val"]))];
      const bare = node(target["val"])["ColumnRef"] !== undefined;
      return !(bare && names.length === 1 && names[0] === target["name"]);
    })
    .map((target) => word(target["name"]));
}

/** The columns that SET makes NULL. */
function nullColumns(tree: Ast): readonly string[] {
  return items(tree["targetList"])
    .map((item) => node(item["ResTarget"]))
    .filter((target) => isNull(node(target["val"])))
    .map((target) => word(target["name"]));
}

function updateKeys(work: Work, table: Relation, columns: readonly string[], nulls: readonly string[]): void {
  for (const key of foreignKeys(table)) {
    const set = key.columns.filter((each) => columns.includes(each));
    if (set.length > 0 && !set.some((each) => nulls.includes(each))) checkParent(work, table, key);
  }
  for (const [child, key] of work.schema.referring(table)) {
    if (key.references!.columns.some((each) => columns.includes(each)))
      touchChild(work, child, key, key.references!.onUpdate);
  }
}

function deleteRows(work: Work, table: Relation): void {
  for (const [child, key] of work.schema.referring(table))
    touchChild(work, child, key, key.references!.onDelete);
}

/** The rows that refer to one that goes are looked for, and changed where the key says so. */
function touchChild(work: Work, child: Relation, key: Constraint, action: string): void {
  if (!key.enforced) return;
  const changes = /^[cnd]$/.test(action);
  for (const each of withPartitions(child)) {
    work.plan(each, changes ? "ROW EXCLUSIVE" : "ROW SHARE");
    if (!each.indexes.some(({ index }) => index?.keys[0] === key.columns[0])) work.scan(each);
  }
}

/** Before PostgreSQL 14 what is written to a partition directly looks up the bounds of its parents. */
export function lookUpBounds(work: Work, table: Relation): void {
  if (work.version >= 14 || table.bound === undefined) return;
  for (const parent of table.parents) {
    work.lock(parent, "ACCESS SHARE");
    lookUpBounds(work, parent);
  }
}

function fireTriggers(work: Work, table: Relation, event: Trigger["events"][number]): void {
  for (const trigger of table.triggers) {
    if (!trigger.enabled || !trigger.events.includes(event)) continue;
    followCalls(work, {
      FuncCall: { funcname: [{ String: { sval: trigger.functionName } }], trigger: true },
    });
  }
}
