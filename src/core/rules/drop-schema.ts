/** DROP SCHEMA, DROP EXTENSION, DROP OWNED → what goes. */
import type { Rule } from "./rule.ts";
import { lostName } from "./site.ts";

export const dropSchema: Rule = {
  id: "drop-schema",
  since: 1,
  severity: "warning",
  kinds: ["DropStmt", "DropOwnedStmt"],
  hazard:
    "Everything in a schema, everything that a role owns, and all that depends on an extension is dropped, whatever it is at that time.",
  advice: "first drop by name what is in it, so that the migration shows what is dropped",
  bad: "DROP SCHEMA old CASCADE;",
  good: ["DROP VIEW old.report;\nDROP SCHEMA old;"],
  *find(site) {
    for (const loss of site.losses) {
      const { kind, cascade } = loss;
      const object = lostName(loss);
      if (!/^drop (?:schema|extension|owned)$/.test(kind) || (kind !== "drop owned" && cascade !== true))
        continue;
      if (kind === "drop extension")
        yield { message: `whatever depends on ${object} is dropped, too`, advice: OF_EXTENSION };
      else if (kind === "drop owned")
        yield { message: `everything that ${object} owns is dropped`, advice: OF_ROLE };
      else yield { message: `everything that is in ${object} is dropped` };
    }
  },
};

const OF_EXTENSION = "first drop by name what depends on it, and leave out CASCADE";
const OF_ROLE = "first drop by name what it owns, so that the migration shows what is dropped";
