/**
 * How the text of a dump begins: what its session must be set to for the statements to mean what they mean, and for bodies of
 * functions to be taken as they are.
 */
export const SETTINGS = ["SET search_path = pg_catalog, pg_temp", "SET check_function_bodies = off"];
