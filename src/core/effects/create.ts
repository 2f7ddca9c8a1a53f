/** CREATE of tables, views, types, triggers and the like → what they lock of what is there, and what is there then. */
import { type Ast, items, node, objectName, optionOf, rangeName, stringOf, word } from "../ast.ts";
import { defineColumn, requireType } from "./column.ts";
import { addConstraint } from "./constraint.ts";
import { usesOf } from "./expression.ts";
import { createPartition } from "./partition.ts";
import { query } from "./query.ts";
import { Queue } from "./queue.ts";
import {
  type Column,
  columnOf,
  type Relation,
  type RelationKind,
  type Trigger,
  withPartitions,
} from "./schema.ts";
import { typeName } from "./types.ts";
import type { Work } from "./work.ts";

/** CREATE TABLE and CREATE FOREIGN TABLE. */
export function createTable(work: Work, tree: Ast): void {
  const foreign = tree["base"] !== undefined;
  const base = foreign ? node(node(tree["base"])["CreateStmt"] ?? tree["base"]) : tree;
  const range = node(base["relation"]);
  const name = rangeName(range);
  const temporary = range["relpersistence"] === "t";
  const schema = work.schemaFor(name, temporary);
  if (base["if_not_exists"] === true && work.schema.relation({ schema, name: name.name }, []) !== undefined)
    return;
  work.requireFree({ schema, name: name.name });
  const spec = node(base["partspec"]);
  const kind: RelationKind = foreign
    ? "foreign table"
    : base["partspec"] === undefined
      ? "table"
      : "partitioned table";
  const table = work.make({
    schema,
    name: name.name,
    inServersPath: work.isInServersPath(name, schema),
    kind,
    temporary,
    unlogged: range["relpersistence"] === "u",
  });
  const queue = new Queue();
  if (base["partbound"] === undefined) inheritFrom(work, table, base);
  else partitionOf(work, queue, table, base);
  if (base["ofTypename"] !== undefined) typed(work, table, typeName(node(base["ofTypename"])));
  const later: (() => void)[] = [];
  for (const element of items(base["tableElts"])) {
    if (element["ColumnDef"] !== undefined)
      later.push(defineColumn(work, queue, table, node(element["ColumnDef"])));
    if (element["TableLikeClause"] !== undefined) likeTable(work, table, node(element["TableLikeClause"]));
    if (element["Constraint"] !== undefined)
      later.push(() => addConstraint(work, queue, table, node(element["Constraint"]), { isNew: true }));
  }
  if (base["partspec"] !== undefined) {
    const parts = items(spec["partParams"]).map(
      (item) => word(node(item["PartitionElem"])["name"]) || undefined,
    );
    const strategy = word(spec["strategy"]).replace("PARTITION_STRATEGY_", "").toLowerCase() as "range";
    table.key = { strategy, columns: parts };
  }
  for (const each of later) each();
  queue.finish(work);
}

function inheritFrom(work: Work, table: Relation, tree: Ast): void {
  for (const each of items(tree["inhRelations"])) {
    const parent = work.openRange(node(each["RangeVar"]), "SHARE UPDATE EXCLUSIVE");
    if (parent === undefined) continue;
    if (parent.known && !/table$/.test(parent.kind)) work.refuse(`${parent.name} is not a table`);
    for (const column of parent.columns)
      if (columnOf(table, column.name) === undefined) table.columns.push({ ...column, inherited: true });
    for (const constraint of parent.constraints)
      if (constraint.kind === "check" && !constraint.noInherit)
        table.constraints.push({ ...constraint, inherited: true });
    table.parents.push(parent);
    parent.children.push(table);
  }
}

function partitionOf(work: Work, queue: Queue, table: Relation, tree: Ast): void {
  const [first] = items(tree["inhRelations"]);
  const parent = work.openRange(node(first?.["RangeVar"]), "ACCESS EXCLUSIVE");
  const bound = node(node(tree["partbound"])["PartitionBoundSpec"] ?? tree["partbound"]);
  if (parent !== undefined) createPartition(work, queue, table, parent, bound);
}

function typed(work: Work, table: Relation, type: ReturnType<typeof typeName>): void {
  const composite = work.open({ name: type.name }, "ACCESS SHARE", { kind: "composite type" });
  table.ofType = type.name;
  table.columns = (composite?.columns ?? []).map((column) => ({ ...column }));
}

const INCLUDING_CONSTRAINTS = 4;
const INCLUDING_INDEXES = 64;

