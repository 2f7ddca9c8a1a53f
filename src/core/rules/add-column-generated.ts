/** ADD COLUMN … GENERATED ALWAYS AS (…) STORED → the rewrite of the table. */
import type { Rule } from "./rule.ts";
import { addedColumns, rewritten, shown } from "./site.ts";

export const addColumnGenerated: Rule = {
  id: "add-column-generated",
  since: 1,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard:
    "A stored generated column is computed for each existing row: the table is rewritten and all its indexes are rebuilt, while reads and writes are blocked.",
  advice:
    "add an ordinary column that a trigger fills, and fill the existing rows in batches; PostgreSQL 18 can compute it when it is read: VIRTUAL",
  bad: "ALTER TABLE shop.orders ADD COLUMN gross integer GENERATED ALWAYS AS (total * 2) STORED;",
  good: [
    `CREATE FUNCTION shop.set_gross() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.gross := NEW.total * 2;
  RETURN NEW;
END $$;
ALTER TABLE shop.orders ADD COLUMN gross integer;
CREATE TRIGGER set_gross BEFORE INSERT OR UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.set_gross();`,
    `-- batch: 1000
UPDATE shop.orders SET gross = total * 2
WHERE ctid = ANY (ARRAY(SELECT ctid FROM shop.orders WHERE gross IS NULL LIMIT :batch_size));`,
  ],
  *find(site) {
    for (const { target, constraints } of addedColumns(site)) {
      if (!constraints.some(({ contype }) => contype === "CONSTR_GENERATED")) continue;
      if (!rewritten(site).some(({ id }) => id === target.id)) continue;
      yield {
        message: `${shown(target)} is rewritten while reads and writes are blocked, to compute the column for its rows`,
      };
    }
  },
};
