/** A foreign key whose columns no index leads with → a scan for each row that goes from the other table. */
import { type Ast, items, stringOf, word } from "../ast.ts";
import type { Relation } from "../effects/schema.ts";
import { INDEX_BY_PARTITION, validateLater } from "./recipes.ts";
import type { Rule } from "./rule.ts";
import {
  type AddedColumn,
  addedColumns,
  addedConstraints,
  chosenName,
  columnsOf,
  pictureOf,
  type Site,
  shown,
} from "./site.ts";
import { columnText, nameOf } from "./text.ts";

export const foreignKeyWithoutIndex: Rule = {
  id: "foreign-key-without-index",
  since: 1,
  severity: "warning",
  kinds: ["AlterTableStmt"],
  hazard:
    "For every row that is deleted from the other table, or whose key changes, PostgreSQL looks for rows that refer to it. Without an index on the referring columns it scans this whole table each time.",
  advice: "first create the index with CONCURRENTLY, in a migration of its own",
  bad: "ALTER TABLE shop.notes ADD CONSTRAINT notes_order FOREIGN KEY (order_id) REFERENCES shop.orders (id) NOT VALID;",
  *find(site) {
    for (const { target, table, text, constraint } of addedConstraints(site, "CONSTR_FOREIGN")) {
      const columns = items(constraint["fk_attrs"]).map(stringOf);
      const picture = pictureOf(site, target);
      if (picture?.known !== true || leads(picture, columns)) continue;
      yield {
        message: messageFor(shown(target), columns),
        ...(target.kind === "partitioned table"
          ? { advice: INDEX_BY_PARTITION }
          : {
              recipe: [
                indexFor(table, columns),
                ...(constraint["skip_validation"] !== true
                  ? validateLater(
                      table,
                      text,
                      constraint,
                      nameOf(...columns, "fkey"),
                      chosenName(site, target, constraint),
                    )
                  : [`ALTER TABLE ${table} ${text};`]),
              ],
            }),
        mended: () => leads(picture, columns),
      };
    }
    for (const each of addedColumns(site)) {
      const constraint = each.constraints.find(({ contype }) => contype === "CONSTR_FOREIGN");
      if (constraint === undefined) continue;
      const columns = [word(each.column["colname"])];
      const picture = pictureOf(site, each.target);
      if (picture?.known !== true || leads(picture, columns)) continue;
      yield {
        message: messageFor(shown(each.target), columns),
        ...(each.target.kind === "partitioned table"
          ? { advice: INDEX_BY_PARTITION }
          : each.command["missing_ok"] === true ||
              !each.constraints.every(({ contype }) => OF_KEY.test(word(contype)))
            ? { advice: OF_NEW_COLUMN }
            : {
                recipe: ofNewColumn(site, each, {
                  ...constraint,
                  fk_attrs: [{ String: { sval: columns[0] } }],
                }),
              }),
        mended: () => leads(picture, columns),
      };
    }
  },
};

/** What belongs to REFERENCES, whose text goes on to the end of the column's. */
const OF_KEY = /^CONSTR_(?:FOREIGN|ATTR_(?:NOT_)?DEFERRABLE|ATTR_DEFERRED|ATTR_IMMEDIATE)$/;

const OF_NEW_COLUMN =
  "add the column without REFERENCES, create the index with CONCURRENTLY in a migration of its own, and then add the foreign key";

const leads = ({ indexes }: Relation, columns: readonly string[]): boolean =>
  indexes.some(({ index }) => {
    const first = index!.keys.slice(0, columns.length);
    return columns.every((column) => first.includes(column));
  });

const messageFor = (table: string, columns: readonly string[]): string =>
  `no index of ${table} begins with ${columns.join(", ")}: for each row deleted from the other table, all of it is scanned`;

const indexFor = (table: string, columns: readonly string[]): string =>
  `CREATE INDEX CONCURRENTLY ON ${table} (${columnsOf(columns)});`;

function ofNewColumn(site: Site, { table, text, target }: AddedColumn, constraint: Ast): readonly string[] {
  const columns = items(constraint["fk_attrs"]).map(stringOf);
  const references = text.slice(text.search(/\breferences\b/i));
  const action = `ADD FOREIGN KEY (${columnsOf(columns)}) ${references}`;
  return [
    `ALTER TABLE ${table} ${columnText(text).head};`,
    indexFor(table, columns),
    ...validateLater(
      table,
      action,
      constraint,
      nameOf(...columns, "fkey"),
      chosenName(site, target, constraint),
    ),
  ];
}
