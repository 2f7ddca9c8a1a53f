/** Statements that are about no table's form: comments, rights, types, publications, LOCK, TRUNCATE, ANALYZE. */
import { type Ast, items, namesIn, node, objectName, optionOf, rangeName, stringOf, word } from "../ast.ts";
import { objectOf } from "./column.ts";
import { isOfType, kindFor } from "./drop.ts";
import { rangesIn } from "./expression.ts";
import { requireColumn } from "./index.ts";
import { type LockMode, lockModes } from "./mode.ts";
import { lookUpBounds, query } from "./query.ts";
import {
  type Column,
  hasStorage,
  type Relation,
  type UserType,
  withChildren,
  withPartitions,
} from "./schema.ts";
import { isBuiltIn } from "./types.ts";
import type { Work } from "./work.ts";

/** LOCK TABLE. A view's tables are locked with it. */
export function lockTables(work: Work, tree: Ast): void {
  const mode = lockModes[Number(tree["mode"] ?? 8) - 1]!;
  for (const item of items(tree["relations"])) {
    const range = node(item["RangeVar"]);
    const relation = work.openRange(range, mode);
    if (relation !== undefined && !/^(?:partitioned table|table|view|foreign table)$/.test(relation.kind))
      work.refuse(`${relation.name} is neither a table nor a view`);
    if (relation !== undefined) lockAll(work, relation, mode, range["inh"] === true);
  }
}

function lockAll(work: Work, relation: Relation, mode: LockMode, deep: boolean): void {
  for (const each of deep ? withChildren(relation) : [relation]) work.lock(each, mode);
  if (relation.kind !== "view") return;
  for (const range of rangesIn(relation.uses?.tree ?? {})) {
    const below = work.openRange(range, mode);
    if (below !== undefined) lockAll(work, below, mode, true);
  }
}

/** TRUNCATE: new files for tables and indexes; an index of a file that is empty is built by reading it. */
export function truncate(work: Work, tree: Ast): void {
  const cascade = tree["behavior"] === "DROP_CASCADE";
  const all = new Set<Relation>();
  for (const item of items(tree["relations"])) {
    const range = node(item["RangeVar"]);
    const relation = work.openRange(range, "ACCESS EXCLUSIVE");
    if (relation === undefined) continue;
    if (!relation.known) work.unknown(`the indexes of ${relation.name}, and what refers to it`);
    if (!/table$/.test(relation.kind)) work.refuse(`${relation.name} is not a table`);
    if (range["inh"] !== true && relation.kind === "partitioned table")
      work.refuse(`${relation.name} is partitioned and has no rows of its own`);
    for (const each of range["inh"] === true ? withChildren(relation) : [relation]) all.add(each);
  }
  for (const each of all) {
    for (const [child, key] of work.schema.referring(each)) {
      if (all.has(child)) continue;
      if (!cascade) work.refuse(`the foreign key ${key.name} of ${child.name} refers to ${each.name}`);
      for (const one of withPartitions(child)) all.add(one);
    }
  }
  for (const each of all) empty(work, each, tree["restart_seqs"] === true);
}

function empty(work: Work, table: Relation, restart: boolean): void {
  if (work.session.pending.has(table.id)) work.refuse(`${table.name} has pending trigger events`);
  work.lock(table, "ACCESS EXCLUSIVE");
  lookUpBounds(work, table);
  if (table.kind !== "partitioned table") {
    work.rewrites.add(table);
    work.rebuildIndexes(table);
    table.rows = "none";
  }
  if (!restart) return;
  for (const each of work.schema.sequencesOf(table)) {
    work.lock(each, "ACCESS EXCLUSIVE");
    work.rewrites.add(each);
  }
}

