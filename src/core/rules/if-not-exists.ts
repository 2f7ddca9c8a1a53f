/** IF NOT EXISTS → success over something else of that name. */
import { items, node } from "../ast.ts";
import type { Rule } from "./rule.ts";

export const ifNotExists: Rule = {
  id: "if-not-exists",
  since: 1,
  severity: "off",
  hazard:
    "IF NOT EXISTS reports success whatever exists under that name, so that databases drift apart unnoticed; it takes the lock all the same.",
  advice: "leave it out: the ledger records what was applied",
  bad: "CREATE TABLE IF NOT EXISTS shop.stock (id bigint PRIMARY KEY);",
  good: ["CREATE TABLE shop.stock (id bigint PRIMARY KEY);"],
  *find({ kind, tree }) {
    const column = items(tree["cmds"]).some((item) => {
      const { subtype, missing_ok } = node(item["AlterTableCmd"]);
      return subtype === "AT_AddColumn" && missing_ok === true;
    });
    if (tree["if_not_exists"] === true || (kind === "AlterTableStmt" && column))
      yield { message: "it reports success whatever exists under that name" };
  },
};
