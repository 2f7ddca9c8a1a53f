/** Functions and DO → what their bodies do, as far as it can be read. */
import {
  type Ast,
  type AstValue,
  items,
  kindOf,
  node,
  objectName,
  optionOf,
  plpgsqlBody,
  stringOf,
  word,
} from "../ast.ts";
import { userCalls, usesOf } from "./expression.ts";
import type { UserFunction } from "./schema.ts";
import { type TypeName, typeName, typeText } from "./types.ts";
import { Refused, type Work } from "./work.ts";

/** A statement of a body, as text. */
type BodyPart = string;

/** The SQL in a PL/pgSQL body, in order; undefined where some of it is made while it runs. */
function partsOf(tree: AstValue): {
  readonly parts: readonly BodyPart[];
  readonly dynamic: boolean;
  readonly ends: boolean;
} {
  const parts: BodyPart[] = [];
  let [dynamic, ends] = [false, false];
  const walk = (value: AstValue): void => {
    if (typeof value !== "object") return;
    if (Array.isArray(value)) {
      value.forEach(walk);
      return;
    }
    for (const [kind, child] of Object.entries(value as Ast)) {
      if (/^PLpgSQL_stmt_(?:commit|rollback)$/.test(kind)) ends = true;
      const fields = node(child);
      if (kind === "PLpgSQL_stmt_dynexecute" || kind === "PLpgSQL_stmt_dynfors") {
        const query = textOf(fields["query"]);
        const fixed = /^\s*(?:'(?:[^']|'')*'|\$\$.*\$\$)\s*$/s.test(query)
          ? unquoted(query.trim())
          : undefined;
        if (fixed === undefined) dynamic = true;
        else parts.push(fixed);
        walk(fields["body"]);
        continue;
      }
      if (kind === "PLpgSQL_stmt_execsql") {
        parts.push(textOf(fields["sqlstmt"]));
        continue;
      }
      if (kind === "PLpgSQL_expr") {
        parts.push(statementOf(fields));
        continue;
      }
      walk(child);
    }
  };
  walk(tree);
  return { parts, dynamic, ends };
}

const textOf = (expression: AstValue): string => word(node(node(expression)["PLpgSQL_expr"])["query"]);

const unquoted = (text: string): string =>
  text.startsWith("$$") ? text.slice(2, -2) : text.slice(1, -1).replaceAll("''", "'");

/** Does what a PL/pgSQL body would do if every branch of it were taken. */
function performBody(work: Work, sql: string, body: string, name: string): void {
  const tree = work.circumstances.readBody(sql);
  if (tree === undefined) {
    harmless(body) ? undefined : work.unknown(`what ${name} does`);
    return;
  }
  const { parts, dynamic, ends } = partsOf(tree);
  if (ends && work.circumstances.block) work.refuse(`${name} ends the transaction`);
  if (dynamic) work.unknown(`what ${name} executes`);
  for (const part of parts) performPart(work, part, name);
}

function performPart(work: Work, sql: BodyPart, name: string): void {
  const trees = work.circumstances.read(sql);
  if (trees === undefined) {
    work.unknown(`what ${name} does`);
    return;
  }
  for (const tree of trees) {
    try {
      work.perform(tree);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      work.unknown(`whether ${name} goes so far as what PostgreSQL would refuse`);
    }
  }
}

/** As the compiler numbers what an expression is: 0 a statement, 2 a value, from 3 on an assignment. */
function statementOf({ query: text, parseMode }: Ast): BodyPart {
  const mode = Number(parseMode ?? 0);
  if (mode === 0) return word(text);
  return `SELECT ${mode === 2 ? word(text) : word(text).replace(/^[^=]*?:?=/, "")}`;
}

const harmless = (body: string): boolean => /^(?:\s|;|\b(?:begin|end|null|return|new|old)\b)*$/i.test(body);

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
    performFunction(work, each);
    doing.set(work, depth);
  }
}

function performFunction(work: Work, { language, body, name, sql, uses }: UserFunction): void {
  if (uses?.tree !== undefined) {
    work.perform(uses.tree);
    return;
  }
  if (body === undefined || !/^(?:sql|plpgsql)$/.test(language)) {
    work.unknown(`what ${name}() does`);
    return;
  }
  if (language === "plpgsql") {
    performBody(work, sql, body, `${name}()`);
    return;
  }
  const trees = work.circumstances.read(body);
  if (trees === undefined) {
    work.unknown(`what ${name}() does`);
    return;
  }
  for (const tree of trees) work.perform(tree);
}

