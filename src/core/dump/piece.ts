/** The pieces that a catalog is written as: the statements that create one object, and what orders them. */
import { type Catalog, type CatalogObject, keyOf, type ObjectKey, type Value } from "../catalog/catalog.ts";
import { partsOf } from "./names.ts";

/** The statements that make one object, or a part of one that has to come later. */
export interface Piece {
  readonly object: ObjectKey;
  /** What comes first where nothing else says so: a `PHASES` index. */
  readonly phase: number;
  /** In order, each without a semicolon at its end. */
  readonly statements: readonly string[];
  /** Where it is written down: the relation that the object stands on, or the object. */
  readonly home?: ObjectKey;
  /** Tables that must be there before, though no statement names them. */
  readonly behind?: readonly ObjectKey[];
  /** A declaration that its own functions need: `CREATE TYPE name`. */
  readonly isShell?: boolean;
  /** What makes the same in two goes, where other objects need the first and the second needs them. */
  readonly split?: (() => readonly Piece[]) | undefined;
}

/** The order of the kinds of pieces, as far as what they need leaves a choice. */
const PHASES = [
  "schema",
  "extension",
  "language",
  "wrapper",
  "type",
  "function",
  "operator",
  "cast",
  "text search",
  "sequence",
  "table",
  "owned sequence",
  "attach",
  "index",
  "attached index",
  "table setting",
  "view",
  "statistics",
  "foreign key",
  "rule",
  "trigger",
  "trigger setting",
  "policy",
  "publication",
  "comment",
  "system",
  "event trigger",
  "default privileges",
] as const;

export const phase = (name: (typeof PHASES)[number]): number => PHASES.indexOf(name);

/** A catalog to look things up in. */
export interface Lookup {
  readonly catalog: Catalog;
  /** Who loads the dump: what it makes is its own. */
  readonly owner: string;
  get(name: string, ...identity: readonly string[]): CatalogObject | undefined;
  /** What goes away with that object, of that class, in the catalog's order. */
  within(parent: ObjectKey, name: string): readonly CatalogObject[];
  /** The tables that inherit from that one, or are its partitions. */
  heirs(parent: ObjectKey): readonly CatalogObject[];
  /** Whether NOT NULL constraints of several tables of a schema have that name: then PostgreSQL would not choose it again. */
  isShared(schema: string, notNullConstraint: string): boolean;
}

export function lookupOf(catalog: Catalog, owner: string): Lookup {
  const byKey = new Map(catalog.objects.map((object) => [keyOf(object), object]));
  const children = new Map<string, CatalogObject[]>();
  const add = (key: string, object: CatalogObject): void => {
    const known = children.get(key);
    if (known === undefined) children.set(key, [object]);
    else known.push(object);
  };
  for (const object of catalog.objects) {
    if (object.parent !== undefined) add(JSON.stringify([keyOf(object.parent), object.class]), object);
    for (const name of parentsOf(object)) add(JSON.stringify(["heirs", ...partsOf(name)]), object);
  }
  const notNulls = new Map<string, number>();
  for (const object of catalog.objects.filter((each) => each.class === "column")) {
    const name = JSON.stringify([object.identity[0], text(object, "notNullConstraint")]);
    notNulls.set(name, (notNulls.get(name) ?? 0) + 1);
  }
  return {
    catalog,
    owner,
    isShared: (schema, name) => (notNulls.get(JSON.stringify([schema, name])) ?? 0) > 1,
    get: (name, ...identity) => byKey.get(keyOf({ class: name, identity })),
    heirs: ({ identity }) => children.get(JSON.stringify(["heirs", ...identity])) ?? [],
    within: (parent, name) => children.get(JSON.stringify([keyOf(parent), name])) ?? [],
  };
}

/** The names of the tables that a table inherits from, or is a partition of. */
export const parentsOf = (object: CatalogObject): readonly string[] => {
  const partitionOf = text(object, "partitionOf");
  return [...list(object, "inherits"), ...(partitionOf === undefined ? [] : [partitionOf])];
};

/** Objects of a class → pieces. */
export type Writer = (object: CatalogObject, lookup: Lookup) => readonly Piece[];

export const keyOfObject = ({ class: name, identity }: CatalogObject): ObjectKey => ({
  class: name,
  identity,
});

// ── properties ──────────────────────────────────────────────────────────────────────────────────────────────────

/** A property that is a text; undefined where it is left out. */
export function text({ properties }: CatalogObject, name: string): string | undefined {
  const value: Value | undefined = properties[name];
  return value === undefined ? undefined : String(value);
}

/** A property that is a list of texts. */
export const list = ({ properties }: CatalogObject, name: string): readonly string[] =>
  (properties[name] ?? []) as readonly string[];

export const has = ({ properties }: CatalogObject, name: string): boolean => properties[name] === true;

/** What there is of `[condition or value, text]`, for clauses that may be left out. */
export const clauses = (...parts: readonly (string | false | undefined)[]): string =>
  parts.filter((part) => part !== false && part !== undefined && part !== "").join(" ");
