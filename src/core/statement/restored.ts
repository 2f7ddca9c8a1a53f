/** What the up of a migration takes away or overwrites, and the statements of its down → what the down does not restore. */
import {
  type Ast,
  type AstValue,
  dotted,
  items,
  node,
  type ObjectName,
  rangeName,
  relationOf,
  visitNodes,
  word,
} from "../ast.ts";
import { effectsOf, type Loss, losesData, type RoutineBody } from "./losses.ts";

/** A statement as the grammar gives it. `body`: of a DO block, or of what it creates. */
export interface DownStatement {
  readonly ast: Ast;
  readonly body?: RoutineBody | undefined;
}

/** Rows and values that an up takes away or overwrites. */
export interface LostData {
  /** No statement of the down writes them. */
  readonly notRestored: readonly Loss[];
  /** The down writes there again. Whether that is what was there, only the data can tell. */
  readonly writtenAgain: readonly Loss[];
}

/**
 * Of the losses those of rows and values, by what the down does. An object without rows, such as an index, comes back if the
 * down creates it: only a catalog can tell.
 */
export function lostData(losses: readonly Loss[], down: readonly DownStatement[]): LostData {
  const lost = losses.filter(losesData);
  if (lost.length === 0) return { notRestored: [], writtenAgain: [] };
  const run = down.map(({ ast, body }) => (ast["DoStmt"] === undefined ? { ast } : { ast, body }));
  const written = writtenBy(run.flatMap(({ ast, body }) => [ast, ...(body?.statements ?? [])]));
  const overwritten = run.flatMap(({ ast, body }) => effectsOf(ast, body).losses);
  const writes = ({ effect, kind, object }: Loss): boolean =>
    (kind in HOLDERS && written[HOLDERS[kind]!].some((each) => same(each, object))) ||
    (kind === "update" && written.tables.some((table) => same(tableOf(object), table))) ||
    (effect === "overwrites" && overwritten.some((each) => each.kind === kind && same(each.object, object)));
  return {
    notRestored: lost.filter((loss) => !writes(loss)),
    writtenAgain: lost.filter(writes),
  };
}

/** What the statements write, by name. */
interface Written {
  /** Tables into which they put rows. */
  readonly tables: string[];
  /** Those that they fill from a query: fixed rows do not make up for all rows of a table. */
  readonly filled: string[];
  /** Columns whose values they compute, `shop.orders.note`. */
  readonly columns: string[];
}

const HOLDERS: Readonly<Record<string, keyof Written>> = {
  "delete rows": "tables",
  "drop table": "filled",
  truncate: "filled",
  "drop column": "columns",
};

function writtenBy(statements: readonly Ast[]): Written {
  const written: Written = { tables: [], filled: [], columns: [] };
  for (const statement of statements) {
    visitNodes(statement, (kind, tree) => {
      WRITERS[kind]?.(tree, written);
      return kind !== "CreateFunctionStmt" && kind !== "RuleStmt";
    });
  }
  return written;
}

const WRITERS: Readonly<Record<string, (tree: Ast, written: Written) => void>> = {
  InsertStmt(tree, { tables, filled, columns }) {
    const table = relationOf(tree);
    tables.push(dotted(table));
    const query = node(node(tree["selectStmt"])["SelectStmt"]);
    if (tree["selectStmt"] === undefined || items(query["valuesLists"]).length > 0) return;
    filled.push(dotted(table));
    columns.push(...targets(table, tree["cols"]));
  },
  MergeStmt(tree, { tables, filled, columns }) {
    const table = relationOf(tree);
    for (const item of items(tree["mergeWhenClauses"])) {
      const clause = node(item["MergeWhenClause"]);
      if (clause["commandType"] === "CMD_INSERT") {
        tables.push(dotted(table));
        filled.push(dotted(table));
      }
      columns.push(...targets(table, clause["targetList"]));
    }
  },
  UpdateStmt(tree, { columns }) {
    const all = tree["whereClause"] === undefined && items(tree["fromClause"]).length === 0;
    const computed = items(tree["targetList"]).filter(
      (item) => !all || !isConstant(node(node(item["ResTarget"])["val"])),
    );
    columns.push(...targets(relationOf(tree), computed));
  },
  CreateTableAsStmt: ({ into }, written) => makeTable(into, written),
  SelectStmt: ({ intoClause }, written) => makeTable(intoClause, written),
  AlterTableStmt(tree, { columns }) {
    for (const item of items(tree["cmds"])) {
      const column = node(node(node(item["AlterTableCmd"])["def"])["ColumnDef"]);
      const isGenerated = items(column["constraints"]).some(
        (each) => node(each["Constraint"])["contype"] === "CONSTR_GENERATED",
      );
      if (isGenerated) columns.push(`${dotted(relationOf(tree))}.${word(column["colname"])}`);
    }
  },
  /** What was written is there under another name, too. */
  RenameStmt(tree, { tables, filled, columns }) {
    const table = relationOf(tree);
    const [from, to] = [dotted(table), word(tree["newname"])];
    if (tree["renameType"] === "OBJECT_COLUMN") {
      if (columns.includes(`${from}.${word(tree["subname"])}`)) columns.push(`${from}.${to}`);
    } else if (tree["renameType"] === "OBJECT_TABLE") {
      for (const list of [tables, filled])
        if (list.some((each) => same(each, from))) list.push(dotted({ ...table, name: to }));
    }
  },
};

/** With the rows of a query. */
function makeTable(into: AstValue, { tables, filled }: Written): void {
  if (into === undefined) return;
  const table = dotted(rangeName(node(into)["rel"]));
  tables.push(table);
  filled.push(table);
}

const targets = (table: ObjectName, list: AstValue): readonly string[] =>
  items(list).map((item) => `${dotted(table)}.${word(node(item["ResTarget"])["name"])}`);

/** It makes all rows alike. */
const isConstant = (value: Ast): boolean =>
  value["A_Const"] !== undefined ||
  value["SetToDefault"] !== undefined ||
  (value["TypeCast"] !== undefined && isConstant(node(node(value["TypeCast"])["arg"])));

/** Of a column. */
const tableOf = (column: string): string => column.slice(0, column.lastIndexOf("."));

/** The same name, or one of them without its schema. */
const same = (a: string, b: string): boolean => a === b || a.endsWith(`.${b}`) || b.endsWith(`.${a}`);
