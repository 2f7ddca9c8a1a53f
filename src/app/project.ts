/** Flags, environment and files → a project: its configuration, its migrations, their graph. */
import path from "node:path";
import { checkValues, filled, type Rules } from "../core/arguments.ts";
import { assemble } from "../core/assemble.ts";
import { cancelled, MigrateError, NOTHING } from "../core/errors.ts";
import { type FileNamePattern, filePattern, shapeOf } from "../core/filename.ts";
import { buildGraph, type Graph } from "../core/graph.ts";
import { otherFolderHint, type PlaceOf, startOfFile, unreadHint, unreadText } from "../core/graph-faults.ts";
import { placeOfKey } from "../core/header.ts";
import { type Ledger, ledgerOf } from "../core/ledger/calls.ts";
import type { Migration, RevisionId } from "../core/migration.ts";
import { asOptions, type OptionNames } from "../core/option-names.ts";
import { ordinaryWords } from "../core/ordinary.ts";
import type { SessionPins } from "../core/plan/session.ts";
import { settleReplaced } from "../core/replaced.ts";
import { defaultOf } from "../core/settings.ts";
import { shellWord } from "../core/shell.ts";
import type { Source } from "../core/source.ts";
import { type Config, configFile, loadConfig, withChanges } from "../io/config.ts";
import {
  fileBelow,
  folderNamedLike,
  holdsMigrations,
  holdsSql,
  isInFolder,
  migrationsBelow,
  readMigrations,
  sqlBelow,
  unreadFiles,
} from "../io/directory.ts";
import { statsAt } from "../io/files.ts";
import { type KnownEffects, knownEffects } from "../io/known-effects.ts";
import { type KnownBodies, knownBodies } from "../io/parsed.ts";
import type { Notice } from "../io/session/types.ts";
import {
  abortSignal,
  address,
  assignments,
  callback,
  clock,
  folder,
  type OtherArgument,
  refuseConnection,
  refuseStrayed,
  requireFields,
  text,
  texts,
  variables,
} from "./options.ts";

/** What a verb may know of the world around it. */
export interface Deps {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute path. */
  readonly cwd: string;
  readonly now: () => Date;
  /** What messages call the options; by default they are those of the API. */
  readonly names?: OptionNames | undefined;
  /** Aborted when the user or the system asks to stop. */
  readonly signal?: AbortSignal;
  /** Does what computes for long and leaves nothing half done; a signal ends the process meanwhile. */
  readonly killable?: (<T>(work: () => Promise<T>) => Promise<T>) | undefined;
  /** Told, once the configuration is known, which texts must not be printed. */
  readonly onSecrets?: (secrets: readonly string[]) => void;
  /** Told, once the files are read, which of these texts may be printed, because the files say them. */
  readonly onReleased?: (words: ReadonlySet<string>) => void;
  /** Told each file that was written. */
  readonly onWritten?: ((path: string) => void) | undefined;
  /** Told that a run begins, and then by what it returns the revision of each step that is done. */
  readonly onRun?: (() => (revision: RevisionId) => void) | undefined;
  /** Told the configuration once it is known. */
  readonly onConfig?: (config: Config) => void;
  /** Told what the server, or we, have to say besides errors; a verb's own `onNotice` goes before it. */
  readonly onNotice?: (notice: Notice) => void;
}

/** What a caller says of the world; else it is that of the process. */
export function depsOf({
  env = process.env,
  cwd = process.cwd(),
  now = () => new Date(),
  signal,
  onNotice,
}: { readonly [Name in "env" | "cwd" | "now" | "signal" | "onNotice"]?: Deps[Name] | undefined }): Deps {
  return {
    ...{ env, cwd, now },
    ...(signal === undefined ? {} : { signal }),
    ...(onNotice === undefined ? {} : { onNotice }),
  };
}

/** What every verb takes: where the project and its database are. */
export interface ProjectOptions {
  readonly database?: string | undefined;
  readonly directories?: readonly string[] | undefined;
  /** Path of the config file. */
  readonly config?: string | undefined;
  /** A named environment of the config file. */
  readonly environment?: string | undefined;
  /** `KEY=VALUE` for `${KEY}` in the config file. */
  readonly variables?: readonly string[] | undefined;
  /** Address of a server for scratch databases. */
  readonly scratch?: string | undefined;
}

