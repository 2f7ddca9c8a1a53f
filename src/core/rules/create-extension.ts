/** CREATE EXTENSION → it may need a superuser. */
import { word } from "../ast.ts";
import type { Rule } from "./rule.ts";

export const createExtension: Rule = {
  id: "create-extension",
  since: 1,
  severity: "off",
  kinds: ["CreateExtensionStmt"],
  hazard:
    "Many extensions can be created by a superuser only, or where the provider allows them, and their version is whatever is installed there.",
  advice: "say in the message of the migration who must run it",
  bad: "CREATE EXTENSION hstore;",
  good: ["COMMENT ON SCHEMA shop IS 'hstore is there before';"],
  *find({ kind, tree }) {
    if (kind === "CreateExtensionStmt")
      yield { message: `who creates ${word(tree["extname"])} may have to be a superuser` };
  },
};
