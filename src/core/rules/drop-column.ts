/** DROP COLUMN → what goes. */
import { word } from "../ast.ts";
import type { Rule } from "./rule.ts";
import { blocked, commandsOf, listOf, shown } from "./site.ts";

export const dropColumn: Rule = {
  id: "drop-column",
  since: 1,
  severity: "warning",
  kinds: ["AlterTableStmt"],
  hazard:
    "The values go with the column, and no migration brings them back. An application of the release before still asks for it. A foreign key of the column goes with it, for which the other table is locked against reads and writes.",
  advice:
    "let no release use it any more, and drop it in a later migration; a line with retort-ignore says that this was done",
  bad: "ALTER TABLE shop.orders DROP COLUMN note;",
  good: [
    "-- retort-ignore: drop-column (nothing has used it since release 12)\nALTER TABLE shop.orders DROP COLUMN note;",
  ],
  *find(site) {
    for (const { target, command } of commandsOf(site, "AT_DropColumn")) {
      const others = blocked(site).filter(({ id }) => id !== target.id);
      yield {
        message: `what is in ${shown(target)}.${word(command["name"])} goes, and no way back brings it again${others.length === 0 ? "" : `; ${listOf(others)} is locked, too`}`,
      };
    }
  },
};