/** What the API can be given of `Deps`. */
export const depsRules: Rules<Pick<Deps, "env" | "cwd" | "now" | "signal" | "onNotice">> = {
  env: variables,
  cwd: folder,
  now: clock,
  signal: abortSignal,
  onNotice: callback,
};

export const projectRules: Rules<ProjectOptions> = {
  database: address,
  directories: filled(texts),
  config: text,
  environment: text,
  variables: assignments,
  scratch: address,
};

/** Of a verb's options, those that every verb takes. */
export const commonOptions = ({
  database,
  directories,
  config,
  environment,
  variables,
  scratch,
}: ProjectOptions): ProjectOptions => ({ database, directories, config, environment, variables, scratch });

/** What can be given there, to those who look for it elsewhere. */
export const inDeps: OtherArgument = { rules: depsRules, place: "deps, the first argument" };

/** Throws `usage/option`; also for what belongs into another argument, and would have no effect. */
export function checkDeps(deps: unknown, others: readonly OtherArgument[]): void {
  const hint = "give { env: process.env, cwd: process.cwd(), now: () => new Date() }";
  const given = requireFields("deps", deps, hint);
  refuseConnection("deps", given, others);
  // Who gives another argument in its place gives none of what deps must have.
  refuseStrayed("deps has no", given, depsRules, others);
  const { env = null, cwd = null, now = null } = given;
  checkValues({ ...given, env, cwd, now }, depsRules, "deps.");
}

export interface Project {
  readonly config: Config;
  readonly migrations: ReadonlyMap<RevisionId, Migration>;
  readonly graph: Graph<Migration>;
  /** Squashed migrations that do not count yet: what they replace is still there. */
  readonly dormant: readonly Migration[];
  /** How the files are named. */
  readonly pattern: FileNamePattern;
  readonly ledger: Ledger;
  readonly pins: SessionPins;
  /** What was known of its files' bodies for a server's major version; 0: for any. */
  readonly known: (major: number) => KnownBodies;
  /** What was known of what they do to a database in use; `about`: what that depends on beside the files. */
  readonly knownEffects: (about: unknown) => KnownEffects;
}

/** Opens a project. Throws `MigrateError` of kind usage, source or graph, with every fault of every file. */
export async function openProject(deps: Deps, options: ProjectOptions, known?: Config): Promise<Project> {
  const read = known ?? (await openConfig(deps, options));
  const pattern = filePattern(read.fileName);
  const placeOf = placesOf();
  const migrations = await readFiles(deps, read, { pattern, isNamed: options.config !== undefined });
  const released = ordinaryWords(read.secrets, migrations);
  const config = released.size === 0 ? read : withoutWords(read, released);
  if (released.size > 0) deps.onReleased?.(released);
  const { active, dormant } = settleReplaced(migrations, placeOf);
  let ledger: Ledger | undefined;
  return {
    config,
    migrations: byRevision(active),
    graph: buildGraph(
      active,
      placeOf,
      dormant,
      unreadFiles(config.directories, { ...deps, replaced: config.replaced }),
    ),
    dormant,
    pattern,
    get ledger() {
      ledger ??= ledgerOf(config.ledger);
      return ledger;
    },
    pins: pinsOf(config),
    known: (major) => knownBodies(config.directories, major, deps.env),
    knownEffects: (about) => knownEffects([about, config.directories], deps.env),
  };
}

/** Those words of its secrets may be printed after all. */
const withoutWords = (config: Config, released: ReadonlySet<string>): Config =>
  withChanges(config, { secrets: config.secrets.filter((secret) => !released.has(secret)) });

/** Where a config file names the folders: `migrate.config.json line 2`; undefined where none does. */
export const foldersFile = ({ file, origins }: Pick<Config, "file" | "origins">): string | undefined => {
  const origin = origins["directories"];
  return file !== undefined && origin?.startsWith(`${file} line `) === true ? origin : undefined;
};

