/** The files of a dump → a folder that holds them; what an earlier dump wrote there, and this one has not, is removed. */
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type DumpFile, MARK } from "../core/dump/folder.ts";
import { MigrateError } from "../core/errors.ts";
import { inNewFolders } from "./directory.ts";
import { type Writer, writeFiles } from "./write-files.ts";

/** Returns the paths within the folder. Throws `usage/not-a-dump` where a file in the way was not dumped; then nothing is written. */
export async function replaceDump(
  folder: string,
  files: readonly DumpFile[],
  { cwd, onWritten }: Writer,
): Promise<readonly string[]> {
  const root = resolve(cwd, folder);
  const there = existsSync(root) ? filesIn(root) : [];
  const foreign = files.find(({ path }) => there.includes(path) && !isDumped(join(root, path)));
  if (foreign !== undefined) {
    throw new MigrateError({
      code: "usage/not-a-dump",
      message: `${join(folder, foreign.path)} exists and was not written by migrate dump`,
      hint: "name another folder with --to DIR, or move the file",
    });
  }
  const paths = files.map(({ path }) => path);
  const texts = files.map(({ path, text }) => ({ path: join(folder, path), pieces: [text] }));
  const folders = [...new Set([folder, ...texts.map(({ path }) => dirname(path))])];
  await inNewFolders(folders, { cwd }, () => writeFiles(texts, { cwd, onWritten }));
  for (const path of there.filter((each) => !paths.includes(each) && isDumped(join(root, each)))) {
    rmSync(join(root, path));
    removeEmpty(root, dirname(path));
  }
  return paths;
}

/** Relative, with `/`. */
const filesIn = (root: string): readonly string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(sql|psql)$/.test(entry.name))
    .map((entry) =>
      join(entry.parentPath ?? entry.path, entry.name)
        .slice(root.length + 1)
        .replaceAll("\\", "/"),
    );

const isDumped = (file: string): boolean => readFileSync(file, "utf8").startsWith(MARK);

function removeEmpty(root: string, folder: string): void {
  if (folder === "." || readdirSync(join(root, folder)).length > 0) return;
  rmdirSync(join(root, folder));
  removeEmpty(root, dirname(folder));
}
