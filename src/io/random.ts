/** Random bytes for names, identifiers and passwords. */
import { createRequire } from "node:module";

/** So many bytes in hex. Node's cryptography is loaded only here: that takes longer than to list some hundred migrations. */
export function randomHex(bytes: number): string {
  const { randomBytes } = createRequire(import.meta.url)("node:crypto") as typeof import("node:crypto");
  return randomBytes(bytes).toString("hex");
}
