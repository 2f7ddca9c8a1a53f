/** Rows of the catalog's query → a `Catalog`: what is in a database, as a value that any other can be compared with. */
import { sha256 } from "../sha256.ts";
import { hideSecrets } from "./options.ts";
import { isPrivileges, type Privilege, privilegesOf } from "./privileges.ts";

/** JSON without null, false and what is empty: these are left out of `Properties`. */
export type Value =
  | string
  | number
  | boolean
  | null
  | readonly Value[]
  | Privilege
  | { readonly [key: string]: Value };

/** By name, in the order of their names. Two have a meaning of their own: `columns` is an order, `version` is what brought it. */
export type Properties = Readonly<Record<string, Value>>;

/** What names an object in its database. */
export interface ObjectKey {
  /** `table`, `column`, `index`, … */
  readonly class: string;
  /** Its names, unquoted, from the outermost: `["shop", "users", "email"]`. A routine's last is its argument types. */
  readonly identity: readonly string[];
}

/** `table shop.users`, `function shop.total(integer)`, `comment column shop.users.email` */
export function describeObject({ class: name, identity }: ObjectKey): string {
  if (name === "comment") return `${name} ${describeObject(commented(identity))}`;
  return `${name} ${ROUTINES.test(name) ? `${identity.slice(0, -1).join(".")}(${identity.at(-1)})` : identity.join(".")}`;
}

/** What the comment with that identity is on. */
export function commented([of = "", ...names]: readonly string[]): ObjectKey {
  const isColumn = names.length === 3 && COLUMNS.test(of);
  // Each type of a routine's arguments stands by itself.
  const identity = ROUTINES.test(of) ? [...names.slice(0, 2), names.slice(2).join(", ")] : names;
  return { class: isColumn ? "column" : of, identity };
}

const ROUTINES = /^(?:function|procedure|aggregate)$/;
/** What has columns. */
const COLUMNS = /^(?:(?:foreign )?table|(?:materialized )?view|(?:composite )?type|index)$/;

export interface CatalogObject extends ObjectKey {
  readonly properties: Properties;
  /** What it goes away with. */
  readonly parent?: ObjectKey;
}

export interface Catalog {
  /** The server's major version. */
  readonly major: number;
  /** By class, then by identity. */
  readonly objects: readonly CatalogObject[];
}

/** A row as the query gives it. */
export interface CatalogRow {
  readonly class: string;
  readonly identity: readonly string[];
  readonly parent: readonly string[] | null;
  readonly properties: Readonly<Record<string, unknown>>;
}

export function catalogOf(major: number, rows: readonly CatalogRow[]): Catalog {
  const objects = rows.map(({ class: name, identity, parent, properties }): CatalogObject => {
    const [parentClass, ...parentIdentity] = parent ?? [];
    return {
      class: name,
      identity,
      properties: propertiesOf(major, properties),
      ...(parentClass === undefined ? {} : { parent: { class: parentClass, identity: parentIdentity } }),
    };
  });
  return { major, objects: sorted(objects) };
}

/** One text for one object of a catalog. */
export const keyOf = ({ class: name, identity }: ObjectKey): string => JSON.stringify([name, ...identity]);

/**
 * SHA-256 of all objects, hex. It leaves out what is not the schema's own: versions of extensions and collations, and the
 * names of NOT NULL constraints, which only PostgreSQL 18 keeps.
 */
export function fingerprint({ objects }: Catalog): string {
  return sha256(
    objects.map(({ class: name, identity, properties }) => {
      const { version, notNullConstraint, ...rest } = properties;
      return `${JSON.stringify([name, identity, rest])}\n`;
    }),
  );
}

function sorted(objects: readonly CatalogObject[]): readonly CatalogObject[] {
  return objects
    .map((object) => ({ object, key: keyOf(object) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ object }) => object);
}

function propertiesOf(major: number, given: Readonly<Record<string, unknown>>): Properties {
  const properties: Record<string, Value> = {};
  for (const name of Object.keys(given).sort()) {
    const value = propertyOf(major, name, given[name]);
    if (value !== null && value !== false && !isEmpty(value)) properties[name] = value;
  }
  return properties;
}

function propertyOf(major: number, name: string, value: unknown): Value {
  if (value === null || !Array.isArray(value)) return value as Value;
  if (isPrivileges(name)) return privilegesOf(major, value as readonly string[]);
  return name === "foreignOptions" ? hideSecrets(value as readonly string[]) : (value as readonly Value[]);
}

const isEmpty = (value: Value): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;
