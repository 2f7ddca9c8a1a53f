/**
 * A database address as text → its connection parameters by libpq's names, or the folder of an embedded database.
 * No message made here repeats the text: what was mistaken for a port may be half a password.
 */
import { MigrateError } from "./errors.ts";
import { nearest } from "./nearest.ts";

export type ParsedAddress =
  | {
      readonly kind: "server";
      readonly parameters: Readonly<Record<string, string>>;
      /** Of those parameters that stand in a place of their own. */
      readonly origins?: Readonly<Record<string, string | undefined>>;
    }
  /** `memory`, or a folder as it was written. */
  | { readonly kind: "pglite"; readonly folder: string };

/** A text and where it was found: `environment variable DATABASE_URL`, `.env line 3`, … */
export interface Found {
  readonly value: string;
  readonly origin: string;
  /** Of a parameter: libpq's own variable gives it, and not the address. */
  readonly isVariable?: boolean;
}

/** Connection parameters by libpq's names. */
export type Parameters = ReadonlyMap<string, Found>;

/** What is known of one connection parameter of libpq. */
interface ParameterRule {
  /** The environment variable that gives it when the address does not. */
  readonly env?: string;
  /** The only values that are understood, in lower case; none: not supported at all. */
  readonly only?: readonly string[];
}

/** Which of the servers of an address is meant, other than any that answers; in libpq's words. */
export const sessionTargets = ["read-write", "read-only", "primary", "standby", "prefer-standby"] as const;
export type SessionTarget = (typeof sessionTargets)[number];

/** In any case of their letters. */
const tlsVersions = ["tlsv1", "tlsv1.1", "tlsv1.2", "tlsv1.3"] as const;

/** The parameters of libpq that are understood, or refused because to ignore them would be unsafe. */
export const parameterRules: Readonly<Record<string, ParameterRule>> = {
  service: { env: "PGSERVICE" },
  servicefile: { env: "PGSERVICEFILE" },
  host: { env: "PGHOST" },
  port: { env: "PGPORT" },
  dbname: { env: "PGDATABASE" },
  user: { env: "PGUSER" },
  password: { env: "PGPASSWORD" },
  passfile: { env: "PGPASSFILE" },
  sslmode: { env: "PGSSLMODE" },
  requiressl: { env: "PGREQUIRESSL" },
  ssl_min_protocol_version: { env: "PGSSLMINPROTOCOLVERSION", only: tlsVersions },
  ssl_max_protocol_version: { env: "PGSSLMAXPROTOCOLVERSION", only: tlsVersions },
  sslrootcert: { env: "PGSSLROOTCERT" },
  sslcert: { env: "PGSSLCERT" },
  sslkey: { env: "PGSSLKEY" },
  sslpassword: {},
  channel_binding: { env: "PGCHANNELBINDING" },
  options: { env: "PGOPTIONS" },
  application_name: { env: "PGAPPNAME" },
  connect_timeout: { env: "PGCONNECT_TIMEOUT" },
  client_encoding: { only: ["utf8", "utf-8", "auto"] },
  target_session_attrs: { env: "PGTARGETSESSIONATTRS", only: ["any", ...sessionTargets] },
  load_balance_hosts: { env: "PGLOADBALANCEHOSTS", only: ["disable"] },
  gssencmode: { env: "PGGSSENCMODE", only: ["disable", "prefer"] },
  sslnegotiation: { env: "PGSSLNEGOTIATION", only: ["postgres"] },
  sslcertmode: { env: "PGSSLCERTMODE", only: ["allow"] },
  sslsni: { env: "PGSSLSNI", only: ["1"] },
  min_protocol_version: { env: "PGMINPROTOCOLVERSION", only: ["3.0"] },
  hostaddr: { env: "PGHOSTADDR", only: [] },
  sslcrl: { env: "PGSSLCRL", only: [] },
  sslcrldir: { env: "PGSSLCRLDIR", only: [] },
  require_auth: { env: "PGREQUIREAUTH", only: [] },
  requirepeer: { env: "PGREQUIREPEER", only: [] },
};

/** How a parameter is written where it is: `sslmode`, or `PGSSLMODE` where its variable gives it. */
export const writtenAs = (name: string, found: Partial<Found> = {}): string =>
  (found.isVariable === true ? parameterRules[name]?.env : undefined) ?? name;

/** How an address is written, as a hint. */
export const FORM =
  "write postgres://USER:PASSWORD@host:5432/name, with @ in the password as %40, : as %3A, / as %2F, # as %23 and % as %25";

