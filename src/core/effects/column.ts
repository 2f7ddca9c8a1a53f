/** Columns of tables → what adding, changing and dropping them does. */
import { type Ast, items, node, stringOf, word } from "../ast.ts";
import { addConstraint, nameNotNull, setNotNull } from "./constraint.ts";
import { namesOf, sequencesIn, volatilityOf } from "./expression.ts";
import { followCalls } from "./function.ts";
import { refuseNewLabel } from "./query.ts";
import type { checkForeignKey, Queue } from "./queue.ts";
import { dependentViews, removeColumn, removeRelation } from "./removal.ts";
import { type Column, columnOf, isPartition, lacks, type Relation, withChildren } from "./schema.ts";
import {
  type Conversion,
  collationOf,
  comparedAlike,
  conversion,
  isBuiltIn,
  isSerial,
  nameOfType,
  type TypeName,
  typeName,
} from "./types.ts";
import type { Work } from "./work.ts";

/** What a ColumnDef says beyond the column itself. */
interface Definition {
  readonly column: Column;
  /** Rows that are there get a value of their own each. */
  readonly rewrites: boolean;
  readonly constraints: readonly Ast[];
}

function define(work: Work, table: Relation, tree: Ast): Definition {
  const type = typeName(node(tree["typeName"]));
  requireType(work, type);
  const name = word(tree["colname"]);
  const column: Column = { name, type, notNull: false, inherited: false };
  const collation = collationOf(node(tree["collClause"]));
  if (collation !== undefined) column.collation = collation;
  let rewrites = false;
  if (isSerial(node(tree["typeName"]))) {
    rewrites = true;
    column.notNull = true;
    column.default = nextvalOf(ownSequence(work, table, name, false));
  }
  const constraints: Ast[] = [];
  for (const each of items(tree["constraints"]).map((item) => node(item["Constraint"]))) {
    switch (word(each["contype"])) {
      case "CONSTR_DEFAULT":
        column.default = node(each["raw_expr"]);
        refuseNewLabel(work, type, column.default);
        if (!isVolatile(work, table, column.default)) break;
        rewrites = true;
        work.traits.add(`volatile ${name}`);
        break;
      case "CONSTR_IDENTITY":
        rewrites = true;
        column.identity = true;
        column.notNull = true;
        ownSequence(work, table, name, true);
        break;
      case "CONSTR_GENERATED":
        column.generated = each["generated_kind"] === "v" ? "virtual" : "stored";
        column.default = node(each["raw_expr"]);
        rewrites ||= column.generated === "stored";
        break;
      case "CONSTR_NOTNULL":
        column.notNull = true;
        constraints.push(each);
        break;
      default:
        constraints.push(each);
    }
  }
  const isConstrained = domainConstraints(work, type) === "some";
  if (isConstrained) work.traits.add(`domain ${name}`);
  return { column, rewrites: rewrites || isConstrained, constraints };
}

/** The default that `serial` stands for. */
const nextvalOf = ({ schema, name }: Relation): Ast => ({
  FuncCall: {
    funcname: [{ String: { sval: "nextval" } }],
    args: [{ A_Const: { sval: { sval: `${schema}.${name}` } } }],
  },
});

function isVolatile(work: Work, table: Relation, tree: Ast): boolean {
  const found = volatilityOf(work, tree);
  if (found === "unknown")
    work.unknown(
      "whether the default calls a volatile function, and so rewrites the table",
      withChildren(table),
    );
  return found === "volatile";
}

function ownSequence(work: Work, table: Relation, column: string, identity: boolean): Relation {
  const name = work.freeName(table.schema, { table: table.name, columns: [column], suffix: "seq" });
  const { schema, inServersPath } = table;
  return work.make({
    schema,
    name,
    inServersPath,
    kind: "sequence",
    owner: { table, column, identity },
  });
}

/** A type that is known to be missing is refused. */
export function requireType(work: Work, type: TypeName): void {
  if (isBuiltIn(type) || work.schema.type(type, work.session.searchPath) !== undefined) return;
  if (work.find(objectOf(type)) !== undefined) return;
  if (work.schema.complete) work.refuse(`type ${type.name} does not exist`);
}

export const objectOf = ({ schema, name }: TypeName) => (schema === undefined ? { name } : { schema, name });

