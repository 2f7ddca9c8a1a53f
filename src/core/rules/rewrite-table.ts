/** CLUSTER and VACUUM FULL → the rewrite of the table. */
import type { Rule } from "./rule.ts";
import { listOf, rewritten } from "./site.ts";

export const rewriteTable: Rule = {
  id: "rewrite-table",
  since: 1,
  severity: "error",
  kinds: ["ClusterStmt", "VacuumStmt"],
  hazard:
    "CLUSTER and VACUUM FULL write the table anew and build its indexes again, while reads and writes wait.",
  advice:
    "plain VACUUM for what is dead, REINDEX … CONCURRENTLY for indexes that have grown, or a tool such as pg_repack outside of migrations",
  bad: "CLUSTER shop.orders USING orders_pkey;",
  good: ["REINDEX INDEX CONCURRENTLY shop.orders_pkey;"],
  *find(site) {
    if (!/^(?:Cluster|Vacuum)Stmt$/.test(site.kind) || rewritten(site).length === 0) return;
    yield { message: `${listOf(rewritten(site))} is rewritten while reads and writes wait` };
  },
};