/**
 * Whether one more folder could be read. SQL files in it that are no migrations would stop every command, and the root of a
 * project has some sooner or later.
 */
export function mayBeAdded({ directories }: Config, directory: string, deps: Pick<Deps, "cwd">): boolean {
  const folder = path.resolve(deps.cwd, directory);
  const isAround = directories.some((each) => isInFolder(each, folder, deps));
  return holdsMigrations(folder) || !(isAround || holdsSql(folder));
}

/** What to do so that one more folder is read: where the caller names the folders, the config file does not count. */
export function addFolder(config: Config, directory: string, { cwd }: Pick<Deps, "cwd">): string {
  if (config.replaced !== undefined) return `give it with the ${config.replaced.by} as well`;
  const file = configFile(config);
  const base = path.dirname(path.resolve(cwd, file));
  const named = (folder: string): string =>
    JSON.stringify(path.relative(base, path.resolve(cwd, folder)) || ".");
  if (foldersFile(config) !== undefined) return `add ${named(directory)} to "directories" in ${file}`;
  const all = [...config.directories, directory].map(named).join(", ");
  return `write "directories": [${all}] into ${file}`;
}

/** The flag without which `revision` does not know the folder of a first migration, if there are several; by default, the first. */
export function inFolder(
  { directories }: Pick<Config, "directories">,
  { cwd }: Pick<Deps, "cwd">,
  folder = directories[0],
): string {
  if (directories.length < 2 || folder === undefined) return "";
  return ` --version-path ${shellWord(path.relative(cwd, path.resolve(cwd, folder)) || ".")}`;
}

async function readFiles(
  deps: Deps,
  config: Config,
  { pattern, isNamed }: { readonly pattern: FileNamePattern; readonly isNamed: boolean },
): Promise<readonly Migration[]> {
  const { directories, replaced } = config;
  const { cwd, names } = deps;
  // Its module loads the readers of all tools, for which no sound project has a use.
  const foreign = async (): Promise<MigrateError | undefined> =>
    (await import("./foreign-folder.ts")).foreignFault(config, deps, pattern);
  let migrations: readonly Migration[];
  try {
    migrations = await readMigrations(directories, {
      ...{ cwd, names, pattern, origin: foldersFile(config), replaced },
      creating: (folder) => creating(config, folder, isNamed, deps),
      wayOut: (folder) =>
        fromConfig(config, folder, deps) ?? besideConfig(config, deps) ?? projectBelow(config, deps),
    });
  } catch (error) {
    const isFileFault = error instanceof MigrateError && error.code.startsWith("source/");
    throw (isFileFault ? await foreign() : undefined) ?? error;
  }
  // Tools that have programs, or a folder for each migration, leave no file to find fault with.
  const fault = migrations.length === 0 ? await foreign() : undefined;
  if (fault !== undefined) throw fault;
  return migrations;
}

/** What to do in a folder below a config file that names no folder: one that is beside that file may be meant. */
export function besideConfig(
  { file, origins }: Config,
  { cwd, names = asOptions }: Pick<Deps, "cwd" | "names">,
): string | undefined {
  if (file === undefined || origins["directories"] !== "default") return undefined;
  const folder = path.dirname(path.resolve(cwd, file));
  if (folder === cwd) return undefined;
  const [name] = defaultOf("directories") as readonly string[];
  const beside = path.join(folder, name!);
  const other =
    statsAt(beside)?.isDirectory() === true
      ? `, or name the one beside it: ${names.given("directories", beside)}`
      : "";
  return `${file} names no folder: add "directories": ["${name}"] to it${other}`;
}

/** What to do in a folder above that of a project, where nobody has named anything. */
function projectBelow(config: Config, { cwd, names = asOptions }: Deps): string | undefined {
  if (config.file !== undefined || config.origins["directories"] !== "default") return undefined;
  const below = fileBelow(cwd, configFile(config));
  if (below === undefined) return undefined;
  const folder = path.dirname(below);
  return `${folder} has a project: cd ${shellWord(folder)}, or name its config file: ${names.given("config", below)}; to begin another in this folder: ${names.init()}`;
}

