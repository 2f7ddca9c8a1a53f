/**
 * Migrations to test, and scratch databases beside each other → parts of the order, one for each database, that are tested at the
 * same time; what they find is told in the order of the migrations.
 */
import { availableParallelism } from "node:os";
import type { RevisionId } from "../core/migration.ts";
import type { TestedMigration } from "../core/verdict.ts";
import type { Scratch } from "../io/scratch/types.ts";

/** A part of the order. */
export interface TestPart {
  /** What is neither tested nor in any part: it is applied before the first. */
  readonly first: readonly RevisionId[];
  /** What the parts before it hold. */
  readonly earlier: readonly RevisionId[];
  readonly order: readonly RevisionId[];
}

/** So many databases are made at most where nobody has said how many, each for at least so many migrations. */
const DEFAULT = { most: 4, migrations: 8 };

export function jobsFor(count: number, jobs: number | undefined): number {
  const fitting = Math.min(availableParallelism(), DEFAULT.most, Math.floor(count / DEFAULT.migrations));
  return Math.max(1, Math.min(count, jobs ?? fitting));
}

/** The scratch and others beside it, up to a number; fewer where there is no room. All are closed with the first. */
export async function beside(scratch: Scratch, count: number): Promise<readonly Scratch[]> {
  const all = [scratch];
  while (all.length < count) {
    const other = await scratch.beside();
    if (other === undefined) break;
    all.push(other);
  }
  return all;
}

/** Parts with about as many tested migrations each, from the first tested on; none where nothing is tested. */
export function partsOf(
  order: readonly RevisionId[],
  tested: ReadonlySet<RevisionId>,
  count: number,
): readonly TestPart[] {
  const start = order.findIndex((id) => tested.has(id));
  if (start < 0) return [];
  const left = order.slice(start);
  const ends = left.flatMap((id, index) => (tested.has(id) ? [index + 1] : []));
  const bounds = Array.from({ length: count + 1 }, (_, part) =>
    part === 0 ? 0 : part === count ? left.length : ends[Math.ceil((ends.length * part) / count) - 1]!,
  );
  return bounds.slice(1).map((end, part) => ({
    first: order.slice(0, start),
    earlier: left.slice(0, bounds[part]),
    order: left.slice(bounds[part], end),
  }));
}

export interface Telling {
  tested(part: number, result: TestedMigration): void;
  ended(part: number): void;
}

/** Tells results of the first part at once, and those of each other when all before it have ended. */
export function tellInOrder(onTested: ((tested: TestedMigration) => void) | undefined): Telling {
  const waiting = new Map<number, TestedMigration[]>();
  const ended = new Set<number>();
  let current = 0;
  const tell = (): void => {
    for (const result of waiting.get(current) ?? []) onTested?.(result);
    waiting.delete(current);
    if (!ended.has(current)) return;
    current += 1;
    tell();
  };
  return {
    tested: (part, result) => {
      waiting.set(part, [...(waiting.get(part) ?? []), result]);
      tell();
    },
    ended: (part) => {
      ended.add(part);
      tell();
    },
  };
}
