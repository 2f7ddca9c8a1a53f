/** ALTER COLUMN … SET EXPRESSION of a stored generated column → the rewrite of the table. */
import type { Rule } from "./rule.ts";
import { commandsOf, rewritten, shown } from "./site.ts";

export const setExpression: Rule = {
  id: "set-expression",
  since: 1,
  server: 17,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard:
    "A new expression of a stored generated column is computed for every row: the table is rewritten while reads and writes are blocked.",
  advice: "add an ordinary column that a trigger fills with the new expression, and fill the rows in batches",
  bad: "ALTER TABLE shop.bookings ALTER COLUMN nights SET EXPRESSION AS (price * 3);",
  good: [
    `CREATE FUNCTION shop.set_nights() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.nights_new := NEW.price * 3;
  RETURN NEW;
END $$;
ALTER TABLE shop.bookings ADD COLUMN nights_new integer;
CREATE TRIGGER set_nights BEFORE INSERT OR UPDATE ON shop.bookings FOR EACH ROW EXECUTE FUNCTION shop.set_nights();`,
  ],
  *find(site) {
    for (const { target } of commandsOf(site, "AT_SetExpression"))
      if (rewritten(site).length > 0)
        yield { message: `${shown(target)} is rewritten while reads and writes are blocked` };
  },
};
