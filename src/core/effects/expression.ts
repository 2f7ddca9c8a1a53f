/** The tree of an expression or a query → what it reads, and whether it means the same for every row. */
import {
  type Ast,
  items,
  node,
  type ObjectName,
  objectName,
  rangeName,
  someNode,
  stringOf,
  word,
} from "../ast.ts";
import { partsOf } from "../dump/names.ts";
import { builtinVolatility } from "../statement/builtin-functions.ts";
import type { Relation, UserFunction, Uses } from "./schema.ts";
import type { Work } from "./work.ts";

/** The names of columns that an expression may speak of; `*` where it takes a whole row. */
export function namesOf(tree: Ast): ReadonlySet<string> {
  const names = new Set<string>();
  someNode({ tree }, (kind, fields) => {
    if (kind !== "ColumnRef") return false;
    for (const field of items(fields["fields"]))
      names.add(field["A_Star"] === undefined ? stringOf(field) : "*");
    return false;
  });
  return names;
}

/** The functions that are called. */
export function callsIn(tree: Ast): readonly ObjectName[] {
  const calls: ObjectName[] = [];
  someNode({ tree }, (kind, fields) => {
    if (kind === "FuncCall") calls.push(objectName(items(fields["funcname"]).map(stringOf)));
    return false;
  });
  return calls;
}

/** The relations that a query names anywhere, and not as one of its own WITH queries. */
export function rangesIn(tree: Ast): readonly Ast[] {
  const own = new Set<string>();
  const ranges: Ast[] = [];
  someNode({ tree }, (kind, fields) => {
    if (kind === "CommonTableExpr") own.add(word(fields["ctename"]));
    if (kind === "RangeVar" || (kind === "relation" && fields["relname"] !== undefined)) ranges.push(fields);
    return false;
  });
  return ranges.filter((range) => range["schemaname"] !== undefined || !own.has(word(range["relname"])));
}

/** What the text of a `regclass` or of a sequence's name says. */
const textOf = (value: Ast): string => {
  const inner = value["TypeCast"] === undefined ? value : node(node(value["TypeCast"])["arg"]);
  return word(node(node(inner["A_Const"])["sval"])["sval"]);
};

/** A sequence, and the function that is given its name. */
export interface SequenceCall extends ObjectName {
  readonly by: "nextval" | "setval" | "currval";
}

/** The sequences that `nextval`, `setval` and `currval` are given as text. */
export function sequencesIn(tree: Ast): readonly SequenceCall[] {
  const found: SequenceCall[] = [];
  someNode({ tree }, (kind, fields) => {
    if (kind !== "FuncCall") return false;
    const name = stringOf(items(fields["funcname"]).at(-1) ?? {});
    const first = items(fields["args"])[0];
    if ((name !== "nextval" && name !== "setval" && name !== "currval") || first === undefined) return false;
    const parts = partsOf(textOf(first));
    if (parts.length > 0) found.push({ ...objectName(parts), by: name });
    return false;
  });
  return found;
}

/** What a stored query or expression depends on. Locks nothing. */
export function usesOf(work: Work, tree: Ast, own?: Relation): Uses {
  const find = (name: ObjectName): readonly Relation[] => {
    const found = work.find(name);
    return found === undefined ? [] : [found];
  };
  const ranges = rangesIn(tree);
  const relations = [...ranges.map(rangeName), ...sequencesIn(tree)].flatMap(find);
  const all = [...new Set(own === undefined ? relations : [...relations, own])];
  const wholes = wholeRanges(tree);
  return {
    relations: all,
    columns: all.map((relation) => {
      const ofIt = (range: Ast): boolean => find(rangeName(range)).includes(relation);
      const called = new Set(ranges.filter(ofIt).map(calledIn));
      const names = namesAskedOf(tree, called);
      return { relation, names: wholes.some(ofIt) ? names.add("*") : names };
    }),
    names: namesOf(tree),
    functions: callsIn(tree).map(({ name }) => name),
    tree,
  };
}

