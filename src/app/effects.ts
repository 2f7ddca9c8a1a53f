/** A project and the steps of a run → what each of their statements does to a database that others use. */
import { Fold, newSession } from "../core/effects/effects.ts";
import { effectsOfFile, type FileStart, type FileToRun } from "../core/effects/file.ts";
import { distinctPrivileges, type Privilege } from "../core/effects/privilege.ts";
import { summaryOf } from "../core/effects/summary.ts";
import { inOrder } from "../core/graph.ts";
import type { MigrationFile, RevisionId } from "../core/migration.ts";
import { NEWEST, parsedFor } from "../core/newer-syntax.ts";
import type { Plan, PlanStep } from "../core/plan/types.ts";
import { majorOf, type ServerVersion } from "../core/server-version.ts";
import { sha256 } from "../core/sha256.ts";
import type { Step } from "../core/steps.ts";
import { createGrammar } from "../io/grammar.ts";
import type { FileEffects, KnownEffects } from "../io/known-effects.ts";
import { readTrees } from "../io/trees.ts";
import type { Deps, Project } from "./project.ts";
import type { Steps } from "./steps.ts";

/** Where the servers differ and none is given, the newest is spoken of. */
export const majorOrNewest = (server: ServerVersion | undefined): number =>
  server === undefined ? NEWEST : majorOf(server.number);

/** Warns of a server that no grammar here is of. */
export function warnOfNewer({ onNotice }: Deps, server: ServerVersion | undefined): void {
  if (majorOrNewest(server) <= NEWEST) return;
  const message = `the files are checked for PostgreSQL ${parsedFor(server)}: ${server!.text} is not known`;
  onNotice?.({ severity: "WARNING", message });
}

/**
 * One answer for each step. What is applied before is read for what it has made. A file that is refused has the effects
 * of what could be read of it; a step without a file has none. `oneByOne`: others use what the step before has made.
 * `schemas`: those that are there before the first.
 */
export async function effectsOfSteps(
  project: Project,
  { before, steps }: Pick<Steps, "before" | "steps">,
  server: ServerVersion | undefined,
  { oneByOne = false, schemas }: { readonly oneByOne?: boolean; readonly schemas?: readonly string[] } = {},
): Promise<readonly FileEffects[]> {
  const reader = effectsReader(project, before, server, schemas);
  const found: FileEffects[] = [];
  for (const step of steps) {
    if (oneByOne) reader.beginRun();
    found.push(await reader.effectsOf(fileOf(project, step)));
  }
  reader.keep();
  return found;
}

/** Answers of a step of a plan what the role that runs its file must be allowed to do; `applied` before the plan. */
export const needsIn =
  (
    project: Project,
    applied: () => readonly RevisionId[],
    { steps }: Pick<Plan, "steps">,
    server: ServerVersion,
  ) =>
  async (step: PlanStep): Promise<readonly Privilege[]> => {
    const upTo = steps.slice(0, steps.indexOf(step) + 1);
    const effects = await effectsOfSteps(project, { before: applied(), steps: upTo }, server);
    return effects.at(-1)?.privileges ?? [];
  };

/** What each file starts from. */
export const startOf = (
  { pins }: Pick<Project, "pins">,
  server: ServerVersion | undefined,
  schemas: readonly string[] = [],
): FileStart => ({
  version: majorOrNewest(server),
  searchPath: pins.searchPath ?? ["public"],
  isServersPath: pins.searchPath === undefined,
  timeZone: pins.timeZone,
  checksBodies: pins.checkFunctionBodies,
  schemas,
});

/** Tells what files do, in the order of a run on a database to which `before` is applied. */
export function effectsReader(
  project: Project,
  before: readonly RevisionId[],
  server: ServerVersion | undefined,
  schemas?: readonly string[],
): EffectsReader {
  const { graph, migrations, knownEffects } = project;
  const start = startOf(project, server, schemas);
  const reader = new EffectsReader(start, knownEffects(start));
  const applied = before.filter((id) => graph.nodes.has(id));
  for (const id of inOrder(graph, applied)) reader.passOver(migrations.get(id)!.up);
  reader.beginRun();
  return reader;
}

export const fileOf = ({ migrations }: Project, { direction, revision }: Step): MigrationFile | undefined => {
  const migration = migrations.get(revision);
  return direction === "up" ? migration?.up : migration?.down;
};

/** Reads files only where something is asked that is not known: then also all that came before. */
export class EffectsReader {
  readonly #start: FileStart;
  readonly #known: KnownEffects;
  readonly #fold: Fold;
  readonly #grammar = createGrammar();
  /** What the picture lacks, in order; undefined where a run begins. */
  #behind: (MigrationFile | undefined)[] = [];
  /** Names all that came before. */
  #name = "";

  constructor(start: FileStart, known: KnownEffects) {
    this.#start = start;
    this.#known = known;
    this.#fold = new Fold(newSession(false, start.timeZone));
  }

  beginRun(): void {
    this.#behind.push(undefined);
    this.#name = sha256(`${this.#name} run`);
  }

  passOver(file: MigrationFile): void {
    this.#behind.push(file);
    this.#name = sha256(`${this.#name} ${file.checksum} ${file.header.transaction ?? ""}`);
  }

  /** `read`: the file with its trees, where it was read already. */
  async effectsOf(file: MigrationFile | undefined, read?: () => FileToRun | undefined): Promise<FileEffects> {
    if (file === undefined) return { isOne: true, statements: [], losses: [], privileges: [] };
    const before = this.#behind;
    this.passOver(file);
    const name = this.#name;
    const found = this.#known.find(name);
    if (found !== undefined) return found;
    before.pop();
    this.#behind = [];
    for (const each of before) {
      if (each === undefined) this.#fold.beginRun();
      else this.#run((await readTrees(this.#grammar, each)).file);
    }
    const effects = this.#run(read?.() ?? (await readTrees(this.#grammar, file)).file);
    this.#known.add(name, effects);
    return effects;
  }

  /** Keeps what was found out. */
  keep(): void {
    this.#known.keep();
  }

  #run(file: FileToRun): FileEffects {
    const effects = [...effectsOfFile(this.#fold, file, this.#start)];
    return {
      isOne: file.transactional,
      statements: effects.map(summaryOf),
      losses: effects.map(({ losses }) => losses),
      privileges: distinctPrivileges(effects.flatMap(({ privileges }) => privileges)),
    };
  }
}
