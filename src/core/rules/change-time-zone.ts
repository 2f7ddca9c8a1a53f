/** timestamp ↔ timestamptz → free, or a rewrite with other values, as the session's TimeZone is. */
import { node, word } from "../ast.ts";
import { typeName } from "../effects/types.ts";
import type { Rule } from "./rule.ts";
import { commandsOf } from "./site.ts";

export const changeTimeZone: Rule = {
  id: "change-time-zone",
  since: 1,
  severity: "warning",
  kinds: ["AlterTableStmt"],
  hazard:
    "A change between timestamp and timestamptz avoids a rewrite only if the session's TimeZone is UTC. With any other the table is rewritten, and each value is read as a time in that zone.",
  advice:
    "set the zone that the timestamps are meant in, in the migration itself: SET LOCAL timezone = 'UTC', for example",
  bad: "ALTER TABLE shop.orders ALTER COLUMN placed TYPE timestamptz;",
  *find(site) {
    if (site.effect.traits?.has("zone") !== true || saysZone(site.earlier)) return;
    for (const { table, text, command } of commandsOf(site, "AT_AlterColumnType")) {
      const tree = node(node(command["def"])["ColumnDef"]);
      if (!/^timestamp(?:tz)?$/.test(typeName(node(tree["typeName"])).name)) continue;
      if (tree["raw_default"] !== undefined) continue;
      yield {
        message: "the new values depend on the session's TimeZone",
        // Outside a transaction SET LOCAL does nothing.
        ...(site.alone ? {} : { recipe: [`SET LOCAL timezone = 'UTC';\nALTER TABLE ${table} ${text};`] }),
      };
    }
  },
};

const saysZone = (earlier: Parameters<Rule["find"]>[0]["earlier"]): boolean =>
  earlier.some(({ kind, tree }) => kind === "VariableSetStmt" && /^timezone$/i.test(word(tree["name"])));
