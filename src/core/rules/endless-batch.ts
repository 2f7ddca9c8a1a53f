/** A batch that finds the rows again which it has changed → it never ends. */
import { type Ast, items, node, someNode, stringOf, visitNodes, word } from "../ast.ts";
import { backfillWhere } from "./recipes.ts";
import type { Rule } from "./rule.ts";
import { sqlName } from "./site.ts";

export const endlessBatch: Rule = {
  id: "endless-batch",
  since: 1,
  severity: "error",
  kinds: ["UpdateStmt", "InsertStmt"],
  hazard:
    "A batch repeats its statement until it changes no row. One that selects its rows by nothing that it changes finds the same rows in each round, and never ends.",
  advice: "select only rows that are not done yet, by a column that the statement sets",
  bad: "-- batch: 1000\nUPDATE shop.orders SET note = ''\nWHERE id IN (SELECT id FROM shop.orders LIMIT :batch_size);",
  good: [backfillWhere("shop.orders", "note", "''", "note IS DISTINCT FROM ''")],
  *find({ kind, tree, batched }) {
    if (!batched) return;
    const target = sqlName(node(tree["relation"]));
    if (kind === "UpdateStmt" && isUpdateEndless(tree))
      yield { message: `each round sets the same rows of ${target} again, without end` };
    if (kind === "InsertStmt" && isInsertEndless(tree))
      yield {
        message: `each round inserts the same rows into ${target} again, without end`,
        advice: "leave out what is there already, with NOT EXISTS in its query",
      };
  },
};

/** Its rows are those of one query with LIMIT, and no condition reads a column that it sets. */
function isUpdateEndless(tree: Ast): boolean {
  const where = node(tree["whereClause"]);
  const queries = queriesIn(where);
  if (tree["fromClause"] !== undefined || queries.length !== 1 || !isLimited(queries[0]!)) return false;
  const set = items(tree["targetList"]).map((item) => word(node(item["ResTarget"])["name"]));
  return !someNode({ where }, (kind, fields) => {
    const name = kind === "ColumnRef" ? stringOf(items(fields["fields"]).at(-1)) : "";
    return name === CHANGED_BY_EACH || set.includes(name);
  });
}

/** They are those of one table, and nothing compares them with what is there. */
function isInsertEndless(tree: Ast): boolean {
  const query = node(node(tree["selectStmt"])["SelectStmt"]);
  const isOfOne = items(query["fromClause"]).every((item) => item["RangeVar"] !== undefined);
  if (tree["onConflictClause"] !== undefined || !isLimited(query) || !isOfOne) return false;
  return queriesIn(query).length === 0 && tree["withClause"] === undefined;
}

/** A row that was changed has another. */
const CHANGED_BY_EACH = "xmin";

const isLimited = (query: Ast): boolean =>
  query["limitCount"] !== undefined &&
  items(query["fromClause"]).length === 1 &&
  query["withClause"] === undefined;

/** The queries within one, or within a condition. */
function queriesIn(below: Ast): readonly Ast[] {
  const found: Ast[] = [];
  visitNodes({ below }, (kind, fields) => {
    if (kind === "SelectStmt") found.push(fields);
    return true;
  });
  return found;
}
