/** Relations, columns, constraints, types and functions to drop → what is dropped with them, and what is locked for it. */
import type { Ast } from "../ast.ts";
import { callsIn, namesOf, sequencesIn, usesColumn } from "./expression.ts";
import {
  type Constraint,
  columnOf,
  isPartition,
  type Relation,
  type UserFunction,
  type UserType,
  withPartitions,
} from "./schema.ts";
import { isBuiltIn } from "./types.ts";
import type { Work } from "./work.ts";

/** Takes a constraint away, with what stands on it. */
export function removeConstraint(
  work: Work,
  table: Relation,
  constraint: Constraint,
  cascade: boolean,
): void {
  work.lock(table, "ACCESS EXCLUSIVE");
  const { kind, index, references, name } = constraint;
  table.constraints = table.constraints.filter((each) => each !== constraint);
  if (references !== undefined)
    for (const each of withPartitions(references.table)) work.lock(each, "ACCESS EXCLUSIVE");
  if (index !== undefined) {
    for (const [child, key] of work.schema.referring(table)) {
      if (key.references!.columns.toSorted().join() !== constraint.columns.toSorted().join()) continue;
      if (!cascade) work.refuse(`the foreign key ${key.name} of ${child.name} needs ${name}`);
      removeConstraint(work, child, key, true);
    }
    removeIndex(work, index);
  }
  if (kind === "not null") {
    const column = columnOf(table, constraint.columns[0]!);
    if (column !== undefined) column.notNull = false;
  }
  if (kind === "foreign key" && table.kind !== "partitioned table") return;
  for (const child of table.children) {
    const own = child.constraints.find(
      (each) =>
        each.inherited &&
        (each.name === name ||
          (index !== undefined && each.index?.parents.includes(index) === true) ||
          sameKey(each, constraint)),
    );
    if (own !== undefined) removeConstraint(work, child, own, cascade);
  }
}

const sameKey = (a: Constraint, b: Constraint): boolean =>
  a.kind === "foreign key" &&
  b.kind === "foreign key" &&
  a.references?.table === b.references?.table &&
  a.columns.join() === b.columns.join();

/** Takes an index away, and those of its partitions. */
export function removeIndex(work: Work, index: Relation): void {
  const { table } = index.index!;
  work.lock(table, "ACCESS EXCLUSIVE");
  work.lock(index, "ACCESS EXCLUSIVE");
  table.indexes = table.indexes.filter((each) => each !== index);
  for (const parent of index.parents) parent.children = parent.children.filter((each) => each !== index);
  work.schema.remove(index);
  for (const child of [...index.children]) removeIndex(work, child);
}

export function removeColumn(
  work: Work,
  table: Relation,
  name: string,
  cascade: boolean,
  only = false,
): void {
  work.lock(table, "ACCESS EXCLUSIVE");
  for (const view of dependentViews(work, table, name)) {
    if (!cascade) work.refuse(`${view.name} needs the column ${name} of ${table.name}`);
    removeRelation(work, view, true);
  }
  for (const policy of table.policies) {
    if (!policy.uses.names.has(name)) continue;
    if (!cascade) work.refuse(`the policy ${policy.name} needs the column ${name}`);
    table.policies = table.policies.filter((each) => each !== policy);
  }
  for (const each of table.columns) {
    if (each.generated === undefined || each.name === name || !namesOf(each.default ?? {}).has(name))
      continue;
    if (!cascade) work.refuse(`the generated column ${each.name} needs ${name}`);
    removeColumn(work, table, each.name, true);
  }
  for (const trigger of table.triggers) {
    if (!trigger.columns.includes(name)) continue;
    if (!cascade) work.refuse(`the trigger ${trigger.name} needs the column ${name}`);
    table.triggers = table.triggers.filter((each) => each !== trigger);
  }
  for (const constraint of [...table.constraints]) {
    if (constraint.columns.includes(name) && table.constraints.includes(constraint))
      removeConstraint(work, table, constraint, cascade);
  }
  for (const index of [...table.indexes]) {
    if (!index.index!.columns.includes(name)) continue;
    const constraint = table.constraints.find((each) => each.index === index);
    if (constraint !== undefined) {
      // Its columns are gone through already: this one stands in its WHERE clause.
      if (!cascade) work.refuse(`the constraint ${constraint.name} needs the column ${name}`);
      removeConstraint(work, table, constraint, cascade);
    } else removeIndex(work, index);
  }
  table.columns = table.columns.filter((each) => each.name !== name);
  for (const each of work.schema.sequencesOf(table))
    if (each.owner!.column === name) removeRelation(work, each, true);
  for (const child of only ? [] : table.children) {
    work.lock(child, "ACCESS EXCLUSIVE");
    if (columnOf(child, name)?.inherited === true) removeColumn(work, child, name, cascade);
  }
}

/** What stands on a column and does not fall with it. */
export function dependentViews(work: Work, table: Relation, name: string): readonly Relation[] {
  return work.schema.viewsOf(table).filter(({ uses }) => usesColumn(uses!, table, name));
}

