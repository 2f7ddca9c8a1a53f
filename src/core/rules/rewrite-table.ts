/** CLUSTER and VACUUM FULL → the rewrite of the table. */
import type { Rule } from "./rule.ts";
import { rewritten, subjectOf } from "./site.ts";

export const rewriteTable: Rule = {
  id: "rewrite-table",
  since: 1,
  severity: "error",
  kinds: ["ClusterStmt", "VacuumStmt"],
  hazard:
    "CLUSTER and VACUUM FULL rewrite the table and rebuild its indexes while reads and writes are blocked.",
  advice:
    "use plain VACUUM for dead rows, REINDEX … CONCURRENTLY for bloated indexes, or a tool such as pg_repack outside of migrations",
  bad: "CLUSTER shop.orders USING orders_pkey;",
  good: ["REINDEX INDEX CONCURRENTLY shop.orders_pkey;"],
  *find(site) {
    if (!/^(?:Cluster|Vacuum)Stmt$/.test(site.kind) || rewritten(site).length === 0) return;
    yield { message: `${subjectOf(rewritten(site))} rewritten while reads and writes are blocked` };
  },
};
