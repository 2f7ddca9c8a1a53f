/** Two catalogs → the objects of the first that are left alone although the second lacks them. */
import {
  type Catalog,
  type CatalogObject,
  describeObject,
  keyOf,
  type ObjectKey,
} from "../catalog/catalog.ts";
import { plainName } from "./name.ts";

/** Partitions that a job or an extension makes: in no schema file, and of a table that is partitioned alike in both. */
export function foreignPartitions(from: Catalog, to: Catalog): readonly CatalogObject[] {
  const desired = new Set(to.objects.map(keyOf));
  const partitionKeys = ({ objects }: Catalog): ReadonlyMap<string, unknown> =>
    new Map(
      objects
        .filter((each) => each.class === "table" && each.properties["partitionKey"] !== undefined)
        .map((each) => [each.identity.join("."), each.properties["partitionKey"]]),
    );
  const [old, wanted] = [partitionKeys(from), partitionKeys(to)];
  return from.objects.filter((object) => {
    const parent = object.properties["partitionOf"];
    if (object.class !== "table" || parent === undefined || desired.has(keyOf(object))) return false;
    const name = plainName(parent);
    return wanted.has(name) && old.get(name) === wanted.get(name);
  });
}

/** A pattern of `CompareOptions.ignore`. */
export const patternFor = (object: ObjectKey): string => describeObject(object).replace(" ", ":");