function likeTable(work: Work, table: Relation, tree: Ast): void {
  const source = work.openRange(node(tree["relation"]), "ACCESS SHARE");
  if (source === undefined) return;
  if (!source.known) work.unknown(`the columns of ${source.name}`);
  const options = Number(tree["options"] ?? 0);
  for (const { name } of source.columns)
    if (columnOf(table, name) !== undefined) work.refuse(`${table.name} would have two columns ${name}`);
  for (const { name, type, notNull } of source.columns)
    table.columns.push({ name, type, notNull, inherited: false });
  if ((options & INCLUDING_CONSTRAINTS) !== 0)
    for (const each of source.constraints)
      if (each.kind === "check") table.constraints.push({ ...each, inherited: false });
  if ((options & INCLUDING_INDEXES) !== 0)
    for (const { index } of source.indexes) {
      const copy = work.make({
        schema: table.schema,
        name: work.freeName(table.schema, {
          table: table.name,
          columns: index!.keys.map((key) => key ?? "expr"),
          suffix: "idx",
        }),
        kind: "index",
        index: { ...index!, table },
      });
      table.indexes.push(copy);
    }
}

/** CREATE TABLE AS, SELECT INTO, CREATE MATERIALIZED VIEW. */
export function createTableAs(work: Work, tree: Ast): void {
  const into = node(tree["into"]);
  const matview = tree["objtype"] === "OBJECT_MATVIEW";
  makeFrom(work, node(tree["query"]), into, { matview, missing: tree["if_not_exists"] === true });
}

interface Making {
  readonly matview: boolean;
  readonly missing: boolean;
}

export function makeFrom(work: Work, body: Ast, into: Ast, { matview, missing }: Making): void {
  const range = node(into["rel"]);
  const name = rangeName(range);
  const schema = work.schemaFor(name, range["relpersistence"] === "t");
  if (missing && work.schema.relation({ schema, name: name.name }, []) !== undefined) return;
  work.requireFree({ schema, name: name.name });
  const empty = into["skipData"] === true;
  if (body["ExecuteStmt"] !== undefined) work.unknown("what the prepared statement reads");
  query(work, body, empty ? "analysed" : "run");
  const made = work.make({
    schema,
    name: name.name,
    inServersPath: work.isInServersPath(name, schema),
    kind: matview ? "materialized view" : "table",
    ...columnsOf(work, body),
    rows: empty ? "none" : "unknown",
    populated: !empty,
  });
  if (!matview) return;
  made.uses = usesOf(work, body);
  work.schema.note(made);
}

/** The columns of a query, as far as their names and types show. `hasMore`: there may be others. */
function columnsOf(work: Work, body: Ast): Pick<Relation, "columns"> & { readonly hasMore: boolean } {
  let select = node(body["SelectStmt"]);
  // Those of the first query of a UNION.
  while (select["larg"] !== undefined) select = node(select["larg"]);
  const from = items(select["fromClause"]);
  const sources = from.flatMap((item) => {
    const found = item["RangeVar"] === undefined ? undefined : work.find(rangeName(item["RangeVar"]));
    return found === undefined ? [] : [found];
  });
  const known =
    sources.length === from.length && sources.every((each) => each.known && each.hasMore !== true);
  let hasMore = items(select["targetList"]).length === 0;
  const typeOf = (name: string): Column["type"] =>
    sources.flatMap((each) => each.columns).find((each) => each.name === name)?.type ?? {
      name: "unknown",
      modifiers: [],
      array: false,
      setOf: false,
    };
  const columns = items(select["targetList"]).flatMap((item): Column[] => {
    const target = node(item["ResTarget"]);
    const fields = items(node(node(target["val"])["ColumnRef"])["fields"]);
    const last = fields.at(-1);
    if (last?.["A_Star"] !== undefined) {
      // `t.*` of one of several.
      hasMore ||= !known || select["withClause"] !== undefined || (fields.length > 1 && from.length > 1);
      return sources.flatMap((each) =>
        each.columns.map((column) => ({
          name: column.name,
          type: column.type,
          notNull: false,
          inherited: false,
        })),
      );
    }
    const cast = node(node(target["val"])["TypeCast"]);
    const name = word(target["name"]) || (last === undefined ? "" : stringOf(last));
    const type =
      cast["typeName"] === undefined
        ? typeOf(last === undefined ? "" : stringOf(last))
        : typeName(node(cast["typeName"]));
    hasMore ||= name === "";
    return [{ name, type, notNull: false, inherited: false }];
  });
  return { columns, hasMore };
}

