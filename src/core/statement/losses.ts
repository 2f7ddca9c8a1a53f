/** A statement's syntax tree → what it takes away, as data. */
import {
  type Ast,
  dotted,
  items,
  kindOf,
  namesIn,
  node,
  option,
  rangeName,
  relationOf,
  roleName,
  word,
} from "../ast.ts";
import { objectWords } from "../tag.ts";

/** One object that goes, or whose rows go. */
export interface Loss {
  /** `drop table`, `drop column`, `drop database`, `drop owned`, `truncate`, `delete rows`. */
  readonly kind: string;
  /** As a person writes it: `shop.orders`, and of a column `shop.orders.note`. */
  readonly object: string;
  /** With all that depends on it; of `truncate`, with all tables that refer to it. */
  readonly cascade?: true;
}

/** What a statement takes away, each thing once. What a function or a DO block does is not known. */
export function lossesOf(kind: string, tree: Ast): readonly Loss[] {
  const seen = new Set<string>();
  return [...found(kind, tree)].filter((loss) => {
    const key = JSON.stringify(loss);
    return seen.has(key) ? false : seen.add(key);
  });
}

const cascades = (tree: Ast): Pick<Loss, "cascade"> =>
  tree["behavior"] === "DROP_CASCADE" ? { cascade: true } : {};

function* found(kind: string, tree: Ast): Generator<Loss> {
  switch (kind) {
    case "DropStmt": {
      const type = word(tree["removeType"]);
      if (!HOLDS_DATA.test(type) && tree["behavior"] !== "DROP_CASCADE") break;
      for (const object of items(tree["objects"])) {
        yield {
          kind: `drop ${objectWords(type).toLowerCase()}`,
          object: namesIn(object).join("."),
          ...cascades(tree),
        };
      }
      break;
    }
    case "AlterTableStmt":
      for (const command of items(tree["cmds"]).map((item) => node(item["AlterTableCmd"]))) {
        if (command["subtype"] !== "AT_DropColumn") continue;
        const object = `${dotted(relationOf(tree))}.${word(command["name"])}`;
        yield { kind: "drop column", object, ...cascades(command) };
      }
      break;
    case "TruncateStmt":
      for (const item of items(tree["relations"]))
        yield { kind: "truncate", object: dotted(rangeName(item["RangeVar"])), ...cascades(tree) };
      break;
    case "DropdbStmt":
      yield { kind: "drop database", object: word(tree["dbname"]) };
      break;
    case "DropOwnedStmt":
      for (const role of items(tree["roles"]).map(roleName)) yield { kind: "drop owned", object: role };
      break;
    case "DeleteStmt":
      yield { kind: "delete rows", object: dotted(relationOf(tree)) };
      break;
    case "MergeStmt": {
      const clauses = items(tree["mergeWhenClauses"]).map((item) => node(item["MergeWhenClause"]));
      if (clauses.some((clause) => clause["commandType"] === "CMD_DELETE"))
        yield { kind: "delete rows", object: dotted(relationOf(tree)) };
      break;
    }
    case "InsertStmt":
      yield* found(...kindOf(node(tree["selectStmt"])));
      break;
    case "ExplainStmt":
      if (option(tree["options"], "analyze")) yield* found(...kindOf(node(tree["query"])));
      break;
  }
  for (const item of items(node(tree["withClause"])["ctes"])) {
    yield* found(...kindOf(node(node(item["CommonTableExpr"])["ctequery"])));
  }
}

const HOLDS_DATA = /^OBJECT_(?:TABLE|FOREIGN_TABLE|MATVIEW|SEQUENCE|SCHEMA|EXTENSION)$/;