/** The constraints of a domain and of those below it. */
export function domainConstraints(work: Work, type: TypeName): "none" | "some" | "unknown" {
  if (isBuiltIn(type)) return "none";
  const found = work.schema.type(type, work.session.searchPath);
  if (found === undefined) return work.find(objectOf(type)) !== undefined ? "none" : "unknown";
  if (found.kind !== "domain") return "none";
  if (found.notNull || found.constraints.length > 0) return "some";
  return domainConstraints(work, found.base!);
}

/** Whether the type is a domain that does not allow NULL. */
function requiresValue(work: Work, type: TypeName): boolean {
  const found = isBuiltIn(type) ? undefined : work.schema.type(type, work.session.searchPath);
  return found?.kind === "domain" && (found.notNull || requiresValue(work, found.base!));
}

/** Whether a column of the type has a default, if it has none of its own. */
function hasDefault(work: Work, type: TypeName): boolean {
  const found = isBuiltIn(type) ? undefined : work.schema.type(type, work.session.searchPath);
  return found?.kind === "domain" && (found.hasDefault === true || hasDefault(work, found.base!));
}

/** The columns of a new table. */
export function defineColumn(work: Work, queue: Queue, table: Relation, tree: Ast): () => void {
  const { column, constraints } = define(work, table, tree);
  const own = columnOf(table, column.name);
  if (own !== undefined) {
    if (!own.inherited) work.refuse(`${table.name} would have two columns ${column.name}`);
    if (own.type.name !== column.type.name && column.type.name !== "")
      work.refuse(`${column.name} of ${table.name} has another type`);
    own.notNull ||= column.notNull;
    if (column.default !== undefined) own.default = column.default;
  } else table.columns.push(column);
  if (column.notNull && work.version >= 18) nameNotNull(table, column.name, notNullName(constraints), true);
  return () => {
    for (const each of constraints)
      if (each["contype"] !== "CONSTR_NOTNULL" && !isAttribute(each))
        addConstraint(work, queue, table, withAttributes(each, constraints), { isNew: true }, column.name);
  };
}

const notNullName = (constraints: readonly Ast[]): string =>
  word(constraints.find((each) => each["contype"] === "CONSTR_NOTNULL")?.["conname"]);

/** What follows a constraint behind a column is a node of its own: DEFERRABLE, NOT ENFORCED. */
function withAttributes(tree: Ast, constraints: readonly Ast[]): Ast {
  const rest = constraints.slice(constraints.indexOf(tree) + 1);
  const end = rest.findIndex((each) => !isAttribute(each));
  const attributes = rest
    .slice(0, end < 0 ? undefined : end)
    .map((each) => ATTRIBUTES[word(each["contype"])] ?? {});
  return Object.assign({}, tree, ...attributes);
}

const ATTRIBUTES: Readonly<Record<string, Ast>> = {
  CONSTR_ATTR_DEFERRABLE: { deferrable: true },
  CONSTR_ATTR_DEFERRED: { deferrable: true, initdeferred: true },
  CONSTR_ATTR_NOT_ENFORCED: { is_enforced: false },
};

const isAttribute = (tree: Ast): boolean => word(tree["contype"]).startsWith("CONSTR_ATTR");

/** ADD COLUMN. Its constraints are added by what is returned, when all columns are there. */
export function addColumn(
  work: Work,
  queue: Queue,
  table: Relation,
  command: Ast,
  only: boolean,
): () => void {
  const tree = node(node(command["def"])["ColumnDef"]);
  const name = word(tree["colname"]);
  if (columnOf(table, name) !== undefined) {
    if (command["missing_ok"] === true) return () => {};
    work.refuse(`${table.name} already has a column ${name}`);
  }
  if (isPartition(table)) work.refuse(`${table.name} is a partition`);
  if (only && table.children.length > 0) work.refuse("the column must be added to child tables too");
  if (!table.known && command["missing_ok"] === true)
    work.unknown(`whether ${table.name} has the column ${name}`);
  const { column, rewrites, constraints } = define(work, table, tree);
  if (domainConstraints(work, column.type) === "unknown" && !isBuiltIn(column.type))
    work.unknown(
      `whether the type ${column.type.name} is a domain with constraints, which rewrites the table`,
      withChildren(table),
    );
  for (const each of withChildren(table)) {
    if (each !== table) work.lock(each, "ACCESS EXCLUSIVE");
    if (columnOf(each, name) !== undefined) continue;
    each.columns.push({ ...column, inherited: each !== table });
    if (rewrites) queue.rewrites.add(each);
    if (rewrites && each.rows !== "none") followCalls(work, column.default ?? {});
    if (each.rows !== "none")
      for (const sequence of sequencesIn(column.default ?? {}))
        work.open(sequence, "ROW EXCLUSIVE", { kind: "sequence" });
    if (column.notNull) needValue(work, queue, each, column, rewrites);
    if (column.notNull && work.version >= 18) nameNotNull(each, name, notNullName(constraints), true);
  }
  const isEmpty = column.default === undefined && !hasDefault(work, column.type);
  if (isEmpty && requiresValue(work, column.type) && table.rows === "some")
    work.refuse(`the domain ${column.type.name} does not allow NULL`);
  const empty = isEmpty && column.identity !== true ? new Set([name]) : new Set<string>();
  return () => {
    for (const each of constraints) {
      if (each["contype"] === "CONSTR_NOTNULL" || isAttribute(each)) continue;
      addConstraint(work, queue, table, withAttributes(each, constraints), { empty }, name);
    }
  };
}

