/** Text as UTF-8, or bytes piece by piece → their SHA-256. The one thing that core takes from Node. */
import type { Hash } from "node:crypto";
import { createRequire } from "node:module";

/** Loaded when something is first hashed: that takes longer than to list some hundred migrations, where nothing is. */
let loaded: typeof import("node:crypto") | undefined;
const crypto = (): typeof import("node:crypto") => {
  loaded ??= createRequire(import.meta.url)("node:crypto") as typeof import("node:crypto");
  return loaded;
};

/** Lower-case hex of the SHA-256 of a text, or of its pieces in order; none of them may end within a surrogate pair. */
export function sha256(text: string | Iterable<string>): string {
  if (typeof text === "string") return crypto().hash("sha256", text);
  const sum = newSha256();
  for (const piece of text) sum.update(piece, "utf8");
  return sum.digest("hex");
}

/** For bytes that come piece by piece. */
export function newSha256(): Hash {
  return crypto().createHash("sha256");
}
