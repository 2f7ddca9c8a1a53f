/** SET NOT NULL that no constraint proves → the scan of the table. */
import { word } from "../ast.ts";
import { MAY_BE_MISSING, notNullSegments } from "./fix.ts";
import { notNull } from "./recipes.ts";
import type { Rule } from "./rule.ts";
import { commandsOf, looksForNull, quoted, scanned, shown } from "./site.ts";

export const setNotNull: Rule = {
  id: "set-not-null",
  since: 1,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard:
    "SET NOT NULL scans every row while reads and writes are blocked, unless a validated CHECK proves that there is no NULL.",
  advice: "add CHECK (… IS NOT NULL) NOT VALID, validate it, set NOT NULL, and drop the CHECK",
  bad: "ALTER TABLE shop.orders ALTER COLUMN customer_id SET NOT NULL;",
  *find(site) {
    for (const { target, table, command } of commandsOf(site, "AT_SetNotNull")) {
      const column = word(command["name"]);
      if (scanned(site).length === 0 || !looksForNull(site, column)) continue;
      yield {
        message: `every row of ${shown(target)} is read while reads and writes are blocked, to see that ${column} has no NULL`,
        recipe: notNull(table, quoted(column)),
      };
    }
  },
  fix(site) {
    const [found] = commandsOf(site, "AT_SetNotNull");
    if (found === undefined) return undefined;
    if (site.tree["missing_ok"] === true) return MAY_BE_MISSING;
    return notNullSegments(found.table, quoted(word(found.command["name"])), true);
  },
};