/** NOT NULL needs a value in each row that is there. */
function needValue(work: Work, queue: Queue, table: Relation, column: Column, rewrites: boolean): void {
  if (column.default !== undefined || column.identity === true || hasDefault(work, column.type)) return;
  if (rewrites && column.generated === undefined && table.rows === "some")
    work.refuse(`${table.name} has rows that would have NULL in ${column.name}`);
  if (table.rows === "some") work.refuse(`${table.name} has rows that would have NULL in ${column.name}`);
  queue.verifies.add(table);
}

/** SET NOT NULL. */
export function setColumnNotNull(
  work: Work,
  queue: Queue,
  table: Relation,
  name: string,
  only: boolean,
): void {
  requireOf(work, table, name);
  const { kind, children } = table;
  if (only && kind === "partitioned table" && !holds(table, name))
    if (work.version >= 18 ? children.length > 0 : !children.every((each) => holds(each, name)))
      work.refuse("the constraint must be added to child tables too");
  if (!table.known)
    work.unknown(`whether a constraint proves that ${name} is not null, which saves the scan`);
  for (const each of reachedByNotNull(work, table, name, only)) {
    if (each !== table) work.lock(each, "ACCESS EXCLUSIVE");
    if (setNotNull(queue, each, name)) work.traits.add(`null ${name}`);
    if (work.version >= 18) nameNotNull(each, name, "", true);
  }
}

/**
 * PostgreSQL goes no further below a table whose column is NOT NULL already, from version 18 on; before that, below a
 * partitioned table that is named. NOT NULL that was not checked is validated in all of them.
 */
function reachedByNotNull(work: Work, table: Relation, name: string, only: boolean): readonly Relation[] {
  if (columnOf(table, name)?.notNullUnchecked === true) return withChildren(table);
  if (work.version < 18) {
    const isAlone = table.kind === "partitioned table" ? holds(table, name) : only;
    return isAlone ? [table] : withChildren(table);
  }
  const reached = new Set([table]);
  if (!only)
    for (const each of reached) if (!holds(each, name)) for (const child of each.children) reached.add(child);
  return [...reached];
}

const holds = (table: Relation, name: string): boolean => columnOf(table, name)?.notNull === true;

/** DROP NOT NULL. */
export function dropNotNull(work: Work, table: Relation, name: string, only: boolean): void {
  const column = requireOf(work, table, name);
  // From PostgreSQL 18 on there is no constraint to look for below it either.
  if (work.version >= 18 && column?.notNull === false) return;
  if (table.constraints.some(({ kind, columns }) => kind === "primary key" && columns.includes(name)))
    work.refuse(`${name} is in the primary key`);
  if (column?.identity === true) work.refuse(`${name} is an identity column`);
  if (isPartition(table) && columnOf(table.parents[0]!, name)?.notNull === true)
    work.refuse(`${name} is NOT NULL in the parent`);
  if (only && work.version < 18 && table.kind === "partitioned table" && table.children.length > 0)
    work.refuse("the constraint cannot be removed from only the partitioned table");
  // Of PostgreSQL 18 the children of the one table keep a constraint that is now their own.
  if (only && work.version >= 18) for (const each of table.children) work.lock(each, "ACCESS EXCLUSIVE");
  for (const each of only ? [table] : withChildren(table)) {
    work.lock(each, "ACCESS EXCLUSIVE");
    const own = columnOf(each, name);
    if (own !== undefined) own.notNull = false;
    each.constraints = each.constraints.filter(
      ({ kind, columns }) => kind !== "not null" || columns[0] !== name,
    );
  }
}

