/** Flags, environment, `.env` and `migrate.config.json` → one `Config`, which says of each value where it came from. */

import path from "node:path";
import { isUrl, originOfFault } from "../core/address.ts";
import { dotenvValues, parseDotenv, strayLines, textOf as textOfVariable } from "../core/dotenv.ts";
import { withUnit } from "../core/duration.ts";
import { MigrateError } from "../core/errors.ts";
import type { ReplacedFolders } from "../core/graph-faults.ts";
import type { LedgerNames } from "../core/ledger/types.ts";
import { nearest } from "../core/nearest.ts";
import { thereAre } from "../core/only.ts";
import type { OptionNames } from "../core/option-names.ts";
import type { SessionPins } from "../core/plan/session.ts";
import { redactAll } from "../core/redact.ts";
import type { LintSettings } from "../core/rules/settings.ts";
import { type ServerVersion, serverVersionOf } from "../core/server-version.ts";
import {
  defaultOf,
  type FileSettings,
  readSettings,
  type SettingsFile,
  type SettingValue,
  settingNames,
  variablesOfFile,
  withVariables,
} from "../core/settings.ts";
import { type Location, locate, type Source } from "../core/source.ts";
import { type Lookup, replaceVariables, settingHint } from "../core/variables.ts";
import {
  addressNames,
  findDatabase,
  type Layer,
  layered,
  partNames,
  resolveText,
  type TextAddress,
} from "./database.ts";
import { foldersOf } from "./directory.ts";
import { contentIfThere, type FileContent, isRepository, ownStatsAt, refuseOtherFormat } from "./files.ts";
import { parseJson } from "./jsonc.ts";
import { type DatabaseAddress, listsOf, type ServerAddress, secretsOf } from "./libpq/parameters.ts";
import { isExecutable } from "./packages.ts";

/** The global flags, as typed; in the API, the options of the same meaning. */
export interface ConfigFlags {
  /** `--database` */
  readonly database?: string | undefined;
  /** The option that gave it: of two databases messages must tell one from the other. */
  readonly databaseOption?: "database" | "desired";
  /** `--directory`, repeatable. */
  readonly directory?: readonly string[] | undefined;
  /** `-c`, `--config` */
  readonly config?: string | undefined;
  /** `-n`, `--env`: a named environment of the config file. */
  readonly env?: string | undefined;
  /** `-x KEY=VALUE`, repeatable: values for `${KEY}` in the config file. */
  readonly x?: readonly string[] | undefined;
  /** `--scratch` */
  readonly scratch?: string | undefined;
}

export interface Surrounding {
  readonly flags: ConfigFlags;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
  /** What messages call what was given. */
  readonly names: OptionNames;
}

export interface Config {
  /** The address, or why there is none: only a command that needs a database fails (see `requireDatabase`). */
  readonly database: DatabaseAddress | MigrateError;
  /** Folders of migration files, those that a pattern fits among them; absolute. */
  readonly directories: readonly string[];
  /** Where the caller gave `directories`: what they replace. */
  readonly replaced?: ReplacedFolders;
  readonly ledger: LedgerNames;
  /** What every migration's session starts from, the configured role included. */
  readonly session: SessionPins;
  /** Seconds to wait for another run; 0 fails at once. */
  readonly lockWait: number;
  /** How often a migration that met a lock timeout or a deadlock is tried again. */
  readonly lockRetries: number;
  /** Pattern of new file names, without `.up.sql`. */
  readonly fileName: string;
  /** The folder of SQL files with the desired schema; absolute. */
  readonly schema: string;
  /** Which rules are asked, and how much they weigh. */
  readonly lint: LintSettings;
  /** The tables whose rows belong to the schema: `shop.countries`. */
  readonly referenceRows: readonly string[];
  /** The file that holds the schema as of the last run; absolute. */
  readonly dumpFile?: string;
  /** The user's own folder of templates; absolute. */
  readonly templates?: string;
  /** Of the servers that the migrations are for. */
  readonly serverVersion?: ServerVersion;
  /** The address of a server for scratch databases, or what is wrong with it; absent where none is given. */
  readonly scratch?: DatabaseAddress | MigrateError;
  /** Patterns of the objects that are no part of the project (`CompareOptions.ignore`). */
  readonly ignore: readonly string[];
  /** The environment chosen with `-n`. */
  readonly environment?: string;
  /** Those that the config file has. */
  readonly environments: readonly string[];
  /** The config file that was read, as the user would type it. */
  readonly file?: string;
  /** What was given with `-x`; a key without `=` has the value "". */
  readonly variables: Readonly<Record<string, string>>;
  /** Of each of those that no setting has, a warning; whoever connects gets it among those of the address. */
  readonly unusedVariables: readonly string[];
  /** Texts that must not be printed: hand them to `redact` with everything that is. */
  readonly secrets: readonly string[];
  /** Dotted setting name → where its value came from. */
  readonly origins: Readonly<Record<string, string>>;
}

