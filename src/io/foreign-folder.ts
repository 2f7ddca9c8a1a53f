/** A folder of another tool's migrations → its files, with the text of those that are SQL or settings. */
import { readdirSync, realpathSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import type { FolderFile } from "../core/adopt/foreign.ts";
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import { decode, readLink } from "./directory.ts";
import { isMissing, ownStatsAt, reasonOf, statsAt } from "./files.ts";

/** What is read of a folder: SQL, and what tools write beside it. */
const READ = /\.(?:sql|toml|conf)$|(?:^|\/)_journal\.json$/;

/** Programs, which say what they are; one that is not text says nothing. Of JavaScript those that a number names. */
const CODE = /\.(?:py|cs)$|(?:^|\/)\d+[_-][^/]*\.[cm]?[jt]s$/;

/** Flyway and pop have folders in their folders; a repository has folders without end. */
const DEEPEST = 3;

/**
 * All files of a folder and of those in it, by name, also those that are links, as in a ConfigMap that is mounted; not those
 * that begin with a dot. `folder` is relative to `cwd`. Throws `usage/missing-directory`, `usage/unreadable-directory`, and
 * `source/…` with every file that is not text, and every link that is broken or leads out of the folder.
 */
export function readForeignFolder(folder: string, cwd: string): readonly FolderFile[] {
  const root = resolve(cwd, folder);
  const faults: Diagnostic[] = [];
  const files = namesIn(root, folder, 0).flatMap((name): FolderFile[] => {
    const file = join(root, name);
    const below = relative(cwd, file);
    const path = (below.startsWith("..") ? file : below).replaceAll(sep, "/");
    if (!READ.test(name) && !CODE.test(name)) return [{ name, path, text: "" }];
    const isLink = ownStatsAt(file)?.isSymbolicLink() === true;
    const source = isLink ? readLink(path, file, realpathSync(root)) : decode(path, file);
    if (!("code" in source)) return [{ name, ...source }];
    if (CODE.test(name)) return [{ name, path, text: "" }];
    faults.push(source);
    return [];
  });
  if (faults.length > 0) throw MigrateError.all(faults);
  return files;
}

function namesIn(directory: string, shown: string, depth: number): readonly string[] {
  return entriesOf(directory, shown)
    .filter(({ name }) => !name.startsWith(".") && name !== "node_modules")
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const isLinkedFile =
        entry.isSymbolicLink() && statsAt(join(directory, entry.name))?.isDirectory() !== true;
      if (entry.isFile() || isLinkedFile) return [entry.name];
      if (!entry.isDirectory() || depth === DEEPEST) return [];
      const below = namesIn(join(directory, entry.name), `${shown}/${entry.name}`, depth + 1);
      return below.map((name) => `${entry.name}/${name}`);
    });
}

function entriesOf(directory: string, shown: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    const isGone = isMissing(error);
    throw new MigrateError(
      {
        code: isGone ? "usage/missing-directory" : "usage/unreadable-directory",
        message: isGone
          ? `the directory ${shown} does not exist`
          : `cannot read the directory ${shown}: ${reasonOf(error)}`,
        hint: "name the folder that holds the other tool's migrations",
      },
      { cause: error },
    );
  }
}
