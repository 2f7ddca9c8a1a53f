/** DROP → what goes with it, and what of it is locked. */
import { type Ast, items, namesIn, node, type ObjectName, objectName, word } from "../ast.ts";
import { removeFunction, removeIndex, removeRelation, removeType } from "./removal.ts";
import type { Relation, RelationKind } from "./schema.ts";
import type { Work } from "./work.ts";

const KINDS: Readonly<Record<string, RegExp>> = {
  OBJECT_TABLE: /^(?:partitioned )?table$/,
  OBJECT_VIEW: /^view$/,
  OBJECT_MATVIEW: /^materialized view$/,
  OBJECT_INDEX: /index$/,
  OBJECT_SEQUENCE: /^sequence$/,
  OBJECT_FOREIGN_TABLE: /^foreign table$/,
};

export const kindFor = (type: string): RelationKind =>
  (
    ({
      OBJECT_VIEW: "view",
      OBJECT_MATVIEW: "materialized view",
      OBJECT_INDEX: "index",
      OBJECT_SEQUENCE: "sequence",
      OBJECT_FOREIGN_TABLE: "foreign table",
    }) as Record<string, RelationKind>
  )[type] ?? "table";

/** Whether a relation is what a statement calls it. */
export const isOfType = (relation: Relation, type: string): boolean =>
  KINDS[type]?.test(relation.kind) ?? true;

export function drop(work: Work, tree: Ast): void {
  const type = word(tree["removeType"]);
  const [cascade, missingOk] = [tree["behavior"] === "DROP_CASCADE", tree["missing_ok"] === true];
  if (tree["concurrent"] === true) {
    dropConcurrently(work, tree);
    return;
  }
  const names = items(tree["objects"]).map((object) => namesIn(object));
  if (KINDS[type] !== undefined) {
    dropRelations(work, names.map(objectName), type, cascade, missingOk);
    return;
  }
  for (const [index, name] of names.entries())
    dropObject(work, type, name, items(tree["objects"])[index]!, cascade, missingOk);
}

function dropConcurrently(work: Work, tree: Ast): void {
  if (work.circumstances.block) work.refuse("DROP INDEX CONCURRENTLY cannot run in a transaction");
  for (const object of items(tree["objects"])) {
    const index = work.open(objectName(namesIn(object)), "SHARE UPDATE EXCLUSIVE", {
      missingOk: tree["missing_ok"] === true,
      kind: "index",
    });
    if (index === undefined) continue;
    if (index.index === undefined) {
      work.unknown(`the table of the index ${index.name}`);
      return;
    }
    work.lock(index.index.table, "SHARE UPDATE EXCLUSIVE");
    refuseNeeded(work, index);
    if (index.kind === "partitioned index") work.refuse(`${index.name} is partitioned`);
    index.index.table.indexes = index.index.table.indexes.filter((each) => each !== index);
    work.schema.remove(index);
  }
}

function refuseNeeded(work: Work, index: Relation): void {
  const { table } = index.index!;
  if (table.constraints.some((each) => each.index === index))
    work.refuse(`a constraint of ${table.name} needs ${index.name}`);
  if (index.parents.length > 0) work.refuse(`${index.parents[0]!.name} needs ${index.name}`);
}

function dropRelations(
  work: Work,
  names: readonly ObjectName[],
  type: string,
  cascade: boolean,
  missingOk: boolean,
): void {
  const found: Relation[] = [];
  for (const name of names) {
    const relation = work.open(name, "ACCESS EXCLUSIVE", { missingOk, kind: kindFor(type) });
    if (relation === undefined) continue;
    if (!isOfType(relation, type) && relation.known) work.refuse(`${relation.name} is of a different kind`);
    if (!relation.known)
      work.unknown(
        type === "OBJECT_INDEX"
          ? `the table of the index ${relation.name}`
          : `what refers to ${relation.name}, and what it refers to`,
      );
    if (work.session.pending.has(relation.id)) work.refuse(`${relation.name} has pending trigger events`);
    found.push(relation);
  }
  for (const relation of found) {
    if (relation.kind.endsWith("index") && relation.index !== undefined) {
      refuseNeeded(work, relation);
      removeIndex(work, relation);
    } else if (relation.owner?.identity === true)
      work.refuse(`${relation.owner.table.name} needs ${relation.name}`);
    else removeRelation(work, relation, cascade, new Set(found));
  }
}

