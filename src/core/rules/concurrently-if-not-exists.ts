/** CREATE INDEX CONCURRENTLY IF NOT EXISTS → success over an index that is not usable. */
import { word } from "../ast.ts";
import type { Rule } from "./rule.ts";
import { quoted, targetOf } from "./site.ts";
import { withoutIfNotExists } from "./text.ts";

export const concurrentlyIfNotExists: Rule = {
  id: "concurrently-if-not-exists",
  since: 1,
  severity: "warning",
  kinds: ["IndexStmt"],
  hazard:
    "A CREATE INDEX CONCURRENTLY that fails leaves an invalid index behind, which no query uses. With IF NOT EXISTS the next attempt finds it, skips it and reports success.",
  advice: "leave out IF NOT EXISTS; an invalid index of an interrupted migration is dropped when it resumes",
  bad: "CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_placed ON shop.orders (placed);",
  *find(site) {
    const { kind, tree, sql } = site;
    if (kind !== "IndexStmt" || tree["concurrent"] !== true || tree["if_not_exists"] !== true) return;
    if (targetOf(site) === undefined) return;
    yield {
      message: `it would report success if a failed attempt left an invalid index ${quoted(word(tree["idxname"]))}`,
      recipe: [withoutIfNotExists(sql)],
    };
  },
};
