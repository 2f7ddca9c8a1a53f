/** What a command writes → files: each appears whole or not at all, and takes the place of nothing but its like. */

import { resolve } from "node:path";
import { MigrateError } from "../core/errors.ts";
import type { OutputKind } from "../core/outputs.ts";
import { createFiles, inNewFolders, isEmptyDirectory, isReadFrom } from "../io/directory.ts";
import { ownStatsAt, textIfThere } from "../io/files.ts";
import { isSameFile, isStream, type NewText, refuseFolder, writeFiles } from "../io/write-files.ts";
import type { Deps } from "./project.ts";

export { outputs } from "../core/outputs.ts";
export type { NewText };

/**
 * Writes texts into files, all or none; a file of that kind that is there, or a link, is replaced in one moment. Throws
 * as `refuseOutputs`, and `usage/cannot-write`.
 */
export async function writeOutputs(
  deps: Pick<Deps, "cwd" | "onWritten">,
  kind: OutputKind,
  files: readonly NewText[],
  directories: readonly string[],
): Promise<void> {
  refuseOutputs(
    deps,
    kind,
    files.map(({ path }) => path),
    directories,
  );
  await writeFiles(files, deps);
}

/**
 * What is long to make is refused before it is made. Throws `usage/own-folder` where a file would be read from the
 * `directories` as a migration; `usage/not-a-…` where a file is there that is of no such kind, or for a script was changed
 * since it was written; `usage/exclusive-flags` where two are the same file; `usage/cannot-write` for a folder.
 */
export function refuseOutputs(
  deps: Pick<Deps, "cwd">,
  kind: OutputKind,
  paths: readonly string[],
  directories: readonly string[],
): void {
  for (const [index, path] of paths.entries()) {
    if (isReadFrom(path, directories, deps)) throw readAsMigration(path);
    refuseForeign(deps, kind, path);
    const same = paths.slice(0, index).find((other) => isSameFile(path, other, deps));
    if (same !== undefined) throw sameFile(same, path);
  }
}

const readAsMigration = (path: string): MigrateError =>
  new MigrateError({
    code: "usage/own-folder",
    message: `${path} is in a folder of migrations, and would be read as one`,
    hint: "nothing was written; name a file in another folder",
  });

/** Of the files of a dump. */
export const readAsMigrations = (folder: string): MigrateError =>
  new MigrateError({
    code: "usage/own-folder",
    message: `${folder} is a folder of migrations, and the dump's files there would be read as such`,
    hint: "nothing was written; name another folder for the dump: migrate dump --to DIR",
  });

const sameFile = (one: string, other: string): MigrateError =>
  new MigrateError({
    code: "usage/exclusive-flags",
    message: one === other ? `${one} is named twice` : `${one} and ${other} are the same file`,
    hint: "nothing was written; name one file for each script",
  });

/** Throws for a folder, and where a file is there that is of no such kind. */
export function refuseForeign(
  { cwd }: Pick<Deps, "cwd">,
  { code, name, isOurs }: OutputKind,
  path: string,
): void {
  if (path === "-") {
    throw new MigrateError({
      code: "usage/cannot-write",
      message: "- is not the name of a file",
      hint: "to write to stdout, name /dev/stdout; a file of that name is ./-",
    });
  }
  refuseFolder(path, { cwd });
  const file = resolve(cwd, path);
  if (isStream(file) || ownStatsAt(file)?.isFile() !== true) return;
  const there = textIfThere(file, "usage/cannot-write", path);
  if (!there || isOurs(there)) return;
  throw new MigrateError({
    code,
    message: `${path} exists, and is not ${name}`,
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
