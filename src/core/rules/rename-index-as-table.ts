/** ALTER TABLE index RENAME → a stronger lock than ALTER INDEX takes. */
import { node, word } from "../ast.ts";
import type { Rule } from "./rule.ts";
import { lockOf, quoted, sqlName } from "./site.ts";

export const renameIndexAsTable: Rule = {
  id: "rename-index-as-table",
  since: 1,
  severity: "warning",
  kinds: ["RenameStmt"],
  hazard:
    "ALTER TABLE can rename an index, but locks it against everything (ACCESS EXCLUSIVE), so that queries that would use it are blocked. ALTER INDEX does not block them.",
  advice: "use ALTER INDEX",
  bad: "ALTER TABLE shop.orders_note RENAME TO orders_by_note;",
  *find(site) {
    const { kind, tree } = site;
    if (kind !== "RenameStmt" || tree["renameType"] !== "OBJECT_TABLE") return;
    const range = node(tree["relation"]);
    if (!/index$/.test(lockOf(site, range)?.kind ?? "")) return;
    yield {
      message: `queries that would use ${sqlName(range)} are blocked`,
      recipe: [
        `ALTER INDEX ${tree["missing_ok"] === true ? "IF EXISTS " : ""}${sqlName(range)} RENAME TO ${quoted(word(tree["newname"]))};`,
      ],
    };
  },
};
