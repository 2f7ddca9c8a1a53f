/** ALTER TABLE, and ALTER INDEX, VIEW, SEQUENCE and TYPE of the same tree → what they do. */
import { type Ast, items, node, rangeName, roleName, withColumnRenamed, word } from "../ast.ts";
import {
  addColumn,
  alterExpression,
  alterIdentity,
  alterType,
  changeType,
  dropColumn,
  dropNotNull,
  requireOf,
  requireType,
  setColumnNotNull,
  setDefault,
} from "./column.ts";
import {
  addConstraint,
  alterConstraint,
  dropConstraint,
  requireConstraint,
  validateConstraint,
} from "./constraint.ts";
import { kindFor } from "./drop.ts";
import { type LockMode, stronger } from "./mode.ts";
import { alterInherit, attachPartition, detachPartition } from "./partition.ts";
import { Queue } from "./queue.ts";
import { columnOf, hasStorage, type Relation, withChildren, withPartitions } from "./schema.ts";
import { typeName } from "./types.ts";
import type { Work } from "./work.ts";

/** Subcommands that do not stop readers and writers. */
const WEAKER: Readonly<Record<string, LockMode>> = {
  AT_SetStatistics: "SHARE UPDATE EXCLUSIVE",
  AT_SetOptions: "SHARE UPDATE EXCLUSIVE",
  AT_ResetOptions: "SHARE UPDATE EXCLUSIVE",
  AT_ClusterOn: "SHARE UPDATE EXCLUSIVE",
  AT_DropCluster: "SHARE UPDATE EXCLUSIVE",
  AT_ValidateConstraint: "SHARE UPDATE EXCLUSIVE",
  AT_AttachPartition: "SHARE UPDATE EXCLUSIVE",
  AT_DetachPartitionFinalize: "SHARE UPDATE EXCLUSIVE",
  AT_EnableTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableAlwaysTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableReplicaTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableTrigAll: "SHARE ROW EXCLUSIVE",
  AT_EnableTrigUser: "SHARE ROW EXCLUSIVE",
  AT_DisableTrig: "SHARE ROW EXCLUSIVE",
  AT_DisableTrigAll: "SHARE ROW EXCLUSIVE",
  AT_DisableTrigUser: "SHARE ROW EXCLUSIVE",
};

/** Storage parameters that need ACCESS EXCLUSIVE. */
const STRONG_OPTION =
  /^(?:user_catalog_table|security_barrier|security_invoker|check_option|buffering|fastupdate|gin_pending_list_limit|pages_per_range|autosummarize)$/;

const optionsOf = (command: Ast): readonly Ast[] =>
  items(node(node(command["def"])["List"])["items"]).map((item) => node(item["DefElem"]));

function modeOf(command: Ast): LockMode {
  const subtype = word(command["subtype"]);
  const def = node(command["def"]);
  if (subtype === "AT_AddConstraint")
    return node(def["Constraint"])["contype"] === "CONSTR_FOREIGN"
      ? "SHARE ROW EXCLUSIVE"
      : "ACCESS EXCLUSIVE";
  if (/^AT_(?:Set|Reset)RelOptions$/.test(subtype))
    return optionsOf(command).some(({ defname }) => STRONG_OPTION.test(word(defname)))
      ? "ACCESS EXCLUSIVE"
      : "SHARE UPDATE EXCLUSIVE";
  if (subtype === "AT_DetachPartition")
    return node(def["PartitionCmd"])["concurrent"] === true ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE";
  return WEAKER[subtype] ?? "ACCESS EXCLUSIVE";
}

/** In which order PostgreSQL does what one statement lists. */
const PASSES: readonly RegExp[] = [
  /^AT_(?:Drop(?:Column|Constraint|Inherit|NotNull|Expression)|DetachPartition.*)$/,
  /^AT_AlterColumnType$/,
  /^AT_AddColumn$/,
  /^AT_SetExpression$/,
  /^AT_(?:AddConstraint|AlterConstraint)$/,
  /^AT_(?:ColumnDefault|SetNotNull|AddIdentity|SetIdentity|DropIdentity)$/,
  /./,
];

