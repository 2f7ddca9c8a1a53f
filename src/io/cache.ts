/**
 * What was found out → the user's cache, and back: rows, JSON-safe, in files that are safe to delete and safe to race. A
 * file appears whole or not at all and says itself whether it still is what was written; whoever finds none goes without.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { newSha256, sha256 } from "../core/sha256.ts";
import { cacheFolder, type Env, isPrivate } from "./cache-folder.ts";

declare const RETORT_PROGRAM: string | undefined;

/** What names this program; what another one found out may be otherwise. */
const programName = typeof RETORT_PROGRAM === "string" ? RETORT_PROGRAM : "development";

export interface CachedRows<T> {
  /** What is kept; nothing where there is no file, or none that is what was written. */
  readonly read: () => readonly T[];
  /** Begins to keep others instead, one by one. */
  readonly replace: () => RowsWriter<T>;
}

/** Nothing here throws: what cannot be written is not kept. */
export interface RowsWriter<T> {
  readonly add: (row: T) => void;
  /** That was all: from now on they are found. */
  readonly keep: () => void;
}

/** What this program keeps of what `about` names, in a file that is named by its kind; undefined where there is no cache. */
export function cachedRows<T>(
  kind: "parsed" | "effects",
  about: string,
  env: Env,
): CachedRows<T> | undefined {
  const folder = cacheFolder(env);
  if (folder === undefined) return undefined;
  const name = `${kind}-${sha256(`${programName} ${about}`).slice(0, 32)}`;
  return {
    read: () => {
      try {
        return JSON.parse(readSealed(join(folder, name)).toString("utf8")) as T[];
      } catch {
        return [];
      }
    },
    replace: () => {
      const file = createSealed(folder, name);
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

export interface CachedBytes {
  /** What is kept; undefined where there is no file, or none that is what was written. */
  readonly read: () => Uint8Array | undefined;
  readonly write: (bytes: Uint8Array) => void;
}

/** Bytes that are kept of what `about` names; undefined where there is no cache. */
export function cachedBytes(about: string, env: Env): CachedBytes | undefined {
  const folder = cacheFolder(env);
  if (folder === undefined) return undefined;
  const name = `bytes-${sha256(about).slice(0, 32)}`;
  return {
    read: () => {
      try {
        return readSealed(join(folder, name));
      } catch {
        return undefined;
      }
    },
    write: (bytes) => {
      const file = createSealed(folder, name);
      file.add(bytes);
      file.keep();
    },
  };
}

/** UTF-16 units that are gathered before they are written. */
const WORTH_WRITING = 64 * 1024;

/** The names of the files here, also while they are being written. */
const OURS = /^(?:parsed|effects|bytes)-[0-9a-f]{32}(?:\.\d+\.\d+)?$/;

// -------------------------------------------------------------------------------------------------- sealed files

/** Bytes of the seal that a file begins with: the SHA-256 of the rest. */
const SEAL = 32;

/** Throws where there is no such file, or none of ours, or not what was written: cut short by a full disk, or edited. */
function readSealed(path: string): Buffer {
  // Windows has no such flag; what is opened is looked at, not what was there before.
  const file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    const stats = fstatSync(file);
    if (!stats.isFile() || !isPrivate(stats)) throw new Error("another's");
    const content = readFileSync(file);
    const bytes = content.subarray(SEAL);
    if (!content.subarray(0, SEAL).equals(newSha256().update(bytes).digest()))
      throw new Error("not what was written");
    return bytes;
  } finally {
    closeSync(file);
  }
}

/** How many this process has begun: several of one name may be under way. */
let begun = 0;

/** A file that is being written; it is found under its name once it is whole. */
function createSealed(
  folder: string,
  name: string,
): { readonly add: (bytes: Uint8Array) => void; readonly keep: () => void } {
  begun += 1;
  const path = join(folder, name);
  const partial = `${path}.${process.pid}.${begun}`;
  const hash = newSha256();
  let file: number | undefined;
  const drop = (): void => {
    if (file === undefined) return;
    closeSync(file);
    file = undefined;
    rmSync(partial, { force: true });
    process.off("exit", drop);
  };
  const trying = (work: (file: number) => void): void => {
    if (file === undefined) return;
    try {
      work(file);
    } catch {
      drop();
    }
  };
  try {
    file = openSync(partial, "wx", 0o600);
    process.once("exit", drop);
  } catch {
    // and nothing is kept
  }
  trying((to) => writeSync(to, new Uint8Array(SEAL)));
  return {
    add: (bytes) =>
      trying((to) => {
        hash.update(bytes);
        for (let written = 0; written < bytes.length; ) written += writeSync(to, bytes, written);
      }),
    keep: () =>
      trying((to) => {
        writeSync(to, hash.digest(), 0, SEAL, 0);
        renameSync(partial, path);
        closeSync(to);
        file = undefined;
        process.off("exit", drop);
        tidy(folder);
      }),
  };
}

/** Milliseconds after which a file is made anew, if anybody still needs it. */
const LIFETIME = 30 * 24 * 60 * 60 * 1000;
/** Bytes that the files may hold; the oldest go first. */
const CAPACITY = 256 * 1024 * 1024;

/** Removes those of our files that were written long ago, for an older version or a folder that is gone, and what is too much. */
function tidy(folder: string): void {
  const files = readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const stats = OURS.test(name) ? lstatSync(path, { throwIfNoEntry: false }) : undefined;
    return stats?.isFile() !== true ? [] : [{ path, size: stats.size, written: stats.mtimeMs }];
  });
  let size = 0;
  for (const file of files.sort((a, b) => b.written - a.written)) {
    size += file.size;
    if (size > CAPACITY || Date.now() - file.written > LIFETIME) rmSync(file.path, { force: true });
  }
}
