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
  hasParametersBehind,
  isUrl,
  type NotReplaced,
  notReplaced,
  type Parameters,
  type ParsedAddress,
  parameterRules,
  type SessionTarget,
  sessionTargets,
  writtenAs,
} from "../../core/address.ts";
import { type FilePassword, type Login, passwordFromFile } from "./passfile.ts";
import { readService } from "./service.ts";
import { type ChannelBinding, channelBindingOf, tlsOf, type WithTls } from "./tls.ts";

/** One server of those that an address names. */
interface Server extends Pick<Login, "host" | "port">, WithTls {
  readonly password?: string;
  /** The password is the name of a variable that there is, and so no secret: its value is meant. */
  readonly notReplaced?: NotReplaced;
}

export interface ServerAddress extends Login, Server {
  readonly kind: "server";
  /** The other servers that it names, in the order in which they are tried when this one is not there, or not of the kind that is meant. */
  readonly others?: readonly Server[];
  /** Which kind of server is meant; absent: any. */
  readonly target?: SessionTarget;
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
  /** How parameters are written, by libpq's names, where that is not the name: `PGSSLMODE` where it gives the mode, or is where to give one. */
  readonly variables: Readonly<Record<string, string>>;
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
  const home = surroundings.variable("HOME")?.value ?? systemHome();
  const parameters = new Map<string, Found>();
  for (const entry of Object.entries(parsed.parameters))
    add(parameters, [entry], { origin: parsed.origins?.[entry[0]] ?? origin }, base);
  complete(parameters, surroundings, home);
  refuseMoreThanAPart(parameters);
  const get = (name: string): string | undefined => parameters.get(name)?.value;

  const user = get("user") ?? systemUser(origin);
  const database = get("dbname") ?? user;
  // As libpq; a person who leaves the name out, or whose variable is empty, seldom means that one.
  const warnings =
    get("dbname") === undefined
      ? [`no database is named, so the one with the name of the user is used: ${database}`]
      : [];
  const passwords: Record<string, string> = {};
  const [server, ...others] = placesOf(parameters).map((place): Server => {
    const found = passwordOf(parameters, home, { ...place, database, user });
    const { password, warning } = found;
    if (found.origin !== undefined) passwords["password"] ??= found.origin;
    if (warning !== undefined && !warnings.includes(warning)) warnings.push(warning);
    const variable = password === undefined ? undefined : notReplaced(password);
    const isName = variable !== undefined && surroundings.variable(variable.name) !== undefined;
    return {
      ...place,
      ...(password === undefined ? {} : { password }),
      ...(isName ? { notReplaced: variable } : {}),
      ssl: tlsOf(parameters, place.host, home),
    };
  });
  // There is none to write another parameter into.
  const hasNoAddress = parsed.origins !== undefined || Object.keys(parsed.parameters).length === 0;
  const target = sessionTargets.find((known) => known === get("target_session_attrs")?.toLowerCase());
  const connectTimeout = timeoutOf(parameters);
  const options = get("options");
  const applicationName = get("application_name");
  const channelBinding = channelBindingOf(parameters);
  return {
    kind: "server",
    database,
    user,
    ...server!,
    ...(others.length === 0 ? {} : { others }),
    ...(target === undefined ? {} : { target }),
    ...(channelBinding === undefined ? {} : { channelBinding }),
    ...(options === undefined ? {} : { options }),
    ...(applicationName === undefined ? {} : { applicationName }),
    ...(connectTimeout === undefined ? {} : { connectTimeout }),
    display: displayOf([server!, ...others], { database, user }),
    origin,
    origins: {
      ...Object.fromEntries([...parameters].map(([name, found]) => [name, found.origin])),
      ...passwords,
    },
    variables: Object.fromEntries(
      Object.keys(parameterRules)
        .map((name) => [name, writtenAs(name, parameters.get(name) ?? { isVariable: hasNoAddress })] as const)
        .filter(([name, written]) => written !== name),
    ),
    warnings,
  };
}

/** `memory`, or the absolute path of a folder as it was written. */
export const embeddedFolder = (folder: string, base: string): string =>
  folder === "memory" ? folder : path.resolve(base, folder);

/** An address of each server that the address names, in order. */
export function serversOf({ others = [], ...first }: ServerAddress): readonly ServerAddress[] {
  const { password: _, notReplaced: __, ...rest } = first;
  return [first, ...others.map((server) => ({ ...rest, ...server }))];
}

/** Its hosts and ports, as libpq writes them: one port where it is that of all. */
export function listsOf(address: ServerAddress): { readonly host: string; readonly port: number | string } {
  const servers = serversOf(address);
  const isOne = servers.every(({ port }) => port === address.port);
  return {
    host: servers.map(({ host }) => host).join(","),
    port: isOne ? address.port : servers.map(({ port }) => port).join(","),
  };
}

/** How a person names it: `deploy@db.example:5432/shop`, or the address of an embedded database. */
export function databaseName(address: DatabaseAddress): string {
  if (address.kind === "pglite") return address.display;
  const places = serversOf(address).map(({ host, port }) =>
    host.startsWith("/") && port === 5432 ? host : `${host}:${port}`,
  );
  return `${address.user}@${places.join(",")}/${address.database}`;
}

/** The texts that must never be printed. A password that is also the user's, the database's or one of these names hides nothing. */
export function secretsOf(
  address: DatabaseAddress,
  names: readonly (string | undefined)[] = [],
): readonly string[] {
  if (address.kind === "pglite") return [];
  const { user, database } = address;
  return serversOf(address).flatMap(({ host, password, notReplaced: name, ssl }) =>
    [name === undefined ? password : undefined, ssl === false ? undefined : ssl.passphrase].filter(
      (secret): secret is string =>
        secret !== undefined && ![user, database, host, ...names].includes(secret),
    ),
  );
}

