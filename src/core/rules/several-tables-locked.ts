/** Strong locks on several tables in one transaction → the danger of a deadlock. */
import type { Rule } from "./rule.ts";
import { blocked, listOf } from "./site.ts";

export const severalTablesLocked: Rule = {
  id: "several-tables-locked",
  since: 1,
  severity: "off",
  hazard:
    "A transaction that blocks reads and writes of one table and then of another deadlocks with an application that uses them in the opposite order; and all use of the first is blocked until it has the second.",
  advice: "write one migration for each table",
  bad: "ALTER TABLE shop.orders ADD COLUMN region text;\nALTER TABLE shop.customers ADD COLUMN region text;",
  good: [
    "ALTER TABLE shop.orders ADD COLUMN region text;",
    "ALTER TABLE shop.customers ADD COLUMN region text;",
  ],
  *find(site) {
    if (site.alone) return;
    const strong = (statement: Parameters<typeof blocked>[0]) =>
      blocked(statement).filter(({ mode }) => mode === "ACCESS EXCLUSIVE");
    const before = site.earlier.flatMap(strong);
    const known = new Set(before.map(({ id }) => id));
    const further = strong(site).filter(({ id }) => !known.has(id));
    if (before.length === 0 || further.length === 0) return;
    yield {
      message: `reads and writes of ${listOf(before)} are blocked until it has ${listOf(further)}, and an application that uses them in the opposite order deadlocks with it`,
    };
  },
};
