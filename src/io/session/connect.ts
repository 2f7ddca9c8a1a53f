/**
 * A database address → an open connection to it: of several servers to the first that is there and is of the kind that is
 * meant, in libpq's order.
 */
import path from "node:path";
import { notReplaced, type SessionTarget } from "../../core/address.ts";
import { cancelled, MigrateError, NOTHING } from "../../core/errors.ts";
import { quotedName } from "../../core/failure/failure.ts";
import { membershipHint } from "../../core/failure/rights.ts";
import { qualified } from "../../core/quote.ts";
import { shellWord } from "../../core/shell.ts";
import { textIfSeen } from "../files.ts";
import { type DatabaseAddress, type ServerAddress, serversOf } from "../libpq/parameters.ts";
import { clauseOf, type DriverError, sqlstateOf, type Wire, type WireListener } from "./types.ts";

export interface WireOptions {
  /** Nobody needs it any more, so it is given up. */
  readonly signal?: AbortSignal | undefined;
  /** An embedded database is made where there is none; else one that is not there is empty, and none is made. */
  readonly creates?: boolean | undefined;
  /** What an embedded database in memory begins as: what another session has packed. */
  readonly packed?: Uint8Array | undefined;
}

interface ConnectedWire {
  readonly wire: Wire;
  /** Of the one server, where several were named. */
  readonly address: DatabaseAddress;
}

/** Throws `execution/connect`, `execution/database-in-use`; `execution/cancelled` where it was given up. */
export async function connectedWire(
  address: DatabaseAddress,
  options: WireOptions,
  listener: WireListener,
): Promise<ConnectedWire> {
  try {
    return await wireTo(address, options, listener);
  } catch (error) {
    throw options.signal?.aborted === true ? cancelled(NOTHING, error) : error;
  }
}

async function wireTo(
  address: DatabaseAddress,
  { signal, creates = false, packed }: WireOptions,
  listener: WireListener,
): Promise<ConnectedWire> {
  if (address.kind === "server") return firstServer(address, signal, listener);
  const wire = await (await import("./embedded.ts")).embeddedWire(address, creates, listener, packed);
  try {
    await wire.connect();
    return { wire, address };
  } catch (error) {
    throw connectError(address, [{ at: address, cause: rootOf(error) }]);
  }
}

/** A server that did not do, and why. */
interface Attempt {
  readonly at: DatabaseAddress;
  readonly cause: DriverError;
  /** Which server it is, where several are named: `db1:5432: `. */
  readonly place?: string;
}

/** As in libpq, who refuses the login ends the search. */
async function firstServer(
  address: ServerAddress,
  signal: AbortSignal | undefined,
  listener: WireListener,
): Promise<ConnectedWire> {
  const { serverWire } = await import("./server.ts");
  const attempts: Attempt[] = [];
  const targets = address.target === "prefer-standby" ? (["standby", undefined] as const) : [address.target];
  for (const target of targets) {
    for (const at of serversOf(address)) {
      const wire = serverWire(at, signal, listener);
      try {
        await wire.connect();
        await requireTarget(wire, target);
        return { wire, address: at };
      } catch (error) {
        const place = address.others === undefined ? {} : { place: `${at.host}:${at.port}: ` };
        const attempt = { at, cause: rootOf(error), ...place };
        attempts.push(attempt);
        if (!isOther(attempt.cause)) throw connectError(address, [attempt]);
      }
    }
  }
  throw connectError(address, attempts);
}

// ── which kind of server ────────────────────────────────────────────────────────────────────────────────────────

/** It answers, and is not the kind of server that is meant. */
class OtherKind extends Error {}

interface Kind {
  readonly isStandby: boolean;
  readonly isReadOnly: boolean;
}

const KINDS: Readonly<
  Record<
    Exclude<SessionTarget, "prefer-standby">,
    { readonly fits: (kind: Kind) => boolean; readonly else: string }
  >
> = {
  "read-write": { fits: ({ isReadOnly }) => !isReadOnly, else: "it is read-only" },
  "read-only": { fits: ({ isReadOnly }) => isReadOnly, else: "it can be written to" },
  primary: { fits: ({ isStandby }) => !isStandby, else: "it is a standby" },
  standby: { fits: ({ isStandby }) => isStandby, else: "it is a primary server" },
};

const KIND =
  "SELECT pg_catalog.pg_is_in_recovery() AS standby, pg_catalog.current_setting('transaction_read_only') AS readonly";

