/** Two catalogs → the objects of the first that are left alone although the second lacks them. */
import { type Catalog, type CatalogObject, keyOf } from "../catalog/catalog.ts";
import { describeObject } from "./verdict.ts";

/** Partitions that a job or an extension makes: of a table that is in both, and in no schema file. */
export function foreignPartitions(from: Catalog, to: Catalog): readonly CatalogObject[] {
  const desired = new Set(to.objects.map(keyOf));
  const tables = new Set(
    to.objects.filter((each) => each.class === "table").map((each) => each.identity.join(".")),
  );
  return from.objects.filter((object) => {
    const parent = object.properties["partitionOf"];
    if (object.class !== "table" || parent === undefined || desired.has(keyOf(object))) return false;
    return tables.has(String(parent).replaceAll('"', ""));
  });
}

/** A pattern of `CompareOptions.ignore`. */
export const patternFor = (object: CatalogObject): string => describeObject(object).replace(" ", ":");
