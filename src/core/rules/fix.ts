/** What rules have found in a statement → the statement in its safe form, as the parts of one or more migrations. */
import { items, stringOf, word } from "../ast.ts";
import {
  type AddedInSteps,
  backfill,
  deferral,
  hasFurtherOptions,
  isNotValidRefused,
  keyInSteps,
  notNullThroughCheck,
  validatedInSteps,
} from "./recipes.ts";
import type { Fix, FixSegment, Found, Rule } from "./rule.ts";
import {
  type AddedColumn,
  type AddedConstraint,
  addedColumns,
  chosenName,
  looksForNull,
  quoted,
  type Site,
  traitsOf,
} from "./site.ts";
import { columnText, prefixOf } from "./text.ts";

/** A piece of a statement with several commands: as it was, or in its safe form. */
export type FixedPart = { readonly sql: string } | { readonly segments: readonly FixSegment[] };

/** A statement that has a safe form, or would have. */
export interface Fixable {
  /** Which statement of its file, from 0, and where it begins, from 1. */
  readonly index: number;
  readonly line: number;
  /** The rules whose findings are mended. */
  readonly rules: readonly string[];
  /** Absent where all of it is left as it is. */
  readonly parts?: readonly FixedPart[];
  /** What is left as it is: the rules that found something, and why, as a clause. */
  readonly left: readonly { readonly rules: readonly string[]; readonly reason: string }[];
}

/** The safe form of a statement in which these rules have found something; undefined where none of them knows one. */
export function fixOf(site: Site, found: readonly Rule[]): Omit<Fixable, "index" | "line"> | undefined {
  const known = found.filter(({ fix }) => fix !== undefined);
  if (known.length === 0) return undefined;
  const parts: FixedPart[] = [];
  const fixed = new Set<string>();
  const left: Fixable["left"][number][] = [];
  for (const each of singly(site)) {
    const asking = known.filter((rule) => rule.find(each)[Symbol.iterator]().next().done !== true);
    const rules = asking.map(({ id }) => id);
    const made = fixOfOne(each, asking);
    if (made !== undefined && !("left" in made)) {
      parts.push({ segments: made });
      for (const id of rules) fixed.add(id);
    } else {
      parts.push({ sql: each.sql });
      if (made !== undefined) left.push({ rules, reason: made.left });
    }
  }
  if (fixed.size === 0 && left.length === 0) return undefined;
  return { rules: [...fixed], ...(fixed.size === 0 ? {} : { parts }), left };
}

function fixOfOne(site: Site, asking: readonly Rule[]): Fix | undefined {
  const [fix, ...others] = new Set(asking.flatMap((rule) => rule.fix ?? []));
  return others.length > 0 ? { left: "several rules would write it differently" } : fix?.(site);
}

/** An ALTER TABLE with several commands, as several. */
function singly(site: Site): readonly Site[] {
  if (site.commands.length < 2) return [site];
  const texts = site.actions();
  const prefix = prefixOf(site.sql);
  return items(site.tree["cmds"]).map((item, i) => ({
    ...site,
    sql: `${prefix}${texts[i]};`,
    tree: { ...site.tree, cmds: [item] },
    commands: [site.commands[i]!],
    actions: () => [texts[i]!],
  }));
}

/** Statements that run in no transaction; what the author wrote takes them back. */
export const outside = (...statements: readonly string[]): Fix => [
  { up: statements.join("\n"), down: "", keepsBack: true, place: "outside" },
];

/** A constraint that is added without a look at the rows, which are looked at later. */
export function validatedLater(
  site: Site,
  { table, text, constraint, target }: AddedConstraint,
  fallback: string,
): Fix {
  if (site.tree["missing_ok"] === true) return MAY_BE_MISSING;
  if (constraint["contype"] === "CONSTR_FOREIGN" && isNotValidRefused(site, target))
    return { left: "a foreign key of a partitioned table cannot be NOT VALID before PostgreSQL 18" };
  return constraintSegments(
    validatedInSteps(table, text, constraint, fallback, chosenName(site, target, constraint)),
  );
}

export const MAY_BE_MISSING: Fix = { left: "with IF EXISTS it is not known what is there" };

function constraintSegments(steps: AddedInSteps): readonly FixSegment[] {
  return [{ up: steps.first, down: "", keepsBack: true, place: "shared" }, validation(steps)];
}

const validation = ({ first, second, dropped }: AddedInSteps): FixSegment => ({
  up: second,
  down: `${dropped}\n${first}`,
  place: "shared",
});

/** A column that becomes NOT NULL through a CHECK. `keepsBack`: the author takes it back. */
export function notNullSegments(table: string, column: string, keepsBack: boolean): readonly FixSegment[] {
  const { added, validated, set, dropped } = notNullThroughCheck(table, column);
  return [
    { up: added, down: dropped, place: "shared" },
    {
      up: `${validated}\n${set}\n${dropped}`,
      down: `${keepsBack ? "" : `ALTER TABLE ${table} ALTER COLUMN ${column} DROP NOT NULL;\n`}${added}`,
      place: "alone",
      ...(keepsBack ? { keepsBack } : {}),
    },
  ];
}