const CONFIG_FILE = "migrate.config.json";

/** The file that a setting is to be written to, as the user would type it. */
export const configFile = ({ file }: Pick<Config, "file">): string => file ?? CONFIG_FILE;

/**
 * Resolves the configuration. Changes nothing, `process.env` included. Throws `usage/config-file`,
 * `usage/config-syntax`, `usage/config-key`, `usage/config-value`, `usage/no-environment`; faults of the database
 * address are kept in `database`.
 */
export async function loadConfig({ flags, env, cwd, names }: Surrounding): Promise<Config> {
  const variables = variablesOf(flags.x ?? []);
  const file = await openConfigFile(flags.config, cwd, names);
  const givenVariables = layerOfRecord(variables, (name) => `-x ${name}`);
  const environment = layerOfRecord(env, (name) => `environment variable ${name}`);
  const dotenvFolder =
    file === undefined || ownStatsAt(path.join(cwd, ".env")) !== undefined ? cwd : file.folder;
  const dotenv = readDotenv(dotenvFolder, cwd, environment);
  const all = layered(givenVariables, layered(environment, dotenv));
  const lookup: Lookup = (name) => all.find(name)?.value;
  const filledIn = (name: string, setting: Setting): Setting => ({
    ...setting,
    value: withVariables(name, setting.value, lookup, { ...setting, given: names("variables") }),
  });
  const {
    database: address,
    scratch: scratchAddress,
    ...fromFile
  } = Object.fromEntries(chosenSettings(file, flags.env));
  const configuredSettings = new Map<string, Setting>([
    ...defaultSettings(cwd),
    ...Object.entries(fromFile).map(([name, setting]): [string, Setting] => [name, filledIn(name, setting)]),
  ]);
  const settings = new Map([...configuredSettings, ...flagSettings(flags, cwd, names("directories"))]);
  const configured = (setting: Setting | undefined): TextAddress | undefined => {
    if (setting === undefined) return undefined;
    const value = replaceVariables(String(setting.value), lookup, {
      ...setting,
      given: names("variables"),
    });
    return value === "" ? undefined : { ...setting, value };
  };
  const given = (value: string | undefined, origin: string): TextAddress | undefined =>
    value === undefined ? undefined : { value, origin, base: cwd };
  const surroundings = { environment, dotenv, cwd };
  const found = await addressOrFault(
    async () =>
      (await findDatabase({
        ...surroundings,
        ...{ dotenvFolder, names },
        flag: given(flags.database, names(flags.databaseOption ?? "database")),
        chosen: () => {
          if (address?.chosen !== true) return undefined;
          const text = configured(address);
          if (text === undefined) throw emptyIn(flags.env!, address, names("variables"));
          return text;
        },
        configured: () => configured(address),
      })) ?? noDatabase(dotenv, file, address, names),
  );
  const database = found instanceof MigrateError ? environmentMeant(found, flags, file, names) : found;
  const repeated = dotenv.repeated();
  const scratch = await addressOrFault(async () => {
    const text = given(flags.scratch, names("scratch")) ?? configured(scratchAddress);
    return text === undefined ? undefined : resolveText(text, surroundings);
  });
  const get = <T extends SettingValue | undefined>(setting: string): T => settings.get(setting)?.value as T;
  const directories: string[] = [];
  const { value: folders, base } = settings.get("directories")!;
  for (const folder of folders as readonly string[])
    directories.push(...(await foldersOf(folder, base, names)));
  const replaced =
    (flags.directory ?? []).length === 0
      ? undefined
      : { by: names("directories"), ...(await replacedFolders(configuredSettings.get("directories")!)) };
  const dumpFile = settings.get("dump.file");
  const templates = settings.get("templates");
  const schema = settings.get("schema");
  const role = get<string | undefined>("role");
  const owner = get<string | undefined>("ledger.owner");
  const searchPath = get<readonly string[] | undefined>("session.searchPath");
  const serverVersion = settings.get("serverVersion");
  refuseLedgerFirst(settings.get("session.searchPath"), get("ledger.schema"));
  const unused = unusedVariables(variables, file, names("variables"));
  return unlisted({
    unusedVariables: unused,
    database:
      database instanceof MigrateError
        ? database
        : {
            ...database,
            warnings: [...database.warnings, ...repeated, ...unused],
          },
    directories,
    ...(replaced === undefined ? {} : { replaced }),
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
    schema: path.resolve(schema?.base ?? base, (schema?.value ?? "schema") as string),
    lint: {
      version: get("lint.version"),
      error: get<readonly string[] | undefined>("lint.error") ?? [],
      warning: get<readonly string[] | undefined>("lint.warning") ?? [],
      off: get<readonly string[] | undefined>("lint.off") ?? [],
    },
    referenceRows: get<readonly string[] | undefined>("referenceRows") ?? [],
    ...(dumpFile === undefined ? {} : { dumpFile: path.resolve(dumpFile.base, dumpFile.value as string) }),
    ...(templates === undefined
      ? {}
      : { templates: path.resolve(templates.base, templates.value as string) }),
    ...(serverVersion === undefined
      ? {}
      : { serverVersion: serverVersionOf(serverVersion.value as string, serverVersion.origin) }),
    ...(scratch === undefined ? {} : { scratch }),
    ignore: get<readonly string[] | undefined>("ignore") ?? [],
    ...(flags.env === undefined ? {} : { environment: flags.env }),
    environments: [...(file?.settings.environments.keys() ?? [])],
    ...(file === undefined ? {} : { file: file.source.path }),
    variables,
    secrets: [database, scratch].flatMap((address) =>
      address === undefined || address instanceof MigrateError
        ? []
        : secretsOf(address, [get("ledger.schema"), owner, role]),
    ),
    origins: {
      ...Object.fromEntries([...settings].map(([setting, { origin }]) => [setting, origin])),
      ...(flags.env === undefined ? {} : { environment: names("environment") }),
      ...(flags.scratch !== undefined
        ? { scratch: names("scratch") }
        : scratchAddress === undefined
          ? {}
          : { scratch: scratchAddress.origin }),
    },
  });
}