const passOf = (command: Ast): number => PASSES.findIndex((pass) => pass.test(word(command["subtype"])));

export function alterTable(work: Work, tree: Ast): void {
  const commands = items(tree["cmds"]).map((item) => node(item["AlterTableCmd"]));
  const type = word(tree["objtype"]);
  if (type === "OBJECT_TYPE") {
    const queue = new Queue();
    alterComposite(work, queue, tree, commands);
    queue.finish(work);
    return;
  }
  const mode = commands.map(modeOf).reduce(stronger);
  const range = node(tree["relation"]);
  const table = work.openRange(range, mode, { missingOk: tree["missing_ok"] === true, kind: kindFor(type) });
  if (table === undefined) return;
  refuseWrongKind(work, table, commands);
  if (work.session.pending.has(table.id)) work.refuse(`${table.name} has pending trigger events`);
  const queue = new Queue();
  const only = range["inh"] !== true;
  const later: (() => void)[] = [];
  for (const command of commands.toSorted((a, b) => passOf(a) - passOf(b))) {
    const rest = alterOne(work, queue, table, { command, only, mode });
    if (rest !== undefined) later.push(rest);
  }
  for (const each of later) each();
  queue.finish(work);
}

const TABLE_ONLY =
  /^AT_(?:AddColumn|DropColumn|AlterColumnType|SetNotNull|DropNotNull|AddConstraint|DropConstraint|ValidateConstraint|AlterConstraint|AddInherit|DropInherit|EnableRowSecurity|DisableRowSecurity|ForceRowSecurity|NoForceRowSecurity|ReplicaIdentity|AddIdentity|SetIdentity|DropIdentity|SetLogged|SetUnLogged)$/;

function refuseWrongKind(work: Work, table: Relation, commands: readonly Ast[]): void {
  for (const command of commands) {
    const subtype = word(command["subtype"]);
    if (table.kind === "sequence" && work.version >= 15 && /^AT_Set(?:Un)?Logged$/.test(subtype)) continue;
    if (
      TABLE_ONLY.test(subtype) &&
      /^(?:view|materialized view|sequence|index|partitioned index)$/.test(table.kind)
    )
      work.refuse(`${table.name} is not a table`);
  }
}

interface Command {
  readonly command: Ast;
  readonly only: boolean;
  readonly mode: LockMode;
}

function alterOne(
  work: Work,
  queue: Queue,
  table: Relation,
  { command, only, mode }: Command,
): (() => void) | undefined {
  const [subtype, name] = [word(command["subtype"]), word(command["name"])];
  switch (subtype) {
    case "AT_AddColumn":
      return addColumn(work, queue, table, command, only);
    case "AT_DropColumn":
      dropColumn(work, table, command, only);
      return undefined;
    case "AT_AlterColumnType":
      alterType(work, queue, table, command);
      return undefined;
    case "AT_SetNotNull":
      setColumnNotNull(work, queue, table, name, only);
      return undefined;
    case "AT_DropNotNull":
      dropNotNull(work, table, name, only);
      return undefined;
    case "AT_ColumnDefault":
      setDefault(work, table, command, only);
      return undefined;
    case "AT_AddIdentity":
    case "AT_SetIdentity":
    case "AT_DropIdentity":
      alterIdentity(work, table, command);
      return undefined;
    case "AT_SetExpression":
    case "AT_DropExpression":
      alterExpression(work, queue, table, command);
      return undefined;
    case "AT_AddConstraint":
      addConstraint(work, queue, table, node(node(command["def"])["Constraint"]), { only });
      return undefined;
    case "AT_AlterConstraint":
      alterConstraint(
        work,
        queue,
        table,
        node(node(command["def"])["ATAlterConstraint"] ?? node(command["def"])["Constraint"]),
      );
      return undefined;
    case "AT_ValidateConstraint":
      validateConstraint(work, table, name);
      return undefined;
    case "AT_DropConstraint":
      dropConstraint(work, table, name, {
        cascade: command["behavior"] === "DROP_CASCADE",
        missingOk: command["missing_ok"] === true,
      });
      return undefined;
    case "AT_AttachPartition":
      attachPartition(work, queue, table, command);
      return undefined;
    case "AT_DetachPartition":
    case "AT_DetachPartitionFinalize":
      detachPartition(work, table, command);
      return undefined;
    case "AT_AddInherit":
    case "AT_DropInherit":
      alterInherit(work, table, command);
      return undefined;
    default:
      alterRest(work, queue, table, { command, only, mode });
      return undefined;
  }
}

