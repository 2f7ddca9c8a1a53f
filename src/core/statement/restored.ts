/** What the up of a migration takes away or overwrites, and the statements of its down → what the down cannot restore. */
import { type Ast, dotted, items, node, relationOf, visitNodes } from "../ast.ts";
import { effectsOf, type Loss, losesData, type RoutineBody } from "./losses.ts";

/** A statement as the grammar gives it. `body`: of a DO block, or of what it creates. */
export interface DownStatement {
  readonly ast: Ast;
  readonly body?: RoutineBody | undefined;
}

/**
 * Of the losses those that no statement of the down can restore: rows and values that are gone, unless the down writes
 * the same ones. An object without rows, such as an index, comes back if the down creates it: only a catalog can tell.
 */
export function notRestored(losses: readonly Loss[], down: readonly DownStatement[]): readonly Loss[] {
  const run = down.map(({ ast, body }) => (ast["DoStmt"] === undefined ? { ast } : { ast, body }));
  const written = writtenTables(run.flatMap(({ ast, body }) => [ast, ...(body?.statements ?? [])]));
  const overwritten = run.flatMap(({ ast, body }) => effectsOf(ast, body).losses);
  const writesBack = ({ effect, kind, object }: Loss): boolean =>
    ((kind === "delete rows" || kind === "update") && written.some((table) => isOf(object, table, kind))) ||
    (effect === "overwrites" && overwritten.some((each) => each.kind === kind && same(each.object, object)));
  return losses.filter((loss) => losesData(loss) && !writesBack(loss));
}

/** Tables into which the statements put rows. */
function writtenTables(statements: readonly Ast[]): readonly string[] {
  const tables: string[] = [];
  for (const statement of statements) {
    visitNodes(statement, (kind, tree) => {
      if (kind === "InsertStmt" || (kind === "MergeStmt" && mergeInserts(tree)))
        tables.push(dotted(relationOf(tree)));
      return kind !== "CreateFunctionStmt" && kind !== "RuleStmt";
    });
  }
  return tables;
}

const mergeInserts = (tree: Ast): boolean =>
  items(tree["mergeWhenClauses"]).some(
    (item) => node(item["MergeWhenClause"])["commandType"] === "CMD_INSERT",
  );

/** `object`: a table, or of an update a column of it. */
const isOf = (object: string, table: string, kind: string): boolean =>
  same(kind === "update" ? object.slice(0, object.lastIndexOf(".")) : object, table);

/** The same name, or one of them without its schema. */
const same = (a: string, b: string): boolean => a === b || a.endsWith(`.${b}`) || b.endsWith(`.${a}`);
