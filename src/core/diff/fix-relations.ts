/** Tables, columns and indexes that differ → the statements that change them in place. */
import type { CatalogObject, Value } from "../catalog/catalog.ts";
import { identifier, qualified } from "../quote.ts";
import { droppedTree } from "./fix-index-trees.ts";
import type { Fixer } from "./fixer.ts";
import { tableOf } from "./name.ts";
import { foreignOptionChanges, optionChanges } from "./options.ts";
import { attached, recollated } from "./same.ts";

type Changed = NonNullable<Fixer["changed"]>;
type Change = (is: CatalogObject, desired: CatalogObject) => readonly string[];

const changesBy =
  (changes: Readonly<Record<string, Change>>): Changed =>
  (a, b, names) =>
    names.flatMap((name) => changes[name]?.(a, b) ?? []);

// ── tables ──────────────────────────────────────────────────────────────────────────────────────────────────────

const onTable =
  (of: Change): Change =>
  (a, b) =>
    of(a, b).map((action) => `ALTER TABLE ${qualified(...b.identity)} ${action}`);

export const tableFixes: Changed = changesBy({
  options: onTable((a, b) => optionChanges(a.properties["options"], b.properties["options"])),
  toastOptions: onTable((a, b) =>
    optionChanges(a.properties["toastOptions"], b.properties["toastOptions"], "toast."),
  ),
  persistence: onTable((_, b) => [
    `SET ${b.properties["persistence"] === undefined ? "LOGGED" : "UNLOGGED"}`,
  ]),
  ofType: onTable((_, { properties: { ofType } }) => [ofType === undefined ? "NOT OF" : `OF ${ofType}`]),
  accessMethod: onTable((_, { properties: { accessMethod } }) =>
    accessMethod === undefined ? [] : [`SET ACCESS METHOD ${identifier(String(accessMethod))}`],
  ),
  inherits: attached,
  partitionOf: attached,
  // Where it becomes a part of another table, that says it.
  bound: (a, b) => (a.properties["partitionOf"] === b.properties["partitionOf"] ? attached(a, b) : []),
});

/** What foreign keys refer to is not dropped as a part of its table. */
export function droppedPartition({
  identity,
  properties: { partitionOf },
}: CatalogObject): readonly string[] {
  const table = qualified(...identity);
  return partitionOf === undefined
    ? []
    : [`ALTER TABLE ${partitionOf} DETACH PARTITION ${table}`, `DROP TABLE ${table}`];
}

// ── columns ─────────────────────────────────────────────────────────────────────────────────────────────────────

const onColumn =
  (of: Change): Change =>
  (a, b) =>
    of(a, b).map(
      (action) => `ALTER ${kindOf(b)} ${tableOf(b)} ALTER COLUMN ${identifier(b.identity[2]!)} ${action}`,
    );

const kindOf = ({ parent }: CatalogObject): string => (parent?.class ?? "table").toUpperCase();

/** What a column's type gives it, before there was a word for that. */
const storageOf = ({ properties }: CatalogObject): Value =>
  properties["storage"] ??
  (/^(?:numeric|inet|cidr)\b/.test(String(properties["type"])) ? "main" : "extended");

const notNullSql: Change = onColumn((_, b) => [
  b.properties["notNull"] === true ? "SET NOT NULL" : "DROP NOT NULL",
]);

const renamedNotNull: Change = (a, b) => {
  const [old, name] = [a, b].map(({ properties }) => properties["notNullConstraint"]);
  return old === undefined || name === undefined
    ? []
    : [
        `ALTER TABLE ${tableOf(b)} RENAME CONSTRAINT ${identifier(String(old))} TO ${identifier(String(name))}`,
      ];
};

/** Only PostgreSQL 18 keeps it: it is validated, or made again without. */
const validity: Change = (a, b) => {
  const name = identifier(String(b.properties["notNullConstraint"]));
  const table = `ALTER TABLE ${tableOf(b)}`;
  if (b.properties["notNullNotValid"] !== true) return [`${table} VALIDATE CONSTRAINT ${name}`];
  return [
    `${table} DROP CONSTRAINT ${identifier(String(a.properties["notNullConstraint"]))}`,
    `${table} ADD CONSTRAINT ${name} NOT NULL ${identifier(b.identity[2]!)} NOT VALID`,
  ];
};

