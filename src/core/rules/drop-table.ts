/** DROP TABLE, MATERIALIZED VIEW, SEQUENCE → what goes, and who waits. */
import type { Rule } from "./rule.ts";
import { afterDowngrade, blocked, listOf } from "./site.ts";

export const dropTable: Rule = {
  id: "drop-table",
  since: 1,
  severity: "warning",
  kinds: ["DropStmt"],
  hazard:
    "The rows are lost with the table, and no migration can restore them. The previous release of an application still uses it. Reads and writes of the tables that it refers to are blocked, too.",
  advice:
    "stop using it in all releases, rename it first, and drop it in a later migration; a retort-ignore line confirms that this was done",
  bad: "DROP TABLE shop.notes;",
  good: ["-- retort-ignore: drop-table (nothing has used it since release 12)\nDROP TABLE shop.notes;"],
  *find(site) {
    if (site.kind !== "DropStmt") return;
    for (const isWritten of [false, true]) {
      const gone = site.losses
        .filter(({ kind }) => /^drop (?:table|foreign table|materialized view|sequence)$/.test(kind))
        .filter(({ object }) => site.writtenAgain.some((each) => each.object === object) === isWritten)
        .map(({ object }) => object.split(".").at(-1)!);
      const tables = blocked(site).filter(({ name }) => gone.includes(name));
      if (tables.length > 0)
        yield { message: `the rows of ${listOf(tables)} are lost${afterDowngrade(isWritten)}` };
    }
  },
};
