/** ALTER COLUMN … TYPE that is more than a change of the catalog → the rewrite, the scans and the indexes that it takes. */
import { word } from "../ast.ts";
import { throughNewColumn } from "./new-column.ts";
import type { Rule } from "./rule.ts";
import { commandsOf, rewritten, scanned, shown, subjectOf } from "./site.ts";

export const changeColumnType: Rule = {
  id: "change-column-type",
  since: 1,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard:
    "Most type changes rewrite the table and rebuild all its indexes while reads and writes are blocked: integer to bigint, text to varchar(20), enum to text. A longer limit (varchar(20) to varchar(50) or text, numeric(8,2) to numeric(12,2)) does not, but an expression index, a CHECK or a foreign key of the column is then rebuilt or rechecked.",
  advice:
    "add a column of the new type, keep it equal with a trigger, fill it in batches, and rename it to the old one's name in a later migration",
  bad: "ALTER TABLE shop.orders ALTER COLUMN pieces TYPE bigint;",
  good: [
    `CREATE FUNCTION shop.copy_pieces() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.pieces_new := NEW.pieces;
  RETURN NEW;
END $$;
ALTER TABLE shop.orders ADD COLUMN pieces_new bigint;
CREATE TRIGGER copy_pieces BEFORE INSERT OR UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.copy_pieces();`,
    `-- batch: 1000
UPDATE shop.orders SET pieces_new = pieces
WHERE ctid = ANY (ARRAY(SELECT ctid FROM shop.orders WHERE pieces IS NOT NULL AND pieces_new IS NULL LIMIT :batch_size));`,
  ],
  *find(site) {
    for (const { target, command } of commandsOf(site, "AT_AlterColumnType")) {
      const column = word(command["name"]);
      const traits = site.effect.traits;
      if (traits?.has(`rewrites ${column}`) === true && rewritten(site).length > 0)
        yield {
          message: `${subjectOf(rewritten(site))} rewritten while reads and writes are blocked, for the new type of ${column}`,
        };
      else if (traits?.has(`rechecks ${column}`) === true && scanned(site).length > 0)
        yield {
          message: `${subjectOf(scanned(site))} read while reads and writes of ${shown(target)} are blocked, for an index or a constraint over ${column}`,
        };
    }
  },
  fix(site) {
    const [found] = commandsOf(site, "AT_AlterColumnType");
    return found && throughNewColumn(site, found);
  },
};