/** An error about a database address; `origin` says where the address stands. */
export function addressFault(origin: string, message: string, hint: string): MigrateError {
  return new MigrateError({ code: "usage/database-address", message: `${message} (from ${origin})`, hint });
}

/** Where the address of a fault stands; undefined where the fault is another. */
export const originOfFault = ({ code, message }: MigrateError): string | undefined =>
  ["usage/database-address", "usage/no-database"].includes(code)
    ? /\(from (.*)\)$/s.exec(message)?.[1]
    : undefined;

/** A text that is nothing but a variable; no password in capital letters is likely to be one. */
const VARIABLE = /^\$(?:([a-z_]\w*)|\{([a-z_]\w*)\}|\(([a-z_]\w*)\))$/i;

/** The name of a variable in the place of its value. */
export interface NotReplaced {
  readonly name: string;
  /** As it is written: `$NAME`. */
  readonly variable: string;
  /** What to type for its value. */
  readonly hint: string;
}

/** What such a text is; undefined for another text. */
export function notReplaced(text: string): NotReplaced | undefined {
  const [all, plain, braced, bracketed] = VARIABLE.exec(text) ?? [];
  if (all === undefined) return undefined;
  const name = plain ?? braced ?? bracketed!;
  return {
    name,
    variable: all,
    hint:
      bracketed === undefined
        ? `in .env and in the config file its value is \${${name}}; in a shell it is "$${name}", and nothing is replaced in single quotes`
        : `Kubernetes replaces $(${name}) only where ${name} is defined in the same container, above this variable`,
  };
}

/** A text that may be a part of a password: only one in capital letters is repeated. */
function refuseVariable(text: string, what: string, origin: string): void {
  const found = /[a-z]/.test(text) ? undefined : notReplaced(text);
  if (found === undefined) return;
  const { variable, hint } = found;
  throw addressFault(
    origin,
    `the database ${what} is ${variable}, which was not replaced by its value`,
    hint,
  );
}

const URL_FORM = /^postgres(?:ql)?(?:\+\w+)?:\/\/(.*)$/is;

