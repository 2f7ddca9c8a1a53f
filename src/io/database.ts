/** The places that may name a database → its address, or why there is none; and a warning for each place that names another. */
import { type Found, type ParsedAddress, parseAddress } from "../core/address.ts";
import { MigrateError } from "../core/errors.ts";
import type { OptionNames } from "../core/option-names.ts";
import { redact } from "../core/redact.ts";
import {
  type DatabaseAddress,
  databaseName,
  embeddedFolder,
  listsOf,
  resolveAddress,
} from "./libpq/parameters.ts";
import { isExecutable } from "./packages.ts";

/** Variables by name. Empty ones count as not set. */
export interface Layer {
  /** Throws where the value has a fault. */
  readonly find: (name: string) => Found | undefined;
}

/** The variables of `first`, then those of `second`. */
export const layered = (first: Layer, second: Layer): Layer => ({
  find: (name) => first.find(name) ?? second.find(name),
});

/** An address as text, and the folder that a relative path in it begins at. */
export interface TextAddress extends Found {
  readonly base: string;
}

/** Where the parameters that an address leaves open are found. */
export interface Surroundings {
  readonly environment: Layer;
  readonly dotenv: Layer;
  readonly cwd: string;
}

export interface Places extends Surroundings {
  /** `--database` */
  readonly flag: TextAddress | undefined;
  /** That of the environment chosen with `-n`. Throws where its variables are missing. */
  readonly chosen: () => TextAddress | undefined;
  /** Where relative paths in `dotenv` begin. */
  readonly dotenvFolder: string;
  /** That of the config file. Throws where its variables are missing. */
  readonly configured: () => TextAddress | undefined;
  /** What messages call the options. */
  readonly names: OptionNames;
}

const parsedText = ({ value, origin }: Found): ParsedAddress => parseAddress(value, origin, !isExecutable());

/** Throws what `parseAddress` and `resolveAddress` throw. */
export const resolveText = (
  text: TextAddress,
  { environment, dotenv, cwd }: Surroundings,
): Promise<DatabaseAddress> =>
  resolveAddress(parsedText(text), text.origin, text.base, {
    variable: layered(environment, dotenv).find,
    cwd,
  });

/**
 * The address that is used. A whole address, in the environment or in `.env`, goes before one in parts, for which a
 * variable of `.env` counts where the environment has none of its name. Undefined where no place names one. Throws what
 * `parseAddress` and `resolveAddress` throw.
 */
export async function findDatabase(places: Places): Promise<DatabaseAddress | undefined> {
  const { environment, dotenv, dotenvFolder, cwd } = places;
  const variables = layered(environment, dotenv);
  const resolve = ({ parsed, origin, base }: Candidate): Promise<DatabaseAddress> =>
    resolveAddress(parsed, origin, base, { variable: variables.find, cwd });

  // Who typed `-n staging` means staging's database, whatever the shell or .env holds.
  const said = candidateOf(places.flag) ?? candidateOf(places.chosen());
  if (said !== undefined) return resolve(said);
  const used = urlIn(environment, cwd) ?? urlIn(dotenv, dotenvFolder) ?? partsIn([environment, dotenv], cwd);
  if (used === undefined) {
    const configured = candidateOf(places.configured());
    return configured === undefined ? undefined : resolve(configured);
  }
  const address = await resolve(used);
  const others = [
    () => candidateIn(environment, cwd),
    () => candidateIn(dotenv, dotenvFolder),
    // Whole addresses are there to replace it.
    ...(used.inParts ? [() => candidateOf(places.configured())] : []),
  ].flatMap((find) => candidateIfAny(find) ?? []);
  const warnings = others
    .filter((other) => namesAnother(other, used, address))
    .map((other) => disagreement(address, other, places.names));
  return { ...address, warnings: [...address.warnings, ...warnings] };
}

/** A place that names a database. */
interface Candidate {
  readonly parsed: ParsedAddress;
  readonly origin: string;
  readonly base: string;
  /** What it says of which database; the rest is filled in. */
  readonly names: Readonly<Record<string, string | undefined>>;
  /** By several variables. */
  readonly inParts: boolean;
}

function candidateOf(text: TextAddress | undefined): Candidate | undefined {
  if (text === undefined) return undefined;
  const { origin, base } = text;
  const parsed = parsedText(text);
  const names = parsed.kind === "server" ? parsed.parameters : {};
  return { parsed, origin, base, names, inParts: false };
}

const candidateIn = (layer: Layer, cwd: string): Candidate | undefined =>
  urlIn(layer, cwd) ?? partsIn([layer], cwd);

const URL_NAMES = ["DATABASE_URL", "DB_DATABASE_URL"];

function urlIn(layer: Layer, base: string): Candidate | undefined {
  const url = firstOf(layer.find, URL_NAMES);
  return url === undefined ? undefined : candidateOf({ ...url, base });
}

/** A variable counts in the first of the layers that has it. */
const partsIn = (layers: readonly Layer[], cwd: string): Candidate | undefined =>
  libpqVariables(layers, cwd) ?? postgresVariables(layers, cwd);

/** What is only compared may be broken. */
function candidateIfAny(find: () => Candidate | undefined): Candidate | undefined {
  try {
    return find();
  } catch (error) {
    if (error instanceof MigrateError) return undefined;
    throw error;
  }
}

