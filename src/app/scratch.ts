/** A project → a scratch database for its migrations, on the server that is configured or where there is room. */

import { cancelled, GOES_ON, isCancelled, MigrateError, NOTHING } from "../core/errors.ts";
import type { FileText, RevisionId } from "../core/migration.ts";
import { asOptions } from "../core/option-names.ts";
import { databaseIfAny } from "../io/config.ts";
import { openScratch } from "../io/scratch/open.ts";
import type { Scratch } from "../io/scratch/types.ts";
import type { Deps, Project } from "./project.ts";
import { beyondDatabase, filesOf } from "./replay.ts";

/** What was used, as it is told. */
export type UsedScratch = Pick<Scratch, "description" | "proves">;

export const used = ({ description, proves }: Scratch): UsedScratch => ({ description, proves });

export interface ScratchUse {
  /** What will be run on it; all by default. */
  readonly revisions?: readonly RevisionId[] | undefined;
  /** What else will be. */
  readonly more?: readonly FileText[] | undefined;
  /** Told what the scratch database is, before anything is run. */
  readonly onScratch?: ((scratch: UsedScratch) => void) | undefined;
}

/**
 * Opens a scratch database, and drops it behind what is done with it. Throws `usage/scratch`, what is wrong with the address
 * of the scratch server or of the database, what a session throws, and `execution/cancelled`.
 */
export async function withScratch<T>(
  deps: Deps,
  project: Project,
  { revisions, more = [], onScratch }: ScratchUse,
  work: (scratch: Scratch) => Promise<T>,
): Promise<T> {
  const { scratch: on } = project.config;
  if (on instanceof MigrateError) throw on;
  // What is proven elsewhere says nothing about a database whose address was mistyped.
  const database = databaseIfAny(project.config);
  const scratch = await openScratch({
    database,
    on,
    beyond: await beyondDatabase([...filesOf(project, revisions), ...more]),
    owner: project.pins.role,
    pins: project.pins,
    cwd: deps.cwd,
    env: deps.env,
    onNotice: deps.onNotice,
    signal: deps.signal,
    names: deps.names,
  });
  try {
    onScratch?.(used(scratch));
    return await work(scratch);
  } catch (error) {
    // What was done there goes away with it.
    if (isCancelled(error, GOES_ON)) throw cancelled(NOTHING, error);
    throw error instanceof MigrateError && !scratch.proves ? forNewer(error, deps) : error;
  } finally {
    await scratch.close();
  }
}

/** The server that is too old is not that of the database, which may be of the version that the file needs. */
function forNewer(error: MigrateError, { names = asOptions }: Pick<Deps, "names">): MigrateError {
  if (error.code !== "source/newer-syntax") return error;
  const hint = `the server is that of the scratch database; name one of that version: ${names.given("scratch", "URL")}`;
  const diagnostics = error.diagnostics.map((each) => ({ ...each, hint }));
  return new MigrateError(diagnostics[0]!, { diagnostics, cause: error });
}
