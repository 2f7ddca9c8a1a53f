/** Node's cryptography, loaded when it is first needed: that takes longer than to list some hundred migrations, where it is not. */
import { createRequire } from "node:module";

let loaded: typeof import("node:crypto") | undefined;

export function crypto(): typeof import("node:crypto") {
  loaded ??= createRequire(import.meta.url)("node:crypto") as typeof import("node:crypto");
  return loaded;
}

/** So many random bytes in hex. */
export const randomHex = (bytes: number): string => crypto().randomBytes(bytes).toString("hex");
