/** A folder of another tool's migrations → migrations of ours, and on request the files. */
import path from "node:path";
import { adjust, blanked, bodyOf, placesOf } from "../core/adopt/adjust.ts";
import {
  type AdoptedFinding,
  type AdoptedMigration,
  adopted,
  dateIn,
  type Judged,
  type JudgedMigration,
} from "../core/adopt/adopt.ts";
import type { FolderFile, ForeignMigration, Reading, Section } from "../core/adopt/foreign.ts";
import { folderHint, foldersLike, nothingOf, type Tool, toolOf } from "../core/adopt/tools.ts";
import { ranOf } from "../core/adopt/version-tables.ts";
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import { filePattern, parseFileName } from "../core/filename.ts";
import { parseHeader } from "../core/header.ts";
import { type RevisionId, sourcesOf } from "../core/migration.ts";
import { asOptions } from "../core/option-names.ts";
import { shellWord } from "../core/shell.ts";
import type { Source, Stretch } from "../core/source.ts";
import { type Config, withChanges } from "../io/config.ts";
import {
  createDirectory,
  createFiles,
  holdsMigrations,
  isEmptyDirectory,
  isInFolder,
  isSameFolder,
} from "../io/directory.ts";
import { statsAt } from "../io/files.ts";
import { readForeignFolder } from "../io/foreign-folder.ts";
import { foreignProgram } from "../io/foreign-program.ts";
import { createGrammar, type Grammar } from "../io/grammar.ts";
import { askedOf } from "./adopt-program.ts";
import { configFile } from "./init.ts";
import { type Deps, openConfig, openProject, type Project, type ProjectOptions } from "./project.ts";

export interface AdoptOptions extends ProjectOptions {
  /** The other tool's folder, relative to the working directory. */
  readonly folder: string;
  /** The name of the tool; without it the folder must show it. */
  readonly tool?: string | undefined;
  /** The command of a tool whose migrations are programs, in words: `uv run alembic`. Default: as the tool calls it. */
  readonly command?: string | undefined;
  /** The tool's version table, if it has another name. */
  readonly table?: string | undefined;
  /** The folder to write to, relative to the working directory. Default: the first of the project. */
  readonly to?: string | undefined;
  /** Write; without it nothing is written. */
  readonly write?: boolean | undefined;
}

/** What a folder becomes. */
export interface Adoption {
  readonly tool: string;
  readonly folder: string;
  /** Where the files go, as shown to people. */
  readonly to: string;
  /** Whether it can take them: it was empty, or not there, or has some of them, and is not in the other tool's. */
  readonly isFree: boolean;
  /** Why not: `the folder new is not empty, …`. */
  readonly taken?: string;
  /** Those that the project has not. Each follows the one before it. */
  readonly migrations: readonly AdoptedMigration[];
  /** Those that it has, which stay as they are. */
  readonly known: readonly RevisionId[];
  /** What is to be done by hand and belongs to none of them; of those that it has, in files that are as they were written. */
  readonly findings: readonly AdoptedFinding[];
  /** Names of SQL files that are no migrations of the tool, or not for PostgreSQL. */
  readonly leftOut: readonly string[];
  readonly written: boolean;
  /** What the next commands need in the config file; absent where it says so or need not, or nothing was written. */
  readonly settings?: AdoptedSettings;
}

/** Settings that follow from where the files are, and how they are named. */
export interface AdoptedSettings {
  /** The config file. */
  readonly file: string;
  /** There was none, and now there is. */
  readonly written: boolean;
  readonly values: { readonly directories?: readonly string[]; readonly fileName?: string };
}

/**
 * Reads the folder, and if that is asked for writes what becomes of those migrations that the project has not: into a
 * folder that is empty or not there yet, or beside the others. Throws `usage/…`; `source/…` for files that are no text,
 * or a folder that is not for PostgreSQL; and as `openProject`.
 */
