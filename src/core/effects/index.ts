/** Statements about indexes → what they do, and the indexes that a table has afterwards. */
import { type Ast, items, node, option, rangeName, stringOf, word } from "../ast.ts";
import { callsIn, namesOf, volatilityOf } from "./expression.ts";
import {
  columnOf,
  hasStorage,
  type IndexDefinition,
  lacks,
  type Relation,
  withChildren,
  withPartitions,
} from "./schema.ts";
import type { Work } from "./work.ts";

export interface NewIndex {
  readonly name: string;
  readonly keys: readonly (string | undefined)[];
  readonly columns: readonly string[];
  readonly unique: boolean;
  readonly expression?: boolean;
  readonly predicate?: Ast;
  readonly method?: string;
  readonly suffix?: IndexDefinition["suffix"];
  readonly functions?: readonly string[];
}

/** Adds an index to the picture: of a partitioned table with one for each partition, unless `only`. */
export function addIndex(work: Work, table: Relation, made: NewIndex, only = false): Relation {
  const {
    name,
    keys,
    columns,
    unique,
    expression = false,
    predicate,
    method = "btree",
    suffix = "idx",
    functions = [],
  } = made;
  const definition: IndexDefinition = {
    table,
    keys: [...keys],
    columns: [...new Set([...keys.filter((key) => key !== undefined), ...columns])],
    expression,
    unique,
    method,
    suffix,
    functions,
    valid: true,
    ...(predicate === undefined ? {} : { predicate }),
  };
  const partitioned = table.kind === "partitioned table";
  const index = work.make({
    schema: table.schema,
    name,
    kind: partitioned ? "partitioned index" : "index",
    index: definition,
  });
  table.indexes.push(index);
  if (partitioned && !only) for (const child of table.children) attachOrBuild(work, index, child);
  return index;
}

/** A partition's own index, if it has one like that of its parent; else a new one, and its table is read. */
export function attachOrBuild(work: Work, parent: Relation, partition: Relation): Relation {
  const definition = parent.index!;
  const own = partition.indexes.find((each) => each.parents.length === 0 && isAlike(each.index!, definition));
  const index =
    own ??
    addIndex(work, partition, {
      ...definition,
      name: indexName(work, partition, definition.keys, definition.suffix),
    });
  if (own === undefined && hasStorage(partition)) work.build(partition);
  index.parents.push(parent);
  parent.children.push(index);
  return index;
}

const isAlike = (a: IndexDefinition, b: IndexDefinition): boolean =>
  a.unique === b.unique &&
  a.method === b.method &&
  JSON.stringify([a.keys, a.columns, a.predicate]) === JSON.stringify([b.keys, b.columns, b.predicate]);

export function indexName(
  work: Work,
  table: Relation,
  keys: NewIndex["keys"],
  suffix: IndexDefinition["suffix"],
): string {
  const parts = suffix === "pkey" ? [] : keys.map((key) => key ?? "expr");
  return work.freeName(table.schema, { table: table.name, columns: parts, suffix });
}

/** CREATE INDEX. */
export function createIndex(work: Work, tree: Ast): void {
  const concurrent = tree["concurrent"] === true;
  if (concurrent && work.circumstances.block)
    work.refuse("CREATE INDEX CONCURRENTLY cannot run in a transaction");
  const range = node(tree["relation"]);
  const mode = concurrent ? "SHARE UPDATE EXCLUSIVE" : "SHARE";
  const table = work.openRange(range, mode);
  if (table === undefined) return;
  if (!/table$|^materialized view$/.test(table.kind) || table.kind === "foreign table")
    work.refuse(`${table.name} cannot have indexes`);
  const only = range["inh"] !== true;
  if (concurrent && table.kind === "partitioned table")
    work.refuse("CONCURRENTLY is not supported for partitioned tables");
  if (table.kind === "partitioned table" && !only) lockPartitions(work, table, mode);
  const elements = items(tree["indexParams"]).map((item) => node(item["IndexElem"]));
  const name = word(tree["idxname"]);
  if (name !== "") {
    const own = { schema: table.schema, name };
    if (tree["if_not_exists"] === true && work.schema.relation(own, []) !== undefined) return;
    work.requireFree(own);
  }
  const definition = elementsOf(work, table, tree, elements);
  if (definition.unique) requirePartitionKey(work, table, definition.keys);
  addIndex(
    work,
    table,
    { ...definition, name: name || indexName(work, table, definition.keys, "idx") },
    only,
  );
  if (!table.known) work.unknown(`whether ${table.name} is partitioned`);
  if (hasStorage(table)) work.build(table);
}