/** Passwords may be in these: whoever prints a value that holds a configuration prints none of them. */
const UNLISTED = ["database", "scratch", "secrets", "variables"] as const;

/** The same configuration but for `changes`: a spread has only what is listed. */
export function withChanges(config: Config, changes: Partial<Config>): Config {
  const { database, secrets, variables, scratch } = config;
  const hidden = { database, secrets, variables, ...(scratch === undefined ? {} : { scratch }) };
  return unlisted({ ...config, ...hidden, ...changes });
}

function unlisted(config: Config): Config {
  for (const key of UNLISTED) if (key in config) Object.defineProperty(config, key, { enumerable: false });
  return config;
}

/** The database address. Throws what kept it from being found: `usage/no-database`, `usage/database-address`, … */
export function requireDatabase(config: Config): DatabaseAddress {
  if (config.database instanceof MigrateError) throw config.database;
  return config.database;
}

/** The same; undefined where none is configured, so that there is another way to go. */
export const databaseIfAny = (config: Config): DatabaseAddress | undefined =>
  namesDatabase(config) ? requireDatabase(config) : undefined;

/** Whether a database is configured, also by an address that is faulty. */
export const namesDatabase = ({ database }: Config): boolean =>
  !(database instanceof MigrateError && database.code === "usage/no-database");

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
    // A number alone may be meant in seconds.
    "session.lockTimeout": session.lockTimeout && withUnit(session.lockTimeout),
    "session.statementTimeout": session.statementTimeout && withUnit(session.statementTimeout),
    "session.checkFunctionBodies": session.checkFunctionBodies,
    lockWait: config.lockWait,
    lockRetries: config.lockRetries,
    fileName: config.fileName,
    schema: config.origins["schema"] === undefined ? undefined : config.schema,
    "lint.version": config.lint.version,
    "lint.error": some(config.lint.error),
    "lint.warning": some(config.lint.warning),
    "lint.off": some(config.lint.off),
    referenceRows: config.referenceRows.length === 0 ? undefined : config.referenceRows,
    "dump.file": config.dumpFile,
    templates: config.templates,
    serverVersion: config.serverVersion?.text,
    scratch: config.scratch instanceof MigrateError ? config.scratch.message : config.scratch?.display,
    ignore: config.ignore.length === 0 ? undefined : config.ignore,
  };
  const given = database instanceof MigrateError || database.kind !== "server" ? {} : timeoutsGiven(database);
  const lines: DescribedSetting[] = [];
  const line = (setting: string, value: SettingValue | undefined, origin: string) => {
    if (value !== undefined) lines.push({ setting, value: redactAll(value), origin });
  };
  line("config", config.file, "file");
  line("environment", config.environment, config.origins["environment"] ?? "default");
  if (database instanceof MigrateError) {
    const origin = originOfFault(database);
    const reason =
      origin === undefined ? database.message : database.message.replace(` (from ${origin})`, "");
    line("database", `none: ${reason}`, origin ?? "nowhere");
  } else line("database", database.display, database.origin);
  if (!(database instanceof MigrateError) && database.kind === "server") {
    const { database: dbname, user, ssl, target, origin, origins } = database;
    const { host, port } = listsOf(database);
    const password = HIDDEN;
    // What the address leaves open is filled in from elsewhere.
    for (const [name, value] of Object.entries({ host, port, dbname, user, password })) {
      const from = origins[name] ?? "default";
      if (from !== origin && from !== "default") line(`database.${name}`, value, from);
    }
    line("database.target_session_attrs", target, origins["target_session_attrs"] ?? origin);
    line("database.sslmode", ssl === false ? "disable" : ssl.mode, origins["sslmode"] ?? "default");
  }
  for (const setting of settingNames) {
    const origin = config.origins[setting] ?? "default";
    const other = origin === "default" ? given[setting] : undefined;
    line(setting, other?.value ?? values[setting], other?.origin ?? origin);
  }
  return lines;
}

