/** What was found out about files → the user's cache, so that unchanged files are not read again. */
import { cacheFolder, readCached, writeCached } from "./cache-folder.ts";
import { sha256 } from "./sha256.ts";

/** Set by the build; a cache of another version is none of ours. */
declare const RETORT_VERSION: string | undefined;
const version = typeof RETORT_VERSION === "string" ? RETORT_VERSION : "development";

/** A value kept under a name. */
export interface Cache<T> {
  /** What was kept, or undefined. */
  readonly read: () => T | undefined;
  readonly write: (value: T) => void;
}

/** The cache for what `key` names; undefined where there is no cache. */
export function openCache<T>(
  key: string,
  env: Readonly<Record<string, string | undefined>>,
): Cache<T> | undefined {
  const folder = cacheFolder(env);
  if (folder === undefined) return undefined;
  const name = `${sha256(`${version} ${key}`).slice(0, 32)}.json`;
  return {
    read: () => {
      const bytes = readCached(folder, name);
      return bytes === undefined ? undefined : (JSON.parse(bytes.toString("utf8")) as T);
    },
    write: (value) => writeCached(folder, name, Buffer.from(JSON.stringify(value))),
  };
}
