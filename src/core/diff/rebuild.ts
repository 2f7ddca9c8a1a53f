/** Two catalogs → the tables that can only be dropped and created again, and the statements that drop them with what depends on them. */
import { type CatalogObject, keyOf } from "../catalog/catalog.ts";
import { qualified } from "../quote.ts";
import { dropConstraint } from "./fix-index-trees.ts";
import { addressed } from "./fixes.ts";
import type { Objects } from "./plan.ts";

/** Tables in both that are partitioned in one of them only, or otherwise: no statement changes that. */
export function unalterable(from: Objects, to: Objects): readonly CatalogObject[] {
  return [...from].flatMap(([key, a]) => {
    const b = to.get(key);
    const isOther = a.class === "table" && a.properties["partitionKey"] !== b?.properties["partitionKey"];
    return b !== undefined && isOther ? [b] : [];
  });
}

/**
 * `gone`: what went with the tables where they were dropped with CASCADE. No statement is for what else holds rows: then the
 * tables cannot be dropped either.
 */
export function dropsOf(tables: readonly CatalogObject[], gone: readonly CatalogObject[]): readonly string[] {
  const dropped = new Set(gone.filter((each) => each.class === "table").map(keyOf));
  const isForeignKey = ({ properties }: CatalogObject): boolean =>
    String(properties["definition"]).startsWith("FOREIGN KEY");
  /** What goes with its table, unless another of the tables needs it. */
  const goesAnyway = (each: CatalogObject): boolean =>
    dropped.has(keyOf(each.parent!)) && !(tables.length > 1 && isForeignKey(each));
  return [
    ...gone.filter((each) => each.class === "constraint" && !goesAnyway(each)).map(dropConstraint),
    ...gone
      .filter((each) => ["view", "materialized view", "function"].includes(each.class))
      .map((each) => `DROP ${addressed(each)}`),
    ...tables.map(({ identity }) => `DROP TABLE ${qualified(...identity)}`),
  ];
}
