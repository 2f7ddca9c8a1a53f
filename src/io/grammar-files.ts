/** Where PostgreSQL's grammars lie: packages of their own, which can be replaced by others. */
import { statSync } from "node:fs";
import { createRequire } from "node:module";

/** Size and times of a file of each package: another text when it was replaced; "none" where it is not there. */
export function grammarStamps(): readonly string[] {
  const { resolve } = createRequire(import.meta.url);
  return ["libpg-query", "pg-query-emscripten"].map((name) => {
    try {
      const { size, mtimeMs, ctimeMs, ino } = statSync(resolve(name));
      return `${size} ${mtimeMs} ${ctimeMs} ${ino}`;
    } catch {
      return "none";
    }
  });
}
