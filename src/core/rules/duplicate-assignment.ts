/** A column that one UPDATE sets twice → PostgreSQL refuses it. */
import { items, node, word } from "../ast.ts";
import type { Rule } from "./rule.ts";

export const duplicateAssignment: Rule = {
  id: "duplicate-assignment",
  since: 1,
  severity: "error",
  kinds: ["UpdateStmt"],
  hazard: "PostgreSQL refuses an UPDATE that sets a column twice.",
  advice: "keep one of the two",
  bad: "UPDATE shop.orders SET note = 'a', note = 'b' WHERE id = 1;",
  good: ["UPDATE shop.orders SET note = 'b' WHERE id = 1;"],
  *find({ kind, tree }) {
    if (kind !== "UpdateStmt") return;
    const plain = items(tree["targetList"])
      .map((item) => node(item["ResTarget"]))
      .filter((target) => target["indirection"] === undefined)
      .map(({ name }) => word(name));
    for (const name of new Set(plain.filter((each, i) => plain.indexOf(each) !== i)))
      yield { message: `${name} is set twice, which PostgreSQL refuses` };
  },
};