/** REFRESH MATERIALIZED VIEW. */
export function refresh(work: Work, tree: Ast): void {
  const concurrent = tree["concurrent"] === true;
  const view = work.openRange(node(tree["relation"]), concurrent ? "EXCLUSIVE" : "ACCESS EXCLUSIVE", {
    kind: "materialized view",
  });
  if (view === undefined) return;
  if (view.known && view.kind !== "materialized view") work.refuse(`${view.name} is not a materialized view`);
  const body = view.uses?.tree;
  if (body === undefined) {
    work.unknown(`what ${view.name} reads`);
    return;
  }
  const empties = tree["skipData"] === true;
  if (concurrent && empties) work.refuse("CONCURRENTLY and WITH NO DATA cannot be combined");
  if (concurrent) {
    const usable = view.indexes.some(
      ({ index }) => index!.unique && !index!.expression && index!.predicate === undefined,
    );
    if (!view.populated) work.refuse(`${view.name} is not populated`);
    if (!usable) work.refuse(`${view.name} has no unique index`);
  }
  if (!empties) query(work, body, "run");
  if (concurrent) {
    work.scan(view);
    for (const index of view.indexes) work.lock(index, "ROW EXCLUSIVE");
    return;
  }
  work.rewrites.add(view);
  work.rebuildIndexes(view);
  if (!view.populated) work.traits.add("fills");
  view.populated = !empties;
}

/** ANALYZE; VACUUM has the same form. */
export function analyze(work: Work, tree: Ast): void {
  if (tree["is_vacuumcmd"] === true) {
    vacuum(work, tree);
    return;
  }
  const named = items(tree["rels"]).map((item) => node(node(item["VacuumRelation"])["relation"]));
  if (named.length === 0) {
    if (!work.schema.complete) work.unknown("which tables there are");
    for (const each of work.schema.relations.values())
      if (each.parents.length === 0 || each.bound !== undefined) analyzeOne(work, each);
    return;
  }
  for (const vacuumed of items(tree["rels"]).map((item) => node(item["VacuumRelation"]))) {
    const range = node(vacuumed["relation"]);
    const relation = work.find(rangeName(range)) ?? work.openRange(range, "SHARE UPDATE EXCLUSIVE");
    if (relation === undefined) continue;
    analyzeOne(work, relation);
    for (const column of items(vacuumed["va_cols"]).map(stringOf)) requireColumn(work, relation, column);
    if (relation.kind === "partitioned table" || work.version >= 18)
      for (const child of withChildren(relation)) if (child !== relation) analyzeOne(work, child);
    if (relation.kind === "table") for (const child of relation.children) work.lock(child, "ACCESS SHARE");
  }
}

function analyzeOne(work: Work, relation: Relation): void {
  if (!/table$|^materialized view$/.test(relation.kind)) return;
  work.lock(relation, "SHARE UPDATE EXCLUSIVE");
  if (relation.kind !== "partitioned table")
    for (const index of relation.indexes) work.lock(index, "ACCESS SHARE");
}

function vacuum(work: Work, tree: Ast): void {
  if (work.circumstances.block) work.refuse("VACUUM cannot run in a transaction");
  const full = optionOf(tree["options"], "full") !== undefined;
  const named = items(tree["rels"]).map((item) => node(node(item["VacuumRelation"])["relation"]));
  if (named.length === 0) work.unknown("which tables there are");
  for (const range of named) {
    const relation = work.openRange(range, full ? "ACCESS EXCLUSIVE" : "SHARE UPDATE EXCLUSIVE");
    if (relation === undefined) continue;
    for (const each of withChildren(relation)) {
      if (full) work.rewrite(each);
      else {
        work.lock(each, "SHARE UPDATE EXCLUSIVE");
        for (const index of each.indexes) work.lock(index, "ROW EXCLUSIVE");
      }
    }
  }
}

