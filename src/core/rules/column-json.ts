/** A column of type json → DISTINCT, GROUP BY and UNION fail over it. */
import { typeName } from "../effects/types.ts";
import type { Rule } from "./rule.ts";
import { namedColumns } from "./site.ts";

export const columnJson: Rule = {
  id: "column-json",
  since: 1,
  severity: "warning",
  kinds: ["CreateStmt", "AlterTableStmt"],
  hazard:
    "json has no equality: SELECT DISTINCT, GROUP BY and UNION over the column fail, and it cannot be indexed.",
  advice: "use jsonb",
  bad: "ALTER TABLE shop.orders ADD COLUMN extra json;",
  good: ["ALTER TABLE shop.orders ADD COLUMN extra jsonb;"],
  *find(site) {
    for (const { name, type } of namedColumns(site))
      if (typeName(type).name === "json") yield { message: `DISTINCT, GROUP BY and UNION fail over ${name}` };
  },
};
