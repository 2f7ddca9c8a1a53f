/** ATTACH PARTITION, DETACH PARTITION and CREATE TABLE … PARTITION OF, INHERIT → what they do to the parent and to the others. */
import { type Ast, type AstValue, items, node, rangeName, word } from "../ast.ts";
import { type Condition, type Constant, compared, conditionOf, conjuncts, limit } from "./condition.ts";
import { attachOrBuild } from "./index.ts";

import { checkForeignKey, type Queue } from "./queue.ts";
import { columnOf, hasStorage, isPartition, type Relation, withChildren } from "./schema.ts";
import type { Work } from "./work.ts";

const defaultOf = (table: Relation): Relation | undefined =>
  table.children.find(({ bound }) => bound?.isDefault === true);

/** ATTACH PARTITION. */
export function attachPartition(work: Work, queue: Queue, table: Relation, command: Ast): void {
  if (table.kind === "partitioned index") {
    attachIndex(work, table, command);
    return;
  }
  if (table.known && table.kind !== "partitioned table") work.refuse(`${table.name} is not partitioned`);
  const def = node(node(command["def"])["PartitionCmd"]);
  const child = work.openRange(node(def["name"]), "ACCESS EXCLUSIVE");
  if (child === undefined) return;
  for (const each of withChildren(child)) work.lock(each, "ACCESS EXCLUSIVE");
  if (!table.known || !child.known) {
    work.unknown(
      `whether ${child.name} is scanned: a CHECK may prove that its rows fit`,
      withChildren(child),
    );
    if (!table.known) work.unknown(`the default partition of ${table.name}`);
    return;
  }
  if (isPartition(child)) work.refuse(`${child.name} is already a partition`);
  requireColumns(work, table, child);
  const bound = node(def["bound"]);
  const other = defaultOf(table);
  refuseOverlap(work, table, bound);
  if (other !== undefined) work.lock(other, "ACCESS EXCLUSIVE");
  if (other !== undefined && !isExcluded(other, table, bound)) verifyDefault(work, queue, other);
  join(work, table, child, bound);
  const proof = isProven(child, table, bound);
  if (proof === undefined)
    work.unknown(
      `whether the constraints of ${child.name} prove that its rows fit, which saves the scan`,
      withChildren(child),
    );
  const alone = bound["is_default"] === true && table.children.length === 1;
  if (proof === false && !alone)
    for (const each of withChildren(child)) if (hasStorage(each)) queue.verifies.add(each);
}

/** A child has the columns of its parent, and allows NULL only where that does. */
function requireColumns(work: Work, parent: Relation, child: Relation): void {
  for (const { name, notNull } of parent.columns) {
    const own = columnOf(child, name);
    if (own === undefined) work.refuse(`${child.name} has no column ${name}`);
    if (notNull && !own.notNull) work.refuse(`${name} of ${child.name} must be NOT NULL`);
  }
}

/** None of its rows may belong to the new partition. */
function verifyDefault(work: Work, queue: Queue, table: Relation): void {
  for (const each of withChildren(table)) {
    work.lock(each, "ACCESS EXCLUSIVE");
    queue.verifies.add(each);
  }
}

function join(work: Work, table: Relation, child: Relation, bound: Ast): void {
  for (const index of table.indexes) {
    work.lock(index, "SHARE UPDATE EXCLUSIVE");
    attachOrBuild(work, index, child);
  }
  for (const constraint of table.constraints) inheritConstraint(work, child, constraint);
  for (const trigger of table.triggers) if (trigger.forEachRow) child.triggers.push({ ...trigger });
  for (const column of table.columns) {
    const own = columnOf(child, column.name);
    if (own !== undefined) own.inherited = true;
  }
  for (const [referrer] of work.schema.referring(table))
    work.lock(referrer, work.version >= 15 ? "SHARE ROW EXCLUSIVE" : "ACCESS SHARE");
  child.parents.push(table);
  table.children.push(child);
  child.bound = { isDefault: bound["is_default"] === true, tree: bound };
}

