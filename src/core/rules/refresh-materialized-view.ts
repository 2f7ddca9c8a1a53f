/** REFRESH MATERIALIZED VIEW without CONCURRENTLY → its readers wait. */
import type { Rule } from "./rule.ts";
import { pictureOf, shown, targetOf } from "./site.ts";
import { concurrently } from "./text.ts";

export const refreshMaterializedView: Rule = {
  id: "refresh-materialized-view",
  since: 1,
  severity: "warning",
  kinds: ["RefreshMatViewStmt"],
  hazard: "REFRESH MATERIALIZED VIEW blocks reads of the view while its query runs.",
  advice: "use REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index on plain columns",
  bad: "REFRESH MATERIALIZED VIEW shop.totals;",
  *find(site) {
    if (site.kind !== "RefreshMatViewStmt" || site.tree["concurrent"] === true) return;
    const target = targetOf(site);
    // Nobody can read one that is not populated yet.
    if (target === undefined || site.tree["skipData"] === true || site.effect.traits?.has("fills") === true)
      return;
    const usable = pictureOf(site, target)?.indexes.some(
      ({ index }) => index?.unique === true && !index.expression && index.predicate === undefined,
    );
    yield {
      message: `reads of ${shown(target)} are blocked while its query runs`,
      ...(usable === true ? { recipe: [concurrently(site.sql, "view")] } : {}),
    };
  },
};