/** COMMENT ON, SECURITY LABEL ON. */
export function comment(work: Work, tree: Ast): void {
  const type = word(tree["objtype"]);
  const names = namesIn(node(tree["object"]));
  switch (type) {
    case "OBJECT_TABLE":
    case "OBJECT_VIEW":
    case "OBJECT_MATVIEW":
    case "OBJECT_INDEX":
    case "OBJECT_SEQUENCE":
    case "OBJECT_FOREIGN_TABLE": {
      const relation = work.open(objectName(names), "SHARE UPDATE EXCLUSIVE", { kind: kindFor(type) });
      if (relation?.known === true && !isOfType(relation, type))
        work.refuse(`${relation.name} is of a different kind`);
      return;
    }
    case "OBJECT_COLUMN": {
      const relation = work.open(objectName(names.slice(0, -1)), "SHARE UPDATE EXCLUSIVE");
      if (relation?.known === true && !relation.columns.some(({ name }) => name === names.at(-1)))
        work.refuse(`${relation.name} has no column ${names.at(-1)}`);
      return;
    }
    case "OBJECT_TABCONSTRAINT":
    case "OBJECT_TRIGGER":
    case "OBJECT_POLICY":
    case "OBJECT_RULE": {
      const relation = work.open(objectName(names.slice(0, -1)), "ACCESS SHARE");
      const field = (
        {
          OBJECT_TABCONSTRAINT: "constraints",
          OBJECT_TRIGGER: "triggers",
          OBJECT_POLICY: "policies",
          OBJECT_RULE: "rules",
        } as const
      )[type];
      if (relation?.known === true && !relation[field].some(({ name }) => name === names.at(-1)))
        work.refuse(`${relation.name} has no ${names.at(-1)}`);
      return;
    }
    case "OBJECT_FUNCTION":
    case "OBJECT_PROCEDURE":
      requireFunction(work, names);
      return;
    case "OBJECT_DOMAIN":
      requireUserType(work, names);
      return;
    default:
  }
}

/** GRANT and REVOKE: of relations a lock since PostgreSQL 18. */
export function grant(work: Work, tree: Ast): void {
  if (tree["targtype"] !== "ACL_TARGET_OBJECT" || !/^OBJECT_(?:TABLE|SEQUENCE)$/.test(word(tree["objtype"])))
    return;
  for (const item of items(tree["objects"])) {
    const range = node(item["RangeVar"]);
    if (work.version >= 18) work.openRange(range, "ACCESS SHARE");
    else if (work.schema.complete && work.find(rangeName(range)) === undefined)
      work.openRange(range, "ACCESS SHARE");
  }
}

// Types.

function requireUserType(work: Work, names: readonly string[]): UserType | undefined {
  const name = objectName(names);
  const found = work.schema.type(name, work.session.searchPath);
  if (
    found === undefined &&
    work.schema.complete &&
    !isBuiltIn({ ...name, modifiers: [], array: false, setOf: false })
  )
    work.refuse(`type ${name.name} does not exist`);
  return found;
}

/** ALTER TYPE … ADD VALUE, RENAME VALUE. No table is locked. */
export function alterEnum(work: Work, tree: Ast): void {
  const type = requireUserType(work, items(tree["typeName"]).map(stringOf));
  if (type === undefined) return;
  const [old, made, neighbour] = [word(tree["oldVal"]), word(tree["newVal"]), word(tree["newValNeighbor"])];
  const label = (name: string) => type.labels.find((each) => each.name === name);
  if (old !== "") {
    const found = label(old);
    if (found === undefined) work.refuse(`${type.name} has no value ${old}`);
    if (label(made) !== undefined) work.refuse(`${type.name} already has the value ${made}`);
    found.name = made;
    return;
  }
  if (label(made) !== undefined) {
    if (tree["skipIfNewValExists"] === true) return;
    work.refuse(`${type.name} already has the value ${made}`);
  }
  if (neighbour !== "" && label(neighbour) === undefined)
    work.refuse(`${type.name} has no value ${neighbour}`);
  type.labels.push({ name: made, transaction: work.session.transaction });
}

