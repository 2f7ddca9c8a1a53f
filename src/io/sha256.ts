/** Text as UTF-8 → lower-case hex of its SHA-256. */
import { createHash, hash } from "node:crypto";

/** Of a text, or of its pieces in order; none of them may end within a surrogate pair. */
export function sha256(text: string | Iterable<string>): string {
  if (typeof text === "string") return hash("sha256", text);
  const sum = createHash("sha256");
  for (const piece of text) sum.update(piece, "utf8");
  return sum.digest("hex");
}