/** Takes a relation away. `together`: those that the same statement drops. */
export function removeRelation(
  work: Work,
  relation: Relation,
  cascade: boolean,
  together: ReadonlySet<Relation> = new Set(),
): void {
  work.lock(relation, "ACCESS EXCLUSIVE");
  work.schema.remove(relation);
  const spare = (what: string): void => {
    if (!cascade) work.refuse(`${what} needs ${relation.name}`);
  };
  for (const parent of relation.parents) {
    if (isPartition(relation)) {
      work.lock(parent, "ACCESS EXCLUSIVE");
      const other = parent.children.find((each) => each.bound?.isDefault === true);
      if (other !== undefined) work.lock(other, "ACCESS EXCLUSIVE");
    }
    parent.children = parent.children.filter((each) => each !== relation);
  }
  for (const child of [...relation.children]) {
    if (!isPartition(child) && !together.has(child)) spare(child.name);
    if (!together.has(child) || isPartition(child))
      removeRelation(work, child, cascade || isPartition(child), together);
  }
  for (const [child, key] of work.schema.referring(relation)) {
    if (child === relation) continue;
    if (!together.has(child)) spare(child.name);
    removeConstraint(work, child, key, true);
  }
  if (relation.parents.some((parent) => isPartition(relation) && work.schema.referring(parent).length > 0))
    spare("a foreign key");
  // What a partition has of the whole has no trigger on the other table.
  for (const { references, inherited } of relation.constraints)
    if (references !== undefined && !inherited && references.table !== relation)
      for (const each of withPartitions(references.table))
        if (each.kind !== "partitioned table" || work.version >= 15) work.lock(each, "ACCESS EXCLUSIVE");
  for (const index of relation.indexes) {
    work.lock(index, "ACCESS EXCLUSIVE");
    for (const parent of index.parents) parent.children = parent.children.filter((each) => each !== index);
    work.schema.remove(index);
  }
  for (const each of [...work.schema.relations.values()]) {
    if (each.owner?.table === relation) removeRelation(work, each, true);
    else if (each.uses?.relations.includes(relation) === true) {
      if (!together.has(each)) spare(each.name);
      removeRelation(work, each, true, together);
    } else if (relation.kind === "sequence")
      dropDefaults(work, each, (tree) => sequencesIn(tree).some(({ name }) => name === relation.name), spare);
    if (
      each.columns.some(
        ({ type }) =>
          !isBuiltIn(type) &&
          type.name === relation.name &&
          work.schema.relations.has(`${each.schema}\0${each.name}`),
      ) &&
      each !== relation
    ) {
      spare(each.name);
      for (const { name, type } of [...each.columns])
        if (type.name === relation.name) removeColumn(work, each, name, true);
    }
  }
  for (const list of [...work.schema.functions.values()])
    for (const each of list) {
      if (each.uses?.relations.includes(relation) !== true) continue;
      spare(`${each.name}()`);
      removeFunction(work, each, true);
    }
  for (const publication of work.schema.publications.values())
    publication.tables = publication.tables.filter((each) => each !== relation);
}

/** Takes away the defaults of a table that the tree of which `is` finds. */
function dropDefaults(
  work: Work,
  table: Relation,
  is: (tree: Ast) => boolean,
  spare: (what: string) => void,
): void {
  for (const column of [...table.columns]) {
    if (column.default === undefined || !is(column.default)) continue;
    spare(`the default of ${table.name}.${column.name}`);
    work.lock(table, "ACCESS EXCLUSIVE");
    if (column.generated !== undefined) removeColumn(work, table, column.name, true);
    else delete column.default;
  }
}

export function removeType(work: Work, type: UserType, cascade: boolean): void {
  for (const table of [...work.schema.relations.values()]) {
    if (table.kind === "index") continue;
    for (const column of [...table.columns]) {
      if (
        column.type.name !== type.name ||
        isBuiltIn(column.type) ||
        work.schema.type(column.type, work.session.searchPath) !== type
      )
        continue;
      if (!cascade) work.refuse(`${table.name}.${column.name} has the type ${type.name}`);
      if (work.find({ schema: table.schema, name: table.name }) === table)
        removeColumn(work, table, column.name, true);
    }
  }
  for (const other of [...work.schema.types.values()]) {
    if (
      other.base === undefined ||
      other === type ||
      work.schema.type(other.base, work.session.searchPath) !== type
    )
      continue;
    if (!cascade) work.refuse(`${other.name} is based on ${type.name}`);
    removeType(work, other, true);
  }
  work.schema.removeType(type);
}

export function removeFunction(work: Work, gone: UserFunction, cascade: boolean): void {
  const spare = (what: string): void => {
    if (!cascade) work.refuse(`${what} needs ${gone.name}()`);
  };
  work.schema.removeFunction(gone);
  const calls = (tree: Ast): boolean => callsIn(tree).some(({ name }) => name === gone.name);
  for (const table of [...work.schema.relations.values()]) {
    for (const trigger of table.triggers) {
      if (trigger.functionName !== gone.name) continue;
      spare(`the trigger ${trigger.name} of ${table.name}`);
      work.lock(table, "ACCESS EXCLUSIVE");
      table.triggers = table.triggers.filter((each) => each !== trigger);
    }
    for (const index of [...table.indexes]) {
      if (!index.index!.functions.includes(gone.name)) continue;
      spare(index.name);
      removeIndex(work, index);
    }
    dropDefaults(work, table, calls, spare);
    for (const constraint of [...table.constraints]) {
      if (constraint.expression === undefined || !calls(constraint.expression)) continue;
      spare(constraint.name);
      removeConstraint(work, table, constraint, true);
    }
    if (table.uses?.functions.includes(gone.name) === true) {
      spare(table.name);
      removeRelation(work, table, true);
    }
  }
}
