/** DROP COLUMN → what goes. */
import { dotted, relationOf, word } from "../ast.ts";
import type { Loss } from "../statement/losses.ts";
import type { Rule } from "./rule.ts";
import { afterDowngrade, blocked, commandsOf, formerName, lostName, shown, subjectOf } from "./site.ts";

export const dropColumn: Rule = {
  id: "drop-column",
  since: 1,
  severity: "warning",
  kinds: ["AlterTableStmt"],
  hazard:
    "The values are lost with the column, and no migration can restore them but as far as it computes them from what is left. The previous release of an application still uses it. A foreign key of the column is dropped with it, which blocks reads and writes of the other table.",
  advice:
    "stop using it in all releases, and drop it in a later migration; a retort-ignore line confirms that this was done",
  bad: "ALTER TABLE shop.orders DROP COLUMN note;",
  good: [
    "-- retort-ignore: drop-column (nothing has used it since release 12)\nALTER TABLE shop.orders DROP COLUMN note;",
  ],
  *find(site) {
    for (const { target, command } of commandsOf(site, "AT_DropColumn")) {
      const column = word(command["name"]);
      const lost = `${dotted(relationOf(site.tree))}.${column}`;
      const isLost = (loss: Loss): boolean => loss.kind === "drop column" && lostName(loss) === lost;
      const isWritten = site.writtenAgain.some(isLost);
      const others = blocked(site).filter(({ id }) => id !== target.id);
      yield {
        message: `the values of ${shown(target)}.${column}${formerName(site.losses.find(isLost))} are lost${afterDowngrade(isWritten)}${others.length === 0 ? "" : `; ${subjectOf(others)} locked, too`}`,
      };
    }
  },
};
