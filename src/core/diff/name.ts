/** An object of a catalog, or a name in one of its properties → how its table, or it, is named. */
import type { ObjectKey, Value } from "../catalog/catalog.ts";
import { partsOf } from "../dump/names.ts";
import { qualified } from "../quote.ts";

/** Of a table or a part of one, as statements name the table: `shop."order"`. */
export const tableOf = ({ identity }: ObjectKey): string => qualified(...identity.slice(0, 2));

/** The same as a person names it, and options do: `shop.order`. */
export const tableNameOf = ({ identity }: ObjectKey): string => identity.slice(0, 2).join(".");

/** A name as the server writes it (`shop."order"`) → as a person does, and as the parts of an identity are joined. */
export const plainName = (name: Value | undefined): string => partsOf(String(name)).join(".");