/** As the address shows its password. */
const HIDDEN = "***";

/** The timeouts in the options of a connection, which go before the defaults. */
function timeoutsGiven({
  options = "",
  origins,
  origin,
}: ServerAddress): Readonly<Record<string, DescribedSetting>> {
  const found: Record<string, DescribedSetting> = {};
  for (const [, word, value] of options.matchAll(
    /(?:-c\s*|--)(lock[_-]timeout|statement[_-]timeout)=(\S+)/g,
  )) {
    const setting = word!.startsWith("lock") ? "session.lockTimeout" : "session.statementTimeout";
    found[setting] = { setting, value: withUnit(value!), origin: origins["options"] ?? origin };
  }
  return found;
}
const some = (names: readonly string[]): readonly string[] | undefined =>
  names.length === 0 ? undefined : names;

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

/** What is made without a schema would be made in the ledger's, which holds nothing else. */
function refuseLedgerFirst(searchPath: Setting | undefined, schema: string): void {
  if ((searchPath?.value as readonly string[] | undefined)?.[0] !== schema) return;
  throw new MigrateError({
    code: "usage/config-value",
    message: `"session.searchPath" begins with ${schema}, the schema of the ledger, which holds nothing else`,
    hint: "begin it with the schema of what the migrations make, or, while no database has the ledger there, name another for that",
    ...(searchPath?.location === undefined ? {} : { location: searchPath.location }),
  });
}

function defaultSettings(cwd: string): [string, Setting][] {
  return settingNames.flatMap((name): [string, Setting][] => {
    const value = defaultOf(name);
    return value === undefined ? [] : [[name, { value, origin: "default", base: cwd }]];
  });
}

function flagSettings({ directory = [] }: ConfigFlags, cwd: string, origin: string): [string, Setting][] {
  if (directory.length === 0) return [];
  return [["directories", { value: directory, origin, base: cwd }]];
}

/** The folders of a setting that is not followed: what is wrong with them is nobody's concern. */
async function replacedFolders({ value, base, origin }: Setting): Promise<Omit<ReplacedFolders, "by">> {
  const found = (value as readonly string[]).map((folder) => foldersOf(folder, base).catch(() => []));
  return {
    directories: (await Promise.all(found)).flat(),
    origin: origin === "default" ? undefined : origin,
  };
}

