/** CREATE TYPE … AS ENUM → no value of it can be dropped. */
import type { Rule } from "./rule.ts";

export const createEnum: Rule = {
  id: "create-enum",
  since: 1,
  severity: "off",
  kinds: ["CreateEnumStmt"],
  hazard:
    "Values of an enum cannot be dropped, and changing their order means recreating the type and rewriting every table that uses it.",
  advice: "use text with a CHECK, or a table of the values",
  bad: "CREATE TYPE shop.colour AS ENUM ('red', 'blue');",
  good: ["CREATE TABLE shop.colours (name text PRIMARY KEY);"],
  *find({ kind }) {
    if (kind === "CreateEnumStmt") yield { message: "its values cannot be dropped later" };
  },
};
