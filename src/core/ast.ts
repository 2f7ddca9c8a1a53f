/** libpg_query's JSON tree of a statement → the parts of it that were asked for. */

/** A value of libpg_query's JSON tree. What is absent is false, zero or empty. */
export type AstValue = string | number | boolean | Ast | readonly AstValue[] | undefined;
/** An object of the tree. */
export interface Ast {
  readonly [field: string]: AstValue;
}

/** A name as the tree has it, unquoted. Without a schema it is found through the search path. */
export interface ObjectName {
  readonly schema?: string;
  readonly name: string;
}

/** The kind around a tree, and the tree: `{ IndexStmt: { … } }` → `["IndexStmt", { … }]`. */
export function kindOf(ast: Ast): readonly [string, Ast] {
  const [kind, tree] = Object.entries(ast)[0] ?? ["", undefined];
  return [kind, node(tree)];
}

function isList(value: AstValue): value is readonly AstValue[] {
  return Array.isArray(value);
}

const EMPTY: Ast = {};

/** The object that a field holds; empty where it holds none. */
export function node(value: AstValue): Ast {
  return typeof value === "object" && !isList(value) ? value : EMPTY;
}

/** The objects of a list; empty where there is none. */
export function items(value: AstValue): readonly Ast[] {
  return value !== undefined && isList(value) ? value.map(node) : [];
}

/** The string that a field holds; empty where it holds none. */
export function word(value: AstValue): string {
  return typeof value === "string" ? value : "";
}

function listed(value: Ast): readonly Ast[] {
  return items(node(value["List"])["items"]);
}

/** The text of a `String` node. */
export function stringOf(value: AstValue): string {
  return word(node(node(value)["String"])["sval"]);
}

/** The parts of a name, in whichever form the tree has it. */
export function namesIn(object: Ast): readonly string[] {
  const list = object["List"] !== undefined ? listed(object) : undefined;
  const names = list ?? items(node(object["TypeName"])["names"] ?? node(object["ObjectWithArgs"])["objname"]);
  return (names.length > 0 ? names : [object]).map((part) => stringOf(part)).filter((part) => part !== "");
}

/** The last two parts of a dotted name. */
export function objectName(names: readonly string[]): ObjectName {
  const schema = names.at(-2);
  return { ...(schema === undefined ? {} : { schema }), name: names.at(-1) ?? "" };
}

/** The name of a `RangeVar`. */
export function rangeName(range: AstValue): ObjectName {
  const { schemaname, relname } = node(range);
  return objectName([word(schemaname), word(relname)].filter((part) => part !== ""));
}

/** The name of the table that a statement is about. */
export function relationOf(tree: Ast): ObjectName {
  return rangeName(tree["relation"]);
}

/** A name as a person writes it. */
export function dotted({ schema, name }: ObjectName): string {
  return schema === undefined ? name : `${schema}.${name}`;
}

/** The name of a `RoleSpec`. */
export function roleName(item: Ast): string {
  const role = node(item["RoleSpec"]);
  return word(role["rolename"]) || word(role["roletype"]).replace("ROLESPEC_", "");
}

/** The `DefElem` of that name. */
export function optionOf(options: AstValue, name: string): Ast | undefined {
  return items(options)
    .map((item) => node(item["DefElem"]))
    .find((each) => each["defname"] === name);
}

/** A boolean option: present without a value it is on. A bare word such as `off` is a type name to the grammar. */
export function option(options: AstValue, name: string, absent = false): boolean {
  const found = optionOf(options, name);
  if (found === undefined) return absent;
  const value = node(found["arg"]);
  if (value["Integer"] !== undefined) return Number(node(value["Integer"])["ival"] ?? 0) !== 0;
  if (value["Boolean"] !== undefined) return node(value["Boolean"])["boolval"] === true;
  return !/^(?:false|off|0)$/i.test(namesIn(value).at(-1) ?? "");
}

/**
 * Every node below and with `ast`, in the order of the text as far as the tree has it; what lies below one is left out
 * where `visit` says false. No recursion, so depth is no danger.
 */
export function visitNodes(ast: Ast, visit: (kind: string, fields: Ast) => boolean): void {
  const kinds: string[] = [""];
  const values: AstValue[] = [ast];
  for (let kind = kinds.pop(); kind !== undefined; kind = kinds.pop()) {
    const value = values.pop();
    if (typeof value !== "object") continue;
    if (isList(value)) {
      for (let at = value.length - 1; at >= 0; at -= 1) {
        if (typeof value[at] !== "object") continue;
        kinds.push("");
        values.push(value[at]);
      }
      continue;
    }
    if (kind !== "" && !visit(kind, value)) continue;
    // Lists of the names of all fields would be a quarter of the memory that a command asks for.
    const first = kinds.length;
    for (const field in value) {
      const child = value[field];
      if (typeof child !== "object") continue;
      kinds.push(field);
      values.push(child);
    }
    turnRound(kinds, first);
    turnRound(values, first);
  }
}

/** The last is taken first. */
function turnRound(stack: unknown[], first: number): void {
  for (let low = first, high = stack.length - 1; low < high; low += 1, high -= 1)
    [stack[low], stack[high]] = [stack[high], stack[low]];
}

/** Whether any node below and with `ast` is of that sort. */
export function someNode(ast: Ast, is: (kind: string, fields: Ast) => boolean): boolean {
  let found = false;
  visitNodes(ast, (kind, fields) => {
    found ||= is(kind, fields);
    return !found;
  });
  return found;
}

/** An expression over one table, with another name for one of its columns. */
export function withColumnRenamed(ast: Ast, from: string, to: string): Ast {
  const renamed = (value: AstValue, inColumn: boolean): AstValue => {
    if (typeof value !== "object") return inColumn && value === from ? to : value;
    if (isList(value)) return value.map((each) => renamed(each, inColumn));
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, renamed(each, inColumn || key === "ColumnRef")]),
    );
  };
  return node(renamed(ast, false));
}

/** How many objects and lists lie within each other at most. */
export function depthOf(ast: Ast): number {
  let depth = 0;
  for (let level: readonly AstValue[] = [ast]; level.length > 0; depth += 1) {
    level = level.flatMap((value) =>
      Object.values(value as Ast).filter((child) => typeof child === "object"),
    );
  }
  return depth;
}

/** What CREATE FUNCTION, CREATE PROCEDURE or DO holds: its language, in lower case, and its source, unquoted, if it is a text. */
export interface RoutineSource {
  readonly language: string;
  readonly code?: string;
  /** BEGIN ATOMIC … END, or RETURN: what it holds, instead of a source. */
  readonly sqlBody?: Ast;
}

/** Undefined for all other statements. */
export function routineSource(ast: Ast): RoutineSource | undefined {
  const [kind, tree] = kindOf(ast);
  if (kind !== "CreateFunctionStmt" && kind !== "DoStmt") return undefined;
  const options = tree[kind === "DoStmt" ? "args" : "options"];
  const named = optionOf(options, "language");
  const language = named === undefined ? "plpgsql" : stringOf(named["arg"]).toLowerCase();
  if (tree["sql_body"] !== undefined) return { language, sqlBody: node(tree["sql_body"]) };
  const body = node(optionOf(options, "as")?.["arg"]);
  const code = body["List"] === undefined ? body["String"] && stringOf(body) : listed(body).map(stringOf)[0];
  return { language, ...(typeof code === "string" ? { code } : {}) };
}
