/** ALTER SCHEMA … RENAME → whoever names it does not find what is in it. */
import { word } from "../ast.ts";
import type { Rule } from "./rule.ts";

export const renameSchema: Rule = {
  id: "rename-schema",
  since: 1,
  severity: "warning",
  kinds: ["RenameStmt"],
  hazard:
    "No table is locked, but every application, function and search_path that uses the old name fails from that moment on.",
  advice: "create the new schema, and keep views with the old names in the old one",
  bad: "ALTER SCHEMA shop RENAME TO store;",
  good: ["CREATE SCHEMA store;\nCREATE VIEW store.notes AS SELECT * FROM shop.notes;"],
  *find({ kind, tree, earlier }) {
    const name = word(tree["subname"]);
    if (kind !== "RenameStmt" || tree["renameType"] !== "OBJECT_SCHEMA") return;
    // One that this migration makes nobody uses yet.
    if (earlier.some((each) => each.kind === "CreateSchemaStmt" && each.tree["schemaname"] === name)) return;
    yield { message: `whatever uses the schema ${name} fails from that moment on` };
  },
};
