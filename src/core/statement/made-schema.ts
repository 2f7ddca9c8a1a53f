/** A statement's tree → whether it may make a schema of that name. */
import { type Ast, kindOf, node, word } from "../ast.ts";

/** `sql`: the statement's text. A block or a function that speaks of the schema may make it by SQL that it puts together. */
export function mayMakeSchema(ast: Ast, sql: string, name: string): boolean {
  const [kind, tree] = kindOf(ast);
  switch (kind) {
    case "CreateSchemaStmt":
      return (word(tree["schemaname"]) || word(node(tree["authrole"])["rolename"])) === name;
    case "RenameStmt":
      return word(tree["renameType"]) === "OBJECT_SCHEMA" && word(tree["newname"]) === name;
    case "DoStmt":
    case "CreateFunctionStmt":
      return /\bschema\b/i.test(sql) && sql.includes(name);
    default:
      return false;
  }
}
