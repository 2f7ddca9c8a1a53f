/** How the text of a dump begins: what its session must be set to. */
export const SETTINGS = ["SET search_path = pg_catalog, pg_temp", "SET check_function_bodies = off"];
