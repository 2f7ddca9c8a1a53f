/** ENABLE ROW LEVEL SECURITY without a policy → nobody but the owner sees a row. */
import type { Rule } from "./rule.ts";
import { commandsOf, pictureOf, shown } from "./site.ts";

export const rowSecurityWithoutPolicy: Rule = {
  id: "row-security-without-policy",
  since: 1,
  severity: "warning",
  kinds: ["AlterTableStmt"],
  hazard:
    "Without a policy, row level security hides every row from all roles that it applies to, without an error: those that are neither the table's owner nor superusers, and have no BYPASSRLS.",
  advice: "create the policy in the same migration",
  bad: "ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY;",
  good: [
    "CREATE POLICY everyone ON shop.orders USING (true);\nALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY;",
  ],
  *find(site) {
    for (const { target } of commandsOf(site, "AT_EnableRowSecurity")) {
      const picture = pictureOf(site, target);
      if (picture === undefined || !picture.known || picture.policies.length > 0) continue;
      yield {
        message: `there is no policy: the roles that row level security applies to no longer see any row of ${shown(target)}`,
        mended: () => picture.policies.length > 0,
      };
    }
  },
};