/** Closes the connection where it is of another kind. */
async function requireTarget(wire: Wire, target: keyof typeof KINDS | undefined): Promise<void> {
  if (target === undefined) return;
  const { fits, else: said } = KINDS[target];
  try {
    const [row] = (await wire.send(KIND, true)).rows;
    const kind = { isStandby: row?.["standby"] === true, isReadOnly: row?.["readonly"] === "on" };
    if (!fits(kind)) throw new OtherKind(`${said}, and target_session_attrs=${target} asks for another`);
  } catch (error) {
    await wire.end().catch(() => {});
    throw error;
  }
}

// ── what went wrong ─────────────────────────────────────────────────────────────────────────────────────────────

/** No server that is meant is there yet; a wrong password or certificate will not mend by waiting. */
export const isNotYet = ({ code, cause }: MigrateError): boolean =>
  code === "execution/connect" && cause instanceof Error && isOther(cause as DriverError);

/** The server is not there, still starting, stopping or full; or it is of another kind. */
function isOther(error: DriverError): boolean {
  if (error instanceof OtherKind) return true;
  const sqlstate = sqlstateOf(error);
  if (sqlstate !== undefined) return /^(?:57P0[1-3]|53300)$/.test(sqlstate);
  return error.code === undefined ? BROKEN.has(error.message) : NETWORK.has(error.code);
}

/** What pg says of a connection that ended, and of one that took longer than connect_timeout. */
const BROKEN = new Set(["Connection terminated unexpectedly", "timeout expired"]);

/** What a network says of a host that is not there, or not yet. */
const NETWORK = new Set([
  ...["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN"],
  // A name that is not known yet; a socket that is not there yet.
  ...["ENOTFOUND", "EAI_AGAIN", "ENOENT"],
]);

function rootOf(error: unknown): DriverError {
  let cause = error as DriverError;
  while (cause.cause instanceof Error) cause = cause.cause as DriverError;
  return cause;
}

function connectError(address: DatabaseAddress, attempts: readonly Attempt[]): MigrateError {
  const { at, cause } = attempts.at(-1)!;
  if (cause instanceof MigrateError) return cause;
  const reasons = new Set(attempts.map((attempt) => (attempt.place ?? "") + reasonOf(attempt)));
  const sqlstate = sqlstateOf(cause);
  return new MigrateError(
    {
      code: "execution/connect",
      message: `cannot connect to ${address.display} (from ${address.origin}): ${[...reasons].join("; ")}`,
      hint: connectHint(at, cause),
      ...(sqlstate === undefined ? {} : { sqlstate }),
    },
    { cause },
  );
}

const reasonOf = ({ cause }: Attempt): string =>
  clauseOf(cause instanceof AggregateError && cause.errors[0] instanceof Error ? cause.errors[0] : cause);

function connectHint(address: DatabaseAddress, cause: DriverError): string {
  if (address.kind === "pglite") {
    const made = postgresOf(address.folder);
    const version = `, and that the PGlite that is installed is of PostgreSQL ${made}, which has made the database`;
    return `check that this user can write to the database's folder${made === undefined ? "" : version}`;
  }
  for (const word of [address.host, address.database, address.user]) {
    const found = notReplaced(word);
    if (found !== undefined) return `${found.variable} was not replaced by its value: ${found.hint}`;
  }
  if (cause instanceof OtherKind)
    return `add a server of that kind${address.variables["host"] === undefined ? " to the address, such as postgres://USER@host1,host2/name" : `: ${address.variables["host"]}=host1,host2`}; see the settings with: migrate config`;
  switch (refusalOf(cause, address.options)) {
    case "no TLS":
      return `give the server a certificate, or, in a trusted network, use ${withoutTls(address)}`;
    case "no database":
      return `create the database first, for example with: ${createdb(address)}`;
    case "no entry":
      return `the server's pg_hba.conf does not let ${address.user} connect to ${address.database} from here: add an entry and reload, or connect as an entry requires, for example with ${written(address, "sslmode")}=require`;
    case "may not":
      return `as a superuser, run: ALTER ROLE ${qualified(address.user)} LOGIN; or connect as another role`;
    case "no login":
      return "check the user and password; see where they come from with: migrate config";
    case "options":
      return `correct the options of the connection (from ${address.origins["options"] ?? address.origin}); see the settings with: migrate config`;
    case "full":
      return FULL;
    case "not yet":
      return NOT_YET;
    case "no role":
      return membershipHint(quotedName(cause.message)!, address.user);
    case "no right":
      return `as the owner of the database, run: GRANT CONNECT ON DATABASE ${qualified(address.database)} TO ${qualified(address.user)}`;
    case "invalid":
      return `a DROP DATABASE of it was interrupted: in another database, run: DROP DATABASE ${qualified(address.database)}; then create it again, for example with: ${createdb(address)}`;
    case "closed":
      return `as a superuser, in another database, run: ALTER DATABASE ${qualified(address.database)} ALLOW_CONNECTIONS true; or name another database`;
    case "refused":
      return "the server is running, and refuses this connection; see the settings with: migrate config";
    default:
      return "check that the server is running and accepts connections at this address; see the settings with: migrate config";
  }
}

