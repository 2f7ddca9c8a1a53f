/** A scan, a rewrite or a change of rows while an earlier statement's lock keeps all waiting → how long they wait. */
import type { Rule } from "./rule.ts";
import { blocked, listOf, rewritten, type Site, scanned, whoWaits } from "./site.ts";

export const workUnderLock: Rule = {
  id: "work-under-lock",
  since: 1,
  severity: "warning",
  hazard:
    "A lock lasts to the end of its transaction. A statement that reads or writes many rows, behind one that locked a table for a moment, keeps those who wait for that table waiting all the while.",
  advice: "put it in a migration of its own, before or after the one that takes the lock",
  bad: "ALTER TABLE shop.orders ADD COLUMN region text;\nUPDATE shop.customers SET email = lower(email) WHERE email <> lower(email);",
  good: [
    "ALTER TABLE shop.orders ADD COLUMN region text;",
    "UPDATE shop.customers SET email = lower(email) WHERE email <> lower(email);",
  ],
  *find(site) {
    if (site.alone || scanned(site).length + rewritten(site).length === 0) return;
    const own = new Set(blocked(site).map(({ id }) => id));
    const held = site.earlier.flatMap(blocked).filter(({ id }) => !own.has(id));
    const strong = held.filter(({ mode }) => mode === "ACCESS EXCLUSIVE");
    const [lock] = strong.length > 0 ? strong : held;
    if (lock === undefined || validates(site)) return;
    yield {
      message: `${whoWaits(lock)} of ${listOf(strong.length > 0 ? strong : held)} wait while it works on ${listOf([...rewritten(site), ...scanned(site)])}`,
    };
  },
};

/** Which validate-with-add says better. */
const validates = ({ sql }: Site): boolean => /\bvalidate\s+constraint\b/i.test(sql);
