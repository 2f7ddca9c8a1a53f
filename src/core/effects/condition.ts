/** The tree of a condition → its parts of the form `column operator constant`. */
import { type Ast, type AstValue, items, node, someNode, stringOf, word } from "../ast.ts";

/** A constant that is compared: a number, or the text of a string. */
export type Constant = number | string;

/** The only limit of a range, if it is a constant. */
export function limit(datums: AstValue): Constant | undefined {
  const [first, ...others] = items(datums);
  return first === undefined || others.length > 0 ? undefined : constantOf(first);
}

/** The constant that an expression is; a cast of one is the same. */
export function constantOf(value: Ast): Constant | undefined {
  const inner = value["TypeCast"] === undefined ? value : node(node(value["TypeCast"])["arg"]);
  const constant = node(inner["A_Const"]);
  if (constant["ival"] !== undefined) return Number(node(constant["ival"])["ival"] ?? 0);
  if (constant["fval"] !== undefined) return Number(word(node(constant["fval"])["fval"]));
  return constant["sval"] === undefined ? undefined : word(node(constant["sval"])["sval"]);
}

const DATE = /^\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?$/;

/** Which is greater, as for sorting. Of strings it shows only where they are equal, or dates as ISO 8601 writes them. */
export function compared(a: Constant, b: Constant): number | undefined {
  if (a === b) return 0;
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (!DATE.test(String(a)) || !DATE.test(String(b))) return undefined;
  return String(a) < String(b) ? -1 : 1;
}

/** `column operator constant`; the value where it is plain. */
export interface Condition {
  readonly column: string;
  /** What the query calls its table. */
  readonly table?: string | undefined;
  readonly operator: string;
  readonly value?: Constant | undefined;
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

/** An expression of the form `column operator constant`; BETWEEN is two of them. */
export function conditionOf(expression: Ast): readonly Condition[] {
  const [test, tree] = [node(expression["NullTest"]), node(expression["A_Expr"])];
  const fields = items(node(node(tree["lexpr"] ?? test["arg"])["ColumnRef"])["fields"]).map(stringOf);
  const column = fields.at(-1);
  if (column === undefined || column === "") return [];
  const named = { column, table: fields.at(-2) };
  if (test["nulltesttype"] === "IS_NULL") return [{ ...named, operator: "is null" }];
  const [kind, right] = [word(tree["kind"]), node(tree["rexpr"])];
  const listed = items(node(right["List"])["items"]);
  if (kind === "AEXPR_BETWEEN")
    return listed.map((each, i) => ({ ...named, operator: i === 0 ? ">=" : "<=", value: constantOf(each) }));
  if (kind === "AEXPR_IN")
    return [
      {
        ...named,
        operator: listed.length === 1 ? "=" : "in",
        value: listed.length === 1 ? constantOf(listed[0]!) : undefined,
      },
    ];
  if (
    kind !== "AEXPR_OP" ||
    (right["SubLink"] === undefined && someNode({ right }, (each) => each === "ColumnRef"))
  )
    return [];
  return [{ ...named, operator: stringOf(items(tree["name"])[0] ?? {}), value: constantOf(right) }];
}

/** Whether the column is between two limits. */
export const isBounded = (all: readonly Condition[], column: string): boolean =>
  [">=", "<="].every((operator) => all.some((each) => each.column === column && each.operator === operator));

/** The constants that a column must be equal to. */
export function equalTo(tree: Ast, column: string): readonly Constant[] {
  const found: Constant[] = [];
  for (const each of conditions(tree)) {
    if (each.operator === "=" && each.column === column && each.value !== undefined) found.push(each.value);
  }
  return found;
}
