/** Folders of migration files → migrations, or every fault in them; and new files into a folder. */
import { isUtf8 } from "node:buffer";
import {
  type Dirent,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmdirSync,
  statSync,
} from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { assemble } from "../core/assemble.ts";
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import { excerptAt } from "../core/fault.ts";
import { type FileNamePattern, NONE_SKIPPED } from "../core/filename.ts";
import {
  type FindUnread,
  type ReplacedFolders,
  type UnreadFile,
  whereFolders,
} from "../core/graph-faults.ts";
import { parseHeader } from "../core/header.ts";
import type { Migration, RevisionId } from "../core/migration.ts";
import { nearest } from "../core/nearest.ts";
import { asOptions, type OptionNames } from "../core/option-names.ts";
import { shellWord } from "../core/shell.ts";
import { locate, type Source } from "../core/source.ts";
import { codeOf, entriesIn, formatOf, reasonOf, recoding, statsAt, wayFrom } from "./files.ts";
import { makeFolder, missingFolders } from "./make-folder.ts";
import { type Writer, writeFiles } from "./write-files.ts";

export interface DirectoryOptions {
  /** Absolute; relative folders start here, and paths in messages are relative to it. */
  readonly cwd: string;
  /** How the files are named; by default `NNNN_name`. */
  readonly pattern?: FileNamePattern;
  /** What messages call the options; by default they are those of the API. */
  readonly names?: OptionNames | undefined;
  /** The line of a config file that names the folders: `migrate.config.json line 2`. */
  readonly origin?: string | undefined;
  /** Where the caller gave the folders: what they replace. */
  readonly replaced?: ReplacedFolders | undefined;
  /** A folder that does not exist, as a word of the shell → what to type to create it; by default a `mkdir`. */
  readonly creating?: (folder: string) => string;
  /** A folder that does not exist, absolute → the hint where another is meant. */
  readonly wayOut?: (folder: string) => string | undefined;
}

/** A file to be made: a plain name, without folders, and its whole text. */
export interface NewFile {
  readonly name: string;
  readonly text: string;
}

/**
 * Reads the `.sql` files that lie directly in `directories` and pairs them, in the order of the folders and then of
 * the names. All files are read before anything is thrown: a `MigrateError` whose `diagnostics` are all faults.
 * Files that begin with a dot, other endings and subfolders are left alone.
 */
export async function readMigrations(
  directories: readonly string[],
  options: DirectoryOptions,
): Promise<readonly Migration[]> {
  const folders = new Map<string, Folder>();
  for (const directory of directories) {
    const folder = openFolder(directory, options);
    if (!folders.has(folder.real)) folders.set(folder.real, folder);
  }
  const sources: Source[] = [];
  const unreadable: Diagnostic[] = [];
  for (const folder of folders.values()) {
    // One synchronous loop: 20,000 files took 0.15 s, sixteen asynchronous reads at a time 0.2 to 0.9 s.
    for (const entry of sqlFiles(folder)) {
      // A server that answers meanwhile is heard.
      if (sources.length % 100 === 99) await new Promise(setImmediate);
      const read = readSource(folder, entry);
      if ("code" in read) unreadable.push(read);
      else sources.push(read);
    }
  }
  const { migrations, diagnostics } = assemble(sources, unreadable, options.pattern);
  if (diagnostics.length === 0) return migrations;
  // Only faults need git.
  const isCommitted = await committed(options.cwd);
  throw MigrateError.all(assemble(sources, unreadable, options.pattern, isCommitted).diagnostics);
}

/** Whether the last commit has the file of that path; git is asked once for each folder. */
async function committed(cwd: string): Promise<(path: string) => boolean> {
  const { filesAtHead } = await import("./git.ts");
  const folders = new Map<string, ReadonlySet<string>>();
  return (path) => {
    const file = resolve(cwd, path);
    const folder = dirname(file);
    const files = folders.get(folder) ?? filesAtHead(folder);
    folders.set(folder, files);
    return files.has(basename(file));
  };
}

/**
 * Creates all of `files` in an existing folder, or none; one that exists is never touched. Returns their paths as shown to
 * people. `ifThere`: what to do where one exists, as the end of a hint. Throws as `writeFiles`.
 */
