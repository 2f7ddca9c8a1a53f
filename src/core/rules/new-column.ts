/** A column whose type changes → a new column of that type that takes its place: as the migrations that expand, fill and contract. */
import { word } from "../ast.ts";
import type { Column, Relation } from "../effects/schema.ts";
import { commentText, dollarQuoted } from "../quote.ts";
import { MAY_BE_MISSING } from "./fix.ts";
import { backfillWhere, notNullThroughCheck, setNotNull } from "./recipes.ts";
import type { Fix, FixSegment } from "./rule.ts";
import { type Command, pictureOf, quoted, type Site } from "./site.ts";
import { nameOf, typeChange } from "./text.ts";

/** Of ALTER COLUMN … TYPE. */
export function throughNewColumn(site: Site, { table, target, command, text }: Command): Fix {
  const name = word(command["name"]);
  const relation = pictureOf(site, target);
  const column = relation?.columns.find((each) => each.name === name);
  if (relation === undefined || column === undefined)
    return { left: "no earlier migration created the table" };
  const reason = hindrance(relation, column, `${name}_new`);
  if (reason !== undefined) return { left: reason };
  if (site.tree["missing_ok"] === true) return MAY_BE_MISSING;
  const [old, fresh] = [quoted(name), quoted(`${name}_new`)];
  const { type, using } = typeChange(text);
  const copy = nameOf("copy", target.name, name);
  const routine = `${table.includes(".") ? `${quoted(target.schema)}.` : ""}${quoted(copy)}`;
  const value =
    using === undefined ? `NEW.${old}` : `(SELECT ${using} FROM (SELECT NEW.*) AS ${quoted(target.name)})`;
  const body = dollarQuoted(`\nBEGIN\n  NEW.${fresh} := ${value};\n  RETURN NEW;\nEND `, "copy");
  const expand = [
    `ALTER TABLE ${table} ADD COLUMN ${fresh} ${type};`,
    `CREATE FUNCTION ${routine}() RETURNS trigger LANGUAGE plpgsql AS ${body};`,
    `CREATE TRIGGER ${quoted(copy)} BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${routine}();`,
  ].join("\n");
  const unexpand = `DROP TRIGGER ${quoted(copy)} ON ${table};\nDROP FUNCTION ${routine}();`;
  const isOpen = `${fresh} IS NULL AND ${using === undefined ? old : `(${using})`} IS NOT NULL`;
  const checked = column.notNull ? notNullThroughCheck(table, fresh) : undefined;
  const told = commentText(name);
  const segments: readonly FixSegment[] = [
    { up: expand, down: `${unexpand}\nALTER TABLE ${table} DROP COLUMN ${fresh};`, place: "shared" },
    { up: backfillWhere(table, fresh, using ?? old, isOpen), down: "", place: "outside" },
    ...(checked === undefined
      ? []
      : [{ up: checked.added, down: checked.dropped, place: "shared" as const }]),
    {
      up: [
        ...(checked === undefined ? [] : [checked.validated]),
        unexpand,
        `-- retort-ignore: drop-column (${told}_new takes its place)`,
        `ALTER TABLE ${table} DROP COLUMN ${old};`,
        `-- retort-ignore: rename-column (${told}_new takes the place of ${told})`,
        `ALTER TABLE ${table} RENAME COLUMN ${fresh} TO ${old};`,
        // Behind the renaming, so that a name that PostgreSQL chooses is that of the column.
        ...(checked === undefined ? [] : [setNotNull(table, old), checked.dropped]),
      ].join("\n"),
      down: [
        expand,
        `UPDATE ${table} SET ${fresh} = ${using ?? old};`,
        ...(checked === undefined ? [] : [checked.added]),
      ].join("\n"),
      keepsBack: true,
      place: "alone",
    },
  ];
  return segments;
}

/** Why another column cannot take its place; undefined: it can. */
function hindrance(relation: Relation, column: Column, fresh: string): string | undefined {
  const { name } = column;
  const index = relation.indexes.find(({ index: of }) => of?.columns.includes(name) === true);
  const constraint = relation.constraints.find(
    ({ kind, columns }) => kind !== "not null" && columns.includes(name),
  );
  if (relation.kind !== "table" || relation.parents.length + relation.children.length > 0)
    return "the table is partitioned, or part of an inheritance";
  if (column.default !== undefined || column.identity === true || column.generated !== undefined)
    return `${name} has a default, which the new column would need too`;
  if (constraint !== undefined) return `the constraint ${constraint.name} is on ${name}`;
  if (index !== undefined) return `the index ${index.name} is on ${name}`;
  if (relation.triggers.length > 0) return `the table has triggers, such as ${relation.triggers[0]!.name}`;
  if (relation.policies.some(({ uses }) => uses.names.has(name))) return `a policy uses ${name}`;
  if (relation.columns.some((each) => each.name === fresh)) return `there is a column ${fresh}`;
  return undefined;
}
