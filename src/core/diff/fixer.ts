/** The form of what is known of one class of objects: an object goes in, the statements that make, drop or change it come out. */
import type { CatalogObject } from "../catalog/catalog.ts";
import type { Objects } from "./plan.ts";

/** What is known of the objects of one class. Without `changed` an object that differs is dropped and made again. */
export interface Fixer {
  readonly created?: ((object: CatalogObject, sides: Sides) => readonly string[]) | undefined;
  readonly dropped?: ((object: CatalogObject) => readonly string[]) | undefined;
  readonly changed?:
    | ((is: CatalogObject, shall: CatalogObject, names: readonly string[], sides: Sides) => readonly string[])
    | undefined;
}

/** The objects that are, and those that shall be. */
export type Sides = readonly [is: Objects, shall: Objects];
