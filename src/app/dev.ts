/** A project in progress → after each save, what its newest revision changes in a database, and what its downgrade does not restore. */
import { compareCatalogs, type Difference } from "../core/catalog/compare.ts";
import type { DevRound, DevStart } from "../core/dev.ts";
import { MigrateError } from "../core/errors.ts";
import { inOrder } from "../core/graph.ts";
import { describe } from "../core/graph-faults.ts";
import type { Migration } from "../core/migration.ts";
import { asOptions } from "../core/option-names.ts";
import type { FailedStep } from "../core/verdict.ts";
import { readCatalog } from "../io/catalog.ts";
import { requireDatabase } from "../io/config.ts";
import type { DatabaseAddress } from "../io/libpq/parameters.ts";
import type { Scratch } from "../io/scratch/types.ts";
import { nextSave } from "../io/watch.ts";
import { withPath } from "./beforehand.ts";
import { databaseRounds } from "./dev-database.ts";
import { type Deps, inFolder, openProject, type Project, type ProjectOptions } from "./project.ts";
import { refusalOf } from "./refusal.ts";
import {
  downwards,
  filesOf,
  refuseBeyond,
  replayRevisions,
  trySteps,
  upwards,
  withStandIns,
} from "./replay.ts";
import { type ScratchUse, withScratch } from "./scratch.ts";
import { sharedMigrations, sharedText } from "./shared.ts";

export interface DevOptions extends ProjectOptions, Pick<ScratchUse, "onScratch"> {
  /** One round, and no watching. */
  readonly once?: boolean | undefined;
  /** Not on a scratch database: on the one that `--database` or the config file names, where the revision remains applied. */
  readonly onDatabase?: boolean | undefined;
  readonly onStart?: ((start: DevStart) => void) | undefined;
  readonly onRound: (round: DevRound) => void;
  /** Told what keeps a round from being made, such as a fault in a file; the next save is waited for all the same. */
  readonly onError: (error: MigrateError) => void;
}

/** Makes a round with the newest revision; asking for it throws as `newestOf`. */
type Round = (project: Project, newest: () => Migration) => Promise<DevRound>;

/**
 * Goes on until it is told to stop; with `once` it throws what `onError` would be told. The revision is the one that follows
 * all others and that nobody else has, as far as git knows. Throws `usage/dev-database`.
 */
export async function dev(deps: Deps, options: DevOptions): Promise<void> {
  const project = await openProject(deps, options);
  const database = options.onDatabase === true ? saidDatabase(project, options, deps) : undefined;
  const others = sharedMigrations(deps, project).places.join(" or ") || undefined;
  options.onStart?.({ once: options.once, database: database?.display, others });
  if (database !== undefined)
    return rounds(deps, options, project, databaseRounds(deps, project.config, options.onRound));
  await withScratch(deps, project, options, (scratch) =>
    rounds(deps, options, project, (changed, newest) =>
      scratchRound(deps, withPath(changed, scratch), scratch, newest()),
    ),
  );
}

/** The database to work on, if somebody has said so: a variable may be left from other work. */
function saidDatabase(
  { config }: Project,
  options: DevOptions,
  { names = asOptions }: Pick<Deps, "names">,
): DatabaseAddress {
  const database = requireDatabase(config);
  const { file } = config;
  const isInFile = file !== undefined && database.origin.startsWith(`${file} `);
  if (options.database !== undefined || isInFile) return database;
  throw new MigrateError({
    code: "usage/dev-database",
    message: `${names.short("onDatabase")} changes a database, and ${database.display} is named by ${database.origin} only`,
    hint: `add ${names.given("database", "URL")}${config.environments.length === 0 ? "" : `, or ${names.given("environment", "NAME")} for an environment of the config file`}`,
  });
}

async function rounds(deps: Deps, options: DevOptions, first: Project, round: Round): Promise<void> {
  const { config } = first;
  for (let project: Project | undefined = first; ; project = undefined) {
    // What is saved while a round is made is not missed.
    const saved = options.once === true ? undefined : nextSave(config.directories, deps.signal);
    try {
      const changed: Project = project ?? (await openProject(deps, options, config));
      options.onRound(await round(changed, () => newestOf(deps, changed)));
    } catch (error) {
      if (options.once === true || !(error instanceof MigrateError)) throw error;
      options.onError(error);
    }
    if (saved === undefined || !(await saved)) return;
  }
}

async function scratchRound(
  deps: Deps,
  project: Project,
  scratch: Scratch,
  { revision, path, up, down }: Migration,
): Promise<DevRound> {
  const start = performance.now();
  const { scratch: named } = project.config;
  await refuseBeyond(scratch, filesOf(project), named instanceof MigrateError ? undefined : named?.origin);
  const { graph, ledger } = project;
  const before = inOrder(graph, graph.nodes.keys()).filter((id) => id !== revision);
  const { session } = await replayRevisions(deps, project, scratch, before);
  const catalog = () => readCatalog(session, ledger.names.schema);
  const was = await catalog();
  let step: FailedStep["step"] = "up";
  let makes: readonly Difference[] = [];
  const value = (rest: Partial<DevRound>): DevRound => ({
    revision,
    path,
    makes,
    back: [],
    ...rest,
    ms: Math.round(performance.now() - start),
  });
  try {
    await withStandIns(scratch, async (makeStandIns) => {
      await makeStandIns(session);
      await trySteps(deps, project, session, upwards(before, [revision]));
    });
    makes = compareCatalogs(was, await catalog());
    if (down === undefined) return value({ irreversible: up.header.irreversible! });
    step = "down";
    await trySteps(deps, project, session, downwards([...before, revision], [revision]));
    return value({ back: compareCatalogs(was, await catalog()) });
  } catch (error) {
    return value({ failed: { step, diagnostics: refusalOf(error) } });
  }
}

/** Throws `graph/no-files`, `graph/multiple-heads` and `usage/committed`. */
function newestOf(deps: Deps, project: Project): Migration {
  const { graph, migrations } = project;
  const [head, ...others] = graph.realHeads;
  if (head === undefined) {
    throw new MigrateError({
      code: "graph/no-files",
      message: "the project has no migrations",
      hint: `write one: migrate revision -m "create users"${inFolder(project.config, deps)}`,
    });
  }
  if (others.length > 0) {
    throw new MigrateError({
      code: "graph/multiple-heads",
      message: `the project has several heads: ${graph.realHeads.join(", ")}`,
      hint: "join them: migrate merge heads",
    });
  }
  const migration = migrations.get(head)!;
  const place = sharedMigrations(deps, project).placeOf(migration);
  if (place !== undefined) {
    throw new MigrateError({
      code: "usage/committed",
      message: `${describe(migration)} ${sharedText([place], 1)}`,
      hint: 'write further changes in a new one: migrate revision -m "…"',
    });
  }
  return migration;
}
