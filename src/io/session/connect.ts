/**
 * A database address → an open connection to it: of several servers to the first that is there and is of the kind that is
 * meant, in libpq's order.
 */
import path from "node:path";
import { notReplaced, type SessionTarget } from "../../core/address.ts";
import { cancelled, MigrateError, NOTHING } from "../../core/errors.ts";
import { quotedName } from "../../core/failure/failure.ts";
import { membershipHint } from "../../core/failure/rights.ts";
import { asOptions } from "../../core/option-names.ts";
import { qualified } from "../../core/quote.ts";
import { shellWord } from "../../core/shell.ts";
import { textIfSeen } from "../files.ts";
import { type DatabaseAddress, type ServerAddress, serversOf } from "../libpq/parameters.ts";
import {
  clauseOf,
  type DriverError,
  type ServerOfPool,
  sqlstateOf,
  type Wire,
  type WireListener,
  type WireOptions,
} from "./types.ts";

/** What its messages depend on. */
type Told = Pick<WireOptions, "names" | "waits" | "asksContents">;

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
  { signal, creates = false, packed, ...told }: WireOptions,
  listener: WireListener,
): Promise<ConnectedWire> {
  if (address.kind === "server") return firstServer(address, { signal, ...told }, listener);
  const { embeddedWire } = await import("./embedded.ts");
  const wire = await embeddedWire(address, { creates, packed, asksContents: told.asksContents }, listener);
  try {
    await wire.connect();
    return { wire, address };
  } catch (error) {
    throw connectError(address, [{ at: address, cause: rootOf(error) }], told);
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
  { signal, ...told }: Pick<WireOptions, "signal"> & Told,
  listener: WireListener,
): Promise<ConnectedWire> {
  const { serverWire } = await import("./server.ts");
  const attempts: Attempt[] = [];
  const targets = address.target === "prefer-standby" ? (["standby", undefined] as const) : [address.target];
  for (const target of targets) {
    for (const at of serversOf(address)) {
      const wire = serverWire(at, { signal, ...told }, listener);
      try {
        await wire.connect();
        await requireTarget(wire, target);
        return { wire, address: at };
      } catch (error) {
        const place = address.others === undefined ? {} : { place: `${at.host}:${at.port}: ` };
        const attempt = { at, cause: rootOf(error), ...place };
        attempts.push(attempt);
        if (!isOther(attempt.cause)) throw connectError(address, [attempt], told);
      }
    }
  }
  throw connectError(address, attempts, told);
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

/** What pg and its pool say of a connection that ended, and of one that took longer than it may. */
const BROKEN = new Set([
  "Connection terminated unexpectedly",
  "Connection terminated due to connection timeout",
  "timeout expired",
]);

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

function connectError(address: DatabaseAddress, attempts: readonly Attempt[], told: Told): MigrateError {
  // One that is not there may be of the kind that is meant.
  const { at, cause } = attempts.findLast((each) => !(each.cause instanceof OtherKind)) ?? attempts.at(-1)!;
  if (cause instanceof MigrateError) return cause;
  const reasons = new Set(attempts.map((attempt) => (attempt.place ?? "") + clauseOf(attempt.cause)));
  const sqlstate = sqlstateOf(cause);
  return new MigrateError(
    {
      code: "execution/connect",
      message: `cannot connect to ${address.display} (from ${address.origin}): ${[...reasons].join("; ")}`,
      hint: connectHint(at, cause, told),
      ...(sqlstate === undefined ? {} : { sqlstate }),
    },
    { cause },
  );
}

function connectHint(address: DatabaseAddress, cause: DriverError, told: Told): string {
  const { settings } = told.names ?? asOptions;
  if (address.kind === "pglite") {
    const made = postgresOf(address.folder);
    const version = `, and that the PGlite that is installed is of PostgreSQL ${made}, which has made the database`;
    return `check that this user can write to the database's folder${made === undefined ? "" : version}`;
  }
  // A host has no such sign in its name.
  const inHost = /\$(?:\w+|\{\w+\}|\(\w+\))/.exec(address.host)?.[0] ?? "";
  for (const word of [inHost, address.database, address.user]) {
    const found = notReplaced(word);
    if (found !== undefined) return `${found.variable} was not replaced by its value: ${found.hint}`;
  }
  if (cause instanceof OtherKind)
    return `name a server of that kind, or change ${written(address, "target_session_attrs")}; see the settings with: ${settings}`;
  switch (refusalOf(cause, address.options)) {
    case "certificate": {
      const name = address.ssl !== false && address.ssl.checkHost ? `, and name ${address.host}` : "";
      return `the server's certificate must be signed by an authority of ${written(address, "sslrootcert")}${name}; see the settings with: ${settings}`;
    }
    case "no TLS":
      return `give the server a certificate, or, in a trusted network, use ${withoutTls(address)}`;
    case "no database": {
      const from = address.origins["dbname"] ?? address.origin;
      const stray = strayIn(address.database);
      if (stray !== undefined) return `${stray} (from ${from})`;
      if (told.asksContents === true)
        return `check its name (from ${from}); list the databases of the server with: psql${clientOptions(address)} -l`;
      return `create the database first, for example with: ${createdb(address)}`;
    }
    case "no entry": {
      // Every other mode has tried TLS, if the server has it.
      const isPlain = address.ssl === false && !address.host.startsWith("/");
      const tls = isPlain ? `, or connect with TLS: ${written(address, "sslmode")}=require` : "";
      return `the server's pg_hba.conf does not let ${address.user} connect to ${address.database} from here: add an entry and reload${tls}`;
    }
    case "may not":
      return `as a superuser, run: ALTER ROLE ${qualified(address.user)} LOGIN; or connect as another role`;
    case "no login":
      return address.notReplaced === undefined
        ? `check the user and password; see where they come from with: ${settings}`
        : `the password is ${address.notReplaced.variable}, which was not replaced by its value: ${address.notReplaced.hint}`;
    case "no way in":
      return `check the user, and how the server's pg_hba.conf has it log in; see the settings with: ${settings}`;
    case "options":
      return `correct the options of the connection (from ${optionsOrigin(address)})`;
    case "no options":
      return `a pooler takes no such options: leave them out (from ${optionsOrigin(address)}), and write timeouts and the search path in the config file, in "session"; or connect to the server itself`;
    case "full":
      return `${FULL} ${again(told)}`;
    case "not yet":
      return `${NOT_YET} ${again(told)}`;
    case "no role":
      return membershipHint(quotedName(cause.message)!, address.user);
    case "no right":
      return `as the owner of the database, run: GRANT CONNECT ON DATABASE ${qualified(address.database)} TO ${qualified(address.user)}`;
    case "invalid":
      if (told.asksContents === true)
        return `a DROP DATABASE of it was interrupted, so its contents are lost: name another database`;
      return `a DROP DATABASE of it was interrupted: in another database, run: DROP DATABASE ${qualified(address.database)}; then create it again, for example with: ${createdb(address)}`;
    case "closed":
      return `name another database; or, as a superuser, in another database, run: ALTER DATABASE ${qualified(address.database)} ALLOW_CONNECTIONS true`;
    case "refused":
      return `the server, or a pooler before it, refuses this connection; see the settings with: ${settings}`;
    case "disagreed":
      return `check the settings of the connection: ${settings}`;
    default:
      return `check that the server is running and accepts connections at this address; see the settings with: ${settings}`;
  }
}

/** It comes from what the address was put together of: hardly anybody's database is called so. */
function strayIn(database = ""): string | undefined {
  const found = /^\/|[/;]$/.exec(database);
  return found === null
    ? undefined
    : `leave out the ${found[0]} that its name ${found.index === 0 ? "begins" : "ends"} with`;
}

const optionsOrigin = ({ origins, origin }: ServerAddress): string => origins["options"] ?? origin;

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

const FULL = "no connection is free: end one or raise the limit, and";
const NOT_YET = "the server accepts no connections now;";

/** It may have waited already. */
const again = ({ names = asOptions, waits = false }: Told): string =>
  `run the same command again${waits ? `; or let it wait longer, where it has ${names.short("wait")}` : ""}`;
/** All that take a pool have the option. */
const POOL_AGAIN = "try again; or wait longer, with the option wait";

/** The same for a pool of the caller's, whose settings are not ours. `server`: asked where it has answered. */
export function poolHint(cause: DriverError, server: () => ServerOfPool | undefined): string {
  switch (refusalOf(cause)) {
    case "no TLS":
      return "give the server a certificate, or, in a trusted network, make the pool without ssl";
    case "no database":
      return `${strayIn(quotedName(cause.message)) ?? missingDatabase(cause, server())}; or give the pool the name of another`;
    case "no entry":
      return "the server's pg_hba.conf does not let this user connect to this database from here: add an entry and reload, or make the pool as an entry requires, such as with ssl";
    case "may not":
      return "as a superuser, run: ALTER ROLE ... LOGIN; or give the pool another user";
    case "no login":
      return "check the user and password that the pool was given";
    case "no way in":
      return "check the user that the pool was given, and how the server's pg_hba.conf has it log in";
    case "options":
      return "correct the options that the pool was given";
    case "full":
      return `${FULL} ${POOL_AGAIN}`;
    case "not yet":
      return `${NOT_YET} ${POOL_AGAIN}`;
    case "no right":
      return "grant the user of the pool the right: GRANT CONNECT ON DATABASE ... TO ...";
    case "invalid":
      return "a DROP DATABASE of it was interrupted: drop it, and create it again; or give the pool the name of another";
    case "closed":
      return "allow connections again: ALTER DATABASE ... ALLOW_CONNECTIONS true; or give the pool the name of another";
    case "busy":
      return "all connections of the pool are in use: release one, or raise its max";
    case "refused":
      return "the server, or a pooler before it, refuses this connection; check what the pool was given";
    case "certificate":
    case "disagreed":
      return "check the password and the ssl that the pool was given";
    default:
      return "check that the server is running and accepts connections at the address that was given";
  }
}

/** Its name as the server says it, in the command that makes it there. */
function missingDatabase({ message }: DriverError, server: ServerOfPool | undefined): string {
  const database = quotedName(message);
  return database === undefined || server === undefined
    ? "create the database first, on the server of the pool"
    : `create the database first, for example with: ${createdb({ ...server, database })}`;
}

/** Why there is no connection to a server; undefined where it was not reached. `options`: what it was given, as in PGOPTIONS. */
function refusalOf(error: DriverError, options = "") {
  const { code, message } = error;
  if (sqlstateOf(error) === undefined) return unreachedBy(error);
  if (code === "3D000") return "no database";
  // No such parameter, no value of its type, no option of a server, none that is set at the start of a session.
  if (/^(?:42704|22023|42601|55P02)$/.test(code ?? "")) return "options";
  if (code === "28000" && message.includes("pg_hba.conf")) return "no entry";
  if (code === "28000" && message.includes("not permitted to log in")) return "may not";
  if (code === "28P01") return "no login";
  if (code === "28000") return "no way in";
  if (code === "53300") return "full";
  if (/^57P0[1-3]$/.test(code ?? "")) return "not yet";
  // A pooler's.
  if (code === "08P01" && options !== "" && message.includes("startup parameter")) return "no options";
  if (code === "42501") {
    if (options.replaceAll("\\", "").includes(`role=${quotedName(message)}`)) return "no role";
    // One SQLSTATE for the right to connect and for that to a setting; a pooler says no routine, and mostly means the former.
    return [undefined, "CheckMyDatabase"].includes(error.routine) ? "no right" : "options";
  }
  // Of a database whose removal was interrupted, nothing can be altered any more.
  if (code === "55000") return error.hint?.includes("DROP DATABASE") === true ? "invalid" : "closed";
  return "refused";
}

/** What is not the server's own: the network's, which is undefined, or this side's. */
function unreachedBy(error: DriverError) {
  const { code = "", message } = error;
  if (message.includes("does not support SSL")) return "no TLS";
  if (message === BUSY) return "busy";
  if (isOther(error)) return undefined;
  // What OpenSSL has codes for is about a message, or about our own certificate.
  return /^(?!ERR_(?:OSSL|SSL)_).*(?:CERT|ISSUER|SIGNATURE)/.test(code) ? "certificate" : "disagreed";
}

/** What pg says where a pool has no connection left. */
const BUSY = "timeout exceeded when trying to connect";

const createdb = (at: ServerOfPool & { readonly database: string }): string =>
  `createdb${clientOptions(at)} ${shellWord(at.database)}`;

/** The server and the user, as the programs of PostgreSQL take them. */
function clientOptions({ host, port, user }: ServerOfPool): string {
  const at = port === 5432 ? "" : ` -p ${port}`;
  const as = user === undefined ? "" : ` -U ${shellWord(user)}`;
  return ` -h ${shellWord(host)}${at}${as}`;
}
