/** Scripts → files: a script appears whole or not at all. */

import { MigrateError } from "../core/errors.ts";
import { createDirectory, createFiles, isEmptyDirectory } from "../io/directory.ts";
import { replaceFile } from "../io/files.ts";
import type { Deps } from "./project.ts";

/** Writes one script, given in pieces; a file that is there is replaced in one moment. */
export function writeScriptFile(deps: Deps, path: string, pieces: Iterable<string>): Promise<void> {
  return replaceFile(path, pieces, deps);
}

/** Writes numbered scripts into a new or empty folder; returns their paths. Throws `usage/not-empty`. */
export async function writeScriptFolder(
  deps: Deps,
  directory: string,
  files: readonly { readonly name: string; readonly text: string }[],
): Promise<readonly string[]> {
  if (!(await isEmptyDirectory(directory, deps))) {
    throw new MigrateError({
      code: "usage/not-empty",
      message: `the folder ${directory} is not empty`,
      hint: "its files could be run together with those of the script; name a new folder",
    });
  }
  await createDirectory(directory, deps);
  return createFiles(directory, files, deps);
}
