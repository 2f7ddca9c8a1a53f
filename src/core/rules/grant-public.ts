/** GRANT … TO PUBLIC → everyone has the right. */
import { items, node } from "../ast.ts";
import type { Rule } from "./rule.ts";

export const grantPublic: Rule = {
  id: "grant-public",
  since: 1,
  severity: "off",
  kinds: ["GrantStmt"],
  hazard: "PUBLIC is every role, including those created later.",
  advice: "grant it to a role",
  bad: "GRANT SELECT ON shop.orders TO PUBLIC;",
  good: ["GRANT SELECT ON shop.orders TO CURRENT_USER;"],
  *find({ kind, tree }) {
    const all = items(tree["grantees"]).some(
      (item) => node(item["RoleSpec"])["roletype"] === "ROLESPEC_PUBLIC",
    );
    if (kind === "GrantStmt" && tree["is_grant"] === true && all)
      yield { message: "every role gets the privilege" };
  },
};
