/** CREATE INDEX without CONCURRENTLY → writers wait while it is built. */
import { node, word } from "../ast.ts";
import { outside } from "./fix.ts";
import type { Rule } from "./rule.ts";
import { listOf, pictureOf, quoted, scanned, shown, targetOf } from "./site.ts";
import { concurrently } from "./text.ts";

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
    if (target.kind !== "partitioned table") yield { message, recipe: [concurrently(site.sql, "index")] };
    else yield { message, recipe: byPartition(site) };
  },
  fix(site) {
    const target = targetOf(site);
    if (target?.kind !== "partitioned table") return outside(concurrently(site.sql, "index"));
    const children = pictureOf(site, target)?.children ?? [];
    if (children.some(({ kind }) => kind !== "table"))
      return { left: "a partition is partitioned itself, or a foreign table" };
    return outside(...byPartition(site));
  },
};

/** The index of a partitioned table, from those of its partitions. */
function byPartition(site: Parameters<Rule["find"]>[0]): readonly string[] {
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
    `CREATE ${unique}INDEX ${quoted(name)} ON ONLY ${shown({ ...target, name: word(table["relname"]) })} ${columns}`,
    ...steps.map(({ build }) => build),
    steps.map(({ attach }) => attach).join("\n"),
  ].filter((text) => text !== "");
}
