/** A right that the role lacks, on the ledger or on what the author's SQL names → what to grant, and who may. */
import type { Privilege } from "../effects/privilege.ts";
import { grants, isOfLedger, type LedgerUse } from "../ledger/grants.ts";
import { withoutComments } from "../lexer.ts";
import type { Plan, Statement } from "../plan/types.ts";
import { identifier, qualified } from "../quote.ts";
import { unique } from "../unique.ts";
import { type Denied, deniedOn, grantingHint, isSystems, memberOf, type Owned, ownedIn } from "./denied.ts";
import type { Failure } from "./failure.ts";
import { isUpTo, offsetOf } from "./place.ts";

/** A role without rights on the ledger is told which it lacks; so is one that may not clean up what an attempt has left. */
export function rightsHint(
  plan: Plan,
  { purpose }: Statement,
  { sqlstate, message }: Failure,
  { runsAs, login, owner, membership }: Roles,
): { readonly message?: string; readonly hint: string } | undefined {
  if (sqlstate !== "42501" || purpose === "commit" || purpose === "defer") return undefined;
  const member = memberOf(message);
  if (member !== undefined) return { hint: membershipHint(member.role, login, membership) };
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
export function membershipHint(role: string, login: string | undefined, membership?: Membership): string {
  const [name, to] = [identifier(role), whom(undefined, login)];
  const { isMember = false, isGrantable = role !== OWNERS_ONLY, isSuperuser = false } = membership ?? {};
  if (isSuperuser)
    return `${name} is a superuser, and whoever may become that may do everything: name another role`;
  return isGrantable
    ? `as a superuser, run: ${granting(name, to, isMember ? "SET" : undefined)}`
    : `${to} cannot be made a member of ${name}: name another role`;
}

/** Its only member is whoever owns the database. */
export const OWNERS_ONLY = "pg_database_owner";

/** `option`: what a membership that is there lacks, which a GRANT without it leaves as it is. */
const granting = (role: string, to: string, option: "SET" | "INHERIT" | undefined): string =>
  `GRANT ${role} TO ${to}${option === undefined ? "" : ` WITH ${option} TRUE`}`;

/** The role that SQL runs as: the one that is configured, or the connection's. */
export const whom = (role: string | undefined, runsAs: string | undefined): string => {
  const name = role ?? runsAs;
  return name === undefined ? "the role that connects" : identifier(name);
};

/** What a role is to another that it may not become. */
export interface Membership {
  /** It is a member, by a grant without the option for this, which PostgreSQL 16 and later have. */
  readonly isMember: boolean;
  /** It can be made a member: of that which may have members, and is no member of it itself. */
  readonly isGrantable: boolean;
  /** That may do everything, and so might its members. */
  readonly isSuperuser: boolean;
}

/** Who owns what only its owner may change. */
export interface Owner extends Membership {
  readonly name: string;
  /** Whom the SQL runs as has that role's rights, as far as is known: something else ran as another. */
  readonly isOwn: boolean;
  /** Whom the SQL runs as does not inherit the rights of that role, but may become it. */
  readonly isSettable: boolean;
  /** Whom the file began as has that role's rights; who connected may become it. */
  readonly isFirsts: boolean;
  readonly isLogins: boolean;
  /** As ALTER names it: `TABLE public.t`. */
  readonly object: string;
}

/** What is known of the roles that a right is lacking of. */
export interface Roles {
  /** That SQL runs as where the plan names none. */
  readonly runsAs?: string | undefined;
  /** That connects. */
  readonly login?: string | undefined;
  /** Whether the role that SQL is known to run as may do everything; undefined where nobody asked. */
  readonly isSuperuser?: boolean | undefined;
  /** The search_path that the connection was given, as it is set. */
  readonly searchPath?: string | undefined;
  /** Of what is not theirs, where it is the only one of its name. */
  readonly owner?: Owner | undefined;
  /** Of who may not become the role that the message names. */
  readonly membership?: Membership | undefined;
  /** What the file needs; undefined where nobody asked. */
  readonly needs?: readonly Privilege[] | undefined;
}

/** A role that the author's SQL has set. */
export interface SetRole {
  readonly name: string;
  readonly line: number;
  /** The name that the session itself was given, where it was. */
  readonly session?: string;
}

/** The role that a file has set before a statement; undefined where it is what the file began with. */
export function setRoleAt({ batches, steps }: Plan, statement: Statement): SetRole | undefined {
  const { origin, step } = statement;
  if (origin === undefined) return undefined;
  const isBlock = step !== undefined && steps[step]?.transactional === true;
  let session: SetRole | undefined;
  let role: SetRole | undefined;
  for (const other of batches.flatMap(({ statements }) => statements)) {
    const { runsAs, origin: place } = other;
    if (runsAs === undefined || other === statement || !isUpTo(origin, place)) continue;
    // Outside a transaction block SET LOCAL does nothing.
    if (runsAs.isLocal === true && !isBlock) continue;
    const { by, name } = runsAs;
    const set = name === undefined ? undefined : { name, line: place!.line };
    role = by === "role" ? set : undefined;
    if (by === "session_authorization") session = set && { ...set, session: set.name };
  }
  return role === undefined || session === undefined ? (role ?? session) : { ...role, session: session.name };
}

/**
 * What to grant where the author's SQL may not use what the message names, is not the owner of an object, or no member of a
 * role; or that the file has set the role which may not.
 */
export function deniedIn(
  plan: Plan,
  statement: Statement,
  failure: Failure,
  { runsAs, login, isSuperuser, owner, membership, needs = [] }: Roles,
): string | undefined {
  if (failure.sqlstate !== "42501") return undefined;
  const { role } = plan;
  const set = setRoleAt(plan, statement);
  const member = memberOf(failure.message);
  if (member?.isSet === true) return membershipHint(member.role, set?.session ?? login, membership);
  // It may have changed the role within itself.
  if (statement.runsAs !== undefined) return undefined;
  const to = set === undefined ? whom(role, runsAs) : qualified(set.name);
  if (member !== undefined) return membershipHint(member.role, set?.name ?? role ?? runsAs, membership);
  const setBy = set === undefined ? "" : `line ${set.line} of this file sets the role ${to}`;
  const owned = ownedIn(failure.message);
  const denied = deniedOn(failure.message);
  // Dynamic SQL may set any role.
  if (isSuperuser === true && (owned ?? denied) !== undefined)
    return `${to} is a superuser, so another role lacks the right: one that a DO block or a function has set, or the owner of a function or a view that is used here`;
  if (owned !== undefined) {
    if (set === undefined) return owner?.isOwn === true ? undefined : ownerHint(owned, owner, to);
    const { what } = owned;
    if (owner === undefined)
      return `${setBy}, which does not own ${what}: remove that, or set the role of its owner there`;
    if (owner.isOwn) return undefined;
    if (owner.isFirsts)
      return `${setBy}, which does not own ${what}: remove that, or before this statement, write: ${back(set, role)}`;
    if (owner.isLogins)
      return `${setBy}, but ${what} belongs to ${qualified(owner.name)}: before this statement, write: ${back(set, owner.name)}`;
    return `${setBy}; ${ownerHint(owned, owner, to)}`;
  }
  if (denied === undefined) return undefined;
  const granting = isNamedInPart(denied)
    ? neededOn(
        denied,
        needs.filter(({ as }) => as === set?.name),
        to,
      )
    : grantingHint(denied, to, createsIn(statement, failure));
  return granting === undefined || set === undefined ? granting : `${setBy}: ${granting}`;
}

/**
 * What to grant on what the message names without its schema, if the file itself needs it: what a view or a function uses may be
 * lacked by the owner of that.
 */
function neededOn(denied: Denied, needs: readonly Privilege[], to: string): string | undefined {
  const { kind, name } = denied;
  const own = needs.filter((need) => need.on === kind && need.name === name && need.privilege !== "EXISTS");
  const rights = own.map(({ privilege }) => privilege).filter((privilege) => ON_TABLES.has(privilege));
  const names = unique(
    own.map(({ schema, inServersPath }) =>
      schema === undefined || inServersPath !== undefined ? qualified(name) : qualified(schema, name),
    ),
  );
  if (rights.length > 0 && names.length === 1 && !isSystems(name))
    return `as the owner of ${names[0]}, run: GRANT ${unique(rights).join(", ")} ON ${names[0]} TO ${to}`;
  // A sequence that fills a column is not named in the file.
  const isNeeded = own.length > 0 || needs.some(({ privilege }) => privilege === "DEFAULTS");
  return isNeeded ? grantingHint(denied, to) : undefined;
}

const ON_TABLES = new Set<Privilege["privilege"]>([
  "SELECT",
  "INSERT",
  "UPDATE",
  "DELETE",
  "TRUNCATE",
  "REFERENCES",
  "TRIGGER",
]);

/** What makes the file's SQL run as another role again: the one of the connection, where none is named. */
function back({ session }: SetRole, role: string | undefined): string {
  const sets = [
    ...(session === undefined ? [] : ["RESET SESSION AUTHORIZATION"]),
    ...(role === undefined ? (session === undefined ? ["RESET ROLE"] : []) : [`SET ROLE ${qualified(role)}`]),
  ];
  return sets.join("; ");
}

const isNamedInPart = ({ kind }: Denied): boolean => kind === "relation" || kind === "routine";

/** `to`: whom the SQL runs as. */
function ownerHint({ what }: Owned, owner: Owner | undefined, to: string): string {
  if (owner === undefined)
    return `connect as the owner of ${what}; or, as a superuser, make ${to} a member of that role: GRANT ... TO ${to}`;
  const name = qualified(owner.name);
  const belongs = `${what} belongs to ${owner.isSuperuser ? "the superuser " : ""}${name}`;
  if (owner.isSettable && !owner.isSuperuser)
    return `${belongs}, of which ${to} is a member: before this statement, write: SET ROLE ${name}`;
  // Whoever is a member of a superuser may do everything.
  const isGranted = owner.isGrantable && !owner.isSuperuser;
  return `${belongs}: as a superuser, run: ${isGranted ? granting(name, to, owner.isMember ? "INHERIT" : undefined) : `ALTER ${owner.object} OWNER TO ${to}`}`;
}

/** Whether the schema is that of what a statement creates, and not of something that it names besides. */
function createsIn(statement: Statement, failure: Failure): boolean {
  const { tag = "", sql } = statement;
  if (!/^(?:CREATE|ALTER)\b/.test(tag)) return tag === "DO" && /\b(?:CREATE|ALTER)\b/i.test(sql);
  const before = withoutComments(sql).slice(0, offsetOf(failure, statement) ?? 0);
  return !/\(|\b(?:AS|FROM|ON|OF|REFERENCES)\b/i.test(before);
}