/** What changes no column and no constraint. */
function alterRest(work: Work, queue: Queue, table: Relation, { command, only, mode }: Command): void {
  const [subtype, name] = [word(command["subtype"]), word(command["name"])];
  switch (subtype) {
    case "AT_SetStatistics":
    case "AT_SetStorage":
      if (name !== "") requireOf(work, table, name);
      for (const each of only ? [table] : withChildren(table)) work.lock(each, mode);
      return;
    case "AT_SetCompression":
    case "AT_SetOptions":
    case "AT_ResetOptions":
      requireOf(work, table, name);
      return;
    case "AT_SetLogged":
    case "AT_SetUnLogged":
      setLogged(work, queue, table, subtype === "AT_SetUnLogged");
      return;
    case "AT_ClusterOn": {
      const index = table.indexes.find((each) => each.name === name);
      if (index === undefined) {
        table.known ? work.refuse(`${table.name} has no index ${name}`) : undefined;
        return;
      }
      if (table.kind === "partitioned table") work.refuse(`${table.name} is partitioned`);
      work.lock(index, "SHARE UPDATE EXCLUSIVE");
      table.clusteredOn = index;
      return;
    }
    case "AT_DropCluster":
      if (table.kind === "partitioned table") work.refuse(`${table.name} is partitioned`);
      delete table.clusteredOn;
      return;
    case "AT_SetTableSpace":
      if (name !== table.tablespace && !(name === "pg_default" && table.tablespace === ""))
        moveTo(work, table, name);
      return;
    case "AT_SetAccessMethod":
      if (name !== "heap" && name !== "") queue.rewrites.add(table);
      return;
    case "AT_SetRelOptions":
    case "AT_ResetRelOptions":
      refuseOptions(work, table, command);
      return;
    case "AT_ChangeOwner":
      changeOwner(work, table, command);
      return;
    case "AT_ReplicaIdentity":
      replicaIdentity(work, table, node(node(command["def"])["ReplicaIdentityStmt"]));
      return;
    case "AT_EnableRowSecurity":
    case "AT_DisableRowSecurity":
      table.rowSecurity = subtype === "AT_EnableRowSecurity";
      return;
    case "AT_AddOf": {
      const type = typeName(node(node(command["def"])["TypeName"]));
      requireType(work, type);
      work.open({ name: type.name }, "ACCESS SHARE", { kind: "composite type" });
      table.ofType = type.name;
      return;
    }
    case "AT_DropOf":
      delete table.ofType;
      return;
    default:
      alterTriggers(work, table, subtype, name);
      return;
  }
}

function alterTriggers(work: Work, table: Relation, subtype: string, name: string): void {
  if (!/Trig/.test(subtype)) {
    if (/Rule$/.test(subtype) && table.known && !table.rules.some((each) => each.name === name))
      work.refuse(`${table.name} has no rule ${name}`);
    return;
  }
  if (name !== "" && table.known && !table.triggers.some((each) => each.name === name))
    work.refuse(`${table.name} has no trigger ${name}`);
  for (const each of withPartitions(table)) {
    const named = each.triggers.some((trigger) => name === "" || trigger.name === name);
    if (each !== table && !named) continue;
    work.lock(each, "SHARE ROW EXCLUSIVE");
    for (const trigger of each.triggers)
      if (name === "" || trigger.name === name) trigger.enabled = !subtype.includes("Disable");
  }
}

