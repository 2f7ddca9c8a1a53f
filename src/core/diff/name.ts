/** An object of a catalog, or a name in one of its properties → how its table, or it, is named. */
import type { ObjectKey, Value } from "../catalog/catalog.ts";
import { qualified } from "../quote.ts";

/** Of a table or a part of one, as statements name the table: `shop."order"`. */
export const tableOf = ({ identity }: ObjectKey): string => qualified(...identity.slice(0, 2));

/** The same as a person names it, and options do: `shop.order`. */
export const tableNameOf = ({ identity }: ObjectKey): string => identity.slice(0, 2).join(".");

/** A name as the server writes it (`shop."order"`) → as a person does. */
export const plainName = (name: Value | undefined): string => String(name).replaceAll('"', "");
