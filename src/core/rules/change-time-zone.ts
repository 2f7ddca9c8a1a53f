/** timestamp ↔ timestamptz → free, or a rewrite with other values, as the session's TimeZone is. */
import { node, word } from "../ast.ts";
import { columnOf } from "../effects/schema.ts";
import { typeName } from "../effects/types.ts";
import type { Rule } from "./rule.ts";
import { commandsOf, pictureOf } from "./site.ts";

export const changeTimeZone: Rule = {
  id: "change-time-zone",
  since: 1,
  severity: "warning",
  kinds: ["AlterTableStmt"],
  hazard:
    "A change between timestamp and timestamptz avoids a rewrite only if the session's TimeZone is UTC. With any other the table is rewritten, and each value is read as a time in that zone.",
  advice: "set the zone in the migration itself: SET LOCAL timezone = 'UTC'",
  bad: "ALTER TABLE shop.orders ALTER COLUMN placed TYPE timestamptz;",
  *find(site) {
    for (const { target, table, text, command } of commandsOf(site, "AT_AlterColumnType")) {
      if (columnOf(pictureOf(site, target) ?? NOTHING, word(command["name"])) === undefined) continue;
      const tree = node(node(command["def"])["ColumnDef"]);
      if (!/^timestamp(?:tz)?$/.test(typeName(node(tree["typeName"])).name)) continue;
      if (tree["raw_default"] !== undefined || saysZone(site.earlier)) continue;
      yield {
        message: "the new values, and whether the table is rewritten, depend on the session's TimeZone",
        recipe: [`SET LOCAL timezone = 'UTC';\nALTER TABLE ${table} ${text};`],
      };
    }
  },
};

const NOTHING = { columns: [] } as unknown as Parameters<typeof columnOf>[0];

const saysZone = (earlier: Parameters<Rule["find"]>[0]["earlier"]): boolean =>
  earlier.some(({ kind, tree }) => kind === "VariableSetStmt" && /^timezone$/i.test(word(tree["name"])));
