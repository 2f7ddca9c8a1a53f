/** An index of more than three columns → few queries use all of it. */
import { items } from "../ast.ts";
import type { Rule } from "./rule.ts";

export const wideIndex: Rule = {
  id: "wide-index",
  since: 1,
  severity: "off",
  kinds: ["IndexStmt"],
  hazard:
    "An index of more than three columns is large, slows every write, and is rarely used beyond its first columns; a unique one is there to be unique.",
  advice: "leave out columns that no query needs",
  bad: "CREATE INDEX CONCURRENTLY orders_all ON shop.orders (customer_id, total, placed, note);",
  good: ["CREATE INDEX CONCURRENTLY orders_all ON shop.orders (customer_id, placed);"],
  *find({ kind, tree }) {
    const { length } = items(tree["indexParams"]);
    if (kind === "IndexStmt" && tree["unique"] !== true && length > 3)
      yield { message: `an index of ${length} columns is rarely used beyond the first ones` };
  },
};
