/** What a statement was predicted to do, and what it did → whether they agree. */
import { type LockMode, lockModes } from "./mode.ts";
import type { EffectSummary } from "./summary.ts";

/** A relation, and what the open transaction has done to it so far. */
export interface ObservedRelation {
  readonly id: string;
  readonly schema: string;
  readonly name: string;
  /** Another one: it was written anew. */
  readonly file: string;
  readonly scans: number;
  /** As pg_locks names them: `AccessExclusiveLock`. */
  readonly modes: readonly string[];
}

/** One thing in which they differ: `shop.orders: SHARE was predicted, ACCESS EXCLUSIVE taken`. */
export type Difference = string;

/**
 * Compares a statement's own part, between what was there before it and after it. Relations that were not there when the run
 * began (`known` has the ids of those that were) are nobody's. A scan that was predicted and not seen is no difference: of
 * an empty table PostgreSQL may not read a row.
 */
export function differences(
  predicted: EffectSummary | undefined,
  before: readonly ObservedRelation[],
  after: readonly ObservedRelation[],
  known: ReadonlySet<string>,
): readonly Difference[] {
  const left = new Map(after.map((each) => [each.id, each]));
  const found: Difference[] = [];
  for (const relation of before) {
    const now = left.get(relation.id);
    if (!known.has(relation.id)) continue;
    const name = `${relation.schema}.${relation.name}`;
    const said = predicted?.locks.find((each) => each.relation === name)?.mode;
    found.push(...lockDifference(name, said, strongest(relation), now && strongest(now)));
    if (now === undefined) continue;
    const [wasSaid, was] = [predicted?.rewrites.includes(name) === true, now.file !== relation.file];
    if (wasSaid !== was)
      found.push(
        `${name}: ${was ? "rewritten, which was not predicted" : "predicted to be rewritten, and was not"}`,
      );
    const reads = [predicted?.scans, predicted?.writes, predicted?.builds, predicted?.rewrites].some((all) =>
      all?.includes(name),
    );
    if (now.scans > relation.scans && !reads && !was) found.push(`${name}: read, which was not predicted`);
  }
  return found;
}

/** `was` and `is`: the strongest lock held before and after; what is gone was locked in the strongest mode. */
function lockDifference(
  name: string,
  said: LockMode | undefined,
  was: number,
  is: number | undefined,
): readonly Difference[] {
  const predicted = said === undefined ? -1 : lockModes.indexOf(said);
  const taken = is ?? lockModes.length - 1;
  const notices = lockModes.indexOf("SHARE UPDATE EXCLUSIVE");
  // What is held already is not taken again, and weaker ones keep nobody from anything.
  const [expected, seen] = [Math.max(predicted, was), Math.max(taken, was)];
  if (expected === seen || (expected < notices && seen < notices)) return [];
  return [`${name}: ${lockModes[predicted] ?? "no lock"} was predicted, ${lockModes[taken] ?? "none"} taken`];
}

const strongest = ({ modes }: ObservedRelation): number => Math.max(-1, ...modes.map(modeOf));

/** `ShareUpdateExclusiveLock` → its place among the modes. */
const modeOf = (mode: string): number =>
  lockModes.findIndex((each) => mode.toUpperCase() === `${each.replaceAll(" ", "")}LOCK`);
