/** A project → which of its migrations others may have, as far as git knows, and where they have them from. */
import { basename, dirname, resolve } from "node:path";
import type { Migration } from "../core/migration.ts";
import { unique } from "../core/unique.ts";
import { sharedFiles } from "../io/git.ts";
import type { Deps, Project } from "./project.ts";

export interface Shared {
  /** Where others have theirs from: `origin/main`, `the last commit`; none: git does not know. */
  readonly places: readonly string[];
  /** The place that has the migration; undefined: nobody else has it. */
  readonly placeOf: (migration: Migration) => string | undefined;
}

export function sharedMigrations({ cwd, env }: Deps, { config }: Project): Shared {
  const folders = new Map(config.directories.map((folder) => [folder, sharedFiles(folder, env)]));
  return {
    places: unique([...folders.values()].flatMap(({ where }) => where ?? [])),
    placeOf: ({ up }) => {
      const file = resolve(cwd, up.source.path);
      const found = folders.get(dirname(file));
      return found?.files.has(basename(file)) === true ? found.where : undefined;
    },
  };
}

/** The end of a sentence about migrations: `is in origin/main, so others may already have it`. */
export const sharedText = (places: readonly string[], count: number): string =>
  `${count === 1 ? "is" : "are"} in ${places.join(" and ")}, so others may already have ${count === 1 ? "it" : "them"}`;
