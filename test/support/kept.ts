/** The cache as a test sees it. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Bytes of the seal that each kept file begins with. */
export const SEAL = 32;

export const sealed = (bytes: Uint8Array): Buffer =>
  Buffer.concat([createHash("sha256").update(bytes).digest(), bytes]);

/** The kept files whose names begin so, in the cache that XDG_CACHE_HOME names. */
export function keptIn(cache: string, kind = ""): readonly string[] {
  const folder = join(cache, "retort");
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.filter((name) => name.startsWith(kind)).map((name) => join(folder, name));
}
