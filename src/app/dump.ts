/** A database, or a revision → its schema as SQL that makes the same in an empty database. */
import type { Catalog } from "../core/catalog/catalog.ts";
import { ignoredIn } from "../core/catalog/compare.ts";
import { type Dump, dumpOf, dumpText } from "../core/dump/dump.ts";
import { dumpFiles } from "../core/dump/folder.ts";
import { MigrateError } from "../core/errors.ts";
import { replaceDump } from "../io/dump-folder.ts";
import { replaceFile } from "../io/files.ts";
import type { DatabaseAddress } from "../io/libpq/parameters.ts";
import { openScratch } from "../io/scratch/open.ts";
import type { Scratch } from "../io/scratch/types.ts";
import { connect } from "./connect.ts";
import { type Schema, schemaOf } from "./keep-dump.ts";
import { type Deps, openConfig, openProject, type Project, type ProjectOptions } from "./project.ts";
import { beyondDatabase, replay } from "./replay.ts";

export interface DumpOptions extends ProjectOptions {
  /** What the migrations up to there make, on a scratch database; without it, what the configured database has. */
  readonly revision?: string | undefined;
  /** Address of a server for the scratch database. */
  readonly scratch?: string | undefined;
  /** Patterns of objects that are left out: `shop.audit_*`, `subscription:*`. */
  readonly ignore?: readonly string[] | undefined;
  /** Writes into this file, in one moment. */
  readonly output?: string | undefined;
  /** Writes into this folder: a folder a schema, a file a table or a kind. Of what it holds, only dumped files are touched. */
  readonly folder?: string | undefined;
}

export interface Dumped {
  /** `deploy@db.example:5432/shop`, or the target. */
  readonly of: string;
  readonly text: string;
  /** Where it was written, relative to the folder; none where it was not. */
  readonly files: readonly string[];
  readonly warnings: readonly string[];
}

/** Only reads the database. Throws `usage/cannot-dump` with each object that no SQL can be written for. */
export async function dump(deps: Deps, options: DumpOptions): Promise<Dumped> {
  const { of, catalog, owner } = await catalogFor(deps, options);
  const dumped = dumpOf(without(catalog, options.ignore ?? []), owner);
  return {
    of,
    text: dumpText(dumped),
    files: await written(deps, dumped, options),
    warnings: dumped.warnings,
  };
}

async function written(
  deps: Deps,
  dumped: Dump,
  { output, folder }: Pick<DumpOptions, "output" | "folder">,
): Promise<readonly string[]> {
  if (output !== undefined) {
    await replaceFile(output, [dumpText(dumped)], deps);
    return [output];
  }
  return folder === undefined ? [] : replaceDump(folder, dumpFiles(dumped), deps);
}

interface Found extends Schema {
  readonly of: string;
}

async function catalogFor(deps: Deps, options: DumpOptions): Promise<Found> {
  const { revision } = options;
  if (revision === undefined) {
    const config = await openConfig(deps, options);
    const session = await connect(deps, config);
    try {
      return { of: session.database, ...(await schemaOf(session, config)) };
    } finally {
      await session.close();
    }
  }
  const project = await openProject(deps, options);
  return withScratch(deps, project, options, async (scratch) => {
    const { session } = await replay(deps, project, scratch, revision);
    return { of: revision, ...(await schemaOf(session, project.config)) };
  });
}

/** Opens a scratch database for a project's migrations, and drops it behind what is done with it. */
export async function withScratch<T>(
  deps: Deps,
  project: Project,
  options: ProjectOptions & Pick<DumpOptions, "scratch">,
  use: (scratch: Scratch) => Promise<T>,
): Promise<T> {
  const { database } = project.config;
  const on = options.scratch === undefined ? undefined : await addressOf(deps, options, options.scratch);
  const scratch = await openScratch({
    ...deps,
    onNotice: (notice) => {
      // What is tried there is nobody's business; only what stays there is.
      if (notice.message.startsWith("the scratch database ")) deps.onNotice?.(notice);
    },
    database: database instanceof MigrateError ? undefined : database,
    on,
    beyond: await beyondDatabase(project),
  });
  try {
    deps.onNotice?.({ severity: "NOTICE", message: scratch.description });
    return await use(scratch);
  } finally {
    await scratch.close();
  }
}

async function addressOf(deps: Deps, options: ProjectOptions, database: string): Promise<DatabaseAddress> {
  const { database: address } = await openConfig(deps, { ...options, database });
  if (address instanceof MigrateError) throw address;
  return address;
}

/** What of a catalog the patterns leave. */
export function without(catalog: Catalog, patterns: readonly string[]): Catalog {
  const isIgnored = ignoredIn(patterns, [catalog]);
  return { ...catalog, objects: catalog.objects.filter((object) => !isIgnored(object)) };
}
