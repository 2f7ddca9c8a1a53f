/** DROP SCHEMA, DROP EXTENSION, DROP OWNED → what goes. */
import type { Rule } from "./rule.ts";

export const dropSchema: Rule = {
  id: "drop-schema",
  since: 1,
  severity: "warning",
  kinds: ["DropStmt", "DropOwnedStmt"],
  hazard:
    "What is in a schema, what belongs to an extension or to a role, goes with it, whatever it is at that time.",
  advice: "drop what is in it by name first, so that the migration says what goes",
  bad: "DROP SCHEMA old CASCADE;",
  good: ["DROP VIEW old.report;\nDROP SCHEMA old;"],
  *find(site) {
    for (const { kind, object, cascade } of site.losses) {
      if (!/^drop (?:schema|extension|owned)$/.test(kind) || (kind !== "drop owned" && cascade !== true))
        continue;
      yield {
        message: `everything that ${kind === "drop owned" ? `${object} owns` : `is in ${object}`} goes`,
      };
    }
  },
};
