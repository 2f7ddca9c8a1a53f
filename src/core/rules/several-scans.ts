/** A second ALTER TABLE that reads the same table whole → one could have read it once. */
import type { Rule } from "./rule.ts";
import { rewritten, type Site, scanned, shown, targetOf } from "./site.ts";

export const severalScans: Rule = {
  id: "several-scans",
  since: 1,
  severity: "warning",
  kinds: ["AlterTableStmt"],
  hazard:
    "Each ALTER TABLE scans or rewrites the table by itself. One statement with several commands does so once for all of them.",
  advice: "write them as one ALTER TABLE, with commas between the commands",
  bad: "ALTER TABLE shop.orders ADD CHECK (total >= 0);\nALTER TABLE shop.orders ALTER COLUMN customer_id SET NOT NULL;",
  good: [
    "-- retort-ignore: add-check, set-not-null (the table is small)\nALTER TABLE shop.orders ADD CHECK (total >= 0), ALTER COLUMN customer_id SET NOT NULL;",
  ],
  *find(site) {
    if (site.kind !== "AlterTableStmt" || site.alone) return;
    const target = targetOf(site);
    if (target === undefined || !works(site, target.id)) return;
    const before = site.earlier.some((each) => each.kind === "AlterTableStmt" && works(each, target.id));
    if (before) yield { message: `${shown(target)} is read a second time in one migration` };
  },
};

const works = (site: Pick<Site, "effect" | "kind" | "tree">, table: number): boolean =>
  [...rewritten(site), ...scanned(site)].some(({ id }) => id === table);