/** What to do in a folder below a config file where a folder that the caller gave is there as seen from that file, or one with a name like its; `folder`: absolute. */
function fromConfig(
  { file, replaced }: Config,
  folder: string,
  { cwd, names = asOptions }: Deps,
): string | undefined {
  if (file === undefined || replaced === undefined) return undefined;
  const base = path.dirname(path.resolve(cwd, file));
  const fromThere = path.resolve(base, path.relative(cwd, folder));
  const meant = statsAt(fromThere)?.isDirectory() === true ? fromThere : folderNamedLike(fromThere);
  if (base === cwd || meant === undefined) return undefined;
  const without = replaced.origin === undefined ? "" : ` without it, the folders of ${file} are read`;
  return `did you mean ${names.given("directories", path.relative(cwd, meant))}?${without}`;
}

/** What creates a folder of migrations: `init` does, but for one beside those that the config file names. `isNamed`: the user named that file. */
function creating(
  { file, origins }: Config,
  folder: string,
  isNamed: boolean,
  { names = asOptions }: Pick<Deps, "names">,
): string {
  // `init` reads the config file of its folder, and writes one where there is none.
  if (!isNamed && origins["directories"] === "default") return names.init();
  const isOfFile = isNamed || (file !== undefined && foldersFile({ file, origins }) === undefined);
  return isOfFile ? `mkdir -p ${shellWord(folder)}` : names.init(folder);
}

/** The same project with other migrations. Throws `graph/…`. */
export function withMigrations(project: Project, migrations: readonly Migration[]): Project {
  const { active, dormant } = settleReplaced(migrations, startOfFile);
  return { ...project, migrations: byRevision(active), graph: buildGraph(active), dormant };
}

/** A project with other files. Throws what is wrong with them. */
export function withSources(project: Project, sources: readonly Source[]): Project {
  const { migrations, diagnostics } = assemble(sources, [], project.pattern);
  if (diagnostics.length > 0) throw MigrateError.all(diagnostics);
  return withMigrations(project, migrations);
}

const byRevision = (migrations: readonly Migration[]): ReadonlyMap<RevisionId, Migration> =>
  new Map(migrations.map((migration) => [migration.revision, migration]));

/** Opens a project to be read, and warns as `warnOfFolders`. Throws as that and `openProject`. */
export async function openWarned(deps: Deps, options: ProjectOptions, known?: Config): Promise<Project> {
  const project = await openProject(deps, options, known);
  warnOfFolders(project, deps);
  return project;
}

/** The same for who writes a migration, of which there may be none before: it would not follow those that are not read. */
export async function openToWrite(deps: Deps, options: ProjectOptions, known?: Config): Promise<Project> {
  const project = await openProject(deps, options, known);
  if (project.migrations.size > 0 || emptiness(project, deps)?.isWrong === true) warnOfFolders(project, deps);
  return project;
}

/**
 * Warns of a project without migrations, and of migrations that are in folders below those that are read. Throws
 * `usage/no-migrations` where all are: an upgrade would do nothing.
 */
export function warnOfFolders(
  project: Project,
  deps: Deps,
  onNotice: Deps["onNotice"] | undefined = deps.onNotice,
): void {
  const empty = emptiness(project, deps);
  if (empty === undefined) {
    const unread = unreadBelow(project, deps);
    if (unread !== undefined)
      onNotice?.({ severity: "WARNING", message: `${unread.message}; ${unread.hint}` });
    return;
  }
  const { folders, hint, isWrong } = empty;
  const message = `there are no migrations in ${folders}`;
  if (isWrong) throw new MigrateError({ code: "usage/no-migrations", message, hint });
  onNotice?.({ severity: "WARNING", message: `${message}; ${hint}` });
}

/** The folders of migrations, as they are shown. */
export const shownFolders = (
  { directories }: Pick<Config, "directories">,
  { cwd }: Pick<Deps, "cwd">,
): string => directories.map((folder) => path.relative(cwd, folder) || ".").join(", ");