export function usesColumn(uses: Uses, relation: Relation, column: string): boolean {
  const names = uses.columns.find((each) => each.relation === relation)?.names;
  return names !== undefined && (names.has(column) || names.has("*"));
}

/** What a query calls the table of a `RangeVar`. */
export const calledIn = (range: Ast): string =>
  word(node(range["alias"])["aliasname"]) || word(range["relname"]);

/** The columns that a tree asks for of tables that it calls so: those without a table may be anyone's. */
function namesAskedOf(tree: Ast, called: ReadonlySet<string>): Set<string> {
  const names = new Set<string>();
  someNode({ tree }, (kind, fields) => {
    if (kind !== "ColumnRef") return false;
    const parts = items(fields["fields"]).map(stringOf);
    const table = parts.at(-2);
    if (parts.at(-1) !== "" && (table === undefined || called.has(table))) names.add(parts.at(-1)!);
    return false;
  });
  return names;
}

/** The tables that a `*` stands for: those of the FROM beside it, not those within its subqueries. */
function wholeRanges(tree: Ast): readonly Ast[] {
  const found: Ast[] = [];
  someNode({ tree }, (_, fields) => {
    if (fields["targetList"] === undefined) return false;
    const stars = items(fields["targetList"]).flatMap((item) => {
      const parts = items(node(node(node(item["ResTarget"])["val"])["ColumnRef"])["fields"]);
      return parts.at(-1)?.["A_Star"] === undefined ? [] : [stringOf(parts.at(-2))];
    });
    for (const range of stars.length === 0 ? [] : items(fields["fromClause"]).flatMap(rangesOfItem))
      if (stars.includes("") || stars.includes(calledIn(range))) found.push(range);
    return false;
  });
  return found;
}

/** The tables of an item of FROM, through its joins. */
function rangesOfItem(item: Ast): readonly Ast[] {
  if (item["RangeVar"] !== undefined) return [node(item["RangeVar"])];
  const join = node(item["JoinExpr"]);
  return [node(join["larg"]), node(join["rarg"])].flatMap((side) =>
    side["RangeVar"] === undefined && side["JoinExpr"] === undefined ? [] : rangesOfItem(side),
  );
}

/** `unknown`: it calls a function that is not known. */
export type Volatility = "fixed" | "volatile" | "unknown";

/** Whether a default gives each row a value of its own, so that the table must be written anew. */
export function volatilityOf(work: Work, tree: Ast): Volatility {
  let found: Volatility = "fixed";
  for (const call of callsIn(tree)) {
    const user = work.schema.functionsNamed(call, work.session.searchPath);
    if (user.length === 0 && call.name === "gen_random_uuid" && work.version < 13 && work.schema.complete)
      work.refuse("function gen_random_uuid does not exist before PostgreSQL 13");
    const each: Volatility =
      user.length > 0
        ? (user.map((one) => userVolatility(work, one)).find((one) => one !== "fixed") ?? "fixed")
        : (builtinVolatility(call.name) ??
          (work.schema.complete || call.schema === "pg_catalog" ? "fixed" : "unknown"));
    if (each === "volatile") return each;
    if (each === "unknown") found = each;
  }
  return found;
}

/** PostgreSQL puts the body of a simple SQL function in the place of its call, and judges that. */
function userVolatility(
  work: Work,
  { volatility, language, body }: Pick<UserFunction, "volatility" | "language" | "body">,
): Volatility {
  if (volatility !== "volatile") return "fixed";
  if (language !== "sql" || body?.statements.length !== 1) return "volatile";
  const select = node(body.statements[0]!["SelectStmt"]);
  if (select["targetList"] === undefined || select["fromClause"] !== undefined) return "volatile";
  return volatilityOf(work, select);
}

/** The functions of the folder that a tree calls. */
export const userCalls = (work: Work, tree: Ast): readonly UserFunction[] =>
  callsIn(tree).flatMap((name) => work.schema.functionsNamed(name, work.session.searchPath));
