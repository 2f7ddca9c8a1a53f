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
    "DETACH PARTITION locks the partitioned table against reads and writes. It is short once it has the lock, but whatever comes while it waits for a long query waits behind it.",
  advice:
    "from PostgreSQL 14 on DETACH PARTITION … CONCURRENTLY, in a migration of its own; not where there is a default partition",
  bad: "ALTER TABLE shop.events DETACH PARTITION shop.events_2025;",
  *find(site) {
    for (const { target, table, text, command } of commandsOf(site, "AT_DetachPartition")) {
      if (node(node(command["def"])["PartitionCmd"])["concurrent"] === true) continue;
      yield {
        message: `reads and writes of ${shown(target)} wait for it`,
        ...(site.version >= 14 ? { recipe: [`ALTER TABLE ${table} ${text} CONCURRENTLY;`] } : {}),
      };
    }
  },
};
