/** A statement, its effect and what came before it in its transaction → what rules ask of it. */
import { type Ast, items, node, rangeName, stringOf, word } from "../ast.ts";
import type { Effect, Lock, RelationName } from "../effects/effects.ts";
import { waiting } from "../effects/mode.ts";
import type { Constraint, Relation, Schema } from "../effects/schema.ts";
import { qualified } from "../quote.ts";
import type { Loss } from "../statement/losses.ts";
import { actionsOf } from "./text.ts";

/** A statement that came before in the same transaction. */
export interface Earlier {
  readonly kind: string;
  readonly tree: Ast;
  readonly effect: Effect;
}

/** One statement at its place in a migration. */
export interface Site extends Earlier {
  /** Without comments before it. */
  readonly sql: string;
  /** Of ALTER TABLE its commands, and the text of each, which is cut out when it is first asked for. */
  readonly commands: readonly Ast[];
  readonly actions: () => readonly string[];
  /** What it takes away or overwrites of what was there before the run. */
  readonly losses: readonly Loss[];
  /** Those of its losses that the downgrade writes again. */
  readonly writtenAgain: readonly Loss[];
  /** The picture as the statement leaves it. */
  readonly schema: Schema;
  readonly searchPath: readonly string[];
  readonly earlier: readonly Earlier[];
  /** Its transaction is its own: the file runs outside one, or it is repeated in batches. */
  readonly alone: boolean;
  readonly batched: boolean;
  /** `lock_timeout` as it stands when the statement begins: false where it waits for ever. */
  readonly lockTimeout: boolean;
  /** The server's major version. */
  readonly version: number;
}

/** The lock on the relation that a `RangeVar` names, where others use it. */
export function lockOf(site: Site, range: Ast): Lock | undefined {
  const { schema, name } = rangeName(range);
  return site.effect.locks.find(
    (each) => each.inUse && each.name === name && (schema === undefined || each.schema === schema),
  );
}

/** The lock on the table that an ALTER TABLE or the like is about. */
export const targetOf = (site: Site): Lock | undefined => lockOf(site, node(site.tree["relation"]));

/** The picture of a locked relation; undefined where the statement took it away. */
export function pictureOf(site: Site, { id, schema, name }: RelationName): Relation | undefined {
  const found = site.schema.relation({ schema, name }, []);
  return found?.id === id ? found : undefined;
}

/** Whether a default partition is known of a partitioned table. */
export const hasDefault = (table: Relation | undefined): boolean =>
  table?.children.some(({ bound }) => bound?.isDefault === true) === true;

/** The name that PostgreSQL chooses for a constraint, from the picture behind the statement; empty where it is not known. */
export function chosenName(site: Site, target: RelationName, constraint: Ast): string {
  const columns = [...items(constraint["keys"]), ...items(constraint["fk_attrs"])].map(stringOf).join();
  const expression = node(constraint["raw_expr"]);
  const isIt = (each: Constraint): boolean =>
    constraint["contype"] === "CONSTR_CHECK"
      ? each.expression === expression
      : each.kind === KINDS[word(constraint["contype"])] && each.columns.join() === columns;
  return pictureOf(site, target)?.constraints.findLast(isIt)?.name ?? "";
}

const KINDS: Readonly<Record<string, Constraint["kind"]>> = {
  CONSTR_FOREIGN: "foreign key",
  CONSTR_UNIQUE: "unique",
  CONSTR_PRIMARY: "primary key",
};

const inUse = (relations: readonly RelationName[]): readonly RelationName[] =>
  relations.filter((each) => each.inUse && !/index$/.test(each.kind));

/** The tables in use that the statement writes anew, reads whole, or builds indexes of. */
export const rewritten = ({ effect }: Earlier): readonly RelationName[] => inUse(effect.rewrites);
export const scanned = ({ effect }: Earlier): readonly RelationName[] =>
  inUse([...effect.scans, ...effect.builds]);

/** The tables in use that it locks so that others wait. */
export const blocked = ({ effect }: Earlier): readonly Lock[] =>
  effect.locks.filter((each) => each.inUse && !/index$/.test(each.kind) && waiting(each.mode).writers);

/** Who waits for the lock. */
export const whoWaits = ({ mode }: Pick<Lock, "mode">): string =>
  waiting(mode).readers ? "reads and writes" : waiting(mode).writers ? "writes" : "nobody";

/** Names as SQL, without a schema where the statement had none. */
export function sqlName(range: Ast): string {
  const { schema, name } = rangeName(range);
  return [schema, name]
    .filter((part) => part !== undefined)
    .map(quoted)
    .join(".");
}

/** A name as SQL, in quotes where it needs them. */
export const quoted = (name: string): string => qualified(name);

export const shown = ({ schema, name }: RelationName): string => `${schema}.${name}`;

