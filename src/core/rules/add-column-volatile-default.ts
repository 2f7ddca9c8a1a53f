/** ADD COLUMN with a default that each row evaluates for itself → the rewrite of the table. */
import { addedColumn, columnRecipe } from "./fix.ts";
import type { Rule } from "./rule.ts";
import { addedColumns, rewritten, shown, traitsOf } from "./site.ts";
import { columnText } from "./text.ts";

export const addColumnVolatileDefault: Rule = {
  id: "add-column-volatile-default",
  since: 1,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard:
    "A volatile default such as gen_random_uuid(), random() or clock_timestamp() gives each row its own value: the table is rewritten and all its indexes are rebuilt, while reads and writes are blocked. A constant, now() or current_user does not.",
  advice: "add the column without it, then set the default, and fill the rows in batches",
  bad: "ALTER TABLE shop.orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();",
  *find(site) {
    for (const added of addedColumns(site)) {
      const { target, text } = added;
      if (!traitsOf(site, added).isVolatile || !rewritten(site).some(({ id }) => id === target.id)) continue;
      yield {
        message: `${shown(target)} is rewritten while reads and writes are blocked, since each row gets its own value of ${columnText(text).default}`,
        ...columnRecipe(site, added),
      };
    }
  },
  fix: addedColumn,
};