export async function createFiles(
  directory: string,
  files: readonly NewFile[],
  { cwd, onWritten, names }: Writer & Pick<DirectoryOptions, "names">,
  ifThere?: string,
): Promise<readonly string[]> {
  const folder = openFolder(directory, { cwd, names });
  for (const { name } of files) refusePath(name);
  await writeFiles(
    files.map(({ name, text }) => ({ path: folder.shown + name, pieces: [text], before: null, ifThere })),
    { cwd, onWritten },
  );
  return files.map(({ name }) => folder.shown + name);
}

/** Creates folders, and those above them, for what `work`, told those of them that were missing, puts there; where that fails, those that were missing go again. */
export async function inNewFolders<T>(
  directories: readonly string[],
  options: DirectoryOptions,
  work: (made: readonly string[]) => Promise<T>,
): Promise<T> {
  const missing = new Set(
    directories.flatMap((directory) => missingFolders(resolve(options.cwd, directory))),
  );
  try {
    const made: string[] = [];
    for (const each of directories) if (await createDirectory(each, options)) made.push(each);
    return await work(made);
  } catch (error) {
    for (const path of [...missing].sort((a, b) => b.length - a.length)) removeIfEmpty(path);
    throw error;
  }
}

export function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // It was not made, or something lies in it.
  }
}

/** Creates a folder and those above it. Returns whether it was missing. */
export async function createDirectory(directory: string, { cwd }: DirectoryOptions): Promise<boolean> {
  return makeFolder(resolve(cwd, directory), directory);
}

/** What keeps an empty folder in git. */
const KEEPERS: readonly string[] = [".gitkeep", ".keep"];

/** Whether a folder is empty or not there at all; `wayOut` is the hint where a file is in its place. */
export async function isEmptyDirectory(
  directory: string,
  { cwd }: DirectoryOptions,
  wayOut = "name another folder",
): Promise<boolean> {
  const path = resolve(cwd, directory);
  try {
    return readdirSync(path).every((name) => KEEPERS.includes(name));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return true;
    if (codeOf(error) === "ENOTDIR") {
      throw new MigrateError({
        code: "usage/unreadable-directory",
        message: existsSync(path)
          ? `${directory} is a file, not a folder`
          : `a part of the path ${directory} is a file`,
        hint: wayOut,
      });
    }
    throw unreadableFolder(directory, error, wayOut);
  }
}

/** Where a path leads, without symbolic links; of what is not there, as far as it is there. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(realPath(above), basename(path));
  }
}

/** Whether both are the same folder, whichever way they lead there. */
export const isSameFolder = (one: string, other: string, { cwd }: DirectoryOptions): boolean =>
  realPath(resolve(cwd, one)) === realPath(resolve(cwd, other));

/** Whether a file of that path is read as one of a migration. */
export const isReadFrom = (
  path: string,
  directories: readonly string[],
  options: DirectoryOptions,
): boolean =>
  isSqlName(basename(path)) && directories.some((each) => isSameFolder(each, dirname(path), options));

/** Whether a folder is the other one, or lies in it, whichever way they lead there. */
export function isInFolder(inner: string, outer: string, { cwd }: DirectoryOptions): boolean {
  const below = relative(realPath(resolve(cwd, outer)), realPath(resolve(cwd, inner)));
  return below !== ".." && !below.startsWith(`..${sep}`) && !isAbsolute(below);
}

// ----------------------------------------------------------------------------------------------------- listing

interface Folder {
  /** Absolute, as the user named it. */
  readonly path: string;
  /** Without symbolic links. */
  readonly real: string;
  /** What stands before a file name in messages: `migrations/`, or nothing for the working directory. */
  readonly shown: string;
  readonly names: OptionNames;
  /** The caller gave it. */
  readonly isGiven: boolean;
}

/** What gives another folder. */
const another = (names: OptionNames): string => `name another with ${names.given("directories", "DIR")}`;