/** The folders of a project without migrations, and what to type; `isWrong`: folders below have them, and are not read. */
export function emptiness(
  { migrations, config: { directories, replaced }, pattern }: Project,
  { cwd, names = asOptions }: Pick<Deps, "cwd" | "names">,
): { readonly folders: string; readonly hint: string; readonly isWrong: boolean } | undefined {
  if (migrations.size > 0) return undefined;
  const folders = shownFolders({ directories }, { cwd });
  const [file, ...files] = migrationsBelow(directories, { cwd, names, replaced }).values();
  if (file !== undefined) return { folders, hint: otherFolderHint([file, ...files]), isWrong: true };
  const below = directories.map(sqlBelow).find((found) => found !== undefined);
  const name = shapeOf(pattern);
  const hint =
    below === undefined
      ? `name another folder with ${names.given("directories", "DIR")}, or write a migration: migrate revision -m 'create users'${inFolder({ directories }, { cwd })}`
      : `${below} is not one: a migration is a pair of files directly in that folder, ${name}.up.sql and ${name}.down.sql`;
  return { folders, hint, isWrong: false };
}

/** What to say of a project that has migrations, and others in folders below that are not read. */
export function unreadBelow(
  { migrations, graph: { dormant, replaced }, config }: Project,
  { cwd, names }: Pick<Deps, "cwd" | "names">,
): { readonly message: string; readonly hint: string } | undefined {
  if (migrations.size === 0) return undefined;
  // Those that a squashed migration replaces may be kept there, and so may copies.
  const known = new Set([...migrations.keys(), ...replaced.keys(), ...dormant.map((each) => each.revision)]);
  const below = migrationsBelow(config.directories, { cwd, names, replaced: config.replaced });
  const [first, ...others] = [...below].flatMap(([revision, file]) => (known.has(revision) ? [] : [file]));
  if (first === undefined) return undefined;
  return { message: unreadText([first, ...others]), hint: unreadHint([first, ...others]) };
}

/** Timeouts that nobody has asked for give way to those that the connection was given. */
function pinsOf({ session, origins }: Config): SessionPins {
  const { lockTimeout, statementTimeout, ...pins } = session;
  return {
    ...pins,
    ...(origins["session.lockTimeout"] === "default" ? {} : { lockTimeout }),
    ...(origins["session.statementTimeout"] === "default" ? {} : { statementTimeout }),
  };
}

/** UTF-16 units; so much is parsed in a moment. */
const MOMENT = 128 * 1024;

/**
 * Does what parses files of the project, and leaves nothing half done. Throws `execution/cancelled` where it was asked to
 * stop before.
 */
export async function computing<T>(
  { killable, signal }: Deps,
  { migrations }: Project,
  work: () => Promise<T>,
): Promise<T> {
  let size = 0;
  for (const { up, down } of migrations.values())
    size += up.source.text.length + (down?.source.text.length ?? 0);
  if (killable === undefined || size < MOMENT) return await work();
  // A signal that has come already is heard in the next turn of the event loop.
  for (let turns = 0; turns < 2; turns += 1) await new Promise(setImmediate);
  if (signal?.aborted === true) throw cancelled(NOTHING);
  return await killable(work);
}

/** The places of header keys, each looked up once: thousands of faults may be in one long line. */
function placesOf(): PlaceOf<Migration> {
  const places = new Map<string, ReturnType<typeof placeOfKey>>();
  return ({ path, up }, key, item = "") => {
    const name = `${key} ${path} ${item}`;
    if (!places.has(name)) places.set(name, placeOfKey(up.source, key, item || undefined));
    return places.get(name);
  };
}

/** The configuration alone: for commands that need no migrations. `databaseOption`: the one that gave `database`. */
export async function openConfig(
  deps: Deps,
  options: ProjectOptions,
  databaseOption: "database" | "desired" = "database",
): Promise<Config> {
  const { database, directories: directory, config: file, environment: env, variables: x, scratch } = options;
  const config = await loadConfig({
    flags: { database, databaseOption, directory, config: file, env, x, scratch },
    ...deps,
    names: deps.names ?? asOptions,
  });
  deps.onSecrets?.(config.secrets);
  deps.onConfig?.(config);
  return config;
}
