/** ADD COLUMN that numbers the rows: serial, or an identity column → the rewrite of the table. */
import { node, word } from "../ast.ts";
import { isSerial, typeName } from "../effects/types.ts";
import { backfill, notNull } from "./recipes.ts";
import type { Rule } from "./rule.ts";
import { addedColumns, quoted, rewritten, shown } from "./site.ts";
import { nameOf } from "./text.ts";

const SQL_NAMES: Readonly<Record<string, string>> = { int2: "smallint", int4: "integer", int8: "bigint" };

/** What the recipe gives the column, too. */
const OWN = /^CONSTR_(?:IDENTITY|NOTNULL)$/;

export const addColumnSerial: Rule = {
  id: "add-column-serial",
  since: 1,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard:
    "A serial or identity column numbers the existing rows: the table is rewritten and all its indexes are rebuilt, while reads and writes are blocked.",
  advice: "add a plain column, give it a sequence as its default, and number the rows in batches",
  bad: "ALTER TABLE shop.orders ADD COLUMN number bigserial;",
  *find(site) {
    for (const { target, table, name, column, constraints, command } of addedColumns(site)) {
      const type = node(column["typeName"]);
      const identity = constraints.some(({ contype }) => contype === "CONSTR_IDENTITY");
      if ((!isSerial(type) && !identity) || !rewritten(site).some(({ id }) => id === target.id)) continue;
      const [schema] = table.includes(".") ? [`${table.split(".")[0]}.`] : [""];
      const sequence = schema + quoted(nameOf(target.name, name, "seq"));
      yield {
        message: `${shown(target)} is rewritten while reads and writes are blocked, to number its rows`,
        ...(command["missing_ok"] === true || !constraints.every(({ contype }) => OWN.test(word(contype)))
          ? {}
          : {
              recipe: [
                [
                  `CREATE SEQUENCE ${sequence};`,
                  `ALTER TABLE ${table} ADD COLUMN ${name} ${SQL_NAMES[typeName(type).name] ?? "bigint"};`,
                  `ALTER TABLE ${table} ALTER COLUMN ${name} SET DEFAULT nextval('${sequence}');`,
                  `ALTER SEQUENCE ${sequence} OWNED BY ${table}.${name};`,
                ].join("\n"),
                backfill(table, name, "DEFAULT"),
                ...notNull(table, name),
              ],
            }),
      };
    }
  },
};
