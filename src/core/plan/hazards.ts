/** A plan → what of it keeps others waiting for longer than a moment. */
import { waiting } from "../effects/mode.ts";
import type { EffectSummary } from "../effects/summary.ts";
import { MigrateError } from "../errors.ts";
import { commentText } from "../quote.ts";
import type { Plan, PlanStep } from "./types.ts";

/** The steps in which reads or writes wait while a table is rewritten, read whole or indexed. */
export const hazardsOf = ({ steps }: Pick<Plan, "steps">): readonly PlanStep[] =>
  steps.filter(({ effect }) => effect?.waits === true);

/** The relations of a summary whose reads or writes wait. */
export const keptWaiting = ({ locks }: EffectSummary): readonly string[] =>
  locks.filter(({ mode }) => waiting(mode).writers).map(({ relation }) => relation);

/** Throws `findings/hazard` where there are any. */
export function refuseHazards(plan: Plan): void {
  const found = hazardsOf(plan);
  if (found.length === 0) return;
  const lines = found.map(
    ({ revision, effect }) =>
      `  ${revision}  blocks reads or writes of ${keptWaiting(effect!).map(commentText).join(", ")}`,
  );
  throw new MigrateError({
    code: "findings/hazard",
    message: `other sessions would be blocked while tables are rewritten, scanned or indexed:\n${lines.join("\n")}`,
    hint:
      plan.kind === "upgrade"
        ? `see what to write instead with: migrate lint ${found.map(({ revision }) => revision).join(" ")}; or run without --fail-on`
        : "nothing was done; to run it anyway, leave out --fail-on",
  });
}