export function requireOf(work: Work, table: Relation, name: string): Column | undefined {
  const found = columnOf(table, name);
  if (lacks(table, name) && !/^(?:index|partitioned index)$/.test(table.kind))
    work.refuse(`${table.name} has no column ${name}`);
  return found;
}

/** DROP COLUMN. */
export function dropColumn(work: Work, table: Relation, command: Ast, only: boolean): void {
  const name = word(command["name"]);
  const cascade = command["behavior"] === "DROP_CASCADE";
  const column = columnOf(table, name);
  if (column === undefined) {
    if (command["missing_ok"] === true) return;
    requireOf(work, table, name);
    if (!table.known) work.unknown(`what is dropped with the column ${name}: indexes, foreign keys, views`);
    return;
  }
  if (column.inherited) work.refuse(`${name} of ${table.name} is inherited`);
  if (table.key?.columns.includes(name) === true) work.refuse(`${table.name} is partitioned by ${name}`);
  if (only && table.kind === "partitioned table" && table.children.length > 0)
    work.refuse("the column must be dropped from child tables too");
  removeColumn(work, table, name, cascade, only);
}

/** ALTER COLUMN … TYPE. */
export function alterType(work: Work, queue: Queue, table: Relation, command: Ast): void {
  const name = word(command["name"]);
  const tree = node(node(command["def"])["ColumnDef"]);
  const to = typeName(node(tree["typeName"]));
  requireType(work, to);
  const column = requireOf(work, table, name);
  if (column === undefined) {
    work.unknown(`which type ${name} has now, and so whether the table is rewritten`, withChildren(table));
    return;
  }
  if (column.inherited) work.refuse(`${name} of ${table.name} is inherited`);
  if (table.key?.columns.includes(name) === true) work.refuse(`${table.name} is partitioned by ${name}`);
  const using = tree["raw_default"] === undefined ? undefined : node(tree["raw_default"]);
  const collation = collationOf(node(tree["collClause"]));
  for (const each of withChildren(table)) {
    if (each !== table) work.lock(each, "ACCESS EXCLUSIVE");
    const own = columnOf(each, name);
    if (own !== undefined) changeType(work, queue, each, own, { to, using, collation });
  }
}

interface TypeChange {
  readonly to: TypeName;
  readonly using: Ast | undefined;
  readonly collation: string | undefined;
}

export function changeType(
  work: Work,
  queue: Queue,
  table: Relation,
  column: Column,
  { to, using, collation }: TypeChange,
): void {
  refuseDependents(work, table, column.name);
  const from = column.type;
  const found = using === undefined ? convert(work, from, to) : convertUsing(work, column, to, using);
  if (found === "no cast") work.refuse(`${from.name} has no cast to ${to.name} without USING`);
  if (found === "unknown") work.unknown(`whether ${from.name} becomes ${to.name} without a rewrite`, [table]);
  const recollated = (collation ?? "") !== (column.collation ?? "");
  const rewrites = found === "rewrite" || (column.generated === "stored" && found !== "free");
  if (rewrites) {
    queue.rewrites.add(table);
    work.traits.add(`rewrites ${column.name}`);
  }
  if (column.identity === true) renewIdentity(work, table, column.name);
  const alike = comparedAlike(baseOf(work, from), baseOf(work, to));
  rebuildOn(work, queue, table, column.name, { rebuild: rewrites || recollated || !alike, alike });
  column.type = to;
  if (collation === undefined) delete column.collation;
  else column.collation = collation;
}

/** The sequence gets the type of its column. */
function renewIdentity(work: Work, table: Relation, name: string): void {
  for (const each of work.schema.sequencesOf(table)) {
    if (each.owner!.column !== name || !each.owner!.identity) continue;
    work.lock(each, "SHARE ROW EXCLUSIVE");
    work.rewrites.add(each);
  }
}

