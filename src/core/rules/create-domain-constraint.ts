/** CREATE DOMAIN with a constraint → adding a column of it writes the table anew. */
import { items } from "../ast.ts";
import type { Rule } from "./rule.ts";

export const createDomainConstraint: Rule = {
  id: "create-domain-constraint",
  since: 1,
  severity: "off",
  kinds: ["CreateDomainStmt"],
  hazard:
    "A column of a domain with constraints, added to a table in use, writes the table anew, and a change of the domain reads every table that has it.",
  advice: "put the constraint on the tables",
  bad: "CREATE DOMAIN shop.percent AS integer CHECK (value BETWEEN 0 AND 100);",
  good: ["CREATE DOMAIN shop.percent AS integer;"],
  *find({ kind, tree }) {
    if (kind === "CreateDomainStmt" && items(tree["constraints"]).length > 0)
      yield { message: "a column of it that is added to a table in use writes that table anew" };
  },
};
