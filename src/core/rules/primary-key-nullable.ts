/** ADD PRIMARY KEY USING INDEX over a column that may be NULL → the scan of the table. */
import { word } from "../ast.ts";
import type { Rule } from "./rule.ts";
import { addedConstraints, looksForNull, pictureOf, scanned, shown } from "./site.ts";

export const primaryKeyNullable: Rule = {
  id: "primary-key-nullable",
  since: 1,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard:
    "A primary key from an existing index makes its columns NOT NULL: if one is nullable, the table is scanned while reads and writes are blocked.",
  advice: "first make the columns NOT NULL, with the help of a validated CHECK",
  bad: "ALTER TABLE shop.notes ADD CONSTRAINT notes_pkey PRIMARY KEY USING INDEX notes_number;",
  good: [
    "ALTER TABLE shop.notes ADD CONSTRAINT notes_number_present CHECK (number IS NOT NULL) NOT VALID;",
    "ALTER TABLE shop.notes VALIDATE CONSTRAINT notes_number_present;",
    "ALTER TABLE shop.notes ALTER COLUMN number SET NOT NULL;\nALTER TABLE shop.notes DROP CONSTRAINT notes_number_present;",
    "ALTER TABLE shop.notes ADD CONSTRAINT notes_pkey PRIMARY KEY USING INDEX notes_number;",
  ],
  *find(site) {
    for (const { target, constraint } of addedConstraints(site, "CONSTR_PRIMARY")) {
      if (word(constraint["indexname"]) === "" || scanned(site).length === 0) continue;
      const key = pictureOf(site, target)?.constraints.find(({ kind }) => kind === "primary key");
      if (key?.columns.some((column) => looksForNull(site, column)) !== true) continue;
      yield {
        message: `${shown(target)} is read while reads and writes are blocked, for a column that can be NULL`,
      };
    }
  },
};
