/** Projects and mistakes → states: a world in which something is wrong, and how it should be. */
import { chance } from "../../test/support/graphs.ts";
import type { Truth } from "./advice.ts";
import { type Mistake, mistakesOf } from "./mistakes.ts";
import { type Project, projects } from "./projects.ts";
import type { World, Worlds } from "./world.ts";

/** `line at bb: both files deleted of aa` */
export interface State {
  readonly name: string;
  readonly world: World;
  readonly truth: Truth;
}

/** A state that is not made yet; undefined where there is nothing to do wrong. */
export interface Planned {
  readonly name: string;
  readonly make: () => Promise<State | undefined>;
}

export interface Choice {
  /** Of the names. */
  readonly only: RegExp;
  /** The states come in an order of chance, the same for the same seed. */
  readonly seed: number;
  /** With a second mistake, chosen by chance. */
  readonly pairs: boolean;
}

export async function statesOf(worlds: Worlds, { only, seed, pairs }: Choice): Promise<readonly Planned[]> {
  const { pick, shuffled } = chance(seed);
  const database = await worlds.empty();
  const planned: Planned[] = [];
  for (const project of projects) {
    const begin: World = { files: project.files, database, conditions: [] };
    const all = mistakesOf(begin);
    for (const first of all) {
      const mistakes = pairs ? [first, pick(all)] : [first];
      const name = `${project.name}: ${mistakes.map((each) => each.name).join(" + ")}`;
      if (only.test(name)) planned.push({ name, make: () => made(worlds, begin, project, mistakes, name) });
    }
  }
  return shuffled(planned);
}

async function made(
  worlds: Worlds,
  begin: World,
  { files, past }: Project,
  mistakes: readonly Mistake[],
  name: string,
): Promise<State | undefined> {
  let world: World | undefined = begin;
  for (const { files: then = files, words } of past)
    world = { ...(await worlds.run({ ...world, files: then }, words)).after, files };
  for (const mistake of mistakes) world = world && (await mistake.make(world, worlds));
  const ever = Object.assign({}, ...past.map((each) => each.files ?? files), files);
  return world && { name, world, truth: { files, ever, isOldRelease: /had active|old release/.test(name) } };
}