function inheritConstraint(work: Work, child: Relation, constraint: Relation["constraints"][number]): void {
  const own = child.constraints.find((each) => each.name === constraint.name);
  if (constraint.index !== undefined) {
    const index = child.indexes.find((each) => each.parents.includes(constraint.index!));
    if (index !== undefined && !child.constraints.some((each) => each.index === index))
      child.constraints.push({ ...constraint, name: index.name, index, inherited: true });
    return;
  }
  if (own !== undefined) {
    own.inherited = true;
    return;
  }
  if (constraint.kind === "check") work.refuse(`${child.name} lacks the constraint ${constraint.name}`);
  if (constraint.references === undefined) return;
  const alike = child.constraints.find((each) => isSameKey(each, constraint));
  if (alike !== undefined && (alike.valid || work.version >= 18)) {
    // Its triggers become those of the parent's.
    work.lock(constraint.references.table, "ACCESS EXCLUSIVE");
    if (!alike.valid) checkForeignKey(work, child, alike);
    Object.assign(alike, { inherited: true, valid: true });
    return;
  }
  child.constraints.push({ ...constraint, inherited: true });
  work.schema.note(child);
  work.lock(constraint.references.table, "SHARE ROW EXCLUSIVE");
  if (constraint.enforced) checkForeignKey(work, child, constraint);
}

/** Whether a foreign key of a partition says what that of its parent says. */
function isSameKey(a: Relation["constraints"][number], b: Relation["constraints"][number]): boolean {
  const shape = ({ columns, references, deferrable, deferred, enforced }: typeof a): string =>
    JSON.stringify([
      ...[columns, references?.columns, references?.onDelete, references?.onUpdate],
      ...[deferrable, deferred, enforced],
    ]);
  return a.references !== undefined && a.references.table === b.references?.table && shape(a) === shape(b);
}

/** ALTER INDEX … ATTACH PARTITION. */
function attachIndex(work: Work, parent: Relation, command: Ast): void {
  const index = work.openRange(node(node(node(command["def"])["PartitionCmd"])["name"]), "ACCESS EXCLUSIVE", {
    kind: "index",
  });
  if (index?.index === undefined) return;
  work.lock(parent.index!.table, "ACCESS SHARE");
  work.lock(index.index.table, "ACCESS SHARE");
  if (index.parents.length > 0) return;
  index.parents.push(parent);
  parent.children.push(index);
}

// Bounds.

function refuseOverlap(work: Work, table: Relation, bound: Ast): void {
  if (bound["is_default"] === true) {
    if (defaultOf(table) !== undefined) work.refuse(`${table.name} already has a default partition`);
    return;
  }
  const [low, high] = [limit(bound["lowerdatums"]), limit(bound["upperdatums"])];
  if (low !== undefined && high !== undefined && (compared(low, high) ?? -1) >= 0)
    work.refuse("the range is empty");
  for (const { bound: other, name } of table.children) {
    if (other === undefined || other.isDefault) continue;
    const [from, to] = [limit(other.tree["lowerdatums"]), limit(other.tree["upperdatums"])];
    if (low === undefined || high === undefined || from === undefined || to === undefined) continue;
    if ((compared(low, to) ?? 1) < 0 && (compared(from, high) ?? 1) < 0)
      work.refuse(`the bounds overlap those of ${name}`);
  }
}

/** From `low` on, to below `high`; of a list with one value both are that value. */
interface Range {
  readonly low: Constant;
  readonly high: Constant;
}

/** What a bound allows; undefined where it is of another form. */
function rangeOf(bound: Ast): Range | undefined {
  if (word(bound["strategy"]) === "r") {
    const [low, high] = [limit(bound["lowerdatums"]), limit(bound["upperdatums"])];
    return low === undefined || high === undefined ? undefined : { low, high };
  }
  const only = limit(bound["listdatums"]);
  return only === undefined ? undefined : { low: only, high: only };
}

/** Whether constraints prove that each row is within the bound; undefined where that is beyond what is understood. */
function isProven(child: Relation, table: Relation, bound: Ast): boolean | undefined {
  if (bound["is_default"] === true) return false;
  const key = table.key!.columns[0];
  const checks = child.constraints.filter(
    ({ kind, valid, enforced }) => kind === "check" && valid && enforced,
  );
  if (key === undefined || table.key!.columns.length !== 1) return checks.length === 0 ? false : undefined;
  const about = checks.filter(({ columns }) => columns.includes(key));
  if (about.length === 0) return false;
  const range = rangeOf(bound);
  if (range === undefined || table.key!.strategy === "hash") return undefined;
  const all = about.flatMap(({ expression }) => conjuncts(expression!));
  const notNull =
    columnOf(child, key)?.notNull === true ||
    all.some((each) => node(each["NullTest"])["nulltesttype"] === "IS_NOT_NULL");
  if (!notNull) return false;
  const known = all.filter((each) => each["NullTest"] === undefined).flatMap(knownOf);
  if (known.some((each) => each?.value === undefined)) return isWithin(known, key, range) || undefined;
  return isWithin(known, key, range);
}

