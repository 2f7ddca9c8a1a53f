/** Where PostgreSQL's grammar lies: a package of its own, which can be replaced by another. */
import { statSync } from "node:fs";
import { createRequire } from "node:module";

/** Size and times of a file of the package: another text when it was replaced; "none" where it is not there. */
export function grammarStamp(): string {
  try {
    const { size, mtimeMs, ctimeMs, ino } = statSync(createRequire(import.meta.url).resolve("libpg-query"));
    return `${size} ${mtimeMs} ${ctimeMs} ${ino}`;
  } catch {
    return "none";
  }
}
