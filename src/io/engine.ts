/** The environment → a Node that runs the command for a short life, in little memory, from code compiled before. */
import * as module from "node:module";
import { setFlagsFromString } from "node:v8";
import { cacheFolder, type Env } from "./cache-folder.ts";

/** For the command alone: what is set holds for all that runs in the process. To be called before the program is loaded. */
export function prepareEngine(env: Env): void {
  // Compiled code is for these flags only, so they come first.
  setFlags();
  // Node 22.8 and later.
  const { enableCompileCache } = module as { enableCompileCache?: (folder: string) => unknown };
  if (enableCompileCache === undefined) return;
  const folder = cacheFolder(env, "compiled");
  if (folder !== undefined) enableCompileCache(folder);
}

/** V8 leaves out the flags that it does not know. */
export function setFlags(): void {
  // It would compile the hot parts of the SQL parsers a second time, to run faster. That takes 150 ms and 50 MB (550 MB
  // with Node 24), and what it then gains is not seen even in a migration of 10 MB. Node 24 does not take one flag alone.
  setFlagsFromString("--no-wasm-tier-up");
  setFlagsFromString("--no-wasm-dynamic-tiering");
  // It would let new objects take 48 MB before it looks which of them are still needed. That saves no time that could be
  // measured, and takes 15 to 50 MB more.
  setFlagsFromString("--semi-space-growth-factor=1");
}
