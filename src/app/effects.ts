/** A project and the steps of a run → what each of their statements does to a database that others use. */
import { Fold, newSession } from "../core/effects/effects.ts";
import { effectsOfFile } from "../core/effects/file.ts";
import { summaryOf } from "../core/effects/summary.ts";
import { inOrder } from "../core/graph.ts";
import type { MigrationFile } from "../core/migration.ts";
import { NEWEST } from "../core/newer-syntax.ts";
import { sha256 } from "../core/sha256.ts";
import type { Step } from "../core/steps.ts";
import { createGrammar, type ServerVersion } from "../io/grammar.ts";
import type { FileEffects, KnownEffects } from "../io/known-effects.ts";
import { readTrees } from "../io/trees.ts";
import type { Project } from "./project.ts";
import type { Steps } from "./steps.ts";

/** Where the servers differ and none is given, the newest is spoken of. */
export const majorOrNewest = (server: ServerVersion | undefined): number =>
  server === undefined ? NEWEST : Math.floor(server.number / 10_000);

/**
 * One answer for each step. What is applied before is read for what it has made. A file
 * that is refused has the effects of what could be read of it; a step without a file has none.
 */
export async function effectsOfSteps(
  project: Project,
  { before, steps }: Pick<Steps, "before" | "steps">,
  server: ServerVersion | undefined,
): Promise<readonly FileEffects[]> {
  const { graph, migrations, pins } = project;
  const start = {
    version: majorOrNewest(server),
    searchPath: pins.searchPath ?? ["public"],
    timeZone: pins.timeZone,
  };
  const known = project.knownEffects(start);
  const applied = before.filter((id) => graph.nodes.has(id));
  const reader = new Reader(start, known);
  for (const id of inOrder(graph, applied)) reader.passOver(migrations.get(id)!.up);
  reader.beginRun();
  const found: FileEffects[] = [];
  for (const step of steps) {
    const file = fileOf(project, step);
    found.push(file === undefined ? { isOne: true, statements: [] } : await reader.effectsOf(file));
  }
  known.keep();
  return found;
}

const fileOf = ({ migrations }: Project, { direction, revision }: Step): MigrationFile | undefined => {
  const migration = migrations.get(revision);
  return direction === "up" ? migration?.up : migration?.down;
};

/** Reads files only where something is asked that is not known: then also all that came before. */
class Reader {
  readonly #start: Parameters<typeof effectsOfFile>[2];
  readonly #known: KnownEffects;
  readonly #fold: Fold;
  readonly #grammar = createGrammar();
  /** What the picture lacks, in order; undefined where a run begins. */
  #behind: (MigrationFile | undefined)[] = [];
  /** Names all that came before. */
  #name = "";

  constructor(start: Parameters<typeof effectsOfFile>[2], known: KnownEffects) {
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

  async effectsOf(file: MigrationFile): Promise<FileEffects> {
    const before = this.#behind;
    this.passOver(file);
    const name = this.#name;
    const found = this.#known.find(name);
    if (found !== undefined) return found;
    before.pop();
    this.#behind = [];
    for (const each of before) {
      if (each === undefined) this.#fold.beginRun();
      else await this.#run(each);
    }
    const effects = await this.#run(file);
    this.#known.add(name, effects);
    return effects;
  }

  async #run(given: MigrationFile): Promise<FileEffects> {
    const { file } = await readTrees(this.#grammar, given);
    const statements = [...effectsOfFile(this.#fold, file, this.#start)].map(summaryOf);
    return { isOne: file.transactional, statements };
  }
}
