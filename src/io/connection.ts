/**
 * The parameters of a database address, completed as libpq does it (service file, `PG*` variables, password file,
 * certificates) → a `DatabaseAddress`, ready to connect to and safe to show.
 */
import { type Stats, statSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import path from "node:path";
import type { ConnectionOptions } from "node:tls";
import {
  addressFault,
  checkParameter,
  type ParsedAddress,
  parameterRules,
  severalHosts,
} from "../core/address.ts";
import { MigrateError } from "../core/errors.ts";
import { textIfThere } from "./files.ts";

const sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
export type SslMode = (typeof sslModes)[number];

/** How to speak TLS, as data. */
export interface Tls {
  readonly mode: Exclude<SslMode, "disable">;
  /** The server's certificate must be signed by `ca` (without `ca`: by one of Node's own roots). */
  readonly rejectUnauthorized: boolean;
  /** The certificate must also name the host. */
  readonly checkHost: boolean;
  /** PEM texts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
}

export interface ServerAddress {
  readonly kind: "server";
  /** A name, an IP address, or the folder of a Unix socket (begins with `/`). */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string;
  readonly database: string;
  readonly ssl: false | Tls;
  /** Asked for explicitly; `require` must refuse a server that does not offer it. */
  readonly channelBinding?: "disable" | "prefer" | "require";
  /** Command-line options for the server, such as `-c search_path=shop`. */
  readonly options?: string;
  readonly applicationName?: string;
  /** Seconds; absent: wait as long as the network does. */
  readonly connectTimeout?: number;
  /** The address without its password, to be shown. */
  readonly display: string;
  /** Where the address was found: `environment variable DATABASE_URL`, `.env line 3`, … */
  readonly origin: string;
  /** Sentences to print before connecting, such as a password file that others can read. */
  readonly warnings: readonly string[];
}

export interface EmbeddedAddress {
  readonly kind: "pglite";
  /** `memory`, or an absolute path. */
  readonly folder: string;
  readonly display: string;
  readonly origin: string;
}

export type DatabaseAddress = ServerAddress | EmbeddedAddress;

/** A text and where it was found. */
export interface Found {
  readonly value: string;
  readonly origin: string;
}

/** What surrounds an address: variables (the environment before `.env`), and where relative paths begin. */
export interface Surroundings {
  readonly variable: (name: string) => Found | undefined;
  readonly cwd: string;
}

type Parameters = Map<string, Found>;

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
    const folder = parsed.folder === "memory" ? "memory" : path.resolve(base, parsed.folder);
    return { kind: "pglite", folder, display: `pglite:${parsed.folder}`, origin };
  }
  const home = surroundings.variable("HOME")?.value ?? homedir();
  const parameters: Parameters = new Map();
  add(parameters, Object.entries(parsed.parameters), origin, base);
  complete(parameters, surroundings, home);
  const get = (name: string): string | undefined => parameters.get(name)?.value;

  const host = get("host") ?? "localhost";
  const port = portOf(parameters);
  if (host.includes(",")) throw severalHosts(originOf(parameters, "host"));
  const user = get("user") ?? systemUser(origin);
  const database = get("dbname") ?? user;
  const warnings: string[] = [];
  const passfile = get("passfile");
  const password =
    get("password") ??
    passwordFromFile(
      passfile ?? path.join(home, ".pgpass"),
      passfile !== undefined,
      { host, port, database, user },
      warnings,
    );
  const ssl = tlsOf(parameters, host, home);
  const connectTimeout = timeoutOf(parameters);
  const options = get("options");
  const applicationName = get("application_name");
  const channelBinding = oneOf(parameters, "channel_binding", ["disable", "prefer", "require"] as const);
  return {
    kind: "server",
    host,
    port,
    user,
    ...(password === undefined ? {} : { password }),
    database,
    ssl,
    ...(channelBinding === undefined ? {} : { channelBinding }),
    ...(options === undefined ? {} : { options }),
    ...(applicationName === undefined ? {} : { applicationName }),
    ...(connectTimeout === undefined ? {} : { connectTimeout }),
    display: displayOf({ host, port, user, database, hasPassword: password !== undefined }),
    origin,
    warnings,
  };
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

