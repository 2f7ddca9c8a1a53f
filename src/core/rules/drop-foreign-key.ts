/** DROP CONSTRAINT of a foreign key → two tables locked, and no guard any more. */
import { word } from "../ast.ts";
import type { Relation } from "../effects/schema.ts";
import type { Rule } from "./rule.ts";
import { blocked, commandsOf, listOf, pictureOf } from "./site.ts";

export const dropForeignKey: Rule = {
  id: "drop-foreign-key",
  since: 1,
  severity: "warning",
  kinds: ["AlterTableStmt"],
  hazard:
    "Dropping a foreign key also blocks reads and writes of the other table, and rows that refer to nothing are possible from then on.",
  advice: "note the reason: -- retort-ignore: drop-foreign-key (reason)",
  bad: "ALTER TABLE shop.invoices DROP CONSTRAINT invoices_order_id_fkey;",
  good: [
    "-- retort-ignore: drop-foreign-key (orders are kept in another database from now on)\nALTER TABLE shop.invoices DROP CONSTRAINT invoices_order_id_fkey;",
  ],
  *find(site) {
    for (const { target, command } of commandsOf(site, "AT_DropConstraint")) {
      const picture = pictureOf(site, target);
      const own = new Set(picture === undefined ? [target.id] : withDescendants(picture));
      const others = blocked(site).filter(({ id, kind }) => !own.has(id) && kind !== "sequence");
      if (others.length === 0 || command["behavior"] === "DROP_CASCADE") continue;
      yield {
        message: `for ${word(command["name"])}, reads and writes of ${listOf(others)} are blocked, and rows that refer to nothing become possible`,
        mended: () =>
          picture?.constraints.some(({ references }) =>
            others.some(({ id }) => id === references?.table.id),
          ) === true,
      };
    }
  },
};

/** A table and its partitions, or what inherits from it. */
const withDescendants = ({ id, children }: Relation): readonly number[] => [
  id,
  ...children.flatMap(withDescendants),
];