/** `PG*` names a database when one of these is set; a user, password or port alone is only a habit of the shell. */
const PG_NAMES = ["PGSERVICE", "PGHOST", "PGDATABASE"];

/** Those of the official container image: first the host, since where it stands is said of an address that is not reached. */
const POSTGRES_NAMES = ["POSTGRES_HOST", "POSTGRES_DB", "POSTGRES_USER"];

/** The variables of which one names a database. */
export const addressNames: readonly string[] = [...URL_NAMES, ...PG_NAMES, ...POSTGRES_NAMES];

/** Those that say more of one, and which must be there with them. */
export const partNames: ReadonlyMap<string, string> = new Map([
  ...["POSTGRES_PASSWORD", "POSTGRES_PORT"].map((name) => [name, "POSTGRES_DB or POSTGRES_HOST"] as const),
  ...["PGUSER", "PGPASSWORD", "PGPORT"].map((name) => [name, "PGDATABASE or PGHOST"] as const),
]);

const findIn =
  (layers: readonly Layer[]): Layer["find"] =>
  (name) =>
    firstIn(layers, (layer) => layer.find(name));

/** Where the first variable of each layer is that counts: `environment variable PGHOST and .env line 2`. */
function originOfParts(layers: readonly Layer[], names: readonly string[]): string {
  const origins = layers.flatMap((layer, index) => {
    const own = names.filter((name) => findIn(layers.slice(0, index))(name) === undefined);
    return firstOf(layer.find, own)?.origin ?? [];
  });
  return origins.join(" and ");
}

function libpqVariables(layers: readonly Layer[], cwd: string): Candidate | undefined {
  const find = findIn(layers);
  if (firstOf(find, PG_NAMES) === undefined) return undefined;
  const value = (name: string): string | undefined => find(name)?.value;
  return {
    // The parameters themselves are taken from the variables when the address is completed.
    parsed: { kind: "server", parameters: {} },
    origin: originOfParts(layers, [...PG_NAMES, "PGPORT"]),
    base: cwd,
    names: {
      service: value("PGSERVICE"),
      host: value("PGHOST"),
      port: value("PGPORT"),
      dbname: value("PGDATABASE"),
    },
    inParts: true,
  };
}

/** As the official container image names them, with its defaults. */
function postgresVariables(layers: readonly Layer[], cwd: string): Candidate | undefined {
  const find = findIn(layers);
  if (firstOf(find, POSTGRES_NAMES) === undefined) return undefined;
  const value = (name: string): string | undefined => find(name)?.value;
  const [host, port, dbname] = [value("POSTGRES_HOST"), value("POSTGRES_PORT"), value("POSTGRES_DB")];
  const user = value("POSTGRES_USER") ?? "postgres";
  const parameters = {
    user,
    password: value("POSTGRES_PASSWORD") ?? "",
    host: host ?? "localhost",
    port: port ?? "5432",
    dbname: dbname ?? user,
  };
  const origins = {
    user: find("POSTGRES_USER")?.origin,
    password: find("POSTGRES_PASSWORD")?.origin,
    host: find("POSTGRES_HOST")?.origin,
    port: find("POSTGRES_PORT")?.origin,
    dbname: find("POSTGRES_DB")?.origin,
  };
  return {
    parsed: { kind: "server", parameters, origins },
    origin: originOfParts(layers, [...POSTGRES_NAMES, "POSTGRES_PORT"]),
    base: cwd,
    names: { host, port, dbname },
    inParts: true,
  };
}

const firstOf = (find: Layer["find"], names: readonly string[]): Found | undefined => firstIn(names, find);

function firstIn<T>(places: readonly T[], find: (place: T) => Found | undefined): Found | undefined {
  for (const place of places) {
    const found = find(place);
    if (found !== undefined) return found;
  }
  return undefined;
}

// ── disagreement ────────────────────────────────────────────────────────────────────────────────────────────────

function namesAnother(
  { parsed, names, origin, base }: Candidate,
  used: Candidate,
  address: DatabaseAddress,
): boolean {
  if (origin === address.origin) return false;
  if (address.kind === "pglite")
    return parsed.kind === "server" || embeddedFolder(parsed.folder, base) !== address.folder;
  if (parsed.kind === "pglite") return true;
  const differs = (given: string | undefined, used: string): boolean => given !== undefined && given !== used;
  const { host, port } = listsOf(address);
  return (
    // Where a service leads to is not looked up for this.
    (names["service"] !== undefined && names["service"] !== used.names["service"]) ||
    differs(names["host"] && hostName(names["host"]), hostName(host)) ||
    differs(names["port"], String(port)) ||
    differs(names["dbname"], address.database)
  );
}

const hostName = (host: string): string =>
  /^(?:127\.0\.0\.1|::1)$/.test(host) ? "localhost" : host.toLowerCase();

function disagreement(
  address: DatabaseAddress,
  { parsed, origin, names }: Candidate,
  options: OptionNames,
): string {
  const said =
    parsed.kind === "pglite"
      ? [`pglite:${parsed.folder}`]
      : ["service", "host", "port", "dbname"].flatMap((name) =>
          names[name] === undefined ? [] : [`${name}=${names[name]}`],
        );
  return redact(
    `${origin} names a different database (${said.join(" ")}) from ${address.origin}, which is used: ${databaseName(address)}; ` +
      `remove one of them, or choose one with ${options.given("database", "ADDRESS")}`,
  );
}
