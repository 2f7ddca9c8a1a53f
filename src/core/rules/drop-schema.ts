/** DROP SCHEMA, DROP EXTENSION, DROP OWNED → what goes. */
import type { Rule } from "./rule.ts";

export const dropSchema: Rule = {
  id: "drop-schema",
  since: 1,
  severity: "warning",
  kinds: ["DropStmt", "DropOwnedStmt"],
  hazard:
    "Everything in a schema, or owned by an extension or a role, is dropped with it, whatever it is at that time.",
  advice: "first drop by name what is in it, so that the migration shows what is dropped",
  bad: "DROP SCHEMA old CASCADE;",
  good: ["DROP VIEW old.report;\nDROP SCHEMA old;"],
  *find(site) {
    for (const { kind, object, cascade } of site.losses) {
      if (!/^drop (?:schema|extension|owned)$/.test(kind) || (kind !== "drop owned" && cascade !== true))
        continue;
      yield {
        message: `everything that ${kind === "drop owned" ? `${object} owns` : `is in ${object}`} is dropped`,
      };
    }
  },
};