/** A line that sets a variable, in the place of the value. */
const NAMED = /^(?:export\s+)?([a-z_]\w*)=["'`]?postgres(?:ql)?(?:\+\w+)?:\/\//i;

/** Whether a text is the address of a server as a URL, so that it can be nothing else. */
export const isUrl = (text: string): boolean => URL_FORM.test(text.trim());

/** What connection strings of .NET and ODBC call a parameter, where libpq has another name. */
const dotNetNames = [
  ...["server", "data source", "database", "initial catalog", "username", "user id", "uid", "pwd"],
] as const;
const names = [...dotNetNames, ...Object.keys(parameterRules)].join("|");
const DOT_NET = new RegExp(`(?:^|;)\\s*(?:${names})\\s*=`, "gi");
const BEHIND = new RegExp(`[;&?,\\s](?:${names})\\s*=`, "i");

/** Whether a text is such a connection string, with `;` between its parameters. */
const isDotNet = (text: string): boolean =>
  text.includes(";") && !isUrl(text) && (text.match(DOT_NET)?.length ?? 0) > 1;

/**
 * Whether a part of an address has further parameters behind it, because something else than expected stands between
 * them: that part is shown, and a password among them would be.
 */
export const hasParametersBehind = (part: string): boolean => BEHIND.test(part);

/** Whether a text is the address of a server and nothing else, in any form: one parameter alone may be another text. */
export function isAddress(text: string): boolean {
  if (isUrl(text) || isDotNet(text)) return true;
  const pairs = pairsOf(text.trim()) ?? [];
  return pairs.length > 1 && pairs.every(([name]) => Object.hasOwn(parameterRules, name));
}

/** The end of the sentence "NAME must be …" about another text. */
export const NO_ADDRESS = "something other than the address of a database";

/** A quote that nobody took away: one that was not closed in `.env`, or those of a file that `docker --env-file` reads. */
function refuseQuotes(text: string, origin: string): void {
  const quote = /^["'`]/.exec(text)?.[0];
  if (quote === undefined) return;
  const isClosed = text.length > 1 && text.endsWith(quote);
  throw addressFault(
    origin,
    isClosed
      ? "the database address has quotes around it that are part of its text"
      : `the database address begins with the quote ${quote}, which is not closed at its end`,
    isClosed ? "leave the quotes out" : "close it, or leave it out",
  );
}

/**
 * Reads a URL (`postgres://`, `postgresql://`, and with a driver's name as SQLAlchemy writes it), a libpq string
 * (`host=… dbname=…`), or `pglite:FOLDER`, `pglite:memory`. `hasEmbedded`: hints may name the latter. Throws
 * `usage/database-address`.
 */
export function parseAddress(text: string, origin: string, hasEmbedded = true): ParsedAddress {
  const trimmed = text.trim();
  if (trimmed.includes("\0"))
    throw addressFault(origin, "the database address contains a NUL character", FORM);
  refuseQuotes(trimmed, origin);
  refuseVariable(trimmed, "address", origin);
  if (/^jdbc:postgresql:/i.test(trimmed)) {
    const message = "the database address begins with jdbc:, which is Java's form";
    throw addressFault(origin, message, "leave that out: the address is what follows it");
  }
  const named = NAMED.exec(trimmed)?.[1];
  if (named !== undefined && !Object.hasOwn(parameterRules, named)) {
    const message = `the database address begins with ${named}=, the name of a variable`;
    throw addressFault(origin, message, "leave that out: the value is what follows it");
  }
  const pglite = /^pglite:(?:\/\/)?(.*)$/is.exec(trimmed);
  if (pglite !== null) {
    const folder = pglite[1]!;
    if (folder !== "") return { kind: "pglite", folder };
    throw addressFault(
      origin,
      "the address of the embedded database names no folder",
      "write pglite:./folder or pglite:memory",
    );
  }
  const url = URL_FORM.exec(trimmed);
  return {
    kind: "server",
    parameters: url !== null ? fromUrl(url[1]!, origin) : fromKeywords(trimmed, origin, hasEmbedded),
  };
}

/** Refuses a parameter that is unknown, or whose value asks for something that is not done here. `equals`: as a value has it there. */
export function checkParameter(name: string, value: string, origin: string, equals = "="): void {
  const rule = Object.hasOwn(parameterRules, name) ? parameterRules[name] : undefined;
  if (rule === undefined) {
    const supported = Object.keys(parameterRules).filter(
      (known) => parameterRules[known]?.only?.length !== 0,
    );
    const meant = settingInstead(name, value, equals) ?? suggestion(nearest(name, supported));
    // A name that does not look like one may be a stretch of an unencoded password.
    throw addressFault(
      origin,
      `the database address has an unknown parameter${/^(?:x-)?[a-z_-]{3,40}$/i.test(name) ? ` "${name}"` : ""}`,
      meant ?? `known parameters are ${supported.join(", ")}`,
    );
  }
  const { only } = rule;
  if (only === undefined || only.includes(value.toLowerCase())) return;
  throw addressFault(
    origin,
    `the connection parameter "${name}" ${only.length === 0 ? "is not supported" : "has a value that is not supported"}`,
    only.length > 1
      ? `the values that are supported are ${only.join(", ")}`
      : ["remove it", ...only.map((value) => `or give it the value ${value}`)].join(", "),
  );
}

const suggestion = (meant: string | undefined): string | undefined =>
  meant === undefined ? undefined : `did you mean "${meant}"?`;

/** Settings of a session that the drivers of other tools take in an address, and where they are set here. */
const sessionSettings: Readonly<Record<string, string>> = {
  search_path: "session.searchPath",
  timezone: "session.timeZone",
  datestyle: "session.dateStyle",
  lock_timeout: "session.lockTimeout",
  statement_timeout: "session.statementTimeout",
};

/** Names of other tools for one of them. */
const otherNames: Readonly<Record<string, string>> = { schema: "search_path", currentschema: "search_path" };

/** Parameters of Prisma's for which nothing stands here. */
const prismas: ReadonlySet<string> = new Set([
  ...["pgbouncer", "connection_limit", "pool_timeout", "socket_timeout", "statement_cache_size"],
]);

/** Where what the address of another tool says is said here; undefined where that is not known. */
function settingInstead(name: string, value: string, equals: string): string | undefined {
  const lower = name.toLowerCase();
  const its = Object.hasOwn(otherNames, lower) ? otherNames[lower]! : lower;
  const setting = Object.hasOwn(sessionSettings, its) ? sessionSettings[its] : undefined;
  if (setting !== undefined) {
    // A stretch of a password is more than letters.
    const shown = /^[a-z_]+$/i.test(value) ? value : "…";
    return `remove it, and set ${setting} in the config file; or write options=-c${its === lower ? name : its}${equals}${shown}`;
  }
  if (prismas.has(lower)) return "it is Prisma's: remove it";
  if (name === "x-migrations-table")
    return "remove it, and name golang-migrate's table once, when its state is taken over: migrate adopt FOLDER --from-database --table TABLE";
  if (name.startsWith("x-")) return "it is golang-migrate's: remove it";
  return undefined;
}

/** What follows `://`, cut as libpq cuts it; `@` and `:` may also stand unencoded in the password. */
function fromUrl(rest: string, origin: string): Record<string, string> {
  const [, userinfo, authority = "", path = "", query = ""] =
    /^(?:([^/]*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(rest) ?? [];
  if (path.includes("@") || (userinfo === undefined && query.includes("@"))) {
    throw addressFault(
      origin,
      "the database address has an @ after a /",
      "where that / is in the password, write it as %2F; else write that @ as %40",
    );
  }
  const decode = (part: string) => percentDecode(part, origin);
  const servers = authority.split(",").map((server) => {
    const [, six, plain, port = ""] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(server) ?? [];
    if (six === undefined && plain === undefined) {
      refuseVariable(/:([^:]*)$/.exec(server)?.[1] ?? "", "port", origin);
      throw addressFault(origin, "the database address has a port that is not a number", FORM);
    }
    return { host: six ?? decode(plain!), port };
  });
  const colon = userinfo?.indexOf(":") ?? -1;
  const parameters: Record<string, string> = {};
  const put = (name: string, value: string | undefined) => {
    if (value === undefined || value === "") return;
    checkParameter(name, value, origin, "%3D");
    parameters[name] = value;
  };
  put("user", userinfo && decode(colon < 0 ? userinfo : userinfo.slice(0, colon)));
  put("password", userinfo && colon >= 0 ? decode(userinfo.slice(colon + 1)) : undefined);
  put("host", servers.map(({ host }) => host).join(","));
  if (servers.some(({ port }) => port !== "")) put("port", servers.map(({ port }) => port).join(","));
  put("dbname", decode(path));
  for (const pair of query.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    if (equals < 0) throw addressFault(origin, "the database address has a query parameter without =", FORM);
    const name = decode(pair.slice(0, equals));
    const value = decode(pair.slice(equals + 1));
    // JDBC and node-postgres write ssl=true, SQLAlchemy's asyncpg ssl=MODE; uselibpqcompat asks for what we do.
    if (name === "ssl") put("sslmode", value === "true" ? "require" : value);
    else if (name !== "uselibpqcompat") put(name, value);
  }
  return parameters;
}

/** `key=value key='quoted value'`, with backslash escapes. */
function fromKeywords(text: string, origin: string, hasEmbedded: boolean): Record<string, string> {
  if (!/^[a-z_]+\s*=/i.test(text)) {
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
    throw addressFault(
      origin,
      scheme === undefined
        ? "the database address is not in a known format"
        : /^pgx\d*$/i.test(scheme)
          ? `the database address begins with ${scheme}://, which is golang-migrate's name for postgres://`
          : `the database address begins with ${scheme}://, which is not PostgreSQL`,
      hasEmbedded ? `${FORM}; or pglite:./folder for the embedded database` : FORM,
    );
  }
  if (isDotNet(text)) {
    const message = "the database address has ; between its parameters, which is .NET's or ODBC's form";
    throw addressFault(origin, message, FORM);
  }
  const pairs = pairsOf(text);
  if (pairs === undefined) {
    throw addressFault(
      origin,
      "the database address is not a list of key=value",
      "write host=… port=… user=… password=… dbname=…, with a value that contains a space or a quote as 'a b', 'a\\'b'",
    );
  }
  const parameters: Record<string, string> = {};
  for (const [name, value] of pairs) {
    checkParameter(name, value, origin);
    if (value !== "") parameters[name] = value;
  }
  return parameters;
}

/** The parameters of such a list, in order; undefined where a text is none. */
function pairsOf(text: string): readonly (readonly [name: string, value: string])[] | undefined {
  const pair =
    /\s*([a-z_]+)\s*=\s*(?:'((?:[^'\\]|\\[\s\S])*)'|((?:[^\s'\\]|\\[\s\S])(?:[^\s\\]|\\[\s\S])*)?)(?=\s|$)/iy;
  const pairs: [string, string][] = [];
  while (pair.lastIndex < text.length) {
    const match = pair.exec(text);
    if (match === null) return undefined;
    pairs.push([match[1]!, (match[2] ?? match[3] ?? "").replace(/\\([\s\S])/g, "$1")]);
  }
  return pairs;
}

function percentDecode(text: string, origin: string): string {
  try {
    const decoded = decodeURIComponent(text);
    if (!decoded.includes("\0")) return decoded;
  } catch {
    // Neither the URIError nor the text may be shown.
  }
  throw addressFault(
    origin,
    "the database address has a % that is not followed by two hexadecimal digits of UTF-8 text",
    FORM,
  );
}