export async function adopt(deps: Deps, options: AdoptOptions): Promise<Adoption> {
  const config = await openConfig(deps, options);
  const write = options.write === true;
  const files = foreignFiles(deps, config, options, "files");
  const to = destination(deps, config, options);
  const isEmpty = await isEmptyDirectory(to, deps, OTHER_FOLDER);
  const own = await ownMigrations(deps, options, config);
  const beside = !isEmpty && own.directories.some((each) => isSameFolder(each, to, deps));
  const isRead = config.directories.some((each) => isSameFolder(each, to, deps));
  const whyTaken = takenFault(to, { isEmpty, isRead }, options.folder, deps);
  // Before a tool is asked for SQL, which takes a while.
  if (write && whyTaken !== undefined && !beside) throw whyTaken;
  const { adoption: whole } = await adoptionOf(files, deps, config, options);
  const known = whole.migrations.filter(({ revision }) => own.paths.has(revision));
  const migrations = whole.migrations.filter((each) => !known.includes(each));
  // Another folder to write to would not help.
  const fault = otherFault(known, own, options, config) ?? renamedFault(migrations, own, options);
  if (fault !== undefined) throw fault;
  const taken = beside && known.length > 0 ? undefined : whyTaken;
  if (write && taken !== undefined) throw taken;
  const { tool, folder, ...read } = whole;
  const adoption = {
    ...{ tool, folder, to, isFree: taken === undefined },
    ...(taken === undefined ? {} : { taken: taken.message }),
    ...read,
    findings: [...read.findings, ...findingsLeft(known, own)],
    migrations: migrations.map((each) => ({
      ...each,
      findings: each.findings.map((finding) => placedIn(taken === undefined ? to : "", finding)),
    })),
    known: known.map(({ revision }) => revision),
  };
  if (!write || adoption.migrations.length === 0) return adoption;
  await writeMigrations(deps, adoption);
  const isGiven = (options.directories ?? []).length > 0;
  const settings = await settledSettings(deps, config, adoption, { ...own, isGiven });
  return { ...adoption, written: true, ...(settings === undefined ? {} : { settings }) };
}

/** The finding at its place in a file of that folder. */
const placedIn = (folder: string, finding: AdoptedFinding): AdoptedFinding =>
  finding.to === undefined
    ? finding
    : { ...finding, to: { ...finding.to, path: path.join(folder, finding.to.path) } };

/** What is still to be done in the project's files: in those that are, to the letter, what would be written again. */
function findingsLeft(
  known: readonly AdoptedMigration[],
  { paths }: OwnMigrations,
): readonly AdoptedFinding[] {
  return known.flatMap(({ revision, files, findings }) =>
    findings.flatMap((finding) => {
      const text = files.find(({ name }) => name === finding.to?.path)?.text;
      const own = paths.get(revision)!.sources.find((source) => source.text === text);
      return own === undefined ? [] : [{ ...finding, to: { ...finding.to!, path: own.path } }];
    }),
  );
}

/** What the project has beside the other tool's folder, which may be the one that it reads. */
interface OwnMigrations {
  /** Absolute paths of the folders that have something in them. */
  readonly directories: readonly string[];
  /** Of each revision its up file; of one that was squashed, that of the migration that replaces it. */
  readonly paths: ReadonlyMap<
    RevisionId,
    { readonly path: string; readonly squashed: boolean; readonly sources: readonly Source[] }
  >;
}

async function ownMigrations(deps: Deps, options: AdoptOptions, config: Config): Promise<OwnMigrations> {
  const directories: string[] = [];
  for (const each of config.directories)
    if (!isInFolder(each, options.folder, deps) && !(await isEmptyDirectory(each, deps)))
      directories.push(each);
  const project =
    directories.length === 0
      ? undefined
      : await projectIn(deps, options, withChanges(config, { directories }));
  if (project === undefined) return { directories: [], paths: new Map() };
  const { migrations, dormant } = project;
  const all = [...dormant, ...migrations.values()];
  const named = all.flatMap((migration) => {
    const { revision, replaces = [], path: at } = migration;
    const sources = sourcesOf(migration);
    return [...replaces, revision].map(
      (id) => [id, { path: at, squashed: id !== revision, sources }] as const,
    );
  });
  return { directories: all.length === 0 ? [] : directories, paths: new Map(named) };
}