/** In the folder, or in the nearest one above it, as git looks for its own; not above a folder that git has for its root. */
function nearestConfigFile(cwd: string): string {
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    const file = path.join(folder, CONFIG_FILE);
    // A link to what is not there is not passed over.
    if (ownStatsAt(file) !== undefined) return file;
    if (folder === path.dirname(folder) || isRepository(folder)) return path.join(cwd, CONFIG_FILE);
  }
}

interface ConfigFile {
  readonly source: Source;
  readonly folder: string;
  readonly settings: SettingsFile;
}

async function openConfigFile(
  flag: string | undefined,
  cwd: string,
  names: OptionNames,
): Promise<ConfigFile | undefined> {
  const file = flag === undefined ? nearestConfigFile(cwd) : path.resolve(cwd, flag);
  const shown = shownPath(file, cwd);
  const source = settingsIn(file, shown);
  if (source !== undefined) {
    if (!source.isUtf8) {
      throw new MigrateError({
        code: "usage/config-file",
        message: "the file is not UTF-8",
        hint: "save it as UTF-8",
        location: locate(source, source.text.indexOf(LOST)),
      });
    }
    return { source, folder: path.dirname(file), settings: readSettings(source, parseJson(source)) };
  }
  if (flag === undefined) return undefined;
  throw new MigrateError({
    code: "usage/config-file",
    message: `config file ${shown} does not exist`,
    hint: `check the path given as ${names.short("config")}; without it, ${CONFIG_FILE} is read if it exists`,
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
      message: `no environment "${environment}" in ${file?.source.path ?? `${CONFIG_FILE}, which does not exist`}`,
      hint:
        names.length > 0
          ? thereAre("environment", names)
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
  return relative.startsWith("..") || path.isAbsolute(relative) ? file : relative || ".";
}

/** A file of settings; undefined when there is none. */
function settingsIn(file: string, shown: string): (Source & Pick<FileContent, "isUtf8">) | undefined {
  const content = contentIfThere(file, "usage/config-file", shown);
  if (content === undefined) return undefined;
  const { text, isUtf8 } = content;
  refuseOtherFormat(text, "usage/config-file", shown);
  return { path: shown, text: text.replace(/^\ufeff/, ""), isUtf8 };
}

function variablesOf(pairs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf("=");
      return equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}

/** Who gives a variable may mean another database than the one that is used without it. */
function unusedVariables(
  variables: Readonly<Record<string, string>>,
  file: ConfigFile | undefined,
  given: string,
): readonly string[] {
  const used = file === undefined ? new Set<string>() : variablesOfFile(file.settings);
  const free = [...used].filter((name) => !Object.hasOwn(variables, name));
  return Object.keys(variables)
    .filter((name) => !used.has(name))
    .map((name) => {
      const why =
        file === undefined ? "there is no config file" : `no setting in ${file.source.path} has \${${name}}`;
      const meant = nearest(name, free);
      return `${given} ${name} has no effect: ${why}${meant === undefined ? "" : `; did you mean ${meant}?`}`;
    });
}

// ── the database ────────────────────────────────────────────────────────────────────────────────────────────────

/** The fault of an address, with another hint where what was given for the address is the name of an environment. */
function environmentMeant(
  fault: MigrateError,
  { database = "", databaseOption = "database" }: ConfigFlags,
  file: ConfigFile | undefined,
  names: OptionNames,
): MigrateError {
  if (databaseOption !== "database" || file?.settings.environments.has(database) !== true) return fault;
  const hint = `did you mean ${names.given("environment", database)}, the environment of ${file.source.path}?`;
  return new MigrateError({ code: fault.code, message: fault.message, hint }, { cause: fault });
}

/** What the address is, or why it cannot be told. */
async function addressOrFault<T>(find: () => Promise<T>): Promise<T | MigrateError> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof MigrateError) return error;
    throw error;
  }
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
  };
}

/** What stands for bytes that are not UTF-8. */
const LOST = "\ufffd";

/** A file, and its variables. */
interface Dotenv extends Layer {
  readonly source: Source;
  /** A warning for each variable asked for so far that has several values there. */
  readonly repeated: () => readonly string[];
}

