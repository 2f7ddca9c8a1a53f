/** DROP … CASCADE → what goes with it is not in the migration. */
import { items, node } from "../ast.ts";
import type { Rule } from "./rule.ts";
import { blocked, listOf } from "./site.ts";

export const dropCascade: Rule = {
  id: "drop-cascade",
  since: 1,
  severity: "warning",
  kinds: ["DropStmt", "AlterTableStmt"],
  hazard:
    "CASCADE drops whatever depends on the object at that time: views of a table, columns of a type, triggers of a function, foreign keys of a key. The migration does not say what that is, and the downgrade cannot restore it.",
  advice: "first drop by name what depends on it, and leave out CASCADE",
  bad: "DROP TYPE shop.size CASCADE;",
  good: ["ALTER TABLE shop.bookings ALTER COLUMN price DROP DEFAULT;"],
  *find(site) {
    const { kind, tree } = site;
    const commands =
      kind === "AlterTableStmt" ? items(tree["cmds"]).map((item) => node(item["AlterTableCmd"])) : [];
    const cascades = kind === "DropStmt" ? [tree] : commands;
    if (!cascades.some(({ behavior }) => behavior === "DROP_CASCADE") || kind === "DropOwnedStmt") return;
    if (/^OBJECT_(?:SCHEMA|EXTENSION)$/.test(String(tree["removeType"]))) return;
    const tables = blocked(site);
    const made =
      kind === "DropStmt"
        ? site.effect.locks.length === 0 && site.effect.unknown.length === 0
        : tables.length === 0;
    if (made) return;
    yield {
      message: `whatever depends on it is dropped, too${tables.length === 0 ? "" : `; reads and writes of ${listOf(tables)} are blocked`}`,
    };
  },
};
