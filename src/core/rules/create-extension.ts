/** CREATE EXTENSION → it may need a superuser. */
import { word } from "../ast.ts";
import type { Rule } from "./rule.ts";

export const createExtension: Rule = {
  id: "create-extension",
  since: 1,
  severity: "off",
  kinds: ["CreateExtensionStmt"],
  hazard:
    "Many extensions can only be created by a superuser, or if the provider allows them, and their version is whatever is installed on the server.",
  advice: "note in the migration's message who must run it",
  bad: "CREATE EXTENSION hstore;",
  good: ["COMMENT ON SCHEMA shop IS 'hstore is there before';"],
  *find({ kind, tree }) {
    if (kind === "CreateExtensionStmt")
      yield { message: `creating ${word(tree["extname"])} may need a superuser` };
  },
};
