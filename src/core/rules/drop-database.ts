/** DROP DATABASE → what goes. */
import type { Rule } from "./rule.ts";

export const dropDatabase: Rule = {
  id: "drop-database",
  since: 1,
  severity: "error",
  kinds: ["DropdbStmt"],
  hazard: "A migration that drops a database is more likely a mistake than a plan.",
  advice: "drop it by hand",
  bad: "DROP DATABASE shop_old;",
  good: ["COMMENT ON SCHEMA shop IS 'the database shop_old is dropped by hand';"],
  *find(site) {
    for (const { kind, object } of site.losses)
      if (kind === "drop database") yield { message: `everything in the database ${object} is lost` };
  },
};