/** A condition; undefined where it is of a form that is not understood. */
type Known = Condition | undefined;

function knownOf(expression: Ast): readonly Known[] {
  const found = conditionOf(expression);
  return found.length > 0 ? found : [undefined];
}

/** Whether conditions keep a column within a range. Of whole numbers `> 9` is `>= 10`. */
function isWithin(known: readonly Known[], key: string, { low, high }: Range): boolean {
  const has = (operator: RegExp, is: (value: Constant) => boolean): boolean =>
    known.some(
      (each) =>
        each?.column === key && each.value !== undefined && operator.test(each.operator) && is(each.value),
    );
  const step = (value: Constant, by: number): Constant => (typeof value === "number" ? value + by : value);
  const atLeast = (value: Constant): boolean => (compared(value, low) ?? -1) >= 0;
  const below = (value: Constant): boolean => (compared(value, high) ?? 1) < 0;
  if (has(/^=$/, (value) => compared(value, low) === 0)) return true;
  return (
    (has(/^(?:>=|=)$/, atLeast) || has(/^>$/, (value) => atLeast(step(value, 1)))) &&
    (has(/^(?:<=|=)$/, below) || has(/^<$/, (value) => (compared(value, high) ?? 1) <= 0))
  );
}

/** Whether a CHECK of the default partition says that no row belongs to the new one. */
function isExcluded(other: Relation, table: Relation, bound: Ast): boolean {
  const key = table.key!.columns[0];
  const range = rangeOf(bound);
  if (key === undefined || range === undefined) return false;
  const checks = other.constraints.filter(({ kind, valid }) => kind === "check" && valid);
  return checks
    .flatMap(({ expression }) => conjuncts(expression!))
    .some((expression) => keepsOut(expression, key, range));
}

/** Whether what this allows is out of the range. */
function keepsOut(expression: Ast, key: string, range: Range): boolean {
  const not = node(node(expression)["BoolExpr"]);
  const inner = items(not["args"])[0];
  if (inner === undefined) return isBeside(conditionOf(expression)[0], key, range);
  if (not["boolop"] === "NOT_EXPR")
    return covers(
      conjuncts(inner).map((each) => conditionOf(each)[0]),
      key,
      range,
    );
  if (not["boolop"] !== "OR_EXPR") return false;
  return items(not["args"]).every((each) => isBeside(conditionOf(each)[0], key, range));
}

/** Whether a condition is met by values below or above the range alone. */
function isBeside(condition: Known, key: string, { low, high }: Range): boolean {
  if (condition?.column !== key || condition.value === undefined) return false;
  const { operator, value } = condition;
  return /^>=?$/.test(operator)
    ? (compared(value, high) ?? -1) >= 0
    : operator === "<" && (compared(value, low) ?? 1) <= 0;
}

/** Whether the range lies within the conditions. */
function covers(known: readonly Known[], key: string, { low, high }: Range): boolean {
  return known.every((each) => {
    if (each?.column !== key || each.value === undefined) return false;
    const [fromLow, fromHigh] = [compared(low, each.value), compared(high, each.value)];
    if (each.operator === ">=") return fromLow !== undefined && fromLow >= 0;
    if (each.operator === ">") return fromLow !== undefined && fromLow > 0;
    return /^<=?$/.test(each.operator) && fromHigh !== undefined && fromHigh <= 0;
  });
}

