/** A SECURITY DEFINER function that takes its caller's search_path → anybody's objects run with its owner's rights. */
import { items, namesIn, node } from "../ast.ts";
import type { Rule } from "./rule.ts";

export const securityDefiner: Rule = {
  id: "security-definer",
  since: 1,
  severity: "warning",
  kinds: ["CreateFunctionStmt"],
  hazard:
    "A SECURITY DEFINER function resolves names with its caller's search_path: a caller who can create objects in some schema can have them run with the owner's privileges.",
  advice:
    "set search_path in the function: SET search_path = pg_catalog, pg_temp, and qualify all other names",
  bad: "CREATE FUNCTION shop.number() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM shop.orders';",
  good: [
    "CREATE FUNCTION shop.number() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'SELECT count(*) FROM shop.orders';",
  ],
  *find({ kind, tree }) {
    if (kind !== "CreateFunctionStmt") return;
    const options = items(tree["options"]).map((item) => node(item["DefElem"]));
    const definer = options.some(
      ({ defname, arg }) => defname === "security" && node(node(arg)["Boolean"])["boolval"] === true,
    );
    const pinned = options.some(
      ({ defname, arg }) => defname === "set" && node(node(arg)["VariableSetStmt"])["name"] === "search_path",
    );
    if (definer && !pinned)
      yield {
        message: `${namesIn({ List: { items: tree["funcname"] } }).join(".")} runs with its owner's privileges but its caller's search_path`,
      };
  },
};