/** Undefined where it is a folder of another tool: nothing in it is the project's. Throws as `openProject`. */
async function projectIn(deps: Deps, options: AdoptOptions, config: Config): Promise<Project | undefined> {
  try {
    return await openProject(deps, options, config);
  } catch (error) {
    if (error instanceof MigrateError && error.code === "source/no-header") return undefined;
    throw error;
  }
}

/** Where ids count the migrations, one that came between others has moved those behind it. */
function otherFault(
  known: readonly AdoptedMigration[],
  { paths }: OwnMigrations,
  options: Pick<AdoptOptions, "folder" | "tool">,
  { fileName }: Config,
): MigrateError | undefined {
  const pattern = filePattern(fileName);
  const slug = (name: string): string | undefined => parseFileName(name, pattern).fileName?.slug;
  for (const { revision, files } of known) {
    const [own, { name }] = [paths.get(revision)!, files[0]!];
    if (own.squashed || slug(path.basename(own.path)) === slug(name)) continue;
    return new MigrateError({
      code: "usage/not-adopted",
      message: `the project's ${revision} is ${own.path}, but ${options.folder} now makes ${name} of it`,
      hint: `nothing was written; if the file was only renamed, give it that name again; to have them all in a folder of their own: ${adoptCommand(options)} --directory DIR --yes`,
    });
  }
  return undefined;
}

/** Where a person gave one of them another id: it would be written, and run, a second time. */
function renamedFault(
  migrations: readonly AdoptedMigration[],
  { paths }: OwnMigrations,
  { folder }: AdoptOptions,
): MigrateError | undefined {
  const ids = new Map([...paths].map(([id, own]) => [path.basename(own.path), id]));
  for (const { revision, files } of migrations) {
    const id = ids.get(files[0]!.name);
    if (id === undefined) continue;
    return new MigrateError({
      code: "usage/not-adopted",
      message: `${paths.get(id)!.path} has the id ${id}, but ${folder} makes a file of that name with the id ${revision}`,
      hint: `nothing was written; if it is the same migration, and ${id} is applied nowhere, write ${revision} in the place of ${id}, in its files and in those that name it; if it is another migration, rename its files`,
    });
  }
  return undefined;
}

/** Written, if there is no config file. `isGiven`: the folders that are read are those of the caller. */
async function settledSettings(
  deps: Deps,
  { file, directories, origins }: Config,
  { to, migrations }: Adoption,
  own: { readonly directories: readonly string[]; readonly isGiven: boolean },
): Promise<AdoptedSettings | undefined> {
  const isRead = own.isGiven || directories.some((each) => isSameFolder(each, to, deps));
  const isDated = origins["fileName"] === "default" && isDate(migrations.at(-1));
  const all = [...own.directories.map((each) => shownFolder(each, deps)), to];
  const values = {
    ...(isRead ? {} : { directories: all }),
    ...(isDated ? { fileName: "{date:YYYYMMDDHHmmss}_{slug}" } : {}),
  };
  if (isRead && !isDated) return undefined;
  if (file !== undefined) return { file, written: false, values };
  const created = configFile({ directories: isRead ? [to] : all, ...values });
  await createFiles(".", [created], deps);
  return { file: created.name, written: true, values };
}

/** Whether its number is the time when it was made. */
const isDate = (migration: AdoptedMigration | undefined): boolean =>
  dateIn(/^\d+/.exec(migration?.files[0]?.name ?? "")?.[0] ?? "") !== undefined;

interface ReadAdoption {
  readonly tool: Tool;
  readonly adoption: Omit<Adoption, "to" | "isFree" | "taken" | "known">;
  readonly foreign: readonly ForeignMigration[];
}

/** What a folder is read for: new files, the proof of those that were written, or the rows of a version table. */
type Wanted = "files" | "proof" | "rows";

/** What a whole folder becomes, and its tool; nothing is written. Not for rows is a tool whose migrations are programs asked for SQL. */
export const readAdoption = (
  deps: Deps,
  config: Config,
  options: AdoptOptions,
  wanted: Wanted,
): Promise<ReadAdoption> =>
  adoptionOf(foreignFiles(deps, config, options, wanted), deps, config, options, wanted !== "rows");

