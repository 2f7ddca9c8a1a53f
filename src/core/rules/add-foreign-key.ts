/** ADD … FOREIGN KEY that is valid at once → the scan of both tables. */
import { items, node, stringOf } from "../ast.ts";
import { validatedLater } from "./fix.ts";
import { FOREIGN_KEY_BY_PARTITION, isNotValidRefused, validateLater } from "./recipes.ts";
import type { Rule } from "./rule.ts";
import { addedColumns, addedConstraints, chosenName, scanned, shown, sqlName } from "./site.ts";
import { nameOf } from "./text.ts";

export const addForeignKey: Rule = {
  id: "add-foreign-key",
  since: 1,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard:
    "A foreign key looks up every row of one table in the other while writes to both are blocked: the lock is SHARE ROW EXCLUSIVE on both.",
  advice: "add it as NOT VALID, and validate it in another migration, while others read and write",
  bad: "ALTER TABLE shop.orders ADD FOREIGN KEY (customer_id) REFERENCES shop.customers (id);",
  *find(site) {
    for (const { target, table, text, constraint } of addedConstraints(site, "CONSTR_FOREIGN")) {
      const read = scanned(site);
      if (constraint["skip_validation"] === true || read.length === 0) continue;
      const columns = items(constraint["fk_attrs"]).map(stringOf);
      const parent = sqlName(node(constraint["pktable"]));
      yield {
        message: `every row of ${shown(target)} is looked up in ${parent} while writes to both are blocked`,
        ...(isNotValidRefused(site, target)
          ? { advice: FOREIGN_KEY_BY_PARTITION }
          : {
              recipe: validateLater(
                table,
                text,
                constraint,
                nameOf(...columns, "fkey"),
                chosenName(site, target, constraint),
              ),
            }),
      };
    }
    for (const { target, constraints } of addedColumns(site)) {
      if (!constraints.some(({ contype }) => contype === "CONSTR_FOREIGN") || scanned(site).length === 0)
        continue;
      if (!constraints.some(({ contype }) => contype === "CONSTR_DEFAULT")) continue;
      yield {
        ...(isNotValidRefused(site, target) ? { advice: FOREIGN_KEY_BY_PARTITION } : {}),
        message: `every row of ${shown(target)} is read while reads and writes are blocked, since the new column's default is looked up for each`,
      };
    }
  },
  fix(site) {
    const [added] = addedConstraints(site, "CONSTR_FOREIGN");
    if (added === undefined) return undefined;
    const columns = items(added.constraint["fk_attrs"]).map(stringOf);
    return validatedLater(site, added, nameOf(...columns, "fkey"));
  },
};
