/** RENAME of a table or view → the application of the release before does not find it. */
import { word } from "../ast.ts";
import type { Rule } from "./rule.ts";
import { shown, targetOf } from "./site.ts";

export const renameTable: Rule = {
  id: "rename-table",
  since: 1,
  severity: "warning",
  kinds: ["RenameStmt"],
  hazard:
    "A rename takes effect at once, and at that moment every application that uses the old name fails. The lock is ACCESS EXCLUSIVE, for a moment.",
  advice: "create a view with the old name in the same migration, and drop it when no release uses it",
  bad: "ALTER TABLE shop.notes RENAME TO remarks;",
  good: ["ALTER TABLE shop.notes RENAME TO remarks;\nCREATE VIEW shop.notes AS SELECT * FROM shop.remarks;"],
  *find(site) {
    const { kind, tree } = site;
    if (
      kind !== "RenameStmt" ||
      !/^OBJECT_(?:TABLE|VIEW|MATVIEW|FOREIGN_TABLE)$/.test(word(tree["renameType"]))
    )
      return;
    const target = targetOf(site);
    if (target === undefined || /index$/.test(target.kind)) return;
    yield {
      message: `an application that uses ${shown(target)} fails from that moment on`,
      mended: () => site.schema.relation(target, []) !== undefined,
    };
  },
};
