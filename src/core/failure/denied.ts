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

/** What to type; in words where what the server says does not tell which object it is. `to`: as it stands in SQL. */
export function grantingHint({ kind, name }: Denied, to: string, creates = false): string {
  if (kind === "language") return `as a superuser, run: GRANT USAGE ON LANGUAGE ${qualified(name)} TO ${to}`;
  // Names that begin so are the system's.
  if (kind === "relation" && name.startsWith("pg_"))
    return `as a superuser, run: GRANT SELECT ON ${qualified("pg_catalog", name)} TO ${to}`;
  if (kind === "relation") return `as the owner of ${qualified(name)}, grant ${to} what it lacks there`;
  // Several may have that name.
  if (kind === "routine")
    return `as the owner of the routine or a superuser, grant ${to} EXECUTE on ${qualified(name)}`;
  const privileges = kind === "database" ? "CREATE" : creates ? "USAGE, CREATE" : "USAGE";
  return `as the owner of the ${kind}, run: GRANT ${privileges} ON ${kind.toUpperCase()} ${qualified(name)} TO ${to}`;
}
