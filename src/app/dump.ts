/** A database, or a revision → its schema as SQL that creates the same schema in an empty database. */
import { dirname, join } from "node:path";
import { type Made, madeBy } from "../core/adopt/version-tables.ts";
import { refuseTogether } from "../core/arguments.ts";
import { type Dump, dumpOf, dumpText } from "../core/dump/dump.ts";
import { dumpFiles } from "../core/dump/folder.ts";
import { MigrateError } from "../core/errors.ts";
import { fewOf } from "../core/few.ts";
import { outputs } from "../core/outputs.ts";
import { shellWord } from "../core/shell.ts";
import type { Config } from "../io/config.ts";
import { isReadFrom } from "../io/directory.ts";
import { replaceDump } from "../io/dump-folder.ts";
import { besideInSchemaFolder } from "../io/schema-folder.ts";
import { withPath } from "./beforehand.ts";
import { connect } from "./connect.ts";
import { madeByFiles, type Schema, schemaOf } from "./keep-dump.ts";
import { type Deps, openConfig, openProject, openWarned, type ProjectOptions } from "./project.ts";
import { replayRevisions, revisionsTo } from "./replay.ts";
import { type ScratchUse, withScratch } from "./scratch.ts";
import { readAsMigrations, refuseOutputs, writeOutputs } from "./write-output.ts";

export interface DumpOptions extends ProjectOptions, Pick<ScratchUse, "onScratch"> {
  /** What the migrations up to there make, on a scratch database; without it, what the configured database has. */
  readonly revision?: string | undefined;
  /** Patterns of objects that are left out beside those that are configured: `shop.audit_*`, `subscription:*`. */
  readonly ignore?: readonly string[] | undefined;
  /** Writes into this file, in one moment. */
  readonly output?: string | undefined;
  /** Writes into this folder: a folder a schema, a file a table or a kind. Of what it holds, only its own dump's files are touched. */
  readonly folder?: string | undefined;
}

export interface Dumped {
  /** `deploy@db.example:5432/shop`, or the target. */
  readonly of: string;
  readonly text: string;
  /** Where it was written, relative to the folder; none where it was not. */
  readonly files: readonly string[];
  readonly warnings: readonly string[];
  /** Tables in which another tool has recorded what it has run, and which the migrations do not make: they are left out. */
  readonly versionTables: readonly string[];
}

/** Only reads the database. Throws `usage/cannot-dump` with each object that no SQL can be written for, `usage/option` where both are to be written, and as `writeOutputs`. */
export async function dump(deps: Deps, options: DumpOptions): Promise<Dumped> {
  refuseTogether(options, "output", "folder");
  const config = await openConfig(deps, options);
  const { output, folder } = options;
  if (output !== undefined) refuseOutputs(deps, outputs.dump, [output], config.directories);
  refuseOwn(folder, config, deps);
  const { of, catalog, owner, versionTables, unused } = await catalogFor(deps, config, options);
  const dumped = dumpOf(catalog, owner, deps.names);
  const files = await written(deps, dumped, config, options);
  return {
    of,
    text: dumpText(dumped),
    files,
    warnings: [
      ...unused,
      ...dumped.warnings,
      ...besideWarning(
        files.map((each) => join(folder ?? "", each)),
        config,
        deps,
      ),
    ],
    versionTables,
  };
}

async function written(
  deps: Deps,
  dumped: Dump,
  config: Config,
  { output, folder }: Pick<DumpOptions, "output" | "folder">,
): Promise<readonly string[]> {
  if (output !== undefined) {
    await writeOutputs(
      deps,
      outputs.dump,
      [{ path: output, pieces: [dumpText(dumped)] }],
      config.directories,
    );
    return [output];
  }
  if (folder === undefined) return [];
  const files = dumpFiles(dumped);
  for (const each of new Set(files.map(({ path }) => dirname(join(folder, path)))))
    refuseOwn(each, config, deps);
  return replaceDump(folder, files, deps);
}

/** All files of the folder of the desired schema are read: what is created in others, too, is there twice. */
function besideWarning(written: readonly string[], config: Config, { cwd }: Deps): readonly string[] {
  const others = besideInSchemaFolder(written, config.schema, { cwd });
  return others.length === 0
    ? []
    : [
        `the folder of the desired schema has other files, too: ${fewOf(others)}; delete in them all that the dump creates as well`,
      ];
}

/** A dump's files would be read as migrations. */
function refuseOwn(folder: string | undefined, { directories }: Config, deps: Deps): void {
  if (folder !== undefined && isReadFrom(join(folder, "dump.sql"), directories, deps))
    throw readAsMigrations(folder);
}

interface Found extends Schema {
  readonly of: string;
}

async function catalogFor(deps: Deps, config: Config, options: DumpOptions): Promise<Found> {
  const { revision } = options;
  if (revision === undefined) {
    const session = await connect(deps, config, { asksContents: true });
    try {
      return {
        of: session.database,
        ...(await schemaOf(session, config, () => madeHere(deps, options, config), {
          patterns: options.ignore,
          names: deps.names,
        })),
      };
    } finally {
      await session.close();
    }
  }
  const end = /:([^:]*)$/.exec(revision)?.[1];
  if (end !== undefined) {
    throw new MigrateError({
      code: "usage/range-not-allowed",
      message: `'${revision}' is a range, but a schema is that of one revision`,
      hint: `name the revision: migrate dump ${shellWord(end.trim() || "head")}`,
    });
  }
  const project = await openWarned(deps, options, config);
  const revisions = revisionsTo(project, revision);
  return withScratch(deps, project, { ...options, revisions }, async (scratch) => {
    const { session } = await replayRevisions(deps, withPath(project, scratch), scratch, revisions);
    return {
      of: revision,
      ...(await schemaOf(session, project.config, async () => () => true, {
        patterns: options.ignore,
        names: deps.names,
      })),
    };
  });
}

/** What the files of the project make, as far as there are any that can be read: a dump needs none. */
async function madeHere(deps: Deps, options: DumpOptions, config: Config): Promise<Made> {
  try {
    return madeByFiles(await openProject(deps, options, config));
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    return madeBy([]);
  }
}