async function adoptionOf(
  files: readonly FolderFile[],
  deps: Deps,
  config: Config,
  options: AdoptOptions,
  asks = true,
): Promise<ReadAdoption> {
  const { folder, tool: name, command, table } = options;
  const found = toolOf(files, folder, name);
  const tool = table === undefined ? found : { ...found, table: { ...found.table, name: baseOf(table) } };
  const described = tool.read(files);
  if (name !== undefined && isNothing(described)) throw nothingOf(tool, files, folder);
  const { program } = tool;
  const grammar = createGrammar();
  const reading =
    program === undefined || !asks
      ? described
      : await askedOf(described, program, foreignProgram(program, { ...deps, folder, command }), grammar);
  const judged: JudgedMigration[] = [];
  for (const each of reading.migrations) {
    const findings = reading.findings.filter((finding) => isIn(each, finding));
    judged.push({ ...(await judgedMigration(each, tool, grammar)), findings });
  }
  const migrations = adopted(judged, tool.name, filePattern(config.fileName), deps.now());
  const adoption = {
    tool: tool.name,
    folder,
    migrations,
    findings: reading.findings.filter((finding) => !judged.some(({ foreign }) => isIn(foreign, finding))),
    leftOut: [...reading.others, ...unclaimed(files, reading)],
    written: false,
  };
  return { tool, adoption, foreign: reading.migrations };
}

/** What reads that folder as this command does. */
const adoptCommand = ({ folder, tool }: Pick<AdoptOptions, "folder" | "tool">): string =>
  `migrate adopt ${shellWord(folder)}${tool === undefined ? "" : ` --tool ${tool}`}`;

/** The project, which must have these migrations. Throws `usage/not-adopted`, and as `openProject`. */
export async function adoptedProject(
  deps: Deps,
  options: AdoptOptions,
  config: Config,
  migrations: readonly AdoptedMigration[],
): Promise<Project> {
  const isGiven = (options.directories ?? []).length > 0;
  const { names = asOptions } = deps;
  const hint = `write them first: ${adoptCommand(options)} --yes; or name ${isGiven ? "the folder that they are in" : `their folder with ${names.short("directories")}`}`;
  try {
    const project = await openProject(deps, options, config);
    const lost = migrations.find(({ revision }) => !project.migrations.has(revision));
    if (lost === undefined) return project;
    const message = `${lost.revision} is not among the project's migrations`;
    const row = { version: lost.version, dirty: false, andBefore: false };
    // Written by hand, with the number as its id.
    const [own] = ranOf([row], [...project.migrations.keys()]);
    const recording = `the project's ${own} has that number: if its file has the same SQL, record it with: migrate stamp ${own}`;
    throw new MigrateError({
      code: "usage/not-adopted",
      message,
      hint: own === undefined ? hint : recording,
    });
  } catch (error) {
    if (!(error instanceof MigrateError && error.code === "usage/missing-directory")) throw error;
    throw new MigrateError({ code: "usage/not-adopted", message: error.message, hint }, { cause: error });
  }
}

/** Not even of another database, or with a fault. */
const isNothing = ({ migrations, findings, others }: Reading): boolean =>
  migrations.length + findings.length + others.length === 0;

/**
 * The files of the folder. Throws `usage/own-folder` where one begins with a header of ours, whatever tool is named: ours
 * look like golang-migrate's, and would get a second header. The files may be in a folder below.
 */
function foreignFiles(
  deps: Deps,
  config: Config,
  options: AdoptOptions,
  wanted: Wanted,
): readonly FolderFile[] {
  if (statsAt(path.resolve(deps.cwd, options.folder))?.isFile() === true) throw isFile(options, deps);
  const files = readForeignFolder(options.folder, deps.cwd);
  const own = files.find((file) => file.name.endsWith(".up.sql") && hasHeader(file));
  if (own === undefined) return files;
  const folder = path.dirname(own.path);
  throw new MigrateError({
    code: "usage/own-folder",
    message: `${folder} has migrations of Retort already: ${own.path} has a header with its revision`,
    hint: wanted === "files" ? ownHint(folder, files, deps, config, options) : oldHint[wanted],
  });
}

