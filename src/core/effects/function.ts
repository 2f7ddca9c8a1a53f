/** DO, CALL and calls of functions → what their bodies do, as far as it could be read. */
import { type Ast, items, kindOf, node, stringOf } from "../ast.ts";
import type { RoutineBody } from "../statement/losses.ts";
import { userCalls } from "./expression.ts";
import { Refused, type Work } from "./work.ts";

/** Does what a body would do if every branch of it were taken. */
function performBody(work: Work, body: RoutineBody | undefined, name: string): void {
  if (body === undefined) {
    work.unknown(`what ${name} does`);
    return;
  }
  if (body.ends === true && work.circumstances.block) work.refuse(`${name} ends the transaction`);
  if (!body.isWhole) work.unknown(`what ${name} executes`);
  for (const tree of body.statements.flatMap(statementsIn)) {
    try {
      work.performBranch(tree);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      work.unknown(`whether ${name} reaches a statement that PostgreSQL would refuse`);
    }
  }
}

/** The statements of BEGIN ATOMIC … END and of RETURN; any other is its own. */
export function statementsIn(tree: Ast): readonly Ast[] {
  const [kind, fields] = kindOf(tree);
  if (kind === "List") return items(fields["items"]).flatMap(statementsIn);
  return [
    kind === "ReturnStmt"
      ? { SelectStmt: { targetList: [{ ResTarget: { val: fields["returnval"] ?? {} } }] } }
      : tree,
  ];
}

const doing = new WeakMap<Work, number>();

/** Functions may call themselves. */
const DEEPEST = 8;

/** Does what the functions that a tree calls would do. */
export function followCalls(work: Work, tree: Ast): void {
  for (const each of userCalls(work, tree)) {
    const depth = doing.get(work) ?? 0;
    if (depth >= DEEPEST) {
      work.unknown(`what ${each.name}() does`);
      return;
    }
    doing.set(work, depth + 1);
    performBody(work, each.body, `${each.name}()`);
    doing.set(work, depth);
  }
}

/** DO. */
export const doBlock = (work: Work, body: RoutineBody | undefined): void =>
  performBody(work, body, "the block");

/** CALL. */
export function call(work: Work, tree: Ast): void {
  const funccall = node(node(tree["funccall"])["FuncCall"] ?? tree["funccall"]);
  const found = userCalls(work, { FuncCall: funccall });
  if (found.length === 0 && work.schema.complete)
    work.refuse(`procedure ${stringOf(items(funccall["funcname"]).at(-1) ?? {})} does not exist`);
  if (found.length === 0) {
    work.unknown("what the procedure does");
    return;
  }
  followCalls(work, { FuncCall: funccall });
}
