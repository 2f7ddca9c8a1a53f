/** CREATE TABLE … PARTITION OF → all of the partitioned table wait for it. */
import { items, node } from "../ast.ts";
import type { Rule } from "./rule.ts";
import { hasDefault, lockOf, pictureOf, shown, sqlName } from "./site.ts";

export const createPartition: Rule = {
  id: "create-partition",
  since: 1,
  severity: "warning",
  kinds: ["CreateStmt"],
  hazard:
    "CREATE TABLE … PARTITION OF blocks reads and writes of the partitioned table and its default partition. ATTACH PARTITION blocks only other schema changes.",
  advice: "create the table by itself, and then attach it",
  bad: "CREATE TABLE shop.events_2027 PARTITION OF shop.events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');",
  *find(site) {
    if (site.kind !== "CreateStmt" || site.tree["partbound"] === undefined) return;
    const range = node(items(site.tree["inhRelations"])[0]?.["RangeVar"]);
    const parent = lockOf(site, range);
    if (parent === undefined) return;
    const bound = /\b(?:for\s+values\b|default\s*(?:;|$))[\s\S]*$/i.exec(site.sql)?.[0];
    const picture = pictureOf(site, parent);
    const own = sqlName(node(site.tree["relation"]));
    const plain =
      items(site.tree["tableElts"]).length === 0 &&
      ["partspec", "options", "tablespacename", "accessMethod"].every(
        (key) => site.tree[key] === undefined,
      ) &&
      picture !== undefined &&
      !hasDefault(picture) &&
      bound !== undefined;
    // Since PostgreSQL 17 a partition has the identity column of its table, and must not bring one.
    const hasIdentity = picture?.columns.some(({ identity }) => identity === true);
    const unlike = hasIdentity === false || site.version < 17 ? "" : " EXCLUDING IDENTITY";
    yield {
      message: `reads and writes of ${shown(parent)} are blocked`,
      ...(plain
        ? {
            recipe: [
              `CREATE TABLE ${own} (LIKE ${sqlName(range)} INCLUDING ALL${unlike});\nALTER TABLE ${sqlName(range)} ATTACH PARTITION ${own} ${bound}`,
            ],
          }
        : {}),
    };
  },
};
