/** ALTER TYPE … RENAME VALUE → the application of the release before does not know the value. */
import { type Ast, items, stringOf, word } from "../ast.ts";
import type { Rule } from "./rule.ts";
import type { Earlier } from "./site.ts";

export const renameEnumValue: Rule = {
  id: "rename-enum-value",
  since: 1,
  severity: "warning",
  kinds: ["AlterEnumStmt"],
  hazard:
    "No table is locked, but an application that writes or compares the old value fails from that moment on.",
  advice: "add the new value, write it from the next release on, and change the rows in batches",
  bad: "ALTER TYPE shop.size RENAME VALUE 'large' TO 'big';",
  good: ["ALTER TYPE shop.size ADD VALUE 'big' AFTER 'large';"],
  *find({ kind, tree, earlier }) {
    if (kind !== "AlterEnumStmt" || tree["oldVal"] === undefined) return;
    const nameOf = (name: Ast[string]): string => items(name).map(stringOf).join(".");
    // Nobody knows one that this migration makes.
    const isNew = (each: Earlier): boolean =>
      each.kind === "CreateEnumStmt" && nameOf(each.tree["typeName"]) === nameOf(tree["typeName"]);
    if (earlier.some(isNew)) return;
    yield {
      message: `an application that writes or compares '${word(tree["oldVal"])}' fails from that moment on`,
    };
  },
};