/** CREATE TABLE … PARTITION OF. */
export function createPartition(
  work: Work,
  queue: Queue,
  child: Relation,
  parent: Relation,
  bound: Ast,
): void {
  work.lock(parent, "ACCESS EXCLUSIVE");
  if (!parent.known) work.unknown(`the default partition of ${parent.name}, its indexes and foreign keys`);
  else if (parent.kind !== "partitioned table") work.refuse(`${parent.name} is not partitioned`);
  refuseOverlap(work, parent, bound);
  const other = defaultOf(parent);
  if (other !== undefined) {
    work.lock(other, "ACCESS EXCLUSIVE");
    if (!isExcluded(other, parent, bound)) verifyDefault(work, queue, other);
  }
  child.columns = parent.columns.map((column) => ({ ...column, inherited: true }));
  for (const constraint of parent.constraints) {
    if (constraint.index !== undefined) continue;
    child.constraints.push({ ...constraint, inherited: true });
    if (constraint.references !== undefined) work.lock(constraint.references.table, "SHARE ROW EXCLUSIVE");
  }
  work.schema.note(child);
  for (const [table] of work.schema.referring(parent))
    work.lock(table, work.version >= 15 ? "SHARE ROW EXCLUSIVE" : "ACCESS SHARE");
  for (const index of parent.indexes) {
    work.lock(index, "SHARE UPDATE EXCLUSIVE");
    attachOrBuild(work, index, child);
    const constraint = parent.constraints.find((each) => each.index === index);
    const own = child.indexes.at(-1)!;
    if (constraint !== undefined)
      child.constraints.push({ ...constraint, name: own.name, index: own, inherited: true });
  }
  for (const trigger of parent.triggers) if (trigger.forEachRow) child.triggers.push({ ...trigger });
  child.parents.push(parent);
  parent.children.push(child);
  child.bound = { isDefault: bound["is_default"] === true, tree: bound };
}

/** DETACH PARTITION. */
export function detachPartition(work: Work, table: Relation, command: Ast): void {
  const def = node(node(command["def"])["PartitionCmd"]);
  const concurrent = def["concurrent"] === true;
  if (concurrent && work.circumstances.block)
    work.refuse("DETACH PARTITION CONCURRENTLY cannot run in a transaction");
  if (command["subtype"] === "AT_DetachPartitionFinalize") work.refuse("no partition is being detached");
  const other = defaultOf(table);
  if (concurrent && other !== undefined) work.refuse(`${table.name} has a default partition`);
  const child = work.openRange(
    node(def["name"]),
    concurrent ||
      work.version >= 14 ||
      work.schema.referring(table).length > 0 ||
      table.triggers.some(({ forEachRow }) => forEachRow)
      ? "ACCESS EXCLUSIVE"
      : "SHARE UPDATE EXCLUSIVE",
  );
  if (child === undefined) return;
  if (other !== undefined) work.lock(other, "ACCESS EXCLUSIVE");
  for (const each of withChildren(child)) if (each !== child) work.lock(each, "ACCESS EXCLUSIVE");
  if (!table.known || !child.known) {
    work.unknown(`the indexes and foreign keys of ${child.name}, and the default partition`);
    return;
  }
  if (!table.children.includes(child)) work.refuse(`${child.name} is not a partition of ${table.name}`);
  for (const index of child.indexes) {
    if (!index.parents.some((each) => table.indexes.includes(each))) continue;
    work.lock(index, "ACCESS EXCLUSIVE");
    for (const parent of index.parents) parent.children = parent.children.filter((each) => each !== index);
    index.parents = [];
  }
  for (const { references, inherited } of child.constraints)
    if (references !== undefined && inherited) work.lock(references.table, "SHARE ROW EXCLUSIVE");
  for (const [referrer] of work.schema.referring(table)) {
    work.plan(referrer, "ACCESS SHARE");
    work.scan(referrer);
    work.lock(referrer, "ACCESS EXCLUSIVE");
  }
  part(table, child);
  delete child.bound;
}

function part(table: Relation, child: Relation): void {
  table.children = table.children.filter((each) => each !== child);
  child.parents = child.parents.filter((each) => each !== table);
  for (const each of child.columns) each.inherited = false;
  for (const each of child.constraints) each.inherited = false;
}

/** INHERIT, NO INHERIT. */
export function alterInherit(work: Work, table: Relation, command: Ast): void {
  const adds = command["subtype"] === "AT_AddInherit";
  if (isPartition(table)) work.refuse(`${table.name} is a partition`);
  const range = node(node(command["def"])["RangeVar"]);
  const parent = work.open(rangeName(range as AstValue), adds ? "SHARE UPDATE EXCLUSIVE" : "ACCESS SHARE");
  if (parent === undefined || !parent.known || !table.known) return;
  if (!adds) {
    part(parent, table);
    return;
  }
  requireColumns(work, parent, table);
  for (const column of parent.columns) columnOf(table, column.name)!.inherited = true;
  table.parents.push(parent);
  parent.children.push(table);
}
