/**
 * The user's cache: files that are safe to delete and safe to race. One appears whole or not at all and says itself
 * whether it still is what was written; whoever finds none goes without.
 */
import { createHash, type Hash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { sha256 } from "./sha256.ts";

declare const RETORT_PROGRAM: string | undefined;

/** What names this program; what another one found out may be otherwise. */
export const programName = typeof RETORT_PROGRAM === "string" ? RETORT_PROGRAM : "development";

export type Env = Readonly<Record<string, string | undefined>>;

/**
 * Where it lies: `retort` in XDG_CACHE_HOME or ~/.cache; undefined where there is no home, where RETORT_CACHE is off, and
 * where somebody else could write: what is kept is believed, and some of it is run.
 */
export function cacheFolder(env: Env): string | undefined {
  const root = env["XDG_CACHE_HOME"] || join(env["HOME"] || env["LOCALAPPDATA"] || "", ".cache");
  if (!isAbsolute(root) || env["RETORT_CACHE"] === "off") return undefined;
  const folder = join(root, "retort");
  return isOurs(folder) ? folder : undefined;
}

/** Whether nobody else can write there, or it is still to be made. */
function isOurs(folder: string): boolean {
  try {
    const stats = statSync(folder, { throwIfNoEntry: false });
    if (stats === undefined || process.getuid === undefined) return true;
    return stats.uid === process.getuid() && (stats.mode & 0o022) === 0;
  } catch {
    return false;
  }
}

/** Makes the folder, which only we can use, and the one that it lies in; not a home that is not there. */
export function createFolder(folder: string): void {
  // Not with `recursive`: Node tries without end where there is a parent and still "no such file", as in /proc.
  for (const path of [dirname(folder), folder]) {
    if (existsSync(path)) continue;
    try {
      mkdirSync(path, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/** Bytes of the seal that a file begins with: the SHA-256 of the rest. */
const SEAL = 32;

/** What was kept under a name, or undefined. */
export function readCached(folder: string, name: string): Buffer | undefined {
  try {
    const file = readFileSync(join(folder, name));
    const bytes = file.subarray(SEAL);
    // A file cut short by a full disk, or edited, is as good as none.
    return file.subarray(0, SEAL).equals(createHash("sha256").update(bytes).digest()) ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps bytes under a name. What cannot be written is not kept. */
export function writeCached(folder: string, name: string, bytes: Uint8Array): void {
  const file = createCached(folder, name);
  file.add(bytes);
  file.keep();
}

/** Values of one kind, JSON-safe, kept for this program. */
export interface CachedRows<T> {
  readonly read: () => readonly T[];
  /** Begins to keep others instead, one by one. */
  readonly replace: () => { readonly add: (row: T) => void; readonly keep: () => void };
}

/** What is kept under a kind and what it is about; undefined where there is no cache. */
export function cachedRows<T>(kind: string, about: string, env: Env): CachedRows<T> | undefined {
  const folder = cacheFolder(env);
  if (folder === undefined) return undefined;
  const name = `${kind}-${sha256(`${programName} ${about}`).slice(0, 32)}`;
  return {
    read: () => {
      const bytes = readCached(folder, name);
      return bytes === undefined ? [] : (JSON.parse(bytes.toString("utf8")) as T[]);
    },
    replace: () => {
      const file = createCached(folder, name);
      let text = "[";
      let isFirst = true;
      return {
        add: (row) => {
          text += `${isFirst ? "" : ",\n"}${JSON.stringify(row)}`;
          isFirst = false;
          if (text.length < WORTH_WRITING) return;
          file.add(Buffer.from(text));
          text = "";
        },
        keep: () => {
          file.add(Buffer.from(`${text}]`));
          file.keep();
        },
      };
    },
  };
}

/** UTF-16 units that are gathered before they are written. */
const WORTH_WRITING = 64 * 1024;

/** Milliseconds: a file written so lately could change again without its times telling. */
export const TOO_LATE = 2000;

/** A file that is being written. Nothing here throws: what cannot be written is not kept. */
export interface CachedFile {
  readonly add: (bytes: Uint8Array) => void;
  /** The file is whole: from now on it is found under its name. */
  readonly keep: () => void;
  /** It is not to be found after all. */
  readonly drop: () => void;
}

/** How many this process has begun: several of one name may be under way. */
let begun = 0;

export function createCached(folder: string, name: string): CachedFile {
  const path = join(folder, name);
  begun += 1;
  const partial = `${path}.${process.pid}.${begun}`;
  let file: number | undefined;
  let hash: Hash | undefined;
  const drop = (): void => {
    if (file === undefined) return;
    closeSync(file);
    file = undefined;
    rmSync(partial, { force: true });
    process.off("exit", drop);
  };
  const trying = (work: (file: number, hash: Hash) => void): void => {
    if (file === undefined || hash === undefined) return;
    try {
      work(file, hash);
    } catch {
      drop();
    }
  };
  try {
    createFolder(folder);
    file = openSync(partial, "w", 0o600);
    hash = createHash("sha256");
    writeSync(file, new Uint8Array(SEAL));
    process.once("exit", drop);
  } catch {
    drop();
  }
  return {
    add: (bytes) =>
      trying((to, sum) => {
        sum.update(bytes);
        for (let written = 0; written < bytes.length; ) written += writeSync(to, bytes, written);
      }),
    keep: () =>
      trying((to, sum) => {
        writeSync(to, sum.digest(), 0, SEAL, 0);
        renameSync(partial, path);
        closeSync(to);
        file = undefined;
        process.off("exit", drop);
        tidy(folder);
      }),
    drop,
  };
}

/** Milliseconds after which a file is made anew, if anybody still needs it. */
const LIFETIME = 30 * 24 * 60 * 60 * 1000;
/** Bytes that the cache may hold; the oldest go first. */
const CAPACITY = 256 * 1024 * 1024;

/** Removes what was written long ago, by an older version or for a folder that is gone, and what is too much. */
function tidy(folder: string): void {
  const files = readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats?.isFile() !== true ? [] : [{ path, size: stats.size, written: stats.mtimeMs }];
  });
  let size = 0;
  for (const file of files.sort((a, b) => b.written - a.written)) {
    size += file.size;
    if (size > CAPACITY || Date.now() - file.written > LIFETIME) rmSync(file.path, { force: true });
  }
}
