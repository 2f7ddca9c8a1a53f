/** ADD COLUMN … UNIQUE or PRIMARY KEY → an index that is built while all wait. */
import { word } from "../ast.ts";
import { addedColumn, columnRecipe } from "./fix.ts";
import type { Rule } from "./rule.ts";
import { addedColumns, scanned, shown } from "./site.ts";

export const addColumnUnique: Rule = {
  id: "add-column-unique",
  since: 1,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard:
    "UNIQUE or PRIMARY KEY of a new column builds an index of the whole table while reads and writes are blocked.",
  advice: "add the column, build the unique index with CONCURRENTLY, and create the constraint from it",
  bad: "ALTER TABLE shop.orders ADD COLUMN reference text UNIQUE;",
  *find(site) {
    for (const added of addedColumns(site)) {
      const { target, constraints } = added;
      if (!constraints.some(({ contype }) => /^CONSTR_(?:PRIMARY|UNIQUE)$/.test(word(contype)))) continue;
      if (!scanned(site).some(({ id }) => id === target.id)) continue;
      yield {
        message: `an index of ${shown(target)} is built while reads and writes are blocked`,
        ...columnRecipe(site, added),
      };
    }
  },
  fix: addedColumn,
};
