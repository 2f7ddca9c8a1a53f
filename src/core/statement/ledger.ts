/** A statement's syntax tree → the tables that it changes and that may be a ledger's, and the schemas that it drops. */
import { type Ast, dotted, items, kindOf, namesIn, objectName, rangeName, visitNodes, word } from "../ast.ts";
import { LEDGER_TABLES } from "../catalog/ledgers.ts";
import type { Fault } from "../fault.ts";

/** `retort.applied`, or `retort` of DROP SCHEMA; which schema is the ledger's, only the configuration knows. */
export function ledgerTargets(ast: Ast, text: string): readonly string[] {
  const [kind, tree] = kindOf(ast);
  if (kind === "DropStmt" && word(tree["removeType"]) === "OBJECT_SCHEMA")
    return items(tree["objects"]).map((object) => objectName(namesIn(object)).name);
  if (!MENTIONED.test(text)) return [];
  const found: string[] = [];
  const add = ({ schema, name }: ReturnType<typeof objectName>): void => {
    if (schema !== undefined && LEDGER_TABLES.includes(name)) found.push(dotted({ schema, name }));
  };
  if (kind === "DropStmt") for (const object of items(tree["objects"])) add(objectName(namesIn(object)));
  if (kind === "TruncateStmt")
    for (const range of items(tree["relations"])) add(rangeName(range["RangeVar"]));
  if (kind === "AlterTableStmt") add(rangeName(tree["relation"]));
  // A WITH may hold one too.
  if (/^(?:Select|Insert|Update|Delete|Merge)Stmt$/.test(kind)) {
    visitNodes(ast, (inner, fields) => {
      if (/^(?:Insert|Update|Delete|Merge)Stmt$/.test(inner)) add(rangeName(fields["relation"]));
      return true;
    });
  }
  return found;
}

const MENTIONED = new RegExp(`\\b(?:${LEDGER_TABLES.join("|")})\\b`);

/** What is wrong with a statement that changes the ledger; undefined where it does not. */
export function ledgerFault(tag: string, targets: readonly string[], schema: string): Fault | undefined {
  const target = targets.find((each) => each === schema || each.startsWith(`${schema}.`));
  if (target === undefined) return undefined;
  return {
    code: "source/ledger",
    message: `${tag} would change the ledger, ${target === schema ? `the schema ${schema}` : target}, which migrate alone writes`,
    hint: "remove it; to record a revision as applied: migrate stamp REVISION; to forget one: migrate repair --forget REVISION",
  };
}
