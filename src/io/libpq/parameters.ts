/**
 * The parameters of a database address, completed as libpq does it (service file, `PG*` variables, password file,
 * certificates) → a `DatabaseAddress`, ready to connect to and safe to show.
 */
import { homedir, userInfo } from "node:os";
import path from "node:path";
import {
  addressFault,
  checkParameter,
  type Found,
  type Parameters,
  type ParsedAddress,
  parameterRules,
  severalHosts,
} from "../../core/address.ts";
import { type FilePassword, type Login, passwordFromFile } from "./passfile.ts";
import { readService } from "./service.ts";
import { type ChannelBinding, channelBindingOf, tlsOf, type WithTls } from "./tls.ts";

export interface ServerAddress extends Login, WithTls {
  readonly kind: "server";
  readonly password?: string;
  /** Asked for explicitly; `require` must refuse a server that does not offer it. */
  readonly channelBinding?: ChannelBinding;
  /** Command-line options for the server, such as `-c search_path=shop`. */
  readonly options?: string;
  readonly applicationName?: string;
  /** Seconds; absent: wait as long as the network does. */
  readonly connectTimeout?: number;
  /** The address without its password, to be shown. */
  readonly display: string;
  /** Where the address was found: `environment variable DATABASE_URL`, `.env line 3`, … */
  readonly origin: string;
  /** Where each parameter was found, by libpq's names; what is not here is a default. */
  readonly origins: Readonly<Record<string, string>>;
  readonly warnings: Warnings;
}

/** Sentences to print before connecting, such as a password file that others can read. */
type Warnings = readonly string[];

export interface EmbeddedAddress {
  readonly kind: "pglite";
  /** `memory`, or an absolute path. */
  readonly folder: string;
  readonly display: string;
  readonly origin: string;
  readonly warnings: Warnings;
}

export type DatabaseAddress = ServerAddress | EmbeddedAddress;

/** What surrounds an address: variables (the environment before `.env`), and where relative paths begin. */
export interface Surroundings {
  readonly variable: (name: string) => Found | undefined;
  readonly cwd: string;
}

/**
 * Completes a parsed address. `origin` says where it was found, `base` is the folder that relative paths in it
 * begin at. Throws `usage/database-address`, `usage/service`, `usage/tls-file`.
 */
export async function resolveAddress(
  parsed: ParsedAddress,
  origin: string,
  base: string,
  surroundings: Surroundings,
): Promise<DatabaseAddress> {
  if (parsed.kind === "pglite") {
    const folder = embeddedFolder(parsed.folder, base);
    return { kind: "pglite", folder, display: `pglite:${parsed.folder}`, origin, warnings: [] };
  }
  const home = surroundings.variable("HOME")?.value ?? homedir();
  const parameters = new Map<string, Found>();
  add(parameters, Object.entries(parsed.parameters), origin, base);
  complete(parameters, surroundings, home);
  const get = (name: string): string | undefined => parameters.get(name)?.value;

  const host = get("host") ?? "localhost";
  const port = portOf(parameters);
  if (host.includes(",")) throw severalHosts(originOf(parameters, "host"));
  const user = get("user") ?? systemUser(origin);
  const database = get("dbname") ?? user;
  const login = { host, port, database, user };
  const { password, warning } = passwordOf(parameters, home, login);
  const ssl = tlsOf(parameters, host, home);
  const connectTimeout = timeoutOf(parameters);
  const options = get("options");
  const applicationName = get("application_name");
  const channelBinding = channelBindingOf(parameters);
  return {
    kind: "server",
    ...login,
    ...(password === undefined ? {} : { password }),
    ssl,
    ...(channelBinding === undefined ? {} : { channelBinding }),
    ...(options === undefined ? {} : { options }),
    ...(applicationName === undefined ? {} : { applicationName }),
    ...(connectTimeout === undefined ? {} : { connectTimeout }),
    display: displayOf(login, password !== undefined),
    origin,
    origins: Object.fromEntries([...parameters].map(([name, found]) => [name, found.origin])),
    warnings: warning === undefined ? [] : [warning],
  };
}

/** `memory`, or the absolute path of a folder as it was written. */
export const embeddedFolder = (folder: string, base: string): string =>
  folder === "memory" ? folder : path.resolve(base, folder);