function refuseDependents(work: Work, table: Relation, name: string): void {
  for (const view of dependentViews(work, table, name)) {
    // The name alone may be that of a column of another.
    if (view.uses!.relations.some((each) => each !== table && !lacks(each, name)))
      work.unknown(`whether ${view.name} needs the column ${name}, so that PostgreSQL refuses it`);
    else work.refuse(`${view.name} needs the column ${name}`);
  }
  if (
    table.columns.some(
      (each) => each.generated !== undefined && each.name !== name && namesOf(each.default ?? {}).has(name),
    )
  )
    work.refuse(`a generated column needs ${name}`);
  if (table.triggers.some((each) => each.columns.includes(name)))
    work.refuse(`a trigger needs the column ${name}`);
  if (table.policies.some((each) => each.uses.names.has(name)))
    work.refuse(`a policy needs the column ${name}`);
}

function baseOf(work: Work, type: TypeName): TypeName {
  const user = isBuiltIn(type) ? undefined : work.schema.type(type, work.session.searchPath);
  return user?.kind === "domain" ? baseOf(work, user.base!) : type;
}

function convert(work: Work, from: TypeName, to: TypeName): Conversion {
  if (
    from.name === to.name &&
    from.schema === to.schema &&
    from.array === to.array &&
    from.modifiers.join() === to.modifiers.join()
  )
    return "free";
  const constraints = domainConstraints(work, to);
  const [base, target] = [baseOf(work, from), baseOf(work, to)];
  const known = [base, target].every((each) => isBuiltIn(each));
  if (known) {
    if ((base.name === "timestamptz") !== (target.name === "timestamptz")) work.traits.add("zone");
    const found = conversion(base, target, isUtc(work.session.timeZone));
    return found === "free" && constraints === "some" ? "rewrite" : found;
  }
  const users = [base, target].map(
    (each) => isBuiltIn(each) || work.schema.type(each, work.session.searchPath) !== undefined,
  );
  if (users.includes(false)) return "unknown";
  if (isBuiltIn(target)) return /^(?:text|varchar|bpchar)$/.test(target.name) ? "rewrite" : "no cast";
  return "no cast";
}

const isUtc = (zone: string): boolean =>
  /^(?:utc|gmt|etc\/utc|etc\/gmt|zulu|uct|universal|greenwich|0|\+00(?::00)?)$/i.test(zone);

/** USING that is the column itself, or a cast of it, is judged as if it were not there. */
function convertUsing(work: Work, column: Column, to: TypeName, using: Ast): Conversion {
  const reference = (tree: Ast): boolean => {
    const fields = items(node(tree["ColumnRef"])["fields"]);
    return fields.length > 0 && stringOf(fields.at(-1)!) === column.name;
  };
  if (reference(using)) return convert(work, column.type, to);
  const cast = node(using["TypeCast"]);
  if (cast["arg"] === undefined || !reference(node(cast["arg"]))) return "rewrite";
  const first = convert(work, column.type, nameOfType(node(cast["typeName"])));
  const second = convert(work, nameOfType(node(cast["typeName"])), to);
  if (first === "unknown" || second === "unknown") return "unknown";
  return first === "free" && second === "free" ? "free" : "rewrite";
}

/** What is built of a column is dropped and made again when its type changes. */
function rebuildOn(
  work: Work,
  queue: Queue,
  table: Relation,
  name: string,
  { rebuild, alike }: { readonly rebuild: boolean; readonly alike: boolean },
): void {
  for (const index of [...table.indexes]) {
    if (!index.index!.columns.includes(name)) continue;
    work.lock(index, "ACCESS EXCLUSIVE");
    if (rebuild || index.index!.expression || index.index!.predicate !== undefined) {
      if (table.kind === "table" || table.kind === "materialized view") {
        queue.builds.add(table);
        work.traits.add(`rechecks ${name}`);
      }
      renew(work, table, index);
    }
  }
  for (const constraint of table.constraints) {
    if (!constraint.columns.includes(name)) continue;
    if (constraint.kind === "check" && constraint.valid && constraint.enforced) {
      queue.verifies.add(table);
      work.traits.add(`rechecks ${name}`);
    }
    if (constraint.references !== undefined) renewKey(work, queue, table, constraint, { name, alike });
  }
  for (const [child, key] of work.schema.referring(table)) {
    if (key.references!.columns.includes(name)) renewKey(work, queue, child, key, { name, alike });
  }
}

/** An index that is built again is another one, with another file: what was there is only locked. */
function renew(work: Work, table: Relation, index: Relation): void {
  const again = work.schema.add({ ...index, id: work.schema.nextId() });
  work.session.made.add(again.id);
  table.indexes = table.indexes.map((each) => (each === index ? again : each));
  for (const parent of index.parents)
    parent.children = parent.children.map((each) => (each === index ? again : each));
  for (const child of index.children)
    child.parents = child.parents.map((each) => (each === index ? again : each));
  table.constraints = table.constraints.map((each) =>
    each.index === index ? { ...each, index: again } : each,
  );
}