const written = ({ variables }: ServerAddress, name: string): string => variables[name] ?? name;

/** What to write, and where, so that a server without TLS will do. */
function withoutTls(address: ServerAddress): string {
  const { ssl, origin, origins, variables } = address;
  const name = written(address, "sslmode");
  const from = origins["sslmode"] ?? origin;
  // A service has one, too.
  const inPlace = variables["sslmode"] !== undefined ? "" : ` in ${from === origin ? "the address" : from}`;
  // No other mode goes with the authorities of the system.
  const isSystem = ssl !== false && ssl.rejectUnauthorized && ssl.ca === undefined;
  const without = isSystem ? `, without ${written(address, "sslrootcert")}=system` : "";
  return `${name}=prefer or ${name}=disable${inPlace}${without}`;
}

/** The major version that has made the embedded database in a folder. */
const postgresOf = (folder: string): string | undefined =>
  /^\d+/.exec(textIfSeen(path.join(folder, "PG_VERSION"), "execution/connect") ?? "")?.[0];

/** It may have waited already. */
const AGAIN = "run the same command again; or let it wait longer, where it has the option: --wait SECONDS";

const FULL = `no connection is free: end one or raise the limit, and ${AGAIN}`;
const NOT_YET = `the server accepts no connections now; ${AGAIN}`;

/** The same for a pool of the caller's, whose settings are not ours. */
export function poolHint(cause: DriverError): string {
  switch (refusalOf(cause)) {
    case "no TLS":
      return "give the server a certificate, or, in a trusted network, make the pool without ssl";
    case "no database":
      return `create the database first${missingDatabase(cause)}; or give the pool the name of another`;
    case "no entry":
      return "the server's pg_hba.conf does not let this user connect to this database from here: add an entry and reload, or make the pool as an entry requires, for example with ssl";
    case "may not":
      return "as a superuser, run: ALTER ROLE ... LOGIN; or give the pool another user";
    case "no login":
      return "check the user and password that the pool was given";
    case "options":
      return "correct the options that the pool was given";
    case "full":
      return FULL;
    case "not yet":
      return NOT_YET;
    case "no right":
      return "grant the user of the pool the right: GRANT CONNECT ON DATABASE ... TO ...";
    case "invalid":
      return "a DROP DATABASE of it was interrupted: drop it, and create it again; or give the pool the name of another";
    case "closed":
      return "allow connections again: ALTER DATABASE ... ALLOW_CONNECTIONS true; or give the pool the name of another";
    case "refused":
      return "the server is running, and refuses this connection; check what the pool was given";
    default:
      return "check that the server is running and accepts connections at the address that was given";
  }
}

/** Its name as the server says it, in the command that makes it. */
function missingDatabase({ message }: DriverError): string {
  const name = quotedName(message);
  return name === undefined ? "" : `, for example with: createdb ${shellWord(name)}`;
}

/** Why a server that was reached takes no connection; undefined where it was not reached. `options`: what it was given, as in PGOPTIONS. */
function refusalOf(error: DriverError, options = "") {
  const { code, message } = error;
  if (message.includes("does not support SSL")) return "no TLS";
  if (code === "3D000") return "no database";
  // No such parameter, no value of its type, no option of a server, none that is set at the start of a session.
  if (/^(?:42704|22023|42601|55P02)$/.test(code ?? "")) return "options";
  if (code === "28000" && message.includes("pg_hba.conf")) return "no entry";
  if (code === "28000" && message.includes("not permitted to log in")) return "may not";
  if (code === "28P01" || code === "28000") return "no login";
  if (code === "53300") return "full";
  if (code === "57P03") return "not yet";
  if (code === "42501") {
    if (options.replaceAll("\\", "").includes(`role=${quotedName(message)}`)) return "no role";
    // One SQLSTATE for the right to connect and for that to a setting; a pooler says no routine, and mostly means the former.
    return [undefined, "CheckMyDatabase"].includes(error.routine) ? "no right" : "options";
  }
  // Of a database whose removal was interrupted, nothing can be altered any more.
  if (code === "55000") return error.hint?.includes("DROP DATABASE") === true ? "invalid" : "closed";
  return sqlstateOf(error) === undefined ? undefined : "refused";
}

function createdb({ host, port, user, database }: ServerAddress): string {
  const at = port === 5432 ? "" : ` -p ${port}`;
  return `createdb -h ${shellWord(host)}${at} -U ${shellWord(user)} ${shellWord(database)}`;
}
