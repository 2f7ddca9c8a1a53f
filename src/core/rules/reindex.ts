/** REINDEX without CONCURRENTLY → writers wait, and readers that use the index. */
import { node, optionOf, rangeName, word } from "../ast.ts";
import { reindexesCatalogs } from "../effects/index.ts";
import { outside } from "./fix.ts";
import type { Rule } from "./rule.ts";
import { listOf, pictureOf, type Site, scanned } from "./site.ts";
import { concurrently } from "./text.ts";

export const reindex: Rule = {
  id: "reindex",
  since: 1,
  severity: "error",
  kinds: ["ReindexStmt"],
  hazard:
    "REINDEX locks the table against writes (SHARE), and each index that it rebuilds against everything (ACCESS EXCLUSIVE), so that queries that would use it are blocked as well.",
  advice: "use REINDEX … CONCURRENTLY, in a migration of its own",
  bad: "REINDEX TABLE shop.orders;",
  *find(site) {
    if (site.kind !== "ReindexStmt" || optionOf(site.tree["params"], "concurrently") !== undefined) return;
    if (reindexesCatalogs(site.tree)) {
      yield {
        message:
          "writes to each system catalog, and reads that use an index of it, are blocked while it is rebuilt",
        advice: onlyQuietly("the indexes of the system catalogs"),
      };
      return;
    }
    const unnamed = /SCHEMA|DATABASE/.test(word(site.tree["kind"]));
    if (scanned(site).length === 0 && !unnamed) return;
    const what = unnamed ? "every table that it reaches" : listOf(scanned(site));
    yield {
      message: `writes to ${what}, and reads that use an index, are blocked while it is rebuilt`,
      ...(isOfExclusion(site)
        ? { advice: onlyQuietly("the index of an exclusion constraint") }
        : { recipe: [concurrently(site.sql, objectOf(site))] }),
    };
  },
  fix: (site) =>
    isOfExclusion(site)
      ? { left: "the index of an exclusion constraint cannot be reindexed CONCURRENTLY" }
      : reindexesCatalogs(site.tree)
        ? { left: "the system catalogs cannot be reindexed CONCURRENTLY" }
        : outside(concurrently(site.sql, objectOf(site))),
};

/** Of REINDEX INDEX. */
function isOfExclusion(site: Site): boolean {
  const { name } = rangeName(node(site.tree["relation"]));
  return (
    objectOf(site) === "index" &&
    scanned(site).some((table) =>
      pictureOf(site, table)?.constraints.some(
        (each) => each.kind === "exclude" && each.index?.name === name,
      ),
    )
  );
}

const onlyQuietly = (what: string): string =>
  `${what} cannot be rebuilt with CONCURRENTLY: run it at a quiet time, and note that: -- retort-ignore: reindex (reason)`;

/** `table`, `index`, `schema` or `database`. */
const objectOf = ({ tree }: Site): string => word(tree["kind"]).replace("REINDEX_OBJECT_", "").toLowerCase();
