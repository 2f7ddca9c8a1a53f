/** A folder → its SQL files, also in folders below, in the order of their names. */
import { readdirSync, realpathSync, statSync } from "node:fs";
import path from "node:path";
import { MigrateError } from "../core/errors.ts";
import type { Source } from "../core/source.ts";
import { isInFolder, unreadableFolder } from "./directory.ts";
import { type From, isMissing, readText } from "./files.ts";

/** `orElse` ends the hint where there is nothing to read: what else can be done. */
interface Reading {
  readonly cwd: string;
  readonly orElse: string;
}

/** Throws `usage/no-schema` where the folder is not there or holds no SQL file, and what a file or a folder throws that cannot be read. */
export function readSchemaFolder(folder: string, { cwd, orElse }: Reading): readonly Source[] {
  const shown = shownPath(folder, cwd);
  const names = sqlFilesIn(folder, shown);
  if (names.length > 0)
    return names.map((name) => ({
      path: path.join(shown, name),
      text: readText(path.join(folder, name), { cwd }),
    }));
  const isFile = unlessMissing(() => statSync(folder), shown)?.isFile() === true;
  throw new MigrateError({
    code: "usage/no-schema",
    message: isFile
      ? `${shown}, the folder of the desired schema, is a file`
      : `there are no SQL files in ${shown}, the folder of the desired schema`,
    hint: `${isFile ? "move it into a folder, and name that" : "add a file of CREATE statements, or name another folder"} with "schema" in the config file${orElse}`,
  });
}

/** Whether there is such a folder, whatever is in it. Throws `usage/unreadable-directory` where that cannot be told. */
export const hasSchemaFolder = (folder: string, { cwd }: From): boolean =>
  unlessMissing(() => statSync(folder), shownPath(folder, cwd))?.isDirectory() === true;

/** Where some of these files lie in the folder: what is read from there beside them. */
export function besideInSchemaFolder(
  written: readonly string[],
  folder: string,
  { cwd }: From,
): readonly string[] {
  if (!written.some((each) => isInFolder(path.dirname(each), folder, { cwd }))) return [];
  const shown = shownPath(folder, cwd);
  const own = new Set(written.map((each) => realpathSync(path.resolve(cwd, each))));
  return sqlFilesIn(folder, shown)
    .filter((name) => !own.has(realpathSync(path.join(folder, name))))
    .map((name) => path.join(shown, name));
}

const sqlFilesIn = (folder: string, shown: string): readonly string[] =>
  namesIn(folder, shown)
    .filter((name) => name.endsWith(".sql"))
    .sort();

/** What lies in a folder and in those below it; nothing where it is not there. */
const namesIn = (folder: string, shown: string): readonly string[] =>
  unlessMissing(() => readdirSync(folder, { recursive: true, encoding: "utf8" }), shown) ?? [];

const shownPath = (folder: string, cwd: string): string => path.relative(cwd, folder) || ".";

function unlessMissing<T>(look: () => T, shown: string): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw unreadableFolder(shown, error, 'name another with "schema" in the config file');
  }
}