const pathParameters = ["passfile", "servicefile", "sslrootcert", "sslcert", "sslkey"];

function add(
  parameters: Map<string, Found>,
  entries: Iterable<readonly [string, string]>,
  from: Omit<Found, "value">,
  base: string,
): void {
  for (const [name, value] of entries) {
    if (value === "" || parameters.has(name)) continue;
    const isPath = pathParameters.includes(name) && !(name === "sslrootcert" && value === "system");
    parameters.set(name, { value: isPath ? path.resolve(base, value) : value, ...from });
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
      add(parameters, [[name, found.value]], { origin: found.origin, isVariable: true }, cwd);
    }
  };
  fromVariables(["service", "servicefile"]);
  const service = parameters.get("service");
  if (service !== undefined) {
    const file = parameters.get("servicefile")?.value;
    const systemFolder = variable("PGSYSCONFDIR")?.value;
    const files = file !== undefined ? [file] : [path.join(home, ".pg_service.conf")];
    if (systemFolder !== undefined) files.push(path.join(systemFolder, "pg_service.conf"));
    const { entries, origin } = readService(service, files, file);
    add(parameters, entries, { origin }, cwd);
  }
  fromVariables(Object.keys(parameterRules));
  // The older name of a mode, which counts where no mode is given.
  const required = parameters.get("requiressl");
  if (required?.value.startsWith("1") === true) {
    const { value: _, ...from } = required;
    add(parameters, [["sslmode", "require"]], from, cwd);
  }
}

/** A whole address, or more than one part, where a part of one is expected: it may hold a password, and would be shown. */
function refuseMoreThanAPart(parameters: Parameters): void {
  for (const name of ["dbname", "host", "user"]) {
    const value = parameters.get(name)?.value ?? "";
    if (isUrl(value)) {
      throw addressFault(
        originOf(parameters, name),
        `the ${name} is a whole database address`,
        "write the address by itself, such as DATABASE_URL=URL in the environment or in .env",
      );
    }
    if (hasParametersBehind(value)) {
      throw addressFault(
        originOf(parameters, name),
        `the ${name} of the database has other parameters after it`,
        "in a URL, parameters begin with ? and have & between them; in a list of key=value, they have a space between them",
      );
    }
  }
}

function originOf(parameters: Parameters, name: string): string {
  return parameters.get(name)?.origin ?? "the defaults";
}

/** Where the servers are: a list of hosts, and one port for all or a list of as many. */
function placesOf(parameters: Parameters): readonly Pick<Login, "host" | "port">[] {
  const listOf = (name: string): readonly string[] => (parameters.get(name)?.value ?? "").split(",");
  const [hosts, ports] = [listOf("host"), listOf("port")];
  if (ports.length > 1 && ports.length !== hosts.length) {
    throw addressFault(
      originOf(parameters, "port"),
      `the number of the database's ports, ${ports.length}, is not that of its hosts, ${hosts.length}`,
      "give one port for all, or one for each host",
    );
  }
  // An IPv6 address has more colons, a folder begins with a slash.
  if (hosts.some((host) => /^[^/:]+:\d+$/.test(host))) {
    throw addressFault(
      originOf(parameters, "host"),
      "the host of the database ends with a port",
      "the port stands by itself: in POSTGRES_PORT beside POSTGRES_HOST, in PGPORT beside PGHOST, as port= beside host=",
    );
  }
  return hosts.map((host, index) => ({
    host: host || "localhost",
    port: portOf(parameters, ports[ports.length === 1 ? 0 : index] || "5432"),
  }));
}

function portOf(parameters: Parameters, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65535) return port;
  throw addressFault(
    originOf(parameters, "port"),
    "the database's port is not a number from 1 to 65535",
    "give one number; PostgreSQL's default is 5432",
  );
}

/** libpq: 0 or less waits for ever. */
function timeoutOf(parameters: Parameters): number | undefined {
  const found = parameters.get("connect_timeout");
  if (found === undefined) return undefined;
  const text = found.value;
  if (!/^-?\d{1,9}$/.test(text)) {
    throw addressFault(
      found.origin,
      "connect_timeout is not a number of seconds",
      `use for example ${writtenAs("connect_timeout", found)}=10, or 0 for no limit`,
    );
  }
  return Number(text) > 0 ? Number(text) : undefined;
}

/** Where the system knows no such user, as for any number of a container's, there are no files either. */
function systemHome(): string {
  try {
    return homedir();
  } catch {
    return "/nonexistent";
  }
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

function displayOf(servers: readonly Server[], { user, database }: Pick<Login, "user" | "database">): string {
  const hasPassword = servers.some(({ password }) => password !== undefined);
  const login = `postgres://${encodeURIComponent(user)}${hasPassword ? ":***" : ""}@`;
  const name = encodeURIComponent(database);
  const { host, port } = servers[0]!;
  if (servers.length === 1 && host.startsWith("/"))
    return `${login}/${name}?host=${encodeURI(host)}${port === 5432 ? "" : `&port=${port}`}`;
  const places = servers.map((each) =>
    each.host.includes(":") ? `[${each.host}]:${each.port}` : `${encodeURIComponent(each.host)}:${each.port}`,
  );
  return `${login}${places.join(",")}/${name}`;
}
