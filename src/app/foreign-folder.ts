/** A folder of the project → the other tool whose folder it looks like: what is said in the place of a fault for each of its files. */
import path from "node:path";
import { type Tool, toolLike } from "../core/adopt/tools.ts";
import { MigrateError } from "../core/errors.ts";
import { FEWEST_DIGITS, type FileNamePattern, parseFileName } from "../core/filename.ts";
import { otherFolderHint } from "../core/graph-faults.ts";
import { parseHeader } from "../core/header.ts";
import { shellWord } from "../core/shell.ts";
import type { Config } from "../io/config.ts";
import { type DirectoryOptions, migrationsBelow } from "../io/directory.ts";
import { readForeignFolder } from "../io/foreign-folder.ts";

/** What was recognised. */
export interface ForeignFolder {
  /** As the user would type it. */
  readonly folder: string;
  readonly tool: Tool;
}

/** Fewer files that are named as ours are ours, and lack their headers. */
const FEWEST = 4;
const LIKE_OURS: ReadonlySet<string> = new Set(["golang-migrate", "sqlx"]);

/**
 * Undefined where a file has a header of ours, or the folder is no known tool's. `isMeant`: for migrations of ours, so that a
 * few files that are named as ours lack only their headers.
 */
export function foreignFolder(
  directory: string,
  cwd: string,
  pattern: FileNamePattern,
  isMeant = true,
): ForeignFolder | undefined {
  const folder = path.relative(cwd, path.resolve(cwd, directory)) || ".";
  const files = readable(folder, cwd);
  const sql = files.filter(({ name }) => name.endsWith(".sql"));
  const isOurs = sql.some((file) => parseHeader(file, "up").header.revision !== undefined);
  const tool = isOurs ? undefined : toolLike(files);
  if (tool === undefined) return undefined;
  const mayBeOurs =
    isMeant &&
    LIKE_OURS.has(tool.name) &&
    sql.length < FEWEST &&
    sql.every(({ name }) => isLikeOurs(name, pattern));
  return mayBeOurs ? undefined : { folder, tool };
}

/** Whether it may be one of the first files of a project: `0001_x.up.sql`, and not `000001_x.up.sql`. */
function isLikeOurs(name: string, pattern: FileNamePattern): boolean {
  const number = parseFileName(name, pattern).fileName?.number;
  return number === undefined || number.length === FEWEST_DIGITS;
}

/** The first of these folders that is another tool's. */
export function firstForeign(
  directories: readonly string[],
  cwd: string,
  pattern: FileNamePattern,
): ForeignFolder | undefined {
  for (const directory of directories) {
    const found = foreignFolder(directory, cwd, pattern);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Its files; none where one of them is not text, of which others speak. */
function readable(folder: string, cwd: string): ReturnType<typeof readForeignFolder> {
  try {
    return readForeignFolder(folder, cwd);
  } catch (error) {
    if (error instanceof MigrateError) return [];
    throw error;
  }
}

/** `migrations looks like a folder of goose` */
export const lookText = ({ folder, tool }: ForeignFolder): string =>
  `${folder} looks like a folder of ${tool.name}`;

/** What to type then. */
export const adoptHint = ({ folder }: ForeignFolder): string =>
  `to see what becomes of it: migrate adopt ${shellWord(folder)}; to write that into another folder, add --to DIR`;

/** That one of the folders is another tool's; undefined where none is. */
export function foreignFault(
  { directories, replaced }: Pick<Config, "directories" | "replaced">,
  { cwd, names }: Pick<DirectoryOptions, "cwd" | "names">,
  pattern: FileNamePattern,
): MigrateError | undefined {
  const found = firstForeign(directories, cwd, pattern);
  if (found === undefined) return undefined;
  // It may have been adopted, and the project still reads the folder as it was.
  const [own, ...others] = migrationsBelow([cwd], { cwd, names, replaced }).values();
  return new MigrateError({
    code: "source/no-header",
    message: `${lookText(found)}: none of its files has a header`,
    hint:
      own === undefined
        ? adoptHint(found)
        : `${otherFolderHint([own, ...others])}; if they are others, see what becomes of ${found.folder} with: migrate adopt ${shellWord(found.folder)}`,
  });
}
