/** DISABLE TRIGGER ALL → foreign keys are not checked either. */
import type { Rule } from "./rule.ts";
import { commandsOf, shown } from "./site.ts";

export const disableTriggers: Rule = {
  id: "disable-triggers",
  since: 1,
  severity: "warning",
  kinds: ["AlterTableStmt"],
  hazard:
    "DISABLE TRIGGER ALL also switches off the triggers that check foreign keys, for everyone: rows written meanwhile may refer to nothing, and no later check finds them.",
  advice: "use DISABLE TRIGGER USER, which leaves them on",
  bad: "ALTER TABLE shop.invoices DISABLE TRIGGER ALL;",
  *find(site) {
    for (const { target, table } of commandsOf(site, "AT_DisableTrigAll"))
      yield {
        message: `foreign keys of ${shown(target)} are no longer checked`,
        recipe: [`ALTER TABLE ${table} DISABLE TRIGGER USER;`],
      };
  },
};
