/** Scripts → files: a script appears whole or not at all. */

import { lstatSync } from "node:fs";
import { resolve } from "node:path";
import { MigrateError } from "../core/errors.ts";
import { receiptsOf } from "../core/receipt.ts";
import { createFiles, inNewFolders, isEmptyDirectory } from "../io/directory.ts";
import { textIfThere } from "../io/files.ts";
import { isStream, type NewText, writeFile, writeFiles } from "../io/write-files.ts";
import type { Deps } from "./project.ts";

export type { NewText };

/** Writes one script, given in pieces; a file that is there is replaced in one moment. */
export function writeScriptFile(deps: Deps, path: string, pieces: Iterable<string>): Promise<void> {
  return writeFile(path, pieces, deps);
}

/**
 * Writes scripts into files, all or none; a script that is there, or a link, is replaced. Throws `usage/not-a-script` where a file is
 * there that is no script, or was changed since it was written.
 */
export async function writeScriptFiles(deps: Deps, scripts: readonly NewText[]): Promise<void> {
  for (const { path } of scripts) refuseForeign(deps, path);
  await writeFiles(scripts, deps);
}

/** Throws `usage/not-a-script`. */
export function refuseForeign(deps: Deps, path: string): void {
  const file = resolve(deps.cwd, path);
  if (isStream(file) || lstatSync(file, { throwIfNoEntry: false })?.isFile() !== true) return;
  const there = textIfThere(file, "usage/cannot-write", path);
  if (!there || receiptsOf(there)?.changes.length === 0) return;
  throw new MigrateError({
    code: "usage/not-a-script",
    message: `${path} exists, and is not a script as migrate wrote it`,
    hint: "nothing was written; name another file, or move that one away",
  });
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
  return inNewFolders([directory], deps, () => createFiles(directory, files, deps));
}
