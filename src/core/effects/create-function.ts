/** CREATE FUNCTION, CREATE PROCEDURE, ALTER FUNCTION → what is known of the function from then on. */
import { type Ast, items, node, objectName, optionOf, stringOf, word } from "../ast.ts";
import type { RoutineBody } from "../statement/losses.ts";
import { usesOf } from "./expression.ts";
import { statementsIn } from "./function.ts";
import { isQuery, query } from "./query.ts";
import type { UserFunction } from "./schema.ts";
import { type TypeName, typeName, typeText } from "./types.ts";
import type { Work } from "./work.ts";

/** CREATE FUNCTION, CREATE PROCEDURE. Of SQL the relations it names are locked as for a view, if its body is looked at. */
export function createFunction(work: Work, tree: Ast, body: RoutineBody | undefined): void {
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
  if (language === "sql" && (atomic !== undefined || work.session.checksBodies))
    for (const each of body?.statements.flatMap(statementsIn) ?? [])
      if (isQuery(each)) query(work, each, "analysed");
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
    body,
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

/** ALTER FUNCTION: only its volatility matters here. */
export function alterFunction(work: Work, tree: Ast): void {
  const name = objectName(items(node(tree["func"])["objname"]).map(stringOf));
  const given = optionOf(tree["actions"], "volatility");
  if (work.schema.complete && work.schema.functionsNamed(name, work.session.searchPath).length === 0)
    work.refuse(`function ${name.name} does not exist`);
  for (const each of work.schema.functionsNamed(name, work.session.searchPath))
    if (given !== undefined) each.volatility = stringOf(given["arg"]) as UserFunction["volatility"];
}
