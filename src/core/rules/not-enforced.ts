/** A constraint that is NOT ENFORCED → nothing is checked, and of a CHECK never will be. */
import { items, node, someNode } from "../ast.ts";
import type { Rule } from "./rule.ts";
import { targetOf } from "./site.ts";

export const notEnforced: Rule = {
  id: "not-enforced",
  since: 1,
  server: 18,
  severity: "warning",
  kinds: ["AlterTableStmt"],
  hazard:
    "PostgreSQL does not check a constraint that is NOT ENFORCED. A foreign key can be enforced later; a CHECK cannot, neither by ALTER nor by VALIDATE.",
  advice: "add it as NOT VALID, so that it applies to new rows",
  bad: "ALTER TABLE shop.orders ADD CONSTRAINT orders_total_check CHECK (total >= 0) NOT ENFORCED;",
  good: ["ALTER TABLE shop.orders ADD CONSTRAINT orders_total_check CHECK (total >= 0) NOT VALID;"],
  *find(site) {
    if (site.kind !== "AlterTableStmt" || targetOf(site) === undefined) return;
    const found = someNode({ cmds: items(site.tree["cmds"]).map(node) }, (kind, fields) => {
      const check = kind === "Constraint" && fields["contype"] === "CONSTR_CHECK";
      return (check && fields["is_enforced"] !== true) || fields["contype"] === "CONSTR_ATTR_NOT_ENFORCED";
    });
    if (found) yield { message: "it is not checked, and a CHECK cannot be enforced later" };
  },
};
