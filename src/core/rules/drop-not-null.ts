/** DROP NOT NULL → readers that do not expect NULL. */
import { word } from "../ast.ts";
import type { Rule } from "./rule.ts";
import { commandsOf, shown } from "./site.ts";

export const dropNotNull: Rule = {
  id: "drop-not-null",
  since: 1,
  severity: "off",
  kinds: ["AlterTableStmt"],
  hazard: "The previous release of an application may not expect NULL in the column.",
  advice: "first make every release that reads it handle NULL",
  bad: "ALTER TABLE shop.orders ALTER COLUMN total DROP NOT NULL;",
  good: ["ALTER TABLE shop.orders ALTER COLUMN total SET DEFAULT 0;"],
  *find(site) {
    for (const { target, command } of commandsOf(site, "AT_DropNotNull"))
      yield { message: `readers of ${shown(target)}.${word(command["name"])} may not expect NULL` };
  },
};
