/** What came into PostgreSQL's grammar after 16: which statements an older server may not understand. */
import { type Ast, items, node, someNode, word } from "./ast.ts";

/**
 * Every rule that 17 or 18 added and `needs18` does not tell has one of these words; the rest of a language is old.
 * Compared with the grammars' own lists of keywords, and over PostgreSQL's regression tests with the parser of 16: of
 * 87,000 statements it refuses 374 that 18 accepts, and each of them has a word of these or a tree of 18.
 */
const WORDS_OF_17 =
  /\b(?:json(?:_\w*)?|merge(?:_action)?|local|expression|method|statistics|operator|copy|domain|cluster|reindex|vacuum|analy[sz]e|returning|overlaps|without|objects)\b|%\s*(?:row)?type\b/i;

/** Whether a text may have syntax that came with PostgreSQL 17: the parser of 16 knows. */
export function mayNeed17(text: string): boolean {
  return WORDS_OF_17.test(text);
}

/** Whether the tree has syntax that came with PostgreSQL 18. */
export function needs18(ast: Ast): boolean {
  return someNode(
    ast,
    (kind, tree) =>
      (kind === "Constraint" && constraintOf18(tree)) ||
      (kind === "ATAlterConstraint" &&
        (tree["alterEnforceability"] === true || tree["alterInheritability"] === true)) ||
      (tree["returningClause"] !== undefined && items(node(tree["returningClause"])["options"]).length > 0),
  );
}

function constraintOf18(tree: Ast): boolean {
  const kind = word(tree["contype"]);
  return (
    tree["generated_kind"] === "v" ||
    tree["without_overlaps"] === true ||
    tree["fk_with_period"] === true ||
    (kind === "CONSTR_NOTNULL" && items(tree["keys"]).length > 0) ||
    (/^CONSTR_(CHECK|FOREIGN)$/.test(kind) && tree["is_enforced"] !== true) ||
    /ENFORCED/.test(kind)
  );
}
