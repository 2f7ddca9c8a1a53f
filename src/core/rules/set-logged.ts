/** SET LOGGED, SET UNLOGGED → the rewrite of the table. */
import { word } from "../ast.ts";
import type { Rule } from "./rule.ts";
import { commandsOf, rewritten, shown } from "./site.ts";

export const setLogged: Rule = {
  id: "set-logged",
  since: 1,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard:
    "SET LOGGED and SET UNLOGGED rewrite the table while reads and writes are blocked. An unlogged table is empty after a crash, and is not replicated.",
  advice: "create a table of the other kind, and move the rows to it in batches",
  bad: "ALTER TABLE shop.notes SET UNLOGGED;",
  good: ["CREATE UNLOGGED TABLE shop.notes_unlogged (LIKE shop.notes INCLUDING ALL);"],
  *find(site) {
    for (const subtype of ["AT_SetLogged", "AT_SetUnLogged"])
      for (const { target, command } of commandsOf(site, subtype))
        if (rewritten(site).length > 0)
          yield {
            message: `${shown(target)} is rewritten while reads and writes are blocked${word(command["subtype"]) === "AT_SetUnLogged" ? ", and will be empty after a crash" : ""}`,
          };
  },
};
