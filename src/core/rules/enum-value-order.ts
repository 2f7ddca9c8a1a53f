/** ADD VALUE without BEFORE or AFTER → it comes last. */
import type { Rule } from "./rule.ts";

export const enumValueOrder: Rule = {
  id: "enum-value-order",
  since: 1,
  severity: "off",
  kinds: ["AlterEnumStmt"],
  hazard:
    "A value added without BEFORE or AFTER sorts after all others, and its position cannot be changed later.",
  advice: "write BEFORE or AFTER which value it comes",
  bad: "ALTER TYPE shop.size ADD VALUE 'huge';",
  good: ["ALTER TYPE shop.size ADD VALUE 'huge' AFTER 'large';"],
  *find({ kind, tree }) {
    if (kind === "AlterEnumStmt" && tree["oldVal"] === undefined && tree["newValNeighbor"] === undefined)
      yield { message: "it sorts after all others, and its position cannot be changed later" };
  },
};
