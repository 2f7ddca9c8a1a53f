/** money → numeric is meant. */
import { typeName } from "../effects/types.ts";
import type { Rule } from "./rule.ts";
import { namedColumns } from "./site.ts";

export const preferNumeric: Rule = {
  id: "prefer-numeric",
  since: 1,
  severity: "off",
  kinds: ["CreateStmt", "AlterTableStmt"],
  hazard: "money has one currency, and its digits depend on the current setting of lc_monetary.",
  advice: "use numeric",
  bad: "CREATE TABLE shop.stock (price money);",
  good: ["CREATE TABLE shop.stock (price numeric(10, 2));"],
  *find(site) {
    for (const { name, type } of namedColumns(site))
      if (typeName(type).name === "money") yield { message: `${name} depends on the setting lc_monetary` };
  },
};
