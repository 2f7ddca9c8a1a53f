/** RENAME COLUMN → the application of the release before does not find it. */
import { items, node, word } from "../ast.ts";
import type { Rule } from "./rule.ts";
import { type Site, shown, targetOf } from "./site.ts";

export const renameColumn: Rule = {
  id: "rename-column",
  since: 1,
  severity: "warning",
  kinds: ["RenameStmt"],
  hazard:
    "A rename takes effect at once, and at that moment every application that uses the old name fails. The lock is ACCESS EXCLUSIVE, for a moment.",
  advice:
    "add a column with the new name, write both for a while, and drop the old one when no release reads it; or rename it together with the table and create a view with the old name in its place",
  bad: "ALTER TABLE shop.orders RENAME COLUMN note TO remark;",
  good: [
    "ALTER TABLE shop.orders RENAME TO orders_stored;\nALTER TABLE shop.orders_stored RENAME COLUMN note TO remark;\nCREATE VIEW shop.orders AS SELECT id, customer_id, total, remark AS note, placed FROM shop.orders_stored;",
  ],
  *find(site) {
    const { kind, tree } = site;
    if (kind !== "RenameStmt" || !/^OBJECT_(?:COLUMN|ATTRIBUTE)$/.test(word(tree["renameType"]))) return;
    const target = targetOf(site);
    if (target === undefined || isUnknown(site, target.id)) return;
    yield {
      message: `an application that uses ${shown(target)}.${word(tree["subname"])} fails from that moment on`,
    };
  },
};

/** Nobody knows a name that this migration itself has given the table, nor a column that it has added. */
const isUnknown = ({ earlier, tree: { subname } }: Site, table: number): boolean =>
  earlier.some(
    ({ kind, tree, effect }) =>
      effect.locks.some(({ id }) => id === table) &&
      (kind === "RenameStmt" ||
        items(tree["cmds"]).some(
          (item) => node(node(node(item["AlterTableCmd"])["def"])["ColumnDef"])["colname"] === subname,
        )),
  );
