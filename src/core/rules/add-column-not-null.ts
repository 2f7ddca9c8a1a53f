/** ADD COLUMN … NOT NULL without a value for the rows that are there → it fails as soon as there is one. */
import { word } from "../ast.ts";
import type { Rule } from "./rule.ts";
import { addedColumns, type Site, shown } from "./site.ts";

const VALUE = /^CONSTR_(?:DEFAULT|IDENTITY|GENERATED)$/;

export const addColumnNotNull: Rule = {
  id: "add-column-not-null",
  since: 1,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard:
    "Adding a column that is NOT NULL and has no default fails if the table has a row, and scans the table to see that it has none.",
  advice: "add it without NOT NULL, fill it, and then make it NOT NULL; or give it a constant as its default",
  bad: "ALTER TABLE shop.orders ADD COLUMN channel text NOT NULL;",
  good: ["ALTER TABLE shop.orders ADD COLUMN channel text NOT NULL DEFAULT 'web';"],
  *find(site) {
    for (const { target, column, constraints } of addedColumns(site)) {
      const types = constraints.map(({ contype }) => word(contype));
      if (!types.includes("CONSTR_NOTNULL") || types.some((type) => VALUE.test(type))) continue;
      if (!site.effect.scans.some(({ id }) => id === target.id) || wasEmptied(site, target.id)) continue;
      yield {
        message: `it fails if ${shown(target)} has a row, which would have NULL in ${word(column["colname"])}`,
      };
    }
  },
};

/** This migration has deleted all of its rows before. */
const wasEmptied = ({ earlier }: Site, table: number): boolean =>
  earlier.some(
    ({ kind, tree, effect }) =>
      kind === "DeleteStmt" &&
      tree["whereClause"] === undefined &&
      effect.locks.some(({ id }) => id === table),
  );
