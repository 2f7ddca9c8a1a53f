/** Text as UTF-8 → lower-case hex of its SHA-256. */
import { createHash } from "node:crypto";

export function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