/** A UNIQUE or PRIMARY KEY over an index that is built before. */
export function keyOverIndex(site: Site, { table, constraint, target }: AddedConstraint): Fix {
  const kind = constraint["contype"] === "CONSTR_PRIMARY" ? "PRIMARY KEY" : "UNIQUE";
  if (site.tree["missing_ok"] === true) return MAY_BE_MISSING;
  if (target.kind === "partitioned table")
    return { left: "a constraint of a partitioned table cannot be made from an index" };
  if (hasFurtherOptions(constraint)) return { left: "its index has further options" };
  const columns = items(constraint["keys"]).map(stringOf);
  const nullable = kind === "PRIMARY KEY" ? columns.filter((each) => looksForNull(site, each)) : [];
  const name = word(constraint["conname"]) || chosenName(site, target, constraint);
  const { first, second } = keyInSteps(table, kind, name, columns, deferral(constraint));
  return [
    ...nullable.flatMap((each) => notNullSegments(table, quoted(each), false)),
    { up: `${first}\n${second}`, down: "", keepsBack: true, place: "outside" },
  ];
}

/** What a new column's clauses ask of the rows, each in turn; the column itself comes first. */
function columnSegments(site: Site, added: AddedColumn): Fix {
  const { table, name, text, constraints, target } = added;
  if (site.tree["missing_ok"] === true || added.command["missing_ok"] === true) return MAY_BE_MISSING;
  if (target.kind === "partitioned table") return { left: "the table is partitioned" };
  const types = constraints.map(({ contype }) => word(contype));
  const unknown = types.find((type) => !KNOWN.has(type));
  const key = constraints.find(({ contype }) => /^CONSTR_(?:PRIMARY|UNIQUE)$/.test(word(contype)));
  if (unknown !== undefined || new Set(types).size < types.length) return { left: "it has further clauses" };
  if (key !== undefined && hasFurtherOptions(key)) return { left: "its index has further options" };
  const facts = traitsOf(site, added);
  if (facts.isConstrained)
    return { left: "its type is a domain, whose constraints are checked for each row" };
  const { head, default: value, check } = columnText(text);
  const volatile = facts.isVolatile;
  const has = (type: string): boolean => types.includes(type);
  const primary = has("CONSTR_PRIMARY");
  const isNotNull = has("CONSTR_NOTNULL") || primary;
  const filled = value === undefined || volatile ? "" : ` DEFAULT ${value}`;
  const atOnce = isNotNull && !volatile && value !== undefined ? " NOT NULL" : "";
  const first = [`ALTER TABLE ${table} ${head}${filled}${atOnce};`];
  const later: FixSegment[] = [];
  if (volatile) {
    first.push(`ALTER TABLE ${table} ALTER COLUMN ${name} SET DEFAULT ${value};`);
    later.push({ up: backfill(table, name, "DEFAULT"), down: "", place: "outside" });
  }
  const checks = constraints.find(({ contype }) => contype === "CONSTR_CHECK");
  if (checks !== undefined) {
    const chosen = chosenName(site, target, checks);
    const steps = validatedInSteps(table, `ADD CHECK ${check}`, checks, `${name}_check`, chosen);
    // Before the rows are filled, a CHECK would refuse changes of those that are not.
    if (volatile) later.push({ up: steps.first, down: steps.dropped, place: "shared" });
    else first.push(steps.first);
    later.push(validation(steps));
  }
  if (isNotNull && atOnce === "") later.push(...notNullSegments(table, name, false));
  if (key !== undefined) {
    const column = word(added.column["colname"]);
    const chosen = chosenName(site, target, { ...key, keys: [{ String: { sval: column } }] });
    const kind = primary ? "PRIMARY KEY" : "UNIQUE";
    const steps = keyInSteps(table, kind, word(key["conname"]) || chosen, [column]);
    const apart = [steps.first, steps.second];
    later.push({ up: apart.join("\n"), down: steps.dropped, place: "outside", apart });
  }
  return [{ up: first.join("\n"), down: "", keepsBack: true, place: "shared" }, ...later];
}

const KNOWN = new Set([
  "CONSTR_DEFAULT",
  "CONSTR_NOTNULL",
  "CONSTR_NULL",
  "CONSTR_CHECK",
  "CONSTR_UNIQUE",
  "CONSTR_PRIMARY",
]);

/** The same as advice, with all that the column was to have; empty where it has no safe form of its own. */
export function columnRecipe(site: Site, added: AddedColumn): Pick<Found, "recipe"> {
  const made = columnSegments(site, added);
  return "left" in made ? {} : { recipe: made.flatMap(({ up, apart }) => apart ?? [up]) };
}

/** A new column, as the rules about its clauses share it. */
export function addedColumn(site: Site): Fix | undefined {
  const [added] = addedColumns(site);
  return added && columnSegments(site, added);
}