/** What a command needs that reads the other tool's folder once more. */
const oldHint: Readonly<Record<Exclude<Wanted, "files">, string>> = {
  proof: "name the folder of the other tool, from which these were made",
  rows: "name the folder of the other tool, from which these were made; if that is gone, record what the tool has run: migrate stamp TARGET",
};

function isFile({ folder: file, tool }: AdoptOptions, { cwd }: Deps): MigrateError {
  const folder = path.dirname(file);
  return new MigrateError({
    code: "usage/missing-directory",
    message: `${file} is a file, not a folder`,
    hint: folderHint(folder, foldersLike(filesBeside(folder, cwd)), tool),
  });
}

/** Those of ours are no other tool's; what cannot be read is none. */
function filesBeside(folder: string, cwd: string): readonly FolderFile[] {
  try {
    return readForeignFolder(folder, cwd).filter((file) => !hasHeader(file));
  } catch (error) {
    if (error instanceof MigrateError) return [];
    throw error;
  }
}

const hasHeader = (file: FolderFile): boolean => parseHeader(file, "up").header.revision !== undefined;

/** How many files a hint names. */
const MOST_NAMED = 4;

/** What to do about a folder of ours: with what was put among its files, or else how to use it. */
function ownHint(
  folder: string,
  files: readonly FolderFile[],
  deps: Deps,
  config: Config,
  given: AdoptOptions,
): string {
  const beside = files.filter((file) => path.dirname(file.path) === folder && file.name.endsWith(".sql"));
  const bare = beside.filter((file) => !hasHeader(file)).map((file) => path.basename(file.path));
  if (bare.length > 0) {
    const named = `${bare.slice(0, MOST_NAMED).join(", ")}${bare.length > MOST_NAMED ? ", …" : ""}`;
    const [have, them, their] = bare.length === 1 ? ["has", "it", "its"] : ["have", "them", "their"];
    return `${named} ${have} no header with a revision: move ${them} to a folder of ${their} own; then write a revision with ${their} SQL: migrate revision -m NAME; or adopt that folder: migrate adopt DIR`;
  }
  const isRead =
    (given.directories ?? []).length === 0 &&
    config.directories.some((each) => isSameFolder(each, folder, deps));
  const use = `use it as it is: migrate status${isRead ? "" : ` --directory ${shellWord(folder)}`}`;
  return beside.length === files.filter(({ name }) => name.endsWith(".sql")).length
    ? use
    : `${use}; or name a folder that has only files of the other tool`;
}

/** `name` of `schema.name`. */
const baseOf = (table: string): string => table.slice(table.lastIndexOf(".") + 1);

/** Whether a file of a migration is what a finding is about. */
const isIn = ({ up, down, asked }: ForeignMigration, { location }: Diagnostic): boolean =>
  location !== undefined && [up?.source.path, down?.source.path, asked?.path].includes(location.path);

async function judgedMigration(
  foreign: ForeignMigration,
  tool: Tool,
  grammar: Grammar,
): Promise<Omit<JudgedMigration, "findings">> {
  const { up, down } = foreign;
  return {
    foreign,
    ...(up === undefined ? {} : { up: await judged(up, tool, grammar) }),
    ...(down === undefined ? {} : { down: await judged(down, tool, grammar) }),
  };
}

async function judged(section: Section, tool: Tool, grammar: Grammar): Promise<Judged> {
  const { trees = [], faults } = await told(async () => ({ trees: await grammar.trees(section) }));
  const { own, control, together, raises, findings } = adjust(section, trees, tool.name, tool.table.name);
  const whole = faults.length > 0 ? { faults } : await said(section, inOrder(own, control), grammar);
  // What its own transaction kept together would fall apart outside one: then it stays, and is a fault.
  const isTorn = together && whole.outside === true;
  const { outside = false, faults: all } = isTorn ? await said(section, own, grammar) : whole;
  const taken = isTorn ? [] : control;
  // Of what was printed and cannot be read, it is not known what is said of the tool's table.
  const isRead = section.printed === undefined || !all.some(({ code }) => code === "source/syntax");
  const cuts = inOrder(own, taken);
  return {
    body: bodyOf(section, cuts),
    // What stands around SQL that was printed was never its author's.
    isCut: taken.length > 0 && section.printed === undefined,
    isEnded: section.printed?.semicolons === true,
    outside: section.outside && taken.length === 0 ? "said" : outside && "found",
    ...(raises === undefined ? {} : { raises }),
    findings: [...(isRead ? findings : []), ...foremost(all)],
    places: placesOf(section, cuts),
  };
}

