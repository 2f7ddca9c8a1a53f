/** ATTACH PARTITION of a table whose rows nothing proves to fit → the scan of that table. */
import { node } from "../ast.ts";
import type { Rule } from "./rule.ts";
import { commandsOf, scanned, subjectOf } from "./site.ts";

export const attachPartition: Rule = {
  id: "attach-partition",
  since: 1,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard:
    "ATTACH PARTITION scans the new partition, and the default partition if there is one, under a lock that blocks reads and writes of both; it also builds missing indexes.",
  advice:
    "add a CHECK that equals the bound (with IS NOT NULL if the key can be NULL), validate it, create the indexes, attach the partition, and drop the CHECK; a default partition needs a CHECK that excludes the bound",
  bad: "ALTER TABLE shop.events ATTACH PARTITION shop.events_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');",
  good: [
    "ALTER TABLE shop.events_2026 ADD CONSTRAINT events_2026_bound CHECK (day >= '2026-01-01' AND day < '2027-01-01') NOT VALID;",
    "ALTER TABLE shop.events_2026 VALIDATE CONSTRAINT events_2026_bound;",
    "ALTER TABLE shop.events ATTACH PARTITION shop.events_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');\nALTER TABLE shop.events_2026 DROP CONSTRAINT events_2026_bound;",
  ],
  *find(site) {
    for (const { command } of commandsOf(site, "AT_AttachPartition")) {
      if (node(node(command["def"])["PartitionCmd"])["name"] === undefined || scanned(site).length === 0)
        continue;
      yield { message: `${subjectOf(scanned(site))} read while reads and writes are blocked` };
    }
  },
};