/** ALTER DOMAIN. What is to hold is checked in every table that has a column of the domain. */
export function alterDomain(work: Work, tree: Ast): void {
  const type = requireUserType(work, items(tree["typeName"]).map(stringOf));
  if (type === undefined) {
    work.unknown("which tables have a column of the domain");
    return;
  }
  const [subtype, name] = [word(tree["subtype"]), word(tree["name"])];
  const constraint = node(node(tree["def"])["Constraint"]);
  switch (subtype) {
    case "C": {
      const valid = constraint["skip_validation"] !== true;
      if (constraint["contype"] === "CONSTR_NOTNULL") type.notNull = true;
      else type.constraints.push({ name: word(constraint["conname"]) || `${type.name}_check`, valid });
      if (valid) checkDomain(work, type);
      return;
    }
    case "O":
      if (type.notNull) return;
      type.notNull = true;
      checkDomain(work, type);
      return;
    case "N":
      type.notNull = false;
      return;
    case "T":
      type.hasDefault = tree["def"] !== undefined;
      return;
    case "V": {
      const found = type.constraints.find((each) => each.name === name);
      if (found === undefined) {
        work.refuse(`${type.name} has no constraint ${name}`);
        return;
      }
      found.valid = true;
      checkDomain(work, type);
      return;
    }
    case "X":
      if (!type.constraints.some((each) => each.name === name) && tree["missing_ok"] !== true)
        work.refuse(`${type.name} has no constraint ${name}`);
      type.constraints = type.constraints.filter((each) => each.name !== name);
      return;
    default:
  }
}

function checkDomain(work: Work, type: UserType): void {
  if (!work.schema.complete) work.unknown("which other tables have a column of the domain");
  const all = domainsOn(work, type);
  const isOf = ({ type: its }: Column): boolean =>
    !isBuiltIn(its) && all.has(work.schema.type(its, work.session.searchPath)!);
  const isWithin = ({ type: its }: Column): boolean => {
    const composite = isBuiltIn(its) ? undefined : work.find(objectOf(its));
    return composite?.kind === "composite type" && composite.columns.some(isOf);
  };
  for (const table of work.schema.relations.values()) {
    if (!hasStorage(table)) continue;
    const within = table.columns.find((column) => (column.type.array && isOf(column)) || isWithin(column));
    if (within !== undefined) work.refuse(`${within.name} of ${table.name} holds values of ${type.name}`);
    if (!table.columns.some(isOf)) continue;
    work.lock(table, "SHARE");
    work.scan(table);
  }
}

/** The domain and those made of it. */
function domainsOn(work: Work, type: UserType): ReadonlySet<UserType> {
  const all = new Set([type]);
  for (const each of all) {
    for (const other of work.schema.types.values())
      if (other.base !== undefined && work.schema.type(other.base, work.session.searchPath) === each)
        all.add(other);
  }
  return all;
}

// Publications.

export function publication(work: Work, tree: Ast): void {
  const name = word(tree["pubname"]);
  const objects = items(tree["pubobjects"]).map((item) => node(item["PublicationObjSpec"]));
  const action = word(tree["action"]);
  const known = work.schema.publications.get(name);
  const tables: Relation[] = [];
  for (const object of objects) {
    const table = node(object["pubtable"]);
    if (table["relation"] === undefined) continue;
    const relation = work.openRange(node(table["relation"]), "SHARE UPDATE EXCLUSIVE");
    if (relation === undefined) continue;
    if (work.version < 13 && relation.kind === "partitioned table")
      work.refuse("publishing a partitioned table needs PostgreSQL 13");
    if (relation.known && !/^(?:partitioned )?table$/.test(relation.kind))
      work.refuse(`${relation.name} cannot be published`);
    tables.push(relation);
  }
  if (objects.length === 0) {
    if (known === undefined) work.schema.publications.set(name, { name, tables: [] });
    return;
  }
  if (known === undefined) {
    if (action.includes("Set")) work.unknown(`which tables ${name} has`);
    work.schema.publications.set(name, { name, tables });
    return;
  }
  if (action.includes("Set"))
    for (const each of known.tables) if (!tables.includes(each)) work.lock(each, "SHARE UPDATE EXCLUSIVE");
  if (action.includes("Drop")) known.tables = known.tables.filter((each) => !tables.includes(each));
  else known.tables = action.includes("Set") ? tables : [...known.tables, ...tables];
}

// What has no relation: schemas, types, functions.

function requireFunction(work: Work, names: readonly string[]): void {
  const found = work.schema.functionsNamed(objectName(names), work.session.searchPath);
  if (found.length === 0 && work.schema.complete) work.refuse(`function ${names.at(-1)} does not exist`);
}