function openFolder(
  directory: string,
  {
    cwd,
    origin,
    replaced,
    names = asOptions,
    creating = (folder) => `mkdir -p ${shellWord(folder)}`,
    wayOut,
  }: DirectoryOptions,
): Folder {
  const isGiven = replaced !== undefined;
  const path = resolve(cwd, directory);
  const prefix = prefixOf(path, cwd);
  const shown = prefix.replace(/\/$/, "");
  const place = names.place(shown, path);
  const otherwise = (): string => {
    const meant = folderMeant(path);
    const guess = meant && (relative(cwd, meant).replaceAll(sep, "/") || ".");
    const create = `create it with: ${creating(place)}`;
    if (origin !== undefined)
      return `${guess === undefined ? "" : `did you mean ${guess}? `}name another there, or ${create}`;
    // A config file that is made for a misspelt folder would take the one that is meant out of the project.
    return guess === undefined
      ? `${another(names)}, or ${create}`
      : `did you mean ${names.given("directories", guess)}?`;
  };
  try {
    const real = realpathSync(path);
    if (statSync(real).isDirectory()) return { path, real, shown: prefix, names, isGiven };
  } catch (error) {
    if (codeOf(error) === "ENOENT") {
      throw new MigrateError(
        {
          code: "usage/missing-directory",
          message: `${PATTERN.test(shown) ? `no directory matches ${place}` : `the directory ${place} does not exist`}${origin === undefined ? "" : ` (from ${origin})`}`,
          hint: PATTERN.test(shown)
            ? patternHint(path, { cwd, origin, names })
            : (wayOut?.(path) ?? otherwise()),
        },
        { cause: error },
      );
    }
    if (codeOf(error) !== "ENOTDIR") throw unreadableFolder(shown, error, another(names));
  }
  throw new MigrateError({
    code: "usage/missing-directory",
    message: `${shown} is not a directory`,
    hint: `name the folder that holds the migrations with ${names.given("directories", "DIR")}`,
  });
}

/** Of a pattern that no folder matches; absolute. */
function patternHint(
  pattern: string,
  { cwd, origin, names = asOptions }: Pick<DirectoryOptions, "cwd" | "origin" | "names">,
): string {
  const folder = dirname(pattern);
  // Other programs take the files.
  if (/\.(?:sql|[cm]?[jt]s)$/.test(pattern) && statsAt(folder)?.isDirectory() === true) {
    const meant = relative(cwd, folder).replaceAll(sep, "/") || ".";
    return `name the folder, not its files: ${origin === undefined ? names.given("directories", meant) : meant}`;
  }
  const correct = `correct it${origin === undefined ? "" : " there"}, or create a folder that it matches`;
  const next =
    origin === undefined ? names.either("quote it, so that the shell does not expand it", correct) : correct;
  return `in a pattern, * matches one name and ** any number of folders; ${next}`;
}

/** What stands before the name of a file of a folder: `migrations/`, or nothing for the working directory. */
export function prefixOf(path: string, cwd: string): string {
  const below = relative(cwd, path);
  if (below === "") return "";
  const isBelow = below !== ".." && !below.startsWith(`..${sep}`) && !isAbsolute(below);
  return `${isBelow ? below : path}/`.replaceAll(sep, "/").replace(/\/+$/, "/");
}

/** Another folder that may be meant by one that does not exist: one with a name like its, or with migrations. */
const folderMeant = (path: string): string | undefined =>
  folderNamedLike(path) ?? migrationsBeside(path) ?? migrationsAbove(path);

/** The folder beside one that does not exist with a name like its; absolute. */
export function folderNamedLike(path: string): string | undefined {
  const name = nearest(basename(path), foldersIn(dirname(path)));
  return name === undefined ? undefined : join(dirname(path), name);
}

/**
 * The folder with migrations of ours that lies beside one that does not exist, or beside the first above it that does not;
 * absolute. Undefined also where the one does exist.
 */
export function migrationsBeside(path: string): string | undefined {
  const [first] = missingFolders(path);
  if (first === undefined) return undefined;
  const above = dirname(first);
  return foldersIn(above)
    .map((name) => join(above, name))
    .find(holdsMigrations);
}

/** Where the folder that was to hold one with migrations of ours is that one itself, or has it beside itself; absolute. */
function migrationsAbove(path: string): string | undefined {
  const folder = dirname(path);
  return [folder, join(dirname(folder), basename(path))].find(holdsMigrations);
}

