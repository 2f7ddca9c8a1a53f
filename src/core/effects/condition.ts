/** The tree of a condition → its parts of the form `column operator constant`. */
import { type Ast, type AstValue, items, node, someNode, stringOf, word } from "../ast.ts";

/** The only limit of a range, if it is a number. */
export function limit(datums: AstValue): number | undefined {
  const [first, ...others] = items(datums);
  return first === undefined || others.length > 0 ? undefined : numberOf(first);
}

/** A number as an expression. */
export function numberOf(value: Ast): number | undefined {
  const constant = node(value["A_Const"]);
  if (constant["ival"] !== undefined) return Number(node(constant["ival"])["ival"] ?? 0);
  if (constant["fval"] !== undefined) return Number(word(node(constant["fval"])["fval"]));
  return undefined;
}

/** `column operator constant`; the value where the constant is a number. */
export interface Condition {
  readonly column: string;
  readonly operator: string;
  readonly value?: number | undefined;
}

/** What all rows of a WHERE clause must be like, as far as it is of that form. */
export function conditions(tree: Ast): readonly Condition[] {
  return conjuncts(node(tree["whereClause"] ?? node(tree["SelectStmt"])["whereClause"])).flatMap(conditionOf);
}

/** The parts of an AND. */
export function conjuncts(expression: Ast): readonly Ast[] {
  const all = node(expression["BoolExpr"]);
  return all["boolop"] === "AND_EXPR" ? items(all["args"]).flatMap(conjuncts) : [expression];
}

/** An expression of the form `column operator constant`. */
export function conditionOf(expression: Ast): readonly Condition[] {
  const tree = node(expression["A_Expr"]);
  const column = stringOf(items(node(node(tree["lexpr"])["ColumnRef"])["fields"]).at(-1) ?? {});
  if (column === "") return [];
  const [kind, right] = [word(tree["kind"]), node(tree["rexpr"])];
  if (kind === "AEXPR_BETWEEN") return [{ column, operator: "between" }];
  if (kind === "AEXPR_IN") return [{ column, operator: "in" }];
  if (kind !== "AEXPR_OP" || someNode({ right }, (each) => each === "ColumnRef" || each === "SubLink"))
    return [];
  return [{ column, operator: stringOf(items(tree["name"])[0] ?? {}), value: numberOf(right) }];
}

/** The constants that a column must be equal to. */
export function equalTo(tree: Ast, column: string): readonly number[] {
  const found: number[] = [];
  for (const each of conditions(tree)) {
    if (each.operator === "=" && each.column === column && each.value !== undefined) found.push(each.value);
  }
  return found;
}
