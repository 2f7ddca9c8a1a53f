/** An object's owner and privileges → the statements that set them, where they are not PostgreSQL's defaults. */
import type { CatalogObject, Value } from "../catalog/catalog.ts";
import type { Privilege } from "../catalog/privileges.ts";
import { grantee, nameOf } from "./names.ts";
import { type Lookup, text } from "./piece.ts";
import { targetOf } from "./target.ts";

/** What PostgreSQL grants by itself: to the owner, and to everybody. */
interface Defaults {
  readonly owner: readonly string[];
  readonly everybody: readonly string[];
}

const ALL = ["ALL"];
const USAGE = ["USAGE"];
const SCHEMA: Defaults = { owner: ["CREATE", "USAGE"], everybody: [] };
const RELATION: Defaults = { owner: ALL, everybody: [] };
const TYPE: Defaults = { owner: USAGE, everybody: USAGE };
const ROUTINE: Defaults = { owner: ["EXECUTE"], everybody: ["EXECUTE"] };
const SEQUENCE: Defaults = { owner: ["SELECT", "UPDATE", "USAGE"], everybody: [] };
const FOREIGN: Defaults = { owner: USAGE, everybody: [] };

/** By class: the word that GRANT names it by, and what is granted by itself. */
const GRANTED: Readonly<Record<string, readonly [word: string, Defaults]>> = {
  schema: ["SCHEMA", SCHEMA],
  table: ["TABLE", RELATION],
  "foreign table": ["TABLE", RELATION],
  view: ["TABLE", RELATION],
  "materialized view": ["TABLE", RELATION],
  sequence: ["SEQUENCE", SEQUENCE],
  "enum type": ["TYPE", TYPE],
  "composite type": ["TYPE", TYPE],
  "range type": ["TYPE", TYPE],
  "base type": ["TYPE", TYPE],
  domain: ["TYPE", TYPE],
  function: ["FUNCTION", ROUTINE],
  aggregate: ["FUNCTION", ROUTINE],
  procedure: ["PROCEDURE", ROUTINE],
  language: ["LANGUAGE", TYPE],
  "foreign-data wrapper": ["FOREIGN DATA WRAPPER", FOREIGN],
  server: ["FOREIGN SERVER", FOREIGN],
};

/** The owner, unless it is who loads the dump, and the privileges. */
export function ownership(object: CatalogObject, lookup: Lookup): readonly string[] {
  const owner = text(object, "owner");
  return [
    ...(owner === undefined || owner === lookup.owner
      ? []
      : [`ALTER ${targetOf(object)} OWNER TO ${nameOf(owner)}`]),
    ...privileges(object, lookup),
  ];
}

/** The privileges alone: of what has its owner from another object. */
export function privileges(object: CatalogObject, { catalog, owner }: Lookup): readonly string[] {
  const [word, defaults] = GRANTED[object.class] ?? [];
  if (word === undefined || defaults === undefined) return [];
  const name = word === "FUNCTION" || word === "PROCEDURE" ? signature(object) : nameOf(...object.identity);
  return grants(
    granted(object.properties["privileges"]),
    byItself(defaults, text(object, "owner") ?? owner),
    {
      on: `ON ${word} ${name}`,
      major: catalog.major,
    },
  );
}

export const byItself = ({ owner, everybody }: Defaults, name: string): readonly Privilege[] => [
  { grantee: name, grantor: name, privileges: owner },
  { grantee: null, grantor: name, privileges: everybody },
];

/** `shop.f(integer)` */
export const signature = ({ identity }: CatalogObject): string =>
  `${nameOf(...identity.slice(0, 2))}(${identity[2] ?? ""})`;

export const granted = (value: Value | undefined): readonly Privilege[] =>
  (value ?? []) as readonly Privilege[];