/** Whether it has an up file of ours; not so one that cannot be read. */
export function holdsMigrations(folder: string): boolean {
  try {
    const up = readdirSync(folder).find(isUpName);
    return up !== undefined && revisionIn(up, join(folder, up)) !== undefined;
  } catch {
    return false;
  }
}

/** Whether all of its files would have to be migrations, if it were one of the folders: SQL files lie in it. */
export const holdsSql = (folder: string): boolean =>
  entriesIn(folder).some((entry) => isSqlName(entry.name) && !entry.isDirectory());

const foldersIn = (path: string): readonly string[] =>
  entriesIn(path).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

const PATTERN = /[*?[{]|[@!+]\(/;

/** Whether a path that no folder has may fit several. */
export const isPattern = (directory: string): boolean => PATTERN.test(directory);

/** A `.sql` file in a folder of `directory`, as other tools keep them, as a path below it; undefined where there is none. */
export const sqlBelow = (directory: string): string | undefined =>
  filesBelow(directory, isSqlName).next().value;

/** The first file of that name in the folders of `directory`, or in the folders of these, as a path below it. */
export const fileBelow = (directory: string, name: string): string | undefined =>
  filesBelow(directory, (each) => each === name, 2).next().value;

/**
 * Finds the up file of a revision in the folders below those that are read, and in those that these replace. They are read
 * when it is first asked, which is where something is missing.
 */
export function unreadFiles(directories: readonly string[], options: DirectoryOptions): FindUnread {
  let found: ReadonlyMap<RevisionId, UnreadFile> | undefined;
  const find = (): ReadonlyMap<RevisionId, UnreadFile> =>
    new Map([
      ...migrationsBelow(directories, options),
      // Last: what is below a folder that is read, too, is named by the project.
      ...upFilesReplaced(directories, options),
    ]);
  return (id) => {
    found ??= find();
    return found.get(id);
  };
}

/** The up files of ours in the folders below those that are read, by revision; those in folders that these replace say so. */
export function migrationsBelow(
  directories: readonly string[],
  options: DirectoryOptions,
): ReadonlyMap<RevisionId, UnreadFile> {
  const below = directories.flatMap((directory) => [...upFilesBelow(directory, directories, options)]);
  const configured = new Map(upFilesReplaced(directories, options));
  return new Map(below.map(([revision, file]) => [revision, configured.get(revision) ?? file]));
}

function* upFilesBelow(
  directory: string,
  directories: readonly string[],
  options: DirectoryOptions,
): Generator<readonly [RevisionId, UnreadFile]> {
  const { path, shown, names, isGiven } = openFolder(directory, options);
  for (const name of filesBelow(path, isUpName)) {
    const file = join(path, name);
    if (isReadFrom(file, directories, options)) continue;
    const revision = revisionIn(shown + name, file);
    const isTaken = existsSync(join(path, basename(name)));
    if (revision !== undefined)
      yield [revision, { path: shown + name, folder: shown.slice(0, -1) || ".", isTaken, names, isGiven }];
  }
}

/** The up files of ours in folders that others replace. */
function* upFilesReplaced(
  directories: readonly string[],
  options: DirectoryOptions,
): Generator<readonly [RevisionId, UnreadFile]> {
  const { names = asOptions } = options;
  if (options.replaced === undefined) return;
  const { directories: folders, ...replaced } = options.replaced;
  for (const folder of folders) {
    if (directories.some((each) => isSameFolder(each, folder, options))) continue;
    const shown = prefixOf(folder, options.cwd);
    for (const { name } of entriesIn(folder)) {
      const revision = isUpName(name) ? revisionIn(shown + name, join(folder, name)) : undefined;
      if (revision !== undefined)
        yield [revision, { path: shown + name, folder: shown.slice(0, -1) || ".", replaced, names }];
    }
  }
}

const isUpName = (name: string): boolean => name.endsWith(".up.sql");

/** The revision of an up file of ours; undefined where it is none, or cannot be read. */
function revisionIn(path: string, file: string): RevisionId | undefined {
  const source = decode(path, file);
  return "code" in source ? undefined : parseHeader(source, "up").header.revision;
}

/** A folder of migrations may be the root of a repository, which has folders without end. */
const DEEPEST = 3;

/** The files with such a name in the folders of a folder, as paths below it; `deepest`: how many folders they may be in. */
function* filesBelow(
  folder: string,
  isMeant: (name: string) => boolean,
  deepest = DEEPEST,
  depth = 0,
): Generator<string, undefined> {
  for (const entry of entriesIn(folder)) {
    const { name } = entry;
    if (!entry.isDirectory()) {
      if (depth > 0 && isMeant(name)) yield name;
    } else if (depth < deepest && !name.startsWith(".") && name !== "node_modules") {
      for (const each of filesBelow(join(folder, name), isMeant, deepest, depth + 1)) yield `${name}/${each}`;
    }
  }
}

/**
 * The folders that a pattern such as `services/*\/migrations` fits, in the order of their names; absolute. A path that
 * is none, or that is there just so, stands for itself, and so does a pattern that nothing fits. Throws
 * `usage/unreadable-directory`.
 */
export async function foldersOf(
  directory: string,
  base: string,
  names: OptionNames = asOptions,
): Promise<readonly string[]> {
  const path = resolve(base, directory);
  if (!PATTERN.test(directory) || existsSync(path)) return [path];
  const { default: glob } = await import("fast-glob");
  try {
    const found = glob.sync(directory.replaceAll(sep, "/"), {
      cwd: base,
      onlyDirectories: true,
      absolute: true,
      // Links that cross never come to an end.
      followSymbolicLinks: false,
      ignore: ["**/node_modules"],
    });
    return found.length === 0 ? [path] : found.sort();
  } catch (error) {
    throw unreadableFolder((error as NodeJS.ErrnoException).path ?? directory, error, another(names));
  }
}

/** Which files of a folder are read: those whose names end in `.sql` and begin with no dot. */
const isSqlName = (name: string): boolean => name.slice(-4).toLowerCase() === ".sql" && name[0] !== ".";

/** What lies in a folder under a name that ends in `.sql` and begins with no dot, but for folders; by name. */
function sqlFiles({ path, shown, names }: Folder): readonly Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => isSqlName(entry.name) && !entry.isDirectory())
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw unreadableFolder(shown.slice(0, -1), error, another(names));
  }
}

