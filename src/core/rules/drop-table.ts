/** DROP TABLE, MATERIALIZED VIEW, SEQUENCE → what goes, and who waits. */
import type { Rule } from "./rule.ts";
import { blocked, listOf } from "./site.ts";

export const dropTable: Rule = {
  id: "drop-table",
  since: 1,
  severity: "warning",
  kinds: ["DropStmt"],
  hazard:
    "The rows go with the table, and no migration brings them back. An application of the release before still asks for it. Tables that it refers to are locked against reads and writes, too.",
  advice:
    "let no release use it any more, rename it first, and drop it in a later migration; a line with retort-ignore says that this was done",
  bad: "DROP TABLE shop.notes;",
  good: ["-- retort-ignore: drop-table (nothing has used it since release 12)\nDROP TABLE shop.notes;"],
  *find(site) {
    if (site.kind !== "DropStmt") return;
    const gone = site.losses
      .filter(({ kind }) => /^drop (?:table|foreign table|materialized view|sequence)$/.test(kind))
      .map(({ object }) => object.split(".").at(-1)!);
    const tables = blocked(site).filter(({ name }) => gone.includes(name));
    if (tables.length > 0)
      yield { message: `what is in ${listOf(tables)} goes, and no way back brings it again` };
  },
};