function setLogged(work: Work, queue: Queue, table: Relation, unlogged: boolean): void {
  if (table.kind === "partitioned table" && work.version >= 18) work.refuse(`${table.name} is partitioned`);
  if (table.unlogged === unlogged) return;
  if (table.kind === "sequence") {
    work.rewrites.add(table);
    table.unlogged = unlogged;
    return;
  }
  const against = unlogged
    ? work.schema.referring(table).filter(([child]) => child !== table && !child.unlogged)
    : table.constraints.filter(
        ({ references }) =>
          references !== undefined && references.table !== table && references.table.unlogged,
      );
  if (against.length > 0) work.refuse("a logged table cannot refer to an unlogged one");
  table.unlogged = unlogged;
  queue.rewrites.add(table);
  for (const each of work.schema.sequencesOf(table)) {
    if (work.version < 15) break;
    work.lock(each, "ACCESS EXCLUSIVE");
    work.rewrites.add(each);
  }
}

/** The file is copied; its rows are not read one by one. */
function moveTo(work: Work, table: Relation, name: string): void {
  table.tablespace = name;
  if (hasStorage(table) || table.kind === "index") work.rewrites.add(table);
}

function refuseOptions(work: Work, table: Relation, command: Ast): void {
  for (const { defname, defnamespace } of optionsOf(command)) {
    if (table.kind.startsWith("partitioned"))
      work.refuse(`${table.name} is partitioned and has no storage parameters`);
    if ((NEWER_OPTIONS.find(([, option]) => option.test(word(defname)))?.[0] ?? 0) > work.version)
      work.refuse(`the storage parameter ${word(defname)} needs a newer version of PostgreSQL`);
    if (defnamespace === undefined && !KNOWN_OPTION.test(word(defname)))
      work.refuse(`storage parameter ${word(defname)} does not exist`);
  }
}

const KNOWN_OPTION =
  /^(?:fillfactor|toast_tuple_target|parallel_workers|user_catalog_table|vacuum_\w+|autovacuum_\w+|log_autovacuum_\w+|security_barrier|security_invoker|check_option|buffering|fastupdate|gin_pending_list_limit|pages_per_range|autosummarize|deduplicate_items|oids|lists|m|ef_construction)$/;

/** Parameters that came after PostgreSQL 12. */
const NEWER_OPTIONS: readonly (readonly [version: number, option: RegExp])[] = [
  [13, /^(?:autovacuum_vacuum_insert_\w+|deduplicate_items)$/],
  [15, /^security_invoker$/],
  [18, /^(?:autovacuum_vacuum_max_threshold|vacuum_max_eager_freeze_failure_rate)$/],
];

/** The indexes and the sequences of the table change their owner with it. */
function changeOwner(work: Work, table: Relation, command: Ast): void {
  const owner = roleName({ RoleSpec: node(command["newowner"]) });
  const current = table.owningRole ?? "postgres";
  if (owner === current || /^CURRENT|^SESSION/.test(owner)) return;
  if (table.owningRole === undefined && !work.schema.complete) {
    work.unknown(`whether ${table.name} already belongs to ${owner}`, [table]);
  }
  table.owningRole = owner;
  for (const index of table.indexes) work.lock(index, "ACCESS EXCLUSIVE");
  for (const each of work.schema.sequencesOf(table)) work.lock(each, "ACCESS EXCLUSIVE");
}

function replicaIdentity(work: Work, table: Relation, tree: Ast): void {
  if (tree["identity_type"] !== "i") return;
  const index = table.indexes.find((each) => each.name === tree["name"]);
  if (index === undefined) {
    table.known ? work.refuse(`${table.name} has no index ${word(tree["name"])}`) : undefined;
    return;
  }
  const { unique, expression, predicate, keys } = index.index!;
  if (!unique || expression || predicate !== undefined)
    work.refuse(`${index.name} cannot be a replica identity`);
  if (keys.some((key) => columnOf(table, key ?? "")?.notNull !== true))
    work.refuse(`${index.name} contains a column that can be NULL`);
  work.lock(index, "SHARE");
}