/** How a person names it: `deploy@db.example:5432/shop`, or the address of an embedded database. */
export function databaseName(address: DatabaseAddress): string {
  if (address.kind === "pglite") return address.display;
  const { user, host, port, database } = address;
  const place = host.startsWith("/") ? (port === 5432 ? host : `${host}:${port}`) : `${host}:${port}`;
  return `${user}@${place}/${database}`;
}

/** The texts that must never be printed. A password that is also the user's or database's name hides nothing. */
export function secretsOf(address: DatabaseAddress): readonly string[] {
  if (address.kind === "pglite") return [];
  const { user, database, host, password } = address;
  const passphrase = address.ssl === false ? undefined : address.ssl.passphrase;
  return [password, passphrase].filter(
    (secret): secret is string => secret !== undefined && ![user, database, host].includes(secret),
  );
}

const pathParameters = ["passfile", "servicefile", "sslrootcert", "sslcert", "sslkey"];

function add(
  parameters: Map<string, Found>,
  entries: Iterable<readonly [string, string]>,
  origin: string,
  base: string,
): void {
  for (const [name, value] of entries) {
    if (value === "" || parameters.has(name)) continue;
    const isPath = pathParameters.includes(name) && !(name === "sslrootcert" && value === "system");
    parameters.set(name, { value: isPath ? path.resolve(base, value) : value, origin });
  }
}

/** What the address leaves open: first from the service, then from the `PG*` variables. */
function complete(parameters: Map<string, Found>, { variable, cwd }: Surroundings, home: string): void {
  const fromVariables = (names: readonly string[]) => {
    for (const name of names) {
      const env = parameterRules[name]?.env;
      const found = env === undefined ? undefined : variable(env);
      if (found === undefined || parameters.has(name)) continue;
      checkParameter(name, found.value, found.origin);
      add(parameters, [[name, found.value]], found.origin, cwd);
    }
  };
  fromVariables(["service", "servicefile"]);
  const service = parameters.get("service");
  if (service !== undefined) {
    const file = parameters.get("servicefile")?.value;
    const systemFolder = variable("PGSYSCONFDIR")?.value;
    const files = file !== undefined ? [file] : [path.join(home, ".pg_service.conf")];
    if (systemFolder !== undefined) files.push(path.join(systemFolder, "pg_service.conf"));
    const { entries, origin } = readService(service, files);
    add(parameters, entries, origin, cwd);
  }
  fromVariables(Object.keys(parameterRules));
}

function originOf(parameters: Parameters, name: string): string {
  return parameters.get(name)?.origin ?? "the defaults";
}

function portOf(parameters: Parameters): number {
  const text = parameters.get("port")?.value ?? "5432";
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65535) return port;
  if (/^\d+(,\d*)+$/.test(text)) throw severalHosts(originOf(parameters, "port"));
  throw addressFault(
    originOf(parameters, "port"),
    "the database's port is not a number from 1 to 65535",
    "give one number; PostgreSQL's default is 5432",
  );
}

/** libpq: 0 or less waits for ever. */
function timeoutOf(parameters: Parameters): number | undefined {
  const text = parameters.get("connect_timeout")?.value;
  if (text === undefined) return undefined;
  if (!/^-?\d{1,9}$/.test(text)) {
    throw addressFault(
      originOf(parameters, "connect_timeout"),
      "connect_timeout is not a number of seconds",
      "use for example connect_timeout=10, or 0 for no limit",
    );
  }
  return Number(text) > 0 ? Number(text) : undefined;
}

function systemUser(origin: string): string {
  try {
    return userInfo().username;
  } catch {
    throw addressFault(
      origin,
      "the database address has no user",
      "add one: postgres://user@host/name, or set PGUSER",
    );
  }
}

function passwordOf(parameters: Parameters, home: string, login: Login): FilePassword {
  const given = parameters.get("password")?.value;
  if (given !== undefined) return { password: given };
  const named = parameters.get("passfile")?.value;
  return passwordFromFile(named ?? path.join(home, ".pgpass"), named !== undefined, login);
}

function displayOf({ host, port, user, database }: Login, hasPassword: boolean): string {
  const login = `postgres://${encodeURIComponent(user)}${hasPassword ? ":***" : ""}@`;
  const name = encodeURIComponent(database);
  if (host.startsWith("/"))
    return `${login}/${name}?host=${encodeURI(host)}${port === 5432 ? "" : `&port=${port}`}`;
  return `${login}${host.includes(":") ? `[${host}]` : encodeURIComponent(host)}:${port}/${name}`;
}
