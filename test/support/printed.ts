/** The cache as a test sees it: what is kept, and a way to know who prints from it. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Finished } from "./migrate.ts";

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

const capitals = (text: string): string => text.replace(/[a-z]/g, (letter) => letter.toUpperCase());

export const inCapitals = ({ code, stdout, stderr }: Finished): Finished => ({
  code,
  stdout: capitals(stdout),
  stderr: capitals(stderr),
});

/** Turns all that was printed into capitals: who prints them has them from the cache. */
export function capitalize(cache: string): void {
  for (const path of keptIn(cache, "printed-")) {
    const bytes = readFileSync(path).subarray(SEAL);
    const end = bytes.length - 10 - Number(bytes.toString("latin1", bytes.length - 10));
    const prints = Buffer.from(capitals(bytes.toString("latin1", 0, end)), "latin1");
    writeFileSync(path, sealed(Buffer.concat([prints, bytes.subarray(end)])));
  }
}
