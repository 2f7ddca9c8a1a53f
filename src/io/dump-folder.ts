/** The files of a dump → a folder that holds them; what the dump before wrote there, and this one has not, is removed. */
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type DumpFile, LOADER, loadedBy, MARK } from "../core/dump/folder.ts";
import { MigrateError } from "../core/errors.ts";
import { inNewFolders } from "./directory.ts";
import { type Writer, writeFiles } from "./write-files.ts";

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
  const before = isDumped(join(root, LOADER)) ? loadedBy(readFileSync(join(root, LOADER), "utf8")) : [];
  const paths = files.map(({ path }) => path);
  const foreign = paths.find((path) => isFile(join(root, path)) && !isDumped(join(root, path)));
  if (foreign !== undefined)
    throw inTheWay(`${join(folder, foreign)} exists and was not written by migrate dump`);
  const other = [...new Set([...paths, ...before].flatMap(foldersOf))].find((each) =>
    isDumped(join(root, each, LOADER)),
  );
  if (other !== undefined) throw inTheWay(`${join(folder, other)} is the folder of another dump`);
  const texts = files.map(({ path, text }) => ({ path: join(folder, path), pieces: [text] }));
  const folders = [...new Set([folder, ...texts.map(({ path }) => dirname(path))])];
  await inNewFolders(folders, { cwd }, () => writeFiles(texts, { cwd, onWritten }));
  for (const path of before.filter((each) => !paths.includes(each) && isDumped(join(root, each)))) {
    rmSync(join(root, path));
    removeEmpty(root, dirname(path));
  }
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
  return above === "." ? [] : [above, ...foldersOf(above)];
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

const isDumped = (path: string): boolean => isFile(path) && readFileSync(path, "utf8").startsWith(MARK);

function removeEmpty(root: string, folder: string): void {
  if (folder === "." || readdirSync(join(root, folder)).length > 0) return;
  rmdirSync(join(root, folder));
  removeEmpty(root, dirname(folder));
}