/** CREATE VIEW. */
export function createView(work: Work, tree: Ast): void {
  const range = node(tree["view"]);
  const name = rangeName(range);
  const schema = work.schemaFor(name, range["relpersistence"] === "t");
  const body = node(tree["query"]);
  if (tree["replace"] !== true) work.requireFree({ schema, name: name.name });
  const found = work.schema.relation({ schema, name: name.name }, []);
  const before = found?.perhaps === true ? undefined : found;
  query(work, body, "analysed");
  const aliases = items(tree["aliases"]).map(stringOf);
  const shown = columnsOf(work, body);
  const names = shown.columns.map(({ name: each }) => each);
  if (aliases.length === 0 && names.some((each, i) => each !== "" && names.indexOf(each) !== i))
    work.refuse("two columns of the view have the same name");
  const columns = shown.columns.map((column, i) => ({ ...column, name: aliases[i] ?? column.name }));
  const { hasMore } = shown;
  if (before === undefined) {
    if (tree["replace"] === true && !work.schema.isAbsent({ schema, name: name.name }, []))
      work.unknown(`whether the view ${name.name} exists: then it is locked`);
    work.make({
      schema,
      name: name.name,
      inServersPath: work.isInServersPath(name, schema),
      kind: "view",
      columns,
      hasMore,
      uses: usesOf(work, body),
    });
    return;
  }
  if (before.known && before.kind !== "view") work.refuse(`${before.name} is not a view`);
  work.lock(before, "ACCESS EXCLUSIVE");
  const changed = before.columns.find((each, i) => columns[i]?.name !== each.name);
  if (
    changed !== undefined &&
    !hasMore &&
    before.hasMore !== true &&
    columns.every(({ name: own }) => own !== "")
  )
    work.refuse(`the view's column ${changed.name} would change its name or be dropped`);
  before.columns = columns;
  before.hasMore = hasMore;
  before.uses = usesOf(work, body);
}

/** CREATE SEQUENCE. */
export function createSequence(work: Work, tree: Ast): void {
  const range = node(tree["sequence"]);
  const name = rangeName(range);
  const schema = work.schemaFor(name, range["relpersistence"] === "t");
  if (tree["if_not_exists"] === true && work.schema.relation({ schema, name: name.name }, []) !== undefined)
    return;
  work.requireFree({ schema, name: name.name });
  const inServersPath = work.isInServersPath(name, schema);
  const made = work.make({ schema, name: name.name, inServersPath, kind: "sequence" });
  ownedBy(work, made, tree["options"]);
}

/** OWNED BY. */
export function ownedBy(work: Work, sequence: Relation, options: Ast["x"]): void {
  const option = optionOf(options, "owned_by");
  if (option === undefined) return;
  const names = items(node(node(option["arg"])["List"])["items"]).map(stringOf);
  delete sequence.owner;
  if (names.length < 2) return;
  const table = work.open(objectName(names.slice(0, -1)), "ACCESS SHARE");
  if (table === undefined) return;
  sequence.owner = { table, column: names.at(-1)!, identity: false };
  work.schema.note(sequence);
}

/** ALTER SEQUENCE. */
export function alterSequence(work: Work, tree: Ast): void {
  const sequence = work.openRange(node(tree["sequence"]), "SHARE ROW EXCLUSIVE", {
    missingOk: tree["missing_ok"] === true,
    kind: "sequence",
  });
  if (sequence === undefined) return;
  const options = items(tree["options"]).map((item) => word(node(item["DefElem"])["defname"]));
  if (options.some((each) => each !== "owned_by")) work.rewrites.add(sequence);
  ownedBy(work, sequence, tree["options"]);
}

const EVENTS = { insert: 4, delete: 8, update: 16, truncate: 32 } as const;

/** CREATE TRIGGER. */
export function createTrigger(work: Work, tree: Ast): void {
  const table = work.openRange(node(tree["relation"]), "SHARE ROW EXCLUSIVE");
  if (table === undefined) return;
  if (tree["constrrel"] !== undefined) work.openRange(node(tree["constrrel"]), "ACCESS SHARE");
  const functionName = stringOf(items(tree["funcname"]).at(-1) ?? {});
  const named = objectName(items(tree["funcname"]).map(stringOf));
  if (
    work.schema.complete &&
    work.schema.functionsNamed(named, work.session.searchPath).length === 0 &&
    !/^(?:tsvector_update_trigger|suppress_redundant_updates_trigger)/.test(functionName)
  )
    work.refuse(`function ${functionName} does not exist`);
  const name = word(tree["trigname"]);
  const bits = Number(tree["events"] ?? 0);
  const made: Trigger = {
    name,
    events: (Object.keys(EVENTS) as (keyof typeof EVENTS)[]).filter((event) => (bits & EVENTS[event]) !== 0),
    forEachRow: tree["row"] === true,
    columns: items(tree["columns"]).map(stringOf),
    uses: usesOf(work, node(tree["whenClause"]), table),
    functionName,
    constraint: tree["isconstraint"] === true,
    enabled: true,
  };
  const all = made.forEachRow ? withPartitions(table) : [table];
  for (const each of all) {
    work.lock(each, "SHARE ROW EXCLUSIVE");
    if (each.triggers.some((one) => one.name === name) && tree["replace"] !== true)
      work.refuse(`${each.name} already has a trigger ${name}`);
    each.triggers = [...each.triggers.filter((one) => one.name !== name), { ...made }];
  }
}

