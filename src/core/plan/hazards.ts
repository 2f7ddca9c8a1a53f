/** A plan → what of it keeps others waiting for longer than a moment. */
import { waiting } from "../effects/mode.ts";
import { type EffectSummary, works } from "../effects/summary.ts";
import { MigrateError } from "../errors.ts";
import type { OptionNames } from "../option-names.ts";
import { commentText } from "../quote.ts";
import { unique } from "../unique.ts";
import type { Plan, PlanStep } from "./types.ts";

export interface Hazard {
  readonly step: PlanStep;
  /** Whose reads or writes wait. */
  readonly relations: readonly string[];
  /** They wait for locks of steps before, which it alone would not hold. */
  readonly isOfOthers: boolean;
}

/** The steps in which reads or writes wait while a table is rewritten, read whole or indexed. */
export function hazardsOf({ steps, batches }: Pick<Plan, "steps" | "batches">): readonly Hazard[] {
  // In one transaction for all, the locks of each last to its end.
  const isOne = batches.some(
    ({ transactional, step, statements }) =>
      transactional && step === undefined && statements.some(({ purpose }) => purpose === "user"),
  );
  const found: Hazard[] = [];
  let held: readonly string[] = [];
  for (const step of steps) {
    if (step.effect === undefined) continue;
    const own = keptWaiting(step.effect);
    const isOfOthers = step.effect.waits !== true;
    if (!isOfOthers || (held.length > 0 && works(step.effect)))
      found.push({ step, relations: unique([...held, ...own]), isOfOthers });
    if (isOne) held = unique([...held, ...own]);
  }
  return found;
}

/** The relations of a summary whose reads or writes wait. */
export const keptWaiting = ({ locks }: EffectSummary): readonly string[] =>
  locks.filter(({ mode }) => waiting(mode).writers).map(({ relation }) => relation);

/** Throws `findings/hazard` where there are any. */
export function refuseHazards(plan: Plan, names: OptionNames): void {
  const found = hazardsOf(plan);
  if (found.length === 0) return;
  const lines = found.map(
    ({ step: { revision }, relations }) =>
      `  ${revision}  blocks reads or writes of ${relations.map(commentText).join(", ")}`,
  );
  const own = found.filter(({ isOfOthers }) => !isOfOthers).map(({ step: { revision } }) => revision);
  const hints = [
    ...(own.length < found.length
      ? [`leave out ${names.short("singleTransaction")}, so that locks end with their step`]
      : []),
    ...(own.length > 0 ? [`see what to write instead with: migrate lint ${own.join(" ")}`] : []),
    `or run without ${names.short("failOn")}`,
  ];
  throw new MigrateError({
    code: "findings/hazard",
    message: `other sessions would be blocked while tables are rewritten, scanned or indexed:\n${lines.join("\n")}`,
    hint:
      plan.kind === "upgrade"
        ? hints.join("; ")
        : `nothing was done; to run it anyway, leave out ${names.short("failOn")}`,
  });
}
