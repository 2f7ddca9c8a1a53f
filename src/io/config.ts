/** Flags, environment, `.env` and `migrate.config.json` → one `Config`, which says of each value where it came from. */
import path from "node:path";
import { type Found, type ParsedAddress, parseAddress } from "../core/address.ts";
import { type DotenvEntry, interpolate, parseDotenv } from "../core/dotenv.ts";
import { MigrateError } from "../core/errors.ts";
import type { LedgerNames } from "../core/ledger/types.ts";
import type { SessionPins } from "../core/plan/session.ts";
import {
  defaultOf,
  type FileSettings,
  readSettings,
  type SettingsFile,
  type SettingValue,
  settingNames,
} from "../core/settings.ts";
import { type Location, locate, type Source } from "../core/source.ts";
import { foldersOf } from "./directory.ts";
import { textIfThere } from "./files.ts";
import { parseJson } from "./jsonc.ts";
import { type DatabaseAddress, resolveAddress, type Surroundings, secretsOf } from "./libpq/parameters.ts";

/** The global flags, as typed. */
export interface ConfigFlags {
  /** `--database` */
  readonly database?: string | undefined;
  /** `--directory`, repeatable. */
  readonly directory?: readonly string[] | undefined;
  /** `-c`, `--config` */
  readonly config?: string | undefined;
  /** `-n`, `--env`: a named environment of the config file. */
  readonly env?: string | undefined;
  /** `-x KEY=VALUE`, repeatable: values for `${KEY}` in the config file. */
  readonly x?: readonly string[] | undefined;
}

export interface Surrounding {
  readonly flags: ConfigFlags;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
}

export interface Config {
  /** The address, or why there is none: only a command that needs a database fails (see `requireDatabase`). */
  readonly database: DatabaseAddress | MigrateError;
  /** Folders of migration files, those that a pattern fits among them; absolute. */
  readonly directories: readonly string[];
  readonly ledger: LedgerNames;
  /** What every migration's session starts from, the configured role included. */
  readonly session: SessionPins;
  /** Seconds to wait for another run; 0 fails at once. */
  readonly lockWait: number;
  /** How often a migration that met a lock timeout or a deadlock is tried again. */
  readonly lockRetries: number;
  /** Pattern of new file names, without `.up.sql`. */
  readonly fileName: string;
  /** The file that holds the schema as of the last run; absolute. */
  readonly dumpFile?: string;
  /** The user's own folder of templates; absolute. */
  readonly templates?: string;
  /** The environment chosen with `-n`. */
  readonly environment?: string;
  /** The config file that was read, as the user would type it. */
  readonly file?: string;
  /** What was given with `-x`; a key without `=` has the value "". */
  readonly variables: Readonly<Record<string, string>>;
  /** Texts that must not be printed: hand them to `redact` with everything that is. */
  readonly secrets: readonly string[];
  /** Dotted setting name → where its value came from. */
  readonly origins: Readonly<Record<string, string>>;
}

const CONFIG_FILE = "migrate.config.json";

/**
 * Resolves the configuration. Changes nothing, `process.env` included. Throws `usage/config-file`,
 * `usage/config-syntax`, `usage/config-key`, `usage/config-value`, `usage/no-environment`; faults of the database
 * address are kept in `database`.
 */
