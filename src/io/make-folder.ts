/** A path → a folder there, and the folders above it. The one place where folders of the user's are made. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { statsAt } from "./files.ts";
import { cannotCreate } from "./write-files.ts";

/** Returns whether it was missing. Throws `usage/cannot-write`, which names it as `shown`. */
export function makeFolder(path: string, shown = path): boolean {
  try {
    return [...missingFolders(dirname(path)), path].map(made).pop() === true;
  } catch (error) {
    throw cannotCreate(shown, error);
  }
}

/** Those of a path and the folders above it that are not there, from the top. */
export function missingFolders(path: string): readonly string[] {
  if (existsSync(path)) return [];
  const above = dirname(path);
  return [...(above === path ? [] : missingFolders(above)), path];
}

function made(path: string): boolean {
  try {
    // Not with `recursive`: Node 20 tries without end where there is a parent and still "no such file", as in /proc.
    mkdirSync(path);
    return true;
  } catch (error) {
    if (statsAt(path)?.isDirectory() === true) return false;
    throw error;
  }
}
