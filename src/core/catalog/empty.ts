/** The catalog of a database that was just made from template0. */
import { type Catalog, catalogOf } from "./catalog.ts";

/** The same on each major version. */
export const EMPTY: Catalog = catalogOf(18, [
  {
    class: "comment",
    identity: ["schema", "public"],
    parent: null,
    properties: { text: "standard public schema" },
  },
  {
    class: "extension",
    identity: ["plpgsql"],
    parent: null,
    properties: { schema: "pg_catalog", version: "1.0" },
  },
  { class: "schema", identity: ["public"], parent: null, properties: {} },
]);
