/** The effects of statements → what a plan keeps of them: JSON-safe, and only what others who use the database notice. */
import type { Effect, RelationName } from "./effects.ts";
import { type LockMode, lockModes, stronger, waiting } from "./mode.ts";

/** A relation as a person writes it, and its two names. */
export interface RelationLock {
  readonly relation: string;
  readonly schema: string;
  readonly name: string;
  readonly mode: LockMode;
  /** How many steps before this one the run gave it that name: 0, in this one. Absent where it had it before the run. */
  readonly named?: number;
  /** `public` stands for the schema that the server's search_path leads to. */
  readonly inServersPath?: true;
}

/** What a statement, or a step, does to relations that others use. Relations as a person writes them: `shop.orders`. */
export interface EffectSummary {
  /** Those that keep others from something: from SHARE UPDATE EXCLUSIVE on, and of a step the strongest of each relation. */
  readonly locks: readonly RelationLock[];
  readonly rewrites: readonly string[];
  /** Read from end to end. */
  readonly scans: readonly string[];
  /** Every row of them is updated or deleted. */
  readonly writes: readonly string[];
  /** Of `scans` those of which the rows that are found are updated or deleted. */
  readonly updates: readonly string[];
  /** Tables of which indexes are built. */
  readonly builds: readonly string[];
  /** What cannot be told, each as the rest of a sentence. */
  readonly unknown: readonly string[];
  /** Reads or writes wait while it rewrites, reads or indexes a table, and not for a moment alone. */
  readonly waits?: true;
}

/** Undefined where nobody notices anything. */
export function summaryOf(effect: Effect): EffectSummary | undefined {
  const locks = effect.locks.filter((each) => isNoticed(each) && isStrong(each.mode));
  const work = workOf(effect);
  if (locks.length === 0 && effect.unknown.length === 0 && !works(work)) return undefined;
  const waits = works(work) && locks.some(({ mode, brief }) => waiting(mode).writers && brief !== true);
  return {
    locks: locks.map((each) => ({
      relation: shown(each),
      schema: each.schema,
      name: each.name,
      mode: each.mode,
      ...(each.named === undefined ? {} : { named: each.named }),
      ...(each.inServersPath === undefined ? {} : { inServersPath: each.inServersPath }),
    })),
    ...work,
    unknown: effect.unknown,
    ...(waits ? { waits } : {}),
  };
}

/** What a step does: `isOne` says that it is one transaction, so that its locks last to its end. */
export function summaryOfStep(
  effects: readonly (EffectSummary | undefined)[],
  isOne: boolean,
): EffectSummary | undefined {
  const found = effects.filter((each) => each !== undefined);
  if (found.length === 0) return undefined;
  const locks = new Map<string, RelationLock>();
  let [waits, isHeld] = [false, false];
  for (const each of found) {
    waits ||= each.waits === true || (isOne && isHeld && works(each));
    isHeld ||= each.locks.some(({ mode }) => waiting(mode).writers);
    for (const lock of each.locks) {
      const before = locks.get(lock.relation);
      locks.set(lock.relation, { ...(before ?? lock), mode: stronger(before?.mode, lock.mode) });
    }
  }
  const all = (field: keyof Labour | "unknown"): readonly string[] => [
    ...new Set(found.flatMap((each) => each[field])),
  ];
  return {
    locks: [...locks.values()],
    rewrites: all("rewrites"),
    scans: all("scans"),
    writes: all("writes"),
    updates: all("updates"),
    builds: all("builds"),
    unknown: all("unknown"),
    ...(waits ? { waits } : {}),
  };
}

/** What takes time with the size of a relation. */
export type Labour = Pick<EffectSummary, "rewrites" | "scans" | "writes" | "updates" | "builds">;

export const works = ({ rewrites, scans, writes, builds }: Labour): boolean =>
  rewrites.length + scans.length + writes.length + builds.length > 0;

/** Who waits for an index waits for its table. */
const isNoticed = ({ inUse, kind }: RelationName): boolean => inUse && !kind.endsWith("index");

const isStrong = (mode: LockMode): boolean =>
  lockModes.indexOf(mode) >= lockModes.indexOf("SHARE UPDATE EXCLUSIVE");

function workOf({ rewrites, scans, writes, updates, builds }: Effect): Labour {
  const names = (relations: readonly RelationName[]): string[] => [
    ...new Set(relations.filter(isNoticed).map(shown)),
  ];
  const written = names(rewrites);
  const changed = names(writes);
  // What is written, or indexed, is read for it.
  const built = names(builds).filter((name) => !written.includes(name));
  const read = names(scans).filter((name) => ![...written, ...changed, ...built].includes(name));
  const updated = names(updates).filter((name) => read.includes(name));
  return { rewrites: written, scans: read, writes: changed, updates: updated, builds: built };
}

const shown = ({ schema, name }: RelationName): string => `${schema}.${name}`;
