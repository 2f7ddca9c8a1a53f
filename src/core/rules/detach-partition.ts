/** DETACH PARTITION without CONCURRENTLY → all of the partitioned table wait for it. */
import { node, rangeName } from "../ast.ts";
import { outside } from "./fix.ts";
import type { Rule } from "./rule.ts";
import { commandsOf, hasDefault, pictureOf, quoted, shown, sqlName } from "./site.ts";
import { nameOf } from "./text.ts";

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
        ...(site.version >= 14 && !hasDefault(pictureOf(site, target))
          ? { recipe: [`ALTER TABLE ${table} ${text} CONCURRENTLY;`] }
          : {}),
      };
    }
  },
  fix(site) {
    const [{ table, target, command, text } = {}] = commandsOf(site, "AT_DetachPartition");
    if (table === undefined || site.version < 14) return undefined;
    const picture = pictureOf(site, target!);
    if (picture === undefined || hasDefault(picture))
      return { left: "the table has a default partition, or is not known" };
    const partition = node(node(node(command!["def"])["PartitionCmd"])["name"]);
    const keys = picture.key?.columns ?? [];
    const check = nameOf(rangeName(partition).name, ...(keys.length === 1 ? [keys[0] ?? ""] : []), "check");
    // What CONCURRENTLY leaves behind: the bound as a constraint.
    return outside(
      `ALTER TABLE ${table} ${text} CONCURRENTLY;`,
      `ALTER TABLE ${sqlName(partition)} DROP CONSTRAINT IF EXISTS ${quoted(check)};`,
    );
  },
};
