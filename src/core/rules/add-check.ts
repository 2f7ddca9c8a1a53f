/** ADD … CHECK that is valid at once → the scan of the table. */

import { validatedLater } from "./fix.ts";
import { validateLater } from "./recipes.ts";
import type { Rule } from "./rule.ts";
import { addedConstraints, chosenName, scanned, shown } from "./site.ts";

export const addCheck: Rule = {
  id: "add-check",
  since: 1,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard: "PostgreSQL checks every row while reads and writes are blocked: the lock is ACCESS EXCLUSIVE.",
  advice: "add it as NOT VALID, and validate it in another migration, while others read and write",
  bad: "ALTER TABLE shop.orders ADD CONSTRAINT orders_total_check CHECK (total >= 0);",
  *find(site) {
    for (const { target, table, text, constraint } of addedConstraints(site, "CONSTR_CHECK")) {
      if (constraint["skip_validation"] === true || scanned(site).length === 0) continue;
      yield {
        message: `every row of ${shown(target)} is checked while reads and writes are blocked`,
        recipe: validateLater(table, text, constraint, "check", chosenName(site, target, constraint)),
      };
    }
  },
  fix(site) {
    const [added] = addedConstraints(site, "CONSTR_CHECK");
    return added && validatedLater(site, added, "check");
  },
};