/** The `ssl` of node-postgres over TLS; false for `sslmode=disable` and Unix sockets. */
export function tlsOptions(address: ServerAddress): false | ConnectionOptions {
  if (address.ssl === false) return false;
  const { rejectUnauthorized, checkHost, ca, cert, key, passphrase } = address.ssl;
  return {
    rejectUnauthorized,
    ...(checkHost ? {} : { checkServerIdentity: () => undefined }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

/**
 * Connects with TLS, without, or with one and then the other, as the mode says: `prefer` (the default) goes on
 * without when the server has none, `allow` goes on with it when the server refuses to do without. `connect` makes
 * a new connection from the `ssl` it is given. Throws what the last attempt threw.
 */
export async function connectAsMode<T>(
  address: ServerAddress,
  connect: (ssl: false | ConnectionOptions) => Promise<T>,
): Promise<T> {
  const tls = tlsOptions(address);
  const mode = address.ssl === false ? "disable" : address.ssl.mode;
  if (mode !== "prefer" && mode !== "allow") return connect(tls);
  const [first, second] = mode === "prefer" ? [tls, false as const] : [false as const, tls];
  try {
    return await connect(first);
  } catch (error) {
    if (!mayBeAboutTls(error)) throw error;
    return connect(second);
  }
}

/** Not for an unreachable host, nor for the server's own errors but "no pg_hba.conf entry" (28000). */
function mayBeAboutTls(error: unknown): boolean {
  const { code, syscall } = error as { readonly code?: string; readonly syscall?: string };
  if (syscall === "connect" || syscall === "getaddrinfo") return false;
  return code === "28000" || !/^[0-9A-Z]{5}$/.test(code ?? "");
}

// ── parameters ──────────────────────────────────────────────────────────────────────────────────────────────────

const pathParameters = ["passfile", "servicefile", "sslrootcert", "sslcert", "sslkey"];

function add(
  parameters: Parameters,
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
function complete(parameters: Parameters, { variable, cwd }: Surroundings, home: string): void {
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
    "give one number; PostgreSQL's own is 5432",
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
      "write for example connect_timeout=10, or 0 to wait for ever",
    );
  }
  return Number(text) > 0 ? Number(text) : undefined;
}

function oneOf<T extends string>(parameters: Parameters, name: string, words: readonly T[]): T | undefined {
  const found = parameters.get(name);
  if (found === undefined) return undefined;
  const word = words.find((known) => known === found.value);
  if (word !== undefined) return word;
  throw addressFault(
    found.origin,
    `${name} is none of ${words.join(", ")}`,
    `write for example ${name}=${words.at(-1)}`,
  );
}

function systemUser(origin: string): string {
  try {
    return userInfo().username;
  } catch {
    throw addressFault(
      origin,
      "the database address names no user",
      "name one: postgres://user@host/name, or PGUSER",
    );
  }
}

function displayOf(address: {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly hasPassword: boolean;
}): string {
  const { host, port, user, database, hasPassword } = address;
  const login = `postgres://${encodeURIComponent(user)}${hasPassword ? ":***" : ""}@`;
  const name = encodeURIComponent(database);
  if (host.startsWith("/"))
    return `${login}/${name}?host=${encodeURI(host)}${port === 5432 ? "" : `&port=${port}`}`;
  return `${login}${host.includes(":") ? `[${host}]` : encodeURIComponent(host)}:${port}/${name}`;
}

// ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────

function statOf(file: string): Stats | undefined {
  try {
    return statSync(file);
  } catch {
    return undefined;
  }
}

/** One section of a connection service file: `[name]`, then `key=value` lines. */
function readService(
  service: Found,
  files: readonly string[],
): { readonly entries: readonly (readonly [string, string])[]; readonly origin: string } {
  for (const file of files) {
    const text = textIfThere(file, "usage/service");
    if (text === undefined) continue;
    let section: string | undefined;
    let found = false;
    const entries: (readonly [string, string])[] = [];
    for (const [index, raw] of text.split(/\r?\n/).entries()) {
      const line = raw.trim();
      if (line === "" || line.startsWith("#")) continue;
      section = /^\[(.*)\]$/.exec(line)?.[1] ?? section;
      if (section !== service.value) continue;
      if (line.startsWith("[")) {
        // As in libpq, the first section of that name ends the search.
        if (found) break;
        found = true;
        continue;
      }
      const equals = line.indexOf("=");
      const key = line.slice(0, Math.max(0, equals));
      if (equals < 0 || key === "service") {
        throw new MigrateError({
          code: "usage/service",
          message:
            equals < 0
              ? "a line of the service file is not key=value"
              : "a service cannot name another service",
          hint: "write one parameter a line, such as host=db.example.com, without spaces around =",
          location: { path: file, line: index + 1, column: 1 },
        });
      }
      checkParameter(key, line.slice(equals + 1), `${file} line ${index + 1}`);
      entries.push([key, line.slice(equals + 1)]);
    }
    if (found) return { entries, origin: `service ${service.value} in ${file}` };
  }
  throw new MigrateError({
    code: "usage/service",
    message: `there is no service "${service.value}" in ${files.join(" or ")} (from ${service.origin})`,
    hint: `add a section [${service.value}] to that file, or name the file in PGSERVICEFILE`,
  });
}

/** The password of the first line `host:port:database:user:password` that fits; `*` fits all. */
function passwordFromFile(
  file: string,
  isNamed: boolean,
  wanted: { readonly host: string; readonly port: number; readonly database: string; readonly user: string },
  warnings: string[],
): string | undefined {
  const facts = statOf(file);
  if (facts === undefined) {
    if (isNamed) warnings.push(`the password file ${file} does not exist or cannot be read`);
    return undefined;
  }
  if (!facts.isFile()) {
    // /dev/null is how one says "no password file".
    if (facts.isDirectory()) warnings.push(`the password file ${file} is not a file and is ignored`);
    return undefined;
  }
  if (process.platform !== "win32" && (facts.mode & 0o077) !== 0) {
    warnings.push(`the password file ${file} can be read by others and is ignored; type: chmod 600 ${file}`);
    return undefined;
  }
  const text = textIfThere(file, "usage/database-address") ?? "";
  // libpq looks a socket in its default folder up as localhost.
  const host = ["/tmp", "/var/run/postgresql", "/run/postgresql"].includes(wanted.host)
    ? "localhost"
    : wanted.host;
  const fields = [host, String(wanted.port), wanted.database, wanted.user];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    const match = /^((?:[^\\:]|\\.)*):((?:[^\\:]|\\.)*):((?:[^\\:]|\\.)*):((?:[^\\:]|\\.)*):(.*)$/s.exec(
      line,
    );
    if (match === null) continue;
    const [password, ...patterns] = [match[5]!, ...match.slice(1, 5)];
    const fits = patterns.every((pattern, i) => pattern === "*" || unescapeColons(pattern!) === fields[i]);
    if (fits) return unescapeColons(password) || undefined;
  }
  return undefined;
}

function unescapeColons(text: string): string {
  return text.replace(/\\(.)/gs, "$1");
}

// ── TLS ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function tlsOf(parameters: Parameters, host: string, home: string): false | Tls {
  const get = (name: string): string | undefined => parameters.get(name)?.value;
  const system = get("sslrootcert") === "system";
  const mode = oneOf(parameters, "sslmode", sslModes) ?? (system ? "verify-full" : "prefer");
  if (system && mode !== "verify-full") {
    throw addressFault(
      originOf(parameters, "sslrootcert"),
      `sslrootcert=system is too weak with sslmode=${mode}: anybody can have a certificate from a public authority`,
      "write sslmode=verify-full",
    );
  }
  // libpq speaks no TLS over a Unix socket.
  if (mode === "disable" || host.startsWith("/")) return false;

  const ca = system ? undefined : pemOf(get("sslrootcert"), path.join(home, ".postgresql", "root.crt"));
  if (ca === undefined && !system && mode.startsWith("verify-")) {
    throw new MigrateError({
      code: "usage/tls-file",
      message: `sslmode=${mode} needs the certificate of the authority that signed the server's, and ${path.join(home, ".postgresql", "root.crt")} does not exist`,
      hint: "name its file with sslrootcert=FILE or PGSSLROOTCERT, or write sslrootcert=system for a public authority",
    });
  }
  const certFile = get("sslcert");
  const cert = pemOf(certFile, path.join(home, ".postgresql", "postgresql.crt"));
  const keyFile = get("sslkey") ?? path.join(home, ".postgresql", "postgresql.key");
  const key = cert === undefined ? undefined : privateKeyOf(keyFile);
  const passphrase = get("sslpassword");
  return {
    mode,
    // As in libpq, a root certificate makes even `require` verify.
    rejectUnauthorized: system || ca !== undefined,
    checkHost: mode === "verify-full",
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

/** A file that was named must exist; the one at libpq's own place is optional. */
function pemOf(named: string | undefined, usual: string): string | undefined {
  const text = textIfThere(named ?? usual, "usage/tls-file");
  if (text === undefined && named !== undefined) throw missingFile("certificate", named);
  return text;
}

function privateKeyOf(file: string): string {
  const text = textIfThere(file, "usage/tls-file");
  if (text === undefined) throw missingFile("private key", file);
  const facts = statSync(file);
  const forbidden = facts.uid === 0 ? 0o037 : 0o077;
  if (process.platform !== "win32" && (facts.mode & forbidden) !== 0) {
    throw new MigrateError({
      code: "usage/tls-file",
      message: `the private key ${file} can be read by others`,
      hint: `type: chmod 600 ${file}`,
    });
  }
  return text;
}

function missingFile(what: string, file: string): MigrateError {
  return new MigrateError({
    code: "usage/tls-file",
    message: `the ${what} ${file} does not exist`,
    hint: "check sslrootcert, sslcert and sslkey, or PGSSLROOTCERT, PGSSLCERT and PGSSLKEY",
  });
}
