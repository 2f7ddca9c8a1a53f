/** ALTER DOMAIN that checks rows → the scan of every table that has a column of it. */
import type { Rule } from "./rule.ts";
import { listOf, scanned } from "./site.ts";

export const domainConstraint: Rule = {
  id: "domain-constraint",
  since: 1,
  severity: "error",
  kinds: ["AlterDomainStmt"],
  hazard:
    "Adding a constraint or NOT NULL to a domain checks every row of every table that has a column of the domain, while writes to all of them are blocked. So does VALIDATE CONSTRAINT of a domain.",
  advice:
    "add it as a CHECK that is NOT VALID, so that it applies to new values, and leave it so; or add a CHECK to each table as NOT VALID, and validate that",
  bad: "ALTER DOMAIN shop.amount ADD CONSTRAINT amount_limit CHECK (value < 1000000);",
  good: ["ALTER DOMAIN shop.amount ADD CONSTRAINT amount_limit CHECK (value < 1000000) NOT VALID;"],
  *find(site) {
    if (site.kind !== "AlterDomainStmt" || scanned(site).length === 0) return;
    yield { message: `every row of ${listOf(scanned(site))} is read while writes are blocked` };
  },
};
