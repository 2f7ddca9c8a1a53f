/** A catalog → the other ledgers in it, and the catalog without them. */
import { MADE_BY_US } from "../ledger/format.ts";
import { type Catalog, type CatalogObject, keyOf, type ObjectKey } from "./catalog.ts";

/** The tables of a ledger. */
export const LEDGER_TABLES: readonly string[] = ["applied", "intent", "log", "state"];

/**
 * The schemas that hold another ledger and no other table: migrate made them, and they say so in the comments on
 * their tables.
 */
export function otherLedgers({ objects }: Catalog): readonly string[] {
  const bySchema = new Map<string, string[]>();
  const said = new Set<string>();
  for (const { class: name, identity, properties } of objects) {
    const [schema = "", table = ""] = identity.slice(-2);
    if (name === "table") bySchema.set(schema, [...(bySchema.get(schema) ?? []), table]);
    const isOurs = name === "comment" && String(properties["text"]).includes(MADE_BY_US);
    if (isOurs) said.add(JSON.stringify(identity));
  }
  const isLedger = (schema: string, tables: readonly string[]): boolean =>
    [...tables].sort().join() === LEDGER_TABLES.join() &&
    tables.every((table) => said.has(JSON.stringify(["table", schema, table])));
  return [...bySchema].flatMap(([schema, tables]) => (isLedger(schema, tables) ? [schema] : [])).sort();
}

/** Without these schemas and all that is in them. */
export const withoutSchemas = (catalog: Catalog, schemas: readonly string[]): Catalog =>
  without(
    catalog,
    schemas.map((schema) => ({ class: "schema", identity: [schema] })),
  );

/** Without these objects and all that goes away with them. */
export function without(catalog: Catalog, objects: readonly ObjectKey[]): Catalog {
  if (objects.length === 0) return catalog;
  const gone = new Set(objects.map(keyOf));
  const byKey = new Map(catalog.objects.map((object) => [keyOf(object), object]));
  const isGone = (object: CatalogObject): boolean => {
    if (gone.has(keyOf(object))) return true;
    const owner = object.parent === undefined ? undefined : byKey.get(keyOf(object.parent));
    return owner !== undefined && isGone(owner);
  };
  return { ...catalog, objects: catalog.objects.filter((object) => !isGone(object)) };
}
