/** CREATE TYPE … AS ENUM → no value of it can be dropped. */
import type { Rule } from "./rule.ts";

export const createEnum: Rule = {
  id: "create-enum",
  since: 1,
  severity: "off",
  kinds: ["CreateEnumStmt"],
  hazard:
    "No value of an enum can be dropped, and to change their order means to make the type anew and write every table that has it.",
  advice: "use text with a CHECK, or a table of the values",
  bad: "CREATE TYPE shop.colour AS ENUM ('red', 'blue');",
  good: ["CREATE TABLE shop.colours (name text PRIMARY KEY);"],
  *find({ kind }) {
    if (kind === "CreateEnumStmt") yield { message: "none of its values can be dropped later" };
  },
};