export const listOf = (relations: readonly RelationName[]): string =>
  [...new Set(relations.map(shown))].join(", ");

/** `shop.orders is`, `shop.orders, shop.items are` */
export function subjectOf(relations: readonly RelationName[]): string {
  const names = new Set(relations.map(shown));
  return `${listOf(relations)} ${names.size === 1 ? "is" : "are"}`;
}

/** One command of an ALTER TABLE. */
export interface Command {
  readonly command: Ast;
  /** Its own text: `ADD COLUMN a integer`. */
  readonly text: string;
  /** The table, as SQL. */
  readonly table: string;
  readonly target: Lock;
}

/** The commands of a statement, and a way to their texts. */
export function commandsIn(kind: string, tree: Ast, sql: string): Pick<Site, "commands" | "actions"> {
  if (kind !== "AlterTableStmt") return NO_COMMANDS;
  let texts: readonly string[] | undefined;
  const actions = (): readonly string[] => {
    texts ??= actionsOf(sql);
    return texts;
  };
  return { commands: items(tree["cmds"]).map((item) => node(item["AlterTableCmd"])), actions };
}

/** What a loss takes away, as the statement calls it. */
export const lostName = ({ object, renamedTo }: Loss): string => renamedTo ?? object;

/** Behind the name that the statement has for it, the name that it had before the run, where that was another. */
export const formerName = (loss: Loss | undefined): string =>
  loss?.renamedTo === undefined ? "" : ` (formerly ${loss.object})`;

/** What becomes of rows or values that go: the end of a sentence. */
export const afterDowngrade = (isWrittenAgain: boolean): string =>
  isWrittenAgain
    ? "; the downgrade writes them again, perhaps not as they were"
    : ", and a downgrade cannot restore them";

const NO_COMMANDS: Pick<Site, "commands" | "actions"> = { commands: [], actions: () => [] };

/** The commands of that kind in an ALTER TABLE of a table that others use. */
export function commandsOf(site: Site, subtype: string): readonly Command[] {
  if (!site.commands.some((each) => each["subtype"] === subtype)) return NONE;
  const target = targetOf(site);
  if (target === undefined) return NONE;
  const table = sqlName(node(site.tree["relation"]));
  return site.commands.flatMap((command, i) =>
    command["subtype"] === subtype ? [{ command, text: site.actions()[i] ?? "", table, target }] : [],
  );
}

const NONE: readonly never[] = [];

/** A column that an ALTER TABLE adds. */
export interface AddedColumn extends Command {
  readonly column: Ast;
  readonly name: string;
  readonly constraints: readonly Ast[];
}

export function addedColumns(site: Site): readonly AddedColumn[] {
  return commandsOf(site, "AT_AddColumn").map((each) => {
    const column = node(node(each.command["def"])["ColumnDef"]);
    const constraints = items(column["constraints"]).map((item) => node(item["Constraint"]));
    return { ...each, column, constraints, name: quoted(word(column["colname"])) };
  });
}

/** Why the rows that are there get values of their own, or are looked at. */
export function traitsOf({ effect: { traits } }: Site, { column }: Pick<AddedColumn, "column">) {
  const name = word(column["colname"]);
  return {
    isVolatile: traits?.has(`volatile ${name}`) === true,
    isConstrained: traits?.has(`domain ${name}`) === true,
  };
}

/** Whether rows are read to see that a column has no NULL; other commands of the statement may read them too. */
export const looksForNull = ({ effect: { traits } }: Site, column: string): boolean =>
  traits?.has(`null ${column}`) === true;

/** A constraint that an ALTER TABLE adds by itself. */
export interface AddedConstraint extends Command {
  readonly constraint: Ast;
}

export function addedConstraints(site: Site, type: string): readonly AddedConstraint[] {
  return commandsOf(site, "AT_AddConstraint").flatMap((each) => {
    const constraint = node(node(each.command["def"])["Constraint"]);
    return constraint["contype"] === type ? [{ ...each, constraint }] : [];
  });
}

/** The names in a list of strings, as SQL. */
export const columnsOf = (list: readonly string[]): string => list.map(quoted).join(", ");

/** The columns that a CREATE TABLE or ALTER TABLE makes, whoever uses the table. */
export function* namedColumns({
  kind,
  tree,
}: Earlier): Generator<{ readonly name: string; readonly type: Ast }> {
  const elements =
    kind === "CreateStmt"
      ? items(tree["tableElts"])
      : kind === "AlterTableStmt"
        ? items(tree["cmds"])
            .map((item) => node(item["AlterTableCmd"]))
            .filter(({ subtype }) => subtype === "AT_AddColumn")
            .map(({ def }) => node(def))
        : [];
  for (const each of elements) {
    const column = node(each["ColumnDef"]);
    if (column["typeName"] !== undefined)
      yield { name: word(column["colname"]), type: node(column["typeName"]) };
  }
}
