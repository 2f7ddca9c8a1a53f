/** Folders → the moment at which an SQL file in one of them has been saved. */
import { watch } from "node:fs";

/** Milliseconds without another change: editors write a file in several steps. */
const QUIET = 100;

/** Resolves with true when a file has been saved, with false when it is told to stop. */
export function nextSave(folders: readonly string[], signal: AbortSignal | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const end = (saved: boolean): void => {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
      signal?.removeEventListener("abort", stop);
      resolve(saved);
    };
    const stop = (): void => end(false);
    const watchers = folders.map((folder) =>
      watch(folder, (_, name) => {
        if (name !== null && !name.endsWith(".sql")) return;
        clearTimeout(timer);
        timer = setTimeout(() => end(true), QUIET);
      }),
    );
    // As where a folder is removed: the next reading of it says so.
    for (const watcher of watchers) watcher.on("error", () => end(true));
    signal?.addEventListener("abort", stop);
    if (signal?.aborted === true) stop();
  });
}
