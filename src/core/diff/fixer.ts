/** The form of a fixer of one class of objects: an object goes in, the statements that create, drop or change it come out. */
import type { CatalogObject } from "../catalog/catalog.ts";
import type { Objects } from "./plan.ts";

/** What is known of the objects of one class. Without `changed` an object that differs is dropped and made again. */
export interface Fixer {
  readonly created?: ((object: CatalogObject, sides: Sides) => readonly string[]) | undefined;
  readonly dropped?: ((object: CatalogObject, sides: Sides) => readonly string[]) | undefined;
  readonly changed?:
    | ((
        is: CatalogObject,
        desired: CatalogObject,
        names: readonly string[],
        sides: Sides,
      ) => readonly string[])
    | undefined;
}

/** The actual objects, and the desired ones. */
export type Sides = readonly [is: Objects, desired: Objects];
