/** UPDATE or DELETE without WHERE → all rows locked to the end of the transaction. */
import { type Ast, node } from "../ast.ts";
import { backfill } from "./recipes.ts";
import type { Rule } from "./rule.ts";
import { shown, sqlName, targetOf } from "./site.ts";

export const changeAllRows: Rule = {
  id: "change-all-rows",
  since: 1,
  severity: "warning",
  kinds: ["UpdateStmt", "DeleteStmt"],
  hazard:
    "An UPDATE or DELETE of all rows keeps each of them locked until the last one is done, and leaves as many dead rows at once.",
  advice:
    "run it in batches, each in its own transaction: -- batch: 1000 above the statement, and a WHERE that selects :batch_size rows which are not done yet",
  bad: "UPDATE shop.orders SET note = '';",
  good: [backfill("shop.orders", "note", "''")],
  *find(site) {
    const { kind, tree } = site;
    if (!/^(?:Update|Delete)Stmt$/.test(kind) || site.batched || tree["whereClause"] !== undefined) return;
    const target = targetOf(site);
    if (target === undefined || tree["fromClause"] !== undefined || tree["usingClause"] !== undefined) return;
    yield {
      message: `every row of ${shown(target)} stays locked until the transaction ends`,
      ...(kind === "DeleteStmt" && isPlain(tree)
        ? { recipe: [deleteAll(sqlName(node(tree["relation"])))] }
        : {}),
    };
  },
};

/** Neither of one table without its children, nor with queries beside it. */
const isPlain = (tree: Ast): boolean =>
  node(tree["relation"])["inh"] === true && tree["withClause"] === undefined;

const deleteAll = (table: string): string =>
  `-- batch: 1000\nDELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} LIMIT :batch_size));`;
