/** An index that is part of a partitioned table's, or has such parts → what drops all of them: PostgreSQL takes no part off. */
import { type CatalogObject, keyOf, type ObjectKey } from "../catalog/catalog.ts";
import { identifier, qualified } from "../quote.ts";
import { plainName, tableOf } from "./name.ts";
import type { Objects } from "./plan.ts";

export const dropConstraint = (constraint: ObjectKey): string =>
  `ALTER TABLE ${tableOf(constraint)} DROP CONSTRAINT ${identifier(constraint.identity[2]!)}`;

/** The index that it is part of, and that one is part of, up to the one that is part of none. */
function wholeOf(index: CatalogObject, is: Objects): CatalogObject {
  const { partOf } = index.properties;
  if (partOf === undefined) return index;
  const name = plainName(partOf);
  const whole = [...is.values()].find((each) => each.class === "index" && each.identity.join(".") === name);
  return whole === undefined ? index : wholeOf(whole, is);
}

/** Drops the index, or the one that it is part of, with all parts. What is still desired is then missing, and created. */
export function droppedTree(index: CatalogObject, is: Objects): readonly string[] {
  const whole = wholeOf(index, is);
  if (whole.parent?.class === "constraint") return [dropConstraint(whole.parent)];
  const drop = `DROP INDEX ${qualified(...whole.identity)}`;
  const parts = [...is.values()].filter(
    (each) => each.class === "index" && each !== whole && wholeOf(each, is) === whole,
  );
  // A constraint of a partition cannot be dropped before the index that its own is part of, nor that before it.
  return parts.some(({ parent }) => parent?.class === "constraint") ? [`${drop} CASCADE`] : [drop];
}

/** The index of a constraint, or the one that has its name and is none's yet. */
export function indexOf(
  { identity: [schema = "", , name = ""] }: ObjectKey,
  objects: Objects,
): CatalogObject | undefined {
  return objects.get(keyOf({ class: "index", identity: [schema, name] }));
}
