/** timestamp without time zone → a moment is meant. */
import { typeName } from "../effects/types.ts";
import type { Rule } from "./rule.ts";
import { namedColumns } from "./site.ts";

export const preferTimestamptz: Rule = {
  id: "prefer-timestamptz",
  since: 1,
  severity: "off",
  kinds: ["CreateStmt", "AlterTableStmt"],
  hazard: "timestamp without time zone is not a point in time: its meaning depends on who wrote it.",
  advice: "use timestamptz",
  bad: "CREATE TABLE shop.stock (counted timestamp);",
  good: ["CREATE TABLE shop.stock (counted timestamptz);"],
  *find(site) {
    for (const { name, type } of namedColumns(site))
      if (typeName(type).name === "timestamp")
        yield { message: `${name} is not a point in time: it has no time zone` };
  },
};
