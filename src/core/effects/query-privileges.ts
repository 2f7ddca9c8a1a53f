/** A query, or a statement that writes rows → the rights that PostgreSQL demands on the relations in it. */
import { type Ast, items, node, rangeName, stringOf, visitNodes, word } from "../ast.ts";
import type { Demands } from "./demands.ts";
import { calledIn, callsIn, sequencesIn } from "./expression.ts";
import type { Relation } from "./schema.ts";

/** SELECT on all that a query names, and what the statements that write within it demand; with `EXISTS` it is only looked up. */
export function reads(
  demands: Demands,
  query: Ast,
  privilege: "SELECT" | "EXISTS" = "SELECT",
  maybe = false,
): void {
  visitNodes({ query }, (kind, fields) => {
    if (WRITES[kind] !== undefined) WRITES[kind](demands, fields);
    if (WRITES[kind] !== undefined || kind === "LockingClause") return false;
    if (!demands.isWithQuery(fields)) demands.range(privilege, fields, { maybe });
    for (const item of items(fields["lockingClause"])) locks(demands, fields, node(item["LockingClause"]));
    return true;
  });
}

/** FOR UPDATE, of the tables that it names or of all in FROM. */
function locks(demands: Demands, select: Ast, clause: Ast): void {
  const named = items(clause["lockedRels"]).map((item) => rangeName(item["RangeVar"]).name);
  for (const item of items(select["fromClause"])) {
    const range = node(item["RangeVar"]);
    if ((named.length === 0 || named.includes(calledIn(range))) && !demands.isWithQuery(range))
      demands.range("UPDATE", range);
  }
}

/** INSERT, and what it reads of the table: in RETURNING and in ON CONFLICT. The columns that it leaves out get their defaults. */
function insert(demands: Demands, tree: Ast): void {
  const { relation, returningList, returningClause, onConflictClause, ...rest } = tree;
  const conflict = node(onConflictClause);
  demands.range("INSERT", node(relation));
  if (conflict["action"] === "ONCONFLICT_UPDATE") demands.range("UPDATE", node(relation));
  if (conflict["infer"] !== undefined) demands.range("SELECT", node(relation));
  else readsOwn(demands, node(relation), { returningList, returningClause, onConflictClause }, false);
  reads(demands, { ...rest, returningList, returningClause, onConflictClause });
  fills(demands, node(relation), givenIn(tree), !isOnce(tree));
}

/** UPDATE, DELETE: its own columns are read in conditions and in values. */
const changes =
  (privilege: "UPDATE" | "DELETE") =>
  (demands: Demands, tree: Ast): void => {
    const { relation, ...rest } = tree;
    // There the table itself cannot be named.
    const { withClause: _, fromClause, usingClause, ...own } = rest;
    demands.range(privilege, node(relation));
    readsOwn(demands, node(relation), own, items(fromClause ?? usingClause).length > 0);
    reads(demands, rest);
  };

function merge(demands: Demands, tree: Ast): void {
  const { relation, ...rest } = tree;
  const { withClause: _, sourceRelation: _source, ...own } = rest;
  for (const item of items(tree["mergeWhenClauses"])) {
    const command = word(node(item["MergeWhenClause"])["commandType"]).replace("CMD_", "");
    if (command === "INSERT" || command === "UPDATE" || command === "DELETE")
      demands.range(command, node(relation));
    if (command === "INSERT") fills(demands, node(relation), undefined, true);
  }
  readsOwn(demands, node(relation), own, true);
  reads(demands, rest);
}

export const WRITES: Readonly<Record<string, (demands: Demands, tree: Ast) => void>> = {
  InsertStmt: insert,
  UpdateStmt: changes("UPDATE"),
  DeleteStmt: changes("DELETE"),
  MergeStmt: merge,
};

/** SELECT on the table that is written, where a column of it is read. Without a table before it, it may be another's. */
function readsOwn(demands: Demands, relation: Ast, tree: Ast, others: boolean): void {
  const own = calledIn(relation);
  const found = new Set<boolean>();
  const visit = (below: Ast, isWithin: boolean): void =>
    visitNodes({ below }, (kind, fields) => {
      if (kind === "SelectStmt") {
        visit(fields, true);
        return false;
      }
      if (kind !== "ColumnRef") return true;
      const table = stringOf(items(fields["fields"]).at(-2));
      if (table === own) found.add(true);
      else if (table === "") found.add(!isWithin && !others);
      return false;
    });
  visit(tree, false);
  if (found.size > 0) demands.range("SELECT", relation, { maybe: !found.has(true) });
}

/** Whether what it calls is called in any case: it reads nothing that may be empty. */
function isOnce(tree: Ast): boolean {
  let found = true;
  visitNodes({ tree }, (_, fields) => {
    found &&= fields["fromClause"] === undefined && fields["whereClause"] === undefined;
    return found;
  });
  return found;
}

/** What sequences are needed for by a call: `nextval` may do without USAGE where it has UPDATE. */
const BY_CALL = {
  nextval: ["USAGE", ["UPDATE"]],
  currval: ["USAGE", ["SELECT"]],
  setval: ["UPDATE", []],
} as const;

/** Of those that a statement names in `nextval` and the like. Their rights are asked when the call is reached. */
export function sequenceCalls(demands: Demands, kind: string, tree: Ast, isRun: boolean): void {
  for (const { by, ...name } of sequencesIn(tree)) {
    const [privilege, or] = BY_CALL[by];
    if (!isRun) demands.relation("EXISTS", name);
    else
      demands.relation(privilege, name, {
        ...(or.length > 0 ? { or } : {}),
        maybe: !/^(?:Select|Insert)Stmt$/.test(kind) || !isOnce(tree),
      });
  }
}

type Given = readonly (string | number)[] | undefined;

/** The columns of INSERT that get a value: names, or places from 1 on. Undefined where it is not known. */
function givenIn(tree: Ast): Given {
  const names = items(tree["cols"]).map((item) => word(node(item["ResTarget"])["name"]));
  const select = node(node(tree["selectStmt"])["SelectStmt"]);
  if (tree["selectStmt"] === undefined) return [];
  const rows = items(select["valuesLists"]).map((row) => items(node(row["List"])["items"]));
  const targets = items(select["targetList"]);
  if (names.length === 0 && rows.length === 0 && (targets.length === 0 || targets.some(isStar)))
    return undefined;
  const width = names.length || (rows[0] ?? targets).length;
  return Array.from({ length: width }, (_, at) => names[at] ?? at + 1).filter(
    (_, at) => !rows.some((row) => row[at]?.["SetToDefault"] !== undefined),
  );
}

const isStar = (item: Ast): boolean =>
  items(node(node(node(item["ResTarget"])["val"])["ColumnRef"])["fields"]).at(-1)?.["A_Star"] !== undefined;

/** The sequences behind the defaults of all other columns. */
export function fills(demands: Demands, range: Ast, given: Given, maybe: boolean): void {
  const table = demands.work.find(rangeName(range));
  if (table !== undefined && isComplete(table) && !isFilled(table, given)) return;
  demands.range("DEFAULTS", range, {
    ...(given === undefined ? {} : { given }),
    maybe: maybe || given === undefined,
  });
}

const isComplete = ({ known, hasMore, parents }: Relation): boolean =>
  known && hasMore !== true && parents.length === 0;

const isFilled = ({ columns }: Relation, given: Given = []): boolean =>
  columns.some(
    (column, at) =>
      !given.includes(column.name) &&
      !given.includes(at + 1) &&
      callsIn(column.default ?? {}).some(({ name }) => name === "nextval"),
  );
