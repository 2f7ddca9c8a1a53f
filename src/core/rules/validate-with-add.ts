/** VALIDATE CONSTRAINT in the transaction that added the constraint → the scan under the lock that NOT VALID was to avoid. */
import { items, node, word } from "../ast.ts";
import type { Rule } from "./rule.ts";
import { blocked, commandsOf, scanned, shown, whoWaits } from "./site.ts";

export const validateWithAdd: Rule = {
  id: "validate-with-add",
  since: 1,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard:
    "A lock lasts until the end of its transaction. A constraint that is added as NOT VALID and validated in the same migration is validated under the lock of the first statement.",
  advice: "validate it in a migration of its own",
  bad: "ALTER TABLE shop.orders ADD CONSTRAINT orders_total_check CHECK (total >= 0) NOT VALID;\nALTER TABLE shop.orders VALIDATE CONSTRAINT orders_total_check;",
  good: [
    "ALTER TABLE shop.orders ADD CONSTRAINT orders_total_check CHECK (total >= 0) NOT VALID;",
    "ALTER TABLE shop.orders VALIDATE CONSTRAINT orders_total_check;",
  ],
  *find(site) {
    for (const { target, command } of commandsOf(site, "AT_ValidateConstraint")) {
      const added = site.earlier.find(
        ({ kind, tree, effect }) =>
          kind === "AlterTableStmt" &&
          effect.locks.some(({ id }) => id === target.id) &&
          items(tree["cmds"]).some(
            (item) =>
              node(node(node(item["AlterTableCmd"])["def"])["Constraint"])["conname"] === command["name"],
          ),
      );
      const lock = added && blocked(added).find(({ id }) => id === target.id);
      if (lock === undefined || scanned(site).length === 0) continue;
      yield {
        message: `${shown(target)} is read while ${whoWaits(lock)} are blocked: this transaction has the lock of the statement that added ${word(command["name"])}`,
      };
    }
  },
};
