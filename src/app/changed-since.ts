/** A project and a git ref → the migrations that the ref has and whose SQL is edited or missing here. */
import { dirname, resolve } from "node:path";
import { isElsewhere } from "../core/absence.ts";
import { ParsedFile } from "../core/assemble.ts";
import { parseFileName, stemOf } from "../core/filename.ts";
import { codeChecksumOf } from "../core/integrity.ts";
import type { ChangedMigration, ChangedSince } from "../core/review.ts";
import { prefixOf } from "../io/directory.ts";
import { statsAt } from "../io/files.ts";
import { changedFiles } from "../io/git.ts";
import type { Deps, Project } from "./project.ts";

/**
 * What a database of the ref will miss. A migration that is elsewhere, or that a squashed one replaces, is not missing, and
 * comments do not count. Undefined: none. Throws `usage/git`.
 */
export function changedSince(deps: Deps, project: Project, since: string): ChangedSince | undefined {
  const { migrations, config, graph, dormant } = project;
  const folders = new Set(
    [...migrations.values(), ...dormant]
      .map(({ up }) => dirname(resolve(deps.cwd, up.source.path)))
      // All that a folder had may be missing.
      .concat(config.directories.filter((folder) => statsAt(folder)?.isDirectory() === true)),
  );
  const files = [...folders].flatMap((folder) =>
    changedFiles(since, folder, deps.names).flatMap(({ name, text }): readonly ChangedMigration[] => {
      const { fileName } = parseFileName(name, project.pattern);
      if (fileName?.direction !== "up") return [];
      const path = prefixOf(folder, deps.cwd) + name;
      const then = new ParsedFile({ path, text }, fileName, stemOf(path, "up"));
      const { revision } = then.header;
      if (revision === undefined) return [];
      const now = migrations.get(revision)?.up;
      if (now === undefined)
        return isElsewhere(graph, revision) ? [{ revision, path, change: "deleted" }] : [];
      const isSame = codeChecksumOf(now) === codeChecksumOf(then);
      return isSame ? [] : [{ revision, path: now.source.path, change: "edited" }];
    }),
  );
  return files.length === 0 ? undefined : { since, files };
}
