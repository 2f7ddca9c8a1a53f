/** The files of a dump → a folder that holds them; what the dump before wrote there, and this one has not, is removed. */
import { dirname, join, resolve } from "node:path";
import { type DumpFile, LOADER, loadedBy, MARK } from "../core/dump/folder.ts";
import { MigrateError } from "../core/errors.ts";
import { inNewFolders, removeIfEmpty } from "./directory.ts";
import { type From, readText, statsAt } from "./files.ts";
import { removeFiles, type Writer, writeFiles } from "./write-files.ts";

/**
 * Returns the paths within the folder. Throws `usage/not-a-dump` where a file in the way was not dumped, or belongs to the dump
 * of another folder; then nothing is written.
 */
export async function replaceDump(
  folder: string,
  files: readonly DumpFile[],
  { cwd, onWritten }: Writer,
): Promise<readonly string[]> {
  const root = resolve(cwd, folder);
  const dumped = (path: string): string | undefined => textOfDump(join(folder, path), { cwd });
  const before = loadedBy(dumped(LOADER) ?? "");
  const paths = files.map(({ path }) => path);
  const isFile = (path: string): boolean => statsAt(join(root, path))?.isFile() === true;
  const foreign = paths.find((path) => isFile(path) && dumped(path) === undefined);
  if (foreign !== undefined)
    throw inTheWay(`${join(folder, foreign)} exists and was not written by migrate dump`);
  const other = [...new Set([...paths, ...before].flatMap(foldersOf))].find(
    (each) => dumped(join(each, LOADER)) !== undefined,
  );
  if (other !== undefined) throw inTheWay(`${join(folder, other)} is the folder of another dump`);
  const taken = [...new Set(paths.flatMap((path) => [...foldersOf(join(folder, path))].reverse()))].find(
    (each) => statsAt(resolve(cwd, each))?.isDirectory() === false,
  );
  if (taken !== undefined) throw inTheWay(`${taken} is a file, and the dump needs a folder there`);
  const filled = paths.find((path) => statsAt(join(root, path))?.isDirectory() === true);
  if (filled !== undefined)
    throw inTheWay(`${join(folder, filled)} is a folder, and the dump has a file of that name`);
  const texts = files.map(({ path, text }) => ({ path: join(folder, path), pieces: [text] }));
  const folders = [...new Set([folder, ...texts.map(({ path }) => dirname(path))])];
  await inNewFolders(folders, { cwd }, () => writeFiles(texts, { cwd, onWritten }));
  const old = before.filter((each) => !paths.includes(each) && dumped(each) !== undefined);
  await removeFiles(
    old.map((each) => join(folder, each)),
    { cwd },
  );
  for (const each of old.flatMap(foldersOf)) removeIfEmpty(join(root, each));
  return paths;
}

const inTheWay = (message: string): MigrateError =>
  new MigrateError({
    code: "usage/not-a-dump",
    message,
    hint: "nothing was written; name another folder with --to DIR, or move it",
  });

/** Of `shop/tables/users.sql`: `shop/tables`, `shop`. */
function foldersOf(path: string): readonly string[] {
  const above = dirname(path);
  return above === "." || above === path ? [] : [above, ...foldersOf(above)];
}

/** Of a file that was dumped. Throws `usage/unreadable-file`. */
function textOfDump(path: string, { cwd }: From): string | undefined {
  if (statsAt(resolve(cwd, path))?.isFile() !== true) return undefined;
  const text = readText(path, { cwd });
  return text.startsWith(MARK) ? text : undefined;
}
