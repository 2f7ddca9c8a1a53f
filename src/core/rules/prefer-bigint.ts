/** A smallint or integer column → it may run out of values. */
import { typeName } from "../effects/types.ts";
import type { Rule } from "./rule.ts";
import { namedColumns } from "./site.ts";

export const preferBigint: Rule = {
  id: "prefer-bigint",
  since: 1,
  severity: "off",
  kinds: ["CreateStmt", "AlterTableStmt"],
  hazard: "A key of type integer ends at 2,147,483,647, and changing it to bigint later rewrites the table.",
  advice: "use bigint",
  bad: "CREATE TABLE shop.stock (id integer PRIMARY KEY);",
  good: ["CREATE TABLE shop.stock (id bigint PRIMARY KEY);"],
  *find(site) {
    for (const { name, type } of namedColumns(site))
      if (/^int[24]$/.test(typeName(type).name)) yield { message: `${name} may run out of values` };
  },
};
