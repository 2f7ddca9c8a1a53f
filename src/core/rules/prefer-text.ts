/** char(n), varchar(n) → text with a CHECK is easier to change. */
import { typeName } from "../effects/types.ts";
import type { Rule } from "./rule.ts";
import { namedColumns } from "./site.ts";

export const preferText: Rule = {
  id: "prefer-text",
  since: 1,
  severity: "off",
  kinds: ["CreateStmt", "AlterTableStmt"],
  hazard: "char(n) pads with blanks, and shortening the limit of varchar(n) rewrites the table.",
  advice: "use text, with a CHECK if a limit is needed",
  bad: "CREATE TABLE shop.stock (code varchar(20));",
  good: ["CREATE TABLE shop.stock (code text CHECK (length(code) <= 20));"],
  *find(site) {
    for (const { name, type } of namedColumns(site))
      if (
        /^bpchar$/.test(typeName(type).name) ||
        (typeName(type).name === "varchar" && typeName(type).modifiers.length > 0)
      )
        yield { message: `the table is rewritten if ${name} gets a shorter limit later` };
  },
};
