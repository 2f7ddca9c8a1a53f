/** A right that the role lacks, on the ledger or on what the author's SQL names → what to grant, and who may. */
import { grants, isOfLedger, type LedgerUse } from "../ledger/grants.ts";
import { withoutComments } from "../lexer.ts";
import type { Batch, Plan, Statement } from "../plan/types.ts";
import { identifier, qualified } from "../quote.ts";
import { deniedOn, grantingHint, memberOf, type Owned, ownedIn } from "./denied.ts";
import type { Failure } from "./failure.ts";
import { offsetOf } from "./place.ts";

/** A role without rights on the ledger is told which it lacks; so is one that may not clean up what an attempt has left. */
export function rightsHint(
  plan: Plan,
  { purpose }: Statement,
  { sqlstate, message }: Failure,
  { runsAs, owner }: Roles,
): { readonly message?: string; readonly hint: string } | undefined {
  if (sqlstate !== "42501" || purpose === "commit" || purpose === "defer") return undefined;
  const other = otherGrantHint(plan, message, runsAs);
  if (other !== undefined) return { hint: other };
  const owned = purpose === "repair" || purpose === "cleanup" ? ownedIn(message) : undefined;
  if (owned !== undefined) return { hint: ownerHint(owned, owner, whom(plan.role, runsAs)) };
  if (purpose === "repair-ledger") return { hint: asOwner("repair") };
  return purpose === "create-ledger"
    ? { hint: asOwner("ensure-version") }
    : { message: "this role may not write to the ledger", hint: grantsHint(plan, "write", runsAs) };
}

/** Of a role that is not the owner; what is configured is that role's address. */
export const asOwner = (command: "ensure-version" | "repair"): string =>
  `as the owner of the ledger, run: migrate ${command} --database URL`;

/** What a role must be granted to use a ledger. */
export function grantsHint(
  { schema, role }: { schema: string; role?: string },
  use: LedgerUse,
  runsAs: string | undefined,
): string {
  return `as the owner of the ledger, run: ${grants(qualified(schema), whom(role, runsAs), use)}`;
}

/** What our own SQL must be granted that is not on the ledger; undefined where it is, or the server does not tell. */
export function otherGrantHint(
  { schema, role }: { schema: string; role?: string },
  message: string,
  runsAs: string | undefined,
): string | undefined {
  const denied = deniedOn(message);
  if (denied === undefined || isOfLedger(denied, schema)) return undefined;
  return grantingHint(denied, whom(role, runsAs));
}

/** What lets the role that connects become another. */
export const membershipHint = (role: string, login: string | undefined): string =>
  `as a superuser, run: GRANT ${identifier(role)} TO ${whom(undefined, login)}`;

/** The role that SQL runs as: the one that is configured, or the connection's. */
export const whom = (role: string | undefined, runsAs: string | undefined): string => {
  const name = role ?? runsAs;
  return name === undefined ? "the role that connects" : identifier(name);
};

/** Who owns what only its owner may change. */
export interface Owner {
  readonly name: string;
  readonly isSuperuser: boolean;
  /** Whom the SQL runs as is a member of that role, and does not inherit its rights. */
  readonly hasMember: boolean;
  /** As ALTER names it: `TABLE public.t`. */
  readonly object: string;
}

/** What is known of the roles that a right is lacking of. */
export interface Roles {
  /** That SQL runs as where the plan names none. */
  readonly runsAs?: string | undefined;
  /** That connects. */
  readonly login?: string | undefined;
  /** The search_path that the connection was given, as it is set. */
  readonly searchPath?: string | undefined;
  /** Of what is not theirs, where it is the only one of its name. */
  readonly owner?: Owner | undefined;
}

/**
 * What to grant where the author's SQL may not use a schema, a language or the database, whose names are whole in the message,
 * is not the owner of an object, or no member of a role.
 */
export function deniedIn(
  { role }: Plan,
  { statements }: Batch,
  statement: Statement,
  failure: Failure,
  { runsAs, login, owner }: Roles,
): string | undefined {
  if (failure.sqlstate !== "42501") return undefined;
  // The author's SQL may have switched to another role.
  const switches = statements.some(
    (other) => other !== statement && other.origin !== undefined && SWITCHES.test(other.sql),
  );
  const member = memberOf(failure.message);
  if (member?.isSet === true) return membershipHint(member.role, login);
  if (member !== undefined) return switches ? undefined : membershipHint(member.role, role ?? runsAs);
  const owned = ownedIn(failure.message);
  if (owned !== undefined)
    return owner === undefined || !switches
      ? ownerHint(owned, owner, whom(role, runsAs))
      : `${owned.what} belongs to ${qualified(owner.name)}: before this statement, write: SET ROLE ${qualified(owner.name)}`;
  const denied = deniedOn(failure.message);
  if (denied === undefined || switches || denied.kind === "relation" || denied.kind === "routine")
    return undefined;
  return grantingHint(denied, whom(role, runsAs), createsIn(statement, failure));
}

/** `to`: whom the SQL runs as. */
function ownerHint({ what }: Owned, owner: Owner | undefined, to: string): string {
  if (owner === undefined)
    return `connect as the owner of ${what}; or, as a superuser, make ${to} a member of that role: GRANT ... TO ${to}`;
  const name = qualified(owner.name);
  const belongs = `${what} belongs to ${name}`;
  // Whoever is its member may do everything.
  if (owner.isSuperuser)
    return `${what} belongs to the superuser ${name}: as a superuser, run: ALTER ${owner.object} OWNER TO ${to}`;
  return owner.hasMember
    ? `${belongs}, of which ${to} is a member: before this statement, write: SET ROLE ${name}`
    : `${belongs}: as a superuser, run: GRANT ${name} TO ${to}`;
}

const SWITCHES = /\bSET\s+(?:(?:LOCAL|SESSION)\s+)?(?:ROLE|SESSION\s+AUTHORIZATION)\b/i;

/** Whether the schema is that of what a statement creates, and not of something that it names besides. */
function createsIn(statement: Statement, failure: Failure): boolean {
  const { tag = "", sql } = statement;
  if (!/^(?:CREATE|ALTER)\b/.test(tag)) return tag === "DO" && /\b(?:CREATE|ALTER)\b/i.test(sql);
  const before = withoutComments(sql).slice(0, offsetOf(failure, statement) ?? 0);
  return !/\(|\b(?:AS|FROM|ON|OF|REFERENCES)\b/i.test(before);
}
