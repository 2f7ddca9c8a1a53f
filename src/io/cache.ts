/**
 * What was found out about files → a file in the user's cache, so that unchanged files are not read again. Safe to
 * delete and safe to race: it appears whole or not at all, and whoever finds none, or one of another version, goes
 * without. It never holds SQL: the bytes that are sent always come from the migration file.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { sha256 } from "./sha256.ts";

/** Set by the build; a cache of another version is none of ours. */
declare const RETORT_VERSION: string | undefined;
const version = typeof RETORT_VERSION === "string" ? RETORT_VERSION : "development";

/** A value kept under a name. */
export interface Cache<T> {
  /** What was kept, or undefined. */
  readonly read: () => T | undefined;
  /** Keeps a value; a cache that cannot be written is none. */
  readonly write: (value: T) => void;
}

/** The cache for what `key` names; undefined where the environment has no place for one, or RETORT_CACHE is off. */
export function openCache<T>(
  key: string,
  env: Readonly<Record<string, string | undefined>>,
): Cache<T> | undefined {
  const home = env["HOME"] ?? env["LOCALAPPDATA"];
  const root = env["XDG_CACHE_HOME"] || (home === undefined ? undefined : join(home, ".cache"));
  if (root === undefined || env["RETORT_CACHE"] === "off") return undefined;
  const file = join(root, "retort", `${sha256(`${version} ${key}`).slice(0, 32)}.json`);
  return {
    read: () => {
      try {
        const text = readFileSync(file, "utf8");
        const body = text.slice(LENGTH + 1);
        // A file cut short by a full disk, or edited, is as good as none.
        return text.slice(0, LENGTH) === String(body.length).padStart(LENGTH)
          ? (JSON.parse(body) as T)
          : undefined;
      } catch {
        return undefined;
      }
    },
    write: (value) => {
      const partial = `${file}.${process.pid}`;
      try {
        const body = JSON.stringify(value);
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        writeFileSync(partial, `${String(body.length).padStart(LENGTH)}\n${body}`, { mode: 0o600 });
        renameSync(partial, file);
      } catch {
        rmSync(partial, { force: true });
      }
    },
  };
}

/** Digits of the length that a cache file begins with. */
const LENGTH = 12;
