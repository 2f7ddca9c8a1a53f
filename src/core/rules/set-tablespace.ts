/** SET TABLESPACE → the copy of the table's file. */
import type { Rule } from "./rule.ts";
import { commandsOf, shown } from "./site.ts";

export const setTablespace: Rule = {
  id: "set-tablespace",
  since: 1,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard: "SET TABLESPACE copies the file of the table or index while reads and writes are blocked.",
  advice:
    "for indexes, from PostgreSQL 14 on, use REINDEX (TABLESPACE name) INDEX CONCURRENTLY; for tables a quiet time, or a tool such as pg_repack outside of migrations",
  bad: "ALTER TABLE shop.orders SET TABLESPACE fast;",
  good: ["REINDEX (TABLESPACE pg_default) INDEX CONCURRENTLY shop.orders_note;"],
  *find(site) {
    for (const { target } of commandsOf(site, "AT_SetTableSpace"))
      if (site.effect.rewrites.some(({ id }) => id === target.id))
        yield { message: `the file of ${shown(target)} is copied while reads and writes are blocked` };
  },
};
