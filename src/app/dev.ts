/** A project in progress → after each save, what its newest revision changes on a scratch database, and what its downgrade does not restore. */
import { compareCatalogs, type Difference } from "../core/catalog/compare.ts";
import type { DevRound } from "../core/dev.ts";
import { MigrateError } from "../core/errors.ts";
import { inOrder } from "../core/graph.ts";
import { describe } from "../core/graph-faults.ts";
import type { Migration } from "../core/migration.ts";
import type { FailedStep } from "../core/verdict.ts";
import { readCatalog } from "../io/catalog.ts";
import { committedFiles } from "../io/git.ts";
import type { Scratch } from "../io/scratch/types.ts";
import { nextSave } from "../io/watch.ts";
import { type Deps, openProject, type Project, type ProjectOptions } from "./project.ts";
import { replayRevisions, runSteps, upwards, withRoles } from "./replay.ts";
import { type ScratchUse, withScratch } from "./scratch.ts";
import { refusalOf } from "./test-bench.ts";

export interface DevOptions extends ProjectOptions, Pick<ScratchUse, "onScratch"> {
  /** One round, and no watching. */
  readonly once?: boolean | undefined;
  readonly onRound: (round: DevRound) => void;
  /** Told what keeps a round from being made, such as a fault in a file; the next save is waited for all the same. */
  readonly onError: (error: MigrateError) => void;
}

/**
 * Goes on until it is told to stop; with `once` it throws what `onError` would be told. The revision is the one that follows
 * all others and is not in git's last commit: what others may have is not tried anew.
 */
export async function dev(deps: Deps, options: DevOptions): Promise<void> {
  const first = await openProject(deps, options);
  await withScratch(deps, first, options, async (scratch) => {
    const { config } = first;
    for (let project: Project | undefined = first; ; project = undefined) {
      // What is saved while a round is made is not missed.
      const saved = options.once === true ? undefined : nextSave(config.directories, deps.signal);
      try {
        options.onRound(await round(deps, project ?? (await openProject(deps, options, config)), scratch));
      } catch (error) {
        if (options.once === true || !(error instanceof MigrateError)) throw error;
        options.onError(error);
      }
      if (saved === undefined || !(await saved)) return;
    }
  });
}

async function round(deps: Deps, project: Project, scratch: Scratch): Promise<DevRound> {
  const start = performance.now();
  const { graph, ledger } = project;
  const { revision, path, up, down } = await newest(deps, project);
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
    ms: performance.now() - start,
  });
  try {
    await withRoles(scratch, async (makeRoles) => {
      await makeRoles(session);
      await runSteps(deps, project, session, upwards(before, [revision]));
    });
    makes = compareCatalogs(was, await catalog());
    if (down === undefined) return value({ irreversible: up.header.irreversible! });
    step = "down";
    await runSteps(deps, project, session, {
      kind: "downgrade",
      before: [...before, revision],
      after: before,
      steps: [{ direction: "down", revision }],
    });
    return value({ back: compareCatalogs(was, await catalog()) });
  } catch (error) {
    return value({ failed: { step, diagnostics: refusalOf(error) } });
  }
}

/** Throws `graph/no-files`, `graph/multiple-heads` and `usage/committed`. */
async function newest(deps: Deps, { graph, migrations }: Project): Promise<Migration> {
  const [head, ...others] = graph.realHeads;
  if (head === undefined) {
    throw new MigrateError({
      code: "graph/no-files",
      message: "the project has no migrations",
      hint: 'write one: migrate revision -m "create users"',
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
  if (committedFiles(deps).has(migration.path)) {
    throw new MigrateError({
      code: "usage/committed",
      message: `${describe(migration)} is committed, so others may already have it`,
      hint: 'write further changes in a new one: migrate revision -m "…"',
    });
  }
  return migration;
}
