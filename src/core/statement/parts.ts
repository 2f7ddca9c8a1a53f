/** A statement → the columns, constraints and indexes of tables that it makes, or takes away, by their names. */
import {
  type Ast,
  dotted,
  items,
  kindOf,
  namesIn,
  node,
  objectName,
  rangeName,
  relationOf,
  word,
} from "../ast.ts";

/** `table`: as the statement writes it, without quotes; of an index that is dropped nobody knows it. */
export interface Part {
  readonly kind: "column" | "constraint" | "index";
  readonly name: string;
  readonly table?: string;
}

export interface Parts {
  readonly made: readonly Part[];
  readonly gone: readonly Part[];
}

/** Of constraints and indexes those that are named. */
export function partsOf(ast: Ast): Parts {
  const [kind, tree] = kindOf(ast);
  switch (kind) {
    case "CreateStmt":
      return {
        made: items(tree["tableElts"]).flatMap((each) => elementOf(each, dotted(relationOf(tree)))),
        gone: [],
      };
    case "IndexStmt":
      return { made: named("index", tree["idxname"], dotted(relationOf(tree))), gone: [] };
    case "AlterTableStmt": {
      const commands = items(tree["cmds"]).map((item) => node(item["AlterTableCmd"]));
      const table = dotted(relationOf(tree));
      return {
        made: commands.flatMap(({ def }) => elementOf(node(def), table)),
        gone: commands.flatMap(({ subtype, name }) => {
          const dropped = DROPPED[word(subtype)];
          return dropped === undefined ? [] : named(dropped, name, table);
        }),
      };
    }
    case "RenameStmt": {
      const renamed = RENAMED[word(tree["renameType"])];
      if (renamed === undefined) return NONE;
      const table = dotted(rangeName(tree["relation"]));
      if (renamed === "index")
        return { made: [], gone: [{ kind: renamed, name: rangeName(tree["relation"]).name }] };
      return { made: named(renamed, tree["newname"], table), gone: named(renamed, tree["subname"], table) };
    }
    case "DropStmt":
      return word(tree["removeType"]) !== "OBJECT_INDEX"
        ? NONE
        : {
            made: [],
            gone: items(tree["objects"]).map((each) => ({
              kind: "index",
              name: objectName(namesIn(each)).name,
            })),
          };
    default:
      return NONE;
  }
}

const NONE: Parts = { made: [], gone: [] };
const DROPPED: Readonly<Record<string, Part["kind"]>> = {
  AT_DropColumn: "column",
  AT_DropConstraint: "constraint",
};
const RENAMED: Readonly<Record<string, Part["kind"]>> = {
  OBJECT_COLUMN: "column",
  OBJECT_TABCONSTRAINT: "constraint",
  OBJECT_INDEX: "index",
};

const elementOf = (element: Ast, table: string): readonly Part[] => [
  ...named("column", node(element["ColumnDef"])["colname"], table),
  ...named("constraint", node(element["Constraint"])["conname"], table),
];

function named(kind: Part["kind"], value: Ast[string], table: string): readonly Part[] {
  const name = word(value);
  return name === "" ? [] : [{ kind, name, table }];
}
