/** ALTER DOMAIN that checks rows → the scan of every table that has a column of it. */
import type { Rule } from "./rule.ts";
import { listOf, scanned } from "./site.ts";

export const domainConstraint: Rule = {
  id: "domain-constraint",
  since: 1,
  severity: "error",
  kinds: ["AlterDomainStmt"],
  hazard:
    "A constraint of a domain that is added, or NOT NULL, is checked in every row of every table that has a column of the domain, while writes to all of them wait. So does VALIDATE CONSTRAINT of a domain.",
  advice:
    "add it as NOT VALID, which holds for what is written from then on, and leave it so; or put a CHECK on each table, NOT VALID, and validate that",
  bad: "ALTER DOMAIN shop.amount ADD CONSTRAINT amount_limit CHECK (value < 1000000);",
  good: ["ALTER DOMAIN shop.amount ADD CONSTRAINT amount_limit CHECK (value < 1000000) NOT VALID;"],
  *find(site) {
    if (site.kind !== "AlterDomainStmt" || scanned(site).length === 0) return;
    yield { message: `every row of ${listOf(scanned(site))} is read while writes wait` };
  },
};