export async function loadConfig({ flags, env, cwd }: Surrounding): Promise<Config> {
  const variables = variablesOf(flags.x ?? []);
  const file = await openConfigFile(flags.config, cwd);
  const settings = new Map<string, Setting>([
    ...defaultSettings(cwd),
    ...chosenSettings(file, flags.env),
    ...flagSettings(flags, cwd),
  ]);
  const database = await databaseOf(flags, env, cwd, variables, settings.get("database"));
  const get = <T extends SettingValue | undefined>(setting: string): T => settings.get(setting)?.value as T;
  const directories: string[] = [];
  const { value: folders, base } = settings.get("directories")!;
  for (const folder of folders as readonly string[]) directories.push(...(await foldersOf(folder, base)));
  const dumpFile = settings.get("dump.file");
  const templates = settings.get("templates");
  const role = get<string | undefined>("role");
  const owner = get<string | undefined>("ledger.owner");
  const searchPath = get<readonly string[] | undefined>("session.searchPath");
  return {
    database,
    directories,
    ledger: {
      schema: get("ledger.schema"),
      ...(role === undefined ? {} : { role }),
      ...(owner === undefined ? {} : { owner }),
    },
    session: {
      ...(role === undefined ? {} : { role }),
      ...(searchPath === undefined ? {} : { searchPath }),
      timeZone: get("session.timeZone"),
      dateStyle: get("session.dateStyle"),
      lockTimeout: get("session.lockTimeout"),
      statementTimeout: get("session.statementTimeout"),
      checkFunctionBodies: get("session.checkFunctionBodies"),
    },
    lockWait: get("lockWait"),
    lockRetries: get("lockRetries"),
    fileName: get("fileName"),
    ...(dumpFile === undefined ? {} : { dumpFile: path.resolve(dumpFile.base, dumpFile.value as string) }),
    ...(templates === undefined
      ? {}
      : { templates: path.resolve(templates.base, templates.value as string) }),
    ...(flags.env === undefined ? {} : { environment: flags.env }),
    ...(file === undefined ? {} : { file: file.source.path }),
    variables,
    secrets: database instanceof MigrateError ? [] : secretsOf(database),
    origins: Object.fromEntries([...settings].map(([setting, { origin }]) => [setting, origin])),
  };
}

/** The database address. Throws what kept it from being found: `usage/no-database`, `usage/database-address`, … */
export function requireDatabase(config: Config): DatabaseAddress {
  if (config.database instanceof MigrateError) throw config.database;
  return config.database;
}

/** One line of `migrate config`. */
export interface DescribedSetting {
  readonly setting: string;
  readonly value: SettingValue;
  readonly origin: string;
}

/** Every setting with a value, and where it came from; no passwords. Without a database, its line says why. */
export function describeConfig(config: Config): readonly DescribedSetting[] {
  const { database, ledger, session } = config;
  const values: Readonly<Record<string, SettingValue | undefined>> = {
    directories: config.directories,
    role: session.role,
    "ledger.schema": ledger.schema,
    "ledger.owner": ledger.owner,
    "session.searchPath": session.searchPath,
    "session.timeZone": session.timeZone,
    "session.dateStyle": session.dateStyle,
    "session.lockTimeout": session.lockTimeout,
    "session.statementTimeout": session.statementTimeout,
    "session.checkFunctionBodies": session.checkFunctionBodies,
    lockWait: config.lockWait,
    lockRetries: config.lockRetries,
    fileName: config.fileName,
    "dump.file": config.dumpFile,
    templates: config.templates,
  };
  const lines: DescribedSetting[] = [];
  const line = (setting: string, value: SettingValue | undefined, origin: string) => {
    if (value !== undefined) lines.push({ setting, value, origin });
  };
  line("config", config.file, "file");
  line("environment", config.environment, "flag --env");
  if (database instanceof MigrateError) line("database", `none: ${database.message}`, "nowhere");
  else line("database", database.display, database.origin);
  if (!(database instanceof MigrateError) && database.kind === "server") {
    line("database.sslmode", database.ssl === false ? "disable" : database.ssl.mode, database.origin);
  }
  for (const setting of settingNames) line(setting, values[setting], config.origins[setting] ?? "default");
  return lines;
}

// ── the config file ─────────────────────────────────────────────────────────────────────────────────────────────

/** A value, where it came from, and the folder that a relative path in it begins at. */
interface Setting {
  readonly value: SettingValue;
  readonly origin: string;
  readonly base: string;
  readonly location?: Location;
  /** Stands in the environment that was chosen with `-n`. */
  readonly chosen?: boolean;
}

function defaultSettings(cwd: string): [string, Setting][] {
  return settingNames.flatMap((name): [string, Setting][] => {
    const value = defaultOf(name);
    return value === undefined ? [] : [[name, { value, origin: "default", base: cwd }]];
  });
}

function flagSettings({ directory = [] }: ConfigFlags, cwd: string): [string, Setting][] {
  if (directory.length === 0) return [];
  return [["directories", { value: directory, origin: "flag --directory", base: cwd }]];
}

interface ConfigFile {
  readonly source: Source;
  readonly folder: string;
  readonly settings: SettingsFile;
}

