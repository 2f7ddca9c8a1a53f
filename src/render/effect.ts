/** The effects of a statement or a step on other sessions → the words for a person. */
import { type LockMode, waiting } from "../core/effects/mode.ts";
import type { EffectSummary } from "../core/effects/summary.ts";
import { hazardsOf } from "../core/plan/hazards.ts";
import type { Plan } from "../core/plan/types.ts";
import { onOneLine } from "./terminal.ts";

/** One relation of a summary. */
export interface RelationEffect {
  readonly relation: string;
  readonly mode: LockMode | undefined;
  /** `reads and writes`, `writes`, or empty; with `, briefly` where there is work, and they do not wait for it. */
  readonly waiting: string;
  /** `rewrites the table`, `writes every row`, `builds an index`, `scans the table`, `writes rows`, joined by commas; or empty. */
  readonly work: string;
}

/** Those that matter to others: they are blocked, or the whole relation is rewritten, scanned or indexed. */
export function relationEffects(summary: EffectSummary): readonly RelationEffect[] {
  const { locks, rewrites, scans, writes, updates, builds, waits = false } = summary;
  const relations = new Set([
    ...locks.map(({ relation }) => relation),
    ...rewrites,
    ...writes,
    ...builds,
    ...scans,
  ]);
  return [...relations]
    .map((relation): RelationEffect => {
      const mode = locks.find((each) => each.relation === relation)?.mode;
      const work = [
        rewrites.includes(relation) && "rewrites the table",
        writes.includes(relation) && "writes every row",
        builds.includes(relation) && "builds an index",
        scans.includes(relation) && "scans the table",
        updates.includes(relation) && ![...writes, ...rewrites].includes(relation) && "writes rows",
      ]
        .filter((each) => each !== false)
        .join(", ");
      const who = mode === undefined ? "" : whoWaits(mode);
      return { relation, mode, waiting: who === "" || work === "" || waits ? who : `${who}, briefly`, work };
    })
    .filter(({ waiting: who, work }) => who !== "" || work !== "");
}

const whoWaits = (mode: LockMode): string =>
  waiting(mode).readers ? "reads and writes" : waiting(mode).writers ? "writes" : "";

/** `shop.orders ACCESS EXCLUSIVE: blocks reads and writes; rewrites the table` */
export function effectLines(summary: EffectSummary): readonly string[] {
  const lines = relationEffects(summary).map(({ relation, mode, waiting: who, work }) => {
    const what = [who === "" ? "" : `blocks ${who}`, work].filter((part) => part !== "").join("; ");
    return `${relation}${mode === undefined ? "" : ` ${mode}`}: ${what}`;
  });
  return [...lines, ...summary.unknown.map((what) => `not known: ${what}`)];
}

/** What to expect of a run, in one line; undefined if nobody is blocked for more than a moment. */
export function pendingText(plan: Pick<Plan, "steps" | "batches">): string | undefined {
  const found = hazardsOf(plan);
  if (found.length === 0) return undefined;
  const all = [...new Set(found.flatMap(({ relations }) => relations))].map(onOneLine);
  const rest = all.length > MOST ? ` and ${all.length - MOST} more` : "";
  const where = plan.steps.length === 1 ? "" : `, in ${found.length} of ${plan.steps.length} migrations`;
  return `reads or writes of ${all.slice(0, MOST).join(", ")}${rest} are blocked while tables are rewritten, scanned or indexed${where}`;
}

const MOST = 5;