export interface GrantOptions {
  /** `ON TABLE shop.users` */
  readonly on: string;
  readonly major: number;
  /** Stands behind each privilege: `(email)`. */
  readonly columns?: string;
  /** Stands before GRANT and REVOKE: `ALTER DEFAULT PRIVILEGES FOR ROLE app`. Then nobody else is the grantor. */
  readonly prefix?: string;
}

/** The statements that lead from the default privileges to the desired ones. */
export function grants(
  wanted: readonly Privilege[],
  initial: readonly Privilege[],
  options: GrantOptions,
): readonly string[] {
  const { on, prefix = "" } = options;
  const statements: string[] = [];
  const left = new Map(wanted.map((item) => [keyOf(item), expanded(item, options)]));
  for (const item of initial) {
    const rights = left.get(keyOf(item)) ?? [];
    const there = expanded(item, options);
    if (there.every((right) => rights.includes(right)))
      left.set(
        keyOf(item),
        rights.filter((right) => !there.includes(right)),
      );
    else statements.push(`${prefix}REVOKE ALL ${on} FROM ${grantee(item.grantee)}`);
  }
  const owner = initial[0]?.grantor;
  for (const item of grantorsFirst(wanted, owner)) {
    const rights = left.get(keyOf(item)) ?? [];
    const isOwn = prefix !== "" || item.grantor === owner;
    const all = [
      rights.filter((right) => !right.endsWith(OPTION)),
      rights.filter((right) => right.endsWith(OPTION)),
    ];
    const made = all.flatMap((group, index) =>
      group.length === 0
        ? []
        : [
            `${prefix}GRANT ${listed(group, options)} ${on} TO ${grantee(item.grantee)}${index === 1 ? OPTION : ""}`,
          ],
    );
    if (made.length > 0)
      statements.push(...(isOwn ? made : [`SET ROLE ${nameOf(item.grantor)}`, ...made, "RESET ROLE"]));
  }
  return statements;
}

const OPTION = " WITH GRANT OPTION";

const keyOf = (item: Privilege): string => JSON.stringify([item.grantee, item.grantor]);

/** All that may be granted on a table; MAINTAIN since 17. */
const TABLE = ["DELETE", "INSERT", "REFERENCES", "SELECT", "TRIGGER", "TRUNCATE", "UPDATE"];

function expanded({ privileges: names }: Privilege, { major }: GrantOptions): readonly string[] {
  const all = [...TABLE, ...(major >= 17 ? ["MAINTAIN"] : [])];
  return names.flatMap((name) =>
    name === "ALL" ? all : name === `ALL${OPTION}` ? all.map((each) => each + OPTION) : [name],
  );
}

function listed(rights: readonly string[], { major, columns }: GrantOptions): string {
  const names = rights.map((right) => right.replace(OPTION, ""));
  if (names.length === TABLE.length + (major >= 17 ? 1 : 0) && columns === undefined) return "ALL";
  return names.map((name) => (columns === undefined ? name : `${name} ${columns}`)).join(", ");
}

/** Who grants on must have been granted to before. */
function grantorsFirst(items: readonly Privilege[], owner: string | undefined): readonly Privilege[] {
  const can = new Set([owner]);
  const left = new Set(items);
  const sorted: Privilege[] = [];
  for (let found = true; found; ) {
    found = false;
    for (const item of left) {
      if (!can.has(item.grantor)) continue;
      sorted.push(item);
      left.delete(item);
      if (item.grantee !== null) can.add(item.grantee);
      found = true;
    }
  }
  return [...sorted, ...left];
}

/** Default privileges: the word of the kind, and what is granted by itself where no schema is named. */
export const DEFAULT_KINDS: Readonly<Record<string, readonly [word: string, Defaults]>> = {
  tables: ["TABLES", RELATION],
  sequences: ["SEQUENCES", SEQUENCE],
  functions: ["FUNCTIONS", ROUTINE],
  types: ["TYPES", TYPE],
  schemas: ["SCHEMAS", SCHEMA],
  "large objects": ["LARGE OBJECTS", { owner: ["SELECT", "UPDATE"], everybody: [] }],
};