const inOrder = (...cuts: readonly (readonly Stretch[])[]): readonly Stretch[] =>
  cuts.flat().sort((a, b) => a.start - b.start);

/** Where something else is wrong, BEGIN and COMMIT may have stayed for that alone. */
function foremost(faults: readonly Diagnostic[]): readonly Diagnostic[] {
  const others = faults.filter(({ code }) => code !== "source/transaction-control");
  return others.length > 0 ? others : faults;
}

/** What the grammar says of a section without its cuts: whether a statement must stand outside a transaction; its faults. */
const said = (section: Section, cuts: readonly Stretch[], grammar: Grammar) =>
  told(async () => {
    const { source, bodyStart } = section;
    const text = blanked(section, cuts);
    const statements = await grammar.statements({ source: { path: source.path, text }, bodyStart });
    return { outside: statements.some(({ transactional }) => !transactional) };
  });

async function told<T>(
  work: () => Promise<T>,
): Promise<Partial<T> & { readonly faults: readonly Diagnostic[] }> {
  try {
    return { ...(await work()), faults: [] };
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    return { faults: error.diagnostics } as Partial<T> & { readonly faults: readonly Diagnostic[] };
  }
}

/** SQL files of which nothing was said. */
function unclaimed(
  files: readonly FolderFile[],
  { migrations, findings, others }: Reading,
): readonly string[] {
  const claimed = new Set([
    ...migrations.flatMap(({ up, down }) => [up?.source.path, down?.source.path]),
    ...findings.map(({ location }) => location?.path),
  ]);
  const known = new Set(others);
  return files
    .filter((file) => file.name.endsWith(".sql") && !claimed.has(file.path) && !known.has(file.name))
    .map(({ name }) => name);
}

const destination = ({ cwd }: Deps, { directories }: Config, { to }: AdoptOptions): string =>
  to ?? shownFolder(directories[0] ?? "migrations", { cwd });

const shownFolder = (folder: string, { cwd }: Pick<Deps, "cwd">): string => path.relative(cwd, folder) || ".";

/**
 * Why a folder cannot take the files; undefined where it can. They go to a folder of their own: what lies in the other
 * tool's would be read as the tool's.
 */
function takenFault(
  to: string,
  { isEmpty, isRead }: { readonly isEmpty: boolean; readonly isRead: boolean },
  folder: string,
  deps: Deps,
): MigrateError | undefined {
  if (isEmpty && isInFolder(to, folder, deps)) {
    return new MigrateError({
      code: "usage/cannot-write",
      message: `the folder ${to} is in ${folder}, whose files would then be those of both`,
      hint: `nothing was written; ${OTHER_FOLDER}`,
    });
  }
  if (isEmpty) return undefined;
  const { names = asOptions } = deps;
  // It was adopted before, and the project does not read it yet.
  if (!isRead && holdsMigrations(path.resolve(deps.cwd, to))) {
    return new MigrateError({
      code: "usage/not-empty",
      message: `the folder ${to} has migrations already, which the project does not read`,
      hint: `nothing was written; to use those, name it: ${names.given("directories", to)}, or ${JSON.stringify(to)} in "directories"; to write others, ${OTHER_FOLDER}`,
    });
  }
  return new MigrateError({
    code: "usage/not-empty",
    message: `the folder ${to} is not empty, and existing files are not overwritten`,
    hint: `nothing was written; ${OTHER_FOLDER}`,
  });
}

const OTHER_FOLDER = "name another folder: --to DIR";

async function writeMigrations(deps: Deps, { to, migrations }: Adoption): Promise<void> {
  await createDirectory(to, deps);
  await createFiles(
    to,
    migrations.flatMap(({ files }) => files),
    deps,
  );
}