function lockPartitions(work: Work, table: Relation, mode: "SHARE" | "SHARE UPDATE EXCLUSIVE"): void {
  for (const child of table.children) {
    work.lock(child, mode);
    lockPartitions(work, child, mode);
  }
}

function elementsOf(
  work: Work,
  table: Relation,
  tree: Ast,
  elements: readonly Ast[],
): Omit<NewIndex, "name"> {
  const including = items(tree["indexIncludingParams"]).map((item) => word(node(item["IndexElem"])["name"]));
  const keys = elements.map((element) => word(element["name"]) || undefined);
  const predicate = tree["whereClause"] === undefined ? undefined : node(tree["whereClause"]);
  const expressions = elements.flatMap((element) =>
    element["expr"] === undefined ? [] : [node(element["expr"])],
  );
  for (const each of [...expressions, ...(predicate === undefined ? [] : [predicate])]) {
    if (volatilityOf(work, each) === "volatile") work.refuse("functions in an index must be IMMUTABLE");
  }
  const names = [...expressions, predicate ?? {}].flatMap((each) => [...namesOf(each)]);
  for (const each of [...keys, ...including]) if (each !== undefined) requireColumn(work, table, each);
  return {
    keys,
    columns: [...including, ...names.filter((each) => columnOf(table, each) !== undefined)],
    unique: tree["unique"] === true,
    expression: expressions.length > 0,
    functions: [...expressions, predicate ?? {}].flatMap((each) => callsIn(each).map(({ name }) => name)),
    method: word(tree["accessMethod"]) || "btree",
    ...(predicate === undefined ? {} : { predicate }),
  };
}

export function requireColumn(work: Work, table: Relation, name: string): void {
  if (lacks(table, name) && !/^(?:ctid|xmin|xmax|tableoid)$/.test(name))
    work.refuse(`${table.name} has no column ${name}`);
}

/** A unique index of a partitioned table must hold the columns that it is partitioned by. */
export function requirePartitionKey(
  work: Work,
  table: Relation,
  keys: readonly (string | undefined)[],
): void {
  const missing = table.key?.columns.find((column) => column === undefined || !keys.includes(column));
  if (table.key !== undefined && (missing !== undefined || table.key.columns.includes(undefined)))
    work.refuse(`a unique constraint of ${table.name} must include all partitioning columns`);
}

/** REINDEX. */
export function reindex(work: Work, tree: Ast): void {
  const concurrently = option(tree["params"], "concurrently");
  const kind = word(tree["kind"]).replace("REINDEX_OBJECT_", "");
  if (work.circumstances.block && (concurrently || /SCHEMA|SYSTEM|DATABASE/.test(kind)))
    work.refuse(`REINDEX ${concurrently ? "CONCURRENTLY" : kind} cannot run in a transaction`);
  if (/SCHEMA|SYSTEM|DATABASE/.test(kind)) {
    reindexAll(work, tree, concurrently);
    return;
  }
  const name = rangeName(tree["relation"]);
  const found = work.find(name);
  if (found?.kind === "partitioned index" && work.version < 14)
    work.refuse("REINDEX of a partitioned index needs PostgreSQL 14");
  if (found?.kind.startsWith("partitioned") && work.version >= 14 && work.circumstances.block)
    work.refuse(`REINDEX of the partitioned ${found.name} cannot run in a transaction`);
  if (kind === "INDEX") {
    reindexOne(work, tree, concurrently);
    return;
  }
  const table = work.open(name, concurrently ? "SHARE UPDATE EXCLUSIVE" : "SHARE");
  if (table?.kind === "view" || table?.kind === "sequence") work.refuse(`${table.name} has no indexes`);
  if (table !== undefined) reindexTable(work, table, concurrently);
}