async function openConfigFile(flag: string | undefined, cwd: string): Promise<ConfigFile | undefined> {
  const file = path.resolve(cwd, flag ?? CONFIG_FILE);
  const shown = shownPath(file, cwd);
  const text = textOf(file, shown);
  if (text !== undefined) {
    const source = { path: shown, text };
    return { source, folder: path.dirname(file), settings: readSettings(source, parseJson(source)) };
  }
  if (flag === undefined) return undefined;
  throw new MigrateError({
    code: "usage/config-file",
    message: `there is no config file ${shown}`,
    hint: `check the path given with --config; without it, ${CONFIG_FILE} is read where there is one`,
  });
}

/** The file's own settings, then those of the chosen environment in their place. */
function chosenSettings(file: ConfigFile | undefined, environment: string | undefined): [string, Setting][] {
  const environments = file?.settings.environments;
  const chosen = environment === undefined ? undefined : environments?.get(environment);
  if (environment !== undefined && chosen === undefined) {
    const names = [...(environments?.keys() ?? [])];
    throw new MigrateError({
      code: "usage/no-environment",
      message: `there is no environment "${environment}" in ${file?.source.path ?? `${CONFIG_FILE}, which does not exist`}`,
      hint:
        names.length > 0
          ? `it has ${names.join(", ")}`
          : `add it to "environments" in ${file?.source.path ?? CONFIG_FILE}`,
    });
  }
  if (file === undefined) return [];
  const { source, folder, settings } = file;
  const settingsOf = (from: FileSettings, chosenName?: string): [string, Setting][] =>
    [...from].map(([name, { value, start }]) => {
      const location = locate(source, start);
      const line = `${source.path} line ${location.line}`;
      const origin = chosenName === undefined ? line : `${line} (environment ${chosenName})`;
      return [name, { value, origin, base: folder, location, chosen: chosenName !== undefined }];
    });
  return [...settingsOf(settings.base), ...settingsOf(chosen ?? new Map(), environment)];
}

function shownPath(file: string, cwd: string): string {
  const relative = path.relative(cwd, file);
  return relative.startsWith("..") || path.isAbsolute(relative) ? file : relative;
}

/** The text of a file of ours; undefined when there is none. */
function textOf(file: string, shown: string): string | undefined {
  return textIfThere(file, "usage/config-file", shown)?.replace(/^\ufeff/, "");
}

function variablesOf(pairs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf("=");
      return equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}

// ── the database ────────────────────────────────────────────────────────────────────────────────────────────────

/** A place where variables are found by name. Empty ones count as not set. */
interface Layer {
  readonly find: (name: string) => Found | undefined;
  readonly origin: (name: string) => string;
}

async function databaseOf(
  flags: ConfigFlags,
  env: Surrounding["env"],
  cwd: string,
  variables: Readonly<Record<string, string>>,
  configured: Setting | undefined,
): Promise<DatabaseAddress | MigrateError> {
  try {
    const given = layerOfRecord(variables, (name) => `-x ${name}`);
    const environment = layerOfRecord(env, (name) => `environment variable ${name}`);
    const entries = parseDotenv({ path: ".env", text: textOf(path.join(cwd, ".env"), ".env") ?? "" });
    const dotenv = layerOfDotenv(entries, environment);
    const surroundings: Surroundings = {
      variable: (name) => environment.find(name) ?? dotenv.find(name),
      cwd,
    };
    const fromText = ({ value, origin }: Found, base = cwd) =>
      resolveAddress(parseAddress(value, origin), origin, base, surroundings);
    const fromFile = async (setting: Setting | undefined) => {
      if (setting === undefined) return undefined;
      const lookup = (name: string) => (given.find(name) ?? surroundings.variable(name))?.value;
      const value = putIn(String(setting.value), lookup, setting.origin, setting.location);
      return value === "" ? undefined : fromText({ value, origin: setting.origin }, setting.base);
    };

    if (flags.database !== undefined)
      return await fromText({ value: flags.database, origin: "flag --database" });
    // Who typed `-n staging` means staging's database, whatever the shell or .env holds.
    const chosen = configured?.chosen === true ? await fromFile(configured) : undefined;
    if (chosen !== undefined) return chosen;
    for (const layer of [environment, dotenv]) {
      const url = layer.find("DATABASE_URL") ?? layer.find("DB_DATABASE_URL");
      if (url !== undefined) return await fromText(url);
      const found = libpqVariables(layer) ?? postgresVariables(layer);
      if (found !== undefined) return await resolveAddress(found.parsed, found.origin, cwd, surroundings);
    }
    return (await fromFile(configured)) ?? noDatabase();
  } catch (error) {
    if (error instanceof MigrateError) return error;
    throw error;
  }
}