function dropObject(
  work: Work,
  type: string,
  name: readonly string[],
  object: Ast,
  cascade: boolean,
  missingOk: boolean,
): void {
  switch (type) {
    case "OBJECT_TRIGGER":
    case "OBJECT_POLICY":
    case "OBJECT_RULE":
      dropOfTable(work, type, name, missingOk);
      return;
    case "OBJECT_SCHEMA":
      dropSchema(work, name.at(-1)!, cascade, missingOk);
      return;
    case "OBJECT_TYPE":
    case "OBJECT_DOMAIN":
      dropType(work, objectName(name), cascade, missingOk);
      return;
    case "OBJECT_FUNCTION":
    case "OBJECT_PROCEDURE":
    case "OBJECT_ROUTINE":
      dropFunctionNamed(work, objectName(name), object, cascade, missingOk);
      return;
    case "OBJECT_STATISTIC_EXT": {
      const table = work.schema.statistics.get(name.at(-1)!);
      if (table !== undefined) work.lock(table, "SHARE UPDATE EXCLUSIVE");
      else if (!work.schema.complete) work.unknown(`the table of the statistics ${name.at(-1)}`);
      else if (!missingOk) work.refuse(`statistics ${name.at(-1)} do not exist`);
      work.schema.statistics.delete(name.at(-1)!);
      return;
    }
    case "OBJECT_PUBLICATION":
      work.schema.publications.delete(name.at(-1)!);
      return;
    case "OBJECT_EXTENSION":
      if (
        name.at(-1) === "plpgsql" &&
        !cascade &&
        [...work.schema.functions.values()].flat().some(({ language }) => language === "plpgsql")
      )
        work.refuse("functions need plpgsql");
      work.unknown(`what the extension ${name.at(-1)} contains`);
      return;
    case "OBJECT_FOREIGN_SERVER":
    case "OBJECT_FDW":
      for (const each of [...work.schema.relations.values()])
        if (each.kind === "foreign table" && cascade) removeRelation(work, each, true);
      return;
    default:
      if (cascade) work.unknown("what depends on it");
  }
}

function dropOfTable(work: Work, type: string, name: readonly string[], missingOk: boolean): void {
  const [table, own] = [objectName(name.slice(0, -1)), name.at(-1)!];
  const found = work.find(table);
  const field = ({ OBJECT_TRIGGER: "triggers", OBJECT_POLICY: "policies", OBJECT_RULE: "rules" } as const)[
    type as "OBJECT_RULE" | "OBJECT_TRIGGER" | "OBJECT_POLICY"
  ];
  const has = found?.[field].some((each) => each.name === own) ?? false;
  if (found?.known === true && !has) {
    if (missingOk) return;
    work.refuse(`${found.name} has no ${own}`);
  }
  const relation = work.open(table, "ACCESS EXCLUSIVE", { missingOk });
  if (relation === undefined) return;
  for (const each of field === "triggers" ? [relation, ...relation.children] : [relation]) {
    if (!each[field].some((one) => one.name === own)) continue;
    work.lock(each, "ACCESS EXCLUSIVE");
    each[field] = each[field].filter((one) => one.name !== own) as never;
  }
}

function dropSchema(work: Work, name: string, cascade: boolean, missingOk: boolean): void {
  if (!work.schema.schemas.has(name)) {
    if (!work.schema.complete) {
      work.unknown(`what the schema ${name} contains`);
      return;
    }
    if (missingOk) return;
    work.refuse(`schema ${name} does not exist`);
  }
  const all = [...work.schema.relations.values()].filter((each) => each.schema === name);
  const others = [...work.schema.types.values(), ...[...work.schema.functions.values()].flat()].filter(
    (each) => each.schema === name,
  );
  if (!cascade && all.length + others.length > 0) work.refuse(`the schema ${name} is not empty`);
  const together = new Set(all);
  for (const each of all)
    if (work.find({ schema: name, name: each.name }) === each && !each.kind.endsWith("index"))
      removeRelation(work, each, true, together);
  for (const each of [...work.schema.types.values()]) if (each.schema === name) removeType(work, each, true);
  for (const each of [...work.schema.functions.values()].flat())
    if (each.schema === name) removeFunction(work, each, true);
  work.schema.schemas.delete(name);
  if (!work.schema.complete) work.unknown(`what else the schema ${name} contains`);
}

function dropType(work: Work, name: ObjectName, cascade: boolean, missingOk: boolean): void {
  const type = work.schema.type(name, work.session.searchPath);
  if (type === undefined) {
    const composite = work.find(name);
    if (composite?.kind === "composite type") {
      removeRelation(work, composite, cascade);
      return;
    }
    if (!work.schema.complete) {
      work.unknown(`which columns have the type ${name.name}`);
      return;
    }
    if (missingOk) return;
    work.refuse(`type ${name.name} does not exist`);
  }
  removeType(work, type, cascade);
}

function dropFunctionNamed(
  work: Work,
  name: ObjectName,
  object: Ast,
  cascade: boolean,
  missingOk: boolean,
): void {
  const all = work.schema.functionsNamed(name, work.session.searchPath);
  const given = node(object["ObjectWithArgs"]);
  const wanted = given["args_unspecified"] === true ? undefined : items(given["objargs"]).length;
  const found = all.find((each) => wanted === undefined || each.arguments === wanted);
  if (found === undefined) {
    if (!work.schema.complete) {
      work.unknown(`what uses the function ${name.name}`);
      return;
    }
    if (missingOk) return;
    work.refuse(`function ${name.name} does not exist`);
  }
  removeFunction(work, found, cascade);
}
