/** DROP TABLE, MATERIALIZED VIEW, SEQUENCE → what goes, and who waits. */
import { type Loss, losesData } from "../statement/losses.ts";
import type { Rule } from "./rule.ts";
import { afterDowngrade, blocked, formerName, lostName, shown } from "./site.ts";

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
    const isWritten = ({ object }: Loss): boolean => site.writtenAgain.some((each) => each.object === object);
    for (const again of [false, true]) {
      const losses = site.losses.filter((loss) => DROPS.test(loss.kind) && isWritten(loss) === again);
      const gone = new Map(losses.map((loss) => [lostName(loss).split(".").at(-1)!, loss]));
      const tables = blocked(site).filter(({ name }) => gone.has(name));
      const names = tables.map((each) => `${shown(each)}${formerName(gone.get(each.name))}`);
      if (names.length > 0) yield { message: messageOf(losses[0]!, names.join(", "), again) };
    }
  },
};

const DROPS = /^drop (?:table|foreign table|materialized view|sequence)$/;

/** One statement drops objects of one kind. */
function messageOf(loss: Loss, names: string, isWrittenAgain: boolean): string {
  if (!losesData(loss)) return `what still uses ${names} fails`;
  return loss.kind === "drop sequence"
    ? `the state of ${names} is lost, and a downgrade cannot restore it`
    : `the rows of ${names} are lost${afterDowngrade(isWrittenAgain)}`;
}
