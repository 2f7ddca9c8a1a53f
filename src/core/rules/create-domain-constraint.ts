/** CREATE DOMAIN with a constraint → adding a column of it writes the table anew. */
import { items } from "../ast.ts";
import type { Rule } from "./rule.ts";

export const createDomainConstraint: Rule = {
  id: "create-domain-constraint",
  since: 1,
  severity: "off",
  kinds: ["CreateDomainStmt"],
  hazard:
    "Adding a column of a domain with constraints rewrites the table, and changing the domain scans every table that uses it.",
  advice: "put the constraint on the tables",
  bad: "CREATE DOMAIN shop.percent AS integer CHECK (value BETWEEN 0 AND 100);",
  good: ["CREATE DOMAIN shop.percent AS integer;"],
  *find({ kind, tree }) {
    if (kind === "CreateDomainStmt" && items(tree["constraints"]).length > 0)
      yield { message: "adding a column of this domain to a table rewrites the table" };
  },
};
