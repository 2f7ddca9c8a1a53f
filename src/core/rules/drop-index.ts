/** DROP INDEX without CONCURRENTLY → all wait until it has its lock. */
import { items } from "../ast.ts";
import { outside } from "./fix.ts";
import type { Rule } from "./rule.ts";
import { blocked, listOf, type Site } from "./site.ts";
import { concurrently } from "./text.ts";

export const dropIndex: Rule = {
  id: "drop-index",
  since: 1,
  severity: "warning",
  kinds: ["DropStmt"],
  hazard:
    "DROP INDEX blocks reads and writes of the table. It is fast once it has the lock, but while it waits for a long query, all later queries wait behind it.",
  advice:
    "use DROP INDEX CONCURRENTLY, in a migration of its own; not possible for the index of a constraint, nor for a partitioned one",
  bad: "DROP INDEX shop.orders_note;",
  *find(site) {
    if (site.kind !== "DropStmt" || site.tree["removeType"] !== "OBJECT_INDEX") return;
    const found = site.effect.locks.some(({ inUse }) => inUse);
    if (site.tree["concurrent"] === true || !found || site.effect.refused !== undefined) return;
    yield {
      message: `reads and writes of ${listOf(blocked(site)) || "its table"} are blocked`,
      ...(isPossible(site)
        ? { recipe: [concurrently(site.sql, "index")] }
        : isPartitioned(site)
          ? {}
          : { advice: ONE_BY_ONE }),
    };
  },
  fix: (site) =>
    isPossible(site)
      ? outside(concurrently(site.sql, "index"))
      : { left: "CONCURRENTLY drops one index, without CASCADE, and none of a partitioned table" },
};

const isPossible = (site: Site): boolean =>
  items(site.tree["objects"]).length === 1 &&
  site.tree["behavior"] !== "DROP_CASCADE" &&
  !isPartitioned(site);

const isPartitioned = (site: Site): boolean => blocked(site).some(({ kind }) => kind === "partitioned table");

const ONE_BY_ONE =
  "use DROP INDEX CONCURRENTLY, which drops one index, without CASCADE, for each in a migration of its own";
