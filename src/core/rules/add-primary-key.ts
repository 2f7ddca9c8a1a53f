/** ADD PRIMARY KEY without an index that is there → one is built while all wait. */
import { items, stringOf, word } from "../ast.ts";
import { keyOverIndex } from "./fix.ts";
import { notNull, overIndex } from "./recipes.ts";
import type { Rule } from "./rule.ts";
import { addedConstraints, chosenName, looksForNull, pictureOf, quoted, scanned, shown } from "./site.ts";

export const addPrimaryKey: Rule = {
  id: "add-primary-key",
  since: 1,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard:
    "A primary key builds its index while reads and writes are blocked, and scans the table once more for each nullable column.",
  advice:
    "make its columns NOT NULL first, build the unique index with CONCURRENTLY, and create the key from it: USING INDEX",
  bad: "ALTER TABLE shop.notes ADD PRIMARY KEY (number);",
  *find(site) {
    for (const added of addedConstraints(site, "CONSTR_PRIMARY")) {
      const { target, table, constraint } = added;
      // ONLY a partitioned table has no rows.
      if (word(constraint["indexname"]) !== "" || scanned(site).length === 0) continue;
      const columns = items(constraint["keys"]).map(stringOf);
      const isKnown = pictureOf(site, target)?.known === true;
      const mayBeNull = (column: string): boolean => !isKnown || looksForNull(site, column);
      yield {
        message: `an index of ${shown(target)} is built while reads and writes are blocked`,
        ...overIndex(
          "PRIMARY KEY",
          added,
          chosenName(site, target, constraint),
          columns,
          columns.filter(mayBeNull).flatMap((name) => notNull(table, quoted(name))),
        ),
      };
    }
  },
  fix(site) {
    const [added] = addedConstraints(site, "CONSTR_PRIMARY");
    return added && keyOverIndex(site, added);
  },
};