// ----------------------------------------------------------------------------------------------------- reading

/** One file's text, or why it has none. */
function readSource(folder: Folder, entry: Dirent): Source | Diagnostic {
  const path = folder.shown + entry.name;
  const file = `${folder.path}${sep}${entry.name}`;
  return entry.isFile() ? decode(path, file) : readLink(path, file, folder.real, otherFolder(folder));
}

/** Of a link that leads to a file of another folder. */
const otherFolder = (folder: Folder): string =>
  `; or delete the link, and have that folder read too: name both ${whereFolders(folder)}`;

/**
 * The text of the file that a link leads to, in the same folder; `folder` without symbolic links. `orElse`: what else helps
 * where it leads out of it, as the end of the hint.
 */
export function readLink(path: string, file: string, folder: string, orElse = ""): Source | Diagnostic {
  try {
    const real = realpathSync(file);
    const inside = folder.endsWith(sep) ? folder : folder + sep;
    if (!real.startsWith(inside)) return linkOutside(path, readlinkSync(file), orElse);
    if (!statSync(real).isFile()) return cannotRead(path, "it is not a file");
  } catch (error) {
    return codeOf(error) === "ENOENT"
      ? cannotRead(path, "its symbolic link is broken")
      : unreadable(path, error);
  }
  return decode(path, file);
}

/** The text of the file at `file`, which is shown as `path`; or why it has none. */
export function decode(path: string, file: string): Source | Diagnostic {
  let text: string;
  let fault: Diagnostic | undefined;
  try {
    text = readFileSync(file, "utf8");
    // It stands for bytes that are not UTF-8, unless the file itself holds it.
    fault = text.includes("\uFFFD") ? encodingFault(path, readFileSync(file)) : undefined;
  } catch (error) {
    return unreadable(path, error);
  }
  if (fault !== undefined) return fault;
  const source = { path, text: text.startsWith("\uFEFF") ? text.slice(1) : text };
  const nul = source.text.indexOf("\0");
  return nul < 0 ? source : nulByte(source, nul);
}

