/** Text as UTF-8 → lower-case hex of its SHA-256. */
import { createHash } from "node:crypto";

/** Of a text, or of its pieces in order; none of them may end within a surrogate pair. */
export function sha256(text: string | Iterable<string>): string {
  const hash = createHash("sha256");
  if (typeof text === "string") hash.update(text, "utf8");
  else for (const piece of text) hash.update(piece, "utf8");
  return hash.digest("hex");
}
