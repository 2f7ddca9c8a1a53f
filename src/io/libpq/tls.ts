/** Parameters about TLS, and certificate files → how to speak TLS, as data; and connecting in that way. */
import { statSync } from "node:fs";
import path from "node:path";
import type { ConnectionOptions, SecureVersion } from "node:tls";
import { addressFault, type Parameters, writtenAs } from "../../core/address.ts";
import { MigrateError } from "../../core/errors.ts";
import { nearest } from "../../core/nearest.ts";
import { shellWord } from "../../core/shell.ts";
import { textIfSeen, textIfThere } from "../files.ts";
import { type DriverError, sqlstateOf } from "../session/types.ts";

const sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
export type SslMode = (typeof sslModes)[number];

const channelBindings = ["disable", "prefer", "require"] as const;
export type ChannelBinding = (typeof channelBindings)[number];

/** How to speak TLS. */
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
  readonly minVersion?: SecureVersion;
  readonly maxVersion?: SecureVersion;
}

/** An address, as far as TLS goes: false for `sslmode=disable` and Unix sockets. */
export interface WithTls {
  readonly ssl: false | Tls;
}

/**
 * How to speak TLS with a host; files that are not named are looked for in `home`/.postgresql. Throws
 * `usage/database-address`, `usage/tls-file`.
 */
export function tlsOf(parameters: Parameters, host: string, home: string): false | Tls {
  const get = (name: string): string | undefined => parameters.get(name)?.value;
  const mode = modeOf(parameters);
  // libpq speaks no TLS over a Unix socket.
  if (mode === "disable" || host.startsWith("/")) return false;
  const passphrase = get("sslpassword");
  return {
    mode,
    checkHost: mode === "verify-full",
    ...authorityOf(mode, get("sslrootcert"), path.join(home, ".postgresql", "root.crt")),
    ...clientCertificate(get("sslcert"), get("sslkey"), path.join(home, ".postgresql")),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...versionOf("minVersion", get("ssl_min_protocol_version")),
    ...versionOf("maxVersion", get("ssl_max_protocol_version")),
  };
}

/** As Node writes it. */
const versionOf = <Name extends string>(name: Name, version: string | undefined) =>
  version === undefined ? {} : { [name]: version.replace(/^tls/i, "TLS") as SecureVersion };

/** `channel_binding`. Throws `usage/database-address`. */
export function channelBindingOf(parameters: Parameters): ChannelBinding | undefined {
  return wordOf(parameters, "channel_binding", channelBindings);
}

/** The `ssl` of node-postgres; false without TLS. */
export function tlsOptions({ ssl }: WithTls): false | ConnectionOptions {
  if (ssl === false) return false;
  const { mode: _, checkHost, ...options } = ssl;
  return { ...options, ...(checkHost ? {} : { checkServerIdentity: () => undefined }) };
}

/**
 * Connects with TLS, without, or with one and then the other, as the mode says: `prefer` (the default) goes on
 * without when the server has none, `allow` goes on with it when the server refuses to do without. `connect` makes
 * a new connection from the `ssl` it is given. Throws what the last attempt threw.
 */
export async function connectAsMode<T>(
  address: WithTls,
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
  const { syscall } = error as NodeJS.ErrnoException;
  if (syscall === "connect" || syscall === "getaddrinfo") return false;
  const sqlstate = sqlstateOf(error as DriverError);
  return sqlstate === undefined || sqlstate === "28000";
}

// ── parameters ──────────────────────────────────────────────────────────────────────────────────────────────────

/** `sslrootcert=system`: the public authorities that Node knows. */
const SYSTEM = "system";

function modeOf(parameters: Parameters): SslMode {
  const root = parameters.get("sslrootcert");
  const mode = wordOf(parameters, "sslmode", sslModes);
  if (root?.value !== SYSTEM) return mode ?? "prefer";
  if (mode === undefined || mode === "verify-full") return "verify-full";
  throw addressFault(
    root.origin,
    `sslrootcert=system is too weak with sslmode=${mode}: anyone can get a certificate from a public authority`,
    `use ${writtenAs("sslmode", parameters.get("sslmode"))}=verify-full`,
  );
}

/** Words of drivers other than libpq's. */
const OTHERS: Readonly<Record<string, string>> = { "no-verify": "require", false: "disable" };

function wordOf<T extends string>(parameters: Parameters, name: string, words: readonly T[]): T | undefined {
  const found = parameters.get(name);
  if (found === undefined) return undefined;
  const word = words.find((known) => known === found.value);
  if (word !== undefined) return word;
  const meant = OTHERS[found.value] ?? nearest(found.value, words);
  const written = writtenAs(name, found);
  throw addressFault(
    found.origin,
    `${name} must be one of ${words.join(", ")}`,
    meant === undefined ? `for example: ${written}=${words.at(-1)}` : `did you mean ${written}=${meant}?`,
  );
}

// ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Who must have signed the server's certificate. As in libpq, a root certificate makes even `require` verify. */
function authorityOf(
  mode: SslMode,
  named: string | undefined,
  usual: string,
): Pick<Tls, "rejectUnauthorized" | "ca"> {
  if (named === SYSTEM) return { rejectUnauthorized: true };
  const isNeeded = mode.startsWith("verify-");
  const ca = certificateOf(named, usual, isNeeded);
  if (ca !== undefined) return { rejectUnauthorized: true, ca };
  if (!isNeeded) return { rejectUnauthorized: false };
  throw new MigrateError({
    code: "usage/tls-file",
    message: `sslmode=${mode} needs a root certificate, but ${usual} does not exist`,
    hint: `name its file with sslrootcert=FILE or PGSSLROOTCERT, or use sslrootcert=system for a public authority${mode === "verify-full" ? "" : ", with sslmode=verify-full"}`,
  });
}

function clientCertificate(
  certFile: string | undefined,
  keyFile: string | undefined,
  folder: string,
): Pick<Tls, "cert" | "key"> {
  const cert = certificateOf(certFile, path.join(folder, "postgresql.crt"));
  if (cert === undefined) return {};
  return { cert, key: privateKeyOf(keyFile ?? path.join(folder, "postgresql.key")) };
}

/** A file that was named must exist; the one at libpq's own place is optional, unless it is needed. */
function certificateOf(named: string | undefined, usual: string, isNeeded = false): string | undefined {
  const read = named !== undefined || isNeeded ? textIfThere : textIfSeen;
  const text = read(named ?? usual, "usage/tls-file");
  if (text === undefined && named !== undefined) throw missingFile("certificate", named);
  return text;
}

function privateKeyOf(file: string): string {
  const text = textIfThere(file, "usage/tls-file");
  if (text === undefined) throw missingFile("private key", file);
  const stats = statSync(file);
  // A key of the administrator may be shared with a group.
  const forbidden = stats.uid === 0 ? 0o037 : 0o077;
  if (process.platform !== "win32" && (stats.mode & forbidden) !== 0) {
    throw new MigrateError({
      code: "usage/tls-file",
      message: `the private key ${file} can be read by others`,
      hint: `run: chmod 600 ${shellWord(file)}`,
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