function encodingFault(path: string, bytes: Buffer): Diagnostic | undefined {
  if (isUtf8(bytes)) return undefined;
  const format = formatOf(bytes.toString("utf8", 0, 16));
  if (format !== undefined) return otherFormat(path, format);
  const [first, second, third] = bytes;
  const content = first === 0xef && second === 0xbb && third === 0xbf ? bytes.subarray(3) : bytes;
  return brokenUtf8({ path, text: content.toString("utf8") }, content);
}

/** The first byte that is not UTF-8: the first replacement character in the text that is not so in the file. */
function brokenUtf8(source: Source, bytes: Buffer): Diagnostic {
  const { text } = source;
  let byte = 0;
  let walked = 0;
  let at = text.indexOf("\uFFFD");
  for (; at >= 0; at = text.indexOf("\uFFFD", at + 1)) {
    byte += Buffer.byteLength(text.slice(walked, at));
    walked = at;
    if (bytes[byte] !== 0xef || bytes[byte + 1] !== 0xbf || bytes[byte + 2] !== 0xbd) break;
  }
  const found = bytes[byte]!.toString(16).toUpperCase().padStart(2, "0");
  return {
    code: "source/encoding",
    message: `the file is not UTF-8: invalid byte 0x${found}`,
    hint: `save it as UTF-8; if it is Latin-1, run: ${recoding("LATIN1", source.path)}`,
    ...placeAt(source, at),
  };
}

function otherFormat(path: string, format: string): Diagnostic {
  return {
    code: "source/encoding",
    message: `the file is ${format}`,
    hint: wayFrom(format, path),
    location: { path, line: 1, column: 1 },
  };
}

function nulByte(source: Source, at: number): Diagnostic {
  return {
    code: "source/nul-byte",
    message: "the file contains a NUL byte",
    hint: "delete it: PostgreSQL text cannot contain NUL; if every second byte is NUL, save the file as UTF-8",
    ...placeAt(source, at),
  };
}

function linkOutside(path: string, target: string, orElse: string): Diagnostic {
  return {
    code: "source/link-outside",
    message: `the symbolic link points outside the folder, to ${target}`,
    hint: `put the file itself in the place of the link${orElse}`,
    location: { path, line: 1, column: 1 },
  };
}

/** What the system said when the file was read. */
export const unreadable = (path: string, error: unknown): Diagnostic =>
  cannotRead(
    path,
    reasonOf(error),
    codeOf(error) === "EACCES"
      ? `let this user read it, for example: chmod a+r ${shellWord(path)}`
      : undefined,
  );

function cannotRead(
  path: string,
  reason: string,
  hint = `${NONE_SKIPPED}: fix it, or, if it is not a migration, move it to another folder`,
): Diagnostic {
  return {
    code: "source/unreadable",
    message: `cannot read the file: ${reason}`,
    hint,
    location: { path, line: 1, column: 1 },
  };
}

function placeAt(source: Source, offset: number): Pick<Diagnostic, "location" | "excerpt"> {
  const { line, ...rest } = excerptAt(source, offset);
  // A picture of NUL: the byte itself would make a binary file of whatever the message is written to.
  return { location: locate(source, offset), excerpt: { ...rest, line: line.replaceAll("\0", "\u2400") } };
}

// ------------------------------------------------------------------------------------------- folders and writing

export function unreadableFolder(shown: string, cause: unknown, wayOut: string): MigrateError {
  return new MigrateError(
    {
      code: "usage/unreadable-directory",
      message: `cannot read the directory ${shown}: ${reasonOf(cause)}`,
      hint: `make it readable by this user, or ${wayOut}`,
    },
    { cause },
  );
}

/** No name leads out of its folder: revision, slug and pattern are checked, so that one which does is a bug. */
function refusePath(name: string): void {
  if (/[/\\\0]/.test(name) || name === "" || name === "." || name === "..")
    throw new Error(`'${name}' cannot be the name of a new file`);
}