/** ALTER TYPE … ADD, DROP, ALTER ATTRIBUTE. */
function alterComposite(work: Work, queue: Queue, tree: Ast, commands: readonly Ast[]): void {
  const type = work.openRange(node(tree["relation"]), "ACCESS EXCLUSIVE", { kind: "composite type" });
  if (type === undefined) return;
  const typed = tablesOf(work, type);
  for (const command of commands) {
    const cascade = command["behavior"] === "DROP_CASCADE";
    if (typed.length > 0 && !cascade) work.refuse(`${type.name} is the type of ${typed[0]!.name}`);
    for (const each of typed) work.lock(each, "ACCESS EXCLUSIVE");
    const tree = node(node(command["def"])["ColumnDef"]);
    const used = [...work.schema.relations.values()].some(
      (each) => each !== type && each.columns.some((column) => column.type.name === type.name),
    );
    if (command["subtype"] === "AT_AlterColumnType" && used)
      work.refuse(`a column has the type ${type.name}`);
    for (const each of [type, ...typed]) {
      const name = word(command["name"]);
      if (command["subtype"] === "AT_AddColumn")
        each.columns.push({
          name: word(tree["colname"]),
          type: typeName(node(tree["typeName"])),
          notNull: false,
          inherited: false,
        });
      if (command["subtype"] === "AT_DropColumn")
        each.columns = each.columns.filter((column) => column.name !== name);
      const own = columnOf(each, name);
      if (command["subtype"] !== "AT_AlterColumnType" || own === undefined) continue;
      const to = typeName(node(tree["typeName"]));
      if (each === type) own.type = to;
      else changeType(work, queue, each, own, { to, using: undefined, collation: undefined });
    }
  }
}

/** The tables whose columns are those of a composite type. */
const tablesOf = (work: Work, type: Relation): readonly Relation[] =>
  type.kind === "composite type"
    ? [...work.schema.relations.values()].filter((each) => each.ofType === type.name)
    : [];

// RENAME and SET SCHEMA.

export function rename(work: Work, tree: Ast): void {
  const [type, newName, name] = [word(tree["renameType"]), word(tree["newname"]), word(tree["subname"])];
  const missingOk = tree["missing_ok"] === true;
  switch (type) {
    case "OBJECT_COLUMN":
    case "OBJECT_ATTRIBUTE":
      renameColumn(work, tree, name, newName, missingOk);
      return;
    case "OBJECT_TABCONSTRAINT":
      renameConstraint(work, tree, name, newName, missingOk);
      return;
    case "OBJECT_TRIGGER":
    case "OBJECT_POLICY":
    case "OBJECT_RULE": {
      const table = work.openRange(node(tree["relation"]), "ACCESS EXCLUSIVE", { missingOk });
      const field = (
        { OBJECT_TRIGGER: "triggers", OBJECT_POLICY: "policies", OBJECT_RULE: "rules" } as const
      )[type];
      if (table === undefined) return;
      const found = table[field].find((each) => each.name === name);
      if (found === undefined && table.known) work.refuse(`${table.name} has no ${name}`);
      if (found !== undefined) found.name = newName;
      for (const child of field === "triggers" ? table.children : []) {
        const own = child.triggers.find((each) => each.name === name);
        if (own === undefined || work.version < 15) continue;
        work.lock(child, "ACCESS EXCLUSIVE");
        own.name = newName;
      }
      return;
    }
    default:
      renameRelation(work, tree, type, newName, missingOk);
      return;
  }
}

