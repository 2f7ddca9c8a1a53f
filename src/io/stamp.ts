/** A file or a folder → a text that is another when it has changed. */
import { createHash } from "node:crypto";
import { readdirSync, realpathSync, statSync } from "node:fs";
import { isSqlName } from "./reads.ts";

/** What tells that something is unchanged, and when it changed last (ms since 1970). */
export interface Stamp {
  readonly text: string;
  readonly changed: number;
}

/** Undefined for what is no file, or cannot be looked at: it can be another at every look. */
export function stampOfFile(path: string): Stamp | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return { text: "none", changed: 0 };
    if (!stats.isFile()) return undefined;
    const { size, mtimeMs, ctimeMs, ino } = stats;
    return { text: `${size} ${mtimeMs} ${ctimeMs} ${ino}`, changed: Math.max(mtimeMs, ctimeMs) };
  } catch {
    return undefined;
  }
}

/** Of the SQL files in a folder, by their names. */
export function stampOfFolder(path: string): Stamp | undefined {
  const names: string[] = [];
  const numbers: number[] = [];
  let changed = 0;
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const { name } = entry;
      if (!isSqlName(name)) continue;
      if (!entry.isFile()) return undefined;
      const { size, mtimeMs, ctimeMs, ino } = statSync(`${path}/${name}`);
      names.push(name);
      numbers.push(size, mtimeMs, ctimeMs, ino);
      changed = Math.max(changed, mtimeMs, ctimeMs);
    }
    const text = createHash("sha256")
      .update(realpathSync(path))
      .update(`\n${names.join("\n")}\n`)
      .update(new Float64Array(numbers))
      .digest("hex");
    return { text, changed };
  } catch {
    return undefined;
  }
}
