/** DETACH PARTITION without CONCURRENTLY → all of the partitioned table wait for it. */
import { node } from "../ast.ts";
import type { Rule } from "./rule.ts";
import { commandsOf, shown } from "./site.ts";

export const detachPartition: Rule = {
  id: "detach-partition",
  since: 1,
  severity: "warning",
  kinds: ["AlterTableStmt"],
  hazard:
    "DETACH PARTITION blocks reads and writes of the partitioned table. It is fast once it has the lock, but while it waits for a long query, all later queries wait behind it.",
  advice:
    "from PostgreSQL 14 on, use DETACH PARTITION … CONCURRENTLY, in a migration of its own; not possible with a default partition",
  bad: "ALTER TABLE shop.events DETACH PARTITION shop.events_2025;",
  *find(site) {
    for (const { target, table, text, command } of commandsOf(site, "AT_DetachPartition")) {
      if (node(node(command["def"])["PartitionCmd"])["concurrent"] === true) continue;
      yield {
        message: `reads and writes of ${shown(target)} are blocked`,
        ...(site.version >= 14 ? { recipe: [`ALTER TABLE ${table} ${text} CONCURRENTLY;`] } : {}),
      };
    }
  },
};