function readDotenv(folder: string, cwd: string, environment: Layer): Dotenv {
  const file = path.join(folder, ".env");
  const shown = shownPath(file, cwd);
  const { isUtf8, ...source } = settingsIn(file, shown) ?? { path: shown, text: "", isUtf8: true };
  const values = dotenvValues(source, (name) => environment.find(name)?.value);
  // The file belongs to other programs too, which may take the first.
  const repeated = new Set<string>();
  return {
    source,
    repeated: () => [...repeated],
    find: (name) => {
      const found = values.get(name);
      if (found?.hidden !== undefined)
        repeated.add(
          `${shown} line ${found.hidden} and ${shown} line ${found.line} give ${name} different values, and the last one counts; remove one of them`,
        );
      const value = found === undefined ? "" : textOfVariable(found);
      // The file belongs to other programs too, which may read what stands elsewhere in it.
      if (!isUtf8 && value.includes(LOST)) {
        throw new MigrateError({
          code: "usage/config-file",
          message: `the value of ${name} on line ${found!.line} of ${shown} is not UTF-8`,
          hint: "save the file as UTF-8",
        });
      }
      return value === "" ? undefined : { value, origin: `${shown} line ${found!.line}` };
    },
  };
}

/** Who typed `-n prod` means no other database than that of prod. */
function emptyIn(environment: string, { value, origin, location }: Setting, given: string): MigrateError {
  return new MigrateError({
    code: "usage/no-database",
    message: `the database of environment ${environment} is empty, with its variables replaced (from ${origin})`,
    hint: `${settingHint(String(value), given)}, or write a default: an address`,
    ...(location === undefined ? {} : { location }),
  });
}

function noDatabase(
  { source }: Dotenv,
  file: ConfigFile | undefined,
  address: Setting | undefined,
  names: OptionNames,
): MigrateError {
  const environments = [...(file?.settings.environments ?? [])].flatMap(([name, settings]) =>
    settings.has("database") ? name : [],
  );
  const meantBy = (name: string, value: string): string | undefined =>
    isUrl(value) ? "DATABASE_URL" : nearest(name, addressNames);
  const strays = strayLines(source).map(({ line, word, rest }) => ({ line, meant: meantBy(word, rest) }));
  const stray = strays.find(({ meant }) => meant !== undefined) ?? strays[0];
  const entries = parseDotenv(source);
  const part = entries.find(({ name, value }) => partNames.has(name) && value !== "");
  const empty = entries.find(({ name, value }) => addressNames.includes(name) && value === "");
  const misspelt = entries
    .filter(({ name }) => !partNames.has(name))
    .map(({ name, value, line }) => ({ name, line, meant: meantBy(name, value) }))
    .find(({ name, meant }) => meant !== undefined && meant !== name);
  return new MigrateError({
    code: "usage/no-database",
    message: "no database is configured",
    hint: [
      "configure one in one of these ways:",
      ...(environments.length === 0
        ? []
        : [
            `  ${names.alone("environment", environments[0]!)}   (${thereAre("environment", environments, " with a database")})`,
          ]),
      `  ${names.alone("database", "postgres://USER:PASSWORD@localhost:5432/shop")}`,
      "  export DATABASE_URL=postgres://USER:PASSWORD@localhost:5432/shop   (or that line in .env)",
      ...(isExecutable()
        ? []
        : [
            `  { "database": "pglite:./data" } in ${file?.source.path ?? CONFIG_FILE}, for the embedded database`,
          ]),
      ...(stray === undefined
        ? []
        : [
            `${source.path} line ${stray.line} is not NAME=value and is ignored${stray.meant === undefined ? "" : `; write: ${stray.meant}=…`}`,
          ]),
      // Not an error by itself: where the variable that it uses is not set, another place may name the database.
      ...(address === undefined
        ? []
        : [`"database" on ${address.origin} is empty, with its variables replaced`]),
      ...(empty === undefined ? [] : [`${empty.name} on line ${empty.line} of ${source.path} is empty`]),
      ...(misspelt === undefined
        ? []
        : [`${misspelt.name} on line ${misspelt.line} of ${source.path}: did you mean ${misspelt.meant}?`]),
      ...(part === undefined
        ? []
        : [
            `${part.name} on line ${part.line} of ${source.path} names no database; add ${partNames.get(part.name)}`,
          ]),
    ].join("\n"),
  });
}
