/** ENABLE ROW LEVEL SECURITY without a policy → nobody but the owner sees a row. */
import type { Rule } from "./rule.ts";
import { commandsOf, pictureOf, shown } from "./site.ts";

export const rowSecurityWithoutPolicy: Rule = {
  id: "row-security-without-policy",
  since: 1,
  severity: "warning",
  kinds: ["AlterTableStmt"],
  hazard:
    "Without a policy, row level security hides every row from everyone but the table's owner, without an error.",
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
        message: `all but the owner of ${shown(target)} no longer see any row`,
        mended: () => picture.policies.length > 0,
      };
    }
  },
};