function renewKey(
  work: Work,
  queue: Queue,
  child: Relation,
  key: Parameters<typeof checkForeignKey>[2],
  { name, alike }: { readonly name: string; readonly alike: boolean },
): void {
  work.lock(child, "ACCESS EXCLUSIVE");
  work.lock(key.references!.table, "ACCESS EXCLUSIVE");
  if (alike || !key.valid || !key.enforced) return;
  queue.foreignKeys.push([child, key]);
  work.traits.add(`rechecks ${name}`);
}

/** SET DEFAULT, DROP DEFAULT. */
export function setDefault(work: Work, table: Relation, command: Ast, only: boolean): void {
  const name = word(command["name"]);
  const column = requireOf(work, table, name);
  const value = command["def"] === undefined ? undefined : node(command["def"]);
  if (value !== undefined && column !== undefined) refuseNewLabel(work, column.type, value);
  if (column?.identity === true) work.refuse(`${name} is an identity column`);
  if (column?.generated !== undefined) work.refuse(`${name} is a generated column`);
  for (const each of only ? [table] : withChildren(table)) {
    work.lock(each, "ACCESS EXCLUSIVE");
    const own = columnOf(each, name);
    if (own === undefined) continue;
    if (value === undefined) delete own.default;
    else own.default = value;
  }
}

/** ADD, SET and DROP IDENTITY. Partitions have one of their own since PostgreSQL 17. */
export function alterIdentity(work: Work, table: Relation, command: Ast): void {
  const [name, subtype] = [word(command["name"]), word(command["subtype"])];
  const column = requireOf(work, table, name);
  if (work.version >= 17 && table.kind === "partitioned table")
    for (const each of withChildren(table)) work.lock(each, "ACCESS EXCLUSIVE");
  if (column === undefined) return;
  if (subtype === "AT_AddIdentity") {
    if (!column.notNull) work.refuse(`${name} must be NOT NULL to become an identity column`);
    if (column.identity === true) work.refuse(`${name} is already an identity column`);
    if (column.default !== undefined) work.refuse(`${name} has a default`);
    column.identity = true;
    ownSequence(work, table, name, true);
    return;
  }
  if (column.identity !== true) {
    if (command["missing_ok"] === true) return;
    work.refuse(`${name} is not an identity column`);
  }
  const sequence = work.schema
    .sequencesOf(table)
    .find(({ owner }) => owner!.column === name && owner!.identity);
  if (sequence === undefined) return;
  if (subtype === "AT_DropIdentity") {
    column.identity = false;
    removeRelation(work, sequence, true);
    return;
  }
  work.lock(sequence, "SHARE ROW EXCLUSIVE");
  const options = items(node(node(command["def"])["List"])["items"]).map((item) =>
    word(node(item["DefElem"])["defname"]),
  );
  if (options.some((each) => each !== "generated")) work.rewrites.add(sequence);
}

/** SET EXPRESSION, DROP EXPRESSION. */
export function alterExpression(work: Work, queue: Queue, table: Relation, command: Ast): void {
  const name = word(command["name"]);
  const column = requireOf(work, table, name);
  const drops = command["subtype"] === "AT_DropExpression";
  for (const each of withChildren(table)) work.lock(each, "ACCESS EXCLUSIVE");
  if (column === undefined) return;
  if (column.generated === undefined) {
    if (command["missing_ok"] === true) return;
    work.refuse(`${name} is not a generated column`);
  }
  if (drops) {
    if (column.generated === "virtual") work.refuse(`${name} is a virtual generated column`);
    for (const each of withChildren(table)) delete columnOf(each, name)?.generated;
    delete column.default;
    return;
  }
  if (column.generated === "virtual") {
    if (work.version < 18) work.refuse("virtual columns need PostgreSQL 18");
    if (table.constraints.some(({ kind }) => kind === "check"))
      work.refuse(`${table.name} has CHECK constraints`);
  } else {
    for (const each of withChildren(table)) queue.rewrites.add(each);
    rebuildOn(work, queue, table, name, { rebuild: true, alike: true });
  }
  column.default = node(command["def"]);
}