/** CREATE RULE. */
export function createRule(work: Work, tree: Ast): void {
  const table = work.openRange(node(tree["relation"]), "ACCESS EXCLUSIVE");
  if (table === undefined) return;
  if (tree["event"] === "CMD_SELECT" && table.kind !== "view")
    work.refuse(`${table.name} is a table: use CREATE VIEW`);
  const name = word(tree["rulename"]);
  if (table.rules.some((each) => each.name === name) && tree["replace"] !== true)
    work.refuse(`${table.name} already has a rule ${name}`);
  for (const action of items(tree["actions"])) query(work, action, "analysed");
  const event = word(tree["event"]).replace("CMD_", "").toLowerCase();
  const nothing = items(tree["actions"]).length === 0;
  table.rules = [...table.rules.filter((each) => each.name !== name), { name, event, instead: nothing }];
}

/** CREATE POLICY, ALTER POLICY. */
export function createPolicy(work: Work, tree: Ast, alters = false): void {
  const table = work.openRange(node(tree["table"]), "ACCESS EXCLUSIVE");
  if (table === undefined) return;
  const name = word(tree["policy_name"]);
  const has = table.policies.some((each) => each.name === name);
  if (table.known && has !== alters)
    work.refuse(has ? `${table.name} already has a policy ${name}` : `${table.name} has no policy ${name}`);
  const expressions = { qual: node(tree["qual"]), check: node(tree["with_check"]) };
  query(work, { SelectStmt: expressions }, "analysed");
  table.policies = [
    ...table.policies.filter((each) => each.name !== name),
    { name, uses: usesOf(work, expressions, table) },
  ];
}

/** CREATE STATISTICS. */
export function createStatistics(work: Work, tree: Ast): void {
  const name = items(tree["defnames"]).map(stringOf).at(-1) ?? "";
  if (work.version < 14 && items(tree["exprs"]).some((each) => node(each["StatsElem"])["expr"] !== undefined))
    work.refuse("statistics on expressions need PostgreSQL 14");
  for (const each of items(tree["relations"])) {
    const table = work.openRange(node(each["RangeVar"]), "SHARE UPDATE EXCLUSIVE");
    if (table !== undefined) work.schema.statistics.set(name, table);
  }
}

/** CREATE TYPE … AS (…). */
export function createComposite(work: Work, tree: Ast): void {
  const name = rangeName(tree["typevar"]);
  const columns = items(tree["coldeflist"]).map((item): Column => {
    const def = node(item["ColumnDef"]);
    const type = typeName(node(def["typeName"]));
    requireType(work, type);
    return { name: word(def["colname"]), type, notNull: false, inherited: false };
  });
  const schema = work.schemaFor(name);
  const inServersPath = work.isInServersPath(name, schema);
  work.make({ schema, name: name.name, inServersPath, kind: "composite type", columns });
}

/** CREATE TYPE … AS ENUM, AS RANGE; CREATE DOMAIN. */
export function createType(work: Work, kind: string, tree: Ast): void {
  const name = objectName(items(tree[kind === "CreateDomainStmt" ? "domainname" : "typeName"]).map(stringOf));
  const schema = work.schemaFor(name);
  if (work.schema.type({ schema, name: name.name }, []) !== undefined)
    work.refuse(`the type ${name.name} already exists`);
  const { transaction } = work.session;
  const own = { schema, name: name.name, transaction };
  if (kind === "CreateEnumStmt") {
    const labels = items(tree["vals"]).map((each) => ({ name: stringOf(each), transaction: 0 }));
    work.schema.addType({ ...own, kind: "enum", labels });
    return;
  }
  if (kind === "CreateRangeStmt") {
    work.schema.addType({ ...own, kind: "range" });
    return;
  }
  const base = typeName(node(tree["typeName"]));
  requireType(work, base);
  const all = items(tree["constraints"]).map((item) => node(item["Constraint"]));
  const checks = all.filter((each) => each["contype"] === "CONSTR_CHECK");
  work.schema.addType({
    ...own,
    kind: "domain",
    base,
    notNull: all.some((each) => each["contype"] === "CONSTR_NOTNULL"),
    hasDefault: all.some((each) => each["contype"] === "CONSTR_DEFAULT"),
    constraints: checks.map((each, i) => ({
      name: word(each["conname"]) || `${name.name}_check${i === 0 ? "" : i}`,
      valid: true,
    })),
  });
}
