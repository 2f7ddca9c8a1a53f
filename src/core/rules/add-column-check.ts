/** ADD COLUMN with a CHECK of its own → the scan of the table. */
import { word } from "../ast.ts";
import { addedColumn, columnRecipe } from "./fix.ts";
import type { Rule } from "./rule.ts";
import { addedColumns, shown } from "./site.ts";
import { columnText } from "./text.ts";

export const addColumnCheck: Rule = {
  id: "add-column-check",
  since: 1,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard:
    "The CHECK of a new column is checked for every row while reads and writes are blocked, although all rows have the same value in it.",
  advice: "add the column, then the CHECK as NOT VALID, and validate it in another migration",
  bad: "ALTER TABLE shop.orders ADD COLUMN discount integer DEFAULT 0 CHECK (discount >= 0);",
  *find(site) {
    for (const added of addedColumns(site)) {
      const { target, text, constraints } = added;
      const check = constraints.find(({ contype }) => contype === "CONSTR_CHECK");
      if (check === undefined || !site.effect.scans.some(({ id }) => id === target.id)) continue;
      yield {
        message: `every row of ${shown(target)} is read while reads and writes are blocked, to check ${word(check["conname"]) || columnText(text).check}`,
        ...columnRecipe(site, added),
      };
    }
  },
  fix: addedColumn,
};
