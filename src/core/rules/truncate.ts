/** TRUNCATE → what goes, and who waits. */
import type { Rule } from "./rule.ts";
import { blocked, listOf } from "./site.ts";

export const truncate: Rule = {
  id: "truncate",
  since: 1,
  severity: "warning",
  kinds: ["TruncateStmt"],
  hazard:
    "TRUNCATE removes all rows while reads and writes are blocked; with CASCADE also those of every table that refers to it. No migration can restore them.",
  advice:
    "delete the rows in batches if others use the table; otherwise give the reason in a retort-ignore line",
  bad: "TRUNCATE shop.notes;",
  good: [
    "-- batch: 1000\nDELETE FROM shop.notes WHERE ctid = ANY (ARRAY(SELECT ctid FROM shop.notes LIMIT :batch_size));",
  ],
  *find(site) {
    if (site.kind !== "TruncateStmt" || blocked(site).length === 0) return;
    yield { message: `all rows of ${listOf(blocked(site))} are lost` };
  },
};
