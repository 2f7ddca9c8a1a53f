/** TRUNCATE → what goes, and who waits. */
import type { Rule } from "./rule.ts";
import { blocked, listOf } from "./site.ts";

export const truncate: Rule = {
  id: "truncate",
  since: 1,
  severity: "warning",
  kinds: ["TruncateStmt"],
  hazard:
    "TRUNCATE takes all rows away while reads and writes wait; with CASCADE those of every table that refers to it, too. No migration brings them back.",
  advice: "delete the rows in batches, where others use the table; a line with retort-ignore says why not",
  bad: "TRUNCATE shop.notes;",
  good: [
    "-- batch: 1000\nDELETE FROM shop.notes WHERE ctid = ANY (ARRAY(SELECT ctid FROM shop.notes LIMIT :batch_size));",
  ],
  *find(site) {
    if (site.kind !== "TruncateStmt" || blocked(site).length === 0) return;
    yield { message: `all rows of ${listOf(blocked(site))} go` };
  },
};