interface FoundAddress {
  readonly parsed: ParsedAddress;
  readonly origin: string;
}

/** `PG*` names a database when one of these is set; a user, password or port alone is only a habit of the shell. */
const PG_NAMES = ["PGSERVICE", "PGHOST", "PGDATABASE"];

function libpqVariables(layer: Layer): FoundAddress | undefined {
  const found = PG_NAMES.find((name) => layer.find(name) !== undefined);
  // The parameters themselves are taken from the variables when the address is completed.
  return found === undefined
    ? undefined
    : { parsed: { kind: "server", parameters: {} }, origin: layer.origin(found) };
}

/** As the official container image names them, with its defaults. */
function postgresVariables(layer: Layer): FoundAddress | undefined {
  const found = ["POSTGRES_DB", "POSTGRES_HOST", "POSTGRES_USER"].find(
    (name) => layer.find(name) !== undefined,
  );
  if (found === undefined) return undefined;
  const user = layer.find("POSTGRES_USER")?.value ?? "postgres";
  const parameters = {
    user,
    password: layer.find("POSTGRES_PASSWORD")?.value ?? "",
    host: layer.find("POSTGRES_HOST")?.value ?? "localhost",
    port: layer.find("POSTGRES_PORT")?.value ?? "5432",
    dbname: layer.find("POSTGRES_DB")?.value ?? user,
  };
  return { parsed: { kind: "server", parameters }, origin: layer.origin(found) };
}

function layerOfRecord(
  record: Readonly<Record<string, string | undefined>>,
  origin: (name: string) => string,
): Layer {
  return {
    find: (name) => {
      const value = Object.hasOwn(record, name) ? record[name] : undefined;
      return value === undefined || value === "" ? undefined : { value, origin: origin(name) };
    },
    origin,
  };
}

/** `${…}` in an entry means the environment, then an entry above it: so none can mean itself. */
function layerOfDotenv(entries: readonly DotenvEntry[], environment: Layer): Layer {
  const findAbove = (name: string, end: number): Found | undefined => {
    const index = entries.slice(0, end).findLastIndex((entry) => entry.name === name);
    const entry = entries[index];
    if (entry === undefined) return undefined;
    const origin = `.env line ${entry.line}`;
    const lookup = (other: string) => (environment.find(other) ?? findAbove(other, index))?.value;
    const value = entry.literal ? entry.value : putIn(entry.value, lookup, origin);
    return value === "" ? undefined : { value, origin };
  };
  return {
    find: (name) => findAbove(name, entries.length),
    origin: (name) => `.env line ${entries.findLast((entry) => entry.name === name)?.line}`,
  };
}

function putIn(
  text: string,
  lookup: (name: string) => string | undefined,
  origin: string,
  location?: Location,
): string {
  const { text: result, missing } = interpolate(text, lookup);
  if (missing.length === 0) return result;
  const names = missing.map((name) => `\${${name}}`).join(", ");
  throw new MigrateError({
    code: "usage/missing-variable",
    message: `${origin} uses ${names}, which ${missing.length === 1 ? "is" : "are"} not set`,
    hint: `set ${missing.join(", ")} in the environment or in .env, or write a default: \${${missing[0]}:-value}`,
    ...(location === undefined ? {} : { location }),
  });
}

function noDatabase(): MigrateError {
  return new MigrateError({
    code: "usage/no-database",
    message: "no database is configured",
    hint: [
      "name one in one of these ways:",
      "  migrate COMMAND --database postgres://USER:PASSWORD@localhost:5432/shop",
      "  export DATABASE_URL=postgres://USER:PASSWORD@localhost:5432/shop   (or that line in .env)",
      `  { "database": "pglite:./data" } in ${CONFIG_FILE}, for the embedded database`,
    ].join("\n"),
  });
}