export const columnFixes: Changed = changesBy({
  statistics: onColumn((_, b) => [`SET STATISTICS ${b.properties["statistics"] ?? -1}`]),
  options: onColumn((a, b) => optionChanges(a.properties["options"], b.properties["options"])),
  collation: recollated,
  storage: onColumn((_, b) => [`SET STORAGE ${storageOf(b)}`]),
  compression: onColumn((_, b) => [`SET COMPRESSION ${b.properties["compression"] ?? "default"}`]),
  default: onColumn((_, b) =>
    b.properties["default"] === undefined ? ["DROP DEFAULT"] : [`SET DEFAULT ${b.properties["default"]}`],
  ),
  generated: onColumn((_, b) => {
    const expression = /^(.*) (?:STORED|VIRTUAL)$/s.exec(String(b.properties["generated"] ?? ""))?.[1];
    return expression === undefined ? ["DROP EXPRESSION"] : [`SET EXPRESSION AS (${expression})`];
  }),
  foreignOptions: onColumn((a, b) => {
    const changes = foreignOptionChanges(a.properties["foreignOptions"], b.properties["foreignOptions"]);
    return changes === undefined ? [] : [changes];
  }),
  notNull: notNullSql,
  notNullConstraint: renamedNotNull,
  notNullNotValid: validity,
  notNullNoInherit: (_, b) => [
    `ALTER TABLE ${tableOf(b)} ALTER CONSTRAINT ${identifier(String(b.properties["notNullConstraint"]))} ${b.properties["notNullNoInherit"] === true ? "NO INHERIT" : "INHERIT"}`,
  ],
});

// ── indexes ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** The table that an index or its constraint is on. */
const indexedTable = ({ parent }: CatalogObject): string => tableOf(parent!);

const attachedIndex: Change = (_, { identity, properties: { partOf } }) =>
  partOf === undefined ? [] : [`ALTER INDEX ${partOf} ATTACH PARTITION ${qualified(...identity)}`];

const dropIndex = ({ identity }: CatalogObject): string => `DROP INDEX ${qualified(...identity)}`;

const createdIndex = (object: CatalogObject): readonly string[] =>
  object.parent?.class === "constraint"
    ? []
    : [String(object.properties["definition"]), ...attachedIndex(object, object)];

const changedIndex = changesBy({
  definition: (a, b) => (b.parent?.class === "constraint" ? [] : [dropIndex(a), ...createdIndex(b)]),
  partOf: attachedIndex,
  clustered: (_, b) => [
    `ALTER TABLE ${indexedTable(b)} ${b.properties["clustered"] === true ? `CLUSTER ON ${identifier(b.identity[1]!)}` : "SET WITHOUT CLUSTER"}`,
  ],
  replicaIdentity: (_, b) => [
    `ALTER TABLE ${indexedTable(b)} REPLICA IDENTITY ${b.properties["replicaIdentity"] === true ? `USING INDEX ${identifier(b.identity[1]!)}` : "DEFAULT"}`,
  ],
  statistics: (a, b) => {
    const [old, wanted] = [a, b].map(
      ({ properties }) => (properties["statistics"] ?? {}) as Readonly<Record<string, number>>,
    ) as [Readonly<Record<string, number>>, Readonly<Record<string, number>>];
    return [...new Set([...Object.keys(old), ...Object.keys(wanted)])]
      .filter((number) => old[number] !== wanted[number])
      .map(
        (number) =>
          `ALTER INDEX ${qualified(...b.identity)} ALTER COLUMN ${number} SET STATISTICS ${wanted[number] ?? -1}`,
      );
  },
});

export const indexFixes: Fixer = {
  created: createdIndex,
  dropped: (object, [is]) => (object.parent?.class === "constraint" ? [] : droppedTree(object, is)),
  changed: (a, b, names, sides) =>
    names.includes("partOf") && a.properties["partOf"] !== undefined
      ? droppedTree(a, sides[0])
      : changedIndex(a, b, names, sides),
};
