/**
 * The user's cache: files that are safe to delete and safe to race. One appears whole or not at all, says itself
 * whether it is still what was written, and whoever finds none goes without.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where it lies: `retort` in XDG_CACHE_HOME or ~/.cache; undefined where there is no home, or RETORT_CACHE is off. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const home = env["HOME"] ?? env["LOCALAPPDATA"];
  const root = env["XDG_CACHE_HOME"] || (home === undefined ? undefined : join(home, ".cache"));
  return root === undefined || env["RETORT_CACHE"] === "off" ? undefined : join(root, "retort");
}

/** Bytes of the SHA-256 that a file begins with. */
const SEAL = 32;

const sealOf = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

/** What was kept under a name, or undefined. */
export function readCached(folder: string, name: string): Buffer | undefined {
  try {
    const file = readFileSync(join(folder, name));
    const bytes = file.subarray(SEAL);
    // A file cut short by a full disk, or edited, is as good as none.
    return file.subarray(0, SEAL).equals(sealOf(bytes)) ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps bytes under a name. What cannot be written is not kept. */
export function writeCached(folder: string, name: string, bytes: Uint8Array): void {
  const partial = join(folder, `${name}.${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(partial, Buffer.concat([sealOf(bytes), bytes]), { mode: 0o600 });
    renameSync(partial, join(folder, name));
    tidy(folder);
  } catch {
    rmSync(partial, { force: true });
  }
}

/** Milliseconds after which a file is made anew, if anybody still needs it. */
const LIFETIME = 30 * 24 * 60 * 60 * 1000;

/** Removes what was written long ago: by an older version, or for a folder that is gone. */
function tidy(folder: string): void {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    if (Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) > LIFETIME)
      rmSync(file, { force: true });
  }
}
