/** ADD COLUMN … UNIQUE or PRIMARY KEY → an index that is built while all wait. */
import { word } from "../ast.ts";
import { addedColumn } from "./fix.ts";
import { notNull, overIndex } from "./recipes.ts";
import type { Rule } from "./rule.ts";
import { addedColumns, chosenName, scanned, shown } from "./site.ts";
import { columnText } from "./text.ts";

export const addColumnUnique: Rule = {
  id: "add-column-unique",
  since: 1,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard:
    "UNIQUE or PRIMARY KEY of a new column builds an index of the whole table while reads and writes are blocked.",
  advice: "add the column, build the unique index with CONCURRENTLY, and create the constraint from it",
  bad: "ALTER TABLE shop.orders ADD COLUMN reference text UNIQUE;",
  *find(site) {
    for (const { target, table, name, column, text, constraints } of addedColumns(site)) {
      const types = constraints.map(({ contype }) => contype);
      const primary = types.includes("CONSTR_PRIMARY");
      if (!primary && !types.includes("CONSTR_UNIQUE")) continue;
      if (!scanned(site).some(({ id }) => id === target.id)) continue;
      const { head, default: value } = columnText(text);
      const isNotNull = types.includes("CONSTR_NOTNULL");
      const filled = value === undefined ? head : `${head} DEFAULT ${value}${isNotNull ? " NOT NULL" : ""}`;
      const columns = [word(column["colname"])];
      const constraint = constraints.find(({ contype }) =>
        /^CONSTR_(?:PRIMARY|UNIQUE)$/.test(word(contype)),
      )!;
      const keyed = { ...constraint, keys: [{ String: { sval: columns[0] } }] };
      yield {
        message: `an index of ${shown(target)} is built while reads and writes are blocked`,
        ...overIndex(
          primary ? "PRIMARY KEY" : "UNIQUE",
          { table, target, constraint },
          chosenName(site, target, keyed),
          columns,
          [
            `ALTER TABLE ${table} ${filled};`,
            ...(primary || (isNotNull && value === undefined) ? notNull(table, name) : []),
          ],
        ),
      };
    }
  },
  fix: addedColumn,
};
