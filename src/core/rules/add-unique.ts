/** ADD … UNIQUE without an index that is there → one is built while all wait. */
import { items, stringOf, word } from "../ast.ts";
import { keyOverIndex } from "./fix.ts";
import { overIndex } from "./recipes.ts";
import type { Rule } from "./rule.ts";
import { addedConstraints, chosenName, scanned, shown } from "./site.ts";

export const addUnique: Rule = {
  id: "add-unique",
  since: 1,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard:
    "A UNIQUE constraint builds its index while reads and writes are blocked: the lock is ACCESS EXCLUSIVE.",
  advice: "build the unique index with CONCURRENTLY, and create the constraint from it: USING INDEX",
  bad: "ALTER TABLE shop.customers ADD CONSTRAINT customers_email_key UNIQUE (email);",
  *find(site) {
    for (const added of addedConstraints(site, "CONSTR_UNIQUE")) {
      const { target, constraint } = added;
      // ONLY a partitioned table has no rows.
      if (word(constraint["indexname"]) !== "" || scanned(site).length === 0) continue;
      yield {
        message: `an index of ${shown(target)} is built while reads and writes are blocked`,
        ...overIndex(
          "UNIQUE",
          added,
          chosenName(site, target, constraint),
          items(constraint["keys"]).map(stringOf),
        ),
      };
    }
  },
  fix(site) {
    const [added] = addedConstraints(site, "CONSTR_UNIQUE");
    return added && keyOverIndex(site, added);
  },
};
