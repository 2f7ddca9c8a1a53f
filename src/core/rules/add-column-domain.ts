/** ADD COLUMN of a domain with constraints, even without a default → the rewrite of the table. */
import { node } from "../ast.ts";
import { typeName, typeText } from "../effects/types.ts";
import type { Rule } from "./rule.ts";
import { addedColumns, rewritten, shown, traitsOf } from "./site.ts";

export const addColumnDomain: Rule = {
  id: "add-column-domain",
  since: 1,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard:
    "A column whose type is a domain with CHECK or NOT NULL is checked for each existing row, although it is empty: the table is rewritten while reads and writes are blocked. A domain without constraints costs nothing.",
  advice:
    "add the column with the domain's own base type, and the domain's CHECK as a constraint that is validated later",
  bad: "ALTER TABLE shop.orders ADD COLUMN paid shop.amount;",
  good: [
    "ALTER TABLE shop.orders ADD COLUMN paid integer;\nALTER TABLE shop.orders ADD CONSTRAINT orders_paid_check CHECK (paid >= 0) NOT VALID;",
    "ALTER TABLE shop.orders VALIDATE CONSTRAINT orders_paid_check;",
  ],
  *find(site) {
    for (const { target, column } of addedColumns(site)) {
      const type = node(column["typeName"]);
      if (!traitsOf(site, { column }).isConstrained) continue;
      if (!rewritten(site).some(({ id }) => id === target.id)) continue;
      yield {
        message: `${shown(target)} is rewritten while reads and writes are blocked, since ${typeText(typeName(type))} has constraints`,
      };
    }
  },
};