/** Of a partitioned table those of its partitions; all of them are locked for a moment first, CONCURRENTLY too. */
function reindexTable(work: Work, table: Relation, concurrently: boolean): void {
  work.lock(table, concurrently ? "SHARE UPDATE EXCLUSIVE" : "SHARE");
  if (!table.known) work.unknown(`the indexes of ${table.name}`);
  if (table.kind === "partitioned table" && work.version >= 14) {
    for (const each of withChildren(table)) {
      if (each === table) continue;
      if (concurrently) work.lockBriefly(each, "SHARE");
      else work.lock(each, "SHARE");
      if (hasStorage(each)) reindexTable(work, each, concurrently);
    }
    return;
  }
  if (!hasStorage(table)) return;
  if (!concurrently) {
    work.rebuildIndexes(table);
    return;
  }
  for (const each of table.indexes) work.lock(each, "SHARE UPDATE EXCLUSIVE");
  if (table.indexes.length > 0) work.build(table);
}

function reindexOne(work: Work, tree: Ast, concurrently: boolean): void {
  const index = work.openRange(
    node(tree["relation"]),
    concurrently ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE",
    { kind: "index" },
  );
  if (index === undefined) return;
  if (index.index === undefined) {
    if (index.known) work.refuse(`${index.name} is not an index`);
    work.unknown(`the table of the index ${index.name}`);
    return;
  }
  work.lock(index.index.table, concurrently ? "SHARE UPDATE EXCLUSIVE" : "SHARE");
  for (const each of withChildren(index)) {
    if (each.kind !== "index") continue;
    const { table } = each.index!;
    work.lock(table, concurrently ? "SHARE UPDATE EXCLUSIVE" : "SHARE");
    work.lock(each, concurrently ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE");
    if (!concurrently) work.rewrites.add(each);
    work.build(table);
  }
}

function reindexAll(work: Work, tree: Ast, concurrently: boolean): void {
  const kind = word(tree["kind"]);
  const isOfCatalogs = reindexesCatalogs(tree);
  // Until then REINDEX DATABASE was that of the catalogs as well; CONCURRENTLY it leaves them out.
  if (isOfCatalogs || (kind.endsWith("DATABASE") && work.version < 16 && !concurrently))
    work.unknown("for how long the system catalogs are locked");
  if (isOfCatalogs) return;
  const name = word(tree["name"]);
  const all = [...work.schema.relations.values()].filter(
    (each) => hasStorage(each) && (!kind.endsWith("SCHEMA") || each.schema === name),
  );
  for (const each of all) reindexTable(work, each, concurrently);
  if (!work.schema.complete) work.unknown("which other tables there are");
}

/** A `ReindexStmt` of PostgreSQL's own tables alone, which cannot be done CONCURRENTLY. */
export const reindexesCatalogs = (tree: Ast): boolean =>
  tree["kind"] === "REINDEX_OBJECT_SYSTEM" ||
  (tree["kind"] === "REINDEX_OBJECT_SCHEMA" && tree["name"] === "pg_catalog");

/** CLUSTER. */
export function cluster(work: Work, tree: Ast): void {
  if (tree["relation"] === undefined) {
    if (work.circumstances.block) work.refuse("CLUSTER without a table cannot run in a transaction");
    work.unknown("which tables were clustered before");
    return;
  }
  const table = work.openRange(node(tree["relation"]), "ACCESS EXCLUSIVE");
  if (table === undefined) return;
  if (table.kind === "partitioned table") {
    if (work.version < 15) work.refuse("CLUSTER of a partitioned table needs PostgreSQL 15");
    if (work.circumstances.block) work.refuse("CLUSTER of a partitioned table cannot run in a transaction");
  }
  const name = word(tree["indexname"]);
  const index = name === "" ? table.clusteredOn : table.indexes.find((each) => each.name === name);
  if (index === undefined && table.known)
    work.refuse(name === "" ? `${table.name} was never clustered` : `${table.name} has no index ${name}`);
  if (index !== undefined) {
    if (index.index?.predicate !== undefined) work.refuse(`${index.name} is a partial index`);
    table.clusteredOn = index;
  }
  for (const each of withPartitions(table)) work.rewrite(each);
}

/** The names of a list of `String` nodes. */
export const namesList = (value: Ast["x"]): string[] => items(value).map(stringOf);