/** ALTER … RENAME of what is no relation. */
export function renameOther(work: Work, tree: Ast): void {
  const [type, newName] = [word(tree["renameType"]), word(tree["newname"])];
  const names = namesIn(node(tree["object"]));
  switch (type) {
    case "OBJECT_SCHEMA":
      renameSchema(work, word(tree["subname"]), newName);
      return;
    case "OBJECT_TYPE":
    case "OBJECT_DOMAIN": {
      const composite = work.find(objectName(names));
      if (composite?.kind === "composite type") {
        work.lock(composite, "ACCESS EXCLUSIVE");
        work.schema.rename(composite, newName);
        return;
      }
      const found = requireUserType(work, names);
      if (found !== undefined) renameType(work, found, newName);
      return;
    }
    case "OBJECT_DOMCONSTRAINT": {
      const found = requireUserType(work, names)?.constraints.find(
        (each) => each.name === word(tree["subname"]),
      );
      if (found !== undefined) found.name = newName;
      return;
    }
    case "OBJECT_FUNCTION":
    case "OBJECT_PROCEDURE":
      requireFunction(work, names);
      for (const each of work.schema.functionsNamed(objectName(names), work.session.searchPath)) {
        work.schema.removeFunction(each);
        work.schema.addFunction({ ...each, name: newName });
      }
      return;
    case "OBJECT_STATISTIC_EXT": {
      const table = work.schema.statistics.get(names.at(-1)!);
      if (table !== undefined) work.schema.statistics.set(newName, table);
      return;
    }
    default:
  }
}

function renameType(work: Work, type: UserType, name: string, schema?: string): void {
  const before = type.name;
  work.schema.renameType(type, name, schema);
  for (const relation of work.schema.relations.values())
    for (const column of relation.columns)
      if (column.type.name === before && !isBuiltIn(column.type)) column.type = { ...column.type, name };
}

function renameSchema(work: Work, before: string, after: string): void {
  if (!work.schema.schemas.has(before)) {
    if (work.schema.complete) work.refuse(`schema ${before} does not exist`);
    return;
  }
  work.schema.schemas.delete(before);
  work.schema.schemas.add(after);
  for (const each of [...work.schema.relations.values()])
    if (each.schema === before) work.schema.rename(each, each.name, after);
  for (const each of [...work.schema.types.values()])
    if (each.schema === before) work.schema.renameType(each, each.name, after);
}

/** ALTER … SET SCHEMA of what is no relation. */
export function moveOther(work: Work, tree: Ast): void {
  if (!/^OBJECT_(?:TYPE|DOMAIN)$/.test(word(tree["objectType"]))) return;
  const names = namesIn(node(tree["object"]));
  const composite = work.find(objectName(names));
  if (composite?.kind === "composite type") {
    work.lock(composite, "ACCESS EXCLUSIVE");
    work.schema.rename(composite, composite.name, word(tree["newschema"]));
    return;
  }
  const found = requireUserType(work, names);
  if (found !== undefined) renameType(work, found, found.name, word(tree["newschema"]));
}

/** CREATE SCHEMA, with what stands in it. */
export function createSchema(work: Work, tree: Ast): void {
  const name = word(tree["schemaname"]) || word(node(tree["authrole"])["rolename"]);
  if (work.schema.schemas.has(name)) {
    if (tree["if_not_exists"] === true) return;
    work.refuse(`the schema ${name} already exists`);
  }
  work.schema.schemas.add(name);
  const before = work.session.searchPath;
  work.session.searchPath = [name, ...before];
  for (const each of items(tree["schemaElts"])) work.perform(each);
  work.session.searchPath = before;
}

/** COPY. A program's rows are written, or read. */
export function copy(work: Work, tree: Ast): void {
  if (tree["query"] !== undefined) {
    query(work, node(tree["query"]), "run");
    return;
  }
  const from = tree["is_from"] === true;
  const table = work.openRange(node(tree["relation"]), from ? "ROW EXCLUSIVE" : "ACCESS SHARE");
  if (table === undefined) return;
  if (!from && work.version < 13) work.release(table);
  if (!from) {
    work.scan(table);
    return;
  }
  work.unknown("what the file contains");
}
