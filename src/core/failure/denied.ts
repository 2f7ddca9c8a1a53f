/** What a server says of a right that is lacking → which right that is, and the GRANT that gives it. */
import { qualified } from "../quote.ts";

/** What the right is on, by the server's words. */
export interface Denied {
  readonly kind: "schema" | "database" | "language" | "relation" | "routine";
  /** Of a relation or a routine without its schema, which the server does not say. */
  readonly name: string;
}

/** In English: of a server that speaks otherwise it is undefined. */
export function deniedOn(message: string): Denied | undefined {
  const [, word, name] = DENIED.exec(message) ?? [];
  return word === undefined ? undefined : { kind: KINDS[word as keyof typeof KINDS], name: name! };
}

const KINDS = {
  schema: "schema",
  database: "database",
  language: "language",
  table: "relation",
  view: "relation",
  sequence: "relation",
  function: "routine",
  procedure: "routine",
} as const;

const DENIED = new RegExp(`^permission denied for (${Object.keys(KINDS).join("|")}) (.+)$`);

/** What only its owner may do; in English. `what`: in the server's words, `table t`. */
export function ownedIn(message: string): Owned | undefined {
  const [, what, word, name] = OWNED.exec(message) ?? [];
  return what === undefined
    ? undefined
    : { kind: OWNED_KINDS[word as keyof typeof OWNED_KINDS], name: name!, what };
}

export interface Owned {
  readonly kind: "relation" | "routine" | "type" | "schema" | "database";
  /** Without its schema, most of the time. */
  readonly name: string;
  readonly what: string;
}

const OWNED_KINDS = {
  relation: "relation",
  table: "relation",
  "foreign table": "relation",
  view: "relation",
  "materialized view": "relation",
  index: "relation",
  sequence: "relation",
  function: "routine",
  procedure: "routine",
  aggregate: "routine",
  type: "type",
  schema: "schema",
  database: "database",
} as const;

const OWNED = new RegExp(`^must be owner of ((${Object.keys(OWNED_KINDS).join("|")}) (.+))$`);

/** The role that another must be a member of; `isSet`: whoever connected must be, and not whom its SQL runs as. In English. */
export function memberOf(message: string): { readonly role: string; readonly isSet: boolean } | undefined {
  const [, set, other] =
    /^(?:permission denied to set role "(.+)"|must be (?:member of role|able to SET ROLE) "(.+)")$/.exec(
      message,
    ) ?? [];
  const role = set ?? other;
  return role === undefined ? undefined : { role, isSet: set !== undefined };
}

/** Of a relation. */
export const isSystems = (name: string): boolean => name.startsWith("pg_");

/** What to type; in words where what the server says does not tell which object it is. `to`: as it stands in SQL. */
export function grantingHint({ kind, name }: Denied, to: string, creates = false): string {
  if (kind === "language") return `as a superuser, run: GRANT USAGE ON LANGUAGE ${qualified(name)} TO ${to}`;
  if (kind === "relation" && isSystems(name))
    return `as a superuser, run: GRANT SELECT ON ${qualified("pg_catalog", name)} TO ${to}`;
  if (kind === "relation") return `as the owner of ${qualified(name)}, grant ${to} what it lacks there`;
  // Several may have that name.
  if (kind === "routine")
    return `as the owner of the routine or a superuser, grant ${to} EXECUTE on ${qualified(name)}`;
  const privileges = kind === "database" ? "CREATE" : creates ? "USAGE, CREATE" : "USAGE";
  return `as the owner of the ${kind}, run: GRANT ${privileges} ON ${kind.toUpperCase()} ${qualified(name)} TO ${to}`;
}
