/** A project → a scratch database for its migrations, on the server that is configured or where there is room. */
import { MigrateError } from "../core/errors.ts";
import type { RevisionId } from "../core/migration.ts";
import { openScratch } from "../io/scratch/open.ts";
import type { Scratch } from "../io/scratch/types.ts";
import type { Deps, Project } from "./project.ts";
import { beyondDatabase } from "./replay.ts";

/** What was used, as it is told. */
export type UsedScratch = Pick<Scratch, "description" | "proves">;

export const used = ({ description, proves }: Scratch): UsedScratch => ({ description, proves });

/**
 * `revisions`: what will be run on it; all by default. Throws `usage/scratch`, what is wrong with the address of the
 * scratch server, and what a session throws.
 */
export async function scratchFor(
  deps: Deps,
  project: Project,
  revisions?: readonly RevisionId[],
): Promise<Scratch> {
  const { database, scratch } = project.config;
  if (scratch instanceof MigrateError) throw scratch;
  return openScratch({
    database: database instanceof MigrateError ? undefined : database,
    on: scratch,
    beyond: await beyondDatabase(project, revisions),
    cwd: deps.cwd,
    env: deps.env,
    onNotice: deps.onNotice,
    signal: deps.signal,
  });
}
