/** A scan, a rewrite or a change of rows while an earlier statement's lock keeps all waiting → how long they wait. */
import type { Lock } from "../effects/effects.ts";
import type { Rule } from "./rule.ts";
import { blocked, type Earlier, listOf, rewritten, type Site, scanned, whoWaits } from "./site.ts";

export const workUnderLock: Rule = {
  id: "work-under-lock",
  since: 1,
  severity: "warning",
  hazard:
    "A lock lasts until the end of its transaction. A statement that reads or writes many rows, after one that locked a table for a moment, keeps that table blocked all the while.",
  advice: "put it in a migration of its own, before or after the one that takes the lock",
  bad: "ALTER TABLE shop.orders ADD COLUMN region text;\nUPDATE shop.customers SET email = lower(email) WHERE email <> lower(email);",
  good: [
    "ALTER TABLE shop.orders ADD COLUMN region text;",
    "UPDATE shop.customers SET email = lower(email) WHERE email <> lower(email);",
  ],
  *find(site) {
    if (site.alone || !works(site) || validates(site)) return;
    const held = heldBy(site, site.earlier);
    if (held.length === 0) return;
    // Once for a migration: what follows only makes it longer.
    const said = site.earlier.some(
      (each, i) => works(each) && heldBy(each, site.earlier.slice(0, i)).length > 0,
    );
    if (said) return;
    yield {
      message: `${whoWaits(held[0]!)} of ${listOf(held)} are blocked while it works on ${listOf([...rewritten(site), ...scanned(site)])}`,
    };
  },
};

const works = (statement: Earlier): boolean => scanned(statement).length + rewritten(statement).length > 0;

/** The strongest locks that are held already, of tables that the statement itself does not lock as strongly. */
function heldBy(statement: Earlier, earlier: readonly Earlier[]): readonly Lock[] {
  const own = new Map(blocked(statement).map(({ id, mode }) => [id, whoWaits({ mode })]));
  const held = earlier.flatMap(blocked).filter((lock) => own.get(lock.id) !== whoWaits(lock));
  const further = held.filter(({ id }) => own.get(id) !== "reads and writes");
  const strong = further.filter((lock) => whoWaits(lock) === "reads and writes");
  return strong.length > 0 ? strong : further;
}

/** Which validate-with-add says better. */
const validates = ({ sql }: Site): boolean => /\bvalidate\s+constraint\b/i.test(sql);
