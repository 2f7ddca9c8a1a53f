/** A new object without its schema → it goes where search_path says. */
import { node, word } from "../ast.ts";
import type { Rule } from "./rule.ts";

export const unqualifiedName: Rule = {
  id: "unqualified-name",
  since: 1,
  severity: "off",
  kinds: ["CreateStmt", "ViewStmt", "AlterTableStmt", "RenameStmt"],
  hazard:
    "A name without a schema is resolved with the search_path of the role that runs the migration, which may differ from database to database.",
  advice: "write the schema before the name, or set session.searchPath in the configuration",
  bad: "CREATE TABLE stock (id bigint PRIMARY KEY);",
  good: ["CREATE TABLE shop.stock (id bigint PRIMARY KEY);"],
  *find({ kind, tree }) {
    const range = node(kind === "ViewStmt" ? tree["view"] : tree["relation"]);
    if (!/^(?:Create|View|AlterTable|Rename)Stmt$/.test(kind) || word(range["relname"]) === "") return;
    if (word(range["schemaname"]) === "" && range["relpersistence"] !== "t")
      yield { message: `${word(range["relname"])} depends on search_path` };
  },
};
