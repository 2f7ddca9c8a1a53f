/** Where PostgreSQL's grammars lie: packages of their own, which can be replaced by others. */
import { createRequire } from "node:module";

/** Of each package a file, where it is there. */
export function grammarFiles(): readonly string[] {
  const { resolve } = createRequire(import.meta.url);
  return ["libpg-query", "pg-query-emscripten"].flatMap((name) => {
    try {
      return [resolve(name)];
    } catch {
      return [];
    }
  });
}