/** DO. */
export function doBlock(work: Work, ast: Ast, sql: string): void {
  const body = plpgsqlBody(ast);
  if (body === undefined) {
    work.unknown("what the block does");
    return;
  }
  performBody(work, sql, body, "the block");
}

/** CALL. */
export function call(work: Work, tree: Ast): void {
  const funccall = node(node(tree["funccall"])["FuncCall"] ?? tree["funccall"]);
  const found = userCalls(work, { FuncCall: funccall });
  if (found.length === 0 && work.schema.complete)
    work.refuse(`there is no procedure ${stringOf(items(funccall["funcname"]).at(-1) ?? {})}`);
  if (found.length === 0) {
    work.unknown("what the procedure does");
    return;
  }
  followCalls(work, { FuncCall: funccall });
}

/** CREATE FUNCTION, CREATE PROCEDURE. `sql`: the statement, which the body's own compiler reads. */
export function createFunction(
  work: Work,
  ast: Ast,
  sql: string,
  analyse: (work: Work, tree: Ast) => void,
): void {
  const [, tree] = kindOf(ast);
  const name = objectName(items(tree["funcname"]).map(stringOf));
  const schema = work.schemaFor(name);
  const option = (key: string): string => stringOf(optionOf(tree["options"], key)?.["arg"]).toLowerCase();
  const atomic = tree["sql_body"] === undefined ? undefined : node(tree["sql_body"]);
  const language = option("language") || (atomic === undefined ? "plpgsql" : "sql");
  const parameters = items(tree["parameters"]).map((item) => node(item["FunctionParameter"]));
  const input = parameters.filter(({ mode }) => !/OUT$|TABLE$/.test(word(mode)));
  const returns = typeText(typeName(node(tree["returnType"])));
  const before = work.schema
    .functionsNamed({ schema, name: name.name }, [])
    .find((each) => each.arguments === input.length);
  if (before !== undefined) replaced(work, before, returns, tree["replace"] === true);
  const text = bodyOf(tree);
  const statements =
    atomic !== undefined
      ? [atomic]
      : language === "sql" && text !== undefined
        ? (work.circumstances.read(text) ?? [])
        : [];
  for (const each of statements) analyse(work, each);
  for (const type of [
    typeName(node(tree["returnType"])),
    ...parameters.map(({ argType }) => typeName(node(argType))),
  ])
    requireRowType(work, type);
  work.schema.addFunction({
    schema,
    name: name.name,
    volatility: (option("volatility") || "volatile") as UserFunction["volatility"],
    language,
    body: text,
    sql,
    returns,
    arguments: input.length,
    uses: atomic === undefined ? undefined : usesOf(work, atomic),
  });
}

function replaced(work: Work, before: UserFunction, returns: string, replace: boolean): void {
  if (!replace) work.refuse(`the function ${before.name} already exists`);
  if (before.returns !== returns) work.refuse(`${before.name} returns ${before.returns}`);
  work.schema.removeFunction(before);
}

function requireRowType(work: Work, type: TypeName): void {
  if (work.schema.complete && type.name.endsWith("%")) work.unknown(`the type ${type.name}`);
}

function bodyOf(tree: Ast): string | undefined {
  const value = node(optionOf(tree["options"], "as")?.["arg"]);
  const list = items(node(value["List"])["items"]);
  return list.length === 1 ? stringOf(list[0]!) : undefined;
}

/** ALTER FUNCTION: only its volatility matters here. */
export function alterFunction(work: Work, tree: Ast): void {
  const name = objectName(items(node(tree["func"])["objname"]).map(stringOf));
  const given = optionOf(tree["actions"], "volatility");
  if (work.schema.complete && work.schema.functionsNamed(name, work.session.searchPath).length === 0)
    work.refuse(`there is no function ${name.name}`);
  for (const each of work.schema.functionsNamed(name, work.session.searchPath))
    if (given !== undefined) each.volatility = stringOf(given["arg"]) as UserFunction["volatility"];
}
