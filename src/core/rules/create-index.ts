/** CREATE INDEX without CONCURRENTLY → writers wait while it is built. */
import { node, word } from "../ast.ts";
import type { RelationName } from "../effects/effects.ts";
import { outside } from "./fix.ts";
import type { Rule } from "./rule.ts";
import { listOf, pictureOf, quoted, type Site, scanned, targetOf } from "./site.ts";
import { concurrently, withoutIfNotExists } from "./text.ts";

export const createIndex: Rule = {
  id: "create-index",
  since: 1,
  severity: "error",
  kinds: ["IndexStmt"],
  hazard: "CREATE INDEX blocks all writes to the table while the index is built; reads are not blocked.",
  advice:
    "use CREATE INDEX CONCURRENTLY, in a migration of its own; for a partitioned table: ON ONLY it, CONCURRENTLY on each partition, then ATTACH PARTITION",
  bad: "CREATE INDEX orders_placed ON shop.orders (placed);",
  *find(site) {
    if (site.kind !== "IndexStmt" || site.tree["concurrent"] === true || scanned(site).length === 0) return;
    const target = targetOf(site);
    if (target === undefined) return;
    const message = `writes to ${listOf(scanned(site))} are blocked while the index is built`;
    if (target.kind !== "partitioned table") yield { message, recipe: [builtConcurrently(site)] };
    else yield { message, ...(hasOnlyTables(site, target) ? { recipe: byPartition(site) } : {}) };
  },
  fix(site) {
    const target = targetOf(site);
    if (target?.kind !== "partitioned table") return outside(builtConcurrently(site));
    if (!hasOnlyTables(site, target))
      return { left: "a partition is partitioned itself, or a foreign table" };
    return outside(...byPartition(site));
  },
};

/** Without IF NOT EXISTS, which takes an invalid index that a failed attempt left for the one that is wanted. */
const builtConcurrently = ({ sql }: Site): string => concurrently(withoutIfNotExists(sql), "index");

/** The index of a partition that is partitioned itself cannot be built with CONCURRENTLY. */
const hasOnlyTables = (site: Site, target: RelationName): boolean =>
  pictureOf(site, target)?.children.every(({ kind }) => kind === "table") === true;

/** The index of a partitioned table, from those of its partitions. */
function byPartition(site: Site): readonly string[] {
  const target = targetOf(site)!;
  const picture = pictureOf(site, target);
  const name = word(site.tree["idxname"]) || (picture?.indexes.at(-1)?.name ?? `${target.name}_idx`);
  const parent = `${quoted(target.schema)}.${quoted(name)}`;
  const table = node(site.tree["relation"]);
  const rest = site.sql.slice(site.sql.search(/\bon\b/i) + 2).trim();
  const columns = rest.slice(rest.search(/\(|\busing\b/i));
  const unique = site.tree["unique"] === true ? "UNIQUE " : "";
  const children = picture?.children ?? [];
  const steps = children.map((child) => {
    // The name that PostgreSQL would have chosen.
    const own = quoted(child.indexes.at(-1)?.name ?? `${child.name}_${name}`.slice(0, 63));
    return {
      build: `CREATE ${unique}INDEX CONCURRENTLY ${own} ON ${quoted(child.schema)}.${quoted(child.name)} ${columns}`,
      attach: `ALTER INDEX ${parent} ATTACH PARTITION ${quoted(child.schema)}.${own};`,
    };
  });
  return [
    `CREATE ${unique}INDEX ${quoted(name)} ON ONLY ${quoted(target.schema)}.${quoted(word(table["relname"]))} ${columns}`,
    ...steps.map(({ build }) => build),
    steps.map(({ attach }) => attach).join("\n"),
  ].filter((text) => text !== "");
}