function renameRelation(work: Work, tree: Ast, type: string, newName: string, missingOk: boolean): void {
  const range = node(tree["relation"]);
  const index = type === "OBJECT_INDEX";
  const found = work.find(rangeName(range));
  const mode =
    index && (found === undefined || found.kind.endsWith("index"))
      ? "SHARE UPDATE EXCLUSIVE"
      : "ACCESS EXCLUSIVE";
  const relation = work.openRange(range, mode, { missingOk, kind: kindFor(type) });
  if (relation === undefined) return;
  work.requireFree({ schema: relation.schema, name: newName });
  work.schema.rename(relation, newName);
  const constraint = relation.index?.table.constraints.find((each) => each.index === relation);
  if (constraint !== undefined) constraint.name = newName;
}

function renameColumn(work: Work, tree: Ast, name: string, newName: string, missingOk: boolean): void {
  const table = work.openRange(node(tree["relation"]), "ACCESS EXCLUSIVE", { missingOk });
  if (table === undefined) return;
  const column = requireOf(work, table, name);
  if (columnOf(table, newName) !== undefined) work.refuse(`${table.name} already has a column ${newName}`);
  if (column?.inherited === true) work.refuse(`${name} of ${table.name} is inherited`);
  const typed = tablesOf(work, table);
  if (typed.length > 0 && tree["behavior"] !== "DROP_CASCADE")
    work.refuse(`${table.name} is the type of ${typed[0]!.name}`);
  for (const each of [...withChildren(table), ...typed]) {
    work.lock(each, "ACCESS EXCLUSIVE");
    const own = columnOf(each, name);
    if (own !== undefined) own.name = newName;
    work.schema.noteColumn(each, name, newName);
    const renamed = (columns: string[]): string[] => columns.map((one) => (one === name ? newName : one));
    for (const constraint of each.constraints) {
      constraint.columns = renamed(constraint.columns);
      if (constraint.expression !== undefined)
        constraint.expression = withColumnRenamed(constraint.expression, name, newName);
    }
    for (const index of each.indexes) {
      index.index!.columns = renamed(index.index!.columns);
      index.index!.keys = index.index!.keys.map((key) => (key === name ? newName : key));
    }
  }
  for (const [, key] of work.schema.referring(table))
    key.references!.columns = key.references!.columns.map((one) => (one === name ? newName : one));
}

function renameConstraint(work: Work, tree: Ast, name: string, newName: string, missingOk: boolean): void {
  const table = work.openRange(node(tree["relation"]), "ACCESS EXCLUSIVE", { missingOk });
  if (table === undefined) return;
  const constraint = requireConstraint(work, table, name);
  if (constraint === undefined) return;
  if (constraint.inherited) work.refuse(`${name} of ${table.name} is inherited`);
  if (constraint.index !== undefined) {
    work.lock(constraint.index, "SHARE UPDATE EXCLUSIVE");
    work.schema.rename(constraint.index, newName);
    constraint.name = newName;
    return;
  }
  const recurses = constraint.kind === "check" || constraint.kind === "not null";
  for (const each of recurses ? withChildren(table) : [table]) {
    if (each !== table) work.lock(each, "ACCESS EXCLUSIVE");
    const own = each.constraints.find((one) => one.name === name);
    if (own !== undefined) own.name = newName;
  }
}

/** ALTER … SET SCHEMA of a relation: what belongs to it moves too. */
export function moveRelation(work: Work, tree: Ast): void {
  const relation = work.openRange(node(tree["relation"]), "ACCESS EXCLUSIVE", {
    missingOk: tree["missing_ok"] === true,
    kind: kindFor(word(tree["objectType"])),
  });
  const schema = word(tree["newschema"]);
  if (relation === undefined) return;
  if (relation.owner !== undefined) work.refuse(`${relation.name} belongs to ${relation.owner.table.name}`);
  if (work.schema.complete && !work.schema.schemas.has(schema))
    work.refuse(`schema ${schema} does not exist`);
  work.schema.rename(relation, relation.name, schema);
  for (const index of relation.indexes) work.schema.rename(index, index.name, schema);
  for (const each of work.schema.sequencesOf(relation)) {
    work.lock(each, "ACCESS EXCLUSIVE");
    work.schema.rename(each, each.name, schema);
  }
}
